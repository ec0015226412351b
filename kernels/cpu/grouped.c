/* SPDX-License-Identifier: MIT
 *
 * The experts' matrix products on the cpu devices: OpenBLAS on one expert and a tile of its rows at
 * a time, tiles over the pool. Layer: kernels.
 */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/expert_product.h"
#include "kernels/cpu/small_matmul.h"
#include "kernels/cpu/tasks.h"
#include "kernels/cpu/tiles_run.h"
#include "kernels/grouped.h"
#include "kernels/ref/ref.h"

#include <cblas.h>
#include <string.h>

enum {
    TILE = GSC_GROUPED_TILE /* rows of a task */
};

typedef struct grouped_work {
    const gsc_grouped_args *args;
    const gsc_queue *queue;
    gsc_isa isa;
    float *rooms; /* for gathered rows, one of each worker after another; NULL: none are */
    size_t room_floats;
} grouped_work;

/* `columns` of the rows that slots first ... have, from a matrix of `stride` columns, into the worker's room,
 * one after another: they stay in its cache. */
static const float *gather(const grouped_work *w, size_t worker, const float *x, size_t stride,
                           size_t first, size_t count, size_t columns) {
    float *room = w->rooms + worker * w->room_floats;
    const int32_t *row = w->args->row + first;
    for (size_t s = 0; s < count; s++) {
        memcpy(room + s * columns, x + (size_t)row[s] * stride, columns * sizeof *room);
    }
    return room;
}

/* On vectors, where rows could not be read where they lie. */
static void multiply(const grouped_work *w, const gsc_small_product *p, bool transpose_a) {
    if (GSC_ISA_PICK(w->isa, gsc_small_matmul)(p)) {
        return;
    }
    cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
                p->transpose_b ? CblasTrans : CblasNoTrans, (blasint)p->m, (blasint)p->n,
                (blasint)p->k, 1.0f, p->a, (blasint)(transpose_a ? p->a_step : p->a_row), p->b,
                (blasint)p->b_row, p->accumulate ? 1.0f : 0.0f, p->c, (blasint)p->c_row);
}

/* Tiles are counted as if expert e's began at offset[e] / TILE + e, which no two experts share and
 * which is known without a table; some tasks find nothing to do. */
static size_t first_tile(const gsc_grouped_args *a, size_t e) {
    return (size_t)a->offset[e] / TILE + e;
}

static size_t expert_of(const gsc_grouped_args *a, size_t tile) {
    size_t low = 0, high = a->experts;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (first_tile(a, middle) <= tile) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The rows of an expert are cut evenly, by 32, into as few tasks as a tile allows, which are
 * no more than it has tiles. */
static size_t rows_of_task(size_t count) {
    const size_t tasks = (count + TILE - 1) / TILE, step = TILE / 8;
    return ((count + tasks - 1) / tasks + step - 1) / step * step;
}

/* Rows read where they lie, on vectors. */
static bool multiply_rows(const grouped_work *w, const gsc_grouped_args *a, size_t e, size_t first,
                          size_t rows) {
    const gsc_expert_product product = {.c = (float *)a->c + first * a->n,
                                        .a = (const float *)a->a +
                                             (a->row != NULL ? 0 : first * a->m),
                                        .b = (const float *)a->b + e * a->m * a->n,
                                        .a_index = a->row != NULL ? a->row + first : NULL,
                                        .m = rows,
                                        .n = a->n,
                                        .k = a->m,
                                        .a_row = a->m,
                                        .b_row = a->transpose_b ? a->m : a->n,
                                        .c_row = a->n,
                                        .transpose_b = a->transpose_b,
                                        .accumulate = a->accumulate};
    return GSC_ISA_PICK(w->isa, gsc_expert_rows)(&product);
}

static void matmul_task(void *data, size_t task, size_t worker) {
    const grouped_work *w = data;
    const gsc_grouped_args *a = w->args;
    const size_t e = expert_of(a, task), begin = (size_t)a->offset[e];
    const size_t end = (size_t)a->offset[e + 1];
    const size_t most = end > begin ? rows_of_task(end - begin) : 0;
    const size_t row = begin + (task - first_tile(a, e)) * most;
    if (row >= end) {
        return;
    }
    const size_t rows = end - row < most ? end - row : most;
    float *c = (float *)a->c + row * a->n;
    if (a->m == 0) {
        if (!a->accumulate) {
            memset(c, 0, rows * a->n * sizeof *c);
        }
        return;
    }
    const int32_t *index = a->row != NULL ? a->row + row : NULL;
    gsc_small_product product = {.c = c,
                                 .a = (const float *)a->a + (index != NULL ? 0 : row * a->m),
                                 .b = (const float *)a->b + e * a->m * a->n,
                                 .m = rows,
                                 .n = a->n,
                                 .k = a->m,
                                 .a_row = a->m,
                                 .a_step = 1,
                                 .b_row = a->transpose_b ? a->m : a->n,
                                 .c_row = a->n,
                                 .transpose_b = a->transpose_b,
                                 .accumulate = a->accumulate};
    if (gsc_tiles_task(w->queue, worker, &product, index, NULL) ||
        multiply_rows(w, a, e, row, rows)) {
        return;
    }
    if (index != NULL) {
        product.a = gather(w, worker, a->a, a->m, row, rows, a->m);
    }
    multiply(w, &product, false);
}

static bool check(gsc_queue *queue, const char *op, const gsc_grouped_args *a) {
    if (!gsc_check_bounds(queue, op, "offset", a->offset, a->experts, a->slots) ||
        (a->row != NULL && !gsc_check_indices(queue, op, "row", a->row, a->slots, a->row_limit))) {
        return false;
    }
    if (a->m > INT32_MAX || a->n > INT32_MAX) {
        gsc_queue_fail(queue, GSC_ERR_INPUT, "%s: a size of [%zu, %zu] passes 2^31 - 1", op, a->m,
                       a->n);
        return false;
    }
    gsc_cpu_one_blas_thread();
    return true;
}

static void run(gsc_queue *queue, const char *op, const gsc_grouped_args *a, size_t tasks,
                gsc_pool_task *task) {
    grouped_work work = {.args = a, .queue = queue, .isa = queue->device->isa};
    if (a->row != NULL) {
        const size_t columns = a->row_of_b ? a->n : a->m;
        work.room_floats = gsc_grouped_room_floats(columns);
        work.rooms = gsc_queue_workspace(
            queue, op, gsc_grouped_workspace_bytes(columns, gsc_pool_threads(queue->pool)));
        if (work.rooms == NULL) {
            return;
        }
    }
    gsc_pool_run(queue->pool, tasks, task, &work);
}

static void grouped_matmul_cpu(gsc_queue *queue, const gsc_grouped_args *a) {
    static const char op[] = "grouped_matmul";
    if (a->dtype != GSC_F32) {
        gsc_grouped_matmul_ref(queue, a);
    } else if (check(queue, op, a) && a->slots > 0 && a->n > 0) {
        run(queue, op, a, a->slots / TILE + a->experts, matmul_task);
    }
}

/* Rows read where they lie, on the unit or on vectors. */
static bool multiply_outer(const grouped_work *w, size_t worker, const gsc_grouped_args *a,
                           float *c, size_t row, size_t rows, size_t begin, size_t end) {
    const bool of_a = a->row != NULL && !a->row_of_b, of_b = a->row != NULL && a->row_of_b;
    const gsc_expert_product product = {.c = c,
                                        .a = (const float *)a->a + (of_a ? 0 : begin * a->m) + row,
                                        .b = (const float *)a->b + (of_b ? 0 : begin * a->n),
                                        .a_index = of_a ? a->row + begin : NULL,
                                        .b_index = of_b ? a->row + begin : NULL,
                                        .m = rows,
                                        .n = a->n,
                                        .k = end - begin,
                                        .a_row = a->m,
                                        .b_row = a->n,
                                        .c_row = a->n,
                                        .accumulate = a->accumulate};
    const gsc_small_product on_tiles = {.c = c,
                                        .a = product.a,
                                        .b = product.b,
                                        .m = rows,
                                        .n = a->n,
                                        .k = end - begin,
                                        .a_row = 1,
                                        .a_step = a->m,
                                        .b_row = a->n,
                                        .c_row = a->n,
                                        .accumulate = a->accumulate};
    return gsc_tiles_task(w->queue, worker, &on_tiles, product.a_index, product.b_index) ||
           GSC_ISA_PICK(w->isa, gsc_expert_outer)(&product);
}

/* C_e in tiles of TILE rows; where rows are gathered, sums of TILE of them are added in order. */
static void outer_task(void *data, size_t task, size_t worker) {
    const grouped_work *w = data;
    const gsc_grouped_args *a = w->args;
    size_t tiles = (a->m + TILE - 1) / TILE, e = task / tiles, row = task % tiles * TILE;
    size_t rows = a->m - row < TILE ? a->m - row : TILE;
    size_t begin = (size_t)a->offset[e], end = (size_t)a->offset[e + 1];
    float *c = (float *)a->c + (e * a->m + row) * a->n;
    if (begin == end) {
        if (!a->accumulate) {
            memset(c, 0, rows * a->n * sizeof *c);
        }
        return;
    }
    if (multiply_outer(w, worker, a, c, row, rows, begin, end)) {
        return;
    }
    const size_t step = a->row != NULL ? TILE : end - begin;
    for (size_t first = begin; first < end; first += step) {
        gsc_small_product product = {.c = c,
                                     .a = (const float *)a->a + first * a->m + row,
                                     .b = (const float *)a->b + first * a->n,
                                     .m = rows,
                                     .n = a->n,
                                     .k = end - first < step ? end - first : step,
                                     .a_row = 1,
                                     .a_step = a->m,
                                     .b_row = a->n,
                                     .c_row = a->n,
                                     .accumulate = a->accumulate || first > begin};
        if (a->row != NULL && a->row_of_b) {
            product.b = gather(w, worker, a->b, a->n, first, product.k, a->n);
        } else if (a->row != NULL) {
            product.a = gather(w, worker, (const float *)a->a + row, a->m, first, product.k, rows);
            product.a_step = rows;
        }
        multiply(w, &product, true);
    }
}

static void grouped_outer_cpu(gsc_queue *queue, const gsc_grouped_args *a) {
    static const char op[] = "grouped_matmul_outer";
    if (a->dtype != GSC_F32) {
        gsc_grouped_outer_ref(queue, a);
    } else if (check(queue, op, a) && a->m > 0 && a->n > 0) {
        run(queue, op, a, (a->m + TILE - 1) / TILE * a->experts, outer_task);
    }
}

void gsc_cpu_fill_grouped(gsc_ops *ops) {
    ops->grouped_matmul = grouped_matmul_cpu;
    ops->grouped_outer = grouped_outer_cpu;
}
