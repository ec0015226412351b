/* SPDX-License-Identifier: MIT
 *
 * Decimation drops vertices, never an extreme.
 */
#include "ui/plot/decimate.h"

#include "tests/tap.h"

#include <stdint.h>
#include <stdlib.h>

enum {
    N = 100000,
    COLUMNS = 500
};

int main(void) {
    double *px = malloc(N * sizeof *px), *py = malloc(N * sizeof *py);
    double *qx = malloc(N * sizeof *qx), *qy = malloc(N * sizeof *qy);
    uint64_t state = 1;
    double walk = 0;
    for (int i = 0; i < N; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        walk += (double)(state >> 40) / 16777216.0 - 0.5;
        px[i] = (double)i * COLUMNS / N;
        py[i] = walk;
    }
    py[54321] = 1e6; /* one spike */
    size_t n = gsc_decimate(px, py, N, 1, qx, qy);
    TAP_OK(n <= 4 * COLUMNS && n > COLUMNS, "at most four vertices in a column");
    int bad = 0, disorder = 0;
    for (int column = 0; column < COLUMNS; column++) {
        double low = INFINITY, high = -INFINITY, q_low = INFINITY, q_high = -INFINITY;
        for (int i = 0; i < N; i++) {
            if ((int)floor(px[i]) == column) {
                low = fmin(low, py[i]), high = fmax(high, py[i]);
            }
        }
        for (size_t i = 0; i < n; i++) {
            if ((int)floor(qx[i]) == column) {
                q_low = fmin(q_low, qy[i]), q_high = fmax(q_high, qy[i]);
            }
        }
        bad += low != q_low || high != q_high;
    }
    for (size_t i = 1; i < n; i++) {
        disorder += qx[i] < qx[i - 1];
    }
    TAP_OK(bad == 0, "every column keeps its lowest and highest");
    TAP_OK(disorder == 0, "in order");
    TAP_OK(qx[0] == px[0] && qx[n - 1] == px[N - 1], "the ends stay");
    py[1000] = NAN;
    n = gsc_decimate(px, py, N, 1, qx, qy);
    int gaps = 0;
    for (size_t i = 0; i < n; i++) {
        gaps += isnan(qx[i]);
    }
    TAP_OK(gaps == 1, "a gap stays one gap");
    size_t in_place = gsc_decimate(px, py, N, 1, px, py);
    int same = in_place == n;
    for (size_t i = 0; same && i < n; i++) {
        same = (isnan(qx[i]) && isnan(px[i])) || (qx[i] == px[i] && qy[i] == py[i]);
    }
    TAP_OK(same, "in place it is the same");
    TAP_OK(gsc_decimate(px, py, 0, 1, qx, qy) == 0, "nothing in, nothing out");
    free(px);
    free(py);
    free(qx);
    free(qy);
    return tap_done();
}
