/* SPDX-License-Identifier: MIT
 *
 * `gatescope bench kernels [--json] [--threads N]`: every op of the processor path against ref,
 * timed only after it agreed with ref within its contract. Times are the best of several; GFLOP/s
 * and GB/s use the contract's counts.
 *
 * Layer: app.
 */
#include "app/commands.h"
#include "core/read/json_text.h"
#include "core/run/machine.h"
#include "kernels/matmul.h"
#include "kernels/softmax.h"
#include "kernels/top_k.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef enum bench_op {
    OP_MATMUL,
    OP_SOFTMAX,
    OP_TOP_K,
} bench_op;

/* matmul: [rows, k] [k, columns]; softmax: [rows, columns]; top_k: the k largest of [rows,
 * columns]. */
typedef struct bench_case {
    bench_op op;
    gsc_dtype dtype;
    size_t rows, columns, k;
} bench_case;

static const bench_case cases[] = {
    {OP_MATMUL, GSC_F32, 512, 512, 512}, {OP_MATMUL, GSC_F64, 512, 512, 512},
    {OP_MATMUL, GSC_F32, 2048, 64, 512}, {OP_MATMUL, GSC_F64, 2048, 64, 512},
    {OP_SOFTMAX, GSC_F32, 2048, 64, 0},  {OP_SOFTMAX, GSC_F64, 2048, 64, 0},
    {OP_SOFTMAX, GSC_F32, 2048, 256, 0}, {OP_SOFTMAX, GSC_F64, 2048, 256, 0},
    {OP_TOP_K, GSC_F32, 2048, 64, 6},    {OP_TOP_K, GSC_F64, 2048, 64, 6},
    {OP_TOP_K, GSC_F32, 2048, 256, 8},   {OP_TOP_K, GSC_F64, 2048, 256, 8},
};

enum {
    N_CASES = sizeof cases / sizeof cases[0],
    MOST_TENSORS = 3
};

/* A case's tensors on one queue: inputs, then the output. */
typedef struct bench_side {
    gsc_queue *queue;
    gsc_buf *bufs[MOST_TENSORS];
    gsc_view views[MOST_TENSORS];
    int n;
} bench_side;

typedef struct bench_result {
    char name[64];
    double ours_s, peer_s; /* seconds a call */
    double gflops, gbytes; /* of ours, a second; gflops 0 where the op has none */
    double deviation;      /* in the contract's measure */
} bench_result;

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static gsc_status add_tensor(bench_side *side, gsc_dtype dtype, size_t rows, size_t columns,
                             gsc_error *error) {
    gsc_buf **buf = &side->bufs[side->n];
    gsc_status status =
        gsc_buf_new(side->queue, rows * columns * gsc_dtype_bytes(dtype), buf, error);
    if (status != GSC_OK) {
        return status;
    }
    const int64_t shape[2] = {(int64_t)rows, (int64_t)columns};
    status = gsc_view_init(&side->views[side->n], *buf, dtype, 0, 2, shape, error);
    side->n++;
    return status;
}

/* Numbers in (-2, 2), the same for every case; made positive for the measure's scale. */
static gsc_status fill_tensor(bench_side *side, int which, bool positive, gsc_error *error) {
    const gsc_view *view = &side->views[which];
    size_t count = gsc_view_count(view);
    double *values = malloc(count * sizeof *values);
    if (values == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for %zu numbers", count);
    }
    uint64_t state = (uint64_t)which + 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        double value = (double)(state >> 11) * 0x1p-51 - 2.0;
        value = positive ? fabs(value) : value;
        if (view->dtype == GSC_F32) {
            ((float *)values)[i] = (float)value;
        } else {
            values[i] = value;
        }
    }
    gsc_status status = gsc_buf_write(side->queue, side->bufs[which], 0, values,
                                      count * gsc_dtype_bytes(view->dtype), error);
    free(values);
    return status;
}

static gsc_status set_up(bench_side *side, const bench_case *c, gsc_error *error) {
    gsc_status status;
    if (c->op == OP_MATMUL) {
        status = add_tensor(side, c->dtype, c->rows, c->k, error);
        status = status == GSC_OK ? add_tensor(side, c->dtype, c->k, c->columns, error) : status;
        status = status == GSC_OK ? add_tensor(side, c->dtype, c->rows, c->columns, error) : status;
    } else {
        gsc_dtype out = c->op == OP_TOP_K ? GSC_I32 : c->dtype;
        status = add_tensor(side, c->dtype, c->rows, c->columns, error);
        status = status == GSC_OK
                     ? add_tensor(side, out, c->rows, c->op == OP_TOP_K ? c->k : c->columns, error)
                     : status;
    }
    for (int i = 0; status == GSC_OK && i + 1 < side->n; i++) {
        status = fill_tensor(side, i, false, error);
    }
    return status;
}

static void tear_down(bench_side *side) {
    for (int i = 0; i < MOST_TENSORS; i++) {
        gsc_buf_free(side->bufs[i]);
        side->bufs[i] = NULL;
    }
    side->n = 0;
}

static gsc_status run_once(bench_side *side, const bench_case *c, gsc_error *error) {
    gsc_view *v = side->views;
    switch (c->op) {
    case OP_MATMUL:
        gsc_matmul(side->queue, &v[2], &v[0], &v[1], false, false, false);
        break;
    case OP_SOFTMAX:
        gsc_softmax(side->queue, &v[1], &v[0]);
        break;
    case OP_TOP_K:
        gsc_top_k(side->queue, &v[1], &v[0]);
        break;
    }
    return gsc_queue_finish(side->queue, error);
}

/* The output as doubles; NULL without memory or where reading failed. */
static double *read_output(bench_side *side, gsc_error *error) {
    int last = side->n - 1;
    const gsc_view *view = &side->views[last];
    size_t count = gsc_view_count(view), bytes = count * gsc_dtype_bytes(view->dtype);
    double *values = malloc(count * sizeof *values);
    void *raw = malloc(bytes);
    if (values == NULL || raw == NULL) {
        gsc_fail(error, GSC_ERR_MEMORY, "no memory for %zu numbers", count);
    } else if (gsc_buf_read(side->queue, side->bufs[last], 0, bytes, raw, error) == GSC_OK) {
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

/* The contract's scale of every output: |a| |b| for matmul (by ref on absolute values), else 1
 * (NULL). */
static gsc_status make_scale(bench_side *ref, const bench_case *c, double **ret_scale,
                             gsc_error *error) {
    *ret_scale = NULL;
    if (c->op != OP_MATMUL) {
        return GSC_OK;
    }
    for (int positive = 1; positive >= 0; positive--) {
        for (int i = 0; i < 2; i++) {
            gsc_status status = fill_tensor(ref, i, positive, error);
            if (status != GSC_OK) {
                return status;
            }
        }
        if (positive) {
            gsc_status status = run_once(ref, c, error);
            *ret_scale = status == GSC_OK ? read_output(ref, error) : NULL;
            if (*ret_scale == NULL) {
                return status != GSC_OK ? status : error->status;
            }
        }
    }
    return GSC_OK;
}

static double tolerance_of(const bench_case *c) {
    switch (c->op) {
    case OP_MATMUL:
        return gsc_matmul_tolerance(c->dtype, c->k).fail;
    case OP_SOFTMAX:
        return gsc_softmax_tolerance(c->dtype, c->columns).fail;
    default:
        return 0.0;
    }
}

/* Runs the op once on both sides and compares; the deviation goes to result. */
static gsc_status verify(bench_side sides[2], const bench_case *c, bench_result *result,
                         gsc_error *error) {
    double *scale = NULL, *got[2] = {NULL, NULL};
    gsc_status status = make_scale(&sides[1], c, &scale, error);
    for (int i = 0; i < 2 && status == GSC_OK; i++) {
        status = run_once(&sides[i], c, error);
        if (status == GSC_OK && (got[i] = read_output(&sides[i], error)) == NULL) {
            status = error->status;
        }
    }
    if (status == GSC_OK) {
        size_t count = gsc_view_count(&sides[0].views[sides[0].n - 1]);
        for (size_t i = 0; i < count; i++) {
            double difference = fabs(got[0][i] - got[1][i]) / (scale != NULL ? scale[i] : 1.0);
            if (!(difference <= result->deviation)) {
                result->deviation = difference;
            }
        }
        if (!(result->deviation <= tolerance_of(c))) {
            status =
                gsc_fail(error, GSC_ERR_NUMERIC,
                         "%s deviates from ref by %.3g where %.3g is allowed: no time is given",
                         result->name, result->deviation, tolerance_of(c));
        }
    }
    free(scale);
    free(got[0]);
    free(got[1]);
    return status;
}

/* The best time of a call within about budget_s, at least 3 calls. */
static gsc_status time_side(bench_side *side, const bench_case *c, double budget_s,
                            double *ret_seconds, gsc_error *error) {
    double begin = now_s(), best = INFINITY;
    for (int i = 0; i < 3 || now_s() - begin < budget_s; i++) {
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

static void count_work(const bench_case *c, bench_result *result) {
    double flops = 0.0, bytes = 0.0;
    switch (c->op) {
    case OP_MATMUL:
        flops = gsc_matmul_flops(c->rows, c->columns, c->k);
        bytes = gsc_matmul_bytes(c->dtype, c->rows, c->columns, c->k, false);
        break;
    case OP_SOFTMAX:
        flops = gsc_softmax_flops(c->rows, c->columns);
        bytes = gsc_softmax_bytes(c->dtype, c->rows, c->columns);
        break;
    case OP_TOP_K:
        bytes = gsc_top_k_bytes(c->dtype, c->rows, c->columns, c->k);
        break;
    }
    result->gflops = flops / result->ours_s * 1e-9;
    result->gbytes = bytes / result->ours_s * 1e-9;
}

/* sides[0] is ours, sides[1] ref. */
static gsc_status run_case(bench_side sides[2], const bench_case *c, bench_result *result,
                           gsc_error *error) {
    static const char *const names[] = {"matmul", "softmax", "top_k"};
    if (c->op == OP_SOFTMAX) {
        snprintf(result->name, sizeof result->name, "softmax %s %zux%zu", gsc_dtype_name(c->dtype),
                 c->rows, c->columns);
    } else {
        snprintf(result->name, sizeof result->name, "%s %s %zux%zux%zu", names[c->op],
                 gsc_dtype_name(c->dtype), c->rows, c->columns, c->k);
    }
    gsc_status status = set_up(&sides[0], c, error);
    status = status == GSC_OK ? set_up(&sides[1], c, error) : status;
    status = status == GSC_OK ? verify(sides, c, result, error) : status;
    status = status == GSC_OK ? time_side(&sides[0], c, 0.2, &result->ours_s, error) : status;
    status = status == GSC_OK ? time_side(&sides[1], c, 0.1, &result->peer_s, error) : status;
    if (status == GSC_OK) {
        count_work(c, result);
    }
    tear_down(&sides[0]);
    tear_down(&sides[1]);
    return status;
}

static void print_table(const bench_result *results, const char *path, unsigned threads) {
    printf("%-24s %12s %12s %8s %10s %8s\n", "op", path, "ref", "ratio", "GFLOP/s", "GB/s");
    for (int i = 0; i < N_CASES; i++) {
        const bench_result *r = &results[i];
        printf("%-24s %9.3f ms %9.3f ms %7.1fx ", r->name, 1e3 * r->ours_s, 1e3 * r->peer_s,
               r->peer_s / r->ours_s);
        if (r->gflops > 0.0) {
            printf("%10.2f %8.2f\n", r->gflops, r->gbytes);
        } else {
            printf("%10s %8.2f\n", "", r->gbytes);
        }
    }
    printf("%u threads; ref has one. Every result agreed with ref before it was timed.\n", threads);
}

static int print_json(const bench_result *results, unsigned threads) {
    json_t *array = json_array();
    for (int i = 0; i < N_CASES; i++) {
        const bench_result *r = &results[i];
        json_array_append_new(array, json_pack("{s:s, s:f, s:f, s:f, s:s, s:s, s:o, s:f, s:f}",
                                               "name", r->name, "ours", 1e3 * r->ours_s, "peer",
                                               1e3 * r->peer_s, "ratio", r->peer_s / r->ours_s,
                                               "unit", "ms", "peer_name", "ref", "gflops",
                                               r->gflops > 0.0 ? json_real(r->gflops) : json_null(),
                                               "gbytes", r->gbytes, "deviation", r->deviation));
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

static gsc_status run_all(unsigned threads, bench_result *results, const char **ret_path,
                          unsigned *ret_threads, gsc_error *error) {
    gsc_pool *pool = NULL;
    bench_side sides[2] = {0};
    gsc_status status = gsc_pool_new(threads, &pool, error);
    if (status == GSC_OK) {
        *ret_threads = gsc_pool_threads(pool);
        *ret_path = gsc_device_name(gsc_device_cpu());
        status = gsc_queue_new(gsc_device_cpu(), pool, 0, &sides[0].queue, error);
    }
    if (status == GSC_OK) {
        status = gsc_queue_new(gsc_device_ref(), NULL, 0, &sides[1].queue, error);
    }
    for (int i = 0; i < N_CASES && status == GSC_OK; i++) {
        status = run_case(sides, &cases[i], &results[i], error);
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
    bench_result results[N_CASES] = {0};
    gsc_error error = {0};
    const char *path = "cpu";
    if (run_all(threads, results, &path, &threads, &error) != GSC_OK) {
        fprintf(stderr, "gatescope bench kernels: %s\n", error.message);
        return 1;
    }
    if (json) {
        return print_json(results, threads);
    }
    print_table(results, path, threads);
    return 0;
}
