/* SPDX-License-Identifier: MIT
 *
 * Matrix products on the tile unit (AMX) from bfloat16 parts, as exact as f32 ones.
 *
 * Every float is split into three bfloat16 numbers, x = high + middle + low exactly, each rounded to
 * nearest. Six products of parts are summed in f32: low high, middle high, high high, high low, high
 * middle, middle middle; what is left out is at most 2^-23 of |a| |b|. Within a tile the unit adds 16
 * products to each of two sums, then both to c: sums are shorter than one after another.
 * Measured on 64 x 64 sums of uniform numbers, the error over |a| |b| is 1.0e-8 at 512 inner numbers and 5.5e-9 at
 * 2048, root mean square; sgemm's are 1.7e-8 and 1.1e-8. Three products of two parts would leave up to 3 * 2^-16.
 *
 * The unit takes subnormal numbers for zero, in parts as well: where |x| < 2^-102, x loses up to 2^-126.
 * Infinite numbers, NaN and |x| > 0x1.feff7ep127 give NaN.
 *
 * Rows of a are packed by 32, columns of b by 32, both in steps of 32 along the inner sum, zeros
 * beyond the ends:
 *
 *     panel       step 0, step 1, ...
 *     step        tile 0: high, middle, low; tile 1: high, middle, low (lines 0 .. 15, 16 .. 31)
 *     part        1 KiB: 16 rows of 16 pairs; a pair is steps j and j + 16 of one line; a's rows are
 *                 lines, b's are pairs
 *
 * A sum is added in the order of steps, in blocks of GSC_TILES_DEPTH, blocks in order: by the shape alone.
 *
 * Layer: kernels, private. Functions are there where the build has GSC_HAVE_TILES, and run only at
 * GSC_ISA_AMX.
 */
#ifndef GSC_KERNELS_CPU_TILES_H
#define GSC_KERNELS_CPU_TILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GSC_TILES_LINES = 32,  /* rows or columns of a panel, and inner numbers of a step */
    GSC_TILES_DEPTH = 512, /* inner numbers of a packed panel of a */
    GSC_TILES_PART_BYTES = 1024,
    GSC_TILES_STEP_BYTES = 6 * GSC_TILES_PART_BYTES,
    /* Two panels of a: one is packed while the other is multiplied. */
    GSC_TILES_A_BYTES = 2 * GSC_TILES_DEPTH / GSC_TILES_LINES * GSC_TILES_STEP_BYTES,
    GSC_TILES_B_NUMBERS = 1 << 17, /* of b that one task packs */
    GSC_TILES_TASK_BYTES = GSC_TILES_A_BYTES + 6 * GSC_TILES_B_NUMBERS,
    GSC_TILES_SHARED_NUMBERS = 1 << 17, /* of b that tasks share: half of a cache of 2 MiB */
    GSC_TILES_SHARED_BYTES = 6 * GSC_TILES_SHARED_NUMBERS,
};

/* One side as a matrix lies in memory, rows `row` numbers apart: its rows are the lines (by_line), or its
 * columns are. index: NULL, or the matrix's row that each of the side's rows is. */
typedef struct gsc_tiles_side {
    const float *at;
    size_t row;
    bool by_line;
    const int32_t *index;
} gsc_tiles_side;

/* c [m, n] (+)= a b, rows of c c_row apart; m, n, k > 0. */
typedef struct gsc_tiles_product {
    float *c;
    size_t c_row, m, n, k;
    gsc_tiles_side a, b;
    bool accumulate;
} gsc_tiles_product;

/* A task of products brackets them: the unit is configured, then left without state. */
void gsc_tiles_begin(void);
void gsc_tiles_end(void);

/* b's panels first .. first + count - 1, its inner numbers l .. l + depth - 1, to their place in
 * `to`, where panels of this depth follow one another. */
void gsc_tiles_pack_b(void *to, const gsc_tiles_product *product, size_t first, size_t count,
                      size_t l, size_t depth);

/* A panel of a that was packed before its turn, in a half of a_room; row SIZE_MAX: none. */
typedef struct gsc_tiles_ahead {
    size_t row, l, half;
} gsc_tiles_ahead;

/* Rows and inner numbers that come after those of a call; row SIZE_MAX: none do. */
typedef struct gsc_tiles_next {
    size_t row, l, depth;
} gsc_tiles_next;

/* Rows row .. row + rows - 1 (multiples of 32, but for the last) and the columns of the packed panels, which
 * are b's column .. column + columns - 1 (column a multiple of 32) and inner numbers l .. l + depth - 1 (l a
 * multiple of GSC_TILES_DEPTH, or depth all there is). a_room: GSC_TILES_A_BYTES, aligned. ahead: what this
 * room has; at the end the first panel of what comes next. */
void gsc_tiles_rows(const gsc_tiles_product *product, const void *panels, size_t row, size_t rows,
                    size_t column, size_t columns, size_t l, size_t depth, void *a_room,
                    gsc_tiles_ahead *ahead, gsc_tiles_next next);

/* A whole product within one task; room: GSC_TILES_TASK_BYTES, aligned. */
void gsc_tiles_multiply(const gsc_tiles_product *product, void *room);

/* How many inner numbers and columns of b `numbers` hold: multiples of 32. */
void gsc_tiles_block(size_t n, size_t k, size_t numbers, size_t *ret_columns, size_t *ret_depth);

#endif
