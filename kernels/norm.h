/* SPDX-License-Identifier: MIT
 *
 * Normalisation of rows, and its gradient.
 *
 *     layer_norm   mean_t = average of x_t,  rstd_t = (average of (x_t - mean_t)^2 + epsilon)^-1/2
 *     rms_norm     mean_t = 0,               rstd_t = (average of x_t^2 + epsilon)^-1/2
 *     n_t = (x_t - mean_t) rstd_t,           y_t = gain n_t + bias
 *
 *     dgain += sum_t dy_t n_t,   dbias += sum_t dy_t,   with g = gain dy_t, A the row's average:
 *     dx_t = rstd_t (g - A(g) - n_t A(g n_t))        (rms_norm: without A(g))
 *
 * x, y, dx, dy [rows, columns]: the last size counts the columns, all before it the rows. mean,
 * rstd: rows elements, kept by the forward op for the backward op. gain, bias, dgain, dbias:
 * columns elements; bias and dbias may be NULL. All f32 or all f64. With accumulate dx is added to.
 * Outputs lie apart from inputs and from each other; dx may be dy. Sizes may be 0; columns = 0
 * leaves mean and rstd alone.
 *
 * Sums over rows run in blocks of 32 rows in their order, in double.
 * Measure: |out - ref| / the largest |ref| of that tensor (where accumulated: or of it before).
 * FLOPs: 8 an element forward, 14 backward. Bytes: each matrix once, x and dy twice backward.
 *
 * Source: Ba et al. 2016, arXiv 1607.06450; Zhang and Sennrich 2019, arXiv 1910.07467.
 * Layer: kernels.
 */
#ifndef GSC_KERNELS_NORM_H
#define GSC_KERNELS_NORM_H

#include "kernels/ops.h"

void gsc_layer_norm(gsc_queue *queue, const gsc_view *y, const gsc_view *mean, const gsc_view *rstd,
                    const gsc_view *x, const gsc_view *gain, const gsc_view *bias, double epsilon);
void gsc_layer_norm_backward(gsc_queue *queue, const gsc_view *dx, const gsc_view *dgain,
                             const gsc_view *dbias, const gsc_view *dy, const gsc_view *x,
                             const gsc_view *gain, const gsc_view *mean, const gsc_view *rstd,
                             bool accumulate);

void gsc_rms_norm(gsc_queue *queue, const gsc_view *y, const gsc_view *rstd, const gsc_view *x,
                  const gsc_view *gain, double epsilon);
void gsc_rms_norm_backward(gsc_queue *queue, const gsc_view *dx, const gsc_view *dgain,
                           const gsc_view *dy, const gsc_view *x, const gsc_view *gain,
                           const gsc_view *rstd, bool accumulate);

gsc_tolerance gsc_norm_tolerance(gsc_dtype dtype, size_t columns);
double gsc_norm_flops(size_t rows, size_t columns, bool backward);
double gsc_norm_bytes(gsc_dtype dtype, size_t rows, size_t columns, bool backward);

#endif
