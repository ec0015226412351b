/* SPDX-License-Identifier: MIT
 *
 * A score of its own whose backward forgets that x enters squared.
 */
#include "tests/plugins/fixture.h"

enum {
    WEIGHT
};

static void score(const gsc_call *call, const real *x, real *ret_z) {
    const real *w = call->tensors[WEIGHT];
    const int64_t inputs = call->inputs;
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t j = 0; j < call->experts; j++) {
            real sum = 0;
            for (int64_t d = 0; d < inputs; d++) {
                sum += w[j * inputs + d] * x[t * inputs + d] * x[t * inputs + d];
            }
            ret_z[t * call->experts + j] = sum;
        }
    }
}

static void score_backward(const gsc_call *call, const real *x, const real *z, const real *dz,
                           real *ret_dx) {
    const real *w = call->tensors[WEIGHT];
    const int64_t inputs = call->inputs;
    (void)z;
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t d = 0; d < inputs; d++) {
            const real u = x[t * inputs + d];
            ret_dx[t * inputs + d] = 0;
            for (int64_t j = 0; j < call->experts; j++) {
                const real g = dz[t * call->experts + j];
                ret_dx[t * inputs + d] += g * w[j * inputs + d] * u;
                call->gradients[WEIGHT][j * inputs + d] += g * u * u;
            }
        }
    }
}

static const gsc_tensor tensors[] = {
    {"weight", GSC_TENSOR_TRAINED, GSC_INIT_FAN_IN, 1, 0, 2, {GSC_SIZE_EXPERTS, GSC_SIZE_INPUTS}},
};

static const gsc_gate gate = {FIXTURE_GATE, .score_form = GSC_SCORE_OWN, .score = score,
                              .score_backward = score_backward, .affinity = fixture_affinity};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_GATE, "wrong_score_gradient"),
                                  GSC_TENSORS(tensors), .gate = &gate};

FIXTURE_ENTRY(plugin)
