/* SPDX-License-Identifier: MIT
 *
 * Sums over 16 fixed lanes, so that every instruction set adds in the same order, and exponentials;
 * for isa sources only. Layer: kernels, private.
 */
#ifndef GSC_KERNELS_CPU_LANES_H
#define GSC_KERNELS_CPU_LANES_H

#include "kernels/isa.h"

#include <stddef.h>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

enum {
    GSC_LANES = 16
};

#if defined(__AVX512F__)
/* The first n lanes, all where there are more. */
static inline __mmask16 gsc_lanes_mask(size_t n) {
    return n >= GSC_LANES ? (__mmask16)0xffff : (__mmask16)((1u << n) - 1);
}
#endif

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
#if defined(__AVX512F__)
    __m512 sum = _mm512_setzero_ps();
    for (size_t j = 0; j < n; j += GSC_LANES) {
        sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(gsc_lanes_mask(n - j), x + j));
    }
    _mm512_storeu_ps(part, sum);
#else
    size_t whole = n - n % GSC_LANES;
    for (size_t j = 0; j < whole; j += GSC_LANES) {
        for (size_t l = 0; l < GSC_LANES; l++) {
            part[l] += x[j + l];
        }
    }
    for (size_t j = whole; j < n; j++) {
        part[j - whole] += x[j];
    }
#endif
    return gsc_lanes_sum(part);
}

static inline float gsc_lanes_dot(const float *x, const float *y, size_t n) {
    float part[GSC_LANES] = {0};
#if defined(__AVX512F__)
    __m512 sum = _mm512_setzero_ps();
    for (size_t j = 0; j < n; j += GSC_LANES) {
        const __mmask16 mask = gsc_lanes_mask(n - j);
        const __m512 both =
            _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, x + j), _mm512_maskz_loadu_ps(mask, y + j));
        sum = _mm512_mask_add_ps(sum, mask, sum, both);
    }
    _mm512_storeu_ps(part, sum);
#else
    size_t whole = n - n % GSC_LANES;
    for (size_t j = 0; j < whole; j += GSC_LANES) {
        for (size_t l = 0; l < GSC_LANES; l++) {
            part[l] += x[j + l] * y[j + l];
        }
    }
    for (size_t j = whole; j < n; j++) {
        part[j - whole] += x[j] * y[j];
    }
#endif
    return gsc_lanes_sum(part);
}

static inline float gsc_lanes_max(const float *x, size_t n) {
#if defined(__AVX512F__)
    __m512 most = _mm512_set1_ps(-__builtin_inff());
    for (size_t j = 0; j < n; j += GSC_LANES) {
        __m512 next = _mm512_mask_loadu_ps(most, gsc_lanes_mask(n - j), x + j);
        most = _mm512_max_ps(next, most);
    }
    return _mm512_reduce_max_ps(most);
#else
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
#endif
}

/* out = exp(scale x - shift), in place or apart. At AVX-512 a multiple of log 2 is split off and a
 * polynomial of degree 7 (error 6e-9) scaled by that power of 2: 1 ulp, and 0 below -87, where
 * numbers would be subnormal and slow; else libmvec's. */
static inline void gsc_lanes_exp(float *out, const float *x, size_t n, float scale, float shift) {
#if defined(__AVX512F__)
    const __m512 factor = _mm512_set1_ps(scale), less = _mm512_set1_ps(shift);
    for (size_t j = 0; j < n; j += 16) {
        __mmask16 mask = gsc_lanes_mask(n - j);
        __m512 z = _mm512_fmsub_ps(factor, _mm512_maskz_loadu_ps(mask, x + j), less);
        const __m512 least = _mm512_set1_ps(-87.0f);
        __mmask16 there = _mm512_cmp_ps_mask(z, least, _CMP_NLT_UQ); /* NaN stays */
        z = _mm512_max_ps(least, z);
        __m512 whole = _mm512_roundscale_ps(_mm512_mul_ps(z, _mm512_set1_ps(0x1.715476p0f)),
                                            _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
        __m512 r = _mm512_fnmadd_ps(whole, _mm512_set1_ps(0x1.62e400p-1f), z);
        r = _mm512_fnmadd_ps(whole, _mm512_set1_ps(0x1.7f7d1cp-20f), r);
        __m512 sum = _mm512_set1_ps(1.0f / 5040.0f);
        sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(1.0f / 720.0f));
        sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(1.0f / 120.0f));
        sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(1.0f / 24.0f));
        sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(1.0f / 6.0f));
        sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(0.5f));
        sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(1.0f));
        sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(1.0f));
        _mm512_mask_storeu_ps(out + j, mask, _mm512_maskz_scalef_ps(there, sum, whole));
    }
#else
    for (size_t j = 0; j < n; j++) {
        out[j] = expf(scale * x[j] - shift);
    }
#endif
}

#endif
