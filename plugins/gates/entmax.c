/* SPDX-License-Identifier: MIT
 *
 * Entmax gate with alpha = 1.5: p_j = max(z_j / 2 - tau, 0)^2, tau such that the sum is 1; a token
 * takes every expert with p_j > 0. The sum is convex and falls in tau, so that Newton's steps from
 * tau = max z / 2 - 1 rise to it without overshoot.
 *
 * Backward: with s_j = sqrt(p_j), dz_j = s_j (dp_j - sum_l s_l dp_l / sum_l s_l).
 * Source: Peters, Niculae and Martins 2019, arXiv 1905.05702.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    MOST_STEPS = 60
};

static void probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    (void)row;
    const int64_t experts = call->experts;
    real tau = -1, top = z[0], total = 0;
    for (int64_t j = 1; j < experts; j++) {
        top = z[j] > top ? z[j] : top;
    }
    for (int i = 0; i < MOST_STEPS; i++) {
        real sum = 0, slope = 0;
        for (int64_t j = 0; j < experts; j++) {
            const real s = (z[j] - top) / 2 - tau;
            sum += s > 0 ? s * s : 0;
            slope += s > 0 ? 2 * s : 0;
        }
        const real next = tau + (sum - 1) / slope;
        if (!(next > tau)) {
            break;
        }
        tau = next;
    }
    for (int64_t j = 0; j < experts; j++) {
        const real s = (z[j] - top) / 2 - tau;
        ret_p[j] = s > 0 ? s * s : 0;
        total += ret_p[j];
    }
    for (int64_t j = 0; j < experts; j++) {
        ret_p[j] /= total;
    }
}

static void probs_backward(const gsc_call *call, int64_t row, const real *z, const real *p,
                           const real *dp, real *ret_dz) {
    (void)row, (void)z;
    real mean = 0, sum = 0;
    for (int64_t j = 0; j < call->experts; j++) {
        mean += gsc_sqrt(p[j]) * dp[j];
        sum += gsc_sqrt(p[j]);
    }
    for (int64_t j = 0; j < call->experts; j++) {
        ret_dz[j] = gsc_sqrt(p[j]) * (dp[j] - mean / sum);
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

static const char *const papers[] = {"arXiv:1905.05702", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .combine_form = GSC_COMBINE_KEEP,
    .probs = probs,
    .probs_backward = probs_backward,
    .count = count,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "entmax",
    .version = "1.0.0",
    .title = "Entmax 1.5",
    .formula = "p_j = max(z_j / 2 - tau, 0)^2 with tau such that p sums to 1",
    .doc = "Between softmax and sparsemax: exact zeros for the unlikely, smooth for the likely.",
    .papers = papers,
    .capabilities = GSC_CAP_IGNORES_BIAS,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
