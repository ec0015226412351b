/* SPDX-License-Identifier: MIT
 *
 * SwiGLU expert: y = out . (u v sigma(v)), u = in x + b, v = gate x + c; df/du = v sigma(v), df/dv
 * = u sigma (1 + v (1 - sigma)), sigma(v) = (1 + tanh(v / 2)) / 2. Three matrices: at equal size
 * 2/3 of the width.
 *
 * Source: Shazeer 2020, arXiv 2002.05202.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

#define SIGMA ((number)0.5 * (1 + gsc_tanh((number)0.5 * v)))
GSC_GATED_ACTIVATION(swiglu, u *v *SIGMA, v *SIGMA, u *SIGMA *(1 + v * (1 - SIGMA)))

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
    GSC_ACTIVATION_MEMBERS(swiglu),
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_EXPERT),
    .id = "swiglu",
    .version = "1.0.0",
    .title = "SwiGLU",
    .formula = "y = out . (u silu(v)), u = in x + b, v = gate x + c",
    .doc = "The feed-forward of most large models; two inputs, so not for the theory lab.",
    .papers = papers,
    GSC_PARAMS(params),
    GSC_SOURCE,
    .expert = &expert,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
