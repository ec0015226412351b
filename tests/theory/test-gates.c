/* SPDX-License-Identifier: MIT
 *
 * Gates in general form: derivatives against differences, softmax by row against the affinity, fits whose likelihood
 * never falls for inner, own and row forms over one input and over two, quasi-Newton steps on the whole likelihood, and
 * the count of floored probabilities.
 */
#include "core/theory/em.h"
#include "core/theory/gate_general.h"
#include "core/theory/random.h"
#include "core/theory/start.h"

#include "tests/tap.h"
#include "tests/theory/support.h"

#include <float.h>
#include <string.h>

enum {
    N = 500,
    MOST = 160
};

typedef struct bench {
    gsc_truth *families;
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_mixture_layout at;
    double x[2 * N], y[N];
    gsc_sample sample;
} bench;

/* Two lines (planes) that a smooth gate joins, and one shared line. */
static bench *bench_new(const char *gate, size_t inputs, double scale) {
    bench *b = calloc(1, sizeof *b);
    gsc_error error = {0};
    gsc_spec *spec;
    gsc_rng rng;
    char text[160];
    snprintf(text, sizeof text,
             "{\"gate\": \"%s\", \"expert\": \"linear\", \"theory\": {\"box\": 50}}", gate);
    need(gsc_spec_parse(text, "test", &spec, &error), &error);
    need(gsc_truth_new_families(spec, inputs, true, true, 0.01, &b->families, &error), &error);
    gsc_spec_free(spec);
    gsc_truth_fit_shape(b->families, 1, 3, &b->gate, &b->shape);
    b->at = gsc_mixture_get_layout(&b->shape);
    gsc_rng_init(&rng, 11, N, inputs, 0);
    for (size_t t = 0; t < N; t++) {
        double line = 0;
        for (size_t k = 0; k < inputs; k++) {
            b->x[k * N + t] = scale * (6 * gsc_rng_uniform(&rng) - 3);
            line += b->x[k * N + t] / scale;
        }
        const double first = 1 / (1 + exp(-1.5 * b->x[t] / scale));
        const bool up = gsc_rng_uniform(&rng) < first;
        b->y[t] = (gsc_rng_uniform(&rng) < 0.5 ? line
                   : up                        ? 4 * line + 2
                                               : -3 * line) +
                  0.5 * gsc_rng_normal(&rng);
    }
    b->sample = (gsc_sample){N, inputs, b->x, b->y};
    return b;
}

static void bench_free(bench *b) {
    gsc_truth_free(b->families);
    free(b);
}

/* ---- Derivatives ----------------------------------------------------------------------------- */

static double q_at(const bench *b, const double *v, const double *r, double *gradient,
                   double *scratch) {
    const size_t e = b->shape.k_routed, d = b->shape.inputs;
    const gsc_gate_point point = {v, v + e, v + e * (1 + d)};
    double q = 0;
    gsc_error error = {0};
    memset(gradient, 0, MOST * sizeof *gradient);
    need(gsc_gate_add_gradient(&b->gate, &point, d, 40, b->x, N, r, N, &q, gradient, scratch,
                               &error),
         &error);
    return q;
}

static void check_gradient(const char *gate, size_t inputs, double tolerance) {
    bench *b = bench_new(gate, inputs, 1);
    const size_t e = 3, size = e * (1 + inputs) + gsc_gate_extra(&b->gate, inputs);
    static double v[MOST], r[3 * N], gradient[MOST], unused[MOST];
    double *scratch = malloc(gsc_gate_scratch(&b->gate, inputs, 40) * sizeof *scratch);
    double worst = 0;
    for (size_t i = 0; i < size; i++) {
        v[i] = 0.6 * cos(1.7 * (double)i + 0.3);
    }
    for (size_t i = 0; i < 3 * N; i++) {
        r[i] = 0.15 + 0.14 * sin((double)i);
    }
    q_at(b, v, r, gradient, scratch);
    for (size_t i = 0; i < size; i++) {
        const double kept = v[i], h = 1e-5;
        v[i] = kept + h;
        const double above = q_at(b, v, r, unused, scratch);
        v[i] = kept - h;
        const double below = q_at(b, v, r, unused, scratch);
        v[i] = kept;
        worst = fmax(worst, fabs(gradient[i] - (above - below) / (2 * h)));
    }
    char what[96];
    snprintf(what, sizeof what, "%s over %zu: the gradient of Q", gate, inputs);
    TAP_NEAR(worst, 0, tolerance, what);
    free(scratch);
    bench_free(b);
}

/* ---- Fits ------------------------------------------------------------------------------------ */

typedef struct history {
    double last;
    bool fell;
} history;

static void watch(void *data, size_t iteration, double log_likelihood) {
    history *seen = data;
    seen->fell =
        seen->fell || (iteration > 0 && log_likelihood < seen->last - 1e-8 * fabs(seen->last));
    seen->last = log_likelihood;
}

/* The log-likelihood from start number start of k-means; options.quasi_newton_gain as given. */
static double fit(bench *b, size_t start, double tolerance, double gain, gsc_em_info *ret_info) {
    gsc_em_options options = gsc_em_options_default();
    gsc_em_workspace *ws;
    gsc_error error = {0};
    history seen = {0};
    double mixture[MOST], again;
    options.tolerance = tolerance;
    options.max_iterations = 3000;
    options.quasi_newton_gain = gain;
    options.trace = watch;
    options.trace_data = &seen;
    need(gsc_start_from_data(GSC_START_KMEANS, &b->shape, &b->sample, 1, 0, start, mixture, &error),
         &error);
    need(gsc_em_workspace_new(&b->shape, N, &ws, &error), &error);
    need(gsc_em_fit(&b->sample, &options, ws, mixture, ret_info, &error), &error);
    TAP_OK(!seen.fell && ret_info->log_likelihood > ret_info->start_log_likelihood,
           "the likelihood rises and never falls");
    need(gsc_mixture_log_likelihood(&b->shape, mixture, &b->sample, &again, &error), &error);
    TAP_NEAR(again, ret_info->log_likelihood, 1e-9 * fabs(again), "it is that of the mixture");
    for (size_t i = 0; i < b->at.size; i++) {
        if (!isfinite(mixture[i])) {
            TAP_OK(false, "a number of the fit is not finite");
        }
    }
    gsc_em_workspace_free(ws);
    return ret_info->log_likelihood;
}

static double fit_gate(const char *gate, size_t inputs, size_t start, double tolerance,
                       double gain) {
    bench *b = bench_new(gate, inputs, 1);
    gsc_em_info info;
    const double value = fit(b, start, tolerance, gain, &info);
    printf("# %s over %zu: %.6f after %zu iterations, %zu steps, %zu gate passes\n", gate, inputs,
           value, info.iterations, info.quasi_newton_steps, info.gate_evaluations);
    bench_free(b);
    return value;
}

static void check_softmax(size_t inputs) {
    const double affinity = fit_gate("softmax", inputs, 0, 1e-12, 0);
    TAP_NEAR(fit_gate("row_softmax", inputs, 0, 1e-12, 0) / N, affinity / N, 1e-8,
             "softmax by row ends where the affinity does");
    TAP_NEAR(fit_gate("top_p", inputs, 0, 1e-12, 0) / N, affinity / N, 1e-8,
             "top-p, dense, without a derivative too");
    TAP_NEAR(fit_gate("row_softmax", inputs, 0, 1e-5, 1e-7) / N, affinity / N, 1e-7,
             "and quasi-Newton steps on the whole likelihood come there");
}

static void check_forms(size_t inputs) {
    static const char *const gates[] = {"laplace", "quadratic", "pair", "sparsemax"};
    double softmax = -INFINITY;
    for (size_t start = 0; start < 2; start++) {
        softmax = fmax(softmax, fit_gate("softmax", inputs, start, 1e-7, 0));
    }
    for (size_t g = 0; g < 4; g++) {
        /* Sparsemax has no slope where a probability is 0, so that more of its starts stay where they are. */
        const size_t starts = g < 3 ? 2 : 4;
        double best = -INFINITY;
        for (size_t start = 0; start < starts; start++) {
            best = fmax(best, fit_gate(gates[g], inputs, start, 1e-5, 1e-2));
        }
        TAP_OK(best > softmax - (g < 3 ? 0.1 : 0.25) * N, gates[g]);
    }
}

/* x in the hundreds: softmax by row underflows where the affinity's logarithms do not. */
static void check_floor(void) {
    bench *b = bench_new("row_softmax", 1, 400);
    const double beta0[] = {0, 0, 0}, beta1[] = {1, -1, 0};
    const gsc_gate_point point = {beta0, beta1, NULL};
    static double log_pi[3 * N];
    double *scratch = malloc(gsc_gate_scratch(&b->gate, 1, N) * sizeof *scratch), least = 0;
    size_t floored = 0;
    gsc_error error = {0};
    need(gsc_gate_log_probs(&b->gate, &point, 1, N, b->x, N, log_pi, N, &floored, scratch, &error),
         &error);
    for (size_t i = 0; i < 3 * N; i++) {
        least = fmin(least, log_pi[i]);
    }
    TAP_OK(floored > 0, "rows whose probabilities underflow are counted");
    TAP_NEAR(least, log(DBL_MIN), 1e-12, "and floored");
    free(scratch);
    bench_free(b);
}

int main(void) {
    static const char *const gates[] = {"row_softmax", "top_p", "laplace", "quadratic", "pair"};
    for (size_t g = 0; g < 5; g++) {
        check_gradient(gates[g], 1, 1e-5);
        check_gradient(gates[g], 2, 1e-5);
    }
    check_softmax(1);
    check_softmax(2);
    check_forms(1);
    check_forms(2);
    check_floor();
    return tap_done();
}
