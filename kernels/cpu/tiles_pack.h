/* SPDX-License-Identifier: MIT
 *
 * Panels packed a unit at a time, so that vectors work beside the tile unit (tiles.h). A unit is 4 rows of the
 * tiles' 16, each with its three parts. For sources that are compiled for the unit. Layer: kernels, private.
 */
#ifndef GSC_KERNELS_CPU_TILES_PACK_H
#define GSC_KERNELS_CPU_TILES_PACK_H

#include "kernels/cpu/tiles_split.h"

enum {
    GSC_TILES_UNIT = 4, /* rows of a tile */
    GSC_TILES_AHEAD = 2 /* steps */
};

/* A panel on its way to `to`: lines line .. line + lines - 1 of a side, inner numbers l .. l + depth - 1.
 * Rows of b's tiles are pairs, of a's lines. */
typedef struct gsc_tiles_panel {
    const gsc_tiles_side *side;
    uint8_t *to;
    size_t line, lines; /* at most 32 */
    size_t l, depth;
    bool b;
} gsc_tiles_panel;

/* How far it is. Units go from step to step; where rows of memory are those of tiles and long, along a
 * row. */
typedef struct gsc_tiles_packing {
    gsc_tiles_panel panel;
    size_t left;       /* units */
    size_t tile, step; /* what comes next */
    size_t row;        /* of the tile */
    bool along;        /* a row of memory: 4 steps of it are a unit */
    float *turned;     /* [2, 16, 16], aligned: of the tile under way, where it is turned over */
} gsc_tiles_packing;

static inline size_t gsc_tiles_panel_steps(const gsc_tiles_panel *p) {
    return (p->depth + GSC_TILES_LINES - 1) / GSC_TILES_LINES;
}

static inline gsc_tiles_packing gsc_tiles_packing_of(gsc_tiles_panel panel, float *turned) {
    const size_t tiles = panel.lines > GSC_TILES_SIDE ? 2 : 1,
                 steps = gsc_tiles_panel_steps(&panel);
    return (gsc_tiles_packing){.panel = panel,
                               .left = tiles * steps * (GSC_TILES_SIDE / GSC_TILES_UNIT),
                               .along = !panel.b && panel.side->by_line &&
                                        panel.lines % GSC_TILES_SIDE == 0 &&
                                        panel.depth % (GSC_TILES_UNIT * GSC_TILES_LINES) == 0,
                               .turned = turned};
}

/* Row i of the side as memory has it. */
GSC_TILES_INLINE const float *gsc_tiles_row(const gsc_tiles_side *side, size_t i) {
    return side->at + (side->index != NULL ? (size_t)side->index[i] : i) * side->row;
}

/* Where row `row` of a tile at a step goes. */
GSC_TILES_INLINE uint8_t *gsc_tiles_place(const gsc_tiles_packing *k) {
    return k->panel.to + k->step * GSC_TILES_STEP_BYTES + k->tile * 3 * GSC_TILES_PART_BYTES +
           k->row * 64;
}

GSC_TILES_INLINE void gsc_tiles_pack_along(gsc_tiles_packing *k) {
    const gsc_tiles_panel *p = &k->panel;
    const float *from = gsc_tiles_row(p->side, p->line + k->tile * GSC_TILES_SIDE + k->row) + p->l +
                        k->step * GSC_TILES_LINES;
    uint8_t *to = gsc_tiles_place(k);
#pragma GCC unroll 4
    for (size_t i = 0; i < GSC_TILES_UNIT;
         i++, from += GSC_TILES_LINES, to += GSC_TILES_STEP_BYTES) {
        gsc_tiles_split(to, _mm512_loadu_ps(from), _mm512_loadu_ps(from + GSC_TILES_SIDE));
    }
    k->step += GSC_TILES_UNIT;
    if (k->step * GSC_TILES_LINES == p->depth) {
        k->step = 0;
        k->row++;
        if (k->row == GSC_TILES_SIDE) {
            k->row = 0;
            k->tile++;
        }
    }
}

/* 16 x 16 numbers turned over, rows and columns beyond the ends zero. */
GSC_TILES_INLINE void gsc_tiles_turn_rows_of(float *to, const gsc_tiles_side *side, size_t row,
                                             size_t at, ptrdiff_t rows, ptrdiff_t columns) {
    const __mmask16 mask = gsc_tiles_mask(columns);
    __m512 r[GSC_TILES_SIDE];
    if (rows >= GSC_TILES_SIDE && side->index == NULL) {
        const float *from = side->at + row * side->row + at;
#pragma GCC unroll 16
        for (size_t i = 0; i < GSC_TILES_SIDE; i++) {
            r[i] = _mm512_maskz_loadu_ps(mask, from + i * side->row);
        }
    } else {
#pragma GCC unroll 16
        for (ptrdiff_t i = 0; i < GSC_TILES_SIDE; i++) {
            r[i] = i < rows ? _mm512_maskz_loadu_ps(mask, gsc_tiles_row(side, row + (size_t)i) + at)
                            : _mm512_setzero_ps();
        }
    }
    gsc_turn_rows(to, GSC_TILES_SIDE, r);
}

/* What comes AHEAD steps later is brought near: rows of memory are far apart. */
GSC_TILES_INLINE void gsc_tiles_fetch_ahead(const gsc_tiles_packing *k) {
    const gsc_tiles_panel *p = &k->panel;
    const size_t step = k->step + GSC_TILES_AHEAD, line = p->line + k->tile * GSC_TILES_SIDE;
    const size_t l = p->l + step * GSC_TILES_LINES;
    if ((step + 1) * GSC_TILES_LINES > p->depth || (k->tile + 1) * GSC_TILES_SIDE > p->lines) {
        return;
    }
    if (p->side->by_line) {
        for (size_t i = 0; i < GSC_TILES_SIDE; i++) {
            const float *at = gsc_tiles_row(p->side, line + i) + l;
            __builtin_prefetch(at, 0, 2);
            __builtin_prefetch(at + GSC_TILES_SIDE, 0, 2);
        }
    } else {
        for (size_t i = 0; i < GSC_TILES_LINES; i++) {
            __builtin_prefetch(gsc_tiles_row(p->side, l + i) + line, 0, 2);
        }
    }
}

/* Rows of the side that are not those of tiles: both blocks of the tile are turned over first. */
static __attribute__((noinline)) void gsc_tiles_turn_tile(const gsc_tiles_packing *k) {
    const gsc_tiles_panel *p = &k->panel;
    const size_t line = p->line + k->tile * GSC_TILES_SIDE, l = p->l + k->step * GSC_TILES_LINES;
    const ptrdiff_t lines = (ptrdiff_t)(p->lines - k->tile * GSC_TILES_SIDE);
    const ptrdiff_t depth = (ptrdiff_t)(p->depth - k->step * GSC_TILES_LINES);
    const ptrdiff_t side = GSC_TILES_SIDE;
    float *other = k->turned + GSC_TILES_SIDE * GSC_TILES_SIDE;
    if (p->b) {
        gsc_tiles_turn_rows_of(k->turned, p->side, line, l, lines, depth);
        gsc_tiles_turn_rows_of(other, p->side, line, l + GSC_TILES_SIDE, lines, depth - side);
    } else {
        gsc_tiles_turn_rows_of(k->turned, p->side, l, line, depth, lines);
        gsc_tiles_turn_rows_of(other, p->side, l + GSC_TILES_SIDE, line, depth - side, lines);
    }
}

/* Rows of the side that are those of tiles. */
GSC_TILES_INLINE void gsc_tiles_pack_rows_of(const gsc_tiles_packing *k, uint8_t *to) {
    const gsc_tiles_panel *p = &k->panel;
    const size_t line = p->line + k->tile * GSC_TILES_SIDE, l = p->l + k->step * GSC_TILES_LINES;
    const ptrdiff_t lines = (ptrdiff_t)(p->lines - k->tile * GSC_TILES_SIDE);
    const ptrdiff_t depth = (ptrdiff_t)(p->depth - k->step * GSC_TILES_LINES);
    const size_t row = p->b ? l : line, at = p->b ? line : l;
    const size_t other_row = p->b ? GSC_TILES_SIDE : 0, other_at = p->b ? 0 : GSC_TILES_SIDE;
    const ptrdiff_t rows = p->b ? depth : lines;
    const __mmask16 mask_0 = gsc_tiles_mask(p->b ? lines : depth);
    const __mmask16 mask_1 = gsc_tiles_mask(p->b ? lines : depth - GSC_TILES_SIDE);
#pragma GCC unroll 4
    for (size_t i = k->row; i < k->row + GSC_TILES_UNIT; i++, to += 64) {
        __m512 even = _mm512_setzero_ps(), odd = even;
        if ((ptrdiff_t)i < rows) {
            even = _mm512_maskz_loadu_ps(mask_0, gsc_tiles_row(p->side, row + i) + at);
        }
        if ((ptrdiff_t)(i + other_row) < rows) {
            odd = _mm512_maskz_loadu_ps(mask_1, gsc_tiles_row(p->side, row + i + other_row) + at +
                                                    other_at);
        }
        gsc_tiles_split(to, even, odd);
    }
}

/* The next unit; there is one left. */
GSC_TILES_INLINE void gsc_tiles_pack_unit(gsc_tiles_packing *k) {
    k->left--;
    if (k->along) {
        gsc_tiles_pack_along(k);
        return;
    }
    uint8_t *to = gsc_tiles_place(k);
    if (k->row == 0) {
        gsc_tiles_fetch_ahead(k);
    }
    if (k->panel.side->by_line != k->panel.b) {
        gsc_tiles_pack_rows_of(k, to);
    } else {
        if (k->row == 0) {
            gsc_tiles_turn_tile(k);
        }
        const float *from = k->turned + k->row * GSC_TILES_SIDE;
#pragma GCC unroll 4
        for (size_t i = 0; i < GSC_TILES_UNIT; i++, to += 64, from += GSC_TILES_SIDE) {
            gsc_tiles_split(to, _mm512_load_ps(from),
                            _mm512_load_ps(from + GSC_TILES_SIDE * GSC_TILES_SIDE));
        }
    }
    k->row += GSC_TILES_UNIT;
    if (k->row == GSC_TILES_SIDE) {
        k->row = 0;
        k->tile++;
        if (k->tile * GSC_TILES_SIDE >= k->panel.lines) {
            k->tile = 0;
            k->step++;
        }
    }
}

/* A whole panel. */
static inline void gsc_tiles_pack_panel(gsc_tiles_panel panel, float *turned) {
    gsc_tiles_packing k = gsc_tiles_packing_of(panel, turned);
    while (k.left > 0) {
        gsc_tiles_pack_unit(&k);
    }
}

#endif
