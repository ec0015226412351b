/* SPDX-License-Identifier: MIT
 *
 * A square of numbers turned over in registers; for isa sources at AVX-512 only. Layer: kernels,
 * private.
 */
#ifndef GSC_KERNELS_CPU_TURN_OVER_H
#define GSC_KERNELS_CPU_TURN_OVER_H

#if defined(__AVX512F__)

#include <immintrin.h>
#include <stddef.h>

/* The rows r of 16 x 16 numbers, used up, become the columns of `to`, whose rows are to_row apart. */
static inline __attribute__((always_inline)) void gsc_turn_rows(float *to, size_t to_row,
                                                                __m512 r[16]) {
    __m512 t[16];
#pragma GCC unroll 8
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 16; i += 4) {
        r[i] = (__m512)_mm512_unpacklo_pd((__m512d)t[i], (__m512d)t[i + 2]);
        r[i + 1] = (__m512)_mm512_unpackhi_pd((__m512d)t[i], (__m512d)t[i + 2]);
        r[i + 2] = (__m512)_mm512_unpacklo_pd((__m512d)t[i + 1], (__m512d)t[i + 3]);
        r[i + 3] = (__m512)_mm512_unpackhi_pd((__m512d)t[i + 1], (__m512d)t[i + 3]);
    }
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
        __m512 even = _mm512_shuffle_f32x4(r[j], r[4 + j], 0x88);
        __m512 odd = _mm512_shuffle_f32x4(r[j], r[4 + j], 0xdd);
        __m512 even_high = _mm512_shuffle_f32x4(r[8 + j], r[12 + j], 0x88);
        __m512 odd_high = _mm512_shuffle_f32x4(r[8 + j], r[12 + j], 0xdd);
        float *at = to + (size_t)j * to_row;
        _mm512_store_ps(at, _mm512_shuffle_f32x4(even, even_high, 0x88));
        _mm512_store_ps(at + 4 * to_row, _mm512_shuffle_f32x4(odd, odd_high, 0x88));
        _mm512_store_ps(at + 8 * to_row, _mm512_shuffle_f32x4(even, even_high, 0xdd));
        _mm512_store_ps(at + 12 * to_row, _mm512_shuffle_f32x4(odd, odd_high, 0xdd));
    }
}

/* 16 x 16 numbers, rows from_row apart, turned over; rows of `to` are to_row apart. */
static inline __attribute__((always_inline)) void gsc_turn_over(float *to, size_t to_row,
                                                                const float *from,
                                                                size_t from_row) {
    __m512 r[16];
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) {
        r[i] = _mm512_loadu_ps(from + (size_t)i * from_row);
    }
    gsc_turn_rows(to, to_row, r);
}

#endif

#endif
