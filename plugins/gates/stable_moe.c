/* SPDX-License-Identifier: MIT
 *
 * StableMoE in two phases. Until switch_step it is the softmax gate, and counts for each token id
 * which experts it chose. From then on the choice is frozen: the experts that the id chose most
 * often, by p where counts are level or the id is new, while the weights go on learning through p
 * = softmax(z). Ids share a row of the table modulo its size.
 *
 * The source distils the map into a small router of word embeddings; here it is a table of counts,
 * which needs no gradient. log a_j = z_j with slope 1.
 * Source: Dai et al. 2022, arXiv 2204.08396.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    TABLE,
    SWITCH_STEP
};

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

/* The counts of this row's token id. */
static real *counts_of(const gsc_call *call, int64_t row) {
    const int64_t id = call->tokens[row] % (int64_t)call->params[TABLE];
    return call->tensors[0] + id * call->experts;
}

static int is_frozen(const gsc_call *call) {
    return call->step >= (int64_t)call->params[SWITCH_STEP];
}

static void rank(const gsc_call *call, int64_t row, const real *z, const real *p, real *ret_rank) {
    (void)z;
    const real *counts = counts_of(call, row);
    for (int64_t j = 0; j < call->experts; j++) {
        ret_rank[j] = p[j] / 2 + (is_frozen(call) ? counts[j] : 0);
    }
}

static void observe(const gsc_call *call, const real *z, const real *p, const gsc_choice *choice) {
    (void)z, (void)p;
    for (int64_t t = 0; t < call->rows && !is_frozen(call); t++) {
        real *counts = counts_of(call, t);
        for (int64_t i = choice->start[t]; i < choice->start[t + 1]; i++) {
            counts[choice->chosen[i]] += 1;
        }
    }
}

static const gsc_param params[] = {
    {"table", "rows of the table of token ids", NULL, GSC_PARAM_INT, 0, 1, 1000000, 4096},
    {"switch_step", "first step with the frozen choice", "steps", GSC_PARAM_INT, 0, 0, 1000000000,
     1000},
};

static const gsc_tensor tensors[] = {
    {"counts", GSC_TENSOR_STATE, GSC_INIT_ZERO, 0, 0, 2, {GSC_SIZE_PARAM(TABLE), GSC_SIZE_EXPERTS}},
};

static const char *const papers[] = {"arXiv:2204.08396", NULL};

static const char *const recommended[] = {"balancer=switch", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .affinity_form = GSC_AFFINITY_LOG,
    .affinity = affinity,
    .affinity_slope = affinity_slope,
    .rank = rank,
    .observe = observe,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "stable_moe",
    .version = "1.0.0",
    .title = "StableMoE",
    .formula =
        "p = softmax(z); from switch_step on the experts that the token id chose most before",
    .doc = "Learns where token ids go, then freezes the map; it reads token ids, which the "
           "theory lab has not.",
    .papers = papers,
    .recommended = recommended,
    GSC_PARAMS(params),
    GSC_TENSORS(tensors),
    .capabilities = GSC_CAP_TOKENS | GSC_CAP_STEP | GSC_CAP_IGNORES_BIAS,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
