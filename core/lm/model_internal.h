/* SPDX-License-Identifier: MIT
 *
 * What the files of the model share. Layer: core/lm, private.
 */
#ifndef GSC_CORE_LM_MODEL_INTERNAL_H
#define GSC_CORE_LM_MODEL_INTERNAL_H

#include "core/lm/model.h"

#include "core/plugin/stages.h"
#include "kernels/attention.h"

/* A layer's gate and balancers on the host. */
typedef struct lm_gate {
    gsc_gate_pass pass;
    bool dp_is_clear;              /* the pass's dp is 0 */
    double **tensors, **gradients; /* of the gate's own tensors, in declared order */
    double *bias;                  /* [E] */
    double *loads;                 /* [E] since the last end of a step */
    int32_t *kept; /* [choice capacity] places that were not dropped, where experts are of limits */
    size_t n_dropped;                        /* of the micro-batch under way */
    double dropped;                          /* since the last end of a step */
    int64_t seen_rows;                       /* rows since then */
    double **balance[GSC_LM_MOST_BALANCERS]; /* states of each balancer */
} lm_gate;

/* One choice, where full experts prefer high scores. */
typedef struct lm_candidate {
    int32_t expert, place;
    double p;
} lm_candidate;

/* Experts of one kind: numbers first ... first + count - 1. */
typedef struct lm_kind {
    const gsc_lm_plugin *plugin;
    const gsc_expert *expert;
    const char *name; /* for the guard */
    size_t first, count;
    bool gated, biased, own;
} lm_kind;

enum {
    LM_KIND_ROLES = GSC_LM_DOWN - GSC_LM_IN + 1
};

/* What a layer keeps from forward to backward. n is the number of (row, expert) pairs. */
typedef struct lm_layer {
    gsc_view values[GSC_LM_ROLES], gradients[GSC_LM_ROLES]; /* buf NULL: the model has none */
    /* Of each kind of experts, by role - GSC_LM_IN. */
    gsc_view kind_values[GSC_LM_MOST_KINDS][LM_KIND_ROLES];
    gsc_view kind_gradients[GSC_LM_MOST_KINDS][LM_KIND_ROLES];
    size_t kind_slot[GSC_LM_MOST_KINDS + 1]; /* where each kind's slots begin */
    gsc_view kind_offset; /* [E + kinds] offsets within each kind, where there are several */
    gsc_view x, x_mid;    /* [T, d] residuals */
    gsc_view mean_1, rstd_1, mean_2, rstd_2; /* [T] */
    gsc_view normed_1, normed_2;             /* [T, d] */
    gsc_view qkv, heads, lse;                /* [T, 3 H s], [T, H s], [H T] */
    gsc_view u, v;                           /* [n, e] before the expression */
    gsc_view shared_u, shared_v;             /* [T, S e] */
    gsc_view start, expert, offset, row, choice, slot, slot_expert; /* dispatch.h */
    gsc_view weight;                                                /* [n] */
    gsc_view mix_dispatch, mix_combine;                             /* [T, S] of gates that mix */
    gsc_view mixed, mix_out;                                        /* [sequences S, d] */
    size_t n;
    lm_gate gate;
} lm_layer;

/* Room for the sequences of a micro-batch, whose stages run at once. */
typedef struct lm_cut {
    double *rows;   /* scratch of a pass: 8 rows a sequence */
    int32_t *order; /* [sequences, E] */
    int64_t *start; /* [sequences, context + 1] */
    int32_t *chosen;
    double *weight; /* [capacity] both */
    gsc_status *status;
    gsc_error *errors;
    int64_t *evaluations; /* [sequences] all three */
} lm_cut;

struct gsc_lm {
    gsc_queue *queue;
    gsc_lm_shape shape;
    gsc_lm_options options;
    gsc_lm_parameters parameters;
    gsc_dtype dtype;
    size_t rows, capacity;  /* T; the most pairs */
    size_t choice_capacity; /* the most pairs that the gate chooses */
    size_t slots;           /* S of a sequence, where the gate mixes */
    bool mixes;
    size_t chunk; /* rows whose logits are there at once */
    lm_kind kinds[GSC_LM_MOST_KINDS];
    size_t n_kinds, shared_kind;
    bool gated, biased, own; /* some kind is */
    bool host_score, has_gate_weight, no_sum;
    gsc_attention_shape attention;

    gsc_buf *arenas[GSC_LM_ARENAS];
    gsc_buf *activations, *indices, *doubles;
    size_t used[3]; /* of the three, in elements, while views are laid out */
    gsc_view globals[GSC_LM_GAIN_1], global_gradients[GSC_LM_GAIN_1];
    lm_layer *layers;

    gsc_view last;                 /* [T, d] residual after the last layer */
    gsc_view mean, rstd, normed;   /* of the last norm */
    gsc_view logits;               /* [chunk, V] */
    gsc_view rope;                 /* [context, rotated] */
    gsc_view dx, dn, dqkv, dheads; /* [T, d], [T, d], [T, 3 H s], [T, H s] */
    gsc_view gathered, dgathered;  /* [n, d] */
    gsc_view hidden, dhidden, dv;  /* [n, e] */
    gsc_view shared_hidden, shared_dhidden, shared_dv;
    gsc_view z, dz;                       /* [T, M] */
    gsc_view dweight;                     /* [n] */
    gsc_view jitter, gate_x;              /* [T, d] */
    gsc_view dmix_dispatch, dmix_combine; /* [T, S] */
    gsc_view dmixed, dmix_out;            /* [sequences S, d] */
    gsc_view tokens, targets;             /* i32 [T] */
    gsc_view losses, weight_double;       /* f64 */
    gsc_view row_double;                  /* f64 [T, d] or [M, d], for scores on the host */

    /* The host's side. */
    double *z_host, *weight_host, *x_host, *w_host, *dx_host, *dw_host;
    bool z_is_clear; /* z_host is 0 */
    float *z_single; /* [T, M] on its way, where the model's numbers are f32 */
    bool is_cut;     /* the gate's stages run by sequences */
    lm_cut cut;
    double *loss_host, *q;
    double balance;                         /* of the backward pass under way */
    bool forgotten;                         /* gradients of matrices are written, not added to */
    int32_t *start_host, *slot_expert_host; /* the latter with E more, for counts */
    int64_t *tokens_host, *sequences;
    double *jitter_host;                    /* [T, d] */
    double *dispatch_host, *combine_host;   /* [T, S] */
    double *ddispatch_host, *dcombine_host; /* [T, S] */
    double *mix_dz;                         /* [T, M] */
    bool *keep;                             /* [choice capacity], with limits; so both below */
    lm_candidate *candidates;
    int32_t *chosen_host; /* [capacity] */
    gsc_lm_gate_work gate_work;
    int32_t *kind_offset_host; /* [E + kinds] */
    struct lm_own *own_room;   /* own_experts.c */
    gsc_lm_state *states;
    size_t n_states;
    const char *balancer_names[GSC_LM_MOST_BALANCERS];
};

/* The first rows of a view that lies by rows. */
static inline gsc_view lm_rows(gsc_view view, size_t rows) {
    view.shape[0] = (int64_t)rows;
    return view;
}
/* Any view as [rows, columns], or [n]. */
static inline gsc_view lm_matrix(gsc_view view, size_t rows, size_t columns) {
    view.dims = 2;
    view.shape[0] = (int64_t)rows;
    view.shape[1] = (int64_t)columns;
    return view;
}
static inline gsc_view lm_vector(gsc_view view, size_t count) {
    view.dims = 1;
    view.shape[0] = (int64_t)count;
    return view;
}
/* Rows first ... of a matrix or a vector. */
static inline gsc_view lm_rows_from(gsc_view view, size_t first, size_t rows) {
    view.offset += first * (view.dims == 2 ? (size_t)view.shape[1] : 1);
    view.shape[0] = (int64_t)rows;
    return view;
}
static inline bool lm_has(const gsc_view *view) {
    return view->buf != NULL;
}

/* layout.c: sizes that follow from shape and options; then every tensor, in self->used without
 * buffers. */
gsc_status lm_measure(gsc_lm *self, gsc_error *error);
void lm_lay_out(gsc_lm *self);

/* balance_room.c: the states of balancers. */
size_t lm_balance_states(const gsc_lm *self); /* a layer */
gsc_status lm_balance_init(gsc_lm *self, size_t layer, gsc_error *error);
void lm_balance_clear(gsc_lm *self, size_t layer);

/* gate_room.c: the host's arrays, the passes, the states. */
gsc_status lm_gates_init(gsc_lm *self, gsc_error *error);
void lm_gates_clear(gsc_lm *self);
size_t lm_host_bytes(const gsc_lm *self);
/* Whether the gate's tensor i starts as normals of *ret_sd around *ret_mean. */
void lm_tensor_birth(const gsc_lm_shape *shape, uint32_t i, double *ret_mean, double *ret_sd);

/* route.c: the choice of the layer's gate, or its slots, to the device: layer->n, weight, the plan.
 * Then what came back to weights of kept choices as that of all of them, in weight_host. */
gsc_status lm_route(gsc_lm *self, lm_layer *l, bool drops, gsc_error *error);
void lm_undrop(gsc_lm *self, const lm_layer *l);

/* jitter.c: jitter_host of a layer; y = x times it. */
void lm_jitter_draw(gsc_lm *self, size_t layer, const gsc_lm_batch *batch);
gsc_status lm_jitter_apply(gsc_lm *self, const gsc_view *y, const gsc_view *x, gsc_error *error);

/* mix.c: x_next += the experts of mixtures; dn = what comes back, and gradients of the matrices;
 * from those, z_host += what comes back to the logits. */
gsc_status lm_mix_forward(gsc_lm *self, size_t layer, const gsc_view *x_next, gsc_error *error);
gsc_status lm_mix_backward(gsc_lm *self, size_t layer, gsc_error *error);
gsc_status lm_mix_logits_backward(gsc_lm *self, size_t layer, gsc_error *error);

/* gate.c */
/* count numbers, of the view's type, from the host. */
gsc_status lm_put(gsc_lm *self, const gsc_view *view, const void *from, size_t count,
                  gsc_error *error);
/* Numbers of the model's type, as doubles on the host; through is room of doubles on the device. */
gsc_status lm_get_doubles(gsc_lm *self, const gsc_view *view, const gsc_view *through, size_t count,
                          double *ret_values, gsc_error *error);
gsc_status lm_put_doubles(gsc_lm *self, const gsc_view *view, const gsc_view *through, size_t count,
                          const double *values, gsc_error *error);
gsc_status lm_gates_begin(gsc_lm *self, const gsc_lm_batch *batch, gsc_error *error);
/* From normed_2 to a choice on the device: layer->n, weight and the plan. Adds to *balance. */
gsc_status lm_gate_forward(gsc_lm *self, size_t layer, const gsc_lm_batch *batch, bool training,
                           double *balance, gsc_error *error);
/* From self->dweight [n] to gradients of gate weights, and adds to dn. */
gsc_status lm_gate_backward(gsc_lm *self, size_t layer, const gsc_lm_batch *batch,
                            gsc_error *error);

/* gate_chunks.c: stages over the pool where the gate allows it. Logits that the device made come from
 * z_single, and their gradients go there, where the model's numbers are f32; else from pass.z and to
 * ret_dz. */
bool lm_gate_is_cut(const gsc_lm *self);
gsc_status lm_gate_run_forward(gsc_lm *self, size_t layer, int64_t step, gsc_error *error);
gsc_status lm_gate_run_backward(gsc_lm *self, size_t layer, const gsc_gate_gradient *gradient,
                                gsc_error *error);

/* expression.c: hidden = f(u, v) of a kind, and what came in u's and v's place. */
void lm_activate(gsc_lm *self, const lm_kind *kind, const gsc_view *hidden, const gsc_view *u,
                 const gsc_view *v);
void lm_activate_backward(gsc_lm *self, const lm_kind *kind, const gsc_view *du, const gsc_view *dv,
                          const gsc_view *dhidden, const gsc_view *u, const gsc_view *v);
/* own_experts.c: y of a kind's slots [n, d] from x; dx and gradients of tensors from x and dy. All
 * four are rows of the slots from kind_slot on. */
gsc_status lm_own_room(gsc_lm *self, gsc_error *error);
void lm_own_clear(gsc_lm *self);
size_t lm_own_bytes(const gsc_lm *self);
gsc_status lm_own_forward(gsc_lm *self, size_t layer, size_t kind, const gsc_view *y,
                          const gsc_view *x, gsc_error *error);
gsc_status lm_own_backward(gsc_lm *self, size_t layer, size_t kind, const gsc_view *dx,
                           const gsc_view *dy, const gsc_view *x, gsc_error *error);
/* What lm_own_backward found of the weights' gradient, into dweight [n] by place. */
void lm_own_weights(const gsc_lm *self, const lm_layer *l, double *dweight);
gsc_call lm_expert_call(const gsc_lm_shape *shape, const gsc_lm_plugin *plugin);
/* y += the chosen experts of x's rows; dx += what comes back from dy. */
gsc_status lm_routed_forward(gsc_lm *self, size_t layer, const gsc_view *y, const gsc_view *x,
                             gsc_error *error);
gsc_status lm_routed_backward(gsc_lm *self, size_t layer, const gsc_view *dx, const gsc_view *dy,
                              const gsc_view *x, gsc_error *error);
/* x_next += the experts of normed_2; dn = what comes back from dx. */
gsc_status lm_experts_forward(gsc_lm *self, size_t layer, const gsc_view *x_next,
                              const gsc_lm_batch *batch, bool training, double *balance,
                              gsc_error *error);
gsc_status lm_experts_backward(gsc_lm *self, size_t layer, const gsc_lm_batch *batch,
                               gsc_error *error);

/* A name that lives as long as the process, for the guard. */
const char *lm_intern(const char *kind, const char *id);

#endif
