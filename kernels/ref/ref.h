/* SPDX-License-Identifier: MIT
 *
 * The reference ops: plain C on one thread, sums in double, rounded once. Everything else is
 * compared with them, so they are written to be read. Layer: kernels, private.
 */
#ifndef GSC_KERNELS_REF_REF_H
#define GSC_KERNELS_REF_REF_H

#include "kernels/args.h"
#include "kernels/device.h"

void gsc_matmul_ref(gsc_queue *queue, gsc_dtype dtype, void *c, const void *a, const void *b,
                    size_t m, size_t n, size_t k, bool transpose_a, bool transpose_b,
                    bool accumulate);
void gsc_softmax_ref(gsc_queue *queue, gsc_dtype dtype, void *p, const void *z, size_t rows,
                     size_t columns);
void gsc_top_k_ref(gsc_queue *queue, gsc_dtype dtype, int32_t *index, const void *value,
                   size_t rows, size_t columns, size_t k);

void gsc_embed_ref(gsc_queue *queue, const gsc_embed_args *args);
void gsc_embed_backward_ref(gsc_queue *queue, const gsc_embed_args *args);
void gsc_norm_ref(gsc_queue *queue, const gsc_norm_args *args);
void gsc_norm_backward_ref(gsc_queue *queue, const gsc_norm_args *args);
void gsc_rope_table_ref(gsc_queue *queue, const gsc_rope_args *args);
void gsc_rope_ref(gsc_queue *queue, const gsc_rope_args *args);
void gsc_attention_ref(gsc_queue *queue, const gsc_attention_args *args);
void gsc_attention_backward_ref(gsc_queue *queue, const gsc_attention_args *args);
void gsc_bias_ref(gsc_queue *queue, const gsc_bias_args *args);
void gsc_bias_backward_ref(gsc_queue *queue, const gsc_bias_args *args);
void gsc_cross_entropy_ref(gsc_queue *queue, const gsc_cross_entropy_args *args);
void gsc_dispatch_plan_ref(gsc_queue *queue, const gsc_plan_args *args);
void gsc_gather_rows_ref(gsc_queue *queue, const gsc_combine_args *args);
void gsc_combine_ref(gsc_queue *queue, const gsc_combine_args *args);
void gsc_combine_backward_ref(gsc_queue *queue, const gsc_combine_args *args);
void gsc_grouped_matmul_ref(gsc_queue *queue, const gsc_grouped_args *args);
void gsc_grouped_outer_ref(gsc_queue *queue, const gsc_grouped_args *args);
void gsc_linear_ref(gsc_queue *queue, const gsc_linear_args *args);
void gsc_copy_ref(gsc_queue *queue, const gsc_copy_args *args);
void gsc_map_ref(gsc_queue *queue, const gsc_map_args *args);
void gsc_reduce_ref(gsc_queue *queue, const gsc_reduce_args *args);
void gsc_adamw_ref(gsc_queue *queue, const gsc_adamw_args *args);

/* One chunk of a map: count <= GSC_MAP_CHUNK elements from the first. [any thread] */
void gsc_map_chunk(const gsc_map_args *args, size_t first, size_t count);
/* False, with a sticky error, where a target is at or above the vocabulary. */
bool gsc_check_targets(gsc_queue *queue, const gsc_cross_entropy_args *args);

/* A table full of the above: what every other device starts from. */
gsc_ops gsc_ops_ref(void);

/* Element i of an array of that type, as a double. */
static inline double gsc_ref_get(gsc_dtype dtype, const void *array, size_t i) {
    return dtype == GSC_F32 ? (double)((const float *)array)[i] : ((const double *)array)[i];
}

static inline void gsc_ref_set(gsc_dtype dtype, void *array, size_t i, double value) {
    if (dtype == GSC_F32) {
        ((float *)array)[i] = (float)value;
    } else {
        ((double *)array)[i] = value;
    }
}

#endif
