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

void gsc_grouped_matmul(gsc_queue *queue, const gsc_view *c, const gsc_view *a, const gsc_view *b,
                        const gsc_view *offset, bool transpose_b, bool accumulate) {
    static const char op[] = "grouped_matmul";
    if (gsc_queue_failed(queue)) {
        return;
    }
    size_t experts = 0, slots = gsc_view_rows(a), k = gsc_view_columns(a), n = gsc_view_columns(c);
    if (!check_offset(queue, op, offset, &experts) || !gsc_check_real(queue, op, "a", a) ||
        !gsc_check_rows(queue, op, "a", a, a->dtype, slots, k) ||
        !gsc_check_rows(queue, op, "c", c, a->dtype, slots, n) ||
        !check_stack(queue, op, "b", b, a->dtype, experts, transpose_b ? n : k,
                     transpose_b ? k : n) ||
        !gsc_check_apart(queue, op, "c", c, "a", a) ||
        !gsc_check_apart(queue, op, "c", c, "b", b) ||
        !gsc_check_apart(queue, op, "c", c, "offset", offset)) {
        return;
    }
    gsc_grouped_args args = {.dtype = a->dtype,
                             .c = gsc_view_data(c),
                             .a = gsc_view_data(a),
                             .b = gsc_view_data(b),
                             .offset = gsc_view_data(offset),
                             .experts = experts,
                             .slots = slots,
                             .m = k,
                             .n = n,
                             .transpose_b = transpose_b,
                             .accumulate = accumulate};
    GSC_RUN_OP(queue, grouped_matmul, &args);
}

void gsc_grouped_matmul_outer(gsc_queue *queue, const gsc_view *c, const gsc_view *a,
                              const gsc_view *b, const gsc_view *offset, bool accumulate) {
    static const char op[] = "grouped_matmul_outer";
    if (gsc_queue_failed(queue)) {
        return;
    }
    size_t experts = 0, slots = gsc_view_rows(a), m = gsc_view_columns(a), n = gsc_view_columns(b);
    if (!check_offset(queue, op, offset, &experts) || !gsc_check_real(queue, op, "a", a) ||
        !gsc_check_rows(queue, op, "a", a, a->dtype, slots, m) ||
        !gsc_check_rows(queue, op, "b", b, a->dtype, slots, n) ||
        !check_stack(queue, op, "c", c, a->dtype, experts, m, n) ||
        !gsc_check_apart(queue, op, "c", c, "a", a) ||
        !gsc_check_apart(queue, op, "c", c, "b", b) ||
        !gsc_check_apart(queue, op, "c", c, "offset", offset)) {
        return;
    }
    gsc_grouped_args args = {.dtype = a->dtype,
                             .c = gsc_view_data(c),
                             .a = gsc_view_data(a),
                             .b = gsc_view_data(b),
                             .offset = gsc_view_data(offset),
                             .experts = experts,
                             .slots = slots,
                             .m = m,
                             .n = n,
                             .accumulate = accumulate};
    GSC_RUN_OP(queue, grouped_outer, &args);
}
