/* SPDX-License-Identifier: MIT
 *
 * Sigmoid gate of sigma-MoE: p_j = sigma(z_j), sigma(t) = 1 / (1 + exp(-t)), without a sum: the experts do
 * not compete, and the weights of the chosen are kept as they are.
 *
 * Slope: sigma (1 - sigma) = e / (1 + e)^2 with e = exp(-|z|), which keeps its digits on both sides.
 * Source: Csordas, Irie and Schmidhuber 2023, arXiv 2310.10837, section 5.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

GSC_HOT static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        const real e = gsc_exp(-gsc_abs(z[i]));
        ret_a[i] = (z[i] < 0 ? e : 1) / (1 + e);
    }
}

GSC_HOT static void affinity_slope(const gsc_call *call, int64_t n, const real *z,
                                   real *ret_slope) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        const real e = gsc_exp(-gsc_abs(z[i]));
        ret_slope[i] = e / ((1 + e) * (1 + e));
    }
}

static const char *const papers[] = {"arXiv:2310.10837", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .affinity_form = GSC_AFFINITY_VALUE,
    .combine_form = GSC_COMBINE_KEEP,
    .affinity = affinity,
    .affinity_slope = affinity_slope,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "sigmoid",
    .version = "1.0.0",
    .title = "Sigmoid",
    .formula = "p_j = sigma(z_j)",
    .doc = "The gate of sigma-MoE: experts do not compete, each is weighted by its own sigmoid.",
    .papers = papers,
    .capabilities = GSC_CAP_NO_SUM,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
