/* SPDX-License-Identifier: MIT
 *
 * Soft MoE gate: E experts have slots each, S in all, and each slot a logit a token (M = S). Over
 * one sequence
 *
 *     dispatch_ts = exp(z_ts) / sum_u exp(z_us)   what slot s is fed, a mean of tokens
 *     combine_ts = exp(z_ts) / sum_r exp(z_tr)    what token t hears of slot s
 *
 * Everything is differentiable and nothing is chosen; p_j, what a token hears of expert j's slots
 * together, is for metrics.
 * Backward: dz = D (dD - sum_t D dD) + C (dC - sum_s C dC), D the dispatch and C the combine.
 * Without the norms of the source on tokens and slot weights, which the host's normalisation
 * replaces.
 * Source: Puigcerver et al. 2023, arXiv 2308.00951, section 2.
 */
#include <gatescope/plugin.h>
#include <string.h>

GSC_OWN_SOURCE;

enum {
    SLOTS
};

static int64_t logits(int64_t experts, const double *params) {
    return experts * (int64_t)params[SLOTS];
}

static int64_t slots(const gsc_call *call) {
    return (int64_t)call->params[SLOTS];
}

/* ret_p = softmax of n values; both are stride apart. */
static void softmax(int64_t n, int64_t stride, const real *z, real *ret_p) {
    real top = -INFINITY, sum = 0;
    for (int64_t i = 0; i < n; i++) {
        top = z[i * stride] > top ? z[i * stride] : top;
    }
    for (int64_t i = 0; i < n; i++) {
        ret_p[i * stride] = gsc_exp(z[i * stride] - top);
        sum += ret_p[i * stride];
    }
    for (int64_t i = 0; i < n; i++) {
        ret_p[i * stride] /= sum;
    }
}

/* Adds p (dp - sum p dp) to ret_dz. */
static void softmax_backward(int64_t n, int64_t stride, const real *p, const real *dp,
                             real *ret_dz) {
    real mean = 0;
    for (int64_t i = 0; i < n; i++) {
        mean += p[i * stride] * dp[i * stride];
    }
    for (int64_t i = 0; i < n; i++) {
        ret_dz[i * stride] += p[i * stride] * (dp[i * stride] - mean);
    }
}

static void mix(const gsc_call *call, const real *z, real *ret_dispatch, real *ret_combine) {
    const int64_t rows = call->rows, all = call->logits;
    for (int64_t s = 0; s < all; s++) {
        softmax(rows, all, z + s, ret_dispatch + s);
    }
    for (int64_t t = 0; t < rows; t++) {
        softmax(all, 1, z + t * all, ret_combine + t * all);
    }
}

static void mix_backward(const gsc_call *call, const real *z, const real *dispatch,
                         const real *combine, const real *ddispatch, const real *dcombine,
                         real *ret_dz) {
    (void)z;
    const int64_t rows = call->rows, all = call->logits;
    for (int64_t i = 0; i < rows * all; i++) {
        ret_dz[i] = 0;
    }
    for (int64_t s = 0; s < all; s++) {
        softmax_backward(rows, all, dispatch + s, ddispatch + s, ret_dz + s);
    }
    for (int64_t t = 0; t < rows; t++) {
        softmax_backward(all, 1, combine + t * all, dcombine + t * all, ret_dz + t * all);
    }
}

/* log of the sum of exponentials of all S logits. */
static real log_sum(const gsc_call *call, const real *z) {
    real top = z[0], sum = 0;
    for (int64_t s = 1; s < call->logits; s++) {
        top = z[s] > top ? z[s] : top;
    }
    for (int64_t s = 0; s < call->logits; s++) {
        sum += gsc_exp(z[s] - top);
    }
    return top + gsc_log(sum);
}

static void probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    (void)row;
    const int64_t each = slots(call);
    const real total = log_sum(call, z);
    for (int64_t j = 0; j < call->experts; j++) {
        ret_p[j] = 0;
        for (int64_t s = j * each; s < (j + 1) * each; s++) {
            ret_p[j] += gsc_exp(z[s] - total);
        }
    }
}

static void probs_backward(const gsc_call *call, int64_t row, const real *z, const real *p,
                           const real *dp, real *ret_dz) {
    (void)row;
    const real total = log_sum(call, z);
    real mean = 0;
    for (int64_t j = 0; j < call->experts; j++) {
        mean += p[j] * dp[j];
    }
    for (int64_t s = 0; s < call->logits; s++) {
        ret_dz[s] = gsc_exp(z[s] - total) * (dp[s / slots(call)] - mean);
    }
}

static const gsc_gate_mix gate_mix = {
    .struct_size = sizeof(gsc_gate_mix),
    .slots = slots,
    .mix = mix,
    .mix_backward = mix_backward,
};

static const void *extension(const char *id) {
    return strcmp(id, GSC_EXTENSION_MIX) == 0 ? &gate_mix : NULL;
}

static const char *const needs[] = {GSC_EXTENSION_MIX, NULL};

static const gsc_param params[] = {
    {"slots", "slots of one expert", NULL, GSC_PARAM_INT, 0, 1, 64, 1},
};

static const char *const papers[] = {"arXiv:2308.00951", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .logits = logits,
    .probs = probs,
    .probs_backward = probs_backward,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "soft_moe",
    .version = "1.0.0",
    .title = "Soft MoE",
    .formula = "dispatch = softmax of z over the tokens, combine = softmax of z over the slots",
    .doc = "Experts work on mixtures of tokens instead of tokens: no choice, no drops; a slot "
           "sees the whole sequence, so language models ask for consent and the theory lab "
           "refuses.",
    .papers = papers,
    GSC_PARAMS(params),
    .capabilities = GSC_CAP_NOT_CAUSAL | GSC_CAP_CHOICE_DEFINED | GSC_CAP_IGNORES_BIAS,
    GSC_SOURCE,
    .gate = &gate,
    .extension = extension,
    .needs = needs,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
