/* SPDX-License-Identifier: MIT
 *
 * Quadratic gate: softmax over its own score z_j = x' A_j x + b_j.x + c_j with A [E,D,D], b [E,D],
 * c [E].
 *
 * Backward: dx = sum_j dz_j ((A_j + A_j') x + b_j), dA_j += dz_j x x', db_j += dz_j x, dc_j +=
 * dz_j. log a_j = z_j with slope 1.
 * Source: Akbarian, Nguyen, Han and Ho 2024, arXiv 2410.11222.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    MATRIX,
    LINEAR,
    CONSTANT
};

GSC_HOT static void score(const gsc_call *call, const real *x, real *ret_z) {
    const int64_t d = call->inputs, experts = call->experts;
    for (int64_t t = 0; t < call->rows; t++) {
        const real *v = x + t * d;
        for (int64_t j = 0; j < experts; j++) {
            const real *matrix = call->tensors[MATRIX] + j * d * d;
            const real *linear = call->tensors[LINEAR] + j * d;
            real z = call->tensors[CONSTANT][j];
            for (int64_t a = 0; a < d; a++) {
                real sum = linear[a];
                for (int64_t b = 0; b < d; b++) {
                    sum += matrix[a * d + b] * v[b];
                }
                z += v[a] * sum;
            }
            ret_z[t * experts + j] = z;
        }
    }
}

GSC_HOT static void score_backward(const gsc_call *call, const real *x, const real *z,
                                   const real *dz, real *ret_dx) {
    (void)z;
    const int64_t d = call->inputs, experts = call->experts;
    for (int64_t i = 0; i < call->rows * d; i++) {
        ret_dx[i] = 0;
    }
    for (int64_t t = 0; t < call->rows; t++) {
        const real *v = x + t * d;
        real *dx = ret_dx + t * d;
        for (int64_t j = 0; j < experts; j++) {
            const real g = dz[t * experts + j];
            const real *matrix = call->tensors[MATRIX] + j * d * d;
            const real *linear = call->tensors[LINEAR] + j * d;
            real *dmatrix = call->gradients[MATRIX] + j * d * d;
            real *dlinear = call->gradients[LINEAR] + j * d;
            call->gradients[CONSTANT][j] += g;
            for (int64_t a = 0; a < d; a++) {
                const real ga = g * v[a];
                real sum = linear[a];
                dlinear[a] += ga;
                for (int64_t b = 0; b < d; b++) {
                    sum += matrix[a * d + b] * v[b];
                    dmatrix[a * d + b] += ga * v[b];
                    dx[b] += ga * matrix[a * d + b];
                }
                dx[a] += g * sum;
            }
        }
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

static const gsc_tensor tensors[] = {
    {"matrix",
     GSC_TENSOR_TRAINED,
     GSC_INIT_FAN_IN,
     0.1,
     0,
     3,
     {GSC_SIZE_EXPERTS, GSC_SIZE_INPUTS, GSC_SIZE_INPUTS}},
    {"linear", GSC_TENSOR_TRAINED, GSC_INIT_FAN_IN, 1, 0, 2, {GSC_SIZE_EXPERTS, GSC_SIZE_INPUTS}},
    {"constant", GSC_TENSOR_TRAINED, GSC_INIT_ZERO, 0, 1, 1, {GSC_SIZE_EXPERTS}},
};

static const char *const papers[] = {"arXiv:2410.11222", NULL};

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
    .id = "quadratic",
    .version = "1.0.0",
    .title = "Quadratic",
    .formula = "z_j = x' A_j x + b_j.x + c_j, p = softmax(z)",
    .doc = "Regions with curved borders, at E D^2 numbers and products a token: for the theory "
           "lab and small widths.",
    .papers = papers,
    GSC_TENSORS(tensors),
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
