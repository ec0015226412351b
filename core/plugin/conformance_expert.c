/* SPDX-License-Identifier: MIT
 *
 * The derivatives of experts, and their float versions: see conformance_gradient.h. Layer: core/plugin.
 */
#include "core/plugin/conformance_gradient.h"

#include <string.h>

enum {
    BEGIN = GSC_GRADIENT_BEGIN
};

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
    if (!gsc_gradient_prepare(trial, &e, 1)) {
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
            gsc_quotient numeric =
                gsc_gradient_difference(&e, activation_value, 0, &activation_at[k]);
            if (!gsc_gradient_agrees(slope[k], numeric)) {
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
        if (!gsc_gradient_prepare(trial, &e, outputs)) {
            return GSC_VERDICT_SKIPPED;
        }
        gsc_gradient_begin(&e, BEGIN);
        gsc_exercise_enter("backward");
        expert->backward(&e.call, e.u, e.dy, dx);
        gsc_exercise_leave(&e, "backward");
        verdict = gsc_gradient_compare(trial, &e, forward_sum, 0, "backward", "x", e.u, dx,
                                       (size_t)(e.call.rows * e.call.inputs), 0);
        if (verdict == GSC_VERDICT_OK) {
            verdict = gsc_gradient_compare_tensors(trial, &e, forward_sum, 0, "backward", BEGIN);
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
    if (!gsc_gradient_prepare(trial, &e, 1)) {
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
                verdict = gsc_gradient_compare(trial, &e, forward_row, row, "jacobian",
                                               trial->plugin->tensors[i].name, e.tensors[i],
                                               jacobian + row * trained + column, e.sizes[i], 0);
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
    if (!gsc_gradient_prepare(trial, &e, 1)) {
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
