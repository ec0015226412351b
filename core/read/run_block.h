/* SPDX-License-Identifier: MIT
 *
 * A sealed block of points and a vector, as the run file stores them: packed little-endian columns,
 * compressed by zstd.
 *
 *     block:  x f64 [n] | y f64 [n] | replicate i32 [n]      vector:  value f32 [n]
 *
 * Layer: core/read; zstd.
 */
#ifndef GSC_CORE_READ_RUN_BLOCK_H
#define GSC_CORE_READ_RUN_BLOCK_H

#include "core/base/error.h"
#include "core/read/series.h"

#include <stddef.h>
#include <stdint.h>

/* The most points or values in one blob: what a reader accepts. */
enum {
    GSC_BLOCK_MAX = 1 << 20
};

/* Compresses n points; *ret_data is the caller's to free. Every double keeps its bits. */
gsc_status gsc_block_encode(const gsc_point *points, size_t n, void **ret_data, size_t *ret_size,
                            gsc_error *error);
/* Fills points[n]; n is what the file says. GSC_ERR_IO where the blob is not n points. */
gsc_status gsc_block_decode(const void *data, size_t size, gsc_point *points, size_t n,
                            gsc_error *error);

gsc_status gsc_vector_encode(const float *values, size_t n, void **ret_data, size_t *ret_size,
                             gsc_error *error);
gsc_status gsc_vector_decode(const void *data, size_t size, float *values, size_t n,
                             gsc_error *error);

#endif
