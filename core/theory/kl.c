/* SPDX-License-Identifier: MIT
 *
 * Nodes as one sample: row (x node, component, u node).
 */
#include "core/theory/kl.h"

#include "core/theory/gate_rows.h"
#include "core/theory/quadrature.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum {
    PANELS = 16,
    GAUSS = GSC_GAUSS_NODES,
    X_NODES = PANELS * GAUSS,
    Y_NODES = 129
};

struct gsc_kl {
    size_t n;
    double *x, *y, *weight, *log_truth; /* [n], one allocation at x */
};

/* Probability and mean of every component of a mixture at the x nodes; [k][X_NODES]. */
static gsc_status components(const gsc_mixture_shape *shape, const double *mixture, const double *x,
                             double *ret_p, double *ret_h, gsc_error *error) {
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    const size_t k1 = shape->k_shared, k2 = shape->k_routed;
    const double share = k1 == 0 ? 0 : k2 == 0 ? 1 : 0.5;
    size_t scratch_size = k1 > 0 ? gsc_expert_scratch(shape->shared, X_NODES) : 0;
    if (k2 > 0 && gsc_expert_scratch(shape->routed, X_NODES) > scratch_size) {
        scratch_size = gsc_expert_scratch(shape->routed, X_NODES);
    }
    double *log_a = malloc((k2 * X_NODES + scratch_size + 1) * sizeof(double));
    if (log_a == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the divergence's nodes");
    }
    double *scratch = log_a + k2 * X_NODES;
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < k1 && status == GSC_OK; i++) {
        status =
            gsc_expert_evaluate(shape->shared, mixture + at.kappa + i * shape->shared->theta_size,
                                X_NODES, x, X_NODES, ret_h + i * X_NODES, NULL, scratch, error);
        for (size_t t = 0; t < X_NODES; t++) {
            ret_p[i * X_NODES + t] = share * mixture[at.omega + i];
        }
    }
    for (size_t j = 0; j < k2 && status == GSC_OK; j++) {
        status = gsc_expert_evaluate(shape->routed,
                                     mixture + at.eta + j * shape->routed->theta_size, X_NODES, x,
                                     X_NODES, ret_h + (k1 + j) * X_NODES, NULL, scratch, error);
    }
    if (status == GSC_OK) {
        status = gsc_gate_rows(shape, mixture, X_NODES, x, X_NODES, log_a, error);
    }
    for (size_t t = 0; t < X_NODES && status == GSC_OK; t++) {
        double top = -INFINITY, sum = 0;
        for (size_t j = 0; j < k2; j++) {
            top = fmax(top, log_a[j * X_NODES + t]);
        }
        for (size_t j = 0; j < k2; j++) {
            sum += exp(log_a[j * X_NODES + t] - top);
        }
        for (size_t j = 0; j < k2; j++) {
            ret_p[(k1 + j) * X_NODES + t] = (1 - share) * exp(log_a[j * X_NODES + t] - top) / sum;
        }
    }
    free(log_a);
    return status;
}

static void fill_nodes(gsc_kl *self, const gsc_truth *truth, const double *x, const double *wx,
                       const double *p, const double *h) {
    const size_t k1 = truth->shape.k_shared, k = k1 + truth->shape.k_routed;
    const double step = 1.0 / 8;
    size_t row = 0;
    for (size_t t = 0; t < X_NODES; t++) {
        for (size_t c = 0; c < k; c++) {
            const double variance =
                truth->mixture[c < k1 ? truth->layout.tau + c : truth->layout.nu + c - k1];
            for (int i = 0; i < Y_NODES; i++, row++) {
                const double u = -8 + step * i;
                self->x[row] = x[t];
                self->y[row] = h[c * X_NODES + t] + sqrt(variance) * u;
                self->weight[row] =
                    wx[t] * p[c * X_NODES + t] * step * exp(-0.5 * u * u) * 0.3989422804014327;
            }
        }
    }
}

static gsc_sample nodes_of(const gsc_kl *self) {
    return (gsc_sample){.n = self->n, .inputs = 1, .x = self->x, .y = self->y};
}

static gsc_status log_densities(const gsc_kl *self, gsc_objective *objective,
                                const gsc_mixture_shape *shape, const double *mixture,
                                double *ret_log, gsc_error *error) {
    const size_t size = gsc_mixture_get_layout(shape).size;
    double *u = malloc(size * sizeof *u);
    if (u == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the divergence");
    }
    const gsc_sample nodes = nodes_of(self);
    gsc_mixture_to_free(shape, mixture, u);
    gsc_status status = gsc_objective_bind(objective, &nodes, error);
    if (status == GSC_OK) {
        status = gsc_objective_log_densities(objective, u, ret_log, error);
    }
    free(u);
    return status;
}

/* The same without an objective, for gates in general form. */
static gsc_status direct_log_densities(const gsc_kl *self, const gsc_mixture_shape *shape,
                                       const double *mixture, double *ret_log, gsc_error *error) {
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    const size_t k1 = shape->k_shared, k = k1 + shape->k_routed, rows = self->n / X_NODES;
    double constant[2 * GSC_MAX_ATOMS], precision[2 * GSC_MAX_ATOMS], term[2 * GSC_MAX_ATOMS];
    double *x = malloc((1 + 2 * k) * X_NODES * sizeof(double));
    if (x == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the divergence");
    }
    double *p = x + X_NODES, *h = p + k * X_NODES;
    for (size_t t = 0; t < X_NODES; t++) {
        x[t] = self->x[t * rows];
    }
    for (size_t c = 0; c < k; c++) {
        const double variance = mixture[c < k1 ? at.tau + c : at.nu + c - k1];
        constant[c] = -0.5 * (1.8378770664093453 + log(variance));
        precision[c] = 0.5 / variance;
    }
    const gsc_status status = components(shape, mixture, x, p, h, error);
    for (size_t row = 0; row < self->n && status == GSC_OK; row++) {
        const size_t t = row / rows;
        double top = -INFINITY, sum = 0;
        for (size_t c = 0; c < k; c++) {
            const double off = self->y[row] - h[c * X_NODES + t];
            term[c] =
                log(fmax(p[c * X_NODES + t], DBL_MIN)) + constant[c] - precision[c] * off * off;
            top = fmax(top, term[c]);
        }
        for (size_t c = 0; c < k; c++) {
            sum += exp(term[c] - top);
        }
        ret_log[row] = top + log(sum);
    }
    free(x);
    return status;
}

static bool is_general(const gsc_mixture_shape *shape) {
    return shape->gate != NULL && shape->gate->general;
}

static gsc_status fill(gsc_kl *self, const gsc_truth *truth, gsc_error *error) {
    const size_t k = truth->shape.k_shared + truth->shape.k_routed;
    double gauss[GAUSS], weights[GAUSS];
    double *x = malloc((2 + 2 * k) * X_NODES * sizeof(double));
    if (x == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the divergence's nodes");
    }
    double *wx = x + X_NODES, *p = wx + X_NODES, *h = p + k * X_NODES;
    gsc_gauss_legendre(gauss, weights);
    const double width = (truth->x_high - truth->x_low) / PANELS;
    for (size_t t = 0; t < X_NODES; t++) {
        x[t] = truth->x_low + width * ((double)(t / GAUSS) + 0.5 + 0.5 * gauss[t % GAUSS]);
        wx[t] = 0.5 * weights[t % GAUSS] / PANELS;
    }
    gsc_objective *objective = NULL;
    gsc_status status = components(&truth->shape, truth->mixture, x, p, h, error);
    if (status == GSC_OK) {
        fill_nodes(self, truth, x, wx, p, h);
        if (is_general(&truth->shape)) {
            status =
                direct_log_densities(self, &truth->shape, truth->mixture, self->log_truth, error);
        } else {
            status = gsc_objective_new(&truth->shape, &objective, error);
        }
    }
    if (status == GSC_OK && objective != NULL) {
        status =
            log_densities(self, objective, &truth->shape, truth->mixture, self->log_truth, error);
    }
    gsc_objective_free(objective);
    free(x);
    return status;
}

gsc_status gsc_kl_new(const gsc_truth *truth, gsc_kl **ret_kl, gsc_error *error) {
    if (truth->classes > 0) {
        *ret_kl = calloc(1, sizeof **ret_kl);
        return *ret_kl != NULL ? GSC_OK
                               : gsc_fail(error, GSC_ERR_MEMORY, "no memory for the divergence");
    }
    if (truth->shape.inputs != 1) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "the divergence is computed by quadrature for 1 input; this truth has %zu",
                        truth->shape.inputs);
    }
    gsc_kl *self = calloc(1, sizeof *self);
    const size_t n = (truth->shape.k_shared + truth->shape.k_routed) * X_NODES * Y_NODES;
    double *memory = self != NULL ? malloc(4 * n * sizeof(double)) : NULL;
    if (memory == NULL) {
        free(self);
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the divergence's %zu nodes", n);
    }
    *self = (gsc_kl){.n = n,
                     .x = memory,
                     .y = memory + n,
                     .weight = memory + 2 * n,
                     .log_truth = memory + 3 * n};
    const gsc_status status = fill(self, truth, error);
    if (status != GSC_OK) {
        gsc_kl_free(self);
        return status;
    }
    *ret_kl = self;
    return GSC_OK;
}

void gsc_kl_free(gsc_kl *self) {
    if (self != NULL) {
        free(self->x);
        free(self);
    }
}

gsc_status gsc_kl_compute(const gsc_kl *self, gsc_objective *objective,
                          const gsc_mixture_shape *shape, const double *mixture, double *ret_kl,
                          gsc_error *error) {
    double *log_fit = malloc(self->n * sizeof *log_fit);
    if (log_fit == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the divergence");
    }
    const gsc_status status = is_general(shape)
                                  ? direct_log_densities(self, shape, mixture, log_fit, error)
                                  : log_densities(self, objective, shape, mixture, log_fit, error);
    double total = 0;
    for (size_t t = 0; t < self->n && status == GSC_OK; t++) {
        total += self->weight[t] * (self->log_truth[t] - log_fit[t]);
    }
    free(log_fit);
    if (status == GSC_OK) {
        *ret_kl = total;
    }
    return status;
}
