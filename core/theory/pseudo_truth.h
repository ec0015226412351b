/* SPDX-License-Identifier: MIT
 *
 * The pseudo-truth: argmin KL(truth || f) over the mixtures f of a family inside its box, by
 * quadrature. Where the family with its extra atoms does not hold the truth's density (a
 * normalized sigmoid gate whose true slopes are not all 0, in a box), a maximum likelihood
 * estimate goes there and not to the truth; it is the reference of loss D4 (paper, equation 11).
 *
 * Starts are splits of the truth, disturbed, and atoms thrown over the box; the least divergence
 * is kept. Components are counted as found; gsc_pseudo_truth_pair puts them beside a fit's.
 *
 * Layer: core/theory. d = 1.
 */
#ifndef GSC_CORE_THEORY_PSEUDO_TRUTH_H
#define GSC_CORE_THEORY_PSEUDO_TRUTH_H

#include "core/theory/kl_fit.h"

typedef struct gsc_pseudo_truth_options {
    double gate_box;   /* |beta0|, |beta1| */
    double mass_floor; /* least share of an atom in its group, shared or routed; 0: none */
    size_t starts;     /* 48 */
    uint64_t seed;
    const atomic_bool *stop; /* NULL: never */
} gsc_pseudo_truth_options;

gsc_pseudo_truth_options gsc_pseudo_truth_options_default(const gsc_mixture_shape *shape);

typedef struct gsc_pseudo_truth {
    double kl; /* nats, on the fine quadrature */
    /* Of the Hessian of kl in the slots of kl_fit.h; near 0 means not identified. */
    double least_eigenvalue;
    size_t at_bound;     /* slots at the box or the floor, which the Hessian leaves out */
    size_t starts, hits; /* hits: starts within 1 part in 1000 (and 1e-12) of the least */
} gsc_pseudo_truth;

/* ret_mixture has the shape's size; untouched on failure. */
gsc_status gsc_pseudo_truth_find(const gsc_truth *truth, const gsc_mixture_shape *shape,
                                 const gsc_pseudo_truth_options *options, double *ret_mixture,
                                 gsc_pseudo_truth *ret_info, gsc_error *error);

/* The pseudo-true routed atom of each fitted routed atom: the pairing, one to one, of least
 * total distance in (beta1, eta, nu). Both mixtures have this shape. */
void gsc_pseudo_truth_pair(const gsc_mixture_shape *shape, const double *pseudo,
                           const double *mixture, size_t *ret_pairs);

#endif
