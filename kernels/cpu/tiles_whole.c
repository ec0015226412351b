/* SPDX-License-Identifier: MIT
 *
 * Products of small matrices on the tile unit. Layer: kernels.
 */
#include "kernels/cpu/tiles_whole.h"

#include "kernels/cpu/tiles_split.h"

enum {
    TILE = GSC_TILES_SIDE,
    LINES = GSC_TILES_LINES,
    STEP = GSC_TILES_STEP_BYTES,
    PART = GSC_TILES_PART_BYTES
};

static size_t panel_bytes(size_t inner) {
    return gsc_tiles_round_up(inner) / LINES * STEP;
}

/* Where the parts of the tile go that begins at line and inner number l. */
static uint8_t *place(void *to, size_t line, size_t l, size_t inner) {
    return (uint8_t *)to + line / LINES * panel_bytes(inner) + l / LINES * STEP +
           line % LINES / TILE * 3 * PART;
}

/* Row i of a tile: rows at and at + other of a matrix, as far as they go. */
GSC_TILES_INLINE void split_rows(uint8_t *to, const float *at, size_t row, size_t other,
                                 ptrdiff_t rows_0, ptrdiff_t rows_1, ptrdiff_t columns_0,
                                 ptrdiff_t columns_1) {
    const __mmask16 mask_0 = gsc_tiles_mask(columns_0), mask_1 = gsc_tiles_mask(columns_1);
    if (rows_0 >= TILE && rows_1 >= TILE && columns_0 >= TILE && columns_1 >= TILE) {
        for (ptrdiff_t i = 0; i < TILE; i++, at += row, to += 64) {
            gsc_tiles_split(to, _mm512_loadu_ps(at), _mm512_loadu_ps(at + other));
        }
        return;
    }
    for (ptrdiff_t i = 0; i < TILE; i++, at += row, to += 64) {
        gsc_tiles_split(to, _mm512_maskz_loadu_ps(i < rows_0 ? mask_0 : 0, at),
                        _mm512_maskz_loadu_ps(i < rows_1 ? mask_1 : 0, at + other));
    }
}

void gsc_tiles_pack_rows(void *to, const float *from, size_t row, size_t lines, size_t inner) {
    for (size_t line = 0; line < gsc_tiles_round_up(lines); line += TILE) {
        const ptrdiff_t rows = (ptrdiff_t)(lines - line);
        for (size_t l = 0; l < inner; l += LINES) {
            const ptrdiff_t left = (ptrdiff_t)(inner - l);
            split_rows(place(to, line, l, inner), from + line * row + l, row, TILE, rows, rows,
                       left, left - TILE);
        }
    }
}

void gsc_tiles_pack_columns(void *to, const float *from, size_t row, size_t lines, size_t inner) {
    for (size_t line = 0; line < gsc_tiles_round_up(lines); line += TILE) {
        const ptrdiff_t columns = (ptrdiff_t)(lines - line);
        for (size_t l = 0; l < inner; l += LINES) {
            const ptrdiff_t left = (ptrdiff_t)(inner - l);
            split_rows(place(to, line, l, inner), from + l * row + line, row, TILE * row, left,
                       left - TILE, columns, columns);
        }
    }
}

/* Two blocks of 16 x 16 numbers, turned over. */
GSC_TILES_INLINE void split_turned(uint8_t *to, const float *at, size_t row, size_t other,
                                   ptrdiff_t rows_0, ptrdiff_t rows_1, ptrdiff_t columns_0,
                                   ptrdiff_t columns_1) {
    float turned[2 * TILE * TILE] __attribute__((aligned(64)));
    gsc_tiles_turn(turned, at, row, rows_0, columns_0);
    gsc_tiles_turn(turned + TILE * TILE, at + other, row, rows_1, columns_1);
    for (size_t i = 0; i < TILE; i++, to += 64) {
        gsc_tiles_split(to, _mm512_load_ps(turned + i * TILE),
                        _mm512_load_ps(turned + (TILE + i) * TILE));
    }
}

void gsc_tiles_turn_rows(void *to, const float *from, size_t row, size_t lines, size_t inner) {
    for (size_t line = 0; line < gsc_tiles_round_up(lines); line += TILE) {
        const ptrdiff_t rows = (ptrdiff_t)(lines - line);
        for (size_t l = 0; l < inner; l += LINES) {
            const ptrdiff_t left = (ptrdiff_t)(inner - l);
            split_turned(place(to, line, l, inner), from + line * row + l, row, TILE, rows, rows,
                         left, left - TILE);
        }
    }
}

void gsc_tiles_turn_columns(void *to, const float *from, size_t row, size_t lines, size_t inner) {
    for (size_t line = 0; line < gsc_tiles_round_up(lines); line += TILE) {
        const ptrdiff_t columns = (ptrdiff_t)(lines - line);
        for (size_t l = 0; l < inner; l += LINES) {
            const ptrdiff_t left = (ptrdiff_t)(inner - l);
            split_turned(place(to, line, l, inner), from + l * row + line, row, TILE * row, left,
                         left - TILE, columns, columns);
        }
    }
}

/* One panel by one panel; rows and columns in tiles, constants where it is inlined. */
GSC_TILES_INLINE void multiply_panels(const gsc_tiles_whole *p, float *c, const uint8_t *a,
                                      const uint8_t *b, int rows, int columns) {
    const size_t row_bytes = p->c_row * sizeof *c;
    float *lower = c + TILE * p->c_row;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    if (p->accumulate) {
        _tile_loadd(0, c, row_bytes);
        if (rows == 2) {
            _tile_loadd(1, lower, row_bytes);
        }
        if (columns == 2) {
            _tile_loadd(2, c + TILE, row_bytes);
        }
        if (rows == 2 && columns == 2) {
            _tile_loadd(3, lower + TILE, row_bytes);
        }
    }
    gsc_tiles_sum(a, b, gsc_tiles_round_up(p->k) / LINES, rows, columns, NULL, NULL);
    _tile_stored(0, c, row_bytes);
    if (rows == 2) {
        _tile_stored(1, lower, row_bytes);
    }
    if (columns == 2) {
        _tile_stored(2, c + TILE, row_bytes);
    }
    if (rows == 2 && columns == 2) {
        _tile_stored(3, lower + TILE, row_bytes);
    }
}

void gsc_tiles_multiply_whole(const gsc_tiles_whole *p) {
    const size_t a_bytes = panel_bytes(p->a_inner), b_bytes = panel_bytes(p->b_inner);
    for (size_t i = 0; i < p->m; i += LINES) {
        const uint8_t *a = (const uint8_t *)p->a + i / LINES * a_bytes;
        const bool tall = p->m - i > TILE;
        for (size_t j = 0; j < p->n; j += LINES) {
            const uint8_t *b = (const uint8_t *)p->b + j / LINES * b_bytes;
            float *c = p->c + i * p->c_row + j;
            const bool wide = p->n - j > TILE;
            if (tall && wide) {
                multiply_panels(p, c, a, b, 2, 2);
            } else if (tall) {
                multiply_panels(p, c, a, b, 2, 1);
            } else if (wide) {
                multiply_panels(p, c, a, b, 1, 2);
            } else {
                multiply_panels(p, c, a, b, 1, 1);
            }
        }
    }
    __asm__ volatile("" ::: "memory");
}

void gsc_tiles_turn_over(float *to, size_t to_row, const float *from, size_t from_row, size_t rows,
                         size_t columns) {
    float turned[TILE * TILE] __attribute__((aligned(64)));
    for (size_t j = 0; j < columns; j += TILE) {
        const size_t end = columns - j < TILE ? columns - j : TILE;
        for (size_t i = 0; i < rows; i += TILE) {
            const __mmask16 mask = gsc_tiles_mask((ptrdiff_t)(rows - i));
            gsc_tiles_turn(turned, from + i * from_row + j, from_row, TILE, TILE);
            for (size_t l = 0; l < end; l++) {
                _mm512_mask_storeu_ps(to + (j + l) * to_row + i, mask,
                                      _mm512_load_ps(turned + l * TILE));
            }
        }
    }
}
