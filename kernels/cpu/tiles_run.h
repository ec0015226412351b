/* SPDX-License-Identifier: MIT
 *
 * Products on the tile unit for the ops of the cpu devices. All return false, with nothing done, where
 * the queue's device has no tile unit or vectors are faster at this shape, which alone decides: the same
 * bits at any number of threads. Exactness: tiles.h. Layer: kernels, private.
 */
#ifndef GSC_KERNELS_CPU_TILES_RUN_H
#define GSC_KERNELS_CPU_TILES_RUN_H

#include "kernels/cpu/small_matmul.h"
#include "kernels/queue.h"

/* Room of a queue for packed numbers; touched only by products that use it. */
size_t gsc_tiles_own_bytes(unsigned threads);

/* Within a task of that worker; a_row or a_step is 1. a_index, b_index: NULL, or the rows in memory that
 * each of the rows of a matrix is. */
bool gsc_tiles_task(const gsc_queue *queue, size_t worker, const gsc_small_product *product,
                    const int32_t *a_index, const int32_t *b_index);

/* Over the queue's pool, as matmul.h says. */
bool gsc_tiles_matmul(const gsc_queue *queue, float *c, const float *a, const float *b, size_t m,
                      size_t n, size_t k, bool transpose_a, bool transpose_b, bool accumulate);

#endif
