/* SPDX-License-Identifier: MIT
 *
 * The checked normalisations, their gradients and counts. Layer: kernels.
 */
#include "kernels/norm.h"

#include "kernels/args.h"
#include "kernels/device.h"

#include <math.h>

static bool check_shared(gsc_queue *queue, const char *op, const gsc_view *x, const gsc_view *gain,
                         const gsc_view *mean, const gsc_view *rstd) {
    size_t rows = gsc_view_rows(x), columns = gsc_view_columns(x);
    return gsc_check_real(queue, op, "x", x) &&
           gsc_check_rows(queue, op, "x", x, x->dtype, rows, columns) &&
           gsc_check_count(queue, op, "gain", gain, x->dtype, columns) &&
           (mean == NULL || gsc_check_count(queue, op, "mean", mean, x->dtype, rows)) &&
           gsc_check_count(queue, op, "rstd", rstd, x->dtype, rows);
}

static void forward(gsc_queue *queue, const char *op, const gsc_view *y, const gsc_view *mean,
                    const gsc_view *rstd, const gsc_view *x, const gsc_view *gain,
                    const gsc_view *bias, double epsilon) {
    if (gsc_queue_failed(queue)) {
        return;
    }
    size_t rows = gsc_view_rows(x), columns = gsc_view_columns(x);
    if (!check_shared(queue, op, x, gain, mean, rstd) ||
        !gsc_check_rows(queue, op, "y", y, x->dtype, rows, columns) ||
        (bias != NULL && !gsc_check_count(queue, op, "bias", bias, x->dtype, columns)) ||
        !gsc_check_apart(queue, op, "y", y, "x", x) ||
        !gsc_check_apart(queue, op, "y", y, "gain", gain) ||
        !gsc_check_apart(queue, op, "y", y, "rstd", rstd) ||
        (mean != NULL && !gsc_check_apart(queue, op, "mean", mean, "rstd", rstd))) {
        return;
    }
    gsc_norm_args args = {.dtype = x->dtype,
                          .centred = mean != NULL,
                          .y = gsc_view_data(y),
                          .mean = mean != NULL ? gsc_view_data(mean) : NULL,
                          .rstd = gsc_view_data(rstd),
                          .x = gsc_view_data(x),
                          .gain = gsc_view_data(gain),
                          .bias = bias != NULL ? gsc_view_data(bias) : NULL,
                          .rows = rows,
                          .columns = columns,
                          .epsilon = epsilon};
    if (columns > 0) {
        GSC_RUN_OP(queue, norm, &args);
    }
}

static void backward(gsc_queue *queue, const char *op, const gsc_view *dx, const gsc_view *dgain,
                     const gsc_view *dbias, const gsc_view *dy, const gsc_view *x,
                     const gsc_view *gain, const gsc_view *mean, const gsc_view *rstd,
                     bool accumulate) {
    if (gsc_queue_failed(queue)) {
        return;
    }
    size_t rows = gsc_view_rows(x), columns = gsc_view_columns(x);
    if (!check_shared(queue, op, x, gain, mean, rstd) ||
        !gsc_check_rows(queue, op, "dy", dy, x->dtype, rows, columns) ||
        !gsc_check_rows(queue, op, "dx", dx, x->dtype, rows, columns) ||
        !gsc_check_count(queue, op, "dgain", dgain, x->dtype, columns) ||
        (dbias != NULL && !gsc_check_count(queue, op, "dbias", dbias, x->dtype, columns)) ||
        !gsc_check_apart(queue, op, "dx", dx, "x", x) ||
        !gsc_check_same_or_apart(queue, op, "dx", dx, "dy", dy) ||
        !gsc_check_apart(queue, op, "dgain", dgain, "dx", dx) ||
        !gsc_check_apart(queue, op, "dgain", dgain, "gain", gain)) {
        return;
    }
    gsc_norm_args args = {.dtype = x->dtype,
                          .centred = mean != NULL,
                          .dx = gsc_view_data(dx),
                          .dgain = gsc_view_data(dgain),
                          .dbias = dbias != NULL ? gsc_view_data(dbias) : NULL,
                          .dy = gsc_view_data(dy),
                          .x = gsc_view_data(x),
                          .gain = gsc_view_data(gain),
                          .mean = mean != NULL ? gsc_view_data(mean) : NULL,
                          .rstd = gsc_view_data(rstd),
                          .rows = rows,
                          .columns = columns,
                          .accumulate = accumulate};
    if (columns > 0) {
        GSC_RUN_OP(queue, norm_backward, &args);
    }
}

void gsc_layer_norm(gsc_queue *queue, const gsc_view *y, const gsc_view *mean, const gsc_view *rstd,
                    const gsc_view *x, const gsc_view *gain, const gsc_view *bias, double epsilon) {
    forward(queue, "layer_norm", y, mean, rstd, x, gain, bias, epsilon);
}

void gsc_layer_norm_backward(gsc_queue *queue, const gsc_view *dx, const gsc_view *dgain,
                             const gsc_view *dbias, const gsc_view *dy, const gsc_view *x,
                             const gsc_view *gain, const gsc_view *mean, const gsc_view *rstd,
                             bool accumulate) {
    backward(queue, "layer_norm_backward", dx, dgain, dbias, dy, x, gain, mean, rstd, accumulate);
}

void gsc_rms_norm(gsc_queue *queue, const gsc_view *y, const gsc_view *rstd, const gsc_view *x,
                  const gsc_view *gain, double epsilon) {
    forward(queue, "rms_norm", y, NULL, rstd, x, gain, NULL, epsilon);
}

void gsc_rms_norm_backward(gsc_queue *queue, const gsc_view *dx, const gsc_view *dgain,
                           const gsc_view *dy, const gsc_view *x, const gsc_view *gain,
                           const gsc_view *rstd, bool accumulate) {
    backward(queue, "rms_norm_backward", dx, dgain, NULL, dy, x, gain, NULL, rstd, accumulate);
}

gsc_tolerance gsc_norm_tolerance(gsc_dtype dtype, size_t columns) {
    double epsilon = gsc_dtype_epsilon(dtype), n = (double)columns;
    return (gsc_tolerance){(4.0 + 0.25 * sqrt(n)) * epsilon, (16.0 + sqrt(n)) * epsilon};
}

double gsc_norm_flops(size_t rows, size_t columns, bool is_backward) {
    return (is_backward ? 14.0 : 8.0) * (double)rows * (double)columns;
}

double gsc_norm_bytes(gsc_dtype dtype, size_t rows, size_t columns, bool is_backward) {
    return (is_backward ? 5.0 : 2.0) * (double)rows * (double)columns *
           (double)gsc_dtype_bytes(dtype);
}
