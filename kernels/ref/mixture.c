/* SPDX-License-Identifier: MIT
 *
 * The loops of mixture.h in plain C: one row at a time, libm, sums in double. The yardstick of the
 * vectorised ones. Layer: kernels.
 */
#include "kernels/mixture.h"

enum {
    B = GSC_MIXTURE_STRIDE
};

/* Rows that arrays hold. */
static size_t padded(size_t rows) {
    return (rows + GSC_MIXTURE_PAD - 1) / GSC_MIXTURE_PAD * GSC_MIXTURE_PAD;
}

/* log sum_l exp(a_l) of row t. */
static double log_sum(size_t count, const double *a, size_t t) {
    double top = -INFINITY, sum = 0;
    for (size_t j = 0; j < count; j++) {
        top = fmax(top, a[j * B + t]);
    }
    for (size_t j = 0; j < count; j++) {
        sum += exp(a[j * B + t] - top);
    }
    return top + log(sum);
}

double gsc_mixture_posterior_ref(size_t rows, size_t k1, size_t k2, const double *constant,
                                 const double *precision, const double *e, const double *a,
                                 const double *slope, double *ret_r, double *ret_q) {
    const size_t k = k1 + k2;
    double total = 0;
    for (size_t t = 0; t < padded(rows); t++) {
        double l[GSC_MIXTURE_MAX], top = -INFINITY, sum = 0;
        const double normaliser = k2 > 0 ? log_sum(k2, a, t) : 0;
        for (size_t c = 0; c < k; c++) {
            l[c] = constant[c] - precision[c] * e[c * B + t] * e[c * B + t];
            if (c >= k1) {
                const double log_pi = a[(c - k1) * B + t] - normaliser;
                l[c] += log_pi;
                ret_q[(c - k1) * B + t] = exp(log_pi) * slope[(c - k1) * B + t];
            }
            top = fmax(top, l[c]);
        }
        for (size_t c = 0; c < k; c++) {
            sum += exp(l[c] - top);
        }
        for (size_t c = 0; c < k; c++) {
            ret_r[c * B + t] = t < rows ? exp(l[c] - top) / sum : 0;
        }
        total += t < rows ? top + log(sum) : 0;
    }
    return total;
}

void gsc_mixture_moments_ref(size_t rows, size_t p, const double *r, const double *e,
                             const double *jacobian, size_t stride, double *ret_moments) {
    for (size_t t = 0; t < rows; t++) {
        double *moment = ret_moments;
        *moment++ += r[t];
        *moment++ += r[t] * e[t] * e[t];
        for (size_t i = 0; i < p; i++) {
            *moment++ += r[t] * e[t] * jacobian[i * stride + t];
        }
        for (size_t i = 0; i < p; i++) {
            for (size_t j = i; j < p; j++) {
                *moment++ += r[t] * jacobian[i * stride + t] * jacobian[j * stride + t];
            }
        }
    }
}

double gsc_mixture_gate_normalise_ref(size_t rows, size_t experts, const double *a,
                                      const double *slope, const double *r, double *ret_log_pi,
                                      double *ret_q) {
    double total = 0;
    for (size_t t = 0; t < padded(rows); t++) {
        const double normaliser = log_sum(experts, a, t);
        for (size_t j = 0; j < experts; j++) {
            const double log_pi = a[j * B + t] - normaliser;
            ret_log_pi[j * B + t] = log_pi;
            ret_q[j * B + t] = exp(log_pi) * slope[j * B + t];
            total += t < rows ? r[j * B + t] * log_pi : 0;
        }
    }
    return total;
}

static double input(const double *x, size_t i, size_t t) {
    return i == 0 ? 1 : x[(i - 1) * B + t];
}

void gsc_mixture_gate_scores_ref(size_t rows, size_t experts, size_t d, const double *x,
                                 const double *r, const double *q, const double *slope,
                                 double *scratch, double *ret_gradient, double *ret_fisher) {
    for (size_t t = 0; t < rows; t++) {
        double s = 0, *fisher = ret_fisher;
        for (size_t j = 0; j < experts; j++) {
            s += r[j * B + t];
        }
        for (size_t j = 0; j < experts; j++) {
            const double g = slope[j * B + t] * r[j * B + t] - s * q[j * B + t];
            for (size_t i = 0; i <= d; i++) {
                ret_gradient[j * (1 + d) + i] += g * input(x, i, t);
            }
            for (size_t l = j; l < experts; l++) {
                const double w =
                    s * q[j * B + t] * ((l == j ? slope[j * B + t] : 0) - q[l * B + t]);
                for (size_t i = 0; i <= d; i++) {
                    for (size_t m = i; m <= d; m++) {
                        *fisher++ += w * input(x, i, t) * input(x, m, t);
                    }
                }
            }
        }
    }
}

void gsc_mixture_combine_ref(size_t n, size_t p, double constant, const double *base,
                             const double *coefficient, const double *columns, size_t stride,
                             double *ret) {
    for (size_t t = 0; t < n; t++) {
        double sum = constant + (base != NULL ? base[t] : 0);
        for (size_t i = 0; i < p; i++) {
            sum += coefficient[i] * columns[i * stride + t];
        }
        ret[t] = sum;
    }
}

void gsc_mixture_product_ref(size_t n, double factor, const double *a, const double *b,
                             double *ret) {
    for (size_t t = 0; t < n; t++) {
        ret[t] = factor * a[t] * (b != NULL ? b[t] : 1);
    }
}

double gsc_mixture_dot_ref(size_t rows, const double *a, const double *b) {
    double sum = 0;
    for (size_t t = 0; t < rows; t++) {
        sum += a[t] * b[t];
    }
    return sum;
}

int gsc_mixture_finite_ref(size_t n, const double *values) {
    for (size_t t = 0; t < n; t++) {
        if (!isfinite(values[t])) {
            return 0;
        }
    }
    return 1;
}
