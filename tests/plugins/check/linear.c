/* SPDX-License-Identifier: MIT
 *
 * Says that it is linear in weights that enter squared.
 */
#include "tests/plugins/fixture.h"

static void forward(const gsc_call *call, const real *x, real *ret_y) {
    const real *w = call->tensors[0], *b = call->tensors[1];
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t o = 0; o < call->outputs; o++) {
            real sum = b[o];
            for (int64_t d = 0; d < call->inputs; d++) {
                sum += w[o * call->inputs + d] * w[o * call->inputs + d] * x[t * call->inputs + d];
            }
            ret_y[t * call->outputs + o] = sum;
        }
    }
}

static const gsc_tensor tensors[] = {
    {"weight", GSC_TENSOR_TRAINED, GSC_INIT_FAN_IN, 1, 0, 2, {GSC_SIZE_OUTPUTS, GSC_SIZE_INPUTS}},
    {"bias", GSC_TENSOR_TRAINED, GSC_INIT_ZERO, 0, 1, 1, {GSC_SIZE_OUTPUTS}},
};

static const gsc_expert expert = {
    .struct_size = sizeof(gsc_expert), .form = GSC_EXPERT_OWN, .forward = forward, .linear = 1};

static const gsc_plugin plugin = {FIXTURE_HEAD(GSC_KIND_EXPERT, "wrong_linear"),
                                  GSC_TENSORS(tensors), .expert = &expert};

FIXTURE_ENTRY(plugin)
