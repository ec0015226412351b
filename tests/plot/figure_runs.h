/* SPDX-License-Identifier: MIT
 *
 * A figure of every kind, from runs made for it. Layer: tests.
 */
#ifndef GSC_TESTS_PLOT_FIGURE_RUNS_H
#define GSC_TESTS_PLOT_FIGURE_RUNS_H

#include "ui/plot/figure.h"

/* Writes the runs; bails out where that fails. */
void gsc_figure_runs_open(void);
void gsc_figure_runs_close(void);

/* Builds the figure of that name. The small print, which tells paths, times and versions, is left out unless asked
 * for. Bails out where that fails. */
gsc_figure *gsc_figure_runs_build(const char *name, bool small_print);

#endif
