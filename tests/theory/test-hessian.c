/* SPDX-License-Identifier: MIT
 *
 * The log-likelihood's analytic gradient and Hessian against central differences, for linear, smooth and kinked
 * experts and for both gates.
 */
#include "core/theory/hessian.h"

#include "core/theory/start.h"
#include "tests/tap.h"
#include "tests/theory/support.h"

static void check(const char *preset, const char *const *settings, size_t k1, size_t k2,
                  double tolerance) {
    gsc_error error;
    gsc_truth *truth = truth_from(preset, settings);
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_truth_fit_shape(truth, k1, k2, &gate, &shape);
    const gsc_sample sample = sample_from(truth, 600, 0);
    const size_t size = gsc_mixture_get_layout(&shape).size;
    double *u = malloc(size * sizeof *u), *gradient = malloc(size * sizeof *u);
    double *hessian = malloc(size * size * sizeof *u);
    double *low = malloc(size * sizeof *u), *high = malloc(size * sizeof *u);
    need(gsc_start_near_truth(truth, &shape, 0.3, 3, sample.n, 0, 0, u, &error), &error);
    double direct;
    need(gsc_mixture_log_likelihood(&shape, u, &sample, &direct, &error), &error);
    gsc_mixture_to_free(&shape, u, u);
    gsc_objective *objective;
    need(gsc_objective_new(&shape, &objective, &error), &error);
    need(gsc_objective_bind(objective, &sample, &error), &error);
    double value, value_low, value_high;
    need(gsc_objective_evaluate(objective, u, &value, gradient, hessian, &error), &error);
    TAP_NEAR(value, direct, 1e-9 * fabs(direct), "value: that of the model");
    double worst_gradient = 0, worst_hessian = 0, asymmetry = 0, largest = 0;
    for (size_t i = 0; i < size; i++) {
        const double keep = u[i], step = 1e-5 * (1 + fabs(keep));
        u[i] = keep + step;
        need(gsc_objective_evaluate(objective, u, &value_high, high, NULL, &error), &error);
        u[i] = keep - step;
        need(gsc_objective_evaluate(objective, u, &value_low, low, NULL, &error), &error);
        u[i] = keep;
        const double slope = (value_high - value_low) / (2 * step);
        worst_gradient = fmax(worst_gradient, fabs(slope - gradient[i]) / (1 + fabs(slope)));
        for (size_t j = 0; j < size; j++) {
            const double curve = (high[j] - low[j]) / (2 * step);
            const double scale = 1 + sqrt(fabs(hessian[i * size + i] * hessian[j * size + j]));
            worst_hessian = fmax(worst_hessian, fabs(curve - hessian[i * size + j]) / scale);
            asymmetry = fmax(asymmetry, fabs(hessian[i * size + j] - hessian[j * size + i]));
            largest = fmax(largest, fabs(hessian[i * size + j]));
        }
    }
    char what[160];
    snprintf(what, sizeof what, "%s: gradient against differences", preset);
    TAP_NEAR(worst_gradient, 0, 1e-5, what);
    snprintf(what, sizeof what, "%s: Hessian against differences", preset);
    TAP_NEAR(worst_hessian, 0, tolerance, what);
    TAP_NEAR(asymmetry / largest, 0, 1e-12, "symmetric");
    gsc_objective_free(objective);
    free(u);
    free(gradient);
    free(hessian);
    free(low);
    free(high);
    free((double *)sample.x);
    free((double *)sample.y);
    gsc_truth_free(truth);
}

int main(void) {
    static const char *const gelu[] = {"expert={\"id\":\"gelu\",\"bias\":0}",
                                       "theory.shared_expert={\"id\":\"gelu\",\"bias\":1}", NULL};
    static const char *const sigmoid[] = {"gate=normalized_sigmoid", NULL};
    check("first", NULL, 3, 2, 1e-6);
    check("theorem2", NULL, 2, 3, 1e-6);
    check("theorem2", sigmoid, 2, 3, 1e-6);
    check("theorem1", gelu, 2, 3, 1e-5);
    check("theorem3", gelu, 2, 3, 1e-5);
    check("theorem4", NULL, 2, 3, 1e-2); /* kinks */
    check("theorem4", NULL, 1, 2, 1e-2);
    static const char *const plane[] = {
        "theory.truth={\"x\":[-2,2],\"inputs\":2,\"shared\":[{\"expert\":{\"weight\":[2,1],\"bias\":[0]},"
        "\"variance\":0.3}],\"routed\":[{\"beta0\":0.5,\"beta1\":[1,-1],\"expert\":{\"weight\":[3,0],"
        "\"bias\":[1]},\"variance\":0.4},{\"beta0\":0,\"beta1\":[0,0],\"expert\":{\"weight\":[-3,2],"
        "\"bias\":[1]},\"variance\":0.4}]}",
        NULL};
    static const char *const routed_only[] = {
        "theory.truth={\"x\":[-2,2],\"routed\":[{\"beta0\":0.5,\"beta1\":[1],\"expert\":{\"weight\":[3],"
        "\"bias\":[1]},\"variance\":0.4}]}",
        NULL};
    static const char *const shared_only[] = {
        "theory.truth={\"x\":[-2,2],\"shared\":[{\"expert\":{\"weight\":[3],\"bias\":[1]},"
        "\"variance\":0.4}]}",
        NULL};
    check("theorem2", plane, 2, 3, 1e-6);
    check("theorem2", routed_only, 0, 3, 1e-6);
    check("theorem2", shared_only, 3, 0, 1e-6);
    return tap_done();
}
