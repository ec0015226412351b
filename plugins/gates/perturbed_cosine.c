/* SPDX-License-Identifier: MIT
 *
 * Perturbed cosine gate: softmax over z_j = scale x.w_j / ((|x| + e) (|w_j| + e)), e > 0 the
 * perturbation, scale trained. With e = 0 the parameters of the cosine gate can move along rays
 * without a change, and are estimated slower than any polynomial rate; e ends that.
 *
 * dz/d(x.w) = scale / (a b), dz/d|x|^2 = -z / (2 |x| a), dz/d|w|^2 = -z / (2 |w| b) with a = |x| +
 * e, b = |w| + e; squares below 1e-12 count as 1e-12. The derivative of scale is numeric: an inner
 * form has no place for it.
 * Source: Nguyen, Akbarian, Pham, Nguyen, Zhang and Ho 2024, arXiv 2405.14131.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    SCALE,
    PERTURBATION
};

GSC_HOT static void inner(const gsc_call *call, int64_t n, const real *dot, const real *xx,
                          const real *ww, real *ret_z) {
    const real scale = call->tensors[0][0], tiny = (real)1e-12;
    const real e = (real)call->params[PERTURBATION];
    for (int64_t i = 0; i < n; i++) {
        const real x = gsc_sqrt(xx[i] > tiny ? xx[i] : tiny);
        const real w = gsc_sqrt(ww[i] > tiny ? ww[i] : tiny);
        ret_z[i] = scale * dot[i] / ((x + e) * (w + e));
    }
}

GSC_HOT static void inner_slope(const gsc_call *call, int64_t n, const real *dot, const real *xx,
                                const real *ww, real *ret_dot, real *ret_xx, real *ret_ww) {
    const real scale = call->tensors[0][0], tiny = (real)1e-12;
    const real e = (real)call->params[PERTURBATION];
    for (int64_t i = 0; i < n; i++) {
        const real x = gsc_sqrt(xx[i] > tiny ? xx[i] : tiny);
        const real w = gsc_sqrt(ww[i] > tiny ? ww[i] : tiny);
        const real by_dot = scale / ((x + e) * (w + e)), z = by_dot * dot[i];
        ret_dot[i] = by_dot;
        ret_xx[i] = xx[i] > tiny ? -z / (2 * x * (x + e)) : 0;
        ret_ww[i] = ww[i] > tiny ? -z / (2 * w * (w + e)) : 0;
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
    {"scale", "factor of the cosine, where training begins", NULL, GSC_PARAM_REAL, 0, 0.1, 100, 10},
    {"perturbation", "added to either norm", NULL, GSC_PARAM_REAL, 0, 0.001, 100, 0.1},
};

static const gsc_tensor tensors[] = {
    {"scale", GSC_TENSOR_TRAINED, GSC_INIT_PARAM, SCALE, 1, 1, {1}},
};

static const char *const papers[] = {"arXiv:2405.14131", NULL};

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
    .id = "perturbed_cosine",
    .version = "1.0.0",
    .title = "Perturbed cosine",
    .formula = "z_j = scale x.w_j / ((|x| + perturbation) (|w_j| + perturbation)), p = softmax(z)",
    .doc = "The cosine gate with a constant added to both norms, which restores its rates; "
           "scores stay bounded.",
    .papers = papers,
    GSC_PARAMS(params),
    GSC_TENSORS(tensors),
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
