/* SPDX-License-Identifier: MIT
 *
 * Reference: elementwise ops, reductions and the step of AdamW. Layer: kernels.
 */
#include "kernels/args.h"
#include "kernels/ref/ref.h"

#include <math.h>
#include <string.h>

void gsc_linear_ref(gsc_queue *queue, const gsc_linear_args *a) {
    for (size_t i = 0; i < a->count; i++) {
        double y = a->a != NULL ? a->alpha * gsc_ref_get(a->dtype, a->a, i) : a->alpha;
        y += a->b != NULL ? a->beta * gsc_ref_get(a->dtype, a->b, i) : 0.0;
        gsc_ref_set(a->dtype, a->y, i, y);
    }
}

void gsc_copy_ref(gsc_queue *queue, const gsc_copy_args *a) {
    if (a->y_dtype == a->x_dtype) {
        memmove(a->y, a->x, a->count * gsc_dtype_bytes(a->y_dtype));
        return;
    }
    for (size_t i = 0; i < a->count; i++) {
        gsc_ref_set(a->y_dtype, a->y, i, gsc_ref_get(a->x_dtype, a->x, i));
    }
}

void gsc_map_chunk(const gsc_map_args *a, size_t first, size_t count) {
    const void *in[GSC_MAP_MAX];
    void *out[GSC_MAP_MAX];
    size_t skip = first * gsc_dtype_bytes(a->dtype);
    for (size_t i = 0; i < a->n_in; i++) {
        in[i] = (const char *)a->in[i] + skip;
    }
    for (size_t i = 0; i < a->n_out; i++) {
        out[i] = (char *)a->out[i] + skip;
    }
    a->function(a->data, count, in, out);
}

void gsc_map_ref(gsc_queue *queue, const gsc_map_args *a) {
    for (size_t i = 0; i < a->count; i += GSC_MAP_CHUNK) {
        gsc_map_chunk(a, i, a->count - i < GSC_MAP_CHUNK ? a->count - i : GSC_MAP_CHUNK);
    }
}

void gsc_reduce_ref(gsc_queue *queue, const gsc_reduce_args *a) {
    if (a->reduction == GSC_REDUCE_NOT_FINITE) {
        int32_t *result = a->result;
        *result = -1;
        for (size_t i = 0; i < a->count && *result < 0; i++) {
            *result = isfinite(gsc_ref_get(a->dtype, a->x, i)) ? -1 : (int32_t)i;
        }
        return;
    }
    /* Kahan's sum, which does not grow worse with the count as a plain one would. */
    double *result = a->result, sum = 0.0, lost = 0.0;
    for (size_t i = 0; i < a->count; i++) {
        double x = gsc_ref_get(a->dtype, a->x, i);
        double term = (a->reduction == GSC_REDUCE_SQUARES ? x * x : x) - lost, next = sum + term;
        lost = (next - sum) - term;
        sum = next;
    }
    *result = a->accumulate ? *result + sum : sum;
}

void gsc_adamw_ref(gsc_queue *queue, const gsc_adamw_args *a) {
    const gsc_adamw_options *o = &a->options;
    double c1 = 1.0 - pow(o->beta1, (double)o->step), c2 = 1.0 - pow(o->beta2, (double)o->step);
    for (size_t i = 0; i < a->count; i++) {
        double g = o->gradient_scale * gsc_ref_get(a->dtype, a->gradient, i);
        double m = o->beta1 * gsc_ref_get(a->dtype, a->m, i) + (1.0 - o->beta1) * g;
        double v = o->beta2 * gsc_ref_get(a->dtype, a->v, i) + (1.0 - o->beta2) * g * g;
        double p = gsc_ref_get(a->dtype, a->parameter, i) * (1.0 - o->rate * o->decay);
        p -= o->rate / c1 * m / (sqrt(v / c2) + o->epsilon);
        gsc_ref_set(a->dtype, a->m, i, m);
        gsc_ref_set(a->dtype, a->v, i, v);
        gsc_ref_set(a->dtype, a->parameter, i, p);
    }
}
