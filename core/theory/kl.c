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
    GAUSS = GSC_GAUSS_NODES,
    LINE_PANELS = 16, /* of one input */
    PLANE_PANELS = 4, /* of each of two */
    PLANE_SIDE = PLANE_PANELS * GAUSS,
    SPREAD_NODES = 1024, /* of three and more */
    Y_NODES = 129,
    FEWER_Y_NODES = 65 /* of several inputs */
};

struct gsc_kl {
    size_t n, inputs, x_nodes, y_nodes;
    double *x;                      /* by column, [inputs][n]; one allocation with the others */
    double *y, *weight, *log_truth; /* [n] */
};

/* Nodes of X by column, [inputs][x_nodes], in [0, 1], and their weights, which sum to 1. */
static void place_nodes(size_t inputs, size_t n, double *ret_x, double *ret_weights) {
    double gauss[GAUSS], weights[GAUSS];
    gsc_gauss_legendre(gauss, weights);
    if (inputs > 2) { /* t times the powers of 1 / g, modulo 1, where g^(d + 1) = g + 1 */
        double g = 2, total = 0;
        for (int i = 0; i < 60; i++) {
            g = pow(1 + g, 1.0 / ((double)inputs + 1));
        }
        for (size_t t = 0; t < n; t++) {
            const double bell = sin(3.141592653589793 * ((double)t + 0.5) / (double)n);
            for (size_t k = 0; k < inputs; k++) {
                const double place = 0.5 + (double)(t + 1) * pow(g, -(double)(k + 1));
                ret_x[k * n + t] = 1 - fabs(2 * (place - floor(place)) - 1); /* folded: periodic */
            }
            ret_weights[t] = bell * bell;
            total += ret_weights[t];
        }
        for (size_t t = 0; t < n; t++) {
            ret_weights[t] /= total;
        }
        return;
    }
    const size_t panels = inputs == 1 ? LINE_PANELS : PLANE_PANELS, side = panels * GAUSS;
    for (size_t t = 0; t < n; t++) {
        ret_weights[t] = 1;
        for (size_t k = 0, rest = t; k < inputs; k++, rest /= side) {
            const size_t i = rest % side;
            ret_x[k * n + t] =
                ((double)(i / GAUSS) + 0.5 + 0.5 * gauss[i % GAUSS]) / (double)panels;
            ret_weights[t] *= 0.5 * weights[i % GAUSS] / (double)panels;
        }
    }
}

/* Probability and mean of every component of a mixture at X nodes, [k][x_nodes]; x by column. */
static gsc_status components(const gsc_mixture_shape *shape, const double *mixture, size_t x_nodes,
                             const double *x, double *ret_p, double *ret_h, gsc_error *error) {
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    const size_t k1 = shape->k_shared, k2 = shape->k_routed;
    const double share = k1 == 0 ? 0 : k2 == 0 ? 1 : 0.5;
    size_t scratch_size = k1 > 0 ? gsc_expert_scratch(shape->shared, x_nodes) : 0;
    if (k2 > 0 && gsc_expert_scratch(shape->routed, x_nodes) > scratch_size) {
        scratch_size = gsc_expert_scratch(shape->routed, x_nodes);
    }
    double *log_a = malloc((k2 * x_nodes + scratch_size + 1) * sizeof(double));
    if (log_a == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the divergence's nodes");
    }
    double *scratch = log_a + k2 * x_nodes;
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < k1 && status == GSC_OK; i++) {
        status =
            gsc_expert_evaluate(shape->shared, mixture + at.kappa + i * shape->shared->theta_size,
                                x_nodes, x, x_nodes, ret_h + i * x_nodes, NULL, scratch, error);
        for (size_t t = 0; t < x_nodes; t++) {
            ret_p[i * x_nodes + t] = share * mixture[at.omega + i];
        }
    }
    for (size_t j = 0; j < k2 && status == GSC_OK; j++) {
        status = gsc_expert_evaluate(shape->routed,
                                     mixture + at.eta + j * shape->routed->theta_size, x_nodes, x,
                                     x_nodes, ret_h + (k1 + j) * x_nodes, NULL, scratch, error);
    }
    if (status == GSC_OK) {
        status = gsc_gate_rows(shape, mixture, x_nodes, x, x_nodes, log_a, error);
    }
    for (size_t t = 0; t < x_nodes && status == GSC_OK; t++) {
        double top = -INFINITY, sum = 0;
        for (size_t j = 0; j < k2; j++) {
            top = fmax(top, log_a[j * x_nodes + t]);
        }
        for (size_t j = 0; j < k2; j++) {
            sum += exp(log_a[j * x_nodes + t] - top);
        }
        for (size_t j = 0; j < k2; j++) {
            ret_p[(k1 + j) * x_nodes + t] = (1 - share) * exp(log_a[j * x_nodes + t] - top) / sum;
        }
    }
    free(log_a);
    return status;
}

static void fill_nodes(gsc_kl *self, const gsc_truth *truth, const double *x, const double *wx,
                       const double *p, const double *h) {
    const size_t k1 = truth->shape.k_shared, k = k1 + truth->shape.k_routed;
    const size_t n = self->x_nodes;
    const double step = 16.0 / (double)(self->y_nodes - 1);
    size_t row = 0;
    for (size_t t = 0; t < n; t++) {
        for (size_t c = 0; c < k; c++) {
            const double variance =
                truth->mixture[c < k1 ? truth->layout.tau + c : truth->layout.nu + c - k1];
            for (size_t i = 0; i < self->y_nodes; i++, row++) {
                const double u = -8 + step * (double)i;
                for (size_t d = 0; d < self->inputs; d++) {
                    self->x[d * self->n + row] = x[d * n + t];
                }
                self->y[row] = h[c * n + t] + sqrt(variance) * u;
                self->weight[row] =
                    wx[t] * p[c * n + t] * step * exp(-0.5 * u * u) * 0.3989422804014327;
            }
        }
    }
}

static gsc_sample nodes_of(const gsc_kl *self) {
    return (gsc_sample){.n = self->n, .inputs = self->inputs, .x = self->x, .y = self->y};
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
    const size_t n = self->x_nodes, d = self->inputs;
    const size_t k1 = shape->k_shared, k = k1 + shape->k_routed, rows = self->n / n;
    double constant[2 * GSC_MAX_ATOMS], precision[2 * GSC_MAX_ATOMS], term[2 * GSC_MAX_ATOMS];
    double *x = malloc((d + 2 * k) * n * sizeof(double));
    if (x == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the divergence");
    }
    double *p = x + d * n, *h = p + k * n;
    for (size_t t = 0; t < d * n; t++) {
        x[t] = self->x[t / n * self->n + t % n * rows];
    }
    for (size_t c = 0; c < k; c++) {
        const double variance = mixture[c < k1 ? at.tau + c : at.nu + c - k1];
        constant[c] = -0.5 * (1.8378770664093453 + log(variance));
        precision[c] = 0.5 / variance;
    }
    const gsc_status status = components(shape, mixture, n, x, p, h, error);
    for (size_t row = 0; row < self->n && status == GSC_OK; row++) {
        const size_t t = row / rows;
        double top = -INFINITY, sum = 0;
        for (size_t c = 0; c < k; c++) {
            const double off = self->y[row] - h[c * n + t];
            term[c] = log(fmax(p[c * n + t], DBL_MIN)) + constant[c] - precision[c] * off * off;
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
    const size_t n = self->x_nodes, d = self->inputs;
    double *x = malloc((d + 1 + 2 * k) * n * sizeof(double));
    if (x == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the divergence's nodes");
    }
    double *wx = x + d * n, *p = wx + n, *h = p + k * n;
    place_nodes(d, n, x, wx);
    for (size_t t = 0; t < d * n; t++) {
        x[t] = truth->x_low + (truth->x_high - truth->x_low) * x[t];
    }
    gsc_objective *objective = NULL;
    gsc_status status = components(&truth->shape, truth->mixture, n, x, p, h, error);
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
    gsc_kl *self = calloc(1, sizeof *self);
    const size_t d = truth->shape.inputs;
    const size_t x_nodes = d == 1   ? LINE_PANELS * GAUSS
                           : d == 2 ? PLANE_SIDE * PLANE_SIDE
                                    : SPREAD_NODES,
                 y_nodes = d == 1 ? Y_NODES : FEWER_Y_NODES;
    const size_t n = (truth->shape.k_shared + truth->shape.k_routed) * x_nodes * y_nodes;
    double *memory = self != NULL ? malloc((3 + d) * n * sizeof(double)) : NULL;
    if (memory == NULL) {
        free(self);
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the divergence's %zu nodes", n);
    }
    *self = (gsc_kl){.n = n,
                     .inputs = d,
                     .x_nodes = x_nodes,
                     .y_nodes = y_nodes,
                     .x = memory,
                     .y = memory + d * n,
                     .weight = memory + (d + 1) * n,
                     .log_truth = memory + (d + 2) * n};
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
