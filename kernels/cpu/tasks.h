/* SPDX-License-Identifier: MIT
 *
 * Pool tasks of the processor path, one per instruction set. Each works on its share of an op's
 * args (args.h), f32 only; a share depends on the shape alone. Layer: kernels, private.
 */
#ifndef GSC_KERNELS_CPU_TASKS_H
#define GSC_KERNELS_CPU_TASKS_H

#include "kernels/args.h"
#include "kernels/isa.h"

typedef struct gsc_cpu_work {
    const void *args;
    size_t share;    /* rows, columns or elements of one task */
    double *partial; /* one for each task of reduce */
} gsc_cpu_work;

/* Where a task's share of `all` ends. */
static inline size_t gsc_cpu_share_end(const gsc_cpu_work *work, size_t task, size_t all) {
    size_t end = (task + 1) * work->share;
    return end < all ? end : all;
}

enum {
    GSC_CPU_SUM_ROWS = 32 /* rows added in f32 before they go into a double */
};

enum {
    GSC_CPU_NORM_COLUMNS = 1024, /* of a pass */
    GSC_CPU_NORM_TASKS = 16      /* of a pass, at most */
};

/* A pass of a norm's gradient: every task sums its rows in columns first .. first + width - 1, into doubles of
 * its own: gains, then biases. The pass of the last columns makes dx as well, which may lie where dy does. */
typedef struct gsc_cpu_norm_work {
    const gsc_norm_args *args;
    size_t share; /* rows of a task */
    size_t first, width;
    double *partial; /* [tasks, 2, width] */
} gsc_cpu_norm_work;

#define GSC_CPU_TASK(stem) GSC_ISA_DECLARE(void, stem, (void *data, size_t task, size_t worker))

GSC_CPU_TASK(gsc_embed_task);            /* rows */
GSC_CPU_TASK(gsc_embed_backward_task);   /* tokens */
GSC_CPU_TASK(gsc_bias_task);             /* rows */
GSC_CPU_TASK(gsc_bias_backward_task);    /* columns, at most 64 */
GSC_CPU_TASK(gsc_rope_task);             /* rows */
GSC_CPU_TASK(gsc_norm_task);             /* rows */
GSC_CPU_TASK(gsc_norm_backward_task);    /* rows; data: gsc_cpu_norm_work */
GSC_CPU_TASK(gsc_cross_entropy_task);    /* rows */
GSC_CPU_TASK(gsc_gather_rows_task);      /* slots */
GSC_CPU_TASK(gsc_combine_task);          /* rows */
GSC_CPU_TASK(gsc_combine_backward_task); /* slots */
GSC_CPU_TASK(gsc_linear_task);           /* elements, so all below */
GSC_CPU_TASK(gsc_copy_task);
GSC_CPU_TASK(gsc_reduce_task); /* -1 or the index for first_not_finite */
GSC_CPU_TASK(gsc_adamw_task);

/* A block of causal products q . k, in place: row i < rows of s (stride apart) has first + i + 1
 * valid ones of the `columns` it ends with zeros after them.
 *     softmax     s -> exp(scale s - top), lse and share = 1 / sum written
 *     scale       y = rows times their share, or 1 where that is NULL; they may be y itself
 *     gradient    s -> p = exp(scale s - lse), dp -> ds = scale p (dp - inner) */
GSC_ISA_DECLARE(void, gsc_attention_softmax,
                (float *s, float *lse, float *share, size_t rows, size_t first, size_t columns,
                 size_t stride, float scale));
GSC_ISA_DECLARE(void, gsc_attention_scale,
                (float *y, size_t y_stride, const float *x, size_t x_stride, const float *share,
                 size_t rows, size_t size));
GSC_ISA_DECLARE(void, gsc_attention_gradient,
                (float *s, float *dp, const float *lse, const float *inner, size_t rows,
                 size_t first, size_t columns, size_t stride, float scale));
/* inner_i = dy_i . y_i, rows `stride` apart. */
GSC_ISA_DECLARE(void, gsc_attention_inner,
                (float *inner, const float *dy, const float *y, size_t rows, size_t size,
                 size_t stride));

#endif
