/* SPDX-License-Identifier: MIT
 *
 * Rows of causal scores, and cross-entropy; compiled once per instruction set.
 * Layer: kernels.
 */
#include "kernels/cpu/lanes.h"
#include "kernels/cpu/tasks.h"

#include <math.h>

void GSC_ISA_NAME(gsc_attention_softmax)(float *s, float *lse, float *share, size_t rows,
                                         size_t first, size_t columns, size_t stride, float scale) {
    for (size_t i = 0; i < rows; i++) {
        float *row = s + i * stride;
        size_t n = first + i + 1;
        float top = scale * gsc_lanes_max(row, n);
        gsc_lanes_exp(row, row, n, scale, top);
        for (size_t j = n; j < columns; j++) {
            row[j] = 0.0f;
        }
        float sum = gsc_lanes_add(row, n);
        share[i] = 1.0f / sum;
        lse[i] = top + logf(sum);
    }
}

void GSC_ISA_NAME(gsc_attention_scale)(float *y, size_t y_stride, const float *x, size_t x_stride,
                                       const float *share, size_t rows, size_t size) {
    for (size_t i = 0; i < rows; i++) {
        const float factor = share != NULL ? share[i] : 1.0f;
        for (size_t c = 0; c < size; c++) {
            y[i * y_stride + c] = factor * x[i * x_stride + c];
        }
    }
}

void GSC_ISA_NAME(gsc_attention_gradient)(float *s, float *dp, const float *lse, const float *inner,
                                          size_t rows, size_t first, size_t columns, size_t stride,
                                          float scale) {
    for (size_t i = 0; i < rows; i++) {
        float *restrict p = s + i * stride, *restrict ds = dp + i * stride;
        size_t n = first + i + 1;
        float bound = lse[i], dot = inner[i];
        gsc_lanes_exp(p, p, n, scale, bound);
        for (size_t j = 0; j < n; j++) {
            ds[j] = scale * (p[j] * (ds[j] - dot));
        }
        for (size_t j = n; j < columns; j++) {
            p[j] = 0.0f;
            ds[j] = 0.0f;
        }
    }
}

void GSC_ISA_NAME(gsc_attention_inner)(float *inner, const float *dy, const float *y, size_t rows,
                                       size_t size, size_t stride) {
    for (size_t i = 0; i < rows; i++) {
        inner[i] = gsc_lanes_dot(dy + i * stride, y + i * stride, size);
    }
}

enum {
    BLOCK = 256 /* exponentials between additions in double */
};

/* Sum of exp(z - top); they are left in out unless it is NULL. */
static double exponentials(float *out, const float *z, size_t n, float top) {
    double sum = 0.0;
    float block[BLOCK];
    for (size_t begin = 0; begin < n; begin += BLOCK) {
        size_t count = n - begin < BLOCK ? n - begin : BLOCK;
        float *e = out != NULL ? out + begin : block;
        gsc_lanes_exp(e, z + begin, count, 1.0f, top);
        sum += gsc_lanes_add(e, count);
    }
    return sum;
}

void GSC_ISA_NAME(gsc_cross_entropy_task)(void *data, size_t task, size_t worker) {
    const gsc_cpu_work *w = data;
    const gsc_cross_entropy_args *a = w->args;
    size_t n = a->vocabulary, first = task * w->share;
    size_t end = first + w->share < a->rows ? first + w->share : a->rows;
    for (size_t t = first; t < end; t++) {
        const float *z = (const float *)a->logits + t * n;
        float *d = a->dlogits != NULL ? (float *)a->dlogits + t * n : NULL;
        if (a->target[t] < 0) {
            a->loss[t] = 0.0;
            for (size_t j = 0; d != NULL && j < n; j++) {
                d[j] = 0.0f;
            }
            continue;
        }
        size_t target = (size_t)a->target[t];
        float top = gsc_lanes_max(z, n), hit = z[target];
        double sum = exponentials(d, z, n, top);
        a->loss[t] = log(sum) + ((double)top - (double)hit);
        if (d != NULL) {
            float share = (float)(a->scale / sum);
            for (size_t j = 0; j < n; j++) {
                d[j] *= share;
            }
            d[target] -= (float)a->scale;
        }
    }
}
