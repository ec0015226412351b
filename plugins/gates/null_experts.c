/* SPDX-License-Identifier: MIT
 *
 * Null experts of AdaMoE: nulls more logits stand for experts that compute nothing (M = E +
 * nulls), q = softmax(z) over all M, p_j = q_j for the E true ones. The top k of all M are chosen;
 * what falls on a null is simply not computed, so that a token takes 0 to k true experts. Their
 * weights are renormalised.
 *
 * Backward: dz_m = q_m (dp_m - sum_l dp_l p_l) with dp = 0 for nulls. The bias moves true experts
 * alone.
 * Source: Zeng et al. 2024, arXiv 2406.13233, section 3.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    NULLS
};

static int64_t logits(int64_t experts, const double *params) {
    return experts + (int64_t)params[NULLS];
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

static void probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    (void)row;
    const real total = log_sum(call, z);
    for (int64_t j = 0; j < call->experts; j++) {
        ret_p[j] = gsc_exp(z[j] - total);
    }
}

static void probs_backward(const gsc_call *call, int64_t row, const real *z, const real *p,
                           const real *dp, real *ret_dz) {
    (void)row;
    const real total = log_sum(call, z);
    real mean = 0;
    for (int64_t j = 0; j < call->experts; j++) {
        mean += dp[j] * p[j];
    }
    for (int64_t m = 0; m < call->logits; m++) {
        ret_dz[m] = gsc_exp(z[m] - total) * ((m < call->experts ? dp[m] : 0) - mean);
    }
}

static real value_of(const gsc_call *call, const real *p, int64_t j) {
    return p[j] + (call->bias ? call->bias[j] : 0);
}

/* Experts below the k-th largest of all M are out; k passes, each down to the next smaller value. */
static void rank(const gsc_call *call, int64_t row, const real *z, const real *p, real *ret_rank) {
    (void)row;
    const int64_t experts = call->experts;
    const real total = log_sum(call, z);
    real cut = INFINITY;
    for (int64_t left = call->top_k; left > 0 && cut > -INFINITY;) {
        real next = -INFINITY;
        int64_t equal = 0;
        for (int64_t m = 0; m < call->logits; m++) {
            const real value = m < experts ? value_of(call, p, m) : gsc_exp(z[m] - total);
            if (value < cut && value >= next) {
                equal = value > next ? 1 : equal + 1;
                next = value;
            }
        }
        left -= equal;
        cut = next;
    }
    for (int64_t j = 0; j < experts; j++) {
        const real value = value_of(call, p, j);
        ret_rank[j] = value >= cut ? value : -INFINITY;
    }
}

static const gsc_param params[] = {
    {"nulls", "experts that do nothing", NULL, GSC_PARAM_INT, 0, 1, 256, 4},
};

static const char *const papers[] = {"arXiv:2406.13233", NULL};

static const char *const recommended[] = {"balancer=global_batch", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .logits = logits,
    .probs = probs,
    .probs_backward = probs_backward,
    .rank = rank,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "null_experts",
    .version = "1.0.0",
    .title = "Null experts",
    .formula = "p = softmax(z) over E experts and the nulls, top k of all, nulls do nothing",
    .doc = "Some of the k choices may go to experts that do nothing, so that easy tokens cost "
           "less; its p does not sum to 1, so not for the theory lab.",
    .papers = papers,
    .recommended = recommended,
    GSC_PARAMS(params),
    .capabilities = GSC_CAP_NO_SUM,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
