/* SPDX-License-Identifier: MIT
 *
 * Softplus expert: y = out . f(in x + b), f(u) = log(1 + exp(u)) = max(u, 0) + log(1 + exp(-|u|));
 * slope sigma(u).
 * Source: Dugas et al. 2001, NIPS 13.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

GSC_ACTIVATION(softplus, (u > 0 ? u : 0) + gsc_log1p(gsc_exp(-gsc_abs(u))),
               (number)0.5 * (1 + gsc_tanh((number)0.5 * u)))

static int biased(const double *params) {
    return params[0] != 0;
}

static const gsc_param params[] = {
    {"bias", "a bias inside the activation", NULL, GSC_PARAM_BOOL, 0, 0, 1, 0},
};

static const gsc_expert expert = {
    .struct_size = sizeof(gsc_expert),
    .form = GSC_EXPERT_FFN,
    .biased = biased,
    GSC_ACTIVATION_MEMBERS(softplus),
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_EXPERT),
    .id = "softplus",
    .version = "1.0.0",
    .title = "Softplus",
    .formula = "y = out . log(1 + exp(in x + b))",
    .doc = "ReLU with a round corner.",
    GSC_PARAMS(params),
    GSC_SOURCE,
    .expert = &expert,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
