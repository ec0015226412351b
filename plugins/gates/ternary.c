/* SPDX-License-Identifier: MIT
 *
 * Ternary gate of TC-MoE: each expert comes in three copies, times +1, -1 and 0, with logits z_j,
 * z_{E+j}, z_{2E+j} (M = 3E), and q is their softmax. p_j = max(q_j+, q_j-) stands for the better
 * of plus and minus, with its sign in the weight; the copies times 0 compete for the k places and
 * compute nothing, so that a token takes 0 to k experts. The other sign of a chosen expert is left
 * out: a choice holds each expert once.
 *
 * Backward: dp_j += sign_j dw; with the copy c that gave p_j, dz_m = q_m ((m = c) dp_j - sum_l
 * dp_l p_l).
 * Source: TC-MoE, ICLR 2025, OpenReview dsP91M4hDL.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

static int64_t logits(int64_t experts, const double *params) {
    (void)params;
    return 3 * experts;
}

/* log of the sum of exponentials of all M logits. */
static real log_sum(const gsc_call *call, const real *z) {
    real top = z[0], sum = 0;
    for (int64_t m = 1; m < call->logits; m++) {
        top = z[m] > top ? z[m] : top;
    }
    for (int64_t m = 0; m < call->logits; m++) {
        sum += gsc_exp(z[m] - top);
    }
    return top + gsc_log(sum);
}

static real better_of(const gsc_call *call, const real *z, int64_t j) {
    return z[j] >= z[call->experts + j] ? z[j] : z[call->experts + j];
}

static void probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    (void)row;
    const real total = log_sum(call, z);
    for (int64_t j = 0; j < call->experts; j++) {
        ret_p[j] = gsc_exp(better_of(call, z, j) - total);
    }
}

static void probs_backward(const gsc_call *call, int64_t row, const real *z, const real *p,
                           const real *dp, real *ret_dz) {
    (void)row;
    const int64_t experts = call->experts;
    const real total = log_sum(call, z);
    real mean = 0;
    for (int64_t j = 0; j < experts; j++) {
        mean += dp[j] * p[j];
    }
    for (int64_t m = 0; m < call->logits; m++) {
        ret_dz[m] = -mean * gsc_exp(z[m] - total);
    }
    for (int64_t j = 0; j < experts; j++) {
        ret_dz[z[j] >= z[experts + j] ? j : experts + j] += p[j] * dp[j];
    }
}

/* Experts below the k-th largest of the experts and zeros are out; k passes, each down to the next
 * smaller logit. */
static void rank(const gsc_call *call, int64_t row, const real *z, const real *p, real *ret_rank) {
    (void)row, (void)p;
    const int64_t experts = call->experts;
    real cut = INFINITY;
    for (int64_t left = call->top_k; left > 0 && cut > -INFINITY;) {
        real next = -INFINITY;
        int64_t equal = 0;
        for (int64_t j = 0; j < 2 * experts; j++) {
            const real value = j < experts ? better_of(call, z, j) : z[experts + j];
            if (value < cut && value >= next) {
                equal = value > next ? 1 : equal + 1;
                next = value;
            }
        }
        left -= equal;
        cut = next;
    }
    for (int64_t j = 0; j < experts; j++) {
        const real own = better_of(call, z, j);
        ret_rank[j] = own >= cut ? own : -INFINITY;
    }
}

static void combine(const gsc_call *call, int64_t row, const real *z, const real *p, int64_t n,
                    const int32_t *chosen, real *ret_weight) {
    (void)row;
    for (int64_t i = 0; i < n; i++) {
        const int64_t j = chosen[i];
        ret_weight[i] = z[j] >= z[call->experts + j] ? p[j] : -p[j];
    }
}

static void combine_backward(const gsc_call *call, int64_t row, const real *z, const real *p,
                             int64_t n, const int32_t *chosen, const real *dweight, real *dp) {
    (void)row, (void)p;
    for (int64_t i = 0; i < n; i++) {
        const int64_t j = chosen[i];
        dp[j] += z[j] >= z[call->experts + j] ? dweight[i] : -dweight[i];
    }
}

static const char *const papers[] = {"OpenReview:dsP91M4hDL", NULL};

static const char *const recommended[] = {"balancer=global_batch", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .combine_form = GSC_COMBINE_OWN,
    .logits = logits,
    .probs = probs,
    .probs_backward = probs_backward,
    .rank = rank,
    .combine = combine,
    .combine_backward = combine_backward,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "ternary",
    .version = "1.0.0",
    .title = "Ternary",
    .formula =
        "q = softmax(z) over (+, -, 0) of each expert, p_j = max(q_j+, q_j-), weight +p_j or "
        "-p_j",
    .doc = "Each expert may be added, subtracted or skipped, and skips fill places of the k; its"
           " p does not sum to 1, so not for the theory lab.",
    .papers = papers,
    .recommended = recommended,
    .capabilities = GSC_CAP_NO_SUM | GSC_CAP_IGNORES_BIAS,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
