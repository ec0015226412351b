/* SPDX-License-Identifier: MIT
 *
 * `gatescope bench kernels [--json] [--threads N]`: every op of the processor path against ref,
 * timed only after it agreed with ref within its contract. Times are the best of several; GFLOP/s
 * and GB/s use the contract's counts, and the share is of the f32 product of 512 x 512 by OpenBLAS
 * in the same run.
 *
 * Layer: app.
 */
#include "app/bench_kernels_cases.h"
#include "app/commands.h"
#include "core/read/json_text.h"
#include "core/run/machine.h"
#include "kernels/cpu_info.h"
#include "kernels/queue.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    WORKSPACE_BYTES = 64 << 20
};

/* A case's tensors on one queue. */
typedef struct bench_side {
    gsc_queue *queue;
    gsc_buf *bufs[BENCH_MOST_TENSORS];
    gsc_view views[BENCH_MOST_TENSORS];
} bench_side;

typedef struct bench_result {
    char name[64];
    double ours_s, peer_s; /* seconds a call */
    double gflops, gbytes; /* of ours, a second; gflops 0 where the op has none */
    double share;          /* of sgemm */
    double deviation;      /* in the contract's measure */
} bench_result;

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static gsc_status set_up(bench_side *side, const bench_case *c, gsc_error *error) {
    for (size_t i = 0; i < c->n_tensors; i++) {
        const bench_tensor *t = &c->tensors[i];
        const int64_t shape[2] = {(int64_t)t->rows, (int64_t)t->columns};
        gsc_status status = gsc_buf_new(
            side->queue, t->rows * t->columns * gsc_dtype_bytes(t->dtype), &side->bufs[i], error);
        status = status == GSC_OK
                     ? gsc_view_init(&side->views[i], side->bufs[i], t->dtype, 0, 2, shape, error)
                     : status;
        if (status != GSC_OK) {
            return status;
        }
    }
    return GSC_OK;
}

static void tear_down(bench_side *side) {
    for (int i = 0; i < BENCH_MOST_TENSORS; i++) {
        gsc_buf_free(side->bufs[i]);
        side->bufs[i] = NULL;
    }
}

static bool is_input(bench_fill fill) {
    return fill != BENCH_OUTPUT && fill != BENCH_PREPARED;
}

static bool is_compared(bench_fill fill) {
    return fill == BENCH_OUTPUT || fill == BENCH_UPDATED;
}

/* Element i of a tensor, from a random number below 2^53. */
static double element(const bench_case *c, bench_fill fill, size_t i, uint64_t random,
                      bool positive) {
    double value = (double)random * 0x1p-51 - 2.0;
    switch (fill) {
    case BENCH_INDEX:
        return (double)(random % c->limit);
    case BENCH_CHOICE:
        return (double)((i / c->limit_k * 7 + i / 129 + i % c->limit_k * (c->limit / c->limit_k)) %
                        c->limit);
    case BENCH_START:
        return (double)(i * c->limit_k);
    case BENCH_POSITIVE:
        return 0.5 * value + 1.0;
    default:
        return positive ? fabs(value) : value;
    }
}

/* The same numbers for every run; made positive for the measure's scale. Then prepares. */
static gsc_status fill(bench_side *side, const bench_case *c, bool positive, gsc_error *error) {
    for (size_t which = 0; which < c->n_tensors; which++) {
        const bench_tensor *t = &c->tensors[which];
        size_t count = t->rows * t->columns;
        if (!is_input(t->fill) || count == 0) {
            continue;
        }
        double *values = malloc(count * sizeof *values);
        if (values == NULL) {
            return gsc_fail(error, GSC_ERR_MEMORY, "no memory for %zu numbers", count);
        }
        uint64_t state = (uint64_t)which + 1;
        for (size_t i = 0; i < count; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            double value = element(c, t->fill, i, state >> 11, positive);
            if (t->dtype == GSC_F32) {
                ((float *)values)[i] = (float)value;
            } else if (t->dtype == GSC_I32) {
                ((int32_t *)values)[i] = (int32_t)value;
            } else {
                values[i] = value;
            }
        }
        gsc_status status = gsc_buf_write(side->queue, side->bufs[which], 0, values,
                                          count * gsc_dtype_bytes(t->dtype), error);
        free(values);
        if (status != GSC_OK) {
            return status;
        }
    }
    if (c->prepare != NULL) {
        c->prepare(side->queue, side->views, c);
    }
    return gsc_queue_finish(side->queue, error);
}

static gsc_status run_once(bench_side *side, const bench_case *c, gsc_error *error) {
    c->run(side->queue, side->views, c);
    return gsc_queue_finish(side->queue, error);
}

/* A tensor as doubles; NULL without memory or where reading failed. */
static double *read_tensor(bench_side *side, size_t which, gsc_error *error) {
    const gsc_view *view = &side->views[which];
    size_t count = gsc_view_count(view), bytes = count * gsc_dtype_bytes(view->dtype);
    double *values = malloc(count * sizeof *values + 1);
    void *raw = malloc(bytes + 1);
    if (values == NULL || raw == NULL) {
        gsc_fail(error, GSC_ERR_MEMORY, "no memory for %zu numbers", count);
    } else if (gsc_buf_read(side->queue, side->bufs[which], 0, bytes, raw, error) == GSC_OK) {
        for (size_t i = 0; i < count; i++) {
            values[i] = view->dtype == GSC_F32   ? (double)((float *)raw)[i]
                        : view->dtype == GSC_F64 ? ((double *)raw)[i]
                                                 : (double)((int32_t *)raw)[i];
        }
        free(raw);
        return values;
    }
    free(raw);
    free(values);
    return NULL;
}

static double largest(const double *values, size_t count) {
    double most = 0.0;
    for (size_t i = 0; i < count; i++) {
        most = fmax(most, fabs(values[i]));
    }
    return most;
}

/* What ref says on absolute inputs: the contract's scale of every compared tensor. */
static gsc_status make_scales(bench_side *ref, const bench_case *c, double **scales,
                              gsc_error *error) {
    gsc_status status = fill(ref, c, true, error);
    status = status == GSC_OK ? run_once(ref, c, error) : status;
    for (size_t i = 0; status == GSC_OK && i < c->n_tensors; i++) {
        if (is_compared(c->tensors[i].fill) && (scales[i] = read_tensor(ref, i, error)) == NULL) {
            status = error->status;
        }
    }
    return status;
}

static gsc_status compare(bench_side sides[2], size_t which, const double *scale,
                          bench_result *result, gsc_error *error) {
    double *got = read_tensor(&sides[0], which, error);
    double *expected = read_tensor(&sides[1], which, error);
    gsc_status status = got != NULL && expected != NULL ? GSC_OK : error->status;
    if (status == GSC_OK) {
        size_t count = gsc_view_count(&sides[0].views[which]);
        double most = largest(expected, count);
        for (size_t i = 0; i < count; i++) {
            double difference = fabs(got[i] - expected[i]);
            difference = difference == 0.0 ? 0.0 : difference / (scale != NULL ? scale[i] : most);
            if (!(difference <= result->deviation)) {
                result->deviation = difference;
            }
        }
    }
    free(got);
    free(expected);
    return status;
}

/* Runs the op once on both sides and compares; the deviation goes to result. */
static gsc_status verify(bench_side sides[2], const bench_case *c, bench_result *result,
                         gsc_error *error) {
    double *scales[BENCH_MOST_TENSORS] = {NULL};
    gsc_status status = c->by_element ? make_scales(&sides[1], c, scales, error) : GSC_OK;
    for (int i = 0; i < 2 && status == GSC_OK; i++) {
        status = fill(&sides[i], c, false, error);
        status = status == GSC_OK ? run_once(&sides[i], c, error) : status;
    }
    for (size_t i = 0; status == GSC_OK && i < c->n_tensors; i++) {
        if (is_compared(c->tensors[i].fill)) {
            status = compare(sides, i, scales[i], result, error);
        }
    }
    if (status == GSC_OK && !(result->deviation <= c->tolerance)) {
        status = gsc_fail(error, GSC_ERR_NUMERIC,
                          "%s deviates from ref by %.3g where %.3g is allowed: no time is given",
                          result->name, result->deviation, c->tolerance);
    }
    for (size_t i = 0; i < c->n_tensors; i++) {
        free(scales[i]);
    }
    return status;
}

/* The best time of a call within about budget_s, at least so many. */
static gsc_status time_side(bench_side *side, const bench_case *c, double budget_s, int calls,
                            double *ret_seconds, gsc_error *error) {
    double begin = now_s(), best = INFINITY;
    for (int i = 0; i < calls || now_s() - begin < budget_s; i++) {
        double before = now_s();
        gsc_status status = run_once(side, c, error);
        if (status != GSC_OK) {
            return status;
        }
        best = fmin(best, now_s() - before);
    }
    *ret_seconds = best;
    return GSC_OK;
}

/* sides[0] is ours, sides[1] ref. */
static gsc_status run_case(bench_side sides[2], const bench_case *c, bench_result *result,
                           gsc_error *error) {
    snprintf(result->name, sizeof result->name, "%s", c->name);
    gsc_status status = set_up(&sides[0], c, error);
    status = status == GSC_OK ? set_up(&sides[1], c, error) : status;
    status = status == GSC_OK ? verify(sides, c, result, error) : status;
    status = status == GSC_OK ? time_side(&sides[0], c, 0.2, 3, &result->ours_s, error) : status;
    status = status == GSC_OK ? time_side(&sides[1], c, 0.0, 1, &result->peer_s, error) : status;
    if (status == GSC_OK) {
        result->gflops = c->flops / result->ours_s * 1e-9;
        result->gbytes = c->bytes / result->ours_s * 1e-9;
    }
    tear_down(&sides[0]);
    tear_down(&sides[1]);
    return status;
}

static void print_table(const bench_result *results, size_t count, const char *path,
                        unsigned threads) {
    printf("%-52s %12s %12s %8s %10s %8s %8s\n", "op", path, "ref", "ratio", "GB/s", "GFLOP/s",
           "of sgemm");
    for (size_t i = 0; i < count; i++) {
        const bench_result *r = &results[i];
        printf("%-52s %9.3f ms %9.3f ms %7.1fx %10.2f", r->name, 1e3 * r->ours_s, 1e3 * r->peer_s,
               r->peer_s / r->ours_s, r->gbytes);
        if (r->gflops > 0.0) {
            printf(" %8.2f %7.0f%%", r->gflops, 100.0 * r->share);
        }
        putchar('\n');
    }
    printf("%u threads; ref has one. Every result agreed with ref before it was timed. sgemm, "
           "512 x 512: %.0f GFLOP/s.\n",
           threads, results[BENCH_SGEMM_CASE].gflops / results[BENCH_SGEMM_CASE].share);
}

static int print_json(const bench_result *results, size_t count, unsigned threads) {
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        const bench_result *r = &results[i];
        json_t *gflops = r->gflops > 0.0 ? json_real(r->gflops) : json_null();
        json_t *share = r->gflops > 0.0 ? json_real(r->share) : json_null();
        json_array_append_new(array, json_pack("{s:s, s:f, s:f, s:f, s:s, s:s, s:o, s:o, s:f, s:f}",
                                               "name", r->name, "ours", 1e3 * r->ours_s, "peer",
                                               1e3 * r->peer_s, "ratio", r->peer_s / r->ours_s,
                                               "unit", "ms", "peer_name", "ref", "gflops", gflops,
                                               "share_of_sgemm", share, "gbytes", r->gbytes,
                                               "deviation", r->deviation));
    }
    json_t *root =
        json_pack("{s:o, s:o}", "machine", gsc_machine_describe(threads), "cases", array);
    char *text = root != NULL ? gsc_json_dump(root, JSON_INDENT(2)) : NULL;
    json_decref(root);
    if (text == NULL) {
        fprintf(stderr, "gatescope bench kernels: out of memory\n");
        return 1;
    }
    puts(text);
    free(text);
    return 0;
}

/* GFLOP/s of the product of 512 x 512 without the tile unit. */
static gsc_status find_sgemm(gsc_pool *pool, bench_side *ref, double *ret_gflops,
                             gsc_error *error) {
    const bench_case c = bench_kernels_case(BENCH_SGEMM_CASE);
    const gsc_device *device =
        gsc_cpu_isa() > GSC_ISA_V4 ? gsc_device_cpu_at(GSC_ISA_V4) : gsc_device_cpu();
    bench_side sides[2] = {{0}, *ref};
    bench_result result = {0};
    gsc_status status = gsc_queue_new(device, pool, WORKSPACE_BYTES, &sides[0].queue, error);
    status = status == GSC_OK ? run_case(sides, &c, &result, error) : status;
    gsc_queue_free(sides[0].queue);
    *ret_gflops = result.gflops;
    return status;
}

static gsc_status run_all(unsigned threads, bench_result *results, const char **ret_path,
                          unsigned *ret_threads, gsc_error *error) {
    gsc_pool *pool = NULL;
    bench_side sides[2] = {0};
    gsc_status status = gsc_pool_new(threads, &pool, error);
    if (status == GSC_OK) {
        *ret_threads = gsc_pool_threads(pool);
        *ret_path = gsc_device_name(gsc_device_cpu());
        status = gsc_queue_new(gsc_device_cpu(), pool, WORKSPACE_BYTES, &sides[0].queue, error);
    }
    if (status == GSC_OK) {
        status = gsc_queue_new(gsc_device_ref(), NULL, 0, &sides[1].queue, error);
    }
    double sgemm = 0.0;
    status = status == GSC_OK ? find_sgemm(pool, &sides[1], &sgemm, error) : status;
    for (size_t i = 0; i < bench_kernels_count() && status == GSC_OK; i++) {
        bench_case c = bench_kernels_case(i);
        status = run_case(sides, &c, &results[i], error);
        results[i].share = results[i].gflops / sgemm;
    }
    gsc_queue_free(sides[0].queue);
    gsc_queue_free(sides[1].queue);
    gsc_pool_free(pool);
    return status;
}

int gsc_cmd_bench_kernels(int argc, char **argv) {
    bool json = false;
    unsigned threads = 0;
    for (int i = 1; i < argc; i++) {
        char *end = NULL;
        if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc) {
            long value = strtol(argv[++i], &end, 10);
            if (end == argv[i] || *end != '\0' || value < 0 || value > GSC_POOL_MAX_THREADS) {
                fprintf(stderr,
                        "gatescope bench kernels: --threads is \"%s\"; a number from 0 (all "
                        "cores) to %d is wanted\n",
                        argv[i], GSC_POOL_MAX_THREADS);
                return 2;
            }
            threads = (unsigned)value;
        } else {
            fprintf(stderr,
                    "gatescope bench kernels: \"%s\" is no option; [--json] [--threads N] are\n",
                    argv[i]);
            return 2;
        }
    }
    size_t count = bench_kernels_count();
    bench_result *results = calloc(count, sizeof *results);
    gsc_error error = {0};
    const char *path = "cpu";
    int code = 0;
    if (results == NULL || run_all(threads, results, &path, &threads, &error) != GSC_OK) {
        fprintf(stderr, "gatescope bench kernels: %s\n",
                results == NULL ? "out of memory" : error.message);
        code = 1;
    } else if (json) {
        code = print_json(results, count, threads);
    } else {
        print_table(results, count, path, threads);
    }
    free(results);
    return code;
}
