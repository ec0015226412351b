/* SPDX-License-Identifier: MIT
 *
 * Where every tensor of a model lies: one buffer for numbers of its type, one for indices, one for
 * doubles. Layer: core/lm.
 */
#include "core/lm/model_internal.h"

#include "core/plugin/guard.h"

#include <inttypes.h>
#include <math.h>

enum {
    NUMBERS,
    INDICES,
    DOUBLES,
    LOGITS_AT_ONCE = 1 << 22, /* numbers of logits that are there at once, about */
    ALIGNMENT = 16
};

static size_t largest(size_t a, size_t b) {
    return a > b ? a : b;
}

static gsc_view take(gsc_lm *self, int where, uint32_t dims, size_t rows, size_t columns) {
    gsc_buf *const buffers[] = {self->activations, self->indices, self->doubles};
    const gsc_dtype types[] = {self->dtype, GSC_I32, GSC_F64};
    const size_t count = dims == 1 ? rows : rows * columns;
    gsc_view view = {.buf = buffers[where],
                     .offset = self->used[where],
                     .dtype = types[where],
                     .dims = dims,
                     .shape = {(int64_t)rows, (int64_t)columns}};
    self->used[where] += (count + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return view;
}

static gsc_view matrix(gsc_lm *self, size_t rows, size_t columns) {
    return take(self, NUMBERS, 2, rows, columns);
}
static gsc_view vector(gsc_lm *self, size_t count) {
    return take(self, NUMBERS, 1, count, 0);
}
static gsc_view indices(gsc_lm *self, size_t count) {
    return take(self, INDICES, 1, count, 0);
}

static void lay_out_layer(gsc_lm *self, lm_layer *l) {
    const gsc_lm_shape *s = &self->shape;
    const size_t t = self->rows, d = s->width, wide = s->shared * s->expert_width;
    const size_t heads = s->heads * s->head_size;
    l->x = matrix(self, t, d);
    l->x_mid = matrix(self, t, d);
    l->mean_1 = vector(self, t);
    l->rstd_1 = vector(self, t);
    l->mean_2 = vector(self, t);
    l->rstd_2 = vector(self, t);
    l->normed_1 = matrix(self, t, d);
    l->normed_2 = matrix(self, t, d);
    l->qkv = matrix(self, t, 3 * heads);
    l->heads = matrix(self, t, heads);
    l->lse = vector(self, t * s->heads);
    l->u = matrix(self, self->capacity, s->expert_width);
    l->v = matrix(self, self->gated ? self->capacity : 0, s->expert_width);
    l->shared_u = matrix(self, t, wide);
    l->shared_v = matrix(self, self->gated ? t : 0, wide);
    l->weight = vector(self, self->capacity);
    const size_t mixed = self->mixes ? self->capacity : 0, s_all = self->mixes ? self->slots : 0;
    l->mix_dispatch = matrix(self, self->mixes ? t : 0, s_all);
    l->mix_combine = matrix(self, self->mixes ? t : 0, s_all);
    l->mixed = matrix(self, mixed, d);
    l->mix_out = matrix(self, mixed, d);
    l->start = indices(self, largest(t, mixed) + 1);
    l->offset = indices(self, s->experts + 1);
    l->expert = indices(self, self->capacity);
    l->row = indices(self, self->capacity);
    l->choice = indices(self, self->capacity);
    l->slot = indices(self, self->capacity);
    l->slot_expert = indices(self, self->biased ? self->capacity : 0);
    l->kind_offset = indices(self, self->n_kinds > 1 ? s->experts + self->n_kinds : 0);
}

static size_t largest_gate_tensor(const gsc_lm *self) {
    size_t most = 0;
    for (size_t i = 0; i < self->parameters.count; i++) {
        const gsc_lm_parameter *p = &self->parameters.list[i];
        most = p->role == GSC_LM_GATE_TENSOR ? largest(most, p->count) : most;
    }
    return most;
}

void lm_lay_out(gsc_lm *self) {
    const gsc_lm_shape *s = &self->shape;
    const size_t t = self->rows, d = s->width, n = self->capacity, e = s->expert_width;
    const size_t heads = s->heads * s->head_size, wide = s->shared * e, m = s->logits;
    const size_t on_host =
        largest(largest_gate_tensor(self), self->host_score ? largest(t * d, m * d) : 1);
    const size_t mixed = self->mixes ? n : 0, mix_rows = self->mixes ? t : 0;
    const size_t jitter_rows = s->jitter > 0 ? t : 0;
    const size_t as_double = largest(largest(on_host, self->own ? n * d : 0),
                                     largest(mix_rows * self->slots, jitter_rows * d));
    self->used[NUMBERS] = self->used[INDICES] = self->used[DOUBLES] = 0;
    for (size_t layer = 0; layer < s->layers; layer++) {
        lay_out_layer(self, &self->layers[layer]);
    }
    self->last = matrix(self, t, d);
    self->mean = vector(self, t);
    self->rstd = vector(self, t);
    self->normed = matrix(self, t, d);
    self->logits = matrix(self, self->chunk, s->vocabulary);
    self->rope = matrix(self, s->context, s->rotated);
    self->dx = matrix(self, t, d);
    self->dn = matrix(self, t, d);
    self->dqkv = matrix(self, t, 3 * heads);
    self->dheads = matrix(self, t, heads);
    self->gathered = vector(self, largest(n * d, on_host));
    self->dgathered = matrix(self, n, d);
    self->hidden = matrix(self, n, e);
    self->dhidden = matrix(self, n, e);
    self->dv = matrix(self, n, e);
    self->shared_hidden = matrix(self, t, wide);
    self->shared_dhidden = matrix(self, t, wide);
    self->shared_dv = matrix(self, self->gated ? t : 0, wide);
    self->dweight = vector(self, n);
    self->z = matrix(self, t, m);
    self->dz = matrix(self, t, m);
    self->jitter = matrix(self, jitter_rows, d);
    self->gate_x = matrix(self, jitter_rows, d);
    self->dmix_dispatch = matrix(self, mix_rows, self->slots);
    self->dmix_combine = matrix(self, mix_rows, self->slots);
    self->dmixed = matrix(self, mixed, d);
    self->dmix_out = matrix(self, mixed, d);
    self->tokens = indices(self, t);
    self->targets = indices(self, t);
    self->losses = take(self, DOUBLES, 1, self->chunk, 0);
    self->weight_double = take(self, DOUBLES, 1, n, 0);
    self->row_double = take(self, DOUBLES, 1, as_double, 0);
}

static int64_t most_at(gsc_lm *self, const gsc_call *call, bool end) {
    gsc_lm_plugin *gate = &self->shape.gate;
    for (size_t i = 0; i < gate->n_courses; i++) {
        const gsc_spec_schedule *schedule = &gate->courses[i].schedule;
        gate->params[gate->courses[i].param] = end ? schedule->to : schedule->from;
    }
    gsc_guard_enter(lm_intern("gate", gate->loaded->plugin->id), "max_chosen");
    const int64_t most = gate->loaded->gate->max_chosen(call);
    gsc_guard_leave();
    return most;
}

/* Where a schedule lets a row take more experts later, room is made for that: parameters stand at
 * that end until the first step sets them. */
static void widen_courses(gsc_lm *self, const gsc_call *call) {
    const gsc_lm_plugin *gate = &self->shape.gate;
    if (gate->n_courses == 0 || gate->loaded->gate->max_chosen == NULL) {
        return;
    }
    if (most_at(self, call, true) <= most_at(self, call, false)) {
        return;
    }
    most_at(self, call, true);
}

/* The most experts that one row takes. */
static gsc_status find_most_chosen(gsc_lm *self, size_t *ret_most, gsc_error *error) {
    const gsc_lm_shape *s = &self->shape;
    const gsc_gate *gate = s->gate.loaded->gate;
    const gsc_call call = {.struct_size = sizeof(gsc_call),
                           .rows = (int64_t)self->rows,
                           .inputs = (int64_t)s->width,
                           .experts = (int64_t)s->experts,
                           .logits = (int64_t)s->logits,
                           .top_k = (int64_t)s->top_k,
                           .params = s->gate.params,
                           .step = -1};
    widen_courses(self, &call);
    int64_t most = (int64_t)(gate->count != NULL || gate->select != NULL ? s->experts : s->top_k);
    if (gate->max_chosen != NULL) {
        gsc_guard_enter(lm_intern("gate", s->gate.loaded->plugin->id), "max_chosen");
        most = gate->max_chosen(&call);
        gsc_guard_leave();
    }
    if (most < 1 || most > (int64_t)s->experts) {
        return gsc_fail(error, GSC_ERR_PLUGIN,
                        "gate %s: max_chosen returned %" PRId64 "; it must be 1 to %zu",
                        s->gate.loaded->plugin->id, most, s->experts);
    }
    *ret_most = (size_t)most;
    return GSC_OK;
}

static void measure_kinds(gsc_lm *self) {
    const gsc_lm_shape *s = &self->shape;
    self->n_kinds = gsc_lm_kinds(s);
    self->shared_kind = gsc_lm_shared_kind(s);
    self->gated = self->biased = self->own = false;
    for (size_t k = 0, first = 0; k < self->n_kinds; k++) {
        const gsc_lm_plugin *plugin = gsc_lm_kind(s, k);
        const gsc_expert *expert = plugin->loaded->expert;
        lm_kind *kind = &self->kinds[k];
        *kind = (lm_kind){.plugin = plugin,
                          .expert = expert,
                          .name = lm_intern("expert", plugin->loaded->plugin->id),
                          .first = first,
                          .count = gsc_lm_kind_count(s, k),
                          .gated = expert->form == GSC_EXPERT_GATED_FFN,
                          .biased = expert->biased != NULL && expert->biased(plugin->params) != 0,
                          .own = expert->form == GSC_EXPERT_OWN};
        first += kind->count;
        self->gated = self->gated || kind->gated;
        self->biased = self->biased || kind->biased;
        self->own = self->own || kind->own;
    }
}

gsc_status lm_measure(gsc_lm *self, gsc_error *error) {
    const gsc_lm_shape *s = &self->shape;
    const gsc_gate *gate = s->gate.loaded->gate;
    size_t most = 0, numbers = 0;
    if (__builtin_mul_overflow(self->options.sequences, s->context, &self->rows) ||
        self->rows == 0 || self->rows > INT32_MAX / s->experts ||
        __builtin_mul_overflow(s->vocabulary, s->width, &numbers)) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "%zu sequences of %zu tokens with %zu experts are too many for one "
                        "micro-batch; accumulate over smaller ones",
                        self->options.sequences, s->context, s->experts);
    }
    const gsc_status status = find_most_chosen(self, &most, error);
    if (status != GSC_OK) {
        return status;
    }
    self->dtype = self->options.dtype;
    self->mixes = s->mix.mix != NULL;
    self->slots = self->mixes ? s->experts * s->slots : 0;
    self->choice_capacity = self->rows * most;
    self->capacity = self->mixes ? self->options.sequences * self->slots : self->choice_capacity;
    self->chunk = LOGITS_AT_ONCE / s->vocabulary;
    self->chunk = self->chunk < 64 ? 64 : self->chunk;
    self->chunk = self->chunk > self->rows ? self->rows : self->chunk;
    measure_kinds(self);
    self->host_score = gate->score_form == GSC_SCORE_INNER || gate->score_form == GSC_SCORE_OWN;
    self->has_gate_weight = s->logits > 0 && gate->score_form <= GSC_SCORE_INNER;
    self->is_cut = lm_gate_is_cut(self);
    self->no_sum = (s->gate.loaded->plugin->capabilities & GSC_CAP_NO_SUM) != 0;
    self->attention = (gsc_attention_shape){.context = s->context,
                                            .heads = s->heads,
                                            .head_size = s->head_size,
                                            .scale = 1 / sqrt((double)s->head_size)};
    return GSC_OK;
}
