/* SPDX-License-Identifier: MIT
 *
 * A gate's stages over the pool, one sequence a task, where the gate allows it: its score is not the
 * host's, it chooses row by row, and it trains no tensors of its own (their numeric derivatives
 * move them). The cut is by sequences alone, so threads do not change a bit.
 *
 * A task's pass is the layer's pass with its arrays begun at the sequence's first row, and scratch
 * and a choice of its own. Layer: core/lm.
 */
#include "core/lm/model_internal.h"

#include "kernels/host.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

bool lm_gate_is_cut(const gsc_lm *self) {
    const gsc_loaded *loaded = self->shape.gate.loaded;
    return !self->host_score && !gsc_gate_trains(loaded) && loaded->gate->select == NULL &&
           (loaded->plugin->capabilities & GSC_CAP_WHOLE_BATCH) == 0;
}

/* ---- Logits from the device, and back ---- */

static bool is_single(const gsc_lm *self) {
    return self->dtype == GSC_F32 && !self->host_score;
}

/* What balancers add to begins at 0 again while it is near. */
static void clear_rows(const gsc_lm *self, double *dp, double *dz) {
    const size_t rows = self->shape.context;
    memset(dp, 0, rows * self->shape.experts * sizeof *dp);
    memset(dz, 0, rows * self->shape.logits * sizeof *dz);
}

/* Rows first ... of z; false where one is not finite. */
static bool take_logits(const gsc_lm *self, double *z, size_t first, size_t rows) {
    const size_t m = self->shape.logits;
    return self->host_score  ? true
           : is_single(self) ? gsc_host_widen(z + first * m, self->z_single + first * m, rows * m)
                             : gsc_host_finite(z + first * m, rows * m);
}

static void give_gradients(const gsc_lm *self, const double *dz, size_t first, size_t rows) {
    const size_t m = self->shape.logits;
    if (is_single(self)) {
        gsc_host_narrow(self->z_single + first * m, dz + first * m, rows * m);
    }
}

static gsc_status name_logit(const gsc_lm *self, const double *z, int64_t step, gsc_error *error) {
    const size_t m = self->shape.logits;
    size_t i = 0;
    while (isfinite(z[i])) {
        i++;
    }
    return gsc_fail(error, GSC_ERR_NUMERIC,
                    "the gate's logit of expert %zu is %g at row %zu of step %" PRId64
                    "; a lower learning rate or a tighter clip may keep it finite",
                    i % m, isnan(z[i]) ? NAN : z[i], i / m, step);
}

/* ---- Sequences ---- */

typedef struct work {
    gsc_lm *model;
    lm_gate *gate;
    const gsc_gate_gradient *gradient; /* NULL: forward */
} work;

/* The pass of sequence s, with room for its own choice. */
static gsc_gate_pass pass_of(const gsc_lm *self, const lm_gate *gate, size_t s) {
    const size_t rows = self->shape.context, first = s * rows, e = self->shape.experts;
    const size_t m = self->shape.logits, wide = m > e ? m : e;
    const size_t capacity = self->choice_capacity / self->options.sequences;
    gsc_gate_pass pass = gate->pass;
    pass.rows = rows;
    pass.call.rows = (int64_t)rows;
    pass.call.first_row += (int64_t)first;
    pass.call.sequences = NULL;
    pass.call.n_sequences = 1;
    if (pass.call.tokens != NULL) {
        pass.call.tokens += first;
    }
    pass.z += first * m;
    pass.p += first * e;
    pass.dp += first * e;
    pass.affinity_sum += first;
    pass.row = self->cut.rows + s * 8 * wide;
    pass.order = self->cut.order + s * e;
    pass.choice = (gsc_choice){.start = self->cut.start + s * (rows + 1),
                               .chosen = self->cut.chosen + s * capacity,
                               .weight = self->cut.weight + s * capacity,
                               .capacity = (int64_t)capacity};
    return pass;
}

static void run_forward(void *data, size_t s, size_t worker) {
    const work *w = data;
    gsc_lm *self = w->model;
    gsc_gate_pass pass = pass_of(self, w->gate, s);
    self->cut.status[s] =
        take_logits(self, w->gate->pass.z, s * self->shape.context, self->shape.context)
            ? gsc_gate_forward(&pass, NULL, NULL, NULL, &self->cut.errors[s])
            : GSC_ERR_NUMERIC;
}

static void run_backward(void *data, size_t s, size_t worker) {
    const work *w = data;
    gsc_lm *self = w->model;
    const gsc_gate_gradient *g = w->gradient;
    const size_t rows = self->shape.context, first = s * rows;
    const size_t e = self->shape.experts, m = self->shape.logits;
    const gsc_choice *all = &w->gate->pass.choice;
    const int64_t from = all->start[first];
    gsc_gate_pass pass = pass_of(self, w->gate, s);
    for (size_t t = 0; t <= rows; t++) {
        pass.choice.start[t] = all->start[first + t] - from;
    }
    pass.choice.chosen = all->chosen + from;
    pass.choice.weight = all->weight + from;
    const gsc_gate_gradient own = {.dweight = g->dweight != NULL ? g->dweight + from : NULL,
                                   .dp = g->dp != NULL ? g->dp + first * e : NULL,
                                   .dz = g->dz != NULL ? g->dz + first * m : NULL,
                                   .score_only = g->score_only,
                                   .ret_dz = g->ret_dz + first * m};
    self->cut.status[s] = gsc_gate_backward(&pass, &own, &self->cut.errors[s]);
    give_gradients(self, g->ret_dz, first, rows);
    if (is_single(self)) {
        clear_rows(self, pass.dp, own.ret_dz);
    }
    self->cut.evaluations[s] = pass.numeric_evaluations;
}

static gsc_status first_failure(const gsc_lm *self, gsc_error *error) {
    for (size_t s = 0; s < self->options.sequences; s++) {
        if (self->cut.status[s] != GSC_OK) {
            return gsc_fail(error, self->cut.status[s], "sequence %zu: %s", s,
                            self->cut.errors[s].message);
        }
    }
    return GSC_OK;
}

/* The sequences' choices, one after another. */
static void gather_choice(const gsc_lm *self, lm_gate *gate) {
    const size_t rows = self->shape.context;
    gsc_choice *all = &gate->pass.choice;
    int64_t n = 0;
    for (size_t s = 0; s < self->options.sequences; s++) {
        const gsc_choice own = pass_of(self, gate, s).choice;
        for (size_t t = 0; t < rows; t++) {
            all->start[s * rows + t] = n + own.start[t];
        }
        memcpy(all->chosen + n, own.chosen, (size_t)own.start[rows] * sizeof *own.chosen);
        memcpy(all->weight + n, own.weight, (size_t)own.start[rows] * sizeof *own.weight);
        n += own.start[rows];
    }
    all->start[self->rows] = n;
}

gsc_status lm_gate_run_forward(gsc_lm *self, size_t layer, int64_t step, gsc_error *error) {
    lm_gate *gate = &self->layers[layer].gate;
    if (!self->is_cut) {
        if (!take_logits(self, gate->pass.z, 0, self->rows)) {
            return name_logit(self, gate->pass.z, step, error);
        }
        return gsc_gate_forward(&gate->pass, self->host_score ? self->x_host : NULL,
                                self->host_score ? self->w_host : NULL, NULL, error);
    }
    work w = {.model = self, .gate = gate};
    gate->pass.x = gate->pass.w = gate->pass.b = NULL;
    gsc_pool_run(self->options.pool, self->options.sequences, run_forward, &w);
    for (size_t s = 0; s < self->options.sequences; s++) {
        if (self->cut.status[s] == GSC_ERR_NUMERIC) {
            return name_logit(self, gate->pass.z, step, error);
        }
    }
    const gsc_status status = first_failure(self, error);
    if (status == GSC_OK) {
        gather_choice(self, gate);
    }
    return status;
}

gsc_status lm_gate_run_backward(gsc_lm *self, size_t layer, const gsc_gate_gradient *gradient,
                                gsc_error *error) {
    lm_gate *gate = &self->layers[layer].gate;
    if (!self->is_cut) {
        const gsc_status status = gsc_gate_backward(&gate->pass, gradient, error);
        give_gradients(self, gradient->ret_dz, 0, self->rows);
        return status;
    }
    work w = {.model = self, .gate = gate, .gradient = gradient};
    gsc_pool_run(self->options.pool, self->options.sequences, run_backward, &w);
    gate->dp_is_clear = self->z_is_clear = is_single(self);
    gate->pass.numeric_evaluations = 0;
    for (size_t s = 0; s < self->options.sequences; s++) {
        gate->pass.numeric_evaluations += self->cut.evaluations[s];
    }
    return first_failure(self, error);
}
