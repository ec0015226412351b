/* SPDX-License-Identifier: MIT
 *
 * The loops of kernels/mixture_closed.h at every instruction set of this machine against the plain ones, and the plain
 * ones with the sums made of theirs against mixture.h, which computes the same from stored columns: both gates, numbers
 * of components that are compiled as constants and ones that are not, whole and ragged blocks, logits at the limit, rows
 * without a component near them.
 */
#include "kernels/mixture_closed.h"

#include "kernels/cpu_info.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

enum {
    B = GSC_MIXTURE_STRIDE,
    MOST = 9,
    SUMS = 200
};

typedef struct arrays {
    double x[B], y[B], r[MOST * B], q[MOST * B], slope[MOST * B];
    double moments[MOST][GSC_MIXTURE_CLOSED_MOMENTS * GSC_MIXTURE_LANES];
    double scores[SUMS * GSC_MIXTURE_LANES];
} arrays;

static _Alignas(64) arrays ours, theirs;
static uint64_t state = 1;

static double uniform(double low, double high) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return low + (high - low) * (double)(state >> 11) * 0x1p-53;
}

/* The largest |a - b| / (1 + |b|). */
static double worst(size_t count, const double *a, const double *b) {
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        const double gap = fabs(a[i] - b[i]) / (1 + fabs(b[i]));
        most = gap <= most ? most : isnan(gap) ? INFINITY : gap;
    }
    return most;
}

static double worst_columns(size_t columns, size_t rows, const double *a, const double *b) {
    double most = 0;
    for (size_t c = 0; c < columns; c++) {
        most = fmax(most, worst(rows, a + c * B, b + c * B));
    }
    return most;
}

static double worst_sums(size_t count, const double *a, const double *b) {
    double one[SUMS] = {0}, two[SUMS] = {0};
    gsc_mixture_lanes_add(count, a, one);
    gsc_mixture_lanes_add(count, b, two);
    return worst(count, one, two);
}

static gsc_mixture_closed model_of(gsc_mixture_gate_form gate, size_t k1, size_t k2, double width,
                                   double *ret_beta) {
    gsc_mixture_closed model = {.k1 = k1, .k2 = k2, .gate = gate};
    for (size_t c = 0; c < k1 + k2; c++) {
        model.line[c] = (gsc_mixture_line){.relu = c % 2 == 0,
                                           .in = uniform(-3, 3),
                                           .bias = uniform(-1, 1),
                                           .out = c % 2 == 0 ? uniform(-2, 2) : 1,
                                           .constant = uniform(-3, 0),
                                           .precision = uniform(0.5, 2)};
    }
    for (size_t j = 0; j < 2 * k2; j++) {
        ret_beta[j] = uniform(-width / 8, width / 8);
    }
    TAP_OK(gsc_mixture_closed_set_gate(&model, ret_beta, 0.5, 3), "the logits are within reach");
    return model;
}

static void fill(void) {
    for (size_t t = 0; t < B; t++) {
        ours.x[t] = uniform(-3, 3);
        ours.y[t] = uniform(-9, 9) * (t % 97 == 13 ? 3 : 1); /* some far from every component */
    }
    for (size_t i = 0; i < MOST * B; i++) {
        ours.r[i] = ours.q[i] = ours.slope[i] = 12345;
    }
    theirs = ours;
}

/* One level against the plain loops, sums added to what was there. */
static void compare(const gsc_mixture_closed_kernels *fast, const gsc_mixture_closed *model,
                    size_t rows) {
    const gsc_mixture_closed_kernels *ref =
        gsc_mixture_closed_kernels_of(gsc_mixture_kernels_ref());
    const size_t k = model->k1 + model->k2, experts = model->k2, padded = (rows + 15) / 16 * 16;
    const bool sigmoid = model->gate == GSC_MIXTURE_SIGMOID;
    fill();
    double q1 = 1, q2 = 1, l1, l2;
    l1 = fast->posterior(model, rows, ours.x, ours.y, ours.r, ours.q, ours.slope, &q1);
    l2 = ref->posterior(model, rows, theirs.x, theirs.y, theirs.r, theirs.q, theirs.slope, &q2);
    TAP_NEAR(q1, q2, 1e-13 * (fabs(q2) + (double)rows), "posterior: Q of the gate");
    TAP_NEAR(l1, l2, 1e-13 * (fabs(l2) + (double)rows), "posterior: log-likelihood");
    TAP_OK(worst_columns(k, padded, ours.r, theirs.r) < 1e-12, "posterior: r, none in the padding");
    TAP_OK(worst_columns(experts, rows, ours.q, theirs.q) < 1e-13, "posterior: q");
    TAP_OK(!sigmoid || worst_columns(experts, rows, ours.slope, theirs.slope) < 1e-14,
           "posterior: slopes");
    TAP_OK(ours.r[(k - 1) * B + padded] == 12345, "posterior: nothing beyond the padding");
    for (size_t c = 0; c < k; c++) {
        fast->moments(&model->line[c], rows, ours.x, ours.y, theirs.r + c * B, ours.moments[c]);
        ref->moments(&model->line[c], rows, ours.x, ours.y, theirs.r + c * B, theirs.moments[c]);
        TAP_OK(worst_sums(GSC_MIXTURE_CLOSED_MOMENTS, ours.moments[c], theirs.moments[c]) < 1e-12,
               "moments");
    }
    if (experts == 0) {
        return;
    }
    const double *r = theirs.r + model->k1 * B;
    l1 = fast->normalise(model, rows, ours.x, r, ours.q, ours.slope);
    l2 = ref->normalise(model, rows, ours.x, r, theirs.q, theirs.slope);
    TAP_NEAR(l1, l2, 1e-13 * (fabs(l2) + (double)rows), "normalise: Q");
    TAP_OK(worst_columns(experts, rows, ours.q, theirs.q) < 1e-13, "normalise: q");
    fast->scores(model, rows, ours.x, r, theirs.q, theirs.slope, ours.scores);
    ref->scores(model, rows, ours.x, r, theirs.q, theirs.slope, theirs.scores);
    TAP_OK(worst_sums(2 * experts + 3 * experts * (experts + 1) / 2, ours.scores, theirs.scores) <
               1e-12,
           "scores");
}

/* The same mixture as stored columns through mixture.h. */
static void compare_stored(const gsc_mixture_closed *model, const double *beta, size_t rows) {
    static _Alignas(64) double e[MOST * B], log_a[MOST * B], slope[MOST * B], r[MOST * B],
        q[MOST * B], jacobian[3 * B], scratch[2 * B], sums[SUMS * GSC_MIXTURE_LANES];
    const gsc_mixture_kernels *stored = gsc_mixture_kernels_ref();
    const gsc_mixture_closed_kernels *ref = gsc_mixture_closed_kernels_of(stored);
    const size_t k = model->k1 + model->k2, experts = model->k2;
    const bool sigmoid = model->gate == GSC_MIXTURE_SIGMOID;
    double constant[MOST], precision[MOST];
    fill();
    for (size_t c = 0; c < k; c++) {
        const gsc_mixture_line *line = &model->line[c];
        constant[c] = line->constant;
        precision[c] = line->precision;
        for (size_t t = 0; t < B; t++) {
            const double u = line->in * ours.x[t] + line->bias;
            e[c * B + t] = ours.y[t] - line->out * (line->relu ? fmax(u, 0) : u);
        }
    }
    for (size_t i = 0; i < experts * B; i++) {
        const double z = beta[2 * (i / B)] + beta[2 * (i / B) + 1] * ours.x[i % B] - 0.5;
        log_a[i] = sigmoid ? -log1p(exp(-z)) : z;
        slope[i] = sigmoid ? 1 / (1 + exp(z)) : 1;
    }
    const double l1 =
        stored->posterior(rows, model->k1, experts, constant, precision, e, log_a, slope, r, q);
    const double l2 = ref->posterior(model, rows, ours.x, ours.y, ours.r, ours.q, ours.slope, NULL);
    TAP_NEAR(l2, l1, 1e-12 * (fabs(l1) + (double)rows), "stored columns: log-likelihood");
    TAP_OK(worst_columns(k, rows, ours.r, r) < 1e-12, "stored columns: r");
    for (size_t c = 0; c < k; c++) {
        const gsc_mixture_line *line = &model->line[c];
        double totals[GSC_MIXTURE_CLOSED_MOMENTS] = {0}, one[11] = {0}, two[11] = {0};
        for (size_t t = 0; t < B; t++) {
            const double u = line->in * ours.x[t] + line->bias, m = !line->relu || u > 0;
            jacobian[t] = line->out * m * ours.x[t];
            jacobian[B + t] = line->out * m;
            jacobian[2 * B + t] = m * u;
        }
        stored->moments(rows, line->relu ? 3 : 2, r + c * B, e + c * B, jacobian, B, one);
        memset(ours.moments[c], 0, sizeof ours.moments[c]);
        ref->moments(line, rows, ours.x, ours.y, r + c * B, ours.moments[c]);
        gsc_mixture_lanes_add(GSC_MIXTURE_CLOSED_MOMENTS, ours.moments[c], totals);
        gsc_mixture_closed_moments_of(line, line->relu, totals, two);
        TAP_OK(worst(11, two, one) < 1e-12, "stored columns: moments");
    }
    double g1[2 * MOST] = {0}, g2[2 * MOST] = {0}, f1[SUMS] = {0}, f2[SUMS] = {0};
    const double *routed = r + model->k1 * B;
    if (experts == 0) {
        return;
    }
    stored->gate_scores(rows, experts, 1, ours.x, routed, q, slope, scratch, g1, f1);
    memset(sums, 0, sizeof sums);
    ref->scores(model, rows, ours.x, routed, ours.q, ours.slope, sums);
    gsc_mixture_lanes_add(2 * experts, sums, g2);
    gsc_mixture_lanes_add(3 * experts * (experts + 1) / 2, sums + 2 * experts * GSC_MIXTURE_LANES,
                          f2);
    gsc_mixture_closed_shift(model, g2, f2);
    TAP_OK(worst(2 * MOST, g2, g1) < 1e-11, "stored columns: gradient");
    TAP_OK(worst(SUMS, f2, f1) < 1e-11, "stored columns: Fisher information");
}

/* (in, out) of a ReLU without bias are the biased one's sums without the middle parameter. */
static void check_unbiased(void) {
    const gsc_mixture_line line = {.relu = true, .in = 1.5, .out = -2};
    const double totals[GSC_MIXTURE_CLOSED_MOMENTS] = {9, 8, 7, 6, 5, 4, 3};
    double biased[11], other[7];
    gsc_mixture_closed_moments_of(&line, true, totals, biased);
    gsc_mixture_closed_moments_of(&line, false, totals, other);
    const double expected[] = {biased[0], biased[1], biased[2], biased[4],
                               biased[5], biased[7], biased[10]};
    TAP_OK(worst(7, other, expected) == 0, "moments of a ReLU without bias");
}

static void check_reach(void) {
    gsc_mixture_closed model = {.k2 = 2, .gate = GSC_MIXTURE_EXP};
    const double far[] = {40, 20, 0, 0}, common[] = {900, 0, 890, 1};
    TAP_OK(!gsc_mixture_closed_set_gate(&model, far, 0, 3.1), "102 apart is out of reach");
    TAP_OK(gsc_mixture_closed_set_gate(&model, far, 0, 2.9), "98 apart is not");
    TAP_OK(gsc_mixture_closed_set_gate(&model, common, 0, 3), "a common shift is nothing to EXP");
    model.gate = GSC_MIXTURE_SIGMOID;
    TAP_OK(!gsc_mixture_closed_set_gate(&model, common, 0, 3), "but much to SIGMOID");
    TAP_OK(gsc_mixture_closed_set_gate(&model, common, 895, 3), "unless it is the offset");
}

int main(void) {
    const size_t sizes[] = {1, 5, 16, 100, 256, 511, 512};
    double beta[2 * MOST];
    check_unbiased();
    check_reach();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (int gate = 0; gate < 2; gate++) {
            for (size_t k1 = 0; k1 <= 3; k1++) {
                for (size_t k2 = k1 == 0 ? 1 : 0; k2 <= 5; k2++) {
                    const gsc_mixture_closed model =
                        model_of((gsc_mixture_gate_form)gate, k1, k2, i % 2 ? 8 : 98, beta);
                    for (int isa = 0; isa <= (int)gsc_cpu_info_get()->isa_best; isa++) {
                        compare(gsc_mixture_closed_kernels_of(gsc_mixture_kernels_at((gsc_isa)isa)),
                                &model, sizes[i]);
                    }
                    compare_stored(&model, beta, sizes[i]);
                }
            }
        }
    }
    return tap_done();
}
