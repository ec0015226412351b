/* SPDX-License-Identifier: MIT
 *
 * The figure "router": how the router of a language model settles while it trains. The learning rate stands under
 * the change rate, which follows it. Layer: ui/plot.
 */
#include "ui/plot/figures/figures.h"
#include "ui/plot/figures/steps.h"

#include <math.h>

static const gsc_steps_panel panels[] = {
    {.name = "saturation",
     .title = "Saturation",
     .series = {"saturation"},
     .live = "overlap",
     .live_title = "Overlap with the latest router",
     .dashed = "saturation_chance",
     .dashed_label = "chance",
     .low = 0,
     .high = 1,
     .alike = true},
    {.name = "change_rate",
     .title = "Change rate",
     .series = {"change_rate"},
     .low = 0,
     .high = NAN},
    {.name = "jain_mass",
     .title = "Jain's index of the combine weights",
     .series = {"jain_mass"},
     .low = NAN,
     .high = 1},
    {.name = "saturation_kappa",
     .title = "Saturation beyond chance",
     .series = {"saturation_kappa"},
     .live = "overlap_kappa",
     .live_title = "Overlap beyond chance with the latest router",
     .low = 0,
     .high = 1},
    {.name = "learning_rate",
     .title = "Learning rate",
     .series = {"learning_rate"},
     .low = 0,
     .high = NAN,
     .above = "change_rate"},
    {.name = "max_violation",
     .title = "MaxVio",
     .series = {"max_violation"},
     .low = 0,
     .high = NAN},
    {.name = "token_entropy",
     .title = "Entropy of a position's score",
     .series = {"token_entropy"},
     .low = NAN,
     .high = 1},
    {.name = "mutual_information",
     .title = "Mutual information of position and expert",
     .series = {"mutual_information"},
     .low = 0,
     .high = NAN},
};

static const gsc_steps_choice choice = {"router", panels, sizeof panels / sizeof panels[0]};

bool gsc_figure_is_router(const gsc_series_info *info) {
    return info->layer >= 0 && gsc_steps_draws(&choice, info);
}

gsc_status gsc_figure_build_router(gsc_run *const *runs, size_t n_runs,
                                   const gsc_figure_options *options, gsc_figure **ret_figure,
                                   gsc_error *error) {
    return gsc_steps_build(&choice, runs, n_runs, options, ret_figure, error);
}
