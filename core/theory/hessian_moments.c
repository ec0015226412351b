/* SPDX-License-Identifier: MIT
 *
 * Sums over a block of products of channels with products of columns. The coefficient of a pair of channels is a
 * product of two vectors but within one component, between two weights and between two gates.
 */
#include "core/theory/hessian_internal.h"

#include <math.h>
#include <string.h>

GSC_HOT double gsc_hessian_sum(const double *values, size_t rows) {
    double total = 0;
#pragma omp simd reduction(+ : total)
    for (size_t t = 0; t < rows; t++) {
        total += values[t];
    }
    return total;
}

/* Channels in order: h and v of every component (2c, 2c + 1), then log omega, then z. Columns that depend on
 * the block are set by point_columns. */
void gsc_hessian_list_channels(gsc_objective *self) {
    const size_t k1 = self->shape->k_shared, k2 = self->shape->k_routed, d = self->shape->inputs;
    size_t at = 0;
    for (size_t c = 0; c < self->components; c++) {
        const component *part = &self->component[c];
        self->channel[at++] = (gradient_channel){.gbar = self->bh + c * BLOCK,
                                                 .parameter = part->theta,
                                                 .columns = part->family->theta_size,
                                                 .plain = self->plain[part->routed]};
        self->channel[at++] = (gradient_channel){
            .gbar = self->bv + c * BLOCK, .parameter = part->variance, .columns = 1, .plain = true};
    }
    for (size_t i = 0; i < k1; i++) {
        self->channel[at++] = (gradient_channel){.gbar = self->bw + i * BLOCK,
                                                 .parameter = self->layout.omega + i,
                                                 .columns = 1,
                                                 .plain = true};
    }
    for (size_t j = 0; j < k2; j++) {
        self->channel[at++] =
            (gradient_channel){.gbar = self->bz + j * BLOCK, .columns = d + 1, .plain = true};
    }
    self->channels = at;
}

static void point_columns(gsc_objective *self, size_t first, size_t rows) {
    const gsc_sample *sample = self->sample;
    for (size_t s = 0; s < self->channels; s++) {
        gradient_channel *channel = &self->channel[s];
        const bool z = s >= 2 * self->components + self->shape->k_shared;
        for (size_t a = 0; a < channel->columns; a++) {
            size_t base = 0;
            if (z) {
                base = a;
            } else if (s < 2 * self->components && s % 2 == 0) {
                const component *part = &self->component[s / 2];
                if (!channel->plain) {
                    channel->column[a] =
                        self->jacobian + (s / 2) * self->max_theta * BLOCK + a * rows;
                    continue;
                }
                base = self->plain_column[part->routed][a];
            }
            channel->column[a] = base == 0 ? NULL : sample->x + (base - 1) * sample->n + first;
        }
    }
}

/* The parameter of a channel's column. */
static size_t parameter_of(const gsc_objective *self, size_t s, size_t column) {
    const size_t first_z = 2 * self->components + self->shape->k_shared;
    if (s < first_z) {
        return self->channel[s].parameter + column;
    }
    const size_t j = s - first_z;
    return column == 0 ? self->layout.beta0 + j
                       : self->layout.beta1 + j * self->shape->inputs + column - 1;
}

GSC_HOT static double product_1(const double *p, const double *q, size_t rows) {
    double total = 0;
#pragma omp simd reduction(+ : total)
    for (size_t t = 0; t < rows; t++) {
        total += p[t] * q[t];
    }
    return total;
}

/* sum p q, sum p q x, sum p q x^2. */
GSC_HOT static void product_3(const double *p, const double *q, const double *x, size_t rows,
                              double ret_moment[3]) {
    double m0 = 0, m1 = 0, m2 = 0;
#pragma omp simd reduction(+ : m0, m1, m2)
    for (size_t t = 0; t < rows; t++) {
        const double c = p[t] * q[t], cx = c * x[t];
        m0 += c;
        m1 += cx;
        m2 += cx * x[t];
    }
    ret_moment[0] = m0;
    ret_moment[1] = m1;
    ret_moment[2] = m2;
}

GSC_HOT static void product_2(const double *p, const double *q, const double *x, size_t rows,
                              double ret_moment[3]) {
    double m0 = 0, m1 = 0;
#pragma omp simd reduction(+ : m0, m1)
    for (size_t t = 0; t < rows; t++) {
        const double c = p[t] * q[t];
        m0 += c;
        m1 += c * x[t];
    }
    ret_moment[0] = m0;
    ret_moment[1] = m1;
    ret_moment[2] = 0;
}

GSC_HOT static void multiply(const double *p, const double *q, size_t rows, double *ret_product) {
#pragma omp simd
    for (size_t t = 0; t < rows; t++) {
        ret_product[t] = p[t] * q[t];
    }
}

GSC_HOT static void multiply_by(const double *q, size_t rows, double *ret_product) {
#pragma omp simd
    for (size_t t = 0; t < rows; t++) {
        ret_product[t] *= q[t];
    }
}

/* Adds sign * sum_t p q column_a column_b to the Hessian for all columns of channels s and o. */
static void add_pair(gsc_objective *self, size_t s, size_t o, const double *p, const double *q,
                     double sign, size_t first, size_t rows, double *hessian) {
    const gradient_channel *left = &self->channel[s], *right = &self->channel[o];
    const size_t size = self->parameters;
    if (left->plain && right->plain && self->shape->inputs == 1) {
        double moment[3];
        const double *x = self->sample->x + first;
        if (left->columns == 1 && right->columns == 1) {
            moment[0] = product_1(p, q, rows);
        } else if (left->columns == 1 || right->columns == 1) {
            product_2(p, q, x, rows, moment);
        } else {
            product_3(p, q, x, rows, moment);
        }
        for (size_t a = 0; a < left->columns; a++) {
            for (size_t b = 0; b < right->columns; b++) {
                const int power = (left->column[a] != NULL) + (right->column[b] != NULL);
                hessian[parameter_of(self, s, a) * size + parameter_of(self, o, b)] +=
                    sign * moment[power];
            }
        }
        return;
    }
    for (size_t a = 0; a < left->columns; a++) {
        multiply(p, q, rows, self->product);
        if (left->column[a] != NULL) {
            multiply_by(left->column[a], rows, self->product);
        }
        for (size_t b = 0; b < right->columns; b++) {
            const double total = right->column[b] != NULL
                                     ? product_1(self->product, right->column[b], rows)
                                     : gsc_hessian_sum(self->product, rows);
            hessian[parameter_of(self, s, a) * size + parameter_of(self, o, b)] += sign * total;
        }
    }
}

/* The three own pairs of component c, into coefficient; what is 0: h h, 1: h v, 2: v v. */
GSC_HOT static void own_pair(int what, const double *r, const double *gh, const double *gv,
                             double inverse, size_t rows, double *ret_c) {
    if (what == 0) {
#pragma omp simd
        for (size_t t = 0; t < rows; t++) {
            const double b = r[t] * gh[t];
            ret_c[t] = r[t] * (gh[t] * gh[t] - inverse) - b * b;
        }
    } else if (what == 1) {
#pragma omp simd
        for (size_t t = 0; t < rows; t++) {
            ret_c[t] = r[t] * gh[t] * (gv[t] - 1) - r[t] * gh[t] * r[t] * gv[t];
        }
    } else {
#pragma omp simd
        for (size_t t = 0; t < rows; t++) {
            const double b = r[t] * gv[t];
            ret_c[t] = r[t] * (gv[t] * gv[t] - gv[t] - 0.5) - b * b;
        }
    }
}

GSC_HOT static void weight_pair(const double *rl, const double *rm, const double *s, double wl,
                                double wm, bool same, const double *bl, const double *bm,
                                size_t rows, double *ret_c) {
    const double delta = same ? 1 : 0;
#pragma omp simd
    for (size_t t = 0; t < rows; t++) {
        ret_c[t] = delta * (rl[t] - s[t] * wl) - rl[t] * wm - wl * rm[t] + 2 * s[t] * wl * wm -
                   bl[t] * bm[t];
    }
}

GSC_HOT static void gate_pair(const double *rm, const double *rn, const double *s, const double *pm,
                              const double *pn, const double *lm, const double *ln,
                              const double *curvature, const double *bm, const double *bn,
                              bool same, size_t rows, double *ret_c) {
#pragma omp simd
    for (size_t t = 0; t < rows; t++) {
        ret_c[t] = lm[t] * ln[t] * (2 * s[t] * pm[t] * pn[t] - rm[t] * pn[t] - pm[t] * rn[t]) -
                   bm[t] * bn[t];
    }
    if (same) {
#pragma omp simd
        for (size_t t = 0; t < rows; t++) {
            ret_c[t] += lm[t] * lm[t] * (rm[t] - s[t] * pm[t]);
        }
    }
    if (same && curvature != NULL) {
#pragma omp simd
        for (size_t t = 0; t < rows; t++) {
            ret_c[t] += curvature[t] * (rm[t] - s[t] * pm[t]);
        }
    }
}

/* sum_t r (y - h) / v d2h / dtheta_p dtheta_q of one component that is not linear. */
static gsc_status add_curvature(gsc_objective *self, const double *u, size_t c, size_t first,
                                size_t rows, double *hessian, gsc_error *error) {
    const component *part = &self->component[c];
    const size_t size = part->family->theta_size;
    for (size_t p = 0; p < size; p++) {
        const double step = 1e-5 * (1 + fabs(u[part->theta + p]));
        memcpy(self->point, u + part->theta, size * sizeof(double));
        for (int side = 0; side < 2; side++) {
            self->point[p] = u[part->theta + p] + (side ? step : -step);
            const gsc_status status = gsc_expert_evaluate(
                part->family, self->point, rows, self->sample->x + first, self->sample->n,
                self->product, side ? self->shifted_high : self->shifted, self->expert_scratch,
                error);
            if (status != GSC_OK) {
                return status;
            }
        }
        const double *b = self->bh + c * BLOCK;
        for (size_t q = 0; q < size; q++) {
            const double total = (product_1(b, self->shifted_high + q * rows, rows) -
                                  product_1(b, self->shifted + q * rows, rows)) /
                                 (2 * step);
            /* Half to each of (p, q) and (q, p): the sum over both halves is symmetric. */
            const size_t i = part->theta + p, j = part->theta + q;
            hessian[i * self->parameters + j] += 0.5 * total;
            hessian[j * self->parameters + i] += 0.5 * total;
        }
    }
    return GSC_OK;
}

static void add_gradient(gsc_objective *self, size_t rows, double *gradient) {
    for (size_t s = 0; s < self->channels; s++) {
        const gradient_channel *channel = &self->channel[s];
        for (size_t a = 0; a < channel->columns; a++) {
            gradient[parameter_of(self, s, a)] +=
                channel->column[a] != NULL ? product_1(channel->gbar, channel->column[a], rows)
                                           : gsc_hessian_sum(channel->gbar, rows);
        }
    }
}

/* The pairs whose coefficient is no product: within one component, two weights, two gates. */
static void add_own_pairs(gsc_objective *self, const double *u, size_t first, size_t rows,
                          double *hessian) {
    const size_t k1 = self->shape->k_shared, k2 = self->shape->k_routed;
    const double *mixture = self->mixture, *ones = self->ones;
    double *coefficient = self->scratch_row;
    for (size_t c = 0; c < self->components; c++) {
        const double inverse = exp(-u[self->component[c].variance]);
        for (int what = 0; what < 3; what++) {
            own_pair(what, self->r + c * BLOCK, self->gh + c * BLOCK, self->gv + c * BLOCK, inverse,
                     rows, coefficient);
            add_pair(self, 2 * c + (what == 2), 2 * c + (what > 0), coefficient, ones, 1, first,
                     rows, hessian);
        }
    }
    const size_t w = 2 * self->components, z = w + k1;
    for (size_t i = 0; i < k1; i++) {
        for (size_t l = i; l < k1; l++) {
            weight_pair(self->r + i * BLOCK, self->r + l * BLOCK, self->s_shared,
                        mixture[self->layout.omega + i], mixture[self->layout.omega + l], i == l,
                        self->bw + i * BLOCK, self->bw + l * BLOCK, rows, coefficient);
            add_pair(self, w + i, w + l, coefficient, ones, 1, first, rows, hessian);
        }
    }
    for (size_t m = 0; m < k2; m++) {
        for (size_t n = m; n < k2; n++) {
            gate_pair(self->r + (k1 + m) * BLOCK, self->r + (k1 + n) * BLOCK, self->s_routed,
                      self->pi + m * BLOCK, self->pi + n * BLOCK, self->slope + m * BLOCK,
                      self->slope + n * BLOCK,
                      self->gate_constant_slope ? NULL : self->curvature + m * BLOCK,
                      self->bz + m * BLOCK, self->bz + n * BLOCK, m == n, rows, coefficient);
            add_pair(self, z + m, z + n, coefficient, ones, 1, first, rows, hessian);
        }
    }
}

/* The pairs whose coefficient is a product of two channel vectors: all others. */
static void add_cross_pairs(gsc_objective *self, size_t first, size_t rows, double *hessian) {
    const size_t k1 = self->shape->k_shared, k2 = self->shape->k_routed;
    const size_t w = 2 * self->components, z = w + k1;
    for (size_t s = 0; s < w; s++) {
        const size_t c = s / 2;
        const double *b = self->channel[s].gbar;
        for (size_t o = 2 * (c + 1); o < w; o++) {
            add_pair(self, s, o, b, self->channel[o].gbar, -1, first, rows, hessian);
        }
        for (size_t i = 0; i < k1; i++) {
            if (c < k1) {
                add_pair(self, s, w + i, b, (c == i ? self->fw_own : self->fw) + i * BLOCK, 1,
                         first, rows, hessian);
            } else {
                add_pair(self, s, w + i, b, self->bw + i * BLOCK, -1, first, rows, hessian);
            }
        }
        for (size_t m = 0; m < k2; m++) {
            if (c >= k1) {
                add_pair(self, s, z + m, b, (c - k1 == m ? self->fz_own : self->fz) + m * BLOCK, 1,
                         first, rows, hessian);
            } else {
                add_pair(self, s, z + m, b, self->bz + m * BLOCK, -1, first, rows, hessian);
            }
        }
    }
    for (size_t i = 0; i < k1; i++) {
        for (size_t m = 0; m < k2; m++) {
            add_pair(self, w + i, z + m, self->bw + i * BLOCK, self->bz + m * BLOCK, -1, first,
                     rows, hessian);
        }
    }
}

/* Pairs were added once, at (s, o) with s <= o by channel: mirror what the other half lacks. */
void gsc_hessian_mirror(const gsc_objective *self, double *hessian) {
    const size_t size = self->parameters;
    for (size_t s = 0; s < self->channels; s++) {
        for (size_t o = s + 1; o < self->channels; o++) {
            for (size_t a = 0; a < self->channel[s].columns; a++) {
                for (size_t b = 0; b < self->channel[o].columns; b++) {
                    const size_t i = parameter_of(self, s, a), j = parameter_of(self, o, b);
                    hessian[j * size + i] = hessian[i * size + j];
                }
            }
        }
    }
}

gsc_status gsc_hessian_add(gsc_objective *self, const double *u, size_t first, size_t rows,
                           double *gradient, double *hessian, gsc_error *error) {
    gsc_hessian_channels(self, rows);
    point_columns(self, first, rows);
    add_gradient(self, rows, gradient);
    if (hessian == NULL) {
        return GSC_OK;
    }
    add_own_pairs(self, u, first, rows, hessian);
    add_cross_pairs(self, first, rows, hessian);
    for (size_t c = 0; c < self->components; c++) {
        if (!self->component[c].family->linear) {
            const gsc_status status = add_curvature(self, u, c, first, rows, hessian, error);
            if (status != GSC_OK) {
                return status;
            }
        }
    }
    return GSC_OK;
}
