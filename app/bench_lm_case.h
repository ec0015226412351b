/* SPDX-License-Identifier: MIT
 *
 * One case of `gatescope bench lm`: a model's size, and what training it for some steps took.
 *
 * The model: LayerNorm, half of each head turned, an untied head with bias, softmax gate with a Switch loss,
 * ReLU experts of width / 4 beside one shared expert, heads of 32. Tokens are drawn uniformly from a seed, in an
 * order that both sides follow.
 *
 * Layer: app.
 */
#ifndef GSC_APP_BENCH_LM_CASE_H
#define GSC_APP_BENCH_LM_CASE_H

#include "core/base/error.h"

#include <stddef.h>
#include <stdint.h>

enum {
    BENCH_LM_MOST_STEPS = 1000
};

typedef struct bench_lm_case {
    size_t width, experts, top_k, expert_width;
    size_t layers, context, batch, vocabulary;
    unsigned threads;
    size_t steps;
} bench_lm_case;

typedef struct bench_lm_ours {
    double step_ms;        /* the best step */
    double product_ms;     /* the step's products alone, as dense ones on the path in use */
    double sgemm_ms;       /* the same on vectors alone: OpenBLAS and ours */
    double memory_bytes;   /* how far the process grew at its peak */
    double forecast_bytes; /* the count on paper */
    double losses[BENCH_LM_MOST_STEPS];
} bench_lm_ours;

/* Optimiser of both sides: AdamW at a constant rate, clipped by norm. */
extern const double bench_lm_rate, bench_lm_clip, bench_lm_decay, bench_lm_balance;

size_t bench_lm_head_size(const bench_lm_case *c);

/* steps * batch * (context + 1) tokens; the caller frees them, NULL where memory ran out. */
int32_t *bench_lm_tokens(const bench_lm_case *c);

/* Trains in a child process, whose memory is then only the model's. The step-0 checkpoint goes to path unless it
 * is NULL. */
gsc_status bench_lm_run(const bench_lm_case *c, const char *path, bench_lm_ours *ret_ours,
                        gsc_error *error);

#endif
