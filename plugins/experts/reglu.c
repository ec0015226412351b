/* SPDX-License-Identifier: MIT
 *
 * ReGLU expert: y = out . (u max(v, 0)), u = in x + b, v = gate x + c; df/du = max(v, 0), df/dv =
 * u for v > 0, else 0.
 *
 * Source: Shazeer 2020, arXiv 2002.05202.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

GSC_GATED_ACTIVATION(reglu, 0 > v ? 0 : u * v, 0 > v ? 0 : v, v > 0 ? u : 0)

static int biased(const double *params) {
    return params[0] != 0;
}

static const gsc_param params[] = {
    {"bias", "a bias inside the activation", NULL, GSC_PARAM_BOOL, 0, 0, 1, 0},
};

static const char *const papers[] = {"arXiv:2002.05202", NULL};

static const gsc_expert expert = {
    .struct_size = sizeof(gsc_expert),
    .form = GSC_EXPERT_GATED_FFN,
    .biased = biased,
    GSC_ACTIVATION_MEMBERS(reglu),
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_EXPERT),
    .id = "reglu",
    .version = "1.0.0",
    .title = "ReGLU",
    .formula = "y = out . (u max(v, 0)), u = in x + b, v = gate x + c",
    .doc = "A gated feed-forward with ReLU; two inputs, so not for the theory lab.",
    .papers = papers,
    GSC_PARAMS(params),
    GSC_SOURCE,
    .expert = &expert,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
