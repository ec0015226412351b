/* SPDX-License-Identifier: MIT
 *
 * Matrix products of many experts at once, over slots sorted by expert.
 *
 * offset [E + 1] i32 as dispatch.h has it: A_e is rows offset[e] .. offset[e + 1] - 1 of a; experts
 * without rows are fine.
 *
 *     grouped_matmul         C_e = A_e B_e      c [n, N], a [n, K], b [E, K, N], or [E, N, K] with
 *                                               transpose_b
 *     grouped_matmul_outer   C_e = A_e^T B_e    c [E, M, N], a [n, M], b [n, N]
 *
 * With accumulate added to c; an expert without rows has C_e = 0 (or leaves it). All f32 or all
 * f64; c apart from a and b. Sizes may be 0. A bad offset fails the queue with GSC_ERR_INPUT before
 * anything is written.
 *
 * The _rows forms take some rows where they lie, without a copy of them all: row [n] i32 names the row of
 * x [any, columns] that slot s has; so a of matmul is x's rows, and of outer a, or b where of_b. They
 * need gsc_grouped_workspace_bytes() of the queue's workspace; a bad row fails the queue as a bad
 * offset does.
 *
 * With weights W_e [N, K] (out, in): forward y = grouped_matmul(x, W, transposed), dx =
 * grouped_matmul(dy, W), dW = grouped_matmul_outer(dy, x).
 *
 * Tolerance: gsc_matmul_tolerance of the inner size, in matmul's measure (outer: of the rows of the
 * busiest expert). FLOPs: 2 n K N, 2 n M N. Bytes: each tensor once, c twice with accumulate.
 *
 * Layer: kernels.
 */
#ifndef GSC_KERNELS_GROUPED_H
#define GSC_KERNELS_GROUPED_H

#include "kernels/ops.h"

void gsc_grouped_matmul(gsc_queue *queue, const gsc_view *c, const gsc_view *a, const gsc_view *b,
                        const gsc_view *offset, bool transpose_b, bool accumulate);
void gsc_grouped_matmul_outer(gsc_queue *queue, const gsc_view *c, const gsc_view *a,
                              const gsc_view *b, const gsc_view *offset, bool accumulate);
void gsc_grouped_matmul_rows(gsc_queue *queue, const gsc_view *c, const gsc_view *x,
                             const gsc_view *row, const gsc_view *b, const gsc_view *offset,
                             bool transpose_b, bool accumulate);
void gsc_grouped_matmul_outer_rows(gsc_queue *queue, const gsc_view *c, const gsc_view *a,
                                   const gsc_view *b, const gsc_view *row, bool of_b,
                                   const gsc_view *offset, bool accumulate);

/* Enough for rows of x with that many columns and a pool of that many threads. */
size_t gsc_grouped_workspace_bytes(size_t columns, unsigned threads);

#endif
