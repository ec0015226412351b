/* SPDX-License-Identifier: MIT
 *
 * Normalisation of rows and its gradient; compiled once per instruction set.
 * Layer: kernels.
 */
#include "kernels/cpu/lanes.h"
#include "kernels/cpu/tasks.h"

#include <math.h>

/* Sum of (x - mean)^2. */
static float squares(const float *x, float mean, size_t n) {
    float part[GSC_LANES] = {0};
    size_t whole = n - n % GSC_LANES;
    for (size_t j = 0; j < whole; j += GSC_LANES) {
        for (size_t l = 0; l < GSC_LANES; l++) {
            part[l] += (x[j + l] - mean) * (x[j + l] - mean);
        }
    }
    for (size_t j = whole; j < n; j++) {
        part[j - whole] += (x[j] - mean) * (x[j] - mean);
    }
    return gsc_lanes_sum(part);
}

void GSC_ISA_NAME(gsc_norm_task)(void *data, size_t task, size_t worker) {
    const gsc_cpu_work *w = data;
    const gsc_norm_args *a = w->args;
    const float *restrict gain = a->gain, *restrict bias = a->bias;
    size_t n = a->columns;
    for (size_t t = task * w->share; t < gsc_cpu_share_end(w, task, a->rows); t++) {
        const float *restrict x = (const float *)a->x + t * n;
        float *restrict y = (float *)a->y + t * n;
        float mean = a->centred ? gsc_lanes_add(x, n) / (float)n : 0.0f;
        float rstd = 1.0f / sqrtf(squares(x, mean, n) / (float)n + (float)a->epsilon);
        if (bias != NULL) {
            for (size_t j = 0; j < n; j++) {
                y[j] = (x[j] - mean) * rstd * gain[j] + bias[j];
            }
        } else {
            for (size_t j = 0; j < n; j++) {
                y[j] = (x[j] - mean) * rstd * gain[j];
            }
        }
        if (a->centred) {
            ((float *)a->mean)[t] = mean;
        }
        ((float *)a->rstd)[t] = rstd;
    }
}

void GSC_ISA_NAME(gsc_norm_backward_task)(void *data, size_t task, size_t worker) {
    const gsc_cpu_work *w = data;
    const gsc_norm_args *a = w->args;
    const float *restrict gain = a->gain;
    size_t n = a->columns, whole = n - n % GSC_LANES;
    for (size_t t = task * w->share; t < gsc_cpu_share_end(w, task, a->rows); t++) {
        const float *restrict x = (const float *)a->x + t * n;
        const float *dy = (const float *)a->dy + t * n;
        float *dx = (float *)a->dx + t * n;
        float mean = a->centred ? ((const float *)a->mean)[t] : 0.0f;
        float rstd = ((const float *)a->rstd)[t];
        float sum_g[GSC_LANES] = {0}, sum_gn[GSC_LANES] = {0};
        for (size_t j = 0; j < whole; j += GSC_LANES) {
            for (size_t l = 0; l < GSC_LANES; l++) {
                float g = dy[j + l] * gain[j + l];
                sum_g[l] += g;
                sum_gn[l] += g * ((x[j + l] - mean) * rstd);
            }
        }
        for (size_t j = whole; j < n; j++) {
            float g = dy[j] * gain[j];
            sum_g[j - whole] += g;
            sum_gn[j - whole] += g * ((x[j] - mean) * rstd);
        }
        float mean_g = a->centred ? gsc_lanes_sum(sum_g) / (float)n : 0.0f;
        float mean_gn = gsc_lanes_sum(sum_gn) / (float)n;
        if (a->accumulate) {
            for (size_t j = 0; j < n; j++) {
                dx[j] += rstd * (dy[j] * gain[j] - mean_g - (x[j] - mean) * rstd * mean_gn);
            }
        } else {
            for (size_t j = 0; j < n; j++) {
                dx[j] = rstd * (dy[j] * gain[j] - mean_g - (x[j] - mean) * rstd * mean_gn);
            }
        }
    }
}

void GSC_ISA_NAME(gsc_norm_columns_task)(void *data, size_t task, size_t worker) {
    const gsc_cpu_work *w = data;
    const gsc_norm_args *a = w->args;
    size_t first = task * w->share, width = gsc_cpu_share_end(w, task, a->columns) - first;
    float *dgain = (float *)a->dgain + first;
    float *dbias = a->dbias != NULL ? (float *)a->dbias + first : NULL;
    double gain[64], bias[64];
    for (size_t l = 0; l < width; l++) {
        gain[l] = dgain[l];
        bias[l] = dbias != NULL ? (double)dbias[l] : 0.0;
    }
    for (size_t begin = 0; begin < a->rows; begin += GSC_CPU_SUM_ROWS) {
        size_t end = begin + GSC_CPU_SUM_ROWS < a->rows ? begin + GSC_CPU_SUM_ROWS : a->rows;
        float part_g[64] = {0}, part_b[64] = {0};
        for (size_t t = begin; t < end; t++) {
            const float *restrict x = (const float *)a->x + t * a->columns + first;
            const float *restrict dy = (const float *)a->dy + t * a->columns + first;
            float mean = a->centred ? ((const float *)a->mean)[t] : 0.0f;
            float rstd = ((const float *)a->rstd)[t];
            for (size_t l = 0; l < width; l++) {
                part_g[l] += dy[l] * ((x[l] - mean) * rstd);
                part_b[l] += dy[l];
            }
        }
        for (size_t l = 0; l < width; l++) {
            gain[l] += part_g[l];
            bias[l] += part_b[l];
        }
    }
    for (size_t l = 0; l < width; l++) {
        dgain[l] = (float)gain[l];
        if (dbias != NULL) {
            dbias[l] = (float)bias[l];
        }
    }
}
