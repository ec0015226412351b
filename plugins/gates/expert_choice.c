/* SPDX-License-Identifier: MIT
 *
 * Expert-choice gate: p = softmax(z) row by row; then each expert takes the c = T k / E rows
 * (rounded, at least 1) of the batch with the largest p_tj. A token may get many experts or none;
 * loads are level without a balancer. A row's experts depend on later rows: it is not causal. The
 * weights are p, kept.
 *
 * log a_j = z_j with slope 1. Not for the theory lab, which has no batch to choose from.
 * Source: Zhou et al. 2022, arXiv 2202.09368, section 3.2.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

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

static int64_t rows_each(const gsc_call *call) {
    const int64_t c = (2 * call->rows * call->top_k + call->experts) / (2 * call->experts);
    return c < 1 ? (call->rows > 0) : c < call->rows ? c : call->rows;
}

/* A column of p, the rows that one expert takes, and a mark for each row and expert. */
static size_t select_scratch(const gsc_call *call) {
    return (size_t)call->rows * (sizeof(real) + sizeof(int32_t) + (size_t)call->experts);
}

static void select_rows(const gsc_call *call, const real *z, const real *p, gsc_choice *ret_choice,
                        void *scratch) {
    (void)z;
    const int64_t rows = call->rows, experts = call->experts, each = rows_each(call);
    real *column = (real *)scratch;
    int32_t *taken = (int32_t *)(column + rows);
    unsigned char *mark = (unsigned char *)(taken + rows);
    for (int64_t i = 0; i < rows * experts; i++) {
        mark[i] = 0;
    }
    for (int64_t j = 0; j < experts && rows > 0; j++) {
        for (int64_t t = 0; t < rows; t++) {
            column[t] = p[t * experts + j];
        }
        call->host->top_k(taken, column, rows, each);
        for (int64_t i = 0; i < each; i++) {
            mark[taken[i] * experts + j] = 1;
        }
    }
    int64_t n = 0;
    for (int64_t t = 0; t < rows; t++) {
        ret_choice->start[t] = n;
        for (int64_t j = 0; j < experts; j++) {
            if (mark[t * experts + j]) {
                ret_choice->chosen[n++] = (int32_t)j;
            }
        }
    }
    ret_choice->start[rows] = n;
}

static int64_t max_chosen(const gsc_call *call) {
    return call->experts;
}

static const char *const papers[] = {"arXiv:2202.09368", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .affinity_form = GSC_AFFINITY_LOG,
    .combine_form = GSC_COMBINE_KEEP,
    .affinity = affinity,
    .affinity_slope = affinity_slope,
    .select = select_rows,
    .select_scratch = select_scratch,
    .max_chosen = max_chosen,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "expert_choice",
    .version = "1.0.0",
    .title = "Expert choice",
    .formula = "p = softmax(z), expert j takes the T k / E rows with the largest p_tj",
    .doc = "Experts choose tokens: loads are level by construction, at the price of looking at "
           "later tokens; language models ask for consent.",
    .papers = papers,
    .capabilities =
        GSC_CAP_WHOLE_BATCH | GSC_CAP_NOT_CAUSAL | GSC_CAP_CHOICE_DEFINED | GSC_CAP_IGNORES_BIAS,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
