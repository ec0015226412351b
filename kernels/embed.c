/* SPDX-License-Identifier: MIT
 *
 * The checked embedding, its gradient and their counts. Layer: kernels.
 */
#include "kernels/embed.h"

#include "kernels/args.h"
#include "kernels/device.h"

static void run(gsc_queue *queue, const char *op, const gsc_view *out, const char *out_name,
                const gsc_view *in, const char *in_name, const gsc_view *token, double scale,
                bool backward) {
    if (gsc_queue_failed(queue)) {
        return;
    }
    const gsc_view *table = backward ? out : in, *y = backward ? in : out;
    gsc_embed_args args = {.dtype = y->dtype,
                           .rows = gsc_view_rows(y),
                           .columns = gsc_view_columns(y),
                           .vocabulary = gsc_view_rows(table),
                           .scale = scale};
    if (!gsc_check_real(queue, op, in_name, in) ||
        !gsc_check_rows(queue, op, backward ? in_name : out_name, y, in->dtype, args.rows,
                        args.columns) ||
        !gsc_check_rows(queue, op, backward ? out_name : in_name, table, in->dtype, args.vocabulary,
                        args.columns) ||
        !gsc_check_count(queue, op, "token", token, GSC_I32, args.rows) ||
        !gsc_check_apart(queue, op, out_name, out, in_name, in) ||
        !gsc_check_apart(queue, op, out_name, out, "token", token)) {
        return;
    }
    args.y = gsc_view_data(out);
    args.x = gsc_view_data(in);
    args.token = gsc_view_data(token);
    if (backward) {
        GSC_RUN_OP(queue, embed_backward, &args);
    } else {
        GSC_RUN_OP(queue, embed, &args);
    }
}

void gsc_embed(gsc_queue *queue, const gsc_view *y, const gsc_view *table, const gsc_view *token,
               double scale) {
    run(queue, "embed", y, "y", table, "table", token, scale, false);
}

void gsc_embed_backward(gsc_queue *queue, const gsc_view *dtable, const gsc_view *dy,
                        const gsc_view *token, double scale) {
    run(queue, "embed_backward", dtable, "dtable", dy, "dy", token, scale, true);
}

gsc_tolerance gsc_embed_tolerance(gsc_dtype dtype, size_t rows) {
    double epsilon = gsc_dtype_epsilon(dtype);
    return (gsc_tolerance){(2.0 + 0.1 * (double)rows) * epsilon, (2.0 + (double)rows) * epsilon};
}

double gsc_embed_flops(size_t rows, size_t columns, bool backward) {
    return (backward ? 2.0 : 1.0) * (double)rows * (double)columns;
}

double gsc_embed_bytes(gsc_dtype dtype, size_t rows, size_t columns, bool backward) {
    return (double)rows *
           ((backward ? 3.0 : 2.0) * (double)columns * (double)gsc_dtype_bytes(dtype) + 4.0);
}
