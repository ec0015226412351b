/* SPDX-License-Identifier: MIT
 *
 * A bias for every column, and its gradient.
 *
 *     y_t = x_t + bias              dbias += sum_t dy_t
 *
 * x, y, dy [rows, columns]: the last size counts the columns. bias, dbias: columns elements. All
 * f32 or all f64. y may be x. Sizes may be 0.
 *
 * The sum over rows runs in blocks of 32 rows in their order, in double.
 * Measure: |out - ref| / the largest |ref|, or |dbias - ref| / (|dbias_before| + sum_t |dy_t|).
 * FLOPs: one an element. Bytes: each matrix once.
 *
 * Layer: kernels.
 */
#ifndef GSC_KERNELS_BIAS_H
#define GSC_KERNELS_BIAS_H

#include "kernels/ops.h"

void gsc_bias(gsc_queue *queue, const gsc_view *y, const gsc_view *x, const gsc_view *bias);
void gsc_bias_backward(gsc_queue *queue, const gsc_view *dbias, const gsc_view *dy);

gsc_tolerance gsc_bias_tolerance(gsc_dtype dtype);
double gsc_bias_flops(size_t rows, size_t columns);
double gsc_bias_bytes(gsc_dtype dtype, size_t rows, size_t columns, bool backward);

#endif
