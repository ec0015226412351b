/* SPDX-License-Identifier: MIT
 *
 * The checked cross-entropy and its counts. Layer: kernels.
 */
#include "kernels/cross_entropy.h"

#include "kernels/args.h"
#include "kernels/device.h"

#include <math.h>

void gsc_cross_entropy(gsc_queue *queue, const gsc_view *loss, const gsc_view *dlogits,
                       const gsc_view *logits, const gsc_view *target, double scale) {
    static const char op[] = "cross_entropy";
    if (gsc_queue_failed(queue)) {
        return;
    }
    gsc_cross_entropy_args args = {.dtype = logits->dtype,
                                   .rows = gsc_view_rows(logits),
                                   .vocabulary = gsc_view_columns(logits),
                                   .scale = scale};
    if (!gsc_check_real(queue, op, "logits", logits) ||
        !gsc_check_rows(queue, op, "logits", logits, args.dtype, args.rows, args.vocabulary) ||
        !gsc_check_count(queue, op, "target", target, GSC_I32, args.rows) ||
        !gsc_check_count(queue, op, "loss", loss, GSC_F64, args.rows) ||
        !gsc_check_apart(queue, op, "loss", loss, "logits", logits) ||
        !gsc_check_apart(queue, op, "loss", loss, "target", target)) {
        return;
    }
    if (dlogits != NULL &&
        (!gsc_check_rows(queue, op, "dlogits", dlogits, args.dtype, args.rows, args.vocabulary) ||
         !gsc_check_same_or_apart(queue, op, "dlogits", dlogits, "logits", logits) ||
         !gsc_check_apart(queue, op, "dlogits", dlogits, "loss", loss) ||
         !gsc_check_apart(queue, op, "dlogits", dlogits, "target", target))) {
        return;
    }
    if (args.vocabulary == 0 && args.rows > 0) {
        gsc_queue_fail(queue, GSC_ERR_INPUT, "%s: logits have no columns; at least 1 is needed",
                       op);
        return;
    }
    args.loss = gsc_view_data(loss);
    args.dlogits = dlogits != NULL ? gsc_view_data(dlogits) : NULL;
    args.logits = gsc_view_data(logits);
    args.target = gsc_view_data(target);
    GSC_RUN_OP(queue, cross_entropy, &args);
}

gsc_tolerance gsc_cross_entropy_tolerance(gsc_dtype dtype, size_t vocabulary) {
    double epsilon = gsc_dtype_epsilon(dtype);
    return (gsc_tolerance){4.0 * epsilon, (12.0 + sqrt((double)vocabulary) / 16.0) * epsilon};
}

double gsc_cross_entropy_flops(size_t rows, size_t vocabulary, bool gradient) {
    return (gradient ? 26.0 : 24.0) * (double)rows * (double)vocabulary;
}

double gsc_cross_entropy_bytes(gsc_dtype dtype, size_t rows, size_t vocabulary, bool gradient) {
    return (gradient ? 2.0 : 1.0) * (double)rows * (double)vocabulary *
           (double)gsc_dtype_bytes(dtype);
}
