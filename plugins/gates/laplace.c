/* SPDX-License-Identifier: MIT
 *
 * Laplace gate: softmax over z_j = -r_j / (sqrt(D) width), r_j = |x - w_j| the Euclidean distance
 * (D inputs, so that one width suits any). Its tails are heavier than the Gaussian gate's.
 *
 * r^2 = |x|^2 - 2 x.w + |w|^2, not below 1e-12: dz/d(x.w) = 1 / (sqrt(D) width r), the others -1/2
 * of that; 0 at the floor, where x is the centre.
 * Sources: Han et al. 2024 (FuseMoE), arXiv 2402.03226; arXiv 2410.02935.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    WIDTH
};

GSC_HOT static void inner(const gsc_call *call, int64_t n, const real *dot, const real *xx,
                          const real *ww, real *ret_z) {
    const real scale = 1 / ((real)call->params[WIDTH] * gsc_sqrt((real)call->inputs));
    for (int64_t i = 0; i < n; i++) {
        const real r2 = xx[i] + ww[i] - 2 * dot[i];
        ret_z[i] = -scale * gsc_sqrt(r2 > (real)1e-12 ? r2 : (real)1e-12);
    }
}

GSC_HOT static void inner_slope(const gsc_call *call, int64_t n, const real *dot, const real *xx,
                                const real *ww, real *ret_dot, real *ret_xx, real *ret_ww) {
    const real scale = 1 / ((real)call->params[WIDTH] * gsc_sqrt((real)call->inputs));
    for (int64_t i = 0; i < n; i++) {
        const real r2 = xx[i] + ww[i] - 2 * dot[i], tiny = (real)1e-12;
        ret_dot[i] = r2 > tiny ? scale / gsc_sqrt(r2 > tiny ? r2 : tiny) : 0;
        ret_xx[i] = ret_ww[i] = -ret_dot[i] / 2;
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
    {"width", "distance, over sqrt(D), that costs one logit", NULL, GSC_PARAM_REAL, 1, 0.01, 100,
     0.2},
};

static const char *const papers[] = {"arXiv:2402.03226", "arXiv:2410.02935", NULL};

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
    .id = "laplace",
    .version = "1.0.0",
    .title = "Laplace",
    .formula = "z_j = -|x - w_j| / (sqrt(D) width), p = softmax(z)",
    .doc = "Softmax of minus the distance to a centre: far tokens do not saturate it as products"
           " do.",
    .papers = papers,
    GSC_PARAMS(params),
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
