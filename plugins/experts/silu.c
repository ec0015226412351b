/* SPDX-License-Identifier: MIT
 *
 * SiLU expert: y = out . silu(in x + b), silu(u) = u sigma(u) with sigma(u) = (1 + tanh(u / 2)) /
 * 2, which overflows nowhere; slope sigma (1 + u (1 - sigma)).
 *
 * Source: Elfwing, Uchibe and Doya 2017, arXiv 1702.03118.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

#define SIGMA ((number)0.5 * (1 + gsc_tanh((number)0.5 * u)))
GSC_ACTIVATION(silu, u *SIGMA, SIGMA *(1 + u * (1 - SIGMA)))

static int biased(const double *params) {
    return params[0] != 0;
}

static const gsc_param params[] = {
    {"bias", "a bias inside the activation", NULL, GSC_PARAM_BOOL, 0, 0, 1, 0},
};

static const char *const papers[] = {"arXiv:1702.03118", NULL};

static const gsc_expert expert = {
    .struct_size = sizeof(gsc_expert),
    .form = GSC_EXPERT_FFN,
    .biased = biased,
    GSC_ACTIVATION_MEMBERS(silu),
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_EXPERT),
    .id = "silu",
    .version = "1.0.0",
    .title = "SiLU",
    .formula = "y = out . silu(in x + b), silu(u) = u sigma(u)",
    .doc = "Smooth, with a small dip below 0; also named swish.",
    .papers = papers,
    GSC_PARAMS(params),
    GSC_SOURCE,
    .expert = &expert,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
