/* SPDX-License-Identifier: MIT
 *
 * Tanh expert: y = out . tanh(in x + b), tanh(u); slope 1 - tanh(u)^2.
 * Strongly identifiable (arXiv 2505.10860, definition 1 and its examples).
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

GSC_ACTIVATION(hyperbolic, gsc_tanh(u), 1 - gsc_tanh(u) * gsc_tanh(u))

static int biased(const double *params) {
    return params[0] != 0;
}

static const char *const papers[] = {"arXiv:2505.10860", NULL};

static const gsc_param params[] = {
    {"bias", "a bias inside the activation", NULL, GSC_PARAM_BOOL, 0, 0, 1, 0},
};

static const gsc_expert expert = {
    .struct_size = sizeof(gsc_expert),
    .form = GSC_EXPERT_FFN,
    .biased = biased,
    GSC_ACTIVATION_MEMBERS(hyperbolic),
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_EXPERT),
    .id = "tanh",
    .version = "1.0.0",
    .title = "Tanh",
    .formula = "y = out . tanh(in x + b)",
    .doc = "A bounded, odd two-layer expert; strongly identifiable.",
    .papers = papers,
    GSC_PARAMS(params),
    GSC_SOURCE,
    .expert = &expert,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
