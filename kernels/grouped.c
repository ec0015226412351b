/* SPDX-License-Identifier: MIT
 *
 * The checked matrix products of many experts. Layer: kernels.
 */
#include "kernels/grouped.h"

#include "kernels/args.h"
#include "kernels/device.h"

/* offset has one element more than there are experts. */
static bool check_offset(gsc_queue *queue, const char *op, const gsc_view *offset,
                         size_t *ret_experts) {
    size_t count = gsc_view_count(offset);
    if (count == 0) {
        gsc_queue_fail(queue, GSC_ERR_INPUT, "%s: offset is empty; it needs E + 1 elements", op);
        return false;
    }
    *ret_experts = count - 1;
    return gsc_check_count(queue, op, "offset", offset, GSC_I32, count);
}

/* view is [d0, d1, d2]. */
static bool check_stack(gsc_queue *queue, const char *op, const char *name, const gsc_view *view,
                        gsc_dtype dtype, size_t d0, size_t d1, size_t d2) {
    if (view->dims == 3 && ((size_t)view->shape[0] != d0 || (size_t)view->shape[1] != d1)) {
        gsc_queue_fail(queue, GSC_ERR_INPUT,
                       "%s: %s is [%zu, %zu, ...]; it must be [%zu, %zu, %zu]", op, name,
                       (size_t)view->shape[0], (size_t)view->shape[1], d0, d1, d2);
        return false;
    }
    return gsc_check_rows(queue, op, name, view, dtype, d0 * d1, d2);
}

/* row: NULL, or what names the rows of x, which then may have any number of them; sets args->row. */
static bool check_row(gsc_queue *queue, const char *op, const gsc_view *row, const gsc_view *x,
                      const gsc_view *c, gsc_grouped_args *args) {
    if (row == NULL) {
        return true;
    }
    if (!gsc_check_count(queue, op, "row", row, GSC_I32, args->slots) ||
        !gsc_check_apart(queue, op, "c", c, "row", row)) {
        return false;
    }
    args->row = gsc_view_data(row);
    args->row_limit = gsc_view_rows(x);
    return true;
}

void gsc_grouped_matmul_rows(gsc_queue *queue, const gsc_view *c, const gsc_view *x,
                             const gsc_view *row, const gsc_view *b, const gsc_view *offset,
                             bool transpose_b, bool accumulate) {
    static const char op[] = "grouped_matmul";
    if (gsc_queue_failed(queue)) {
        return;
    }
    gsc_grouped_args args = {.dtype = x->dtype,
                             .slots = gsc_view_rows(c),
                             .m = gsc_view_columns(x),
                             .n = gsc_view_columns(c),
                             .transpose_b = transpose_b,
                             .accumulate = accumulate};
    const size_t k = args.m, n = args.n;
    if (!check_offset(queue, op, offset, &args.experts) || !gsc_check_real(queue, op, "a", x) ||
        !gsc_check_rows(queue, op, "a", x, x->dtype, row != NULL ? gsc_view_rows(x) : args.slots,
                        k) ||
        !gsc_check_rows(queue, op, "c", c, x->dtype, args.slots, n) ||
        !check_stack(queue, op, "b", b, x->dtype, args.experts, transpose_b ? n : k,
                     transpose_b ? k : n) ||
        !gsc_check_apart(queue, op, "c", c, "a", x) ||
        !gsc_check_apart(queue, op, "c", c, "b", b) ||
        !gsc_check_apart(queue, op, "c", c, "offset", offset) ||
        !check_row(queue, op, row, x, c, &args)) {
        return;
    }
    args.c = gsc_view_data(c);
    args.a = gsc_view_data(x);
    args.b = gsc_view_data(b);
    args.offset = gsc_view_data(offset);
    GSC_RUN_OP(queue, grouped_matmul, &args);
}

void gsc_grouped_matmul(gsc_queue *queue, const gsc_view *c, const gsc_view *a, const gsc_view *b,
                        const gsc_view *offset, bool transpose_b, bool accumulate) {
    gsc_grouped_matmul_rows(queue, c, a, NULL, b, offset, transpose_b, accumulate);
}

void gsc_grouped_matmul_outer_rows(gsc_queue *queue, const gsc_view *c, const gsc_view *a,
                                   const gsc_view *b, const gsc_view *row, bool of_b,
                                   const gsc_view *offset, bool accumulate) {
    static const char op[] = "grouped_matmul_outer";
    if (gsc_queue_failed(queue)) {
        return;
    }
    const gsc_view *x = of_b ? b : a, *other = of_b ? a : b;
    gsc_grouped_args args = {.dtype = a->dtype,
                             .row_of_b = of_b,
                             .slots = gsc_view_rows(other),
                             .m = gsc_view_columns(a),
                             .n = gsc_view_columns(b),
                             .accumulate = accumulate};
    const size_t x_rows = row != NULL ? gsc_view_rows(x) : args.slots;
    if (!check_offset(queue, op, offset, &args.experts) || !gsc_check_real(queue, op, "a", a) ||
        !gsc_check_rows(queue, op, "a", a, a->dtype, of_b ? args.slots : x_rows, args.m) ||
        !gsc_check_rows(queue, op, "b", b, a->dtype, of_b ? x_rows : args.slots, args.n) ||
        !check_stack(queue, op, "c", c, a->dtype, args.experts, args.m, args.n) ||
        !gsc_check_apart(queue, op, "c", c, "a", a) ||
        !gsc_check_apart(queue, op, "c", c, "b", b) ||
        !gsc_check_apart(queue, op, "c", c, "offset", offset) ||
        !check_row(queue, op, row, x, c, &args)) {
        return;
    }
    args.c = gsc_view_data(c);
    args.a = gsc_view_data(a);
    args.b = gsc_view_data(b);
    args.offset = gsc_view_data(offset);
    GSC_RUN_OP(queue, grouped_outer, &args);
}

void gsc_grouped_matmul_outer(gsc_queue *queue, const gsc_view *c, const gsc_view *a,
                              const gsc_view *b, const gsc_view *offset, bool accumulate) {
    gsc_grouped_matmul_outer_rows(queue, c, a, b, NULL, true, offset, accumulate);
}

size_t gsc_grouped_workspace_bytes(size_t columns, unsigned threads) {
    return gsc_grouped_room_floats(columns) * sizeof(float) * (threads > 0 ? threads : 1);
}
