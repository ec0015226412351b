/* SPDX-License-Identifier: MIT
 *
 * Small matrices on the tile unit: both sides are packed, then multiplied by whole tiles into room that is
 * as large. Format and exactness: tiles.h; gsc_tiles_begin and gsc_tiles_end bracket them. Numbers of rows
 * and columns may be ragged, room is not: everything is rounded up to GSC_TILES_LINES, and what is beyond
 * the ends is packed as zeros. Layer: kernels, private; there where tiles.h says.
 */
#ifndef GSC_KERNELS_CPU_TILES_WHOLE_H
#define GSC_KERNELS_CPU_TILES_WHOLE_H

#include "kernels/cpu/tiles.h"

static inline size_t gsc_tiles_round_up(size_t size) {
    return (size + GSC_TILES_LINES - 1) / GSC_TILES_LINES * GSC_TILES_LINES;
}

/* Of a side of that many lines, packed. */
static inline size_t gsc_tiles_packed_bytes(size_t lines, size_t inner) {
    return gsc_tiles_round_up(lines) / GSC_TILES_LINES *
           (gsc_tiles_round_up(inner) / GSC_TILES_LINES) * GSC_TILES_STEP_BYTES;
}

/* A side from a matrix whose rows are `row` apart. Its lines are
 *     pack_rows       rows: side a
 *     pack_columns    columns: side b
 *     turn_rows       rows: side b
 *     turn_columns    columns: side a
 * `from` is [lines, inner] or [inner, lines]; to: gsc_tiles_packed_bytes, aligned. */
void gsc_tiles_pack_rows(void *to, const float *from, size_t row, size_t lines, size_t inner);
void gsc_tiles_pack_columns(void *to, const float *from, size_t row, size_t lines, size_t inner);
void gsc_tiles_turn_rows(void *to, const float *from, size_t row, size_t lines, size_t inner);
void gsc_tiles_turn_columns(void *to, const float *from, size_t row, size_t lines, size_t inner);

/* c [m, n] (+)= a b, k inner numbers, of a_inner >= k and b_inner >= k that the sides were packed with. c's
 * rows are c_row apart; it and c_row are rounded up to whole tiles (16), and c is aligned. */
typedef struct gsc_tiles_whole {
    float *c;
    size_t c_row, m, n, k;
    const void *a, *b;
    size_t a_inner, b_inner;
    bool accumulate;
} gsc_tiles_whole;

void gsc_tiles_multiply_whole(const gsc_tiles_whole *product);

/* to [columns, rows] = from [rows, columns] turned over; rows and columns of `from` are rounded up to 16 and
 * it is aligned, those of `to` end where they end. */
void gsc_tiles_turn_over(float *to, size_t to_row, const float *from, size_t from_row, size_t rows,
                         size_t columns);

#endif
