/* SPDX-License-Identifier: MIT
 *
 * The figures "balance" and "choices": the router's metrics that the figure "router" leaves out. How evenly the
 * experts are used, with Jain's index of four different loads; and what a position's choice depends on.
 * Layer: ui/plot.
 */
#include "ui/plot/figures/figures.h"
#include "ui/plot/figures/steps.h"

#include <math.h>

/* ---- How evenly experts are used ---------------------------------------------------------------- */

static const gsc_steps_panel balance_panels[] = {
    {.name = "jain_count",
     .title = "Jain's index of the choices",
     .series = {"jain_count"},
     .low = NAN,
     .high = 1},
    {.name = "jain_mass",
     .title = "Jain's index of the combine weights",
     .series = {"jain_mass"},
     .low = NAN,
     .high = 1},
    {.name = "jain_prob",
     .title = "Jain's index of the full score",
     .series = {"jain_prob"},
     .low = NAN,
     .high = 1},
    {.name = "jain_types",
     .title = "Jain's index of token types",
     .series = {"jain_types_LIB"},
     .low = NAN,
     .high = 1},
    {.name = "max_violation",
     .title = "MaxVio",
     .series = {"max_violation"},
     .low = 0,
     .high = NAN},
    {.name = "min_violation", .title = "MinVio", .series = {"min_violation"}, .low = 0, .high = 1},
    {.name = "mean_violation",
     .title = "AvgVio",
     .series = {"mean_violation"},
     .low = 0,
     .high = NAN},
    {.name = "load_cv", .title = "Load CV", .series = {"load_cv"}, .low = 0, .high = NAN},
    {.name = "dead_share",
     .title = "Dead experts",
     .series = {"dead_share"},
     .low = 0,
     .high = NAN},
    {.name = "usage_perplexity",
     .title = "Usage perplexity",
     .series = {"usage_perplexity"},
     .low = NAN,
     .high = 1},
    {.name = "max_violation_batch",
     .title = "MaxVio of each step",
     .series = {"max_violation_batch"},
     .low = 0,
     .high = NAN},
    {.name = "load_cv_batch",
     .title = "Load CV of each step",
     .series = {"load_cv_batch"},
     .low = 0,
     .high = NAN},
    {.name = "drop_rate", .title = "Drop rate", .series = {"drop_rate"}, .low = 0, .high = NAN},
};

static const gsc_steps_choice balance = {"balance", balance_panels,
                                         sizeof balance_panels / sizeof balance_panels[0]};

bool gsc_figure_is_balance(const gsc_series_info *info) {
    return info->layer >= 0 && gsc_steps_draws(&balance, info);
}

gsc_status gsc_figure_build_balance(gsc_run *const *runs, size_t n_runs,
                                    const gsc_figure_options *options, gsc_figure **ret_figure,
                                    gsc_error *error) {
    return gsc_steps_build(&balance, runs, n_runs, options, ret_figure, error);
}

/* ---- What a choice depends on ------------------------------------------------------------------- */

static const gsc_steps_panel choices_panels[] = {
    {.name = "margin", .title = "Margin", .series = {"margin"}, .low = 0, .high = NAN},
    {.name = "top1_confidence",
     .title = "Largest score",
     .series = {"top1_confidence"},
     .low = 0,
     .high = NAN},
    {.name = "experts_per_token",
     .title = "Experts per token",
     .series = {"experts_per_token"},
     .low = 0,
     .high = NAN},
    {.name = "coactivation_max",
     .title = "Strongest partner",
     .series = {"coactivation_max"},
     .low = 0,
     .high = NAN},
    {.name = "token_information",
     .title = "Information of token types",
     .series = {"token_information"},
     .low = 0,
     .high = NAN},
    {.name = "token_specialization",
     .title = "Specialization by token type",
     .series = {"token_specialization"},
     .low = 0,
     .high = NAN},
    {.name = "domain_information",
     .title = "Information of domains",
     .series = {"domain_information"},
     .low = 0,
     .high = NAN},
    {.name = "domain_specialization",
     .title = "Specialization by domain",
     .series = {"domain_specialization"},
     .low = 0,
     .high = NAN},
    {.name = "saturation_types",
     .title = "Saturation of token types",
     .series = {"saturation_types"},
     .low = 0,
     .high = 1,
     .alike = true},
    {.name = "change_rate_types",
     .title = "Change rate of token types",
     .series = {"change_rate_types"},
     .low = 0,
     .high = NAN},
};

static const gsc_steps_choice choices = {"choices", choices_panels,
                                         sizeof choices_panels / sizeof choices_panels[0]};

bool gsc_figure_is_choices(const gsc_series_info *info) {
    return info->layer >= 0 && gsc_steps_draws(&choices, info);
}

gsc_status gsc_figure_build_choices(gsc_run *const *runs, size_t n_runs,
                                    const gsc_figure_options *options, gsc_figure **ret_figure,
                                    gsc_error *error) {
    return gsc_steps_build(&choices, runs, n_runs, options, ret_figure, error);
}
