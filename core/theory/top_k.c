/* SPDX-License-Identifier: MIT
 *
 * Choice of the experts by a partial selection per row; E is small.
 */
#include "core/theory/top_k.h"

#include <math.h>
#include <stdbool.h>

enum {
    MOST = 64
};

void gsc_top_k_mask(size_t keep, size_t experts, size_t inputs, const double *beta1,
                    size_t beta_stride, size_t rows, const double *x, size_t x_stride,
                    double *log_a, size_t stride) {
    if (keep == 0 || keep >= experts || experts > MOST) {
        return;
    }
    for (size_t t = 0; t < rows; t++) {
        double score[MOST], top = -INFINITY;
        bool chosen[MOST] = {false};
        for (size_t j = 0; j < experts; j++) {
            score[j] = 0;
            for (size_t k = 0; k < inputs; k++) {
                score[j] += beta1[j * beta_stride + k] * x[k * x_stride + t];
            }
        }
        for (size_t pick = 0; pick < keep; pick++) {
            size_t best = experts;
            for (size_t j = 0; j < experts; j++) {
                if (!chosen[j] && (best == experts || score[j] > score[best])) {
                    best = j;
                }
            }
            chosen[best] = true;
            top = fmax(top, log_a[best * stride + t]);
        }
        for (size_t j = 0; j < experts; j++) {
            if (!chosen[j]) {
                log_a[j * stride + t] = top - 700;
            }
        }
    }
}

size_t gsc_top_k_needed(size_t true_k, size_t k_true, size_t k) {
    const size_t needed = true_k + k - k_true;
    return needed < k ? needed : k;
}
