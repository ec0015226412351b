/* SPDX-License-Identifier: MIT
 *
 * Experts of a form of their own: a plugin's forward and backward, on the host, in double, one
 * expert a task. What moves between device and host is said in the memory forecast. Layer: core/lm.
 */
#include "core/lm/model_internal.h"

#include "core/plugin/guard.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_TENSORS = 64
};

/* Room for the slots and tensors of one kind at a time. */
struct lm_own {
    double *x, *y, *dy;         /* [capacity, d] */
    double *weight, *dweight;   /* [capacity] by place; dweight of the slots of own kinds */
    double *values, *gradients; /* tensors of the kind, one after another, experts by rows */
    int32_t *offset, *choice;   /* [E + 1], [capacity] */
    gsc_status *status;         /* [E] */
    gsc_error *errors;
};

/* Numbers of a kind's tensors in a layer. */
static size_t numbers_of(const gsc_lm *self, size_t kind) {
    size_t n = 0;
    for (size_t i = 0; i < self->parameters.count; i++) {
        const gsc_lm_parameter *p = &self->parameters.list[i];
        n += p->role == GSC_LM_EXPERT_TENSOR && p->layer == 0 && p->which / 64 == kind ? p->count
                                                                                       : 0;
    }
    return n;
}

static size_t most_numbers(const gsc_lm *self) {
    size_t most = 1;
    for (size_t k = 0; k < self->n_kinds; k++) {
        const size_t n = self->kinds[k].own ? numbers_of(self, k) : 0;
        most = n > most ? n : most;
    }
    return most;
}

size_t lm_own_bytes(const gsc_lm *self) {
    const size_t d = self->shape.width, e = self->shape.experts;
    return !self->own ? 0
                      : (3 * self->capacity * d + 2 * self->capacity + 2 * most_numbers(self)) *
                                sizeof(double) +
                            (e + 1 + self->capacity) * sizeof(int32_t) +
                            e * (sizeof(gsc_status) + sizeof(gsc_error));
}

gsc_status lm_own_room(gsc_lm *self, gsc_error *error) {
    const size_t rows = self->capacity * self->shape.width, e = self->shape.experts;
    struct lm_own *room = calloc(1, sizeof *room);
    self->own_room = room;
    if (room != NULL) {
        room->x = calloc(rows + 1, sizeof *room->x);
        room->y = calloc(rows + 1, sizeof *room->y);
        room->dy = calloc(rows + 1, sizeof *room->dy);
        room->weight = calloc(self->capacity + 1, sizeof *room->weight);
        room->dweight = calloc(self->capacity + 1, sizeof *room->dweight);
        room->values = calloc(most_numbers(self), sizeof *room->values);
        room->gradients = calloc(most_numbers(self), sizeof *room->gradients);
        room->offset = calloc(e + 1, sizeof *room->offset);
        room->choice = calloc(self->capacity + 1, sizeof *room->choice);
        room->status = calloc(e, sizeof *room->status);
        room->errors = calloc(e, sizeof *room->errors);
    }
    return room != NULL && room->x != NULL && room->y != NULL && room->dy != NULL &&
                   room->weight != NULL && room->dweight != NULL && room->values != NULL &&
                   room->gradients != NULL && room->offset != NULL && room->choice != NULL &&
                   room->status != NULL && room->errors != NULL
               ? GSC_OK
               : gsc_fail(error, GSC_ERR_MEMORY, "no memory for experts of their own form");
}

void lm_own_clear(gsc_lm *self) {
    struct lm_own *room = self->own_room;
    if (room == NULL) {
        return;
    }
    void *const owned[] = {room->x,       room->y,      room->dy,        room->weight,
                           room->dweight, room->values, room->gradients, room->offset,
                           room->choice,  room->status, room->errors};
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) {
        free(owned[i]);
    }
    free(room);
    self->own_room = NULL;
}

/* ---- One kind in one layer ---- */

typedef struct work {
    gsc_lm *model;
    const lm_kind *kind;
    size_t layer;
    const gsc_lm_parameter *tensors[MOST_TENSORS];
    size_t at[MOST_TENSORS]; /* in values */
    uint32_t n_tensors;
    bool backward;
} work;

static gsc_status read_kind(gsc_lm *self, size_t layer, size_t k, work *ret_work,
                            gsc_error *error) {
    const lm_kind *kind = &self->kinds[k];
    lm_layer *l = &self->layers[layer];
    struct lm_own *room = self->own_room;
    work w = {.model = self,
              .kind = kind,
              .layer = layer,
              .n_tensors = kind->plugin->loaded->plugin->n_tensors};
    gsc_status status =
        gsc_buf_read(self->queue, l->offset.buf, l->offset.offset * sizeof(int32_t),
                     (self->shape.experts + 1) * sizeof(int32_t), room->offset, error);
    size_t at = 0;
    for (uint32_t i = 0; i < w.n_tensors && status == GSC_OK; i++) {
        w.tensors[i] = gsc_lm_parameters_find(&self->parameters, GSC_LM_EXPERT_TENSOR, layer,
                                              GSC_LM_WHICH(k, i));
        w.at[i] = at;
        status = gsc_lm_read(self, GSC_LM_VALUES, w.tensors[i], 0, w.tensors[i]->count,
                             room->values + at, error);
        at += w.tensors[i]->count;
    }
    *ret_work = w;
    return status;
}

/* An expert's rows are finite, or it says where not. */
static gsc_status check_rows(const work *w, size_t expert, const char *function, const double *rows,
                             size_t n, gsc_error *error) {
    const size_t d = w->model->shape.width;
    for (size_t i = 0; i < n * d; i++) {
        if (!isfinite(rows[i])) {
            return gsc_fail(error, GSC_ERR_PLUGIN,
                            "%s: %s returned %g (expert %zu, row %zu, column %zu); it must be "
                            "finite",
                            w->kind->name, function, isnan(rows[i]) ? NAN : rows[i],
                            w->kind->first + expert, i / d, i % d);
        }
    }
    return GSC_OK;
}

/* Expert number j of the kind, over its slots. */
static void run_expert(void *data, size_t j, size_t worker) {
    const work *w = data;
    gsc_lm *self = w->model;
    struct lm_own *room = self->own_room;
    const size_t d = self->shape.width, base = (size_t)room->offset[w->kind->first];
    const size_t first = (size_t)room->offset[w->kind->first + j] - base;
    const size_t n = (size_t)room->offset[w->kind->first + j + 1] - base - first;
    double *tensors[MOST_TENSORS], *gradients[MOST_TENSORS];
    (void)worker;
    for (uint32_t i = 0; i < w->n_tensors; i++) {
        const size_t each = w->tensors[i]->count / w->kind->count;
        tensors[i] = room->values + w->at[i] + j * each;
        gradients[i] = w->tensors[i]->trained ? room->gradients + w->at[i] + j * each : NULL;
    }
    gsc_call call = lm_expert_call(&self->shape, w->kind->plugin);
    call.layer = (int32_t)w->layer;
    call.rows = (int64_t)n;
    call.tensors = tensors;
    call.gradients = w->backward ? gradients : NULL;
    room->status[j] = GSC_OK;
    if (n == 0) {
        return;
    }
    double *x = room->x + first * d, *y = room->y + first * d, *dy = room->dy + first * d;
    if (!w->backward) {
        gsc_guard_enter(w->kind->name, "forward");
        w->kind->expert->forward(&call, x, y);
        gsc_guard_leave();
        room->status[j] = check_rows(w, j, "forward", y, n, &room->errors[j]);
        return;
    }
    gsc_guard_enter(w->kind->name, "backward");
    w->kind->expert->backward(&call, x, dy, y);
    gsc_guard_leave();
    room->status[j] = check_rows(w, j, "backward", y, n, &room->errors[j]);
}

static gsc_status run_kind(work *w, bool backward, gsc_error *error) {
    struct lm_own *room = w->model->own_room;
    w->backward = backward;
    gsc_pool_run(w->model->options.pool, w->kind->count, run_expert, w);
    for (size_t j = 0; j < w->kind->count; j++) {
        if (room->status[j] != GSC_OK) {
            return gsc_fail(error, room->status[j], "%s", room->errors[j].message);
        }
    }
    return GSC_OK;
}

gsc_status lm_own_forward(gsc_lm *self, size_t layer, size_t kind, const gsc_view *y,
                          const gsc_view *x, gsc_error *error) {
    struct lm_own *room = self->own_room;
    const size_t count = gsc_view_count(x);
    work w;
    gsc_status status = read_kind(self, layer, kind, &w, error);
    if (status == GSC_OK) {
        status = lm_get_doubles(self, x, &self->row_double, count, room->x, error);
    }
    if (status == GSC_OK) {
        status = run_kind(&w, false, error);
    }
    return status == GSC_OK ? lm_put_doubles(self, y, &self->row_double, count, room->y, error)
                            : status;
}

/* dweight = dy . y and dy *= weight, by slot. */
static gsc_status weigh(gsc_lm *self, lm_layer *l, size_t kind, gsc_error *error) {
    struct lm_own *room = self->own_room;
    const size_t d = self->shape.width, first = l->kind_slot[kind];
    gsc_status status = gsc_buf_read(self->queue, l->choice.buf, l->choice.offset * sizeof(int32_t),
                                     l->n * sizeof(int32_t), room->choice, error);
    if (status == GSC_OK) {
        status = lm_get_doubles(self, &l->weight, &self->weight_double, l->n, room->weight, error);
    }
    for (size_t s = first; s < l->kind_slot[kind + 1] && status == GSC_OK; s++) {
        double *dy = room->dy + (s - first) * d;
        const double *y = room->y + (s - first) * d;
        const int32_t place = room->choice[s];
        double sum = 0;
        for (size_t i = 0; i < d; i++) {
            sum += dy[i] * y[i];
            dy[i] *= room->weight[place];
        }
        room->dweight[place] = sum;
    }
    return status;
}

static gsc_status add_gradients(const work *w, gsc_error *error) {
    struct lm_own *room = w->model->own_room;
    gsc_status status = GSC_OK;
    for (uint32_t i = 0; i < w->n_tensors && status == GSC_OK; i++) {
        const gsc_lm_parameter *p = w->tensors[i];
        double *sum = room->values + w->at[i]; /* no longer needed */
        if (!p->trained) {
            continue;
        }
        status = gsc_lm_read(w->model, GSC_LM_GRADIENTS, p, 0, p->count, sum, error);
        for (size_t k = 0; k < p->count; k++) {
            sum[k] += room->gradients[w->at[i] + k];
        }
        if (status == GSC_OK) {
            status = gsc_lm_write(w->model, GSC_LM_GRADIENTS, p, 0, p->count, sum, error);
        }
    }
    return status;
}

gsc_status lm_own_backward(gsc_lm *self, size_t layer, size_t kind, const gsc_view *dx,
                           const gsc_view *dy, const gsc_view *x, gsc_error *error) {
    struct lm_own *room = self->own_room;
    const size_t count = gsc_view_count(x);
    work w;
    gsc_status status = read_kind(self, layer, kind, &w, error);
    if (status == GSC_OK) {
        status = lm_get_doubles(self, x, &self->row_double, count, room->x, error);
    }
    if (status == GSC_OK) {
        status = lm_get_doubles(self, dy, &self->row_double, count, room->dy, error);
    }
    if (status == GSC_OK) {
        status = run_kind(&w, false, error);
    }
    if (status == GSC_OK) {
        status = weigh(self, &self->layers[layer], kind, error);
    }
    if (status == GSC_OK) {
        memset(room->gradients, 0, most_numbers(self) * sizeof *room->gradients);
        status = run_kind(&w, true, error);
    }
    if (status == GSC_OK) {
        status = lm_put_doubles(self, dx, &self->row_double, count, room->y, error);
    }
    return status == GSC_OK ? add_gradients(&w, error) : status;
}

void lm_own_weights(const gsc_lm *self, const lm_layer *l, double *dweight) {
    for (size_t k = 0; k < self->n_kinds; k++) {
        for (size_t s = l->kind_slot[k]; self->kinds[k].own && s < l->kind_slot[k + 1]; s++) {
            const int32_t place = self->own_room->choice[s];
            dweight[place] = self->own_room->dweight[place];
        }
    }
}
