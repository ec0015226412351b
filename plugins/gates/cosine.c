/* SPDX-License-Identifier: MIT
 *
 * Cosine gate of X-MoE: softmax over z_j = scale x.w_j / (|x| |w_j|), scale = 1 / temperature
 * trained from the parameter on. The lengths of x and w_j do not count, so that logits cannot run
 * away. Without the projection to fewer dimensions of the source.
 *
 * With r = |x| |w_j|: dz/d(x.w) = scale / r, dz/d|x|^2 = -z / (2 |x|^2), dz/d|w|^2 = -z / (2
 * |w|^2); squares below 1e-12 count as 1e-12. The derivative of scale is numeric: an inner form
 * has no place for it, and it is one number.
 * Sources: Chi et al. 2022, arXiv 2204.09179; Nguyen, Akbarian et al. 2024, arXiv 2405.14131.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

GSC_HOT static void inner(const gsc_call *call, int64_t n, const real *dot, const real *xx,
                          const real *ww, real *ret_z) {
    const real scale = call->tensors[0][0], tiny = (real)1e-12;
    for (int64_t i = 0; i < n; i++) {
        const real x2 = xx[i] > tiny ? xx[i] : tiny, w2 = ww[i] > tiny ? ww[i] : tiny;
        ret_z[i] = scale * dot[i] / (gsc_sqrt(x2) * gsc_sqrt(w2));
    }
}

GSC_HOT static void inner_slope(const gsc_call *call, int64_t n, const real *dot, const real *xx,
                                const real *ww, real *ret_dot, real *ret_xx, real *ret_ww) {
    const real scale = call->tensors[0][0], tiny = (real)1e-12;
    for (int64_t i = 0; i < n; i++) {
        const real x2 = xx[i] > tiny ? xx[i] : tiny, w2 = ww[i] > tiny ? ww[i] : tiny;
        const real by_dot = scale / (gsc_sqrt(x2) * gsc_sqrt(w2));
        ret_dot[i] = by_dot;
        ret_xx[i] = xx[i] > tiny ? -by_dot * dot[i] / (2 * x2) : 0;
        ret_ww[i] = ww[i] > tiny ? -by_dot * dot[i] / (2 * w2) : 0;
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
    {"scale", "one over the temperature, where training begins", NULL, GSC_PARAM_REAL, 0, 0.1, 100,
     10},
};

static const gsc_tensor tensors[] = {
    {"scale", GSC_TENSOR_TRAINED, GSC_INIT_PARAM, 0, 1, 1, {1}},
};

static const char *const papers[] = {"arXiv:2204.09179", "arXiv:2405.14131", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .score_form = GSC_SCORE_INNER,
    .affinity_form = GSC_AFFINITY_LOG,
    .inner = inner,
    .inner_slope = inner_slope,
    .affinity = affinity,
    .affinity_slope = affinity_slope,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "cosine",
    .version = "1.0.0",
    .title = "Cosine",
    .formula = "z_j = scale x.w_j / (|x| |w_j|), p = softmax(z)",
    .doc = "Directions alone count, with a learned temperature; with one input, in the theory "
           "lab, it sees only the sign of x.",
    .papers = papers,
    GSC_PARAMS(params),
    GSC_TENSORS(tensors),
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
