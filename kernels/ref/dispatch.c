/* SPDX-License-Identifier: MIT
 *
 * Reference: rows to experts and back, and the experts' products. Layer: kernels.
 */
#include "kernels/args.h"
#include "kernels/ref/ref.h"

void gsc_dispatch_plan_ref(gsc_queue *queue, const gsc_plan_args *a) {
    if (!gsc_check_bounds(queue, "dispatch_plan", "start", a->start, a->rows, a->slots) ||
        !gsc_check_indices(queue, "dispatch_plan", "expert", a->expert, a->slots, a->experts)) {
        return;
    }
    for (size_t e = 0; e <= a->experts; e++) {
        a->offset[e] = 0;
    }
    for (size_t c = 0; c < a->slots; c++) {
        a->offset[a->expert[c] + 1]++;
    }
    for (size_t e = 0; e < a->experts; e++) {
        a->offset[e + 1] += a->offset[e];
    }
    /* offset[e] runs to where e + 1 begins, and is moved back below. */
    for (size_t t = 0; t < a->rows; t++) {
        for (int32_t c = a->start[t]; c < a->start[t + 1]; c++) {
            int32_t slot = a->offset[a->expert[c]]++;
            a->slot[c] = slot;
            a->row[slot] = (int32_t)t;
            a->choice[slot] = c;
        }
    }
    for (size_t e = a->experts; e > 0; e--) {
        a->offset[e] = a->offset[e - 1];
    }
    a->offset[0] = 0;
}

void gsc_gather_rows_ref(gsc_queue *queue, const gsc_combine_args *a) {
    if (!gsc_check_indices(queue, "gather_rows", "row", a->row, a->slots, a->rows)) {
        return;
    }
    for (size_t s = 0; s < a->slots; s++) {
        for (size_t j = 0; j < a->columns; j++) {
            gsc_ref_set(a->dtype, a->y, s * a->columns + j,
                        gsc_ref_get(a->dtype, a->x, (size_t)a->row[s] * a->columns + j));
        }
    }
}

void gsc_combine_ref(gsc_queue *queue, const gsc_combine_args *a) {
    if (!gsc_check_bounds(queue, "combine", "start", a->start, a->rows, a->slots) ||
        !gsc_check_indices(queue, "combine", "slot", a->slot, a->slots, a->slots)) {
        return;
    }
    for (size_t t = 0; t < a->rows; t++) {
        for (size_t j = 0; j < a->columns; j++) {
            size_t to = t * a->columns + j;
            double sum = a->accumulate ? gsc_ref_get(a->dtype, a->y, to) : 0.0;
            for (size_t c = (size_t)a->start[t]; c < (size_t)a->start[t + 1]; c++) {
                double weight = a->weight != NULL ? gsc_ref_get(a->dtype, a->weight, c) : 1.0;
                sum += weight * gsc_ref_get(a->dtype, a->x, (size_t)a->slot[c] * a->columns + j);
            }
            gsc_ref_set(a->dtype, a->y, to, sum);
        }
    }
}

void gsc_combine_backward_ref(gsc_queue *queue, const gsc_combine_args *a) {
    if (!gsc_check_indices(queue, "combine_backward", "choice", a->choice, a->slots, a->slots)) {
        return;
    }
    for (size_t s = 0; s < a->slots; s++) {
        size_t place = (size_t)a->choice[s], row = s * a->columns;
        double weight = gsc_ref_get(a->dtype, a->weight, place), dot = 0.0;
        for (size_t j = 0; j < a->columns; j++) {
            double g = gsc_ref_get(a->dtype, a->g, row + j),
                   x = gsc_ref_get(a->dtype, a->x, row + j);
            dot += g * x;
            gsc_ref_set(a->dtype, a->y, row + j, weight * g);
            gsc_ref_set(a->dtype, a->g, row + j, weight * x);
        }
        gsc_ref_set(a->dtype, a->dweight, place, dot);
    }
}

/* The row of a, or of b, that a slot has. */
static size_t row_of(const gsc_grouped_args *a, size_t slot, bool of_b) {
    return a->row != NULL && a->row_of_b == of_b ? (size_t)a->row[slot] : slot;
}

static bool check_grouped(gsc_queue *queue, const char *op, const gsc_grouped_args *a) {
    return gsc_check_bounds(queue, op, "offset", a->offset, a->experts, a->slots) &&
           (a->row == NULL || gsc_check_indices(queue, op, "row", a->row, a->slots, a->row_limit));
}

void gsc_grouped_matmul_ref(gsc_queue *queue, const gsc_grouped_args *a) {
    if (!check_grouped(queue, "grouped_matmul", a)) {
        return;
    }
    size_t bytes = gsc_dtype_bytes(a->dtype);
    for (size_t e = 0; e < a->experts; e++) {
        for (size_t s = (size_t)a->offset[e]; s < (size_t)a->offset[e + 1]; s++) {
            gsc_matmul_ref(queue, a->dtype, (char *)a->c + s * a->n * bytes,
                           (const char *)a->a + row_of(a, s, false) * a->m * bytes,
                           (const char *)a->b + e * a->m * a->n * bytes, 1, a->n, a->m, false,
                           a->transpose_b, a->accumulate);
        }
    }
}

void gsc_grouped_outer_ref(gsc_queue *queue, const gsc_grouped_args *a) {
    if (!check_grouped(queue, "grouped_matmul_outer", a)) {
        return;
    }
    for (size_t c = 0; c < a->experts * a->m * a->n; c++) {
        size_t e = c / (a->m * a->n), i = c / a->n % a->m, j = c % a->n;
        double sum = a->accumulate ? gsc_ref_get(a->dtype, a->c, c) : 0.0;
        for (size_t s = (size_t)a->offset[e]; s < (size_t)a->offset[e + 1]; s++) {
            sum += gsc_ref_get(a->dtype, a->a, row_of(a, s, false) * a->m + i) *
                   gsc_ref_get(a->dtype, a->b, row_of(a, s, true) * a->n + j);
        }
        gsc_ref_set(a->dtype, a->c, c, sum);
    }
}
