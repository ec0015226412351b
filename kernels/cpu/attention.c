/* SPDX-License-Identifier: MIT
 *
 * Causal attention on the cpu devices. A task is one head of one sequence, in blocks of queries:
 * the block's scores over all keys that it may see lie in the worker's scratch, products and
 * rows are the instruction set's (products OpenBLAS's where it has none). Layer: kernels.
 */
#include "kernels/cpu/attention_task.h"
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/small_matmul.h"
#include "kernels/cpu/tasks.h"
#include "kernels/cpu/tiles_attention.h"
#include "kernels/cpu/tiles_run.h"
#include "kernels/ref/ref.h"

#include <cblas.h>

enum {
    BLOCK = GSC_ATTENTION_BLOCK,
    LINE = GSC_BUF_ALIGNMENT / sizeof(float),
    TILES_DEPTH = 64 /* inner numbers below which a block is too small for the tile unit */
};

/* Floats of a row of a block; rows begin with a line. */
static size_t row_floats(size_t context) {
    return (context + LINE - 1) / LINE * LINE;
}

static size_t scratch_bytes(size_t context, size_t head_size) {
    const size_t bytes = (2 * BLOCK * row_floats(context) + BLOCK) * sizeof(float);
    const size_t tiles_bytes = gsc_tiles_attention_bytes(context, head_size);
    return bytes > tiles_bytes ? bytes : tiles_bytes;
}

size_t gsc_attention_workspace_bytes(size_t context, size_t head_size, unsigned threads) {
    return scratch_bytes(context, head_size) * (threads > 0 ? threads : 1);
}

/* c [m, n] = a b, or added to it; a [m, k] or its transpose, b [k, n] or its transpose. */
static void multiply(const gsc_attention_work *w, size_t worker, float *c, size_t c_stride,
                     const float *a, size_t a_stride, bool transpose_a, const float *b,
                     size_t b_stride, bool transpose_b, size_t m, size_t n, size_t k,
                     bool accumulate) {
    gsc_small_product product = {.c = c,
                                 .a = a,
                                 .b = b,
                                 .m = m,
                                 .n = n,
                                 .k = k,
                                 .a_row = transpose_a ? 1 : a_stride,
                                 .a_step = transpose_a ? a_stride : 1,
                                 .b_row = b_stride,
                                 .c_row = c_stride,
                                 .transpose_b = transpose_b,
                                 .accumulate = accumulate};
    const bool tiled = k >= TILES_DEPTH && gsc_tiles_task(w->queue, worker, &product, NULL, NULL);
    if (!tiled && !GSC_ISA_PICK(w->isa, gsc_small_matmul)(&product)) {
        cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
                    transpose_b ? CblasTrans : CblasNoTrans, (blasint)m, (blasint)n, (blasint)k,
                    1.0f, a, (blasint)a_stride, b, (blasint)b_stride, accumulate ? 1.0f : 0.0f, c,
                    (blasint)c_stride);
    }
}

static void forward_task(void *data, size_t task, size_t worker) {
    const gsc_attention_work *w = data;
    const gsc_attention_shape *s = &w->args->shape;
    const gsc_attention_head h = gsc_attention_head_of(w->args, task);
    float *scores = gsc_attention_scratch_of(w, worker).scores, share[BLOCK];
    size_t stride = w->stride, size = s->head_size;
    for (size_t first = 0; first < s->context; first += BLOCK) {
        size_t end = first + BLOCK < s->context ? first + BLOCK : s->context, rows = end - first;
        multiply(w, worker, scores, stride, h.q + first * h.qkv_stride, h.qkv_stride, false, h.k,
                 h.qkv_stride, true, rows, end, size, false);
        GSC_ISA_PICK(w->isa, gsc_attention_softmax)
        (scores, h.lse + first, share, rows, first, end, stride, (float)s->scale);
        multiply(w, worker, h.ret_y + first * h.y_stride, h.y_stride, scores, stride, false, h.v,
                 h.qkv_stride, false, rows, size, end, false);
        GSC_ISA_PICK(w->isa, gsc_attention_scale)
        (h.ret_y + first * h.y_stride, h.y_stride, h.ret_y + first * h.y_stride, h.y_stride, share,
         rows, size);
    }
}

/* From the last block, which sees all keys and so sets every row of dk and dv. */
static void backward_task(void *data, size_t task, size_t worker) {
    const gsc_attention_work *w = data;
    const gsc_attention_shape *s = &w->args->shape;
    const gsc_attention_head h = gsc_attention_head_of(w->args, task);
    const gsc_attention_scratch scratch = gsc_attention_scratch_of(w, worker);
    size_t stride = w->stride, size = s->head_size, qkv = h.qkv_stride;
    float *scores = scratch.scores, *ds = scratch.ds, *inner = scratch.inner;
    for (size_t block = (s->context + BLOCK - 1) / BLOCK; block-- > 0;) {
        size_t first = block * BLOCK;
        size_t end = first + BLOCK < s->context ? first + BLOCK : s->context, rows = end - first;
        bool add = end < s->context;
        const float *q = h.q + first * qkv, *dy = h.dy + first * h.y_stride;
        multiply(w, worker, scores, stride, q, qkv, false, h.k, qkv, true, rows, end, size, false);
        multiply(w, worker, ds, stride, dy, h.y_stride, false, h.v, qkv, true, rows, end, size,
                 false);
        GSC_ISA_PICK(w->isa, gsc_attention_inner)
        (inner, dy, h.y + first * h.y_stride, rows, size, h.y_stride);
        GSC_ISA_PICK(w->isa, gsc_attention_gradient)
        (scores, ds, h.lse + first, inner, rows, first, end, stride, (float)s->scale);
        multiply(w, worker, h.dv, qkv, scores, stride, true, dy, h.y_stride, false, end, size, rows,
                 add);
        multiply(w, worker, h.dk, qkv, ds, stride, true, q, qkv, false, end, size, rows, add);
        multiply(w, worker, h.dq + first * qkv, qkv, ds, stride, false, h.k, qkv, false, rows, size,
                 end, false);
    }
}

static void run(gsc_queue *queue, const char *op, const gsc_attention_args *a, gsc_pool_task *task,
                gsc_pool_task *tiles_task) {
    const gsc_attention_shape *s = &a->shape;
    unsigned threads = gsc_pool_threads(queue->pool);
    size_t bytes = gsc_attention_workspace_bytes(s->context, s->head_size, threads);
    char *scratch = gsc_queue_workspace(queue, op, bytes);
    if (scratch == NULL) {
        return;
    }
    gsc_cpu_one_blas_thread();
    gsc_attention_work work = {.args = a,
                               .queue = queue,
                               .isa = queue->device->isa,
                               .stride = row_floats(s->context),
                               .scratch = scratch,
                               .scratch_bytes = scratch_bytes(s->context, s->head_size)};
    gsc_pool_run(queue->pool, a->rows / s->context * s->heads,
                 gsc_tiles_attention_pays(queue, s) ? tiles_task : task, &work);
}

static void attention_cpu(gsc_queue *queue, const gsc_attention_args *a) {
    if (a->dtype != GSC_F32) {
        gsc_attention_ref(queue, a);
    } else {
        run(queue, "attention", a, forward_task, gsc_tiles_attention_task);
    }
}

static void attention_backward_cpu(gsc_queue *queue, const gsc_attention_args *a) {
    if (a->dtype != GSC_F32) {
        gsc_attention_backward_ref(queue, a);
    } else {
        run(queue, "attention_backward", a, backward_task, gsc_tiles_attention_backward_task);
    }
}

void gsc_cpu_fill_attention(gsc_ops *ops) {
    ops->attention = attention_cpu;
    ops->attention_backward = attention_backward_cpu;
}
