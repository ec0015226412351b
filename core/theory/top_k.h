/* SPDX-License-Identifier: MIT
 *
 * Sparse gates: of E experts only the K with the largest beta1_j' x answer for x (beta0 plays no
 * part in the choice and is added afterwards); their affinities are normalised among themselves
 * (paper, appendix F).
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_TOP_K_H
#define GSC_CORE_THEORY_TOP_K_H

#include <stddef.h>

/* Lowers log a of the experts that are not chosen to 700 below the row's largest, where their
 * share, 1e-304, is nothing to a density and still a number. Ties go to the smaller index.
 *
 * beta1 [experts], beta_stride apart, inputs numbers each; x by column, x_stride apart; log_a
 * [experts][stride]. keep 0 or >= experts: nothing is done. */
void gsc_top_k_mask(size_t keep, size_t experts, size_t inputs, const double *beta1,
                    size_t beta_stride, size_t rows, const double *x, size_t x_stride,
                    double *log_a, size_t stride);

/* How many experts a fit of k routed ones must activate for its density to converge to a truth of
 * k_true that activates true_k, wherever its extra atoms go: max over subsets of sum |V_j| = true_k
 * + k - k_true at most. */
size_t gsc_top_k_needed(size_t true_k, size_t k_true, size_t k);

#endif
