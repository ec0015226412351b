/* SPDX-License-Identifier: MIT
 *
 * Rows of gates in double on the host: numbers to and from float, sums and shares, what comes back
 * through them; compiled once per instruction set. host.h holds the contracts. Layer: kernels.
 *
 * Sums run over 16 fixed lanes at every level, so only libmvec's exp differs between them.
 */
#include "kernels/cpu/rows.h"

enum {
    LANES = 16
};

static inline double sum_of(const double part[LANES]) {
    double sum[LANES];
    for (size_t l = 0; l < LANES; l++) {
        sum[l] = part[l];
    }
    for (size_t width = LANES / 2; width > 0; width /= 2) {
        for (size_t l = 0; l < width; l++) {
            sum[l] += sum[l + width];
        }
    }
    return sum[0];
}

/* 0 * x is NaN where x is infinite or NaN, else 0. */
bool GSC_ISA_NAME(gsc_rows_finite)(const double *x, size_t n) {
    double part[LANES] = {0};
    const size_t whole = n - n % LANES;
    for (size_t j = 0; j < whole; j += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            part[l] += 0.0 * x[j + l];
        }
    }
    for (size_t j = whole; j < n; j++) {
        part[j - whole] += 0.0 * x[j];
    }
    return sum_of(part) == 0.0;
}

bool GSC_ISA_NAME(gsc_rows_widen)(double *restrict to, const float *restrict from, size_t n) {
    double part[LANES] = {0};
    const size_t whole = n - n % LANES;
    for (size_t j = 0; j < whole; j += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            to[j + l] = from[j + l];
            part[l] += 0.0 * to[j + l];
        }
    }
    for (size_t j = whole; j < n; j++) {
        to[j] = from[j];
        part[j - whole] += 0.0 * to[j];
    }
    return sum_of(part) == 0.0;
}

void GSC_ISA_NAME(gsc_rows_narrow)(float *restrict to, const double *restrict from, size_t n) {
    for (size_t j = 0; j < n; j++) {
        to[j] = (float)from[j];
    }
}

static inline double add_up(const double *x, size_t n) {
    double part[LANES] = {0};
    const size_t whole = n - n % LANES;
    for (size_t j = 0; j < whole; j += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            part[l] += x[j + l];
        }
    }
    for (size_t j = whole; j < n; j++) {
        part[j - whole] += x[j];
    }
    return sum_of(part);
}

static inline double most_of(const double *x, size_t n) {
    double most[LANES];
    const size_t whole = n - n % LANES;
    for (size_t l = 0; l < LANES; l++) {
        most[l] = x[0];
    }
    for (size_t j = 0; j < whole; j += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            most[l] = x[j + l] > most[l] ? x[j + l] : most[l];
        }
    }
    for (size_t j = whole; j < n; j++) {
        most[j - whole] = x[j] > most[j - whole] ? x[j] : most[j - whole];
    }
    for (size_t width = LANES / 2; width > 0; width /= 2) {
        for (size_t l = 0; l < width; l++) {
            most[l] = most[l + width] > most[l] ? most[l + width] : most[l];
        }
    }
    return most[0];
}

double GSC_ISA_NAME(gsc_rows_least)(const double *x, size_t n) {
    double least[LANES];
    const size_t whole = n - n % LANES;
    for (size_t l = 0; l < LANES; l++) {
        least[l] = x[0];
    }
    for (size_t j = 0; j < whole; j += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            least[l] = x[j + l] < least[l] ? x[j + l] : least[l];
        }
    }
    for (size_t j = whole; j < n; j++) {
        least[j - whole] = x[j] < least[j - whole] ? x[j] : least[j - whole];
    }
    for (size_t l = 1; l < LANES; l++) {
        least[0] = least[l] < least[0] ? least[l] : least[0];
    }
    return least[0];
}

static inline void divide(double *x, size_t n, double by) {
    for (size_t j = 0; j < n; j++) {
        x[j] /= by;
    }
}

double GSC_ISA_NAME(gsc_rows_exp)(double *restrict p, const double *restrict a, size_t n,
                                  bool shares, double *ret_top) {
    const double top = shares ? most_of(a, n) : 0.0;
    for (size_t j = 0; j < n; j++) {
        p[j] = exp(a[j] - top);
    }
    const double sum = add_up(p, n);
    if (shares) {
        divide(p, n, sum);
    }
    *ret_top = top;
    return sum;
}

double GSC_ISA_NAME(gsc_rows_share)(double *restrict p, const double *restrict a, size_t n,
                                    bool shares) {
    for (size_t j = 0; j < n; j++) {
        p[j] = a[j];
    }
    const double sum = add_up(p, n);
    if (shares) {
        divide(p, n, sum);
    }
    return sum;
}

bool GSC_ISA_NAME(gsc_rows_add)(double *restrict c, const double *restrict a,
                                const double *restrict b, size_t n) {
    double part[LANES] = {0};
    const size_t whole = n - n % LANES;
    for (size_t j = 0; j < whole; j += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            c[j + l] = a[j + l] + b[j + l];
            part[l] += 0.0 * c[j + l];
        }
    }
    for (size_t j = whole; j < n; j++) {
        c[j] = a[j] + b[j];
        part[j - whole] += 0.0 * c[j];
    }
    return sum_of(part) == 0.0;
}

void GSC_ISA_NAME(gsc_rows_share_backward)(double *restrict da, const double *restrict p,
                                           const double *restrict dp, size_t n, bool shares,
                                           const double *scale) {
    double mean = 0.0;
    if (shares) {
        double part[LANES] = {0};
        const size_t whole = n - n % LANES;
        for (size_t j = 0; j < whole; j += LANES) {
            for (size_t l = 0; l < LANES; l++) {
                part[l] += dp[j + l] * p[j + l];
            }
        }
        for (size_t j = whole; j < n; j++) {
            part[j - whole] += dp[j] * p[j];
        }
        mean = sum_of(part);
    }
    if (scale != NULL) {
        const double factor = *scale;
        for (size_t j = 0; j < n; j++) {
            da[j] = factor * (dp[j] - mean);
        }
    } else {
        for (size_t j = 0; j < n; j++) {
            da[j] = p[j] * (dp[j] - mean);
        }
    }
}

bool GSC_ISA_NAME(gsc_rows_add_product)(double *restrict c, const double *restrict a,
                                        const double *restrict b, size_t n) {
    double part[LANES] = {0};
    const size_t whole = n - n % LANES;
    for (size_t j = 0; j < whole; j += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            c[j + l] += a[j + l] * b[j + l];
            part[l] += 0.0 * c[j + l];
        }
    }
    for (size_t j = whole; j < n; j++) {
        c[j] += a[j] * b[j];
        part[j - whole] += 0.0 * c[j];
    }
    return sum_of(part) == 0.0;
}
