/* SPDX-License-Identifier: MIT
 *
 * Embedding, bias, rotary embedding; compiled once per instruction set.
 * Layer: kernels.
 */
#include "kernels/cpu/tasks.h"

void GSC_ISA_NAME(gsc_embed_task)(void *data, size_t task, size_t worker) {
    const gsc_cpu_work *w = data;
    const gsc_embed_args *a = w->args;
    float scale = (float)a->scale;
    for (size_t t = task * w->share; t < gsc_cpu_share_end(w, task, a->rows); t++) {
        const float *from = (const float *)a->x + (size_t)a->token[t] * a->columns;
        float *restrict y = (float *)a->y + t * a->columns;
        for (size_t j = 0; j < a->columns; j++) {
            y[j] = scale * from[j];
        }
    }
}

/* Every task reads all tokens and adds the rows of its own. */
void GSC_ISA_NAME(gsc_embed_backward_task)(void *data, size_t task, size_t worker) {
    const gsc_cpu_work *w = data;
    const gsc_embed_args *a = w->args;
    float scale = (float)a->scale;
    size_t first = task * w->share, end = gsc_cpu_share_end(w, task, a->vocabulary);
    for (size_t t = 0; t < a->rows; t++) {
        size_t token = (size_t)a->token[t];
        if (token < first || token >= end) {
            continue;
        }
        const float *dy = (const float *)a->x + t * a->columns;
        float *restrict to = (float *)a->y + token * a->columns;
        for (size_t j = 0; j < a->columns; j++) {
            to[j] += scale * dy[j];
        }
    }
}

void GSC_ISA_NAME(gsc_bias_task)(void *data, size_t task, size_t worker) {
    const gsc_cpu_work *w = data;
    const gsc_bias_args *a = w->args;
    const float *restrict bias = a->bias;
    for (size_t t = task * w->share; t < gsc_cpu_share_end(w, task, a->rows); t++) {
        const float *x = (const float *)a->x + t * a->columns;
        float *y = (float *)a->y + t * a->columns;
        for (size_t j = 0; j < a->columns; j++) {
            y[j] = x[j] + bias[j];
        }
    }
}

void GSC_ISA_NAME(gsc_bias_backward_task)(void *data, size_t task, size_t worker) {
    const gsc_cpu_work *w = data;
    const gsc_bias_args *a = w->args;
    size_t first = task * w->share, width = gsc_cpu_share_end(w, task, a->columns) - first;
    float *dbias = (float *)a->y + first;
    double sum[64];
    for (size_t l = 0; l < width; l++) {
        sum[l] = dbias[l];
    }
    for (size_t begin = 0; begin < a->rows; begin += GSC_CPU_SUM_ROWS) {
        size_t end = begin + GSC_CPU_SUM_ROWS < a->rows ? begin + GSC_CPU_SUM_ROWS : a->rows;
        float part[64] = {0};
        for (size_t t = begin; t < end; t++) {
            const float *dy = (const float *)a->x + t * a->columns + first;
            for (size_t l = 0; l < width; l++) {
                part[l] += dy[l];
            }
        }
        for (size_t l = 0; l < width; l++) {
            sum[l] += part[l];
        }
    }
    for (size_t l = 0; l < width; l++) {
        dbias[l] = (float)sum[l];
    }
}

void GSC_ISA_NAME(gsc_rope_task)(void *data, size_t task, size_t worker) {
    const gsc_cpu_work *w = data;
    const gsc_rope_args *a = w->args;
    size_t half = a->rotated / 2;
    for (size_t r = task * w->share; r < gsc_cpu_share_end(w, task, a->rows); r++) {
        const float *restrict cosine = (const float *)a->table + r % a->context * a->rotated;
        const float *restrict sine = cosine + half;
        for (size_t h = 0; h < a->heads; h++) {
            float *restrict first = (float *)a->x + r * a->columns + h * a->head_size;
            float *restrict second = first + half;
            float sign = a->inverse ? -1.0f : 1.0f;
            for (size_t i = 0; i < half; i++) {
                float c = cosine[i], s = sign * sine[i], x = first[i], y = second[i];
                first[i] = x * c - y * s;
                second[i] = y * c + x * s;
            }
        }
    }
}
