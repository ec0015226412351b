/* SPDX-License-Identifier: MIT
 *
 * The parameters of a model as a list, and how they are drawn. Layer: core/lm.
 */
#include "core/lm/shape.h"

#include "core/lm/model_internal.h"
#include "core/plugin/stages.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ALIGNMENT = 16 /* elements: a cache line of floats */
};

/* Being filled; beyond room parameters are only counted. */
typedef struct list {
    gsc_lm_parameters *out;
    size_t room;
    size_t layer;
    gsc_lm_parameter spare;
} list;

static gsc_lm_parameter *add(list *self, gsc_lm_role role, const char *name, uint32_t dims,
                             const size_t *shape, double mean, double sd) {
    gsc_lm_parameters *out = self->out;
    gsc_lm_parameter *p = out->count < self->room ? &out->list[out->count] : &self->spare;
    out->count++;
    *p = (gsc_lm_parameter){.role = role,
                            .layer = role < GSC_LM_GAIN_1 ? 0 : self->layer,
                            .dims = dims,
                            .mean = mean,
                            .sd = sd,
                            .decay = dims > 1,
                            .trained = true,
                            .count = 1,
                            .offset = out->elements};
    if (role < GSC_LM_GAIN_1) {
        snprintf(p->name, sizeof p->name, "%s", name);
    } else {
        snprintf(p->name, sizeof p->name, "layers.%zu.%s", self->layer, name);
    }
    for (uint32_t i = 0; i < dims; i++) {
        p->shape[i] = (int64_t)shape[i];
        p->count *= shape[i];
    }
    out->elements += (p->count + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    out->trained += p->count;
    return p;
}

static void add_1(list *self, gsc_lm_role role, const char *name, size_t n, double mean) {
    add(self, role, name, 1, &n, mean, 0);
}

static void add_2(list *self, gsc_lm_role role, const char *name, size_t rows, size_t columns,
                  double sd) {
    add(self, role, name, 2, (const size_t[]){rows, columns}, 0, sd);
}

static gsc_lm_parameter *add_3(list *self, gsc_lm_role role, const char *name, size_t n,
                               size_t rows, size_t columns, double sd) {
    return add(self, role, name, 3, (const size_t[]){n, rows, columns}, 0, sd);
}

static void add_norm(list *self, const gsc_lm_shape *s, gsc_lm_role gain, gsc_lm_role bias,
                     const char *name) {
    char text[64];
    snprintf(text, sizeof text, "%s.weight", name);
    add_1(self, gain, text, s->width, 1);
    if (!s->rms_norm) {
        snprintf(text, sizeof text, "%s.bias", name);
        add_1(self, bias, text, s->width, 0);
    }
}

/* "experts.NAME", or "experts.KIND.NAME" where there are several kinds. */
static void name_of_kind(const gsc_lm_shape *s, size_t kind, const char *name, char *ret_name,
                         size_t size) {
    const char *id = gsc_lm_kind(s, kind)->loaded->plugin->id;
    size_t before = 0;
    for (size_t k = 0; k < kind; k++) {
        before += strcmp(gsc_lm_kind(s, k)->loaded->plugin->id, id) == 0;
    }
    if (gsc_lm_kinds(s) == 1) {
        snprintf(ret_name, size, "experts.%s", name);
    } else if (before == 0) {
        snprintf(ret_name, size, "experts.%.30s.%s", id, name);
    } else {
        snprintf(ret_name, size, "experts.%.30s_%zu.%s", id, before + 1, name);
    }
}

typedef struct form {
    bool gated, biased, own;
} form;

static form form_of(const gsc_lm_plugin *plugin) {
    const gsc_expert *expert = plugin->loaded->expert;
    return (form){.gated = expert->form == GSC_EXPERT_GATED_FFN,
                  .biased = expert->biased != NULL && expert->biased(plugin->params) != 0,
                  .own = expert->form == GSC_EXPERT_OWN};
}

/* What an expert's expression reads: one matrix or two, with biases or without. */
static void add_kind(list *self, const gsc_lm_shape *s, size_t kind) {
    const form f = form_of(gsc_lm_kind(s, kind));
    const double depth = sqrt(2.0 / (double)s->layers), in_sd = depth / sqrt((double)s->width);
    const size_t n = gsc_lm_kind_count(s, kind), e = s->expert_width, d = s->width;
    char name[80];
    name_of_kind(s, kind, "in.weight", name, sizeof name);
    add_3(self, GSC_LM_IN, name, n, e, d, in_sd)->which = kind;
    if (f.gated) {
        name_of_kind(s, kind, "gate.weight", name, sizeof name);
        add_3(self, GSC_LM_IN_GATE, name, n, e, d, in_sd)->which = kind;
    }
    name_of_kind(s, kind, "out.weight", name, sizeof name);
    add_3(self, GSC_LM_DOWN, name, n, d, e, depth / sqrt((double)((s->experts + s->shared) * e)))
        ->which = kind;
    for (int i = 0; i < 2; i++) {
        if (f.biased && (i == 0 || f.gated)) {
            name_of_kind(s, kind, i == 0 ? "in.bias" : "gate.bias", name, sizeof name);
            gsc_lm_parameter *p = add(self, i == 0 ? GSC_LM_IN_BIAS : GSC_LM_GATE_BIAS, name, 2,
                                      (const size_t[]){n, e}, 0, 0);
            p->decay = false;
            p->which = kind;
        }
    }
}

static void add_shared(list *self, const gsc_lm_shape *s) {
    const form f = form_of(gsc_lm_kind(s, gsc_lm_shared_kind(s)));
    const double depth = sqrt(2.0 / (double)s->layers), in_sd = depth / sqrt((double)s->width);
    const size_t wide = s->shared * s->expert_width, d = s->width;
    add_2(self, GSC_LM_SHARED_IN, "shared.in.weight", wide, d, in_sd);
    if (f.gated) {
        add_2(self, GSC_LM_SHARED_GATE, "shared.gate.weight", wide, d, in_sd);
    }
    add_2(self, GSC_LM_SHARED_DOWN, "shared.out.weight", d, wide, depth / sqrt((double)wide));
    if (f.biased) {
        add_1(self, GSC_LM_SHARED_BIAS, "shared.in.bias", wide, 0);
    }
    if (f.biased && f.gated) {
        add_1(self, GSC_LM_SHARED_GATE_BIAS, "shared.gate.bias", wide, 0);
    }
}

gsc_call lm_expert_call(const gsc_lm_shape *s, const gsc_lm_plugin *plugin) {
    return (gsc_call){.struct_size = sizeof(gsc_call),
                      .inputs = (int64_t)s->width,
                      .outputs = (int64_t)s->width,
                      .hidden = (int64_t)s->expert_width,
                      .experts = (int64_t)s->experts,
                      .logits = (int64_t)s->logits,
                      .top_k = (int64_t)s->top_k,
                      .step = -1,
                      .params = plugin->params,
                      .host = gsc_stages_host()};
}

/* Normals of *ret_sd around *ret_mean. */
static void find_birth(const gsc_tensor *tensor, const gsc_call *call, double *ret_mean,
                       double *ret_sd) {
    gsc_tensor last = *tensor;
    last.size[0] = tensor->dims > 0 ? tensor->size[tensor->dims - 1] : 1;
    last.dims = 1;
    *ret_mean = tensor->init == GSC_INIT_CONSTANT ? tensor->scale
                : tensor->init == GSC_INIT_PARAM  ? call->params[(int)tensor->scale]
                                                  : 0;
    *ret_sd = tensor->init == GSC_INIT_NORMAL ? tensor->scale
              : tensor->init == GSC_INIT_FAN_IN
                  ? tensor->scale / sqrt((double)gsc_tensor_count(&last, call))
                  : 0;
}

/* The tensors that experts of a form of their own declare: one of each for every expert. */
static gsc_status add_own_kind(list *self, const gsc_lm_shape *s, size_t kind, gsc_error *error) {
    const gsc_lm_plugin *own = gsc_lm_kind(s, kind);
    const gsc_plugin *plugin = own->loaded->plugin;
    const gsc_call call = lm_expert_call(s, own);
    for (uint32_t i = 0; i < plugin->n_tensors; i++) {
        const gsc_tensor *tensor = &plugin->tensors[i];
        const int64_t count = gsc_tensor_count(tensor, &call);
        if (count < 1) {
            return gsc_fail(error, GSC_ERR_PLUGIN, "expert %s: tensor %s has %" PRId64 " numbers",
                            plugin->id, tensor->name, count);
        }
        char name[80];
        double mean, sd;
        name_of_kind(s, kind, tensor->name, name, sizeof name);
        find_birth(tensor, &call, &mean, &sd);
        const size_t shape[2] = {gsc_lm_kind_count(s, kind), (size_t)count};
        gsc_lm_parameter *p = add(self, GSC_LM_EXPERT_TENSOR, name, 2, shape, mean, sd);
        p->which = GSC_LM_WHICH(kind, i);
        p->decay = tensor->no_decay == 0;
        p->trained = tensor->role == GSC_TENSOR_TRAINED;
        self->out->trained -= p->trained ? 0 : p->count;
    }
    return GSC_OK;
}

static gsc_status add_experts(list *self, const gsc_lm_shape *s, gsc_error *error) {
    gsc_status status = GSC_OK;
    for (size_t kind = 0; kind < gsc_lm_kinds(s) && status == GSC_OK; kind++) {
        if (form_of(gsc_lm_kind(s, kind)).own) {
            status = add_own_kind(self, s, kind, error);
        } else {
            add_kind(self, s, kind);
        }
    }
    if (status == GSC_OK && s->shared > 0) {
        add_shared(self, s);
    }
    return status;
}

void lm_tensor_birth(const gsc_lm_shape *shape, uint32_t i, double *ret_mean, double *ret_sd) {
    const gsc_call call = {.inputs = (int64_t)shape->width,
                           .experts = (int64_t)shape->experts,
                           .logits = (int64_t)shape->logits,
                           .params = shape->gate.params};
    find_birth(&shape->gate.loaded->plugin->tensors[i], &call, ret_mean, ret_sd);
}

static gsc_status add_gate_tensors(list *self, const gsc_lm_shape *s, gsc_error *error) {
    const gsc_plugin *plugin = s->gate.loaded->plugin;
    const gsc_call call = {.inputs = (int64_t)s->width,
                           .experts = (int64_t)s->experts,
                           .logits = (int64_t)s->logits,
                           .params = s->gate.params};
    for (uint32_t i = 0; i < plugin->n_tensors; i++) {
        const gsc_tensor *tensor = &plugin->tensors[i];
        const int64_t count = gsc_tensor_count(tensor, &call);
        if (tensor->role == GSC_TENSOR_STATE) {
            continue;
        }
        if (count < 1) {
            return gsc_fail(error, GSC_ERR_PLUGIN, "gate %s: tensor %s has %" PRId64 " numbers",
                            plugin->id, tensor->name, count);
        }
        char name[64];
        snprintf(name, sizeof name, "gate.%.50s", tensor->name);
        const size_t n = (size_t)count;
        double mean, sd;
        lm_tensor_birth(s, i, &mean, &sd);
        gsc_lm_parameter *p = add(self, GSC_LM_GATE_TENSOR, name, 1, &n, mean, sd);
        p->which = i;
        p->decay = tensor->no_decay == 0;
        p->trained = tensor->role == GSC_TENSOR_TRAINED;
        self->out->trained -= p->trained ? 0 : n;
    }
    return GSC_OK;
}

static gsc_status fill(list *self, const gsc_lm_shape *s, gsc_error *error) {
    const double d = (double)s->width, heads = (double)(s->heads * s->head_size);
    gsc_status status = GSC_OK;
    add_2(self, GSC_LM_EMBED, "embed.weight", s->vocabulary, s->width, 1 / sqrt(d));
    for (self->layer = 0; self->layer < s->layers && status == GSC_OK; self->layer++) {
        add_norm(self, s, GSC_LM_GAIN_1, GSC_LM_BIAS_1, "attention_norm");
        add_2(self, GSC_LM_QKV, "attention.qkv.weight", 3 * s->heads * s->head_size, s->width,
              1 / sqrt(d));
        add_2(self, GSC_LM_OUT, "attention.out.weight", s->width, s->heads * s->head_size,
              sqrt(2.0 / (double)s->layers / heads));
        add_norm(self, s, GSC_LM_GAIN_2, GSC_LM_BIAS_2, "experts_norm");
        if (s->logits > 0 && s->gate.loaded->gate->score_form <= GSC_SCORE_INNER) {
            const double sd = s->logit_sd > 0 ? s->logit_sd : sqrt(2.0 / (double)s->layers);
            add_2(self, GSC_LM_GATE, "gate.weight", s->logits, s->width, sd / sqrt(d));
        }
        status = add_gate_tensors(self, s, error);
        if (status == GSC_OK) {
            status = add_experts(self, s, error);
        }
    }
    add_norm(self, s, GSC_LM_FINAL_GAIN, GSC_LM_FINAL_BIAS, "norm");
    if (!s->tied) {
        add_2(self, GSC_LM_HEAD, "head.weight", s->vocabulary, s->width, 1 / sqrt(d));
    }
    if (s->output_bias) {
        add_1(self, GSC_LM_HEAD_BIAS, "head.bias", s->vocabulary, 0);
    }
    return status;
}

gsc_status gsc_lm_parameters_init(gsc_lm_parameters *self, const gsc_lm_shape *shape,
                                  gsc_error *error) {
    gsc_lm_parameters made = {0};
    list counting = {.out = &made};
    gsc_status status = fill(&counting, shape, error);
    if (status != GSC_OK) {
        return status;
    }
    list filling = {.out = &made, .room = made.count};
    made = (gsc_lm_parameters){.list = calloc(made.count, sizeof *made.list)};
    if (made.list == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the list of parameters");
    }
    status = fill(&filling, shape, error);
    *self = made;
    return status;
}

void gsc_lm_parameters_clear(gsc_lm_parameters *self) {
    free(self->list);
    *self = (gsc_lm_parameters){0};
}

const gsc_lm_parameter *gsc_lm_parameters_find(const gsc_lm_parameters *self, gsc_lm_role role,
                                               size_t layer, size_t which) {
    for (size_t i = 0; i < self->count; i++) {
        const gsc_lm_parameter *p = &self->list[i];
        if (p->role == role && p->layer == layer && p->which == which) {
            return p;
        }
    }
    return NULL;
}

size_t gsc_lm_active_parameters(const gsc_lm_shape *shape, const gsc_lm_parameters *parameters) {
    size_t active = 0;
    for (size_t i = 0; i < parameters->count; i++) {
        const gsc_lm_parameter *p = &parameters->list[i];
        const bool routed =
            (p->role >= GSC_LM_IN && p->role <= GSC_LM_DOWN) || p->role == GSC_LM_EXPERT_TENSOR;
        active += !p->trained ? 0 : routed ? p->count / shape->experts * shape->top_k : p->count;
    }
    return active;
}

/* ---- Draws ---- */

static uint64_t key_of(uint64_t seed, const char *name) {
    uint64_t key = 0xcbf29ce484222325u ^ (seed * 0x9e3779b97f4a7c15u);
    for (const char *c = name; *c != '\0'; c++) {
        key = (key ^ (unsigned char)*c) * 0x100000001b3u;
    }
    return key ^ (key >> 29);
}

static double uniform(uint64_t key, uint64_t element, uint64_t draw) {
    return ((double)(gsc_random_bits(key, element, draw) >> 11) + 0.5) * 0x1p-53;
}

void gsc_lm_parameter_draw(const gsc_lm_parameter *parameter, uint64_t seed, size_t first,
                           size_t count, double *ret_values) {
    const uint64_t key = key_of(seed, parameter->name);
    for (size_t i = 0; i < count; i++) {
        ret_values[i] = parameter->mean;
        if (parameter->sd > 0) {
            const double radius = sqrt(-2 * log(uniform(key, first + i, 0)));
            ret_values[i] +=
                parameter->sd * radius * cos(6.283185307179586 * uniform(key, first + i, 1));
        }
    }
}
