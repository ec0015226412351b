/* SPDX-License-Identifier: MIT
 *
 * The cpu devices, one per instruction set: ref's table, overridden. Work is cut over the pool by
 * its shape alone, so that results are the same bits at any number of threads. OpenBLAS runs with
 * one thread inside each task. Layer: kernels.
 */
#include "kernels/cpu/cpu.h"

#include "kernels/cpu/rows.h"
#include "kernels/cpu/small_matmul.h"
#include "kernels/cpu/tiles_run.h"
#include "kernels/cpu_info.h"
#include "kernels/host.h"
#include "kernels/ref/ref.h"

#include <cblas.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

typedef struct cpu_device {
    gsc_device device;
    char name[24];
} cpu_device;

static gsc_isa queue_isa(const gsc_queue *queue) {
    return queue->device->isa;
}

/* ---- Matrix product ---- */

enum {
    SMALL_PRODUCT = 1 << 20, /* multiplications below which one task does all */
    TILES = 16,              /* wanted along the longer side of c */
    TILE_STEP = 32,          /* tiles are multiples of it */
    TILE_LEAST = 128,
    OWN_LEAST = 16,  /* rows and columns below which OpenBLAS multiplies */
    OWN_DEPTH = 512, /* and the inner size above which it does */
    NARROW = 64,     /* columns of a transposed a that lie near enough */
};

static pthread_once_t blas_once = PTHREAD_ONCE_INIT;

static void set_blas_threads(void) {
    openblas_set_num_threads(1);
}

void gsc_cpu_one_blas_thread(void) {
    pthread_once(&blas_once, set_blas_threads);
}

typedef struct product {
    gsc_dtype dtype;
    void *c;
    const void *a, *b;
    size_t m, n, k;
    bool transpose_a, transpose_b, accumulate;
    size_t tile_m, tile_n, tiles_n;
    gsc_isa isa;
} product;

static size_t tile_size(size_t size) {
    size_t tile = (size / TILES + TILE_STEP - 1) / TILE_STEP * TILE_STEP;
    return tile < TILE_LEAST ? TILE_LEAST : tile;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static const void *element(const product *p, const void *array, size_t i) {
    return (const char *)array + i * gsc_dtype_bytes(p->dtype);
}

/* Our own product packs less than OpenBLAS: a training step at widths 128 and 256 takes 5% less. Not
 * where a is transposed, unless it is narrow: else its columns lie far apart. False where it was not
 * used. */
static bool multiply_here(const product *p, size_t row, size_t rows, size_t column,
                          size_t columns) {
    const bool fits = p->transpose_a ? p->m <= NARROW : p->k <= OWN_DEPTH;
    if (p->dtype != GSC_F32 || !fits || columns < OWN_LEAST || rows < OWN_LEAST) {
        return false;
    }
    const gsc_small_product own = {.c = (float *)p->c + row * p->n + column,
                                   .a = (const float *)p->a + (p->transpose_a ? row : row * p->k),
                                   .b = (const float *)p->b +
                                        (p->transpose_b ? column * p->k : column),
                                   .m = rows,
                                   .n = columns,
                                   .k = p->k,
                                   .a_row = p->transpose_a ? 1 : p->k,
                                   .a_step = p->transpose_a ? p->m : 1,
                                   .b_row = p->transpose_b ? p->k : p->n,
                                   .c_row = p->n,
                                   .transpose_b = p->transpose_b,
                                   .accumulate = p->accumulate};
    return GSC_ISA_PICK(p->isa, gsc_small_matmul)(&own);
}

static void multiply(const product *p, size_t row, size_t rows, size_t column, size_t columns) {
    if (multiply_here(p, row, rows, column, columns)) {
        return;
    }
    CBLAS_TRANSPOSE ta = p->transpose_a ? CblasTrans : CblasNoTrans;
    CBLAS_TRANSPOSE tb = p->transpose_b ? CblasTrans : CblasNoTrans;
    blasint m = (blasint)rows, n = (blasint)columns, k = (blasint)p->k;
    blasint lda = (blasint)(p->transpose_a ? p->m : p->k);
    blasint ldb = (blasint)(p->transpose_b ? p->k : p->n), ldc = (blasint)p->n;
    const void *a = element(p, p->a, p->transpose_a ? row : row * p->k);
    const void *b = element(p, p->b, p->transpose_b ? column * p->k : column);
    void *c = (char *)p->c + (row * p->n + column) * gsc_dtype_bytes(p->dtype);
    if (p->dtype == GSC_F32) {
        cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1.0f, a, lda, b, ldb,
                    p->accumulate ? 1.0f : 0.0f, c, ldc);
    } else {
        cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1.0, a, lda, b, ldb, p->accumulate ? 1.0 : 0.0,
                    c, ldc);
    }
}

static void multiply_tile(void *data, size_t task, size_t worker) {
    const product *p = data;
    size_t row = task / p->tiles_n * p->tile_m, column = task % p->tiles_n * p->tile_n;
    multiply(p, row, least(p->tile_m, p->m - row), column, least(p->tile_n, p->n - column));
}

static void multiply_all(gsc_pool *pool, product *p) {
    if (p->m == 0 || p->n == 0) {
        return;
    }
    if (p->k == 0) {
        if (!p->accumulate) {
            memset(p->c, 0, p->m * p->n * gsc_dtype_bytes(p->dtype));
        }
        return;
    }
    gsc_cpu_one_blas_thread();
    if ((double)p->m * (double)p->n * (double)p->k < SMALL_PRODUCT) {
        multiply(p, 0, p->m, 0, p->n);
        return;
    }
    /* Only the longer side is cut: each cut packs the other matrix again. */
    bool tall = p->m >= p->n;
    p->tile_m = tall ? tile_size(p->m) : p->m;
    p->tile_n = tall ? p->n : tile_size(p->n);
    p->tiles_n = (p->n + p->tile_n - 1) / p->tile_n;
    gsc_pool_run(pool, (p->m + p->tile_m - 1) / p->tile_m * p->tiles_n, multiply_tile, p);
}

static void matmul_cpu(gsc_queue *queue, gsc_dtype dtype, void *c, const void *a, const void *b,
                       size_t m, size_t n, size_t k, bool transpose_a, bool transpose_b,
                       bool accumulate) {
    if (m > INT32_MAX || n > INT32_MAX || k > INT32_MAX) {
        gsc_queue_fail(queue, GSC_ERR_INPUT, "matmul: a size of [%zu, %zu, %zu] passes 2^31 - 1", m,
                       n, k);
        return;
    }
    if (dtype == GSC_F32 &&
        gsc_tiles_matmul(queue, c, a, b, m, n, k, transpose_a, transpose_b, accumulate)) {
        return;
    }
    product p = {.dtype = dtype,
                 .c = c,
                 .a = a,
                 .b = b,
                 .m = m,
                 .n = n,
                 .k = k,
                 .transpose_a = transpose_a,
                 .transpose_b = transpose_b,
                 .accumulate = accumulate,
                 .isa = queue_isa(queue)};
    multiply_all(queue->pool, &p);
}

void gsc_host_matmul(double *c, const double *a, const double *b, size_t m, size_t n, size_t k,
                     bool transpose_a, bool transpose_b, bool accumulate) {
    product p = {.dtype = GSC_F64,
                 .c = c,
                 .a = a,
                 .b = b,
                 .m = m,
                 .n = n,
                 .k = k,
                 .transpose_a = transpose_a,
                 .transpose_b = transpose_b,
                 .accumulate = accumulate};
    multiply_all(NULL, &p);
}

/* ---- Rows ---- */

enum {
    ROW_TASK_ELEMENTS = 16384
};

typedef struct row_work {
    gsc_isa isa;
    gsc_dtype dtype;
    void *out;
    const void *in;
    size_t rows, columns, k, task_rows;
} row_work;

static void softmax_task(void *data, size_t task, size_t worker) {
    const row_work *w = data;
    size_t row = task * w->task_rows, rows = least(w->task_rows, w->rows - row);
    if (w->dtype == GSC_F32) {
        GSC_ISA_PICK(w->isa, gsc_softmax_rows_f32)
        ((float *)w->out + row * w->columns, (const float *)w->in + row * w->columns, rows,
         w->columns);
    } else {
        GSC_ISA_PICK(w->isa, gsc_softmax_rows_f64)
        ((double *)w->out + row * w->columns, (const double *)w->in + row * w->columns, rows,
         w->columns);
    }
}

static void top_k_task(void *data, size_t task, size_t worker) {
    const row_work *w = data;
    size_t row = task * w->task_rows, rows = least(w->task_rows, w->rows - row);
    int32_t *index = (int32_t *)w->out + row * w->k;
    if (w->dtype == GSC_F32) {
        GSC_ISA_PICK(w->isa, gsc_top_k_rows_f32)
        (index, (const float *)w->in + row * w->columns, rows, w->columns, w->k);
    } else {
        GSC_ISA_PICK(w->isa, gsc_top_k_rows_f64)
        (index, (const double *)w->in + row * w->columns, rows, w->columns, w->k);
    }
}

static void run_rows(gsc_queue *queue, row_work *work, gsc_pool_task *task) {
    if (work->rows == 0 || work->columns == 0) {
        return;
    }
    work->task_rows = work->columns < ROW_TASK_ELEMENTS ? ROW_TASK_ELEMENTS / work->columns : 1;
    gsc_pool_run(queue->pool, (work->rows + work->task_rows - 1) / work->task_rows, task, work);
}

static void softmax_cpu(gsc_queue *queue, gsc_dtype dtype, void *p, const void *z, size_t rows,
                        size_t columns) {
    row_work work = {.isa = queue_isa(queue),
                     .dtype = dtype,
                     .out = p,
                     .in = z,
                     .rows = rows,
                     .columns = columns};
    run_rows(queue, &work, softmax_task);
}

static void top_k_cpu(gsc_queue *queue, gsc_dtype dtype, int32_t *index, const void *value,
                      size_t rows, size_t columns, size_t k) {
    row_work work = {.isa = queue_isa(queue),
                     .dtype = dtype,
                     .out = index,
                     .in = value,
                     .rows = rows,
                     .columns = columns,
                     .k = k};
    run_rows(queue, &work, top_k_task);
}

void gsc_host_top_k(int32_t *ret_index, const double *value, size_t n, size_t k) {
    GSC_ISA_PICK(gsc_cpu_isa(), gsc_top_k_rows_f64)(ret_index, value, 1, n, k);
}

/* ---- Devices ---- */

static cpu_device devices[GSC_ISA_COUNT];
static pthread_once_t devices_once = PTHREAD_ONCE_INIT;

static void fill_devices(void) {
    for (int i = 0; i < GSC_ISA_COUNT; i++) {
        cpu_device *d = &devices[i];
        snprintf(d->name, sizeof d->name, "cpu/%s", gsc_isa_name((gsc_isa)i));
        d->device = (gsc_device){
            .name = d->name, .memory = &gsc_memory_host, .isa = (gsc_isa)i, .ops = gsc_ops_ref()};
        d->device.ops.matmul = matmul_cpu;
        d->device.ops.softmax = softmax_cpu;
        d->device.ops.top_k = top_k_cpu;
        gsc_cpu_fill_rows(&d->device.ops);
        gsc_cpu_fill_grouped(&d->device.ops);
        gsc_cpu_fill_attention(&d->device.ops);
        d->device.own_bytes = i == GSC_ISA_AMX ? gsc_tiles_own_bytes : NULL;
    }
}

const gsc_device *gsc_device_cpu_at(gsc_isa isa) {
    pthread_once(&devices_once, fill_devices);
    return isa <= gsc_cpu_info_get()->isa_best ? &devices[isa].device : NULL;
}

const gsc_device *gsc_device_cpu(void) {
    return gsc_device_cpu_at(gsc_cpu_isa());
}
