/* SPDX-License-Identifier: MIT
 *
 * The checked reductions and their counts. Layer: kernels.
 */
#include "kernels/reduce.h"

#include "kernels/args.h"
#include "kernels/device.h"

static void run(gsc_queue *queue, const char *op, gsc_reduction reduction, const gsc_view *result,
                const gsc_view *x, bool accumulate) {
    if (gsc_queue_failed(queue)) {
        return;
    }
    size_t count = gsc_view_count(x);
    gsc_dtype type = reduction == GSC_REDUCE_NOT_FINITE ? GSC_I32 : GSC_F64;
    if (!gsc_check_real(queue, op, "x", x) ||
        !gsc_check_count(queue, op, "x", x, x->dtype, count) ||
        !gsc_check_count(queue, op, "result", result, type, 1) ||
        !gsc_check_apart(queue, op, "result", result, "x", x)) {
        return;
    }
    if (reduction == GSC_REDUCE_NOT_FINITE && count > INT32_MAX) {
        gsc_queue_fail(queue, GSC_ERR_INPUT,
                       "%s: x has %zu elements; at most 2^31 - 1 are possible", op, count);
        return;
    }
    gsc_reduce_args args = {.dtype = x->dtype,
                            .reduction = reduction,
                            .result = gsc_view_data(result),
                            .x = gsc_view_data(x),
                            .count = count,
                            .accumulate = accumulate};
    GSC_RUN_OP(queue, reduce, &args);
}

void gsc_sum(gsc_queue *queue, const gsc_view *result, const gsc_view *x, bool accumulate) {
    run(queue, "sum", GSC_REDUCE_SUM, result, x, accumulate);
}

void gsc_sum_squares(gsc_queue *queue, const gsc_view *result, const gsc_view *x, bool accumulate) {
    run(queue, "sum_squares", GSC_REDUCE_SQUARES, result, x, accumulate);
}

void gsc_first_not_finite(gsc_queue *queue, const gsc_view *result, const gsc_view *x) {
    run(queue, "first_not_finite", GSC_REDUCE_NOT_FINITE, result, x, false);
}

gsc_tolerance gsc_reduce_tolerance(size_t count) {
    double bound = ((double)count / 512.0 + 70.0) * 0x1p-52;
    return (gsc_tolerance){0.25 * bound, bound};
}

double gsc_reduce_bytes(gsc_dtype dtype, size_t count) {
    return (double)count * (double)gsc_dtype_bytes(dtype);
}
