/* SPDX-License-Identifier: MIT
 *
 * Softmax of rows.
 *
 *     p_tj = exp(z_tj - max_l z_tl) / sum_i exp(z_ti - max_l z_tl)
 *
 * z, p [rows, columns], both f32 or both f64, apart. -infinity has probability 0; a row with NaN,
 * with +infinity or of -infinity alone gives NaN. Sizes may be 0.
 *
 * Measure: |p - ref|. FLOPs: counted as 4 + 20 for the exponential, an element. Bytes: z and p
 * once.
 *
 * cpu: libmvec's exp, rows over the pool. Errors go to the queue.
 *
 * Layer: kernels.
 */
#ifndef GSC_KERNELS_SOFTMAX_H
#define GSC_KERNELS_SOFTMAX_H

#include "kernels/ops.h"

void gsc_softmax(gsc_queue *queue, const gsc_view *p, const gsc_view *z);

/* warn 6 epsilon, fail (8 + columns / 16) epsilon: exp's 4 ulp, the rounding of z - max, and the
 * sum's. */
gsc_tolerance gsc_softmax_tolerance(gsc_dtype dtype, size_t columns);
double gsc_softmax_flops(size_t rows, size_t columns);
double gsc_softmax_bytes(gsc_dtype dtype, size_t rows, size_t columns);

#endif
