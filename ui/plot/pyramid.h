/* SPDX-License-Identifier: MIT
 *
 * Least and greatest values over ranges of a long series, in a time that hardly depends on the
 * range: blocks of 16 values know their extremes, blocks of 16 blocks theirs, and so on. What
 * draws long lines at once, without ever hiding an extreme.
 *
 * Layer: ui/plot; pure functions.
 */
#ifndef GSC_UI_PLOT_PYRAMID_H
#define GSC_UI_PLOT_PYRAMID_H

#include <stdbool.h>
#include <stddef.h>

typedef struct gsc_extremes {
    double low, high; /* low > high: there is no number */
} gsc_extremes;

typedef struct gsc_pyramid gsc_pyramid;

/* Over y[n] at x[n], which are borrowed and must not change. NULL: out of memory. */
gsc_pyramid *gsc_pyramid_new(const double *x, const double *y, size_t n);
void gsc_pyramid_free(gsc_pyramid *self);

/* Whether x never falls (and has no NAN): only then the two below answer. */
bool gsc_pyramid_is_ascending(const gsc_pyramid *self);
/* The first index, from guess on outwards, whose x is at least value; n where there is none. */
size_t gsc_pyramid_find(const gsc_pyramid *self, double value, size_t guess);

/* Extremes of y[first] ... y[end - 1]; NAN is left out, infinities too. */
gsc_extremes gsc_pyramid_range(const gsc_pyramid *self, size_t first, size_t end);

/* Blocks of a level, for ranges so long that a part of a block is a small part of them: the highest
 * level with at least four blocks in so many points; -1: none, or y has gaps, of which blocks know
 * nothing. */
int gsc_pyramid_level(const gsc_pyramid *self, double points);
/* The first block that begins at value or later. */
size_t gsc_pyramid_find_block(const gsc_pyramid *self, int level, double value, size_t guess);
gsc_extremes gsc_pyramid_blocks(const gsc_pyramid *self, int level, size_t first, size_t end);

/* Extremes of all finite x and y, and of those above zero. */
gsc_extremes gsc_pyramid_x(const gsc_pyramid *self, bool positive);
gsc_extremes gsc_pyramid_y(const gsc_pyramid *self, bool positive);

#endif
