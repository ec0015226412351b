/* SPDX-License-Identifier: MIT
 *
 * Where a figure comes from, for programs. Layer: ui/plot.
 */
#ifndef GSC_UI_PLOT_FIGURES_ORIGIN_H
#define GSC_UI_PLOT_FIGURES_ORIGIN_H

#include "ui/plot/figure.h"

/* Whether a figure draws a series. */
typedef bool gsc_figure_draws(const gsc_series_info *info);

/* A JSON object: "runs" (run, status, seed, machine with commit and kernel path, plugins, spec) and
 * "definitions" of the series that are drawn. NULL: no memory; caller frees. */
char *gsc_figure_origin(gsc_run *const *runs, size_t n_runs, gsc_figure_draws *draws);

#endif
