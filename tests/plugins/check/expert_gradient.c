/* SPDX-License-Identifier: MIT
 *
 * Overwrites the gradient of its bias instead of adding to it.
 */
#include "tests/plugins/fixture.h"

static void forward(const gsc_call *call, const real *x, real *ret_y) {
    const real *w = call->tensors[0], *b = call->tensors[1];
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t o = 0; o < call->outputs; o++) {
            real sum = b[o];
            for (int64_t d = 0; d < call->inputs; d++) {
                sum += w[o * call->inputs + d] * x[t * call->inputs + d];
            }
            ret_y[t * call->outputs + o] = sum;
        }
    }
}

static void backward(const gsc_call *call, const real *x, const real *dy, real *ret_dx) {
    const int64_t inputs = call->inputs, outputs = call->outputs;
    const real *w = call->tensors[0];
    real *dw = call->gradients[0], *db = call->gradients[1];
    for (int64_t o = 0; o < outputs; o++) {
        db[o] = 0;
    }
    for (int64_t i = 0; i < call->rows * inputs; i++) {
        ret_dx[i] = 0;
    }
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t o = 0; o < outputs; o++) {
            const real g = dy[t * outputs + o];
            db[o] += g;
            for (int64_t d = 0; d < inputs; d++) {
                ret_dx[t * inputs + d] += g * w[o * inputs + d];
                dw[o * inputs + d] += g * x[t * inputs + d];
            }
        }
    }
}

static const gsc_tensor tensors[] = {
    {"weight", GSC_TENSOR_TRAINED, GSC_INIT_FAN_IN, 1, 0, 2, {GSC_SIZE_OUTPUTS, GSC_SIZE_INPUTS}},
    {"bias", GSC_TENSOR_TRAINED, GSC_INIT_ZERO, 0, 1, 1, {GSC_SIZE_OUTPUTS}},
};

static const gsc_expert expert = {.struct_size = sizeof(gsc_expert),
                                  .form = GSC_EXPERT_OWN,
                                  .forward = forward,
                                  .backward = backward};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_EXPERT, "wrong_expert_gradient"),
                                  GSC_TENSORS(tensors), .expert = &expert};

FIXTURE_ENTRY(plugin)
