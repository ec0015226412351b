/* SPDX-License-Identifier: MIT
 *
 * Draws samples from a true mixture: each coordinate of X uniform on the truth's interval, Y by the true
 * conditional density (group, then atom, then a normal).
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_SAMPLER_H
#define GSC_CORE_THEORY_SAMPLER_H

#include "core/theory/truth.h"

#include <stddef.h>
#include <stdint.h>

/* Fills x [inputs][n] by column and y [n]. The numbers depend on (seed, n, replicate) and the truth only. */
gsc_status gsc_sampler_draw(const gsc_truth *truth, uint64_t seed, size_t n, size_t replicate,
                            double *ret_x, double *ret_y, gsc_error *error);

#endif
