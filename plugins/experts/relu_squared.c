/* SPDX-License-Identifier: MIT
 *
 * Squared ReLU expert: y = out . f(in x + b), f(u) = max(u, 0)^2; slope 2 max(u, 0).
 *
 * Source: So et al. 2021 (Primer), arXiv 2109.08668.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

GSC_ACTIVATION(relu_squared, 0 > u ? 0 : u * u, 0 > u ? 0 : 2 * u)

static int biased(const double *params) {
    return params[0] != 0;
}

static const gsc_param params[] = {
    {"bias", "a bias inside the activation", NULL, GSC_PARAM_BOOL, 0, 0, 1, 0},
};

static const char *const papers[] = {"arXiv:2109.08668", NULL};

static const gsc_expert expert = {
    .struct_size = sizeof(gsc_expert),
    .form = GSC_EXPERT_FFN,
    .biased = biased,
    GSC_ACTIVATION_MEMBERS(relu_squared),
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_EXPERT),
    .id = "relu_squared",
    .version = "1.0.0",
    .title = "Squared ReLU",
    .formula = "y = out . max(in x + b, 0)^2",
    .doc = "ReLU with a smooth start; no bound on its growth.",
    .papers = papers,
    GSC_PARAMS(params),
    GSC_SOURCE,
    .expert = &expert,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
