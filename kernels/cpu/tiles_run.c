/* SPDX-License-Identifier: MIT
 *
 * Which products go to the tile unit, and how they are cut over the pool: all tasks share the packed
 * block of b. Layer: kernels.
 */
#include "kernels/cpu/tiles_run.h"

#ifdef GSC_HAVE_TILES

#include "kernels/cpu/tiles.h"
#include "kernels/device.h"

enum {
    ROW_TASKS = 16,   /* wanted */
    LEAST_ROWS = 64,  /* of a task */
    ALONE = 1 << 20,  /* multiplications below which one task does all */
    LEAST_DEPTH = 24, /* inner numbers; a step has 32 */
    PACKING = 38,     /* of a number, in multiplications saved by the unit */
};

size_t gsc_tiles_own_bytes(unsigned threads) {
    return GSC_TILES_SHARED_BYTES + (size_t)threads * GSC_TILES_TASK_BYTES;
}

static void *task_room(const gsc_queue *queue, size_t worker) {
    return (char *)queue->own + GSC_TILES_SHARED_BYTES + worker * GSC_TILES_TASK_BYTES;
}

/* A number of a is packed for n products, one of b for m. Measured against vectors at sizes from 16 to
 * 512: even at 64 x 64, 1.2 times faster at 64 x 128, 1.7 times at 512 x 512; at 32 columns never. */
static bool pays(size_t m, size_t n, size_t k) {
    return k >= LEAST_DEPTH && PACKING * (1.0 / (double)m + 1.0 / (double)n) < 1.0;
}

bool gsc_tiles_task(const gsc_queue *queue, size_t worker, const gsc_small_product *p,
                    const int32_t *a_index, const int32_t *b_index) {
    if (queue->own == NULL || !pays(p->m, p->n, p->k)) {
        return false;
    }
    const gsc_tiles_product product = {
        .c = p->c,
        .c_row = p->c_row,
        .m = p->m,
        .n = p->n,
        .k = p->k,
        .a = {.at = p->a,
              .row = p->a_step == 1 ? p->a_row : p->a_step,
              .by_line = p->a_step == 1,
              .index = a_index},
        .b = {.at = p->b, .row = p->b_row, .by_line = p->transpose_b, .index = b_index},
        .accumulate = p->accumulate,
    };
    gsc_tiles_begin();
    gsc_tiles_multiply(&product, task_room(queue, worker));
    gsc_tiles_end();
    return true;
}

typedef struct tiles_work {
    const gsc_queue *queue;
    const gsc_tiles_product *product;
    size_t column, columns, l, depth;            /* the block of b */
    size_t most_depth;                           /* of a block */
    size_t chunks;                               /* of GSC_TILES_DEPTH in it */
    size_t rows, row_tasks;                      /* of a task; how many tasks there are */
    gsc_tiles_ahead ahead[GSC_POOL_MAX_THREADS]; /* of each worker */
} tiles_work;

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static void pack_task(void *data, size_t task, size_t worker) {
    const tiles_work *w = data;
    const size_t panel = task / w->chunks, at = task % w->chunks * GSC_TILES_DEPTH;
    const size_t steps = (w->depth + GSC_TILES_LINES - 1) / GSC_TILES_LINES;
    char *to =
        (char *)w->queue->own + (panel * steps + at / GSC_TILES_LINES) * GSC_TILES_STEP_BYTES;
    gsc_tiles_pack_b(to, w->product, w->column / GSC_TILES_LINES + panel, 1, w->l + at,
                     least(GSC_TILES_DEPTH, w->depth - at));
}

/* What this worker will have next, if all take turns: in this block, or else in the block after it. Its first
 * panel is packed while the unit works on the last one of this task. */
static gsc_tiles_next next_of(const tiles_work *w, size_t task, size_t worker) {
    const gsc_tiles_product *p = w->product;
    const size_t same = task + gsc_pool_threads(w->queue->pool), after = w->l + w->depth;
    if (same < w->row_tasks) {
        return (gsc_tiles_next){same * w->rows, w->l, w->depth};
    }
    const bool another = after < p->k || w->column + w->columns < p->n;
    const size_t l = after < p->k ? after : 0;
    return (gsc_tiles_next){another && worker < w->row_tasks ? worker * w->rows : SIZE_MAX, l,
                            least(w->most_depth, p->k - l)};
}

static void rows_task(void *data, size_t task, size_t worker) {
    tiles_work *w = data;
    const size_t row = task * w->rows;
    gsc_tiles_begin();
    gsc_tiles_rows(w->product, w->queue->own, row, least(w->rows, w->product->m - row), w->column,
                   w->columns, w->l, w->depth, task_room(w->queue, worker), &w->ahead[worker],
                   next_of(w, task, worker));
    gsc_tiles_end();
}

static void run_blocks(const gsc_queue *queue, const gsc_tiles_product *p) {
    tiles_work w = {.queue = queue, .product = p};
    size_t columns;
    gsc_tiles_block(p->n, p->k, GSC_TILES_SHARED_NUMBERS, &columns, &w.most_depth);
    w.rows = (p->m / ROW_TASKS + GSC_TILES_LINES - 1) / GSC_TILES_LINES * GSC_TILES_LINES;
    w.rows = w.rows < LEAST_ROWS ? LEAST_ROWS : w.rows;
    w.row_tasks = (p->m + w.rows - 1) / w.rows;
    for (size_t i = 0; i < gsc_pool_threads(queue->pool); i++) {
        w.ahead[i].row = SIZE_MAX;
    }
    for (w.column = 0; w.column < p->n; w.column += columns) {
        w.columns = least(columns, p->n - w.column);
        for (w.l = 0; w.l < p->k; w.l += w.most_depth) {
            w.depth = least(w.most_depth, p->k - w.l);
            w.chunks = (w.depth + GSC_TILES_DEPTH - 1) / GSC_TILES_DEPTH;
            const size_t panels = (w.columns + GSC_TILES_LINES - 1) / GSC_TILES_LINES;
            gsc_pool_run(queue->pool, panels * w.chunks, pack_task, &w);
            gsc_pool_run(queue->pool, w.row_tasks, rows_task, &w);
        }
    }
}

bool gsc_tiles_matmul(const gsc_queue *queue, float *c, const float *a, const float *b, size_t m,
                      size_t n, size_t k, bool transpose_a, bool transpose_b, bool accumulate) {
    if (queue->own == NULL || !pays(m, n, k)) {
        return false;
    }
    const gsc_tiles_product product = {
        .c = c,
        .c_row = n,
        .m = m,
        .n = n,
        .k = k,
        .a = {.at = a, .row = transpose_a ? m : k, .by_line = !transpose_a},
        .b = {.at = b, .row = transpose_b ? k : n, .by_line = transpose_b},
        .accumulate = accumulate,
    };
    if ((double)m * (double)n * (double)k < ALONE) {
        gsc_tiles_begin();
        gsc_tiles_multiply(&product, task_room(queue, 0));
        gsc_tiles_end();
    } else {
        run_blocks(queue, &product);
    }
    return true;
}

#else

size_t gsc_tiles_own_bytes(unsigned threads) {
    return 0;
}

bool gsc_tiles_task(const gsc_queue *queue, size_t worker, const gsc_small_product *product,
                    const int32_t *a_index, const int32_t *b_index) {
    return false;
}

bool gsc_tiles_matmul(const gsc_queue *queue, float *c, const float *a, const float *b, size_t m,
                      size_t n, size_t k, bool transpose_a, bool transpose_b, bool accumulate) {
    return false;
}

#endif
