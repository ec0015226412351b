/* SPDX-License-Identifier: MIT
 *
 * The cases of `gatescope bench kernels`: an op at one shape, its tensors, its counts and what it
 * may deviate. Layer: app.
 */
#ifndef GSC_APP_BENCH_KERNELS_CASES_H
#define GSC_APP_BENCH_KERNELS_CASES_H

#include "kernels/ops.h"

enum {
    BENCH_MOST_TENSORS = 12
};

typedef enum bench_fill {
    BENCH_OUTPUT,   /* not filled; compared */
    BENCH_PREPARED, /* not filled: prepare writes it */
    BENCH_RANDOM,   /* in (-2, 2) */
    BENCH_POSITIVE, /* in (0, 2) */
    BENCH_INDEX,    /* 0 .. limit - 1 */
    BENCH_CHOICE,   /* experts: limit of them, limit_k different ones a row */
    BENCH_START,    /* multiples of limit_k */
    BENCH_UPDATED,  /* random, and compared */
} bench_fill;

typedef struct bench_tensor {
    gsc_dtype dtype;
    size_t rows, columns;
    bench_fill fill;
} bench_tensor;

typedef struct bench_case bench_case;

/* T rows, D columns (vocabulary, inner size), N outer size; E experts, k of them a row. For
 * attention T is the context, D the head size, N the heads, E the sequences. */
typedef struct bench_shape {
    size_t t, d, n, e, k;
} bench_shape;

struct bench_case {
    char name[64];
    bench_shape shape;
    size_t n_tensors;
    bench_tensor tensors[BENCH_MOST_TENSORS];
    size_t limit, limit_k;
    void (*prepare)(gsc_queue *queue, const gsc_view *views, const bench_case *c); /* or NULL */
    void (*run)(gsc_queue *queue, const gsc_view *views, const bench_case *c);
    double flops, bytes, tolerance;
    bool by_element; /* deviation relative to ref on absolute inputs; else to the largest |ref| */
};

size_t bench_kernels_count(void);
/* Case i < bench_kernels_count(). */
bench_case bench_kernels_case(size_t i);

/* The case whose rate is called the sgemm of this machine: an f32 product of 512 x 512. */
enum {
    BENCH_SGEMM_CASE = 0
};

#endif
