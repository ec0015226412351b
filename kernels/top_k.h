/* SPDX-License-Identifier: MIT
 *
 * The k largest of each row.
 *
 * value [rows, columns] f32 or f64; index [rows, k] i32: the columns of the k largest, largest
 * first, ties to the smaller index; NaN comes after -infinity. k <= columns; sizes may be 0.
 *
 * Exact: no tolerance. No FLOPs; bytes: value once, index once.
 *
 * cpu: insertion behind a vector comparison, rows over the pool. Errors go to the queue.
 *
 * Layer: kernels.
 */
#ifndef GSC_KERNELS_TOP_K_H
#define GSC_KERNELS_TOP_K_H

#include "kernels/ops.h"

void gsc_top_k(gsc_queue *queue, const gsc_view *index, const gsc_view *value);

double gsc_top_k_bytes(gsc_dtype dtype, size_t rows, size_t columns, size_t k);

#endif
