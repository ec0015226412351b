/* SPDX-License-Identifier: MIT
 *
 * Numbers about a whole tensor.
 *
 *     sum                 result = sum_i x_i              (added to result with accumulate)
 *     sum_squares         result = sum_i x_i^2            (the same)
 *     first_not_finite    result = least i with x_i infinite or NaN, or -1
 *
 * x: any shape, f32 or f64, at most 2^31 - 1 elements for first_not_finite. result: one element,
 * f64 for the sums, i32 for the index; apart from x. Sizes may be 0.
 *
 * Sums are double: 8 lanes in each of at most 64 chunks, cut by the size of x alone, added in their
 * order; so the same bits at any thread count. Measure: |sum - ref| / sum |x_i| (or the sum of
 * squares), 2^-52 (count / 512 + 70) at most. FLOPs: one, two an element. Bytes: x once.
 *
 * Layer: kernels.
 */
#ifndef GSC_KERNELS_REDUCE_H
#define GSC_KERNELS_REDUCE_H

#include "kernels/ops.h"

void gsc_sum(gsc_queue *queue, const gsc_view *result, const gsc_view *x, bool accumulate);
void gsc_sum_squares(gsc_queue *queue, const gsc_view *result, const gsc_view *x, bool accumulate);
void gsc_first_not_finite(gsc_queue *queue, const gsc_view *result, const gsc_view *x);

gsc_tolerance gsc_reduce_tolerance(size_t count);
double gsc_reduce_bytes(gsc_dtype dtype, size_t count);

#endif
