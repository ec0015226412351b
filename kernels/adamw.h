/* SPDX-License-Identifier: MIT
 *
 * One step of AdamW over a range of parameters.
 *
 *     g = gradient_scale gradient,   m = b1 m + (1 - b1) g,   v = b2 v + (1 - b2) g^2,
 *     c1 = 1 - b1^step, c2 = 1 - b2^step,
 *     parameter = (1 - rate decay) parameter - rate / c1 m / (sqrt(v / c2) + epsilon)
 *
 * parameter, m, v, gradient: the same number of elements, all f32 or all f64, apart. m and v are 0
 * before step 1. A gradient is clipped by its norm through gradient_scale (gsc_clip_scale of the
 * square root of gsc_sum_squares over all gradients). Sizes may be 0.
 *
 * Measure: |out - ref| / (|ref| + rate) for the parameter, / |ref| for m and v after one step from
 * equal states. FLOPs: 15 an element. Bytes: 7 elements.
 *
 * Source: Loshchilov and Hutter 2019, arXiv 1711.05101.
 * Layer: kernels.
 */
#ifndef GSC_KERNELS_ADAMW_H
#define GSC_KERNELS_ADAMW_H

#include "kernels/ops.h"

typedef struct gsc_adamw_options {
    double rate, beta1, beta2, epsilon, decay;
    double gradient_scale;
    int64_t step; /* >= 1 */
} gsc_adamw_options;

void gsc_adamw(gsc_queue *queue, const gsc_view *parameter, const gsc_view *m, const gsc_view *v,
               const gsc_view *gradient, const gsc_adamw_options *options);

/* min(1, limit / norm); 1 where limit <= 0 (no clipping) or norm is 0. */
double gsc_clip_scale(double norm, double limit);

gsc_tolerance gsc_adamw_tolerance(gsc_dtype dtype);
double gsc_adamw_flops(size_t count);
double gsc_adamw_bytes(gsc_dtype dtype, size_t count);

#endif
