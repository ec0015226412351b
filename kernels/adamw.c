/* SPDX-License-Identifier: MIT
 *
 * The checked step of AdamW and its counts. Layer: kernels.
 */
#include "kernels/adamw.h"

#include "kernels/args.h"
#include "kernels/device.h"

#include <inttypes.h>

void gsc_adamw(gsc_queue *queue, const gsc_view *parameter, const gsc_view *m, const gsc_view *v,
               const gsc_view *gradient, const gsc_adamw_options *options) {
    static const char op[] = "adamw";
    if (gsc_queue_failed(queue)) {
        return;
    }
    size_t count = gsc_view_count(parameter);
    const gsc_view *views[4] = {parameter, m, v, gradient};
    static const char *const names[4] = {"parameter", "m", "v", "gradient"};
    if (!gsc_check_real(queue, op, "parameter", parameter)) {
        return;
    }
    for (int i = 0; i < 4; i++) {
        if (!gsc_check_count(queue, op, names[i], views[i], parameter->dtype, count)) {
            return;
        }
        for (int j = 0; j < i; j++) {
            if (!gsc_check_apart(queue, op, names[i], views[i], names[j], views[j])) {
                return;
            }
        }
    }
    if (options->step < 1) {
        gsc_queue_fail(queue, GSC_ERR_INPUT, "adamw: the step is %" PRId64 "; the first is 1",
                       options->step);
        return;
    }
    gsc_adamw_args args = {.dtype = parameter->dtype,
                           .parameter = gsc_view_data(parameter),
                           .m = gsc_view_data(m),
                           .v = gsc_view_data(v),
                           .gradient = gsc_view_data(gradient),
                           .count = count,
                           .options = *options};
    GSC_RUN_OP(queue, adamw, &args);
}

double gsc_clip_scale(double norm, double limit) {
    return limit > 0.0 && norm > limit ? limit / norm : 1.0;
}

gsc_tolerance gsc_adamw_tolerance(gsc_dtype dtype) {
    double epsilon = gsc_dtype_epsilon(dtype);
    return (gsc_tolerance){4.0 * epsilon, 8.0 * epsilon};
}

double gsc_adamw_flops(size_t count) {
    return 15.0 * (double)count;
}

double gsc_adamw_bytes(gsc_dtype dtype, size_t count) {
    return 7.0 * (double)count * (double)gsc_dtype_bytes(dtype);
}
