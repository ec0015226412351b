/* SPDX-License-Identifier: MIT
 *
 * See pyramid.h. Layer: ui/plot.
 */
#include "ui/plot/pyramid.h"

#include <math.h>
#include <stdlib.h>

enum {
    FAN = 16,
    MOST_LEVELS = 15
};

struct gsc_pyramid {
    const double *x, *y;
    size_t n;
    bool ascending, gaps;
    gsc_extremes x_all, x_positive, y_all, y_positive;
    gsc_extremes *levels[MOST_LEVELS]; /* of FAN, FAN^2, … values a block */
    double *starts[MOST_LEVELS];       /* x of the first value of each block */
    size_t counts[MOST_LEVELS];
    int n_levels;
};

static const gsc_extremes nothing = {INFINITY, -INFINITY};

static inline gsc_extremes with(gsc_extremes e, double value) {
    /* Comparisons with NAN are false, so that it changes nothing. */
    e.low = value < e.low && value > -INFINITY ? value : e.low;
    e.high = value > e.high && value < INFINITY ? value : e.high;
    return e;
}

static inline gsc_extremes with_all(gsc_extremes e, gsc_extremes more) {
    e.low = more.low < e.low ? more.low : e.low;
    e.high = more.high > e.high ? more.high : e.high;
    return e;
}

/* Without gaps: four at a time, which do not wait for each other. */
static gsc_extremes of_numbers(const double *values, size_t first, size_t end) {
    double low[4], high[4];
    for (int k = 0; k < 4; k++) {
        low[k] = INFINITY;
        high[k] = -INFINITY;
    }
    for (; first + 4 <= end; first += 4) {
        for (size_t k = 0; k < 4; k++) {
            double v = values[first + k];
            low[k] = v < low[k] ? v : low[k];
            high[k] = v > high[k] ? v : high[k];
        }
    }
    for (; first < end; first++) {
        low[0] = values[first] < low[0] ? values[first] : low[0];
        high[0] = values[first] > high[0] ? values[first] : high[0];
    }
    gsc_extremes e = {low[0], high[0]};
    for (int k = 1; k < 4; k++) {
        e = with_all(e, (gsc_extremes){low[k], high[k]});
    }
    return e;
}

static gsc_extremes of_values(const double *values, size_t first, size_t end) {
    gsc_extremes e = nothing;
    for (size_t i = first; i < end; i++) {
        e = with(e, values[i]);
    }
    return e;
}

static gsc_extremes of_positive(const double *values, size_t n) {
    gsc_extremes e = nothing;
    for (size_t i = 0; i < n; i++) {
        e = values[i] > 0 ? with(e, values[i]) : e;
    }
    return e;
}

static bool has_gaps(const double *y, size_t n) {
    bool gap = false;
    for (size_t i = 0; i < n; i++) {
        gap |= !(y[i] > -INFINITY && y[i] < INFINITY);
    }
    return gap;
}

static bool never_falls(const double *x, size_t n) {
    bool good = n == 0 || !isnan(x[0]);
    for (size_t i = 1; i < n && good; i++) {
        good = x[i] >= x[i - 1];
    }
    return good;
}

static bool add_level(gsc_pyramid *self) {
    int level = self->n_levels;
    size_t below = level == 0 ? self->n : self->counts[level - 1];
    size_t count = (below + FAN - 1) / FAN;
    gsc_extremes *blocks = malloc((count + 1) * sizeof *blocks);
    double *starts = malloc((count + 1) * sizeof *starts);
    if (blocks == NULL || starts == NULL) {
        free(blocks);
        free(starts);
        return false;
    }
    for (size_t b = 0; b < count; b++) {
        size_t first = b * FAN, end = first + FAN < below ? first + FAN : below;
        starts[b] = level == 0 ? self->x[first] : self->starts[level - 1][first];
        if (level == 0) {
            blocks[b] = of_values(self->y, first, end);
        } else {
            blocks[b] = nothing;
            for (size_t i = first; i < end; i++) {
                blocks[b] = with_all(blocks[b], self->levels[level - 1][i]);
            }
        }
    }
    self->levels[level] = blocks;
    self->starts[level] = starts;
    self->counts[level] = count;
    self->n_levels++;
    return true;
}

gsc_pyramid *gsc_pyramid_new(const double *x, const double *y, size_t n) {
    gsc_pyramid *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return NULL;
    }
    self->x = x;
    self->y = y;
    self->n = n;
    for (size_t count = n; count > FAN && self->n_levels < MOST_LEVELS;
         count = self->counts[self->n_levels - 1]) {
        if (!add_level(self)) {
            gsc_pyramid_free(self);
            return NULL;
        }
    }
    self->ascending = never_falls(x, n);
    self->gaps = has_gaps(y, n);
    self->x_all = self->ascending && n > 0 && isfinite(x[0]) && isfinite(x[n - 1])
                      ? (gsc_extremes){x[0], x[n - 1]}
                      : of_values(x, 0, n);
    self->x_positive = self->x_all.low > 0 ? self->x_all : of_positive(x, n);
    self->y_all = gsc_pyramid_range(self, 0, n);
    self->y_positive = self->y_all.low > 0 ? self->y_all : of_positive(y, n);
    return self;
}

void gsc_pyramid_free(gsc_pyramid *self) {
    for (int i = 0; self != NULL && i < self->n_levels; i++) {
        free(self->levels[i]);
        free(self->starts[i]);
    }
    free(self);
}

bool gsc_pyramid_is_ascending(const gsc_pyramid *self) {
    return self->ascending;
}

/* The first of n ascending values that is at least value, searched in ever longer strides away from
 * the guess and then by halves. */
static size_t find_from(const double *x, size_t n, double value, size_t guess) {
    size_t low = 0, high = n; /* the answer is in [low, high] */
    size_t at = guess < n ? guess : n > 0 ? n - 1 : 0;
    if (n > 0 && x[at] < value) {
        for (size_t stride = 1; at < n && x[at] < value; stride *= 2) {
            low = at + 1;
            at += stride;
        }
        high = at < n ? at : n;
    } else if (n > 0) {
        for (size_t stride = 1; x[at] >= value; stride *= 2) {
            high = at;
            if (at < stride) {
                at = 0;
                break;
            }
            at -= stride;
        }
        low = x[at] < value ? at + 1 : 0;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (x[middle] < value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

size_t gsc_pyramid_find(const gsc_pyramid *self, double value, size_t guess) {
    return find_from(self->x, self->n, value, guess);
}

/* Of values (level -1) or of the blocks of a level. */
static gsc_extremes of_some(const gsc_pyramid *self, int level, size_t first, size_t end) {
    if (level >= 0) {
        return gsc_pyramid_blocks(self, level, first, end);
    }
    return self->gaps ? of_values(self->y, first, end) : of_numbers(self->y, first, end);
}

gsc_extremes gsc_pyramid_range(const gsc_pyramid *self, size_t first, size_t end) {
    gsc_extremes e = nothing;
    int level = -1; /* whose blocks first and end count */
    while (first < end) {
        size_t inner = (first + FAN - 1) / FAN, outer = end / FAN;
        if (level + 1 >= self->n_levels || inner >= outer) {
            return with_all(e, of_some(self, level, first, end));
        }
        /* Single ones up to the next whole block above, and from the last on. */
        e = with_all(e, of_some(self, level, first, inner * FAN));
        e = with_all(e, of_some(self, level, outer * FAN, end));
        first = inner;
        end = outer;
        level++;
    }
    return e;
}

int gsc_pyramid_level(const gsc_pyramid *self, double points) {
    int level = -1;
    for (double block = FAN; !self->gaps && level + 1 < self->n_levels && points >= 4 * block;
         block *= FAN) {
        level++;
    }
    return level;
}

size_t gsc_pyramid_find_block(const gsc_pyramid *self, int level, double value, size_t guess) {
    return find_from(self->starts[level], self->counts[level], value, guess);
}

gsc_extremes gsc_pyramid_blocks(const gsc_pyramid *self, int level, size_t first, size_t end) {
    gsc_extremes e = nothing;
    for (size_t i = first; i < end; i++) {
        e = with_all(e, self->levels[level][i]);
    }
    return e;
}

gsc_extremes gsc_pyramid_x(const gsc_pyramid *self, bool positive) {
    return positive ? self->x_positive : self->x_all;
}

gsc_extremes gsc_pyramid_y(const gsc_pyramid *self, bool positive) {
    return positive ? self->y_positive : self->y_all;
}
