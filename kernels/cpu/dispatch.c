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

void GSC_ISA_NAME(gsc_combine_task)(void *data, size_t task, size_t worker) {
    const gsc_cpu_work *w = data;
    const gsc_combine_args *a = w->args;
    const float *weights = a->weight;
    for (size_t t = task * w->share; t < gsc_cpu_share_end(w, task, a->rows); t++) {
        float *restrict y = (float *)a->y + t * a->columns;
        if (!a->accumulate) {
            memset(y, 0, a->columns * sizeof *y);
        }
        for (size_t c = (size_t)a->start[t]; c < (size_t)a->start[t + 1]; c++) {
            const float *x = (const float *)a->x + (size_t)a->slot[c] * a->columns;
            float weight = weights != NULL ? weights[c] : 1.0f;
            for (size_t j = 0; j < a->columns; j++) {
                y[j] += weight * x[j];
            }
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
