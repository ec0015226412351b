/* SPDX-License-Identifier: MIT
 *
 * Softmax of rows, vectorised over the columns; compiled once per instruction set. Layer: kernels.
 *
 * The maximum and the sum run over 16 fixed lanes at every level, so only libmvec's exp differs
 * between them.
 */
#include "kernels/cpu/rows.h"

#include <math.h>

enum {
    LANES = 16
};

#define GSC_SOFTMAX_ROWS(name, type, exponential)                                                  \
    void name(type *p, const type *z, size_t rows, size_t columns) {                               \
        for (size_t t = 0; t < rows; t++) {                                                        \
            const type *row = z + t * columns;                                                     \
            type *out = p + t * columns;                                                           \
            type most[LANES], part[LANES];                                                         \
            size_t whole = columns - columns % LANES;                                              \
            for (size_t l = 0; l < LANES; l++) {                                                   \
                most[l] = -(type)INFINITY;                                                         \
                part[l] = 0;                                                                       \
            }                                                                                      \
            for (size_t j = 0; j < whole; j += LANES) {                                            \
                for (size_t l = 0; l < LANES; l++) {                                               \
                    most[l] = row[j + l] > most[l] ? row[j + l] : most[l];                         \
                }                                                                                  \
            }                                                                                      \
            type top = -(type)INFINITY;                                                            \
            for (size_t l = 0; l < LANES; l++) {                                                   \
                top = most[l] > top ? most[l] : top;                                               \
            }                                                                                      \
            for (size_t j = whole; j < columns; j++) {                                             \
                top = row[j] > top ? row[j] : top;                                                 \
            }                                                                                      \
            for (size_t j = 0; j < columns; j++) {                                                 \
                out[j] = exponential(row[j] - top);                                                \
            }                                                                                      \
            for (size_t j = 0; j < whole; j += LANES) {                                            \
                for (size_t l = 0; l < LANES; l++) {                                               \
                    part[l] += out[j + l];                                                         \
                }                                                                                  \
            }                                                                                      \
            type sum = 0;                                                                          \
            for (size_t l = 0; l < LANES; l++) {                                                   \
                sum += part[l];                                                                    \
            }                                                                                      \
            for (size_t j = whole; j < columns; j++) {                                             \
                sum += out[j];                                                                     \
            }                                                                                      \
            for (size_t j = 0; j < columns; j++) {                                                 \
                out[j] /= sum;                                                                     \
            }                                                                                      \
        }                                                                                          \
    }

GSC_SOFTMAX_ROWS(GSC_ISA_NAME(gsc_softmax_rows_f32), float, expf)
GSC_SOFTMAX_ROWS(GSC_ISA_NAME(gsc_softmax_rows_f64), double, exp)
