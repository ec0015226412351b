/* SPDX-License-Identifier: MIT
 *
 * Statistics against values worked out by hand, and the interval's coverage on synthetic data.
 */
#include "core/read/stats.h"
#include "tests/tap.h"

#include <stdlib.h>

static void test_quantile(void) {
    double a[] = {4, 1, 3, 2};
    TAP_NEAR(gsc_quantile(a, 4, 0.5), 2.5, 0, "median of four");
    TAP_NEAR(gsc_quantile(a, 4, 0.25), 1.75, 1e-15, "quartile by linear interpolation");
    TAP_NEAR(gsc_quantile(a, 4, 0), 1, 0, "least");
    TAP_NEAR(gsc_quantile(a, 4, 1), 4, 0, "largest");
    TAP_OK(a[0] == 1 && a[3] == 4, "the array is sorted");
    TAP_OK(isnan(gsc_quantile(a, 0, 0.5)), "nothing has no median");
}

static void test_groups(void) {
    const gsc_point points[] = {{200, 5, 0},   {100, 3, 0}, {100, 1, 1},
                                {100, NAN, 2}, {100, 2, 3}, {200, INFINITY, 1}};
    gsc_group groups[4];
    size_t skipped = 99;
    TAP_OK(gsc_group_points(points, 6, groups, 4, &skipped) == 2, "two sizes");
    TAP_OK(skipped == 2, "what is not finite is counted");
    TAP_OK(groups[0].x == 100 && groups[0].n == 3 && groups[1].x == 200 && groups[1].n == 1,
           "ascending");
    TAP_NEAR(groups[0].mean, 2, 1e-15, "mean");
    TAP_NEAR(groups[0].sd, 1, 1e-15, "standard deviation with n - 1");
    TAP_NEAR(groups[0].median, 2, 0, "median");
    TAP_NEAR(groups[0].low_quartile, 1.5, 0, "low quartile");
    TAP_NEAR(groups[0].high_quartile, 2.5, 0, "high quartile");
    TAP_OK(isnan(groups[1].sd), "one value has no spread");
    TAP_OK(gsc_group_points(points, 6, groups, 1, NULL) == 1, "capacity is kept");
    TAP_OK(gsc_group_points(points, 0, groups, 4, &skipped) == 0 && skipped == 0,
           "no points, no groups");
}

static void test_slope(void) {
    gsc_point exact[12];
    for (int i = 0; i < 12; i++) {
        double n = 100 * pow(2, i);
        exact[i] = (gsc_point){n, 3 * pow(n, -0.25), 0};
    }
    gsc_slope slope = gsc_fit_slope(exact, 12, GSC_SLOPE_LOG_N, 100, 1);
    TAP_NEAR(slope.slope, -0.25, 1e-12, "an exact power law");
    TAP_NEAR(slope.intercept, log(3), 1e-12, "and its factor");
    TAP_OK(slope.sizes == 12 && isnan(slope.low) && isnan(slope.high),
           "no interval without replicates");
    for (int i = 0; i < 12; i++) {
        exact[i].y = pow(log(exact[i].x) / exact[i].x, 0.5);
    }
    slope = gsc_fit_slope(exact, 12, GSC_SLOPE_LOG_N_OVER_LOG_N, 100, 1);
    TAP_NEAR(slope.slope, 0.5, 1e-12, "on the paper's axis the exponent is positive");
    /* Medians 4 at n = 1 and 1 at n = e^2, whatever the outliers: slope -log 4 / 2. */
    const gsc_point few[] = {{1, 4, 0},      {1, 4, 1},      {1, 1e9, 2},
                             {exp(2), 1, 0}, {exp(2), 1, 1}, {exp(2), 0.5, 2}};
    slope = gsc_fit_slope(few, 6, GSC_SLOPE_LOG_N, 200, 5);
    TAP_NEAR(slope.slope, -log(4) / 2, 1e-12, "the fit goes through medians");
    TAP_OK(slope.low <= slope.slope && slope.slope <= slope.high, "inside its interval");
    gsc_point shuffled[6] = {few[5], few[2], few[0], few[3], few[4], few[1]};
    gsc_slope again = gsc_fit_slope(shuffled, 6, GSC_SLOPE_LOG_N, 200, 5);
    TAP_OK(again.low == slope.low && again.high == slope.high,
           "the order of points does not matter");
    const gsc_point zero[] = {{100, 0, 0}, {100, 0, 1}, {200, 1, 0}};
    slope = gsc_fit_slope(zero, 3, GSC_SLOPE_LOG_N, 10, 1);
    TAP_OK(isnan(slope.slope) && slope.sizes == 1, "a median of zero has no logarithm");
    slope = gsc_fit_slope(NULL, 0, GSC_SLOPE_LOG_N, 10, 1);
    TAP_OK(isnan(slope.slope) && slope.sizes == 0, "no points, no slope");
}

/* Lognormal errors, sd .8, around n^-0.3: the true slope should lie in about 95% of the intervals. */
static void test_coverage(void) {
    enum {
        SIZES = 7,
        REPLICATES = 16,
        RUNS = 400
    };
    int covered = 0;
    unsigned short state[3] = {1, 2, 3};
    for (int run = 0; run < RUNS; run++) {
        gsc_point points[SIZES * REPLICATES];
        for (int i = 0; i < SIZES * REPLICATES; i++) {
            double n = 100 * pow(2, i / REPLICATES);
            double normal =
                sqrt(-2 * log(1 - erand48(state))) * cos(6.283185307179586 * erand48(state));
            points[i] = (gsc_point){n, pow(n, -0.3) * exp(0.8 * normal), i % REPLICATES};
        }
        gsc_slope slope =
            gsc_fit_slope(points, SIZES * REPLICATES, GSC_SLOPE_LOG_N, 300, (uint64_t)run);
        covered += slope.low <= -0.3 && -0.3 <= slope.high;
    }
    printf("# coverage %.3f\n", (double)covered / RUNS);
    TAP_OK(covered > 0.92 * RUNS && covered < RUNS, "the interval covers about 95%");
}

int main(void) {
    test_quantile();
    test_groups();
    test_slope();
    test_coverage();
    return tap_done();
}
