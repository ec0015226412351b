/* SPDX-License-Identifier: MIT
 *
 * Tests of single values: finite, sums, choices, at ordinary and at odd sizes and inputs. Layer: core/plugin.
 */
#include "core/plugin/conformance_private.h"

#include <stdio.h>
#include <string.h>

/* ---- What a good exercise looks like ---- */

static bool may_be_infinite(const gsc_output *output) {
    return strcmp(output->function, "rank") == 0; /* -INFINITY: never chosen */
}

static gsc_verdict check_finite(gsc_trial *trial, const gsc_exercise *exercise, const char *where) {
    for (size_t i = 0; i < exercise->n_outputs; i++) {
        const gsc_output *output = &exercise->outputs[i];
        for (size_t k = 0; k < output->count; k++) {
            double value = output->values[k];
            bool fine = isfinite(value) || (value == -INFINITY && may_be_infinite(output));
            if (!fine && output->per_row > 0) {
                return gsc_trial_fail(trial,
                                      "%s returns %g (row %zu, column %zu)%s; it must be finite",
                                      output->function, isnan(value) ? NAN : value,
                                      k / output->per_row, k % output->per_row, where);
            }
            if (!fine) {
                return gsc_trial_fail(trial, "%s returns %g (number %zu)%s; it must be finite",
                                      output->function, isnan(value) ? NAN : value, k, where);
            }
        }
    }
    return GSC_VERDICT_OK;
}

/* Rows of p are a distribution. */
static gsc_verdict check_sum(gsc_trial *trial, const gsc_exercise *exercise, const char *where) {
    const gsc_plugin *plugin = trial->plugin;
    if (plugin->kind != GSC_KIND_GATE || (plugin->capabilities & GSC_CAP_NO_SUM) != 0) {
        return GSC_VERDICT_OK;
    }
    const size_t t = (size_t)exercise->plan.rows, e = (size_t)exercise->plan.experts;
    const bool value_form = plugin->gate->affinity_form == GSC_AFFINITY_VALUE;
    for (size_t i = 0; value_form && i < t * e; i++) {
        if (exercise->affinity[i] < 0) {
            return gsc_trial_fail(trial, "affinity returns %g at z = %g%s; it must be 0 or more",
                                  exercise->affinity[i], exercise->z[i], where);
        }
    }
    for (size_t row = 0; row < t; row++) {
        double sum = 0;
        for (size_t j = 0; j < e; j++) {
            double p = exercise->p[row * e + j];
            if (p < 0) {
                return gsc_trial_fail(trial,
                                      "p is %g (row %zu, expert %zu)%s; it must be 0 or more", p,
                                      row, j, where);
            }
            sum += p;
        }
        if (!(fabs(sum - 1) <= 1e-6)) {
            return gsc_trial_fail(trial,
                                  "p of row %zu sums to %.9g%s; it must sum to 1, or the gate "
                                  "declare GSC_CAP_NO_SUM",
                                  row, sum, where);
        }
    }
    return GSC_VERDICT_OK;
}

/* The choice is possible. */
static gsc_verdict check_choice(gsc_trial *trial, const gsc_exercise *exercise, const char *where) {
    if (trial->plugin->kind != GSC_KIND_GATE) {
        return GSC_VERDICT_OK;
    }
    if (exercise->choice_error[0] != '\0') {
        return gsc_trial_fail(trial, "%s%s", exercise->choice_error, where);
    }
    return GSC_VERDICT_OK;
}

/* An exercise by this plan is finite, sums and chooses well. */
static gsc_verdict check_all(gsc_trial *trial, const gsc_plan *plan, const char *where) {
    gsc_exercise exercise;
    if (!gsc_trial_run(trial, &exercise, plan)) {
        return GSC_VERDICT_SKIPPED;
    }
    gsc_verdict verdict = check_finite(trial, &exercise, where);
    if (verdict == GSC_VERDICT_OK) {
        verdict = check_sum(trial, &exercise, where);
    }
    if (verdict == GSC_VERDICT_OK) {
        verdict = check_choice(trial, &exercise, where);
    }
    gsc_exercise_clear(&exercise);
    return verdict;
}

/* ---- Finite ---- */

/* A pointwise function on its own, as far out as the theory lab goes. */
static gsc_verdict check_far_out(gsc_trial *trial) {
    static const double points[] = {-700, -30, -5.5, -1.3, -0.2, 0, 0.1, 0.9, 2.6, 30, 700};
    enum {
        N = sizeof points / sizeof *points
    };
    const gsc_plugin *plugin = trial->plugin;
    const bool gate = plugin->kind == GSC_KIND_GATE && plugin->gate->affinity != NULL;
    const bool expert = plugin->kind == GSC_KIND_EXPERT && plugin->expert->activation != NULL;
    gsc_plan plan;
    gsc_exercise exercise;
    gsc_plan_init(&plan, plugin);
    if (!(gate || expert) || gsc_exercise_init(&exercise, plugin, &plan, NULL) != GSC_OK) {
        return GSC_VERDICT_OK;
    }
    double other[N], value[N];
    const char *function = gate ? "affinity" : "activation";
    for (size_t i = 0; i < N; i++) {
        other[i] = 0.7;
        value[i] = NAN;
    }
    gsc_exercise_enter(function);
    if (gate) {
        plugin->gate->affinity(&exercise.call, N, points, value);
    } else {
        bool gated = plugin->expert->form == GSC_EXPERT_GATED_FFN;
        plugin->expert->activation(&exercise.call, N, points, gated ? other : NULL, value);
    }
    gsc_exercise_leave(&exercise, function);
    gsc_exercise_clear(&exercise);
    for (size_t i = 0; i < N; i++) {
        if (!isfinite(value[i])) {
            return gsc_trial_fail(trial, "%s returns %g at %g; it must be finite", function,
                                  isnan(value[i]) ? NAN : value[i], points[i]);
        }
    }
    return GSC_VERDICT_OK;
}

gsc_verdict gsc_test_finite(gsc_trial *trial) {
    static const double scales[] = {0.1, 1.5, 12};
    gsc_plan plan;
    gsc_plan_init(&plan, trial->plugin);
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        gsc_exercise exercise;
        plan.scale = scales[i];
        if (!gsc_trial_run(trial, &exercise, &plan)) {
            return GSC_VERDICT_SKIPPED;
        }
        char where[64];
        snprintf(where, sizeof where, " where inputs are within %g", plan.scale);
        gsc_verdict verdict = check_finite(trial, &exercise, where);
        gsc_exercise_clear(&exercise);
        if (verdict != GSC_VERDICT_OK) {
            return verdict;
        }
    }
    return check_far_out(trial);
}

/* The same where the router is judged: call.training is 0. */
gsc_verdict gsc_test_validation(gsc_trial *trial) {
    if (trial->plugin->abi_minor < 1) {
        return gsc_trial_skip(trial, "it is built for ABI 1.0, which has no call.training");
    }
    gsc_plan plan;
    gsc_plan_init(&plan, trial->plugin);
    plan.judged = true;
    return check_all(trial, &plan, " in validation (call.training is 0)");
}

gsc_verdict gsc_test_sum(gsc_trial *trial) {
    if ((trial->plugin->capabilities & GSC_CAP_NO_SUM) != 0) {
        return gsc_trial_skip(trial, "the gate declares GSC_CAP_NO_SUM");
    }
    static const int64_t experts[] = {8, 2, 64};
    gsc_plan plan;
    gsc_plan_init(&plan, trial->plugin);
    for (size_t i = 0; i < sizeof experts / sizeof *experts; i++) {
        gsc_exercise exercise;
        char where[64];
        plan.experts = experts[i];
        if (!gsc_trial_run(trial, &exercise, &plan)) {
            return GSC_VERDICT_SKIPPED;
        }
        snprintf(where, sizeof where, " with %lld experts", (long long)plan.experts);
        gsc_verdict verdict = check_sum(trial, &exercise, where);
        gsc_exercise_clear(&exercise);
        if (verdict != GSC_VERDICT_OK) {
            return verdict;
        }
    }
    return GSC_VERDICT_OK;
}

gsc_verdict gsc_test_top_k(gsc_trial *trial) {
    static const int64_t k[] = {2, 1, 3};
    gsc_plan plan;
    gsc_plan_init(&plan, trial->plugin);
    for (size_t i = 0; i < sizeof k / sizeof *k; i++) {
        gsc_exercise exercise;
        char where[64];
        plan.top_k = k[i];
        if (!gsc_trial_run(trial, &exercise, &plan)) {
            return GSC_VERDICT_SKIPPED;
        }
        snprintf(where, sizeof where, " at k = %lld", (long long)plan.top_k);
        gsc_verdict verdict = check_choice(trial, &exercise, where);
        gsc_exercise_clear(&exercise);
        if (verdict != GSC_VERDICT_OK) {
            return verdict;
        }
    }
    return GSC_VERDICT_OK;
}

/* ---- Odd sizes and inputs ---- */

gsc_verdict gsc_test_ties(gsc_trial *trial) {
    gsc_plan plan;
    gsc_plan_init(&plan, trial->plugin);
    plan.kind = GSC_INPUTS_EQUAL;
    return check_all(trial, &plan, " where all logits are equal");
}

gsc_verdict gsc_test_one_expert(gsc_trial *trial) {
    gsc_plan plan;
    gsc_plan_init(&plan, trial->plugin);
    plan.experts = plan.top_k = 1;
    return check_all(trial, &plan, " with one expert");
}

gsc_verdict gsc_test_all_experts(gsc_trial *trial) {
    gsc_plan plan;
    gsc_plan_init(&plan, trial->plugin);
    plan.top_k = plan.experts;
    const gsc_plugin *plugin = trial->plugin;
    gsc_exercise exercise;
    if (!gsc_trial_run(trial, &exercise, &plan)) {
        return GSC_VERDICT_SKIPPED;
    }
    gsc_verdict verdict = check_finite(trial, &exercise, " where k = E");
    if (verdict == GSC_VERDICT_OK && plugin->kind == GSC_KIND_GATE &&
        exercise.choice_error[0] != '\0') {
        verdict = gsc_trial_fail(trial, "%s where k = E", exercise.choice_error);
    }
    gsc_exercise_clear(&exercise);
    return verdict;
}

gsc_verdict gsc_test_empty(gsc_trial *trial) {
    gsc_plan plan;
    gsc_exercise exercise;
    gsc_plan_init(&plan, trial->plugin);
    plan.rows = 0;
    plan.watch = true;
    if (!gsc_trial_run(trial, &exercise, &plan)) {
        return GSC_VERDICT_SKIPPED;
    }
    gsc_verdict verdict = check_finite(trial, &exercise, " for a batch of no rows");
    if (exercise.trespass[0] != '\0') {
        verdict = gsc_trial_fail(trial, "%s, in a batch of no rows", exercise.trespass);
    }
    gsc_exercise_clear(&exercise);
    return verdict;
}

/* Coming back at all is the test. */
gsc_verdict gsc_test_huge(gsc_trial *trial) {
    gsc_plan plan;
    gsc_plan_init(&plan, trial->plugin);
    for (plan.seed = 11; plan.seed < 15; plan.seed++) {
        gsc_exercise exercise;
        plan.kind = GSC_INPUTS_HUGE;
        if (!gsc_trial_run(trial, &exercise, &plan)) {
            return GSC_VERDICT_SKIPPED;
        }
        gsc_exercise_clear(&exercise);
    }
    return GSC_VERDICT_OK;
}

/* A pointwise function must hand a NaN on: out [n] for in [n]. */
static gsc_verdict check_handed_on(gsc_trial *trial, const gsc_exercise *exercise,
                                   const char *function, const double *in) {
    const gsc_output *output = gsc_exercise_find(exercise, function);
    for (size_t i = 0; output != NULL && i < output->count; i++) {
        if (isnan(in[i]) && !isnan(output->values[i])) {
            return gsc_trial_fail(trial, "%s returns %g for a NaN; it must hand the NaN on",
                                  function, output->values[i]);
        }
    }
    return GSC_VERDICT_OK;
}

/* An own-form expert whose rows look at x at all. */
static gsc_verdict check_rows_handed_on(gsc_trial *trial, const gsc_exercise *exercise,
                                        const gsc_plan *plan) {
    gsc_plan ordinary = *plan, changed = *plan;
    gsc_exercise a, b;
    gsc_difference difference;
    ordinary.kind = changed.kind = GSC_INPUTS_ORDINARY;
    changed.changed = 0;
    if (!gsc_trial_run(trial, &a, &ordinary)) {
        return GSC_VERDICT_SKIPPED;
    }
    bool looks =
        gsc_trial_run(trial, &b, &changed) && gsc_outputs_differ(&a, &b, true, &difference);
    gsc_exercise_clear(&a);
    gsc_exercise_clear(&b);
    const size_t o = (size_t)plan->outputs;
    for (size_t row = 1; looks && row < (size_t)plan->rows; row += 2) {
        bool seen = false;
        for (size_t i = 0; i < o; i++) {
            seen = seen || isnan(exercise->y[row * o + i]);
        }
        if (!seen) {
            return gsc_trial_fail(trial,
                                  "forward returns %g for row %zu, whose x is NaN; it must "
                                  "hand the NaN on",
                                  exercise->y[row * o], row);
        }
    }
    return GSC_VERDICT_OK;
}

gsc_verdict gsc_test_nan(gsc_trial *trial) {
    const gsc_plugin *plugin = trial->plugin;
    gsc_plan plan;
    gsc_exercise exercise;
    gsc_plan_init(&plan, plugin);
    plan.kind = GSC_INPUTS_NAN;
    if (!gsc_trial_run(trial, &exercise, &plan)) {
        return GSC_VERDICT_SKIPPED;
    }
    gsc_verdict verdict = GSC_VERDICT_OK;
    if (plugin->kind == GSC_KIND_GATE) {
        verdict = check_handed_on(trial, &exercise, "affinity", exercise.z);
    } else if (plugin->expert->form == GSC_EXPERT_OWN) {
        verdict = check_rows_handed_on(trial, &exercise, &plan);
    } else {
        verdict = check_handed_on(trial, &exercise, "activation", exercise.u);
        if (verdict == GSC_VERDICT_OK) {
            verdict = check_handed_on(trial, &exercise, "activation_f32", exercise.u);
        }
    }
    gsc_exercise_clear(&exercise);
    return verdict;
}

gsc_verdict gsc_test_parameters(gsc_trial *trial) {
    const gsc_plugin *plugin = trial->plugin;
    if (plugin->n_params == 0) {
        return gsc_trial_skip(trial, "it has no parameters");
    }
    char untried[256] = "";
    for (size_t i = 0; i < plugin->n_params; i++) {
        const gsc_param *param = &plugin->params[i];
        for (int end = 0; end < 2; end++) {
            gsc_plan plan;
            char where[160];
            gsc_plan_init(&plan, plugin);
            plan.params[i] = end == 0 ? param->lowest : param->highest;
            snprintf(where, sizeof where, " with %s at its %s value, %g", param->name,
                     end == 0 ? "lowest" : "highest", plan.params[i]);
            gsc_verdict verdict = check_all(trial, &plan, where);
            if (verdict == GSC_VERDICT_FAILED) {
                return verdict;
            }
            if (verdict == GSC_VERDICT_SKIPPED) {
                snprintf(untried, sizeof untried, "not tried%s: %.60s", where, trial->message);
            }
        }
    }
    snprintf(trial->message, sizeof trial->message, "%s", untried);
    return GSC_VERDICT_OK;
}
