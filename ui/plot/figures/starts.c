/* SPDX-License-Identifier: MIT
 *
 * The figure "starts": the loss against EM iteration, a panel for each sample size and a line for
 * each start noise, and the losses, polished and as EM stops, against start noise. Layer: ui/plot.
 */
#include "ui/plot/figures/figures.h"
#include "ui/plot/figures/rate_build.h"

static bool is_drawn(const gsc_series_info *info) {
    return strcmp(info->x_name, "iteration") == 0 || strcmp(info->x_name, "noise") == 0;
}

static const char *panel_of(const gsc_series_info *info) {
    return info->panel;
}

/* A noise has the same colour at every sample size. */
static void look(const gsc_rate_builder *b, const gsc_run *run, size_t series, int *ret_color,
                 int *ret_shape) {
    int own = 0;
    gsc_rate_count_arms(b, run, series, &own);
    if (strcmp(gsc_run_series(run, series)->x_name, "iteration") == 0) {
        *ret_color = *ret_shape = own;
    }
}

gsc_status gsc_figure_build_starts(gsc_run *const *runs, size_t n_runs,
                                   const gsc_figure_options *options, gsc_figure **ret_figure,
                                   gsc_error *error) {
    static const gsc_rate_choice choice = {.name = "starts",
                                           .is_drawn = is_drawn,
                                           .panel = panel_of,
                                           .last = "against start noise",
                                           .look = look,
                                           .curves = true};
    return gsc_rate_build(&choice, runs, n_runs, options, ret_figure, error);
}
