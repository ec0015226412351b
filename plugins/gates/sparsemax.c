/* SPDX-License-Identifier: MIT
 *
 * Sparsemax gate: p is the point of the simplex nearest to z, p_j = max(z_j - tau, 0), tau such
 * that the sum is 1; a token takes every expert with p_j > 0. tau by Michelot's steps: the mean
 * excess of those left, until none leaves.
 *
 * Backward: dz_j = dp_j - mean of dp over the support, 0 outside. In the theory lab log p is
 * floored outside it.
 * Source: Martins and Astudillo 2016, arXiv 1602.02068.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

static void probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    (void)row;
    const int64_t experts = call->experts;
    real tau = -INFINITY, top = z[0];
    for (int64_t j = 1; j < experts; j++) {
        top = z[j] > top ? z[j] : top;
    }
    int64_t before, left = experts + 1;
    do {
        real sum = 0;
        before = left;
        left = 0;
        for (int64_t j = 0; j < experts; j++) {
            sum += z[j] - top > tau ? z[j] - top : 0;
            left += z[j] - top > tau;
        }
        tau = (sum - 1) / (real)left;
    } while (left < before);
    for (int64_t j = 0; j < experts; j++) {
        ret_p[j] = z[j] - top > tau ? z[j] - top - tau : 0;
    }
}

static void probs_backward(const gsc_call *call, int64_t row, const real *z, const real *p,
                           const real *dp, real *ret_dz) {
    (void)row, (void)z;
    real mean = 0, support = 0;
    for (int64_t j = 0; j < call->experts; j++) {
        mean += p[j] > 0 ? dp[j] : 0;
        support += p[j] > 0;
    }
    for (int64_t j = 0; j < call->experts; j++) {
        ret_dz[j] = p[j] > 0 ? dp[j] - mean / support : 0;
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

static const char *const papers[] = {"arXiv:1602.02068", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .combine_form = GSC_COMBINE_KEEP,
    .probs = probs,
    .probs_backward = probs_backward,
    .count = count,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "sparsemax",
    .version = "1.0.0",
    .title = "Sparsemax",
    .formula = "p_j = max(z_j - tau, 0) with tau such that p sums to 1",
    .doc = "The projection of the logits on the simplex: exact zeros, and as many experts as are"
           " left.",
    .papers = papers,
    .capabilities = GSC_CAP_IGNORES_BIAS,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
