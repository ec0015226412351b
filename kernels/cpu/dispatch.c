/* SPDX-License-Identifier: MIT
 *
 * Rows to experts and back; compiled once per instruction set.
 * Layer: kernels.
 */
#include "kernels/cpu/lanes.h"
#include "kernels/cpu/tasks.h"

#include <string.h>

void GSC_ISA_NAME(gsc_gather_rows_task)(void *data, size_t task, size_t worker) {
    const gsc_cpu_work *w = data;
    const gsc_combine_args *a = w->args;
    for (size_t s = task * w->share; s < gsc_cpu_share_end(w, task, a->slots); s++) {
        memcpy((float *)a->y + s * a->columns, (const float *)a->x + (size_t)a->row[s] * a->columns,
               a->columns * sizeof(float));
    }
}

/* Numbers of a row whose sums stay in registers. */
enum {
    AT_ONCE = 128,
    LINE = 16 /* numbers of a line of memory */
};

/* y += sum of weight x over places first .. last - 1, in their order; count <= AT_ONCE numbers of each. */
static inline void add_places(float *restrict y, const gsc_combine_args *a, size_t column,
                              size_t count, size_t first, size_t last, bool add) {
    const float *x = (const float *)a->x + column, *weights = a->weight;
    float sum[AT_ONCE];
    for (size_t j = 0; j < count; j++) {
        sum[j] = add ? y[j] : 0.0f;
    }
    for (size_t c = first; c < last; c++) {
        const float *from = x + (size_t)a->slot[c] * a->columns;
        const float weight = weights != NULL ? weights[c] : 1.0f;
        for (size_t j = 0; j < count; j++) {
            sum[j] += weight * from[j];
        }
    }
    for (size_t j = 0; j < count; j++) {
        y[j] = sum[j];
    }
}

void GSC_ISA_NAME(gsc_combine_task)(void *data, size_t task, size_t worker) {
    const gsc_cpu_work *w = data;
    const gsc_combine_args *a = w->args;
    const size_t end = gsc_cpu_share_end(w, task, a->rows), places = (size_t)a->start[end];
    for (size_t t = task * w->share; t < end; t++) {
        const size_t first = (size_t)a->start[t], last = (size_t)a->start[t + 1];
        float *y = (float *)a->y + t * a->columns;
        for (size_t c = last; c < 2 * last - first && c < places; c++) { /* the next row's */
            const float *next = (const float *)a->x + (size_t)a->slot[c] * a->columns;
            for (size_t j = 0; j < a->columns && j < AT_ONCE; j += LINE) {
                __builtin_prefetch(next + j);
            }
        }
        size_t j = 0;
        for (; j + AT_ONCE <= a->columns; j += AT_ONCE) {
            add_places(y + j, a, j, AT_ONCE, first, last, a->accumulate);
        }
        if (j < a->columns) {
            add_places(y + j, a, j, a->columns - j, first, last, a->accumulate);
        }
    }
}

void GSC_ISA_NAME(gsc_combine_backward_task)(void *data, size_t task, size_t worker) {
    const gsc_cpu_work *w = data;
    const gsc_combine_args *a = w->args;
    for (size_t s = task * w->share; s < gsc_cpu_share_end(w, task, a->slots); s++) {
        size_t place = (size_t)a->choice[s];
        const float weight = ((const float *)a->weight)[place];
        const float *restrict x = (const float *)a->x + s * a->columns;
        float *restrict dx = (float *)a->y + s * a->columns;
        float *restrict g = (float *)a->g + s * a->columns;
        ((float *)a->dweight)[place] = gsc_lanes_dot(g, x, a->columns);
        for (size_t j = 0; j < a->columns; j++) {
            dx[j] = weight * g[j];
            g[j] = weight * x[j];
        }
    }
}
