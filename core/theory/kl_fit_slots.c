/* SPDX-License-Identifier: MIT
 *
 * Slots to mixtures and back, with the derivative of one by the other.
 */
#include "core/theory/kl_fit_internal.h"

#include "core/theory/align.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Least mass of a shared group, where there are several. */
static const double least_group = 1e-6;

/* ---- Birth ---- */

static void make_groups(gsc_kl_fit *self, const size_t *groups) {
    const size_t k1 = self->shape.k_shared, k = k1 + self->shape.k_routed;
    self->slots = self->layout.size;
    for (size_t c = 0; c < k; c++) {
        const bool alone = self->general && c >= k1;
        size_t g = 0;
        self->cell_of[c] = groups[c];
        while (g < self->n_groups &&
               (alone || self->groups[g].routed != (c >= k1) ||
                groups[c] != groups[self->groups[g].atom[0] + (self->groups[g].routed ? k1 : 0)])) {
            g++;
        }
        fit_group *group = &self->groups[g];
        if (g == self->n_groups) {
            self->n_groups++;
            group->routed = c >= k1;
        }
        self->group_of[c] = g;
        group->atom[group->count++] = c >= k1 ? c - k1 : c;
    }
    for (size_t g = 0; g < self->n_groups; g++) {
        fit_group *group = &self->groups[g];
        group->slot = group->count > 1 ? self->slots++
                      : group->routed  ? self->layout.beta0 + group->atom[0]
                                       : self->layout.omega + group->atom[0];
    }
}

size_t fit_share_slot(const gsc_kl_fit *self, const fit_group *group, size_t i) {
    return (group->routed ? self->layout.beta0 : self->layout.omega) + group->atom[i];
}

static void fill_bounds(gsc_kl_fit *self) {
    const gsc_mixture_layout *at = &self->layout;
    for (size_t q = 0; q < self->slots; q++) {
        const bool gate = (q >= at->beta0 && q < at->eta) || (q >= at->gate && q < at->size);
        const bool variance = (q >= at->tau && q < at->beta0) || (q >= at->nu && q < at->gate);
        const double box = gate ? self->options.gate_box : self->shape.box;
        self->low[q] = variance ? log(self->shape.variance_floor) : -box;
        self->high[q] = variance ? INFINITY : box;
        if (variance && self->quadrature->classes > 0) {
            self->low[q] = self->high[q] = 0;
            self->pinned[q] = true;
        }
    }
    for (size_t g = 0; g < self->n_groups; g++) {
        const fit_group *group = &self->groups[g];
        for (size_t i = 0; i < group->count && group->count > 1; i++) {
            const double floor = fmax(self->options.mass_floor, 1e-9);
            self->low[fit_share_slot(self, group, i)] = floor;
            self->high[fit_share_slot(self, group, i)] = 1 - floor * (double)(group->count - 1);
        }
        if (group->routed && group->count > 1) {
            self->low[group->slot] = -INFINITY;
            self->high[group->slot] = INFINITY;
        } else if (!group->routed) {
            self->low[group->slot] = least_group;
            self->high[group->slot] = 1;
        }
    }
}

/* A common shift of all logits, and the scale of homogeneous experts, are not felt. */
static gsc_status pin_gauge(gsc_kl_fit *self, gsc_error *error) {
    const gsc_mixture_shape *shape = &self->shape;
    double slope = 0;
    if (shape->k_routed > 0 && !self->general) {
        const gsc_status status = gsc_gate_translation_slope(shape->gate, &slope, error);
        if (status != GSC_OK) {
            return status;
        }
    }
    if (slope != 0) {
        size_t g = self->group_of[shape->k_shared + shape->k_routed - 1];
        for (size_t i = 0; i < self->n_groups; i++) {
            if (self->groups[i].routed && self->groups[i].count == 1) {
                g = i;
            }
        }
        const fit_group *group = &self->groups[g];
        self->pinned[group->slot] = true;
        self->pinned[self->layout.beta1 + group->atom[group->count - 1]] = true;
    }
    for (int routed = 0; routed < 2; routed++) {
        const size_t k = routed ? shape->k_routed : shape->k_shared;
        const gsc_expert_family *family = routed ? shape->routed : shape->shared;
        if (k == 0 || !gsc_expert_is_homogeneous(family)) {
            continue;
        }
        for (size_t i = 0; i < k; i++) {
            self->pinned[(routed ? self->layout.eta : self->layout.kappa) + i * family->theta_size +
                         family->blocks[0].offset] = true;
        }
    }
    return GSC_OK;
}

static gsc_status allocate(gsc_kl_fit *self, gsc_error *error) {
    const size_t p = self->slots, k2 = self->shape.k_routed;
    const size_t rows = fit_rows_size(self), small = 2 * p * (p + 1);
    const size_t size =
        2 * p + GSC_KL_FIT_MAX_BLOCK + p + k2 + p * (p + 1) + rows + 2 * p + 2 * small + 3 * p;
    self->memory = calloc(size, sizeof(double));
    self->flags = calloc(2 * p, sizeof(bool));
    self->column = calloc(p, sizeof *self->column);
    if (self->memory == NULL || self->flags == NULL || self->column == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a fit of %zu coordinates", p);
    }
    double *next = self->memory;
    self->low = next, next += p;
    self->high = next, next += p;
    self->hold_truth = next, next += GSC_KL_FIT_MAX_BLOCK;
    self->mixture = next, next += p;
    self->affinity_slope = next, next += k2;
    self->r = next, next += p * (p + 1);
    self->rows = next, next += rows;
    self->u_trial = next, next += p;
    self->u_work = next, next += p;
    self->small = next, next += 2 * small;
    self->step = next, next += p;
    self->scale = next, next += p;
    self->gradient = next;
    self->pinned = self->flags;
    self->fixed = self->flags + p;
    return GSC_OK;
}

gsc_status gsc_kl_fit_new(const gsc_quadrature *quadrature, const gsc_mixture_shape *shape,
                          const size_t *groups, const gsc_kl_fit_options *options,
                          gsc_kl_fit **ret_fit, gsc_error *error) {
    gsc_kl_fit *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a fit");
    }
    self->quadrature = quadrature;
    self->shape = *shape;
    self->layout = gsc_mixture_get_layout(shape);
    self->options = *options;
    self->general = shape->k_routed > 0 && shape->gate->general;
    make_groups(self, groups);
    gsc_status status = GSC_OK;
    if (self->general && quadrature->classes > 0) {
        status = gsc_fail(error, GSC_ERR_INPUT,
                          "%s is no affinity a(z) on linear scores, which a categorical response "
                          "needs",
                          shape->gate->name);
    } else if (self->slots > GSC_KL_FIT_MAX_SLOTS) {
        status = gsc_fail(error, GSC_ERR_INPUT,
                          "a fit to the truth by quadrature takes at most %d parameters; this "
                          "mixture has %zu",
                          GSC_KL_FIT_MAX_SLOTS, self->slots);
    }
    for (size_t g = 0; g < self->n_groups && status == GSC_OK; g++) {
        if ((double)self->groups[g].count * options->mass_floor >= 1) {
            status = gsc_fail(error, GSC_ERR_INPUT,
                              "theory.mass_floor is %g, but a cell has %zu atoms; it should be "
                              "below %.3g",
                              options->mass_floor, self->groups[g].count,
                              1 / (double)self->groups[g].count);
        }
    }
    if (status == GSC_OK) {
        status = allocate(self, error);
    }
    if (status == GSC_OK) {
        fill_bounds(self);
        status = pin_gauge(self, error);
    }
    if (status == GSC_OK && quadrature->classes > 0) {
        status = fit_discrete_new(self, error);
    } else if (status == GSC_OK) {
        status = gsc_profile_init(&self->profile, shape, quadrature->n_x, error);
    }
    if (status != GSC_OK) {
        gsc_kl_fit_free(self);
        return status;
    }
    *ret_fit = self;
    return GSC_OK;
}

void gsc_kl_fit_free(gsc_kl_fit *self) {
    if (self != NULL) {
        gsc_profile_clear(&self->profile);
        fit_discrete_free(self->discrete);
        free(self->memory);
        free(self->flags);
        free(self->column);
        free(self);
    }
}

void gsc_kl_fit_stop_at(gsc_kl_fit *self, const atomic_bool *stop) {
    self->options.stop = stop;
}

void gsc_kl_fit_limit(gsc_kl_fit *self, size_t max_iterations) {
    self->options.max_iterations = max_iterations;
}

size_t gsc_kl_fit_slots(const gsc_kl_fit *self) {
    return self->slots;
}

/* ---- The held block ---- */

/* The mass of the group that an atom is in, whose slot is an omega, a log mass, or the beta0 of an atom alone. */
static bool hold_mass(gsc_kl_fit *self, const gsc_error_block *block, size_t atom, double mass) {
    const size_t c = block->routed ? self->shape.k_shared + atom : atom;
    const fit_group *group = &self->groups[self->group_of[c]];
    double value = mass;
    bool clipped = !(mass > 0);
    if (block->routed && !clipped) {
        value = log(mass);
        double least;
        const double box = self->options.gate_box;
        /* Each atom of the group can carry its part. */
        const double part = value - log((double)group->count);
        if (gsc_gate_invert(self->shape.gate, part, box, &least, &clipped, NULL) != GSC_OK) {
            return false;
        }
        value = group->count > 1 ? value : least;
    } else if (!block->routed) {
        clipped = !(mass > least_group && mass < 1 - least_group) || self->n_groups < 2;
    }
    if (clipped || self->pinned[group->slot]) {
        return false;
    }
    self->hold_mass = true;
    self->hold_at = group->slot;
    self->hold_size = 1;
    self->hold_truth[0] = value;
    self->hold_delta = 0;
    self->hold_sign = 1;
    return true;
}

bool gsc_kl_fit_hold(gsc_kl_fit *self, const gsc_error_block *block, size_t atom,
                     const double *truth, double delta, double sign) {
    if (block == NULL) {
        self->hold_size = 0;
        self->hold_mass = false;
        return true;
    }
    assert(block->size <= GSC_KL_FIT_MAX_BLOCK);
    const gsc_mixture_shape *shape = &self->shape;
    if (block->what == GSC_BLOCK_MASS) {
        return hold_mass(self, block, atom, truth[0] + sign * delta);
    }
    self->hold_mass = false;
    size_t at = block->routed ? self->layout.nu + atom : self->layout.tau + atom;
    if (block->what == GSC_BLOCK_THETA) {
        at =
            block->offset + (block->routed ? self->layout.eta + atom * shape->routed->theta_size
                                           : self->layout.kappa + atom * shape->shared->theta_size);
    } else if (block->what == GSC_BLOCK_BETA1) {
        at = self->layout.beta1 + atom * shape->inputs;
    }
    if (block->size == 1) {
        const double value = truth[0] + sign * delta;
        const bool variance = block->what == GSC_BLOCK_VARIANCE;
        if (variance ? value <= shape->variance_floor
                     : value < self->low[at] || value > self->high[at]) {
            return false;
        }
    }
    self->hold_at = at;
    self->hold_size = block->size;
    memcpy(self->hold_truth, truth, block->size * sizeof *truth);
    self->hold_delta = delta;
    self->hold_sign = sign;
    return true;
}

size_t gsc_kl_fit_held(const gsc_kl_fit *self, size_t *ret_at) {
    *ret_at = self->hold_at;
    return self->hold_size;
}

static bool is_variance(const gsc_kl_fit *self, size_t index) {
    const gsc_mixture_layout *at = &self->layout;
    return (index >= at->tau && index < at->beta0) || (index >= at->nu && index < at->gate);
}

/* ---- Dependent slots ---- */

long fit_dependent_share(const gsc_kl_fit *self, const fit_group *group, const double *u) {
    if (group->count < 2) {
        return FIT_NONE;
    }
    size_t best = 0;
    for (size_t i = 1; i < group->count; i++) {
        if (u[fit_share_slot(self, group, i)] > u[fit_share_slot(self, group, best)]) {
            best = i;
        }
    }
    return (long)best;
}

long fit_dependent_group(const gsc_kl_fit *self, const double *u) {
    long best = FIT_NONE;
    for (size_t g = 0; g < self->n_groups; g++) {
        const bool held = self->hold_mass && self->groups[g].slot == self->hold_at;
        if (!self->groups[g].routed && !held &&
            (best == FIT_NONE || u[self->groups[g].slot] > u[self->groups[best].slot])) {
            best = (long)g;
        }
    }
    return best;
}

/* values, through index, to this sum with each >= floor: the excess over the floor is scaled. */
static void settle_simplex(double *u, const size_t *index, size_t n, double floor, double sum) {
    double excess = 0;
    for (size_t i = 0; i < n; i++) {
        u[index[i]] = fmax(u[index[i]], floor);
        excess += u[index[i]] - floor;
    }
    const double wanted = sum - floor * (double)n;
    for (size_t i = 0; i < n; i++) {
        u[index[i]] =
            floor + (excess > 0 ? (u[index[i]] - floor) * wanted / excess : wanted / (double)n);
    }
}

void gsc_kl_fit_settle(gsc_kl_fit *self, double *u) {
    size_t index[2 * GSC_MAX_ATOMS], n = 0;
    for (size_t q = 0; q < self->slots; q++) {
        u[q] = fmin(fmax(u[q], self->low[q]), self->high[q]);
    }
    for (size_t g = 0; g < self->n_groups; g++) {
        const fit_group *group = &self->groups[g];
        if (group->count > 1) {
            for (size_t i = 0; i < group->count; i++) {
                index[i] = fit_share_slot(self, group, i);
            }
            settle_simplex(u, index, group->count, self->low[index[0]], 1);
        }
    }
    double sum = 1;
    for (size_t g = 0; g < self->n_groups; g++) {
        const bool held = self->hold_mass && self->groups[g].slot == self->hold_at;
        if (!self->groups[g].routed && held) {
            sum -= self->hold_truth[0];
        } else if (!self->groups[g].routed) {
            index[n++] = self->groups[g].slot;
        }
    }
    if (n > 0) {
        settle_simplex(u, index, n, n > 1 ? least_group : 0, sum);
    }
    if (self->hold_size == 1) {
        const double value = self->hold_truth[0] + self->hold_sign * self->hold_delta;
        u[self->hold_at] = is_variance(self, self->hold_at) ? log(value) : value;
    } else if (self->hold_size > 1) {
        double *v = u + self->hold_at, length = 0;
        for (size_t i = 0; i < self->hold_size; i++) {
            length += v[i] * v[i];
        }
        for (size_t i = 0; i < self->hold_size; i++) {
            v[i] = length > 0 ? v[i] / sqrt(length) : i == 0 ? self->hold_sign : 0;
        }
    }
}

/* ---- To mixtures ---- */

static gsc_status map_routed_group(gsc_kl_fit *self, const fit_group *group, const double *u,
                                   gsc_error *error) {
    if (self->general) {
        return GSC_OK;
    }
    for (size_t i = 0; i < group->count; i++) {
        const size_t j = group->atom[i];
        double *beta0 = &self->mixture[self->layout.beta0 + j], log_a;
        bool clipped = false;
        gsc_status status = GSC_OK;
        if (group->count > 1) {
            status =
                gsc_gate_invert(self->shape.gate, u[group->slot] + log(u[self->layout.beta0 + j]),
                                self->options.gate_box, beta0, &clipped, error);
        } else {
            *beta0 = u[group->slot];
        }
        if (status == GSC_OK) {
            status = gsc_gate_log_affinity(self->shape.gate, 1, beta0, &log_a,
                                           &self->affinity_slope[j], error);
        }
        if (status != GSC_OK) {
            return status;
        }
        if (clipped) {
            self->affinity_slope[j] = 0;
        }
    }
    return GSC_OK;
}

gsc_status fit_map(gsc_kl_fit *self, const double *u, gsc_error *error) {
    for (size_t q = 0; q < self->layout.size; q++) {
        self->mixture[q] = is_variance(self, q) ? exp(u[q]) : u[q];
    }
    if (self->hold_size == 1 && !self->hold_mass) {
        self->mixture[self->hold_at] = self->hold_truth[0] + self->hold_sign * self->hold_delta;
    } else if (self->hold_size > 1) {
        const double *v = u + self->hold_at;
        double length = 0;
        for (size_t i = 0; i < self->hold_size; i++) {
            length += v[i] * v[i];
        }
        for (size_t i = 0; i < self->hold_size; i++) {
            self->mixture[self->hold_at + i] =
                self->hold_truth[i] + self->hold_delta * v[i] / sqrt(length);
        }
    }
    for (size_t g = 0; g < self->n_groups; g++) {
        const fit_group *group = &self->groups[g];
        if (group->routed) {
            const gsc_status status = map_routed_group(self, group, u, error);
            if (status != GSC_OK) {
                return status;
            }
            continue;
        }
        for (size_t i = 0; i < group->count; i++) {
            self->mixture[self->layout.omega + group->atom[i]] =
                u[group->slot] * (group->count > 1 ? u[self->layout.omega + group->atom[i]] : 1);
        }
    }
    return GSC_OK;
}

/* ---- From mixtures ---- */

gsc_status gsc_kl_fit_from_mixture(gsc_kl_fit *self, const double *mixture, double *ret_u,
                                   gsc_error *error) {
    double log_a[GSC_MAX_ATOMS];
    for (size_t q = 0; q < self->layout.size; q++) {
        ret_u[q] = is_variance(self, q) ? log(mixture[q]) : mixture[q];
    }
    if (self->shape.k_routed > 0 && !self->general) {
        const gsc_status status =
            gsc_gate_log_affinity(self->shape.gate, self->shape.k_routed,
                                  mixture + self->layout.beta0, log_a, NULL, error);
        if (status != GSC_OK) {
            return status;
        }
    }
    for (size_t g = 0; g < self->n_groups; g++) {
        const fit_group *group = &self->groups[g];
        double sum = 0;
        for (size_t i = 0; i < group->count && group->count > 1; i++) {
            const size_t j = group->atom[i];
            ret_u[fit_share_slot(self, group, i)] =
                group->routed ? exp(log_a[j]) : mixture[self->layout.omega + j];
            sum += ret_u[fit_share_slot(self, group, i)];
        }
        for (size_t i = 0; i < group->count && group->count > 1; i++) {
            ret_u[fit_share_slot(self, group, i)] /= sum;
        }
        if (group->count > 1) {
            ret_u[group->slot] = group->routed ? log(sum) : sum;
        }
    }
    gsc_kl_fit_settle(self, ret_u);
    return GSC_OK;
}

gsc_status gsc_kl_fit_to_mixture(gsc_kl_fit *self, const double *u, double *ret_mixture,
                                 gsc_error *error) {
    const gsc_status status = fit_map(self, u, error);
    if (status == GSC_OK) {
        memcpy(ret_mixture, self->mixture, self->layout.size * sizeof *ret_mixture);
    }
    return status;
}
