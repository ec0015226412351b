/* SPDX-License-Identifier: MIT
 *
 * See smooth.h. Layer: ui/plot.
 */
#include "ui/plot/smooth.h"

#include <math.h>
#include <stdlib.h>

/* One stretch without a gap; sums has room for n + 1. */
static void smooth_stretch(const double *y, size_t n, size_t half, double *sums, double *ret_y) {
    sums[0] = 0;
    for (size_t i = 0; i < n; i++) { /* of distances to the first value, so that little cancels */
        sums[i + 1] = sums[i] + (y[i] - y[0]);
    }
    for (size_t i = 0; i < n; i++) {
        size_t h = i < half ? i : half;
        h = n - 1 - i < h ? n - 1 - i : h;
        ret_y[i] = y[0] + (sums[i + h + 1] - sums[i - h]) / (double)(2 * h + 1);
    }
}

bool gsc_smooth(const double *x, const double *y, size_t n, size_t window, double *ret_y) {
    double *sums = malloc((n + 1) * sizeof *sums);
    if (sums == NULL) {
        return false;
    }
    double farthest = n > 1 ? 8 * fabs(x[n - 1] - x[0]) / (double)(n - 1) : INFINITY;
    for (size_t i = 0, end; i < n; i = end) {
        end = i + 1;
        if (isnan(y[i])) {
            ret_y[i] = y[i];
            continue;
        }
        while (end < n && !isnan(y[end]) && !(fabs(x[end] - x[end - 1]) > farthest)) {
            end++;
        }
        smooth_stretch(y + i, end - i, window / 2, sums, ret_y + i);
    }
    free(sums);
    return true;
}
