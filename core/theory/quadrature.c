/* SPDX-License-Identifier: MIT
 *
 * Rows of one x node lie together: component by component of the truth, u ascending.
 */
#include "core/theory/quadrature.h"

#include "core/theory/discrete.h"
#include "core/theory/gate_general.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    GAUSS = GSC_GAUSS_NODES
};

const gsc_quadrature_options gsc_quadrature_quick = {.panels = 4, .reach = 7, .step = 0.5};
const gsc_quadrature_options gsc_quadrature_fine = {.panels = 16, .reach = 8, .step = 0.25};

static const double least_weight = 1e-22;
static const double log_two_pi = 1.8378770664093453;

void gsc_gauss_legendre(double nodes[GSC_GAUSS_NODES], double weights[GSC_GAUSS_NODES]) {
    for (int i = 0; i < GAUSS; i++) {
        double x = cos(3.141592653589793 * (i + 0.75) / (GAUSS + 0.5)), slope = 1;
        for (int step = 0; step < 100; step++) {
            double before = 1, value = x;
            for (int k = 2; k <= GAUSS; k++) {
                const double next = ((2 * k - 1) * x * value - (k - 1) * before) / k;
                before = value;
                value = next;
            }
            slope = GAUSS * (x * value - before) / (x * x - 1);
            const double move = value / slope;
            x -= move;
            if (fabs(move) < 1e-15) {
                break;
            }
        }
        nodes[i] = x;
        weights[i] = 2 / ((1 - x * x) * slope * slope);
    }
}

/* ---- Profiles ---- */

gsc_status gsc_profile_init(gsc_profile *self, const gsc_mixture_shape *shape, size_t n,
                            gsc_error *error) {
    *self = (gsc_profile){.n = n, .shape = *shape, .layout = gsc_mixture_get_layout(shape)};
    const size_t k1 = shape->k_shared, k2 = shape->k_routed, k = k1 + k2;
    const size_t p1 = k1 > 0 ? shape->shared->theta_size : 0;
    const size_t p2 = k2 > 0 ? shape->routed->theta_size : 0;
    size_t scratch = k1 > 0 ? gsc_expert_scratch(shape->shared, n) : 0;
    if (k2 > 0 && gsc_expert_scratch(shape->routed, n) > scratch) {
        scratch = gsc_expert_scratch(shape->routed, n);
    }
    const bool general = k2 > 0 && shape->gate->general;
    if (general) {
        self->gate_numbers = 2 * k2 + self->layout.size - self->layout.gate;
        const size_t gate = gsc_gate_scratch(shape->gate, 1, n);
        scratch = gate > scratch ? gate : scratch;
    }
    const size_t numbers = self->gate_numbers;
    const size_t size = (2 * k + k1 * p1 + k2 * p2 + 3 * k2 + numbers * k2) * n + numbers + scratch;
    self->memory = malloc((size + 1) * sizeof(double));
    if (self->memory == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a mixture at %zu nodes", n);
    }
    self->h = self->memory;
    self->log_weight = self->h + k * n;
    self->pi = self->log_weight + k * n;
    self->slope = self->pi + k2 * n;
    self->z = self->slope + k2 * n;
    self->jacobian = self->z + k2 * n;
    self->gate_slopes = self->jacobian + (k1 * p1 + k2 * p2) * n;
    self->gate_point = self->gate_slopes + numbers * k2 * n;
    self->scratch = self->gate_point + numbers;
    for (size_t c = 0; c < k; c++) {
        self->jacobian_at[c] = (c < k1 ? c * p1 : k1 * p1 + (c - k1) * p2) * n;
    }
    return GSC_OK;
}

void gsc_profile_clear(gsc_profile *self) {
    free(self->memory);
    self->memory = NULL;
}

/* log pi of the numbers in gate_point into ret_log_pi [k2][n]. */
static gsc_status general_rows(gsc_profile *self, const double *x, double *ret_log_pi,
                               gsc_error *error) {
    const size_t k2 = self->shape.k_routed;
    const gsc_gate_point point = {self->gate_point, self->gate_point + k2,
                                  self->gate_point + 2 * k2};
    return gsc_gate_log_probs(self->shape.gate, &point, 1, self->n, x, self->n, ret_log_pi, self->n,
                              NULL, self->scratch, error);
}

static gsc_status evaluate_general(gsc_profile *self, const double *mixture, const double *x,
                                   bool derivatives, gsc_error *error) {
    const size_t n = self->n, k2 = self->shape.k_routed, size = k2 * n;
    const double log_mass = log(1 - gsc_mixture_shared_mass(&self->shape));
    double *log_weight = self->log_weight + self->shape.k_shared * n;
    memcpy(self->gate_point, mixture + self->layout.beta0, 2 * k2 * sizeof *mixture);
    memcpy(self->gate_point + 2 * k2, mixture + self->layout.gate,
           (self->gate_numbers - 2 * k2) * sizeof *mixture);
    gsc_status status = general_rows(self, x, log_weight, error);
    for (size_t t = 0; t < size && status == GSC_OK; t++) {
        self->pi[t] = exp(log_weight[t]);
        log_weight[t] += log_mass;
    }
    for (size_t g = 0; g < self->gate_numbers && derivatives && status == GSC_OK; g++) {
        const double kept = self->gate_point[g], step = 1e-6 * (1 + fabs(kept));
        double *slopes = self->gate_slopes + g * size;
        self->gate_point[g] = kept - step;
        status = general_rows(self, x, self->z, error);
        self->gate_point[g] = kept + step;
        if (status == GSC_OK) {
            status = general_rows(self, x, slopes, error);
        }
        self->gate_point[g] = kept;
        for (size_t t = 0; t < size; t++) {
            slopes[t] = (slopes[t] - self->z[t]) / (2 * step);
        }
    }
    return status;
}

static gsc_status evaluate_gate(gsc_profile *self, const double *mixture, const double *x,
                                bool derivatives, gsc_error *error) {
    const gsc_mixture_shape *shape = &self->shape;
    const size_t n = self->n, k2 = shape->k_routed;
    const double log_mass = log(1 - gsc_mixture_shared_mass(shape));
    for (size_t j = 0; j < k2; j++) {
        const double beta0 = mixture[self->layout.beta0 + j];
        const double beta1 = mixture[self->layout.beta1 + j];
        for (size_t i = 0; i < n; i++) {
            self->z[j * n + i] = beta0 + beta1 * x[i];
        }
    }
    const gsc_status status = gsc_gate_log_affinity(shape->gate, k2 * n, self->z, self->pi,
                                                    derivatives ? self->slope : NULL, error);
    if (status != GSC_OK) {
        return status;
    }
    double *log_weight = self->log_weight + shape->k_shared * n;
    for (size_t i = 0; i < n; i++) {
        double top = -INFINITY, sum = 0;
        for (size_t j = 0; j < k2; j++) {
            top = fmax(top, self->pi[j * n + i]);
        }
        for (size_t j = 0; j < k2; j++) {
            sum += exp(self->pi[j * n + i] - top);
        }
        const double normaliser = top + log(sum);
        for (size_t j = 0; j < k2; j++) {
            const double log_pi = self->pi[j * n + i] - normaliser;
            self->pi[j * n + i] = exp(log_pi);
            log_weight[j * n + i] = log_mass + log_pi;
        }
    }
    return GSC_OK;
}

gsc_status gsc_profile_evaluate(gsc_profile *self, const double *mixture, const double *x,
                                bool derivatives, gsc_error *error) {
    const gsc_mixture_shape *shape = &self->shape;
    const size_t n = self->n, k1 = shape->k_shared;
    const double mass = gsc_mixture_shared_mass(shape);
    for (size_t c = 0; c < k1 + shape->k_routed; c++) {
        const gsc_expert_family *family = c < k1 ? shape->shared : shape->routed;
        const double *theta = mixture + (c < k1 ? self->layout.kappa + c * family->theta_size
                                                : self->layout.eta + (c - k1) * family->theta_size);
        const gsc_status status = gsc_expert_evaluate(
            family, theta, n, x, n, self->h + c * n,
            derivatives ? self->jacobian + self->jacobian_at[c] : NULL, self->scratch, error);
        if (status != GSC_OK) {
            return status;
        }
        for (size_t i = 0; c < k1 && i < n; i++) {
            self->log_weight[c * n + i] =
                log(mass * fmax(mixture[self->layout.omega + c], DBL_MIN));
        }
    }
    if (shape->k_routed == 0) {
        return GSC_OK;
    }
    return (shape->gate->general ? evaluate_general : evaluate_gate)(self, mixture, x, derivatives,
                                                                     error);
}

/* ---- Nodes ---- */

/* log f* of every row, by the true profile. */
static void fill_log_truth(gsc_quadrature *self, const gsc_truth *truth,
                           const gsc_profile *profile) {
    const size_t k1 = truth->shape.k_shared, k = k1 + truth->shape.k_routed;
    for (size_t i = 0; i < self->n_x; i++) {
        for (size_t t = self->first[i]; t < self->first[i + 1]; t++) {
            double term[2 * GSC_MAX_ATOMS], top = -INFINITY, sum = 0;
            for (size_t c = 0; c < k; c++) {
                const double variance =
                    truth->mixture[c < k1 ? truth->layout.tau + c : truth->layout.nu + c - k1];
                const double e = self->y[t] - profile->h[c * self->n_x + i];
                term[c] = profile->log_weight[c * self->n_x + i] -
                          0.5 * (e * e / variance + log(variance) + log_two_pi);
                top = fmax(top, term[c]);
            }
            for (size_t c = 0; c < k; c++) {
                sum += exp(term[c] - top);
            }
            self->log_truth[t] = top + log(sum);
        }
    }
}

static void fill_rows(gsc_quadrature *self, const gsc_truth *truth, const gsc_profile *profile,
                      const gsc_quadrature_options *options) {
    const size_t k1 = truth->shape.k_shared, k = k1 + truth->shape.k_routed;
    const long half = (long)(options->reach / options->step);
    for (size_t i = 0; i < self->n_x; i++) {
        self->first[i] = self->n;
        for (size_t c = 0; c < k; c++) {
            const double sd =
                sqrt(truth->mixture[c < k1 ? truth->layout.tau + c : truth->layout.nu + c - k1]);
            for (long s = -half; s <= half; s++) {
                const double u = options->step * (double)s;
                const double weight =
                    self->wx[i] * options->step *
                    exp(profile->log_weight[c * self->n_x + i] - 0.5 * u * u - 0.5 * log_two_pi);
                if (weight >= least_weight) {
                    self->y[self->n] = profile->h[c * self->n_x + i] + sd * u;
                    self->root_weight[self->n++] = sqrt(weight);
                }
            }
        }
        const size_t rows = self->n - self->first[i];
        self->most_rows = rows > self->most_rows ? rows : self->most_rows;
    }
    self->first[self->n_x] = self->n;
}

static void place_nodes(gsc_quadrature *self, const gsc_truth *truth) {
    double gauss[GAUSS], weights[GAUSS];
    const size_t panels = self->n_x / GAUSS;
    gsc_gauss_legendre(gauss, weights);
    const double width = (truth->x_high - truth->x_low) / (double)panels;
    for (size_t i = 0; i < self->n_x; i++) {
        self->x[i] = truth->x_low + width * ((double)(i / GAUSS) + 0.5 + 0.5 * gauss[i % GAUSS]);
        self->wx[i] = 0.5 * weights[i % GAUSS] / (double)panels;
    }
}

static gsc_status fill_categorical(gsc_quadrature *self, const gsc_truth *truth, gsc_error *error) {
    gsc_discrete *model;
    gsc_status status = gsc_discrete_new(&truth->shape, self->n_x, &model, error);
    if (status != GSC_OK) {
        return status;
    }
    status = gsc_discrete_evaluate(model, truth->mixture, self->n_x, self->x, self->n_x, NULL,
                                   self->log_truth, NULL, error);
    self->n = truth->classes * self->n_x;
    for (size_t r = 0; r < self->n && status == GSC_OK; r++) {
        self->y[r] = (double)(r / self->n_x);
        self->root_weight[r] = sqrt(self->wx[r % self->n_x] * self->log_truth[r]);
        self->log_truth[r] = log(self->log_truth[r]);
    }
    gsc_discrete_free(model);
    return status;
}

static gsc_status fill(gsc_quadrature *self, const gsc_truth *truth,
                       const gsc_quadrature_options *options, gsc_error *error) {
    gsc_profile profile;
    place_nodes(self, truth);
    if (self->classes > 0) {
        return fill_categorical(self, truth, error);
    }
    gsc_status status = gsc_profile_init(&profile, &truth->shape, self->n_x, error);
    if (status != GSC_OK) {
        return status;
    }
    status = gsc_profile_evaluate(&profile, truth->mixture, self->x, false, error);
    if (status == GSC_OK) {
        fill_rows(self, truth, &profile, options);
        fill_log_truth(self, truth, &profile);
    }
    gsc_profile_clear(&profile);
    return status;
}

gsc_status gsc_quadrature_new(const gsc_truth *truth, const gsc_quadrature_options *options,
                              gsc_quadrature **ret_quadrature, gsc_error *error) {
    if (truth->shape.inputs != 1) {
        return gsc_fail(error, GSC_ERR_INPUT, "the quadrature takes 1 input; theory.truth has %zu",
                        truth->shape.inputs);
    }
    gsc_quadrature *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a quadrature");
    }
    self->classes = truth->classes;
    self->n_x = GAUSS * options->panels * (self->classes > 0 ? 2 : 1);
    const size_t rows = self->classes > 0
                            ? self->n_x * self->classes
                            : self->n_x * (truth->shape.k_shared + truth->shape.k_routed) *
                                  (2 * (size_t)(options->reach / options->step) + 1);
    const size_t most = rows + GSC_QUADRATURE_PAD;
    self->x = calloc(2 * self->n_x + 3 * most, sizeof(double));
    self->first = malloc((self->n_x + 1) * sizeof *self->first);
    gsc_status status = GSC_OK;
    if (self->x == NULL || self->first == NULL) {
        status = gsc_fail(error, GSC_ERR_MEMORY, "no memory for %zu quadrature nodes", most);
    } else {
        self->wx = self->x + self->n_x;
        self->y = self->wx + self->n_x;
        self->root_weight = self->y + most;
        self->log_truth = self->root_weight + most;
        status = fill(self, truth, options, error);
    }
    if (status != GSC_OK) {
        gsc_quadrature_free(self);
        return status;
    }
    *ret_quadrature = self;
    return GSC_OK;
}

void gsc_quadrature_free(gsc_quadrature *self) {
    if (self != NULL) {
        free(self->x);
        free(self->first);
        free(self);
    }
}
