/* SPDX-License-Identifier: MIT
 *
 * The table of ops of a device. Users call the checked ops (matmul.h, attention.h, ...), where
 * the contracts stand; these are the leaves below them, over pointers into the device's memory.
 *
 * Layer: kernels.
 */
#ifndef GSC_KERNELS_OPS_H
#define GSC_KERNELS_OPS_H

#include "kernels/view.h"

#include <stdbool.h>

/* How far an op may be from ref, in the measure that its contract states. */
typedef struct gsc_tolerance {
    double warn, fail;
} gsc_tolerance;

/* The spacing of numbers at 1: 2^-23 or 2^-52. */
double gsc_dtype_epsilon(gsc_dtype dtype);

/* Ops with more arguments than a line holds take them in a struct of args.h. */
struct gsc_embed_args;
struct gsc_norm_args;
struct gsc_rope_args;
struct gsc_attention_args;
struct gsc_bias_args;
struct gsc_cross_entropy_args;
struct gsc_plan_args;
struct gsc_combine_args;
struct gsc_grouped_args;
struct gsc_linear_args;
struct gsc_copy_args;
struct gsc_map_args;
struct gsc_reduce_args;
struct gsc_adamw_args;

typedef struct gsc_ops {
    void (*matmul)(gsc_queue *queue, gsc_dtype dtype, void *c, const void *a, const void *b,
                   size_t m, size_t n, size_t k, bool transpose_a, bool transpose_b,
                   bool accumulate);
    void (*softmax)(gsc_queue *queue, gsc_dtype dtype, void *p, const void *z, size_t rows,
                    size_t columns);
    void (*top_k)(gsc_queue *queue, gsc_dtype dtype, int32_t *index, const void *value, size_t rows,
                  size_t columns, size_t k);
    void (*embed)(gsc_queue *queue, const struct gsc_embed_args *args);
    void (*embed_backward)(gsc_queue *queue, const struct gsc_embed_args *args);
    void (*norm)(gsc_queue *queue, const struct gsc_norm_args *args);
    void (*norm_backward)(gsc_queue *queue, const struct gsc_norm_args *args);
    void (*rope_table)(gsc_queue *queue, const struct gsc_rope_args *args);
    void (*rope)(gsc_queue *queue, const struct gsc_rope_args *args);
    void (*attention)(gsc_queue *queue, const struct gsc_attention_args *args);
    void (*attention_backward)(gsc_queue *queue, const struct gsc_attention_args *args);
    void (*bias)(gsc_queue *queue, const struct gsc_bias_args *args);
    void (*bias_backward)(gsc_queue *queue, const struct gsc_bias_args *args);
    void (*cross_entropy)(gsc_queue *queue, const struct gsc_cross_entropy_args *args);
    void (*dispatch_plan)(gsc_queue *queue, const struct gsc_plan_args *args);
    void (*gather_rows)(gsc_queue *queue, const struct gsc_combine_args *args);
    void (*combine)(gsc_queue *queue, const struct gsc_combine_args *args);
    void (*combine_backward)(gsc_queue *queue, const struct gsc_combine_args *args);
    void (*grouped_matmul)(gsc_queue *queue, const struct gsc_grouped_args *args);
    void (*grouped_outer)(gsc_queue *queue, const struct gsc_grouped_args *args);
    void (*linear)(gsc_queue *queue, const struct gsc_linear_args *args);
    void (*copy)(gsc_queue *queue, const struct gsc_copy_args *args);
    void (*map)(gsc_queue *queue, const struct gsc_map_args *args);
    void (*reduce)(gsc_queue *queue, const struct gsc_reduce_args *args);
    void (*adamw)(gsc_queue *queue, const struct gsc_adamw_args *args);
} gsc_ops;

#endif
