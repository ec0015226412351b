/* SPDX-License-Identifier: MIT
 *
 * Inside of the ablation, cut by concern: ablation.c (chips, rows, what it says), ablation_plan.c (the sweep
 * that they make).
 *
 * Layer: ui.
 */
#ifndef GSC_UI_ABLATION_PRIVATE_H
#define GSC_UI_ABLATION_PRIVATE_H

#include "ui/ablation.h"
#include "ui/ablation_axis.h"
#include "ui/forecast.h"
#include "ui/spread.h"

#include <adwaita.h>

struct _GscAblation {
    GtkWidget parent;
    GtkWidget *content;
    GtkFlowBox *chips;
    GtkListBox *list, *question; /* values of the axes; what is set beforehand */
    GtkWidget *hypothesis_row;
    AdwComboRow *baseline_row;
    AdwActionRow *margin_row;
    AdwActionRow *seeds_row;
    GtkSpinButton *seeds_spin, *margin_spin;
    GtkLabel *cost_label, *power_label;
    GtkButton *run_button;
    GPtrArray *axes;              /* gsc_ablation_axis * */
    gsc_ablation_axis *seed_axis; /* of them: which seeds */
    GPtrArray *arms;              /* char *, as the baseline's list has them */
    GscPluginStore *plugins;
    GscRunStore *runs;
    GscExperiment *experiment;
    gsc_spec *base;
    char *made_for; /* experiment and plugins that the chips are for */
    gsc_forecast *forecast;
    gsc_spread spread;
    size_t n_arms;
    bool quiet;          /* changes now are not the user's */
    bool is_refused;     /* an arm of the plan, by the process that measures */
    bool is_spread_read; /* for the base as it is */
};

bool gsc_ablation_is_lm(const GscAblation *self);
/* The result that its arms are judged by. */
const char *gsc_ablation_get_result(const GscAblation *self);
/* Why runs of this base have nothing to be judged by; NULL: they have. */
const char *gsc_ablation_why_no_verdict(const GscAblation *self, const json_t *axes);
/* {KEY: [VALUE, ...]} of the chips that are on, "seed" among them; NULL with a sentence. */
json_t *gsc_ablation_dup_axes(GscAblation *self, char **ret_problem);
/* Of every arm: as many as are listed, else as the number says. */
size_t gsc_ablation_count_seeds(GscAblation *self);
char *gsc_ablation_dump(json_t *plan);

#endif
