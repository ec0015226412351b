/* SPDX-License-Identifier: MIT
 *
 * The fused loops of expectation maximisation for a Gaussian mixture of experts, over blocks of
 * rows.
 *
 * A block is at most GSC_MIXTURE_BLOCK rows by column: column c of an array [k][B] begins at c B,
 * B = GSC_MIXTURE_STRIDE (a cache line more than the rows, so that columns do not fight for the
 * same cache sets). Arrays are aligned to 64 bytes. Rows past `rows` up to the next multiple of
 * GSC_MIXTURE_PAD are read, so they must hold finite numbers (a copy of a row will do); they count
 * for nothing: where a result has a row there it is written too, and r is 0 there. Nothing
 * allocates; nothing fails; outputs overlap inputs only where said. Sums are added to ret_* in a
 * fixed order, lane by lane, so the same block gives the same bits on any thread; levels differ in
 * the last bits (fused products; exp and log are our own polynomials, exp under 2 ulp on the ranges
 * that occur, log within 2e-16 (1 + |log|)).
 *
 * Operations for each row, k = k1 + k2 components, E = k2 gates, P parameters of an expert, d
 * inputs:
 *     posterior       k + E exp, 2 divisions, about 6 k + 4 E flops
 *     moments         3 + 3 P + P (P + 1) flops for each component
 *     gate_normalise  E exp, 1 log, 1 division, about 6 E flops
 *     gate_scores     about 8 E + E (E + 1) / 2 (3 + 2 (d + 1) (d + 2) / 2) flops
 * so one iteration costs k + E exp a row, and each gate step inside an M-step E exp and 1 log.
 *
 * Source: Nguyen et al. 2025, arXiv 2505.10860, the model; Dempster, Laird and Rubin 1977; Jordan
 * and Jacobs 1994 for the gate's Fisher scoring. Layer: kernels. [row] any thread.
 */
#ifndef GSC_KERNELS_MIXTURE_H
#define GSC_KERNELS_MIXTURE_H

#include "kernels/isa.h"

enum {
    GSC_MIXTURE_BLOCK = 512,
    GSC_MIXTURE_PAD = 16,
    GSC_MIXTURE_STRIDE = GSC_MIXTURE_BLOCK + 8, /* B */
    GSC_MIXTURE_MAX = 64                        /* the most components in one block */
};

/* How many sums moments has: mass, rss, P, P (P + 1) / 2. */
#define GSC_MIXTURE_MOMENTS(p) (2 + (p) + (p) * ((p) + 1) / 2)

/* Posterior shares of the components, the block's log-likelihood, and what gate_scores needs.
 *
 *     l_c  = constant_c - precision_c e_c^2 + (c >= k1 ? log pi_(c - k1) : 0)
 *     r_c  = exp(l_c) / sum_c' exp(l_c'),   q_j = pi_j slope_j,
 *     returns sum over rows of log sum_c exp(l_c)
 *
 * with log pi_j = a_j - log sum_l exp(a_l), which is never formed: shared terms are multiplied
 * by the sum instead, and one logarithm serves 64 rows. constant [k] log of mass and of the
 * normal density's constant; precision [k] 1 / (2 variance) e [k][B] residuals y - h; a, slope
 * [E][B] log affinities and their slopes in z; ret_r [k][B]; ret_q [E][B]. Where k2 is 0 the
 * last inputs and ret_q are not read or written. */
#define GSC_MIXTURE_POSTERIOR_ARGS                                                                 \
    (size_t rows, size_t k1, size_t k2, const double *constant, const double *precision,           \
     const double *e, const double *a, const double *slope, double *ret_r, double *ret_q)

/* Weighted moments of one component, for its mass, its variance and its normal equations; adds
 *
 *     sum r,  sum r e^2,  sum r e J_p for p < P,  sum r J_p J_q for p <= q, row by row of the upper
 *     triangle
 *
 * to ret_moments [GSC_MIXTURE_MOMENTS(P)]. r, e [B]; J by column, column p at jacobian + p
 * stride. */
#define GSC_MIXTURE_MOMENTS_ARGS                                                                   \
    (size_t rows, size_t p, const double *r, const double *e, const double *jacobian,              \
     size_t stride, double *ret_moments)

/* Gate probabilities from log affinities.
 *
 *     log pi_j = a_j - log sum_l exp(a_l),   q_j = pi_j slope_j,
 *     returns sum over rows and j of r_j log pi_j
 *
 * a [E][B] log affinities, slope [E][B] d a_j / d z_j, r [E][B]; ret_log_pi, ret_q [E][B];
 * ret_log_pi may be a. */
#define GSC_MIXTURE_GATE_NORMALISE_ARGS                                                            \
    (size_t rows, size_t experts, const double *a, const double *slope, const double *r,           \
     double *ret_log_pi, double *ret_q)

/* Gradient and Fisher information of Q = sum r_j log pi_j in the gate's parameters, with xt = (1,
 * x) and s = sum_j r_j; adds
 *
 *     g_j  = sum (slope_j r_j - s q_j) xt                          to ret_gradient [E][1 + d]
 *     F_jl = sum s (pi_j delta_jl - pi_j pi_l) slope_j slope_l xt xt'
 *
 * the latter to ret_fisher [E (E + 1) / 2][(d + 1)(d + 2) / 2], both triangles upper, row by
 * row. x [d][B]; r, q, slope [E][B]; scratch [2][B]. */
#define GSC_MIXTURE_GATE_SCORES_ARGS                                                               \
    (size_t rows, size_t experts, size_t d, const double *x, const double *r, const double *q,     \
     const double *slope, double *scratch, double *ret_gradient, double *ret_fisher)

/* ret[t] = constant + base[t] + sum_p coefficient_p column_p[t]; base NULL: 0. Any n, any
 * alignment. */
#define GSC_MIXTURE_COMBINE_ARGS                                                                   \
    (size_t n, size_t p, double constant, const double *base, const double *coefficient,           \
     const double *columns, size_t stride, double *ret)

/* ret[t] = factor a[t] b[t]; b NULL: factor a[t]. Any n, any alignment; ret may be a. */
#define GSC_MIXTURE_PRODUCT_ARGS                                                                   \
    (size_t n, double factor, const double *a, const double *b, double *ret)

/* sum a[t] b[t] over a block. */
#define GSC_MIXTURE_DOT_ARGS (size_t rows, const double *a, const double *b)

/* 1 where all n values are finite, else 0. Any n, any alignment. */
#define GSC_MIXTURE_FINITE_ARGS (size_t n, const double *values)

GSC_ISA_DECLARE(double, gsc_mixture_posterior, GSC_MIXTURE_POSTERIOR_ARGS);
GSC_ISA_DECLARE(void, gsc_mixture_moments, GSC_MIXTURE_MOMENTS_ARGS);
GSC_ISA_DECLARE(double, gsc_mixture_gate_normalise, GSC_MIXTURE_GATE_NORMALISE_ARGS);
GSC_ISA_DECLARE(void, gsc_mixture_gate_scores, GSC_MIXTURE_GATE_SCORES_ARGS);
GSC_ISA_DECLARE(void, gsc_mixture_combine, GSC_MIXTURE_COMBINE_ARGS);
GSC_ISA_DECLARE(void, gsc_mixture_product, GSC_MIXTURE_PRODUCT_ARGS);
GSC_ISA_DECLARE(double, gsc_mixture_dot, GSC_MIXTURE_DOT_ARGS);
GSC_ISA_DECLARE(int, gsc_mixture_finite, GSC_MIXTURE_FINITE_ARGS);

double gsc_mixture_posterior_ref GSC_MIXTURE_POSTERIOR_ARGS;
void gsc_mixture_moments_ref GSC_MIXTURE_MOMENTS_ARGS;
double gsc_mixture_gate_normalise_ref GSC_MIXTURE_GATE_NORMALISE_ARGS;
void gsc_mixture_gate_scores_ref GSC_MIXTURE_GATE_SCORES_ARGS;
void gsc_mixture_combine_ref GSC_MIXTURE_COMBINE_ARGS;
void gsc_mixture_product_ref GSC_MIXTURE_PRODUCT_ARGS;
double gsc_mixture_dot_ref GSC_MIXTURE_DOT_ARGS;
int gsc_mixture_finite_ref GSC_MIXTURE_FINITE_ARGS;

/* One implementation of all. */
typedef struct gsc_mixture_kernels {
    double(*posterior) GSC_MIXTURE_POSTERIOR_ARGS;
    void(*moments) GSC_MIXTURE_MOMENTS_ARGS;
    double(*gate_normalise) GSC_MIXTURE_GATE_NORMALISE_ARGS;
    void(*gate_scores) GSC_MIXTURE_GATE_SCORES_ARGS;
    void(*combine) GSC_MIXTURE_COMBINE_ARGS;
    void(*product) GSC_MIXTURE_PRODUCT_ARGS;
    double(*dot) GSC_MIXTURE_DOT_ARGS;
    int(*finite) GSC_MIXTURE_FINITE_ARGS;
} gsc_mixture_kernels;

/* The best for this machine; one level's (it must not exceed the machine's); plain C with libm. */
const gsc_mixture_kernels *gsc_mixture_kernels_get(void);
const gsc_mixture_kernels *gsc_mixture_kernels_at(gsc_isa isa);
const gsc_mixture_kernels *gsc_mixture_kernels_ref(void);

#endif
