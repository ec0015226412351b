/* SPDX-License-Identifier: MIT
 *
 * Gates of either kind, an affinity on linear scores or the general form (gate_general.h), by row
 * and on average over X; what of them can be compared between a fit and its truth; and the own
 * numbers of a gate that starts near a smaller true one.
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_GATE_ROWS_H
#define GSC_CORE_THEORY_GATE_ROWS_H

#include "core/theory/truth.h"

#include <stdbool.h>

/* log pi_j of n rows up to a number of each row, far below the others where an expert does not
 * answer (top_k.h), into ret_log [k_routed][n]. x by column, stride apart. Fails as the gate fails.
 */
gsc_status gsc_gate_rows(const gsc_mixture_shape *shape, const double *mixture, size_t n,
                         const double *x, size_t stride, double *ret_log, gsc_error *error);

/* E_x[pi_j(x)] of every routed atom, X uniform on the truth's interval: by quadrature for one input
 * (128 Gauss nodes), over 4096 fixed draws of X for several. */
gsc_status gsc_gate_means(const gsc_truth *truth, const gsc_mixture_shape *shape,
                          const double *mixture, double *ret_means, gsc_error *error);

/* Whether beta1 of a fit means what it means in the truth: both gates score linearly. */
bool gsc_gate_has_slopes(const gsc_truth *truth);

/* Whether a gate in general form feels no common shift of all beta0 and beta1 (linear scores, one
 * logit an expert, no numbers of its own; tried at a few points). */
gsc_status gsc_gate_is_shift_free(const gsc_gate_family *gate, bool *ret_free, gsc_error *error);

/* The numbers of a fitted gate beyond beta from those of a true gate of the same plugin: what is
 * sized by experts or logits takes the numbers of true atom cell[i], all else is copied. */
void gsc_gate_spread_extra(const gsc_gate_family *truth, const double *extra,
                           const gsc_gate_family *fit, const size_t *cell, size_t inputs,
                           double *ret_extra);

#endif
