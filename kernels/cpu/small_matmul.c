/* SPDX-License-Identifier: MIT
 *
 * Products of few rows: panels of 16 to 48 columns of b are copied (or transposed) to the stack,
 * then tiles of 8 rows keep their sums in registers. Compiled once per instruction set.
 * Layer: kernels.
 */
#include "kernels/cpu/small_matmul.h"

#include "kernels/cpu/turn_over.h"

#if defined(__AVX512F__)

#include <immintrin.h>

enum {
    LANES = 16,
    DEPTH = 256, /* steps of the inner sum between additions to c */
    PANEL = 3    /* vectors of columns at most */
};

#define ALWAYS static inline __attribute__((always_inline))

/* The first `columns` of a vector. */
ALWAYS __mmask16 mask_of(size_t columns) {
    return columns >= LANES ? (__mmask16)0xffff : (__mmask16)((1u << columns) - 1);
}

/* c of `rows` rows and `vectors` vectors, both constant where it is inlined. */
ALWAYS void tile(float *c, size_t c_row, const float *a, size_t a_row, size_t a_step,
                 const float *panel, size_t depth, size_t columns, bool add, int rows,
                 int vectors) {
    __m512 sum[8][PANEL];
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) {
            sum[i][v] = _mm512_setzero_ps();
        }
    }
    for (size_t l = 0; l < depth; l++) {
        __m512 b[PANEL];
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) {
            b[v] = _mm512_load_ps(panel + (l * (size_t)vectors + (size_t)v) * LANES);
        }
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            __m512 factor = _mm512_set1_ps(a[(size_t)i * a_row + l * a_step]);
#pragma GCC unroll 3
            for (int v = 0; v < vectors; v++) {
                sum[i][v] = _mm512_fmadd_ps(factor, b[v], sum[i][v]);
            }
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) {
            float *to = c + (size_t)i * c_row + v * LANES;
            __mmask16 mask = mask_of(columns - (size_t)v * LANES);
            __m512 before = add ? _mm512_maskz_loadu_ps(mask, to) : _mm512_setzero_ps();
            _mm512_mask_storeu_ps(to, mask, _mm512_add_ps(before, sum[i][v]));
        }
    }
}

/* All rows of one panel. */
#define GSC_PANEL_ROWS(vectors)                                                                    \
    static void panel_rows_##vectors(const gsc_small_product *p, float *c, const float *a,         \
                                     const float *panel, size_t depth, size_t columns, bool add) { \
        size_t i = 0;                                                                              \
        for (; i + 8 <= p->m; i += 8) {                                                            \
            tile(c + i * p->c_row, p->c_row, a + i * p->a_row, p->a_row, p->a_step, panel, depth,  \
                 columns, add, 8, vectors);                                                        \
        }                                                                                          \
        for (; i + 4 <= p->m; i += 4) {                                                            \
            tile(c + i * p->c_row, p->c_row, a + i * p->a_row, p->a_row, p->a_step, panel, depth,  \
                 columns, add, 4, vectors);                                                        \
        }                                                                                          \
        for (; i < p->m; i++) {                                                                    \
            tile(c + i * p->c_row, p->c_row, a + i * p->a_row, p->a_row, p->a_step, panel, depth,  \
                 columns, add, 1, vectors);                                                        \
        }                                                                                          \
    }
GSC_PANEL_ROWS(1)
GSC_PANEL_ROWS(2)
GSC_PANEL_ROWS(3)

/* `columns` of b from column j on, steps l .. l + depth - 1, zeros up to the vector's end. */
static void pack(float *panel, const gsc_small_product *p, size_t l, size_t depth, size_t j,
                 size_t columns, size_t vectors) {
    size_t width = vectors * LANES;
    for (size_t v = 0; v < vectors; v++) {
        size_t first = v * LANES, count = columns - first < LANES ? columns - first : LANES;
        float *to = panel + first;
        if (!p->transpose_b) {
            const float *from = p->b + l * p->b_row + j + first;
            for (size_t s = 0; s < depth; s++) {
                _mm512_store_ps(to + s * width,
                                _mm512_maskz_loadu_ps(mask_of(count), from + s * p->b_row));
            }
            continue;
        }
        const float *from = p->b + (j + first) * p->b_row + l;
        size_t s = 0;
        for (; count == LANES && s + LANES <= depth; s += LANES) {
            gsc_turn_over(to + s * width, width, from + s, p->b_row);
        }
        for (; s < depth; s++) {
            for (size_t i = 0; i < LANES; i++) {
                to[s * width + i] = i < count ? from[i * p->b_row + s] : 0.0f;
            }
        }
    }
}

bool GSC_ISA_NAME(gsc_small_matmul)(const gsc_small_product *p) {
    float panel[DEPTH * PANEL * LANES] __attribute__((aligned(64)));
    for (size_t l = 0; l < p->k; l += DEPTH) {
        size_t depth = p->k - l < DEPTH ? p->k - l : DEPTH, j = 0;
        bool add = p->accumulate || l > 0;
        while (j < p->n) {
            /* 48 columns, but 64 as 32 + 32 rather than 48 + 16. */
            size_t left = p->n - j, vectors = (left + LANES - 1) / LANES;
            vectors = vectors == 4 ? 2 : vectors > PANEL ? PANEL : vectors;
            size_t columns = left < vectors * LANES ? left : vectors * LANES;
            pack(panel, p, l, depth, j, columns, vectors);
            const float *a = p->a + l * p->a_step;
            if (vectors == 3) {
                panel_rows_3(p, p->c + j, a, panel, depth, columns, add);
            } else if (vectors == 2) {
                panel_rows_2(p, p->c + j, a, panel, depth, columns, add);
            } else {
                panel_rows_1(p, p->c + j, a, panel, depth, columns, add);
            }
            j += columns;
        }
    }
    return true;
}

#else

bool GSC_ISA_NAME(gsc_small_matmul)(const gsc_small_product *p) {
    return false;
}

#endif
