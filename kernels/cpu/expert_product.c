/* SPDX-License-Identifier: MIT
 *
 * Products of one expert: tiles of 8 rows by up to 48 columns keep their sums in registers while rows of x
 * are read where they lie. Compiled once per instruction set. Layer: kernels.
 */
#include "kernels/cpu/expert_product.h"

#include "kernels/cpu/turn_over.h"

#if defined(__AVX512F__)

#include <immintrin.h>

enum {
    LANES = 16,
    ROWS = 8,           /* of a tile */
    PANEL = 3,          /* vectors of columns at most */
    DEPTH = 256,        /* inner numbers of a block of rows */
    OUTER_DEPTH = 128,  /* and of an outer product, whose rows stay in the nearest cache */
    AHEAD = 16,         /* inner numbers in a line of memory */
    NEAR_NUMBERS = 8192 /* of b that stay in the nearest cache without packing */
};

#define ALWAYS static inline __attribute__((always_inline))

ALWAYS size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* The first `columns` of a vector. */
ALWAYS __mmask16 mask_of(size_t columns) {
    return columns >= LANES ? (__mmask16)0xffff : (__mmask16)((1u << columns) - 1);
}

/* Columns of b: vectors `step` apart from one inner number to the next. */
typedef struct panel {
    const float *at;
    size_t step, columns;
} panel;

/* Adds rows - skipped sums to c, or writes them. */
ALWAYS void write_sums(float *c, size_t c_row, size_t columns, bool add, size_t count,
                       __m512 sum[ROWS][PANEL], int rows, int vectors) {
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
        if ((size_t)i >= count) {
            return;
        }
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) {
            float *to = c + (size_t)i * c_row + v * LANES;
            const __mmask16 mask = mask_of(columns - (size_t)v * LANES);
            const __m512 before = add ? _mm512_maskz_loadu_ps(mask, to) : _mm512_setzero_ps();
            _mm512_mask_storeu_ps(to, mask, _mm512_add_ps(before, sum[i][v]));
        }
    }
}

/* ---- Rows ---- */

/* Rows of a from inner number l on, and those of the next tile; beyond the last row it again. */
typedef struct row_set {
    const float *here[ROWS], *next[ROWS];
} row_set;

/* c of `rows` rows and `vectors` vectors, both constant where it is inlined; the first count are written. */
ALWAYS void rows_tile(float *c, size_t c_row, const row_set *set, const panel *b, size_t depth,
                      bool add, size_t count, int rows, int vectors) {
    __m512 sum[ROWS][PANEL];
    __mmask16 mask[PANEL];
    const float *a[ROWS], *from = b->at;
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
        a[i] = set->here[i];
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) {
            sum[i][v] = _mm512_setzero_ps();
        }
    }
#pragma GCC unroll 3
    for (int v = 0; v < vectors; v++) {
        mask[v] = mask_of(b->columns - (size_t)v * LANES);
    }
    for (size_t first = 0; first < depth; first += AHEAD) {
        const size_t end = least(depth, first + AHEAD);
        for (int i = 0; i < rows; i++) {
            __builtin_prefetch(set->next[i] + first);
        }
        for (size_t l = first; l < end; l++, from += b->step) {
            __m512 numbers[PANEL];
#pragma GCC unroll 3
            for (int v = 0; v < vectors; v++) {
                numbers[v] = _mm512_maskz_loadu_ps(mask[v], from + v * LANES);
            }
#pragma GCC unroll 8
            for (int i = 0; i < rows; i++) {
                const __m512 factor = _mm512_set1_ps(a[i][l]);
#pragma GCC unroll 3
                for (int v = 0; v < vectors; v++) {
                    sum[i][v] = _mm512_fmadd_ps(factor, numbers[v], sum[i][v]);
                }
            }
        }
    }
    write_sums(c, c_row, b->columns, add, count, sum, rows, vectors);
}

ALWAYS const float *row_at(const gsc_expert_product *p, size_t i) {
    return p->a + (p->a_index != NULL ? (size_t)p->a_index[i] : i) * p->a_row;
}

static void find_rows(const gsc_expert_product *p, const float **rows, size_t first, size_t l) {
    for (size_t i = 0; i < ROWS; i++) {
        rows[i] = row_at(p, least(first + i, p->m - 1)) + l;
    }
}

/* All rows of one panel. */
ALWAYS void rows_panel(const gsc_expert_product *p, float *c, const panel *b, size_t l,
                       size_t depth, bool add, int vectors) {
    row_set set;
    find_rows(p, set.next, 0, l);
    for (size_t i = 0; i < p->m; i += ROWS) {
        const size_t left = p->m - i;
        for (size_t r = 0; r < ROWS; r++) {
            set.here[r] = set.next[r];
        }
        find_rows(p, set.next, i + ROWS, l);
        if (left > ROWS / 2) {
            rows_tile(c + i * p->c_row, p->c_row, &set, b, depth, add, left, ROWS, vectors);
        } else {
            rows_tile(c + i * p->c_row, p->c_row, &set, b, depth, add, left, ROWS / 2, vectors);
        }
    }
}

/* `columns` of b from column j on, inner numbers l .. l + depth - 1, from [n, k]; zeros up to the vector's
 * end. */
static void pack_transposed(float *to, const gsc_expert_product *p, size_t l, size_t depth,
                            size_t j, size_t columns, size_t width) {
    for (size_t first = 0; first < width; first += LANES) {
        const size_t count = least(columns - first, LANES);
        const float *from = p->b + (j + first) * p->b_row + l;
        size_t s = 0;
        for (; count == LANES && s + LANES <= depth; s += LANES) {
            gsc_turn_over(to + s * width + first, width, from + s, p->b_row);
        }
        for (; s < depth; s++) {
            for (size_t i = 0; i < LANES; i++) {
                to[s * width + first + i] = i < count ? from[i * p->b_row + s] : 0.0f;
            }
        }
    }
}

static void pack(float *to, const gsc_expert_product *p, size_t l, size_t depth, size_t j,
                 size_t columns, size_t width) {
    for (size_t first = 0; first < width; first += LANES) {
        const __mmask16 mask = mask_of(columns - first);
        const float *from = p->b + l * p->b_row + j + first;
        for (size_t s = 0; s < depth; s++) {
            _mm512_store_ps(to + s * width + first,
                            _mm512_maskz_loadu_ps(mask, from + s * p->b_row));
        }
    }
}

/* 48 columns, but 64 as 32 + 32 rather than 48 + 16. */
ALWAYS size_t vectors_of(size_t columns) {
    const size_t vectors = (columns + LANES - 1) / LANES;
    return vectors == 4 ? 2 : least(vectors, PANEL);
}

bool GSC_ISA_NAME(gsc_expert_rows)(const gsc_expert_product *p) {
    float room[DEPTH * PANEL * LANES] __attribute__((aligned(64)));
    const bool as_it_lies = !p->transpose_b && p->n * p->k <= NEAR_NUMBERS;
    for (size_t l = 0; l < p->k; l += DEPTH) {
        const size_t depth = least(DEPTH, p->k - l);
        const bool add = p->accumulate || l > 0;
        for (size_t j = 0; j < p->n;) {
            const size_t vectors = vectors_of(p->n - j), width = vectors * LANES;
            panel b = {.at = room, .step = width, .columns = least(p->n - j, width)};
            if (as_it_lies) {
                b.at = p->b + l * p->b_row + j;
                b.step = p->b_row;
            } else if (p->transpose_b) {
                pack_transposed(room, p, l, depth, j, b.columns, width);
            } else {
                pack(room, p, l, depth, j, b.columns, width);
            }
            if (vectors == 3) {
                rows_panel(p, p->c + j, &b, l, depth, add, 3);
            } else if (vectors == 2) {
                rows_panel(p, p->c + j, &b, l, depth, add, 2);
            } else {
                rows_panel(p, p->c + j, &b, l, depth, add, 1);
            }
            j += b.columns;
        }
    }
    return true;
}

/* ---- Outer ---- */

/* Inner numbers of an outer product: where the rows of both sides begin. */
typedef struct inner {
    const float *a[OUTER_DEPTH], *b[OUTER_DEPTH];
    size_t depth;
} inner;

ALWAYS void outer_tile(float *c, size_t c_row, const inner *in, size_t i, size_t j, size_t columns,
                       bool add, size_t count, int rows, int vectors) {
    __m512 sum[ROWS][PANEL];
    __mmask16 mask[PANEL];
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) {
            sum[r][v] = _mm512_setzero_ps();
        }
    }
#pragma GCC unroll 3
    for (int v = 0; v < vectors; v++) {
        mask[v] = mask_of(columns - (size_t)v * LANES);
    }
    for (size_t l = 0; l < in->depth; l++) {
        const float *a = in->a[l] + i, *b = in->b[l] + j;
        __builtin_prefetch(a + ROWS); /* the next tile's */
        __m512 numbers[PANEL];
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) {
            numbers[v] = _mm512_maskz_loadu_ps(mask[v], b + v * LANES);
        }
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            const __m512 factor = _mm512_set1_ps(a[r]);
#pragma GCC unroll 3
            for (int v = 0; v < vectors; v++) {
                sum[r][v] = _mm512_fmadd_ps(factor, numbers[v], sum[r][v]);
            }
        }
    }
    write_sums(c, c_row, columns, add, count, sum, rows, vectors);
}

ALWAYS void outer_panel(const gsc_expert_product *p, const inner *in, size_t j, size_t columns,
                        bool add, int vectors) {
    size_t i = 0;
    for (; i + ROWS <= p->m; i += ROWS) {
        outer_tile(p->c + i * p->c_row + j, p->c_row, in, i, j, columns, add, ROWS, ROWS, vectors);
    }
    for (; i < p->m; i++) {
        outer_tile(p->c + i * p->c_row + j, p->c_row, in, i, j, columns, add, 1, 1, vectors);
    }
}

static void find_inner(const gsc_expert_product *p, size_t first, inner *in) {
    in->depth = least(OUTER_DEPTH, p->k - first);
    for (size_t l = 0; l < in->depth; l++) {
        const size_t at = first + l;
        in->a[l] = p->a + (p->a_index != NULL ? (size_t)p->a_index[at] : at) * p->a_row;
        in->b[l] = p->b + (p->b_index != NULL ? (size_t)p->b_index[at] : at) * p->b_row;
    }
}

bool GSC_ISA_NAME(gsc_expert_outer)(const gsc_expert_product *p) {
    inner in;
    for (size_t l = 0; l < p->k; l += OUTER_DEPTH) {
        const bool add = p->accumulate || l > 0;
        find_inner(p, l, &in);
        for (size_t j = 0; j < p->n;) {
            const size_t vectors = vectors_of(p->n - j);
            const size_t columns = least(p->n - j, vectors * LANES);
            if (vectors == 3) {
                outer_panel(p, &in, j, columns, add, 3);
            } else if (vectors == 2) {
                outer_panel(p, &in, j, columns, add, 2);
            } else {
                outer_panel(p, &in, j, columns, add, 1);
            }
            j += columns;
        }
    }
    return true;
}

#else

bool GSC_ISA_NAME(gsc_expert_rows)(const gsc_expert_product *p) {
    return false;
}

bool GSC_ISA_NAME(gsc_expert_outer)(const gsc_expert_product *p) {
    return false;
}

#endif
