/* SPDX-License-Identifier: MIT
 *
 * Rate studies beyond one spec: arms with truths and gates of their own, pseudo-truths as
 * reference, both losses of a polished run, traces, comparisons of arms, suites.
 */
#include "core/theory/lab.h"

#include "tests/tap.h"
#include "tests/theory/memory_sink.h"
#include "tests/theory/support.h"

#include <math.h>

static gsc_status run_into(memory_sink *sink, const char *preset, const char *const *settings,
                           gsc_error *error) {
    gsc_pool *pool;
    gsc_spec *spec;
    char name[64];
    snprintf(name, sizeof name, "preset:%s", preset);
    need(gsc_spec_load(name, &spec, error), error);
    for (; *settings != NULL; settings++) {
        need(gsc_spec_set(spec, *settings, error), error);
    }
    need(gsc_pool_new(2, &pool, error), error);
    const gsc_status status = gsc_theory_run(spec, pool, &sink->sink, error);
    gsc_pool_free(pool);
    gsc_spec_free(spec);
    return status;
}

static memory_sink *run(const char *preset, const char *const *settings) {
    gsc_error error = {0};
    memory_sink *sink = memory_sink_new();
    need(run_into(sink, preset, settings, &error), &error);
    return sink;
}

static bool has_event(const memory_sink *sink, const char *part) {
    for (size_t i = 0; i < sink->n_events; i++) {
        if (strstr(sink->events[i], part) != NULL) {
            return true;
        }
    }
    return false;
}

static void check_polished(void) {
    static const char *const small[] = {"theory.sizes=[300,1000]", "theory.replicates=3", NULL};
    memory_sink *sink = run("first", small);
    const memory_series *loss = memory_find(sink, "loss", "k_shared=2"),
                        *stopped = memory_find(sink, "loss_stopped", "k_shared=2"),
                        *iterations = memory_find(sink, "iterations_stopped", "k_shared=2");
    TAP_OK(stopped != NULL && stopped->n == 6 && iterations->n == 6, "the loss where EM stops");
    TAP_OK(memory_value(stopped, 300, 0) != memory_value(loss, 300, 0),
           "is not that of the maximum");
    TAP_OK(memory_find(sink, "tau_worst", "k_shared=3") != NULL, "the worst atom is kept");
    TAP_OK(memory_result_of(sink, "slope_last_decade[tau_p2]", "k_shared=2") != NULL,
           "the slope of the last decade");
    const memory_result *twice = memory_result_of(sink, "best_hit_twice", "k_shared=3");
    TAP_OK(twice != NULL && twice->value >= 0 && twice->value <= 1, "the certificate");
    memory_sink_free(sink);
}

static void check_crossed(void) {
    static const char *const small[] = {"theory.sizes=[300,1000]", "theory.replicates=2",
                                        "theory.starts=1", "theory.mass_floor=0", NULL};
    memory_sink *sink = run("gate-cross", small);
    TAP_OK(memory_find(sink, "nu_p2", "softmax → softmax") != NULL,
           "a fit that holds the truth has over-specified cells");
    const memory_series *crossed = memory_find(sink, "nu_p1", "sigmoid → softmax");
    TAP_OK(crossed != NULL && crossed->n == 4, "one that misses it has its pseudo-truth's atoms");
    TAP_OK(memory_find(sink, "nu_p2", "sigmoid → softmax") == NULL, "one by one");
    TAP_OK(isnan(crossed->bound), "and no theorem");
    TAP_NEAR(memory_result_of(sink, "pseudo_truth_kl", "sigmoid → softmax")->value, 1.8e-3, 1e-4,
             "KL* of a softmax fit to the sigmoid truth");
    TAP_OK(memory_result_of(sink, "pseudo_truth_kl", "symmetric sigmoid")->value < 1e-12,
           "the symmetric sigmoid truth is held exactly");
    memory_sink_free(sink);
}

static void check_trace(void) {
    static const char *const small[] = {"theory.sizes=[1000]", "theory.replicates=2",
                                        "theory.trace=20", NULL};
    memory_sink *sink = run("starts", small);
    const memory_series *trace = memory_find(sink, "loss_by_iteration_n1000", "noise=0.5");
    TAP_OK(trace != NULL && trace->n == 42, "a loss at every iteration from 0 to theory.trace");
    const memory_series *tight = memory_find(sink, "loss_by_iteration_n1000", "noise=0.01");
    TAP_OK(memory_value(tight, 0, 0) < memory_value(trace, 0, 0),
           "a start with less noise begins nearer to the truth");
    TAP_OK(memory_value(tight, 20, 0) > memory_value(tight, 0, 0), "than the fits end");
    const memory_series *by_noise = memory_find(sink, "loss_by_noise", "n=1000"),
                        *stopped = memory_find(sink, "loss_stopped_by_noise", "n=1000");
    TAP_OK(by_noise->n == 8 && stopped->n == 8, "both losses against the noise");
    TAP_OK(memory_result_of(sink, "reached_best", "noise=0.5") != NULL, "arms are compared");
    const memory_result *range = memory_result_of(sink, "slope_range_over_arms", "");
    TAP_OK(range == NULL, "one size has no slope");
    memory_sink_free(sink);
}

static void check_robustness(void) {
    static const char *const small[] = {
        "theory.sizes=[300,1000]", "theory.replicates=2", "theory.starts=2",
        "theory.arms=[{\"name\":\"loose\",\"set\":{\"theory.tolerance\":0.01}},"
        "{\"name\":\"tight\",\"set\":{\"theory.tolerance\":1e-8}}]",
        NULL};
    memory_sink *sink = run("robustness", small);
    const memory_result *loose = memory_result_of(sink, "reached_best", "loose"),
                        *tight = memory_result_of(sink, "reached_best", "tight");
    TAP_NEAR(tight->value, 1, 0, "the tight tolerance reaches the best likelihood of the two");
    TAP_OK(loose->value < 1, "the loose one does not always");
    const memory_result *range = memory_result_of(sink, "slope_range_over_arms", "");
    TAP_OK(range != NULL && range->low <= range->value && range->value <= range->high,
           "the range of slopes");
    memory_sink_free(sink);
}

static void check_sparse(void) {
    static const char *const small[] = {"theory.sizes=[300]", "theory.replicates=2",
                                        "theory.starts=1", NULL};
    static const char *const few[] = {"theory.sizes=[300]", "theory.replicates=2",
                                      "theory.starts=1", "theory.top_k=2", NULL};
    memory_sink *sink = run("top-k", small);
    TAP_OK(memory_find(sink, "loss", "")->n == 2 && !has_event(sink, "to converge"),
           "enough experts answer");
    TAP_NEAR(memory_find(sink, "loss", "")->bound, -0.5, 0, "D5 is bounded for strong experts");
    memory_sink_free(sink);
    sink = run("top-k", few);
    TAP_OK(has_event(sink, "needs 3 to converge"), "too few: an alarm, and it runs");
    memory_sink_free(sink);
    static const char *const fingerprint[] = {"theory.study=fingerprint", NULL};
    gsc_error error = {0};
    sink = memory_sink_new();
    TAP_OK(run_into(sink, "top-k", fingerprint, &error) == GSC_ERR_INPUT, "no sparse fingerprint");
    TAP_CONTAINS(error.message, "theory.top_k", "and why");
    memory_sink_free(sink);
}

static void check_suite(void) {
    static const char *const small[] = {
        "theory.suite=[{\"preset\":\"theorem2\",\"set\":{\"theory.sizes\":[300,1000],"
        "\"theory.replicates\":2}},{\"preset\":\"first\",\"name\":\"cells\",\"set\":{"
        "\"theory.sizes\":[300],\"theory.replicates\":2,\"theory.starts\":1}}]",
        NULL};
    static const char *const nested[] = {"theory.suite=[{\"preset\":\"rates\"}]", NULL};
    static const char *const unknown[] = {"theory.suite=[{\"preset\":\"theorem7\"}]", NULL};
    static const char *const twice[] = {
        "theory.suite=[{\"preset\":\"first\"},{\"preset\":\"first\"}]", NULL};
    memory_sink *sink = run("rates", small);
    const memory_series *loss = memory_find(sink, "loss", "theorem2");
    TAP_OK(loss != NULL && loss->n == 4, "a part's arms begin with its name");
    TAP_STRING(loss->panel, "theorem2: error", "and its panels");
    TAP_OK(memory_find(sink, "tau_p2", "cells k_shared=2") != NULL, "an arm of a named part");
    TAP_NEAR(memory_result_of(sink, "reported_exponent", "theorem2")->value, 0.517, 0,
             "what the paper reports");
    TAP_NEAR(sink->progress, 1, 0, "progress ends at 1");
    memory_sink_free(sink);
    const struct {
        const char *const *settings;
        const char *sentence;
    } bad[] = {{nested, "is a suite"}, {unknown, "theorem7"}, {twice, "name is first again"}};
    for (int i = 0; i < 3; i++) {
        gsc_error error = {0};
        sink = memory_sink_new();
        TAP_OK(run_into(sink, "rates", bad[i].settings, &error) != GSC_OK, "a bad suite");
        TAP_CONTAINS(error.message, bad[i].sentence, "says what is wrong");
        TAP_CONTAINS(error.message, "theory.suite[", "and where");
        memory_sink_free(sink);
    }
}

static double sigmoid(double z) {
    return 1 / (1 + exp(-z));
}

/* The printed truth of theorem 4 has gates (-.5, 5) and (.5, 5). Equal slopes: with e^-c = e - 2
 * the three atoms (c, 0) of expert 1, (-.5, -5) and (c, 0) of expert 2 have the same weights, so
 * that the over-specified fit is not misspecified at all. */
static void check_theorem4(void) {
    static const char *const small[] = {"theory.sizes=[300]", "theory.replicates=1", NULL};
    const double c = -log(exp(1) - 2);
    double worst = 0;
    for (double x = -3; x <= 3; x += 0.125) {
        const double truth = sigmoid(5 * x - 0.5) / (sigmoid(5 * x - 0.5) + sigmoid(5 * x + 0.5));
        const double fit = sigmoid(c) / (2 * sigmoid(c) + sigmoid(-5 * x - 0.5));
        worst = fmax(worst, fabs(truth - fit));
    }
    TAP_NEAR(worst, 0, 1e-14, "theorem 4 as printed: three sigmoids hold the two");
    memory_sink *sink = run("theorem4", small);
    TAP_OK(memory_result_of(sink, "pseudo_truth_kl", "")->value < 1e-12, "as quadrature finds");
    TAP_OK(has_event(sink, "the family holds the truth"), "and the run says");
    memory_sink_free(sink);
}

int main(void) {
    check_polished();
    check_theorem4();
    check_crossed();
    check_trace();
    check_robustness();
    check_sparse();
    check_suite();
    return tap_done();
}
