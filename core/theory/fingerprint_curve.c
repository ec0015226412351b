/* SPDX-License-Identifier: MIT
 *
 * What a fingerprint is asked of, and what is read from a traced curve: slopes, the exponent, both signs together.
 */
#include "core/theory/fingerprint.h"

#include "core/theory/align.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

gsc_fingerprint_options gsc_fingerprint_options_default(const gsc_mixture_shape *shape) {
    gsc_fingerprint_options options = {
        .gate_box = shape->box, .mass_floor = 0.12, .starts = 4, .seed = 1, .n_deltas = 12};
    for (size_t i = 0; i < options.n_deltas; i++) {
        options.deltas[i] = 0.02 * pow(50, (double)i / 11);
    }
    return options;
}

size_t gsc_fingerprint_blocks(const gsc_truth *truth, gsc_error_block *ret_blocks) {
    gsc_error_block all[GSC_MAX_ERROR_BLOCKS];
    const size_t n = gsc_error_blocks(truth, all);
    size_t kept = 0;
    for (size_t b = 0; b < n; b++) {
        const gsc_expert_family *family = all[b].routed ? &truth->routed : &truth->shared;
        const bool scale = all[b].what == GSC_BLOCK_THETA && all[b].offset == 0 &&
                           gsc_expert_is_homogeneous(family);
        const bool gate_alone = all[b].what == GSC_BLOCK_BETA1 && truth->shape.k_routed == 0;
        const bool general = truth->shape.k_routed > 0 && truth->fit_gate.general;
        const size_t true_k = all[b].routed ? truth->shape.k_routed : truth->shape.k_shared;
        const bool no_mass =
            all[b].what == GSC_BLOCK_MASS && (true_k < 2 || (all[b].routed && general));
        if (!no_mass && !scale && !gate_alone && all[b].size <= GSC_KL_FIT_MAX_BLOCK) {
            ret_blocks[kept++] = all[b];
        }
    }
    return kept;
}

/* Slopes between neighbours. */
static void fill_slopes(gsc_fingerprint *self) {
    for (size_t i = 0; i < self->n; i++) {
        self->slope[i] = i + 1 < self->n ? log(self->kl[i + 1] / self->kl[i]) /
                                               log(self->delta[i + 1] / self->delta[i])
                                         : NAN;
    }
}

void gsc_fingerprint_set_least(gsc_fingerprint *self, double least_kl) {
    const double least = self->excess ? self->floor : fmax(self->floor, 5 * least_kl);
    self->least_kl = least_kl;
    fill_slopes(self);
    self->exponent = self->exponent_delta = NAN;
    for (size_t i = self->n; i-- > 0;) {
        /* A KL that falls as the error grows is that of a descent which did not end. */
        if (self->kl[i] > least && self->slope[i] > 0) {
            self->exponent = self->slope[i];
            self->exponent_delta = self->delta[i];
        }
    }
}

void gsc_fingerprint_merge(gsc_fingerprint *self, gsc_fingerprint *other, size_t size) {
    for (size_t i = 0; i < self->n; i++) {
        if (other->kl[i] < self->kl[i] || (isnan(self->kl[i]) && isfinite(other->kl[i]))) {
            self->kl[i] = other->kl[i];
            self->sign[i] = other->sign[i];
            memcpy(self->mixtures + i * size, other->mixtures + i * size,
                   size * sizeof *self->mixtures);
        }
    }
    self->evaluations += other->evaluations;
    gsc_fingerprint_set_least(self, fmin(self->least_kl, other->least_kl));
    gsc_fingerprint_clear(other);
}

void gsc_fingerprint_clear(gsc_fingerprint *self) {
    free(self->mixtures);
    self->mixtures = NULL;
}
