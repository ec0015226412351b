/* SPDX-License-Identifier: MIT
 *
 * See decimate.h. Layer: ui/plot.
 */
#include "ui/plot/decimate.h"

#include <math.h>

/* Writes vertices [first, last] of one column: at most four of them, in order. Reads all before
 * it writes, and writes no further than it has read, so that input and output may be the same
 * arrays. */
static size_t emit(const double *px, const double *py, size_t first, size_t last, double *ret_px,
                   double *ret_py, size_t out) {
    size_t low = first, high = first;
    for (size_t i = first; i <= last; i++) {
        low = py[i] < py[low] ? i : low;
        high = py[i] > py[high] ? i : high;
    }
    const size_t keep[4] = {first, low < high ? low : high, low < high ? high : low, last};
    double x[4], y[4];
    for (int k = 0; k < 4; k++) {
        x[k] = px[keep[k]];
        y[k] = py[keep[k]];
    }
    for (int k = 0; k < 4; k++) {
        if (k == 0 || keep[k] != keep[k - 1]) {
            ret_px[out] = x[k];
            ret_py[out] = y[k];
            out++;
        }
    }
    return out;
}

size_t gsc_decimate(const double *px, const double *py, size_t n, double column_width,
                    double *ret_px, double *ret_py) {
    size_t out = 0;
    for (size_t i = 0; i < n;) {
        if (isnan(px[i]) || isnan(py[i])) {
            if (out > 0 && !isnan(ret_px[out - 1])) {
                ret_px[out] = ret_py[out] = NAN;
                out++;
            }
            i++;
            continue;
        }
        double column = floor(px[i] / column_width);
        size_t last = i;
        while (last + 1 < n && !isnan(px[last + 1]) && !isnan(py[last + 1]) &&
               floor(px[last + 1] / column_width) == column) {
            last++;
        }
        out = emit(px, py, i, last, ret_px, ret_py, out);
        i = last + 1;
    }
    return out;
}
