/* SPDX-License-Identifier: MIT
 *
 * Where a fit starts. Near truth: every true atom gets one fitted atom, the extra ones join random true atoms; the
 * mass of a cell is split evenly (omega / |cell|, a(beta0) / |cell|), and parameters are disturbed by normal noise
 * of standard deviation noise n^-0.083 (variances: by a factor exp of it; masses: not), clipped to the box and the
 * floor.
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_START_H
#define GSC_CORE_THEORY_START_H

#include "core/theory/truth.h"

/* Start number start of a replicate; it depends on (seed, n, replicate, start) and the two shapes only. k of
 * the shape is at least that of the truth in either group. */
gsc_status gsc_start_near_truth(const gsc_truth *truth, const gsc_mixture_shape *shape,
                                double noise, uint64_t seed, size_t n, size_t replicate,
                                size_t start, double *ret_mixture, gsc_error *error);

#endif
