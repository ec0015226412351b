/* SPDX-License-Identifier: MIT
 *
 * The checked rotary embedding and its counts. Layer: kernels.
 */
#include "kernels/rope.h"

#include "kernels/args.h"
#include "kernels/device.h"

void gsc_rope_table(gsc_queue *queue, const gsc_view *table, double base) {
    if (gsc_queue_failed(queue) || !gsc_check_real(queue, "rope_table", "table", table) ||
        !gsc_check_rows(queue, "rope_table", "table", table, table->dtype, gsc_view_rows(table),
                        gsc_view_columns(table))) {
        return;
    }
    gsc_rope_args args = {.dtype = table->dtype,
                          .table = gsc_view_data(table),
                          .positions = gsc_view_rows(table),
                          .rotated = gsc_view_columns(table),
                          .base = base};
    if (args.rotated % 2 != 0) {
        gsc_queue_fail(queue, GSC_ERR_INPUT,
                       "rope_table: the table has %zu columns; an even number is needed",
                       args.rotated);
        return;
    }
    GSC_RUN_OP(queue, rope_table, &args);
}

void gsc_rope(gsc_queue *queue, const gsc_view *x, const gsc_view *table, size_t context,
              size_t heads, size_t head_size, bool inverse) {
    if (gsc_queue_failed(queue)) {
        return;
    }
    gsc_rope_args args = {.dtype = x->dtype,
                          .rows = gsc_view_rows(x),
                          .columns = gsc_view_columns(x),
                          .positions = gsc_view_rows(table),
                          .rotated = gsc_view_columns(table),
                          .context = context,
                          .heads = heads,
                          .head_size = head_size,
                          .inverse = inverse};
    if (!gsc_check_real(queue, "rope", "x", x) ||
        !gsc_check_rows(queue, "rope", "x", x, x->dtype, args.rows, args.columns) ||
        !gsc_check_rows(queue, "rope", "table", table, x->dtype, args.positions, args.rotated) ||
        !gsc_check_apart(queue, "rope", "x", x, "table", table)) {
        return;
    }
    if (args.rotated % 2 != 0 || args.rotated > head_size || heads * head_size > args.columns ||
        context > args.positions || (context == 0 && args.rows > 0)) {
        gsc_queue_fail(queue, GSC_ERR_INPUT,
                       "rope: %zu numbers of each of %zu heads of %zu, in rows of %zu, over %zu of "
                       "%zu positions; the first must be even and each at most the next",
                       args.rotated, heads, head_size, args.columns, context, args.positions);
        return;
    }
    args.x = gsc_view_data(x);
    args.table = gsc_view_data(table);
    GSC_RUN_OP(queue, rope, &args);
}

gsc_tolerance gsc_rope_tolerance(gsc_dtype dtype) {
    double epsilon = gsc_dtype_epsilon(dtype);
    return (gsc_tolerance){2.0 * epsilon, 4.0 * epsilon};
}

double gsc_rope_flops(size_t rows, size_t heads, size_t rotated) {
    return 3.0 * (double)rows * (double)heads * (double)rotated;
}

double gsc_rope_bytes(gsc_dtype dtype, size_t rows, size_t heads, size_t rotated) {
    return 2.0 * (double)rows * (double)heads * (double)rotated * (double)gsc_dtype_bytes(dtype);
}
