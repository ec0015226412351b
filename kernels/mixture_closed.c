/* SPDX-License-Identifier: MIT
 *
 * The tables of mixture_closed.h and the small algebra around its sums. Layer: kernels.
 */
#include "kernels/mixture_closed.h"

static const gsc_mixture_closed_kernels reference = {
    gsc_mixture_closed_posterior_ref,
    gsc_mixture_closed_normalise_ref,
    gsc_mixture_closed_scores_ref,
    gsc_mixture_closed_moments_ref,
};

#define TABLE(isa)                                                                                 \
    {                                                                                              \
        GSC_ISA_PICK(isa, gsc_mixture_closed_posterior),                                           \
            GSC_ISA_PICK(isa, gsc_mixture_closed_normalise),                                       \
            GSC_ISA_PICK(isa, gsc_mixture_closed_scores),                                          \
            GSC_ISA_PICK(isa, gsc_mixture_closed_moments),                                         \
    }

static const gsc_mixture_closed_kernels levels[GSC_ISA_COUNT] = {
    TABLE(GSC_ISA_BASELINE),
    TABLE(GSC_ISA_V3),
    TABLE(GSC_ISA_V4),
    TABLE(GSC_ISA_AMX),
};

const gsc_mixture_closed_kernels *gsc_mixture_closed_kernels_of(
    const gsc_mixture_kernels *kernels) {
    return kernels == gsc_mixture_kernels_ref() ? &reference
                                                : &levels[kernels - gsc_mixture_kernels_at(0)];
}

bool gsc_mixture_closed_set_gate(gsc_mixture_closed *model, const double *beta, double offset,
                                 double most) {
    double width = 0;
    for (size_t j = 0; j < model->k2; j++) {
        const double *last = beta + 2 * (model->k2 - 1);
        const bool shifted = model->gate == GSC_MIXTURE_EXP;
        model->beta[j][0] = beta[2 * j] - (shifted ? last[0] : offset);
        model->beta[j][1] = beta[2 * j + 1] - (shifted ? last[1] : 0);
        width = fmax(width, fabs(model->beta[j][0]) + fabs(model->beta[j][1]) * most);
    }
    return width <= GSC_MIXTURE_CLOSED_REACH;
}

void gsc_mixture_lanes_add(size_t m, const double *sums, double *ret) {
    for (size_t i = 0; i < m; i++) {
        double lane[GSC_MIXTURE_LANES];
        for (size_t l = 0; l < GSC_MIXTURE_LANES; l++) {
            lane[l] = sums[i * GSC_MIXTURE_LANES + l];
        }
        for (size_t width = GSC_MIXTURE_LANES / 2; width > 0; width /= 2) {
            for (size_t l = 0; l < width; l++) {
                lane[l] += lane[l + width];
            }
        }
        ret[i] += lane[0];
    }
}

/* Where block (j, l), j <= l, of the upper triangle begins. */
static size_t block(size_t experts, size_t j, size_t l) {
    return 3 * (j * experts - j * (j - 1) / 2 - j + l);
}

void gsc_mixture_closed_shift(const gsc_mixture_closed *model, double *gradient, double *fisher) {
    const size_t experts = model->k2;
    if (model->gate != GSC_MIXTURE_EXP) {
        return;
    }
    const size_t last = experts - 1;
    for (size_t m = 0; m < 2; m++) {
        gradient[2 * last + m] = 0;
        for (size_t j = 0; j < last; j++) {
            gradient[2 * last + m] -= gradient[2 * j + m];
        }
    }
    for (size_t m = 0; m < 3; m++) {
        double corner = 0;
        for (size_t j = 0; j < last; j++) {
            double sum = 0;
            for (size_t l = 0; l < last; l++) {
                sum += fisher[block(experts, j < l ? j : l, j < l ? l : j) + m];
            }
            fisher[block(experts, j, last) + m] = -sum;
            corner += sum;
        }
        fisher[block(experts, last, last) + m] = corner;
    }
}

void gsc_mixture_closed_moments_of(const gsc_mixture_line *line, bool biased, const double *totals,
                                   double *ret_moments) {
    const double one = totals[2], x = totals[3], xx = totals[4], e = totals[5], ex = totals[6];
    const double in = line->in, bias = line->bias, out = line->out;
    double *to = ret_moments;
    *to++ = totals[0];
    *to++ = totals[1];
    if (!line->relu) {
        const double moments[] = {ex, e, xx, x, one};
        for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
            *to++ = moments[i];
        }
        return;
    }
    /* Columns m (out x, out, in x + bias). */
    const double fx = in * xx + bias * x, f1 = in * x + bias * one, ff = in * fx + bias * f1;
    *to++ = out * ex;
    if (biased) {
        *to++ = out * e;
    }
    *to++ = in * ex + bias * e;
    *to++ = out * out * xx;
    if (biased) {
        *to++ = out * out * x;
    }
    *to++ = out * fx;
    if (biased) {
        *to++ = out * out * one;
        *to++ = out * f1;
    }
    *to++ = ff;
}
