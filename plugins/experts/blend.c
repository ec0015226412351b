/* SPDX-License-Identifier: MIT
 *
 * Constant expert of MoE++ (the id constant is the theory lab's): y = a_1 x + a_2 value with a =
 * softmax(weight x), weight [2,D], value [O]; where outputs and inputs differ in number, x stands
 * for its first numbers, and 0 beyond.
 *
 * With s = a_1 = sigma((w_1 - w_2).x) and g = s (1 - s) sum_o dy_o (x_o - value_o): dvalue += (1 -
 * s) dy, dw_1 += g x, dw_2 -= g x, dx = s dy + g (w_1 - w_2).
 * Source: Jin et al. 2024, arXiv 2410.07348, section 3.1.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    WEIGHT,
    VALUE
};

/* Share of x in the blend of one row. */
static real share_of(const gsc_call *call, const real *x) {
    const real *weight = call->tensors[WEIGHT];
    real u = 0;
    for (int64_t d = 0; d < call->inputs; d++) {
        u += (weight[d] - weight[call->inputs + d]) * x[d];
    }
    return (real)0.5 * (1 + gsc_tanh((real)0.5 * u));
}

static void forward(const gsc_call *call, const real *x, real *ret_y) {
    for (int64_t t = 0; t < call->rows; t++) {
        const real *v = x + t * call->inputs, share = share_of(call, v);
        for (int64_t o = 0; o < call->outputs; o++) {
            const real copied = o < call->inputs ? v[o] : 0;
            ret_y[t * call->outputs + o] = share * copied + (1 - share) * call->tensors[VALUE][o];
        }
    }
}

static void backward(const gsc_call *call, const real *x, const real *dy, real *ret_dx) {
    const int64_t inputs = call->inputs, outputs = call->outputs;
    const real *weight = call->tensors[WEIGHT], *value = call->tensors[VALUE];
    for (int64_t t = 0; t < call->rows; t++) {
        const real *v = x + t * inputs, *g = dy + t * outputs, share = share_of(call, v);
        real sum = 0;
        for (int64_t o = 0; o < outputs; o++) {
            sum += g[o] * ((o < inputs ? v[o] : 0) - value[o]);
            call->gradients[VALUE][o] += (1 - share) * g[o];
        }
        sum *= share * (1 - share);
        for (int64_t d = 0; d < inputs; d++) {
            call->gradients[WEIGHT][d] += sum * v[d];
            call->gradients[WEIGHT][inputs + d] -= sum * v[d];
            ret_dx[t * inputs + d] =
                (d < outputs ? share * g[d] : 0) + sum * (weight[d] - weight[inputs + d]);
        }
    }
}

static const gsc_tensor tensors[] = {
    {"weight", GSC_TENSOR_TRAINED, GSC_INIT_FAN_IN, 1, 0, 2, {2, GSC_SIZE_INPUTS}},
    {"value", GSC_TENSOR_TRAINED, GSC_INIT_NORMAL, 0.02, 1, 1, {GSC_SIZE_OUTPUTS}},
};

static const char *const papers[] = {"arXiv:2410.07348", NULL};

static const gsc_expert expert = {
    .struct_size = sizeof(gsc_expert),
    .form = GSC_EXPERT_OWN,
    .forward = forward,
    .backward = backward,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_EXPERT),
    .id = "blend",
    .version = "1.0.0",
    .title = "Blend",
    .formula = "y = a_1 x + a_2 value, a = softmax(weight x)",
    .doc = "Between the token and a learned vector: the cheapest expert that learns.",
    .papers = papers,
    GSC_TENSORS(tensors),
    GSC_SOURCE,
    .expert = &expert,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
