/* SPDX-License-Identifier: MIT
 *
 * DSelect-k gate: each of a few selectors writes an expert's number in binary, its bits smooth
 * steps of logits,
 *
 *     p_j = sum_i alpha_i r_i(j),   alpha = softmax(w),
 *     r_i(c) = product over bits b of (b set in c ? S(z_ib) : 1 - S(z_ib))
 *
 * S(t) = 0 below -gamma/2, 1 above gamma/2, 1/2 + 3 t / (2 gamma) - 2 t^3 / gamma^3 between:
 * exactly 0 or 1 once far out, so that at most as many experts as selectors are left, and p is
 * differentiable all the way. A token takes every expert with p_j > 0. Selector i has the logits
 * z_ib, then w_i: M = selectors (bits + 1). Codes c from E on count as c - E.
 *
 * Backward: dz_ib = alpha_i S' sum_c dp_c (+-) (product of the other bits); dw_i = alpha_i (m_i -
 * sum_l alpha_l m_l) with m_i = sum_c dp_c r_i(c).
 * Source: Hazimeh et al. 2021 (NeurIPS), arXiv 2106.03760, sections 2 and 3.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    SELECTORS,
    GAMMA
};
enum {
    MOST_SELECTORS = 8,
    MOST_BITS = 32
};

static int64_t bits_of(int64_t experts) {
    int64_t bits = 0;
    while (((int64_t)1 << bits) < experts) {
        bits++;
    }
    return bits;
}

static int64_t logits(int64_t experts, const double *params) {
    return (int64_t)params[SELECTORS] * (bits_of(experts) + 1);
}

static real smooth_step(real gamma, real t) {
    const real u = t / gamma;
    return u <= (real)-0.5 ? 0 : u >= (real)0.5 ? 1 : (real)0.5 + u * ((real)1.5 - 2 * u * u);
}

static real smooth_slope(real gamma, real t) {
    const real u = t / gamma;
    return u <= (real)-0.5 || u >= (real)0.5 ? 0 : ((real)1.5 - 6 * u * u) / gamma;
}

/* The steps of one selector's bits. */
static void find_steps(real gamma, int64_t bits, const real *z, real *ret_steps) {
    for (int64_t b = 0; b < bits; b++) {
        ret_steps[b] = smooth_step(gamma, z[b]);
    }
}

/* The product over the bits of code, without bit left_out (-1: with all). */
static real product_of(const real *steps, int64_t bits, int64_t code, int64_t left_out) {
    real product = 1;
    for (int64_t b = 0; b < bits; b++) {
        product *= b == left_out ? 1 : code >> b & 1 ? steps[b] : 1 - steps[b];
    }
    return product;
}

static void find_alpha(const gsc_call *call, const real *z, int64_t bits, real *ret_alpha) {
    const int64_t selectors = (int64_t)call->params[SELECTORS];
    real top = z[bits], sum = 0;
    for (int64_t i = 1; i < selectors; i++) {
        const real w = z[i * (bits + 1) + bits];
        top = w > top ? w : top;
    }
    for (int64_t i = 0; i < selectors; i++) {
        ret_alpha[i] = gsc_exp(z[i * (bits + 1) + bits] - top);
        sum += ret_alpha[i];
    }
    for (int64_t i = 0; i < selectors; i++) {
        ret_alpha[i] /= sum;
    }
}

static void probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    (void)row;
    const int64_t experts = call->experts, bits = bits_of(experts);
    const real gamma = (real)call->params[GAMMA];
    real alpha[MOST_SELECTORS], steps[MOST_BITS];
    find_alpha(call, z, bits, alpha);
    for (int64_t j = 0; j < experts; j++) {
        ret_p[j] = 0;
    }
    for (int64_t i = 0; i < (int64_t)call->params[SELECTORS]; i++) {
        find_steps(gamma, bits, z + i * (bits + 1), steps);
        for (int64_t c = 0; c < (int64_t)1 << bits; c++) {
            ret_p[c < experts ? c : c - experts] += alpha[i] * product_of(steps, bits, c, -1);
        }
    }
}

static void probs_backward(const gsc_call *call, int64_t row, const real *z, const real *p,
                           const real *dp, real *ret_dz) {
    (void)row, (void)p;
    const int64_t experts = call->experts, bits = bits_of(experts), codes = (int64_t)1 << bits;
    const int64_t selectors = (int64_t)call->params[SELECTORS];
    const real gamma = (real)call->params[GAMMA];
    real alpha[MOST_SELECTORS], mean[MOST_SELECTORS], steps[MOST_BITS], all = 0;
    find_alpha(call, z, bits, alpha);
    for (int64_t i = 0; i < selectors; i++) {
        const real *own = z + i * (bits + 1);
        find_steps(gamma, bits, own, steps);
        mean[i] = 0;
        for (int64_t c = 0; c < codes; c++) {
            mean[i] += dp[c < experts ? c : c - experts] * product_of(steps, bits, c, -1);
        }
        for (int64_t b = 0; b < bits; b++) {
            real sum = 0;
            for (int64_t c = 0; c < codes; c++) {
                const real part = dp[c < experts ? c : c - experts] * product_of(steps, bits, c, b);
                sum += c >> b & 1 ? part : -part;
            }
            ret_dz[i * (bits + 1) + b] = alpha[i] * smooth_slope(gamma, own[b]) * sum;
        }
        all += alpha[i] * mean[i];
    }
    for (int64_t i = 0; i < selectors; i++) {
        ret_dz[i * (bits + 1) + bits] = alpha[i] * (mean[i] - all);
    }
}

static int64_t count(const gsc_call *call, int64_t row, const real *p, const int32_t *order) {
    (void)row, (void)order;
    int64_t n = 0;
    for (int64_t j = 0; j < call->experts; j++) {
        n += p[j] > 0;
    }
    return n;
}

static const gsc_param params[] = {
    {"selectors", "experts that a token takes in the end", NULL, GSC_PARAM_INT, 0, 1, 8, 2},
    {"gamma", "width of the smooth step", NULL, GSC_PARAM_REAL, 1, 0.01, 100, 1},
};

static const char *const papers[] = {"arXiv:2106.03760", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .combine_form = GSC_COMBINE_KEEP,
    .logits = logits,
    .probs = probs,
    .probs_backward = probs_backward,
    .count = count,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "dselect_k",
    .version = "1.0.0",
    .title = "DSelect-k",
    .formula =
        "p = sum_i alpha_i r_i, r_i(j) = product over the bits of j of S(z_ib) or 1 - S(z_ib)",
    .doc = "Selectors write the number of an expert in soft bits, which turn hard as gamma falls"
           " or the logits grow.",
    .papers = papers,
    GSC_PARAMS(params),
    .capabilities = GSC_CAP_IGNORES_BIAS,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
