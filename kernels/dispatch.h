/* SPDX-License-Identifier: MIT
 *
 * Rows to experts and back.
 *
 * A choice is CSR over T rows: row t chose the n_t = start[t + 1] - start[t] experts
 * expert[start[t] ...] with weights weight[start[t] ...]; n = start[T] in all. A slot is one (row,
 * expert) pair in the order of experts, and of rows within an expert. Index tensors are i32:
 *
 *     start  [T + 1]   expert [n]                       what was chosen
 *     offset [E + 1]   slots of expert e: offset[e] .. offset[e + 1] - 1
 *     row    [n]       row of slot s
 *     choice [n]       place of slot s in the CSR arrays
 *     slot   [n]       slot of place c: slot[choice[s]] = s
 *
 * All other tensors are f32 or all f64. Sizes may be 0. An index outside its range, or a start that
 * falls or does not run from 0 to n, fails the queue with GSC_ERR_INPUT before anything is written.
 *
 * Layer: kernels.
 */
#ifndef GSC_KERNELS_DISPATCH_H
#define GSC_KERNELS_DISPATCH_H

#include "kernels/ops.h"

/* Counts, offsets and the stable order. Exact. O(n + E). */
void gsc_dispatch_plan(gsc_queue *queue, const gsc_view *offset, const gsc_view *row,
                       const gsc_view *choice, const gsc_view *slot, const gsc_view *start,
                       const gsc_view *expert);

/* y_s = x[row_s].  y [n, columns], x [T, columns]. Exact. Bytes: y twice. Its gradient is
 * gsc_combine without weights. */
void gsc_gather_rows(gsc_queue *queue, const gsc_view *y, const gsc_view *x, const gsc_view *row);

/* y_t = sum over places c of row t of weight_c x[slot_c], in the order of places; with accumulate
 * added to y_t. y [T, columns], x [n, columns], weight: n elements, or NULL for 1; y apart from x.
 *
 * Measure: |y - ref| / (|y_before| + sum |weight x|). FLOPs: 2 n columns. Bytes: x once, y once (or
 * twice). */
void gsc_combine(gsc_queue *queue, const gsc_view *y, const gsc_view *x, const gsc_view *weight,
                 const gsc_view *start, const gsc_view *slot, bool accumulate);

/* The gradient of combine, also where a linear map lies between: from g_s, what comes back to slot s as if
 * its weight were 1,
 *
 *     dx_s = weight_c g_s,   dweight_c = g_s . x_s,   then g_s = weight_c x_s,   c = choice_s
 *
 * where the last is what the map's own gradient takes. dx, g, x [n, columns], apart; dweight, weight: n
 * elements, by place.
 *
 * Measure: |dx - ref| / |ref|, so g; |dweight - ref| / sum |g x|. FLOPs: 4 n columns. Bytes: 4 n columns
 * elements. */
void gsc_combine_backward(gsc_queue *queue, const gsc_view *dx, const gsc_view *dweight,
                          const gsc_view *g, const gsc_view *x, const gsc_view *weight,
                          const gsc_view *choice);

/* terms: the most choices of a row, or columns for combine_backward. */
gsc_tolerance gsc_combine_tolerance(gsc_dtype dtype, size_t terms);
double gsc_combine_flops(size_t slots, size_t columns, bool backward);
double gsc_combine_bytes(gsc_dtype dtype, size_t slots, size_t rows, size_t columns, bool backward);
double gsc_gather_rows_bytes(gsc_dtype dtype, size_t slots, size_t columns);

#endif
