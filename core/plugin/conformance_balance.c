/* SPDX-License-Identifier: MIT
 *
 * Tests of balancers, and of what gates and balancers keep from step to step. Layer: core/plugin.
 */
#include "core/plugin/conformance_private.h"

#include <string.h>

static const double coefficient = 0.25;

static bool prepare(gsc_trial *trial, gsc_exercise *exercise) {
    gsc_plan plan;
    gsc_error error = {0};
    gsc_plan_init(&plan, trial->plugin);
    bool good = gsc_exercise_init(exercise, trial->plugin, &plan, &error) == GSC_OK;
    if (!good) {
        gsc_exercise_clear(exercise);
        gsc_trial_skip(trial, "it %s", error.message);
    }
    return good;
}

/* The loss; dp and dz go to a place that nobody looks at. */
static double loss_of(gsc_exercise *self) {
    static double unused[2][4096];
    memset(unused, 0, sizeof unused);
    gsc_exercise_enter("loss");
    double loss = self->plugin->balancer->loss(&self->call, self->z, self->p, &self->choice,
                                               coefficient, unused[0], unused[1]);
    gsc_exercise_leave(self, "loss");
    return loss;
}

/* The k-th and the next of a row's scores are made all but equal; side turns which is larger. The choice that
 * the balancer is given stays. */
static void set_ties(gsc_exercise *self, const double *p, const double *z, double side) {
    const size_t t = (size_t)self->plan.rows, e = (size_t)self->plan.experts;
    memcpy(self->p, p, t * e * sizeof *p);
    memcpy(self->z, z, t * e * sizeof *z);
    for (size_t row = 0; row < t; row++) {
        size_t order[64];
        for (size_t j = 0; j < e; j++) {
            size_t at = j;
            for (; at > 0 && p[row * e + order[at - 1]] < p[row * e + j]; at--) {
                order[at] = order[at - 1];
            }
            order[at] = j;
        }
        for (size_t k = 1 + (row + 1) % 2; k < e; k += 2) { /* whatever k it counts with */
            size_t a = row * e + order[k], b = row * e + order[k - 1];
            double mean_p = (p[a] + p[b]) / 2, mean_z = (z[a] + z[b]) / 2;
            self->p[a] = mean_p + side;
            self->p[b] = mean_p - side;
            self->z[a] = mean_z + side;
            self->z[b] = mean_z - side;
        }
    }
}

gsc_verdict gsc_test_dispatched(gsc_trial *trial) {
    gsc_exercise e;
    if (trial->plugin->balancer->loss == NULL) {
        return gsc_trial_skip(trial, "it has no loss: the host counts the loads it is given");
    }
    if (!prepare(trial, &e)) {
        return GSC_VERDICT_SKIPPED;
    }
    const size_t n = (size_t)(e.plan.rows * e.plan.experts);
    double p[4096], z[4096];
    memcpy(p, e.p, n * sizeof *p);
    memcpy(z, e.z, n * sizeof *z);
    set_ties(&e, p, z, 1e-11);
    double above = loss_of(&e);
    set_ties(&e, p, z, -1e-11);
    double below = loss_of(&e);
    gsc_exercise_clear(&e);
    return fabs(above - below) > 1e-7 * (1 + fabs(above))
               ? gsc_trial_fail(trial,
                                "loss jumps from %.9g to %.9g when two scores change places by "
                                "1e-11 and the choice given stays; it must count choice->chosen, "
                                "not a top-k of its own",
                                below, above)
               : GSC_VERDICT_OK;
}

/* One array of the loss's gradient against differences; begin 7 shows whether it adds. */
static gsc_verdict compare(gsc_trial *trial, gsc_exercise *e, const char *name, double *numbers,
                           const double *given, size_t n) {
    for (size_t i = 0; i < n; i++) {
        double kept = numbers[i], h = 1e-6, middle = loss_of(e);
        numbers[i] = kept + h;
        double above = loss_of(e);
        numbers[i] = kept - h;
        double below = loss_of(e);
        numbers[i] = kept;
        double before = (middle - below) / h, after = (above - middle) / h;
        double right = coefficient * (above - below) / (2 * h), is = given[i] - 7;
        bool kink = fabs(after - before) > 1e-3 * (1 + fabs(before) + fabs(after));
        if (!kink && !(fabs(is - right) <= 1e-6 * (1 + fabs(right)))) {
            return gsc_trial_fail(trial,
                                  "loss adds %.9g to %s[%zu], where coefficient * dL/d%s is %.9g "
                                  "by differences (coefficient %g, L returned without it)",
                                  is, name, i, name + 1, right, coefficient);
        }
    }
    return GSC_VERDICT_OK;
}

gsc_verdict gsc_test_loss_gradient(gsc_trial *trial) {
    gsc_exercise e;
    if (trial->plugin->balancer->loss == NULL) {
        return gsc_trial_skip(trial, "it has no loss");
    }
    if (!prepare(trial, &e)) {
        return GSC_VERDICT_SKIPPED;
    }
    const size_t n = (size_t)(e.plan.rows * e.plan.experts);
    double dp[4096], dz[4096];
    for (size_t i = 0; i < n; i++) {
        dp[i] = dz[i] = 7;
    }
    gsc_exercise_enter("loss");
    trial->plugin->balancer->loss(&e.call, e.z, e.p, &e.choice, coefficient, dp, dz);
    gsc_exercise_leave(&e, "loss");
    gsc_verdict verdict = compare(trial, &e, "dp", e.p, dp, n);
    if (verdict == GSC_VERDICT_OK) {
        verdict = compare(trial, &e, "dz", e.z, dz, n);
    }
    gsc_exercise_clear(&e);
    return verdict;
}

gsc_verdict gsc_test_control(gsc_trial *trial) {
    const gsc_balancer *balancer = trial->plugin->balancer;
    gsc_exercise e;
    if (balancer->control == NULL) {
        return gsc_trial_skip(trial, "it has no control");
    }
    if (!prepare(trial, &e)) {
        return GSC_VERDICT_SKIPPED;
    }
    double bias[64] = {0}, loads[64];
    const size_t n = (size_t)e.plan.experts;
    for (size_t j = 0; j < n; j++) {
        loads[j] = j == 2 ? 40 : j == 5 ? 1 : 12 + 0.1 * (double)j;
    }
    for (int step = 0; step < 5; step++) {
        e.call.step = e.call.step >= 0 ? e.call.step + 1 : e.call.step;
        gsc_exercise_enter("control");
        balancer->control(&e.call, loads, 0.01, bias);
        gsc_exercise_leave(&e, "control");
    }
    gsc_exercise_clear(&e);
    double moved = 0;
    for (size_t j = 0; j < n; j++) {
        moved = fmax(moved, fabs(bias[j]));
    }
    if (balancer->moves_bias == 0) {
        return moved == 0 ? GSC_VERDICT_OK
                          : gsc_trial_fail(trial,
                                           "control moves the bias by up to %g and says moves_bias "
                                           "= 0; say 1, so that it is refused with gates that "
                                           "ignore the bias",
                                           moved);
    }
    return bias[2] < bias[5]
               ? GSC_VERDICT_OK
               : gsc_trial_fail(trial,
                                "control leaves the busiest expert (load 40) the bias %g and the "
                                "idlest (load 1) %g after 5 steps; the busier must have the less",
                                bias[2], bias[5]);
}

/* ---- State ---- */

/* Copies what `from` holds after its steps: the state alone, or every tensor. */
static void carry(gsc_exercise *to, const gsc_exercise *from, bool state_only) {
    for (size_t i = 0; i < to->plugin->n_tensors; i++) {
        if (!state_only || to->plugin->tensors[i].role == GSC_TENSOR_STATE) {
            memcpy(to->tensors[i], from->tensors[i], to->sizes[i] * sizeof(double));
        }
    }
}

static void go_on(gsc_exercise *self) {
    if (self->plugin->kind == GSC_KIND_GATE) {
        gsc_exercise_gate(self);
    } else {
        gsc_exercise_balancer(self);
    }
}

gsc_verdict gsc_test_state(gsc_trial *trial) {
    const gsc_plugin *plugin = trial->plugin;
    bool moves = plugin->kind == GSC_KIND_GATE
                     ? plugin->gate->observe != NULL || plugin->gate->update != NULL
                     : plugin->balancer->control != NULL;
    if (!moves) {
        return gsc_trial_skip(trial, "it has no step functions");
    }
    gsc_plan plan, next;
    gsc_exercise first, whole, resumed;
    gsc_difference d;
    gsc_plan_init(&plan, plugin);
    next = plan;
    next.scale = 1.1;
    if (!gsc_trial_run(trial, &first, &plan)) {
        return GSC_VERDICT_SKIPPED;
    }
    bool differ = false;
    bool made = gsc_exercise_init(&whole, plugin, &next, NULL) == GSC_OK;
    made = gsc_exercise_init(&resumed, plugin, &next, NULL) == GSC_OK && made;
    if (made) {
        carry(&whole, &first, false);
        carry(&resumed, &first, true);
        go_on(&whole);
        go_on(&resumed);
        differ = gsc_outputs_differ(&whole, &resumed, false, &d);
    }
    gsc_exercise_clear(&first);
    gsc_exercise_clear(&whole);
    gsc_exercise_clear(&resumed);
    return differ ? gsc_trial_fail(trial,
                                   "%s returns %.9g where a run goes on and %.9g where it resumes "
                                   "from its state tensors; a step function may move those alone",
                                   d.function, d.a, d.b)
                  : GSC_VERDICT_OK;
}
