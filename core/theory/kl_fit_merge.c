/* SPDX-License-Identifier: MIT
 *
 * Householder's QR of rows under a triangle (fit_merge). A reflection goes over many columns at once, row by row: sums
 * stay in registers, and none of them is across a register. Layer: core/theory.
 */
#include "core/theory/kl_fit_internal.h"

#include <math.h>
#include <string.h>

enum {
    CHUNK = 96, /* rows merged at once */
    WIDE = 8,
    MOST_WIDE = 4,
    MOST_COLUMNS = (GSC_KL_FIT_MAX_SLOTS + WIDE) / WIDE * WIDE
};

/* Lowered to what a level has. */
typedef double wide __attribute__((vector_size(WIDE * sizeof(double))));

/* Columns from b on, WIDE count of them, and their heads in top: dot = scale (v'b + head top), top -= dot head,
 * b -= dot v. */
static inline __attribute__((always_inline)) void reflect(size_t count, size_t rows,
                                                          const double *v, double head,
                                                          double scale, double *b, size_t stride,
                                                          double *top) {
    wide even[MOST_WIDE], odd[MOST_WIDE];
    wide *heads = (wide *)top;
    for (size_t i = 0; i < count; i++) {
        even[i] = heads[i] * head;
        odd[i] = (wide){0};
    }
    size_t t = 0;
    for (; t + 2 <= rows; t += 2) {
        const wide *first = (const wide *)(b + t * stride);
        const wide *second = (const wide *)(b + (t + 1) * stride);
        for (size_t i = 0; i < count; i++) {
            even[i] += v[t] * first[i];
            odd[i] += v[t + 1] * second[i];
        }
    }
    if (t < rows) {
        const wide *last = (const wide *)(b + t * stride);
        for (size_t i = 0; i < count; i++) {
            even[i] += v[t] * last[i];
        }
    }
    for (size_t i = 0; i < count; i++) {
        even[i] = scale * (even[i] + odd[i]);
        heads[i] -= head * even[i];
    }
    for (t = 0; t < rows; t++) {
        wide *row = (wide *)(b + t * stride);
        for (size_t i = 0; i < count; i++) {
            row[i] -= v[t] * even[i];
        }
    }
}

/* A column into v [rows, up to a multiple of WIDE]; the sum of its squares. */
static inline __attribute__((always_inline)) double take_column(size_t rows, const double *column,
                                                                size_t stride, double *v) {
    wide squares = {0};
    double sum = 0;
    for (size_t t = 0; t < rows; t++) {
        v[t] = column[t * stride];
    }
    for (size_t t = rows; t % WIDE != 0; t++) {
        v[t] = 0;
    }
    for (size_t t = 0; t < rows; t += WIDE) {
        const wide part = *(const wide *)(v + t);
        squares += part * part;
    }
    for (size_t l = 0; l < WIDE; l++) {
        sum += squares[l];
    }
    return sum;
}

/* A chunk by row, columns 0 .. n, the rest of a row 0; of it active[k] - from rows, if any, reach column k (NULL: all).
 * Columns that are done are not kept. */
static inline __attribute__((always_inline)) void merge_chunk(size_t n, double *r, size_t all,
                                                              double *block, size_t stride,
                                                              const size_t *active, size_t from) {
    _Alignas(64) double v[CHUNK], top[MOST_COLUMNS];
    for (size_t k = 0; k < n; k++) {
        const size_t reach = active == NULL ? all : active[k] > from ? active[k] - from : 0;
        const size_t rows = reach < all ? reach : all;
        double *diagonal = &r[k * (n + 1) + k];
        const double below = take_column(rows, block + k, stride, v);
        if (below == 0) {
            continue;
        }
        const double length = sqrt(*diagonal * *diagonal + below);
        const double end = *diagonal > 0 ? -length : length, head = *diagonal - end;
        const double scale = 2 / (head * head + below);
        const size_t begin = (k + 1) / WIDE * WIDE;
        *diagonal = end;
        memset(top + begin, 0, (stride - begin) * sizeof *top);
        memcpy(top + k + 1, diagonal + 1, (n - k) * sizeof *top);
        for (size_t j = begin; j < stride; j += MOST_WIDE * WIDE) {
            const size_t count = (stride - j) / WIDE;
            double *b = block + j, *heads = top + j;
            if (count >= 4) {
                reflect(4, rows, v, head, scale, b, stride, heads);
            } else if (count == 3) {
                reflect(3, rows, v, head, scale, b, stride, heads);
            } else if (count == 2) {
                reflect(2, rows, v, head, scale, b, stride, heads);
            } else {
                reflect(1, rows, v, head, scale, b, stride, heads);
            }
        }
        memcpy(diagonal + 1, top + k + 1, (n - k) * sizeof *top);
    }
}

FIT_CLONES
void fit_merge(size_t n, double *r, size_t rows, const double *block, size_t stride,
               const size_t *active) {
    _Alignas(64) double chunk[CHUNK * MOST_COLUMNS];
    const size_t columns = (n + WIDE) / WIDE * WIDE;
    for (size_t from = 0; from < rows; from += CHUNK) {
        const size_t count = rows - from < CHUNK ? rows - from : CHUNK;
        for (size_t t = 0; t < count; t++) {
            for (size_t c = n + 1; c < columns; c++) {
                chunk[t * columns + c] = 0;
            }
        }
        for (size_t c = 0; c <= n; c++) {
            const double *column = block + c * stride + from;
            for (size_t t = 0; t < count; t++) {
                chunk[t * columns + c] = column[t];
            }
        }
        merge_chunk(n, r, count, chunk, columns, active, from);
    }
}
