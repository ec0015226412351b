/* SPDX-License-Identifier: MIT
 *
 * Given derivatives against central differences over +-h, h = 1e-5 max(1, |x|), within 1e-5 of their size; at
 * a kink, where the one-sided differences disagree, there is nothing to compare. What adds to its output must
 * add: outputs begin at 7.
 *
 * Layer: core/plugin.
 */
#include "core/plugin/conformance_private.h"

#include <stdio.h>
#include <string.h>

enum {
    BEGIN = 7,
    MAX_VALUES = 4096
};

static const double tolerance = 1e-5;

/* The forward function under test, reduced to one number. */
typedef double (*scalar)(gsc_exercise *exercise, size_t row);

typedef struct quotient {
    double slope;
    bool kink;
} quotient;

static quotient difference(gsc_exercise *exercise, scalar value, size_t row, double *number) {
    double kept = *number, h = 1e-5 * fmax(1, fabs(kept));
    double middle = value(exercise, row);
    *number = kept + h;
    double above = value(exercise, row);
    *number = kept - h;
    double below = value(exercise, row);
    *number = kept;
    double before = (middle - below) / h, after = (above - middle) / h;
    return (quotient){(above - below) / (2 * h),
                      fabs(after - before) > 1e-3 * (1 + fabs(before) + fabs(after))};
}

static bool agrees(double given, quotient numeric) {
    return numeric.kink || fabs(given - numeric.slope) <= tolerance * (1 + fabs(numeric.slope));
}

static gsc_verdict refuse(gsc_trial *trial, const char *function, const char *of, size_t index,
                          double given, double numeric) {
    return gsc_trial_fail(trial,
                          "%s gives %.8g for %s[%zu], where the difference quotient is %.8g; "
                          "correct the derivative or leave it out",
                          function, isnan(given) ? NAN : given, of, index, numeric);
}

/* Derivatives `given`, less `begin`, of value by each of n numbers. */
static gsc_verdict compare(gsc_trial *trial, gsc_exercise *exercise, scalar value, size_t row,
                           const char *function, const char *of, double *numbers,
                           const double *given, size_t n, double begin) {
    for (size_t i = 0; i < n; i++) {
        quotient numeric = difference(exercise, value, row, &numbers[i]);
        if (!agrees(given[i] - begin, numeric)) {
            if (begin != 0 && agrees(given[i], numeric)) {
                return gsc_trial_fail(trial,
                                      "%s overwrites the gradient of %s, which it must add to "
                                      "(%s[%zu]: %.8g where %.8g + %g is right)",
                                      function, of, of, i, given[i], numeric.slope, begin);
            }
            return refuse(trial, function, of, i, given[i] - begin, numeric.slope);
        }
    }
    return GSC_VERDICT_OK;
}

static void begin_gradients(gsc_exercise *exercise, double begin) {
    for (size_t i = 0; i < exercise->plugin->n_tensors; i++) {
        for (size_t k = 0; exercise->gradients[i] != NULL && k < exercise->sizes[i]; k++) {
            exercise->gradients[i][k] = begin;
        }
    }
}

/* The gradients of all trained tensors that are not too many to try. */
static gsc_verdict compare_tensors(gsc_trial *trial, gsc_exercise *exercise, scalar value,
                                   size_t row, const char *function, double begin) {
    const gsc_plugin *plugin = exercise->plugin;
    gsc_verdict verdict = GSC_VERDICT_OK;
    for (size_t i = 0; i < plugin->n_tensors && verdict == GSC_VERDICT_OK; i++) {
        if (exercise->gradients[i] != NULL && exercise->sizes[i] <= MAX_VALUES) {
            verdict =
                compare(trial, exercise, value, row, function, plugin->tensors[i].name,
                        exercise->tensors[i], exercise->gradients[i], exercise->sizes[i], begin);
        }
    }
    return verdict;
}

/* An exercise for this test; false, and the verdict is skipped, where there is none. */
static bool prepare(gsc_trial *trial, gsc_exercise *exercise, int64_t outputs) {
    gsc_plan plan;
    gsc_error error = {0};
    gsc_plan_init(&plan, trial->plugin);
    plan.outputs = outputs;
    plan.rows = 5;
    bool good = gsc_exercise_init(exercise, trial->plugin, &plan, &error) == GSC_OK;
    if (!good) {
        gsc_exercise_clear(exercise);
        gsc_trial_skip(trial, "it %s", error.message);
    }
    return good;
}

/* ---- Gates ---- */

static double dz_at(size_t i) {
    return gsc_exercise_noise(41, i);
}

static double score_sum(gsc_exercise *exercise, size_t row) {
    double z[MAX_VALUES], sum = 0;
    size_t n = (size_t)(exercise->call.rows * exercise->call.logits);
    (void)row;
    exercise->plugin->gate->score(&exercise->call, exercise->x, z);
    for (size_t i = 0; i < n; i++) {
        sum += dz_at(i) * z[i];
    }
    return sum;
}

gsc_verdict gsc_test_score_gradient(gsc_trial *trial) {
    const gsc_gate *gate = trial->plugin->gate;
    gsc_exercise e;
    if (gate->score_backward == NULL) {
        return gsc_trial_skip(trial, gate->score == NULL
                                         ? "the score is the host's"
                                         : "it gives no score_backward: theory lab only");
    }
    if (!prepare(trial, &e, 1)) {
        return GSC_VERDICT_SKIPPED;
    }
    double z[MAX_VALUES], dz[MAX_VALUES], dx[MAX_VALUES];
    size_t m = (size_t)(e.call.rows * e.call.logits), d = (size_t)(e.call.rows * e.call.inputs);
    gsc_verdict verdict = GSC_VERDICT_OK;
    if (m > MAX_VALUES || d > MAX_VALUES) {
        verdict = gsc_trial_skip(trial, "it has too many logits to try");
    } else {
        for (size_t i = 0; i < m; i++) {
            dz[i] = dz_at(i);
        }
        gate->score(&e.call, e.x, z);
        begin_gradients(&e, BEGIN);
        gsc_exercise_enter("score_backward");
        gate->score_backward(&e.call, e.x, z, dz, dx);
        gsc_exercise_leave(&e, "score_backward");
        verdict = compare(trial, &e, score_sum, 0, "score_backward", "x", e.x, dx, d, 0);
        if (verdict == GSC_VERDICT_OK) {
            verdict = compare_tensors(trial, &e, score_sum, 0, "score_backward", BEGIN);
        }
    }
    gsc_exercise_clear(&e);
    return verdict;
}

/* x, |x|^2, |w|^2 of the inner form, of one pair. */
static double inner_arguments[3];

static double inner_value(gsc_exercise *exercise, size_t row) {
    double z = NAN;
    (void)row;
    exercise->plugin->gate->inner(&exercise->call, 1, &inner_arguments[0], &inner_arguments[1],
                                  &inner_arguments[2], &z);
    return z;
}

gsc_verdict gsc_test_inner_gradient(gsc_trial *trial) {
    static const double points[][3] = {{0.4, 1.3, 0.9}, {-1.1, 2.5, 1.7}, {0.05, 0.6, 3.1}};
    static const char *const names[] = {"dot", "xx", "ww"};
    const gsc_gate *gate = trial->plugin->gate;
    gsc_exercise e;
    if (gate->inner_slope == NULL) {
        return gsc_trial_skip(trial, gate->inner == NULL ? "its score is no inner form"
                                                         : "it gives no inner_slope: numeric");
    }
    if (!prepare(trial, &e, 1)) {
        return GSC_VERDICT_SKIPPED;
    }
    gsc_verdict verdict = GSC_VERDICT_OK;
    for (size_t i = 0; i < 3 && verdict == GSC_VERDICT_OK; i++) {
        double slope[3] = {NAN, NAN, NAN};
        memcpy(inner_arguments, points[i], sizeof inner_arguments);
        gsc_exercise_enter("inner_slope");
        gate->inner_slope(&e.call, 1, &inner_arguments[0], &inner_arguments[1], &inner_arguments[2],
                          &slope[0], &slope[1], &slope[2]);
        gsc_exercise_leave(&e, "inner_slope");
        for (size_t k = 0; k < 3 && verdict == GSC_VERDICT_OK; k++) {
            verdict = compare(trial, &e, inner_value, 0, "inner_slope", names[k],
                              &inner_arguments[k], &slope[k], 1, 0);
        }
    }
    gsc_exercise_clear(&e);
    return verdict;
}

static double affinity_at;

static double affinity_value(gsc_exercise *exercise, size_t row) {
    double a = NAN;
    (void)row;
    exercise->plugin->gate->affinity(&exercise->call, 1, &affinity_at, &a);
    return a;
}

gsc_verdict gsc_test_affinity_gradient(gsc_trial *trial) {
    static const double points[] = {-30, -5.5, -1.3, -0.2, 0.1, 0.9, 2.6, 30};
    const gsc_gate *gate = trial->plugin->gate;
    gsc_exercise e;
    if (gate->affinity_slope == NULL) {
        return gsc_trial_skip(trial, gate->affinity == NULL
                                         ? "the gate is no affinity"
                                         : "it gives no affinity_slope: numeric");
    }
    if (!prepare(trial, &e, 1)) {
        return GSC_VERDICT_SKIPPED;
    }
    gsc_verdict verdict = GSC_VERDICT_OK;
    for (size_t i = 0; i < sizeof points / sizeof *points && verdict == GSC_VERDICT_OK; i++) {
        double slope = NAN;
        affinity_at = points[i];
        gsc_exercise_enter("affinity_slope");
        gate->affinity_slope(&e.call, 1, &affinity_at, &slope);
        gsc_exercise_leave(&e, "affinity_slope");
        quotient numeric = difference(&e, affinity_value, 0, &affinity_at);
        if (!agrees(slope, numeric)) {
            verdict =
                gsc_trial_fail(trial,
                               "affinity_slope gives %.8g at z = %g, where the difference "
                               "quotient of affinity is %.8g; correct the derivative or leave "
                               "it out",
                               slope, points[i], numeric.slope);
        }
    }
    gsc_exercise_clear(&e);
    return verdict;
}

static double dp_at(size_t j) {
    return gsc_exercise_noise(21, j);
}

static double probs_sum(gsc_exercise *exercise, size_t row) {
    double p[MAX_VALUES], sum = 0;
    const size_t m = (size_t)exercise->call.logits, e = (size_t)exercise->call.experts;
    exercise->plugin->gate->probs(&exercise->call, (int64_t)row, exercise->z + row * m, p);
    for (size_t j = 0; j < e; j++) {
        sum += dp_at(j) * p[j];
    }
    return sum;
}

static gsc_verdict probs_row(gsc_trial *trial, gsc_exercise *e, size_t row) {
    const gsc_gate *gate = trial->plugin->gate;
    const size_t m = (size_t)e->call.logits, n = (size_t)e->call.experts;
    double p[MAX_VALUES], dp[MAX_VALUES], dz[MAX_VALUES];
    double *z = e->z + row * m;
    for (size_t j = 0; j < n; j++) {
        dp[j] = dp_at(j);
    }
    memset(dz, 0xff, sizeof dz);
    gate->probs(&e->call, (int64_t)row, z, p);
    begin_gradients(e, BEGIN);
    gsc_exercise_enter("probs_backward");
    gate->probs_backward(&e->call, (int64_t)row, z, p, dp, dz);
    gsc_exercise_leave(e, "probs_backward");
    gsc_verdict verdict = compare(trial, e, probs_sum, row, "probs_backward", "z", z, dz, m, 0);
    return verdict == GSC_VERDICT_OK
               ? compare_tensors(trial, e, probs_sum, row, "probs_backward", BEGIN)
               : verdict;
}

gsc_verdict gsc_test_probs_gradient(gsc_trial *trial) {
    const gsc_gate *gate = trial->plugin->gate;
    gsc_exercise e;
    if (gate->probs_backward == NULL) {
        return gsc_trial_skip(trial, gate->probs == NULL ? "the gate is an affinity"
                                                         : "it gives no probs_backward: numeric");
    }
    if (!prepare(trial, &e, 1)) {
        return GSC_VERDICT_SKIPPED;
    }
    gsc_verdict verdict = GSC_VERDICT_OK;
    gsc_exercise_score(&e);
    if (e.failed || e.call.logits > MAX_VALUES) {
        verdict = gsc_trial_skip(trial, "it has too many logits to try");
    }
    for (size_t row = 0; row < (size_t)e.call.rows && verdict == GSC_VERDICT_OK; row++) {
        verdict = probs_row(trial, &e, row);
    }
    gsc_exercise_clear(&e);
    return verdict;
}

/* ---- Combine ---- */

static const int32_t some_chosen[] = {6, 1, 4};
enum {
    N_CHOSEN = sizeof some_chosen / sizeof *some_chosen
};

static double combine_sum(gsc_exercise *exercise, size_t row) {
    double weight[N_CHOSEN], sum = 0;
    const size_t m = (size_t)exercise->call.logits, e = (size_t)exercise->call.experts;
    exercise->plugin->gate->combine(&exercise->call, (int64_t)row, exercise->z + row * m,
                                    exercise->p + row * e, N_CHOSEN, some_chosen, weight);
    for (size_t i = 0; i < N_CHOSEN; i++) {
        sum += dp_at(i) * weight[i];
    }
    return sum;
}

gsc_verdict gsc_test_combine_gradient(gsc_trial *trial) {
    const gsc_gate *gate = trial->plugin->gate;
    gsc_exercise e;
    if (gate->estimate != NULL) {
        return gsc_trial_skip(trial, "the gate declares GSC_CAP_ESTIMATOR: differences differ");
    }
    if (gate->combine_backward == NULL) {
        return gsc_trial_skip(trial, gate->combine == NULL
                                         ? "the weights are the host's"
                                         : "it gives no combine_backward: numeric");
    }
    if (!prepare(trial, &e, 1)) {
        return GSC_VERDICT_SKIPPED;
    }
    gsc_exercise_score(&e);
    if (!e.failed) {
        gsc_exercise_probs(&e);
    }
    gsc_verdict verdict = e.failed ? gsc_trial_skip(trial, "it %s", e.why) : GSC_VERDICT_OK;
    const size_t m = (size_t)e.call.logits, n = (size_t)e.call.experts;
    for (size_t row = 0; row < (size_t)e.call.rows && verdict == GSC_VERDICT_OK; row++) {
        double dp[64], dweight[N_CHOSEN];
        for (size_t j = 0; j < n; j++) {
            dp[j] = BEGIN;
        }
        for (size_t i = 0; i < N_CHOSEN; i++) {
            dweight[i] = dp_at(i);
        }
        gsc_exercise_enter("combine_backward");
        gate->combine_backward(&e.call, (int64_t)row, e.z + row * m, e.p + row * n, N_CHOSEN,
                               some_chosen, dweight, dp);
        gsc_exercise_leave(&e, "combine_backward");
        verdict = compare(trial, &e, combine_sum, row, "combine_backward", "p", e.p + row * n, dp,
                          n, BEGIN);
    }
    gsc_exercise_clear(&e);
    return verdict;
}

/* ---- Experts ---- */

static double activation_at[2];

static double activation_value(gsc_exercise *exercise, size_t row) {
    const gsc_expert *expert = exercise->plugin->expert;
    double f = NAN;
    (void)row;
    expert->activation(&exercise->call, 1, &activation_at[0],
                       expert->form == GSC_EXPERT_GATED_FFN ? &activation_at[1] : NULL, &f);
    return f;
}

gsc_verdict gsc_test_activation_gradient(gsc_trial *trial) {
    static const double points[] = {-30, -5.5, -1.3, -0.2, 0.1, 0.9, 2.6, 30};
    const gsc_expert *expert = trial->plugin->expert;
    const bool gated = expert->form == GSC_EXPERT_GATED_FFN;
    gsc_exercise e;
    if (expert->activation_slope == NULL) {
        return gsc_trial_skip(trial, expert->activation == NULL
                                         ? "the expert has a form of its own"
                                         : "it gives no activation_slope: numeric");
    }
    if (!prepare(trial, &e, 1)) {
        return GSC_VERDICT_SKIPPED;
    }
    gsc_verdict verdict = GSC_VERDICT_OK;
    for (size_t i = 0; i < sizeof points / sizeof *points && verdict == GSC_VERDICT_OK; i++) {
        double slope[2] = {NAN, NAN};
        activation_at[0] = points[i];
        activation_at[1] = points[(i + 3) % 8] * 0.3;
        gsc_exercise_enter("activation_slope");
        expert->activation_slope(&e.call, 1, &activation_at[0], gated ? &activation_at[1] : NULL,
                                 &slope[0], gated ? &slope[1] : NULL);
        gsc_exercise_leave(&e, "activation_slope");
        for (size_t k = 0; k < 1 + (size_t)gated && verdict == GSC_VERDICT_OK; k++) {
            quotient numeric = difference(&e, activation_value, 0, &activation_at[k]);
            if (!agrees(slope[k], numeric)) {
                verdict = gsc_trial_fail(trial,
                                         "activation_slope gives %.8g for %s at u = %g, v = %g, "
                                         "where the difference quotient is %.8g",
                                         slope[k], k == 0 ? "df/du" : "df/dv", activation_at[0],
                                         activation_at[1], numeric.slope);
            }
        }
    }
    gsc_exercise_clear(&e);
    return verdict;
}

static gsc_verdict compare_widths(gsc_trial *trial, const gsc_exercise *e, const char *wide,
                                  const char *narrow) {
    size_t at = 0;
    for (size_t i = 0; i < e->n_outputs; i++) {
        if (strcmp(e->outputs[i].function, narrow) != 0) {
            continue;
        }
        const gsc_output *f32 = &e->outputs[i], *f64 = NULL;
        for (; at < e->n_outputs && f64 == NULL; at++) {
            f64 = strcmp(e->outputs[at].function, wide) == 0 ? &e->outputs[at] : NULL;
        }
        for (size_t k = 0; f64 != NULL && k < f32->count; k++) {
            if (!(fabs(f32->values[k] - f64->values[k]) <= 1e-4 * (1 + fabs(f64->values[k])))) {
                return gsc_trial_fail(trial, "%s returns %.8g at u = %g, where %s returns %.8g",
                                      narrow, f32->values[k], e->u[k], wide, f64->values[k]);
            }
        }
    }
    return GSC_VERDICT_OK;
}

gsc_verdict gsc_test_activation_f32(gsc_trial *trial) {
    const gsc_expert *expert = trial->plugin->expert;
    gsc_plan plan;
    gsc_exercise e;
    gsc_plan_init(&plan, trial->plugin);
    plan.scale = 4;
    if (expert->activation_f32 == NULL && expert->activation_slope_f32 == NULL) {
        return gsc_trial_skip(trial, "it has no float version");
    }
    if (!gsc_trial_run(trial, &e, &plan)) {
        return GSC_VERDICT_SKIPPED;
    }
    gsc_verdict verdict = compare_widths(trial, &e, "activation", "activation_f32");
    if (verdict == GSC_VERDICT_OK) {
        verdict = compare_widths(trial, &e, "activation_slope", "activation_slope_f32");
    }
    gsc_exercise_clear(&e);
    return verdict;
}

static double forward_sum(gsc_exercise *exercise, size_t row) {
    double y[256], sum = 0;
    (void)row;
    exercise->plugin->expert->forward(&exercise->call, exercise->u, y);
    for (size_t i = 0; i < (size_t)(exercise->call.rows * exercise->call.outputs); i++) {
        sum += exercise->dy[i] * y[i];
    }
    return sum;
}

static double forward_row(gsc_exercise *exercise, size_t row) {
    double y[256];
    exercise->plugin->expert->forward(&exercise->call, exercise->u, y);
    return y[row];
}

gsc_verdict gsc_test_expert_gradient(gsc_trial *trial) {
    const gsc_expert *expert = trial->plugin->expert;
    if (expert->backward == NULL) {
        return gsc_trial_skip(trial, expert->forward == NULL ? "the expert has no form of its own"
                                                             : "it gives no backward: numeric");
    }
    gsc_verdict verdict = GSC_VERDICT_OK;
    for (int64_t outputs = 1; outputs <= 3 && verdict == GSC_VERDICT_OK; outputs += 2) {
        gsc_exercise e;
        double dx[256];
        if (!prepare(trial, &e, outputs)) {
            return GSC_VERDICT_SKIPPED;
        }
        begin_gradients(&e, BEGIN);
        gsc_exercise_enter("backward");
        expert->backward(&e.call, e.u, e.dy, dx);
        gsc_exercise_leave(&e, "backward");
        verdict = compare(trial, &e, forward_sum, 0, "backward", "x", e.u, dx,
                          (size_t)(e.call.rows * e.call.inputs), 0);
        if (verdict == GSC_VERDICT_OK) {
            verdict = compare_tensors(trial, &e, forward_sum, 0, "backward", BEGIN);
        }
        gsc_exercise_clear(&e);
    }
    return verdict;
}

gsc_verdict gsc_test_jacobian(gsc_trial *trial) {
    const gsc_expert *expert = trial->plugin->expert;
    gsc_exercise e;
    if (expert->jacobian == NULL) {
        return gsc_trial_skip(trial, "it gives no jacobian: numeric");
    }
    if (!prepare(trial, &e, 1)) {
        return GSC_VERDICT_SKIPPED;
    }
    size_t trained = 0;
    for (size_t i = 0; i < trial->plugin->n_tensors; i++) {
        trained += e.gradients[i] != NULL ? e.sizes[i] : 0;
    }
    double *jacobian = gsc_exercise_numbers(&e, "the Jacobian", trained * (size_t)e.call.rows);
    gsc_verdict verdict =
        jacobian == NULL ? gsc_trial_skip(trial, "its Jacobian is too large") : GSC_VERDICT_OK;
    if (verdict == GSC_VERDICT_OK) {
        gsc_exercise_enter("jacobian");
        expert->jacobian(&e.call, e.u, jacobian);
        gsc_exercise_leave(&e, "jacobian");
    }
    for (size_t row = 0; row < (size_t)e.call.rows && verdict == GSC_VERDICT_OK; row++) {
        size_t column = 0;
        for (size_t i = 0; i < trial->plugin->n_tensors && verdict == GSC_VERDICT_OK; i++) {
            if (e.gradients[i] != NULL) {
                verdict =
                    compare(trial, &e, forward_row, row, "jacobian", trial->plugin->tensors[i].name,
                            e.tensors[i], jacobian + row * trained + column, e.sizes[i], 0);
                column += e.sizes[i];
            }
        }
    }
    gsc_exercise_clear(&e);
    return verdict;
}

/* y(2 theta) = 2 y(theta), all else equal. */
gsc_verdict gsc_test_linear(gsc_trial *trial) {
    gsc_exercise e;
    if (trial->plugin->expert->linear == 0) {
        return gsc_trial_skip(trial, "it does not say linear = 1");
    }
    if (!prepare(trial, &e, 1)) {
        return GSC_VERDICT_SKIPPED;
    }
    double once[8] = {0}, twice[8] = {0};
    size_t rows = (size_t)e.call.rows;
    for (size_t row = 0; row < rows; row++) {
        once[row] = forward_row(&e, row);
    }
    for (size_t i = 0; i < trial->plugin->n_tensors; i++) {
        for (size_t k = 0; e.gradients[i] != NULL && k < e.sizes[i]; k++) {
            e.tensors[i][k] *= 2;
        }
    }
    for (size_t row = 0; row < rows; row++) {
        twice[row] = forward_row(&e, row);
    }
    gsc_exercise_clear(&e);
    for (size_t row = 0; row < rows; row++) {
        if (fabs(twice[row] - 2 * once[row]) > 1e-9 * (1 + fabs(once[row]))) {
            return gsc_trial_fail(trial,
                                  "forward returns %.9g and, with all trained numbers doubled, "
                                  "%.9g; linear = 1 says that it doubles",
                                  once[row], twice[row]);
        }
    }
    return GSC_VERDICT_OK;
}
