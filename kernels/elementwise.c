/* SPDX-License-Identifier: MIT
 *
 * The checked elementwise ops. Layer: kernels.
 */
#include "kernels/elementwise.h"

#include "kernels/args.h"
#include "kernels/device.h"

static void run_linear(gsc_queue *queue, const char *op, const gsc_view *y, double alpha,
                       const gsc_view *a, double beta, const gsc_view *b) {
    if (gsc_queue_failed(queue)) {
        return;
    }
    size_t count = gsc_view_count(y);
    if (!gsc_check_real(queue, op, "y", y) ||
        !gsc_check_count(queue, op, "y", y, y->dtype, count) ||
        (a != NULL && (!gsc_check_count(queue, op, "the first input", a, y->dtype, count) ||
                       !gsc_check_same_or_apart(queue, op, "y", y, "the first input", a))) ||
        (b != NULL && (!gsc_check_count(queue, op, "the second input", b, y->dtype, count) ||
                       !gsc_check_same_or_apart(queue, op, "y", y, "the second input", b)))) {
        return;
    }
    gsc_linear_args args = {.dtype = y->dtype,
                            .y = gsc_view_data(y),
                            .a = a != NULL ? gsc_view_data(a) : NULL,
                            .b = b != NULL ? gsc_view_data(b) : NULL,
                            .count = count,
                            .alpha = alpha,
                            .beta = beta};
    GSC_RUN_OP(queue, linear, &args);
}

void gsc_set(gsc_queue *queue, const gsc_view *y, double value) {
    run_linear(queue, "set", y, value, NULL, 0.0, NULL);
}

void gsc_scale(gsc_queue *queue, const gsc_view *y, double alpha) {
    run_linear(queue, "scale", y, alpha, y, 0.0, NULL);
}

void gsc_axpy(gsc_queue *queue, const gsc_view *y, double alpha, const gsc_view *x) {
    run_linear(queue, "axpy", y, alpha, x, 1.0, y);
}

void gsc_add(gsc_queue *queue, const gsc_view *y, const gsc_view *a, const gsc_view *b) {
    run_linear(queue, "add", y, 1.0, a, 1.0, b);
}

void gsc_copy(gsc_queue *queue, const gsc_view *y, const gsc_view *x) {
    if (gsc_queue_failed(queue)) {
        return;
    }
    size_t count = gsc_view_count(y);
    if (y->dtype != x->dtype && (y->dtype == GSC_I32 || x->dtype == GSC_I32)) {
        gsc_queue_fail(queue, GSC_ERR_INPUT, "copy: %s to %s; only f32 and f64 are converted",
                       gsc_dtype_name(x->dtype), gsc_dtype_name(y->dtype));
        return;
    }
    if (!gsc_check_count(queue, "copy", "y", y, y->dtype, count) ||
        !gsc_check_count(queue, "copy", "x", x, x->dtype, count) ||
        !gsc_check_same_or_apart(queue, "copy", "y", y, "x", x)) {
        return;
    }
    gsc_copy_args args = {.y_dtype = y->dtype,
                          .x_dtype = x->dtype,
                          .y = gsc_view_data(y),
                          .x = gsc_view_data(x),
                          .count = count};
    GSC_RUN_OP(queue, copy, &args);
}

void gsc_map(gsc_queue *queue, const gsc_view *const *out, size_t n_out, const gsc_view *const *in,
             size_t n_in, gsc_map_function *function, void *data) {
    if (gsc_queue_failed(queue)) {
        return;
    }
    if (n_out < 1 || n_out + n_in > GSC_MAP_MAX) {
        gsc_queue_fail(queue, GSC_ERR_INPUT,
                       "map: %zu outputs and %zu inputs; 1 output or more and %d tensors in all "
                       "are possible",
                       n_out, n_in, GSC_MAP_MAX);
        return;
    }
    gsc_map_args args = {.dtype = out[0]->dtype,
                         .n_out = n_out,
                         .n_in = n_in,
                         .count = gsc_view_count(out[0]),
                         .function = function,
                         .data = data};
    if (!gsc_check_real(queue, "map", "the first output", out[0])) {
        return;
    }
    for (size_t i = 0; i < n_in; i++) {
        if (!gsc_check_count(queue, "map", "an input", in[i], args.dtype, args.count)) {
            return;
        }
        args.in[i] = gsc_view_data(in[i]);
    }
    for (size_t i = 0; i < n_out; i++) {
        if (!gsc_check_count(queue, "map", "an output", out[i], args.dtype, args.count)) {
            return;
        }
        for (size_t j = 0; j < n_in; j++) {
            if (!gsc_check_same_or_apart(queue, "map", "an output", out[i], "an input", in[j])) {
                return;
            }
        }
        for (size_t j = 0; j < i; j++) {
            if (!gsc_check_apart(queue, "map", "an output", out[i], "another", out[j])) {
                return;
            }
        }
        args.out[i] = gsc_view_data(out[i]);
    }
    GSC_RUN_OP(queue, map, &args);
}

gsc_tolerance gsc_elementwise_tolerance(gsc_dtype dtype) {
    double epsilon = gsc_dtype_epsilon(dtype);
    return (gsc_tolerance){1.5 * epsilon, 2.0 * epsilon};
}

double gsc_elementwise_bytes(gsc_dtype dtype, size_t count, size_t tensors) {
    return (double)count * (double)tensors * (double)gsc_dtype_bytes(dtype);
}
