/* SPDX-License-Identifier: MIT
 *
 * Runs that differ in nothing but their seed, drawn as one curve. Layer: ui/plot; jansson.
 */
#ifndef GSC_UI_PLOT_GROUP_H
#define GSC_UI_PLOT_GROUP_H

#include "ui/plot/figure.h"

/* Replaces, in every panel of lines, the lines (or the markers that they fit) of runs of a group by their mean with a band, at every x that
 * all of them have, and says so in the small print; the legend names the group and its n. A group is two
 * runs or more whose specs are the same without seed and names. What has no line, or runs with different
 * numbers of lines, stays as it is. Once for a figure, before gsc_figure_smooth; runs are those that it was
 * built from.
 *
 * ret_groups (or NULL): how many groups were drawn. On a logarithmic axis a band that reaches to zero or
 * below ends at the least value drawn. GSC_ERR_MEMORY leaves the figure whole, grouped in part. */
gsc_status gsc_figure_group(gsc_figure *figure, gsc_run *const *runs, size_t n_runs, gsc_band band,
                            size_t *ret_groups, gsc_error *error);

/* For options->run_colors: runs of a group have one colour, that of their place among groups and other runs. */
gsc_status gsc_group_colors(gsc_run *const *runs, size_t n_runs, int *ret_colors, gsc_error *error);

/* Mean of n values, which lie stride doubles apart, and the ends of their band: NAN for a single value,
 * which has none but its range. */
void gsc_band_of(gsc_band band, const double *values, size_t n, size_t stride, double *ret_mean,
                 double *ret_low, double *ret_high);

/* What people read for it: "95% interval". */
const char *gsc_band_title(gsc_band band);

#endif
