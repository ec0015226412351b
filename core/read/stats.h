/* SPDX-License-Identifier: MIT
 *
 * The statistics of a rate: location and spread per sample size, a slope and its interval. Pure
 * functions; labs, reports and figures share them so that a number is the same everywhere.
 *
 * Layer: core/read; libc and libm.
 */
#ifndef GSC_CORE_READ_STATS_H
#define GSC_CORE_READ_STATS_H

#include "core/read/series.h"

#include <stddef.h>
#include <stdint.h>

/* Linear-interpolation quantile (type 7) of n values, q in [0,1]; sorts the array in place. NAN if
 * n = 0. */
double gsc_quantile(double *values, size_t n, double q);

/* One x of a series: over the replicates that share it. */
typedef struct gsc_group {
    double x;
    size_t n; /* replicates */
    double mean, sd /* n - 1 */, median, low_quartile, high_quartile;
} gsc_group;

/* Groups points by x, ascending. Non-finite y are left out and counted in *ret_skipped (may be
 * NULL). Returns the number of groups, at most capacity. */
size_t gsc_group_points(const gsc_point *points, size_t n, gsc_group *ret_groups, size_t capacity,
                        size_t *ret_skipped);

typedef enum gsc_slope_axis {
    GSC_SLOPE_LOG_N,            /* log n */
    GSC_SLOPE_LOG_N_OVER_LOG_N, /* log(log n / n): the paper's axis; the exponent is positive */
} gsc_slope_axis;

/* log y = intercept + slope * axis(x): least squares on the log of the median per x; low and high:
 * 95% percentile bootstrap, draws resamples of the replicates within x, from seed. NAN where fewer
 * than two x have a positive median; low and high also where no x has two replicates or draws is 0.
 */
typedef struct gsc_slope {
    double slope, intercept, low, high;
    size_t sizes; /* number of x used */
} gsc_slope;

gsc_slope gsc_fit_slope(const gsc_point *points, size_t n, gsc_slope_axis axis, size_t draws,
                        uint64_t seed);

/* gsc_fit_slope over the points whose x is within a factor of ten of the largest. */
gsc_slope gsc_fit_last_decade(const gsc_point *points, size_t n, gsc_slope_axis axis, size_t draws,
                              uint64_t seed);

/* An interval wider than this on either axis decides nothing unless it lies wholly on one side. */
#define GSC_RATE_WIDEST 0.25

/* Proven rates are upper bounds up to log factors, and for large n, so that a measurement can speak
 * against one from one side only, and where its last decade does too. exponent: on the axis log(log
 * n / n), in which the theorems are stated; last: of the last decade, on log n; bound: the proven
 * exponent of n, negative.
 *
 *   "slower than proven"  the whole interval lies below -bound, and that of the last decade
 *                         above bound
 *   "undecided"           fewer than 4 sizes, no interval, the last decade speaks otherwise, or an
 *                         interval wider than GSC_RATE_WIDEST that holds -bound
 *   "consistent"          else
 */
const char *gsc_rate_verdict(const gsc_slope *exponent, const gsc_slope *last, double bound);

#endif
