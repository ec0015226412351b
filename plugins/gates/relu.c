/* SPDX-License-Identifier: MIT
 *
 * ReLU router of ReMoE: a_j = max(z_j, 0), no sum; a token takes every expert with a_j > 0 and
 * weights it by a_j. No choice breaks the gradient: an expert fades in from weight 0. The balancer
 * l1_adaptive holds the mean number at top_k.
 *
 * Slope 1 for z > 0, else 0. Untrained, half of all experts are taken.
 * Source: Wang, Zhu and Chen 2024, arXiv 2412.14711, equations 5 to 9.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

GSC_HOT static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = z[i] < 0 ? 0 : z[i]; /* a NaN passes */
    }
}

GSC_HOT static void affinity_slope(const gsc_call *call, int64_t n, const real *z,
                                   real *ret_slope) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ret_slope[i] = z[i] > 0;
    }
}

static int64_t count(const gsc_call *call, int64_t row, const real *p, const int32_t *order) {
    (void)row, (void)order;
    int64_t n = 0;
    for (int64_t j = 0; j < call->experts; j++) {
        n += p[j] > 0;
    }
    return n;
}

static const char *const papers[] = {"arXiv:2412.14711", NULL};

static const char *const recommended[] = {"balancer=l1_adaptive", "lm.balance=1", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .affinity_form = GSC_AFFINITY_VALUE,
    .combine_form = GSC_COMBINE_KEEP,
    .affinity = affinity,
    .affinity_slope = affinity_slope,
    .count = count,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "relu",
    .version = "1.0.0",
    .title = "ReLU router",
    .formula = "p_j = max(z_j, 0), every expert with p_j > 0",
    .doc = "The gate of ReMoE: differentiable, as many experts as are above 0; its p is no "
           "distribution, so not for the theory lab.",
    .papers = papers,
    .recommended = recommended,
    .capabilities = GSC_CAP_NO_SUM | GSC_CAP_IGNORES_BIAS,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
