/* SPDX-License-Identifier: MIT
 *
 * The derivatives of gates: see conformance_gradient.h.
 *
 * Layer: core/plugin.
 */
#include "core/plugin/conformance_gradient.h"

#include <stdio.h>
#include <string.h>

enum {
    BEGIN = GSC_GRADIENT_BEGIN,
    MAX_VALUES = 4096
};

static const double tolerance = 1e-5;

gsc_quotient gsc_gradient_difference(gsc_exercise *exercise, gsc_scalar value, size_t row,
                                     double *number) {
    double kept = *number, h = 1e-5 * fmax(1, fabs(kept));
    double middle = value(exercise, row);
    *number = kept + h;
    double above = value(exercise, row);
    *number = kept - h;
    double below = value(exercise, row);
    *number = kept;
    double before = (middle - below) / h, after = (above - middle) / h;
    return (gsc_quotient){(above - below) / (2 * h),
                          fabs(after - before) > 1e-3 * (1 + fabs(before) + fabs(after))};
}

bool gsc_gradient_agrees(double given, gsc_quotient numeric) {
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
gsc_verdict gsc_gradient_compare(gsc_trial *trial, gsc_exercise *exercise, gsc_scalar value,
                                 size_t row, const char *function, const char *of, double *numbers,
                                 const double *given, size_t n, double begin) {
    for (size_t i = 0; i < n; i++) {
        gsc_quotient numeric = gsc_gradient_difference(exercise, value, row, &numbers[i]);
        if (!gsc_gradient_agrees(given[i] - begin, numeric)) {
            if (begin != 0 && gsc_gradient_agrees(given[i], numeric)) {
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

void gsc_gradient_begin(gsc_exercise *exercise, double begin) {
    for (size_t i = 0; i < exercise->plugin->n_tensors; i++) {
        for (size_t k = 0; exercise->gradients[i] != NULL && k < exercise->sizes[i]; k++) {
            exercise->gradients[i][k] = begin;
        }
    }
}

/* The gradients of all trained tensors that are not too many to try. */
gsc_verdict gsc_gradient_compare_tensors(gsc_trial *trial, gsc_exercise *exercise, gsc_scalar value,
                                         size_t row, const char *function, double begin) {
    const gsc_plugin *plugin = exercise->plugin;
    gsc_verdict verdict = GSC_VERDICT_OK;
    for (size_t i = 0; i < plugin->n_tensors && verdict == GSC_VERDICT_OK; i++) {
        if (exercise->gradients[i] != NULL && exercise->sizes[i] <= MAX_VALUES) {
            verdict = gsc_gradient_compare(trial, exercise, value, row, function,
                                           plugin->tensors[i].name, exercise->tensors[i],
                                           exercise->gradients[i], exercise->sizes[i], begin);
        }
    }
    return verdict;
}

/* An exercise for this test; false, and the verdict is skipped, where there is none. */
bool gsc_gradient_prepare(gsc_trial *trial, gsc_exercise *exercise, int64_t outputs) {
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
    if (!gsc_gradient_prepare(trial, &e, 1)) {
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
        gsc_gradient_begin(&e, BEGIN);
        gsc_exercise_enter("score_backward");
        gate->score_backward(&e.call, e.x, z, dz, dx);
        gsc_exercise_leave(&e, "score_backward");
        verdict =
            gsc_gradient_compare(trial, &e, score_sum, 0, "score_backward", "x", e.x, dx, d, 0);
        if (verdict == GSC_VERDICT_OK) {
            verdict =
                gsc_gradient_compare_tensors(trial, &e, score_sum, 0, "score_backward", BEGIN);
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
    if (!gsc_gradient_prepare(trial, &e, 1)) {
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
            verdict = gsc_gradient_compare(trial, &e, inner_value, 0, "inner_slope", names[k],
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
    if (!gsc_gradient_prepare(trial, &e, 1)) {
        return GSC_VERDICT_SKIPPED;
    }
    gsc_verdict verdict = GSC_VERDICT_OK;
    for (size_t i = 0; i < sizeof points / sizeof *points && verdict == GSC_VERDICT_OK; i++) {
        double slope = NAN;
        affinity_at = points[i];
        gsc_exercise_enter("affinity_slope");
        gate->affinity_slope(&e.call, 1, &affinity_at, &slope);
        gsc_exercise_leave(&e, "affinity_slope");
        gsc_quotient numeric = gsc_gradient_difference(&e, affinity_value, 0, &affinity_at);
        if (!gsc_gradient_agrees(slope, numeric)) {
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
    gsc_gradient_begin(e, BEGIN);
    gsc_exercise_enter("probs_backward");
    gate->probs_backward(&e->call, (int64_t)row, z, p, dp, dz);
    gsc_exercise_leave(e, "probs_backward");
    gsc_verdict verdict =
        gsc_gradient_compare(trial, e, probs_sum, row, "probs_backward", "z", z, dz, m, 0);
    return verdict == GSC_VERDICT_OK
               ? gsc_gradient_compare_tensors(trial, e, probs_sum, row, "probs_backward", BEGIN)
               : verdict;
}

gsc_verdict gsc_test_probs_gradient(gsc_trial *trial) {
    const gsc_gate *gate = trial->plugin->gate;
    gsc_exercise e;
    if (gate->probs_backward == NULL) {
        return gsc_trial_skip(trial, gate->probs == NULL ? "the gate is an affinity"
                                                         : "it gives no probs_backward: numeric");
    }
    if (!gsc_gradient_prepare(trial, &e, 1)) {
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
    if (!gsc_gradient_prepare(trial, &e, 1)) {
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
        verdict = gsc_gradient_compare(trial, &e, combine_sum, row, "combine_backward", "p",
                                       e.p + row * n, dp, n, BEGIN);
    }
    gsc_exercise_clear(&e);
    return verdict;
}

/* ---- Mixing ---- */

static gsc_gate_mix mix_at;
static double *mixed[2];

static double mix_sum(gsc_exercise *exercise, size_t slots) {
    double sum = 0;
    mix_at.mix(&exercise->call, exercise->z, mixed[0], mixed[1]);
    for (size_t i = 0; i < (size_t)exercise->call.rows * slots; i++) {
        sum += dp_at(i) * mixed[0][i] + dz_at(i) * mixed[1][i];
    }
    return sum;
}

gsc_verdict gsc_test_mix_gradient(gsc_trial *trial) {
    gsc_exercise e;
    mix_at = gsc_exercise_find_mix(trial->plugin);
    if (mix_at.mix_backward == NULL) {
        return gsc_trial_skip(trial, mix_at.mix == NULL ? "the gate does not mix tokens"
                                                        : "it gives no mix_backward");
    }
    if (!gsc_gradient_prepare(trial, &e, 1)) {
        return GSC_VERDICT_SKIPPED;
    }
    gsc_exercise_score(&e);
    const size_t slots = (size_t)gsc_exercise_mix_slots(&e, &mix_at);
    const size_t n = (size_t)e.call.rows * slots, m = (size_t)(e.call.rows * e.call.logits);
    double *upstream[2], *dz = gsc_exercise_numbers(&e, "dz", m);
    for (size_t k = 0; k < 2; k++) {
        mixed[k] = gsc_exercise_numbers(&e, "the mixture", n);
        upstream[k] = gsc_exercise_numbers(&e, "its gradient", n);
        for (size_t i = 0; !e.failed && i < n; i++) {
            upstream[k][i] = k == 0 ? dp_at(i) : dz_at(i);
        }
    }
    gsc_verdict verdict = e.failed ? gsc_trial_skip(trial, "it %s", e.why) : GSC_VERDICT_OK;
    if (verdict == GSC_VERDICT_OK) {
        mix_sum(&e, slots);
        gsc_gradient_begin(&e, BEGIN);
        gsc_exercise_enter("mix_backward");
        mix_at.mix_backward(&e.call, e.z, mixed[0], mixed[1], upstream[0], upstream[1], dz);
        gsc_exercise_leave(&e, "mix_backward");
        verdict =
            gsc_gradient_compare(trial, &e, mix_sum, slots, "mix_backward", "z", e.z, dz, m, 0);
    }
    if (verdict == GSC_VERDICT_OK) {
        verdict = gsc_gradient_compare_tensors(trial, &e, mix_sum, slots, "mix_backward", BEGIN);
    }
    gsc_exercise_clear(&e);
    return verdict;
}
