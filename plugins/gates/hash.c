/* SPDX-License-Identifier: MIT
 *
 * Hash gate: a token's experts are a fixed function of its id: k draws from a hash of (salt,
 * layer, id), each moved on to the next free expert where it is taken. p_j = 1/k for them, else 0.
 * No logits, no weights, no gradient.
 *
 * Source: Roller, Sukhbaatar, Szlam and Weston 2021, arXiv 2106.04426.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    SALT
};

static void probs(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    (void)z;
    const int64_t experts = call->experts, k = call->top_k < experts ? call->top_k : experts;
    const uint64_t key = gsc_random_bits((uint64_t)call->params[SALT], (uint64_t)call->layer, 0);
    for (int64_t j = 0; j < experts; j++) {
        ret_p[j] = 0;
    }
    for (int64_t i = 0; i < k; i++) {
        const uint64_t bits = gsc_random_bits(key, (uint64_t)call->tokens[row], (uint64_t)i);
        int64_t j = (int64_t)(bits % (uint64_t)experts);
        while (ret_p[j] > 0) {
            j = (j + 1) % experts;
        }
        ret_p[j] = 1 / (real)k;
    }
}

static const gsc_param params[] = {
    {"salt", "another number, another map", NULL, GSC_PARAM_INT, 0, 0, 1000000, 0},
};

static const char *const papers[] = {"arXiv:2106.04426", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .score_form = GSC_SCORE_NONE,
    .combine_form = GSC_COMBINE_KEEP,
    .probs = probs,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "hash",
    .version = "1.0.0",
    .title = "Hash",
    .formula = "p_j = 1/k for the k experts that a hash of the token id names",
    .doc = "Each token id has its own fixed experts, nothing is learned; the theory lab has no "
           "token ids.",
    .papers = papers,
    GSC_PARAMS(params),
    .capabilities = GSC_CAP_TOKENS | GSC_CAP_IGNORES_BIAS,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
