/* SPDX-License-Identifier: MIT
 *
 * My expert: y = out . f(in x + b) with f(u) = u / (1 + |u|), whose slope is 1 / (1 + |u|)^2. Change both
 * lines, and it is yours: the host owns the matrices, trains them, and calls f in double and in float.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

GSC_ACTIVATION(squash, u / (1 + gsc_abs(u)), 1 / ((1 + gsc_abs(u)) * (1 + gsc_abs(u))))

static const gsc_expert expert = {
    .struct_size = sizeof(gsc_expert),
    .form = GSC_EXPERT_FFN,
    GSC_ACTIVATION_MEMBERS(squash),
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_EXPERT),
    .id = "my_expert",
    .version = "0.1.0",
    .title = "My expert",
    .formula = "y = out . f(in x), f(u) = u / (1 + |u|)",
    .doc = "A softsign expert to start from.",
    GSC_SOURCE,
    .expert = &expert,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
