/* SPDX-License-Identifier: MIT
 *
 * The loops of mixture.h, vectorised over the rows; compiled once per instruction set. The usual
 * small numbers of components and parameters are compiled as constants, so that all sums of a row
 * live in registers. Products are fused where the level has it. Layer: kernels.
 */
#include "kernels/mixture.h"

#include "kernels/cpu/mixture_vec.h"

enum {
    B = GSC_MIXTURE_STRIDE
};

/* Runs body with a constant for the small values of count, else with count itself. */
#define SPECIALISE(count, body)                                                                    \
    switch (count) {                                                                               \
    case 1:                                                                                        \
        return body(1);                                                                            \
    case 2:                                                                                        \
        return body(2);                                                                            \
    case 3:                                                                                        \
        return body(3);                                                                            \
    case 4:                                                                                        \
        return body(4);                                                                            \
    case 5:                                                                                        \
        return body(5);                                                                            \
    case 6:                                                                                        \
        return body(6);                                                                            \
    default:                                                                                       \
        return body(count);                                                                        \
    }

/* ---- Posterior ------------------------------------------------------------------------------- */

/* A row's factor lies in [1/64, 64], so the product of 64 of them stays within 2^384: one logarithm
 * serves that many rows of a lane. */
enum {
    ROWS_PER_LOG = 64
};

/* Vectors that go side by side, so that one's latencies hide behind the other's work. */
#if defined(__AVX512F__)
enum {
    SIDE = 2
};
#else
enum {
    SIDE = 1
};
#endif
#define EACH_SIDE for (size_t i = 0; i < SIDE; i++)

INLINE double posterior_body(size_t rows, size_t k1, size_t k2, const double *constant,
                             const double *precision, const double *e, const double *a,
                             const double *slope, double *ret_r, double *ret_q) {
    const size_t k = k1 + k2;
    vec total[SIDE], product[SIDE];
    size_t in_product = 0;
    EACH_SIDE {
        total[i] = vec_set(0);
        product[i] = vec_set(1);
    }
    for (size_t t = 0; t < rows; t += SIDE * LANES) {
        vec l[GSC_MIXTURE_MAX][SIDE], top[SIDE], sum[SIDE], share[SIDE], gate_sum[SIDE];
        vec gate_top[SIDE], gate_share[SIDE];
        EACH_SIDE {
            top[i] = gate_top[i] = vec_set(-INFINITY);
            sum[i] = vec_set(0);
            gate_sum[i] = gate_share[i] = vec_set(k2 > 0 ? 0 : 1);
        }
        for (size_t j = 0; j < k2; j++) {
            EACH_SIDE {
                l[k1 + j][i] = vec_load(a + j * B + t + i * LANES);
                gate_top[i] = vec_max(gate_top[i], l[k1 + j][i]);
            }
        }
        if (k2 > 0) {
            vec part[GSC_MIXTURE_MAX][SIDE];
            for (size_t j = 0; j < k2; j++) {
                EACH_SIDE {
                    l[k1 + j][i] -= gate_top[i];
                    part[j][i] = vec_exp(l[k1 + j][i]);
                    gate_sum[i] += part[j][i];
                }
            }
            EACH_SIDE {
                gate_share[i] = vec_reciprocal(gate_sum[i]);
            }
            for (size_t j = 0; j < k2; j++) {
                EACH_SIDE {
                    const size_t at = j * B + t + i * LANES;
                    vec_store(ret_q + at, part[j][i] * gate_share[i] * vec_load(slope + at));
                }
            }
        }
        for (size_t c = 0; c < k; c++) {
            EACH_SIDE {
                const vec residual = vec_load(e + c * B + t + i * LANES);
                const vec base = c < k1 ? vec_set(constant[c]) : l[c][i] + vec_set(constant[c]);
                l[c][i] = vec_fnma(residual * residual, vec_set(precision[c]), base);
                top[i] = vec_max(top[i], l[c][i]);
            }
        }
        for (size_t c = 0; c < k; c++) {
            EACH_SIDE {
                l[c][i] = vec_exp(l[c][i] - top[i]);
                if (c < k1 && k2 > 0) {
                    l[c][i] *= gate_sum[i];
                }
                sum[i] += l[c][i];
            }
        }
        EACH_SIDE {
            vec factor = sum[i] * gate_share[i];
            share[i] = vec_reciprocal(sum[i]);
            if (t + (i + 1) * LANES > rows) {
                const vec_bits valid = vec_valid(t + i * LANES, rows);
                share[i] = (vec)((vec_bits)share[i] & valid);
                top[i] = (vec)((vec_bits)top[i] & valid);
                factor = (vec)(((vec_bits)factor & valid) | ((vec_bits)vec_set(1) & ~valid));
            }
            total[i] += top[i];
            product[i] *= factor;
        }
        for (size_t c = 0; c < k; c++) {
            EACH_SIDE {
                vec_store(ret_r + c * B + t + i * LANES, l[c][i] * share[i]);
            }
        }
        if (++in_product == ROWS_PER_LOG) {
            EACH_SIDE {
                total[i] += vec_log(product[i]);
                product[i] = vec_set(1);
            }
            in_product = 0;
        }
    }
    double log_likelihood = 0;
    EACH_SIDE {
        log_likelihood += vec_sum(total[i] + vec_log(product[i]));
    }
    for (size_t t = (rows + SIDE * LANES - 1) / (SIDE * LANES) * (SIDE * LANES);
         t < (rows + GSC_MIXTURE_PAD - 1) / GSC_MIXTURE_PAD * GSC_MIXTURE_PAD; t++) {
        for (size_t c = 0; c < k; c++) {
            ret_r[c * B + t] = 0;
        }
        for (size_t j = 0; j < k2; j++) {
            ret_q[j * B + t] = 0;
        }
    }
    return log_likelihood;
}

double GSC_ISA_NAME(gsc_mixture_posterior)(size_t rows, size_t k1, size_t k2,
                                           const double *constant, const double *precision,
                                           const double *e, const double *a, const double *slope,
                                           double *ret_r, double *ret_q) {
#define BODY(k1, k2)                                                                               \
    posterior_body(rows, (k1), (k2), constant, precision, e, a, slope, ret_r, ret_q)
#define CASES(k1)                                                                                  \
    case (k1)*16 + 1:                                                                              \
        return BODY(k1, 1);                                                                        \
    case (k1)*16 + 2:                                                                              \
        return BODY(k1, 2);                                                                        \
    case (k1)*16 + 3:                                                                              \
        return BODY(k1, 3);                                                                        \
    case (k1)*16 + 4:                                                                              \
        return BODY(k1, 4)
    switch (k1 <= 3 && k2 <= 4 ? k1 * 16 + k2 : 0) {
        CASES(0);
        CASES(1);
        CASES(2);
        CASES(3);
    default:
        return BODY(k1, k2);
    }
#undef CASES
#undef BODY
}

/* ---- Moments --------------------------------------------------------------------------------- */

enum {
    MAX_FUSED = 4
};

INLINE void moments_fused(size_t rows, size_t p, const double *r, const double *e,
                          const double *jacobian, size_t stride, double *ret_moments) {
    vec mass = vec_set(0), rss = vec_set(0), g[MAX_FUSED], h[MAX_FUSED * (MAX_FUSED + 1) / 2];
    for (size_t i = 0; i < p; i++) {
        g[i] = vec_set(0);
    }
    for (size_t i = 0; i < p * (p + 1) / 2; i++) {
        h[i] = vec_set(0);
    }
    for (size_t t = 0; t < rows; t += LANES) {
        const vec weight = vec_load(r + t), residual = vec_load(e + t);
        vec column[MAX_FUSED];
        mass += weight;
        rss = vec_fma(weight * residual, residual, rss);
        for (size_t i = 0; i < p; i++) {
            column[i] = *(const vec *)__builtin_assume_aligned(jacobian + i * stride + t, 64);
        }
        for (size_t i = 0, ij = 0; i < p; i++) {
            const vec weighted = weight * column[i];
            g[i] = vec_fma(weighted, residual, g[i]);
            for (size_t j = i; j < p; j++, ij++) {
                h[ij] = vec_fma(weighted, column[j], h[ij]);
            }
        }
    }
    *ret_moments++ += vec_sum(mass);
    *ret_moments++ += vec_sum(rss);
    for (size_t i = 0; i < p; i++) {
        *ret_moments++ += vec_sum(g[i]);
    }
    for (size_t i = 0; i < p * (p + 1) / 2; i++) {
        *ret_moments++ += vec_sum(h[i]);
    }
}

/* sum a b c; c NULL: sum a b; b NULL too: sum a. */
static double triple(size_t rows, const double *a, const double *b, const double *c) {
    vec sum = vec_set(0);
    for (size_t t = 0; t < rows; t += LANES) {
        vec product = vec_load(a + t);
        product = b != NULL ? product * vec_load(b + t) : product;
        product = c != NULL ? product * vec_load(c + t) : product;
        sum += product;
    }
    return vec_sum(sum);
}

static void moments_any(size_t rows, size_t p, const double *r, const double *e,
                        const double *jacobian, size_t stride, double *ret_moments) {
    *ret_moments++ += triple(rows, r, NULL, NULL);
    *ret_moments++ += triple(rows, r, e, e);
    for (size_t i = 0; i < p; i++) {
        *ret_moments++ += triple(rows, r, e, jacobian + i * stride);
    }
    for (size_t i = 0; i < p; i++) {
        for (size_t j = i; j < p; j++) {
            *ret_moments++ += triple(rows, r, jacobian + i * stride, jacobian + j * stride);
        }
    }
}

void GSC_ISA_NAME(gsc_mixture_moments)(size_t rows, size_t p, const double *r, const double *e,
                                       const double *jacobian, size_t stride, double *ret_moments) {
#define BODY(p) moments_fused(rows, (p), r, e, jacobian, stride, ret_moments)
    switch (p) {
    case 1:
        BODY(1);
        break;
    case 2:
        BODY(2);
        break;
    case 3:
        BODY(3);
        break;
    case 4:
        BODY(4);
        break;
    default:
        moments_any(rows, p, r, e, jacobian, stride, ret_moments);
    }
#undef BODY
}

/* ---- Gate ------------------------------------------------------------------------------------ */

INLINE double normalise_body(size_t rows, size_t experts, const double *a, const double *slope,
                             const double *r, double *ret_log_pi, double *ret_q) {
    vec total[SIDE];
    EACH_SIDE {
        total[i] = vec_set(0);
    }
    for (size_t t = 0; t < rows; t += SIDE * LANES) {
        vec l[GSC_MIXTURE_MAX][SIDE], part[GSC_MIXTURE_MAX][SIDE];
        vec top[SIDE], sum[SIDE], normaliser[SIDE], share[SIDE];
        EACH_SIDE {
            top[i] = vec_set(-INFINITY);
            sum[i] = vec_set(0);
        }
        for (size_t j = 0; j < experts; j++) {
            EACH_SIDE {
                l[j][i] = vec_load(a + j * B + t + i * LANES);
                top[i] = vec_max(top[i], l[j][i]);
            }
        }
        for (size_t j = 0; j < experts; j++) {
            EACH_SIDE {
                part[j][i] = vec_exp(l[j][i] - top[i]);
                sum[i] += part[j][i];
            }
        }
        EACH_SIDE {
            normaliser[i] = top[i] + vec_log(sum[i]);
            share[i] = vec_reciprocal(sum[i]);
        }
        for (size_t j = 0; j < experts; j++) {
            EACH_SIDE {
                const size_t at = j * B + t + i * LANES;
                const vec log_pi = l[j][i] - normaliser[i];
                total[i] = vec_fma(vec_load(r + at), log_pi, total[i]);
                vec_store(ret_log_pi + at, log_pi);
                vec_store(ret_q + at, part[j][i] * share[i] * vec_load(slope + at));
            }
        }
    }
    double q = 0;
    EACH_SIDE {
        q += vec_sum(total[i]);
    }
    return q;
}

double GSC_ISA_NAME(gsc_mixture_gate_normalise)(size_t rows, size_t experts, const double *a,
                                                const double *slope, const double *r,
                                                double *ret_log_pi, double *ret_q){
#define BODY(experts) normalise_body(rows, (experts), a, slope, r, ret_log_pi, ret_q)
    SPECIALISE(experts, BODY)
#undef BODY
}

/* One input: all sums of a row in registers. */
INLINE void scores_fused(size_t rows, size_t experts, const double *x, const double *r,
                         const double *q, const double *slope, double *ret_gradient,
                         double *ret_fisher) {
    vec g[MAX_FUSED][2], f[MAX_FUSED * (MAX_FUSED + 1) / 2][3];
    for (size_t j = 0; j < experts; j++) {
        g[j][0] = g[j][1] = vec_set(0);
    }
    for (size_t i = 0; i < experts * (experts + 1) / 2; i++) {
        f[i][0] = f[i][1] = f[i][2] = vec_set(0);
    }
    for (size_t t = 0; t < rows; t += LANES) {
        const vec input = vec_load(x + t);
        vec s = vec_load(r + t), gate[MAX_FUSED], weighted[MAX_FUSED];
        for (size_t j = 1; j < experts; j++) {
            s += vec_load(r + j * B + t);
        }
        for (size_t j = 0; j < experts; j++) {
            gate[j] = vec_load(q + j * B + t);
            weighted[j] = s * gate[j];
        }
        for (size_t j = 0, jl = 0; j < experts; j++) {
            const vec own = vec_load(slope + j * B + t);
            const vec score = vec_fma(own, vec_load(r + j * B + t), -weighted[j]);
            g[j][0] += score;
            g[j][1] = vec_fma(score, input, g[j][1]);
            for (size_t l = j; l < experts; l++, jl++) {
                const vec w = weighted[j] * (l == j ? own - gate[j] : -gate[l]), wx = w * input;
                f[jl][0] += w;
                f[jl][1] += wx;
                f[jl][2] = vec_fma(wx, input, f[jl][2]);
            }
        }
    }
    for (size_t j = 0; j < experts; j++) {
        ret_gradient[2 * j] += vec_sum(g[j][0]);
        ret_gradient[2 * j + 1] += vec_sum(g[j][1]);
    }
    for (size_t i = 0; i < experts * (experts + 1) / 2; i++) {
        for (size_t m = 0; m < 3; m++) {
            ret_fisher[3 * i + m] += vec_sum(f[i][m]);
        }
    }
}

static void scores_any(size_t rows, size_t experts, size_t d, const double *x, const double *r,
                       const double *q, const double *slope, double *scratch, double *ret_gradient,
                       double *ret_fisher) {
    double *s = scratch, *w = scratch + B;
    for (size_t t = 0; t < rows; t += LANES) {
        vec sum = vec_load(r + t);
        for (size_t j = 1; j < experts; j++) {
            sum += vec_load(r + j * B + t);
        }
        vec_store(s + t, sum);
    }
    for (size_t j = 0; j < experts; j++) {
        const double *own = slope + j * B, *gate = q + j * B;
        for (size_t t = 0; t < rows; t += LANES) {
            vec_store(w + t, vec_load(own + t) * vec_load(r + j * B + t) -
                                 vec_load(s + t) * vec_load(gate + t));
        }
        for (size_t i = 0; i <= d; i++) {
            ret_gradient[j * (1 + d) + i] += triple(rows, w, i == 0 ? NULL : x + (i - 1) * B, NULL);
        }
        for (size_t l = j; l < experts; l++) {
            for (size_t t = 0; t < rows; t += LANES) {
                const vec other = vec_load(q + l * B + t);
                vec_store(w + t, vec_load(s + t) * vec_load(gate + t) *
                                     (l == j ? vec_load(own + t) - other : -other));
            }
            for (size_t i = 0; i <= d; i++) {
                for (size_t m = i; m <= d; m++) {
                    *ret_fisher++ += triple(rows, w, m == 0 ? NULL : x + (m - 1) * B,
                                            i == 0 ? NULL : x + (i - 1) * B);
                }
            }
        }
    }
}

void GSC_ISA_NAME(gsc_mixture_gate_scores)(size_t rows, size_t experts, size_t d, const double *x,
                                           const double *r, const double *q, const double *slope,
                                           double *scratch, double *ret_gradient,
                                           double *ret_fisher) {
#define BODY(experts) scores_fused(rows, (experts), x, r, q, slope, ret_gradient, ret_fisher)
    if (d == 1 && experts == 1) {
        BODY(1);
    } else if (d == 1 && experts == 2) {
        BODY(2);
    } else if (d == 1 && experts == 3) {
        BODY(3);
    } else if (d == 1 && experts == 4) {
        BODY(4);
    } else {
        scores_any(rows, experts, d, x, r, q, slope, scratch, ret_gradient, ret_fisher);
    }
#undef BODY
}
