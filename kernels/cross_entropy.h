/* SPDX-License-Identifier: MIT
 *
 * Cross-entropy of a softmax, row by row, with its gradient.
 *
 *     loss_t = log sum_v exp(z_tv) - z_t,target_t,     dz_tv = scale (p_tv - [v = target_t])
 *
 * logits, dlogits [rows, vocabulary], both f32 or both f64; dlogits may be logits (in place), or
 * NULL where only the loss is wanted. target: rows elements, i32: 0 .. vocabulary - 1, or negative
 * for a row that counts nothing (loss 0, gradient 0); larger ones fail the queue with
 * GSC_ERR_INPUT before anything is written. loss: rows elements, f64; its mean is the caller's.
 * Rows stand alone, so a long batch may come in chunks of rows. A row with NaN or +infinity, or of
 * -infinity alone, has loss NaN. Sizes may be 0, but rows need a vocabulary.
 *
 * Measure: |loss - ref| / max(1, |largest logit of the row|); |dlogits - ref| / scale. FLOPs: 24 an
 * element (20 for the exponential), 26 with the gradient. Bytes: logits once, twice with the
 * gradient.
 *
 * Layer: kernels.
 */
#ifndef GSC_KERNELS_CROSS_ENTROPY_H
#define GSC_KERNELS_CROSS_ENTROPY_H

#include "kernels/ops.h"

void gsc_cross_entropy(gsc_queue *queue, const gsc_view *loss, const gsc_view *dlogits,
                       const gsc_view *logits, const gsc_view *target, double scale);

gsc_tolerance gsc_cross_entropy_tolerance(gsc_dtype dtype, size_t vocabulary);
double gsc_cross_entropy_flops(size_t rows, size_t vocabulary, bool gradient);
double gsc_cross_entropy_bytes(gsc_dtype dtype, size_t rows, size_t vocabulary, bool gradient);

#endif
