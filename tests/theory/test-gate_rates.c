/* SPDX-License-Identifier: MIT
 *
 * Gates in general form in rate studies: softmax by row measures what the affinity measures, a
 * Laplace and a quadratic gate run end to end as truth and fit, a softmax truth is fitted by a
 * Laplace gate, atoms that share a true one start from its gate, and what is refused.
 */
#include "core/theory/gate_rows.h"
#include "core/theory/lab.h"
#include "core/theory/start.h"

#include "tests/tap.h"
#include "tests/theory/memory_sink.h"
#include "tests/theory/support.h"

#include <math.h>

#define TRUTH(more, first, second)                                                                 \
    "theory.truth={\"x\":[-3,3]," more "\"shared\":[{\"expert\":{\"weight\":[0.5],\"bias\":[-1]}," \
    "\"variance\":0.2}],\"routed\":[{" first                                                       \
    "\"expert\":{\"weight\":[6],\"bias\":[2]},\"variance\":0.4},{" second                          \
    "\"expert\":{\"weight\":[-4],\"bias\":[1]},\"variance\":0.3}]}"
#define FIRST     "\"beta0\":-0.3,\"beta1\":[1.5],"
#define SECOND    "\"beta0\":0.4,\"beta1\":[-1],"
#define QUADRATIC "\"gate_tensors\":{\"a\":[0.5,-0.2],\"b\":[0.8,-0.5],\"c\":[-0.5,0.5]},"

static gsc_status try(memory_sink *sink, const char *const *settings, gsc_error *error) {
    gsc_pool *pool;
    gsc_spec *spec;
    need(gsc_spec_load("preset:theorem2", &spec, error), error);
    for (; *settings != NULL; settings++) {
        need(gsc_spec_set(spec, *settings, error), error);
    }
    need(gsc_pool_new(2, &pool, error), error);
    const gsc_status status = gsc_theory_run(spec, pool, &sink->sink, error);
    gsc_pool_free(pool);
    gsc_spec_free(spec);
    return status;
}

static memory_sink *run(const char *const *settings) {
    gsc_error error = {0};
    memory_sink *sink = memory_sink_new();
    need(try(sink, settings, &error), &error);
    return sink;
}

static void check_softmax(void) {
    static const char *const settings[] = {
        TRUTH("", FIRST, SECOND),
        "theory.k_shared=1",
        "theory.k_routed=2",
        "theory.sizes=[1000]",
        "theory.replicates=2",
        "theory.loss=none",
        "theory.polish=false",
        "theory.tolerance=1e-15",
        "theory.max_iterations=20000",
        "theory.arms=[{\"name\":\"affinity\",\"set\":{\"gate\":\"softmax\"}},"
        "{\"name\":\"row\",\"set\":{\"gate\":\"row_softmax\"}}]",
        NULL};
    static const char *const names[] = {"eta_weight_p1", "eta_bias_p1",   "nu_p1", "beta1_p1",
                                        "mass_p1",       "tau_p1",        "n_kl",  "kappa_bias_p1",
                                        "beta0_p1",      "log_likelihood"};
    memory_sink *sink = run(settings);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const memory_series *one = memory_find(sink, names[i], "affinity"),
                            *two = memory_find(sink, names[i], "row");
        TAP_OK(one != NULL && two != NULL && one->n == 2 && two->n == 2, names[i]);
        for (int r = 0; one != NULL && two != NULL && r < 2; r++) {
            const double size = fmax(1, fabs(memory_value(one, 1000, r)));
            TAP_NEAR(memory_value(two, 1000, r), memory_value(one, 1000, r), 1e-5 * size, names[i]);
        }
    }
    TAP_OK(memory_find(sink, "loss", "row") == NULL &&
               memory_find(sink, "loss", "affinity") == NULL,
           "no loss where it is none");
    memory_sink_free(sink);
}

/* Over-specified fits of two sizes: what is measured and how near they come. */
static void check_run(const char *gate, const char *truth, bool crossed) {
    char fitted[64];
    snprintf(fitted, sizeof fitted, "gate=%s", gate);
    const char *const settings[] = {truth,
                                    fitted,
                                    "theory.k_shared=1",
                                    "theory.k_routed=3",
                                    "theory.sizes=[300,3000]",
                                    "theory.replicates=3",
                                    "theory.starts=1",
                                    "theory.polish=true",
                                    NULL};
    memory_sink *sink = run(settings);
    const memory_series *nu = memory_find(sink, "nu_p2", ""), *kl = memory_find(sink, "n_kl", "");
    TAP_OK(nu != NULL && nu->n == 6 && memory_find(sink, "mass_p1", "") != NULL,
           "errors of variances and masses");
    TAP_STRING(nu->panel, "error", "drawn where a loss would be");
    TAP_OK(isnan(nu->bound) && memory_find(sink, "loss", "") == NULL, "no bound and no loss");
    TAP_OK(memory_find(sink, "beta1_p1", "") == NULL, "no slopes of scores that are not linear");
    TAP_CONTAINS(sink->events[0], "which gate ", "and why is told");
    double most = 0, least = INFINITY, error = 0;
    for (int r = 0; r < 3; r++) {
        most = fmax(most, memory_value(kl, 3000, r));
        least = fmin(least, memory_value(kl, 3000, r));
        error = fmax(error, memory_value(memory_find(sink, "tau_p1", ""), 3000, r));
    }
    printf("# %s: n KL from %.3f to %.3f, tau within %.4f\n", gate, least, most, error);
    TAP_OK(least > 0 && (crossed || most < 40), "n KL is that of a fit that holds the truth");
    TAP_OK(error < 0.06, "the shared variance is found");
    TAP_CONTAINS(sink->last_fit, "\"mass_split\"", "the document tells how masses were split");
    memory_sink_free(sink);
}

static void check_two_inputs(void) {
    static const char *const settings[] = {
        "gate=laplace",
        "theory.truth={\"x\":[-2,2],\"inputs\":2,\"routed\":[{\"beta0\":0,\"beta1\":[1,1],"
        "\"expert\":{\"weight\":[3,0],\"bias\":[1]},\"variance\":0.3},"
        "{\"beta0\":0,\"beta1\":[-1,0],"
        "\"expert\":{\"weight\":[0,-3],\"bias\":[0]},\"variance\":0.3}]}",
        "theory.k_shared=0",
        "theory.k_routed=2",
        "theory.sizes=[300]",
        "theory.replicates=2",
        NULL};
    memory_sink *sink = run(settings);
    const memory_series *mass = memory_find(sink, "mass_p1", "");
    TAP_OK(mass != NULL && mass->n == 2 && memory_value(mass, 300, 0) < 0.15,
           "two inputs: masses over draws of X");
    memory_sink_free(sink);
}

/* Means of both forms of softmax are the same, and sum to 1; a split start keeps those of its cells.
 */
static void check_means(void) {
    double means[2][GSC_MAX_ATOMS], split[GSC_MAX_ATOMS], mixture[64];
    gsc_error error = {0};
    for (int row = 0; row < 2; row++) {
        const char *const settings[] = {TRUTH("", FIRST, SECOND),
                                        row ? "gate=row_softmax" : "gate=softmax", NULL};
        gsc_truth *truth = truth_from("theorem2", settings);
        need(gsc_gate_means(truth, &truth->shape, truth->mixture, means[row], &error), &error);
        TAP_NEAR(means[row][0] + means[row][1], 1, 1e-14, "mean probabilities sum to 1");
        gsc_gate_family gate;
        gsc_mixture_shape shape;
        gsc_truth_fit_shape(truth, 1, 4, &gate, &shape);
        need(gsc_start_near_truth(truth, &shape, 0, 1, 100, 0, 0, mixture, &error), &error);
        need(gsc_gate_means(truth, &shape, mixture, split, &error), &error);
        double second = 0;
        for (size_t j = 0; j < 4; j++) {
            const double nu = mixture[gsc_mixture_get_layout(&shape).nu + j];
            second += nu < 0.35 ? split[j] : 0;
        }
        TAP_NEAR(second, means[row][1], 1e-12, "atoms that share a true one share its mass");
        gsc_truth_free(truth);
    }
    TAP_NEAR(means[1][0], means[0][0], 1e-13, "by row as by affinity");
    const char *const settings[] = {TRUTH(QUADRATIC, "", ""), "gate=quadratic", NULL};
    gsc_truth *truth = truth_from("theorem2", settings);
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_truth_fit_shape(truth, 1, 3, &gate, &shape);
    need(gsc_start_near_truth(truth, &shape, 0, 1, 100, 0, 0, mixture, &error), &error);
    const gsc_mixture_layout at = gsc_mixture_get_layout(&shape);
    const double *own = mixture + at.gate;
    const bool second = mixture[at.nu + 2] < 0.35; /* the atom that the third one joined */
    TAP_NEAR(own[0], 0.5, 0, "own numbers: a of the first atom");
    TAP_NEAR(own[2], second ? -0.2 : 0.5, 0, "a of the third");
    TAP_NEAR(own[5], second ? -0.5 : 0.8, 0, "b of the third");
    TAP_NEAR(own[8], second ? 0.5 : -0.5, 0, "c of the third");
    gsc_truth_free(truth);
}

/* Tensors that are left out come from the seed. */
static void check_drawn(void) {
    const char *const one[] = {TRUTH("", "", ""), "gate=quadratic", NULL};
    const char *const two[] = {TRUTH("", "", ""), "gate=quadratic", "seed=2", NULL};
    gsc_truth *a = truth_from("theorem2", one), *b = truth_from("theorem2", one),
              *c = truth_from("theorem2", two);
    const size_t at = a->layout.gate, bytes = (a->layout.size - at) * sizeof(double);
    TAP_OK(bytes == 6 * sizeof(double) && memcmp(a->mixture + at, b->mixture + at, bytes) == 0,
           "drawn tensors depend on the seed");
    TAP_OK(memcmp(a->mixture + at, c->mixture + at, bytes) != 0, "alone");
    gsc_truth_free(a);
    gsc_truth_free(b);
    gsc_truth_free(c);
}

static void refused(const char *const *settings, const char *sentence) {
    gsc_error error = {0};
    memory_sink *sink = memory_sink_new();
    TAP_OK(try(sink, settings, &error) == GSC_ERR_INPUT, "refused as input");
    TAP_CONTAINS(error.message, sentence, sentence);
    memory_sink_free(sink);
}

int main(void) {
    check_means();
    check_drawn();
    check_softmax();
    check_run("laplace", TRUTH("\"gate_tensors\":{\"temperature\":[2]},", FIRST, SECOND), false);
    check_run("quadratic", TRUTH(QUADRATIC, "", ""), false);
    check_run("laplace", TRUTH("\"gate\":\"softmax\",", FIRST, SECOND), true);
    check_two_inputs();
    refused((const char *const[]){"gate=row_softmax", "theory.trace=5", NULL},
            "theory.trace keeps losses");
    refused((const char *const[]){"gate=row_softmax", "theory.top_k=1", NULL}, "which top_k needs");
    refused((const char *const[]){"gate=quadratic",
                                  TRUTH("\"gate_tensors\":{\"d\":[1]},", FIRST, SECOND), NULL},
            "theory.truth.gate_tensors.d is unknown");
    refused((const char *const[]){"gate=quadratic",
                                  TRUTH("\"gate_tensors\":{\"a\":[1]},", FIRST, SECOND), NULL},
            "theory.truth.gate_tensors.a has 1 numbers; it should have 2");
    refused((const char *const[]){TRUTH("\"gate_tensors\":{\"a\":[1]},", FIRST, SECOND), NULL},
            "theory.truth.gate_tensors has no meaning for gate softmax");
    return tap_done();
}
