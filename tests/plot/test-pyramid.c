/* SPDX-License-Identifier: MIT
 *
 * Extremes of ranges against a plain look at every value, with gaps and without; searching.
 */
#include "ui/plot/pyramid.h"

#include "tests/tap.h"

#include <stdint.h>
#include <stdlib.h>

enum {
    N = 20011
};

static double x[N], y[N];
static uint64_t state = 5;

static double uniform(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(state >> 33) + .5) / 2147483648.0;
}

static gsc_extremes plain(size_t first, size_t end) {
    gsc_extremes e = {INFINITY, -INFINITY};
    for (size_t i = first; i < end; i++) {
        if (isfinite(y[i])) {
            e.low = fmin(e.low, y[i]);
            e.high = fmax(e.high, y[i]);
        }
    }
    return e;
}

static void test_ranges(bool gaps) {
    for (size_t i = 0; i < N; i++) {
        x[i] = (double)i / 7;
        y[i] = gaps && uniform() < .05 ? (uniform() < .5 ? NAN : -INFINITY) : uniform() - .5;
    }
    gsc_pyramid *pyramid = gsc_pyramid_new(x, y, N);
    int wrong = 0;
    for (int t = 0; t < 20000; t++) {
        size_t first = (size_t)(uniform() * N);
        size_t end = first + (size_t)(uniform() * (t % 2 == 0 ? 40. : (double)(N - first)));
        end = end > N ? N : end;
        gsc_extremes a = gsc_pyramid_range(pyramid, first, end), b = plain(first, end);
        wrong += a.low != b.low || a.high != b.high;
    }
    TAP_OK(wrong == 0, gaps ? "ranges with gaps and infinities" : "ranges of numbers");
    gsc_extremes positive = gsc_pyramid_y(pyramid, true);
    TAP_OK(positive.low > 0 && positive.low < .001 && positive.high == plain(0, N).high,
           "those above zero");
    TAP_OK((gsc_pyramid_level(pyramid, 100) == 0) == !gaps,
           "blocks speak for a series without gaps alone");
    gsc_pyramid_free(pyramid);
}

static void test_search(void) {
    for (size_t i = 0; i < N; i++) {
        x[i] = floor((double)i / 3); /* each value three times */
    }
    gsc_pyramid *pyramid = gsc_pyramid_new(x, y, N);
    int wrong = 0;
    for (int t = 0; t < 20000; t++) {
        double value = uniform() * 7000 - 100;
        size_t guess = (size_t)(uniform() * 1.1 * N),
               found = gsc_pyramid_find(pyramid, value, guess);
        wrong += (found < N && x[found] < value) || (found > 0 && x[found - 1] >= value);
    }
    TAP_OK(wrong == 0, "the first x at a value or above, from any guess");
    TAP_OK(gsc_pyramid_is_ascending(pyramid), "equal x still ascend");
    gsc_pyramid_free(pyramid);
    x[77] = 1e6;
    pyramid = gsc_pyramid_new(x, y, N);
    TAP_OK(!gsc_pyramid_is_ascending(pyramid), "a step back does not");
    gsc_pyramid_free(pyramid);
    pyramid = gsc_pyramid_new(x, y, 0);
    TAP_OK(gsc_pyramid_find(pyramid, 1, 5) == 0 && gsc_pyramid_range(pyramid, 0, 0).low == INFINITY,
           "nothing has no extremes");
    gsc_pyramid_free(pyramid);
}

int main(void) {
    test_ranges(false);
    test_ranges(true);
    test_search();
    return tap_done();
}
