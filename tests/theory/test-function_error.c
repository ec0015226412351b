/* SPDX-License-Identifier: MIT
 *
 * Errors of gate and expert functions: none at the truth and at its splits, the known error of one linear expert, for one
 * input and for two; their series; and loss D3 of the fits that theorem 3 speaks of.
 */
#include "core/theory/function_error.h"
#include "core/theory/lab.h"
#include "core/theory/start.h"

#include "tests/tap.h"
#include "tests/theory/memory_sink.h"
#include "tests/theory/support.h"

#include <string.h>

static void check_truth(void) {
    gsc_error error;
    gsc_truth *truth = truth_from("theorem2", NULL);
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_function_error found;
    gsc_voronoi cells;
    double mixture[64];
    gsc_truth_fit_shape(truth, 2, 3, &gate, &shape);
    const gsc_mixture_layout at = gsc_mixture_get_layout(&shape);
    need(gsc_start_near_truth(truth, &shape, 0, 1, 1000, 0, 0, mixture, &error), &error);
    gsc_voronoi_assign(truth, &shape, mixture, &cells);
    need(gsc_function_error_compute(truth, &shape, mixture, &cells, &found, &error), &error);
    TAP_NEAR(found.gate, 0, 1e-12, "the split truth has the true gate");
    TAP_NEAR(found.experts, 0, 1e-12, "and the true experts");
    for (size_t i = 0; i < 3; i++) {
        mixture[at.beta0 + i] += 1;
    }
    need(gsc_function_error_compute(truth, &shape, mixture, &cells, &found, &error), &error);
    TAP_NEAR(found.gate, 0, 1e-12, "a common shift of softmax logits is no error");
    mixture[at.beta0] += 0.5;
    need(gsc_function_error_compute(truth, &shape, mixture, &cells, &found, &error), &error);
    TAP_OK(found.gate > 0.05 && found.experts < 1e-12, "another shift is one of the gate alone");
    for (size_t i = 0; i < 3; i++) {
        mixture[at.eta + 2 * i] += 0.1;
    }
    need(gsc_function_error_compute(truth, &shape, mixture, &cells, &found, &error), &error);
    TAP_NEAR(found.experts, 0.1 * sqrt(3), 1e-10, "0.1 x on [-3, 3] is 0.1 sqrt(3)");
    gsc_truth_free(truth);
}

static memory_sink *run(const char *preset, const char *const *settings) {
    gsc_error error = {0};
    gsc_spec *spec;
    gsc_pool *pool;
    char name[64];
    memory_sink *sink = memory_sink_new();
    snprintf(name, sizeof name, "preset:%s", preset);
    need(gsc_spec_load(name, &spec, &error), &error);
    for (; *settings != NULL; settings++) {
        need(gsc_spec_set(spec, *settings, &error), &error);
    }
    need(gsc_pool_new(2, &pool, &error), &error);
    need(gsc_theory_run(spec, pool, &sink->sink, &error), &error);
    gsc_pool_free(pool);
    gsc_spec_free(spec);
    return sink;
}

static void check_series(void) {
    static const char *const small[] = {"theory.sizes=[300,3000]", "theory.replicates=12", NULL};
    memory_sink *sink = run("theorem3-a2", small);
    const memory_series *gate = memory_find(sink, "gate_l2", ""),
                        *experts = memory_find(sink, "expert_l2", ""),
                        *loss = memory_find(sink, "loss", ""),
                        *sparse = memory_find(sink, "loss_sparse", "");
    TAP_OK(gate != NULL && gate->n == 24 && experts != NULL && experts->n == 24,
           "each fit has both errors");
    TAP_OK(memory_result_of(sink, "slope_log_n[gate_l2]", "") != NULL, "with slopes");
    TAP_OK(sparse != NULL && sparse->bound == -0.5, "D3 is bounded where the extra atom is at 0");
    TAP_OK(sparse != NULL && sparse->n > 0 && sparse->n < loss->n, "which some fits are");
    memory_sink_free(sink);
    sink = run("theorem3", small);
    TAP_OK(memory_find(sink, "loss_sparse", "") == NULL, "all fits are in the sparse regime");
    memory_sink_free(sink);
}

int main(void) {
    check_truth();
    check_series();
    return tap_done();
}
