/* SPDX-License-Identifier: MIT
 *
 * Normalisation of rows and its gradient; compiled once per instruction set.
 * Layer: kernels.
 */
#include "kernels/cpu/lanes.h"
#include "kernels/cpu/tasks.h"

#include <math.h>
#include <string.h>

/* Sum of (x - mean)^2. */
static float squares(const float *x, float mean, size_t n) {
    float part[GSC_LANES] = {0};
#if defined(__AVX512F__)
    const __m512 middle = _mm512_set1_ps(mean);
    __m512 sum = _mm512_setzero_ps();
    for (size_t j = 0; j < n; j += GSC_LANES) {
        const __mmask16 mask = gsc_lanes_mask(n - j);
        const __m512 off = _mm512_sub_ps(_mm512_maskz_loadu_ps(mask, x + j), middle);
        sum = _mm512_mask_add_ps(sum, mask, sum, _mm512_mul_ps(off, off));
    }
    _mm512_storeu_ps(part, sum);
#else
    size_t whole = n - n % GSC_LANES;
    for (size_t j = 0; j < whole; j += GSC_LANES) {
        for (size_t l = 0; l < GSC_LANES; l++) {
            part[l] += (x[j + l] - mean) * (x[j + l] - mean);
        }
    }
    for (size_t j = whole; j < n; j++) {
        part[j - whole] += (x[j] - mean) * (x[j] - mean);
    }
#endif
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

/* Sums of g = dy gain and of g (x - mean) rstd over a row. */
static void sum_row(const float *dy, const float *gain, const float *x, float mean, float rstd,
                    size_t n, float *ret_g, float *ret_gn) {
    float sum_g[GSC_LANES] = {0}, sum_gn[GSC_LANES] = {0};
#if defined(__AVX512F__)
    const __m512 middle = _mm512_set1_ps(mean), scale = _mm512_set1_ps(rstd);
    __m512 all_g = _mm512_setzero_ps(), all_gn = _mm512_setzero_ps();
    for (size_t j = 0; j < n; j += GSC_LANES) {
        const __mmask16 mask = gsc_lanes_mask(n - j);
        const __m512 g = _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, dy + j),
                                       _mm512_maskz_loadu_ps(mask, gain + j));
        const __m512 off = _mm512_sub_ps(_mm512_maskz_loadu_ps(mask, x + j), middle);
        all_g = _mm512_mask_add_ps(all_g, mask, all_g, g);
        all_gn =
            _mm512_mask_add_ps(all_gn, mask, all_gn, _mm512_mul_ps(g, _mm512_mul_ps(off, scale)));
    }
    _mm512_storeu_ps(sum_g, all_g);
    _mm512_storeu_ps(sum_gn, all_gn);
#else
    size_t whole = n - n % GSC_LANES;
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
#endif
    *ret_g = gsc_lanes_sum(sum_g);
    *ret_gn = gsc_lanes_sum(sum_gn);
}

/* dx of row t. */
static void find_dx(const gsc_norm_args *a, size_t t) {
    const float *restrict gain = a->gain;
    size_t n = a->columns;
    const float *restrict x = (const float *)a->x + t * n;
    const float *dy = (const float *)a->dy + t * n;
    float *dx = (float *)a->dx + t * n;
    float mean = a->centred ? ((const float *)a->mean)[t] : 0.0f;
    float rstd = ((const float *)a->rstd)[t];
    float sum_g, sum_gn;
    sum_row(dy, gain, x, mean, rstd, n, &sum_g, &sum_gn);
    float mean_g = a->centred ? sum_g / (float)n : 0.0f;
    float mean_gn = sum_gn / (float)n;
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

/* Adds the columns first .. first + width - 1 of row t to both sums. */
static void add_row(float *restrict sum_g, float *restrict sum_b, const gsc_norm_args *a, size_t t,
                    size_t first, size_t width) {
    const float *restrict x = (const float *)a->x + t * a->columns + first;
    const float *restrict dy = (const float *)a->dy + t * a->columns + first;
    float mean = a->centred ? ((const float *)a->mean)[t] : 0.0f;
    float rstd = ((const float *)a->rstd)[t];
    for (size_t l = 0; l < width; l++) {
        sum_g[l] += dy[l] * ((x[l] - mean) * rstd);
        sum_b[l] += dy[l];
    }
}

/* Row by row, so that memory is read in its order, and dx made while the row is near. */
void GSC_ISA_NAME(gsc_norm_backward_task)(void *data, size_t task, size_t worker) {
    const gsc_cpu_norm_work *w = data;
    const gsc_norm_args *a = w->args;
    double *gain = w->partial + 2 * task * w->width, *bias = gain + w->width;
    memset(gain, 0, 2 * w->width * sizeof *gain);
    const bool last_columns = w->first + w->width == a->columns;
    size_t last = (task + 1) * w->share < a->rows ? (task + 1) * w->share : a->rows;
    for (size_t begin = task * w->share, end; begin < last; begin = end) {
        float part_g[GSC_CPU_NORM_COLUMNS], part_b[GSC_CPU_NORM_COLUMNS];
        end = begin + GSC_CPU_SUM_ROWS < last ? begin + GSC_CPU_SUM_ROWS : last;
        memset(part_g, 0, w->width * sizeof *part_g);
        memset(part_b, 0, w->width * sizeof *part_b);
        for (size_t t = begin; t < end; t++) {
            add_row(part_g, part_b, a, t, w->first, w->width);
            if (last_columns) {
                find_dx(a, t);
            }
        }
        for (size_t l = 0; l < w->width; l++) {
            gain[l] += part_g[l];
            bias[l] += part_b[l];
        }
    }
}
