/* SPDX-License-Identifier: MIT
 *
 * Top-p gate: p = softmax(z); a token takes its best experts until their p reach mass together:
 * one where the router is sure, many where it is not. top_k is not asked. The weights are p, kept.
 *
 * log a_j = z_j with slope 1; the host differentiates the sum. Without dynamic_entropy the router
 * learns to be unsure.
 * Source: Huang et al. 2024, arXiv 2403.07652, equations 4 to 6.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    MASS
};

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

static int64_t count(const gsc_call *call, int64_t row, const real *p, const int32_t *order) {
    (void)row;
    real sum = 0;
    int64_t n = 0;
    while (n < call->experts && sum < (real)call->params[MASS]) {
        sum += p[order[n++]];
    }
    return n;
}

static const gsc_param params[] = {
    {"mass", "probability that the chosen hold together", NULL, GSC_PARAM_REAL, 1, 0.01, 1, 0.4},
};

static const char *const papers[] = {"arXiv:2403.07652", NULL};

static const char *const recommended[] = {"balancer=dynamic_entropy", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .affinity_form = GSC_AFFINITY_LOG,
    .combine_form = GSC_COMBINE_KEEP,
    .affinity = affinity,
    .affinity_slope = affinity_slope,
    .count = count,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "top_p",
    .version = "1.0.0",
    .title = "Top-p",
    .formula = "p = softmax(z), the fewest best experts whose p sum to at least mass",
    .doc = "As many experts as the token is unsure: the fewest that hold a share of the "
           "probability; dense, in the theory lab, it is the softmax.",
    .papers = papers,
    .recommended = recommended,
    GSC_PARAMS(params),
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
