/* SPDX-License-Identifier: MIT
 *
 * Every op against ref: one list of cases per op, on every instruction set of this machine, with
 * one and two threads (same bits), between guard bands. Deviations stay below the contract's fail
 * tolerance; one above warn is printed.
 */
#include "kernels/cpu_info.h"
#include "kernels/host.h"
#include "kernels/matmul.h"
#include "kernels/softmax.h"
#include "kernels/top_k.h"
#include "tests/tap.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* ---- Tensors between guard bands ---- */

enum {
    GUARD = 24
}; /* elements on each side */

typedef struct tensor {
    gsc_queue *queue;
    gsc_buf *buf;
    gsc_view view;
    size_t count;
} tensor;

static const uint32_t guard_word = 0x7fc0dead; /* a NaN as f32 */

static tensor tensor_new(gsc_queue *queue, gsc_dtype dtype, size_t rows, size_t columns) {
    tensor t = {.queue = queue, .count = rows * columns};
    size_t bytes = (t.count + 2 * GUARD) * gsc_dtype_bytes(dtype);
    uint32_t *words = malloc(bytes);
    for (size_t i = 0; i < bytes / 4; i++) {
        words[i] = guard_word;
    }
    gsc_buf_new(queue, bytes, &t.buf, NULL);
    gsc_buf_write(queue, t.buf, 0, words, bytes, NULL);
    gsc_view_init(&t.view, t.buf, dtype, GUARD, 2,
                  (const int64_t[]){(int64_t)rows, (int64_t)columns}, NULL);
    free(words);
    return t;
}

static size_t element_bytes(const tensor *t) {
    return gsc_dtype_bytes(t->view.dtype);
}

static void tensor_fill(tensor *t, const double *values) {
    size_t bytes = t->count * element_bytes(t);
    void *raw = malloc(bytes + 1);
    for (size_t i = 0; i < t->count; i++) {
        if (t->view.dtype == GSC_F32) {
            ((float *)raw)[i] = (float)values[i];
        } else {
            ((double *)raw)[i] = values[i];
        }
    }
    gsc_buf_write(t->queue, t->buf, GUARD * element_bytes(t), raw, bytes, NULL);
    free(raw);
}

static void *tensor_raw(const tensor *t) {
    size_t bytes = gsc_buf_bytes(t->buf);
    void *raw = malloc(bytes);
    gsc_buf_read(t->queue, t->buf, 0, bytes, raw, NULL);
    return raw;
}

static double raw_get(const tensor *t, const void *raw, size_t i) {
    i += GUARD;
    switch (t->view.dtype) {
    case GSC_F32:
        return ((const float *)raw)[i];
    case GSC_F64:
        return ((const double *)raw)[i];
    default:
        return ((const int32_t *)raw)[i];
    }
}

static bool guards_hold(const tensor *t, const void *raw) {
    const uint32_t *words = raw;
    size_t guard = GUARD * element_bytes(t) / 4, all = gsc_buf_bytes(t->buf) / 4;
    for (size_t i = 0; i < guard; i++) {
        if (words[i] != guard_word || words[all - 1 - i] != guard_word) {
            return false;
        }
    }
    return true;
}

static void tensor_free(tensor *t) {
    gsc_buf_free(t->buf);
}

/* ---- Numbers ---- */

typedef enum pattern {
    NORMAL,
    TIES,     /* few distinct values */
    OUTLIERS, /* one in sixteen is a thousand times as large */
    EQUAL,
    INFINITE, /* one in five is -infinity */
    NOT_A_NUMBER,
    RISING,
    N_PATTERNS,
} pattern;

static uint64_t random_state = 1;

static double uniform(void) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (double)(random_state >> 11) * 0x1p-53;
}

static double draw(pattern p, size_t i) {
    double value = uniform() + uniform() + uniform() + uniform() - 2.0;
    switch (p) {
    case TIES:
        return floor(value * 2.0);
    case OUTLIERS:
        return i % 16 == 5 ? 1000.0 * value : value;
    case EQUAL:
        return 0.5;
    case INFINITE:
        return i % 5 == 2 ? -INFINITY : value;
    case NOT_A_NUMBER:
        return i % 7 == 3 ? NAN : value;
    case RISING:
        return (double)i;
    default:
        return value;
    }
}

static double *draw_all(pattern p, size_t n) {
    double *values = malloc((n + 1) * sizeof *values);
    for (size_t i = 0; i < n; i++) {
        values[i] = draw(p, i);
    }
    return values;
}

/* ---- The two queues of a comparison: ref, and cpu at a level with 1 or 2 threads ---- */

static gsc_pool *pools[2];

static void report(const char *name, const char *path, double worst, gsc_tolerance tolerance,
                   bool guards, bool same_bits) {
    char what[200];
    snprintf(what, sizeof what, "%s on %s: deviation %.2g of %.2g allowed", name, path, worst,
             tolerance.fail);
    TAP_OK(worst <= tolerance.fail, what);
    if (worst > tolerance.warn) {
        printf("# above the warning at %.2g\n", tolerance.warn);
    }
    snprintf(what, sizeof what, "%s on %s: writes its output only, same bits with 2 threads", name,
             path);
    TAP_OK(guards && same_bits, what);
}

/* An op of up to three inputs, run on one queue; raw output of out comes back. */
typedef struct op_case {
    const char *name;
    gsc_dtype dtype;
    size_t rows, columns, k; /* matmul: m, n, k */
    bool transpose_a, transpose_b, accumulate;
    pattern pattern;
} op_case;

typedef void *run_case(gsc_queue *queue, const op_case *c, double *const inputs[3],
                       tensor *ret_out);

/* Compares with measure(i) = |cpu - ref| / scale[i]; NaN must meet NaN. */
static double compare(const tensor *out, const void *got, const tensor *expected_out,
                      const void *expected, const double *scale) {
    double worst = 0.0;
    for (size_t i = 0; i < out->count; i++) {
        double a = raw_get(out, got, i), b = raw_get(expected_out, expected, i);
        if (isnan(a) || isnan(b)) {
            worst = isnan(a) && isnan(b) ? worst : INFINITY;
            continue;
        }
        double difference = fabs(a - b);
        if (difference > 0.0) {
            double s = scale != NULL ? scale[i] : 1.0;
            worst = fmax(worst, difference / s);
        }
    }
    return worst;
}

static void check_case(const op_case *c, run_case *run, double *const inputs[3],
                       const double *scale, gsc_tolerance tolerance) {
    gsc_queue *ref = NULL;
    gsc_queue_new(gsc_device_ref(), NULL, 0, &ref, NULL);
    tensor expected_out;
    void *expected = run(ref, c, inputs, &expected_out);
    char name[128];
    snprintf(name, sizeof name, "%s %s [%zu,%zu,%zu]%s%s%s pattern %d", c->name,
             gsc_dtype_name(c->dtype), c->rows, c->columns, c->k, c->transpose_a ? " ta" : "",
             c->transpose_b ? " tb" : "", c->accumulate ? " acc" : "", (int)c->pattern);
    for (int level = 0; level < GSC_ISA_COUNT; level++) {
        const gsc_device *device = gsc_device_cpu_at((gsc_isa)level);
        if (device == NULL) {
            continue;
        }
        void *got[2];
        tensor out[2];
        gsc_queue *queues[2];
        bool guards = true;
        for (int i = 0; i < 2; i++) {
            gsc_queue_new(device, pools[i], 0, &queues[i], NULL);
            got[i] = run(queues[i], c, inputs, &out[i]);
            guards = guards && guards_hold(&out[i], got[i]);
        }
        double worst = compare(&out[0], got[0], &expected_out, expected, scale);
        bool same_bits = memcmp(got[0], got[1], gsc_buf_bytes(out[0].buf)) == 0;
        report(name, gsc_device_name(device), worst, tolerance, guards, same_bits);
        for (int i = 0; i < 2; i++) {
            free(got[i]);
            tensor_free(&out[i]);
            gsc_queue_free(queues[i]);
        }
    }
    free(expected);
    tensor_free(&expected_out);
    gsc_queue_free(ref);
}

static void *finish_case(gsc_queue *queue, tensor *out) {
    gsc_error error = {0};
    if (gsc_queue_finish(queue, &error) != GSC_OK) {
        printf("# %s\n", error.message);
        tap_failed++;
    }
    return tensor_raw(out);
}

/* ---- matmul ---- */

static void *run_matmul(gsc_queue *queue, const op_case *c, double *const inputs[3],
                        tensor *ret_out) {
    size_t m = c->rows, n = c->columns, k = c->k;
    tensor a =
        c->transpose_a ? tensor_new(queue, c->dtype, k, m) : tensor_new(queue, c->dtype, m, k);
    tensor b =
        c->transpose_b ? tensor_new(queue, c->dtype, n, k) : tensor_new(queue, c->dtype, k, n);
    tensor out = tensor_new(queue, c->dtype, m, n);
    tensor_fill(&a, inputs[0]);
    tensor_fill(&b, inputs[1]);
    if (c->accumulate) {
        tensor_fill(&out, inputs[2]);
    }
    gsc_matmul(queue, &out.view, &a.view, &b.view, c->transpose_a, c->transpose_b, c->accumulate);
    void *raw = finish_case(queue, &out);
    tensor_free(&a);
    tensor_free(&b);
    *ret_out = out;
    return raw;
}

/* |c_before| + |a| |b|. */
static double *product_scale(const op_case *c, double *const inputs[3]) {
    double *scale = malloc((c->rows * c->columns + 1) * sizeof *scale);
    for (size_t i = 0; i < c->rows; i++) {
        for (size_t j = 0; j < c->columns; j++) {
            double sum = c->accumulate ? fabs(inputs[2][i * c->columns + j]) : 0.0;
            for (size_t l = 0; l < c->k; l++) {
                double a = inputs[0][c->transpose_a ? l * c->rows + i : i * c->k + l];
                double b = inputs[1][c->transpose_b ? j * c->k + l : l * c->columns + j];
                sum += fabs(a * b);
            }
            scale[i * c->columns + j] = sum;
        }
    }
    return scale;
}

static void test_matmul(void) {
    static const struct {
        size_t m, n, k;
        bool ta, tb, accumulate;
        pattern pattern;
    } cases[] = {
        {1, 1, 1, false, false, false, NORMAL},      {0, 5, 3, false, false, false, NORMAL},
        {5, 0, 3, false, false, false, NORMAL},      {5, 3, 0, false, false, false, NORMAL},
        {5, 3, 0, false, false, true, NORMAL},       {7, 5, 3, false, false, false, NORMAL},
        {7, 5, 3, true, false, false, NORMAL},       {7, 5, 3, false, true, true, NORMAL},
        {7, 5, 3, true, true, true, NORMAL},         {1, 33, 65, false, false, false, NORMAL},
        {65, 1, 33, false, true, false, OUTLIERS},   {64, 64, 64, false, false, true, OUTLIERS},
        {300, 129, 67, false, false, false, NORMAL}, {300, 129, 67, true, false, true, NORMAL},
        {131, 517, 65, false, true, false, NORMAL},  {131, 517, 65, true, true, true, OUTLIERS},
        {200, 330, 300, false, true, true, NORMAL},  {70, 96, 1100, true, false, false, OUTLIERS},
        {96, 1040, 64, false, false, true, NORMAL},  {64, 600, 520, false, true, false, NORMAL},
    };
    for (int d = 0; d < 2; d++) {
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            op_case c = {"matmul",    (gsc_dtype)d,        cases[i].m,
                         cases[i].n,  cases[i].k,          cases[i].ta,
                         cases[i].tb, cases[i].accumulate, cases[i].pattern};
            double *inputs[3] = {draw_all(c.pattern, c.rows * c.k),
                                 draw_all(c.pattern, c.k * c.columns),
                                 draw_all(c.pattern, c.rows * c.columns)};
            double *scale = product_scale(&c, inputs);
            check_case(&c, run_matmul, inputs, scale, gsc_matmul_tolerance(c.dtype, c.k));
            free(scale);
            for (int j = 0; j < 3; j++) {
                free(inputs[j]);
            }
        }
    }
}

/* ---- softmax, top_k ---- */

static void *run_softmax(gsc_queue *queue, const op_case *c, double *const inputs[3],
                         tensor *ret_out) {
    tensor z = tensor_new(queue, c->dtype, c->rows, c->columns);
    tensor out = tensor_new(queue, c->dtype, c->rows, c->columns);
    tensor_fill(&z, inputs[0]);
    gsc_softmax(queue, &out.view, &z.view);
    void *raw = finish_case(queue, &out);
    tensor_free(&z);
    *ret_out = out;
    return raw;
}

static void *run_top_k(gsc_queue *queue, const op_case *c, double *const inputs[3],
                       tensor *ret_out) {
    tensor value = tensor_new(queue, c->dtype, c->rows, c->columns);
    tensor out = tensor_new(queue, GSC_I32, c->rows, c->k);
    tensor_fill(&value, inputs[0]);
    gsc_top_k(queue, &out.view, &value.view);
    void *raw = finish_case(queue, &out);
    tensor_free(&value);
    *ret_out = out;
    return raw;
}

/* rows, columns, k; every pattern of the list after it. */
static const size_t row_shapes[][3] = {
    {0, 4, 2},    {1, 1, 1},  {3, 1, 0},     {5, 7, 7},    {4, 16, 2},
    {9, 17, 4},   {3, 64, 6}, {2, 100, 100}, {700, 64, 8}, {33, 1023, 5},
    {40, 256, 8}, {6, 33, 9}, {7, 300, 12},  {3, 16, 16},  {5, 259, 16},
};

static void test_rows(const char *name, run_case *run) {
    bool softmax = run == run_softmax;
    for (int d = 0; d < 2; d++) {
        for (size_t i = 0; i < sizeof row_shapes / sizeof row_shapes[0]; i++) {
            for (int p = 0; p < N_PATTERNS; p++) {
                op_case c = {.name = name,
                             .dtype = (gsc_dtype)d,
                             .rows = row_shapes[i][0],
                             .columns = row_shapes[i][1],
                             .k = row_shapes[i][2],
                             .pattern = (pattern)p};
                double *inputs[3] = {draw_all(c.pattern, c.rows * c.columns), NULL, NULL};
                gsc_tolerance tolerance =
                    softmax ? gsc_softmax_tolerance(c.dtype, c.columns) : (gsc_tolerance){0.0, 0.0};
                check_case(&c, run, inputs, NULL, tolerance);
                free(inputs[0]);
            }
        }
    }
}

/* Known by hand, so that ref itself is not believed. */
static void test_known(void) {
    const double value[8] = {1.0, 3.0, NAN, 3.0, -INFINITY, 2.0, 3.0, 0.0};
    const int32_t expected[8] = {1, 3, 6, 5, 0, 7, 4, 2};
    int32_t index[8];
    gsc_host_top_k(index, value, 8, 8);
    TAP_OK(memcmp(index, expected, sizeof index) == 0,
           "top_k orders ties by index, -infinity late, NaN last");
    const double a[6] = {1, 2, 3, 4, 5, 6}, b[6] = {1, 0, 2, 1, 0, 1};
    double c[4] = {100, 100, 100, 100};
    gsc_host_matmul(c, a, b, 2, 2, 3, false, false, false);
    TAP_OK(c[0] == 5 && c[1] == 5 && c[2] == 14 && c[3] == 11, "a product known by hand");
    gsc_host_matmul(c, a, b, 2, 2, 3, true, true, true);
    TAP_OK(c[0] == 5 + 11 && c[1] == 5 + 6 && c[2] == 14 + 14 && c[3] == 11 + 8,
           "with both transposed, added to it");

    gsc_queue *queue = NULL;
    gsc_queue_new(gsc_device_ref(), NULL, 0, &queue, NULL);
    op_case softmax = {.dtype = GSC_F64, .rows = 1, .columns = 3};
    double z[3] = {0.0, 1.0986122886681098, -INFINITY}; /* 0, log 3 */
    double *inputs[3] = {z, NULL, NULL};
    tensor out;
    void *raw = run_softmax(queue, &softmax, inputs, &out);
    TAP_NEAR(raw_get(&out, raw, 0), 0.25, 1e-15,
             "softmax of (0, log 3, -infinity) starts with 1/4");
    TAP_OK(raw_get(&out, raw, 2) == 0.0, "and ends with 0");
    free(raw);
    tensor_free(&out);
    gsc_queue_free(queue);
}

int main(void) {
    gsc_pool_new(1, &pools[0], NULL);
    gsc_pool_new(2, &pools[1], NULL);
    test_known();
    test_matmul();
    test_rows("softmax", run_softmax);
    test_rows("top_k", run_top_k);
    gsc_pool_free(pools[0]);
    gsc_pool_free(pools[1]);
    return tap_done();
}
