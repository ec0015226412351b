/* SPDX-License-Identifier: MIT
 *
 * What every product on the tile unit is made of: numbers split into parts, blocks turned over, a panel by
 * a panel (tiles.h). For sources that are compiled for the unit. Layer: kernels, private.
 */
#ifndef GSC_KERNELS_CPU_TILES_SPLIT_H
#define GSC_KERNELS_CPU_TILES_SPLIT_H

#include "kernels/cpu/tiles.h"
#include "kernels/cpu/turn_over.h"

#include <immintrin.h>

enum {
    GSC_TILES_SIDE = 16, /* rows of a tile, numbers of a vector */
    GSC_TILES_GROUPS = 6 /* of products in a step */
};

#define GSC_TILES_INLINE static inline __attribute__((always_inline))

/* The first `count` of a vector; none where the difference that it is fell below 0. */
GSC_TILES_INLINE __mmask16 gsc_tiles_mask(ptrdiff_t count) {
    return count >= GSC_TILES_SIDE ? (__mmask16)0xffff
           : count <= 0            ? 0
                                   : (__mmask16)((1u << count) - 1);
}

/* Pairs of the upper halves of `even` and `odd`. */
GSC_TILES_INLINE __m512i gsc_tiles_pairs(__m512i even, __m512i odd) {
    const __m512i upper_bytes = _mm512_set4_epi32(0x0f0e0f0e, 0x0b0a0b0a, 0x07060706, 0x03020302);
    return _mm512_mask_shuffle_epi8(odd, 0x3333333333333333, even, upper_bytes);
}

/* 16 pairs into the three parts, rows of 64 bytes. */
GSC_TILES_INLINE void gsc_tiles_split(uint8_t *to, __m512 even, __m512 odd) {
    const __m512i half = _mm512_set1_epi32(0x8000), upper = _mm512_set1_epi32(-0x10000);
    __m512i high_0 = _mm512_and_si512(_mm512_add_epi32(_mm512_castps_si512(even), half), upper);
    __m512i high_1 = _mm512_and_si512(_mm512_add_epi32(_mm512_castps_si512(odd), half), upper);
    __m512 rest_0 = _mm512_sub_ps(even, _mm512_castsi512_ps(high_0));
    __m512 rest_1 = _mm512_sub_ps(odd, _mm512_castsi512_ps(high_1));
    __m512i middle_0 = _mm512_and_si512(_mm512_add_epi32(_mm512_castps_si512(rest_0), half), upper);
    __m512i middle_1 = _mm512_and_si512(_mm512_add_epi32(_mm512_castps_si512(rest_1), half), upper);
    __m512i low_0 = _mm512_castps_si512(_mm512_sub_ps(rest_0, _mm512_castsi512_ps(middle_0)));
    __m512i low_1 = _mm512_castps_si512(_mm512_sub_ps(rest_1, _mm512_castsi512_ps(middle_1)));
    _mm512_store_si512(to, gsc_tiles_pairs(high_0, high_1));
    _mm512_store_si512(to + GSC_TILES_PART_BYTES, gsc_tiles_pairs(middle_0, middle_1));
    _mm512_store_si512(to + 2 * GSC_TILES_PART_BYTES, gsc_tiles_pairs(low_0, low_1));
}

/* 16 x 16 numbers turned over, rows and columns beyond the ends zero. */
GSC_TILES_INLINE void gsc_tiles_turn(float *to, const float *from, size_t row, ptrdiff_t rows,
                                     ptrdiff_t columns) {
    const __mmask16 mask = gsc_tiles_mask(columns);
    __m512 r[GSC_TILES_SIDE];
#pragma GCC unroll 16
    for (int i = 0; i < GSC_TILES_SIDE; i++) {
        r[i] = _mm512_maskz_loadu_ps(i < rows ? mask : 0, from + (size_t)i * row);
    }
    gsc_turn_rows(to, GSC_TILES_SIDE, r);
}

/* Parts in the order in which they are packed. */
enum {
    GSC_TILES_HIGH,
    GSC_TILES_MIDDLE,
    GSC_TILES_LOW
};

/* Parts of both tiles of a step: a's in 4 and 5, b's in 6 and 7. */
#define GSC_TILES_LOAD_A(part)                                                                     \
    _tile_loadd(4, a + (part)*GSC_TILES_PART_BYTES, 64);                                           \
    if (rows == 2) {                                                                               \
        _tile_loadd(5, a + (3 + (part)) * GSC_TILES_PART_BYTES, 64);                               \
    }
#define GSC_TILES_LOAD_B(part)                                                                     \
    _tile_loadd(6, b + (part)*GSC_TILES_PART_BYTES, 64);                                           \
    if (columns == 2) {                                                                            \
        _tile_loadd(7, b + (3 + (part)) * GSC_TILES_PART_BYTES, 64);                               \
    }
#define GSC_TILES_MULTIPLY(group)                                                                  \
    _tile_dpbf16ps(0, 4, 6);                                                                       \
    if (rows == 2) {                                                                               \
        _tile_dpbf16ps(1, 5, 6);                                                                   \
    }                                                                                              \
    if (columns == 2) {                                                                            \
        _tile_dpbf16ps(2, 4, 7);                                                                   \
    }                                                                                              \
    if (rows == 2 && columns == 2) {                                                               \
        _tile_dpbf16ps(3, 5, 7);                                                                   \
    }                                                                                              \
    if (beside != NULL) {                                                                          \
        beside(data, s, (group));                                                                  \
    }

/* A panel of a by one of b is added to tiles 0 .. 3: row i and column j of tiles in tile i + 2 j; rows and
 * columns, 1 or 2, are constants where it is inlined. beside, if any, runs after each of the groups of
 * products of a step, while the unit works on them, and is told step and group. */
GSC_TILES_INLINE void gsc_tiles_sum(const uint8_t *a, const uint8_t *b, size_t steps, int rows,
                                    int columns, void (*beside)(void *, size_t, size_t),
                                    void *data) {
    /* The compiler does not know that loads of tiles read what was packed. */
    __asm__ volatile("" ::: "memory");
    for (size_t s = 0; s < steps; s++, a += GSC_TILES_STEP_BYTES, b += GSC_TILES_STEP_BYTES) {
        GSC_TILES_LOAD_A(GSC_TILES_LOW)
        GSC_TILES_LOAD_B(GSC_TILES_HIGH)
        GSC_TILES_MULTIPLY(0)
        GSC_TILES_LOAD_A(GSC_TILES_MIDDLE)
        GSC_TILES_MULTIPLY(1)
        GSC_TILES_LOAD_A(GSC_TILES_HIGH)
        GSC_TILES_MULTIPLY(2)
        GSC_TILES_LOAD_B(GSC_TILES_LOW)
        GSC_TILES_MULTIPLY(3)
        GSC_TILES_LOAD_B(GSC_TILES_MIDDLE)
        GSC_TILES_MULTIPLY(4)
        GSC_TILES_LOAD_A(GSC_TILES_MIDDLE)
        GSC_TILES_MULTIPLY(5)
    }
}

#undef GSC_TILES_LOAD_A
#undef GSC_TILES_LOAD_B
#undef GSC_TILES_MULTIPLY

#endif
