/* SPDX-License-Identifier: MIT
 *
 * Euclidean-score sigmoid gate: the affinity is the sigmoid of a distance instead of an inner
 * product,
 *
 *     a_j = sigma((radius - |x - w_j| / sqrt(D)) / temperature),   p_j = a_j / sum_l a_l
 *
 * so that an expert owns a ball of that radius, and the temperature is its rim. Inner form z_j =
 * -|x - w_j| / sqrt(D) with dz/d(x.w) = 1 / (D |z|), the others -1/2 of that, 0 at the centre; log
 * a = min(u, 0) - log(1 + exp(-|u|)), slope sigma(-u) / temperature.
 * Source: arXiv 2602.01466.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    RADIUS,
    TEMPERATURE
};

GSC_HOT static void inner(const gsc_call *call, int64_t n, const real *dot, const real *xx,
                          const real *ww, real *ret_z) {
    const real scale = 1 / (real)call->inputs, tiny = (real)1e-12;
    for (int64_t i = 0; i < n; i++) {
        const real r2 = scale * (xx[i] + ww[i] - 2 * dot[i]);
        ret_z[i] = -gsc_sqrt(r2 > tiny ? r2 : tiny);
    }
}

GSC_HOT static void inner_slope(const gsc_call *call, int64_t n, const real *dot, const real *xx,
                                const real *ww, real *ret_dot, real *ret_xx, real *ret_ww) {
    const real scale = 1 / (real)call->inputs, tiny = (real)1e-12;
    for (int64_t i = 0; i < n; i++) {
        const real r2 = scale * (xx[i] + ww[i] - 2 * dot[i]);
        ret_dot[i] = r2 > tiny ? scale / gsc_sqrt(r2 > tiny ? r2 : tiny) : 0;
        ret_xx[i] = ret_ww[i] = -ret_dot[i] / 2;
    }
}

GSC_HOT static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    const real radius = (real)call->params[RADIUS], inverse = 1 / (real)call->params[TEMPERATURE];
    for (int64_t i = 0; i < n; i++) {
        const real u = (z[i] + radius) * inverse;
        ret_a[i] = (u < 0 ? u : 0) - gsc_log(1 + gsc_exp(-gsc_abs(u)));
    }
}

GSC_HOT static void affinity_slope(const gsc_call *call, int64_t n, const real *z,
                                   real *ret_slope) {
    const real radius = (real)call->params[RADIUS], inverse = 1 / (real)call->params[TEMPERATURE];
    for (int64_t i = 0; i < n; i++) {
        const real u = (z[i] + radius) * inverse, e = gsc_exp(-gsc_abs(u));
        ret_slope[i] = (u < 0 ? 1 : e) / (1 + e) * inverse;
    }
}

static const gsc_param params[] = {
    {"radius", "distance, over sqrt(D), at which the affinity is one half", NULL, GSC_PARAM_REAL, 1,
     -20, 20, 1},
    {"temperature", "width of the rim", NULL, GSC_PARAM_REAL, 1, 0.01, 100, 0.2},
};

static const char *const papers[] = {"arXiv:2602.01466", NULL};

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
    .id = "euclidean_sigmoid",
    .version = "1.0.0",
    .title = "Euclidean sigmoid",
    .formula = "p_j = sigma(u_j) / sum_l sigma(u_l), u_j = (radius - |x - w_j| / sqrt(D)) / "
               "temperature",
    .doc = "A sigmoid of the distance to a centre, whose temperature does not tangle with the "
           "expert as it does with products.",
    .papers = papers,
    GSC_PARAMS(params),
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
