/* SPDX-License-Identifier: MIT
 *
 * An ablation put together by clicking: a chip for every key of the set-up that can vary, the values of each
 * chosen one, and what is set before the first run: hypothesis, seeds, baseline, margin. Says how many runs
 * that makes, how long they take, and what so many seeds can see. Part of the set-up panel.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_ABLATION_H
#define GSC_UI_ABLATION_H

#include "ui/experiment.h"
#include "ui/plugin_store.h"
#include "ui/run_store.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define GSC_TYPE_ABLATION (gsc_ablation_get_type())
G_DECLARE_FINAL_TYPE(GscAblation, gsc_ablation, GSC, ABLATION, GtkWidget)

/* Emits "run-all" when the user asks for it. */

GtkWidget *gsc_ablation_new(GscPluginStore *plugins);
/* Where earlier runs are, which tell how long and how wide. */
void gsc_ablation_set_runs(GscAblation *self, GscRunStore *runs);

/* The experiment and its spec as set up. The chips are made anew only where what can vary changed: another
 * experiment, plugin or list of plugins; what was chosen for another one is dropped. */
void gsc_ablation_set_base(GscAblation *self, GscExperiment *experiment, const gsc_spec *spec);

/* The whole sweep as JSON (core/read/sweep.h); NULL with a sentence where it is none yet. Caller frees. */
char *gsc_ablation_dup_plan(GscAblation *self, char **ret_problem);

/* What it says of cost and power; for tests. */
const char *gsc_ablation_get_cost(GscAblation *self);
const char *gsc_ablation_get_power(GscAblation *self);

G_END_DECLS

#endif
