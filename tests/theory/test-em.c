/* SPDX-License-Identifier: MIT
 *
 * Expectation maximisation: a likelihood that never falls for gates x experts, sums of the
 * expectation against finite differences of the likelihood and against a direct solve, the same
 * fit at every instruction set, plain mixtures, two inputs, constant x, and errors.
 */
#include "core/theory/em_workspace.h"
#include "core/theory/small_solve.h"
#include "core/theory/start.h"

#include "kernels/cpu_info.h"
#include "tests/tap.h"
#include "tests/theory/support.h"

#include <string.h>

typedef struct bench {
    gsc_truth *truth;
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_mixture_layout at;
    gsc_sample sample;
    gsc_em_workspace *workspace;
    double start[128], mixture[128];
} bench;

static bench *bench_new(const char *preset, const char *const *settings, size_t k_shared,
                        size_t k_routed, size_t n, double noise) {
    bench *b = calloc(1, sizeof *b);
    gsc_error error;
    b->truth = truth_from(preset, settings);
    gsc_truth_fit_shape(b->truth, k_shared, k_routed, &b->gate, &b->shape);
    b->at = gsc_mixture_get_layout(&b->shape);
    b->sample = sample_from(b->truth, n, 0);
    need(gsc_start_near_truth(b->truth, &b->shape, noise, 1, n, 0, 0, b->start, &error), &error);
    memcpy(b->mixture, b->start, sizeof b->start);
    need(gsc_em_workspace_new(&b->shape, n, &b->workspace, &error), &error);
    return b;
}

static void bench_free(bench *b) {
    gsc_em_workspace_free(b->workspace);
    free((void *)b->sample.x);
    free((void *)b->sample.y);
    gsc_truth_free(b->truth);
    free(b);
}

typedef struct history {
    size_t count;
    double last;
    bool fell;
} history;

static void watch(void *data, size_t iteration, double log_likelihood) {
    history *seen = data;
    seen->fell =
        seen->fell || (iteration > 0 && log_likelihood < seen->last - 1e-8 * fabs(seen->last));
    seen->last = log_likelihood;
    seen->count++;
}

static gsc_em_info fit(bench *b, size_t iterations, const gsc_mixture_kernels *kernels) {
    gsc_em_options options = gsc_em_options_default();
    gsc_em_info info;
    gsc_error error;
    options.max_iterations = iterations;
    options.tolerance = 1e-9;
    options.kernels = kernels;
    memcpy(b->mixture, b->start, sizeof b->start);
    need(gsc_em_fit(&b->sample, &options, b->workspace, b->mixture, &info, &error), &error);
    return info;
}

static double likelihood(const bench *b, const double *mixture) {
    gsc_error error;
    double value;
    need(gsc_mixture_log_likelihood(&b->shape, mixture, &b->sample, &value, &error), &error);
    return value;
}

static void check_monotone(const char *preset, const char *gate, const char *expert, double noise) {
    char gate_setting[64], expert_setting[96], shared_setting[96];
    snprintf(gate_setting, sizeof gate_setting, "gate=%s", gate);
    snprintf(expert_setting, sizeof expert_setting, "expert={\"id\": \"%s\", \"bias\": 0}", expert);
    snprintf(shared_setting, sizeof shared_setting,
             "theory.shared_expert={\"id\": \"%s\", \"bias\": 1}", expert);
    const bool linear = strcmp(expert, "linear") == 0;
    const char *const settings[] = {gate_setting, linear ? NULL : expert_setting,
                                    linear ? NULL : shared_setting, NULL};
    bench *b = bench_new(preset, settings, 2, 3, 1500, noise);
    gsc_em_options options = gsc_em_options_default();
    gsc_em_info info;
    gsc_error error;
    history seen = {0};
    options.tolerance = 0;
    options.max_iterations = 150;
    options.trace = watch;
    options.trace_data = &seen;
    need(gsc_em_fit(&b->sample, &options, b->workspace, b->mixture, &info, &error), &error);
    printf("# %s %s noise %g: %zu iterations, gain %.6g, %zu undone, passes %zu gate %zu expert\n",
           gate, expert, noise, info.iterations, info.log_likelihood - info.start_log_likelihood,
           info.undone, info.gate_evaluations, info.expert_evaluations);
    TAP_OK(!seen.fell && info.reason != GSC_EM_FELL, "the likelihood never falls");
    TAP_OK(seen.count == info.iterations + 1 && info.log_likelihood > info.start_log_likelihood,
           "and rises");
    TAP_NEAR(likelihood(b, b->mixture), info.log_likelihood, 1e-10 * fabs(info.log_likelihood),
             "it is that of the mixture returned");
    bench_free(b);
}

/* The expectation's sums at the start against the likelihood's derivatives (Fisher's identity). */
static void check_gradient(const char *preset, const char *const *settings) {
    bench *b = bench_new(preset, settings, 2, 3, 400, 0.3);
    fit(b, 0, NULL);
    const gsc_em_workspace *ws = b->workspace;
    double worst = 0, scale = 1;
    for (size_t i = b->at.kappa; i < b->at.size; i++) {
        double moved[128], analytic;
        memcpy(moved, b->mixture, sizeof moved);
        const double step = 1e-5 * fmax(1, fabs(moved[i]));
        moved[i] += step;
        const double high = likelihood(b, moved);
        moved[i] -= 2 * step;
        const double numeric = (high - likelihood(b, moved)) / (2 * step);
        if (i >= b->at.beta0 && i < b->at.beta1) {
            analytic = ws->gradient[(i - b->at.beta0) * 2];
        } else if (i >= b->at.beta1 && i < b->at.eta) {
            analytic = ws->gradient[(i - b->at.beta1) * 2 + 1];
        } else {
            const bool shared = i < b->at.beta0;
            const size_t p = (shared ? b->shape.shared : b->shape.routed)->theta_size;
            const size_t theta = shared ? b->at.kappa : b->at.eta,
                         v = shared ? b->at.tau : b->at.nu;
            const size_t c = (shared ? 0 : 2) + (i < v ? (i - theta) / p : i - v);
            const double *moments = ws->moments + c * ws->moments_size;
            const double variance = *ws->component[c].variance;
            analytic = i < v ? moments[2 + (i - theta) % p] / variance
                             : 0.5 * (moments[1] / variance - moments[0]) / variance;
        }
        worst = fmax(worst, fabs(analytic - numeric));
        scale = fmax(scale, fabs(numeric));
    }
    printf("# %s: worst %.3g of %.3g\n", preset, worst, scale);
    TAP_OK(worst < 1e-6 * scale, "gradients of gate, experts and variances by finite differences");
    double off = 0;
    for (size_t t = 0; t < b->sample.n; t++) {
        double sum = 0;
        for (size_t c = 0; c < 5; c++) {
            sum += ws->r[c * EM_STRIDE + t];
        }
        off = fmax(off, fabs(sum - 1));
    }
    TAP_OK(off < 1e-14, "responsibilities of a row sum to 1");
    bench_free(b);
}

static void check_least_squares(void) {
    bench *b = bench_new("theorem2", NULL, 2, 3, 500, 0.3);
    fit(b, 0, NULL);
    double s[6] = {0}, mass = 0, shared_mass = 0;
    for (size_t t = 0; t < b->sample.n; t++) {
        const double r = b->workspace->r[t], x = b->sample.x[t], y = b->sample.y[t];
        s[0] += r, s[1] += r * x, s[2] += r * x * x, s[3] += r * y, s[4] += r * x * y;
        mass += r;
        shared_mass += r + b->workspace->r[EM_STRIDE + t];
    }
    const double slope = (s[0] * s[4] - s[1] * s[3]) / (s[0] * s[2] - s[1] * s[1]);
    const double intercept = (s[3] - slope * s[1]) / s[0];
    double rss = 0;
    for (size_t t = 0; t < b->sample.n; t++) {
        const double e = b->sample.y[t] - slope * b->sample.x[t] - intercept;
        rss += b->workspace->r[t] * e * e;
    }
    fit(b, 1, NULL);
    TAP_NEAR(b->mixture[b->at.kappa], slope, 1e-11, "slope as a direct solve");
    TAP_NEAR(b->mixture[b->at.kappa + 1], intercept, 1e-11, "intercept as a direct solve");
    TAP_NEAR(b->mixture[b->at.tau], fmax(rss / mass, b->shape.variance_floor), 1e-11,
             "variance as a direct sum");
    TAP_NEAR(b->mixture[b->at.omega], mass / shared_mass, 1e-12, "omega as a direct sum");
    bench_free(b);
}

static void check_kernels(const char *preset) {
    bench *b = bench_new(preset, NULL, 2, 3, 1111, 0.1);
    double expected[128], first[128];
    const double l = fit(b, 30, gsc_mixture_kernels_ref()).log_likelihood;
    memcpy(expected, b->mixture, sizeof expected);
    for (int isa = 0; isa <= (int)gsc_cpu_info_get()->isa_best; isa++) {
        double worst = 0;
        TAP_NEAR(fit(b, 30, gsc_mixture_kernels_at((gsc_isa)isa)).log_likelihood, l,
                 1e-10 * fabs(l), "the same likelihood as with the plain loops");
        for (size_t i = 0; i < b->at.size; i++) {
            worst = fmax(worst, fabs(b->mixture[i] - expected[i]));
        }
        TAP_OK(worst < 1e-6, "and the same mixture");
        memcpy(first, b->mixture, sizeof first);
        fit(b, 30, gsc_mixture_kernels_at((gsc_isa)isa));
        TAP_OK(memcmp(first, b->mixture, b->at.size * sizeof(double)) == 0, "the same bits again");
    }
    bench_free(b);
}

static void check_plain_mixtures(void) {
    for (int routed = 0; routed < 2; routed++) {
        bench *b = bench_new("theorem2", NULL, 2, 3, 900, 0.1);
        gsc_mixture_shape shape = b->shape;
        double start[64];
        gsc_error error;
        gsc_em_workspace *workspace;
        gsc_em_info info;
        gsc_em_options options = gsc_em_options_default();
        if (routed) {
            shape.k_shared = 0;
            shape.shared = NULL;
            memcpy(start, b->start + b->at.beta0, (b->at.size - b->at.beta0) * sizeof *start);
        } else {
            shape.k_routed = 0;
            shape.routed = NULL;
            memcpy(start, b->start, b->at.beta0 * sizeof *start);
        }
        need(gsc_em_workspace_new(&shape, b->sample.n, &workspace, &error), &error);
        need(gsc_em_fit(&b->sample, &options, workspace, start, &info, &error), &error);
        double l;
        need(gsc_mixture_log_likelihood(&shape, start, &b->sample, &l, &error), &error);
        TAP_NEAR(l, info.log_likelihood, 1e-10 * fabs(l),
                 routed ? "routed experts alone" : "shared experts alone");
        TAP_OK(info.reason == GSC_EM_CONVERGED && l > info.start_log_likelihood, "converge");
        gsc_em_workspace_free(workspace);
        bench_free(b);
    }
}

static void check_two_inputs(void) {
    const char *const settings[] = {
        "theory.truth={\"x\": [-3, 3], \"inputs\": 2, \"shared\": [{\"omega\": 1, \"expert\": "
        "{\"weight\": [2, -1], \"bias\": [0]}, \"variance\": 0.2}], \"routed\": [{\"beta0\": -0.5, "
        "\"beta1\": [1, 0.5], \"expert\": {\"weight\": [8, 1], \"bias\": [2]}, \"variance\": 0.4}, "
        "{\"beta0\": 0, \"beta1\": [0, 0], \"expert\": {\"weight\": [-6, 2], \"bias\": [1]}, "
        "\"variance\": 0.4}]}",
        NULL};
    bench *b = bench_new("theorem2", settings, 1, 2, 3000, 0.05);
    gsc_em_info info = fit(b, 300, NULL);
    const gsc_mixture_layout at = b->at;
    TAP_OK(info.reason == GSC_EM_CONVERGED && info.undone < 3, "two inputs converge");
    TAP_NEAR(likelihood(b, b->mixture), info.log_likelihood, 1e-10 * fabs(info.log_likelihood),
             "likelihood with two inputs");
    TAP_NEAR(b->mixture[at.kappa + 1], -1, 0.05, "slope of the second input");
    TAP_NEAR(b->mixture[at.beta1 + 1] - b->mixture[at.beta1 + 3], 0.5, 0.15,
             "gate slope of the second input");
    bench_free(b);
}

static void nan_later(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = z[i] > 9 ? (real)NAN : z[i];
    }
}

static void check_errors(void) {
    bench *b = bench_new("theorem2", NULL, 2, 3, 300, 0.1);
    gsc_em_options options = gsc_em_options_default();
    gsc_error error = {0};
    double *x = (double *)b->sample.x;
    const double kept = x[41];
    x[41] = NAN;
    TAP_OK(gsc_em_fit(&b->sample, &options, b->workspace, b->mixture, NULL, &error) ==
               GSC_ERR_INPUT,
           "NaN in the sample is refused");
    TAP_CONTAINS(error.message, "row 42", "and its row is named");
    x[41] = kept;
    atomic_bool stop = true;
    options.stop = &stop;
    TAP_OK(gsc_em_fit(&b->sample, &options, b->workspace, b->mixture, NULL, &error) ==
               GSC_ERR_STOPPED,
           "a fit can be stopped");
    TAP_OK(memcmp(b->mixture, b->start, sizeof b->start) == 0, "and then leaves the mixture alone");
    options.stop = NULL;
    gsc_loaded loaded = *b->gate.loaded;
    gsc_gate gate = *loaded.gate;
    gate.affinity = nan_later;
    loaded.gate = &gate;
    b->gate.loaded = &loaded;
    TAP_OK(gsc_em_fit(&b->sample, &options, b->workspace, b->mixture, NULL, &error) ==
               GSC_ERR_PLUGIN,
           "a gate that returns NaN ends the fit");
    TAP_CONTAINS(error.message, "gate softmax: affinity returned nan at step 0", "with its name");
    bench_free(b);
}

static void check_constant_input(void) {
    bench *b = bench_new("theorem2", NULL, 2, 3, 300, 0.1);
    double *x = (double *)b->sample.x;
    for (size_t t = 0; t < b->sample.n; t++) {
        x[t] = 1.5;
    }
    gsc_em_info info = fit(b, 100, NULL);
    bool finite = true;
    for (size_t i = 0; i < b->at.size; i++) {
        finite = finite && isfinite(b->mixture[i]);
    }
    TAP_OK(finite && info.reason != GSC_EM_FELL, "constant x is survived");
    bench_free(b);
}

static void check_boxed_step(void) {
    const double hessian[4] = {4, 1, 1, 3}, gradient[2] = {1, 2}, zero[2] = {0, 0};
    double step[2], scratch[6];
    double gain = gsc_boxed_step(2, hessian, gradient, zero, 0, 0, step, scratch);
    TAP_NEAR(step[0], 1.0 / 11, 1e-15, "a free step solves the system");
    TAP_NEAR(gain, 0.5 * (step[0] + 2 * step[1]), 1e-15, "and predicts half the product");
    const double point[2] = {0, 0.5};
    gain = gsc_boxed_step(2, hessian, gradient, point, 0.5, 0, step, scratch);
    TAP_OK(step[1] == 0 && fabs(step[0] - 0.25) < 1e-15, "a coordinate at the box stays there");
    const double singular[4] = {1, 1, 1, 1}, along[2] = {1, 1};
    gain = gsc_boxed_step(2, singular, along, zero, 0, 0, step, scratch);
    TAP_NEAR(step[0] + step[1], 1, 1e-9, "a singular system gets the least damping it needs");
    TAP_OK(gain > 0.49, "and its gain");
}

int main(void) {
    const char *const gates[] = {"softmax", "normalized_sigmoid"};
    for (size_t g = 0; g < 2; g++) {
        for (int far = 0; far < 2; far++) {
            const double noise = far ? 1.5 : 0.05;
            check_monotone("theorem2", gates[g], "linear", noise);
            check_monotone("theorem1", gates[g], "relu", noise);
            check_monotone("theorem1", gates[g], "gelu", noise);
        }
    }
    const char *const gelu[] = {"expert={\"id\": \"gelu\", \"bias\": 0}",
                                "theory.shared_expert={\"id\": \"gelu\", \"bias\": 1}",
                                "gate=normalized_sigmoid", NULL};
    check_gradient("theorem2", NULL);
    check_gradient("theorem4", NULL);
    check_gradient("theorem1", gelu);
    check_least_squares();
    check_kernels("theorem1");
    check_kernels("theorem2");
    check_plain_mixtures();
    check_two_inputs();
    check_errors();
    check_constant_input();
    check_boxed_step();
    return tap_done();
}
