/* SPDX-License-Identifier: MIT
 *
 * GShard gate: the best expert a of p = softmax(z), and the second best b with probability min(1,
 * 2 g_b),
 *
 *     g_a = p_a / (p_a + p_b),   g_b = p_b / (p_a + p_b)
 *
 * g_a stays what it is where b is left out. top_k is not asked. The draw depends on the row alone, and is
 * for learning: where the router is judged or used, b is always taken.
 * Backward: dp_i += (dw_i - sum_l dw_l w_l) / (p_a + p_b) for the chosen i, and the second part
 * for b in any case.
 * Source: Lepikhin et al. 2020, arXiv 2006.16668, algorithm 1.
 */
#define GSC_ABI_MINOR 1 /* call.training */
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

static int64_t count(const gsc_call *call, int64_t row, const real *p, const int32_t *order) {
    if (call->experts < 2) {
        return call->experts;
    }
    const real best = p[order[0]], second = p[order[1]];
    return !call->training || 2 * second > gsc_uniform(call, row, 0) * (best + second) ? 2 : 1;
}

static int64_t max_chosen(const gsc_call *call) {
    return call->experts < 2 ? call->experts : 2;
}

/* The best expert beside first; first itself where there is no other. */
static int64_t find_second(const gsc_call *call, const real *p, int64_t first) {
    int64_t second = first;
    for (int64_t j = 0; j < call->experts; j++) {
        if (j != first && (second == first || p[j] > p[second])) {
            second = j;
        }
    }
    return second;
}

static void combine(const gsc_call *call, int64_t row, const real *z, const real *p, int64_t n,
                    const int32_t *chosen, real *ret_weight) {
    (void)row, (void)z;
    const int64_t first = chosen[0], second = find_second(call, p, first);
    const real sum = p[first] + (second != first ? p[second] : 0);
    for (int64_t i = 0; i < n; i++) {
        ret_weight[i] = p[chosen[i]] / sum;
    }
}

static void combine_backward(const gsc_call *call, int64_t row, const real *z, const real *p,
                             int64_t n, const int32_t *chosen, const real *dweight, real *dp) {
    (void)row, (void)z;
    const int64_t first = chosen[0], second = find_second(call, p, first);
    const real sum = p[first] + (second != first ? p[second] : 0);
    real mean = 0;
    for (int64_t i = 0; i < n; i++) {
        mean += dweight[i] * p[chosen[i]] / sum;
        dp[chosen[i]] += dweight[i] / sum;
    }
    dp[first] -= mean / sum;
    if (second != first) {
        dp[second] -= mean / sum;
    }
}

static const char *const papers[] = {"arXiv:2006.16668", NULL};

static const char *const recommended[] = {"balancer=switch", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .affinity_form = GSC_AFFINITY_LOG,
    .combine_form = GSC_COMBINE_OWN,
    .affinity = affinity,
    .affinity_slope = affinity_slope,
    .count = count,
    .max_chosen = max_chosen,
    .combine = combine,
    .combine_backward = combine_backward,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "gshard",
    .version = "1.1.0",
    .title = "GShard",
    .formula = "p = softmax(z), the best expert, the second if 2 p_2 / (p_1 + p_2) > uniform",
    .doc =
        "In training takes the second expert at random, more often the more it weighs, else always;"
        " not for the theory lab, which has no choice.",
    .papers = papers,
    .recommended = recommended,
    .capabilities = GSC_CAP_RANDOM | GSC_CAP_CHOICE_DEFINED | GSC_CAP_IGNORES_BIAS,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
