/* SPDX-License-Identifier: MIT
 *
 * Causal attention on the tile unit. dk and dv are summed turned over: so probabilities and their
 * gradients, which are most of what is packed, are packed as they lie. Layer: kernels.
 */
#include "kernels/cpu/tiles_attention.h"

#ifdef GSC_HAVE_TILES

#include "kernels/cpu/tasks.h"
#include "kernels/cpu/tiles_whole.h"
#include "kernels/device.h"

enum {
    BLOCK = GSC_ATTENTION_BLOCK,
    KEYS = 32,       /* whole steps */
    LEAST_SIZE = 24, /* of a head, and least context, below which vectors are faster */
    LEAST_CONTEXT = 96,
    FLOATS = GSC_BUF_ALIGNMENT / sizeof(float) /* in a line of memory */
};

/* A worker's room: sizes in whole tiles, T the context and s the head's size; packed sides by what they
 * are to the product. */
typedef struct room {
    float *scores, *ds; /* [BLOCK, T] */
    float *out;         /* [BLOCK, s] y or dq of a block */
    float *dk, *dv;     /* [s, T], turned over */
    char *keys;         /* b of q k^T */
    char *values;       /* b of dy v^T */
    char *rows;         /* b of p v, or of ds k */
    char *queries;      /* a of q k^T, then of dy v^T */
    char *turned_q;     /* a of q^T ds */
    char *turned_dy;    /* a of dy^T p */
    char *part;         /* p or ds of a block and KEYS keys, which stays in the nearest cache */
    size_t stride;      /* T */
    size_t out_stride;  /* s */
    float inner[BLOCK];
} room;

/* Room from a worker's scratch, NULL for its size alone. */
static size_t lay_out(room *self, char *scratch, size_t context, size_t size) {
    const size_t t = gsc_tiles_round_up(context), s = gsc_tiles_round_up(size);
    const size_t floats[] = {BLOCK * t, BLOCK * t, BLOCK * s, s * t, s * t};
    const size_t all = gsc_tiles_packed_bytes(t, s), block = gsc_tiles_packed_bytes(BLOCK, s);
    const size_t part = gsc_tiles_packed_bytes(BLOCK, KEYS);
    const size_t bytes[] = {all, all, all, block, block, block, part};
    float **const numbers[] = {&self->scores, &self->ds, &self->out, &self->dk, &self->dv};
    char **const parts[] = {&self->keys,     &self->values,    &self->rows, &self->queries,
                            &self->turned_q, &self->turned_dy, &self->part};
    size_t used = 0;
    for (size_t i = 0; i < sizeof floats / sizeof floats[0]; i++) {
        *numbers[i] = scratch != NULL ? (float *)(void *)(scratch + used) : NULL;
        used += floats[i] * sizeof(float);
    }
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
        *parts[i] = scratch != NULL ? scratch + used : NULL;
        used += bytes[i];
    }
    self->stride = t;
    self->out_stride = s;
    return used;
}

size_t gsc_tiles_attention_bytes(size_t context, size_t head_size) {
    room none;
    return lay_out(&none, NULL, context, head_size);
}

bool gsc_tiles_attention_pays(const gsc_queue *queue, const gsc_attention_shape *shape) {
    return queue->own != NULL && shape->head_size >= LEAST_SIZE && shape->context >= LEAST_CONTEXT;
}

/* ---- What is brought near ---- */

/* Rows of a head are a line or two of memory each, far apart: nothing but this brings them near in time. */
static void fetch_rows(const float *at, size_t stride, size_t rows, size_t size) {
    for (size_t i = 0; i < rows; i++) {
        for (size_t c = 0; c < size; c += FLOATS) {
            __builtin_prefetch(at + i * stride + c, 0, 2);
        }
    }
}

static void fetch_to_write(const float *at, size_t stride, size_t rows, size_t size) {
    for (size_t i = 0; i < rows; i++) {
        for (size_t c = 0; c < size; c += FLOATS) {
            __builtin_prefetch(at + i * stride + c, 1, 2);
        }
    }
}

/* Rows first .. first + rows - 1 of the head that this worker will have next, if all take turns. */
static void fetch_next(const gsc_attention_work *w, size_t task, size_t first, size_t rows,
                       bool backward) {
    const gsc_attention_args *a = w->args;
    const size_t size = a->shape.head_size, next = task + gsc_pool_threads(w->queue->pool);
    if (next >= a->rows / a->shape.context * a->shape.heads) {
        return;
    }
    const gsc_attention_head h = gsc_attention_head_of(a, next);
    fetch_rows(h.q + first * h.qkv_stride, h.qkv_stride, rows, size);
    fetch_rows(h.k + first * h.qkv_stride, h.qkv_stride, rows, size);
    fetch_rows(h.v + first * h.qkv_stride, h.qkv_stride, rows, size);
    if (backward) {
        fetch_rows(h.dy + first * h.y_stride, h.y_stride, rows, size);
        fetch_rows(h.y + first * h.y_stride, h.y_stride, rows, size);
    }
}

/* ---- Blocks ---- */

/* Scores of a block of queries, packed here, over the keys that they see, which end at `end`; a panel of
 * queries at a time, as far as the last of them sees. */
static void find_scores(const room *r, float *scores, const float *q, size_t q_row,
                        const char *keys, size_t rows, size_t end, size_t size) {
    gsc_tiles_pack_rows(r->queries, q, q_row, rows, size);
    for (size_t i = 0; i < rows; i += KEYS) {
        const size_t some = rows - i < KEYS ? rows - i : KEYS;
        gsc_tiles_multiply_whole(
            &(gsc_tiles_whole){.c = scores + i * r->stride,
                               .c_row = r->stride,
                               .m = some,
                               .n = end - rows + i + some,
                               .k = size,
                               .a = r->queries + gsc_tiles_packed_bytes(i, size),
                               .b = keys,
                               .a_inner = size,
                               .b_inner = size});
    }
}

/* Rows of out (+)= p of them and the keys from `key` on, by the keys' rows; p and out begin there. */
static void mix_rows(const room *r, float *out, const float *p, size_t rows, size_t key,
                     size_t keys, size_t context, size_t size) {
    gsc_tiles_pack_rows(r->part, p, r->stride, rows, keys);
    gsc_tiles_multiply_whole(
        &(gsc_tiles_whole){.c = out,
                           .c_row = r->out_stride,
                           .m = rows,
                           .n = size,
                           .k = keys,
                           .a = r->part,
                           .b = r->rows + key / GSC_TILES_LINES * GSC_TILES_STEP_BYTES,
                           .a_inner = keys,
                           .b_inner = context,
                           .accumulate = key > 0});
}

/* Queries of a block first .. that see no key from `key` on: whole panels. */
static size_t blind_rows(size_t first, size_t key) {
    return key > first ? key - first : 0;
}

void gsc_tiles_attention_task(void *data, size_t task, size_t worker) {
    const gsc_attention_work *w = data;
    const gsc_attention_shape *s = &w->args->shape;
    const gsc_attention_head h = gsc_attention_head_of(w->args, task);
    const size_t context = s->context, size = s->head_size;
    float share[BLOCK];
    room r;
    lay_out(&r, w->scratch + worker * w->scratch_bytes, context, size);
    gsc_tiles_begin();
    gsc_tiles_turn_rows(r.keys, h.k, h.qkv_stride, context, size);
    gsc_tiles_pack_columns(r.rows, h.v, h.qkv_stride, size, context);
    for (size_t first = 0; first < context; first += BLOCK) {
        const size_t end = first + BLOCK < context ? first + BLOCK : context, rows = end - first;
        fetch_next(w, task, first, rows, false);
        fetch_to_write(h.ret_y + first * h.y_stride, h.y_stride, rows, size);
        find_scores(&r, r.scores, h.q + first * h.qkv_stride, h.qkv_stride, r.keys, rows, end,
                    size);
        GSC_ISA_PICK(w->isa, gsc_attention_softmax)
        (r.scores, h.lse + first, share, rows, first, end, r.stride, (float)s->scale);
        for (size_t key = 0; key < end; key += KEYS) {
            const size_t blind = blind_rows(first, key), keys = end - key < KEYS ? end - key : KEYS;
            mix_rows(&r, r.out + blind * r.out_stride, r.scores + blind * r.stride + key,
                     rows - blind, key, keys, context, size);
        }
        GSC_ISA_PICK(w->isa, gsc_attention_scale)
        (h.ret_y + first * h.y_stride, h.y_stride, r.out, r.out_stride, share, rows, size);
    }
    gsc_tiles_end();
}

/* columns [size, keys] (+)= x^T p: what the last `rows` of `all` queries of a block give to some keys; p
 * begins there. */
static void add_columns(const room *r, float *columns, const char *turned, const float *p,
                        size_t rows, size_t all, size_t keys, size_t size, bool add) {
    gsc_tiles_pack_columns(r->part, p, r->stride, keys, rows);
    gsc_tiles_multiply_whole(
        &(gsc_tiles_whole){.c = columns,
                           .c_row = r->stride,
                           .m = size,
                           .n = keys,
                           .k = rows,
                           .a = turned + (all - rows) / GSC_TILES_LINES * GSC_TILES_STEP_BYTES,
                           .b = r->part,
                           .a_inner = all,
                           .b_inner = rows,
                           .accumulate = add});
}

/* Gradients from the block of queries first .. end - 1. */
static void block_backward(const gsc_attention_work *w, const gsc_attention_head *h, room *r,
                           size_t first, size_t end) {
    const gsc_attention_shape *s = &w->args->shape;
    const size_t size = s->head_size, rows = end - first;
    const bool add = end < s->context;
    const float *q = h->q + first * h->qkv_stride, *dy = h->dy + first * h->y_stride;
    find_scores(r, r->scores, q, h->qkv_stride, r->keys, rows, end, size);
    find_scores(r, r->ds, dy, h->y_stride, r->values, rows, end, size);
    GSC_ISA_PICK(w->isa, gsc_attention_inner)
    (r->inner, dy, h->y + first * h->y_stride, rows, size, h->y_stride);
    GSC_ISA_PICK(w->isa, gsc_attention_gradient)
    (r->scores, r->ds, h->lse + first, r->inner, rows, first, end, r->stride, (float)s->scale);
    gsc_tiles_turn_columns(r->turned_dy, dy, h->y_stride, size, rows);
    gsc_tiles_turn_columns(r->turned_q, q, h->qkv_stride, size, rows);
    for (size_t key = 0; key < end; key += KEYS) {
        const size_t keys = end - key < KEYS ? end - key : KEYS;
        const size_t blind = blind_rows(first, key), some = rows - blind;
        const size_t at = blind * r->stride + key;
        add_columns(r, r->dv + key, r->turned_dy, r->scores + at, some, rows, keys, size, add);
        add_columns(r, r->dk + key, r->turned_q, r->ds + at, some, rows, keys, size, add);
        mix_rows(r, r->out + blind * r->out_stride, r->ds + at, some, key, keys, s->context, size);
    }
    GSC_ISA_PICK(w->isa, gsc_attention_scale)
    (h->dq + first * h->qkv_stride, h->qkv_stride, r->out, r->out_stride, NULL, rows, size);
}

/* From the last block, which sees all keys and so sets every column of dk and dv. */
void gsc_tiles_attention_backward_task(void *data, size_t task, size_t worker) {
    const gsc_attention_work *w = data;
    const gsc_attention_shape *s = &w->args->shape;
    const gsc_attention_head h = gsc_attention_head_of(w->args, task);
    const size_t context = s->context, size = s->head_size;
    room r;
    lay_out(&r, w->scratch + worker * w->scratch_bytes, context, size);
    gsc_tiles_begin();
    gsc_tiles_turn_rows(r.keys, h.k, h.qkv_stride, context, size);
    gsc_tiles_turn_rows(r.values, h.v, h.qkv_stride, context, size);
    gsc_tiles_pack_columns(r.rows, h.k, h.qkv_stride, size, context);
    for (size_t block = (context + BLOCK - 1) / BLOCK; block-- > 0;) {
        const size_t first = block * BLOCK;
        const size_t end = first + BLOCK < context ? first + BLOCK : context, rows = end - first;
        fetch_next(w, task, first, rows, true);
        fetch_to_write(h.dq + first * h.qkv_stride, h.qkv_stride, rows, size);
        fetch_to_write(h.dk + first * h.qkv_stride, h.qkv_stride, rows, size);
        fetch_to_write(h.dv + first * h.qkv_stride, h.qkv_stride, rows, size);
        block_backward(w, &h, &r, first, end);
    }
    gsc_tiles_turn_over(h.dk, h.qkv_stride, r.dk, r.stride, size, context);
    gsc_tiles_turn_over(h.dv, h.qkv_stride, r.dv, r.stride, size, context);
    gsc_tiles_end();
}

#else

size_t gsc_tiles_attention_bytes(size_t context, size_t head_size) {
    return 0;
}

bool gsc_tiles_attention_pays(const gsc_queue *queue, const gsc_attention_shape *shape) {
    return false;
}

void gsc_tiles_attention_task(void *data, size_t task, size_t worker) {
}

void gsc_tiles_attention_backward_task(void *data, size_t task, size_t worker) {
}

#endif
