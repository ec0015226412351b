/* SPDX-License-Identifier: MIT
 *
 * The generator and the sampler: moments of the draws against those of the true mixture, streams that depend on
 * seed, n and replicate only; starts that split mass.
 */
#include "core/theory/sampler.h"

#include "core/theory/random.h"
#include "core/theory/start.h"
#include "tests/tap.h"
#include "tests/theory/support.h"

#include <string.h>

static void check_generator(void) {
    gsc_rng random, same, other;
    gsc_rng_init(&random, 1, 100, 3, 0);
    gsc_rng_init(&same, 1, 100, 3, 0);
    TAP_OK(gsc_rng_bits(&random) == gsc_rng_bits(&same), "the same numbers, the same stream");
    const uint64_t words[4][4] = {{2, 100, 3, 0}, {1, 101, 3, 0}, {1, 100, 4, 0}, {1, 100, 3, 1}};
    for (int i = 0; i < 4; i++) {
        gsc_rng_init(&random, 1, 100, 3, 0);
        gsc_rng_init(&other, words[i][0], words[i][1], words[i][2], words[i][3]);
        TAP_OK(gsc_rng_bits(&random) != gsc_rng_bits(&other), "each number makes another stream");
    }
    enum {
        N = 400000
    };
    double sum[5] = {0}, uniform = 0, square = 0;
    size_t counts[3] = {0};
    for (int i = 0; i < N; i++) {
        const double u = gsc_rng_uniform(&random), z = gsc_rng_normal(&random);
        uniform += u;
        square += u * u;
        sum[1] += z;
        sum[2] += z * z;
        sum[3] += z * z * z;
        sum[4] += z * z * z * z;
        counts[gsc_rng_below(&random, 3)]++;
    }
    TAP_NEAR(uniform / N, 0.5, 0.002, "uniform: mean");
    TAP_NEAR(square / N, 1.0 / 3, 0.002, "uniform: second moment");
    TAP_NEAR(sum[1] / N, 0, 0.007, "normal: mean");
    TAP_NEAR(sum[2] / N, 1, 0.01, "normal: variance");
    TAP_NEAR(sum[3] / N, 0, 0.03, "normal: third moment");
    TAP_NEAR(sum[4] / N, 3, 0.08, "normal: fourth moment");
    TAP_NEAR((double)counts[2] / N, 1.0 / 3, 0.004, "below: even");
}

/* theorem2: E[Y|x] = (2 x + pi (8 x + 2) + (1 - pi)(-6 x + 1)) / 2, pi = 1 / (1 + e): the gate is constant. */
static void check_moments(void) {
    enum {
        N = 200000
    };
    gsc_truth *truth = truth_from("theorem2", NULL);
    const gsc_sample sample = sample_from(truth, N, 0);
    const double p = 1 / (1 + exp(1.0));
    double mean_x = 0, xx = 0, xy = 0, y = 0, yy = 0, lowest = 9, highest = -9;
    for (size_t t = 0; t < N; t++) {
        mean_x += sample.x[t] / N;
        xx += sample.x[t] * sample.x[t] / N;
        xy += sample.x[t] * sample.y[t] / N;
        y += sample.y[t] / N;
        yy += sample.y[t] * sample.y[t] / N;
        lowest = fmin(lowest, sample.x[t]);
        highest = fmax(highest, sample.x[t]);
    }
    TAP_OK(lowest > -3 && lowest < -2.99 && highest < 3 && highest > 2.99, "X fills its interval");
    TAP_NEAR(mean_x, 0, 0.02, "X: mean");
    TAP_NEAR(xx, 3, 0.03, "X: second moment");
    TAP_NEAR(y, 0.5 * (p * 2 + (1 - p)), 0.1, "Y: mean");
    TAP_NEAR(xy / xx, 0.5 * (2 + p * 8 - (1 - p) * 6), 0.06, "Y: slope on X");
    const double second =
        0.5 * (4 * 3 + 0.2) + 0.5 * p * (64 * 3 + 4 + 0.4) + 0.5 * (1 - p) * (36 * 3 + 1 + 0.4);
    TAP_NEAR(yy / second, 1, 0.02, "Y: second moment");
    gsc_error error;
    double *x = malloc(100 * sizeof *x), *again = malloc(100 * sizeof *again);
    need(gsc_sampler_draw(truth, 1, 100, 7, x, again, &error), &error);
    const gsc_sample first = sample_from(truth, 100, 7), next = sample_from(truth, 100, 8);
    TAP_OK(memcmp(first.y, again, 100 * sizeof *again) == 0, "a replicate is the same again");
    TAP_OK(first.y[0] != next.y[0], "replicates differ");
    const double *all[] = {x, again, first.x, first.y, next.x, next.y, sample.x, sample.y};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        free((double *)all[i]);
    }
    gsc_truth_free(truth);
}

static void check_start(const char *preset) {
    gsc_error error;
    gsc_truth *truth = truth_from(preset, NULL);
    gsc_gate_family gate;
    gsc_mixture_shape shape;
    gsc_truth_fit_shape(truth, 3, 4, &gate, &shape);
    const gsc_mixture_layout at = gsc_mixture_get_layout(&shape);
    double mixture[128], log_a[8], mass = 0, true_mass = 0, omega = 0;
    need(gsc_start_near_truth(truth, &shape, 0.05, 1, 1000, 0, 0, mixture, &error), &error);
    for (size_t i = 0; i < 3; i++) {
        omega += mixture[at.omega + i];
    }
    TAP_NEAR(omega, 1, 1e-12, "a start's omega sum to 1");
    need(gsc_gate_log_affinity(&gate, 4, mixture + at.beta0, log_a, NULL, &error), &error);
    for (size_t j = 0; j < 4; j++) {
        mass += exp(log_a[j]);
    }
    need(gsc_gate_log_affinity(&truth->gate, 2, truth->mixture + truth->layout.beta0, log_a, NULL,
                               &error),
         &error);
    true_mass = exp(log_a[0]) + exp(log_a[1]);
    TAP_NEAR(mass, true_mass, 1e-10, "a start keeps the mass of the routed atoms");
    double again[128];
    need(gsc_start_near_truth(truth, &shape, 0.05, 1, 1000, 0, 1, again, &error), &error);
    TAP_OK(memcmp(mixture, again, at.size * sizeof(double)) != 0, "starts differ");
    gsc_truth_free(truth);
}

int main(void) {
    check_generator();
    check_moments();
    check_start("theorem2");
    check_start("theorem4");
    return tap_done();
}
