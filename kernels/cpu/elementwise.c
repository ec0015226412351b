/* SPDX-License-Identifier: MIT
 *
 * Elementwise ops, reductions and the step of AdamW; compiled once per instruction set.
 * Layer: kernels.
 */
#include "kernels/cpu/tasks.h"

#include <math.h>

static size_t share_count(const gsc_cpu_work *w, size_t task, size_t all) {
    size_t first = task * w->share;
    return all - first < w->share ? all - first : w->share;
}

void GSC_ISA_NAME(gsc_linear_task)(void *data, size_t task, size_t worker) {
    const gsc_cpu_work *w = data;
    const gsc_linear_args *args = w->args;
    size_t first = task * w->share, n = share_count(w, task, args->count);
    float *y = (float *)args->y + first;
    const float *a = args->a, *b = args->b;
    float alpha = (float)args->alpha, beta = (float)args->beta;
    if (a == NULL) {
        for (size_t i = 0; i < n; i++) {
            y[i] = alpha;
        }
    } else if (b == NULL) {
        for (size_t i = 0; i < n; i++) {
            y[i] = alpha * a[first + i];
        }
    } else {
        for (size_t i = 0; i < n; i++) {
            y[i] = alpha * a[first + i] + beta * b[first + i];
        }
    }
}

void GSC_ISA_NAME(gsc_copy_task)(void *data, size_t task, size_t worker) {
    const gsc_cpu_work *w = data;
    const gsc_copy_args *a = w->args;
    size_t first = task * w->share, n = share_count(w, task, a->count);
    if (a->y_dtype == GSC_F32) {
        float *restrict y = (float *)a->y + first;
        const double *restrict x = (const double *)a->x + first;
        for (size_t i = 0; i < n; i++) {
            y[i] = (float)x[i];
        }
    } else {
        double *restrict y = (double *)a->y + first;
        const float *restrict x = (const float *)a->x + first;
        for (size_t i = 0; i < n; i++) {
            y[i] = x[i];
        }
    }
}

enum {
    SUMS = 32 /* in doubles: four vectors, whose additions wait for one another less */
};

static double add(const float *x, size_t n, int square) {
    double part[SUMS] = {0};
    size_t whole = n - n % SUMS;
    for (size_t j = 0; j < whole; j += SUMS) {
        for (size_t l = 0; l < SUMS; l++) {
            double value = x[j + l];
            part[l] += square ? value * value : value;
        }
    }
    for (size_t j = whole; j < n; j++) {
        double value = x[j];
        part[j - whole] += square ? value * value : value;
    }
    for (size_t width = SUMS / 2; width > 0; width /= 2) {
        for (size_t l = 0; l < width; l++) {
            part[l] += part[l + width];
        }
    }
    return part[0];
}

/* x - x is 0 for a finite x and NaN else. */
static double first_not_finite(const float *x, size_t n) {
    for (size_t begin = 0; begin < n; begin += 256) {
        size_t end = begin + 256 < n ? begin + 256 : n;
        int bad = 0;
        for (size_t j = begin; j < end; j++) {
            bad |= x[j] - x[j] != 0.0f;
        }
        for (size_t j = begin; bad && j < end; j++) {
            if (x[j] - x[j] != 0.0f) {
                return (double)j;
            }
        }
    }
    return -1.0;
}

void GSC_ISA_NAME(gsc_reduce_task)(void *data, size_t task, size_t worker) {
    const gsc_cpu_work *w = data;
    const gsc_reduce_args *a = w->args;
    size_t first = task * w->share, n = share_count(w, task, a->count);
    const float *x = (const float *)a->x + first;
    if (a->reduction == GSC_REDUCE_NOT_FINITE) {
        double index = first_not_finite(x, n);
        w->partial[task] = index < 0.0 ? index : (double)first + index;
    } else if (a->reduction == GSC_REDUCE_SQUARES) {
        w->partial[task] = add(x, n, 1);
    } else {
        w->partial[task] = add(x, n, 0);
    }
}

void GSC_ISA_NAME(gsc_adamw_task)(void *data, size_t task, size_t worker) {
    const gsc_cpu_work *w = data;
    const gsc_adamw_args *a = w->args;
    const gsc_adamw_options *o = &a->options;
    double c1 = 1.0 - pow(o->beta1, (double)o->step), c2 = 1.0 - pow(o->beta2, (double)o->step);
    float beta1 = (float)o->beta1, rest1 = (float)(1.0 - o->beta1), beta2 = (float)o->beta2,
          rest2 = (float)(1.0 - o->beta2), scale = (float)o->gradient_scale,
          keep = (float)(1.0 - o->rate * o->decay), rate = (float)(o->rate / c1),
          spread = (float)(1.0 / sqrt(c2)), epsilon = (float)o->epsilon;
    size_t first = task * w->share, n = share_count(w, task, a->count);
    float *restrict p = (float *)a->parameter + first, *restrict m = (float *)a->m + first,
                    *restrict v = (float *)a->v + first;
    const float *restrict gradient = (const float *)a->gradient + first;
    for (size_t i = 0; i < n; i++) {
        float g = scale * gradient[i];
        m[i] = beta1 * m[i] + rest1 * g;
        v[i] = beta2 * v[i] + rest2 * (g * g);
        p[i] = keep * p[i] - rate * m[i] / (sqrtf(v[i]) * spread + epsilon);
    }
}
