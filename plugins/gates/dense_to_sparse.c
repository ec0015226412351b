/* SPDX-License-Identifier: MIT
 *
 * Dense-to-sparse gate: p = softmax(z / T); a token takes every expert with p_j >= threshold, and
 * its best one in any case. Early, at high T, all pass; as a schedule lowers T, fewer do. top_k is
 * not asked. Without the Gumbel noise of the source: that is the gate noisy_top_k.
 *
 * log a_j = z_j / T with slope 1 / T; the weights of the chosen are renormalised.
 * Source: Nie et al. 2021 (EvoMoE), arXiv 2112.14397, section 3.3.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    TEMPERATURE,
    THRESHOLD
};

GSC_HOT static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    const real inverse = 1 / (real)call->params[TEMPERATURE];
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = z[i] * inverse;
    }
}

GSC_HOT static void affinity_slope(const gsc_call *call, int64_t n, const real *z,
                                   real *ret_slope) {
    (void)z;
    const real inverse = 1 / (real)call->params[TEMPERATURE];
    for (int64_t i = 0; i < n; i++) {
        ret_slope[i] = inverse;
    }
}

static int64_t count(const gsc_call *call, int64_t row, const real *p, const int32_t *order) {
    (void)row;
    int64_t n = 1;
    while (n < call->experts && p[order[n]] >= (real)call->params[THRESHOLD]) {
        n++;
    }
    return n;
}

static const gsc_param params[] = {
    {"temperature", "divides the logits", NULL, GSC_PARAM_REAL, 1, 0.01, 100, 2},
    {"threshold", "least probability that is taken", NULL, GSC_PARAM_REAL, 1, 0, 1, 0.1},
};

static const char *const papers[] = {"arXiv:2112.14397", NULL};

static const char *const recommended[] = {"balancer=switch", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .affinity_form = GSC_AFFINITY_LOG,
    .affinity = affinity,
    .affinity_slope = affinity_slope,
    .count = count,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "dense_to_sparse",
    .version = "1.0.0",
    .title = "Dense to sparse",
    .formula = "p = softmax(z / temperature), all experts with p_j >= threshold, at least one",
    .doc = "Starts dense and grows sparse as the temperature falls; dense, in the theory lab, it"
           " is the softmax with temperature.",
    .papers = papers,
    .recommended = recommended,
    GSC_PARAMS(params),
    .capabilities = GSC_CAP_IGNORES_BIAS,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
