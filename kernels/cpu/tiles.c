/* SPDX-License-Identifier: MIT
 *
 * Products on the tile unit: split and pack, multiply, write. Layer: kernels.
 */
#include "kernels/cpu/tiles.h"

#include <immintrin.h>
#include <string.h>

enum {
    TILE = 16, /* rows of a tile, numbers of a vector */
    LINES = GSC_TILES_LINES,
    PART = GSC_TILES_PART_BYTES,
    STEP = GSC_TILES_STEP_BYTES,
    MOST_COLUMNS = 512 /* of a block of b */
};

#define ALWAYS static inline __attribute__((always_inline))

typedef struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tile_config;

void gsc_tiles_begin(void) {
    static const tile_config config = {.palette = 1,
                                       .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
                                       .rows = {TILE, TILE, TILE, TILE, TILE, TILE, TILE, TILE}};
    _tile_loadconfig(&config);
}

void gsc_tiles_end(void) {
    _tile_release();
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t round_up(size_t size) {
    return (size + LINES - 1) / LINES * LINES;
}

/* The first `count` of a vector; none where the difference that it is fell below 0. */
ALWAYS __mmask16 mask_of(ptrdiff_t count) {
    return count >= TILE ? (__mmask16)0xffff : count <= 0 ? 0 : (__mmask16)((1u << count) - 1);
}

/* ---- Packing ---- */

/* 16 pairs into the three parts, rows of 64 bytes. */
ALWAYS void split(uint8_t *to, __m512 even, __m512 odd) {
    const __m512i half = _mm512_set1_epi32(0x8000), upper = _mm512_set1_epi32(-0x10000);
    __m512i high_0 = _mm512_and_si512(_mm512_add_epi32(_mm512_castps_si512(even), half), upper);
    __m512i high_1 = _mm512_and_si512(_mm512_add_epi32(_mm512_castps_si512(odd), half), upper);
    __m512 rest_0 = _mm512_sub_ps(even, _mm512_castsi512_ps(high_0));
    __m512 rest_1 = _mm512_sub_ps(odd, _mm512_castsi512_ps(high_1));
    __m512i middle_0 = _mm512_and_si512(_mm512_add_epi32(_mm512_castps_si512(rest_0), half), upper);
    __m512i middle_1 = _mm512_and_si512(_mm512_add_epi32(_mm512_castps_si512(rest_1), half), upper);
    __m512i low_0 = _mm512_castps_si512(_mm512_sub_ps(rest_0, _mm512_castsi512_ps(middle_0)));
    __m512i low_1 = _mm512_castps_si512(_mm512_sub_ps(rest_1, _mm512_castsi512_ps(middle_1)));
    _mm512_store_si512(to, _mm512_or_si512(_mm512_srli_epi32(high_0, 16), high_1));
    _mm512_store_si512(to + PART, _mm512_or_si512(_mm512_srli_epi32(middle_0, 16), middle_1));
    _mm512_store_si512(to + 2 * PART, _mm512_or_si512(_mm512_srli_epi32(low_0, 16),
                                                      _mm512_and_si512(low_1, upper)));
}

/* A tile whose row i is made of row i and of row i + 16 or the next 16 numbers of the same row:
 * `other` apart. The rest is zeros. */
ALWAYS void pack_straight(uint8_t *to, const float *from, size_t row, size_t other, ptrdiff_t rows,
                          ptrdiff_t other_rows, ptrdiff_t columns, ptrdiff_t other_columns) {
    const __mmask16 mask = mask_of(columns), other_mask = mask_of(other_columns);
    for (ptrdiff_t i = 0; i < TILE; i++) {
        const float *at = from + (size_t)i * row;
        __m512 even = _mm512_maskz_loadu_ps(i < rows ? mask : 0, at);
        __m512 odd = _mm512_maskz_loadu_ps(i < other_rows ? other_mask : 0, at + other);
        split(to + i * 64, even, odd);
    }
}

/* 16 x 16 numbers turned over, rows and columns beyond the ends zero. */
ALWAYS void turn_over(float *to, const float *from, size_t row, ptrdiff_t rows, ptrdiff_t columns) {
    const __mmask16 mask = mask_of(columns);
    __m512 r[TILE], t[TILE];
#pragma GCC unroll 16
    for (int i = 0; i < TILE; i++) {
        r[i] = _mm512_maskz_loadu_ps(i < rows ? mask : 0, from + (size_t)i * row);
    }
#pragma GCC unroll 8
    for (int i = 0; i < TILE; i += 2) {
        t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < TILE; i += 4) {
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
        _mm512_store_ps(to + j * TILE, _mm512_shuffle_f32x4(even, even_high, 0x88));
        _mm512_store_ps(to + (4 + j) * TILE, _mm512_shuffle_f32x4(odd, odd_high, 0x88));
        _mm512_store_ps(to + (8 + j) * TILE, _mm512_shuffle_f32x4(even, even_high, 0xdd));
        _mm512_store_ps(to + (12 + j) * TILE, _mm512_shuffle_f32x4(odd, odd_high, 0xdd));
    }
}

/* A tile of which two blocks of 16 x 16 lie turned over, `other` apart. */
ALWAYS void pack_turned(uint8_t *to, const float *from, size_t row, size_t other, ptrdiff_t rows,
                        ptrdiff_t other_rows, ptrdiff_t columns, ptrdiff_t other_columns) {
    float turned[2 * TILE * TILE] __attribute__((aligned(64)));
    turn_over(turned, from, row, rows, columns);
    turn_over(turned + TILE * TILE, from + other, row, other_rows, other_columns);
    for (int i = 0; i < TILE; i++) {
        split(to + i * 64, _mm512_load_ps(turned + i * TILE),
              _mm512_load_ps(turned + TILE * TILE + i * TILE));
    }
}

/* Up to 16 lines from `line` on, up to 32 inner numbers from l on. */
ALWAYS void pack_tile(uint8_t *to, const gsc_tiles_side *side, size_t line, ptrdiff_t lines,
                      size_t l, ptrdiff_t depth, bool b) {
    const float *from = side->at + line * side->line + l * side->step;
    const ptrdiff_t full = TILE;
    if (side->step == 1 && !b) {
        pack_straight(to, from, side->line, TILE, lines, lines, depth, depth - full);
    } else if (side->step == 1) {
        pack_turned(to, from, side->line, TILE, lines, lines, depth, depth - full);
    } else if (b) {
        pack_straight(to, from, side->step, TILE * side->step, depth, depth - full, lines, lines);
    } else {
        pack_turned(to, from, side->step, TILE * side->step, depth, depth - full, lines, lines);
    }
}

/* A panel from `line` on; a second tile without lines is left as it is. */
ALWAYS void pack_panel(uint8_t *to, const gsc_tiles_side *side, size_t line, size_t lines, size_t l,
                       size_t depth, bool b) {
    for (size_t s = 0; s < depth; s += LINES, to += STEP) {
        const ptrdiff_t left = (ptrdiff_t)(depth - s);
        pack_tile(to, side, line, (ptrdiff_t)lines, l + s, left, b);
        if (lines > TILE) {
            pack_tile(to + 3 * PART, side, line + TILE, (ptrdiff_t)lines - TILE, l + s, left, b);
        }
    }
}

void gsc_tiles_pack_b(void *to, const gsc_tiles_product *p, size_t first, size_t count, size_t l,
                      size_t depth) {
    const size_t panel_bytes = round_up(depth) / LINES * STEP;
    uint8_t *at = to;
    for (size_t i = 0; i < count; i++) {
        const size_t line = (first + i) * LINES;
        pack_panel(at + i * panel_bytes, &p->b, line, least(LINES, p->n - line), l, depth, true);
    }
}

/* ---- Multiplying ---- */

/* Parts of both tiles of a step: a's in 4 and 5, b's in 6 and 7. */
#define LOAD_A(part)                                                                               \
    _tile_loadd(4, a + (part)*PART, 64);                                                           \
    if (rows == 2) {                                                                               \
        _tile_loadd(5, a + (3 + (part)) * PART, 64);                                               \
    }
#define LOAD_B(part)                                                                               \
    _tile_loadd(6, b + (part)*PART, 64);                                                           \
    if (columns == 2) {                                                                            \
        _tile_loadd(7, b + (3 + (part)) * PART, 64);                                               \
    }
#define MULTIPLY                                                                                   \
    _tile_dpbf16ps(0, 4, 6);                                                                       \
    if (rows == 2) {                                                                               \
        _tile_dpbf16ps(1, 5, 6);                                                                   \
    }                                                                                              \
    if (columns == 2) {                                                                            \
        _tile_dpbf16ps(2, 4, 7);                                                                   \
    }                                                                                              \
    if (rows == 2 && columns == 2) {                                                               \
        _tile_dpbf16ps(3, 5, 7);                                                                   \
    }

enum {
    HIGH,
    MIDDLE,
    LOW
};

/* The sums of a panel of a and one of b, in tiles 0 .. 3; rows and columns in tiles. */
ALWAYS void sum_tiles(const uint8_t *a, const uint8_t *b, size_t steps, int rows, int columns) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    /* The compiler does not know that loads of tiles read what was packed. */
    __asm__ volatile("" ::: "memory");
    for (size_t s = 0; s < steps; s++, a += STEP, b += STEP) {
        LOAD_A(LOW)
        LOAD_B(HIGH)
        MULTIPLY
        LOAD_A(MIDDLE)
        MULTIPLY
        LOAD_A(HIGH)
        MULTIPLY
        LOAD_B(LOW)
        MULTIPLY
        LOAD_B(MIDDLE)
        MULTIPLY
        LOAD_A(MIDDLE)
        MULTIPLY
    }
}

/* Rows and columns, at most 32, from 32 x 32 sums to c. */
static void write_sums(float *c, size_t c_row, const float *sums, size_t rows, size_t columns,
                       bool add) {
    const __mmask16 mask_0 = mask_of((ptrdiff_t)columns);
    const __mmask16 mask_1 = mask_of((ptrdiff_t)columns - TILE);
    for (size_t i = 0; i < rows; i++, c += c_row, sums += LINES) {
        __m512 sum_0 = _mm512_load_ps(sums), sum_1 = _mm512_load_ps(sums + TILE);
        if (add) {
            sum_0 = _mm512_add_ps(sum_0, _mm512_maskz_loadu_ps(mask_0, c));
            sum_1 = _mm512_add_ps(sum_1, _mm512_maskz_loadu_ps(mask_1, c + TILE));
        }
        _mm512_mask_storeu_ps(c, mask_0, sum_0);
        _mm512_mask_storeu_ps(c + TILE, mask_1, sum_1);
    }
}

/* One panel by one panel; rows and columns at most 32. */
static void multiply_panels(float *c, size_t c_row, const uint8_t *a, const uint8_t *b,
                            size_t steps, size_t rows, size_t columns, bool add) {
    float sums[LINES * LINES] __attribute__((aligned(64)));
    if (rows > TILE && columns > TILE) {
        sum_tiles(a, b, steps, 2, 2);
    } else if (rows > TILE) {
        sum_tiles(a, b, steps, 2, 1);
    } else if (columns > TILE) {
        sum_tiles(a, b, steps, 1, 2);
    } else {
        sum_tiles(a, b, steps, 1, 1);
    }
    const bool whole = !add && rows == LINES && columns == LINES;
    float *to = whole ? c : sums;
    const size_t to_row = whole ? c_row : LINES, row_bytes = to_row * sizeof *to;
    _tile_stored(0, to, row_bytes);
    _tile_stored(1, to + TILE * to_row, row_bytes);
    _tile_stored(2, to + TILE, row_bytes);
    _tile_stored(3, to + TILE * to_row + TILE, row_bytes);
    if (!whole) {
        write_sums(c, c_row, sums, rows, columns, add);
    }
}

void gsc_tiles_rows(const gsc_tiles_product *p, const void *panels, size_t row, size_t rows,
                    size_t column, size_t columns, size_t l, size_t depth, void *a_room) {
    const size_t panel_bytes = round_up(depth) / LINES * STEP;
    for (size_t k = 0; k < depth; k += GSC_TILES_DEPTH) {
        const size_t inner = least(GSC_TILES_DEPTH, depth - k), steps = round_up(inner) / LINES;
        const bool add = p->accumulate || l + k > 0;
        for (size_t i = row; i < row + rows; i += LINES) {
            const size_t high = least(LINES, row + rows - i);
            pack_panel(a_room, &p->a, i, high, l + k, inner, false);
            const uint8_t *b = (const uint8_t *)panels + k / LINES * STEP;
            for (size_t j = 0; j < columns; j += LINES, b += panel_bytes) {
                multiply_panels(p->c + i * p->c_row + column + j, p->c_row, a_room, b, steps, high,
                                least(LINES, columns - j), add);
            }
        }
    }
}

void gsc_tiles_block(size_t n, size_t k, size_t numbers, size_t *ret_columns, size_t *ret_depth) {
    size_t columns = round_up(n) < MOST_COLUMNS ? round_up(n) : MOST_COLUMNS;
    size_t depth = round_up(k);
    if (columns * depth > numbers) {
        const size_t whole = numbers / columns / GSC_TILES_DEPTH * GSC_TILES_DEPTH;
        depth = least(depth, whole > GSC_TILES_DEPTH ? whole : GSC_TILES_DEPTH);
        columns = least(columns, numbers / depth / LINES * LINES);
    }
    *ret_columns = columns;
    *ret_depth = depth;
}

void gsc_tiles_multiply(const gsc_tiles_product *p, void *room) {
    uint8_t *panels = (uint8_t *)room + GSC_TILES_A_BYTES;
    size_t most_columns, most_depth;
    gsc_tiles_block(p->n, p->k, GSC_TILES_B_NUMBERS, &most_columns, &most_depth);
    for (size_t j = 0; j < p->n; j += most_columns) {
        const size_t columns = least(most_columns, p->n - j);
        for (size_t l = 0; l < p->k; l += most_depth) {
            const size_t depth = least(most_depth, p->k - l);
            gsc_tiles_pack_b(panels, p, j / LINES, (columns + LINES - 1) / LINES, l, depth);
            gsc_tiles_rows(p, panels, 0, p->m, j, columns, l, depth, room);
        }
    }
}
