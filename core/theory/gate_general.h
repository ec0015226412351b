/* SPDX-License-Identifier: MIT
 *
 * Gates in general form: own or inner scores, probabilities by row, more logits than experts, tensors of their own.
 *
 *     z = score(x)   linear and inner forms: z_j = f(x.w_j, |x|^2, |w_j|^2) + b_j, (w_j, b_j) = (beta1_j, beta0_j) for
 *                    j < E and from the block "logits" for j >= E; own scores: the plugin's, beta0 and beta1 unused
 *     pi = probs(z)  or the normalised affinity; log pi is floored at log DBL_MIN, rows where that happened are counted
 *
 * The block of a gate in the mixture vector is "logits" [M - E][1 + d], where M > E, then the trained tensors in
 * declared order. Slopes are the plugin's where it has them, else central differences. The derivative of own tensors is
 * that of score_backward for own scores, else a difference of Q.
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_GATE_GENERAL_H
#define GSC_CORE_THEORY_GATE_GENERAL_H

#include "core/theory/model.h"

/* Numbers beyond beta0 and beta1 of a gate over its experts and so many inputs; SIZE_MAX where a tensor has a size that
 * means nothing here. */
size_t gsc_gate_extra(const gsc_gate_family *gate, size_t inputs);

/* Block i of them; false past the last. */
bool gsc_gate_block(const gsc_gate_family *gate, size_t inputs, size_t i,
                    gsc_theta_block *ret_block);

/* Where a fit of them starts: as the tensors' init says, with a little noise from values, noise [gsc_gate_extra], of
 * standard deviation 1. */
void gsc_gate_initial(const gsc_gate_family *gate, size_t inputs, const double *noise,
                      double *ret_extra);

/* The three parts of a gate's parameters. */
typedef struct gsc_gate_point {
    const double *beta0, *beta1, *extra; /* [E], [E][d], [gsc_gate_extra] */
} gsc_gate_point;

/* Doubles of scratch for n rows. */
size_t gsc_gate_scratch(const gsc_gate_family *gate, size_t inputs, size_t n);

/* log pi_j of n rows into ret_log_pi [E] columns, ret_stride apart. x is by column, stride apart. *ret_floored (may be
 * NULL) grows by the rows with a probability below DBL_MIN. GSC_ERR_PLUGIN as model.h, and for p that is negative or
 * does not sum to 1. */
gsc_status gsc_gate_log_probs(const gsc_gate_family *gate, const gsc_gate_point *point,
                              size_t inputs, size_t n, const double *x, size_t stride,
                              double *ret_log_pi, size_t ret_stride, size_t *ret_floored,
                              double *scratch, gsc_error *error);

/* Adds sum_t sum_j r_tj log pi_j(x_t) to *q and its derivatives to gradient [E + E d + extra], ordered beta0, beta1,
 * extra. r by column, r_stride apart. */
gsc_status gsc_gate_add_gradient(const gsc_gate_family *gate, const gsc_gate_point *point,
                                 size_t inputs, size_t n, const double *x, size_t stride,
                                 const double *r, size_t r_stride, double *q, double *gradient,
                                 double *scratch, gsc_error *error);

#endif
