/* SPDX-License-Identifier: MIT
 *
 * Expectation maximisation of mixture.h where every function is known in closed form and there is one input: the
 * logits, affinities, experts, residuals and Jacobians of a row are computed where they are used and never stored.
 *
 *     gate      log a_j = z_j (EXP) or log sigma(z_j) (SIGMOID),  z_j = beta_j0 + beta_j1 x
 *     experts   h_c = out_c f_c(in_c x + bias_c),  f_c(u) = u (AFFINE) or max(u, 0) (RELU)
 *
 * Blocks, alignment and padding are those of mixture.h, [k][B] likewise. Logits are to stay within
 * GSC_MIXTURE_CLOSED_REACH of each other (EXP) or of 0 (SIGMOID): then no exponential needs a maximum taken off first.
 * Sums are kept by lane, so that a block ends without adding lanes up: an array of m sums is [m][GSC_MIXTURE_LANES],
 * aligned to 64 bytes, of which gsc_mixture_lanes_add adds the totals up in a fixed order. Nothing allocates; nothing
 * fails; the same block gives the same bits on any thread; levels differ in the last bits.
 *
 * Operations for each row: posterior k + E exp for SIGMOID, k + E - 1 for EXP, for a common shift of all logits
 * changes nothing and the last one is taken to 0; as many of the gate's again and 1 log for normalise, E log for
 * SIGMOID.
 *
 * Layer: kernels. [row] any thread.
 */
#ifndef GSC_KERNELS_MIXTURE_CLOSED_H
#define GSC_KERNELS_MIXTURE_CLOSED_H

#include "kernels/mixture.h"

#include <stdbool.h>

enum {
    GSC_MIXTURE_LANES = 8,
    GSC_MIXTURE_CLOSED_REACH = 100,
    GSC_MIXTURE_CLOSED_MOMENTS = 7
};

typedef enum gsc_mixture_gate_form {
    GSC_MIXTURE_EXP = 0,
    GSC_MIXTURE_SIGMOID,
} gsc_mixture_gate_form;

/* One component. */
typedef struct gsc_mixture_line {
    bool relu;
    double in, bias, out;
    double constant, precision; /* as in mixture.h */
} gsc_mixture_line;

/* All of them, shared ones first. Where the gate is EXP the last logit is 0 and the others are differences from it. */
typedef struct gsc_mixture_closed {
    size_t k1, k2;
    gsc_mixture_gate_form gate;
    double beta[GSC_MIXTURE_MAX][2];
    gsc_mixture_line line[GSC_MIXTURE_MAX];
} gsc_mixture_closed;

/* Posterior shares r [k][B] of the components and the block's log-likelihood, as gsc_mixture_posterior; and what
 * scores needs: q_j = pi_j d log a_j / d z_j [E][B] and, for SIGMOID only, ret_slope_j = d log a_j / d z_j [E][B].
 * Adds sum r_j log pi_j over rows and j to *ret_gate_q, which may be NULL and costs E log a row. */
#define GSC_MIXTURE_CLOSED_POSTERIOR_ARGS                                                          \
    (const gsc_mixture_closed *model, size_t rows, const double *x, const double *y,               \
     double *ret_r, double *ret_q, double *ret_slope, double *ret_gate_q)

/* q and slope as above at the model's beta, from the gate alone; returns sum over rows and j of r_j log pi_j, r [E][B]
 * of the routed experts. */
#define GSC_MIXTURE_CLOSED_NORMALISE_ARGS                                                          \
    (const gsc_mixture_closed *model, size_t rows, const double *x, const double *r,               \
     double *ret_q, double *ret_slope)

/* Adds the gradient and the Fisher information of gsc_mixture_gate_scores, d = 1, to sums by lane: 2 E + 3 E (E + 1) /
 * 2 of them, gradient first. For EXP, where both vanish in the direction of a common shift, those with the last
 * expert are left alone: gsc_mixture_closed_shift makes them of the others. slope is not read for EXP. */
#define GSC_MIXTURE_CLOSED_SCORES_ARGS                                                             \
    (const gsc_mixture_closed *model, size_t rows, const double *x, const double *r,               \
     const double *q, const double *slope, double *ret_sums)

/* Adds to seven sums by lane, with e = y - h and m = 1 where the component is no RELU or in x + bias > 0, else 0,
 *
 *     sum r,  sum r e^2,  sum m r (1, x, x^2),  sum m r e (1, x)
 *
 * of which every entry of the Jacobian's moments is a combination. r [B] of one component. */
#define GSC_MIXTURE_CLOSED_MOMENTS_ARGS                                                            \
    (const gsc_mixture_line *line, size_t rows, const double *x, const double *y, const double *r, \
     double *ret_sums)

GSC_ISA_DECLARE(double, gsc_mixture_closed_posterior, GSC_MIXTURE_CLOSED_POSTERIOR_ARGS);
GSC_ISA_DECLARE(double, gsc_mixture_closed_normalise, GSC_MIXTURE_CLOSED_NORMALISE_ARGS);
GSC_ISA_DECLARE(void, gsc_mixture_closed_scores, GSC_MIXTURE_CLOSED_SCORES_ARGS);
GSC_ISA_DECLARE(void, gsc_mixture_closed_moments, GSC_MIXTURE_CLOSED_MOMENTS_ARGS);

double gsc_mixture_closed_posterior_ref GSC_MIXTURE_CLOSED_POSTERIOR_ARGS;
double gsc_mixture_closed_normalise_ref GSC_MIXTURE_CLOSED_NORMALISE_ARGS;
void gsc_mixture_closed_scores_ref GSC_MIXTURE_CLOSED_SCORES_ARGS;
void gsc_mixture_closed_moments_ref GSC_MIXTURE_CLOSED_MOMENTS_ARGS;

typedef struct gsc_mixture_closed_kernels {
    double(*posterior) GSC_MIXTURE_CLOSED_POSTERIOR_ARGS;
    double(*normalise) GSC_MIXTURE_CLOSED_NORMALISE_ARGS;
    void(*scores) GSC_MIXTURE_CLOSED_SCORES_ARGS;
    void(*moments) GSC_MIXTURE_CLOSED_MOMENTS_ARGS;
} gsc_mixture_closed_kernels;

/* The companion of a table of mixture.h: of the same level, or plain C. */
const gsc_mixture_closed_kernels *gsc_mixture_closed_kernels_of(const gsc_mixture_kernels *kernels);

/* Sets the gate from beta [E][2]; false, where a logit over |x| <= most is out of reach: use mixture.h. k1, k2 and gate
 * are set before. */
bool gsc_mixture_closed_set_gate(gsc_mixture_closed *model, const double *beta, double offset,
                                 double most);

/* ret[i] += the total of sum i, over m sums by lane. */
void gsc_mixture_lanes_add(size_t m, const double *sums, double *ret);

/* Totals of scores, as gsc_mixture_gate_scores lays them out: fills in what EXP left out. */
void gsc_mixture_closed_shift(const gsc_mixture_closed *model, double *gradient, double *fisher);

/* The moments of gsc_mixture_moments, [GSC_MIXTURE_MOMENTS(P)], of seven totals. The parameters are (in, bias) of an
 * affine component, whose out is 1; (in, bias, out) of a biased RELU; (in, out) of the other. */
void gsc_mixture_closed_moments_of(const gsc_mixture_line *line, bool biased, const double *totals,
                                   double *ret_moments);

#endif
