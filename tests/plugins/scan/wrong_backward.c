/* SPDX-License-Identifier: MIT
 *
 * An own-form expert y = sum_d (w_d x_d)^2 whose backward forgets the factor 2 for w.
 */
#include "tests/plugins/fixture.h"

static void forward(const gsc_call *call, const real *x, real *ret_y) {
    for (int64_t t = 0; t < call->rows; t++) {
        ret_y[t] = 0;
        for (int64_t d = 0; d < call->inputs; d++) {
            const real u = call->tensors[0][d] * x[t * call->inputs + d];
            ret_y[t] += u * u;
        }
    }
}

static void backward(const gsc_call *call, const real *x, const real *dy, real *ret_dx) {
    for (int64_t i = 0; i < call->rows * call->inputs; i++) {
        const real w = call->tensors[0][i % call->inputs], g = dy[i / call->inputs];
        ret_dx[i] = 2 * g * w * w * x[i];
        call->gradients[0][i % call->inputs] += g * w * x[i] * x[i];
    }
}

static const gsc_tensor tensors[] = {
    {"weight", GSC_TENSOR_TRAINED, GSC_INIT_NORMAL, 1, 0, 1, {GSC_SIZE_INPUTS}},
};

static const gsc_expert expert = {
    .struct_size = sizeof expert,
    .form = GSC_EXPERT_OWN,
    .forward = forward,
    .backward = backward,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_EXPERT),
    .id = "wrong_backward",
    .version = "1.0.0",
    .title = "A fixture",
    .formula = "y = sum_d (w_d x_d)^2",
    .doc = "A plugin of the tests.",
    GSC_TENSORS(tensors),
    .expert = &expert,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
