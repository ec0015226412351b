/* SPDX-License-Identifier: MIT
 *
 * f32 products of hard numbers on every instruction set: magnitudes far apart, sums that cancel, parts
 * below the normal range, NaN and infinity. Against sums in double. Layer: tests.
 */
#include "kernels/buf.h"
#include "kernels/matmul.h"
#include "tests/tap.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    M = 96,
    N = 130,
    K = 300
};

typedef struct numbers {
    float a[M * K], b[K * N], c[M * N];
} numbers;

static double uniform(void) {
    static uint64_t state = 7;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (double)(state >> 11) * 0x1p-53;
}

/* Either sign, magnitudes from 10^-digits to 10^digits. */
static float wide(double digits) {
    const double sign = uniform() < 0.5 ? -1.0 : 1.0;
    return (float)(sign * pow(10.0, digits * (2.0 * uniform() - 1.0)));
}

static bool multiply(const gsc_device *device, numbers *x) {
    const size_t counts[3] = {(size_t)M * N, (size_t)M * K, (size_t)K * N};
    const int64_t shapes[3][2] = {{M, N}, {M, K}, {K, N}};
    float *const arrays[3] = {x->c, x->a, x->b};
    gsc_queue *queue = NULL;
    gsc_buf *bufs[3] = {NULL};
    gsc_view views[3];
    bool good = gsc_queue_new(device, NULL, 0, &queue, NULL) == GSC_OK;
    for (int i = 0; i < 3 && good; i++) {
        const size_t bytes = counts[i] * sizeof(float);
        good = gsc_buf_new(queue, bytes, &bufs[i], NULL) == GSC_OK &&
               gsc_view_init(&views[i], bufs[i], GSC_F32, 0, 2, shapes[i], NULL) == GSC_OK &&
               gsc_buf_write(queue, bufs[i], 0, arrays[i], bytes, NULL) == GSC_OK;
    }
    if (good) {
        gsc_matmul(queue, &views[0], &views[1], &views[2], false, false, false);
        good = gsc_buf_read(queue, bufs[0], 0, counts[0] * sizeof(float), x->c, NULL) == GSC_OK &&
               gsc_queue_finish(queue, NULL) == GSC_OK;
    }
    for (int i = 0; i < 3; i++) {
        gsc_buf_free(bufs[i]);
    }
    gsc_queue_free(queue);
    return good;
}

/* The largest error over what is allowed: the tolerance of the sum of magnitudes, and `lost` of every
 * |a| + |b|. */
static double worst(const numbers *x, double lost) {
    const double tolerance = gsc_matmul_tolerance(GSC_F32, K).fail;
    double most = 0.0;
    for (size_t i = 0; i < M; i++) {
        for (size_t j = 0; j < N; j++) {
            double sum = 0.0, scale = 0.0, plain = 0.0;
            for (size_t l = 0; l < K; l++) {
                const double a = x->a[i * K + l], b = x->b[l * N + j];
                sum += a * b;
                scale += fabs(a * b);
                plain += fabs(a) + fabs(b);
            }
            const double allowed = tolerance * scale + lost * plain + K * (double)FLT_MIN;
            const double error = fabs((double)x->c[i * N + j] - sum) / allowed;
            most = error <= most ? most : error;
        }
    }
    return most;
}

static void check(const gsc_device *device, numbers *x, double lost, const char *name) {
    char what[160];
    const bool good = multiply(device, x);
    const double error = worst(x, lost);
    snprintf(what, sizeof what, "%s on %s: error %.2g of what is allowed", name,
             gsc_device_name(device), error);
    TAP_OK(good && error <= 1.0, what);
}

static void fill(numbers *x, double digits_a, double digits_b, double factor) {
    for (size_t i = 0; i < (size_t)M * K; i++) {
        x->a[i] = (float)(factor * (double)wide(digits_a));
    }
    for (size_t i = 0; i < (size_t)K * N; i++) {
        x->b[i] = wide(digits_b);
    }
}

static void test_finite(const gsc_device *device, numbers *x) {
    fill(x, 29.0, 6.0, 1.0);
    check(device, x, 0.0, "magnitudes from 1e-29 to 1e29");
    fill(x, 0.3, 0.3, 1.0);
    for (size_t i = 0; i < M; i++) {
        for (size_t l = 1; l < K; l += 2) {
            x->a[i * K + l] = (float)(-(double)x->a[i * K + l - 1] * (1.0 + 0x1p-20));
        }
    }
    for (size_t l = 1; l < K; l += 2) {
        memcpy(x->b + l * N, x->b + (l - 1) * N, N * sizeof *x->b);
    }
    check(device, x, 0.0, "sums that cancel to a millionth");
    fill(x, 0.3, 0.3, 1e-34);
    check(device, x, 0x1p-126, "numbers whose lower parts are subnormal");
    fill(x, 0.3, 0.3, 1e-40);
    check(device, x, 0x1p-126, "subnormal numbers");
}

/* One number of a is not finite: its row of c, and no other. */
static void test_not_finite(const gsc_device *device, numbers *x, float number) {
    enum {
        ROW = 37
    };
    char what[160];
    fill(x, 0.3, 0.3, 1.0);
    x->a[ROW * K + 123] = number;
    bool good = multiply(device, x);
    for (size_t i = 0; i < (size_t)M * N; i++) {
        good = good && isfinite(x->c[i]) == (i / N != ROW);
    }
    snprintf(what, sizeof what, "%g on %s stays in its row", (double)number,
             gsc_device_name(device));
    TAP_OK(good, what);
}

int main(void) {
    numbers *x = calloc(1, sizeof *x);
    for (int isa = 0; isa < GSC_ISA_COUNT && x != NULL; isa++) {
        const gsc_device *device = gsc_device_cpu_at((gsc_isa)isa);
        if (device != NULL) {
            test_finite(device, x);
            test_not_finite(device, x, NAN);
            test_not_finite(device, x, -NAN);
            test_not_finite(device, x, INFINITY);
            test_not_finite(device, x, -INFINITY);
        }
    }
    free(x);
    return tap_done();
}
