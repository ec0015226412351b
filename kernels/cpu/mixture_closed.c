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

/* Of one vector of rows: weights w_j, of which pi_j is w_j over their sum, and its reciprocal; EXP: VEC_UNIT z_j. */
typedef struct gate_rows {
    vec weight[MAX], far[MAX], sum, share;
} gate_rows;

/* The numbers of a gate in vec_power's unit; for SIGMOID those of -z. */
INLINE void scale_gate(const gsc_mixture_closed *model, gsc_mixture_gate_form form, size_t experts,
                       double (*ret_beta)[2]) {
    const double unit = form == GSC_MIXTURE_EXP ? VEC_UNIT : -VEC_UNIT;
    for (size_t j = 0; j < experts; j++) {
        ret_beta[j][0] = unit * model->beta[j][0];
        ret_beta[j][1] = unit * model->beta[j][1];
    }
}

/* w_j = exp(z_j), the last one 1. */
INLINE void softmax_body(double (*beta)[2], size_t experts, vec x, gate_rows *ret, double *ret_q) {
    ret->sum = vec_set(1);
    for (size_t j = 0; j + 1 < experts; j++) {
        ret->far[j] = vec_fma(vec_set(beta[j][1]), x, vec_set(beta[j][0]));
        ret->weight[j] = vec_power(ret->far[j]);
        ret->sum += ret->weight[j];
    }
    ret->weight[experts - 1] = vec_set(1);
    ret->share = vec_reciprocal(ret->sum);
    for (size_t j = 0; j + 1 < experts; j++) {
        vec_store(ret_q + j * B, ret->weight[j] * ret->share);
    }
    vec_store(ret_q + (experts - 1) * B, ret->share);
}

/* With E_j = exp(-z_j) and D_j = 1 + E_j: sigma_j = 1 / D_j and slope_j = E_j sigma_j. Three of them share one
 * reciprocal: w_j is the product C_j of all D but D_j then, and sigma_j that over the product of all; else w_j is
 * sigma_j. */
INLINE void sigmoid_body(double (*beta)[2], size_t experts, vec x, gate_rows *ret, double *ret_q,
                         double *ret_slope) {
    vec power[MAX], d[MAX], to_sigma = vec_set(1);
    for (size_t j = 0; j < experts; j++) {
        power[j] = vec_power(vec_fma(vec_set(beta[j][1]), x, vec_set(beta[j][0])));
        d[j] = 1.0 + power[j];
    }
    if (experts == 3) {
        ret->weight[0] = d[1] * d[2];
        ret->weight[1] = d[0] * d[2];
        ret->weight[2] = d[0] * d[1];
        ret->sum = ret->weight[0] + ret->weight[1] + ret->weight[2];
        const vec all = ret->weight[0] * d[0], both = vec_reciprocal(ret->sum * all);
        ret->share = both * all;
        to_sigma = both * ret->sum;
    } else {
        ret->sum = vec_set(0);
        for (size_t j = 0; j < experts; j++) {
            ret->weight[j] = vec_reciprocal(d[j]);
            ret->sum += ret->weight[j];
        }
        ret->share = vec_reciprocal(ret->sum);
    }
    for (size_t j = 0; j < experts; j++) {
        const vec slope = power[j] * (ret->weight[j] * to_sigma);
        vec_store(ret_slope + j * B, slope);
        vec_store(ret_q + j * B, ret->weight[j] * ret->share * slope);
    }
}

INLINE void gate_body(double (*beta)[2], gsc_mixture_gate_form form, size_t experts, vec x,
                      gate_rows *ret, double *ret_q, double *ret_slope) {
    if (form == GSC_MIXTURE_EXP) {
        softmax_body(beta, experts, x, ret, ret_q);
    } else {
        sigmoid_body(beta, experts, x, ret, ret_q, ret_slope);
    }
}

/* ---- Posterior ------------------------------------------------------------------------------- */

/* Densities are taken over that of the highest peak, and a component's is no less than exp(lowest) of it. Rows whose
 * density is not above `faint`, far from every component, are done again over their own largest one; for the others
 * that limit is nothing beside their sum. So many rows' densities stay within the range of numbers when multiplied. */
enum {
    ROWS_PER_SPLIT = 4
};
static const double lowest = -230, faint = 1e-60;

INLINE void store_padding(size_t rows, size_t columns, double *ret) {
    for (size_t t = (rows + SIDE * LANES - 1) / (SIDE * LANES) * (SIDE * LANES);
         t < (rows + GSC_MIXTURE_PAD - 1) / GSC_MIXTURE_PAD * GSC_MIXTURE_PAD; t++) {
        for (size_t c = 0; c < columns; c++) {
            ret[c * B + t] = 0;
        }
    }
}

/* A line without a branch: f(u) = max(u, least). A copy that no store can change; constant and precision in
 * vec_power's unit. */
typedef struct own_line {
    double in, bias, out, least, constant, precision;
} own_line;

/* The logarithm of the highest peak. */
INLINE double own_lines(const gsc_mixture_closed *model, size_t k, own_line *ret_lines) {
    double peak = -INFINITY;
    for (size_t c = 0; c < k; c++) {
        peak = fmax(peak, model->line[c].constant);
    }
    for (size_t c = 0; c < k; c++) {
        const gsc_mixture_line *from = &model->line[c];
        ret_lines[c] = (own_line){from->in,
                                  from->bias,
                                  from->out,
                                  from->relu ? 0 : -INFINITY,
                                  VEC_UNIT * (from->constant - peak),
                                  VEC_UNIT * from->precision};
    }
    return peak;
}

/* A component's exponent without its gate. */
INLINE vec exponent(const own_line *line, vec x, vec y) {
    const vec u = vec_max(vec_fma(vec_set(line->in), x, vec_set(line->bias)), vec_set(line->least));
    const vec e = vec_fnma(vec_set(line->out), u, y);
    return vec_fnma(e * vec_set(line->precision), e, vec_set(line->constant));
}

/* Where it counts: x[t], else y. */
INLINE vec vec_where(vec_bits where, vec x, vec y) {
    return (vec)((where & (vec_bits)x) | (~where & (vec_bits)y));
}

/* Rows far from every component: r again; returns their densities over exp(*ret_top / VEC_UNIT). */
static __attribute__((noinline)) vec faint_rows(const gsc_mixture_closed *model, vec_bits valid,
                                                const double *x, const double *y, double *ret_r,
                                                double *ret_q, double *ret_slope, vec *ret_top) {
    const size_t k1 = model->k1, k = k1 + model->k2;
    const vec input = vec_load(x), output = vec_load(y);
    double beta[MAX][2];
    own_line lines[MAX];
    gate_rows gate;
    vec term[MAX], top = vec_set(-INFINITY), sum = vec_set(0);
    gate.sum = gate.share = vec_set(1);
    own_lines(model, k, lines);
    scale_gate(model, model->gate, model->k2, beta);
    if (model->k2 > 0) {
        gate_body(beta, model->gate, model->k2, input, &gate, ret_q, ret_slope);
    }
    for (size_t c = 0; c < k; c++) {
        term[c] = exponent(&lines[c], input, output);
        top = vec_max(top, term[c]);
    }
    for (size_t c = 0; c < k; c++) {
        term[c] = vec_power(vec_max(vec_set(lowest * VEC_UNIT), term[c] - top));
        term[c] *= c < k1 ? gate.sum : gate.weight[c - k1];
        sum += term[c];
    }
    const vec share = vec_where(valid, vec_reciprocal(sum), vec_set(0));
    for (size_t c = 0; c < k; c++) {
        vec_store(ret_r + c * B, term[c] * share);
    }
    *ret_top = vec_where(valid, top, vec_set(0));
    return vec_where(valid, sum * gate.share, vec_set(1));
}

/* sum r_j log pi_j of stored q and slopes. */
static double gate_q(gsc_mixture_gate_form form, size_t experts, size_t rows, const double *r,
                     const double *q, const double *slope) {
    vec total = vec_set(0);
    for (size_t t = 0; t < rows; t += LANES) {
        for (size_t j = 0; j < experts; j++) {
            vec pi = vec_load(q + j * B + t);
            if (form != GSC_MIXTURE_EXP) {
                pi *= vec_reciprocal(vec_load(slope + j * B + t));
            }
            total = vec_fma(vec_load(r + j * B + t), vec_log(pi), total);
        }
    }
    return vec_sum(total);
}

INLINE double posterior_body(const gsc_mixture_closed *model, gsc_mixture_gate_form form, size_t k1,
                             size_t k2, size_t rows, const double *x, const double *y,
                             double *ret_r, double *ret_q, double *ret_slope) {
    const size_t k = k1 + k2;
    double beta[MAX][2];
    own_line lines[MAX];
    const double peak = own_lines(model, k, lines);
    scale_gate(model, form, k2, beta);
    vec top[SIDE], doublings[SIDE], product[SIDE];
    size_t in_product = 0;
    EACH_SIDE {
        top[i] = doublings[i] = vec_set(0);
        product[i] = vec_set(1);
    }
    for (size_t t = 0; t < rows; t += SIDE * LANES) {
        gate_rows gate[SIDE];
        vec term[MAX][SIDE], sum[SIDE];
        EACH_SIDE {
            const size_t at = t + i * LANES;
            gate[i].sum = gate[i].share = vec_set(1);
            sum[i] = vec_set(0);
            if (k2 > 0) {
                gate_body(beta, form, k2, vec_load(x + at), &gate[i], ret_q + at, ret_slope + at);
            }
        }
        for (size_t c = 0; c < k; c++) {
            EACH_SIDE {
                const size_t at = t + i * LANES;
                const vec own = exponent(&lines[c], vec_load(x + at), vec_load(y + at));
                term[c][i] = vec_power(vec_max(vec_set(lowest * VEC_UNIT), own));
                if (k2 > 0) {
                    term[c][i] *= c < k1 ? gate[i].sum : gate[i].weight[c - k1];
                }
                sum[i] += term[c][i];
            }
        }
        EACH_SIDE {
            const size_t at = t + i * LANES;
            vec factor = sum[i] * gate[i].share, share = vec_reciprocal(sum[i]);
            const int low = vec_any_low(factor, faint);
            if (at + LANES > rows) {
                const vec_bits valid = vec_valid(at, rows);
                share = vec_where(valid, share, vec_set(0));
                factor = vec_where(valid, factor, vec_set(1));
            }
            for (size_t c = 0; c < k; c++) {
                vec_store(ret_r + c * B + at, term[c][i] * share);
            }
            if (__builtin_expect(low, 0)) {
                vec own_top;
                factor = faint_rows(model, vec_valid(at, rows), x + at, y + at, ret_r + at,
                                    ret_q + at, ret_slope + at, &own_top);
                top[i] += own_top;
            }
            product[i] *= factor;
        }
        if (++in_product == ROWS_PER_SPLIT) {
            EACH_SIDE {
                product[i] = vec_split(product[i], &doublings[i]);
            }
            in_product = 0;
        }
    }
    const double log_two = 0x1.62e42fefa39efp-1;
    double log_likelihood = (double)rows * peak;
    EACH_SIDE {
        log_likelihood += vec_sum(vec_fma(doublings[i], vec_set(log_two), vec_log(product[i])));
        log_likelihood += vec_sum(top[i]) / VEC_UNIT;
    }
    store_padding(rows, k, ret_r);
    store_padding(rows, k2, ret_q);
    if (form != GSC_MIXTURE_EXP) {
        store_padding(rows, k2, ret_slope);
    }
    return log_likelihood;
}

static double posterior(const gsc_mixture_closed *model, size_t rows, const double *x,
                        const double *y, double *ret_r, double *ret_q, double *ret_slope) {
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

double GSC_ISA_NAME(gsc_mixture_closed_posterior)(const gsc_mixture_closed *model, size_t rows,
                                                  const double *x, const double *y, double *ret_r,
                                                  double *ret_q, double *ret_slope,
                                                  double *ret_gate_q) {
    const double log_likelihood = posterior(model, rows, x, y, ret_r, ret_q, ret_slope);
    if (ret_gate_q != NULL) {
        *ret_gate_q +=
            gate_q(model->gate, model->k2, rows, ret_r + model->k1 * B, ret_q, ret_slope);
    }
    return log_likelihood;
}

/* ---- Gate alone ------------------------------------------------------------------------------ */

INLINE double normalise_body(const gsc_mixture_closed *model, gsc_mixture_gate_form form,
                             size_t experts, size_t rows, const double *x, const double *r,
                             double *ret_q, double *ret_slope) {
    vec near = vec_set(0), far = vec_set(0); /* far: of VEC_UNIT z */
    double beta[MAX][2];
    scale_gate(model, form, experts, beta);
    for (size_t t = 0; t < rows; t += LANES) {
        gate_rows gate;
        vec s = vec_set(0);
        gate_body(beta, form, experts, vec_load(x + t), &gate, ret_q + t, ret_slope + t);
        for (size_t j = 0; j < experts; j++) {
            const vec own = vec_load(r + j * B + t);
            if (form != GSC_MIXTURE_EXP) {
                near = vec_fma(own, vec_log(gate.weight[j] * gate.share), near);
            } else if (j + 1 < experts) {
                far = vec_fma(own, gate.far[j], far);
            }
            s += own;
        }
        near = form == GSC_MIXTURE_EXP ? vec_fnma(s, vec_log(gate.sum), near) : near;
    }
    return vec_sum(far) / VEC_UNIT + vec_sum(near);
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
        vec s = vec_load(r + t), gate[MAX_FUSED];
        for (size_t j = 1; j < experts; j++) {
            s += vec_load(r + j * B + t);
        }
        for (size_t j = 0; j < used; j++) {
            gate[j] = vec_load(q + j * B + t);
        }
        for (size_t j = 0; j < used; j++) {
            const vec share = vec_load(r + j * B + t), w = s * gate[j];
            const vec own = shifted ? vec_set(1) : vec_load(slope + j * B + t);
            const vec score = shifted ? share - w : vec_fma(own, share, -w);
            const vec wx = w * input, wxx = wx * input;
            g[j][0] += score;
            g[j][1] = vec_fma(score, input, g[j][1]);
            for (size_t l = j; l < used; l++) {
                vec *sum = &f[block(experts, j, l)];
                const vec other = l == j ? own - gate[j] : gate[l];
                sum[0] = l == j ? vec_fma(w, other, sum[0]) : vec_fnma(w, other, sum[0]);
                sum[1] = l == j ? vec_fma(wx, other, sum[1]) : vec_fnma(wx, other, sum[1]);
                sum[2] = l == j ? vec_fma(wxx, other, sum[2]) : vec_fnma(wxx, other, sum[2]);
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
        const vec wx = weight * input, we = weight * e;
        sum[0] += weight;
        sum[1] = vec_fma(we, e, sum[1]);
        if (relu) {
            sum[2] = vec_add_where(u, weight, sum[2]);
            sum[3] = vec_add_where(u, wx, sum[3]);
            sum[4] = vec_fma_where(u, wx, input, sum[4]);
            sum[5] = vec_add_where(u, we, sum[5]);
            sum[6] = vec_fma_where(u, we, input, sum[6]);
        } else {
            sum[3] += wx;
            sum[4] = vec_fma(wx, input, sum[4]);
            sum[5] += we;
            sum[6] = vec_fma(we, input, sum[6]);
        }
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
