/* SPDX-License-Identifier: MIT
 *
 * Products on the tile unit: split and pack, multiply, write. Layer: kernels.
 */
#include "kernels/cpu/tiles.h"

#include "kernels/cpu/tiles_split.h"

#include <string.h>

enum {
    TILE = GSC_TILES_SIDE,
    LINES = GSC_TILES_LINES,
    STEP = GSC_TILES_STEP_BYTES,
    PART = GSC_TILES_PART_BYTES,
    GROUPS = GSC_TILES_GROUPS,
    MOST_COLUMNS = 512 /* of a block of b */
};

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

static size_t round_up_to(size_t size, size_t step) {
    return (size + step - 1) / step * step;
}

static size_t round_up(size_t size) {
    return round_up_to(size, LINES);
}

/* ---- Packing ---- */

/* A panel to be packed a few rows of its tiles at a time, so that vectors work beside the tile unit. Of
 * b: tiles' rows are pairs; else lines. */
typedef struct packing {
    const gsc_tiles_side *side;
    uint8_t *to;
    size_t line, l, depth; /* where it begins, and its inner numbers */
    size_t lines;
    bool b;
    size_t step, tile, row; /* what comes next; step: an inner number */
    size_t rate;            /* rows at a time */
    float *turned;          /* [2 x 16, 16], aligned */
} packing;

/* Two blocks of 16 x 16 numbers: the vectors that row i of a tile pairs are row i of both, or once turned
 * over column i of both. Rows are row apart, the blocks other. */
typedef struct blocks {
    const float *from;
    size_t row, other;
    ptrdiff_t rows[2], columns[2]; /* that are not beyond an end */
    bool turn;
} blocks;

GSC_TILES_INLINE blocks blocks_of(const packing *p) {
    const size_t line = p->line + p->tile * TILE, l = p->l + p->step;
    const ptrdiff_t lines = (ptrdiff_t)(p->lines - p->tile * TILE);
    const ptrdiff_t depth = (ptrdiff_t)(p->depth - p->step);
    const bool by_line = p->side->step == 1; /* lines lie as rows */
    blocks r = {.from = p->side->at + line * p->side->line + l * p->side->step,
                .row = by_line ? p->side->line : p->side->step,
                .other = by_line ? TILE : TILE * p->side->step,
                .turn = by_line == p->b};
    for (int i = 0; i < 2; i++) {
        const ptrdiff_t left = depth - i * TILE;
        r.rows[i] = by_line ? lines : left;
        r.columns[i] = by_line ? left : lines;
    }
    return r;
}

/* The next rows of a, count at most, in the order in which memory has them: a whole line, then the
 * next. */
static void pack_lines(packing *p, size_t count) {
    const size_t all = round_up_to(p->lines, TILE), steps = round_up(p->depth) / LINES;
    while (count > 0 && p->row < all) {
        const size_t done = p->step / LINES, some = least(count, steps - done);
        const size_t whole = p->row < p->lines ? least(some, p->depth / LINES - done) : 0;
        const float *at = p->side->at + (p->line + p->row) * p->side->line + p->l + p->step;
        uint8_t *to = p->to + done * STEP + p->row / TILE * 3 * PART + p->row % TILE * 64;
        for (size_t i = 0; i < whole; i++, at += LINES, to += STEP) {
            gsc_tiles_split(to, _mm512_loadu_ps(at), _mm512_loadu_ps(at + TILE));
        }
        if (whole < some) { /* the ragged end of a line, or beyond the last one */
            const ptrdiff_t left = p->row < p->lines ? (ptrdiff_t)(p->depth % LINES) : 0;
            for (size_t i = whole; i < some; i++, to += STEP) {
                gsc_tiles_split(to, _mm512_maskz_loadu_ps(gsc_tiles_mask(left), at),
                                _mm512_maskz_loadu_ps(gsc_tiles_mask(left - TILE), at + TILE));
            }
        }
        count -= some;
        p->step += some * LINES;
        if (p->step >= p->depth) {
            p->step = 0;
            p->row++;
        }
    }
}

/* The next rows of the panel, count at most. */
static void pack_rows(packing *p, size_t count) {
    if (count > 0 && !p->b && p->side->step == 1) {
        pack_lines(p, count);
        return;
    }
    while (count > 0 && p->step < p->depth) {
        const size_t end = least(TILE, p->row + count);
        const blocks r = blocks_of(p);
        uint8_t *to = p->to + p->step / LINES * STEP + p->tile * 3 * PART;
        count -= end - p->row;
        if (r.turn) {
            if (p->row == 0) {
                gsc_tiles_turn(p->turned, r.from, r.row, r.rows[0], r.columns[0]);
                gsc_tiles_turn(p->turned + TILE * TILE, r.from + r.other, r.row, r.rows[1],
                               r.columns[1]);
            }
            for (size_t i = p->row; i < end; i++) {
                gsc_tiles_split(to + i * 64, _mm512_load_ps(p->turned + i * TILE),
                                _mm512_load_ps(p->turned + (TILE + i) * TILE));
            }
        } else {
            const __mmask16 mask_0 = gsc_tiles_mask(r.columns[0]),
                            mask_1 = gsc_tiles_mask(r.columns[1]);
            const ptrdiff_t fewer = r.rows[0] < r.rows[1] ? r.rows[0] : r.rows[1];
            const size_t both = fewer > 0 ? least(end, (size_t)fewer) : 0;
            const float *at = r.from + p->row * r.row;
            size_t i = p->row;
            for (; i < both; i++, at += r.row) {
                gsc_tiles_split(to + i * 64, _mm512_maskz_loadu_ps(mask_0, at),
                                _mm512_maskz_loadu_ps(mask_1, at + r.other));
            }
            for (; i < end; i++, at += r.row) {
                gsc_tiles_split(
                    to + i * 64, _mm512_maskz_loadu_ps((ptrdiff_t)i < r.rows[0] ? mask_0 : 0, at),
                    _mm512_maskz_loadu_ps((ptrdiff_t)i < r.rows[1] ? mask_1 : 0, at + r.other));
            }
        }
        p->row = end % TILE;
        if (end == TILE && (++p->tile == 2 || p->tile * TILE >= p->lines)) {
            p->tile = 0;
            p->step += LINES;
        }
    }
}

/* All that is left. */
static void pack_rest(packing *p) {
    pack_rows(p, SIZE_MAX);
}

/* So many rows at a time that `times` are enough. */
static void set_rate(packing *p, size_t times) {
    const size_t rows = round_up(p->depth) / LINES * (p->lines > TILE ? 2 : 1) * TILE;
    p->rate = (rows + times - 1) / times;
}

void gsc_tiles_pack_b(void *to, const gsc_tiles_product *p, size_t first, size_t count, size_t l,
                      size_t depth) {
    const size_t panel_bytes = round_up(depth) / LINES * STEP;
    float turned[2 * TILE * TILE] __attribute__((aligned(64)));
    for (size_t i = 0; i < count; i++) {
        const size_t line = (first + i) * LINES;
        packing panel = {.side = &p->b,
                         .to = (uint8_t *)to + i * panel_bytes,
                         .line = line,
                         .l = l,
                         .depth = depth,
                         .lines = least(LINES, p->n - line),
                         .b = true,
                         .turned = turned};
        pack_rest(&panel);
    }
}

/* ---- Multiplying ---- */

/* Sums on their way to c, written while the unit works on the next ones. */
typedef struct writing {
    float *c;
    size_t c_row, rows, columns; /* rows 0: none */
    bool add;
    float *sums; /* [32, 32], aligned */
} writing;

/* What goes on beside the unit. */
typedef struct aside {
    packing a, b; /* the next panels; rate 0: none */
    writing writing;
    const char *fetch;                        /* the next row of c to be brought near */
    size_t fetch_row, fetch_rows, fetch_rate; /* bytes apart, rows left, rows at a time */
} aside;

static void write_sums(writing *w) {
    const __mmask16 mask_0 = gsc_tiles_mask((ptrdiff_t)w->columns);
    const __mmask16 mask_1 = gsc_tiles_mask((ptrdiff_t)w->columns - TILE);
    float *c = w->c;
    const float *sums = w->sums;
    for (size_t i = 0; i < w->rows; i++, c += w->c_row, sums += LINES) {
        __m512 sum_0 = _mm512_load_ps(sums), sum_1 = _mm512_load_ps(sums + TILE);
        if (w->add) {
            sum_0 = _mm512_add_ps(sum_0, _mm512_maskz_loadu_ps(mask_0, c));
            sum_1 = _mm512_add_ps(sum_1, _mm512_maskz_loadu_ps(mask_1, c + TILE));
        }
        _mm512_mask_storeu_ps(c, mask_0, sum_0);
        _mm512_mask_storeu_ps(c + TILE, mask_1, sum_1);
    }
    w->rows = 0;
}

static __attribute__((noinline)) void work_aside(void *data) {
    aside *o = data;
    if (o->writing.rows > 0) {
        write_sums(&o->writing);
    }
    for (size_t i = 0; i < o->fetch_rate && o->fetch_rows > 0; i++, o->fetch_rows--) {
        __builtin_prefetch(o->fetch, 1, 3);
        __builtin_prefetch(o->fetch + 64, 1, 3);
        o->fetch += o->fetch_row;
    }
    pack_rows(&o->a, o->a.rate);
    pack_rows(&o->b, o->b.rate);
}

GSC_TILES_INLINE void sum_tiles(const uint8_t *a, const uint8_t *b, size_t steps, int rows,
                                int columns, aside *o) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    gsc_tiles_sum(a, b, steps, rows, columns, work_aside, o);
}

/* One panel by one panel; rows and columns at most 32. */
static void multiply_panels(float *c, size_t c_row, const uint8_t *a, const uint8_t *b,
                            size_t steps, size_t rows, size_t columns, bool add, aside *o) {
    o->fetch = (const char *)c;
    o->fetch_row = c_row * sizeof *c;
    o->fetch_rows = rows;
    o->fetch_rate = (LINES + steps * GROUPS - 1) / (steps * GROUPS);
    if (rows > TILE && columns > TILE) {
        sum_tiles(a, b, steps, 2, 2, o);
    } else if (rows > TILE) {
        sum_tiles(a, b, steps, 2, 1, o);
    } else if (columns > TILE) {
        sum_tiles(a, b, steps, 1, 2, o);
    } else {
        sum_tiles(a, b, steps, 1, 1, o);
    }
    const bool whole = !add && rows == LINES && columns == LINES;
    float *to = whole ? c : o->writing.sums;
    const size_t to_row = whole ? c_row : LINES, row_bytes = to_row * sizeof *to;
    _tile_stored(0, to, row_bytes);
    _tile_stored(1, to + TILE * to_row, row_bytes);
    _tile_stored(2, to + TILE, row_bytes);
    _tile_stored(3, to + TILE * to_row + TILE, row_bytes);
    if (!whole) {
        o->writing.c = c;
        o->writing.c_row = c_row;
        o->writing.rows = rows;
        o->writing.columns = columns;
        o->writing.add = add;
    }
}

/* A block: rows of a, inner numbers l + k .. l + k + inner - 1, by the columns of the panels of b, which
 * are packed on the way unless they are already. */
typedef struct block {
    const gsc_tiles_product *p;
    uint8_t *panels;
    size_t panel_bytes; /* of b */
    size_t row, rows, column, columns;
    size_t l, inner;
    bool add, pack_b;
    uint8_t *a_room; /* for two panels */
} block;

static packing panel_of_a(const block *k, size_t row, size_t which, float *turned) {
    return (packing){.side = &k->p->a,
                     .to = k->a_room + which * (GSC_TILES_A_BYTES / 2),
                     .line = row,
                     .l = k->l,
                     .depth = k->inner,
                     .lines = least(LINES, k->row + k->rows - row),
                     .turned = turned};
}

static packing panel_of_b(const block *k, size_t column, float *turned) {
    return (packing){.side = &k->p->b,
                     .to = k->panels + column / LINES * k->panel_bytes,
                     .line = k->column + column,
                     .l = k->l,
                     .depth = k->inner,
                     .lines = least(LINES, k->columns - column),
                     .b = true,
                     .turned = turned};
}

static void multiply_block(const block *k) {
    float sums[LINES * LINES] __attribute__((aligned(64)));
    float turned[2][2 * TILE * TILE] __attribute__((aligned(64)));
    const size_t steps = round_up(k->inner) / LINES, times = round_up(k->columns) / LINES;
    aside o = {.a = panel_of_a(k, k->row, 0, turned[0]), .writing = {.sums = sums}};
    pack_rest(&o.a);
    if (k->pack_b) {
        o.b = panel_of_b(k, 0, turned[1]);
        pack_rest(&o.b);
    }
    for (size_t i = 0; i < k->rows; i += LINES) {
        const size_t which = i / LINES % 2;
        const uint8_t *a = k->a_room + which * (GSC_TILES_A_BYTES / 2);
        if (i + LINES < k->rows) {
            o.a = panel_of_a(k, k->row + i + LINES, 1 - which, turned[0]);
            set_rate(&o.a, steps * GROUPS * times);
        }
        for (size_t j = 0; j < k->columns; j += LINES) {
            if (k->pack_b && i == 0 && j + LINES < k->columns) {
                o.b = panel_of_b(k, j + LINES, turned[1]);
                set_rate(&o.b, steps * GROUPS);
            }
            multiply_panels(k->p->c + (k->row + i) * k->p->c_row + k->column + j, k->p->c_row, a,
                            k->panels + j / LINES * k->panel_bytes, steps,
                            least(LINES, k->rows - i), least(LINES, k->columns - j), k->add, &o);
        }
    }
    write_sums(&o.writing);
}

static void multiply_rows(const gsc_tiles_product *p, void *panels, size_t row, size_t rows,
                          size_t column, size_t columns, size_t l, size_t depth, void *a_room,
                          bool pack_b) {
    for (size_t k = 0; k < depth; k += GSC_TILES_DEPTH) {
        const block one = {.p = p,
                           .panels = (uint8_t *)panels + k / LINES * STEP,
                           .panel_bytes = round_up(depth) / LINES * STEP,
                           .row = row,
                           .rows = rows,
                           .column = column,
                           .columns = columns,
                           .l = l + k,
                           .inner = least(GSC_TILES_DEPTH, depth - k),
                           .add = p->accumulate || l + k > 0,
                           .pack_b = pack_b,
                           .a_room = a_room};
        multiply_block(&one);
    }
}

void gsc_tiles_rows(const gsc_tiles_product *p, const void *panels, size_t row, size_t rows,
                    size_t column, size_t columns, size_t l, size_t depth, void *a_room) {
    multiply_rows(p, (void *)panels, row, rows, column, columns, l, depth, a_room, false);
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
            multiply_rows(p, panels, 0, p->m, j, columns, l, depth, room, true);
        }
    }
}
