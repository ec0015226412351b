/* SPDX-License-Identifier: MIT
 *
 * Blocks of rows: components (hessian_rows), then moments of channel pairs. See hessian.h for the formulas.
 */
#include "core/theory/hessian.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 256
};

/* One channel of the block: its gradient column gbar and the columns that turn it into parameters. */
typedef struct gradient_channel {
    const double *gbar; /* [BLOCK] */
    size_t parameter;   /* index of its first parameter */
    size_t columns;
    const double *column[GSC_MAX_INPUTS + 2]; /* NULL: ones */
    bool plain;                               /* columns are ones and inputs only */
} gradient_channel;

typedef struct component {
    bool routed;
    size_t theta, variance; /* parameter indices */
    const gsc_expert_family *family;
} component;

struct gsc_objective {
    const gsc_mixture_shape *shape;
    gsc_mixture_layout layout;
    const gsc_sample *sample;
    size_t parameters, components, channels;
    component component[2 * GSC_MAX_ATOMS];
    bool gate_constant_slope;
    bool plain[2]; /* shared, routed: h = theta . (base columns), order in plain_column */
    size_t plain_column[2][GSC_MAX_INPUTS +
                           2]; /* base column of each theta: 0 is ones, 1 + k is x_k */
    double log_share[2];
    gradient_channel channel[6 * GSC_MAX_ATOMS];
    double *memory;
    /* per block, [components][BLOCK] */
    double *h, *r, *gh, *gv, *bh, *bv;
    double *jacobian;               /* [components][max theta][BLOCK] */
    double *shifted, *shifted_high; /* [max theta][BLOCK] */
    double *bw, *fw, *fw_own;       /* [k1][BLOCK] */
    double *z, *la, *slope, *slope_low, *curvature, *pi, *bz, *fz, *fz_own; /* [k2][BLOCK] */
    double *s_shared, *s_routed, *lse, *scratch_row, *product, *ones;       /* [BLOCK] */
    double *expert_scratch;
    double *point;   /* [max theta] */
    double *mixture; /* [P] */
    size_t max_theta;
};

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

static void list_channels(gsc_objective *self);

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
    list_channels(self);
    return status;
}

/* ---- Rows: h, responsibilities, channels ------------------------------------------------------------- */

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
    for (size_t j = 0; j < count; j++) {
#pragma omp simd
        for (size_t t = 0; t < rows; t++) {
            ret_lse[t] += exp(terms[j * BLOCK + t] - top[t]);
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
    for (size_t j = 0; j < gates; j++) {
#pragma omp simd
        for (size_t t = 0; t < rows; t++) {
            la[j * BLOCK + t] -= lse[t];
        }
        if (derivatives) {
#pragma omp simd
            for (size_t t = 0; t < rows; t++) {
                pi[j * BLOCK + t] = exp(la[j * BLOCK + t]);
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
#pragma omp simd
    for (size_t t = 0; t < rows; t++) {
        r[t] = exp(r[t] - lse[t]);
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

GSC_HOT static double sum(const double *values, size_t rows) {
    double total = 0;
#pragma omp simd reduction(+ : total)
    for (size_t t = 0; t < rows; t++) {
        total += values[t];
    }
    return total;
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

static void evaluate_channels(gsc_objective *self, const double *mixture, size_t rows) {
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

/* ---- Moments ----------------------------------------------------------------------------------------- */

/* Channels in order: h and v of every component (2c, 2c + 1), then log omega, then z. Columns that depend on
 * the block are set by point_columns. */
static void list_channels(gsc_objective *self) {
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
                                     : sum(self->product, rows);
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
                                           : sum(channel->gbar, rows);
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
static void symmetrise(const gsc_objective *self, double *hessian) {
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

static gsc_status add_derivatives(gsc_objective *self, const double *u, size_t first, size_t rows,
                                  double *gradient, double *hessian, gsc_error *error) {
    evaluate_channels(self, self->mixture, rows);
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

/* log f of rows first.. into lse, h and responsibilities' logs on the way. */
static gsc_status evaluate_rows(gsc_objective *self, const double *u, size_t first, size_t rows,
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

gsc_status gsc_objective_log_densities(gsc_objective *self, const double *u, double *ret_log,
                                       gsc_error *error) {
    const size_t n = self->sample->n;
    gsc_status status = GSC_OK;
    gsc_mixture_from_free(self->shape, u, self->mixture);
    for (size_t first = 0; first < n && status == GSC_OK; first += BLOCK) {
        const size_t rows = n - first < BLOCK ? n - first : BLOCK;
        status = evaluate_rows(self, u, first, rows, false, error);
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
        status = evaluate_rows(self, u, first, rows, derivatives, error);
        if (status == GSC_OK) {
            total += sum(self->lse, rows);
        }
        if (status == GSC_OK && derivatives) {
            status = add_derivatives(self, u, first, rows, ret_gradient, ret_hessian, error);
        }
    }
    if (status == GSC_OK && !isfinite(total)) {
        status = gsc_fail(error, GSC_ERR_NUMERIC, "the log-likelihood is %g, not a finite number",
                          total);
    }
    if (status == GSC_OK && ret_hessian != NULL) {
        symmetrise(self, ret_hessian);
    }
    *ret_log_likelihood = total;
    return status;
}
