/* SPDX-License-Identifier: MIT
 *
 * The functions of experts and balancers, as the host calls them: see exercise.h.
 */
#include "core/plugin/exercise.h"

#include "kernels/host.h"

#include <string.h>

static double argument(const gsc_exercise *self, uint64_t seed, size_t i, size_t per_row) {
    static const double huge[] = {1e300, -1e300, INFINITY, -INFINITY, 1e18, -1e18, 800, -800};
    const gsc_plan *plan = &self->plan;
    size_t row = i / per_row + (size_t)plan->first_row, column = i % per_row;
    bool other = plan->changed >= 0 && (int64_t)row >= plan->changed;
    switch (plan->kind) {
    case GSC_INPUTS_EQUAL:
        return 0.7;
    case GSC_INPUTS_HUGE:
        return huge[gsc_random_bits(plan->seed, i, 3) % (sizeof huge / sizeof *huge)];
    case GSC_INPUTS_NAN:
        return row % 2 == 1 ? NAN : 0.5;
    default:
        return plan->scale *
               gsc_exercise_noise(plan->seed + seed + (other ? 50 : 0), row * per_row + column);
    }
}

/* ---- Experts ---- */

void gsc_exercise_expert_inputs(gsc_exercise *self) {
    const gsc_plan *plan = &self->plan;
    const bool own = self->plugin->expert->form == GSC_EXPERT_OWN;
    size_t t = (size_t)plan->rows, d = (size_t)(own ? plan->inputs : plan->hidden);
    self->u = gsc_exercise_numbers(self, own ? "x" : "u", t * d);
    self->v = gsc_exercise_numbers(self, "v", t * d);
    self->dy = gsc_exercise_numbers(self, "dy", t * (size_t)plan->outputs);
    for (size_t i = 0; !self->failed && i < t * d; i++) {
        self->u[i] = argument(self, 61, i, d);
        self->v[i] = argument(self, 62, i, d);
    }
    for (size_t i = 0; !self->failed && i < t * (size_t)plan->outputs; i++) {
        self->dy[i] = gsc_exercise_noise(plan->seed + 63, i);
    }
}

/* A block of floats as doubles. */
static void record_f32(gsc_exercise *self, const char *function, const float *from, size_t n,
                       size_t per_row, bool forward) {
    double *wide = gsc_exercise_numbers(self, function, n);
    for (size_t i = 0; wide != NULL && i < n; i++) {
        wide[i] = (double)from[i];
    }
    gsc_exercise_record(self, function, wide, n, per_row, forward);
}

static void run_f32(gsc_exercise *self, size_t n, size_t h, bool gated) {
    const gsc_expert *expert = self->plugin->expert;
    float *u = gsc_exercise_room(self, "u of floats", n * sizeof *u);
    float *v = gsc_exercise_room(self, "v of floats", n * sizeof *v);
    float *f = gsc_exercise_room(self, "f of floats", n * sizeof *f);
    float *du = gsc_exercise_room(self, "df/du of floats", n * sizeof *du);
    float *dv = gsc_exercise_room(self, "df/dv of floats", n * sizeof *dv);
    if (self->failed) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        u[i] = (float)self->u[i];
        v[i] = (float)self->v[i];
    }
    gsc_exercise_keep(self, u);
    gsc_exercise_keep(self, v);
    if (expert->activation_f32 != NULL) {
        gsc_exercise_enter("activation_f32");
        expert->activation_f32(&self->call, (int64_t)n, u, gated ? v : NULL, f);
        gsc_exercise_leave(self, "activation_f32");
        record_f32(self, "activation_f32", f, n, h, true);
    }
    if (expert->activation_slope_f32 != NULL) {
        gsc_exercise_enter("activation_slope_f32");
        expert->activation_slope_f32(&self->call, (int64_t)n, u, gated ? v : NULL, du,
                                     gated ? dv : NULL);
        gsc_exercise_leave(self, "activation_slope_f32");
        record_f32(self, "activation_slope_f32", du, n, h, false);
        if (gated) {
            record_f32(self, "activation_slope_f32", dv, n, h, false);
        }
    }
}

static void run_activation(gsc_exercise *self, size_t t, size_t h) {
    const gsc_expert *expert = self->plugin->expert;
    const bool gated = expert->form == GSC_EXPERT_GATED_FFN;
    const size_t n = t * h;
    double *f = gsc_exercise_numbers(self, "f", n), *du = gsc_exercise_numbers(self, "df/du", n);
    double *dv = gsc_exercise_numbers(self, "df/dv", n);
    if (self->failed) {
        return;
    }
    gsc_exercise_enter("activation");
    expert->activation(&self->call, (int64_t)n, self->u, gated ? self->v : NULL, f);
    gsc_exercise_leave(self, "activation");
    gsc_exercise_record(self, "activation", f, n, h, true);
    if (expert->activation_slope != NULL) {
        gsc_exercise_enter("activation_slope");
        expert->activation_slope(&self->call, (int64_t)n, self->u, gated ? self->v : NULL, du,
                                 gated ? dv : NULL);
        gsc_exercise_leave(self, "activation_slope");
        gsc_exercise_record(self, "activation_slope", du, n, h, false);
        if (gated) {
            gsc_exercise_record(self, "activation_slope", dv, n, h, false);
        }
    }
    run_f32(self, n, h, gated);
}

static void run_own(gsc_exercise *self, size_t t, size_t d, size_t o) {
    const gsc_expert *expert = self->plugin->expert;
    const gsc_plugin *plugin = self->plugin;
    double *dx = gsc_exercise_numbers(self, "dx", t * d);
    self->y = gsc_exercise_numbers(self, "y", t * o);
    if (self->failed) {
        return;
    }
    gsc_exercise_enter("forward");
    expert->forward(&self->call, self->u, self->y);
    gsc_exercise_leave(self, "forward");
    gsc_exercise_record(self, "forward", self->y, t * o, o, true);
    if (expert->backward != NULL) {
        gsc_exercise_enter("backward");
        expert->backward(&self->call, self->u, self->dy, dx);
        gsc_exercise_leave(self, "backward");
        gsc_exercise_record(self, "backward", dx, t * d, d, false);
        for (size_t i = 0; i < plugin->n_tensors; i++) {
            if (self->gradients[i] != NULL) {
                gsc_exercise_record(self, "backward", self->gradients[i], self->sizes[i], 0, false);
            }
        }
    }
    if (expert->jacobian != NULL && o == 1) {
        size_t trained = 0;
        for (size_t i = 0; i < plugin->n_tensors; i++) {
            trained += self->gradients[i] != NULL ? self->sizes[i] : 0;
        }
        double *jacobian = gsc_exercise_numbers(self, "the Jacobian", t * trained);
        if (jacobian != NULL) {
            gsc_exercise_enter("jacobian");
            expert->jacobian(&self->call, self->u, jacobian);
            gsc_exercise_leave(self, "jacobian");
            gsc_exercise_record(self, "jacobian", jacobian, t * trained, trained, false);
        }
    }
}

void gsc_exercise_expert(gsc_exercise *self) {
    const gsc_plan *plan = &self->plan;
    if (self->plugin->expert->biased != NULL) {
        gsc_exercise_enter("biased");
        self->plugin->expert->biased(plan->params);
        gsc_exercise_leave(self, "biased");
    }
    if (self->plugin->expert->form == GSC_EXPERT_OWN) {
        run_own(self, (size_t)plan->rows, (size_t)plan->inputs, (size_t)plan->outputs);
    } else {
        run_activation(self, (size_t)plan->rows, (size_t)plan->hidden);
    }
}

/* ---- Balancers ---- */

/* Scores of a softmax, and a choice that is not their top k: the next k in a circle, as groups and drops
 * make it. */
void gsc_exercise_balancer_inputs(gsc_exercise *self) {
    const gsc_plan *plan = &self->plan;
    size_t t = (size_t)plan->rows, e = (size_t)plan->experts, k = (size_t)plan->top_k;
    self->z = gsc_exercise_numbers(self, "z", t * e);
    self->p = gsc_exercise_numbers(self, "p", t * e);
    self->loads = gsc_exercise_numbers(self, "the loads", e);
    gsc_choice *choice = &self->choice;
    choice->start = gsc_exercise_room(self, "the row starts", (t + 1) * sizeof(int64_t));
    choice->chosen = gsc_exercise_room(self, "the chosen experts", t * k * sizeof(int32_t));
    choice->weight = gsc_exercise_numbers(self, "the weights", t * k);
    choice->capacity = (int64_t)(t * k);
    for (size_t j = 0; !self->failed && j < e; j++) {
        self->loads[j] = 0;
    }
    for (size_t row = 0; !self->failed && row < t; row++) {
        double sum = 0;
        for (size_t j = 0; j < e; j++) {
            size_t from = plan->expert_order != NULL ? (size_t)plan->expert_order[j] : j;
            double z = 1.5 * gsc_exercise_noise(plan->seed + 71, row * e + from);
            z = plan->kind == GSC_INPUTS_EQUAL ? 0.7 : z;
            self->z[row * e + j] = z;
            self->p[row * e + j] = exp(z);
            sum += exp(z);
        }
        for (size_t j = 0; j < e; j++) {
            self->p[row * e + j] /= sum;
        }
        choice->start[row] = (int64_t)(row * k);
        for (size_t i = 0; i < k; i++) {
            size_t expert = (row * row + i) % e, to = expert;
            for (size_t j = 0; plan->expert_order != NULL && j < e; j++) {
                to = (size_t)plan->expert_order[j] == expert ? j : to;
            }
            choice->chosen[row * k + i] = (int32_t)to;
            choice->weight[row * k + i] = 1.0 / (double)k;
            self->loads[to] += 1;
        }
    }
    if (!self->failed) {
        choice->start[t] = (int64_t)(t * k);
    }
}

void gsc_exercise_balancer(gsc_exercise *self) {
    const gsc_balancer *balancer = self->plugin->balancer;
    size_t t = (size_t)self->plan.rows, e = (size_t)self->plan.experts;
    double *dp = gsc_exercise_numbers(self, "dp", t * e);
    double *dz = gsc_exercise_numbers(self, "dz", t * e);
    if (self->failed) {
        return;
    }
    memset(dp, 0, t * e * sizeof *dp);
    memset(dz, 0, t * e * sizeof *dz);
    if (balancer->loss != NULL) {
        gsc_exercise_enter("loss");
        self->loss = balancer->loss(&self->call, self->z, self->p, &self->choice, 0.25, dp, dz);
        gsc_exercise_leave(self, "loss");
        gsc_exercise_record(self, "loss", &self->loss, 1, 0, false);
        gsc_exercise_record(self, "dp of loss", dp, t * e, e, false);
        gsc_exercise_record(self, "dz of loss", dz, t * e, e, false);
    }
    if (balancer->control == NULL) {
        return;
    }
    gsc_exercise_release(self, self->bias);
    for (size_t i = 0; i < self->plugin->n_tensors; i++) {
        gsc_exercise_release(self, self->tensors[i]);
    }
    gsc_exercise_enter("control");
    balancer->control(&self->call, self->loads, 0.01, self->bias);
    gsc_exercise_leave(self, "control");
    gsc_exercise_record(self, "control", self->bias, e, 0, false);
    for (size_t i = 0; i < self->plugin->n_tensors; i++) {
        if (self->plugin->tensors[i].role == GSC_TENSOR_STATE) {
            gsc_exercise_record(self, "control", self->tensors[i], self->sizes[i], 0, false);
        }
    }
}
