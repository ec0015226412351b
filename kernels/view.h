/* SPDX-License-Identifier: MIT
 *
 * A view is a value that names a tensor: a buffer, where it starts in it, element type and shape.
 * Row-major, no gaps. Views never own.
 *
 * Layer: kernels.
 */
#ifndef GSC_KERNELS_VIEW_H
#define GSC_KERNELS_VIEW_H

#include "kernels/buf.h"

#include <stdint.h>

typedef enum gsc_dtype {
    GSC_F32 = 0,
    GSC_F64 = 1,
    GSC_I32 = 2,
} gsc_dtype;

size_t gsc_dtype_bytes(gsc_dtype dtype);
const char *gsc_dtype_name(gsc_dtype dtype); /* "f32" */

enum {
    GSC_VIEW_MAX_DIMS = 4
};

typedef struct gsc_view {
    gsc_buf *buf;
    size_t offset; /* in elements */
    gsc_dtype dtype;
    uint32_t dims;
    int64_t shape[GSC_VIEW_MAX_DIMS];
} gsc_view;

/* Fails with GSC_ERR_INPUT where a size is negative, dims is no 1..4, or the tensor leaves the
 * buffer. */
gsc_status gsc_view_init(gsc_view *view, gsc_buf *buf, gsc_dtype dtype, size_t offset,
                         uint32_t dims, const int64_t *shape, gsc_error *error);

/* Number of elements; the view is one that gsc_view_init made. */
size_t gsc_view_count(const gsc_view *view);

#endif
