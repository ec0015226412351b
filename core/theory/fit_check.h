/* SPDX-License-Identifier: MIT
 *
 * Before a study: whether a family can be fitted to a truth, and whether the theorem of a loss
 * speaks of it.
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_FIT_CHECK_H
#define GSC_CORE_THEORY_FIT_CHECK_H

#include "core/theory/loss.h"

/* Refuses, naming theory.k_shared or theory.k_routed, fewer atoms than the truth has, atoms of a
 * group that the truth has not, and more than GSC_MAX_ATOMS. */
gsc_status gsc_fit_check(const gsc_truth *truth, size_t k_shared, size_t k_routed,
                         gsc_error *error);

/* Whether the theorem of this loss speaks of this gate and these experts (paper, theorems 1 to
 * 4). */
bool gsc_loss_theorem_applies(gsc_loss_kind kind, const gsc_truth *truth);

#endif
