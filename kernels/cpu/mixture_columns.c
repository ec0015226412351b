/* SPDX-License-Identifier: MIT
 *
 * The column loops of mixture.h: combine, product, dot, finite; compiled once per instruction set.
 * Layer: kernels.
 */
#include "kernels/mixture.h"

#include "kernels/cpu/mixture_vec.h"

void GSC_ISA_NAME(gsc_mixture_combine)(size_t n, size_t p, double constant, const double *base,
                                       const double *coefficient, const double *columns,
                                       size_t stride, double *ret) {
    if (p == 1) {
        const double factor = coefficient[0];
        for (size_t t = 0; t < n; t++) {
            ret[t] = constant + (base != NULL ? base[t] : 0) + factor * columns[t];
        }
        return;
    }
    if (p == 2) {
        const double first = coefficient[0], second = coefficient[1];
        const double *other = columns + stride;
        for (size_t t = 0; t < n; t++) {
            ret[t] =
                constant + (base != NULL ? base[t] : 0) + first * columns[t] + second * other[t];
        }
        return;
    }
    for (size_t t = 0; t < n; t++) {
        ret[t] = constant + (base != NULL ? base[t] : 0);
    }
    for (size_t i = 0; i < p; i++) {
        const double factor = coefficient[i], *column = columns + i * stride;
        for (size_t t = 0; t < n; t++) {
            ret[t] += factor * column[t];
        }
    }
}

void GSC_ISA_NAME(gsc_mixture_product)(size_t n, double factor, const double *a, const double *b,
                                       double *ret) {
    if (b == NULL) {
        for (size_t t = 0; t < n; t++) {
            ret[t] = factor * a[t];
        }
        return;
    }
    for (size_t t = 0; t < n; t++) {
        ret[t] = factor * a[t] * b[t];
    }
}

double GSC_ISA_NAME(gsc_mixture_dot)(size_t rows, const double *a, const double *b) {
    vec even = vec_set(0), odd = vec_set(0);
    const size_t whole = rows / (2 * LANES) * (2 * LANES);
    for (size_t t = 0; t < whole; t += 2 * LANES) {
        even = vec_fma(vec_load(a + t), vec_load(b + t), even);
        odd = vec_fma(vec_load(a + t + LANES), vec_load(b + t + LANES), odd);
    }
    double sum = vec_sum(even + odd);
    for (size_t t = whole; t < rows; t++) {
        sum += a[t] * b[t];
    }
    return sum;
}

/* A sum of x * 0 is NaN as soon as one x is not finite; it needs no branch for each value. */
int GSC_ISA_NAME(gsc_mixture_finite)(size_t n, const double *values) {
    enum {
        WIDE = 4
    };
    vec sum[WIDE] = {vec_set(0), vec_set(0), vec_set(0), vec_set(0)};
    size_t t = 0;
    for (; t + WIDE * LANES <= n; t += WIDE * LANES) {
        for (size_t i = 0; i < WIDE; i++) {
            vec value;
            memcpy(&value, values + t + i * LANES, sizeof value);
            sum[i] = vec_fma(value, vec_set(0), sum[i]);
        }
    }
    double rest = vec_sum((sum[0] + sum[1]) + (sum[2] + sum[3]));
    for (; t < n; t++) {
        rest += values[t] * 0;
    }
    return rest == 0;
}
