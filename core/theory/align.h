/* SPDX-License-Identifier: MIT
 *
 * Moves a fitted mixture along the directions that its density does not feel, to where the truth lies, so that
 * a loss on parameters means something (paper section 6):
 *
 * 6.1 translation, for gates with log a(z) = c z + const (softmax): beta0 += t0 so that the masses a(beta0) have
 *     the true sum; then beta1 += t1 so that sum a(beta0_i) beta1_i has the true value. Gates in
 *     general form on linear scores that feel no common shift are moved as softmax is.
 * 6.2 rescaling, for other gates and loss D3 only: masses are multiplied by one factor so that they have the true
 *     sum, beta0 = a^-1(c a(beta0)); clipped to the box where that leaves the range of a.
 * 6.4 scale, for feed-forward experts with f(2u) = 2 f(u) (ReLU): (in, bias) and out are rescaled so that |in| is
 *     that of the true atom that is then nearest.
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_ALIGN_H
#define GSC_CORE_THEORY_ALIGN_H

#include "core/theory/loss.h"

#include <stdbool.h>

typedef struct gsc_align_info {
    bool translated, rescaled, clipped, canonical_shared, canonical_routed;
} gsc_align_info;

/* In place. Fails only as the gate's affinity fails. ret_info may be NULL. */
gsc_status gsc_align(const gsc_truth *truth, gsc_loss_kind kind, const gsc_mixture_shape *shape,
                     double *mixture, gsc_align_info *ret_info, gsc_error *error);

/* f(2u) = 2 f(u) for a feed-forward family, decided on a grid of u; false for other forms. */
bool gsc_expert_is_homogeneous(const gsc_expert_family *family);

/* log a(z) = c z + const: slope c, or 0 where it is no such gate. */
gsc_status gsc_gate_translation_slope(const gsc_gate_family *gate, double *ret_slope,
                                      gsc_error *error);

/* b in [-box, box] with log a(b) = log_mass, by bisection on a rising log a; *ret_clipped (may be NULL) where
 * the box does not reach it. */
gsc_status gsc_gate_invert(const gsc_gate_family *gate, double log_mass, double box,
                           double *ret_beta0, bool *ret_clipped, gsc_error *error);

#endif
