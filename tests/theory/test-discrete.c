/* SPDX-License-Identifier: MIT
 *
 * The categorical mixture: probabilities and their Jacobian, losses and divergences that are 0
 * where they should be, the sampler, monotone likelihood, the exponents of the fingerprint, and
 * what cannot be identified.
 */
#include "core/theory/align.h"
#include "core/theory/discrete_fit.h"
#include "core/theory/fingerprint.h"
#include "core/theory/lab.h"
#include "core/theory/start.h"

#include "tests/tap.h"
#include "tests/theory/memory_sink.h"
#include "tests/theory/support.h"

#define LINEAR                                                                                     \
    "theory.truth={\"x\":[-3,3],"                                                                  \
    "\"shared\":[{\"expert\":{\"weight\":[2,-1,-4],\"bias\":[0,1,-2]}}],"                          \
    "\"routed\":[{\"beta0\":-0.5,\"beta1\":[1],\"expert\":{\"weight\":[8,-3,5],"                   \
    "\"bias\":[2,-2,6]}},{\"beta0\":0,\"beta1\":[0],\"expert\":{\"weight\":[-6,4,2],"              \
    "\"bias\":[1,-3,3]}}]}"
#define GELU                                                                                       \
    "theory.truth={\"x\":[-3,3],"                                                                  \
    "\"shared\":[{\"expert\":{\"in\":[1,-2,0.5],\"bias\":[0,0.3,1],\"out\":[1,2,-1]}}],"           \
    "\"routed\":[{\"beta0\":-0.5,\"beta1\":[1],\"expert\":{\"in\":[2,1,-1],\"bias\":[1,0,0],"      \
    "\"out\":[1,-1,2]}},{\"beta0\":0.4,\"beta1\":[-2],\"expert\":{\"in\":[1,1,3],"                 \
    "\"bias\":[0.5,-1,0],\"out\":[-2,1,1]}}]}"
/* One expert alone. */
#define PLAIN(weight, bias)                                                                        \
    "theory.truth={\"x\":[-3,3],\"shared\":[{\"expert\":{\"weight\":" weight ",\"bias\":" bias     \
    "}}]}"

static gsc_truth *linear(void) {
    static const char *const settings[] = {"theory.response=categorical", LINEAR, NULL};
    return truth_from("theorem2", settings);
}

/* ---- Probabilities ---- */

static void check_jacobian(const gsc_truth *truth, const char *what) {
    enum {
        N = 9,
        MOST = 64
    };
    gsc_error error;
    gsc_discrete *model;
    const size_t size = truth->layout.size, classes = truth->classes, rows = classes * N;
    static double x[N], y[N], p[MOST * N], low[MOST * N], high[MOST * N], own[N];
    static double jacobian[MOST * MOST * N], of_rows[MOST * N];
    need(gsc_discrete_new(&truth->shape, N, &model, &error), &error);
    for (size_t t = 0; t < N; t++) {
        x[t] = -3 + 0.7 * (double)t;
        y[t] = (double)(t % classes);
    }
    need(gsc_discrete_evaluate(model, truth->mixture, N, x, N, NULL, p, jacobian, &error), &error);
    need(gsc_discrete_evaluate(model, truth->mixture, N, x, N, y, own, of_rows, &error), &error);
    double sums = 0, agreement = 0, worst = 0;
    for (size_t t = 0; t < N; t++) {
        double sum = 0;
        for (size_t c = 0; c < classes; c++) {
            sum += p[c * N + t];
        }
        sums = fmax(sums, fabs(sum - 1));
        agreement = fmax(agreement, fabs(own[t] - p[(t % classes) * N + t]));
        for (size_t q = 0; q < size; q++) {
            agreement = fmax(agreement,
                             fabs(of_rows[q * N + t] - jacobian[q * rows + (t % classes) * N + t]));
        }
    }
    double *moved = malloc(size * sizeof *moved);
    for (size_t q = 0; q < size; q++) {
        const double step = 1e-5;
        memcpy(moved, truth->mixture, size * sizeof *moved);
        moved[q] += step;
        need(gsc_discrete_evaluate(model, moved, N, x, N, NULL, high, NULL, &error), &error);
        moved[q] -= 2 * step;
        need(gsc_discrete_evaluate(model, moved, N, x, N, NULL, low, NULL, &error), &error);
        for (size_t r = 0; r < rows; r++) {
            const double slope = (high[r] - low[r]) / (2 * step);
            worst = fmax(worst, fabs(slope - jacobian[q * rows + r]));
        }
    }
    TAP_NEAR(sums, 0, 1e-14, "probabilities of the classes sum to 1");
    TAP_NEAR(agreement, 0, 1e-15, "one class a row agrees with all classes");
    TAP_NEAR(worst, 0, 1e-8, what);
    free(moved);
    gsc_discrete_free(model);
}

static void check_probabilities(void) {
    static const char *const gelu[] = {"theory.response=categorical",
                                       "gate=normalized_sigmoid",
                                       "expert={\"id\":\"gelu\",\"bias\":1}",
                                       "theory.shared_expert={\"id\":\"gelu\",\"bias\":1}",
                                       GELU,
                                       NULL};
    gsc_truth *truth = linear();
    check_jacobian(truth, "Jacobian by differences: softmax, linear");
    gsc_truth_free(truth);
    truth = truth_from("theorem2", gelu);
    check_jacobian(truth, "Jacobian by differences: normalized sigmoid, GELU");
    gsc_truth_free(truth);
}

/* The share of each class in a large sample is its mean probability. */
static void check_sampler(void) {
    enum {
        N = 200000
    };
    gsc_error error;
    gsc_truth *truth = linear();
    gsc_discrete *model;
    double share[4] = {0}, mean[4] = {0}, p[4];
    const gsc_sample sample = sample_from(truth, N, 0);
    need(gsc_discrete_new(&truth->shape, 1, &model, &error), &error);
    for (size_t t = 0; t < N; t++) {
        share[(size_t)sample.y[t]] += 1.0 / N;
        need(
            gsc_discrete_evaluate(model, truth->mixture, 1, sample.x + t, 1, NULL, p, NULL, &error),
            &error);
        for (int c = 0; c < 4; c++) {
            mean[c] += p[c] / N;
        }
    }
    for (int c = 0; c < 4; c++) {
        TAP_NEAR(share[c], mean[c], 4 * sqrt(mean[c] / N),
                 "a class is drawn as often as it should");
    }
    free((double *)sample.x);
    free((double *)sample.y);
    gsc_discrete_free(model);
    gsc_truth_free(truth);
}

/* ---- Zeros ---- */

static void check_zeros(void) {
    gsc_error error;
    gsc_truth *truth = linear();
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_discrete_fitter *fitter;
    gsc_voronoi cells;
    gsc_loss loss;
    double mixture[128], kl;
    /* Shared atom twice; routed atoms in the other order, the first of them twice. */
    static const size_t order[] = {0, 0, 1, 0, 0};
    gsc_truth_fit_shape(truth, 2, 3, &gate, &shape);
    need(gsc_kl_fit_split_truth(truth, &shape, order, 20, mixture, &error), &error);
    gsc_voronoi_assign(truth, &shape, mixture, &cells);
    need(gsc_loss_compute(GSC_LOSS_D1, truth, &shape, mixture, &cells, &loss, &error), &error);
    TAP_NEAR(loss.total, 0, 1e-9,
             "permuted and duplicated, its masses split, the truth has loss 0");
    need(gsc_discrete_fitter_new(truth, &shape, &fitter, &error), &error);
    need(gsc_discrete_fitter_kl(fitter, mixture, &kl, &error), &error);
    TAP_NEAR(kl, 0, 1e-18, "and divergence 0");
    gsc_align_info info;
    const gsc_mixture_layout at = gsc_mixture_get_layout(&shape);
    for (size_t j = 0; j < 3; j++) {
        mixture[at.beta0 + j] += 1.5;
        mixture[at.beta1 + j] -= 0.75;
    }
    need(gsc_discrete_fitter_kl(fitter, mixture, &kl, &error), &error);
    TAP_NEAR(kl, 0, 1e-18, "so has it with all logits of the gate translated");
    need(gsc_align(truth, GSC_LOSS_D1, &shape, mixture, &info, &error), &error);
    need(gsc_loss_compute(GSC_LOSS_D1, truth, &shape, mixture, &cells, &loss, &error), &error);
    TAP_NEAR(loss.total, 0, 1e-9, "and, aligned, loss 0");
    mixture[at.kappa] += 0.3;
    need(gsc_loss_compute(GSC_LOSS_D1, truth, &shape, mixture, &cells, &loss, &error), &error);
    TAP_NEAR(loss.total, 0.5 * 0.09, 1e-9, "an over-specified atom counts by its square");
    need(gsc_discrete_fitter_kl(fitter, mixture, &kl, &error), &error);
    TAP_OK(kl > 1e-7, "and moves the divergence");
    gsc_discrete_fitter_free(fitter);
    gsc_truth_free(truth);
}

/* ---- Likelihood ---- */

static void check_descent(const gsc_truth *truth, const gsc_sample *sample) {
    gsc_error error;
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_quadrature *nodes;
    gsc_kl_fit *fit;
    double mixture[128], u[128], before, now, direct;
    static const size_t groups[] = {0, 1, 2, 3, 4};
    gsc_truth_fit_shape(truth, 2, 2, &gate, &shape);
    const gsc_kl_fit_options options = {.gate_box = 20, .max_iterations = 1};
    need(gsc_quadrature_new(truth, &gsc_quadrature_quick, &nodes, &error), &error);
    need(gsc_kl_fit_new(nodes, &shape, groups, &options, &fit, &error), &error);
    need(gsc_start_near_truth(truth, &shape, 0.5, 1, sample->n, 0, 0, mixture, &error), &error);
    gsc_kl_fit_bind(fit, sample);
    need(gsc_kl_fit_from_mixture(fit, mixture, u, &error), &error);
    need(gsc_kl_fit_evaluate(fit, u, &before, &error), &error);
    const double first = before;
    bool monotone = true;
    for (int i = 0; i < 40; i++) {
        gsc_kl_fit_info info;
        need(gsc_kl_fit_run(fit, u, &info, &error), &error);
        need(gsc_kl_fit_evaluate(fit, u, &now, &error), &error);
        monotone &= now <= before * (1 + 1e-14);
        before = now;
    }
    TAP_OK(monotone, "no step lowers the likelihood");
    TAP_OK(now < first - 1, "and together they raise it");
    gsc_discrete *model;
    need(gsc_discrete_new(&shape, 100, &model, &error), &error);
    need(gsc_kl_fit_to_mixture(fit, u, mixture, &error), &error);
    need(gsc_discrete_log_likelihood(model, mixture, sample, &direct, &error), &error);
    TAP_NEAR(direct, -now, 1e-9 * fabs(now), "what descends is minus the log-likelihood");
    gsc_discrete_free(model);
    gsc_kl_fit_free(fit);
    gsc_quadrature_free(nodes);
}

static void check_fits(void) {
    enum {
        N = 2000,
        REPLICATES = 8
    };
    static const char *const settings[] = {"theory.response=categorical", "theory.k_routed=0",
                                           PLAIN("[1,2,3]", "[1,1,-1]"), NULL};
    gsc_error error;
    gsc_truth *truth = linear();
    gsc_sample sample = sample_from(truth, N, 0);
    check_descent(truth, &sample);
    free((double *)sample.x);
    free((double *)sample.y);
    gsc_truth_free(truth);
    truth = truth_from("theorem2", settings);
    gsc_discrete_fitter *fitter;
    const gsc_fit_options options = {.seed = 1, .start_noise = 0.05, .starts = 2};
    need(gsc_discrete_fitter_new(truth, &truth->shape, &fitter, &error), &error);
    double mixture[128], n_kl = 0, gain = 0, kl;
    bool better = true;
    for (size_t r = 0; r < REPLICATES; r++) {
        gsc_fit fit;
        sample = sample_from(truth, N, r);
        need(gsc_discrete_fitter_run(fitter, &sample, r, &options, mixture, &fit, &error), &error);
        need(gsc_discrete_fitter_kl(fitter, mixture, &kl, &error), &error);
        better &= fit.log_likelihood >= fit.log_likelihood_truth;
        gain += (fit.log_likelihood - fit.log_likelihood_truth) / REPLICATES;
        n_kl += N * kl / REPLICATES;
        free((double *)sample.x);
        free((double *)sample.y);
    }
    TAP_OK(better, "a fit is likelier than the truth");
    /* 6 parameters: both have mean 3 and standard deviation sqrt(3), here sqrt(3 / 8). */
    TAP_NEAR(n_kl, 3, 1.9, "an exact fit's n KL is half its parameters");
    TAP_NEAR(gain, 3, 1.9, "and so is its gain in likelihood");
    gsc_discrete_fitter_free(fitter);
    gsc_truth_free(truth);
}

/* ---- Fingerprints ---- */

static gsc_fingerprint trace(const char *classes, const char *plain, size_t k, const char *block) {
    const char *const settings[] = {"theory.response=categorical", classes, plain, NULL};
    gsc_error error;
    gsc_truth *truth = truth_from("theorem2", settings);
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_quadrature *nodes;
    gsc_error_block blocks[GSC_MAX_ERROR_BLOCKS];
    gsc_fingerprint curve = {0};
    gsc_truth_fit_shape(truth, k, 0, &gate, &shape);
    need(gsc_quadrature_new(truth, &gsc_quadrature_quick, &nodes, &error), &error);
    gsc_fingerprint_options options = gsc_fingerprint_options_default(&shape);
    options.n_deltas = 6;
    options.starts = 2;
    for (size_t i = 0; i < options.n_deltas; i++) {
        options.deltas[i] = 0.05 * pow(20, (double)i / 5);
    }
    const size_t n = gsc_fingerprint_blocks(truth, blocks);
    for (size_t b = 0; b < n; b++) {
        if (strcmp(blocks[b].name, block) == 0) {
            need(gsc_fingerprint_init(&curve, truth, &shape, nodes, &blocks[b], &options, &error),
                 &error);
        }
    }
    gsc_quadrature_free(nodes);
    gsc_truth_free(truth);
    return curve;
}

static void check_fingerprints(void) {
    static const char four[] = PLAIN("[1,2,3]", "[1,1,-1]"), two[] = PLAIN("[2]", "[1]");
    static const char flat[] = PLAIN("[0]", "[0.5]"), equal[] = PLAIN("[1,1,3]", "[1,1,-1]");
    static const struct {
        const char *classes, *truth, *block, *what;
        size_t k;
        double exponent;
    } cases[] = {
        {"theory.classes=4", four, "kappa_weight", "4 classes, exact: weight", 1, 2},
        {"theory.classes=4", four, "kappa_bias", "4 classes, exact: bias", 1, 2},
        {"theory.classes=4", four, "kappa_weight", "4 classes, 2 fitted to 1: weight", 2, 4},
        {"theory.classes=4", four, "kappa_bias", "4 classes, 2 fitted to 1: bias, not 8", 2, 4},
        {"theory.classes=4", four, "kappa_weight", "4 classes, 3 fitted to 1: weight", 3, 4},
        {"theory.classes=2", two, "kappa_weight", "2 classes, exact: weight", 1, 2},
        {"theory.classes=2", two, "kappa_weight", "2 classes, 2 fitted to 1: weight", 2, 4},
        {"theory.classes=2", two, "kappa_bias", "2 classes, 2 fitted to 1: bias", 2, 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gsc_fingerprint curve = trace(cases[i].classes, cases[i].truth, cases[i].k, cases[i].block);
        TAP_NEAR(curve.slope[0], cases[i].exponent, 0.06 * cases[i].exponent, cases[i].what);
        gsc_fingerprint_clear(&curve);
    }
    gsc_fingerprint curve = trace("theory.classes=2", flat, 1, "kappa_bias");
    TAP_OK(curve.kl[5] > 1e-3, "a flat logit of one expert is found");
    gsc_fingerprint_clear(&curve);
    curve = trace("theory.classes=2", flat, 2, "kappa_bias");
    TAP_NEAR(curve.kl[5], 0, 1e-24, "2 classes, no effect of x, 2 fitted to 1: not identifiable");
    gsc_fingerprint_clear(&curve);
    curve = trace("theory.classes=4", equal, 2, "kappa_bias");
    TAP_NEAR(curve.kl[5], 0, 1e-24, "4 classes, two of one slope, 2 fitted to 1: nor is this");
    gsc_fingerprint_clear(&curve);
}

/* ---- The lab ---- */

static void refused(const char *const *settings, const char *sentence) {
    gsc_error error = {0};
    gsc_spec *spec;
    gsc_truth *truth;
    need(gsc_spec_load("preset:theorem2", &spec, &error), &error);
    for (; *settings != NULL; settings++) {
        need(gsc_spec_set(spec, *settings, &error), &error);
    }
    const gsc_status status = gsc_truth_new(spec, &truth, &error);
    TAP_OK(status == GSC_ERR_INPUT, "refused");
    TAP_CONTAINS(error.message, sentence, "in one sentence");
    gsc_spec_free(spec);
}

static void check_lab(void) {
    static const char *const relu[] = {"theory.response=categorical", "expert=relu", NULL};
    static const char *const variance[] = {"theory.response=categorical", "theory.classes=2", NULL};
    static const char *const short_list[] = {"theory.response=categorical", "theory.classes=5",
                                             LINEAR, NULL};
    refused(relu, "free scale for each class");
    refused(variance, "has no meaning for a categorical response");
    refused(short_list, "weight has 3 numbers; it should have 4");
    gsc_error error;
    gsc_pool *pool;
    gsc_spec *spec;
    memory_sink *sink = memory_sink_new();
    need(gsc_spec_load("preset:discrete", &spec, &error), &error);
    need(gsc_spec_set(spec, "theory.sizes=[500,2000]", &error), &error);
    need(gsc_spec_set(spec, "theory.replicates=2", &error), &error);
    need(gsc_spec_set(spec, "theory.k_shared=[1,2]", &error), &error);
    need(gsc_pool_new(2, &pool, &error), &error);
    need(gsc_theory_run(spec, pool, &sink->sink, &error), &error);
    const memory_series *loss = memory_find(sink, "loss", "k_shared=2");
    TAP_OK(loss != NULL && loss->n == 4 && isnan(loss->bound), "a loss for every fit, no bound");
    TAP_OK(memory_find(sink, "n_kl", "k_shared=2")->n == 4, "and its divergence");
    TAP_OK(memory_find(sink, "kappa_bias_p2", "k_shared=2") != NULL, "an error of every block");
    TAP_OK(memory_find(sink, "tau_p2", "k_shared=2") == NULL &&
               memory_find(sink, "loss_stopped", "k_shared=2") == NULL,
           "but of no variance and no EM");
    TAP_OK(sink->fits == 8, "one document for each fit");
    gsc_pool_free(pool);
    gsc_spec_free(spec);
    memory_sink_free(sink);
}

int main(void) {
    check_probabilities();
    check_sampler();
    check_zeros();
    check_fits();
    check_fingerprints();
    check_lab();
    return tap_done();
}
