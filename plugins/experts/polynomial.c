/* SPDX-License-Identifier: MIT
 *
 * Polynomial expert: y_o = bias_o + sum_{p=1..degree} sum_d weight[o][d][p - 1] x_d^p, weight [O,D,degree], bias [O].
 * No products of different inputs.
 *
 * Backward: dx_d = sum_o dy_o sum_p p weight[o][d][p - 1] x_d^(p - 1), d weight[o][d][p - 1] += dy_o x_d^p,
 * d bias += dy. Jacobian (O = 1): (x_1, x_1^2, .., x_2, .., 1), which does not depend on the parameters, so that one
 * weighted least squares is exact. Degree 1 is the linear expert. Like it, it is not strongly identifiable
 * (arXiv 2505.10860, definition 1): (dy / d bias)^2 is constant.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    WEIGHT,
    BIAS
};

static int64_t degree_of(const gsc_call *call) {
    return (int64_t)call->params[0];
}

static void forward(const gsc_call *call, const real *x, real *ret_y) {
    const int64_t inputs = call->inputs, outputs = call->outputs, degree = degree_of(call);
    const real *weight = call->tensors[WEIGHT], *bias = call->tensors[BIAS];
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t o = 0; o < outputs; o++) {
            real sum = bias[o];
            for (int64_t d = 0; d < inputs; d++) {
                const real u = x[t * inputs + d], *w = weight + (o * inputs + d) * degree;
                real part = 0; /* Horner */
                for (int64_t p = degree; p > 0; p--) {
                    part = (part + w[p - 1]) * u;
                }
                sum += part;
            }
            ret_y[t * outputs + o] = sum;
        }
    }
}

static void backward(const gsc_call *call, const real *x, const real *dy, real *ret_dx) {
    const int64_t inputs = call->inputs, outputs = call->outputs, degree = degree_of(call);
    const real *weight = call->tensors[WEIGHT];
    real *dweight = call->gradients[WEIGHT], *dbias = call->gradients[BIAS];
    for (int64_t i = 0; i < call->rows * inputs; i++) {
        ret_dx[i] = 0;
    }
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t o = 0; o < outputs; o++) {
            const real g = dy[t * outputs + o];
            dbias[o] += g;
            for (int64_t d = 0; d < inputs; d++) {
                const real u = x[t * inputs + d];
                const int64_t first = (o * inputs + d) * degree;
                real below = 1; /* u^(p - 1) */
                for (int64_t p = 1; p <= degree; p++) {
                    ret_dx[t * inputs + d] += g * (real)p * weight[first + p - 1] * below;
                    below *= u;
                    dweight[first + p - 1] += g * below;
                }
            }
        }
    }
}

static void jacobian(const gsc_call *call, const real *x, real *ret_jacobian) {
    const int64_t inputs = call->inputs, degree = degree_of(call), size = inputs * degree + 1;
    for (int64_t t = 0; t < call->rows; t++) {
        real *row = ret_jacobian + t * size;
        for (int64_t d = 0; d < inputs; d++) {
            real power = 1;
            for (int64_t p = 0; p < degree; p++) {
                power *= x[t * inputs + d];
                row[d * degree + p] = power;
            }
        }
        row[size - 1] = 1;
    }
}

static const gsc_param params[] = {
    {"degree", "the highest power of each input", NULL, GSC_PARAM_INT, 0, 1, 8, 2},
};

static const gsc_tensor tensors[] = {
    {"weight",
     GSC_TENSOR_TRAINED,
     GSC_INIT_FAN_IN,
     1,
     0,
     3,
     {GSC_SIZE_OUTPUTS, GSC_SIZE_INPUTS, GSC_SIZE_PARAM(0)}},
    {"bias", GSC_TENSOR_TRAINED, GSC_INIT_ZERO, 0, 1, 1, {GSC_SIZE_OUTPUTS}},
};

static const char *const papers[] = {"arXiv:2505.10860", NULL};

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
    .id = "polynomial",
    .version = "1.0.0",
    .title = "Polynomial",
    .formula = "y = bias + sum_p sum_d weight_dp x_d^p",
    .doc = "Powers of each input up to a degree: exact to fit, not strongly identifiable.",
    .papers = papers,
    GSC_PARAMS(params),
    GSC_TENSORS(tensors),
    GSC_SOURCE,
    .expert = &expert,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
