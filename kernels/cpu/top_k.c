/* SPDX-License-Identifier: MIT
 *
 * The k largest of each row, largest first, ties to the smaller index; compiled once per
 * instruction set. Layer: kernels.
 *
 * The best so far are kept sorted by insertion; a block of 16 values is skipped by one vector
 * comparison when none of them beats the worst kept. Comparisons only: the same indices at every
 * level. Cost O(columns + moves), at worst columns * k (k of a few dozen; beyond that a sort would
 * win).
 *
 * At AVX-512 up to 16 best doubles stay in two registers, and what is below the least of the largest of
 * 16 shares of the row, which is at most the 16th largest, is never looked at.
 */
#include "kernels/cpu/rows.h"

#include <math.h>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

enum {
    LANES = 16
};

static inline bool in_registers_float(int32_t *index, const float *row, size_t columns, size_t k) {
    return false;
}

#if defined(__AVX512F__)

/* The best, largest first, and where they lie; -infinity: none yet. */
typedef struct leaders {
    __m512d value[2];
    __m512i at[2];
} leaders;

/* Before all that are smaller. */
static inline void insert(leaders *best, __m512d value, __m512i at, size_t vectors) {
    __m512d before = _mm512_set1_pd((double)INFINITY);
    __m512i before_at = _mm512_setzero_si512();
    for (size_t i = 0; i < vectors; i++) {
        const __m512d here = best->value[i];
        const __m512i here_at = best->at[i];
        const __m512d shifted = (__m512d)_mm512_alignr_epi64((__m512i)here, (__m512i)before, 7);
        const __m512i shifted_at = _mm512_alignr_epi64(here_at, before_at, 7);
        const __mmask8 stays = _mm512_cmp_pd_mask(here, value, _CMP_GE_OQ);
        const __mmask8 first = _mm512_cmp_pd_mask(shifted, value, _CMP_GE_OQ); /* and all before */
        best->value[i] = _mm512_mask_mov_pd(_mm512_mask_mov_pd(shifted, first, value), stays, here);
        best->at[i] =
            _mm512_mask_mov_epi64(_mm512_mask_mov_epi64(shifted_at, first, at), stays, here_at);
        before = here;
        before_at = here_at;
    }
}

static inline __m512d load_or_less(const double *row, size_t left) {
    const __mmask8 mask = left >= 8 ? (__mmask8)0xff : (__mmask8)((1u << left) - 1);
    return _mm512_mask_loadu_pd(_mm512_set1_pd(-(double)INFINITY), mask, row);
}

/* A number that at least 8 vectors numbers of the row reach; false where one is NaN or -infinity. */
static inline bool find_least(const double *row, size_t columns, size_t vectors,
                              double *ret_least) {
    const __m512d none = _mm512_set1_pd(-(double)INFINITY);
    __m512d most[2] = {none, none};
    size_t numbers = 0;
    for (size_t j = 0; j < columns; j += 8) {
        const __m512d x = load_or_less(row + j, columns - j);
        __m512d *to = &most[j / 8 % vectors];
        *to = _mm512_max_pd(x, *to);
        numbers += (size_t)__builtin_popcount(_mm512_cmp_pd_mask(x, none, _CMP_GT_OQ));
    }
    *ret_least = _mm512_reduce_min_pd(vectors == 2 ? _mm512_min_pd(most[0], most[1]) : most[0]);
    return numbers == columns;
}

static inline void take_row(int32_t *index, const double *row, size_t columns, size_t k,
                            double least, size_t vectors) {
    const __m512d none = _mm512_set1_pd(-(double)INFINITY);
    const __m512i last = _mm512_set1_epi64((int64_t)(k - 1) % 8), zero = _mm512_setzero_si512();
    const __m512d bound = _mm512_set1_pd(least);
    __m512d worst = none;
    leaders best = {{none, none}, {zero, zero}};
    for (size_t j = 0; j < columns; j += 8) {
        const __m512d x = load_or_less(row + j, columns - j);
        unsigned better =
            _mm512_mask_cmp_pd_mask(_mm512_cmp_pd_mask(x, bound, _CMP_GE_OQ), x, worst, _CMP_GT_OQ);
        while (better != 0) {
            const size_t at = j + (size_t)__builtin_ctz(better);
            insert(&best, _mm512_set1_pd(row[at]), _mm512_set1_epi64((int64_t)at), vectors);
            worst = _mm512_permutexvar_pd(last, best.value[vectors - 1]);
            better &= better - 1;
            better &= _mm512_cmp_pd_mask(x, worst, _CMP_GT_OQ);
        }
    }
    for (size_t i = 0; i < vectors; i++) {
        const __mmask8 mask = k - 8 * i >= 8 ? (__mmask8)0xff : (__mmask8)((1u << (k - 8 * i)) - 1);
        _mm256_mask_storeu_epi32(index + 8 * i, mask, _mm512_cvtepi64_epi32(best.at[i]));
    }
}

static inline bool in_registers_double(int32_t *index, const double *row, size_t columns,
                                       size_t k) {
    double least = 0;
    if (k <= 8 && find_least(row, columns, 1, &least)) {
        take_row(index, row, columns, k, least, 1);
        return true;
    }
    if (k > 8 && k <= 16 && find_least(row, columns, 2, &least)) {
        take_row(index, row, columns, k, least, 2);
        return true;
    }
    return false;
}

#else

static inline bool in_registers_double(int32_t *index, const double *row, size_t columns,
                                       size_t k) {
    return false;
}

#endif

/* NaN ranks below everything, -infinity included, and behind it by index. */
#define GSC_TOP_K_ROWS(name, type)                                                                 \
    static inline int before_##type(type a, type b) {                                              \
        return a > b || (b != b && a == a);                                                        \
    }                                                                                              \
    static inline void insert_##type(int32_t *best, size_t kept, const type *row, size_t j) {      \
        size_t at = kept;                                                                          \
        while (at > 0 && before_##type(row[j], row[best[at - 1]])) {                               \
            best[at] = best[at - 1];                                                               \
            at--;                                                                                  \
        }                                                                                          \
        best[at] = (int32_t)j;                                                                     \
    }                                                                                              \
    void name(int32_t *index, const type *value, size_t rows, size_t columns, size_t k) {          \
        for (size_t t = 0; k > 0 && t < rows; t++) {                                               \
            const type *row = value + t * columns;                                                 \
            int32_t *best = index + t * k;                                                         \
            if (in_registers_##type(best, row, columns, k)) {                                      \
                continue;                                                                          \
            }                                                                                      \
            size_t j = 0;                                                                          \
            for (; j < k; j++) {                                                                   \
                insert_##type(best, j, row, j);                                                    \
            }                                                                                      \
            type worst = row[best[k - 1]];                                                         \
            while (j < columns) {                                                                  \
                size_t stop = columns - j >= LANES ? j + LANES : columns;                          \
                if (stop == j + LANES && worst == worst) {                                         \
                    int any = 0;                                                                   \
                    for (size_t l = 0; l < LANES; l++) {                                           \
                        any |= row[j + l] > worst;                                                 \
                    }                                                                              \
                    j = any ? j : stop;                                                            \
                }                                                                                  \
                for (; j < stop; j++) {                                                            \
                    if (before_##type(row[j], worst)) {                                            \
                        insert_##type(best, k - 1, row, j);                                        \
                        worst = row[best[k - 1]];                                                  \
                    }                                                                              \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }

GSC_TOP_K_ROWS(GSC_ISA_NAME(gsc_top_k_rows_f32), float)
GSC_TOP_K_ROWS(GSC_ISA_NAME(gsc_top_k_rows_f64), double)
