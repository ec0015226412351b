/* SPDX-License-Identifier: MIT
 *
 * Embedding: rows of a table by token, and its gradient.
 *
 *     y_t = scale table[token_t]          dtable[token_t] += scale dy_t
 *
 * y, dy [rows, columns]; table, dtable [vocabulary, columns]; all f32 or all f64. token: rows
 * elements, i32, 0 .. vocabulary - 1 (another one fails the queue with GSC_ERR_INPUT and nothing is
 * written). Outputs lie apart from inputs. Sizes may be 0.
 *
 * Gradients of equal tokens are added in the order of rows, at any thread count.
 *
 * Measure: |y - ref| / |ref|; |dtable - ref| / (|dtable_before| + sum of |scale dy|). FLOPs: one,
 * two an element of y. Bytes: y, table rows read (dtable rows twice), tokens.
 *
 * Layer: kernels.
 */
#ifndef GSC_KERNELS_EMBED_H
#define GSC_KERNELS_EMBED_H

#include "kernels/ops.h"

void gsc_embed(gsc_queue *queue, const gsc_view *y, const gsc_view *table, const gsc_view *token,
               double scale);
void gsc_embed_backward(gsc_queue *queue, const gsc_view *dtable, const gsc_view *dy,
                        const gsc_view *token, double scale);

/* rows: how often one token occurs at most. */
gsc_tolerance gsc_embed_tolerance(gsc_dtype dtype, size_t rows);
double gsc_embed_flops(size_t rows, size_t columns, bool backward);
double gsc_embed_bytes(gsc_dtype dtype, size_t rows, size_t columns, bool backward);

#endif
