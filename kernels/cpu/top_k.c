/* SPDX-License-Identifier: MIT
 *
 * The k largest of each row, largest first, ties to the smaller index; compiled once per
 * instruction set. Layer: kernels.
 *
 * The best so far are kept sorted by insertion; a block of 16 values is skipped by one vector
 * comparison when none of them beats the worst kept. Comparisons only: the same indices at every
 * level. Cost O(columns + moves), at worst columns * k (k of a few dozen; beyond that a sort would
 * win).
 */
#include "kernels/cpu/rows.h"

#include <math.h>

enum {
    LANES = 16
};

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
