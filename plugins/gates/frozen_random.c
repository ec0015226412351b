/* SPDX-License-Identifier: MIT
 *
 * Frozen random router: softmax over z_j = scale x.w_j, where w [E,D] is drawn once (normal,
 * standard deviation 1 / sqrt(D)) and never trained. Similar tokens go to the same experts;
 * nothing is learned but the experts.
 *
 * Backward: dx = scale sum_j dz_j w_j, by the host's products. log a_j = z_j with slope 1. A
 * control of HyperRouter's, Do et al. 2023, arXiv 2312.07035 (SMoE with a fixed router).
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    SCALE
};

static void score(const gsc_call *call, const real *x, real *ret_z) {
    call->host->matmul(ret_z, x, call->tensors[0], call->rows, call->experts, call->inputs, 0, 1,
                       0);
    for (int64_t i = 0; i < call->rows * call->experts; i++) {
        ret_z[i] *= (real)call->params[SCALE];
    }
}

static void score_backward(const gsc_call *call, const real *x, const real *z, const real *dz,
                           real *ret_dx) {
    (void)x, (void)z;
    call->host->matmul(ret_dx, dz, call->tensors[0], call->rows, call->inputs, call->experts, 0, 0,
                       0);
    for (int64_t i = 0; i < call->rows * call->inputs; i++) {
        ret_dx[i] *= (real)call->params[SCALE];
    }
}

GSC_HOT static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = z[i];
    }
}

GSC_HOT static void affinity_slope(const gsc_call *call, int64_t n, const real *z,
                                   real *ret_slope) {
    (void)call, (void)z;
    for (int64_t i = 0; i < n; i++) {
        ret_slope[i] = 1;
    }
}

static const gsc_param params[] = {
    {"scale", "standard deviation of a logit of an input of unit size", NULL, GSC_PARAM_REAL, 1,
     0.01, 100, 1},
};

static const gsc_tensor tensors[] = {
    {"weight", GSC_TENSOR_FROZEN, GSC_INIT_FAN_IN, 1, 0, 2, {GSC_SIZE_EXPERTS, GSC_SIZE_INPUTS}},
};

static const char *const papers[] = {"arXiv:2312.07035", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .score_form = GSC_SCORE_OWN,
    .affinity_form = GSC_AFFINITY_LOG,
    .score = score,
    .score_backward = score_backward,
    .affinity = affinity,
    .affinity_slope = affinity_slope,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "frozen_random",
    .version = "1.0.0",
    .title = "Frozen random router",
    .formula = "z_j = scale x.w_j with w drawn once, p = softmax(z)",
    .doc = "A control: routes by the input but never learns to; its weights are frozen, and the "
           "theory lab fits every number.",
    .papers = papers,
    GSC_PARAMS(params),
    GSC_TENSORS(tensors),
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
