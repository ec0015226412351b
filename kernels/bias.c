/* SPDX-License-Identifier: MIT
 *
 * The checked bias, its gradient and their counts. Layer: kernels.
 */
#include "kernels/bias.h"

#include "kernels/args.h"
#include "kernels/device.h"

void gsc_bias(gsc_queue *queue, const gsc_view *y, const gsc_view *x, const gsc_view *bias) {
    if (gsc_queue_failed(queue)) {
        return;
    }
    gsc_bias_args args = {
        .dtype = x->dtype, .rows = gsc_view_rows(x), .columns = gsc_view_columns(x)};
    if (!gsc_check_real(queue, "bias", "x", x) ||
        !gsc_check_rows(queue, "bias", "x", x, x->dtype, args.rows, args.columns) ||
        !gsc_check_rows(queue, "bias", "y", y, x->dtype, args.rows, args.columns) ||
        !gsc_check_count(queue, "bias", "bias", bias, x->dtype, args.columns) ||
        !gsc_check_same_or_apart(queue, "bias", "y", y, "x", x) ||
        !gsc_check_apart(queue, "bias", "y", y, "bias", bias)) {
        return;
    }
    args.y = gsc_view_data(y);
    args.x = gsc_view_data(x);
    args.bias = gsc_view_data(bias);
    GSC_RUN_OP(queue, bias, &args);
}

void gsc_bias_backward(gsc_queue *queue, const gsc_view *dbias, const gsc_view *dy) {
    if (gsc_queue_failed(queue)) {
        return;
    }
    gsc_bias_args args = {
        .dtype = dy->dtype, .rows = gsc_view_rows(dy), .columns = gsc_view_columns(dy)};
    if (!gsc_check_real(queue, "bias_backward", "dy", dy) ||
        !gsc_check_rows(queue, "bias_backward", "dy", dy, dy->dtype, args.rows, args.columns) ||
        !gsc_check_count(queue, "bias_backward", "dbias", dbias, dy->dtype, args.columns) ||
        !gsc_check_apart(queue, "bias_backward", "dbias", dbias, "dy", dy)) {
        return;
    }
    args.y = gsc_view_data(dbias);
    args.x = gsc_view_data(dy);
    GSC_RUN_OP(queue, bias_backward, &args);
}

gsc_tolerance gsc_bias_tolerance(gsc_dtype dtype) {
    double epsilon = gsc_dtype_epsilon(dtype);
    return (gsc_tolerance){4.0 * epsilon, 34.0 * epsilon};
}

double gsc_bias_flops(size_t rows, size_t columns) {
    return (double)rows * (double)columns;
}

double gsc_bias_bytes(gsc_dtype dtype, size_t rows, size_t columns, bool backward) {
    return (backward ? 1.0 : 2.0) * (double)rows * (double)columns * (double)gsc_dtype_bytes(dtype);
}
