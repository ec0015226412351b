/* SPDX-License-Identifier: MIT
 *
 * Uniform gate: every row takes all E experts with p_j = 1/E, whatever top_k says. A control: the
 * mean of the experts, which is one wide expert at E / k times the cost. No logits, no gradient.
 * Source: none, a control.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

static void probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    (void)row, (void)z;
    for (int64_t j = 0; j < call->experts; j++) {
        ret_p[j] = 1 / (real)call->experts;
    }
}

static int64_t count(const gsc_call *call, int64_t row, const real *p, const int32_t *order) {
    (void)row, (void)p, (void)order;
    return call->experts;
}

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .score_form = GSC_SCORE_NONE,
    .combine_form = GSC_COMBINE_KEEP,
    .probs = probs,
    .count = count,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "uniform",
    .version = "1.0.0",
    .title = "Uniform",
    .formula = "p_j = 1/E, all experts",
    .doc = "A control: every token takes every expert equally, at E / k times the cost; no "
           "score, so not for the theory lab.",
    .capabilities = GSC_CAP_IGNORES_BIAS,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
