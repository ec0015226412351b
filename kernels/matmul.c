/* SPDX-License-Identifier: MIT
 *
 * The checked matrix product and its counts. Layer: kernels.
 */
#include "kernels/matmul.h"

#include "kernels/device.h"

#include <math.h>

void gsc_matmul(gsc_queue *queue, const gsc_view *c, const gsc_view *a, const gsc_view *b,
                bool transpose_a, bool transpose_b, bool accumulate) {
    if (gsc_queue_failed(queue)) {
        return;
    }
    if (c->dtype != GSC_F32 && c->dtype != GSC_F64) {
        gsc_queue_fail(queue, GSC_ERR_INPUT, "matmul: c is %s; it must be f32 or f64",
                       gsc_dtype_name(c->dtype));
        return;
    }
    int64_t m = c->shape[0], n = c->shape[1], k = a->shape[transpose_a ? 0 : 1];
    if (!gsc_check_matrix(queue, "matmul", "c", c, c->dtype, m, n) ||
        !gsc_check_matrix(queue, "matmul", "a", a, c->dtype, transpose_a ? k : m,
                          transpose_a ? m : k) ||
        !gsc_check_matrix(queue, "matmul", "b", b, c->dtype, transpose_b ? n : k,
                          transpose_b ? k : n) ||
        !gsc_check_apart(queue, "matmul", "c", c, "a", a) ||
        !gsc_check_apart(queue, "matmul", "c", c, "b", b)) {
        return;
    }
    GSC_RUN_OP(queue, matmul, c->dtype, gsc_view_data(c), gsc_view_data(a), gsc_view_data(b),
               (size_t)m, (size_t)n, (size_t)k, transpose_a, transpose_b, accumulate);
}

gsc_tolerance gsc_matmul_tolerance(gsc_dtype dtype, size_t k) {
    double epsilon = gsc_dtype_epsilon(dtype);
    return (gsc_tolerance){(2.0 + sqrt((double)k)) * epsilon, ((double)k + 2.0) * epsilon};
}

double gsc_matmul_flops(size_t m, size_t n, size_t k) {
    return 2.0 * (double)m * (double)n * (double)k;
}

double gsc_matmul_bytes(gsc_dtype dtype, size_t m, size_t n, size_t k, bool accumulate) {
    double moved = (double)m * (double)k + (double)k * (double)n +
                   (accumulate ? 2.0 : 1.0) * (double)m * (double)n;
    return moved * (double)gsc_dtype_bytes(dtype);
}
