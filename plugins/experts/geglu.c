/* SPDX-License-Identifier: MIT
 *
 * GEGLU expert: y = out . (u GELU(v)), u = in x + b, v = gate x + c, GELU(v) = v Phi(v); df/du =
 * GELU(v), df/dv = u (Phi(v) + v phi(v)).
 *
 * Source: Shazeer 2020, arXiv 2002.05202.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

#define PHI     ((number)0.5 * (1 + gsc_erf(v * (number)0.7071067811865476)))
#define DENSITY ((number)0.3989422804014327 * gsc_exp(-v * v * (number)0.5))
GSC_GATED_ACTIVATION(geglu, u *v *PHI, v *PHI, u *(PHI + v * DENSITY))

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
    GSC_ACTIVATION_MEMBERS(geglu),
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_EXPERT),
    .id = "geglu",
    .version = "1.0.0",
    .title = "GEGLU",
    .formula = "y = out . (u GELU(v)), u = in x + b, v = gate x + c",
    .doc = "A gated feed-forward with GELU; two inputs, so not for the theory lab.",
    .papers = papers,
    GSC_PARAMS(params),
    GSC_SOURCE,
    .expert = &expert,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
