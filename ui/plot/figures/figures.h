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

/* "slopes": the slope of the loss and the share of fits at the best likelihood of every arm of one run. */
gsc_status gsc_figure_build_slopes(gsc_run *const *runs, size_t n_runs,
                                   const gsc_figure_options *options, gsc_figure **ret_figure,
                                   gsc_error *error);
bool gsc_figure_has_slopes(const gsc_run_info *info); /* whether its arms differ in their starts */

/* "fit": the user's own data with the fitted experts, and the log-likelihood against the iteration. */
gsc_status gsc_figure_build_fit(gsc_run *const *runs, size_t n_runs,
                                const gsc_figure_options *options, gsc_figure **ret_figure,
                                gsc_error *error);

/* "router": how a language model's router settles, a panel for each metric, a line for each layer (or the mean over
 * layers with its range, where several runs or arms are compared). */
gsc_status gsc_figure_build_router(gsc_run *const *runs, size_t n_runs,
                                   const gsc_figure_options *options, gsc_figure **ret_figure,
                                   gsc_error *error);
bool gsc_figure_is_router(const gsc_series_info *info); /* whether it draws a series of a layer */

/* "balance", "choices": the router's other metrics, drawn in the same way (figures/balance.c). */
gsc_status gsc_figure_build_balance(gsc_run *const *runs, size_t n_runs,
                                    const gsc_figure_options *options, gsc_figure **ret_figure,
                                    gsc_error *error);
bool gsc_figure_is_balance(const gsc_series_info *info);
gsc_status gsc_figure_build_choices(gsc_run *const *runs, size_t n_runs,
                                    const gsc_figure_options *options, gsc_figure **ret_figure,
                                    gsc_error *error);
bool gsc_figure_is_choices(const gsc_series_info *info);

/* "loss": a language model's training and validation loss, its learning rate, its gradient. */
gsc_status gsc_figure_build_loss(gsc_run *const *runs, size_t n_runs,
                                 const gsc_figure_options *options, gsc_figure **ret_figure,
                                 gsc_error *error);
bool gsc_figure_is_loss(const gsc_series_info *info); /* whether it draws a series */

/* Maps of the router's vectors (figures/maps.h): "load", "overlap", "coactivation", "specialization". */
gsc_status gsc_figure_build_load(gsc_run *const *runs, size_t n_runs,
                                 const gsc_figure_options *options, gsc_figure **ret_figure,
                                 gsc_error *error);
gsc_status gsc_figure_build_overlap(gsc_run *const *runs, size_t n_runs,
                                    const gsc_figure_options *options, gsc_figure **ret_figure,
                                    gsc_error *error);
gsc_status gsc_figure_build_coactivation(gsc_run *const *runs, size_t n_runs,
                                         const gsc_figure_options *options, gsc_figure **ret_figure,
                                         gsc_error *error);
gsc_status gsc_figure_build_specialization(gsc_run *const *runs, size_t n_runs,
                                           const gsc_figure_options *options,
                                           gsc_figure **ret_figure, gsc_error *error);

/* Comparisons of arms over pairs of runs (figures/compare.h): "compare", "robustness". */
gsc_status gsc_figure_build_compare(gsc_run *const *runs, size_t n_runs,
                                    const gsc_figure_options *options, gsc_figure **ret_figure,
                                    gsc_error *error);
gsc_status gsc_figure_build_robustness(gsc_run *const *runs, size_t n_runs,
                                       const gsc_figure_options *options, gsc_figure **ret_figure,
                                       gsc_error *error);

/* Final results of many runs (figures/results.c): "scatter", "parallel". */
gsc_status gsc_figure_build_scatter(gsc_run *const *runs, size_t n_runs,
                                    const gsc_figure_options *options, gsc_figure **ret_figure,
                                    gsc_error *error);
gsc_status gsc_figure_build_parallel(gsc_run *const *runs, size_t n_runs,
                                     const gsc_figure_options *options, gsc_figure **ret_figure,
                                     gsc_error *error);

#endif
