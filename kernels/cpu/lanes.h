/* SPDX-License-Identifier: MIT
 *
 * Sums over 16 fixed lanes, so that every instruction set adds in the same order; for isa sources
 * only. Layer: kernels, private.
 */
#ifndef GSC_KERNELS_CPU_LANES_H
#define GSC_KERNELS_CPU_LANES_H

#include <stddef.h>

enum {
    GSC_LANES = 16
};

static inline float gsc_lanes_sum(const float part[GSC_LANES]) {
    float sum[GSC_LANES / 2];
    for (size_t l = 0; l < 8; l++) {
        sum[l] = part[l] + part[l + 8];
    }
    for (size_t width = 4; width > 0; width /= 2) {
        for (size_t l = 0; l < width; l++) {
            sum[l] += sum[l + width];
        }
    }
    return sum[0];
}

static inline float gsc_lanes_add(const float *x, size_t n) {
    float part[GSC_LANES] = {0};
    size_t whole = n - n % GSC_LANES;
    for (size_t j = 0; j < whole; j += GSC_LANES) {
        for (size_t l = 0; l < GSC_LANES; l++) {
            part[l] += x[j + l];
        }
    }
    for (size_t j = whole; j < n; j++) {
        part[j - whole] += x[j];
    }
    return gsc_lanes_sum(part);
}

static inline float gsc_lanes_dot(const float *x, const float *y, size_t n) {
    float part[GSC_LANES] = {0};
    size_t whole = n - n % GSC_LANES;
    for (size_t j = 0; j < whole; j += GSC_LANES) {
        for (size_t l = 0; l < GSC_LANES; l++) {
            part[l] += x[j + l] * y[j + l];
        }
    }
    for (size_t j = whole; j < n; j++) {
        part[j - whole] += x[j] * y[j];
    }
    return gsc_lanes_sum(part);
}

static inline float gsc_lanes_max(const float *x, size_t n) {
    float most[GSC_LANES];
    size_t whole = n - n % GSC_LANES;
    for (size_t l = 0; l < GSC_LANES; l++) {
        most[l] = -__builtin_inff();
    }
    for (size_t j = 0; j < whole; j += GSC_LANES) {
        for (size_t l = 0; l < GSC_LANES; l++) {
            most[l] = x[j + l] > most[l] ? x[j + l] : most[l];
        }
    }
    for (size_t j = whole; j < n; j++) {
        most[j - whole] = x[j] > most[j - whole] ? x[j] : most[j - whole];
    }
    float top = most[0];
    for (size_t l = 1; l < GSC_LANES; l++) {
        top = most[l] > top ? most[l] : top;
    }
    return top;
}

#endif
