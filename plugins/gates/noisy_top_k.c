/* SPDX-License-Identifier: MIT
 *
 * Noisy top-k gate: p = softmax(h) over noisy logits, two logits an expert (M = 2E),
 *
 *     h_j = z_j + noise n_j softplus(z_{E+j}),   n_j standard normal for each row and expert
 *
 * then the k largest, renormalised: the softmax over the survivors. noise scales all of it and may
 * fall to 0. In validation there is no noise: h_j = z_j.
 * Backward: dh = p (dp - sum dp p); dz_j = dh_j, dz_{E+j} = dh_j noise n_j sigma(z_{E+j}), with
 * the same draws.
 * Source: Shazeer et al. 2017, arXiv 1701.06538, equations 3 to 5.
 */
#define GSC_ABI_MINOR 1 /* call.training */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    NOISE
};

static int64_t logits(int64_t experts, const double *params) {
    (void)params;
    return 2 * experts;
}

/* The noise of expert j, before its width. */
static real draw(const gsc_call *call, int64_t row, int64_t j) {
    return call->training ? (real)call->params[NOISE] * gsc_normal(call, row, j) : 0;
}

static void probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    const int64_t experts = call->experts;
    real top = -INFINITY, sum = 0;
    for (int64_t j = 0; j < experts; j++) {
        const real v = z[experts + j], width = (v > 0 ? v : 0) + gsc_log1p(gsc_exp(-gsc_abs(v)));
        ret_p[j] = z[j] + draw(call, row, j) * width;
        top = ret_p[j] > top ? ret_p[j] : top;
    }
    for (int64_t j = 0; j < experts; j++) {
        ret_p[j] = gsc_exp(ret_p[j] - top);
        sum += ret_p[j];
    }
    for (int64_t j = 0; j < experts; j++) {
        ret_p[j] /= sum;
    }
}

static void probs_backward(const gsc_call *call, int64_t row, const real *z, const real *p,
                           const real *dp, real *ret_dz) {
    const int64_t experts = call->experts;
    real mean = 0;
    for (int64_t j = 0; j < experts; j++) {
        mean += dp[j] * p[j];
    }
    for (int64_t j = 0; j < experts; j++) {
        const real v = z[experts + j], e = gsc_exp(-gsc_abs(v)), sigma = (v < 0 ? e : 1) / (1 + e);
        ret_dz[j] = p[j] * (dp[j] - mean);
        ret_dz[experts + j] = ret_dz[j] * draw(call, row, j) * sigma;
    }
}

static const gsc_param params[] = {
    {"noise", "scale of all noise in training; 0 turns it off", NULL, GSC_PARAM_REAL, 1, 0, 10, 1},
};

static const char *const papers[] = {"arXiv:1701.06538", NULL};

static const char *const recommended[] = {"balancer=importance_cv", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .logits = logits,
    .probs = probs,
    .probs_backward = probs_backward,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "noisy_top_k",
    .version = "1.1.0",
    .title = "Noisy top-k",
    .formula = "p = softmax(h), h_j = z_j + noise normal softplus(z_{E+j})",
    .doc =
        "Softmax with noise of a learned width for each expert while it trains; random, so not for"
        " the theory lab.",
    .papers = papers,
    .recommended = recommended,
    GSC_PARAMS(params),
    .capabilities = GSC_CAP_RANDOM,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
