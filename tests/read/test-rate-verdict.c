/* SPDX-License-Identifier: MIT
 *
 * One-sided verdicts and the slope of the last decade.
 */
#include "core/read/stats.h"

#include "tests/tap.h"

static const char *verdict(double value, double low, double high, size_t sizes) {
    const gsc_slope slope = {.slope = value, .low = low, .high = high, .sizes = sizes};
    const gsc_slope last = {.slope = -0.3, .low = -0.4, .high = -0.2, .sizes = 4};
    return gsc_rate_verdict(&slope, &last, -0.5);
}

int main(void) {
    TAP_STRING(verdict(0.5, 0.45, 0.55, 12), "consistent", "an interval that holds the rate");
    TAP_STRING(verdict(0.8, 0.75, 0.85, 12), "consistent", "faster does not contradict a bound");
    TAP_STRING(verdict(0.4, 0.35, 0.45, 12), "slower than proven", "the whole interval is slower");
    TAP_STRING(verdict(0.2, -0.1, 0.45, 12), "slower than proven", "however wide");
    TAP_STRING(verdict(0.5, 0.3, 0.7, 12), "undecided", "too wide, and it holds the rate");
    TAP_STRING(verdict(1.0, 0.6, 1.4, 12), "consistent", "wide, and all of it faster");
    TAP_STRING(verdict(0.4, 0.35, 0.45, 3), "undecided", "too few sizes");
    TAP_STRING(verdict(0.4, NAN, NAN, 12), "undecided", "no interval");

    const gsc_slope early = {.slope = 0.4, .low = 0.35, .high = 0.45, .sizes = 12},
                    late = {.slope = -0.5, .low = -0.6, .high = -0.4, .sizes = 4};
    TAP_STRING(gsc_rate_verdict(&early, &late, -0.5), "undecided",
               "slow at first, but not in the last decade");

    gsc_point points[40];
    const double sizes[] = {100, 1000, 10000, 100000};
    for (int i = 0; i < 40; i++) {
        const double x = sizes[i / 10];
        points[i] = (gsc_point){x, x < 10000 ? 1 : pow(x / 10000, -0.5), i % 10};
    }
    const gsc_slope all = gsc_fit_slope(points, 40, GSC_SLOPE_LOG_N, 50, 1),
                    last = gsc_fit_last_decade(points, 40, GSC_SLOPE_LOG_N, 50, 1);
    TAP_OK(all.sizes == 4 && last.sizes == 2, "the last decade has its two sizes");
    TAP_NEAR(last.slope, -0.5, 1e-12, "and its own slope");
    TAP_OK(all.slope > -0.3, "which the whole range hides");
    return tap_done();
}
