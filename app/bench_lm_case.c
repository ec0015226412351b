/* SPDX-License-Identifier: MIT
 *
 * Our side of `gatescope bench lm`. Layer: app.
 */
#include "app/bench_lm_case.h"

#include "core/lm/checkpoint.h"
#include "core/lm/trainer.h"
#include "kernels/attention.h"
#include "kernels/cpu_info.h"
#include "kernels/matmul.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    HEAD_SIZE = 32,
    CEILING_REPEATS = 3
};

const double bench_lm_rate = 1e-3, bench_lm_clip = 0.25, bench_lm_decay = 0.01,
             bench_lm_balance = 0.01;

typedef struct lm_bench {
    const bench_lm_case *c;
    gsc_pool *pool;
    gsc_queue *queue;
    gsc_lm *model;
    gsc_lm_trainer trainer;
    gsc_lm_shape shape;
} lm_bench;

/* One thread's work is told by processor time, which other programs disturb less. */
static double now_ms(unsigned threads) {
    struct timespec now;
    clock_gettime(threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

/* A line of /proc/self/status in bytes, or NAN. */
static double memory_line(const char *key) {
    char line[128];
    double kibibytes = NAN;
    FILE *file = fopen("/proc/self/status", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0) {
            kibibytes = strtod(line + strlen(key), NULL);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return 1024 * kibibytes;
}

size_t bench_lm_head_size(const bench_lm_case *c) {
    return c->width < HEAD_SIZE ? c->width : HEAD_SIZE;
}

int32_t *bench_lm_tokens(const bench_lm_case *c) {
    const size_t count = c->steps * c->batch * (c->context + 1);
    int32_t *tokens = malloc(count * sizeof *tokens);
    uint64_t state = 1;
    for (size_t i = 0; tokens != NULL && i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        tokens[i] = (int32_t)((state >> 33) % c->vocabulary);
    }
    return tokens;
}

static gsc_status make_shape(const bench_lm_case *c, gsc_lm_shape *ret_shape, gsc_error *error) {
    const size_t head = bench_lm_head_size(c);
    gsc_lm_shape s = {.layers = c->layers,
                      .width = c->width,
                      .heads = c->width / head,
                      .head_size = head,
                      .context = c->context,
                      .vocabulary = c->vocabulary,
                      .experts = c->experts,
                      .top_k = c->top_k,
                      .expert_width = c->expert_width,
                      .shared = 1,
                      .rotated = head / 4 * 2,
                      .output_bias = true,
                      .scaled_embedding = true,
                      .norm_epsilon = 1e-5,
                      .rope_base = 1e4,
                      .routed_scale = 1,
                      .n_balancers = 1};
    gsc_status status = gsc_lm_plugin_load(GSC_KIND_GATE, "softmax", &s.gate, error);
    status =
        status == GSC_OK ? gsc_lm_plugin_load(GSC_KIND_EXPERT, "relu", &s.expert, error) : status;
    status = status == GSC_OK
                 ? gsc_lm_plugin_load(GSC_KIND_BALANCER, "switch", &s.balancers[0], error)
                 : status;
    s.balancers[0].coefficient = bench_lm_balance;
    status = status == GSC_OK ? gsc_lm_shape_check(&s, error) : status;
    *ret_shape = s;
    return status;
}

static gsc_status make_model(lm_bench *b, double *ret_forecast, gsc_error *error) {
    const gsc_lm_options options = {
        .dtype = GSC_F32, .sequences = b->c->batch, .seed = 1, .training = true, .pool = b->pool};
    const gsc_lm_recipe recipe = {.batch = b->c->batch,
                                  .accumulate = 1,
                                  .steps = (int64_t)b->c->steps,
                                  .learning_rate = bench_lm_rate,
                                  .floor = 1,
                                  .clip = bench_lm_clip,
                                  .decay = bench_lm_decay,
                                  .beta1 = 0.9,
                                  .beta2 = 0.999,
                                  .epsilon = 1e-8};
    gsc_lm_forecast forecast;
    gsc_status status = make_shape(b->c, &b->shape, error);
    if (status == GSC_OK) {
        status = gsc_lm_forecast_of(&b->shape, &options, &forecast, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    const size_t workspace = gsc_lm_workspace_bytes(&b->shape, gsc_pool_threads(b->pool));
    *ret_forecast = (double)forecast.total;
    status = gsc_queue_new(gsc_device_cpu(), b->pool, workspace, &b->queue, error);
    if (status == GSC_OK) {
        status = gsc_lm_new(b->queue, &b->shape, &options, &b->model, error);
    }
    return status == GSC_OK ? gsc_lm_trainer_init(&b->trainer, b->queue, b->model, &recipe, error)
                            : status;
}

static gsc_status train(lm_bench *b, bench_lm_ours *ours, gsc_error *error) {
    int32_t *tokens = bench_lm_tokens(b->c);
    gsc_status status =
        tokens != NULL ? GSC_OK : gsc_fail(error, GSC_ERR_MEMORY, "no memory for text");
    ours->step_ms = INFINITY;
    for (size_t i = 0; i < b->c->steps && status == GSC_OK; i++) {
        gsc_lm_step step;
        const double before = now_ms(b->c->threads);
        status = gsc_lm_trainer_step(&b->trainer, tokens + i * b->c->batch * (b->c->context + 1),
                                     &step, error);
        ours->step_ms = fmin(ours->step_ms, now_ms(b->c->threads) - before);
        ours->losses[i] = step.loss;
    }
    free(tokens);
    return status;
}

/* ---- What products alone take ---- */

/* A product [m, k] [k, n]. */
typedef struct product {
    size_t m, n, k;
} product;

/* A weight [out, in] that `rows` rows meet, `times` times in a step. Of experts: out of all of them where their
 * gradients are made, out of one where rows pass. */
typedef struct weight {
    size_t rows, out, in, experts;
    double times;
} weight;

static double flops(product p) {
    return 2.0 * (double)p.m * (double)p.n * (double)p.k;
}

/* Best milliseconds of one product. */
static gsc_status time_product(const lm_bench *b, gsc_queue *queue, product p, double *ret_ms,
                               gsc_error *error) {
    const size_t counts[3] = {p.m * p.n, p.m * p.k, p.k * p.n};
    const int64_t shapes[3][2] = {
        {(int64_t)p.m, (int64_t)p.n}, {(int64_t)p.m, (int64_t)p.k}, {(int64_t)p.k, (int64_t)p.n}};
    gsc_buf *bufs[3] = {NULL};
    gsc_view views[3];
    gsc_status status = GSC_OK;
    for (int i = 0; i < 3 && status == GSC_OK; i++) {
        status = gsc_buf_new(queue, counts[i] * sizeof(float), &bufs[i], error);
        status = status == GSC_OK
                     ? gsc_view_init(&views[i], bufs[i], GSC_F32, 0, 2, shapes[i], error)
                     : status;
    }
    *ret_ms = INFINITY;
    for (int i = 0; i < CEILING_REPEATS && status == GSC_OK; i++) {
        const double before = now_ms(b->c->threads);
        gsc_matmul(queue, &views[0], &views[1], &views[2], false, false, false);
        status = gsc_queue_finish(queue, error);
        *ret_ms = fmin(*ret_ms, now_ms(b->c->threads) - before);
    }
    for (int i = 0; i < 3; i++) {
        gsc_buf_free(bufs[i]);
    }
    return status;
}

/* Forward, and the two products backward. Experts' products are merged into dense ones of the same FLOPs and the
 * same inner size. */
static gsc_status add_weight(const lm_bench *b, gsc_queue *queue, weight w, double *ms,
                             double *sum_flops, gsc_error *error) {
    const product products[3] = {{w.rows, w.out, w.in},
                                 {w.rows, w.in, w.out},
                                 {w.out * w.experts, w.in, (w.rows + w.experts - 1) / w.experts}};
    gsc_status status = GSC_OK;
    for (int i = 0; i < 3 && status == GSC_OK; i++) {
        double took = 0;
        status = time_product(b, queue, products[i], &took, error);
        *ms += w.times * took;
        *sum_flops += w.times * flops(products[i]);
    }
    return status;
}

/* All products of a step one after another, and attention's at their mean rate. */
static gsc_status find_ceiling(const lm_bench *b, gsc_queue *queue, double *ret_ms,
                               gsc_error *error) {
    const gsc_lm_shape *s = &b->shape;
    const size_t rows = b->c->batch * b->c->context, d = s->width, inner = s->heads * s->head_size;
    const double layers = (double)s->layers;
    const weight weights[] = {{rows, 3 * inner, d, 1, layers},
                              {rows, d, inner, 1, layers},
                              {rows, s->logits, d, 1, layers},
                              {rows, s->shared * s->expert_width, d, 1, layers},
                              {rows, d, s->shared * s->expert_width, 1, layers},
                              {rows * s->top_k, s->expert_width, d, s->experts, layers},
                              {rows * s->top_k, d, s->expert_width, s->experts, layers},
                              {rows, s->vocabulary, d, 1, 1}};
    const gsc_attention_shape attention = {s->context, s->heads, s->head_size, 1};
    double ms = 0, sum_flops = 0;
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < sizeof weights / sizeof weights[0] && status == GSC_OK; i++) {
        status = add_weight(b, queue, weights[i], &ms, &sum_flops, error);
    }
    const double extra = layers * (gsc_attention_flops(rows, attention, false) +
                                   gsc_attention_flops(rows, attention, true));
    *ret_ms = ms * (1 + extra / sum_flops);
    return status;
}

/* On the path in use, and on vectors alone where that is another one. */
static gsc_status find_ceilings(const lm_bench *b, bench_lm_ours *ours, gsc_error *error) {
    gsc_queue *vectors = NULL;
    gsc_status status = find_ceiling(b, b->queue, &ours->product_ms, error);
    ours->sgemm_ms = ours->product_ms;
    if (status == GSC_OK && gsc_cpu_isa() > GSC_ISA_V4) {
        status = gsc_queue_new(gsc_device_cpu_at(GSC_ISA_V4), b->pool, 0, &vectors, error);
        status = status == GSC_OK ? find_ceiling(b, vectors, &ours->sgemm_ms, error) : status;
        gsc_queue_free(vectors);
    }
    return status;
}

/* ---- The child ---- */

typedef struct report {
    gsc_status status;
    gsc_error error;
    bench_lm_ours ours;
} report;

static gsc_status run_case(lm_bench *b, const char *path, bench_lm_ours *ours, gsc_error *error) {
    gsc_status status = gsc_pool_new(b->c->threads, &b->pool, error);
    const double before = memory_line("VmRSS:");
    if (status == GSC_OK) {
        status = make_model(b, &ours->forecast_bytes, error);
    }
    if (status == GSC_OK && path != NULL) {
        status = gsc_lm_save(b->model, 0, "bench lm", path, error);
    }
    if (status == GSC_OK) {
        status = train(b, ours, error);
    }
    ours->memory_bytes = memory_line("VmHWM:") - before;
    if (status == GSC_OK) {
        status = find_ceilings(b, ours, error);
    }
    gsc_lm_trainer_clear(&b->trainer);
    gsc_lm_free(b->model);
    gsc_queue_free(b->queue);
    gsc_pool_free(b->pool);
    return status;
}

static bool write_all(int fd, const void *from, size_t bytes) {
    for (size_t done = 0; done < bytes;) {
        const ssize_t wrote = write(fd, (const char *)from + done, bytes - done);
        if (wrote < 0 && errno != EINTR) {
            return false;
        }
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return true;
}

static bool read_all(int fd, void *to, size_t bytes) {
    for (size_t done = 0; done < bytes;) {
        const ssize_t got = read(fd, (char *)to + done, bytes - done);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return false;
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return true;
}

gsc_status bench_lm_run(const bench_lm_case *c, const char *path, bench_lm_ours *ret_ours,
                        gsc_error *error) {
    int ends[2];
    report *r = calloc(1, sizeof *r);
    if (r == NULL || pipe2(ends, O_CLOEXEC) != 0) {
        free(r);
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory or no pipe for a benchmark's process");
    }
    const pid_t child = fork();
    if (child == 0) {
        lm_bench b = {.c = c};
        r->status = run_case(&b, path, &r->ours, &r->error);
        _exit(write_all(ends[1], r, sizeof *r) ? 0 : 1);
    }
    close(ends[1]);
    const bool told = child > 0 && read_all(ends[0], r, sizeof *r);
    close(ends[0]);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
    gsc_status status = told ? r->status : GSC_ERR_MEMORY;
    if (!told) {
        gsc_fail(error, status, "the process of width %zu and %zu experts ended early", c->width,
                 c->experts);
    } else if (status != GSC_OK) {
        gsc_fail(error, status, "%s", r->error.message);
    } else {
        *ret_ours = r->ours;
    }
    free(r);
    return status;
}
