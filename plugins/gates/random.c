/* SPDX-License-Identifier: MIT
 *
 * Random gate: k experts drawn without replacement for each row and step, p_j = 1/E, weights 1/k.
 * A control: what a learned router must beat. The draws are ranks: the k largest of E uniform
 * numbers. No logits, no gradient.
 *
 * Source: the training half of THOR, Zuo et al. 2021, arXiv 2110.04260, without its consistency
 * loss.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

static void probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    (void)row, (void)z;
    for (int64_t j = 0; j < call->experts; j++) {
        ret_p[j] = 1 / (real)call->experts;
    }
}

static void rank(const gsc_call *call, int64_t row, const real *z, const real *p, real *ret_rank) {
    (void)z, (void)p;
    for (int64_t j = 0; j < call->experts; j++) {
        ret_rank[j] = gsc_uniform(call, row, j);
    }
}

static const char *const papers[] = {"arXiv:2110.04260", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .score_form = GSC_SCORE_NONE,
    .probs = probs,
    .rank = rank,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "random",
    .version = "1.0.0",
    .title = "Random",
    .formula = "k experts at random, p_j = 1/E, weights 1/k",
    .doc = "A control: each token takes other experts at each step; no score, so not for the "
           "theory lab.",
    .papers = papers,
    .capabilities = GSC_CAP_RANDOM | GSC_CAP_IGNORES_BIAS,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
