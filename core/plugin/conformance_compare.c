/* SPDX-License-Identifier: MIT
 *
 * Tests that compare two exercises: one thing is changed, and what must not follow may not. Layer:
 * core/plugin.
 */
#include "core/plugin/conformance_private.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_ROWS = 64
};

static const double rounding = 1e-12; /* sums in another order */

bool gsc_same_number(double a, double b, double tolerance) {
    if (isnan(a) || isnan(b)) {
        return isnan(a) && isnan(b);
    }
    return a == b || fabs(a - b) <= tolerance * (1 + fabs(a));
}

bool gsc_outputs_differ(const gsc_exercise *a, const gsc_exercise *b, bool forward_only,
                        gsc_difference *ret_difference) {
    for (size_t i = 0; i < a->n_outputs; i++) {
        const gsc_output *of_a = &a->outputs[i], *of_b = &b->outputs[i];
        size_t columns = of_a->per_row > 0 ? of_a->per_row : of_a->count;
        for (size_t k = 0; (of_a->forward || !forward_only) && k < of_a->count; k++) {
            if (!gsc_same_number(of_a->values[k], of_b->values[k], 0)) {
                *ret_difference = (gsc_difference){of_a->function, k / columns, k % columns,
                                                   of_a->values[k], of_b->values[k]};
                return true;
            }
        }
    }
    return false;
}

bool gsc_rows_differ(const gsc_exercise *a, size_t row_a, const gsc_exercise *b, size_t row_b,
                     double tolerance, gsc_difference *ret_difference) {
    for (size_t i = 0; i < a->n_outputs; i++) {
        const gsc_output *of_a = &a->outputs[i], *of_b = &b->outputs[i];
        size_t n = of_a->forward ? of_a->per_row : 0;
        for (size_t k = 0; k < n; k++) {
            double value_a = of_a->values[row_a * n + k], value_b = of_b->values[row_b * n + k];
            bool narrow = strstr(of_a->function, "_f32") != NULL;
            if (!gsc_same_number(value_a, value_b, narrow ? fmax(tolerance, 1e-6) : tolerance)) {
                *ret_difference = (gsc_difference){of_a->function, row_a, k, value_a, value_b};
                return true;
            }
        }
    }
    return false;
}

/* Runs both; false where one cannot, and then nothing is to be cleared. */
static bool run_two(gsc_trial *trial, gsc_exercise *a, const gsc_plan *plan_a, gsc_exercise *b,
                    const gsc_plan *plan_b) {
    if (!gsc_trial_run(trial, a, plan_a)) {
        return false;
    }
    if (!gsc_trial_run(trial, b, plan_b)) {
        gsc_exercise_clear(a);
        return false;
    }
    return true;
}

/* What makes a gate's rows no matter of their own. */
static const char *rows_belong_together(const gsc_plugin *plugin) {
    if ((plugin->capabilities & GSC_CAP_NOT_CAUSAL) != 0) {
        return "the gate declares GSC_CAP_NOT_CAUSAL";
    }
    return (plugin->capabilities & GSC_CAP_WHOLE_BATCH) != 0
               ? "the gate declares GSC_CAP_WHOLE_BATCH"
               : NULL;
}

/* ---- Bias, order, weights ---- */

gsc_verdict gsc_test_bias(gsc_trial *trial) {
    if ((trial->plugin->capabilities & GSC_CAP_IGNORES_BIAS) != 0) {
        return gsc_trial_skip(trial, "the gate declares GSC_CAP_IGNORES_BIAS and is given none");
    }
    static const int64_t experts[] = {8, 64};
    for (size_t i = 0; i < 2; i++) {
        int32_t forced[MAX_ROWS * 2];
        gsc_plan plan, biased;
        gsc_exercise a, b;
        gsc_difference d;
        gsc_plan_init(&plan, trial->plugin);
        plan.experts = experts[i];
        for (int32_t row = 0; row < plan.rows; row++) {
            forced[2 * row] = (int32_t)((3 * row) % plan.experts);
            forced[2 * row + 1] = (int32_t)((3 * row + 1) % plan.experts);
        }
        plan.forced = forced;
        biased = plan;
        biased.bias_scale = 0.3;
        if (!run_two(trial, &a, &plan, &b, &biased)) {
            return GSC_VERDICT_SKIPPED;
        }
        for (size_t k = 0; k < a.n_outputs; k++) {
            if (strcmp(a.outputs[k].function, "rank") == 0) {
                a.outputs[k].forward = false; /* where the bias belongs */
            }
        }
        bool differ = gsc_outputs_differ(&a, &b, true, &d);
        gsc_exercise_clear(&a);
        gsc_exercise_clear(&b);
        if (differ) {
            return gsc_trial_fail(trial,
                                  "%s returns %.9g without the selection bias and %.9g with it "
                                  "(row %zu, expert %zu of %lld); the bias may move the choice "
                                  "alone",
                                  d.function, d.a, d.b, d.row, d.column, (long long)experts[i]);
        }
    }
    return GSC_VERDICT_OK;
}

gsc_verdict gsc_test_bias_effect(gsc_trial *trial) {
    if ((trial->plugin->capabilities & GSC_CAP_IGNORES_BIAS) != 0) {
        return gsc_trial_skip(trial, "the gate declares GSC_CAP_IGNORES_BIAS");
    }
    gsc_plan plan, biased;
    gsc_exercise a, b;
    gsc_difference d;
    gsc_plan_init(&plan, trial->plugin);
    biased = plan;
    biased.favoured = 5;
    if (!run_two(trial, &a, &plan, &b, &biased)) {
        return GSC_VERDICT_SKIPPED;
    }
    bool moved = gsc_outputs_differ(&a, &b, true, &d);
    gsc_exercise_clear(&a);
    gsc_exercise_clear(&b);
    return moved
               ? GSC_VERDICT_OK
               : gsc_trial_fail(trial, "a bias of 1e4 for expert 5 leaves every choice as it was; "
                                       "rank must add call->bias, or the gate declare "
                                       "GSC_CAP_IGNORES_BIAS");
}

gsc_verdict gsc_test_order(gsc_trial *trial) {
    if ((trial->plugin->capabilities & GSC_CAP_CHOICE_DEFINED) != 0) {
        return gsc_trial_skip(trial, "the gate declares GSC_CAP_CHOICE_DEFINED");
    }
    if (trial->plugin->gate->score_form == GSC_SCORE_NONE) {
        return gsc_trial_skip(trial, "it has no logits that a softmax could take");
    }
    gsc_plan few, all;
    gsc_exercise a, b;
    gsc_plan_init(&few, trial->plugin);
    all = few;
    all.top_k = all.experts;
    if (!run_two(trial, &a, &few, &b, &all)) {
        return GSC_VERDICT_SKIPPED;
    }
    const size_t e = (size_t)few.experts;
    gsc_verdict verdict = GSC_VERDICT_OK;
    for (size_t i = 0; i < e * (size_t)few.rows && verdict == GSC_VERDICT_OK; i++) {
        if (!gsc_same_number(a.p[i], b.p[i], 0)) {
            verdict = gsc_trial_fail(
                trial,
                "%s gives %.9g at k = %lld and %.9g at k = %lld (row %zu, expert %zu); p comes "
                "before the choice: softmax after top-k is combine_form RENORMALISE, before it "
                "KEEP",
                trial->plugin->gate->affinity != NULL ? "affinity" : "probs", a.p[i],
                (long long)few.top_k, b.p[i], (long long)all.top_k, i / e, i % e);
        }
    }
    gsc_exercise_clear(&a);
    gsc_exercise_clear(&b);
    return verdict;
}

/* The same experts in another order: each keeps its weight. */
gsc_verdict gsc_test_weights(gsc_trial *trial) {
    if ((trial->plugin->capabilities & GSC_CAP_RANDOM) != 0) {
        return gsc_trial_skip(trial, "its draws may belong to places in the choice");
    }
    if (trial->plugin->gate->combine_form != GSC_COMBINE_OWN) {
        return gsc_trial_skip(trial, "the weights are the host's (combine_form %u)",
                              trial->plugin->gate->combine_form);
    }
    int32_t forced[MAX_ROWS * 3], reversed[MAX_ROWS * 3];
    gsc_plan plan, other;
    gsc_exercise a, b;
    gsc_difference d;
    gsc_plan_init(&plan, trial->plugin);
    plan.top_k = 3;
    for (int32_t row = 0; row < plan.rows; row++) {
        for (int32_t i = 0; i < 3; i++) {
            forced[3 * row + i] = (int32_t)((row + 2 * i) % plan.experts);
            reversed[3 * row + 2 - i] = forced[3 * row + i];
        }
    }
    plan.forced = forced;
    other = plan;
    other.forced = reversed;
    if (!run_two(trial, &a, &plan, &b, &other)) {
        return GSC_VERDICT_SKIPPED;
    }
    bool differ = false;
    for (size_t row = 0; !differ && row < (size_t)plan.rows; row++) {
        differ = gsc_rows_differ(&a, row, &b, row, rounding, &d);
    }
    gsc_exercise_clear(&a);
    gsc_exercise_clear(&b);
    return differ ? gsc_trial_fail(trial,
                                   "combine gives expert %zu of row %zu the weight %.9g, and %.9g "
                                   "when the same experts are listed in another order; weight[i] "
                                   "belongs to chosen[i]",
                                   d.column, d.row, d.a, d.b)
                  : GSC_VERDICT_OK;
}

/* ---- Rows ---- */

gsc_verdict gsc_test_causality(gsc_trial *trial) {
    if ((trial->plugin->capabilities & GSC_CAP_NOT_CAUSAL) != 0) {
        return gsc_trial_skip(trial, "the gate declares GSC_CAP_NOT_CAUSAL");
    }
    gsc_plan plan, other;
    gsc_exercise a, b;
    gsc_difference d;
    gsc_plan_init(&plan, trial->plugin);
    other = plan;
    other.changed = 6;
    if (!run_two(trial, &a, &plan, &b, &other)) {
        return GSC_VERDICT_SKIPPED;
    }
    bool differ = false;
    for (size_t row = 0; !differ && row < 6; row++) {
        differ = gsc_rows_differ(&a, row, &b, row, 0, &d);
    }
    gsc_exercise_clear(&a);
    gsc_exercise_clear(&b);
    return differ ? gsc_trial_fail(trial,
                                   "%s of row %zu (column %zu) is %.9g, and %.9g once rows from 6 "
                                   "on are others; a gate that looks ahead declares "
                                   "GSC_CAP_NOT_CAUSAL",
                                   d.function, d.row, d.column, d.a, d.b)
                  : GSC_VERDICT_OK;
}

gsc_verdict gsc_test_permutation(gsc_trial *trial) {
    const char *why = rows_belong_together(trial->plugin);
    if (why != NULL || (trial->plugin->capabilities & GSC_CAP_RANDOM) != 0) {
        return gsc_trial_skip(trial, "%s", why != NULL ? why : "its draws belong to rows");
    }
    if (trial->plugin->gate->score_form == GSC_SCORE_NONE &&
        (trial->plugin->capabilities & GSC_CAP_TOKENS) == 0) {
        return gsc_trial_skip(trial, "it sees neither logits nor tokens: only a row's place");
    }
    int64_t order[MAX_ROWS];
    gsc_plan plan, other;
    gsc_exercise a, b;
    gsc_difference d;
    gsc_plan_init(&plan, trial->plugin);
    for (int64_t row = 0; row < plan.rows; row++) {
        order[row] = (5 * row + 3) % plan.rows;
    }
    other = plan;
    other.row_order = order;
    if (!run_two(trial, &a, &plan, &b, &other)) {
        return GSC_VERDICT_SKIPPED;
    }
    bool differ = false;
    size_t to = 0;
    for (size_t row = 0; !differ && row < (size_t)plan.rows; row++) {
        to = row;
        differ = gsc_rows_differ(&a, (size_t)order[row], &b, row, rounding, &d);
    }
    gsc_exercise_clear(&a);
    gsc_exercise_clear(&b);
    return differ ? gsc_trial_fail(trial,
                                   "%s of one token (column %zu) is %.9g in row %zu and %.9g in "
                                   "row %zu; a row's numbers may not depend on its place",
                                   d.function, d.column, d.a, d.row, d.b, to)
                  : GSC_VERDICT_OK;
}

/* The whole batch against its two halves. */
static gsc_verdict check_halves(gsc_trial *trial) {
    gsc_plan plan, half;
    gsc_exercise whole, part;
    gsc_difference d;
    gsc_plan_init(&plan, trial->plugin);
    half = plan;
    half.rows = plan.rows / 2;
    bool differ = false;
    for (half.first_row = 0; !differ && half.first_row < plan.rows; half.first_row += half.rows) {
        if (!run_two(trial, &whole, &plan, &part, &half)) {
            return GSC_VERDICT_SKIPPED;
        }
        for (size_t row = 0; !differ && row < (size_t)half.rows; row++) {
            differ =
                gsc_rows_differ(&whole, row + (size_t)half.first_row, &part, row, rounding, &d);
        }
        gsc_exercise_clear(&whole);
        gsc_exercise_clear(&part);
    }
    return differ ? gsc_trial_fail(trial,
                                   "%s of row %zu (column %zu) is %.9g in a batch of %lld rows and "
                                   "%.9g in a batch of %lld with the same first_row + row",
                                   d.function, d.row, d.column, d.a, (long long)plan.rows, d.b,
                                   (long long)half.rows)
                  : GSC_VERDICT_OK;
}

gsc_verdict gsc_test_split(gsc_trial *trial) {
    const char *why =
        trial->plugin->kind == GSC_KIND_GATE ? rows_belong_together(trial->plugin) : NULL;
    if (why == NULL && (trial->plugin->capabilities & GSC_CAP_RANDOM) != 0) {
        why = "the test random looks at it";
    }
    return why != NULL ? gsc_trial_skip(trial, "%s", why) : check_halves(trial);
}

gsc_verdict gsc_test_random(gsc_trial *trial) {
    if ((trial->plugin->capabilities & GSC_CAP_RANDOM) == 0) {
        return gsc_trial_skip(trial, "the gate declares no random numbers");
    }
    const char *why = rows_belong_together(trial->plugin);
    return why != NULL ? gsc_trial_skip(trial, "%s", why) : check_halves(trial);
}

/* ---- Experts in another order ---- */

static bool stands_in_groups(const gsc_plugin *plugin) {
    for (size_t i = 0; i < plugin->n_params; i++) {
        if (strstr(plugin->params[i].name, "group") != NULL) {
            return true;
        }
    }
    return false;
}

static gsc_verdict compare_relabelled(gsc_trial *trial, const gsc_exercise *a,
                                      const gsc_exercise *b, const int64_t *order) {
    const size_t e = (size_t)a->plan.experts;
    bool groups = stands_in_groups(trial->plugin);
    for (size_t i = 0; i < a->n_outputs; i++) {
        const gsc_output *of_a = &a->outputs[i], *of_b = &b->outputs[i];
        bool matters = strcmp(of_a->function, "probs") == 0 || strcmp(of_a->function, "p") == 0 ||
                       (strcmp(of_a->function, "rank") == 0 && !groups) ||
                       strcmp(of_a->function, "dp of loss") == 0 ||
                       (strcmp(of_a->function, "control") == 0 && of_a->count == e);
        for (size_t k = 0; matters && k < of_a->count; k++) {
            size_t row = k / e, column = k % e;
            double was = of_a->values[row * e + (size_t)order[column]], is = of_b->values[k];
            if (!gsc_same_number(was, is, 1e-10)) {
                return gsc_trial_fail(trial,
                                      "%s gives an expert %.9g as number %lld and %.9g as number "
                                      "%zu (row %zu); experts may differ by their weights alone",
                                      of_a->function, was, (long long)order[column], is, column,
                                      row);
            }
        }
    }
    if (a->plugin->kind == GSC_KIND_BALANCER && !gsc_same_number(a->loss, b->loss, 1e-10)) {
        return gsc_trial_fail(trial, "loss is %.9g, and %.9g with the experts in another order",
                              a->loss, b->loss);
    }
    return GSC_VERDICT_OK;
}

gsc_verdict gsc_test_relabel(gsc_trial *trial) {
    const gsc_plugin *plugin = trial->plugin;
    int64_t order[MAX_ROWS];
    gsc_plan plan, other;
    gsc_exercise a, b;
    gsc_plan_init(&plan, plugin);
    for (int64_t j = 0; j < plan.experts; j++) {
        order[j] = (3 * j + 2) % plan.experts;
    }
    other = plan;
    other.expert_order = order;
    if (plugin->kind == GSC_KIND_GATE) {
        if (plugin->gate->score_form == GSC_SCORE_NONE || plugin->gate->logits != NULL) {
            return gsc_trial_skip(trial, "its logits are not one for each expert");
        }
        if ((plugin->capabilities & (GSC_CAP_RANDOM | GSC_CAP_CHOICE_DEFINED)) != 0) {
            return gsc_trial_skip(trial, "it draws by expert, or is defined by its choice");
        }
    }
    if (!run_two(trial, &a, &plan, &b, &other)) {
        return GSC_VERDICT_SKIPPED;
    }
    gsc_verdict verdict = compare_relabelled(trial, &a, &b, order);
    gsc_exercise_clear(&a);
    gsc_exercise_clear(&b);
    return verdict;
}

/* ---- The same again ---- */

gsc_verdict gsc_test_deterministic(gsc_trial *trial) {
    static const unsigned char fills[] = {0xff, 0x00, 0x41};
    gsc_plan plan, again;
    gsc_plan_init(&plan, trial->plugin);
    again = plan;
    for (size_t i = 0; i < sizeof fills; i++) {
        gsc_exercise a, b;
        gsc_difference d;
        again.fill = fills[i];
        if (!run_two(trial, &a, &plan, &b, &again)) {
            return GSC_VERDICT_SKIPPED;
        }
        bool differ = gsc_outputs_differ(&a, &b, false, &d);
        gsc_exercise_clear(&a);
        gsc_exercise_clear(&b);
        if (differ) {
            return gsc_trial_fail(trial,
                                  "%s returns %.17g and then, for the same input, %.17g (row %zu, "
                                  "column %zu)",
                                  d.function, d.a, d.b, d.row, d.column);
        }
    }
    return GSC_VERDICT_OK;
}

typedef struct thread_work {
    const gsc_exercise *right;
    bool differ;
    gsc_difference difference;
} thread_work;

static void *work(void *argument) {
    thread_work *self = argument;
    gsc_exercise *exercise = malloc(sizeof *exercise);
    for (int i = 0; exercise != NULL && i < 30 && !self->differ; i++) {
        if (gsc_exercise_run(exercise, self->right->plugin, &self->right->plan, NULL) == GSC_OK) {
            self->differ = gsc_outputs_differ(self->right, exercise, false, &self->difference);
        }
        gsc_exercise_clear(exercise);
    }
    free(exercise);
    return NULL;
}

gsc_verdict gsc_test_threads(gsc_trial *trial) {
    gsc_plan plan;
    gsc_exercise right;
    gsc_plan_init(&plan, trial->plugin);
    if (!gsc_trial_run(trial, &right, &plan)) {
        return GSC_VERDICT_SKIPPED;
    }
    thread_work works[2] = {{.right = &right}, {.right = &right}};
    pthread_t threads[2];
    int started = 0;
    while (started < 2 && pthread_create(&threads[started], NULL, work, &works[started]) == 0) {
        started++;
    }
    for (int i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    gsc_exercise_clear(&right);
    for (int i = 0; i < started; i++) {
        const gsc_difference *d = &works[i].difference;
        if (works[i].differ) {
            return gsc_trial_fail(trial,
                                  "%s returns %.17g on one thread and %.17g where two work at once "
                                  "(row %zu, column %zu)",
                                  d->function, d->a, d->b, d->row, d->column);
        }
    }
    return started == 2 ? GSC_VERDICT_OK
                        : gsc_trial_skip(trial, "no second thread could be started");
}
