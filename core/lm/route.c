/* SPDX-License-Identifier: MIT
 *
 * From a gate's choice to the device: what full experts drop, the places of every pair, where each
 * kind of experts begins. Layer: core/lm.
 *
 * An expert takes ceil(capacity_factor * choices / E) choices of a micro-batch, in training alone.
 * What comes beyond is dropped: by position the later ones, by score those of the lower p. The
 * weights of what is kept are not changed.
 */
#include "core/lm/model_internal.h"

#include "kernels/dispatch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Drops ---- */

static int by_score(const void *a, const void *b) {
    const lm_candidate *x = a, *y = b;
    return x->expert != y->expert ? (x->expert > y->expert) - (x->expert < y->expert)
           : x->p != y->p         ? (x->p < y->p) - (x->p > y->p)
                                  : (x->place > y->place) - (x->place < y->place);
}

/* Marks in self->keep the choices that stay where experts prefer high scores. */
static void keep_by_score(gsc_lm *self, const gsc_gate_pass *pass, size_t most) {
    const gsc_choice *choice = &pass->choice;
    const size_t n = (size_t)choice->start[self->rows], e = self->shape.experts;
    for (size_t t = 0; t < self->rows; t++) {
        for (int64_t i = choice->start[t]; i < choice->start[t + 1]; i++) {
            self->candidates[i] = (lm_candidate){.expert = choice->chosen[i],
                                                 .place = (int32_t)i,
                                                 .p = pass->p[t * e + (size_t)choice->chosen[i]]};
        }
    }
    qsort(self->candidates, n, sizeof *self->candidates, by_score);
    for (size_t i = 0, first = 0; i < n; i++) {
        first = self->candidates[i].expert != self->candidates[first].expert ? i : first;
        self->keep[self->candidates[i].place] = i - first < most;
    }
}

static void keep_by_position(gsc_lm *self, const gsc_choice *choice, size_t most) {
    int32_t *count = self->slot_expert_host + self->capacity;
    memset(count, 0, self->shape.experts * sizeof *count);
    for (int64_t i = 0; i < choice->start[self->rows]; i++) {
        self->keep[i] = (size_t)count[choice->chosen[i]]++ < most;
    }
}

/* The kept choices as rows: start_host, chosen_host, weight_host, gate->kept; l->n of them. */
static void drop(gsc_lm *self, lm_layer *l) {
    const gsc_gate_pass *pass = &l->gate.pass;
    const gsc_choice *choice = &pass->choice;
    const size_t n = (size_t)choice->start[self->rows];
    const double even = self->shape.capacity_factor * (double)n / (double)self->shape.experts;
    const size_t most = even < (double)n ? (size_t)fmax(1, ceil(even)) : n;
    size_t kept = 0;
    if (self->shape.drop_by_score) {
        keep_by_score(self, pass, most);
    } else {
        keep_by_position(self, choice, most);
    }
    for (size_t t = 0; t < self->rows; t++) {
        self->start_host[t] = (int32_t)kept;
        for (int64_t i = choice->start[t]; i < choice->start[t + 1]; i++) {
            if (self->keep[i]) {
                self->chosen_host[kept] = choice->chosen[i];
                self->weight_host[kept] = self->shape.routed_scale * choice->weight[i];
                l->gate.kept[kept++] = (int32_t)i;
            }
        }
    }
    self->start_host[self->rows] = (int32_t)kept;
    l->n = kept;
    l->gate.n_dropped = n - kept;
}

static void take_all(gsc_lm *self, lm_layer *l) {
    const gsc_choice *choice = &l->gate.pass.choice;
    for (size_t t = 0; t <= self->rows; t++) {
        self->start_host[t] = (int32_t)choice->start[t];
    }
    l->n = (size_t)choice->start[self->rows];
    l->gate.n_dropped = 0;
    for (size_t i = 0; i < l->n; i++) {
        self->weight_host[i] = self->shape.routed_scale * choice->weight[i];
    }
}

/* Slot s of each sequence is a row of its own, which chose its expert alone. */
static void take_slots(gsc_lm *self, lm_layer *l) {
    const size_t slots = self->slots, each = self->shape.slots;
    l->n = self->options.sequences * slots;
    for (size_t i = 0; i < l->n; i++) {
        self->start_host[i] = (int32_t)i;
        self->chosen_host[i] = (int32_t)(i % slots / each);
        self->weight_host[i] = self->shape.routed_scale;
    }
    self->start_host[l->n] = (int32_t)l->n;
}

void lm_undrop(gsc_lm *self, const lm_layer *l) {
    if (l->gate.n_dropped == 0) {
        return;
    }
    const size_t n = (size_t)l->gate.pass.choice.start[self->rows];
    for (size_t i = n, k = l->n; i-- > 0;) {
        const bool kept = k > 0 && l->gate.kept[k - 1] == (int32_t)i;
        self->weight_host[i] = kept ? self->weight_host[k - 1] : 0;
        k -= kept;
    }
}

/* ---- To the device ---- */

/* Where each kind's slots begin and, where they are asked for, offsets and experts within a kind. */
static gsc_status write_kinds(gsc_lm *self, lm_layer *l, const int32_t *chosen, gsc_error *error) {
    int32_t *count = self->slot_expert_host + self->capacity;
    memset(count, 0, self->shape.experts * sizeof *count);
    for (size_t i = 0; i < l->n; i++) {
        count[chosen[i]]++;
    }
    int32_t *offset = self->kind_offset_host;
    size_t slots = 0;
    for (size_t k = 0; k < self->n_kinds; k++) {
        const lm_kind *kind = &self->kinds[k];
        l->kind_slot[k] = slots;
        for (size_t j = 0; j < kind->count; j++) {
            if (self->n_kinds > 1) {
                *offset++ = (int32_t)(slots - l->kind_slot[k]);
            }
            for (int32_t i = 0; i < count[kind->first + j]; i++) {
                self->slot_expert_host[slots++] = (int32_t)j;
            }
        }
        if (self->n_kinds > 1) {
            *offset++ = (int32_t)(slots - l->kind_slot[k]);
        }
    }
    l->kind_slot[self->n_kinds] = slots;
    gsc_status status = GSC_OK;
    if (self->n_kinds > 1) {
        status = lm_put(self, &l->kind_offset, self->kind_offset_host,
                        self->shape.experts + self->n_kinds, error);
    }
    return status == GSC_OK && self->biased
               ? lm_put(self, &l->slot_expert, self->slot_expert_host, l->n, error)
               : status;
}

gsc_status lm_route(gsc_lm *self, lm_layer *l, bool drops, gsc_error *error) {
    const int32_t *chosen = l->gate.pass.choice.chosen;
    size_t rows = self->rows;
    if (self->mixes) {
        take_slots(self, l);
        rows = l->n;
        chosen = self->chosen_host;
    } else if (drops && self->shape.capacity_factor > 0) {
        drop(self, l);
        chosen = self->chosen_host;
    } else {
        take_all(self, l);
    }
    const gsc_view start = lm_rows(l->start, rows + 1);
    gsc_status status = lm_put(self, &start, self->start_host, rows + 1, error);
    if (status == GSC_OK) {
        status = lm_put(self, &l->expert, chosen, l->n, error);
    }
    if (status == GSC_OK) {
        status =
            lm_put_doubles(self, &l->weight, &self->weight_double, l->n, self->weight_host, error);
    }
    const gsc_view row = lm_rows(l->row, l->n), place = lm_rows(l->choice, l->n);
    const gsc_view slot = lm_rows(l->slot, l->n), expert = lm_rows(l->expert, l->n);
    gsc_dispatch_plan(self->queue, &l->offset, &row, &place, &slot, &start, &expert);
    return status == GSC_OK ? write_kinds(self, l, chosen, error) : status;
}
