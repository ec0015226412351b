/* SPDX-License-Identifier: MIT
 *
 * Router jitter: in training a gate's input is multiplied, number by number, by uniform draws from
 * 1 - jitter to 1 + jitter, a function of seed, layer, step, row and column, so that backward draws
 * the same. Layer: core/lm.
 */
#include "core/lm/model_internal.h"

#include "kernels/elementwise.h"

enum {
    SALT = 0x6a697474 /* apart from the draws of gates */
};

void lm_jitter_draw(gsc_lm *self, size_t layer, const gsc_lm_batch *batch) {
    const size_t d = self->shape.width;
    const uint64_t key = gsc_random_bits(self->options.seed ^ SALT, layer, (uint64_t)batch->step);
    for (size_t t = 0; t < self->rows; t++) {
        for (size_t i = 0; i < d; i++) {
            const uint64_t bits = gsc_random_bits(key, (uint64_t)batch->first_row + t, i);
            const double uniform = ((double)(bits >> 11) + 0.5) * 0x1p-53;
            self->jitter_host[t * d + i] = 1 + self->shape.jitter * (2 * uniform - 1);
        }
    }
}

/* out = in[0] * in[1]. */
static void multiply(void *data, size_t n, const void *const *in, void *const *out) {
    const bool *single = data;
    for (size_t i = 0; i < n; i++) {
        if (*single) {
            ((float *)out[0])[i] = ((const float *)in[0])[i] * ((const float *)in[1])[i];
        } else {
            ((double *)out[0])[i] = ((const double *)in[0])[i] * ((const double *)in[1])[i];
        }
    }
}

gsc_status lm_jitter_apply(gsc_lm *self, const gsc_view *y, const gsc_view *x, gsc_error *error) {
    bool single = self->dtype == GSC_F32;
    const gsc_status status =
        lm_put_doubles(self, &self->jitter, &self->row_double, self->rows * self->shape.width,
                       self->jitter_host, error);
    gsc_map(self->queue, &y, 1, (const gsc_view *const[]){x, &self->jitter}, 2, multiply, &single);
    return status;
}
