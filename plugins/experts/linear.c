/* SPDX-License-Identifier: MIT
 *
 * Linear expert: y = weight x + bias, weight [O,D], bias [O].
 *
 * Backward: dx = weight' dy, d weight += dy x', d bias += dy. Jacobian (O = 1): (x, 1), which does not
 * depend on the parameters, so that one weighted least squares is exact. Not strongly identifiable
 * (arXiv 2505.10860, section 3): the slow exponents of theorem 2 are this expert's.
 */
#include <gatescope/plugin.h>

#include <string.h>

GSC_OWN_SOURCE;

enum {
    WEIGHT,
    BIAS
};

static void forward(const gsc_call *call, const real *x, real *ret_y) {
    const int64_t inputs = call->inputs, outputs = call->outputs;
    const real *weight = call->tensors[WEIGHT], *bias = call->tensors[BIAS];
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t o = 0; o < outputs; o++) {
            real sum = bias[o];
            for (int64_t d = 0; d < inputs; d++) {
                sum += weight[o * inputs + d] * x[t * inputs + d];
            }
            ret_y[t * outputs + o] = sum;
        }
    }
}

static void backward(const gsc_call *call, const real *x, const real *dy, real *ret_dx) {
    const int64_t inputs = call->inputs, outputs = call->outputs;
    const real *weight = call->tensors[WEIGHT];
    real *dweight = call->gradients[WEIGHT], *dbias = call->gradients[BIAS];
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t d = 0; d < inputs; d++) {
            ret_dx[t * inputs + d] = 0;
        }
        for (int64_t o = 0; o < outputs; o++) {
            const real g = dy[t * outputs + o];
            dbias[o] += g;
            for (int64_t d = 0; d < inputs; d++) {
                dweight[o * inputs + d] += g * x[t * inputs + d];
                ret_dx[t * inputs + d] += g * weight[o * inputs + d];
            }
        }
    }
}

static void jacobian(const gsc_call *call, const real *x, real *ret_jacobian) {
    const int64_t inputs = call->inputs;
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t d = 0; d < inputs; d++) {
            ret_jacobian[t * (inputs + 1) + d] = x[t * inputs + d];
        }
        ret_jacobian[t * (inputs + 1) + inputs] = 1;
    }
}

static const gsc_tensor tensors[] = {
    {"weight", GSC_TENSOR_TRAINED, GSC_INIT_FAN_IN, 1, 0, 2, {GSC_SIZE_OUTPUTS, GSC_SIZE_INPUTS}},
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

static const gsc_closed_form closed_form = {sizeof(gsc_closed_form), GSC_CLOSED_AFFINE, -1};

static const void *extension(const char *id) {
    return strcmp(id, GSC_EXTENSION_CLOSED_FORM) == 0 ? &closed_form : NULL;
}

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_EXPERT),
    .id = "linear",
    .version = "1.0.0",
    .title = "Linear",
    .formula = "y = weight x + bias",
    .doc = "A plane per expert: exact to fit, not strongly identifiable.",
    .papers = papers,
    GSC_TENSORS(tensors),
    GSC_SOURCE,
    .expert = &expert,
    .extension = extension,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
