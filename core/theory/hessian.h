/* SPDX-License-Identifier: MIT
 *
 * The log-likelihood of a mixture with its analytic gradient and Hessian, in free coordinates: the layout of
 * the flat vector with log omega, log tau and log nu in place of omega, tau and nu (omega = softmax of its
 * coordinates, so that their common shift changes nothing).
 *
 * With r_c the responsibility of component c, g_c and H_c gradient and Hessian of its log term
 * (log weight + log phi) and gbar = sum_c r_c g_c, per row:
 *
 *     gradient  gbar
 *     Hessian   sum_c r_c (H_c + g_c g_c') - gbar gbar'
 *
 * Every parameter is a channel (h_c, log variance_c, log omega_i, z_j) times a column (dh/dtheta, 1, (1, x)), so the
 * Hessian is moments of products of channels with products of columns, over blocks of rows. Second derivatives
 * of h (0 where the expert is linear) and of log a (0 for softmax) are central differences of the Jacobian and of
 * the slope. Sums run in a fixed order: the same bits at any thread count.
 *
 * Cost for linear experts, d = 1, per row: k1 + k2 + k2 exp, 2 log, and about S (S + 1) / 2 x 4 multiply-adds with
 * S = 3 k1 + 3 k2 channels.
 *
 * Layer: core/theory. One objective serves one thread; nothing is allocated after _new.
 */
#ifndef GSC_CORE_THEORY_HESSIAN_H
#define GSC_CORE_THEORY_HESSIAN_H

#include "core/theory/model.h"

typedef struct gsc_objective gsc_objective;

/* The shape and its families must outlive the objective. */
gsc_status gsc_objective_new(const gsc_mixture_shape *shape, gsc_objective **ret_objective,
                             gsc_error *error);
void gsc_objective_free(gsc_objective *self);

/* The rows that the next evaluations see; borrowed. Looks whether linear experts have plain columns (1, x) on
 * them. */
gsc_status gsc_objective_bind(gsc_objective *self, const gsc_sample *sample, gsc_error *error);

/* Log-likelihood at free coordinates u and, where not NULL, its gradient [P] and Hessian [P][P] (symmetric, both
 * halves). */
gsc_status gsc_objective_evaluate(gsc_objective *self, const double *u, double *ret_log_likelihood,
                                  double *ret_gradient, double *ret_hessian, gsc_error *error);

/* log f(y_t|x_t) of every row. */
gsc_status gsc_objective_log_densities(gsc_objective *self, const double *u, double *ret_log,
                                       gsc_error *error);

/* omega -> log omega, variances -> their logs, and back (omega normalised to sum 1). In place is fine. */
void gsc_mixture_to_free(const gsc_mixture_shape *shape, const double *mixture, double *ret_u);
void gsc_mixture_from_free(const gsc_mixture_shape *shape, const double *u, double *ret_mixture);

#endif
