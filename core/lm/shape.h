/* SPDX-License-Identifier: MIT
 *
 * The sizes of a language model and the plugins in it, from a spec; and its parameters as data:
 * names, shapes, where each lies in one arena, how it is drawn, whether weights decay.
 *
 * The model: tokens are embedded (times embedding_scale); each layer adds attention(norm(x)) and
 * then experts(norm(x)); after a last norm the head gives logits. Attention is causal and rotary,
 * without biases. Experts: routed_scale * sum over the chosen of weight_j expert_j(x), plus one
 * shared feed-forward net as wide as `shared` experts side by side, with weight 1.
 *
 * Names, for PyTorch's order of sizes (rows are outputs): embed.weight [V, d],
 * layers.N.attention_norm.weight, layers.N.attention.qkv.weight [3 H s, d] (q of all heads, then k,
 * then v), layers.N.attention.out.weight [d, H s], layers.N.experts_norm.weight,
 * layers.N.gate.weight [M, d], layers.N.experts.in.weight [E, e, d], layers.N.experts.gate.weight,
 * layers.N.experts.out.weight [E, d, e], layers.N.shared.in.weight [S e, d],
 * layers.N.shared.out.weight [d, S e], norm.weight, head.weight [V, d], head.bias; a gate's own
 * tensors are layers.N.gate.NAME, those of experts of their own form layers.N.experts.NAME [E, ...].
 * Where experts are of several kinds, each kind has its own, layers.N.experts.KIND.in.weight and so
 * on, KIND being the plugin's id (with _2 where it comes twice).
 *
 * Layer: core/lm.
 */
#ifndef GSC_CORE_LM_SHAPE_H
#define GSC_CORE_LM_SHAPE_H

#include "core/base/error.h"
#include "core/plugin/registry.h"
#include "core/read/spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GSC_LM_MOST_PARAMS = 32, /* parameters of one plugin */
    GSC_LM_MOST_BALANCERS = 8,
    GSC_LM_MOST_KINDS = 8,   /* of experts in a layer */
    GSC_LM_MOST_COURSES = 4, /* parameters of one plugin that have a schedule */
    GSC_LM_NAME_SIZE = 96
};

/* A parameter that moves with the steps. */
typedef struct gsc_lm_course {
    uint32_t param;
    gsc_spec_schedule schedule;
} gsc_lm_course;

typedef struct gsc_lm_plugin {
    const gsc_loaded *loaded; /* NULL: none */
    double params[GSC_LM_MOST_PARAMS];
    double coefficient; /* of a balancer */
    size_t count;       /* of experts of this kind, where there are several kinds */
    gsc_lm_course courses[GSC_LM_MOST_COURSES];
    size_t n_courses;
} gsc_lm_plugin;

/* What a model is made of. All sizes are at least 1 where nothing else is said. */
typedef struct gsc_lm_shape {
    gsc_lm_plugin gate, expert;
    gsc_lm_plugin more_experts[GSC_LM_MOST_KINDS - 1]; /* kinds after the first, in a list */
    size_t n_more_experts;
    gsc_lm_plugin balancers[GSC_LM_MOST_BALANCERS];
    size_t n_balancers;

    size_t layers, width, heads, head_size, context, vocabulary;
    size_t experts, top_k, expert_width;
    size_t shared;  /* experts side by side in the shared net; 0: none */
    size_t logits;  /* M of the gate; 0: none */
    size_t rotated; /* numbers of a head that turn: even, 0 to head_size */
    bool rms_norm, tied, output_bias, scaled_embedding;
    bool allow_not_causal;
    double capacity_factor; /* choices that an expert takes over its even share; 0: all */
    bool drop_by_score;
    double jitter;    /* of the gate's input, in training */
    gsc_gate_mix mix; /* set by gsc_lm_shape_check; mix NULL: the gate chooses */
    size_t slots;     /* of one expert, where it mixes */
    double norm_epsilon, rope_base, routed_scale;
    double
        logit_sd; /* standard deviation of a linear score's logits at birth; 0: sqrt(2 / layers) */
} gsc_lm_shape;

/* Kinds of experts: kind 0 is `expert`. Experts of one kind have neighbouring numbers. */
static inline size_t gsc_lm_kinds(const gsc_lm_shape *shape) {
    return 1 + shape->n_more_experts;
}
static inline const gsc_lm_plugin *gsc_lm_kind(const gsc_lm_shape *shape, size_t kind) {
    return kind == 0 ? &shape->expert : &shape->more_experts[kind - 1];
}
static inline size_t gsc_lm_kind_count(const gsc_lm_shape *shape, size_t kind) {
    return shape->n_more_experts == 0 ? shape->experts : gsc_lm_kind(shape, kind)->count;
}
/* The first kind that is feed-forward, which the shared net is of; gsc_lm_kinds where none is. */
size_t gsc_lm_shared_kind(const gsc_lm_shape *shape);

/* A scheduled parameter's value at a step. */
double gsc_lm_course_at(const gsc_lm_plugin *plugin, const gsc_lm_course *course, int64_t step);

/* Loads a plugin with its initial parameters, for a model; refuses what this lab cannot run. */
gsc_status gsc_lm_plugin_load(gsc_kind kind, const char *id, gsc_lm_plugin *ret_plugin,
                              gsc_error *error);

/* Sizes, plugins and their parameters, checked. vocabulary is the tokenizer's. */
gsc_status gsc_lm_shape_read(const gsc_spec *spec, size_t vocabulary, gsc_lm_shape *ret_shape,
                             gsc_error *error);

/* Sets logits; GSC_ERR_INPUT or GSC_ERR_PLUGIN says in one sentence what does not fit together. */
gsc_status gsc_lm_shape_check(gsc_lm_shape *shape, gsc_error *error);

/* Which tensor of a model a parameter is. */
typedef enum gsc_lm_role {
    GSC_LM_EMBED,
    GSC_LM_FINAL_GAIN,
    GSC_LM_FINAL_BIAS,
    GSC_LM_HEAD,
    GSC_LM_HEAD_BIAS,
    GSC_LM_GAIN_1, /* of a layer, from here */
    GSC_LM_BIAS_1,
    GSC_LM_QKV,
    GSC_LM_OUT,
    GSC_LM_GAIN_2,
    GSC_LM_BIAS_2,
    GSC_LM_GATE,
    GSC_LM_IN,
    GSC_LM_IN_BIAS,
    GSC_LM_IN_GATE,
    GSC_LM_GATE_BIAS,
    GSC_LM_DOWN,
    GSC_LM_SHARED_IN,
    GSC_LM_SHARED_BIAS,
    GSC_LM_SHARED_GATE,
    GSC_LM_SHARED_GATE_BIAS,
    GSC_LM_SHARED_DOWN,
    GSC_LM_GATE_TENSOR,   /* declared by the gate: which says the number */
    GSC_LM_EXPERT_TENSOR, /* declared by an expert of its own form: which says kind and number */
    GSC_LM_ROLES
} gsc_lm_role;

/* which, of a tensor that experts of a kind declare. GSC_LM_IN ... GSC_LM_DOWN: the kind alone. */
#define GSC_LM_WHICH(kind, tensor) ((kind)*64 + (tensor))

typedef struct gsc_lm_parameter {
    char name[GSC_LM_NAME_SIZE];
    gsc_lm_role role;
    size_t layer, which;
    uint32_t dims;
    int64_t shape[4];
    size_t offset, count; /* elements in the arena */
    double mean, sd;      /* at birth: normal, or constant where sd is 0 */
    bool decay, trained;
} gsc_lm_parameter;

typedef struct gsc_lm_parameters {
    gsc_lm_parameter *list;
    size_t count;
    size_t elements; /* of the arena, with gaps for alignment */
    size_t trained;  /* numbers that are trained */
} gsc_lm_parameters;

gsc_status gsc_lm_parameters_init(gsc_lm_parameters *self, const gsc_lm_shape *shape,
                                  gsc_error *error);
void gsc_lm_parameters_clear(gsc_lm_parameters *self);

/* NULL where the model has none. */
const gsc_lm_parameter *gsc_lm_parameters_find(const gsc_lm_parameters *self, gsc_lm_role role,
                                               size_t layer, size_t which);

/* Draws a parameter's numbers from the seed and its name alone, so that arms which share a name
 * share them: element i of every shape is mean + sd * normal(seed, name, i). */
void gsc_lm_parameter_draw(const gsc_lm_parameter *parameter, uint64_t seed, size_t first,
                           size_t count, double *ret_values);

/* Trained numbers that one token uses: top_k experts, the shared ones, and everything else. */
size_t gsc_lm_active_parameters(const gsc_lm_shape *shape, const gsc_lm_parameters *parameters);

#endif
