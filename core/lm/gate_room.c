/* SPDX-License-Identifier: MIT
 *
 * Room on the host for gates and balancers, their states, and names for the guard. Layer: core/lm.
 */
#include "core/lm/model_internal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Names: one per plugin, for good ---- */

typedef struct guard_name {
    struct guard_name *next;
    char text[64];
} guard_name;

static guard_name *names;
static pthread_mutex_t names_mutex = PTHREAD_MUTEX_INITIALIZER;

const char *lm_intern(const char *kind, const char *id) {
    char text[64];
    snprintf(text, sizeof text, "%s %.50s", kind, id);
    pthread_mutex_lock(&names_mutex);
    guard_name *found = names;
    while (found != NULL && strcmp(found->text, text) != 0) {
        found = found->next;
    }
    if (found == NULL && (found = calloc(1, sizeof *found)) != NULL) {
        memcpy(found->text, text, sizeof text);
        found->next = names;
        names = found;
    }
    pthread_mutex_unlock(&names_mutex);
    return found != NULL ? found->text : "a plugin";
}

/* ---- Room ---- */

typedef struct piece {
    void **memory;
    size_t count, size;
} piece;

enum {
    PIECES = 32
};

static void list_pieces(gsc_lm *self, piece pieces[PIECES]) {
    const gsc_lm_shape *s = &self->shape;
    const size_t t = self->rows, e = s->experts, m = s->logits, d = s->width;
    const size_t x = self->host_score ? t * d : 0;
    const size_t w = self->host_score && self->has_gate_weight ? m * d : 0;
    const size_t cut = self->is_cut ? self->options.sequences : 0;
    const size_t chosen = self->is_cut ? self->choice_capacity : 0;
    const size_t most = s->capacity_factor > 0 ? self->choice_capacity : 0;
    const size_t mix = self->mixes ? t * self->slots : 0;
    const piece all[PIECES] = {
        {(void **)&self->z_host, t * m, sizeof(double)},
        {(void **)&self->weight_host,
         self->capacity > self->choice_capacity ? self->capacity : self->choice_capacity,
         sizeof(double)},
        {(void **)&self->jitter_host, s->jitter > 0 ? t * d : 0, sizeof(double)},
        {(void **)&self->dispatch_host, mix, sizeof(double)},
        {(void **)&self->combine_host, mix, sizeof(double)},
        {(void **)&self->ddispatch_host, mix, sizeof(double)},
        {(void **)&self->dcombine_host, mix, sizeof(double)},
        {(void **)&self->mix_dz, self->mixes ? t * m : 0, sizeof(double)},
        {(void **)&self->keep, most, sizeof(bool)},
        {(void **)&self->candidates, s->drop_by_score ? most : 0, sizeof(lm_candidate)},
        {(void **)&self->chosen_host, self->mixes ? self->capacity : most, sizeof(int32_t)},
        {(void **)&self->x_host, x, sizeof(double)},
        {(void **)&self->w_host, w, sizeof(double)},
        {(void **)&self->dx_host, x, sizeof(double)},
        {(void **)&self->dw_host, w, sizeof(double)},
        {(void **)&self->z_single, self->dtype == GSC_F32 && !self->host_score ? t * m : 0,
         sizeof(float)},
        {(void **)&self->loss_host, self->chunk, sizeof(double)},
        {(void **)&self->q, self->no_sum ? t * e : 0, sizeof(double)},
        {(void **)&self->start_host, (self->mixes && self->capacity > t ? self->capacity : t) + 1,
         sizeof(int32_t)},
        {(void **)&self->slot_expert_host, self->capacity + e, sizeof(int32_t)},
        {(void **)&self->kind_offset_host, self->n_kinds > 1 ? e + self->n_kinds : 0,
         sizeof(int32_t)},
        {(void **)&self->tokens_host, t, sizeof(int64_t)},
        {(void **)&self->sequences, self->options.sequences + 1, sizeof(int64_t)},
        {(void **)&self->cut.rows, cut * 8 * (m > e ? m : e), sizeof(double)},
        {(void **)&self->cut.order, cut * e, sizeof(int32_t)},
        {(void **)&self->cut.start, cut * (s->context + 1), sizeof(int64_t)},
        {(void **)&self->cut.chosen, chosen, sizeof(int32_t)},
        {(void **)&self->cut.weight, chosen, sizeof(double)},
        {(void **)&self->cut.status, cut, sizeof(gsc_status)},
        {(void **)&self->cut.errors, cut, sizeof(gsc_error)},
        {(void **)&self->cut.evaluations, cut, sizeof(int64_t)},
        {(void **)&self->states,
         s->layers * (1 + s->gate.loaded->plugin->n_tensors + lm_balance_states(self)) +
             GSC_LM_MOST_KEPT,
         sizeof(gsc_lm_state)}};
    memcpy(pieces, all, sizeof all);
}

size_t lm_host_bytes(const gsc_lm *self) {
    const gsc_lm_shape *s = &self->shape;
    piece pieces[PIECES];
    gsc_lm counted = *self;
    list_pieces(&counted, pieces);
    size_t bytes = 0;
    for (size_t i = 0; i < PIECES; i++) {
        bytes += pieces[i].count * pieces[i].size;
    }
    /* A pass: z, p, dp, affinities that are kept, sums, start; products and slopes of inner scores; chosen
     * and weights, 8 bytes each. */
    const gsc_loaded *gate = s->gate.loaded;
    const bool keeps = gate->gate->affinity_form != GSC_AFFINITY_NONE && gsc_gate_trains(gate);
    const size_t scores = gate->gate->score_form == GSC_SCORE_INNER ? 3 : 1;
    const size_t pass = self->rows * (scores * s->logits + (keeps ? 3 : 2) * s->experts + 2) +
                        2 * self->choice_capacity;
    return bytes + s->layers * pass * sizeof(double) + lm_own_bytes(self);
}

static gsc_call gate_call(gsc_lm *self, size_t layer) {
    const gsc_lm_shape *s = &self->shape;
    const lm_gate *gate = &self->layers[layer].gate;
    return (gsc_call){.struct_size = sizeof(gsc_call),
                      .layer = (int32_t)layer,
                      .rows = (int64_t)self->rows,
                      .inputs = (int64_t)s->width,
                      .experts = (int64_t)s->experts,
                      .logits = (int64_t)s->logits,
                      .top_k = (int64_t)s->top_k,
                      .params = s->gate.params,
                      .tensors = gate->tensors,
                      .gradients = gate->gradients,
                      .bias = gate->bias,
                      .tokens = self->tokens_host,
                      .sequences = self->sequences,
                      .n_sequences = (int64_t)self->options.sequences,
                      .step = -1};
}

static void add_state(gsc_lm *self, size_t layer, const char *name, double *values, size_t count) {
    gsc_lm_state *state = &self->states[self->n_states++];
    snprintf(state->name, sizeof state->name, "layers.%zu.gate.%.60s", layer, name);
    state->values = values;
    state->count = count;
}

void gsc_lm_keep(gsc_lm *self, const char *name, double *values, size_t count) {
    gsc_lm_state *state = &self->states[self->n_states++];
    snprintf(state->name, sizeof state->name, "run.%.80s", name);
    state->values = values;
    state->count = count;
}

static gsc_status init_tensors(gsc_lm *self, size_t layer, gsc_error *error) {
    const gsc_plugin *plugin = self->shape.gate.loaded->plugin;
    const gsc_call call = gate_call(self, layer);
    lm_gate *gate = &self->layers[layer].gate;
    for (uint32_t i = 0; i < plugin->n_tensors; i++) {
        const gsc_tensor *tensor = &plugin->tensors[i];
        const int64_t count = gsc_tensor_count(tensor, &call);
        gate->tensors[i] = count > 0 ? calloc((size_t)count, sizeof(double)) : NULL;
        if (tensor->role == GSC_TENSOR_TRAINED && count > 0) {
            gate->gradients[i] = calloc((size_t)count, sizeof(double));
        }
        if (gate->tensors[i] == NULL ||
            (tensor->role == GSC_TENSOR_TRAINED && gate->gradients[i] == NULL)) {
            return gsc_fail(error, GSC_ERR_MEMORY, "gate %s: no memory for tensor %s", plugin->id,
                            tensor->name);
        }
        if (tensor->role == GSC_TENSOR_STATE) {
            add_state(self, layer, tensor->name, gate->tensors[i], (size_t)count);
            gsc_lm_parameter birth = {.count = (size_t)count};
            memcpy(birth.name, self->states[self->n_states - 1].name, sizeof birth.name);
            lm_tensor_birth(&self->shape, i, &birth.mean, &birth.sd);
            gsc_lm_parameter_draw(&birth, self->options.seed, 0, birth.count, gate->tensors[i]);
        }
    }
    return GSC_OK;
}

static gsc_status init_gate(gsc_lm *self, size_t layer, gsc_error *error) {
    const gsc_plugin *plugin = self->shape.gate.loaded->plugin;
    const size_t e = self->shape.experts;
    lm_gate *gate = &self->layers[layer].gate;
    gate->bias = calloc(e, sizeof *gate->bias);
    gate->loads = calloc(e, sizeof *gate->loads);
    gate->tensors = calloc(plugin->n_tensors + 1, sizeof *gate->tensors);
    gate->gradients = calloc(plugin->n_tensors + 1, sizeof *gate->gradients);
    if (gate->bias == NULL || gate->loads == NULL || gate->tensors == NULL ||
        gate->gradients == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the gate of layer %zu", layer);
    }
    if (self->shape.capacity_factor > 0) {
        gate->kept = calloc(self->choice_capacity + 1, sizeof *gate->kept);
        if (gate->kept == NULL) {
            return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the gate of layer %zu", layer);
        }
    }
    add_state(self, layer, "selection_bias", gate->bias, e);
    gsc_status status = init_tensors(self, layer, error);
    if (status == GSC_OK) {
        const gsc_call call = gate_call(self, layer);
        status = gsc_gate_pass_init(&gate->pass, self->shape.gate.loaded, &call, error);
        gate->pass.one_sided = self->dtype == GSC_F32;
        gate->pass.z_is_finite = !self->host_score; /* gate_chunks.c looks */
    }
    return status == GSC_OK ? lm_balance_init(self, layer, error) : status;
}

gsc_status lm_gates_init(gsc_lm *self, gsc_error *error) {
    piece pieces[PIECES];
    list_pieces(self, pieces);
    for (size_t i = 0; i < PIECES; i++) {
        *pieces[i].memory = calloc(pieces[i].count + 1, pieces[i].size);
        if (*pieces[i].memory == NULL) {
            return gsc_fail(error, GSC_ERR_MEMORY, "no memory for %zu tokens and %zu experts",
                            self->rows, self->shape.experts);
        }
    }
    for (size_t i = 0; i <= self->options.sequences; i++) {
        self->sequences[i] = (int64_t)(i * self->shape.context);
    }
    gsc_status status = GSC_OK;
    for (size_t layer = 0; layer < self->shape.layers && status == GSC_OK; layer++) {
        status = init_gate(self, layer, error);
    }
    if (status == GSC_OK && self->own) {
        status = lm_own_room(self, error);
    }
    for (size_t i = 0; i < self->shape.n_balancers; i++) {
        self->balancer_names[i] =
            lm_intern("balancer", self->shape.balancers[i].loaded->plugin->id);
    }
    return status;
}

void lm_gates_clear(gsc_lm *self) {
    piece pieces[PIECES];
    list_pieces(self, pieces);
    for (size_t i = 0; i < PIECES; i++) {
        free(*pieces[i].memory);
    }
    lm_own_clear(self);
    for (size_t layer = 0; layer < self->shape.layers; layer++) {
        lm_gate *gate = &self->layers[layer].gate;
        for (uint32_t i = 0; i < self->shape.gate.loaded->plugin->n_tensors; i++) {
            free(gate->tensors != NULL ? gate->tensors[i] : NULL);
            free(gate->gradients != NULL ? gate->gradients[i] : NULL);
        }
        free(gate->tensors);
        free(gate->gradients);
        free(gate->bias);
        free(gate->loads);
        free(gate->kept);
        lm_balance_clear(self, layer);
        gsc_gate_pass_clear(&gate->pass);
    }
}
