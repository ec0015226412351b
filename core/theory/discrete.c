/* SPDX-License-Identifier: MIT
 *
 * Rows in columns: each class's logit of each atom by the plugin, then softmax over classes, gate,
 * mixture and, by the product rule, the Jacobian.
 */
#include "core/theory/discrete.h"

#include "core/theory/align.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct gsc_discrete {
    gsc_mixture_shape shape;
    gsc_mixture_layout layout;
    size_t classes, rows;
    gsc_expert_family narrow[2]; /* one class's function: shared, routed */
    double *q;                   /* [k][C][rows] */
    double *weight;              /* [k][rows]: m omega_i, (1 - m) pi_j */
    double *slope;               /* [k2][rows]: d log a / dz */
    double *h_jacobian;          /* [k][C - 1][P][rows], atom k at jacobian_at[k] */
    size_t jacobian_at[2 * GSC_MAX_ATOMS];
    double *z, *log_a, *routed, *scratch, *theta, *p;
    double *memory;
};

gsc_status gsc_expert_family_widen(gsc_expert_family *family, size_t classes, gsc_error *error) {
    assert(classes >= 2 && family->logits == 0);
    if (classes > GSC_DISCRETE_MAX_CLASSES) {
        return gsc_fail(error, GSC_ERR_INPUT, "theory.classes is %zu; at most %d are fitted",
                        classes, GSC_DISCRETE_MAX_CLASSES);
    }
    if (gsc_expert_is_homogeneous(family)) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "%s has a free scale for each class, so that its parameters cannot be "
                        "compared with a categorical truth; linear and gelu can",
                        family->name);
    }
    family->logits = classes - 1;
    family->theta_size *= family->logits;
    for (size_t b = 0; b < family->n_blocks; b++) {
        family->blocks[b].offset *= family->logits;
        family->blocks[b].size *= family->logits;
    }
    return GSC_OK;
}

static gsc_expert_family narrowed(const gsc_expert_family *wide) {
    gsc_expert_family family = *wide;
    family.theta_size /= wide->logits;
    for (size_t b = 0; b < family.n_blocks; b++) {
        family.blocks[b].offset /= wide->logits;
        family.blocks[b].size /= wide->logits;
    }
    family.logits = 0;
    return family;
}

gsc_status gsc_discrete_new(const gsc_mixture_shape *shape, size_t rows, gsc_discrete **ret_self,
                            gsc_error *error) {
    const size_t k1 = shape->k_shared, k2 = shape->k_routed, k = k1 + k2;
    gsc_discrete *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a categorical mixture");
    }
    self->shape = *shape;
    self->layout = gsc_mixture_get_layout(shape);
    self->rows = rows;
    size_t scratch = 0, largest = 0, jacobian = 0;
    for (size_t c = 0; c < k; c++) {
        const gsc_expert_family *wide = c < k1 ? shape->shared : shape->routed;
        self->classes = wide->logits + 1;
        self->narrow[c >= k1] = narrowed(wide);
        const size_t need = gsc_expert_scratch(&self->narrow[c >= k1], rows);
        scratch = need > scratch ? need : scratch;
        largest = wide->theta_size > largest ? wide->theta_size : largest;
        self->jacobian_at[c] = jacobian;
        jacobian += wide->theta_size * rows;
    }
    const size_t classes = self->classes;
    self->memory =
        malloc(((k * classes + k + 3 * k2 + 2 * classes) * rows + jacobian + scratch + largest) *
               sizeof(double));
    if (self->memory == NULL) {
        free(self);
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a mixture at %zu rows", rows);
    }
    self->q = self->memory;
    self->weight = self->q + k * classes * rows;
    self->slope = self->weight + k * rows;
    self->z = self->slope + k2 * rows;
    self->log_a = self->z + k2 * rows;
    self->routed = self->log_a + k2 * rows;
    self->p = self->routed + classes * rows;
    self->h_jacobian = self->p + classes * rows;
    self->scratch = self->h_jacobian + jacobian;
    self->theta = self->scratch + scratch;
    *ret_self = self;
    return GSC_OK;
}

void gsc_discrete_free(gsc_discrete *self) {
    if (self != NULL) {
        free(self->memory);
        free(self);
    }
}

size_t gsc_discrete_classes(const gsc_discrete *self) {
    return self->classes;
}

/* The numbers of one class's function within an atom's theta. */
static void gather(const gsc_expert_family *narrow, size_t logits, size_t a, const double *theta,
                   double *ret_theta) {
    for (size_t b = 0; b < narrow->n_blocks; b++) {
        const gsc_theta_block *block = &narrow->blocks[b];
        memcpy(ret_theta + block->offset, theta + block->offset * logits + a * block->size,
               block->size * sizeof *theta);
    }
}

static const double *theta_of(const gsc_discrete *self, const double *mixture, size_t c) {
    const size_t k1 = self->shape.k_shared;
    return mixture + (c < k1 ? self->layout.kappa + c * self->shape.shared->theta_size
                             : self->layout.eta + (c - k1) * self->shape.routed->theta_size);
}

/* q of atom c; and dh of every class where derivatives is set. */
static gsc_status evaluate_expert(gsc_discrete *self, const double *mixture, size_t c, size_t n,
                                  const double *x, size_t stride, bool derivatives,
                                  gsc_error *error) {
    const gsc_expert_family *narrow = &self->narrow[c >= self->shape.k_shared];
    const size_t logits = self->classes - 1, p = narrow->theta_size;
    double *q = self->q + c * self->classes * self->rows;
    memset(q, 0, n * sizeof *q);
    for (size_t a = 0; a < logits; a++) {
        gather(narrow, logits, a, theta_of(self, mixture, c), self->theta);
        double *jacobian = self->h_jacobian + self->jacobian_at[c] + a * p * n;
        const gsc_status status =
            gsc_expert_evaluate(narrow, self->theta, n, x, stride, q + (a + 1) * n,
                                derivatives ? jacobian : NULL, self->scratch, error);
        if (status != GSC_OK) {
            return status;
        }
    }
    for (size_t t = 0; t < n; t++) {
        double top = 0, sum = 0;
        for (size_t a = 1; a <= logits; a++) {
            top = fmax(top, q[a * n + t]);
        }
        for (size_t a = 0; a <= logits; a++) {
            q[a * n + t] = exp(q[a * n + t] - top);
            sum += q[a * n + t];
        }
        for (size_t a = 0; a <= logits; a++) {
            q[a * n + t] /= sum;
        }
    }
    return GSC_OK;
}

static gsc_status evaluate_weights(gsc_discrete *self, const double *mixture, size_t n,
                                   const double *x, size_t stride, bool derivatives,
                                   gsc_error *error) {
    const gsc_mixture_shape *shape = &self->shape;
    const size_t k1 = shape->k_shared, k2 = shape->k_routed, d = shape->inputs;
    const double mass = gsc_mixture_shared_mass(shape);
    for (size_t i = 0; i < k1; i++) {
        for (size_t t = 0; t < n; t++) {
            self->weight[i * n + t] = mass * mixture[self->layout.omega + i];
        }
    }
    if (k2 == 0) {
        return GSC_OK;
    }
    for (size_t j = 0; j < k2; j++) {
        double *z = self->z + j * n;
        for (size_t t = 0; t < n; t++) {
            z[t] = mixture[self->layout.beta0 + j];
        }
        for (size_t l = 0; l < d; l++) {
            const double beta1 = mixture[self->layout.beta1 + j * d + l];
            for (size_t t = 0; t < n; t++) {
                z[t] += beta1 * x[l * stride + t];
            }
        }
    }
    const gsc_status status = gsc_gate_log_affinity(shape->gate, k2 * n, self->z, self->log_a,
                                                    derivatives ? self->slope : NULL, error);
    for (size_t t = 0; t < n && status == GSC_OK; t++) {
        double top = -INFINITY, sum = 0;
        for (size_t j = 0; j < k2; j++) {
            top = fmax(top, self->log_a[j * n + t]);
        }
        for (size_t j = 0; j < k2; j++) {
            self->log_a[j * n + t] = exp(self->log_a[j * n + t] - top);
            sum += self->log_a[j * n + t];
        }
        for (size_t j = 0; j < k2; j++) {
            self->weight[(k1 + j) * n + t] = (1 - mass) * self->log_a[j * n + t] / sum;
        }
    }
    return status;
}

/* sum over atoms first .. last - 1 of weight q, for the class of every row or for all; the rows of
 * y's classes. */
static void mix(const gsc_discrete *self, size_t first, size_t last, size_t n, const double *y,
                double *ret_p) {
    const size_t classes = self->classes;
    memset(ret_p, 0, (y != NULL ? 1 : classes) * n * sizeof *ret_p);
    for (size_t k = first; k < last; k++) {
        const double *q = self->q + k * classes * self->rows, *weight = self->weight + k * n;
        for (size_t c = 0; c < (y != NULL ? 1 : classes); c++) {
            for (size_t t = 0; t < n; t++) {
                const size_t of = y != NULL ? (size_t)y[t] : c;
                ret_p[c * n + t] += weight[t] * q[of * n + t];
            }
        }
    }
}

/* Columns of one class row c (or of the rows' own classes): omega, theta, beta. */
static void fill_jacobian(const gsc_discrete *self, size_t c, size_t n, const double *x,
                          size_t stride, const double *y, const double *routed, size_t total,
                          double *ret_jacobian) {
    const gsc_mixture_shape *shape = &self->shape;
    const size_t k1 = shape->k_shared, k2 = shape->k_routed, classes = self->classes,
                 d = shape->inputs;
    const double mass = gsc_mixture_shared_mass(shape);
    for (size_t k = 0; k < k1 + k2; k++) {
        const gsc_expert_family *narrow = &self->narrow[k >= k1];
        const double *q = self->q + k * classes * self->rows, *weight = self->weight + k * n;
        const size_t at = (size_t)(theta_of(self, NULL, k) - (const double *)NULL);
        for (size_t a = 1; a < classes; a++) {
            const double *jacobian =
                self->h_jacobian + self->jacobian_at[k] + (a - 1) * narrow->theta_size * n;
            for (size_t b = 0; b < narrow->n_blocks; b++) {
                const gsc_theta_block *block = &narrow->blocks[b];
                for (size_t p = 0; p < block->size; p++) {
                    const size_t raw =
                        at + block->offset * (classes - 1) + (a - 1) * block->size + p;
                    const double *dh = jacobian + (block->offset + p) * n;
                    double *column = ret_jacobian + raw * total + c * n;
                    for (size_t t = 0; t < n; t++) {
                        const size_t of = y != NULL ? (size_t)y[t] : c;
                        column[t] = weight[t] * q[of * n + t] * ((of == a) - q[a * n + t]) * dh[t];
                    }
                }
            }
        }
        if (k < k1) {
            double *column = ret_jacobian + (self->layout.omega + k) * total + c * n;
            for (size_t t = 0; t < n; t++) {
                column[t] = mass * q[(y != NULL ? (size_t)y[t] : c) * n + t];
            }
            continue;
        }
        double *first = ret_jacobian + (self->layout.beta0 + k - k1) * total + c * n;
        const double *slope = self->slope + (k - k1) * n;
        for (size_t t = 0; t < n; t++) {
            const size_t of = y != NULL ? (size_t)y[t] : c;
            first[t] = slope[t] * weight[t] * (q[of * n + t] - routed[c * n + t] / (1 - mass));
        }
        for (size_t l = 0; l < d; l++) {
            double *column = ret_jacobian + (self->layout.beta1 + (k - k1) * d + l) * total + c * n;
            for (size_t t = 0; t < n; t++) {
                column[t] = first[t] * x[l * stride + t];
            }
        }
    }
}

gsc_status gsc_discrete_evaluate(gsc_discrete *self, const double *mixture, size_t n,
                                 const double *x, size_t stride, const double *y, double *ret_p,
                                 double *ret_jacobian, gsc_error *error) {
    assert(n <= self->rows);
    const size_t k1 = self->shape.k_shared, k = k1 + self->shape.k_routed;
    const size_t copies = y != NULL ? 1 : self->classes, total = copies * n;
    gsc_status status = evaluate_weights(self, mixture, n, x, stride, ret_jacobian != NULL, error);
    for (size_t c = 0; c < k && status == GSC_OK; c++) {
        status = evaluate_expert(self, mixture, c, n, x, stride, ret_jacobian != NULL, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    mix(self, k1, k, n, y, self->routed);
    mix(self, 0, k1, n, y, ret_p);
    for (size_t r = 0; r < total; r++) {
        ret_p[r] += self->routed[r];
    }
    if (ret_jacobian == NULL) {
        return GSC_OK;
    }
    for (size_t i = 0; i < k1; i++) {
        memset(ret_jacobian + (self->layout.tau + i) * total, 0, total * sizeof(double));
    }
    for (size_t j = 0; j < self->shape.k_routed; j++) {
        memset(ret_jacobian + (self->layout.nu + j) * total, 0, total * sizeof(double));
    }
    for (size_t c = 0; c < copies; c++) {
        fill_jacobian(self, c, n, x, stride, y, self->routed, total, ret_jacobian);
    }
    return GSC_OK;
}

gsc_status gsc_discrete_log_likelihood(gsc_discrete *self, const double *mixture,
                                       const gsc_sample *sample, double *ret_log_likelihood,
                                       gsc_error *error) {
    double total = 0;
    for (size_t t = 0; t < sample->n; t += self->rows) {
        const size_t n = sample->n - t < self->rows ? sample->n - t : self->rows;
        const gsc_status status = gsc_discrete_evaluate(self, mixture, n, sample->x + t, sample->n,
                                                        sample->y + t, self->p, NULL, error);
        if (status != GSC_OK) {
            return status;
        }
        for (size_t r = 0; r < n; r++) {
            total += log(fmax(self->p[r], DBL_MIN));
        }
    }
    *ret_log_likelihood = total;
    return GSC_OK;
}
