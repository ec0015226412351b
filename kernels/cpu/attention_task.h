/* SPDX-License-Identifier: MIT
 *
 * Causal attention's tasks on the cpu devices: one head of one sequence each. Layer: kernels, private.
 */
#ifndef GSC_KERNELS_CPU_ATTENTION_TASK_H
#define GSC_KERNELS_CPU_ATTENTION_TASK_H

#include "kernels/args.h"
#include "kernels/buf.h"
#include "kernels/queue.h"

/* A worker's scratch holds two blocks of GSC_ATTENTION_BLOCK rows, `stride` floats apart, and a number for
 * each row; or what the tile unit wants (tiles_attention.c). */
typedef struct gsc_attention_work {
    const gsc_attention_args *args;
    const gsc_queue *queue;
    gsc_isa isa;
    size_t stride;
    char *scratch;
    size_t scratch_bytes; /* of one worker, a multiple of GSC_BUF_ALIGNMENT */
} gsc_attention_work;

typedef struct gsc_attention_scratch {
    float *scores, *ds, *inner;
} gsc_attention_scratch;

/* One head of one sequence: its first row, and the distance of rows. */
typedef struct gsc_attention_head {
    const float *q, *k, *v, *y, *dy;
    float *ret_y, *dq, *dk, *dv, *lse;
    size_t qkv_stride, y_stride;
} gsc_attention_head;

static inline gsc_attention_head gsc_attention_head_of(const gsc_attention_args *a, size_t task) {
    const gsc_attention_shape *s = &a->shape;
    size_t sequence = task / s->heads, h = task % s->heads, width = s->heads * s->head_size;
    size_t row = sequence * s->context, qkv = row * 3 * width + h * s->head_size;
    size_t y = row * width + h * s->head_size;
    float *dq = a->dqkv != NULL ? (float *)a->dqkv + qkv : NULL;
    return (gsc_attention_head){.q = (const float *)a->qkv + qkv,
                                .k = (const float *)a->qkv + qkv + width,
                                .v = (const float *)a->qkv + qkv + 2 * width,
                                .y = (const float *)a->y + y,
                                .dy = a->dy != NULL ? (const float *)a->dy + y : NULL,
                                .ret_y = (float *)a->y + y,
                                .dq = dq,
                                .dk = dq != NULL ? dq + width : NULL,
                                .dv = dq != NULL ? dq + 2 * width : NULL,
                                .lse = (float *)a->lse + task * s->context,
                                .qkv_stride = 3 * width,
                                .y_stride = width};
}

static inline gsc_attention_scratch gsc_attention_scratch_of(const gsc_attention_work *w,
                                                             size_t worker) {
    float *scores = (float *)(w->scratch + worker * w->scratch_bytes);
    float *ds = scores + GSC_ATTENTION_BLOCK * w->stride;
    float *inner = ds + GSC_ATTENTION_BLOCK * w->stride;
    return (gsc_attention_scratch){scores, ds, inner};
}

#endif
