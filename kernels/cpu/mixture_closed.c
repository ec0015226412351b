/* SPDX-License-Identifier: MIT
 *
 * The loops of mixture_closed.h, vectorised over the rows; compiled once per instruction set. The usual small numbers
 * of components are compiled as constants. Products are fused where the level has it. Layer: kernels.
 */
#include "kernels/mixture_closed.h"

#include "kernels/cpu/mixture_vec.h"

enum {
    B = GSC_MIXTURE_STRIDE,
    MAX = GSC_MIXTURE_MAX,
    LANE = GSC_MIXTURE_LANES
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

/* ---- Gate ------------------------------------------------------------------------------------ */

/* Affinities of one vector of rows: exp(far_j) near_j, their sum and its reciprocal; q and slopes stored. With
 * E = exp(-|z|) sigma(z) is 1 / (1 + E) or E / (1 + E), and 1 - sigma(z) the other. */
typedef struct gate_rows {
    vec far[MAX], near[MAX];
    vec sum, share;
} gate_rows;

INLINE void gate_body(double (*beta)[2], gsc_mixture_gate_form form, size_t experts, vec x,
                      gate_rows *ret, double *ret_q, double *ret_slope) {
    vec affinity[MAX], slope[MAX];
    if (form == GSC_MIXTURE_EXP) {
        ret->sum = vec_set(1);
        for (size_t j = 0; j + 1 < experts; j++) {
            ret->far[j] = vec_fma(vec_set(beta[j][1]), x, vec_set(beta[j][0]));
            affinity[j] = vec_exp_within(ret->far[j]);
            ret->sum += affinity[j];
        }
        ret->far[experts - 1] = vec_set(0);
    } else {
        ret->sum = vec_set(0);
        for (size_t j = 0; j < experts; j++) {
            const vec z = vec_fma(vec_set(beta[j][1]), x, vec_set(beta[j][0]));
            const vec power = vec_exp_within(vec_minus_abs(z));
            ret->near[j] = vec_reciprocal(1.0 + power);
            const vec other = power * ret->near[j];
            ret->far[j] = vec_min(z, vec_set(0));
            affinity[j] = vec_pick(z, ret->near[j], other);
            slope[j] = vec_pick(z, other, ret->near[j]);
            ret->sum += affinity[j];
        }
    }
    ret->share = vec_reciprocal(ret->sum);
    for (size_t j = 0; j < experts; j++) {
        if (form == GSC_MIXTURE_EXP) {
            vec_store(ret_q + j * B, j + 1 < experts ? affinity[j] * ret->share : ret->share);
        } else {
            vec_store(ret_q + j * B, affinity[j] * ret->share * slope[j]);
            vec_store(ret_slope + j * B, slope[j]);
        }
    }
}

/* ---- Posterior ------------------------------------------------------------------------------- */

INLINE void store_padding(size_t rows, size_t columns, double *ret) {
    for (size_t t = (rows + SIDE * LANES - 1) / (SIDE * LANES) * (SIDE * LANES);
         t < (rows + GSC_MIXTURE_PAD - 1) / GSC_MIXTURE_PAD * GSC_MIXTURE_PAD; t++) {
        for (size_t c = 0; c < columns; c++) {
            ret[c * B + t] = 0;
        }
    }
}

/* A line without a branch: f(u) = max(u, least). A copy that no store can change. */
typedef struct own_line {
    double in, bias, out, least, constant, precision;
} own_line;

/* A component's exponent, far for its gate. */
INLINE vec exponent(const own_line *line, vec x, vec y, bool shared, vec far) {
    const vec u = vec_max(vec_fma(vec_set(line->in), x, vec_set(line->bias)), vec_set(line->least));
    const vec e = vec_fnma(vec_set(line->out), u, y), constant = vec_set(line->constant);
    return vec_fnma(e * vec_set(line->precision), e, shared ? constant : constant + far);
}

INLINE double posterior_body(const gsc_mixture_closed *model, gsc_mixture_gate_form form, size_t k1,
                             size_t k2, size_t rows, const double *x, const double *y,
                             double *ret_r, double *ret_q, double *ret_slope) {
    const size_t k = k1 + k2;
    vec total[SIDE], product[SIDE];
    size_t in_product = 0;
    own_line lines[MAX];
    double beta[MAX][2];
    for (size_t c = 0; c < k; c++) {
        const gsc_mixture_line *from = &model->line[c];
        lines[c] = (own_line){from->in,       from->bias,     from->out, from->relu ? 0 : -INFINITY,
                              from->constant, from->precision};
    }
    memcpy(beta, model->beta, k2 * sizeof beta[0]);
    EACH_SIDE {
        total[i] = vec_set(0);
        product[i] = vec_set(1);
    }
    for (size_t t = 0; t < rows; t += SIDE * LANES) {
        gate_rows gate[SIDE];
        vec l[MAX][SIDE], top[SIDE], sum[SIDE];
        EACH_SIDE {
            const size_t at = t + i * LANES;
            gate[i].sum = gate[i].share = vec_set(1);
            if (k2 > 0) {
                gate_body(beta, form, k2, vec_load(x + at), &gate[i], ret_q + at, ret_slope + at);
            }
        }
        EACH_SIDE {
            top[i] = vec_set(-INFINITY);
            sum[i] = vec_set(0);
        }
        for (size_t c = 0; c < k; c++) {
            EACH_SIDE {
                const size_t at = t + i * LANES;
                const vec far = c < k1 ? vec_set(0) : gate[i].far[c - k1];
                l[c][i] = exponent(&lines[c], vec_load(x + at), vec_load(y + at), c < k1, far);
                top[i] = vec_max(top[i], l[c][i]);
            }
        }
        for (size_t c = 0; c < k; c++) {
            EACH_SIDE {
                vec part = vec_exp(l[c][i] - top[i]);
                if (c < k1 && k2 > 0) {
                    part *= gate[i].sum;
                } else if (c >= k1 && form != GSC_MIXTURE_EXP) {
                    part *= gate[i].near[c - k1];
                }
                l[c][i] = part;
                sum[i] += part;
            }
        }
        EACH_SIDE {
            vec factor = sum[i] * gate[i].share, share = vec_reciprocal(sum[i]);
            if (t + (i + 1) * LANES > rows) {
                const vec_bits valid = vec_valid(t + i * LANES, rows);
                share = (vec)((vec_bits)share & valid);
                top[i] = (vec)((vec_bits)top[i] & valid);
                factor = (vec)(((vec_bits)factor & valid) | ((vec_bits)vec_set(1) & ~valid));
            }
            total[i] += top[i];
            product[i] *= factor;
            for (size_t c = 0; c < k; c++) {
                vec_store(ret_r + c * B + t + i * LANES, l[c][i] * share);
            }
        }
        if (++in_product == model->rows_per_log) {
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
    store_padding(rows, k, ret_r);
    store_padding(rows, k2, ret_q);
    if (form != GSC_MIXTURE_EXP) {
        store_padding(rows, k2, ret_slope);
    }
    return log_likelihood;
}

double GSC_ISA_NAME(gsc_mixture_closed_posterior)(const gsc_mixture_closed *model, size_t rows,
                                                  const double *x, const double *y, double *ret_r,
                                                  double *ret_q, double *ret_slope) {
#define BODY(form, k1, k2)                                                                         \
    posterior_body(model, (form), (k1), (k2), rows, x, y, ret_r, ret_q, ret_slope)
#define CASES(form, k1)                                                                            \
    case (form)*64 + (k1)*16 + 1:                                                                  \
        return BODY(form, k1, 1);                                                                  \
    case (form)*64 + (k1)*16 + 2:                                                                  \
        return BODY(form, k1, 2);                                                                  \
    case (form)*64 + (k1)*16 + 3:                                                                  \
        return BODY(form, k1, 3);                                                                  \
    case (form)*64 + (k1)*16 + 4:                                                                  \
        return BODY(form, k1, 4)
    const size_t k1 = model->k1, k2 = model->k2;
    switch (k1 <= 2 && k2 <= 4 ? model->gate * 64 + k1 * 16 + k2 : 0) {
        CASES(0, 0);
        CASES(0, 1);
        CASES(0, 2);
        CASES(1, 0);
        CASES(1, 1);
        CASES(1, 2);
    default:
        return BODY(model->gate, k1, k2);
    }
#undef CASES
#undef BODY
}

/* ---- Gate alone ------------------------------------------------------------------------------ */

INLINE double normalise_body(const gsc_mixture_closed *model, gsc_mixture_gate_form form,
                             size_t experts, size_t rows, const double *x, const double *r,
                             double *ret_q, double *ret_slope) {
    vec total = vec_set(0);
    double beta[MAX][2];
    memcpy(beta, model->beta, experts * sizeof beta[0]);
    for (size_t t = 0; t < rows; t += LANES) {
        gate_rows gate;
        vec s = vec_set(0);
        gate_body(beta, form, experts, vec_load(x + t), &gate, ret_q + t, ret_slope + t);
        for (size_t j = 0; j < experts; j++) {
            const vec own = vec_load(r + j * B + t);
            vec log_affinity = gate.far[j];
            if (form != GSC_MIXTURE_EXP) {
                log_affinity += vec_log(gate.near[j]);
            }
            total = vec_fma(own, log_affinity, total);
            s += own;
        }
        total = vec_fnma(s, vec_log(gate.sum), total);
    }
    return vec_sum(total);
}

double GSC_ISA_NAME(gsc_mixture_closed_normalise)(const gsc_mixture_closed *model, size_t rows,
                                                  const double *x, const double *r, double *ret_q,
                                                  double *ret_slope) {
#define BODY(form, experts) normalise_body(model, (form), (experts), rows, x, r, ret_q, ret_slope)
    if (model->k2 == 3) {
        return model->gate == GSC_MIXTURE_EXP ? BODY(GSC_MIXTURE_EXP, 3)
                                              : BODY(GSC_MIXTURE_SIGMOID, 3);
    }
    return BODY(model->gate, model->k2);
#undef BODY
}

/* Where block (j, l), j <= l, of the upper triangle begins. */
INLINE size_t block(size_t experts, size_t j, size_t l) {
    return 3 * (j * experts - j * (j - 1) / 2 - j + l);
}

enum {
    MAX_FUSED = 4
};

/* All sums of a row in registers. */
INLINE void scores_fused(bool shifted, size_t experts, size_t rows, const double *x,
                         const double *r, const double *q, const double *slope, double *ret_sums) {
    const size_t used = experts - shifted;
    vec g[MAX_FUSED][2], f[3 * MAX_FUSED * (MAX_FUSED + 1) / 2];
    double *fisher = ret_sums + 2 * experts * LANE;
    for (size_t j = 0; j < used; j++) {
        g[j][0] = vec_load(ret_sums + 2 * j * LANE);
        g[j][1] = vec_load(ret_sums + (2 * j + 1) * LANE);
        for (size_t m = block(experts, j, j); m < block(experts, j, used - 1) + 3; m++) {
            f[m] = vec_load(fisher + m * LANE);
        }
    }
    for (size_t t = 0; t < rows; t += LANES) {
        const vec input = vec_load(x + t);
        vec s = vec_load(r + t), weighted[MAX_FUSED], gate[MAX_FUSED];
        for (size_t j = 1; j < experts; j++) {
            s += vec_load(r + j * B + t);
        }
        for (size_t j = 0; j < used; j++) {
            gate[j] = vec_load(q + j * B + t);
            weighted[j] = s * gate[j];
        }
        for (size_t j = 0; j < used; j++) {
            const vec share = vec_load(r + j * B + t);
            const vec own = shifted ? vec_set(1) : vec_load(slope + j * B + t);
            const vec score = shifted ? share - weighted[j] : vec_fma(own, share, -weighted[j]);
            g[j][0] += score;
            g[j][1] = vec_fma(score, input, g[j][1]);
            for (size_t l = j; l < used; l++) {
                vec *sum = &f[block(experts, j, l)];
                const vec w = weighted[j] * (l == j ? own - gate[j] : -gate[l]), wx = w * input;
                sum[0] += w;
                sum[1] += wx;
                sum[2] = vec_fma(wx, input, sum[2]);
            }
        }
    }
    for (size_t j = 0; j < used; j++) {
        vec_store(ret_sums + 2 * j * LANE, g[j][0]);
        vec_store(ret_sums + (2 * j + 1) * LANE, g[j][1]);
        for (size_t m = block(experts, j, j); m < block(experts, j, used - 1) + 3; m++) {
            vec_store(fisher + m * LANE, f[m]);
        }
    }
}

/* Adds sum w (1, x, x^2) of count sums. */
INLINE void add_terms(vec w, vec x, size_t count, double *ret_sums) {
    for (size_t m = 0; m < count; m++, w *= x) {
        vec_store(ret_sums + m * LANE, vec_load(ret_sums + m * LANE) + w);
    }
}

static void scores_any(bool shifted, size_t experts, size_t rows, const double *x, const double *r,
                       const double *q, const double *slope, double *ret_sums) {
    const size_t used = experts - shifted;
    for (size_t t = 0; t < rows; t += LANES) {
        const vec input = vec_load(x + t);
        vec s = vec_set(0);
        for (size_t j = 0; j < experts; j++) {
            s += vec_load(r + j * B + t);
        }
        for (size_t j = 0; j < used; j++) {
            const vec own = shifted ? vec_set(1) : vec_load(slope + j * B + t);
            const vec gate = vec_load(q + j * B + t), weighted = s * gate;
            add_terms(own * vec_load(r + j * B + t) - weighted, input, 2, ret_sums + 2 * j * LANE);
            for (size_t l = j; l < used; l++) {
                const vec other = vec_load(q + l * B + t);
                add_terms(weighted * (l == j ? own - other : -other), input, 3,
                          ret_sums + (2 * experts + block(experts, j, l)) * LANE);
            }
        }
    }
}

void GSC_ISA_NAME(gsc_mixture_closed_scores)(const gsc_mixture_closed *model, size_t rows,
                                             const double *x, const double *r, const double *q,
                                             const double *slope, double *ret_sums) {
    const bool shifted = model->gate == GSC_MIXTURE_EXP;
#define BODY(shifted, experts) scores_fused((shifted), (experts), rows, x, r, q, slope, ret_sums)
    switch (model->k2 <= MAX_FUSED ? shifted * 8 + model->k2 : 0) {
    case 2:
        BODY(false, 2);
        break;
    case 3:
        BODY(false, 3);
        break;
    case 4:
        BODY(false, 4);
        break;
    case 8 + 2:
        BODY(true, 2);
        break;
    case 8 + 3:
        BODY(true, 3);
        break;
    case 8 + 4:
        BODY(true, 4);
        break;
    default:
        scores_any(shifted, model->k2, rows, x, r, q, slope, ret_sums);
    }
#undef BODY
}

/* ---- Moments --------------------------------------------------------------------------------- */

INLINE void moments_body(bool relu, const gsc_mixture_line *line, size_t rows, const double *x,
                         const double *y, const double *r, double *ret_sums) {
    const vec in = vec_set(line->in), bias = vec_set(line->bias), out = vec_set(line->out);
    vec sum[GSC_MIXTURE_CLOSED_MOMENTS];
    for (size_t m = 0; m < GSC_MIXTURE_CLOSED_MOMENTS; m++) {
        sum[m] = vec_load(ret_sums + m * LANE);
    }
    for (size_t t = 0; t < rows; t += LANES) {
        const vec input = vec_load(x + t), weight = vec_load(r + t);
        const vec u = vec_fma(in, input, bias);
        const vec e = vec_fnma(out, relu ? vec_max(u, vec_set(0)) : u, vec_load(y + t));
        const vec active = relu ? vec_pick(u, weight, vec_set(0)) : weight;
        const vec ax = active * input, ae = active * e;
        sum[0] += weight;
        sum[1] = vec_fma(relu ? weight * e : ae, e, sum[1]);
        if (relu) {
            sum[2] += active;
        }
        sum[3] += ax;
        sum[4] = vec_fma(ax, input, sum[4]);
        sum[5] += ae;
        sum[6] = vec_fma(ae, input, sum[6]);
    }
    sum[2] = relu ? sum[2] : sum[0];
    for (size_t m = 0; m < GSC_MIXTURE_CLOSED_MOMENTS; m++) {
        vec_store(ret_sums + m * LANE, sum[m]);
    }
}

void GSC_ISA_NAME(gsc_mixture_closed_moments)(const gsc_mixture_line *line, size_t rows,
                                              const double *x, const double *y, const double *r,
                                              double *ret_sums) {
    if (line->relu) {
        moments_body(true, line, rows, x, y, r, ret_sums);
    } else {
        moments_body(false, line, rows, x, y, r, ret_sums);
    }
}
