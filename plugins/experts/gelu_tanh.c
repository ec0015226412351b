/* SPDX-License-Identifier: MIT
 *
 * GELU expert in its tanh approximation: f(u) = u / 2 (1 + t), t = tanh(s), s = sqrt(2 / pi) (u +
 * 0.044715 u^3); within 0.0005 of u Phi(u). Slope (1 + t) / 2 + u / 2 (1 - t^2) ds/du with ds/du =
 * sqrt(2 / pi) (1 + 0.134145 u^2).
 *
 * Source: Hendrycks and Gimpel 2016, arXiv 1606.08415, section 2.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

#define TANH gsc_tanh((number)0.7978845608028654 * u * (1 + (number)0.044715 * u * u))
GSC_ACTIVATION(gelu_tanh, (number)0.5 * u * (1 + TANH),
               (number)0.5 * (1 + TANH) + (number)0.5 * u * (1 - TANH * TANH) *
                                              (number)0.7978845608028654 *
                                              (1 + (number)0.134145 * u * u))

static int biased(const double *params) {
    return params[0] != 0;
}

static const gsc_param params[] = {
    {"bias", "a bias inside the activation", NULL, GSC_PARAM_BOOL, 0, 0, 1, 0},
};

static const char *const papers[] = {"arXiv:1606.08415", NULL};

static const gsc_expert expert = {
    .struct_size = sizeof(gsc_expert),
    .form = GSC_EXPERT_FFN,
    .biased = biased,
    GSC_ACTIVATION_MEMBERS(gelu_tanh),
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_EXPERT),
    .id = "gelu_tanh",
    .version = "1.0.0",
    .title = "GELU by tanh",
    .formula = "y = out . f(in x + b), f(u) = u / 2 (1 + tanh(sqrt(2 / pi) (u + 0.044715 u^3)))",
    .doc = "The approximation of GELU that most published weights were trained with.",
    .papers = papers,
    GSC_PARAMS(params),
    GSC_SOURCE,
    .expert = &expert,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
