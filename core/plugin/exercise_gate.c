/* SPDX-License-Identifier: MIT
 *
 * A gate's functions, as the host calls them: see exercise.h.
 */
#include "core/plugin/exercise.h"

#include "kernels/host.h"

#include <stdio.h>
#include <string.h>

static double special(const gsc_exercise *self, size_t row, size_t column, double ordinary) {
    static const double huge[] = {1e300, -1e300, INFINITY, -INFINITY, 1e18, -1e18, 0, 800, -800};
    const gsc_plan *plan = &self->plan;
    switch (plan->kind) {
    case GSC_INPUTS_EQUAL:
        return 0.7;
    case GSC_INPUTS_HUGE:
        return huge[gsc_random_bits(plan->seed, row, column) % (sizeof huge / sizeof *huge)];
    case GSC_INPUTS_NAN:
        return column == row % 3 ? NAN : ordinary;
    default:
        return ordinary;
    }
}

void gsc_exercise_gate_inputs(gsc_exercise *self) {
    const gsc_plan *plan = &self->plan;
    size_t t = (size_t)plan->rows, d = (size_t)plan->inputs, m = (size_t)self->call.logits;
    self->x = gsc_exercise_numbers(self, "x", t * d);
    self->w = gsc_exercise_numbers(self, "the router's weights", m * d);
    for (size_t i = 0; !self->failed && i < t * d; i++) {
        size_t row = i / d, column = i % d;
        size_t from =
            plan->row_order != NULL ? (size_t)plan->row_order[row] : row + (size_t)plan->first_row;
        bool other = plan->changed >= 0 && (int64_t)from >= plan->changed;
        double noise = gsc_exercise_noise(plan->seed + (other ? 50 : 0), from * d + column);
        self->x[i] = special(self, row, column, plan->scale * noise);
    }
    for (size_t i = 0; !self->failed && i < m * d; i++) {
        size_t row = i / d;
        bool moved = plan->expert_order != NULL && m == (size_t)plan->experts;
        size_t from = moved ? (size_t)plan->expert_order[row] : row;
        self->w[i] = gsc_exercise_noise(plan->seed + 1, from * d + i % d);
    }
}

/* ---- Score ---- */

static void inner_score(gsc_exercise *self, size_t t, size_t m, size_t d) {
    const gsc_gate *gate = self->plugin->gate;
    double *dot = gsc_exercise_numbers(self, "x.w", t * m);
    double *xx = gsc_exercise_numbers(self, "|x|^2", m);
    double *ww = gsc_exercise_numbers(self, "|w|^2", m);
    double *slopes[3];
    for (size_t i = 0; i < 3; i++) {
        slopes[i] = gsc_exercise_numbers(self, "the inner slopes", t * m);
    }
    if (self->failed) {
        return;
    }
    gsc_host_matmul(dot, self->x, self->w, t, m, d, false, true, false);
    for (size_t j = 0; j < m; j++) {
        ww[j] = 0;
        for (size_t i = 0; i < d; i++) {
            ww[j] += self->w[j * d + i] * self->w[j * d + i];
        }
    }
    gsc_exercise_keep(self, dot);
    gsc_exercise_keep(self, ww);
    for (size_t row = 0; row < t; row++) {
        double norm = 0;
        for (size_t i = 0; i < d; i++) {
            norm += self->x[row * d + i] * self->x[row * d + i];
        }
        for (size_t j = 0; j < m; j++) {
            xx[j] = norm;
        }
        const size_t at = row * m;
        gsc_exercise_enter("inner");
        gate->inner(&self->call, (int64_t)m, dot + at, xx, ww, self->z + at);
        gsc_exercise_leave(self, "inner");
        if (gate->inner_slope != NULL) {
            gsc_exercise_enter("inner_slope");
            gate->inner_slope(&self->call, (int64_t)m, dot + at, xx, ww, slopes[0] + at,
                              slopes[1] + at, slopes[2] + at);
            gsc_exercise_leave(self, "inner_slope");
        }
    }
    gsc_exercise_record(self, "inner", self->z, t * m, m, true);
    for (size_t i = 0; gate->inner_slope != NULL && i < 3; i++) {
        gsc_exercise_record(self, "inner_slope", slopes[i], t * m, m, false);
    }
}

void gsc_exercise_score(gsc_exercise *self) {
    const gsc_gate *gate = self->plugin->gate;
    size_t t = (size_t)self->plan.rows, m = (size_t)self->call.logits;
    size_t d = (size_t)self->plan.inputs;
    self->z = gsc_exercise_numbers(self, "z", t * m);
    if (self->failed) {
        return;
    }
    if (gate->score_form == GSC_SCORE_INNER) {
        inner_score(self, t, m, d);
    } else if (gate->score_form == GSC_SCORE_OWN) {
        gsc_exercise_enter("score");
        gate->score(&self->call, self->x, self->z);
        gsc_exercise_leave(self, "score");
        gsc_exercise_record(self, "score", self->z, t * m, m, true);
    } else if (m > 0) {
        gsc_host_matmul(self->z, self->x, self->w, t, m, d, false, true, false);
    }
    if (self->plan.kind != GSC_INPUTS_ORDINARY && m > 0) {
        double *z = gsc_exercise_numbers(self, "z", t * m);
        for (size_t i = 0; z != NULL && i < t * m; i++) {
            z[i] = special(self, i / m, i % m, 1.5 * gsc_exercise_noise(self->plan.seed + 9, i));
        }
        self->z = z != NULL ? z : self->z;
    }
    gsc_exercise_keep(self, self->z);
}

/* ---- Probs ---- */

static void normalise(gsc_exercise *self, size_t row, size_t e) {
    const bool no_sum = (self->plugin->capabilities & GSC_CAP_NO_SUM) != 0;
    const bool log_form = self->plugin->gate->affinity_form == GSC_AFFINITY_LOG;
    const double *a = self->affinity + row * e;
    double *p = self->p + row * e, top = log_form && !no_sum ? a[0] : 0, sum = 0;
    for (size_t j = 1; log_form && !no_sum && j < e; j++) {
        top = a[j] > top ? a[j] : top;
    }
    for (size_t j = 0; j < e; j++) {
        p[j] = log_form ? exp(a[j] - top) : a[j];
        sum += p[j];
    }
    for (size_t j = 0; !no_sum && j < e; j++) {
        p[j] /= sum;
    }
}

void gsc_exercise_probs(gsc_exercise *self) {
    const gsc_gate *gate = self->plugin->gate;
    size_t t = (size_t)self->plan.rows, m = (size_t)self->call.logits;
    size_t e = (size_t)self->plan.experts;
    self->p = gsc_exercise_numbers(self, "p", t * e);
    if (gate->affinity != NULL) {
        self->affinity = gsc_exercise_numbers(self, "the affinities", t * e);
    }
    if (self->failed) {
        return;
    }
    if (gate->affinity != NULL) {
        gsc_exercise_enter("affinity");
        gate->affinity(&self->call, (int64_t)(t * e), self->z, self->affinity);
        gsc_exercise_leave(self, "affinity");
        gsc_exercise_record(self, "affinity", self->affinity, t * e, e, true);
        gsc_exercise_keep(self, self->affinity);
        for (size_t row = 0; row < t; row++) {
            normalise(self, row, e);
        }
    } else {
        for (size_t row = 0; row < t; row++) {
            gsc_exercise_enter("probs");
            gate->probs(&self->call, (int64_t)row, self->z + row * m, self->p + row * e);
            gsc_exercise_leave(self, "probs");
        }
    }
    gsc_exercise_record(self, gate->affinity != NULL ? "p" : "probs", self->p, t * e, e, true);
    gsc_exercise_keep(self, self->p);
}

static void slopes_of_probs(gsc_exercise *self, size_t t, size_t m, size_t e) {
    const gsc_gate *gate = self->plugin->gate;
    if (gate->affinity_slope != NULL) {
        double *slope = gsc_exercise_numbers(self, "the slopes", t * e);
        if (slope != NULL) {
            gsc_exercise_enter("affinity_slope");
            gate->affinity_slope(&self->call, (int64_t)(t * e), self->z, slope);
            gsc_exercise_leave(self, "affinity_slope");
            gsc_exercise_record(self, "affinity_slope", slope, t * e, e, false);
        }
    }
    if (gate->probs_backward != NULL) {
        double *dp = gsc_exercise_numbers(self, "dp", t * e);
        double *dz = gsc_exercise_numbers(self, "dz", t * m);
        for (size_t i = 0; !self->failed && i < t * e; i++) {
            dp[i] = gsc_exercise_noise(self->plan.seed + 21, i);
        }
        gsc_exercise_keep(self, dp);
        for (size_t row = 0; !self->failed && row < t; row++) {
            gsc_exercise_enter("probs_backward");
            gate->probs_backward(&self->call, (int64_t)row, self->z + row * m, self->p + row * e,
                                 dp + row * e, dz + row * m);
            gsc_exercise_leave(self, "probs_backward");
        }
        gsc_exercise_record(self, "probs_backward", dz, t * m, m, false);
    }
}

/* ---- Select ---- */

static int64_t most_chosen(gsc_exercise *self) {
    const gsc_gate *gate = self->plugin->gate;
    int64_t e = self->plan.experts, most = self->plan.top_k;
    if (gate->max_chosen != NULL) {
        gsc_exercise_enter("max_chosen");
        most = gate->max_chosen(&self->call);
        gsc_exercise_leave(self, "max_chosen");
    } else if (gate->count != NULL || gate->select != NULL) {
        most = e;
    }
    if (most < 0 || most > e) {
        snprintf(self->choice_error, sizeof self->choice_error,
                 "max_chosen returns %lld; 0 to the %lld experts is right", (long long)most,
                 (long long)e);
        most = e;
    }
    return most;
}

static void rank_row(gsc_exercise *self, size_t row) {
    const gsc_gate *gate = self->plugin->gate;
    size_t e = (size_t)self->plan.experts;
    const double *p = self->p + row * e;
    double *rank = self->rank + row * e, usable[4096];
    if (gate->rank != NULL) {
        gsc_exercise_enter("rank");
        gate->rank(&self->call, (int64_t)row, self->z + row * (size_t)self->call.logits, p, rank);
        gsc_exercise_leave(self, "rank");
    } else {
        for (size_t j = 0; j < e; j++) {
            rank[j] = p[j] + (self->call.bias != NULL ? self->call.bias[j] : 0);
        }
    }
    for (size_t j = 0; j < e && j < 4096; j++) {
        usable[j] = isnan(rank[j]) ? -INFINITY : rank[j];
    }
    gsc_host_top_k(self->order, usable, e, e);
}

/* The row's own choice: how many of the order, none that ranks -infinity. */
static void choose_row(gsc_exercise *self, size_t row, int64_t most) {
    const gsc_gate *gate = self->plugin->gate;
    const int64_t e = self->plan.experts;
    const double *rank = self->rank + row * (size_t)e;
    int64_t count = self->plan.top_k, *start = self->choice.start;
    if (gate->count != NULL) {
        gsc_exercise_enter("count");
        count = gate->count(&self->call, (int64_t)row, self->p + row * (size_t)e, self->order);
        gsc_exercise_leave(self, "count");
    }
    if (count < 0 || count > e) {
        snprintf(self->choice_error, sizeof self->choice_error,
                 "count returns %lld (row %zu); 0 to the %lld experts is right", (long long)count,
                 row, (long long)e);
        count = 0;
    }
    while (count > 0 && rank[self->order[count - 1]] == -INFINITY) {
        count--;
    }
    if (count > most) {
        snprintf(self->choice_error, sizeof self->choice_error,
                 "row %zu takes %lld experts, and max_chosen promised at most %lld", row,
                 (long long)count, (long long)most);
        count = most;
    }
    memcpy(self->choice.chosen + start[row], self->order, (size_t)count * sizeof(int32_t));
    start[row + 1] = start[row] + count;
}

static void check_select(gsc_exercise *self) {
    const gsc_choice *choice = &self->choice;
    const int64_t e = self->plan.experts;
    bool rising = choice->start[0] == 0;
    for (int64_t row = 0; rising && row < self->plan.rows; row++) {
        int64_t from = choice->start[row], to = choice->start[row + 1];
        rising = from <= to && to <= choice->capacity;
        for (int64_t i = from; rising && i < to; i++) {
            bool twice = false;
            for (int64_t k = from; k < i; k++) {
                twice = twice || choice->chosen[k] == choice->chosen[i];
            }
            if (twice || choice->chosen[i] < 0 || choice->chosen[i] >= e) {
                snprintf(self->choice_error, sizeof self->choice_error,
                         "select chooses expert %d in row %lld%s; one of %lld, each once a row, is "
                         "right",
                         choice->chosen[i], (long long)row, twice ? " twice" : "", (long long)e);
                memset(choice->start, 0, ((size_t)self->plan.rows + 1) * sizeof *choice->start);
                return;
            }
        }
    }
    if (!rising) {
        snprintf(self->choice_error, sizeof self->choice_error,
                 "select's row starts do not rise from 0 to at most %lld",
                 (long long)choice->capacity);
        memset(choice->start, 0, ((size_t)self->plan.rows + 1) * sizeof *choice->start);
    }
}

static void run_select(gsc_exercise *self) {
    const gsc_gate *gate = self->plugin->gate;
    size_t bytes = 0;
    if (gate->select_scratch != NULL) {
        gsc_exercise_enter("select_scratch");
        bytes = gate->select_scratch(&self->call);
        gsc_exercise_leave(self, "select_scratch");
    }
    void *scratch = gsc_exercise_room(self, "the scratch of select", bytes);
    if (self->failed) {
        return;
    }
    gsc_choice given = self->choice;
    gsc_exercise_enter("select");
    gate->select(&self->call, self->z, self->p, &given, scratch);
    gsc_exercise_leave(self, "select");
    check_select(self);
}

static void make_choice(gsc_exercise *self, size_t t, size_t e) {
    const gsc_plan *plan = &self->plan;
    int64_t most = most_chosen(self);
    size_t capacity = t * (size_t)(plan->forced != NULL && most < plan->top_k ? plan->top_k : most);
    gsc_choice *choice = &self->choice;
    choice->start = gsc_exercise_room(self, "the row starts", (t + 1) * sizeof(int64_t));
    choice->chosen = gsc_exercise_room(self, "the chosen experts", capacity * sizeof(int32_t));
    choice->weight = gsc_exercise_numbers(self, "the weights", capacity);
    choice->capacity = (int64_t)capacity;
    self->order = gsc_exercise_room(self, "the order", e * sizeof(int32_t));
    self->rank = gsc_exercise_numbers(self, "the ranks", t * e);
    if (self->failed) {
        return;
    }
    choice->start[0] = 0;
    for (size_t row = 0; row < t; row++) {
        rank_row(self, row);
        if (plan->forced != NULL) {
            int64_t k = plan->top_k;
            memcpy(choice->chosen + (int64_t)row * k, plan->forced + (int64_t)row * k,
                   (size_t)k * sizeof(int32_t));
            choice->start[row + 1] = choice->start[row] + k;
        } else if (self->plugin->gate->select == NULL) {
            choose_row(self, row, most);
        }
    }
    if (self->plugin->gate->rank != NULL) {
        gsc_exercise_record(self, "rank", self->rank, t * e, e, true);
    }
    if (self->plugin->gate->select != NULL && plan->forced == NULL) {
        run_select(self);
    }
    gsc_exercise_keep(self, choice->start);
    gsc_exercise_keep(self, choice->chosen);
}

/* ---- Combine ---- */

static void weigh_row(gsc_exercise *self, size_t row, size_t e) {
    const gsc_gate *gate = self->plugin->gate;
    const double *p = self->p + row * e;
    const int64_t from = self->choice.start[row], n = self->choice.start[row + 1] - from;
    const int32_t *chosen = self->choice.chosen + from;
    double *weight = self->choice.weight + from, sum = 1e-20;
    if (gate->combine_form == GSC_COMBINE_OWN) {
        gsc_exercise_enter("combine");
        gate->combine(&self->call, (int64_t)row, self->z + row * (size_t)self->call.logits, p, n,
                      chosen, weight);
        gsc_exercise_leave(self, "combine");
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        sum += p[chosen[i]];
    }
    for (int64_t i = 0; i < n; i++) {
        weight[i] = gate->combine_form == GSC_COMBINE_KEEP ? p[chosen[i]] : p[chosen[i]] / sum;
    }
}

static void combine_backward_row(gsc_exercise *self, size_t row, size_t e, double *dp, double *dz) {
    const gsc_gate *gate = self->plugin->gate;
    const size_t m = (size_t)self->call.logits;
    const int64_t from = self->choice.start[row], n = self->choice.start[row + 1] - from;
    const int32_t *chosen = self->choice.chosen + from;
    const double *p = self->p + row * e, *z = self->z + row * m;
    double dweight[4096];
    for (int64_t i = 0; i < n && i < 4096; i++) {
        dweight[i] = gsc_exercise_noise(self->plan.seed + 31, (uint64_t)(from + i));
    }
    if (gate->estimate != NULL) {
        gsc_exercise_enter("estimate");
        gate->estimate(&self->call, (int64_t)row, z, p, n, chosen, dweight, dz + row * m);
        gsc_exercise_leave(self, "estimate");
    } else if (gate->combine_backward != NULL) {
        gsc_exercise_enter("combine_backward");
        gate->combine_backward(&self->call, (int64_t)row, z, p, n, chosen, dweight, dp + row * e);
        gsc_exercise_leave(self, "combine_backward");
    }
}

static void combine(gsc_exercise *self, size_t t, size_t e) {
    const gsc_gate *gate = self->plugin->gate;
    const size_t m = (size_t)self->call.logits;
    self->chosen = gsc_exercise_numbers(self, "the dense choice", t * e);
    self->weights = gsc_exercise_numbers(self, "the dense weights", t * e);
    double *dp = gsc_exercise_numbers(self, "dp", t * e);
    double *dz = gsc_exercise_numbers(self, "dz", t * m);
    if (self->failed) {
        return;
    }
    memset(dp, 0, t * e * sizeof *dp);
    memset(dz, 0, t * m * sizeof *dz);
    memset(self->chosen, 0, t * e * sizeof *dp);
    memset(self->weights, 0, t * e * sizeof *dp);
    for (size_t row = 0; row < t; row++) {
        weigh_row(self, row, e);
        for (int64_t i = self->choice.start[row]; i < self->choice.start[row + 1]; i++) {
            size_t at = row * e + (size_t)self->choice.chosen[i];
            self->chosen[at] = 1;
            self->weights[at] = self->choice.weight[i];
        }
    }
    gsc_exercise_record(self, "the choice", self->chosen, t * e, e, true);
    gsc_exercise_record(self, gate->combine_form == GSC_COMBINE_OWN ? "combine" : "the weights",
                        self->weights, t * e, e, true);
    gsc_exercise_keep(self, self->choice.weight);
    for (size_t row = 0; row < t && gate->combine_form == GSC_COMBINE_OWN; row++) {
        combine_backward_row(self, row, e, dp, dz);
    }
    if (gate->combine_backward != NULL) {
        gsc_exercise_record(self, "combine_backward", dp, t * e, e, false);
    }
    if (gate->estimate != NULL) {
        gsc_exercise_record(self, "estimate", dz, t * m, m, false);
    }
}

/* ---- The rest ---- */

static void score_backward(gsc_exercise *self, size_t t, size_t m, size_t d) {
    double *dz = gsc_exercise_numbers(self, "dz", t * m);
    double *dx = gsc_exercise_numbers(self, "dx", t * d);
    for (size_t i = 0; !self->failed && i < t * m; i++) {
        dz[i] = gsc_exercise_noise(self->plan.seed + 41, i);
    }
    if (self->failed) {
        return;
    }
    gsc_exercise_keep(self, dz);
    gsc_exercise_enter("score_backward");
    self->plugin->gate->score_backward(&self->call, self->x, self->z, dz, dx);
    gsc_exercise_leave(self, "score_backward");
    gsc_exercise_record(self, "score_backward", dx, t * d, d, false);
    for (size_t i = 0; i < self->plugin->n_tensors; i++) {
        if (self->gradients[i] != NULL) {
            gsc_exercise_record(self, "score_backward", self->gradients[i], self->sizes[i], 0,
                                false);
        }
    }
}

/* observe and update, which alone may move state. */
static void move_state(gsc_exercise *self, size_t t, size_t e) {
    const gsc_gate *gate = self->plugin->gate;
    self->loads = gsc_exercise_numbers(self, "the loads", e);
    for (size_t j = 0; !self->failed && j < e; j++) {
        self->loads[j] = 0;
        for (size_t row = 0; row < t; row++) {
            self->loads[j] += self->chosen[row * e + j];
        }
    }
    if (self->failed) {
        return;
    }
    gsc_exercise_keep(self, self->loads);
    for (size_t i = 0; i < self->plugin->n_tensors; i++) {
        gsc_exercise_release(self, self->tensors[i]);
    }
    if (gate->observe != NULL) {
        gsc_exercise_enter("observe");
        gate->observe(&self->call, self->z, self->p, &self->choice);
        gsc_exercise_leave(self, "observe");
    }
    if (gate->update != NULL) {
        gsc_exercise_enter("update");
        gate->update(&self->call, self->loads);
        gsc_exercise_leave(self, "update");
    }
    for (size_t i = 0; i < self->plugin->n_tensors; i++) {
        if (self->plugin->tensors[i].role == GSC_TENSOR_STATE) {
            gsc_exercise_record(self, gate->update != NULL ? "update" : "observe", self->tensors[i],
                                self->sizes[i], 0, false);
        }
    }
}

void gsc_exercise_gate(gsc_exercise *self) {
    const gsc_gate *gate = self->plugin->gate;
    size_t t = (size_t)self->plan.rows, m = (size_t)self->call.logits;
    size_t d = (size_t)self->plan.inputs, e = (size_t)self->plan.experts;
    gsc_exercise_score(self);
    if (!self->failed) {
        gsc_exercise_probs(self);
    }
    if (!self->failed) {
        slopes_of_probs(self, t, m, e);
    }
    if (!self->failed) {
        make_choice(self, t, e);
    }
    if (!self->failed) {
        combine(self, t, e);
    }
    if (!self->failed) {
        gsc_exercise_mix(self);
    }
    if (!self->failed && gate->score_backward != NULL) {
        score_backward(self, t, m, d);
    }
    if (!self->failed && (gate->observe != NULL || gate->update != NULL)) {
        move_state(self, t, e);
    }
}
