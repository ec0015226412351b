/* SPDX-License-Identifier: MIT
 *
 * The mixture and its families: the likelihood against a naive one in long double, derivatives
 * against finite differences, symmetries of the likelihood, and a gate whose values are not finite
 * being named.
 */
#include "core/theory/model.h"

#include "tests/tap.h"
#include "tests/theory/support.h"

#include <string.h>

static const char *const gelu[] = {"expert={\"id\": \"gelu\", \"bias\": 0}",
                                   "theory.shared_expert={\"id\": \"gelu\", \"bias\": 1}", NULL};

static double likelihood(const gsc_mixture_shape *shape, const double *mixture,
                         const gsc_sample *sample) {
    gsc_error error;
    double value;
    need(gsc_mixture_log_likelihood(shape, mixture, sample, &value, &error), &error);
    return value;
}

/* One component's mean at x, by hand; form: the expert's id. */
static long double mean_of(const gsc_expert_family *family, const double *theta, double x) {
    const char *id = family->loaded->plugin->id;
    if (strcmp(id, "linear") == 0) {
        return (long double)theta[0] * x + theta[1];
    }
    const long double bias = family->theta_size == 3 ? theta[1] : 0;
    const long double u = theta[0] * (long double)x + bias;
    const long double out = theta[family->theta_size - 1];
    if (strcmp(id, "relu") == 0) {
        return u > 0 ? out * u : 0;
    }
    return out * u * 0.5L * (1 + erfl(u * 0.707106781186547524400844362104849039L));
}

static long double naive(const gsc_truth *truth, const gsc_sample *sample) {
    const gsc_mixture_shape *shape = &truth->shape;
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    const double *m = truth->mixture;
    const bool softmax = strcmp(shape->gate->loaded->plugin->id, "softmax") == 0;
    long double total = 0;
    for (size_t t = 0; t < sample->n; t++) {
        const double x = sample->x[t], y = sample->y[t];
        long double f = 0, gates = 0, a[8];
        for (size_t j = 0; j < shape->k_routed; j++) {
            const long double z = m[at.beta0 + j] + (long double)m[at.beta1 + j] * x;
            a[j] = softmax ? expl(z) : 1 / (1 + expl(-z));
            gates += a[j];
        }
        for (size_t c = 0; c < shape->k_shared + shape->k_routed; c++) {
            const bool shared = c < shape->k_shared;
            const size_t j = shared ? c : c - shape->k_shared;
            const gsc_expert_family *family = shared ? shape->shared : shape->routed;
            const double *theta = m + (shared ? at.kappa : at.eta) + j * family->theta_size;
            const long double v = m[(shared ? at.tau : at.nu) + j];
            const long double e = y - mean_of(family, theta, x);
            const long double weight =
                0.5L * (shared ? (long double)m[at.omega + j] : a[j] / gates);
            f += weight * expl(-e * e / (2 * v)) /
                 sqrtl(2 * 3.14159265358979323846264338327950288L * v);
        }
        total += logl(f);
    }
    return total;
}

static void check_likelihood(const char *preset, const char *const *settings) {
    gsc_truth *truth = truth_from(preset, settings);
    gsc_sample sample = sample_from(truth, 1300, 0);
    const double expected = (double)naive(truth, &sample);
    printf("# %s\n", preset);
    TAP_NEAR(likelihood(&truth->shape, truth->mixture, &sample), expected, 1e-11 * fabs(expected),
             "log-likelihood as in long double");
    free((void *)sample.x);
    free((void *)sample.y);
    gsc_truth_free(truth);
}

/* The truth with every routed atom twice, gates shifted so that the mass is the same, and all
 * reversed. */
static void check_symmetries(void) {
    gsc_truth *truth = truth_from("theorem2", NULL);
    gsc_sample sample = sample_from(truth, 700, 0);
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_truth_fit_shape(truth, 2, 4, &gate, &shape);
    const gsc_mixture_layout from = truth->layout, to = gsc_mixture_get_layout(&shape);
    const double *m = truth->mixture;
    double twice[64] = {0};
    for (size_t i = 0; i < 2; i++) {
        twice[to.omega + i] = m[from.omega] / 2;
        memcpy(twice + to.kappa + 2 * i, m + from.kappa, 2 * sizeof(double));
        twice[to.tau + i] = m[from.tau];
    }
    for (size_t j = 0; j < 4; j++) {
        const size_t of = (3 - j) / 2;
        twice[to.beta0 + j] = m[from.beta0 + of] - log(2);
        twice[to.beta1 + j] = m[from.beta1 + of];
        memcpy(twice + to.eta + 2 * j, m + from.eta + 2 * of, 2 * sizeof(double));
        twice[to.nu + j] = m[from.nu + of];
    }
    const double expected = likelihood(&truth->shape, m, &sample);
    TAP_NEAR(likelihood(&shape, twice, &sample), expected, 1e-12 * fabs(expected),
             "the truth in duplicate, mass split, order reversed, has the same likelihood");
    free((void *)sample.x);
    free((void *)sample.y);
    gsc_truth_free(truth);
}

static void check_softmax_limit(void) {
    const char *const sigmoid[] = {"gate=normalized_sigmoid", NULL};
    gsc_truth *soft = truth_from("theorem2", NULL), *sigma = truth_from("theorem2", sigmoid);
    gsc_sample sample = sample_from(soft, 600, 0);
    for (size_t j = 0; j < 2; j++) {
        sigma->mixture[sigma->layout.beta0 + j] -= 60;
    }
    const double expected = likelihood(&soft->shape, soft->mixture, &sample);
    TAP_NEAR(likelihood(&sigma->shape, sigma->mixture, &sample), expected, 1e-11 * fabs(expected),
             "the normalized sigmoid far below 0 is the softmax");
    free((void *)sample.x);
    free((void *)sample.y);
    gsc_truth_free(soft);
    gsc_truth_free(sigma);
}

static void check_jacobian(const char *preset, const char *const *settings) {
    gsc_truth *truth = truth_from(preset, settings);
    const gsc_expert_family *family = truth->shape.shared;
    enum {
        N = 40
    };
    double x[N], h[N], low[N], high[N], jacobian[8 * N], theta[8] = {1.3, -0.4, 0.7};
    double *scratch = malloc(gsc_expert_scratch(family, N) * sizeof *scratch);
    gsc_error error;
    double worst = 0;
    for (size_t t = 0; t < N; t++) {
        x[t] = -3 + 6 * ((double)t + 0.37) / N;
    }
    need(gsc_expert_evaluate(family, theta, N, x, N, h, jacobian, scratch, &error), &error);
    for (size_t p = 0; p < family->theta_size; p++) {
        const double kept = theta[p];
        theta[p] = kept + 1e-5;
        need(gsc_expert_evaluate(family, theta, N, x, N, high, NULL, scratch, &error), &error);
        theta[p] = kept - 1e-5;
        need(gsc_expert_evaluate(family, theta, N, x, N, low, NULL, scratch, &error), &error);
        theta[p] = kept;
        for (size_t t = 0; t < N; t++) {
            worst = fmax(worst, fabs((high[t] - low[t]) / 2e-5 - jacobian[p * N + t]));
        }
    }
    printf("# %s\n", family->name);
    TAP_OK(worst < 1e-8, "the Jacobian is the derivative");
    free(scratch);
    gsc_truth_free(truth);
}

static void check_slope(const char *preset) {
    gsc_truth *truth = truth_from(preset, NULL);
    const double z[6] = {-30, -4, -0.5, 0, 2, 25};
    gsc_error error;
    for (int numeric = 0; numeric < 2; numeric++) {
        gsc_gate_family family = truth->gate;
        gsc_loaded loaded = *family.loaded;
        gsc_gate gate = *loaded.gate;
        gate.affinity_slope = numeric ? NULL : gate.affinity_slope;
        loaded.gate = &gate;
        family.loaded = &loaded;
        double a[6], slope[6], high[6], low[6], moved[6], worst = 0;
        need(gsc_gate_log_affinity(&family, 6, z, a, slope, &error), &error);
        for (int side = 0; side < 2; side++) {
            for (size_t i = 0; i < 6; i++) {
                moved[i] = z[i] + (side ? 1e-4 : -1e-4);
            }
            need(gsc_gate_log_affinity(&family, 6, moved, side ? high : low, NULL, &error), &error);
        }
        for (size_t i = 0; i < 6; i++) {
            worst = fmax(worst, fabs((high[i] - low[i]) / 2e-4 - slope[i]));
        }
        TAP_OK(worst < 1e-8, numeric ? "the slope by differences" : "the plugin's slope");
    }
    gsc_truth_free(truth);
}

static void bad_affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        ret_a[i] = z[i] > 12 ? (real)NAN : z[i];
    }
}

static void check_not_finite(void) {
    gsc_truth *truth = truth_from("theorem2", NULL);
    gsc_gate_family family = truth->gate;
    gsc_loaded loaded = *family.loaded;
    gsc_gate gate = *loaded.gate;
    gsc_error error = {0};
    const double z[3] = {1, 12.3, 2};
    double a[3];
    gate.affinity = bad_affinity;
    loaded.gate = &gate;
    family.loaded = &loaded;
    gsc_theory_set_step(7);
    TAP_OK(gsc_gate_log_affinity(&family, 3, z, a, NULL, &error) == GSC_ERR_PLUGIN,
           "a gate that returns NaN fails");
    TAP_CONTAINS(error.message, "gate softmax: affinity returned nan at step 7 (logit 12.3)",
                 "and is named with function, step and logit");
    gsc_truth_free(truth);
}

int main(void) {
    check_likelihood("theorem1", NULL);
    check_likelihood("theorem2", NULL);
    check_likelihood("theorem3", NULL);
    check_likelihood("theorem4", NULL);
    check_likelihood("theorem1", gelu);
    check_symmetries();
    check_softmax_limit();
    check_jacobian("theorem1", NULL);
    check_jacobian("theorem2", NULL);
    check_jacobian("theorem1", gelu);
    check_slope("theorem1");
    check_slope("theorem3");
    check_not_finite();
    return tap_done();
}
