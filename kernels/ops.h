/* SPDX-License-Identifier: MIT
 *
 * The table of ops of a device. Users call the checked ops (matmul.h, softmax.h, top_k.h), where
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

typedef struct gsc_ops {
    void (*matmul)(gsc_queue *queue, gsc_dtype dtype, void *c, const void *a, const void *b,
                   size_t m, size_t n, size_t k, bool transpose_a, bool transpose_b,
                   bool accumulate);
    void (*softmax)(gsc_queue *queue, gsc_dtype dtype, void *p, const void *z, size_t rows,
                    size_t columns);
    void (*top_k)(gsc_queue *queue, gsc_dtype dtype, int32_t *index, const void *value, size_t rows,
                  size_t columns, size_t k);
} gsc_ops;

#endif
