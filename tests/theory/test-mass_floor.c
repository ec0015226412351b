/* SPDX-License-Identifier: MIT
 *
 * The floor on masses: its chart against finite differences, omega's closed form against moves
 * that keep the sum, expectation maximisation that stays above the floor and never falls, a polish
 * that ends at the same constrained maximum, and the refusals.
 */
#include "core/theory/align.h"
#include "core/theory/fit.h"
#include "core/theory/mass_floor.h"
#include "core/theory/pseudo_truth.h"

#include "tests/tap.h"
#include "tests/theory/support.h"

#include <string.h>

#define CHECK(condition, ...)                                                                      \
    do {                                                                                           \
        char what[256];                                                                            \
        snprintf(what, sizeof what, __VA_ARGS__);                                                  \
        TAP_OK(condition, what);                                                                   \
    } while (0)

static double least_share(const gsc_mixture_shape *shape, const double *mixture) {
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    double masses[GSC_MAX_ATOMS], total = 0, least = 1;
    gsc_error error;
    need(gsc_gate_masses(shape, mixture, masses, &error), &error);
    for (size_t j = 0; j < shape->k_routed; j++) {
        total += masses[j];
    }
    for (size_t j = 0; j < shape->k_routed; j++) {
        least = fmin(least, masses[j] / total);
    }
    for (size_t i = 0; i < shape->k_shared; i++) {
        least = fmin(least, mixture[at.omega + i]);
    }
    return least;
}

static void check_chart(const char *gate_setting) {
    const char *const settings[] = {gate_setting, "theory.loss=none", NULL};
    gsc_truth *truth = truth_from("theorem2", settings);
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_error error;
    gsc_truth_fit_shape(truth, 2, 4, &gate, &shape);
    shape.mass_floor = 0.1;
    const gsc_mass_group group = gsc_mass_group_of(&shape, true);
    double b[4] = {0.5, -3, -0.2, -6}, moved[4], v[4], jacobian[16];
    gsc_mass_chart chart;
    size_t at_floor;
    bool inside;
    need(gsc_mass_settle(&group, b, &at_floor, &error), &error);
    CHECK(at_floor >= 1, "%s: what was below goes to the floor", gate_setting);
    b[3] += 0.05;
    memcpy(moved, b, sizeof b);
    need(gsc_mass_settle(&group, moved, NULL, &error), &error);
    need(gsc_mass_chart_init(&chart, &group, moved, v, &error), &error);
    need(gsc_mass_chart_map(&chart, v, b, jacobian, &inside, &error), &error);
    double round_trip = 0, worst = 0;
    for (size_t j = 0; j < 4; j++) {
        round_trip = fmax(round_trip, fabs(b[j] - moved[j]));
    }
    CHECK(inside && chart.small[3] && round_trip < 1e-9, "the chart gives its point back");
    for (size_t l = 0; l < 4; l++) {
        const double h = 1e-5, kept = v[l];
        double high[4], low[4];
        v[l] = kept + h;
        need(gsc_mass_chart_map(&chart, v, high, NULL, &inside, &error), &error);
        v[l] = kept - h;
        need(gsc_mass_chart_map(&chart, v, low, NULL, &inside, &error), &error);
        v[l] = kept;
        for (size_t j = 0; j < 4; j++) {
            worst = fmax(worst, fabs((high[j] - low[j]) / (2 * h) - jacobian[j * 4 + l]));
        }
    }
    CHECK(worst < 1e-6, "its Jacobian is that of differences (%.2g)", worst);
    gsc_truth_free(truth);
}

static void check_omega(void) {
    const double mass[4] = {50, 30, 1, 3}, floor = 0.08;
    double omega[4], best = 0;
    gsc_mass_floor_omega(4, floor, mass, omega);
    bool least = true;
    for (size_t i = 0; i < 4; i++) {
        best += mass[i] * log(omega[i]);
    }
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 4; j++) {
            double other = 0;
            for (size_t l = 0; l < 4; l++) {
                other += mass[l] * log(omega[l] + (l == i ? 1e-3 : 0) - (l == j ? 1e-3 : 0));
            }
            least = least && (i == j || omega[j] - 1e-3 < floor || other < best);
        }
    }
    TAP_NEAR(omega[0] + omega[1] + omega[2] + omega[3], 1, 1e-12, "omega sums to 1");
    CHECK(least && omega[2] == floor && omega[3] == floor,
          "no move that keeps the sum and the floor gains");
}

typedef struct watch {
    const gsc_mixture_shape *shape;
    double last, least;
    bool fell;
} watch;

static void see_value(void *data, size_t iteration, double log_likelihood) {
    watch *seen = data;
    seen->fell =
        seen->fell || (iteration > 0 && log_likelihood < seen->last - 1e-8 * fabs(seen->last));
    seen->last = log_likelihood;
}

static void see_mixture(void *data, size_t iteration, const double *mixture) {
    watch *seen = data;
    (void)iteration;
    seen->least = fmin(seen->least, least_share(seen->shape, mixture));
}

/* One over-specified fit, free and above floors of .05 and .15. */
static void check_fits(const char *preset, double start_noise) {
    gsc_error error;
    gsc_truth *truth = truth_from(preset, NULL);
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_truth_fit_shape(truth, 2, 4, &gate, &shape);
    const gsc_sample sample = sample_from(truth, 2000, 3);
    const double floors[] = {0, 0.05, 0.15};
    double value[3];
    size_t at_floor[3];
    for (size_t f = 0; f < 3; f++) {
        double mixture[128], by_em;
        gsc_em_workspace *em;
        gsc_polish *polish;
        gsc_em_info info;
        gsc_polish_info polished;
        shape.mass_floor = floors[f];
        watch seen = {.shape = &shape, .least = 1};
        gsc_em_options options = gsc_em_options_default();
        options.tolerance = 1e-9;
        options.max_iterations = 400;
        options.trace = see_value;
        options.observe = see_mixture;
        options.trace_data = &seen;
        const gsc_polish_options newton = {.gain = 1e-3, .max_iterations = 300};
        need(gsc_em_workspace_new(&shape, sample.n, &em, &error), &error);
        need(gsc_polish_new(&shape, &polish, &error), &error);
        need(gsc_start_near_truth(truth, &shape, start_noise, 1, sample.n, 3, 0, mixture, &error),
             &error);
        need(gsc_em_fit(&sample, &options, em, mixture, &info, &error), &error);
        by_em = info.log_likelihood;
        CHECK(!seen.fell && info.reason != GSC_EM_FELL,
              "%s, floor %g: the likelihood of EM does not fall", preset, floors[f]);
        CHECK(seen.least >= floors[f] * (1 - 1e-6), "every iteration keeps the floor (%.4g)",
              seen.least);
        need(gsc_polish_run(polish, &sample, &newton, mixture, &polished, &error), &error);
        value[f] = polished.log_likelihood;
        at_floor[f] = polished.at_mass_floor;
        CHECK(polished.stop == GSC_POLISH_CONVERGED && value[f] >= by_em - 1e-6,
              "polish converges from %.3f to %.3f in %lld", by_em, value[f],
              (long long)polished.iterations);
        CHECK(least_share(&shape, mixture) >= floors[f] * (1 - 1e-6), "and keeps the floor");
        double again = 0;
        need(gsc_mixture_log_likelihood(&shape, mixture, &sample, &again, &error), &error);
        TAP_NEAR(again, value[f], 1e-6 * fabs(again), "its likelihood is that of the mixture");
        /* No feasible EM step from there gains. */
        options.max_iterations = 50;
        options.trace = NULL;
        options.observe = NULL;
        need(gsc_em_fit(&sample, &options, em, mixture, &info, &error), &error);
        CHECK(info.log_likelihood < value[f] + 0.02, "EM finds no more than %.4g nat from there",
              info.log_likelihood - value[f]);
        gsc_em_workspace_free(em);
        gsc_polish_free(polish);
    }
    CHECK(value[0] >= value[1] - 0.02 && value[1] >= value[2] - 0.02,
          "%s: a higher floor has no higher maximum (%.3f, %.3f, %.3f)", preset, value[0], value[1],
          value[2]);
    CHECK(at_floor[0] == 0 && at_floor[2] > 0, "atoms at the floor are counted (%zu, %zu)",
          at_floor[1], at_floor[2]);
    free((void *)sample.x);
    free((void *)sample.y);
    gsc_truth_free(truth);
}

static void check_refusals(void) {
    gsc_error error;
    gsc_truth *truth = truth_from("theorem2", NULL);
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_truth_fit_shape(truth, 2, 4, &gate, &shape);
    shape.mass_floor = 0.3;
    TAP_OK(gsc_mass_floor_check(&shape, &error) == GSC_ERR_INPUT,
           "a floor that four atoms cannot keep is refused");
    TAP_CONTAINS(error.message, "it should be below 0.25", "the message says what would do");
    gsc_truth_free(truth);
}

/* The nearest mixture of the family keeps the floor too. */
static void check_pseudo_truth(void) {
    gsc_error error;
    gsc_truth *truth = truth_from("theorem4", NULL);
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_truth_fit_shape(truth, 1, 3, &gate, &shape);
    shape.mass_floor = 0.32;
    gsc_pseudo_truth_options options = gsc_pseudo_truth_options_default(&shape);
    options.starts = 6;
    gsc_pseudo_truth above;
    double mixture[128];
    need(gsc_pseudo_truth_find(truth, &shape, &options, mixture, &above, &error), &error);
    CHECK(least_share(&shape, mixture) >= 0.32 * (1 - 1e-6), "the pseudo-truth keeps the floor");
    CHECK(above.kl > 1e-7, "under it theorem 4's family does not hold the truth (%.3g)", above.kl);
    gsc_truth_free(truth);
}

int main(void) {
    check_chart("gate=softmax");
    check_chart("gate=normalized_sigmoid");
    check_omega();
    check_fits("theorem2", 0.3);
    check_fits("theorem4", 0.3);
    check_fits("theorem1", 0.3);
    check_refusals();
    check_pseudo_truth();
    return tap_done();
}
