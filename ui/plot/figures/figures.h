/* SPDX-License-Identifier: MIT
 *
 * The builders behind gsc_figure_build, one file each. Layer: ui/plot.
 */
#ifndef GSC_UI_PLOT_FIGURES_FIGURES_H
#define GSC_UI_PLOT_FIGURES_FIGURES_H

#include "ui/plot/figure.h"

#include <string.h>

/* Whether a series' arm begins with the word options->part, or no part is asked for. */
static inline bool gsc_figure_in_part(const gsc_figure_options *options,
                                      const gsc_series_info *info) {
    const size_t length = options->part != NULL ? strlen(options->part) : 0;
    return length == 0 || (strncmp(info->arm, options->part, length) == 0 &&
                           (info->arm[length] == '\0' || info->arm[length] == ' '));
}

/* "rate": error against sample size, log-log, one panel for each series' panel ("error" first,
 * "divergence" second). Per series: replicates, medians with quartiles, the fitted line, the
 * proven bound. */
gsc_status gsc_figure_build_rate(gsc_run *const *runs, size_t n_runs,
                                 const gsc_figure_options *options, gsc_figure **ret_figure,
                                 gsc_error *error);

/* "fingerprint": least divergence against parameter error, log-log, one panel for each series' panel. */
gsc_status gsc_figure_build_fingerprint(gsc_run *const *runs, size_t n_runs,
                                        const gsc_figure_options *options, gsc_figure **ret_figure,
                                        gsc_error *error);

/* "components": a panel for every block of parameters, exact and over-specified cells apart, and n x KL. */
gsc_status gsc_figure_build_components(gsc_run *const *runs, size_t n_runs,
                                       const gsc_figure_options *options, gsc_figure **ret_figure,
                                       gsc_error *error);

/* "starts": loss against EM iteration and against start noise. */
gsc_status gsc_figure_build_starts(gsc_run *const *runs, size_t n_runs,
                                   const gsc_figure_options *options, gsc_figure **ret_figure,
                                   gsc_error *error);

/* "fit": the user's own data with the fitted experts, and the log-likelihood against the iteration. */
gsc_status gsc_figure_build_fit(gsc_run *const *runs, size_t n_runs,
                                const gsc_figure_options *options, gsc_figure **ret_figure,
                                gsc_error *error);

#endif
