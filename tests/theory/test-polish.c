/* SPDX-License-Identifier: MIT
 *
 * Polished fits: the likelihood never falls, the gradient vanishes where nothing holds it, bounds are kept; the
 * divergence: zero at the truth, right against a closed form, converged in its nodes.
 */
#include "core/theory/polish.h"

#include "core/theory/fit.h"
#include "core/theory/kl.h"
#include "core/theory/start.h"
#include "tests/tap.h"
#include "tests/theory/support.h"

#include <string.h>

static void check_polish(const char *preset, size_t k1, size_t k2, double noise) {
    gsc_error error;
    char what[128];
    gsc_truth *truth = truth_from(preset, NULL);
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_truth_fit_shape(truth, k1, k2, &gate, &shape);
    const size_t size = gsc_mixture_get_layout(&shape).size;
    const gsc_mixture_layout at = gsc_mixture_get_layout(&shape);
    double *mixture = malloc(size * sizeof *mixture), *gradient = malloc(size * sizeof *mixture);
    double worst_fall = 0, worst_slope = 0, worst_mismatch = 0;
    bool inside = true;
    gsc_polish *polish;
    gsc_objective *objective;
    need(gsc_polish_new(&shape, &polish, &error), &error);
    need(gsc_objective_new(&shape, &objective, &error), &error);
    const gsc_polish_options options = {.gain = 1e-6, .max_iterations = 300};
    for (size_t replicate = 0; replicate < 6; replicate++) {
        const gsc_sample sample = sample_from(truth, 500, replicate);
        gsc_polish_info info;
        double before, after;
        need(gsc_start_near_truth(truth, &shape, noise, 1, 500, replicate, 0, mixture, &error),
             &error);
        need(gsc_mixture_log_likelihood(&shape, mixture, &sample, &before, &error), &error);
        need(gsc_polish_run(polish, &sample, &options, mixture, &info, &error), &error);
        need(gsc_mixture_log_likelihood(&shape, mixture, &sample, &after, &error), &error);
        worst_fall = fmax(worst_fall, before - after);
        worst_mismatch = fmax(worst_mismatch, fabs(after - info.log_likelihood));
        gsc_mixture_to_free(&shape, mixture, mixture);
        need(gsc_objective_bind(objective, &sample, &error), &error);
        need(gsc_objective_evaluate(objective, mixture, &after, gradient, NULL, &error), &error);
        for (size_t i = 0; i < size; i++) {
            const bool tau = i >= at.tau && i < at.beta0, nu = i >= at.nu;
            const bool omega = i < at.kappa;
            const double low = tau || nu ? log(shape.variance_floor) : omega ? -30 : -shape.box;
            const bool held = mixture[i] <= low + 1e-9 ||
                              (!tau && !nu && !omega && mixture[i] >= shape.box - 1e-9);
            inside &= mixture[i] >= low - 1e-9 && (tau || nu || mixture[i] <= shape.box + 1e-9);
            if (info.stop == GSC_POLISH_CONVERGED && !held) {
                worst_slope = fmax(worst_slope, fabs(gradient[i]));
            }
        }
        free((double *)sample.x);
        free((double *)sample.y);
    }
    snprintf(what, sizeof what, "%s (%zu, %zu): the likelihood never falls", preset, k1, k2);
    TAP_OK(worst_fall <= 0, what);
    TAP_NEAR(worst_mismatch, 0, 1e-6, "and is what polish says");
    TAP_OK(inside, "inside box and floor");
    snprintf(what, sizeof what, "%s (%zu, %zu): the gradient vanishes where nothing holds it",
             preset, k1, k2);
    if (truth->shared.linear) {
        TAP_NEAR(worst_slope, 0, 0.05, what);
    }
    gsc_polish_free(polish);
    gsc_objective_free(objective);
    free(mixture);
    free(gradient);
    gsc_truth_free(truth);
}

/* One shared linear expert alone: KL of two normals with another slope, intercept and variance is closed. */
/* Several inputs: an expert alone has a closed form (the mean of x^2 over [-3, 3] is 3), within a share of it; a
 * mixture is compared with the mean over a sample. */
static void check_divergence_of_inputs(const char *weight, const char *one, const char *two, int d,
                                       double tolerance) {
    gsc_error error = {0};
    gsc_objective *objective;
    gsc_kl *kl;
    char text[640];
    double moved[32], value, fit, exact;
    snprintf(
        text, sizeof text,
        "theory.truth={\"x\":[-3,3],\"inputs\":%d,\"shared\":[{\"omega\":1,\"expert\":{\"weight\":%s,"
        "\"bias\":[0]},\"variance\":0.2}]}",
        d, weight);
    gsc_truth *truth = truth_from("theorem2", (const char *const[]){text, NULL});
    need(gsc_kl_new(truth, &kl, &error), &error);
    need(gsc_objective_new(&truth->shape, &objective, &error), &error);
    memcpy(moved, truth->mixture, truth->layout.size * sizeof(double));
    moved[truth->layout.kappa] += 0.1;
    moved[truth->layout.kappa + 1] -= 0.2;
    moved[truth->layout.tau] = 0.3;
    need(gsc_kl_compute(kl, objective, &truth->shape, moved, &value, &error), &error);
    const double expected = 0.5 * (log(0.3 / 0.2) + (0.2 + 3 * (0.01 + 0.04)) / 0.3 - 1);
    TAP_NEAR(value, expected, tolerance * expected, "several inputs: the closed form");
    gsc_kl_free(kl);
    gsc_objective_free(objective);
    gsc_truth_free(truth);
    snprintf(
        text, sizeof text,
        "theory.truth={\"x\":[-3,3],\"inputs\":%d,\"routed\":[{\"beta0\":0.2,\"beta1\":%s,\"expert\":{"
        "\"weight\":%s,\"bias\":[0]},\"variance\":0.3},{\"beta0\":0,\"beta1\":%s,\"expert\":{"
        "\"weight\":%s,\"bias\":[1]},\"variance\":0.2}]}",
        d, one, weight, two, one);
    truth = truth_from("theorem2", (const char *const[]){text, "theory.k_shared=0", NULL});
    need(gsc_kl_new(truth, &kl, &error), &error);
    need(gsc_objective_new(&truth->shape, &objective, &error), &error);
    memcpy(moved, truth->mixture, truth->layout.size * sizeof(double));
    moved[truth->layout.eta] += 0.2;
    moved[truth->layout.beta1] += 0.5;
    moved[truth->layout.nu] = 0.4;
    need(gsc_kl_compute(kl, objective, &truth->shape, moved, &value, &error), &error);
    const gsc_sample sample = sample_from(truth, 300000, 0);
    need(gsc_mixture_log_likelihood(&truth->shape, moved, &sample, &fit, &error), &error);
    need(gsc_mixture_log_likelihood(&truth->shape, truth->mixture, &sample, &exact, &error),
         &error);
    printf("# %d inputs: %.6f by nodes, %.6f over draws\n", d, value, (exact - fit) / 3e5);
    TAP_NEAR(value, (exact - fit) / 3e5, 0.03 * value, "several inputs: the mean over a sample");
    free((double *)sample.x);
    free((double *)sample.y);
    gsc_kl_free(kl);
    gsc_objective_free(objective);
    gsc_truth_free(truth);
}

static void check_divergence(void) {
    gsc_error error;
    static const char *const alone[] = {
        "theory.truth={\"x\":[-3,3],\"shared\":[{\"omega\":1,\"expert\":{\"weight\":[2],\"bias\":[0]},"
        "\"variance\":0.2}]}",
        NULL};
    gsc_truth *truth = truth_from("theorem2", alone);
    gsc_objective *objective;
    gsc_kl *kl;
    double mixture[8], value;
    need(gsc_kl_new(truth, &kl, &error), &error);
    need(gsc_objective_new(&truth->shape, &objective, &error), &error);
    memcpy(mixture, truth->mixture, truth->layout.size * sizeof(double));
    need(gsc_kl_compute(kl, objective, &truth->shape, mixture, &value, &error), &error);
    TAP_NEAR(value, 0, 1e-15, "no divergence from itself");
    mixture[truth->layout.kappa] += 0.1;
    mixture[truth->layout.kappa + 1] -= 0.05;
    mixture[truth->layout.tau] = 0.3;
    need(gsc_kl_compute(kl, objective, &truth->shape, mixture, &value, &error), &error);
    const double expected = 0.5 * (log(0.3 / 0.2) + (0.2 + 0.01 * 3 + 0.0025) / 0.3 - 1);
    TAP_NEAR(value, expected, 1e-12, "two normals: the closed form");
    gsc_kl_free(kl);
    gsc_objective_free(objective);
    gsc_truth_free(truth);
    /* Against the sample mean of log f* - log f on a million draws. */
    truth = truth_from("first", NULL);
    need(gsc_kl_new(truth, &kl, &error), &error);
    need(gsc_objective_new(&truth->shape, &objective, &error), &error);
    double moved[16], fit, exact;
    memcpy(moved, truth->mixture, truth->layout.size * sizeof(double));
    moved[truth->layout.eta] += 0.3;
    moved[truth->layout.beta1] += 0.4;
    moved[truth->layout.tau] = 0.05;
    need(gsc_kl_compute(kl, objective, &truth->shape, moved, &value, &error), &error);
    const gsc_sample sample = sample_from(truth, 1000000, 0);
    need(gsc_mixture_log_likelihood(&truth->shape, moved, &sample, &fit, &error), &error);
    need(gsc_mixture_log_likelihood(&truth->shape, truth->mixture, &sample, &exact, &error),
         &error);
    TAP_NEAR(value, (exact - fit) / 1e6, 0.006 * value, "a mixture: the mean over a large sample");
    free((double *)sample.x);
    free((double *)sample.y);
    gsc_kl_free(kl);
    gsc_objective_free(objective);
    gsc_truth_free(truth);
    check_divergence_of_inputs("[2,-1]", "[1,-1]", "[-0.5,1]", 2, 1e-10);
    check_divergence_of_inputs("[2,-1,1]", "[1,-1,0.5]", "[-0.5,1,1]", 3, 0.005);
}

/* More starts never do worse; the certificate counts. */
static void check_fit(void) {
    gsc_error error;
    gsc_truth *truth = truth_from("first", NULL);
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_truth_fit_shape(truth, 3, 2, &gate, &shape);
    gsc_fitter *fitter;
    gsc_fit one, four;
    double mixture[64], gain = 0;
    need(gsc_fitter_new(truth, &shape, 1000, &fitter, &error), &error);
    gsc_fit_options options = {.seed = 1,
                               .start_noise = 0.05,
                               .starts = 1,
                               .em = gsc_em_options_default(),
                               .polish = true,
                               .newton = {.gain = 0.01, .max_iterations = 200}};
    bool better = true, counted = true, converged = true;
    for (size_t replicate = 0; replicate < 8; replicate++) {
        const gsc_sample sample = sample_from(truth, 1000, replicate);
        options.starts = 1;
        need(gsc_fitter_run(fitter, &sample, replicate, &options, mixture, NULL, &one, &error),
             &error);
        options.starts = 4;
        need(gsc_fitter_run(fitter, &sample, replicate, &options, mixture, NULL, &four, &error),
             &error);
        better &= four.log_likelihood >= one.log_likelihood &&
                  four.log_likelihood >= four.log_likelihood_stopped;
        counted &= four.hits >= 1 && four.hits <= 4 && four.starts == 4;
        converged &= four.polish.stop == GSC_POLISH_CONVERGED;
        gain += (four.log_likelihood - four.log_likelihood_truth) / 8;
        free((double *)sample.x);
        free((double *)sample.y);
    }
    TAP_OK(better, "four starts are never worse than the first of them");
    TAP_OK(counted, "the certificate counts starts");
    TAP_OK(converged, "every polished fit converged");
    TAP_OK(gain > 4 && gain < 20, "the maximum lies some nats above the truth");
    gsc_fitter_free(fitter);
    gsc_truth_free(truth);
}

int main(void) {
    check_polish("first", 1, 2, 0.05);
    check_polish("first", 3, 2, 0.05);
    check_polish("first", 3, 2, 1.0);
    check_polish("theorem2", 2, 3, 0.05);
    check_polish("theorem1", 2, 3, 0.05);
    check_polish("theorem4", 2, 3, 0.05);
    check_divergence();
    check_fit();
    return tap_done();
}
