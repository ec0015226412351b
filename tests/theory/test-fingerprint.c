/* SPDX-License-Identifier: MIT
 *
 * The fingerprint: its divergence and derivatives, and the exponents that theory has for
 * over-specified mixtures (2 r for cells of 1, 2 and 3 atoms), for two gates and two experts.
 */
#include "core/theory/fingerprint.h"

#include "core/theory/kl.h"
#include "core/theory/kl_fit_internal.h"
#include "core/theory/start.h"
#include "tests/tap.h"
#include "tests/theory/memory_sink.h"
#include "tests/theory/support.h"

static const char *const linear_experts =
    "\"shared\":[{\"omega\":1,\"expert\":{\"weight\":[2],\"bias\":[0]},\"variance\":0.2}],";

typedef struct problem {
    gsc_truth *truth;
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_quadrature *nodes;
} problem;

static void problem_init(problem *self, const char *preset, const char *const *settings, size_t k1,
                         size_t k2) {
    gsc_error error;
    self->truth = truth_from(preset, settings);
    gsc_truth_fit_shape(self->truth, k1, k2, &self->gate, &self->shape);
    need(gsc_quadrature_new(self->truth, &gsc_quadrature_quick, &self->nodes, &error), &error);
}

static void problem_clear(problem *self) {
    gsc_quadrature_free(self->nodes);
    gsc_truth_free(self->truth);
}

/* ---- The divergence ---- */

static void check_gradient(const char *preset, const char *const *settings, size_t k1, size_t k2,
                           const char *held) {
    gsc_error error;
    problem self;
    problem_init(&self, preset, settings, k1, k2);
    const size_t cells[] = {0, 0, 0, 0,
                            1}; /* shared: all of atom 0; routed: two of atom 0, one of atom 1 */
    size_t groups[8];
    for (size_t c = 0; c < k1 + k2; c++) {
        groups[c] = c < k1 ? 0 : cells[2 + c - k1];
    }
    const gsc_kl_fit_options options = {
        .gate_box = 20, .mass_floor = 0.1, .max_iterations = 50, .tolerance = 1e-6};
    gsc_kl_fit *fit;
    need(gsc_kl_fit_new(self.nodes, &self.shape, groups, &options, &fit, &error), &error);
    gsc_error_block blocks[GSC_MAX_ERROR_BLOCKS];
    const size_t n_blocks = gsc_fingerprint_blocks(self.truth, blocks);
    for (size_t b = 0; b < n_blocks && held != NULL; b++) {
        if (strcmp(blocks[b].name, held) == 0) {
            const double truth = self.truth->mixture[self.truth->layout.nu];
            TAP_OK(gsc_kl_fit_hold(fit, &blocks[b], 0, &truth, 0.05, 1), "held");
        }
    }
    const size_t size = gsc_mixture_get_layout(&self.shape).size, slots = gsc_kl_fit_slots(fit);
    double *mixture = malloc((size + 2 * slots) * sizeof *mixture), *u = mixture + size, *gradient;
    gradient = u + slots;
    need(gsc_start_near_truth(self.truth, &self.shape, 0.2, 5, 100, 0, 0, mixture, &error), &error);
    need(gsc_kl_fit_from_mixture(fit, mixture, u, &error), &error);
    double kl, low, high, worst = 0, largest = 0;
    need(fit_evaluate(fit, u, true, &kl, &error), &error);
    const size_t n = fit->n;
    for (size_t c = 0; c < n; c++) {
        gradient[c] = 0;
        for (size_t i = 0; i <= c; i++) {
            gradient[c] += fit->r[i * (n + 1) + c] * fit->r[i * (n + 1) + n];
        }
        largest = fmax(largest, fabs(gradient[c]));
    }
    for (size_t c = 0; c < n; c++) {
        const size_t q = fit->column[c];
        const double keep = u[q], step = 1e-6 * (1 + fabs(keep));
        /* A dependent share is 1 minus the others: settle moves it along. */
        double moved[GSC_KL_FIT_MAX_SLOTS];
        memcpy(moved, u, slots * sizeof *u);
        long last = FIT_NONE;
        for (size_t g = 0; g < fit->n_groups; g++) {
            const fit_group *group = &fit->groups[g];
            for (size_t i = 0; i < group->count && group->count > 1; i++) {
                if ((group->routed ? fit->layout.beta0 : fit->layout.omega) + group->atom[i] == q) {
                    last = (long)((group->routed ? fit->layout.beta0 : fit->layout.omega) +
                                  group->atom[fit_dependent_share(fit, group, u)]);
                }
            }
        }
        moved[q] = keep + step;
        if (last != FIT_NONE) {
            moved[last] = u[last] - step;
        }
        need(gsc_kl_fit_evaluate(fit, moved, &high, &error), &error);
        moved[q] = keep - step;
        if (last != FIT_NONE) {
            moved[last] = u[last] + step;
        }
        need(gsc_kl_fit_evaluate(fit, moved, &low, &error), &error);
        worst = fmax(worst, fabs((high - low) / (2 * step) - gradient[c]));
    }
    TAP_OK(n >= slots - 6, "almost every slot is free");
    TAP_NEAR(worst / largest, 0, 2e-6, "gradient against differences");
    free(mixture);
    gsc_kl_fit_free(fit);
    problem_clear(&self);
}

/* KL without cancellation is KL. */
static void check_divergence(void) {
    gsc_error error;
    problem self;
    problem_init(&self, "first", NULL, 2, 3);
    const size_t groups[] = {0, 0, 0, 0, 1};
    const gsc_kl_fit_options options = {
        .gate_box = 20, .mass_floor = 0, .max_iterations = 1, .tolerance = 1};
    gsc_kl_fit *fit;
    gsc_kl *kl;
    gsc_objective *objective;
    need(gsc_kl_fit_new(self.nodes, &self.shape, groups, &options, &fit, &error), &error);
    need(gsc_kl_new(self.truth, &kl, &error), &error);
    need(gsc_objective_new(&self.shape, &objective, &error), &error);
    double mixture[64], u[64], value, plain;
    for (int noise = 0; noise < 3; noise++) {
        const double sd[] = {0.01, 0.05, 0.2};
        need(
            gsc_start_near_truth(self.truth, &self.shape, sd[noise], 7, 100, 0, 0, mixture, &error),
            &error);
        need(gsc_kl_fit_from_mixture(fit, mixture, u, &error), &error);
        need(gsc_kl_fit_to_mixture(fit, u, mixture, &error), &error);
        need(gsc_kl_fit_evaluate(fit, u, &value, &error), &error);
        need(gsc_kl_compute(kl, objective, &self.shape, mixture, &plain, &error), &error);
        TAP_NEAR(value / plain, 1, 1e-4, "the divergence of the plain formula");
    }
    const size_t cells[] = {0, 0, 0, 0, 1};
    need(gsc_kl_fit_split_truth(self.truth, &self.shape, cells, 20, mixture, &error), &error);
    need(gsc_kl_fit_from_mixture(fit, mixture, u, &error), &error);
    need(gsc_kl_fit_evaluate(fit, u, &value, &error), &error);
    TAP_NEAR(value, 0, 1e-26, "the truth, split, costs nothing");
    gsc_objective_free(objective);
    gsc_kl_free(kl);
    gsc_kl_fit_free(fit);
    problem_clear(&self);
}

/* ---- Exponents ---- */

static void check_exponent(const problem *self, const char *what, const char *name, double low,
                           double high, double gate_box, double expected, double tolerance) {
    gsc_error error;
    gsc_error_block blocks[GSC_MAX_ERROR_BLOCKS];
    const size_t n = gsc_fingerprint_blocks(self->truth, blocks);
    gsc_fingerprint_options options = gsc_fingerprint_options_default(&self->shape);
    options.gate_box = gate_box;
    options.n_deltas = 6;
    for (size_t i = 0; i < 6; i++) {
        options.deltas[i] = low * pow(high / low, (double)i / 5);
    }
    char text[160];
    snprintf(text, sizeof text, "%s: %s has exponent %g", what, name, expected);
    for (size_t b = 0; b < n; b++) {
        if (strcmp(blocks[b].name, name) == 0) {
            gsc_fingerprint curve;
            need(gsc_fingerprint_init(&curve, self->truth, &self->shape, self->nodes, &blocks[b],
                                      &options, &error),
                 &error);
            TAP_NEAR(curve.exponent, expected, tolerance, text);
            bool rises = true;
            for (size_t i = 1; i < curve.n; i++) {
                rises &= !(curve.kl[i] < curve.kl[i - 1]);
            }
            TAP_OK(rises, "a larger error costs no less");
            gsc_fingerprint_clear(&curve);
            return;
        }
    }
    TAP_OK(false, text);
}

static void check_softmax(void) {
    problem exact;
    problem_init(&exact, "first", NULL, 1, 2);
    check_exponent(&exact, "exact cells", "nu", 0.005, 0.1, 20, 2, 0.05);
    check_exponent(&exact, "exact cells", "kappa_weight", 0.005, 0.1, 20, 2, 0.05);
    problem_clear(&exact);
    problem two;
    problem_init(&two, "first", NULL, 2, 3);
    static const struct {
        const char *block;
        double exponent;
    } blocks[] = {{"tau", 4},   {"nu", 4},         {"kappa_weight", 4}, {"eta_weight", 4},
                  {"beta1", 4}, {"kappa_bias", 8}, {"eta_bias", 8}};
    for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++) {
        check_exponent(&two, "cells of 2", blocks[b].block, 0.02, 0.3, 20, blocks[b].exponent,
                       0.06);
    }
    problem_clear(&two);
}

static void check_three(void) {
    problem shared;
    problem_init(&shared, "first", NULL, 3, 2);
    check_exponent(&shared, "cells of 3", "tau", 0.02, 0.2, 20, 6, 0.15);
    problem_clear(&shared);
    problem routed;
    problem_init(&routed, "first", NULL, 1, 4);
    check_exponent(&routed, "cells of 3", "nu", 0.03, 0.3, 20, 6, 0.15);
    check_exponent(&routed, "cells of 3", "eta_bias", 0.1, 0.5, 20, 12, 0.25);
    problem_clear(&routed);
}

static void check_gates(void) {
    char sigmoid[640], symmetric[640];
    const char *format = "theory.truth={\"x\":[-3,3],%s\"routed\":["
                         "{\"beta0\":%g,\"beta1\":[4],\"expert\":{\"weight\":[8],\"bias\":[2]},"
                         "\"variance\":0.4},{\"beta0\":%g,\"beta1\":[-4],\"expert\":"
                         "{\"weight\":[-6],\"bias\":[1]},\"variance\":0.4}]}";
    snprintf(sigmoid, sizeof sigmoid, format, linear_experts, 2.0, 2.0);
    snprintf(symmetric, sizeof symmetric, format, linear_experts, 0.0, 0.0);
    const char *dense[] = {"gate=normalized_sigmoid", sigmoid, NULL};
    problem one;
    problem_init(&one, "first", dense, 1, 3);
    check_exponent(&one, "dense sigmoid", "nu", 0.04, 0.2, 4, 2, 0.15);
    problem_clear(&one);
    dense[1] = symmetric;
    problem two;
    problem_init(&two, "first", dense, 1, 3);
    check_exponent(&two, "symmetric dense sigmoid", "nu", 0.01, 0.1, 4, 4, 0.1);
    problem_clear(&two);
    static const char *const gelu[] = {"expert={\"id\":\"gelu\",\"bias\":0}",
                                       "theory.shared_expert={\"id\":\"gelu\",\"bias\":1}", NULL};
    problem smooth;
    problem_init(&smooth, "theorem1", gelu, 1, 3);
    check_exponent(&smooth, "GELU experts", "eta_in", 0.02, 0.2, 20, 4, 0.1);
    problem_clear(&smooth);
}

/* ---- The study ---- */

static void check_study(void) {
    gsc_error error = {0};
    gsc_spec *spec;
    gsc_pool *pool;
    memory_sink *sink = memory_sink_new();
    need(gsc_spec_load("preset:gate-fingerprint", &spec, &error), &error);
    need(gsc_spec_set(spec, "theory.blocks=nu", &error), &error);
    need(gsc_spec_set(spec, "theory.deltas=[0.03,0.06,0.12,0.24]", &error), &error);
    need(gsc_pool_new(2, &pool, &error), &error);
    need(gsc_fingerprint_run(spec, pool, &sink->sink, &error), &error);
    TAP_OK(sink->n_series == 3, "three arms, one block");
    const memory_series *series = memory_find(sink, "kl_nu", "softmax");
    TAP_OK(series != NULL && series->n == 4, "a point for each delta");
    TAP_NEAR(memory_result_of(sink, "exponent[nu]", "softmax")->value, 4, 0.15, "softmax: 4");
    TAP_OK(memory_result_of(sink, "least_kl", "normalized sigmoid")->value > 1e-6,
           "the sigmoid does not hold its truth under the mass floor");
    TAP_NEAR(sink->progress, 1, 0, "done");
    TAP_OK(sink->documents == 12, "a document for each point");
    memory_sink_free(sink);
    static const char *const wrong[][2] = {
        {"theory.blocks=mu", "names no block"},
        {"theory.deltas=[0.2,0.1]", "should ascend"},
        {"theory.gate_box=3", "make the box larger"},
        {"theory.arms=[{\"name\":\"a\",\"set\":{\"theory.k_shred\":2}}]", "theory.arms[0]"},
        {"theory.arms=[{\"nam\":\"a\"}]", "nam is unknown"},
        {"theory.k_routed=1", "at least as many experts as the truth"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        gsc_spec *bad = gsc_spec_dup(spec);
        sink = memory_sink_new();
        need(gsc_spec_set(bad, wrong[i][0], &error), &error);
        TAP_OK(gsc_fingerprint_run(bad, pool, &sink->sink, &error) == GSC_ERR_INPUT, "refused");
        TAP_CONTAINS(error.message, wrong[i][1], wrong[i][1]);
        memory_sink_free(sink);
        gsc_spec_free(bad);
    }
    sink = memory_sink_new();
    sink->stop = true;
    TAP_OK(gsc_fingerprint_run(spec, pool, &sink->sink, &error) == GSC_ERR_STOPPED, "stops");
    memory_sink_free(sink);
    gsc_pool_free(pool);
    gsc_spec_free(spec);
}

static memory_sink *run_study(const char *preset, const char *const *settings) {
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
    need(gsc_fingerprint_run(spec, pool, &sink->sink, &error), &error);
    gsc_pool_free(pool);
    gsc_spec_free(spec);
    return sink;
}

/* A softmax fit to a sigmoid truth is regular: an error costs its square beyond the nearest fit. */
static void check_crossed(void) {
    static const char *const small[] = {"theory.blocks=eta_bias", "theory.deltas=[0.1,0.15,0.2]",
                                        NULL};
    memory_sink *sink = run_study("cross-fingerprint", small);
    TAP_NEAR(memory_result_of(sink, "exponent[eta_bias]", "sigmoid → softmax")->value, 2, 0.1,
             "sigmoid truth, softmax fit: 2");
    TAP_NEAR(memory_result_of(sink, "least_kl", "sigmoid → softmax")->value, 2.23e-3, 1e-4,
             "what the nearest softmax fit misses");
    const memory_series *crossed = memory_find(sink, "kl_eta_bias", "sigmoid → softmax");
    TAP_OK(crossed->n == 3 && isnan(crossed->bound), "and no theorem");
    TAP_OK(memory_value(crossed, 0.1, -1) < 2e-5, "the curve is the excess over that");
    TAP_OK(memory_result_of(sink, "least_kl", "softmax → softmax")->value < 1e-12,
           "a fit with the true gate holds the truth");
    memory_sink_free(sink);
}

/* Gates without an affinity: as softmax where they hold it. */
static void check_general(void) {
    static const char *const small[] = {"theory.blocks=nu", "theory.deltas=[0.02,0.04]",
                                        "theory.arms=[{\"name\":\"quadratic\",\"set\":{}}]", NULL};
    memory_sink *sink = run_study("general-fingerprint", small);
    TAP_NEAR(memory_result_of(sink, "exponent[nu]", "quadratic")->value, 4, 0.1, "quadratic: 4");
    memory_sink_free(sink);
}

/* A mass of a cell has exponent 2 under any over-specification. */
static void check_masses(void) {
    static const char *const small[] = {
        "theory.blocks=mass,omega",
        "theory.deltas=[0.01,0.02,0.04]",
        "theory.arms=[]",
        "theory.k_shared=3",
        "theory.k_routed=3",
        "theory.truth={\"x\":[-3,3],\"shared\":[{\"omega\":0.4,\"expert\":{\"weight\":[2],"
        "\"bias\":[0]},\"variance\":0.2},{\"omega\":0.6,\"expert\":{\"weight\":[-3],"
        "\"bias\":[2]},\"variance\":0.3}],\"routed\":[{\"beta0\":-0.5,\"beta1\":[1],\"expert\":"
        "{\"weight\":[8],\"bias\":[2]},\"variance\":0.4},{\"beta0\":0,\"beta1\":[0],\"expert\":"
        "{\"weight\":[-6],\"bias\":[1]},\"variance\":0.4}]}",
        NULL};
    memory_sink *sink = run_study("fingerprint", small);
    TAP_NEAR(memory_result_of(sink, "exponent[omega]", "")->value, 2, 0.1, "omega: 2");
    TAP_NEAR(memory_result_of(sink, "exponent[mass]", "")->value, 2, 0.1, "a(beta0): 2");
    const memory_series *omega = memory_find(sink, "kl_omega", "");
    TAP_OK(omega != NULL && omega->bound == 2, "as proven");
    memory_sink_free(sink);
}

/* Errors as large as the truth itself have no local exponent, which is told. */
static void check_large_deltas(void) {
    static const char *const large[] = {"theory.blocks=nu",  "theory.deltas=[0.5,1]",
                                        "theory.arms=[]",    "theory.k_shared=1",
                                        "theory.k_routed=2", NULL};
    static const char *const small[] = {"theory.blocks=nu",  "theory.deltas=[0.01,0.02]",
                                        "theory.arms=[]",    "theory.k_shared=1",
                                        "theory.k_routed=2", NULL};
    memory_sink *sink = run_study("fingerprint", large);
    TAP_OK(memory_result_of(sink, "exponent[nu]", "")->value < 1.8, "an exponent below 2");
    TAP_CONTAINS(sink->events[0], "theory.deltas should begin with smaller ones", "is warned of");
    memory_sink_free(sink);
    sink = run_study("fingerprint", small);
    TAP_NEAR(memory_result_of(sink, "exponent[nu]", "")->value, 2, 0.1, "smaller errors show it");
    TAP_OK(sink->n_events == 0, "and nothing is warned of");
    memory_sink_free(sink);
}

int main(void) {
    /* Gates that leave the x nodes unlike numbers of rows. */
    static const char *const steep[] = {
        "gate=normalized_sigmoid",
        "theory.truth={\"x\":[-3,3],\"shared\":[{\"omega\":1,\"expert\":{\"weight\":[2],\"bias\":[0]},"
        "\"variance\":0.2}],\"routed\":[{\"beta0\":0,\"beta1\":[9],\"expert\":{\"weight\":[8],\"bias\":[2]},"
        "\"variance\":0.4},{\"beta0\":0,\"beta1\":[-9],\"expert\":{\"weight\":[-6],\"bias\":[1]},"
        "\"variance\":0.4}]}",
        NULL};
    static const char *const sigmoid[] = {"gate=normalized_sigmoid", NULL};
    static const char *const gelu[] = {"expert={\"id\":\"gelu\",\"bias\":0}",
                                       "theory.shared_expert={\"id\":\"gelu\",\"bias\":1}", NULL};
    check_gradient("first", NULL, 2, 3, NULL);
    check_gradient("first", NULL, 2, 3, "nu");
    check_gradient("first", sigmoid, 2, 3, NULL);
    check_gradient("theorem1", gelu, 2, 3, NULL);
    check_gradient("first", steep, 1, 3, NULL);
    check_divergence();
    check_large_deltas();
    check_softmax();
    check_three();
    check_gates();
    check_study();
    check_crossed();
    check_general();
    check_masses();
    return tap_done();
}
