/* SPDX-License-Identifier: MIT
 *
 * Groups of runs, and the mean and band of a result over one.
 *
 * Layer: core/read.
 */
#include "core/read/library_internal.h"
#include "core/read/student.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool same(gsc_library_cell a, gsc_library_cell b) {
    return !isnan(a.number) && !isnan(b.number) ? a.number == b.number
                                                : strcmp(a.text, b.text) == 0;
}

bool gsc_library_differs(const gsc_library_run *const *runs, size_t n, size_t column) {
    gsc_library_cell first = {.text = NULL};
    for (size_t i = 0; i < n; i++) {
        gsc_library_cell cell = gsc_library_get_cell(runs[i], column);
        if (cell.text == NULL) {
            continue;
        }
        if (first.text != NULL && !same(first, cell)) {
            return true;
        }
        first = cell;
    }
    return false;
}

size_t gsc_library_count_values(const gsc_library_run *const *runs, size_t n, size_t column) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += gsc_library_get_cell(runs[i], column).text != NULL;
    }
    return count;
}

/* ---- Groups ---- */

typedef struct keyed {
    const gsc_library_run *run;
    size_t column, order;
} keyed;

static int compare_keyed(const void *a, const void *b) {
    const keyed *left = a, *right = b;
    int order = gsc_library_compare(left->run, right->run, left->column);
    return order != 0 ? order : (left->order > right->order) - (left->order < right->order);
}

gsc_status gsc_library_group_by(const gsc_library_run *const *runs, size_t n, size_t column,
                                gsc_library_group **ret_groups, size_t *ret_count,
                                gsc_error *error) {
    keyed *keys = malloc((n + 1) * sizeof(*keys));
    const gsc_library_run **members = malloc((n + 1) * sizeof(*members));
    gsc_library_group *groups = calloc(n + 1, sizeof(*groups));
    size_t count = 0;
    if (keys == NULL || members == NULL || groups == NULL) {
        free(keys);
        free(members);
        free(groups);
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory to group %zu runs", n);
    }
    for (size_t i = 0; i < n; i++) {
        keys[i] = (keyed){runs[i], column, i};
    }
    qsort(keys, n, sizeof(*keys), compare_keyed);
    for (size_t i = 0; i < n; i++) {
        gsc_library_cell cell = gsc_library_get_cell(keys[i].run, column);
        members[i] = keys[i].run;
        if (i == 0 || gsc_library_compare(keys[i - 1].run, keys[i].run, column) != 0) {
            groups[count++] = (gsc_library_group){.label = cell.text != NULL ? cell.text : "",
                                                  .runs = members + i};
        }
        groups[count - 1].count++;
    }
    free(keys);
    if (count == 0) {
        free(members);
    }
    *ret_groups = groups;
    *ret_count = count;
    return GSC_OK;
}

void gsc_library_groups_free(gsc_library_group *groups, size_t count) {
    if (groups != NULL && count > 0) {
        free(groups[0].runs); /* all groups share one array */
    }
    free(groups);
}

/* ---- Mean and band ---- */

const char *gsc_library_band_title(gsc_library_band band) {
    static const char *const titles[GSC_LIBRARY_BANDS] = {
        [GSC_LIBRARY_STD] = "standard deviation",
        [GSC_LIBRARY_STDERR] = "standard error",
        [GSC_LIBRARY_T95] = "95 % interval (t)",
        [GSC_LIBRARY_RANGE] = "least to largest",
    };
    return titles[band];
}

gsc_library_summary gsc_library_summarize(const gsc_library_run *const *runs, size_t n,
                                          size_t column, gsc_library_band band) {
    gsc_library_summary out = {.n = 0, .mean = NAN, .low = NAN, .high = NAN};
    double mean = 0, squares = 0, least = INFINITY, largest = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        double value = gsc_library_get_cell(runs[i], column).number;
        if (!isfinite(value)) {
            continue;
        }
        /* Welford: exact for equal values, safe for large ones */
        double before = value - mean;
        out.n++;
        mean += before / (double)out.n;
        squares += before * (value - mean);
        least = fmin(least, value);
        largest = fmax(largest, value);
    }
    if (out.n == 0) {
        return out;
    }
    out.mean = mean;
    if (out.n < 2) {
        return out;
    }
    double count = (double)out.n, sd = sqrt(squares / (count - 1)), half = sd;
    if (band == GSC_LIBRARY_RANGE) {
        out.low = least;
        out.high = largest;
        return out;
    }
    if (band != GSC_LIBRARY_STD) {
        half = sd / sqrt(count);
    }
    if (band == GSC_LIBRARY_T95) {
        half *= gsc_student_quantile(0.975, count - 1);
    }
    out.low = mean - half;
    out.high = mean + half;
    return out;
}
