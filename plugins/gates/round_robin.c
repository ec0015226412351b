/* SPDX-License-Identifier: MIT
 *
 * Round-robin gate: row t of the step's batch takes the experts (t k + i) mod E, i < k, with p_j =
 * 1/k. A control: loads are level to one token, and the choice knows nothing of the token. No
 * logits, no gradient.
 * Source: none, a control.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

static void probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    (void)z;
    const int64_t experts = call->experts, k = call->top_k < experts ? call->top_k : experts;
    for (int64_t j = 0; j < experts; j++) {
        ret_p[j] = 0;
    }
    for (int64_t i = 0; i < k; i++) {
        ret_p[((call->first_row + row) * k + i) % experts] = 1 / (real)k;
    }
}

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .score_form = GSC_SCORE_NONE,
    .combine_form = GSC_COMBINE_KEEP,
    .probs = probs,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "round_robin",
    .version = "1.0.0",
    .title = "Round robin",
    .formula = "row t takes experts t k, t k + 1, .. modulo E, weights 1/k",
    .doc = "A control: exactly level loads that know nothing of the token; no score, so not for "
           "the theory lab.",
    .capabilities = GSC_CAP_IGNORES_BIAS,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
