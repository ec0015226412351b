/* SPDX-License-Identifier: MIT
 *
 * Packing and compression of blocks and vectors. The columns are the host's little-endian numbers.
 *
 * Layer: core/read.
 */
#include "core/read/run_block.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "run files hold little-endian numbers");

enum {
    BLOCK_LEVEL = 3,
    POINT_BYTES = 8 + 8 + 4
};

static gsc_status compress(const void *raw, size_t raw_size, void **ret_data, size_t *ret_size,
                           gsc_error *error) {
    size_t bound = ZSTD_compressBound(raw_size);
    void *data = malloc(bound);
    if (data == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a block of %zu bytes", bound);
    }
    size_t size = ZSTD_compress(data, bound, raw, raw_size, BLOCK_LEVEL);
    if (ZSTD_isError(size)) {
        free(data);
        return gsc_fail(error, GSC_ERR_SYSTEM, "zstd could not compress a block of %zu bytes: %s",
                        raw_size, ZSTD_getErrorName(size));
    }
    *ret_data = data;
    *ret_size = size;
    return GSC_OK;
}

static gsc_status decompress(const void *data, size_t size, void *raw, size_t raw_size,
                             gsc_error *error) {
    size_t got = ZSTD_decompress(raw, raw_size, data, size);
    if (ZSTD_isError(got) || got != raw_size) {
        return gsc_fail(error, GSC_ERR_IO, "a block of the run file is damaged: %s",
                        ZSTD_isError(got) ? ZSTD_getErrorName(got) : "it is too short");
    }
    return GSC_OK;
}

gsc_status gsc_block_encode(const gsc_point *points, size_t n, void **ret_data, size_t *ret_size,
                            gsc_error *error) {
    unsigned char *raw = malloc(n * POINT_BYTES + 1);
    if (raw == NULL || n > GSC_BLOCK_MAX) {
        free(raw);
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a block of %zu points", n);
    }
    unsigned char *y = raw + n * 8, *replicate = y + n * 8;
    for (size_t i = 0; i < n; i++) {
        memcpy(raw + i * 8, &points[i].x, 8);
        memcpy(y + i * 8, &points[i].y, 8);
        memcpy(replicate + i * 4, &points[i].replicate, 4);
    }
    gsc_status status = compress(raw, n * POINT_BYTES, ret_data, ret_size, error);
    free(raw);
    return status;
}

gsc_status gsc_block_decode(const void *data, size_t size, gsc_point *points, size_t n,
                            gsc_error *error) {
    if (n > GSC_BLOCK_MAX) {
        return gsc_fail(error, GSC_ERR_IO, "a block of the run file claims %zu points; at most %d",
                        n, GSC_BLOCK_MAX);
    }
    unsigned char *raw = malloc(n * POINT_BYTES + 1);
    if (raw == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a block of %zu points", n);
    }
    gsc_status status = decompress(data, size, raw, n * POINT_BYTES, error);
    if (status == GSC_OK) {
        const unsigned char *y = raw + n * 8, *replicate = y + n * 8;
        for (size_t i = 0; i < n; i++) {
            memcpy(&points[i].x, raw + i * 8, 8);
            memcpy(&points[i].y, y + i * 8, 8);
            memcpy(&points[i].replicate, replicate + i * 4, 4);
        }
    }
    free(raw);
    return status;
}

gsc_status gsc_vector_encode(const float *values, size_t n, void **ret_data, size_t *ret_size,
                             gsc_error *error) {
    return compress(values, n * sizeof(float), ret_data, ret_size, error);
}

gsc_status gsc_vector_decode(const void *data, size_t size, float *values, size_t n,
                             gsc_error *error) {
    return decompress(data, size, values, n * sizeof(float), error);
}
