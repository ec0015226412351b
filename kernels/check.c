/* SPDX-License-Identifier: MIT
 *
 * The checks that ops share: shapes, types, places, overlaps and indices. Layer: kernels.
 */
#include "kernels/device.h"

#include <assert.h>
#include <inttypes.h>

/* The buffer is the queue's and holds all of the view. */
static bool check_place(gsc_queue *queue, const char *op, const char *name, const gsc_view *view) {
    if (!gsc_same_memory(queue, view->buf)) {
        gsc_queue_fail(queue, GSC_ERR_INPUT, "%s: %s lies on %s; the queue works on %s", op, name,
                       view->buf->device->name, queue->device->name);
        return false;
    }
    size_t count = 0;
    if (!gsc_count_elements(view->dims, view->shape, &count) ||
        !gsc_buf_fits(view->buf, view->dtype, view->offset, count)) {
        gsc_queue_fail(queue, GSC_ERR_INPUT,
                       "%s: %s, %zu elements at element %zu, leaves its buffer of %zu bytes", op,
                       name, count, view->offset, view->buf->bytes);
        return false;
    }
    return true;
}

bool gsc_check_matrix(gsc_queue *queue, const char *op, const char *name, const gsc_view *view,
                      gsc_dtype dtype, int64_t rows, int64_t columns) {
    if (view->dims != 2) {
        gsc_queue_fail(queue, GSC_ERR_INPUT, "%s: %s has %" PRIu32 " dimensions; it must have 2",
                       op, name, view->dims);
        return false;
    }
    if (view->dtype != dtype || view->shape[0] != rows || view->shape[1] != columns) {
        gsc_queue_fail(queue, GSC_ERR_INPUT,
                       "%s: %s is [%" PRId64 ", %" PRId64 "] %s; it must be [%" PRId64 ", %" PRId64
                       "] %s",
                       op, name, view->shape[0], view->shape[1], gsc_dtype_name(view->dtype), rows,
                       columns, gsc_dtype_name(dtype));
        return false;
    }
    return check_place(queue, op, name, view);
}

bool gsc_check_apart(gsc_queue *queue, const char *op, const char *name_a, const gsc_view *a,
                     const char *name_b, const gsc_view *b) {
    size_t count_a = gsc_view_count(a), count_b = gsc_view_count(b);
    size_t size_a = gsc_dtype_bytes(a->dtype), size_b = gsc_dtype_bytes(b->dtype);
    size_t begin_a = a->offset * size_a, end_a = begin_a + count_a * size_a;
    size_t begin_b = b->offset * size_b, end_b = begin_b + count_b * size_b;
    if (a->buf == b->buf && count_a > 0 && count_b > 0 && begin_a < end_b && begin_b < end_a) {
        gsc_queue_fail(queue, GSC_ERR_INPUT, "%s: %s and %s overlap; they must be apart", op,
                       name_a, name_b);
        return false;
    }
    return true;
}

bool gsc_check_same_or_apart(gsc_queue *queue, const char *op, const char *name_a,
                             const gsc_view *a, const char *name_b, const gsc_view *b) {
    bool same = a->buf == b->buf && a->offset == b->offset && a->dtype == b->dtype &&
                gsc_view_count(a) == gsc_view_count(b);
    return same || gsc_check_apart(queue, op, name_a, a, name_b, b);
}

bool gsc_check_rows(gsc_queue *queue, const char *op, const char *name, const gsc_view *view,
                    gsc_dtype dtype, size_t rows, size_t columns) {
    if (view->dtype != dtype || gsc_view_columns(view) != columns || gsc_view_rows(view) != rows) {
        gsc_queue_fail(queue, GSC_ERR_INPUT,
                       "%s: %s has %zu rows of %zu %s; it must have %zu of %zu %s", op, name,
                       gsc_view_rows(view), gsc_view_columns(view), gsc_dtype_name(view->dtype),
                       rows, columns, gsc_dtype_name(dtype));
        return false;
    }
    return check_place(queue, op, name, view);
}

bool gsc_check_count(gsc_queue *queue, const char *op, const char *name, const gsc_view *view,
                     gsc_dtype dtype, size_t count) {
    if (view->dtype != dtype || gsc_view_count(view) != count) {
        gsc_queue_fail(queue, GSC_ERR_INPUT, "%s: %s has %zu %s; it must have %zu %s", op, name,
                       gsc_view_count(view), gsc_dtype_name(view->dtype), count,
                       gsc_dtype_name(dtype));
        return false;
    }
    return check_place(queue, op, name, view);
}

bool gsc_check_real(gsc_queue *queue, const char *op, const char *name, const gsc_view *view) {
    if (view->dtype != GSC_F32 && view->dtype != GSC_F64) {
        gsc_queue_fail(queue, GSC_ERR_INPUT, "%s: %s is %s; it must be f32 or f64", op, name,
                       gsc_dtype_name(view->dtype));
        return false;
    }
    return true;
}

bool gsc_check_indices(gsc_queue *queue, const char *op, const char *name, const int32_t *index,
                       size_t count, size_t limit) {
    uint32_t most = limit > INT32_MAX ? INT32_MAX : (uint32_t)limit;
    int bad = 0;
    for (size_t i = 0; i < count; i++) {
        bad |= (uint32_t)index[i] >= most;
    }
    for (size_t i = 0; bad && i < count; i++) {
        if ((uint32_t)index[i] >= most) {
            gsc_queue_fail(queue, GSC_ERR_INPUT,
                           "%s: %s[%zu] is %" PRId32 "; it must be from 0 to %zu", op, name, i,
                           index[i], limit - 1);
            return false;
        }
    }
    return true;
}

bool gsc_check_bounds(gsc_queue *queue, const char *op, const char *name, const int32_t *bound,
                      size_t count, size_t last) {
    if (bound[0] != 0 || bound[count] < 0 || (size_t)bound[count] != last) {
        gsc_queue_fail(queue, GSC_ERR_INPUT,
                       "%s: %s runs from %" PRId32 " to %" PRId32 "; it must run from 0 to %zu", op,
                       name, bound[0], bound[count], last);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (bound[i + 1] < bound[i]) {
            gsc_queue_fail(queue, GSC_ERR_INPUT,
                           "%s: %s falls from %" PRId32 " to %" PRId32 " at %zu; it must not fall",
                           op, name, bound[i], bound[i + 1], i);
            return false;
        }
    }
    return true;
}
