/* SPDX-License-Identifier: MIT
 *
 * The loops of mixture_closed.h in plain C: one row at a time, libm, all sums in the first lane. The yardstick of the
 * vectorised ones. Layer: kernels.
 */
#include "kernels/mixture_closed.h"

enum {
    B = GSC_MIXTURE_STRIDE,
    LANE = GSC_MIXTURE_LANES
};

/* Rows that arrays hold. */
static size_t padded(size_t rows) {
    return (rows + GSC_MIXTURE_PAD - 1) / GSC_MIXTURE_PAD * GSC_MIXTURE_PAD;
}

/* log pi and the slopes of one row. */
static void gate(const gsc_mixture_closed *model, double x, double *ret_log_pi, double *ret_slope) {
    double top = -INFINITY, sum = 0;
    for (size_t j = 0; j < model->k2; j++) {
        const double z = model->beta[j][0] + model->beta[j][1] * x;
        const double softplus = fmax(-z, 0) + log1p(exp(-fabs(z)));
        ret_log_pi[j] = model->gate == GSC_MIXTURE_EXP ? z : -softplus;
        ret_slope[j] = model->gate == GSC_MIXTURE_EXP ? 1 : 1 / (1 + exp(z));
        top = fmax(top, ret_log_pi[j]);
    }
    for (size_t j = 0; j < model->k2; j++) {
        sum += exp(ret_log_pi[j] - top);
    }
    for (size_t j = 0; j < model->k2; j++) {
        ret_log_pi[j] -= top + log(sum);
    }
}

static double residual(const gsc_mixture_line *line, double x, double y, bool *ret_active) {
    const double u = line->in * x + line->bias;
    *ret_active = !line->relu || u > 0;
    return *ret_active ? y - line->out * u : y;
}

static void store_gate(const gsc_mixture_closed *model, size_t t, const double *log_pi,
                       const double *slope, double *ret_q, double *ret_slope) {
    for (size_t j = 0; j < model->k2; j++) {
        ret_q[j * B + t] = exp(log_pi[j]) * slope[j];
        if (model->gate != GSC_MIXTURE_EXP) {
            ret_slope[j * B + t] = slope[j];
        }
    }
}

double gsc_mixture_closed_posterior_ref(const gsc_mixture_closed *model, size_t rows,
                                        const double *x, const double *y, double *ret_r,
                                        double *ret_q, double *ret_slope, double *ret_gate_q) {
    const size_t k1 = model->k1, k = k1 + model->k2;
    double total = 0;
    for (size_t t = 0; t < padded(rows); t++) {
        double l[GSC_MIXTURE_MAX], log_pi[GSC_MIXTURE_MAX], slope[GSC_MIXTURE_MAX];
        double top = -INFINITY, sum = 0;
        gate(model, x[t], log_pi, slope);
        store_gate(model, t, log_pi, slope, ret_q, ret_slope);
        for (size_t c = 0; c < k; c++) {
            const gsc_mixture_line *line = &model->line[c];
            bool active;
            const double e = residual(line, x[t], y[t], &active);
            l[c] = line->constant - line->precision * e * e + (c >= k1 ? log_pi[c - k1] : 0);
            top = fmax(top, l[c]);
        }
        for (size_t c = 0; c < k; c++) {
            sum += exp(l[c] - top);
        }
        for (size_t c = 0; c < k; c++) {
            ret_r[c * B + t] = t < rows ? exp(l[c] - top) / sum : 0;
        }
        total += t < rows ? top + log(sum) : 0;
        for (size_t j = 0; j < model->k2 && ret_gate_q != NULL; j++) {
            *ret_gate_q += ret_r[(k1 + j) * B + t] * log_pi[j];
        }
    }
    return total;
}

double gsc_mixture_closed_normalise_ref(const gsc_mixture_closed *model, size_t rows,
                                        const double *x, const double *r, double *ret_q,
                                        double *ret_slope) {
    double total = 0;
    for (size_t t = 0; t < padded(rows); t++) {
        double log_pi[GSC_MIXTURE_MAX], slope[GSC_MIXTURE_MAX];
        gate(model, x[t], log_pi, slope);
        store_gate(model, t, log_pi, slope, ret_q, ret_slope);
        for (size_t j = 0; j < model->k2 && t < rows; j++) {
            total += r[j * B + t] * log_pi[j];
        }
    }
    return total;
}

void gsc_mixture_closed_scores_ref(const gsc_mixture_closed *model, size_t rows, const double *x,
                                   const double *r, const double *q, const double *slope,
                                   double *ret_sums) {
    const size_t experts = model->k2;
    const bool shifted = model->gate == GSC_MIXTURE_EXP;
    const size_t used = experts - shifted;
    for (size_t t = 0; t < rows; t++) {
        double s = 0;
        for (size_t j = 0; j < experts; j++) {
            s += r[j * B + t];
        }
        for (size_t j = 0; j < used; j++) {
            const double own = shifted ? 1 : slope[j * B + t];
            const double g = own * r[j * B + t] - s * q[j * B + t];
            double *fisher = ret_sums + 2 * experts * LANE;
            ret_sums[2 * j * LANE] += g;
            ret_sums[(2 * j + 1) * LANE] += g * x[t];
            for (size_t l = j; l < used; l++) {
                const double w = s * q[j * B + t] * ((l == j ? own : 0) - q[l * B + t]);
                double *to = fisher + 3 * LANE * (j * experts - j * (j - 1) / 2 - j + l);
                to[0] += w;
                to[LANE] += w * x[t];
                to[2 * LANE] += w * x[t] * x[t];
            }
        }
    }
}

void gsc_mixture_closed_moments_ref(const gsc_mixture_line *line, size_t rows, const double *x,
                                    const double *y, const double *r, double *ret_sums) {
    for (size_t t = 0; t < rows; t++) {
        bool active;
        const double e = residual(line, x[t], y[t], &active), m = active ? r[t] : 0;
        const double terms[GSC_MIXTURE_CLOSED_MOMENTS] = {
            r[t], r[t] * e * e, m, m * x[t], m * x[t] * x[t], m * e, m * e * x[t]};
        for (size_t i = 0; i < GSC_MIXTURE_CLOSED_MOMENTS; i++) {
            ret_sums[i * LANE] += terms[i];
        }
    }
}
