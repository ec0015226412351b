/* SPDX-License-Identifier: MIT
 *
 * GELU expert: y = out . GELU(in x + b), GELU(u) = u Phi(u), Phi the standard normal distribution
 * function; slope Phi(u) + u phi(u). Strongly identifiable (arXiv 2505.10860, definition 1).
 * Source: Hendrycks and Gimpel 2016, arXiv 1606.08415.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

GSC_ACTIVATION(gelu, u *(number)0.5 * (1 + gsc_erf(u * (number)0.7071067811865476)),
               (number)0.5 * (1 + gsc_erf(u * (number)0.7071067811865476)) +
                   u * (number)0.3989422804014327 * gsc_exp(-u * u * (number)0.5))

static int biased(const double *params) {
    return params[0] != 0;
}

static const char *const papers[] = {"arXiv:1606.08415", NULL};

static const gsc_param params[] = {
    {"bias", "a bias inside the activation", NULL, GSC_PARAM_BOOL, 0, 0, 1, 0},
};

static const gsc_expert expert = {
    .struct_size = sizeof(gsc_expert),
    .form = GSC_EXPERT_FFN,
    .biased = biased,
    GSC_ACTIVATION_MEMBERS(gelu),
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_EXPERT),
    .id = "gelu",
    .version = "1.0.0",
    .title = "GELU",
    .formula = "y = out . GELU(in x + b), GELU(u) = u Phi(u)",
    .doc = "A smooth two-layer expert; strongly identifiable.",
    .papers = papers,
    GSC_PARAMS(params),
    GSC_SOURCE,
    .expert = &expert,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
