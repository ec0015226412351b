/* SPDX-License-Identifier: MIT
 *
 * The experts' matrix products on the cpu devices: OpenBLAS on one expert and a tile of its rows at
 * a time, tiles over the pool. Layer: kernels.
 */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/small_matmul.h"
#include "kernels/cpu/tasks.h"
#include "kernels/cpu/tiles_run.h"
#include "kernels/ref/ref.h"

#include <cblas.h>
#include <string.h>

enum {
    TILE = 256 /* rows of a task */
};

typedef struct grouped_work {
    const gsc_grouped_args *args;
    const gsc_queue *queue;
    gsc_isa isa;
} grouped_work;

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

static void matmul_task(void *data, size_t task, size_t worker) {
    const grouped_work *w = data;
    const gsc_grouped_args *a = w->args;
    size_t e = expert_of(a, task), row = (task - first_tile(a, e)) * TILE + (size_t)a->offset[e];
    size_t end = (size_t)a->offset[e + 1];
    if (row >= end) {
        return;
    }
    size_t rows = end - row < TILE ? end - row : TILE;
    float *c = (float *)a->c + row * a->n;
    if (a->m == 0) {
        if (!a->accumulate) {
            memset(c, 0, rows * a->n * sizeof *c);
        }
        return;
    }
    gsc_small_product product = {.c = c,
                                 .a = (const float *)a->a + row * a->m,
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
    if (gsc_tiles_task(w->queue, worker, &product) ||
        GSC_ISA_PICK(w->isa, gsc_small_matmul)(&product)) {
        return;
    }
    cblas_sgemm(CblasRowMajor, CblasNoTrans, a->transpose_b ? CblasTrans : CblasNoTrans,
                (blasint)rows, (blasint)a->n, (blasint)a->m, 1.0f, (const float *)a->a + row * a->m,
                (blasint)a->m, (const float *)a->b + e * a->m * a->n,
                (blasint)(a->transpose_b ? a->m : a->n), a->accumulate ? 1.0f : 0.0f, c,
                (blasint)a->n);
}

static bool check(gsc_queue *queue, const char *op, const gsc_grouped_args *a) {
    if (!gsc_check_bounds(queue, op, "offset", a->offset, a->experts, a->slots)) {
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

static void grouped_matmul_cpu(gsc_queue *queue, const gsc_grouped_args *a) {
    if (a->dtype != GSC_F32) {
        gsc_grouped_matmul_ref(queue, a);
    } else if (check(queue, "grouped_matmul", a) && a->slots > 0 && a->n > 0) {
        grouped_work work = {.args = a, .queue = queue, .isa = queue->device->isa};
        gsc_pool_run(queue->pool, a->slots / TILE + a->experts, matmul_task, &work);
    }
}

/* C_e in tiles of TILE rows. */
static void outer_task(void *data, size_t task, size_t worker) {
    const grouped_work *w = data;
    const gsc_grouped_args *a = w->args;
    size_t tiles = (a->m + TILE - 1) / TILE, e = task / tiles, row = task % tiles * TILE;
    size_t rows = a->m - row < TILE ? a->m - row : TILE;
    size_t first = (size_t)a->offset[e], inner = (size_t)a->offset[e + 1] - first;
    float *c = (float *)a->c + (e * a->m + row) * a->n;
    if (inner == 0) {
        if (!a->accumulate) {
            memset(c, 0, rows * a->n * sizeof *c);
        }
        return;
    }
    gsc_small_product product = {.c = c,
                                 .a = (const float *)a->a + first * a->m + row,
                                 .b = (const float *)a->b + first * a->n,
                                 .m = rows,
                                 .n = a->n,
                                 .k = inner,
                                 .a_row = 1,
                                 .a_step = a->m,
                                 .b_row = a->n,
                                 .c_row = a->n,
                                 .accumulate = a->accumulate};
    if (gsc_tiles_task(w->queue, worker, &product) ||
        GSC_ISA_PICK(w->isa, gsc_small_matmul)(&product)) {
        return;
    }
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (blasint)rows, (blasint)a->n,
                (blasint)inner, 1.0f, (const float *)a->a + first * a->m + row, (blasint)a->m,
                (const float *)a->b + first * a->n, (blasint)a->n, a->accumulate ? 1.0f : 0.0f, c,
                (blasint)a->n);
}

static void grouped_outer_cpu(gsc_queue *queue, const gsc_grouped_args *a) {
    if (a->dtype != GSC_F32) {
        gsc_grouped_outer_ref(queue, a);
    } else if (check(queue, "grouped_matmul_outer", a) && a->m > 0 && a->n > 0) {
        grouped_work work = {.args = a, .queue = queue, .isa = queue->device->isa};
        gsc_pool_run(queue->pool, (a->m + TILE - 1) / TILE * a->experts, outer_task, &work);
    }
}

void gsc_cpu_fill_grouped(gsc_ops *ops) {
    ops->grouped_matmul = grouped_matmul_cpu;
    ops->grouped_outer = grouped_outer_cpu;
}
