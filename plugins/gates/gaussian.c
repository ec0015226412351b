/* SPDX-License-Identifier: MIT
 *
 * Gaussian gate: p_j is proportional to the density at x of a normal distribution around w_j with
 * standard deviation width sqrt(D) in each direction (D inputs, so that one width suits any): z_j
 * = -|x - w_j|^2 / (2 D width^2), p = softmax(z).
 *
 * From |x|^2 - 2 x.w + |w|^2: dz/d(x.w) = 1 / (D width^2), the others -1 / (2 D width^2). With
 * equal widths it spans the softmax gate; priors are the intercepts of the theory lab, and equal
 * in a language model.
 * Source: Nguyen, Nguyen, Nguyen and Ho 2023, arXiv 2305.07572.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    WIDTH
};

static real precision(const gsc_call *call) {
    const real width = (real)call->params[WIDTH];
    return 1 / (width * width * (real)call->inputs);
}

GSC_HOT static void inner(const gsc_call *call, int64_t n, const real *dot, const real *xx,
                          const real *ww, real *ret_z) {
    const real scale = precision(call);
    for (int64_t i = 0; i < n; i++) {
        ret_z[i] = scale * (dot[i] - (xx[i] + ww[i]) / 2);
    }
}

GSC_HOT static void inner_slope(const gsc_call *call, int64_t n, const real *dot, const real *xx,
                                const real *ww, real *ret_dot, real *ret_xx, real *ret_ww) {
    (void)dot, (void)xx, (void)ww;
    const real scale = precision(call);
    for (int64_t i = 0; i < n; i++) {
        ret_dot[i] = scale;
        ret_xx[i] = ret_ww[i] = -scale / 2;
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
    {"width", "standard deviation over sqrt(D)", NULL, GSC_PARAM_REAL, 1, 0.01, 100, 0.5},
};

static const char *const papers[] = {"arXiv:2305.07572", NULL};

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
    .id = "gaussian",
    .version = "1.0.0",
    .title = "Gaussian",
    .formula = "z_j = -|x - w_j|^2 / (2 D width^2), p = softmax(z)",
    .doc = "The nearest centre wins, by Gaussian densities of one width; in the theory lab beta0"
           " is the log prior.",
    .papers = papers,
    GSC_PARAMS(params),
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
