/* SPDX-License-Identifier: MIT
 *
 * The mixture of a family that is nearest to a truth: argmin KL(f* || f) over X and Y by
 * quadrature, under a box, a variance floor and a floor on every atom's share of its group's
 * mass; one block of one atom may be held at a given error. No sampling noise, and no
 * cancellation: with rho = f / f* and phi(r) = r - log(1 + r) >= 0,
 *
 *     KL = E* phi(rho - 1) = 1/2 sum_t e_t^2,
 *     e_t = sqrt(w_t) sign(rho_t - 1) sqrt(2 phi(rho_t - 1))
 *
 * (E*(rho - 1) = 0; mass of f that no node sees is charged besides), so that divergences down to
 * about 1e-26 keep their digits. The least squares are solved by Levenberg and Marquardt's method
 * on the analytic Jacobian, by QR, with bounds as an active set (Nocedal and Wright 2006,
 * chapter 10).
 *
 * Coordinates ("slots"), one for each number of the flat vector, then one for each group of
 * several atoms: variances enter by their logs; an omega or beta0 of an atom in a group of
 * several is its share s of the group's mass, floor <= s, and the group's slot is its omega or
 * the log of its sum of a(beta0); all others enter as they are.
 *
 * Where the gate feels no common shift of its logits, beta0 and beta1 of one atom are held: that
 * of the first group of one atom, else the last atom (of which then the group's mass is held
 * instead). Where experts are homogeneous (ReLU), "in" is held.
 *
 * A gate in general form (gate_general.h) has no masses a(beta0), so its atoms have no shares: beta0 and its own
 * numbers enter as they are, and the floor is kept, for E_x[pi_j(x)] within its group, by a residual
 * log(floor / share), 0 above the floor. A share then ends below it by a part that is of the order of KL.
 *
 * The mass of a group (blocks "omega" and "mass") may be held as any block of one number is.
 *
 * A categorical response (quadrature->classes > 0; discrete.h) is fitted in the same way,
 * variances held at 1; and, bound to a sample, by its likelihood instead.
 *
 * Layer: core/theory. d = 1, but for samples.
 */
#ifndef GSC_CORE_THEORY_KL_FIT_H
#define GSC_CORE_THEORY_KL_FIT_H

#include "core/theory/loss.h"
#include "core/theory/quadrature.h"

#include <stdatomic.h>

enum {
    GSC_KL_FIT_MAX_SLOTS = 512,
    GSC_KL_FIT_MAX_BLOCK = 32
};

typedef struct gsc_kl_fit_options {
    double gate_box;   /* |beta0|, |beta1| <= gate_box; experts: the shape's box */
    double mass_floor; /* least share of an atom in its group; 0: none */
    size_t max_iterations;
    double tolerance;        /* relative decrease of KL in one step, twice in a row */
    double gain;             /* or a decrease of less than this, twice in a row */
    const atomic_bool *stop; /* read once an iteration; NULL: never */
} gsc_kl_fit_options;

typedef struct gsc_kl_fit_info {
    size_t iterations, evaluations;
    double kl;
    bool converged;
} gsc_kl_fit_info;

typedef struct gsc_kl_fit gsc_kl_fit;

/* groups [k1 + k2] says which atoms share a mass: the cell of each (numbers of shared and routed
 * groups are apart). quadrature and the shape's families are borrowed; options are copied. */
gsc_status gsc_kl_fit_new(const gsc_quadrature *quadrature, const gsc_mixture_shape *shape,
                          const size_t *groups, const gsc_kl_fit_options *options,
                          gsc_kl_fit **ret_fit, gsc_error *error);
void gsc_kl_fit_free(gsc_kl_fit *self);

/* Categorical responses only: from now on what is called KL is minus the log-likelihood of a
 * sample, which is borrowed, and steps are those of Fisher scoring with the sum of g g' over the
 * rows' scores g. NULL: the divergence again. */
void gsc_kl_fit_bind(gsc_kl_fit *self, const gsc_sample *sample);

/* Replaces options.stop. */
void gsc_kl_fit_stop_at(gsc_kl_fit *self, const atomic_bool *stop);

/* Replaces options.max_iterations. */
void gsc_kl_fit_limit(gsc_kl_fit *self, size_t max_iterations);

size_t gsc_kl_fit_slots(const gsc_kl_fit *self);

/* Holds |block of atom - truth| at delta from now on; a block of one number lies at truth + sign
 * delta. truth points to the block's true numbers. NULL for block: nothing is held. Returns
 * false, nothing changed, where that is outside box or variance floor. */
bool gsc_kl_fit_hold(gsc_kl_fit *self, const gsc_error_block *block, size_t atom,
                     const double *truth, double delta, double sign);

/* How many slots the held block has (0: none), the first in *ret_at; where it is several, u
 * holds the direction of its error there, of any length above 0. */
size_t gsc_kl_fit_held(const gsc_kl_fit *self, size_t *ret_at);

/* Slots of a mixture and back. from_mixture moves into box and floors and to the held error. */
gsc_status gsc_kl_fit_from_mixture(gsc_kl_fit *self, const double *mixture, double *ret_u,
                                   gsc_error *error);
gsc_status gsc_kl_fit_to_mixture(gsc_kl_fit *self, const double *u, double *ret_mixture,
                                 gsc_error *error);

/* Puts u back inside bounds, floors and the held error (after the caller changed it). */
void gsc_kl_fit_settle(gsc_kl_fit *self, double *u);

/* KL at u. */
gsc_status gsc_kl_fit_evaluate(gsc_kl_fit *self, const double *u, double *ret_kl, gsc_error *error);

/* Descends from u and replaces it. */
gsc_status gsc_kl_fit_run(gsc_kl_fit *self, double *u, gsc_kl_fit_info *ret_info, gsc_error *error);

/* Least eigenvalue of the Hessian of KL at u over the slots that are neither held nor at a bound
 * (central differences of the analytic gradient); *ret_at_bound (may be NULL): how many are at
 * one. */
gsc_status gsc_kl_fit_least_eigenvalue(gsc_kl_fit *self, const double *u, double *ret_value,
                                       size_t *ret_at_bound, gsc_error *error);

/* The mixture with every atom c at the true atom cells[c] and the mass of a cell in equal parts;
 * gate parameters are clipped to gate_box. The shape's gate may be another than the truth's. */
gsc_status gsc_kl_fit_split_truth(const gsc_truth *truth, const gsc_mixture_shape *shape,
                                  const size_t *cells, double gate_box, double *ret_mixture,
                                  gsc_error *error);

#endif
