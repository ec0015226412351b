/* SPDX-License-Identifier: MIT
 *
 * Embedding, bias, rotary embedding; compiled once per instruction set.
 * Layer: kernels.
 */
#include "kernels/cpu/tasks.h"

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

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

#if defined(__AVX512F__)

enum {
    LANES = 16
};

/* Heads whose rotated numbers are one vector, with the pairs' cosines twice and their sines, the first half
 * of them negative: x c - y s is x c + y (-s), to the bit. */
static void rotate_vector(float *x, size_t heads, size_t head_size, __m512 cosine, __m512 sine) {
    for (size_t h = 0; h < heads; h++, x += head_size) {
        const __m512 both = _mm512_loadu_ps(x);
        const __m512 turned = _mm512_shuffle_f32x4(both, both, 0x4e);
        _mm512_storeu_ps(x,
                         _mm512_add_ps(_mm512_mul_ps(both, cosine), _mm512_mul_ps(turned, sine)));
    }
}

static void rope_row(const gsc_rope_args *a, float *x, const float *cosine, const float *sine) {
    const __m256 c = _mm256_loadu_ps(cosine), s = _mm256_loadu_ps(sine);
    const __m256 first = _mm256_xor_ps(s, _mm256_set1_ps(a->inverse ? 0.0f : -0.0f));
    const __m256 second = _mm256_xor_ps(s, _mm256_set1_ps(a->inverse ? -0.0f : 0.0f));
    rotate_vector(x, a->heads, a->head_size, _mm512_broadcast_f32x8(c),
                  _mm512_insertf32x8(_mm512_castps256_ps512(first), second, 1));
}

#endif

void GSC_ISA_NAME(gsc_rope_task)(void *data, size_t task, size_t worker) {
    const gsc_cpu_work *w = data;
    const gsc_rope_args *a = w->args;
    size_t half = a->rotated / 2;
    for (size_t r = task * w->share; r < gsc_cpu_share_end(w, task, a->rows); r++) {
        const float *restrict cosine = (const float *)a->table + r % a->context * a->rotated;
        const float *restrict sine = cosine + half;
#if defined(__AVX512F__)
        if (a->rotated == LANES) {
            rope_row(a, (float *)a->x + r * a->columns, cosine, sine);
            continue;
        }
#endif
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
