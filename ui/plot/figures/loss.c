/* SPDX-License-Identifier: MIT
 *
 * The figure "loss": the course of a language model's training. Layer: ui/plot.
 */
#include "ui/plot/figures/figures.h"
#include "ui/plot/figures/steps.h"

#include <math.h>

static const gsc_steps_panel panels[] = {
    {.name = "loss",
     .title = "Loss",
     .series = {"loss", "validation_loss"},
     .low = NAN,
     .high = NAN},
    {.name = "learning_rate",
     .title = "Learning rate",
     .series = {"learning_rate"},
     .low = 0,
     .high = NAN},
    {.name = "balance_loss",
     .title = "Balancing loss",
     .series = {"balance_loss"},
     .optional = true,
     .low = NAN,
     .high = NAN},
    {.name = "gradient_norm",
     .title = "Gradient before clipping",
     .series = {"gradient_norm"},
     .low = 0,
     .high = NAN},
};

static const gsc_steps_choice choice = {"loss", panels, sizeof panels / sizeof panels[0]};

bool gsc_figure_is_loss(const gsc_series_info *info) {
    return gsc_steps_draws(&choice, info);
}

gsc_status gsc_figure_build_loss(gsc_run *const *runs, size_t n_runs,
                                 const gsc_figure_options *options, gsc_figure **ret_figure,
                                 gsc_error *error) {
    return gsc_steps_build(&choice, runs, n_runs, options, ret_figure, error);
}
