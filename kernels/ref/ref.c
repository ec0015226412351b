/* SPDX-License-Identifier: MIT
 *
 * The reference ops and their device. Layer: kernels.
 */
#include "kernels/ref/ref.h"

#include <math.h>

void gsc_matmul_ref(gsc_queue *queue, gsc_dtype dtype, void *c, const void *a, const void *b,
                    size_t m, size_t n, size_t k, bool transpose_a, bool transpose_b,
                    bool accumulate) {
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            double sum = accumulate ? gsc_ref_get(dtype, c, i * n + j) : 0.0;
            for (size_t l = 0; l < k; l++) {
                sum += gsc_ref_get(dtype, a, transpose_a ? l * m + i : i * k + l) *
                       gsc_ref_get(dtype, b, transpose_b ? j * k + l : l * n + j);
            }
            gsc_ref_set(dtype, c, i * n + j, sum);
        }
    }
}

void gsc_softmax_ref(gsc_queue *queue, gsc_dtype dtype, void *p, const void *z, size_t rows,
                     size_t columns) {
    for (size_t t = 0; t < rows; t++) {
        size_t first = t * columns;
        double top = -INFINITY, sum = 0.0;
        for (size_t j = 0; j < columns; j++) {
            double value = gsc_ref_get(dtype, z, first + j);
            top = value > top ? value : top;
        }
        for (size_t j = 0; j < columns; j++) {
            sum += exp(gsc_ref_get(dtype, z, first + j) - top);
        }
        for (size_t j = 0; j < columns; j++) {
            gsc_ref_set(dtype, p, first + j, exp(gsc_ref_get(dtype, z, first + j) - top) / sum);
        }
    }
}

/* Whether a comes before b: larger, or a number where b is none. */
static bool before(double a, double b) {
    return a > b || (isnan(b) && !isnan(a));
}

static bool is_taken(const int32_t *index, size_t taken, size_t j) {
    for (size_t i = 0; i < taken; i++) {
        if ((size_t)index[i] == j) {
            return true;
        }
    }
    return false;
}

void gsc_top_k_ref(gsc_queue *queue, gsc_dtype dtype, int32_t *index, const void *value,
                   size_t rows, size_t columns, size_t k) {
    for (size_t t = 0; t < rows; t++) {
        for (size_t i = 0; i < k; i++) {
            size_t best = columns;
            for (size_t j = 0; j < columns; j++) {
                if (!is_taken(index + t * k, i, j) &&
                    (best == columns || before(gsc_ref_get(dtype, value, t * columns + j),
                                               gsc_ref_get(dtype, value, t * columns + best)))) {
                    best = j;
                }
            }
            index[t * k + i] = (int32_t)best;
        }
    }
}

#define GSC_REF_OPS                                                                                \
    {                                                                                              \
        .matmul = gsc_matmul_ref, .softmax = gsc_softmax_ref, .top_k = gsc_top_k_ref,              \
        .embed = gsc_embed_ref, .embed_backward = gsc_embed_backward_ref, .norm = gsc_norm_ref,    \
        .norm_backward = gsc_norm_backward_ref, .rope_table = gsc_rope_table_ref,                  \
        .rope = gsc_rope_ref, .attention = gsc_attention_ref,                                      \
        .attention_backward = gsc_attention_backward_ref, .bias = gsc_bias_ref,                    \
        .bias_backward = gsc_bias_backward_ref, .cross_entropy = gsc_cross_entropy_ref,            \
        .dispatch_plan = gsc_dispatch_plan_ref, .gather_rows = gsc_gather_rows_ref,                \
        .combine = gsc_combine_ref, .combine_backward = gsc_combine_backward_ref,                  \
        .grouped_matmul = gsc_grouped_matmul_ref, .grouped_outer = gsc_grouped_outer_ref,          \
        .linear = gsc_linear_ref, .copy = gsc_copy_ref, .map = gsc_map_ref,                        \
        .reduce = gsc_reduce_ref, .adamw = gsc_adamw_ref,                                          \
    }

gsc_ops gsc_ops_ref(void) {
    return (gsc_ops)GSC_REF_OPS;
}

const gsc_device *gsc_device_ref(void) {
    static const gsc_device device = {
        .name = "ref", .memory = &gsc_memory_host, .ops = GSC_REF_OPS};
    return &device;
}
