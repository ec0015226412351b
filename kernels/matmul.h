/* SPDX-License-Identifier: MIT
 *
 * Matrix product.
 *
 *     c = a b        or, with accumulate,   c = c + a b
 *
 * c [m,n]; a [m,k], or [k,m] with transpose_a; b [k,n], or [n,k] with transpose_b. All f32 or all
 * f64. c may not overlap a or b. Sizes may be 0: k = 0 gives c = 0 (or leaves c).
 *
 * Measure: |c - ref| / (|c_before| + |a| |b|), element by element. FLOPs 2 m n k. Bytes: each
 * matrix once, c twice with accumulate.
 *
 * cpu: OpenBLAS with one thread, or our own products on vectors or on the tile unit (cpu/tiles.h,
 * where the processor has one and the sizes are worth it), cut over the pool by the shape alone. A
 * NaN or an infinity makes all that it meets not finite; on the tile unit an infinity gives NaN, and
 * |x| < 2^-102 may lose 2^-126. Errors go to the queue.
 *
 * Layer: kernels.
 */
#ifndef GSC_KERNELS_MATMUL_H
#define GSC_KERNELS_MATMUL_H

#include "kernels/ops.h"

void gsc_matmul(gsc_queue *queue, const gsc_view *c, const gsc_view *a, const gsc_view *b,
                bool transpose_a, bool transpose_b, bool accumulate);

/* fail is the a priori bound of a sum in any order, (k + 2) epsilon; warn its usual size, (2 +
 * sqrt k) epsilon. */
gsc_tolerance gsc_matmul_tolerance(gsc_dtype dtype, size_t k);
double gsc_matmul_flops(size_t m, size_t n, size_t k);
double gsc_matmul_bytes(gsc_dtype dtype, size_t m, size_t n, size_t k, bool accumulate);

#endif
