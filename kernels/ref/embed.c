/* SPDX-License-Identifier: MIT
 *
 * Reference: embedding, bias and their gradients, rotary embedding. Layer: kernels.
 */
#include "kernels/args.h"
#include "kernels/ref/ref.h"

#include <math.h>

void gsc_embed_ref(gsc_queue *queue, const gsc_embed_args *a) {
    if (!gsc_check_indices(queue, "embed", "token", a->token, a->rows, a->vocabulary)) {
        return;
    }
    for (size_t t = 0; t < a->rows; t++) {
        for (size_t j = 0; j < a->columns; j++) {
            size_t from = (size_t)a->token[t] * a->columns + j;
            gsc_ref_set(a->dtype, a->y, t * a->columns + j,
                        a->scale * gsc_ref_get(a->dtype, a->x, from));
        }
    }
}

void gsc_embed_backward_ref(gsc_queue *queue, const gsc_embed_args *a) {
    if (!gsc_check_indices(queue, "embed_backward", "token", a->token, a->rows, a->vocabulary)) {
        return;
    }
    for (size_t t = 0; t < a->rows; t++) {
        for (size_t j = 0; j < a->columns; j++) {
            size_t to = (size_t)a->token[t] * a->columns + j;
            gsc_ref_set(a->dtype, a->y, to,
                        gsc_ref_get(a->dtype, a->y, to) +
                            a->scale * gsc_ref_get(a->dtype, a->x, t * a->columns + j));
        }
    }
}

void gsc_bias_ref(gsc_queue *queue, const gsc_bias_args *a) {
    for (size_t t = 0; t < a->rows; t++) {
        for (size_t j = 0; j < a->columns; j++) {
            size_t i = t * a->columns + j;
            gsc_ref_set(a->dtype, a->y, i,
                        gsc_ref_get(a->dtype, a->x, i) + gsc_ref_get(a->dtype, a->bias, j));
        }
    }
}

void gsc_bias_backward_ref(gsc_queue *queue, const gsc_bias_args *a) {
    for (size_t j = 0; j < a->columns; j++) {
        double sum = gsc_ref_get(a->dtype, a->y, j);
        for (size_t t = 0; t < a->rows; t++) {
            sum += gsc_ref_get(a->dtype, a->x, t * a->columns + j);
        }
        gsc_ref_set(a->dtype, a->y, j, sum);
    }
}

void gsc_rope_table_ref(gsc_queue *queue, const gsc_rope_args *a) {
    size_t half = a->rotated / 2;
    for (size_t position = 0; position < a->positions; position++) {
        for (size_t i = 0; i < half; i++) {
            double angle = (double)position * pow(a->base, -2.0 * (double)i / (double)a->rotated);
            gsc_ref_set(a->dtype, a->table, position * a->rotated + i, cos(angle));
            gsc_ref_set(a->dtype, a->table, position * a->rotated + half + i, sin(angle));
        }
    }
}

void gsc_rope_ref(gsc_queue *queue, const gsc_rope_args *a) {
    size_t half = a->rotated / 2;
    for (size_t r = 0; r < a->rows; r++) {
        size_t angles = r % a->context * a->rotated;
        for (size_t h = 0; h < a->heads; h++) {
            for (size_t i = 0; i < half; i++) {
                size_t first = r * a->columns + h * a->head_size + i, second = first + half;
                double c = gsc_ref_get(a->dtype, a->table, angles + i);
                double s = gsc_ref_get(a->dtype, a->table, angles + half + i);
                double x = gsc_ref_get(a->dtype, a->x, first);
                double y = gsc_ref_get(a->dtype, a->x, second);
                s = a->inverse ? -s : s;
                gsc_ref_set(a->dtype, a->x, first, x * c - y * s);
                gsc_ref_set(a->dtype, a->x, second, y * c + x * s);
            }
        }
    }
}
