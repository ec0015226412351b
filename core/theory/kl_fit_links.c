/* SPDX-License-Identifier: MIT
 *
 * The derivative of a mixture's numbers by the slots of kl_fit.h.
 */
#include "core/theory/kl_fit_internal.h"

#include <assert.h>
#include <math.h>

static bool is_held(const gsc_kl_fit *self, size_t slot) {
    return self->hold_size > 0 && slot >= self->hold_at && slot < self->hold_at + self->hold_size;
}

static void link(gsc_kl_fit *self, size_t raw, size_t slot, double value) {
    if (!self->fixed[slot]) {
        assert(self->n_links < FIT_MAX_LINKS);
        self->links[self->n_links++] = (fit_link){raw, slot, value};
    }
}

static void link_shared(gsc_kl_fit *self, const fit_group *group, const double *u,
                        const fit_group *dependent) {
    const long last = fit_dependent_share(self, group, u);
    for (size_t i = 0; i < group->count; i++) {
        const size_t raw = self->layout.omega + group->atom[i];
        const double share = group->count > 1 ? u[raw] : 1;
        if (group != dependent) {
            link(self, raw, group->slot, share);
        } else {
            for (size_t g = 0; g < self->n_groups; g++) {
                if (!self->groups[g].routed && &self->groups[g] != dependent) {
                    link(self, raw, self->groups[g].slot, -share);
                }
            }
        }
        for (size_t l = 0; l < group->count && last != FIT_NONE; l++) {
            if ((long)i == last && l != i) {
                link(self, raw, self->layout.omega + group->atom[l], -u[group->slot]);
            } else if ((long)i != last && l == i) {
                link(self, raw, raw, u[group->slot]);
            }
        }
    }
}

static void link_routed(gsc_kl_fit *self, const fit_group *group, const double *u) {
    if (group->count == 1) {
        link(self, group->slot, group->slot, 1);
        return;
    }
    const long last = fit_dependent_share(self, group, u);
    for (size_t i = 0; i < group->count; i++) {
        const size_t raw = self->layout.beta0 + group->atom[i];
        const double slope = self->affinity_slope[group->atom[i]];
        if (slope == 0) {
            continue;
        }
        link(self, raw, group->slot, 1 / slope);
        if ((long)i != last) {
            link(self, raw, raw, 1 / (u[raw] * slope));
            continue;
        }
        for (size_t l = 0; l < group->count; l++) {
            if (l != i) {
                link(self, raw, self->layout.beta0 + group->atom[l], -1 / (u[raw] * slope));
            }
        }
    }
}

static void link_direction(gsc_kl_fit *self, const double *u) {
    const double *v = u + self->hold_at;
    double length = 0;
    for (size_t i = 0; i < self->hold_size; i++) {
        length += v[i] * v[i];
    }
    length = sqrt(length);
    for (size_t i = 0; i < self->hold_size; i++) {
        for (size_t l = 0; l < self->hold_size; l++) {
            const double value = (i == l) - v[i] * v[l] / (length * length);
            link(self, self->hold_at + i, self->hold_at + l, self->hold_delta * value / length);
        }
    }
}

gsc_status fit_link_up(gsc_kl_fit *self, const double *u, gsc_error *error) {
    (void)error;
    const gsc_mixture_layout *at = &self->layout;
    for (size_t q = 0; q < self->slots; q++) {
        self->fixed[q] = self->pinned[q] || (is_held(self, q) && self->hold_size == 1);
    }
    const long first = fit_dependent_group(self, u);
    if (first != FIT_NONE) {
        self->fixed[self->groups[first].slot] = true;
    }
    for (size_t g = 0; g < self->n_groups; g++) {
        const long last = fit_dependent_share(self, &self->groups[g], u);
        if (last != FIT_NONE) {
            self->fixed[fit_share_slot(self, &self->groups[g], (size_t)last)] = true;
        }
    }
    self->n = 0;
    for (size_t q = 0; q < self->slots; q++) {
        if (!self->fixed[q]) {
            self->column[self->n++] = q;
        }
    }
    self->n_links = 0;
    for (size_t q = at->kappa; q < at->size; q++) {
        const bool beta0 = q >= at->beta0 && q < at->beta1;
        if (!beta0 && !is_held(self, q)) {
            link(self, q, q, 1);
        }
    }
    for (size_t g = 0; g < self->n_groups; g++) {
        if (self->groups[g].routed) {
            link_routed(self, &self->groups[g], u);
        } else {
            link_shared(self, &self->groups[g], u, first != FIT_NONE ? &self->groups[first] : NULL);
        }
    }
    if (self->hold_size > 1) {
        link_direction(self, u);
    }
    return GSC_OK;
}
