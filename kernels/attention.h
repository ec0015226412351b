/* SPDX-License-Identifier: MIT
 *
 * Causal attention of several heads over several sequences, and its gradient.
 *
 *     s_ij = scale q_i . k_j  for j <= i of the same sequence,   p_i = softmax(s_i),
 *     y_i = sum_j p_ij v_j,   lse_i = log sum_j exp(s_ij)
 *
 *     dv_j = sum_i p_ij dy_i,   ds_ij = p_ij (dy_i . v_j - dy_i . y_i),
 *     dq_i = scale sum_j ds_ij k_j,   dk_j = scale sum_i ds_ij q_i
 *
 * qkv, dqkv [rows, 3 heads head_size]: a row holds q of all heads, then k, then v. y, dy [rows,
 * heads head_size]. lse: heads * rows elements, sequence by sequence, head by head; kept for the
 * gradient. Rows are whole sequences of `context` rows. All f32 or all f64; everything lies apart.
 * No T x T matrix is kept: each thread holds one or two blocks of GSC_ATTENTION_BLOCK x context,
 * gsc_attention_workspace_bytes() of the queue's workspace. Sizes may be 0.
 *
 * Measure: |out - ref| / the largest |ref| of that tensor (q, k, v apart). With P = T (T + 1) / 2
 * pairs a sequence and head, FLOPs: (4 head_size + 24) P forward, (10 head_size + 28) P backward.
 * Bytes: each matrix once.
 *
 * Source: Vaswani et al. 2017, arXiv 1706.03762; Dao et al. 2022, arXiv 2205.14135, for the
 * gradient from lse.
 * Layer: kernels.
 */
#ifndef GSC_KERNELS_ATTENTION_H
#define GSC_KERNELS_ATTENTION_H

#include "kernels/ops.h"

enum {
    GSC_ATTENTION_BLOCK = 64 /* query rows that are worked on together */
};

typedef struct gsc_attention_shape {
    size_t context, heads, head_size;
    double scale; /* above 0; usually head_size^-1/2 */
} gsc_attention_shape;

void gsc_attention(gsc_queue *queue, const gsc_view *y, const gsc_view *lse, const gsc_view *qkv,
                   gsc_attention_shape shape);
void gsc_attention_backward(gsc_queue *queue, const gsc_view *dqkv, const gsc_view *dy,
                            const gsc_view *y, const gsc_view *lse, const gsc_view *qkv,
                            gsc_attention_shape shape);

/* Enough for both directions with a pool of that many threads. */
size_t gsc_attention_workspace_bytes(size_t context, size_t head_size, unsigned threads);

gsc_tolerance gsc_attention_tolerance(gsc_dtype dtype, size_t context, size_t head_size);
double gsc_attention_flops(size_t rows, gsc_attention_shape shape, bool backward);
double gsc_attention_bytes(gsc_dtype dtype, size_t rows, gsc_attention_shape shape, bool backward);

#endif
