/* SPDX-License-Identifier: MIT
 *
 * The checked softmax of rows and its counts. Layer: kernels.
 */
#include "kernels/softmax.h"

#include "kernels/device.h"

void gsc_softmax(gsc_queue *queue, const gsc_view *p, const gsc_view *z) {
    if (gsc_queue_failed(queue)) {
        return;
    }
    if (z->dtype != GSC_F32 && z->dtype != GSC_F64) {
        gsc_queue_fail(queue, GSC_ERR_INPUT, "softmax: z is %s; it must be f32 or f64",
                       gsc_dtype_name(z->dtype));
        return;
    }
    int64_t rows = z->shape[0], columns = z->shape[1];
    if (!gsc_check_matrix(queue, "softmax", "z", z, z->dtype, rows, columns) ||
        !gsc_check_matrix(queue, "softmax", "p", p, z->dtype, rows, columns) ||
        !gsc_check_apart(queue, "softmax", "p", p, "z", z)) {
        return;
    }
    GSC_RUN_OP(queue, softmax, z->dtype, gsc_view_data(p), gsc_view_data(z), (size_t)rows,
               (size_t)columns);
}

gsc_tolerance gsc_softmax_tolerance(gsc_dtype dtype, size_t columns) {
    double epsilon = gsc_dtype_epsilon(dtype);
    return (gsc_tolerance){6.0 * epsilon, (8.0 + (double)columns / 16.0) * epsilon};
}

double gsc_softmax_flops(size_t rows, size_t columns) {
    return 24.0 * (double)rows * (double)columns;
}

double gsc_softmax_bytes(gsc_dtype dtype, size_t rows, size_t columns) {
    return 2.0 * (double)rows * (double)columns * (double)gsc_dtype_bytes(dtype);
}
