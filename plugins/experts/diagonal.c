/* SPDX-License-Identifier: MIT
 *
 * Diagonal expert: y_o = scale_o x_(o mod D) + shift_o, scale [O], shift [O]: the linear expert
 * with its matrix reduced to a diagonal.
 *
 * Backward: dx_d = sum of dy_o scale_o over the o of d, dscale_o += dy_o x, dshift += dy. Jacobian
 * (O = 1): (x_0, 1), which does not depend on the parameters, so that one weighted least squares
 * is exact.
 * Source: ours, a step between the constant and the linear expert.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    SCALE,
    SHIFT
};

static void forward(const gsc_call *call, const real *x, real *ret_y) {
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t o = 0; o < call->outputs; o++) {
            ret_y[t * call->outputs + o] =
                call->tensors[SCALE][o] * x[t * call->inputs + o % call->inputs] +
                call->tensors[SHIFT][o];
        }
    }
}

static void backward(const gsc_call *call, const real *x, const real *dy, real *ret_dx) {
    for (int64_t i = 0; i < call->rows * call->inputs; i++) {
        ret_dx[i] = 0;
    }
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t o = 0; o < call->outputs; o++) {
            const real g = dy[t * call->outputs + o];
            const int64_t at = t * call->inputs + o % call->inputs;
            ret_dx[at] += g * call->tensors[SCALE][o];
            call->gradients[SCALE][o] += g * x[at];
            call->gradients[SHIFT][o] += g;
        }
    }
}

static void jacobian(const gsc_call *call, const real *x, real *ret_jacobian) {
    for (int64_t t = 0; t < call->rows; t++) {
        ret_jacobian[2 * t] = x[t * call->inputs];
        ret_jacobian[2 * t + 1] = 1;
    }
}

static const gsc_tensor tensors[] = {
    {"scale", GSC_TENSOR_TRAINED, GSC_INIT_CONSTANT, 1, 0, 1, {GSC_SIZE_OUTPUTS}},
    {"shift", GSC_TENSOR_TRAINED, GSC_INIT_ZERO, 0, 1, 1, {GSC_SIZE_OUTPUTS}},
};

static const gsc_expert expert = {
    .struct_size = sizeof(gsc_expert),
    .form = GSC_EXPERT_OWN,
    .forward = forward,
    .backward = backward,
    .jacobian = jacobian,
    .linear = 1,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_EXPERT),
    .id = "diagonal",
    .version = "1.0.0",
    .title = "Diagonal",
    .formula = "y_o = scale_o x_o + shift_o",
    .doc = "One factor and one shift a channel: the smallest linear expert.",
    GSC_TENSORS(tensors),
    GSC_SOURCE,
    .expert = &expert,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
