/* SPDX-License-Identifier: MIT
 *
 * An objective's memory, its sample, and the loop over blocks.
 */
#include "core/theory/hessian.h"

#include "core/theory/hessian_internal.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void gsc_mixture_to_free(const gsc_mixture_shape *shape, const double *mixture, double *ret_u) {
    const gsc_mixture_layout layout = gsc_mixture_get_layout(shape);
    memmove(ret_u, mixture, layout.size * sizeof(double));
    for (size_t i = 0; i < shape->k_shared; i++) {
        ret_u[layout.omega + i] = log(fmax(ret_u[layout.omega + i], 1e-300));
        ret_u[layout.tau + i] = log(ret_u[layout.tau + i]);
    }
    for (size_t j = 0; j < shape->k_routed; j++) {
        ret_u[layout.nu + j] = log(ret_u[layout.nu + j]);
    }
}

void gsc_mixture_from_free(const gsc_mixture_shape *shape, const double *u, double *ret_mixture) {
    const gsc_mixture_layout layout = gsc_mixture_get_layout(shape);
    memmove(ret_mixture, u, layout.size * sizeof(double));
    double top = -INFINITY, sum = 0;
    for (size_t i = 0; i < shape->k_shared; i++) {
        top = fmax(top, ret_mixture[layout.omega + i]);
    }
    for (size_t i = 0; i < shape->k_shared; i++) {
        ret_mixture[layout.omega + i] = exp(ret_mixture[layout.omega + i] - top);
        sum += ret_mixture[layout.omega + i];
        ret_mixture[layout.tau + i] = exp(ret_mixture[layout.tau + i]);
    }
    for (size_t i = 0; i < shape->k_shared; i++) {
        ret_mixture[layout.omega + i] /= sum;
    }
    for (size_t j = 0; j < shape->k_routed; j++) {
        ret_mixture[layout.nu + j] = exp(ret_mixture[layout.nu + j]);
    }
}

static size_t theta_size(const gsc_expert_family *family) {
    return family != NULL ? family->theta_size : 0;
}

/* Cuts one allocation into the objective's arrays; with memory NULL only counts. */
static size_t place(gsc_objective *self, double *memory) {
    const size_t k1 = self->shape->k_shared, k2 = self->shape->k_routed, c = self->components;
    size_t scratch = 0;
    if (k1 > 0) {
        scratch = gsc_expert_scratch(self->shape->shared, BLOCK);
    }
    if (k2 > 0) {
        const size_t routed = gsc_expert_scratch(self->shape->routed, BLOCK);
        scratch = routed > scratch ? routed : scratch;
    }
    const struct {
        double **array;
        size_t size;
    } plan[] = {
        {&self->h, c * BLOCK},
        {&self->r, c * BLOCK},
        {&self->gh, c * BLOCK},
        {&self->gv, c * BLOCK},
        {&self->bh, c * BLOCK},
        {&self->bv, c * BLOCK},
        {&self->jacobian, c * self->max_theta * BLOCK},
        {&self->shifted, self->max_theta * BLOCK},
        {&self->shifted_high, self->max_theta * BLOCK},
        {&self->bw, k1 * BLOCK},
        {&self->fw, k1 * BLOCK},
        {&self->fw_own, k1 * BLOCK},
        {&self->z, k2 * BLOCK},
        {&self->la, k2 * BLOCK},
        {&self->slope, k2 * BLOCK},
        {&self->slope_low, k2 * BLOCK},
        {&self->curvature, k2 * BLOCK},
        {&self->pi, k2 * BLOCK},
        {&self->bz, k2 * BLOCK},
        {&self->fz, k2 * BLOCK},
        {&self->fz_own, k2 * BLOCK},
        {&self->s_shared, BLOCK},
        {&self->s_routed, BLOCK},
        {&self->lse, BLOCK},
        {&self->scratch_row, BLOCK},
        {&self->product, BLOCK},
        {&self->ones, BLOCK},
        {&self->expert_scratch, scratch},
        {&self->point, self->max_theta},
        {&self->mixture, self->parameters},
    };
    size_t total = 0;
    for (size_t i = 0; i < sizeof plan / sizeof plan[0]; i++) {
        if (memory != NULL) {
            *plan[i].array = memory + total;
        }
        total += (plan[i].size + 7) / 8 * 8;
    }
    return total;
}

static gsc_status find_constant_slope(gsc_objective *self, gsc_error *error) {
    self->gate_constant_slope = true;
    if (self->shape->k_routed == 0) {
        return GSC_OK;
    }
    double z[13], la[13], slope[13];
    for (int i = 0; i < 13; i++) {
        z[i] = (i - 6) * 2.5;
    }
    const gsc_status status = gsc_gate_log_affinity(self->shape->gate, 13, z, la, slope, error);
    for (int i = 1; i < 13 && status == GSC_OK; i++) {
        self->gate_constant_slope &= slope[i] == slope[0];
    }
    return status;
}

gsc_status gsc_objective_new(const gsc_mixture_shape *shape, gsc_objective **ret_objective,
                             gsc_error *error) {
    gsc_objective *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the likelihood's Hessian");
    }
    self->shape = shape;
    self->layout = gsc_mixture_get_layout(shape);
    self->parameters = self->layout.size;
    self->components = shape->k_shared + shape->k_routed;
    const size_t p1 = theta_size(shape->shared), p2 = theta_size(shape->routed);
    self->max_theta = p1 > p2 ? p1 : p2;
    const double share = shape->k_shared == 0 ? 0 : shape->k_routed == 0 ? 1 : 0.5;
    self->log_share[0] = log(share);
    self->log_share[1] = log1p(-share);
    for (size_t c = 0; c < self->components; c++) {
        const bool routed = c >= shape->k_shared;
        const size_t i = routed ? c - shape->k_shared : c;
        self->component[c] = (component){
            .routed = routed,
            .theta = routed ? self->layout.eta + i * p2 : self->layout.kappa + i * p1,
            .variance = (routed ? self->layout.nu : self->layout.tau) + i,
            .family = routed ? shape->routed : shape->shared,
        };
    }
    gsc_status status = find_constant_slope(self, error);
    if (status == GSC_OK) {
        void *memory = NULL;
        if (posix_memalign(&memory, 64, place(self, NULL) * sizeof(double)) != 0) {
            status = gsc_fail(error, GSC_ERR_MEMORY, "no memory for the likelihood's Hessian");
        } else {
            self->memory = memory;
            place(self, self->memory);
            for (size_t t = 0; t < BLOCK; t++) {
                self->ones[t] = 1;
            }
        }
    }
    if (status != GSC_OK) {
        gsc_objective_free(self);
        return status;
    }
    *ret_objective = self;
    return GSC_OK;
}

void gsc_objective_free(gsc_objective *self) {
    if (self != NULL) {
        free(self->memory);
        free(self);
    }
}

/* The base column that equals column on these rows, or SIZE_MAX. */
static size_t find_base(const gsc_sample *sample, size_t first, size_t rows, const double *column) {
    bool ones = true;
    for (size_t t = 0; t < rows && ones; t++) {
        ones = column[t] == 1;
    }
    if (ones) {
        return 0;
    }
    for (size_t k = 0; k < sample->inputs; k++) {
        if (memcmp(column, sample->x + k * sample->n + first, rows * sizeof(double)) == 0) {
            return k + 1;
        }
    }
    return SIZE_MAX;
}

/* A linear family is plain where h(0) = 0 and every Jacobian column is ones or an input, on every row. */
static gsc_status find_plain(gsc_objective *self, int group, const gsc_expert_family *family,
                             gsc_error *error) {
    const gsc_sample *sample = self->sample;
    self->plain[group] = false;
    if (family == NULL || !family->linear || family->theta_size > GSC_MAX_INPUTS + 1) {
        return GSC_OK;
    }
    memset(self->point, 0, self->max_theta * sizeof(double));
    for (size_t first = 0; first < sample->n; first += BLOCK) {
        const size_t rows = sample->n - first < BLOCK ? sample->n - first : BLOCK;
        const gsc_status status =
            gsc_expert_evaluate(family, self->point, rows, sample->x + first, sample->n,
                                self->product, self->jacobian, self->expert_scratch, error);
        if (status != GSC_OK) {
            return status;
        }
        for (size_t t = 0; t < rows; t++) {
            if (self->product[t] != 0) {
                return GSC_OK;
            }
        }
        for (size_t p = 0; p < family->theta_size; p++) {
            const size_t base = find_base(sample, first, rows, self->jacobian + p * rows);
            if (base == SIZE_MAX || (first > 0 && base != self->plain_column[group][p])) {
                return GSC_OK;
            }
            self->plain_column[group][p] = base;
        }
    }
    self->plain[group] = true;
    return GSC_OK;
}

gsc_status gsc_objective_bind(gsc_objective *self, const gsc_sample *sample, gsc_error *error) {
    self->sample = sample;
    gsc_status status = GSC_OK;
    if (self->shape->k_shared > 0) {
        status = find_plain(self, 0, self->shape->shared, error);
    }
    if (status == GSC_OK && self->shape->k_routed > 0) {
        status = find_plain(self, 1, self->shape->routed, error);
    }
    gsc_hessian_list_channels(self);
    return status;
}

gsc_status gsc_objective_log_densities(gsc_objective *self, const double *u, double *ret_log,
                                       gsc_error *error) {
    const size_t n = self->sample->n;
    gsc_status status = GSC_OK;
    gsc_mixture_from_free(self->shape, u, self->mixture);
    for (size_t first = 0; first < n && status == GSC_OK; first += BLOCK) {
        const size_t rows = n - first < BLOCK ? n - first : BLOCK;
        status = gsc_hessian_rows(self, u, first, rows, false, error);
        memcpy(ret_log + first, self->lse, rows * sizeof(double));
    }
    return status;
}

gsc_status gsc_objective_evaluate(gsc_objective *self, const double *u, double *ret_log_likelihood,
                                  double *ret_gradient, double *ret_hessian, gsc_error *error) {
    assert(self->sample != NULL && (ret_hessian == NULL || ret_gradient != NULL));
    const size_t n = self->sample->n, size = self->parameters;
    const bool derivatives = ret_gradient != NULL;
    gsc_mixture_from_free(self->shape, u, self->mixture);
    if (ret_gradient != NULL) {
        memset(ret_gradient, 0, size * sizeof(double));
    }
    if (ret_hessian != NULL) {
        memset(ret_hessian, 0, size * size * sizeof(double));
    }
    double total = 0;
    gsc_status status = GSC_OK;
    for (size_t first = 0; first < n && status == GSC_OK; first += BLOCK) {
        const size_t rows = n - first < BLOCK ? n - first : BLOCK;
        status = gsc_hessian_rows(self, u, first, rows, derivatives, error);
        if (status == GSC_OK) {
            total += gsc_hessian_sum(self->lse, rows);
        }
        if (status == GSC_OK && derivatives) {
            status = gsc_hessian_add(self, u, first, rows, ret_gradient, ret_hessian, error);
        }
    }
    if (status == GSC_OK && !isfinite(total)) {
        status = gsc_fail(error, GSC_ERR_NUMERIC, "the log-likelihood is %g, not a finite number",
                          total);
    }
    if (status == GSC_OK && ret_hessian != NULL) {
        gsc_hessian_mirror(self, ret_hessian);
    }
    *ret_log_likelihood = total;
    return status;
}
