/* SPDX-License-Identifier: MIT
 *
 * The checked attention, its gradient and their counts. Layer: kernels.
 */
#include "kernels/attention.h"

#include "kernels/args.h"
#include "kernels/device.h"

#include <math.h>

static bool check(gsc_queue *queue, const char *op, const gsc_view *y, const gsc_view *lse,
                  const gsc_view *qkv, const gsc_attention_shape *shape) {
    size_t rows = gsc_view_rows(qkv), width = shape->heads * shape->head_size;
    if (!gsc_check_real(queue, op, "qkv", qkv) ||
        !gsc_check_rows(queue, op, "qkv", qkv, qkv->dtype, rows, 3 * width) ||
        !gsc_check_rows(queue, op, "y", y, qkv->dtype, rows, width) ||
        !gsc_check_count(queue, op, "lse", lse, qkv->dtype, rows * shape->heads) ||
        !gsc_check_apart(queue, op, "y", y, "qkv", qkv) ||
        !gsc_check_apart(queue, op, "y", y, "lse", lse) ||
        !gsc_check_apart(queue, op, "lse", lse, "qkv", qkv)) {
        return false;
    }
    if (shape->context == 0 ? rows > 0 : rows % shape->context != 0) {
        gsc_queue_fail(queue, GSC_ERR_INPUT,
                       "%s: qkv has %zu rows; they must be whole sequences of %zu", op, rows,
                       shape->context);
        return false;
    }
    if (!(shape->scale > 0.0)) {
        gsc_queue_fail(queue, GSC_ERR_INPUT, "%s: the scale is %g; it must be above 0", op,
                       shape->scale);
        return false;
    }
    return true;
}

void gsc_attention(gsc_queue *queue, const gsc_view *y, const gsc_view *lse, const gsc_view *qkv,
                   gsc_attention_shape shape) {
    if (gsc_queue_failed(queue) || !check(queue, "attention", y, lse, qkv, &shape)) {
        return;
    }
    gsc_attention_args args = {.dtype = qkv->dtype,
                               .y = gsc_view_data(y),
                               .lse = gsc_view_data(lse),
                               .qkv = gsc_view_data(qkv),
                               .rows = gsc_view_rows(qkv),
                               .shape = shape};
    if (args.rows > 0 && shape.heads > 0) {
        GSC_RUN_OP(queue, attention, &args);
    }
}

void gsc_attention_backward(gsc_queue *queue, const gsc_view *dqkv, const gsc_view *dy,
                            const gsc_view *y, const gsc_view *lse, const gsc_view *qkv,
                            gsc_attention_shape shape) {
    static const char op[] = "attention_backward";
    if (gsc_queue_failed(queue) || !check(queue, op, y, lse, qkv, &shape)) {
        return;
    }
    size_t rows = gsc_view_rows(qkv), width = shape.heads * shape.head_size;
    if (!gsc_check_rows(queue, op, "dqkv", dqkv, qkv->dtype, rows, 3 * width) ||
        !gsc_check_rows(queue, op, "dy", dy, qkv->dtype, rows, width) ||
        !gsc_check_apart(queue, op, "dqkv", dqkv, "qkv", qkv) ||
        !gsc_check_apart(queue, op, "dqkv", dqkv, "dy", dy) ||
        !gsc_check_apart(queue, op, "dqkv", dqkv, "y", y) ||
        !gsc_check_apart(queue, op, "dqkv", dqkv, "lse", lse)) {
        return;
    }
    gsc_attention_args args = {.dtype = qkv->dtype,
                               .y = gsc_view_data(y),
                               .lse = gsc_view_data(lse),
                               .dqkv = gsc_view_data(dqkv),
                               .qkv = gsc_view_data(qkv),
                               .dy = gsc_view_data(dy),
                               .rows = rows,
                               .shape = shape};
    if (rows > 0 && shape.heads > 0) {
        GSC_RUN_OP(queue, attention_backward, &args);
    }
}

gsc_tolerance gsc_attention_tolerance(gsc_dtype dtype, size_t context, size_t head_size) {
    double epsilon = gsc_dtype_epsilon(dtype), n = (double)(context + head_size);
    return (gsc_tolerance){(8.0 + sqrt(n)) * epsilon, (32.0 + 4.0 * sqrt(n)) * epsilon};
}

static double pairs(size_t rows, const gsc_attention_shape *shape) {
    return 0.5 * (double)rows * (double)shape->heads * ((double)shape->context + 1.0);
}

double gsc_attention_flops(size_t rows, gsc_attention_shape shape, bool backward) {
    double size = (double)shape.head_size;
    return (backward ? 10.0 * size + 28.0 : 4.0 * size + 24.0) * pairs(rows, &shape);
}

double gsc_attention_bytes(gsc_dtype dtype, size_t rows, gsc_attention_shape shape, bool backward) {
    double widths = backward ? 8.0 : 4.0;
    return (double)rows * (double)shape.heads * (widths * (double)shape.head_size + 1.0) *
           (double)gsc_dtype_bytes(dtype);
}
