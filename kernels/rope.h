/* SPDX-License-Identifier: MIT
 *
 * Rotary position embedding, in place, and its inverse, which is its gradient.
 *
 * The first R = `rotated` numbers of a head are turned in pairs (i, i + R/2), i < R/2, by the angle
 * position * base^(-2 i / R); the rest stays.
 *
 *     table[position] = cos of R/2 angles, then sin of R/2 angles       [positions, R]
 *     (a, b) -> (a cos - b sin, b cos + a sin);     inverse: (a cos + b sin, b cos - a sin)
 *
 * x [rows, heads_all * head_size]: row r has position r modulo context; the first `heads` heads of
 * each row are turned: twice the number of heads for a row q, k, v as attention.h has it. The table
 * has at least context rows. All f32 or all f64. R is even, 2 .. head_size. Sizes may be 0.
 *
 * Measure: |out - ref| / the largest |ref| of that tensor. FLOPs: 3 for each number turned. Bytes:
 * those numbers twice, the table once.
 *
 * Source: Su et al. 2021, arXiv 2104.09864; pairs as in GPT-NeoX.
 * Layer: kernels.
 */
#ifndef GSC_KERNELS_ROPE_H
#define GSC_KERNELS_ROPE_H

#include "kernels/ops.h"

/* Angles in double, rounded once. */
void gsc_rope_table(gsc_queue *queue, const gsc_view *table, double base);
void gsc_rope(gsc_queue *queue, const gsc_view *x, const gsc_view *table, size_t context,
              size_t heads, size_t head_size, bool inverse);

gsc_tolerance gsc_rope_tolerance(gsc_dtype dtype);
double gsc_rope_flops(size_t rows, size_t heads, size_t rotated);
double gsc_rope_bytes(gsc_dtype dtype, size_t rows, size_t heads, size_t rotated);

#endif
