/* SPDX-License-Identifier: MIT
 *
 * Quadratic own score with its derivative: z_j = c_j + b_j.x + sum_d a_jd x_d^2, softmax by row.
 */
#include "tests/plugins/theory/forms.h"

enum {
    A,
    B,
    C
};

static void score(const gsc_call *call, const real *x, real *ret_z) {
    const int64_t m = call->logits, d = call->inputs;
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t j = 0; j < m; j++) {
            real sum = call->tensors[C][j];
            for (int64_t k = 0; k < d; k++) {
                const real u = x[t * d + k];
                sum += (call->tensors[B][j * d + k] + call->tensors[A][j * d + k] * u) * u;
            }
            ret_z[t * m + j] = sum;
        }
    }
}

static void score_backward(const gsc_call *call, const real *x, const real *z, const real *dz,
                           real *ret_dx) {
    const int64_t m = call->logits, d = call->inputs;
    (void)z;
    for (int64_t i = 0; i < call->rows * d; i++) {
        ret_dx[i] = 0;
    }
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t j = 0; j < m; j++) {
            const real g = dz[t * m + j];
            call->gradients[C][j] += g;
            for (int64_t k = 0; k < d; k++) {
                const real u = x[t * d + k];
                call->gradients[B][j * d + k] += g * u;
                call->gradients[A][j * d + k] += g * u * u;
                ret_dx[t * d + k] +=
                    g * (call->tensors[B][j * d + k] + 2 * call->tensors[A][j * d + k] * u);
            }
        }
    }
}

static const gsc_tensor tensors[] = {
    {"a", GSC_TENSOR_TRAINED, GSC_INIT_ZERO, 0, 0, 2, {GSC_SIZE_LOGITS, GSC_SIZE_INPUTS}},
    {"b", GSC_TENSOR_TRAINED, GSC_INIT_NORMAL, 0.1, 0, 2, {GSC_SIZE_LOGITS, GSC_SIZE_INPUTS}},
    {"c", GSC_TENSOR_TRAINED, GSC_INIT_ZERO, 0, 1, 1, {GSC_SIZE_LOGITS}},
};

static const gsc_gate gate = {.struct_size = sizeof(gsc_gate),
                              .score_form = GSC_SCORE_OWN,
                              .score = score,
                              .score_backward = score_backward,
                              .probs = softmax_row,
                              .probs_backward = softmax_row_backward};

static const gsc_plugin plugin = {FORM_PLUGIN("quadratic", "z_j = c_j + b_j.x + a_j.x^2"),
                                  GSC_TENSORS(tensors), .gate = &gate};

FORM_ENTRY
