/* SPDX-License-Identifier: MIT
 *
 * Constant expert: y = bias, bias [O], whatever the input.
 *
 * Backward: dx = 0, d bias += dy. Jacobian (O = 1): 1. The control of the theory lab: experts without an input are not
 * even weakly identifiable beside the gate (arXiv 2505.10860, definition 2), so that no rate is to be expected.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

static void forward(const gsc_call *call, const real *x, real *ret_y) {
    const real *bias = call->tensors[0];
    (void)x;
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t o = 0; o < call->outputs; o++) {
            ret_y[t * call->outputs + o] = bias[o];
        }
    }
}

static void backward(const gsc_call *call, const real *x, const real *dy, real *ret_dx) {
    real *dbias = call->gradients[0];
    (void)x;
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t o = 0; o < call->outputs; o++) {
            dbias[o] += dy[t * call->outputs + o];
        }
    }
    for (int64_t i = 0; i < call->rows * call->inputs; i++) {
        ret_dx[i] = 0;
    }
}

static void jacobian(const gsc_call *call, const real *x, real *ret_jacobian) {
    (void)x;
    for (int64_t t = 0; t < call->rows; t++) {
        ret_jacobian[t] = 1;
    }
}

static const gsc_tensor tensors[] = {
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
    .id = "constant",
    .version = "1.0.0",
    .title = "Constant",
    .formula = "y = bias",
    .doc = "An expert without an input: not identifiable beside the gate, the control.",
    .papers = papers,
    GSC_TENSORS(tensors),
    GSC_SOURCE,
    .expert = &expert,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
