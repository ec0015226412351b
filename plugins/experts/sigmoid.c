/* SPDX-License-Identifier: MIT
 *
 * Sigmoid expert: y = out . sigma(in x + b), sigma(u) = 1 / (1 + exp(-u)), written as
 * (1 + tanh(u / 2)) / 2, which never overflows; slope sigma (1 - sigma).
 * Strongly identifiable (arXiv 2505.10860, definition 1 and its examples).
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

GSC_ACTIVATION(logistic, (number)0.5 + (number)0.5 * gsc_tanh((number)0.5 * u),
               (number)0.25 * (1 - gsc_tanh((number)0.5 * u) * gsc_tanh((number)0.5 * u)))

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
    GSC_ACTIVATION_MEMBERS(logistic),
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_EXPERT),
    .id = "sigmoid",
    .version = "1.0.0",
    .title = "Sigmoid",
    .formula = "y = out . sigma(in x + b), sigma(u) = 1 / (1 + exp(-u))",
    .doc = "A bounded two-layer expert; strongly identifiable.",
    .papers = papers,
    GSC_PARAMS(params),
    GSC_SOURCE,
    .expert = &expert,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
