/* SPDX-License-Identifier: MIT
 *
 * The loops of kernels/mixture.h at every instruction set of this machine against the plain ones:
 * all numbers of components that are compiled as constants and one that is not, whole and ragged
 * blocks, spread-out terms, and nothing written beyond the padding.
 */
#include "kernels/mixture.h"

#include "kernels/cpu_info.h"
#include "tests/tap.h"

#include <float.h>
#include <stdlib.h>

enum {
    B = GSC_MIXTURE_STRIDE,
    MOST = 8
};

typedef struct arrays {
    double e[MOST * B], a[MOST * B], slope[MOST * B], x[3 * B], jacobian[6 * B];
    double r[MOST * B], q[MOST * B], log_pi[MOST * B], scratch[2 * B];
} arrays;

static _Alignas(64) arrays ours, theirs;
static uint64_t state = 1;

static double uniform(double low, double high) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return low + (high - low) * (double)(state >> 11) * 0x1p-53;
}

static void draw(double *to, size_t count, double low, double high) {
    for (size_t i = 0; i < count; i++) {
        to[i] = uniform(low, high);
    }
}

/* The largest |a - b| / (1 + |b|). */
static double worst(size_t count, const double *a, const double *b) {
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        const double gap = fabs(a[i] - b[i]) / (1 + fabs(b[i]));
        most = gap <= most ? most : isnan(gap) ? INFINITY : gap;
    }
    return most;
}

static double worst_columns(size_t columns, size_t rows, const double *a, const double *b) {
    double most = 0;
    for (size_t c = 0; c < columns; c++) {
        most = fmax(most, worst(rows, a + c * B, b + c * B));
    }
    return most;
}

static void fill(double spread) {
    draw(ours.e, MOST * B, -spread, spread);
    draw(ours.a, MOST * B, -spread, spread);
    draw(ours.slope, MOST * B, 0, 1);
    draw(ours.x, 3 * B, -3, 3);
    draw(ours.jacobian, 6 * B, -2, 2);
    theirs = ours;
}

static void compare(const gsc_mixture_kernels *fast, size_t rows, size_t k1, size_t k2,
                    double spread) {
    const gsc_mixture_kernels *ref = gsc_mixture_kernels_ref();
    double constant[MOST], precision[MOST], one[200] = {0}, two[200] = {0}, f1[500] = {0},
                                            f2[500] = {0};
    const size_t k = k1 + k2;
    fill(spread);
    draw(constant, MOST, -3, 0);
    draw(precision, MOST, 0.5, 2);
    ours.r[(k - 1) * B + 520 - 1] = theirs.r[(k - 1) * B + 520 - 1] = 12345;
    double l1 = fast->posterior(rows, k1, k2, constant, precision, ours.e, ours.a, ours.slope,
                                ours.r, ours.q);
    double l2 = ref->posterior(rows, k1, k2, constant, precision, theirs.e, theirs.a, theirs.slope,
                               theirs.r, theirs.q);
    TAP_NEAR(l1, l2, 1e-13 * (fabs(l2) + (double)rows), "posterior: log-likelihood");
    TAP_OK(worst_columns(k, rows, ours.r, theirs.r) < 1e-13, "posterior: r");
    TAP_OK(worst_columns(k2, rows, ours.q, theirs.q) < 1e-14, "posterior: q");
    double sum = 0, padding = 0;
    for (size_t c = 0; c < k; c++) {
        sum += ours.r[c * B + rows - 1];
        for (size_t t = rows; t < (rows + 15) / 16 * 16; t++) {
            padding += fabs(ours.r[c * B + t]);
        }
    }
    TAP_NEAR(sum, 1, 1e-14, "posterior: a row sums to 1");
    TAP_OK(padding == 0, "posterior: rows that are not there have no weight");
    TAP_OK(ours.r[(k - 1) * B + 520 - 1] == 12345, "posterior: nothing beyond the block");
    for (size_t p = 1; p <= 6; p++) {
        fast->moments(rows, p, theirs.r, theirs.e, theirs.jacobian, B, one);
        ref->moments(rows, p, theirs.r, theirs.e, theirs.jacobian, B, two);
    }
    TAP_OK(worst(200, one, two) < 1e-12, "moments of 1 to 6 parameters");
    if (k2 == 0) {
        return;
    }
    const double *r = theirs.r + k1 * B;
    l1 = fast->gate_normalise(rows, k2, theirs.a, theirs.slope, r, ours.log_pi, ours.q);
    l2 = ref->gate_normalise(rows, k2, theirs.a, theirs.slope, r, theirs.log_pi, theirs.q);
    TAP_NEAR(l1, l2, 1e-13 * (fabs(l2) + (double)rows), "gate_normalise: Q");
    TAP_OK(worst_columns(k2, rows, ours.log_pi, theirs.log_pi) < 1e-14, "gate_normalise: log pi");
    TAP_OK(worst_columns(k2, rows, ours.q, theirs.q) < 1e-14, "gate_normalise: q");
    for (size_t d = 1; d <= 3; d++) {
        fast->gate_scores(rows, k2, d, theirs.x, r, theirs.q, theirs.slope, ours.scratch, one, f1);
        ref->gate_scores(rows, k2, d, theirs.x, r, theirs.q, theirs.slope, ours.scratch, two, f2);
    }
    TAP_OK(worst(200, one, two) < 1e-11, "gate_scores: gradient for 1 to 3 inputs");
    TAP_OK(worst(500, f1, f2) < 1e-11, "gate_scores: Fisher information for 1 to 3 inputs");
}

static void compare_columns(const gsc_mixture_kernels *fast, size_t n) {
    const gsc_mixture_kernels *ref = gsc_mixture_kernels_ref();
    const double coefficient[3] = {1.5, -2, 0.25};
    fill(3);
    for (size_t p = 0; p <= 3; p++) {
        fast->combine(n, p, 0.5, p % 2 ? ours.e : NULL, coefficient, ours.a + 1, B, ours.q + 3);
        ref->combine(n, p, 0.5, p % 2 ? ours.e : NULL, coefficient, ours.a + 1, B, theirs.q + 3);
        TAP_OK(worst(n, ours.q + 3, theirs.q + 3) < 1e-15, "combine");
    }
    fast->product(n, 3, ours.a + 1, ours.e, ours.q);
    ref->product(n, 3, ours.a + 1, ours.e, theirs.q);
    TAP_OK(worst(n, ours.q, theirs.q) < 1e-15, "product");
    TAP_NEAR(fast->dot(n, ours.a, ours.e), ref->dot(n, ours.a, ours.e), 1e-12 * (double)n, "dot");
    bool named = fast->finite(n, ours.a + 1) == 1;
    for (size_t at = 0; at < n; at += 7) {
        const double kept = ours.a[1 + at];
        ours.a[1 + at] = at % 2 ? (double)NAN : (double)INFINITY;
        named = named && fast->finite(n, ours.a + 1) == 0;
        ours.a[1 + at] = kept;
    }
    TAP_OK(named, "finite");
}

int main(void) {
    const size_t sizes[] = {1, 5, 16, 100, 511, 512};
    for (int isa = GSC_ISA_BASELINE; isa <= (int)gsc_cpu_info_get()->isa_best; isa++) {
        const gsc_mixture_kernels *fast = gsc_mixture_kernels_at((gsc_isa)isa);
        printf("# %s\n", gsc_isa_name((gsc_isa)isa));
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            for (size_t k1 = 0; k1 <= 2; k1++) {
                for (size_t k2 = k1 == 0 ? 1 : 0; k2 <= 5; k2++) {
                    compare(fast, sizes[i], k1, k2, i % 2 ? 4 : 25);
                }
            }
            compare_columns(fast, sizes[i]);
        }
    }
    return tap_done();
}
