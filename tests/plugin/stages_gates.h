/* SPDX-License-Identifier: MIT
 *
 * The gates of test-stages: good ones, one for each form, and bad ones, one for each refusal.
 */
#ifndef GSC_TESTS_PLUGIN_STAGES_GATES_H
#define GSC_TESTS_PLUGIN_STAGES_GATES_H

#include <gatescope/plugin.h>
#include <string.h>

static void softmax_affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    memcpy(ret_a, z, (size_t)n * sizeof *z);
}

static void softmax_slope(const gsc_call *call, int64_t n, const real *z, real *ret_slope) {
    for (int64_t i = 0; i < n; i++) {
        ret_slope[i] = 1.0;
    }
}

static double sigma(double z) {
    return 1.0 / (1.0 + exp(-z));
}

static void sigmoid_affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = sigma(z[i]);
    }
}

static void sigmoid_slope(const gsc_call *call, int64_t n, const real *z, real *ret_slope) {
    for (int64_t i = 0; i < n; i++) {
        ret_slope[i] = sigma(z[i]) * sigma(-z[i]);
    }
}

/* DeepSeek-V3 compares sigma(z_j) + bias_j. */
static void v3_rank(const gsc_call *call, int64_t row, const real *z, const real *p,
                    real *ret_rank) {
    for (int64_t j = 0; j < call->experts; j++) {
        ret_rank[j] = sigma(z[j]) + (call->bias != NULL ? call->bias[j] : 0.0);
    }
}

/* M = 2 E: p = softmax(z_j + z_{E+j}^2 / 2). */
static int64_t twice(int64_t experts, const double *params) {
    return 2 * experts;
}

static void pair_probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    int64_t e = call->experts;
    double sum = 0.0;
    for (int64_t j = 0; j < e; j++) {
        ret_p[j] = exp(z[j] + 0.5 * z[e + j] * z[e + j]);
        sum += ret_p[j];
    }
    for (int64_t j = 0; j < e; j++) {
        ret_p[j] /= sum;
    }
}

static void pair_probs_backward(const gsc_call *call, int64_t row, const real *z, const real *p,
                                const real *dp, real *ret_dz) {
    int64_t e = call->experts;
    double mean = 0.0;
    for (int64_t j = 0; j < e; j++) {
        mean += dp[j] * p[j];
    }
    for (int64_t j = 0; j < e; j++) {
        ret_dz[j] = p[j] * (dp[j] - mean);
        ret_dz[e + j] = ret_dz[j] * z[e + j];
    }
}

/* Takes experts until their p reach 0.6. */
static int64_t top_p_count(const gsc_call *call, int64_t row, const real *p, const int32_t *order) {
    double sum = 0.0;
    int64_t n = 0;
    while (n < call->experts && sum < 0.6) {
        sum += p[order[n++]];
    }
    return n;
}

/* Cosine with a learned temperature, smoothed at 0. */
static void cosine_inner(const gsc_call *call, int64_t n, const real *dot, const real *xx,
                         const real *ww, real *ret_z) {
    for (int64_t i = 0; i < n; i++) {
        ret_z[i] = call->tensors[0][0] * dot[i] / sqrt(xx[i] * ww[i] + 0.01);
    }
}

/* Log affinity with a learned temperature. */
static void warm_affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = call->tensors[0][0] * z[i];
    }
}

static void warm_slope(const gsc_call *call, int64_t n, const real *z, real *ret_slope) {
    for (int64_t i = 0; i < n; i++) {
        ret_slope[i] = call->tensors[0][0];
    }
}

static void distance_inner(const gsc_call *call, int64_t n, const real *dot, const real *xx,
                           const real *ww, real *ret_z) {
    for (int64_t i = 0; i < n; i++) {
        ret_z[i] = -0.5 * (xx[i] + ww[i] - 2.0 * dot[i]);
    }
}

static void distance_slope(const gsc_call *call, int64_t n, const real *dot, const real *xx,
                           const real *ww, real *ret_dot, real *ret_xx, real *ret_ww) {
    for (int64_t i = 0; i < n; i++) {
        ret_dot[i] = 1.0;
        ret_xx[i] = ret_ww[i] = -0.5;
    }
}

/* z = (V x)^2 with its own V [M,D], by the host's products. */
static void square_score(const gsc_call *call, const real *x, real *ret_z) {
    call->host->matmul(ret_z, x, call->tensors[0], call->rows, call->logits, call->inputs, 0, 1, 0);
    for (int64_t i = 0; i < call->rows * call->logits; i++) {
        ret_z[i] *= ret_z[i];
    }
}

static void square_score_backward(const gsc_call *call, const real *x, const real *z,
                                  const real *dz, real *ret_dx) {
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t i = 0; i < call->inputs; i++) {
            ret_dx[t * call->inputs + i] = 0.0;
        }
        for (int64_t j = 0; j < call->logits; j++) {
            const real *v = call->tensors[0] + j * call->inputs;
            double u = 0.0;
            for (int64_t i = 0; i < call->inputs; i++) {
                u += v[i] * x[t * call->inputs + i];
            }
            double du = 2.0 * u * dz[t * call->logits + j];
            for (int64_t i = 0; i < call->inputs; i++) {
                ret_dx[t * call->inputs + i] += du * v[i];
                call->gradients[0][j * call->inputs + i] += du * x[t * call->inputs + i];
            }
        }
    }
}

/* Weights p_j^2 / (1 + sum of the chosen p). */
static void own_combine(const gsc_call *call, int64_t row, const real *z, const real *p, int64_t n,
                        const int32_t *chosen, real *ret_weight) {
    double sum = 1.0;
    for (int64_t i = 0; i < n; i++) {
        sum += p[chosen[i]];
    }
    for (int64_t i = 0; i < n; i++) {
        ret_weight[i] = p[chosen[i]] * p[chosen[i]] / sum;
    }
}

static void own_combine_backward(const gsc_call *call, int64_t row, const real *z, const real *p,
                                 int64_t n, const int32_t *chosen, const real *dweight, real *dp) {
    double sum = 1.0, mean = 0.0;
    for (int64_t i = 0; i < n; i++) {
        sum += p[chosen[i]];
    }
    for (int64_t i = 0; i < n; i++) {
        mean += dweight[i] * p[chosen[i]] * p[chosen[i]] / (sum * sum);
    }
    for (int64_t i = 0; i < n; i++) {
        dp[chosen[i]] += dweight[i] * 2.0 * p[chosen[i]] / sum - mean;
    }
}

/* Every row takes its own number modulo E, then expert 0 if another. */
static size_t modulo_scratch(const gsc_call *call) {
    return sizeof(int32_t);
}

static void modulo_select(const gsc_call *call, const real *z, const real *p,
                          gsc_choice *ret_choice, void *scratch) {
    int64_t n = 0;
    int32_t *expert = scratch;
    for (int64_t t = 0; t < call->rows; t++) {
        ret_choice->start[t] = n;
        *expert = (int32_t)(t % call->experts);
        ret_choice->chosen[n++] = *expert;
        if (*expert != 0) {
            ret_choice->chosen[n++] = 0;
        }
    }
    ret_choice->start[call->rows] = n;
}

static void twice_select(const gsc_call *call, const real *z, const real *p, gsc_choice *ret_choice,
                         void *scratch) {
    modulo_select(call, z, p, ret_choice, scratch);
    ret_choice->chosen[1] = 1;
    ret_choice->chosen[2] = 1; /* row 1 holds expert 1 twice */
}

static void beyond_select(const gsc_call *call, const real *z, const real *p,
                          gsc_choice *ret_choice, void *scratch) {
    modulo_select(call, z, p, ret_choice, scratch);
    ret_choice->start[call->rows] = ret_choice->capacity + 1;
}

static void nan_affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = i == 5 ? NAN : 1.0;
    }
}

static void zero_affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    memset(ret_a, 0, (size_t)n * sizeof *ret_a);
}

static void negative_affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = -1.0;
    }
}

static void half_probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    for (int64_t j = 0; j < call->experts; j++) {
        ret_p[j] = 0.5 / (double)call->experts;
    }
}

static void nan_rank(const gsc_call *call, int64_t row, const real *z, const real *p,
                     real *ret_rank) {
    for (int64_t j = 0; j < call->experts; j++) {
        ret_rank[j] = NAN;
    }
}

/* The upper half of the experts is never chosen. */
static void lower_rank(const gsc_call *call, int64_t row, const real *z, const real *p,
                       real *ret_rank) {
    for (int64_t j = 0; j < call->experts; j++) {
        ret_rank[j] = 2 * j < call->experts ? p[j] : -INFINITY;
    }
}

static int64_t one_chosen(const gsc_call *call) {
    return 1;
}

static int64_t all_count(const gsc_call *call, int64_t row, const real *p, const int32_t *order) {
    return call->experts;
}

static void slope_of_nan(const gsc_call *call, int64_t n, const real *z, real *ret_slope) {
    for (int64_t i = 0; i < n; i++) {
        ret_slope[i] = NAN;
    }
}

static const gsc_gate softmax_gate = {.struct_size = sizeof(gsc_gate),
                                      .affinity_form = GSC_AFFINITY_LOG,
                                      .affinity = softmax_affinity,
                                      .affinity_slope = softmax_slope};
static const gsc_gate v3_gate = {.struct_size = sizeof(gsc_gate),
                                 .affinity_form = GSC_AFFINITY_VALUE,
                                 .affinity = sigmoid_affinity,
                                 .affinity_slope = sigmoid_slope,
                                 .rank = v3_rank};
static const gsc_tensor temperature = {.name = "temperature", .dims = 1, .size = {1}};
static const gsc_tensor own_matrix = {
    .name = "matrix", .dims = 2, .size = {GSC_SIZE_LOGITS, GSC_SIZE_INPUTS}};

#endif
