/* SPDX-License-Identifier: MIT
 *
 * The five stages of a gate with their defaults, run on the host for T rows, and their backward
 * pass; update alone is the trainer's. Formulas: plugin.h. A gate that gives no derivative gets a
 * numeric one (central differences: 2 evaluations for an affinity, 2 M for a row of probs, 2 (E +
 * M) for own weights, 2 for each element of a trained tensor that an inner form, an affinity or a
 * numeric stage reads).
 *
 * Everything is serial on the calling thread; a pass belongs to one thread. The backward pass moves
 * tensors and logits by a small step and back, so no other thread may read them meanwhile.
 *
 * Layer: core/plugin; kernels/host.h for products and top-k.
 */
#ifndef GSC_CORE_PLUGIN_STAGES_H
#define GSC_CORE_PLUGIN_STAGES_H

#include "core/base/error.h"
#include "core/plugin/registry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What call.host points to: matrix product and top-k by our kernels. [any thread] */
const gsc_host *gsc_stages_host(void);

/* One gate over one batch: sizes, inputs (borrowed) and every intermediate (owned). T, D, E, M as
 * in plugin.h. Readers may use all but the scratch; z may be written before a forward pass without
 * x. */
typedef struct gsc_gate_pass {
    const gsc_loaded *loaded;
    gsc_call call; /* as given, without what the gate did not declare; logits and host filled in */
    const char *name; /* "gate softmax"; lives as long as the process */
    size_t rows, inputs, experts, logits;

    const double *x, *w, *b; /* of the last forward pass */
    double *z;               /* [T,M] */
    double *affinity;        /* [T,E] what affinity returned, of gates that train; else NULL */
    double *affinity_sum;    /* [T] sum of a, or log sum where affinities are logarithms */
    double *p;               /* [T,E] */
    gsc_choice choice;       /* rows, chosen experts and weights */

    /* Set after init: probs without a backward takes forward differences, M + 1 evaluations of a row
     * instead of 2M, right to 5e-8 instead of 1e-10: for labs that train in float. */
    bool one_sided;
    /* The caller saw that z is finite: a forward pass without x does not look again. */
    bool z_is_finite;
    /* Numbers of numeric derivatives in the last backward pass: evaluations of one row. */
    int64_t numeric_evaluations;

    double *dot;    /* [T,M] x.w, inner form */
    double *w_norm; /* [M] |w_j|^2, inner form */
    double *slopes; /* [T,M] backward, inner form: dz by x.w */
    double *ww;     /* [M] backward, inner form: twice dz by |w_j|^2, over all rows */
    double *dp;     /* [T,E] backward */
    double *row;    /* scratch of 8 rows */
    double *saved;  /* scratch of the largest trained tensor */
    int32_t *order; /* [E] */
    void *select_scratch;
} gsc_gate_pass;

/* Makes room for call->rows rows. Sizes, parameters, tensors and the rest of call are borrowed
 * until clear. Refuses (GSC_ERR_PLUGIN or GSC_ERR_INPUT) a gate whose declaration does not fit the
 * sizes. */
gsc_status gsc_gate_pass_init(gsc_gate_pass *pass, const gsc_loaded *loaded, const gsc_call *call,
                              gsc_error *error);
void gsc_gate_pass_clear(gsc_gate_pass *pass); /* a zeroed one is fine */

/* Score, probs, select, combine.
 *
 * x [T,D]; NULL: pass->z holds the logits. w [M,D], for linear and inner scores; b [M] is added to
 * linear scores, NULL: none. On failure (GSC_ERR_PLUGIN, naming gate, function and value: a number
 * that is not finite, rows of p that do not sum to 1 without GSC_CAP_NO_SUM, an impossible choice)
 * the pass holds nothing usable. */
gsc_status gsc_gate_forward(gsc_gate_pass *pass, const double *x, const double *w, const double *b,
                            gsc_error *error);

/* What comes in and goes out of the backward pass. The selection is held fixed and the bias gets
 * no gradient. */
typedef struct gsc_gate_gradient {
    const double *dweight; /* [start[T]] parallel to choice.weight; NULL: zero */
    const double *dp;      /* [T,E] of balancers, added; NULL: zero; pass->dp is fine */
    const double *dz;      /* [T,M] of balancers, added; NULL: zero; ret_dz is fine */
    bool score_only; /* dz is all there is, as of a gate that mixes: weights and p have none */
    double *ret_dz;  /* [T,M] */
    double *ret_dx;  /* [T,D]; NULL: not wanted; so dw, db */
    double *dw;      /* [M,D], added to */
    double *db;      /* [M], added to */
} gsc_gate_gradient;

/* After a forward pass with the same tensors. Gradients of the gate's own tensors are added to
 * call.gradients. Own scores need score_backward (GSC_ERR_PLUGIN otherwise) where x was given. */
gsc_status gsc_gate_backward(gsc_gate_pass *pass, const gsc_gate_gradient *gradient,
                             gsc_error *error);

/* M for E experts. */
gsc_status gsc_gate_logits(const gsc_loaded *loaded, int64_t experts, const double *params,
                           int64_t *ret_logits, gsc_error *error);

/* Whether the gate has trained tensors of its own. */
bool gsc_gate_trains(const gsc_loaded *loaded);

/* Elements of a declared tensor at these sizes; -1 where its sizes make no sense. */
int64_t gsc_tensor_count(const gsc_tensor *tensor, const gsc_call *call);

#endif
