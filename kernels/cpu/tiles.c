/* SPDX-License-Identifier: MIT
 *
 * Products on the tile unit: split and pack, multiply, write. Layer: kernels.
 */
#include "kernels/cpu/tiles.h"

#include "kernels/cpu/tiles_pack.h"

enum {
    TILE = GSC_TILES_SIDE,
    LINES = GSC_TILES_LINES,
    STEP = GSC_TILES_STEP_BYTES,
    GROUPS = GSC_TILES_GROUPS,
    MOST_COLUMNS = 512, /* of a block of b */
    PANEL_BYTES = GSC_TILES_A_BYTES / 2
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

static size_t round_up(size_t size) {
    return (size + LINES - 1) / LINES * LINES;
}

void gsc_tiles_pack_b(void *to, const gsc_tiles_product *p, size_t first, size_t count, size_t l,
                      size_t depth) {
    const size_t panel_bytes = round_up(depth) / LINES * STEP;
    float turned[2 * TILE * TILE] __attribute__((aligned(64)));
    for (size_t i = 0; i < count; i++) {
        const size_t line = (first + i) * LINES;
        const gsc_tiles_panel panel = {.side = &p->b,
                                       .to = (uint8_t *)to + i * panel_bytes,
                                       .line = line,
                                       .lines = least(LINES, p->n - line),
                                       .l = l,
                                       .depth = depth,
                                       .b = true};
        gsc_tiles_pack_panel(panel, turned);
    }
}

/* ---- Beside the unit ---- */

/* A panel of which some units are packed after each group of a step. */
typedef struct sharing {
    gsc_tiles_packing packing;
    uint8_t due[GROUPS];
} sharing;

typedef struct aside {
    sharing a, b;      /* the next panels */
    const char *fetch; /* the next row of what is brought near, 2 lines of memory wide */
    size_t fetch_row, fetch_rows, fetch_rate; /* bytes apart, rows left, rows at a time */
} aside;

/* The panel is packed within so many steps. */
static void share_out(sharing *s, gsc_tiles_packing packing, size_t steps) {
    const size_t share = (packing.left + steps - 1) / steps;
    s->packing = packing;
    for (size_t g = 0; g < GROUPS; g++) {
        s->due[g] = (uint8_t)((g + 1) * share / GROUPS - g * share / GROUPS);
    }
}

static __attribute__((noinline)) void pack_units(gsc_tiles_packing *packing, size_t count) {
    for (; count > 0 && packing->left > 0; count--) {
        gsc_tiles_pack_unit(packing);
    }
}

GSC_TILES_INLINE void work_aside(void *data, size_t step, size_t group) {
    aside *o = data;
    for (size_t i = 0; i < o->fetch_rate && o->fetch_rows > 0; i++, o->fetch_rows--) {
        __builtin_prefetch(o->fetch, 1, 3);
        __builtin_prefetch(o->fetch + 64, 1, 3);
        o->fetch += o->fetch_row;
    }
    if (o->a.packing.left > 0 && o->a.due[group] > 0) {
        pack_units(&o->a.packing, o->a.due[group]);
    }
    if (o->b.packing.left > 0 && o->b.due[group] > 0) {
        pack_units(&o->b.packing, o->b.due[group]);
    }
}

/* ---- Multiplying ---- */

/* A panel by a panel: c of rows and columns, at most 32 both. */
typedef struct pair {
    float *c;
    size_t c_row, rows, columns, steps;
    const uint8_t *a, *b;
    bool add;
} pair;

/* Sums [32, 32] to c, or added to it. */
static __attribute__((noinline)) void write_sums(const pair *p, const float *sums) {
    const __mmask16 mask_0 = gsc_tiles_mask((ptrdiff_t)p->columns);
    const __mmask16 mask_1 = gsc_tiles_mask((ptrdiff_t)p->columns - TILE);
    float *c = p->c;
    for (size_t i = 0; i < p->rows; i++, c += p->c_row, sums += LINES) {
        __m512 sum_0 = _mm512_load_ps(sums), sum_1 = _mm512_load_ps(sums + TILE);
        if (p->add) {
            sum_0 = _mm512_add_ps(sum_0, _mm512_maskz_loadu_ps(mask_0, c));
            sum_1 = _mm512_add_ps(sum_1, _mm512_maskz_loadu_ps(mask_1, c + TILE));
        }
        _mm512_mask_storeu_ps(c, mask_0, sum_0);
        _mm512_mask_storeu_ps(c + TILE, mask_1, sum_1);
    }
}

GSC_TILES_INLINE void store_sums(float *to, size_t to_row) {
    const size_t row_bytes = to_row * sizeof *to;
    _tile_stored(0, to, row_bytes);
    _tile_stored(1, to + TILE * to_row, row_bytes);
    _tile_stored(2, to + TILE, row_bytes);
    _tile_stored(3, to + TILE * to_row + TILE, row_bytes);
}

GSC_TILES_INLINE void clear_sums(void) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
}

/* Whole panels, whose sums c gets. */
static void multiply_whole(const pair *p, aside *o) {
    clear_sums();
    gsc_tiles_sum(p->a, p->b, p->steps, 2, 2, work_aside, o);
    store_sums(p->c, p->c_row);
}

/* Any panels; c is added to by whole sums, which is more exact than to go on from it. */
static void multiply_any(const pair *p, aside *o) {
    float sums[LINES * LINES] __attribute__((aligned(64)));
    const bool tall = p->rows > TILE, wide = p->columns > TILE;
    clear_sums();
    if (tall && wide) {
        gsc_tiles_sum(p->a, p->b, p->steps, 2, 2, work_aside, o);
    } else if (tall) {
        gsc_tiles_sum(p->a, p->b, p->steps, 2, 1, work_aside, o);
    } else if (wide) {
        gsc_tiles_sum(p->a, p->b, p->steps, 1, 2, work_aside, o);
    } else {
        gsc_tiles_sum(p->a, p->b, p->steps, 1, 1, work_aside, o);
    }
    store_sums(sums, LINES);
    __asm__ volatile("" ::: "memory");
    write_sums(p, sums);
}

/* A block: rows of a, inner numbers l .. l + inner - 1, by the columns of the panels of b, which are packed
 * on the way unless they are already. Panels of a take turns in the halves of a_room. */
typedef struct block {
    const gsc_tiles_product *p;
    uint8_t *panels;
    size_t panel_bytes; /* of b */
    size_t row, rows, column, columns;
    size_t l, inner;
    bool add, pack_b;
    uint8_t *a_room;
    gsc_tiles_next next;
} block;

static gsc_tiles_panel panel_of_a(const block *k, size_t row, size_t l, size_t inner, size_t half) {
    return (gsc_tiles_panel){.side = &k->p->a,
                             .to = k->a_room + half * PANEL_BYTES,
                             .line = row,
                             .lines = least(LINES, k->p->m - row),
                             .l = l,
                             .depth = inner};
}

static gsc_tiles_panel panel_of_b(const block *k, size_t column) {
    return (gsc_tiles_panel){.side = &k->p->b,
                             .to = k->panels + column / LINES * k->panel_bytes,
                             .line = k->column + column,
                             .lines = least(LINES, k->columns - column),
                             .l = k->l,
                             .depth = k->inner,
                             .b = true};
}

/* What comes after row i and column j is brought near while they are worked on. */
static void fetch_next(const block *k, aside *o, size_t i, size_t j, size_t steps) {
    const bool same_rows = j + LINES < k->columns;
    const size_t row = same_rows ? i : i + LINES, column = same_rows ? j + LINES : 0;
    o->fetch = (const char *)(k->p->c + (k->row + row) * k->p->c_row + k->column + column);
    o->fetch_row = k->p->c_row * sizeof *k->p->c;
    o->fetch_rows = row < k->rows ? least(LINES, k->rows - row) : 0;
    o->fetch_rate = (LINES + steps * GROUPS - 1) / (steps * GROUPS);
}

/* A panel of a, of row i, by all columns. */
static void multiply_panel(const block *k, aside *o, size_t i, size_t half, float *turned) {
    const size_t steps = round_up(k->inner) / LINES;
    for (size_t j = 0; j < k->columns; j += LINES) {
        const pair one = {.c = k->p->c + (k->row + i) * k->p->c_row + k->column + j,
                          .c_row = k->p->c_row,
                          .rows = least(LINES, k->rows - i),
                          .columns = least(LINES, k->columns - j),
                          .steps = steps,
                          .a = k->a_room + half * PANEL_BYTES,
                          .b = k->panels + j / LINES * k->panel_bytes,
                          .add = k->add};
        if (k->pack_b && i == 0 && j + LINES < k->columns) {
            share_out(&o->b, gsc_tiles_packing_of(panel_of_b(k, j + LINES), turned), steps);
        }
        fetch_next(k, o, i, j, steps);
        if (one.rows == LINES && one.columns == LINES && !one.add) {
            multiply_whole(&one, o);
        } else {
            multiply_any(&one, o);
        }
    }
    pack_units(&o->a.packing, SIZE_MAX);
}

static void multiply_block(const block *k, gsc_tiles_ahead *ahead) {
    float turned[2][2 * TILE * TILE] __attribute__((aligned(64)));
    const size_t pairs = round_up(k->inner) / LINES * (round_up(k->columns) / LINES);
    aside o = {.fetch_rows = 0};
    size_t half = 0;
    if (ahead->row == k->row && ahead->l == k->l) {
        half = ahead->half;
    } else {
        gsc_tiles_pack_panel(panel_of_a(k, k->row, k->l, k->inner, half), turned[0]);
    }
    if (k->pack_b) {
        gsc_tiles_pack_panel(panel_of_b(k, 0), turned[1]);
    }
    *ahead = (gsc_tiles_ahead){.row = SIZE_MAX};
    for (size_t i = 0; i < k->rows; i += LINES, half = 1 - half) {
        gsc_tiles_panel next = {.lines = 0};
        if (i + LINES < k->rows) {
            next = panel_of_a(k, k->row + i + LINES, k->l, k->inner, 1 - half);
        } else if (k->next.row != SIZE_MAX) {
            next = panel_of_a(k, k->next.row, k->next.l, least(GSC_TILES_DEPTH, k->next.depth),
                              1 - half);
            *ahead = (gsc_tiles_ahead){.row = k->next.row, .l = k->next.l, .half = 1 - half};
        }
        if (next.lines > 0) {
            share_out(&o.a, gsc_tiles_packing_of(next, turned[0]), pairs);
        }
        multiply_panel(k, &o, i, half, turned[1]);
    }
    __asm__ volatile("" ::: "memory");
}

/* In chunks of the depth. */
static void multiply_rows(const gsc_tiles_product *p, void *panels, size_t row, size_t rows,
                          size_t column, size_t columns, size_t l, size_t depth, void *a_room,
                          bool pack_b, gsc_tiles_ahead *ahead, gsc_tiles_next next) {
    for (size_t k = 0; k < depth; k += GSC_TILES_DEPTH) {
        const size_t after = k + GSC_TILES_DEPTH;
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
                           .a_room = a_room,
                           .next = after < depth ? (gsc_tiles_next){row, l + after, depth - after}
                                                 : next};
        multiply_block(&one, ahead);
    }
}

void gsc_tiles_rows(const gsc_tiles_product *p, const void *panels, size_t row, size_t rows,
                    size_t column, size_t columns, size_t l, size_t depth, void *a_room,
                    gsc_tiles_ahead *ahead, gsc_tiles_next next) {
    multiply_rows(p, (void *)panels, row, rows, column, columns, l, depth, a_room, false, ahead,
                  next);
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
    gsc_tiles_ahead ahead = {.row = SIZE_MAX};
    size_t most_columns, most_depth;
    gsc_tiles_block(p->n, p->k, GSC_TILES_B_NUMBERS, &most_columns, &most_depth);
    for (size_t j = 0; j < p->n; j += most_columns) {
        const size_t columns = least(most_columns, p->n - j);
        for (size_t l = 0; l < p->k; l += most_depth) {
            const size_t depth = least(most_depth, p->k - l);
            const size_t next_l = l + depth < p->k ? l + depth : 0;
            const bool another = next_l > 0 || j + columns < p->n;
            const gsc_tiles_next next = {another ? 0 : SIZE_MAX, next_l,
                                         least(most_depth, p->k - next_l)};
            multiply_rows(p, panels, 0, p->m, j, columns, l, depth, room, true, &ahead, next);
        }
    }
}
