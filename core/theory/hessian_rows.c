/* SPDX-License-Identifier: MIT
 *
 * One block of rows: h of every expert, the gate, log densities, responsibilities, and the channels that the
 * moments are made of. Formulas: hessian.h.
 */
#include "core/theory/hessian_internal.h"

#include "core/theory/top_k.h"

#include <math.h>
#include <string.h>

/* Below it exp is 0 for our purposes, and slow in libmvec. Loops read it: of a constant the compiler would take exp
 * beforehand, and that of everything below it too. */
static const volatile double LEAST_LOG = -700;

GSC_HOT static void add_scaled(double scale, const double *x, size_t rows, double *sum) {
#pragma omp simd
    for (size_t t = 0; t < rows; t++) {
        sum[t] += scale * x[t];
    }
}

static gsc_status evaluate_experts(gsc_objective *self, const double *u, size_t first, size_t rows,
                                   bool derivatives, gsc_error *error) {
    const gsc_sample *sample = self->sample;
    for (size_t c = 0; c < self->components; c++) {
        const component *part = &self->component[c];
        double *h = self->h + c * BLOCK;
        if (!self->plain[part->routed]) {
            /* Columns lie rows apart, as the contract of gsc_expert_evaluate has them. */
            const gsc_status status = gsc_expert_evaluate(
                part->family, u + part->theta, rows, sample->x + first, sample->n, h,
                derivatives ? self->jacobian + c * self->max_theta * BLOCK : NULL,
                self->expert_scratch, error);
            if (status != GSC_OK) {
                return status;
            }
            continue;
        }
        for (size_t t = 0; t < rows; t++) {
            h[t] = 0;
        }
        for (size_t p = 0; p < part->family->theta_size; p++) {
            const double theta = u[part->theta + p];
            const size_t base = self->plain_column[part->routed][p];
            add_scaled(theta, base > 0 ? sample->x + (base - 1) * sample->n + first : self->ones,
                       rows, h);
        }
    }
    return GSC_OK;
}

GSC_HOT static void log_sum_exp(const double *terms, size_t count, size_t rows, double *top,
                                double *ret_lse) {
    for (size_t t = 0; t < rows; t++) {
        top[t] = terms[t];
        ret_lse[t] = 0;
    }
    for (size_t j = 1; j < count; j++) {
#pragma omp simd
        for (size_t t = 0; t < rows; t++) {
            const double term = terms[j * BLOCK + t];
            top[t] = top[t] > term ? top[t] : term;
        }
    }
    const double least = LEAST_LOG;
    for (size_t j = 0; j < count; j++) {
#pragma omp simd
        for (size_t t = 0; t < rows; t++) {
            const double term = terms[j * BLOCK + t] - top[t];
            ret_lse[t] += exp(term > least ? term : least);
        }
    }
#pragma omp simd
    for (size_t t = 0; t < rows; t++) {
        ret_lse[t] = top[t] + log(ret_lse[t]);
    }
}

/* log pi into la; pi too where derivatives are wanted. */
GSC_HOT static void normalise_gate(double *la, const double *lse, size_t gates, size_t rows,
                                   bool derivatives, double *pi) {
    const double least = LEAST_LOG;
    for (size_t j = 0; j < gates; j++) {
#pragma omp simd
        for (size_t t = 0; t < rows; t++) {
            la[j * BLOCK + t] -= lse[t];
        }
        if (derivatives) {
#pragma omp simd
            for (size_t t = 0; t < rows; t++) {
                const double term = la[j * BLOCK + t];
                pi[j * BLOCK + t] = exp(term > least ? term : least);
            }
        }
    }
}

static gsc_status evaluate_gate(gsc_objective *self, const double *u, size_t first, size_t rows,
                                bool derivatives, gsc_error *error) {
    const gsc_mixture_shape *shape = self->shape;
    const gsc_sample *sample = self->sample;
    const size_t gates = shape->k_routed;
    for (size_t j = 0; j < gates; j++) {
        double *z = self->z + j * BLOCK;
        const double beta0 = u[self->layout.beta0 + j];
        for (size_t t = 0; t < BLOCK; t++) {
            z[t] = beta0;
        }
        for (size_t k = 0; k < shape->inputs; k++) {
            const double beta1 = u[self->layout.beta1 + j * shape->inputs + k];
            add_scaled(beta1, sample->x + k * sample->n + first, rows, z);
        }
    }
    const size_t n = gates * BLOCK;
    gsc_status status = gsc_gate_log_affinity(shape->gate, n, self->z, self->la,
                                              derivatives ? self->slope : NULL, error);
    if (status == GSC_OK && derivatives && !self->gate_constant_slope) {
        const double step = 1e-5;
        for (size_t i = 0; i < n; i++) {
            self->z[i] -= step;
        }
        status = gsc_gate_log_affinity(shape->gate, n, self->z, self->fz, self->slope_low, error);
        for (size_t i = 0; i < n; i++) {
            self->z[i] += 2 * step;
        }
        if (status == GSC_OK) {
            status =
                gsc_gate_log_affinity(shape->gate, n, self->z, self->fz, self->curvature, error);
        }
        for (size_t i = 0; i < n; i++) {
            self->curvature[i] = (self->curvature[i] - self->slope_low[i]) / (2 * step);
        }
    }
    if (status == GSC_OK) {
        gsc_top_k_mask(shape->top_k, gates, shape->inputs, u + self->layout.beta1, shape->inputs,
                       rows, sample->x + first, sample->n, self->la, BLOCK);
        log_sum_exp(self->la, gates, rows, self->scratch_row, self->lse);
        normalise_gate(self->la, self->lse, gates, rows, derivatives, self->pi);
    }
    return status;
}

/* r <- log weight + log phi; gh <- (y - h) / v, gv <- ((y - h)^2 / v - 1) / 2. */
GSC_HOT static void component_terms(const double *y, const double *h, const double *log_gate,
                                    double log_weight, double log_variance, size_t rows, double *r,
                                    double *gh, double *gv) {
    const double inverse = exp(-log_variance);
    const double constant = log_weight - 0.5 * (log_variance + 1.8378770664093453);
    if (log_gate != NULL) {
#pragma omp simd
        for (size_t t = 0; t < rows; t++) {
            const double w = y[t] - h[t], q = w * w * inverse;
            gh[t] = w * inverse;
            gv[t] = 0.5 * q - 0.5;
            r[t] = constant - 0.5 * q + log_gate[t];
        }
    } else {
#pragma omp simd
        for (size_t t = 0; t < rows; t++) {
            const double w = y[t] - h[t], q = w * w * inverse;
            gh[t] = w * inverse;
            gv[t] = 0.5 * q - 0.5;
            r[t] = constant - 0.5 * q;
        }
    }
}

GSC_HOT static void responsibilities(const double *lse, size_t rows, double *r, double *group,
                                     const double *gh, const double *gv, double *bh, double *bv) {
    const double least = LEAST_LOG;
#pragma omp simd
    for (size_t t = 0; t < rows; t++) {
        const double term = r[t] - lse[t];
        r[t] = exp(term > least ? term : least);
        group[t] += r[t];
        bh[t] = r[t] * gh[t];
        bv[t] = r[t] * gv[t];
    }
}

GSC_HOT static void gate_channel(const double *slope, const double *pi, const double *r,
                                 const double *s, size_t rows, double *bz, double *fz,
                                 double *fz_own) {
#pragma omp simd
    for (size_t t = 0; t < rows; t++) {
        bz[t] = slope[t] * (r[t] - s[t] * pi[t]);
        fz[t] = -slope[t] * pi[t] - bz[t];
        fz_own[t] = slope[t] + fz[t];
    }
}

GSC_HOT static void weight_channel(double omega, const double *r, const double *s, size_t rows,
                                   double *bw, double *fw, double *fw_own) {
#pragma omp simd
    for (size_t t = 0; t < rows; t++) {
        bw[t] = r[t] - s[t] * omega;
        fw[t] = -omega - bw[t];
        fw_own[t] = 1 + fw[t];
    }
}

static void evaluate_components(gsc_objective *self, const double *u, const double *mixture,
                                size_t first, size_t rows) {
    const size_t k1 = self->shape->k_shared;
    const double *y = self->sample->y + first;
    for (size_t c = 0; c < self->components; c++) {
        const component *part = &self->component[c];
        const double log_weight =
            part->routed ? self->log_share[1]
                         : self->log_share[0] + log(fmax(mixture[self->layout.omega + c], 1e-300));
        component_terms(y, self->h + c * BLOCK, part->routed ? self->la + (c - k1) * BLOCK : NULL,
                        log_weight, u[part->variance], rows, self->r + c * BLOCK,
                        self->gh + c * BLOCK, self->gv + c * BLOCK);
    }
    log_sum_exp(self->r, self->components, rows, self->scratch_row, self->lse);
}

void gsc_hessian_channels(gsc_objective *self, size_t rows) {
    const double *mixture = self->mixture;
    const size_t k1 = self->shape->k_shared, k2 = self->shape->k_routed;
    memset(self->s_shared, 0, BLOCK * sizeof(double));
    memset(self->s_routed, 0, BLOCK * sizeof(double));
    for (size_t c = 0; c < self->components; c++) {
        responsibilities(self->lse, rows, self->r + c * BLOCK,
                         c < k1 ? self->s_shared : self->s_routed, self->gh + c * BLOCK,
                         self->gv + c * BLOCK, self->bh + c * BLOCK, self->bv + c * BLOCK);
    }
    for (size_t i = 0; i < k1; i++) {
        weight_channel(mixture[self->layout.omega + i], self->r + i * BLOCK, self->s_shared, rows,
                       self->bw + i * BLOCK, self->fw + i * BLOCK, self->fw_own + i * BLOCK);
    }
    for (size_t j = 0; j < k2; j++) {
        gate_channel(self->slope + j * BLOCK, self->pi + j * BLOCK, self->r + (k1 + j) * BLOCK,
                     self->s_routed, rows, self->bz + j * BLOCK, self->fz + j * BLOCK,
                     self->fz_own + j * BLOCK);
    }
}

/* log f of rows first.. into lse, h and responsibilities' logs on the way. */
gsc_status gsc_hessian_rows(gsc_objective *self, const double *u, size_t first, size_t rows,
                            bool derivatives, gsc_error *error) {
    gsc_status status = evaluate_experts(self, u, first, rows, derivatives, error);
    if (status == GSC_OK && self->shape->k_routed > 0) {
        status = evaluate_gate(self, u, first, rows, derivatives, error);
    }
    if (status == GSC_OK) {
        evaluate_components(self, u, self->mixture, first, rows);
    }
    return status;
}
