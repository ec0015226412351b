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
    double **tensors, **gradients;           /* of the gate's own tensors, in declared order */
    double *bias;                            /* [E] */
    double *loads;                           /* [E] since the last end of a step */
    int64_t seen_rows;                       /* rows since then */
    double **balance[GSC_LM_MOST_BALANCERS]; /* states of each balancer */
} lm_gate;

/* What a layer keeps from forward to backward. n is the number of (row, expert) pairs. */
typedef struct lm_layer {
    gsc_view values[GSC_LM_ROLES], gradients[GSC_LM_ROLES]; /* buf NULL: the model has none */
    gsc_view x, x_mid;                                      /* [T, d] residuals */
    gsc_view mean_1, rstd_1, mean_2, rstd_2;                /* [T] */
    gsc_view normed_1, normed_2;                            /* [T, d] */
    gsc_view qkv, heads, lse;                               /* [T, 3 H s], [T, H s], [H T] */
    gsc_view u, v;                                          /* [n, e] before the expression */
    gsc_view shared_u, shared_v;                            /* [T, S e] */
    gsc_view start, expert, offset, row, choice, slot, slot_expert; /* dispatch.h */
    gsc_view weight;                                                /* [n] */
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
    size_t rows, capacity; /* T; the most pairs */
    size_t chunk;          /* rows whose logits are there at once */
    bool gated, biased, host_score, has_gate_weight, no_sum;
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
    gsc_view dummy;                /* [n] */
    gsc_view shared_hidden, shared_dhidden, shared_dv;
    gsc_view z, dz;                           /* [T, M] */
    gsc_view dweight;                         /* [n] */
    gsc_view tokens, targets, identity;       /* i32 [T], [T], [n] */
    gsc_view losses, z_double, weight_double; /* f64 */
    gsc_view row_double;                      /* f64 [T, d] or [M, d], for scores on the host */

    /* The host's side. */
    double *z_host, *weight_host, *x_host, *w_host, *dx_host, *dw_host;
    bool is_cut; /* the gate's stages run by sequences */
    lm_cut cut;
    double *dp, *dz_host, *loss_host, *q;
    double balance;                         /* of the backward pass under way */
    int32_t *start_host, *slot_expert_host; /* the latter with E more, for counts */
    int64_t *tokens_host, *sequences;
    gsc_lm_state *states;
    size_t n_states;
    const char *expert_name, *balancer_names[GSC_LM_MOST_BALANCERS];
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

/* gate.c */
gsc_status lm_gates_begin(gsc_lm *self, const gsc_lm_batch *batch, gsc_error *error);
/* From normed_2 to a choice on the device: layer->n, weight and the plan. Adds to *balance. */
gsc_status lm_gate_forward(gsc_lm *self, size_t layer, const gsc_lm_batch *batch, bool training,
                           double *balance, gsc_error *error);
/* From self->dweight [n] to gradients of gate weights, and adds to dn. */
gsc_status lm_gate_backward(gsc_lm *self, size_t layer, const gsc_lm_batch *batch,
                            gsc_error *error);

/* gate_chunks.c: stages over the pool where the gate allows it. */
bool lm_gate_is_cut(const gsc_lm *self);
gsc_status lm_gate_run_forward(gsc_lm *self, size_t layer, gsc_error *error);
gsc_status lm_gate_run_backward(gsc_lm *self, size_t layer, const gsc_gate_gradient *gradient,
                                gsc_error *error);

/* experts.c: hidden = f(u, v), and what came in u's and v's place. */
void lm_activate(gsc_lm *self, const gsc_view *hidden, const gsc_view *u, const gsc_view *v);
void lm_activate_backward(gsc_lm *self, const gsc_view *du, const gsc_view *dv,
                          const gsc_view *dhidden, const gsc_view *u, const gsc_view *v);
/* x_next += the experts of normed_2; dn = what comes back from dx. */
gsc_status lm_experts_forward(gsc_lm *self, size_t layer, const gsc_view *x_next,
                              const gsc_lm_batch *batch, bool training, double *balance,
                              gsc_error *error);
gsc_status lm_experts_backward(gsc_lm *self, size_t layer, const gsc_lm_batch *batch,
                               gsc_error *error);

/* A name that lives as long as the process, for the guard. */
const char *lm_intern(const char *kind, const char *id);

#endif
