/* SPDX-License-Identifier: MIT
 *
 * The reference ops: plain C on one thread, sums in double, rounded once. Everything else is
 * compared with them, so they are written to be read. Layer: kernels, private.
 */
#ifndef GSC_KERNELS_REF_REF_H
#define GSC_KERNELS_REF_REF_H

#include "kernels/device.h"

void gsc_matmul_ref(gsc_queue *queue, gsc_dtype dtype, void *c, const void *a, const void *b,
                    size_t m, size_t n, size_t k, bool transpose_a, bool transpose_b,
                    bool accumulate);
void gsc_softmax_ref(gsc_queue *queue, gsc_dtype dtype, void *p, const void *z, size_t rows,
                     size_t columns);
void gsc_top_k_ref(gsc_queue *queue, gsc_dtype dtype, int32_t *index, const void *value,
                   size_t rows, size_t columns, size_t k);

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
