/* SPDX-License-Identifier: MIT
 *
 * Sinkhorn gate (S-BASE): over the batch, exp(z) is scaled in turn to columns that sum to T / E
 * and rows that sum to 1; each row takes the k largest of this plan. The choice is nearly level;
 * the weights are p = softmax(z), kept, and the plan passes no gradient. A row's experts depend on
 * later rows: it is not causal.
 *
 * log a_j = z_j with slope 1.
 * Sources: Lewis et al. 2021, arXiv 2103.16716; Clark et al. 2022, arXiv 2202.01169, section 3.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    ITERATIONS
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

/* Scales each of the columns to sum to total. */
static void level_columns(int64_t rows, int64_t experts, real total, real *plan) {
    for (int64_t j = 0; j < experts; j++) {
        real sum = 0;
        for (int64_t t = 0; t < rows; t++) {
            sum += plan[t * experts + j];
        }
        for (int64_t t = 0; t < rows && sum > 0; t++) {
            plan[t * experts + j] *= total / sum;
        }
    }
}

static void level_rows(int64_t rows, int64_t experts, real *plan) {
    for (int64_t t = 0; t < rows; t++) {
        real sum = 0;
        for (int64_t j = 0; j < experts; j++) {
            sum += plan[t * experts + j];
        }
        for (int64_t j = 0; j < experts && sum > 0; j++) {
            plan[t * experts + j] /= sum;
        }
    }
}

static size_t select_scratch(const gsc_call *call) {
    return (size_t)(call->rows * call->experts) * sizeof(real);
}

static void select_rows(const gsc_call *call, const real *z, const real *p, gsc_choice *ret_choice,
                        void *scratch) {
    (void)z;
    const int64_t rows = call->rows, experts = call->experts, k = call->top_k;
    real *plan = (real *)scratch;
    for (int64_t i = 0; i < rows * experts; i++) {
        plan[i] = p[i]; /* exp(z), its rows at 1 already */
    }
    for (int64_t i = 0; i < (int64_t)call->params[ITERATIONS]; i++) {
        level_columns(rows, experts, (real)rows / (real)experts, plan);
        level_rows(rows, experts, plan);
    }
    for (int64_t t = 0; t < rows; t++) {
        ret_choice->start[t] = t * k;
        call->host->top_k(ret_choice->chosen + t * k, plan + t * experts, experts, k);
    }
    ret_choice->start[rows] = rows * k;
}

static int64_t max_chosen(const gsc_call *call) {
    return call->top_k;
}

static const gsc_param params[] = {
    {"iterations", "turns of columns and rows", NULL, GSC_PARAM_INT, 1, 0, 100, 8},
};

static const char *const papers[] = {"arXiv:2103.16716", "arXiv:2202.01169", NULL};

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
    .id = "sinkhorn",
    .version = "1.0.0",
    .title = "Sinkhorn",
    .formula = "p = softmax(z), top k of the transport plan of exp(z) with rows 1 and columns T/E",
    .doc = "The choice is levelled over the batch by Sinkhorn iterations; looks at later tokens,"
           " so language models ask for consent and the theory lab refuses.",
    .papers = papers,
    GSC_PARAMS(params),
    .capabilities =
        GSC_CAP_WHOLE_BATCH | GSC_CAP_NOT_CAUSAL | GSC_CAP_CHOICE_DEFINED | GSC_CAP_IGNORES_BIAS,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
