/* SPDX-License-Identifier: MIT
 *
 * Sparse gates: the choice, the likelihood against a plain sum, monotone EM, the analytic Hessian's
 * likelihood, and D5 as the greatest D1 over subsets.
 */
#include "core/theory/top_k.h"

#include "core/theory/em.h"
#include "core/theory/hessian.h"
#include "core/theory/loss.h"
#include "core/theory/start.h"
#include "tests/tap.h"
#include "tests/theory/support.h"

#include <math.h>
#include <string.h>

static void check_mask(void) {
    const double beta1[] = {1, -1, 0}, x[] = {2, -2, 0};
    double log_a[9] = {0, 0, 0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25};
    gsc_top_k_mask(2, 3, 1, beta1, 1, 3, x, 3, log_a, 3);
    TAP_OK(log_a[0] == 0 && log_a[6] == 0.25 && log_a[3] < -600, "x = 2: the first and the third");
    TAP_OK(log_a[1] < -600 && log_a[4] == 0.5 && log_a[7] == 0.25, "x = -2: the other two");
    TAP_OK(log_a[2] == 0 && log_a[5] == 0.5 && log_a[8] < -600, "a tie goes to smaller indices");
    TAP_OK(gsc_top_k_needed(2, 3, 4) == 3 && gsc_top_k_needed(2, 3, 3) == 2 &&
               gsc_top_k_needed(1, 1, 3) == 3,
           "experts that a fit must activate");
}

/* log f of one row by its definition: GELU experts, softmax over the chosen. */
static double plain_density(const gsc_truth *truth, double x, double y) {
    const gsc_mixture_layout *at = &truth->layout;
    const double *m = truth->mixture;
    const size_t k = truth->shape.k_routed;
    double total = 0, weight[8], sum = 0;
    for (size_t j = 0; j < k; j++) {
        size_t above = 0;
        for (size_t l = 0; l < k; l++) {
            const double own = m[at->beta1 + j] * x, other = m[at->beta1 + l] * x;
            above += other > own || (other == own && l < j);
        }
        weight[j] = above < truth->shape.top_k ? exp(m[at->beta0 + j] + m[at->beta1 + j] * x) : 0;
        sum += weight[j];
    }
    for (size_t c = 0; c <= k; c++) {
        const double *theta = c == 0 ? m + at->kappa : m + at->eta + (c - 1) * 2;
        const double u = theta[0] * x + (c == 0 ? theta[1] : 0), out = theta[c == 0 ? 2 : 1];
        const double h = out * u * 0.5 * (1 + erf(u / sqrt(2)));
        const double v = c == 0 ? m[at->tau] : m[at->nu + c - 1];
        total += 0.5 * (c == 0 ? 1 : weight[c - 1] / sum) * exp(-(y - h) * (y - h) / (2 * v)) /
                 sqrt(2 * 3.141592653589793 * v);
    }
    return log(total);
}

static void check_likelihood(void) {
    gsc_error error;
    gsc_truth *truth = truth_from("top-k", NULL);
    gsc_sample sample = sample_from(truth, 500, 0);
    double likelihood, by_objective, plain = 0, u[64];
    for (size_t t = 0; t < sample.n; t++) {
        plain += plain_density(truth, sample.x[t], sample.y[t]);
    }
    need(gsc_mixture_log_likelihood(&truth->shape, truth->mixture, &sample, &likelihood, &error),
         &error);
    TAP_NEAR(likelihood, plain, 1e-9 * fabs(plain), "the likelihood is that of the chosen experts");
    gsc_objective *objective;
    need(gsc_objective_new(&truth->shape, &objective, &error), &error);
    need(gsc_objective_bind(objective, &sample, &error), &error);
    gsc_mixture_to_free(&truth->shape, truth->mixture, u);
    need(gsc_objective_evaluate(objective, u, &by_objective, NULL, NULL, &error), &error);
    TAP_NEAR(by_objective, plain, 1e-9 * fabs(plain), "and so is that of the polish");
    gsc_objective_free(objective);
    free((void *)sample.x);
    free((void *)sample.y);
    gsc_truth_free(truth);
}

typedef struct monotone {
    double last;
    size_t falls, iterations;
} monotone;

static void watch(void *data, size_t iteration, double log_likelihood) {
    monotone *seen = data;
    seen->falls += iteration > 0 && log_likelihood < seen->last - 1e-8 * fabs(seen->last);
    seen->last = log_likelihood;
    seen->iterations = iteration;
}

static void check_em(void) {
    gsc_error error;
    gsc_truth *truth = truth_from("top-k", NULL);
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_truth_fit_shape(truth, 2, 4, &gate, &shape);
    TAP_OK(shape.top_k == 3, "a fit of 4 to 3 of which 2 answer activates 3");
    gsc_sample sample = sample_from(truth, 2000, 1);
    gsc_em_workspace *workspace;
    need(gsc_em_workspace_new(&shape, sample.n, &workspace, &error), &error);
    double mixture[128], first = 0;
    monotone seen = {0};
    gsc_em_options options = gsc_em_options_default();
    options.max_iterations = 100;
    options.tolerance = 0;
    options.trace = watch;
    options.trace_data = &seen;
    need(gsc_start_near_truth(truth, &shape, 0.3, 1, sample.n, 0, 0, mixture, &error), &error);
    need(gsc_mixture_log_likelihood(&shape, mixture, &sample, &first, &error), &error);
    gsc_em_info info;
    need(gsc_em_fit(&sample, &options, workspace, mixture, &info, &error), &error);
    TAP_OK(seen.falls == 0 && seen.iterations > 10, "the likelihood never falls");
    TAP_OK(info.log_likelihood > first, "it rises");
    gsc_em_workspace_free(workspace);
    free((void *)sample.x);
    free((void *)sample.y);
    gsc_truth_free(truth);
}

/* D5 with K experts against the greatest D1 of the truth's subsets of K. */
static void check_d5(void) {
    gsc_error error;
    gsc_truth *truth = truth_from("top-k", NULL);
    gsc_mixture_shape shape = truth->shape;
    gsc_voronoi cells;
    gsc_loss whole, sparse;
    double fit[64];
    memcpy(fit, truth->mixture, truth->layout.size * sizeof *fit);
    for (size_t j = 0; j < 3; j++) {
        fit[truth->layout.nu + j] += 0.01 * (double)(j + 1);
    }
    gsc_voronoi_assign(truth, &shape, fit, &cells);
    need(gsc_loss_compute(GSC_LOSS_D1, truth, &shape, fit, &cells, &whole, &error), &error);
    need(gsc_loss_compute(GSC_LOSS_D5, truth, &shape, fit, &cells, &sparse, &error), &error);
    double part[3], sum = 0, least = INFINITY;
    for (size_t j = 0; j < 3; j++) {
        part[j] = exp(truth->mixture[truth->layout.beta0 + j]) * 0.01 * (double)(j + 1);
        sum += part[j];
        least = fmin(least, part[j]);
    }
    TAP_NEAR(whole.routed, sum, 1e-12, "D1 adds all three");
    TAP_NEAR(sparse.routed, sum - least, 1e-12, "D5 the greatest two");
    TAP_NEAR(sparse.shared, whole.shared, 0, "shared atoms all count");
    gsc_truth_free(truth);
}

int main(void) {
    check_mask();
    check_likelihood();
    check_em();
    check_d5();
    return tap_done();
}
