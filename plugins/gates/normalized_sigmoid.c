/* SPDX-License-Identifier: MIT
 *
 * Normalised sigmoid gate of DeepSeek-V3: p_j = a_j / sum_l a_l with the affinity
 * a_j = sigma(scale (z_j - offset)), sigma(t) = 1 / (1 + exp(-t)). Far above its logits, offset -> oo, it is the
 * softmax of scale z.
 *
 * It is given by its logarithm, log a = -softplus(-t) = min(t, 0) - log(1 + exp(-|t|)), which overflows at
 * no t; its slope is d log a / dz = scale sigma(-t) = scale (1 - a). The argument of log lies in [1, 2], so that log is as
 * good as log1p (both within 2e-16 of a number added to others of order one) and a third faster.
 * Experts are compared by a_j + bias_j, not by p_j + bias_j: the bias of the balancer moves the choice on
 * the scale of the affinity. The weights never see it.
 * Sources: DeepSeek-V3, arXiv 2412.19437, equations 12 to 16; arXiv 2505.10860, section 4.
 */
#include <gatescope/plugin.h>

#include <string.h>

GSC_OWN_SOURCE;

enum {
    OFFSET,
    SCALE
};

GSC_HOT static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    const real offset = (real)call->params[OFFSET], scale = (real)call->params[SCALE];
    for (int64_t i = 0; i < n; i++) {
        const real t = scale * (z[i] - offset);
        ret_a[i] = (t < 0 ? t : 0) - gsc_log(1 + gsc_exp(-gsc_abs(t)));
    }
}

GSC_HOT static void affinity_slope(const gsc_call *call, int64_t n, const real *z,
                                   real *ret_slope) {
    const real offset = (real)call->params[OFFSET], scale = (real)call->params[SCALE];
    for (int64_t i = 0; i < n; i++) {
        const real t = scale * (z[i] - offset), e = gsc_exp(-gsc_abs(t));
        ret_slope[i] = scale * ((t < 0 ? 1 : e) / (1 + e));
    }
}

GSC_HOT static void rank(const gsc_call *call, int64_t row, const real *z, const real *p,
                         real *ret_rank) {
    (void)row, (void)p;
    const real offset = (real)call->params[OFFSET], scale = (real)call->params[SCALE];
    for (int64_t j = 0; j < call->experts; j++) {
        const real t = scale * (z[j] - offset), e = gsc_exp(-gsc_abs(t));
        ret_rank[j] = (t < 0 ? e : 1) / (1 + e) + (call->bias ? call->bias[j] : 0);
    }
}

static const gsc_param params[] = {
    {"offset", "logit at which the affinity is one half; far above the logits the gate is softmax",
     NULL, GSC_PARAM_REAL, 1, -20, 20, 0},
    {"scale", "factor of the logits from there on: how sharp the sigmoid is", NULL, GSC_PARAM_REAL,
     1, 0.01, 100, 1},
};

static const char *const papers[] = {"arXiv:2412.19437", "arXiv:2505.10860", NULL};

static const char *const recommended[] = {"balancer=bias_sign", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .affinity_form = GSC_AFFINITY_LOG,
    .combine_form = GSC_COMBINE_RENORMALISE,
    .affinity = affinity,
    .affinity_slope = affinity_slope,
    .rank = rank,
};

/* Where scale is 1; the host asks before it believes. */
static const gsc_closed_form closed_form = {sizeof(gsc_closed_form), GSC_CLOSED_SIGMOID, OFFSET};

static const void *extension(const char *id) {
    return strcmp(id, GSC_EXTENSION_CLOSED_FORM) == 0 ? &closed_form : NULL;
}

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "normalized_sigmoid",
    .version = "1.1.0",
    .title = "Normalized sigmoid",
    .formula = "p_j = sigma(scale (z_j - offset)) / sum_l sigma(scale (z_l - offset))",
    .doc = "The gate of DeepSeek-V3: affinities are independent and compete only in the sum.",
    .papers = papers,
    .recommended = recommended,
    GSC_PARAMS(params),
    GSC_SOURCE,
    .gate = &gate,
    .extension = extension,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
