/* SPDX-License-Identifier: MIT
 *
 * The checked dispatch of rows to experts and its counts. Layer: kernels.
 */
#include "kernels/dispatch.h"

#include "kernels/args.h"
#include "kernels/device.h"

#include <math.h>

static bool check_index(gsc_queue *queue, const char *op, const char *name, const gsc_view *view,
                        size_t count) {
    return gsc_check_count(queue, op, name, view, GSC_I32, count);
}

/* start and offset have one element more than what they bound. */
static bool check_not_empty(gsc_queue *queue, const char *op, const char *name,
                            const gsc_view *view) {
    if (gsc_view_count(view) == 0) {
        gsc_queue_fail(queue, GSC_ERR_INPUT, "%s: %s is empty; it needs at least one element", op,
                       name);
        return false;
    }
    return true;
}

void gsc_dispatch_plan(gsc_queue *queue, const gsc_view *offset, const gsc_view *row,
                       const gsc_view *choice, const gsc_view *slot, const gsc_view *start,
                       const gsc_view *expert) {
    static const char op[] = "dispatch_plan";
    if (gsc_queue_failed(queue) || !check_not_empty(queue, op, "offset", offset) ||
        !check_not_empty(queue, op, "start", start)) {
        return;
    }
    gsc_plan_args args = {.rows = gsc_view_count(start) - 1,
                          .slots = gsc_view_count(expert),
                          .experts = gsc_view_count(offset) - 1};
    const gsc_view *outputs[4] = {offset, row, choice, slot}, *inputs[2] = {start, expert};
    static const char *const names[6] = {"offset", "row", "choice", "slot", "start", "expert"};
    if (!check_index(queue, op, "offset", offset, args.experts + 1) ||
        !check_index(queue, op, "row", row, args.slots) ||
        !check_index(queue, op, "choice", choice, args.slots) ||
        !check_index(queue, op, "slot", slot, args.slots) ||
        !check_index(queue, op, "start", start, args.rows + 1) ||
        !check_index(queue, op, "expert", expert, args.slots)) {
        return;
    }
    for (int i = 0; i < 4; i++) {
        for (int j = i + 1; j < 6; j++) {
            const gsc_view *other = j < 4 ? outputs[j] : inputs[j - 4];
            if (!gsc_check_apart(queue, op, names[i], outputs[i], names[j], other)) {
                return;
            }
        }
    }
    args.offset = gsc_view_data(offset);
    args.row = gsc_view_data(row);
    args.choice = gsc_view_data(choice);
    args.slot = gsc_view_data(slot);
    args.start = gsc_view_data(start);
    args.expert = gsc_view_data(expert);
    GSC_RUN_OP(queue, dispatch_plan, &args);
}

void gsc_gather_rows(gsc_queue *queue, const gsc_view *y, const gsc_view *x, const gsc_view *row) {
    static const char op[] = "gather_rows";
    if (gsc_queue_failed(queue)) {
        return;
    }
    gsc_combine_args args = {.dtype = x->dtype,
                             .rows = gsc_view_rows(x),
                             .slots = gsc_view_count(row),
                             .columns = gsc_view_columns(x)};
    if (!gsc_check_real(queue, op, "x", x) ||
        !gsc_check_rows(queue, op, "x", x, x->dtype, args.rows, args.columns) ||
        !gsc_check_rows(queue, op, "y", y, x->dtype, args.slots, args.columns) ||
        !check_index(queue, op, "row", row, args.slots) ||
        !gsc_check_apart(queue, op, "y", y, "x", x) ||
        !gsc_check_apart(queue, op, "y", y, "row", row)) {
        return;
    }
    args.y = gsc_view_data(y);
    args.x = gsc_view_data(x);
    args.row = gsc_view_data(row);
    GSC_RUN_OP(queue, gather_rows, &args);
}

void gsc_combine(gsc_queue *queue, const gsc_view *y, const gsc_view *x, const gsc_view *weight,
                 const gsc_view *start, const gsc_view *slot, bool accumulate) {
    static const char op[] = "combine";
    if (gsc_queue_failed(queue)) {
        return;
    }
    gsc_combine_args args = {.dtype = x->dtype,
                             .rows = gsc_view_rows(y),
                             .slots = gsc_view_count(slot),
                             .columns = gsc_view_columns(x),
                             .accumulate = accumulate};
    if (!gsc_check_real(queue, op, "x", x) ||
        !gsc_check_rows(queue, op, "x", x, x->dtype, args.slots, args.columns) ||
        !gsc_check_rows(queue, op, "y", y, x->dtype, args.rows, args.columns) ||
        (weight != NULL && !gsc_check_count(queue, op, "weight", weight, x->dtype, args.slots)) ||
        !check_index(queue, op, "start", start, args.rows + 1) ||
        !check_index(queue, op, "slot", slot, args.slots) ||
        !gsc_check_apart(queue, op, "y", y, "x", x) ||
        (weight != NULL && !gsc_check_apart(queue, op, "y", y, "weight", weight)) ||
        !gsc_check_apart(queue, op, "y", y, "start", start) ||
        !gsc_check_apart(queue, op, "y", y, "slot", slot)) {
        return;
    }
    args.y = gsc_view_data(y);
    args.x = gsc_view_data(x);
    args.weight = weight != NULL ? gsc_view_data(weight) : NULL;
    args.start = gsc_view_data(start);
    args.slot = gsc_view_data(slot);
    GSC_RUN_OP(queue, combine, &args);
}

void gsc_combine_backward(gsc_queue *queue, const gsc_view *dx, const gsc_view *dweight,
                          const gsc_view *g, const gsc_view *x, const gsc_view *weight,
                          const gsc_view *choice) {
    static const char op[] = "combine_backward";
    if (gsc_queue_failed(queue)) {
        return;
    }
    gsc_combine_args args = {
        .dtype = x->dtype, .slots = gsc_view_count(choice), .columns = gsc_view_columns(x)};
    if (!gsc_check_real(queue, op, "x", x) ||
        !gsc_check_rows(queue, op, "x", x, x->dtype, args.slots, args.columns) ||
        !gsc_check_rows(queue, op, "dx", dx, x->dtype, args.slots, args.columns) ||
        !gsc_check_rows(queue, op, "g", g, x->dtype, args.slots, args.columns) ||
        !gsc_check_count(queue, op, "weight", weight, x->dtype, args.slots) ||
        !gsc_check_count(queue, op, "dweight", dweight, x->dtype, args.slots) ||
        !check_index(queue, op, "choice", choice, args.slots) ||
        !gsc_check_apart(queue, op, "dx", dx, "x", x) ||
        !gsc_check_apart(queue, op, "dx", dx, "g", g) ||
        !gsc_check_apart(queue, op, "g", g, "x", x) ||
        !gsc_check_apart(queue, op, "g", g, "dweight", dweight) ||
        !gsc_check_apart(queue, op, "g", g, "weight", weight) ||
        !gsc_check_apart(queue, op, "dx", dx, "dweight", dweight) ||
        !gsc_check_apart(queue, op, "dx", dx, "weight", weight) ||
        !gsc_check_apart(queue, op, "dweight", dweight, "weight", weight)) {
        return;
    }
    args.y = gsc_view_data(dx);
    args.dweight = gsc_view_data(dweight);
    args.g = gsc_view_data(g);
    args.x = gsc_view_data(x);
    args.weight = gsc_view_data(weight);
    args.choice = gsc_view_data(choice);
    GSC_RUN_OP(queue, combine_backward, &args);
}

gsc_tolerance gsc_combine_tolerance(gsc_dtype dtype, size_t terms) {
    double epsilon = gsc_dtype_epsilon(dtype);
    return (gsc_tolerance){(2.0 + sqrt((double)terms)) * epsilon, (2.0 + (double)terms) * epsilon};
}

double gsc_combine_flops(size_t slots, size_t columns, bool backward) {
    return (backward ? 4.0 : 2.0) * (double)slots * (double)columns;
}

double gsc_combine_bytes(gsc_dtype dtype, size_t slots, size_t rows, size_t columns,
                         bool backward) {
    double elements = backward ? 4.0 * (double)slots : (double)slots + (double)rows;
    return elements * (double)columns * (double)gsc_dtype_bytes(dtype);
}

double gsc_gather_rows_bytes(gsc_dtype dtype, size_t slots, size_t columns) {
    return 2.0 * (double)slots * (double)columns * (double)gsc_dtype_bytes(dtype);
}
