/* SPDX-License-Identifier: MIT
 *
 * Quantiles, groups and slopes. The bootstrap draws from splitmix64 (Steele, Lea and Flood 2014) started at
 * the seed; it resamples sorted replicates, so the order in which points came does not matter.
 *
 * Layer: core/read.
 */
#include "core/read/stats.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int compare_points(const void *a, const void *b) {
    const gsc_point *p = a, *q = b;
    if (p->x != q->x) {
        return p->x < q->x ? -1 : 1;
    }
    return (p->y > q->y) - (p->y < q->y);
}

static double sorted_quantile(const double *values, size_t n, double q) {
    if (n == 0) {
        return NAN;
    }
    double at = q * (double)(n - 1);
    size_t low = at <= 0 ? 0 : (size_t)at;
    if (low >= n - 1) {
        return values[n - 1];
    }
    return values[low] + (at - (double)low) * (values[low + 1] - values[low]);
}

double gsc_quantile(double *values, size_t n, double q) {
    qsort(values, n, sizeof(*values), compare_doubles);
    return sorted_quantile(values, n, q);
}

/* The finite points in order of x, then y; NULL where there are none or no memory. */
static gsc_point *sorted_finite(const gsc_point *points, size_t n, size_t *ret_count) {
    gsc_point *sorted = n > 0 ? malloc(n * sizeof(*sorted)) : NULL;
    *ret_count = 0;
    if (sorted == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        if (isfinite(points[i].x) && isfinite(points[i].y)) {
            sorted[(*ret_count)++] = points[i];
        }
    }
    qsort(sorted, *ret_count, sizeof(*sorted), compare_points);
    return sorted;
}

static size_t group_end(const gsc_point *sorted, size_t n, size_t begin) {
    size_t end = begin + 1;
    while (end < n && sorted[end].x == sorted[begin].x) {
        end++;
    }
    return end;
}

static gsc_group describe_group(const gsc_point *members, size_t n, double *values) {
    double mean = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        values[i] = members[i].y;
        mean += members[i].y / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        squares += (values[i] - mean) * (values[i] - mean);
    }
    return (gsc_group){
        .x = members[0].x,
        .n = n,
        .mean = mean,
        .sd = n > 1 ? sqrt(squares / (double)(n - 1)) : NAN,
        .median = sorted_quantile(values, n, 0.5),
        .low_quartile = sorted_quantile(values, n, 0.25),
        .high_quartile = sorted_quantile(values, n, 0.75),
    };
}

size_t gsc_group_points(const gsc_point *points, size_t n, gsc_group *ret_groups, size_t capacity,
                        size_t *ret_skipped) {
    size_t finite, count = 0;
    gsc_point *sorted = sorted_finite(points, n, &finite);
    double *values = finite > 0 ? malloc(finite * sizeof(*values)) : NULL;
    if (ret_skipped != NULL) {
        *ret_skipped = n - finite;
    }
    for (size_t begin = 0; values != NULL && begin < finite && count < capacity;) {
        size_t end = group_end(sorted, finite, begin);
        ret_groups[count++] = describe_group(sorted + begin, end - begin, values);
        begin = end;
    }
    free(values);
    free(sorted);
    return count;
}

/* One x of a slope: its place on the axis and its sorted values. */
typedef struct slope_size {
    double axis;
    const double *values;
    size_t n;
} slope_size;

static double axis_of(double x, gsc_slope_axis axis) {
    if (axis == GSC_SLOPE_LOG_N) {
        return x > 0 ? log(x) : NAN;
    }
    return x > 1 ? log(log(x) / x) : NAN;
}

/* Least squares of log y on the axis over the sizes whose y is positive; false below two of them. */
static bool least_squares(const slope_size *sizes, const double *y, size_t n, double *ret_slope,
                          double *ret_intercept, size_t *ret_used) {
    double mean_a = 0, mean_b = 0, saa = 0, sab = 0;
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        if (y[i] > 0) {
            mean_a += sizes[i].axis;
            mean_b += log(y[i]);
            used++;
        }
    }
    *ret_used = used;
    if (used < 2) {
        return false;
    }
    mean_a /= (double)used;
    mean_b /= (double)used;
    for (size_t i = 0; i < n; i++) {
        if (y[i] > 0) {
            saa += (sizes[i].axis - mean_a) * (sizes[i].axis - mean_a);
            sab += (sizes[i].axis - mean_a) * (log(y[i]) - mean_b);
        }
    }
    if (saa <= 0) {
        return false;
    }
    *ret_slope = sab / saa;
    *ret_intercept = mean_b - *ret_slope * mean_a;
    return true;
}

static uint64_t splitmix64(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* The median of n draws with replacement from n sorted values: counts how often each was drawn. */
static double resampled_median(const slope_size *size, uint32_t *counts, uint64_t *state) {
    memset(counts, 0, size->n * sizeof(*counts));
    for (size_t i = 0; i < size->n; i++) {
        counts[(size_t)(((unsigned __int128)splitmix64(state) * size->n) >> 64)]++;
    }
    size_t low_rank = (size->n - 1) / 2, high_rank = size->n / 2, seen = 0;
    double low = NAN;
    for (size_t i = 0; i < size->n; i++) {
        size_t before = seen;
        seen += counts[i];
        if (before <= low_rank && low_rank < seen) {
            low = size->values[i];
        }
        if (before <= high_rank && high_rank < seen) {
            return 0.5 * (low + size->values[i]);
        }
    }
    return NAN;
}

static void bootstrap(const slope_size *sizes, size_t n, size_t most, size_t draws, uint64_t seed,
                      gsc_slope *slope) {
    double *slopes = malloc((draws + 1) * sizeof(*slopes));
    double *medians = malloc(n * sizeof(*medians));
    uint32_t *counts = malloc(most * sizeof(*counts));
    size_t kept = 0, used;
    double intercept;
    for (size_t d = 0; slopes != NULL && medians != NULL && counts != NULL && d < draws; d++) {
        for (size_t i = 0; i < n; i++) {
            medians[i] = resampled_median(&sizes[i], counts, &seed);
        }
        kept += least_squares(sizes, medians, n, &slopes[kept], &intercept, &used);
    }
    if (kept > 0) {
        slope->low = gsc_quantile(slopes, kept, 0.025);
        slope->high = sorted_quantile(slopes, kept, 0.975);
    }
    free(counts);
    free(medians);
    free(slopes);
}

gsc_slope gsc_fit_slope(const gsc_point *points, size_t n, gsc_slope_axis axis, size_t draws,
                        uint64_t seed) {
    gsc_slope slope = {.slope = NAN, .intercept = NAN, .low = NAN, .high = NAN};
    size_t finite, n_sizes = 0, most = 0;
    gsc_point *sorted = sorted_finite(points, n, &finite);
    double *values = finite > 0 ? malloc(finite * sizeof(*values)) : NULL;
    double *medians = finite > 0 ? malloc(finite * sizeof(*medians)) : NULL;
    slope_size *sizes = finite > 0 ? malloc(finite * sizeof(*sizes)) : NULL;
    if (values != NULL && medians != NULL && sizes != NULL) {
        for (size_t begin = 0; begin < finite;) {
            size_t end = group_end(sorted, finite, begin);
            for (size_t i = begin; i < end; i++) {
                values[i] = sorted[i].y;
            }
            double at = axis_of(sorted[begin].x, axis);
            if (isfinite(at)) {
                sizes[n_sizes] = (slope_size){at, values + begin, end - begin};
                medians[n_sizes++] = sorted_quantile(values + begin, end - begin, 0.5);
                most = end - begin > most ? end - begin : most;
            }
            begin = end;
        }
        double a, b;
        if (least_squares(sizes, medians, n_sizes, &a, &b, &slope.sizes)) {
            slope.slope = a;
            slope.intercept = b;
            if (most > 1 && draws > 0) {
                bootstrap(sizes, n_sizes, most, draws, seed, &slope);
            }
        }
    }
    free(sizes);
    free(medians);
    free(values);
    free(sorted);
    return slope;
}

gsc_slope gsc_fit_last_decade(const gsc_point *points, size_t n, gsc_slope_axis axis, size_t draws,
                              uint64_t seed) {
    double most = 0;
    size_t kept = 0;
    gsc_point *late = n > 0 ? malloc(n * sizeof *late) : NULL;
    for (size_t i = 0; i < n; i++) {
        most = isfinite(points[i].y) && points[i].x > most ? points[i].x : most;
    }
    for (size_t i = 0; i < n && late != NULL; i++) {
        if (points[i].x >= 0.0999 * most) {
            late[kept++] = points[i];
        }
    }
    const gsc_slope slope = gsc_fit_slope(late, kept, axis, draws, seed);
    free(late);
    return slope;
}

const char *gsc_rate_verdict(const gsc_slope *exponent, const gsc_slope *last, double bound) {
    if (!isfinite(exponent->low) || !isfinite(exponent->high) || exponent->sizes < 4) {
        return "undecided";
    }
    if (exponent->high < -bound) {
        return last->low > bound ? "slower than proven" : "undecided";
    }
    const bool wide = exponent->high - exponent->low > GSC_RATE_WIDEST;
    return wide && exponent->low < -bound ? "undecided" : "consistent";
}
