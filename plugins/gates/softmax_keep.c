/* SPDX-License-Identifier: MIT
 *
 * Softmax, then top-k, weights kept: w_j = p_j = exp(z_j) / sum_l exp(z_l) for the k chosen,
 * without a second division, so that the weights sum to less than 1 and an unsure token adds less.
 *
 * log a_j = z_j with slope 1; the host differentiates the sum. In the theory lab, which is dense,
 * it is the softmax gate.
 * Source: DeepSeekMoE, Dai et al. 2024, arXiv 2401.06066, equations 3 to 5.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

GSC_HOT static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = z[i];
    }
}

GSC_HOT static void affinity_slope(const gsc_call *call, int64_t n, const real *z,
                                   real *ret_slope) {
    (void)call, (void)z;
    for (int64_t i = 0; i < n; i++) {
        ret_slope[i] = 1;
    }
}

static const char *const papers[] = {"arXiv:2401.06066", NULL};

static const char *const recommended[] = {"balancer=switch", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .affinity_form = GSC_AFFINITY_LOG,
    .combine_form = GSC_COMBINE_KEEP,
    .affinity = affinity,
    .affinity_slope = affinity_slope,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "softmax_keep",
    .version = "1.0.0",
    .title = "Softmax, kept",
    .formula = "p_j = exp(z_j) / sum_l exp(z_l), weights p_j",
    .doc = "Softmax over all experts before the choice, weights kept: they sum to less than 1.",
    .papers = papers,
    .recommended = recommended,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
