/* SPDX-License-Identifier: MIT
 *
 * Reference: causal attention and its gradient, cross-entropy. Layer: kernels.
 */
#include "kernels/args.h"
#include "kernels/ref/ref.h"

#include <math.h>

enum {
    CHUNK = 64 /* columns of y summed in one pass over the keys */
};

/* Element c of q (part 0), k (1) or v (2) of a row and head. */
static size_t at(const gsc_attention_args *a, size_t row, size_t part, size_t head, size_t c) {
    return ((row * 3 + part) * a->shape.heads + head) * a->shape.head_size + c;
}

static double qkv(const gsc_attention_args *a, size_t row, size_t part, size_t head, size_t c) {
    return gsc_ref_get(a->dtype, a->qkv, at(a, row, part, head, c));
}

static double score(const gsc_attention_args *a, size_t i, size_t j, size_t head) {
    double sum = 0.0;
    for (size_t c = 0; c < a->shape.head_size; c++) {
        sum += qkv(a, i, 0, head, c) * qkv(a, j, 1, head, c);
    }
    return a->shape.scale * sum;
}

static size_t lse_at(const gsc_attention_args *a, size_t row, size_t head) {
    size_t context = a->shape.context;
    return (row / context * a->shape.heads + head) * context + row % context;
}

void gsc_attention_ref(gsc_queue *queue, const gsc_attention_args *a) {
    size_t size = a->shape.head_size, heads = a->shape.heads;
    for (size_t i = 0; i < a->rows; i++) {
        size_t first = i - i % a->shape.context;
        for (size_t h = 0; h < heads; h++) {
            double top = -INFINITY, sum = 0.0;
            for (size_t j = first; j <= i; j++) {
                top = fmax(top, score(a, i, j, h));
            }
            for (size_t j = first; j <= i; j++) {
                sum += exp(score(a, i, j, h) - top);
            }
            double lse = top + log(sum);
            gsc_ref_set(a->dtype, a->lse, lse_at(a, i, h), lse);
            for (size_t c = 0; c < size; c += CHUNK) {
                size_t count = size - c < CHUNK ? size - c : CHUNK;
                double y[CHUNK] = {0};
                for (size_t j = first; j <= i; j++) {
                    double p = exp(score(a, i, j, h) - lse);
                    for (size_t l = 0; l < count; l++) {
                        y[l] += p * qkv(a, j, 2, h, c + l);
                    }
                }
                for (size_t l = 0; l < count; l++) {
                    gsc_ref_set(a->dtype, a->y, (i * heads + h) * size + c + l, y[l]);
                }
            }
        }
    }
}

static void add(const gsc_attention_args *a, size_t index, double value) {
    gsc_ref_set(a->dtype, a->dqkv, index, gsc_ref_get(a->dtype, a->dqkv, index) + value);
}

void gsc_attention_backward_ref(gsc_queue *queue, const gsc_attention_args *a) {
    size_t size = a->shape.head_size, heads = a->shape.heads;
    for (size_t i = 0; i < a->rows * 3 * heads * size; i++) {
        gsc_ref_set(a->dtype, a->dqkv, i, 0.0);
    }
    for (size_t i = 0; i < a->rows; i++) {
        for (size_t h = 0; h < heads; h++) {
            double lse = gsc_ref_get(a->dtype, a->lse, lse_at(a, i, h)), inner = 0.0;
            size_t row = (i * heads + h) * size;
            for (size_t c = 0; c < size; c++) {
                inner +=
                    gsc_ref_get(a->dtype, a->dy, row + c) * gsc_ref_get(a->dtype, a->y, row + c);
            }
            for (size_t j = i - i % a->shape.context; j <= i; j++) {
                double p = exp(score(a, i, j, h) - lse), dp = 0.0;
                for (size_t c = 0; c < size; c++) {
                    double dy = gsc_ref_get(a->dtype, a->dy, row + c);
                    dp += dy * qkv(a, j, 2, h, c);
                    add(a, at(a, j, 2, h, c), p * dy);
                }
                double ds = a->shape.scale * p * (dp - inner);
                for (size_t c = 0; c < size; c++) {
                    add(a, at(a, i, 0, h, c), ds * qkv(a, j, 1, h, c));
                    add(a, at(a, j, 1, h, c), ds * qkv(a, i, 0, h, c));
                }
            }
        }
    }
}

bool gsc_check_targets(gsc_queue *queue, const gsc_cross_entropy_args *a) {
    for (size_t t = 0; t < a->rows; t++) {
        if (a->target[t] >= 0 && (size_t)a->target[t] >= a->vocabulary) {
            gsc_queue_fail(
                queue, GSC_ERR_INPUT,
                "cross_entropy: target[%zu] is %d; it must be below %zu, or negative for "
                "none",
                t, (int)a->target[t], a->vocabulary);
            return false;
        }
    }
    return true;
}

void gsc_cross_entropy_ref(gsc_queue *queue, const gsc_cross_entropy_args *a) {
    if (!gsc_check_targets(queue, a)) {
        return;
    }
    for (size_t t = 0; t < a->rows; t++) {
        size_t first = t * a->vocabulary;
        double top = -INFINITY, sum = 0.0;
        for (size_t v = 0; v < a->vocabulary; v++) {
            double z = gsc_ref_get(a->dtype, a->logits, first + v);
            top = z > top ? z : top;
        }
        for (size_t v = 0; v < a->vocabulary; v++) {
            sum += exp(gsc_ref_get(a->dtype, a->logits, first + v) - top);
        }
        bool counts = a->target[t] >= 0;
        double lse = top + log(sum);
        a->loss[t] =
            counts ? lse - gsc_ref_get(a->dtype, a->logits, first + (size_t)a->target[t]) : 0.0;
        for (size_t v = 0; a->dlogits != NULL && v < a->vocabulary; v++) {
            double p = exp(gsc_ref_get(a->dtype, a->logits, first + v) - lse);
            double d = p - ((size_t)a->target[t] == v ? 1.0 : 0.0);
            gsc_ref_set(a->dtype, a->dlogits, first + v, counts ? a->scale * d : 0.0);
        }
    }
}
