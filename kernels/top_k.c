/* SPDX-License-Identifier: MIT
 *
 * The checked top-k of rows and its counts. Layer: kernels.
 */
#include "kernels/top_k.h"

#include "kernels/device.h"

#include <inttypes.h>

void gsc_top_k(gsc_queue *queue, const gsc_view *index, const gsc_view *value) {
    if (gsc_queue_failed(queue)) {
        return;
    }
    if (value->dtype != GSC_F32 && value->dtype != GSC_F64) {
        gsc_queue_fail(queue, GSC_ERR_INPUT, "top_k: value is %s; it must be f32 or f64",
                       gsc_dtype_name(value->dtype));
        return;
    }
    int64_t rows = value->shape[0], columns = value->shape[1], k = index->shape[1];
    if (!gsc_check_matrix(queue, "top_k", "value", value, value->dtype, rows, columns) ||
        !gsc_check_matrix(queue, "top_k", "index", index, GSC_I32, rows, k) ||
        !gsc_check_apart(queue, "top_k", "index", index, "value", value)) {
        return;
    }
    if (k > columns || columns > INT32_MAX) {
        gsc_queue_fail(queue, GSC_ERR_INPUT,
                       "top_k: k is %" PRId64 " of %" PRId64 " columns; it must be at most as many",
                       k, columns);
        return;
    }
    GSC_RUN_OP(queue, top_k, value->dtype, gsc_view_data(index), gsc_view_data(value), (size_t)rows,
               (size_t)columns, (size_t)k);
}

double gsc_top_k_bytes(gsc_dtype dtype, size_t rows, size_t columns, size_t k) {
    return (double)rows * ((double)columns * (double)gsc_dtype_bytes(dtype) + 4.0 * (double)k);
}
