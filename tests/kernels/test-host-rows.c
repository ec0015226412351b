/* SPDX-License-Identifier: MIT
 *
 * The host's rows of gates at every instruction set against plain loops, at lengths around the 16
 * lanes. Layer: tests.
 */
#include "kernels/cpu/rows.h"
#include "kernels/cpu_info.h"
#include "tests/tap.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST = 300
};

static const size_t lengths[] = {1, 2, 7, 15, 16, 17, 31, 33, 64, 257, 300};

static double draw(void) {
    static uint64_t state = 7;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (double)(state >> 11) * 0x1p-52 - 1.0;
}

static void fill(double *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        x[i] = 3.0 * draw();
    }
}

static bool near(double a, double b, double scale) {
    return fabs(a - b) <= 1e-14 * fmax(1.0, scale);
}

/* p of shares, log of the sum, and what comes back, all by definition. */
static bool exp_is_right(gsc_isa isa, size_t n, bool shares) {
    double a[MOST] = {0}, p[MOST], top = -1, sum = 0;
    fill(a, n);
    a[n / 2] += 700.0 * !shares; /* near the largest that is not divided */
    const double given = GSC_ISA_PICK(isa, gsc_rows_exp)(p, a, n, shares, &top);
    double most = shares ? a[0] : 0.0;
    for (size_t j = 0; shares && j < n; j++) {
        most = fmax(most, a[j]);
    }
    for (size_t j = 0; j < n; j++) {
        sum += exp(a[j] - most);
    }
    bool good = top == most && fabs(given - sum) <= 1e-13 * sum;
    for (size_t j = 0; j < n; j++) {
        const double expected = exp(a[j] - most) / (shares ? sum : 1.0);
        good = good && fabs(p[j] - expected) <= 1e-13 * expected;
    }
    return good;
}

static bool shares_are_right(gsc_isa isa, size_t n, bool shares, bool scaled) {
    double a[MOST] = {0}, p[MOST], dp[MOST], da[MOST], sum = 0, mean = 0;
    const double scale = 0.75;
    fill(a, n);
    fill(dp, n);
    for (size_t j = 0; j < n; j++) {
        a[j] = fabs(a[j]) + 0.1;
        sum += a[j];
    }
    bool good = near(GSC_ISA_PICK(isa, gsc_rows_share)(p, a, n, shares), sum, sum);
    for (size_t j = 0; j < n; j++) {
        good = good && near(p[j], shares ? a[j] / sum : a[j], 1.0);
        mean += shares ? dp[j] * p[j] : 0.0;
    }
    GSC_ISA_PICK(isa, gsc_rows_share_backward)(da, p, dp, n, shares, scaled ? &scale : NULL);
    for (size_t j = 0; j < n; j++) {
        good = good && near(da[j], (scaled ? scale : p[j]) * (dp[j] - mean), 10.0);
    }
    return good;
}

static bool sums_are_right(gsc_isa isa, size_t n) {
    double a[MOST], b[MOST], c[MOST], d[MOST], least = INFINITY;
    fill(a, n);
    fill(b, n);
    fill(d, n);
    bool good = GSC_ISA_PICK(isa, gsc_rows_add)(c, a, b, n);
    for (size_t j = 0; j < n; j++) {
        good = good && c[j] == a[j] + b[j];
        c[j] = d[j];
        least = fmin(least, a[j]);
    }
    good = GSC_ISA_PICK(isa, gsc_rows_add_product)(c, a, b, n) && good;
    for (size_t j = 0; j < n; j++) {
        good = good && c[j] == d[j] + a[j] * b[j];
    }
    return good && GSC_ISA_PICK(isa, gsc_rows_least)(a, n) == least;
}

static bool moves_are_right(gsc_isa isa, size_t n) {
    double wide[MOST];
    float from[MOST], back[MOST];
    for (size_t j = 0; j < n; j++) {
        from[j] = (float)draw();
    }
    bool good = GSC_ISA_PICK(isa, gsc_rows_widen)(wide, from, n);
    GSC_ISA_PICK(isa, gsc_rows_narrow)(back, wide, n);
    for (size_t j = 0; j < n; j++) {
        good = good && wide[j] == (double)from[j];
    }
    return good && memcmp(from, back, n * sizeof *from) == 0;
}

/* One number of n that is not finite is seen wherever it stands; the largest are. */
static bool sees_what_is_not_finite(gsc_isa isa, size_t n) {
    static const double odd[] = {INFINITY, -INFINITY, NAN};
    double x[MOST], c[MOST], zero[MOST] = {0};
    float single[MOST];
    for (size_t j = 0; j < n; j++) {
        x[j] = j % 2 ? DBL_MAX : -DBL_MAX;
        single[j] = j % 2 ? FLT_MAX : -FLT_MAX;
    }
    bool good =
        GSC_ISA_PICK(isa, gsc_rows_finite)(x, n) && GSC_ISA_PICK(isa, gsc_rows_widen)(c, single, n);
    for (size_t j = 0; j < n; j++) {
        for (size_t k = 0; k < sizeof odd / sizeof odd[0]; k++) {
            const double before = x[j];
            const float single_before = single[j];
            x[j] = odd[k];
            single[j] = (float)odd[k];
            good = good && !GSC_ISA_PICK(isa, gsc_rows_finite)(x, n) &&
                   !GSC_ISA_PICK(isa, gsc_rows_add)(c, x, zero, n) &&
                   !GSC_ISA_PICK(isa, gsc_rows_widen)(c, single, n);
            x[j] = before;
            single[j] = single_before;
        }
    }
    return good;
}

static void test_level(gsc_isa isa) {
    const size_t count = sizeof lengths / sizeof lengths[0];
    bool good[5] = {true, true, true, true, true};
    for (size_t i = 0; i < count; i++) {
        const size_t n = lengths[i];
        good[0] = good[0] && exp_is_right(isa, n, true) && exp_is_right(isa, n, false);
        for (int k = 0; k < 4; k++) {
            good[1] = good[1] && shares_are_right(isa, n, k % 2, k / 2);
        }
        good[2] = good[2] && sums_are_right(isa, n);
        good[3] = good[3] && moves_are_right(isa, n);
        good[4] = good[4] && sees_what_is_not_finite(isa, n);
    }
    static const char *const what[] = {
        "exponentials and their shares", "shares of sums, forward and backward",
        "sums, products and the least", "numbers widen and narrow without loss",
        "what is not finite is seen wherever it stands"};
    for (int k = 0; k < 5; k++) {
        char text[96];
        snprintf(text, sizeof text, "%s: %s", gsc_isa_name(isa), what[k]);
        TAP_OK(good[k], text);
    }
}

int main(void) {
    for (int isa = 0; isa <= (int)gsc_cpu_info_get()->isa_best; isa++) {
        test_level((gsc_isa)isa);
    }
    return tap_done();
}
