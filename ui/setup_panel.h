/* SPDX-License-Identifier: MIT
 *
 * The set-up of the selected experiment: a control for each key of its spec and each parameter of its
 * plugins. What is wrong is said in place, as the checker's own sentence.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_SETUP_PANEL_H
#define GSC_UI_SETUP_PANEL_H

#include "ui/ablation.h"
#include "ui/experiment.h"
#include "ui/plugin_store.h"
#include "ui/run_store.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define GSC_TYPE_SETUP_PANEL (gsc_setup_panel_get_type())
G_DECLARE_FINAL_TYPE(GscSetupPanel, gsc_setup_panel, GSC, SETUP_PANEL, GtkWidget)

/* Emits "edited" when what Run would do changed, and "run-all" when an ablation is to be run. */

void gsc_setup_panel_set_plugins(GscSetupPanel *self, GscPluginStore *plugins);
/* Shows the experiment as it was written; the user's changes to the one before are kept for its return. */
void gsc_setup_panel_set_experiment(GscSetupPanel *self, GscExperiment *experiment);

/* The user's changes as "key=json", for --set; caller frees with g_strfreev. */
GStrv gsc_setup_panel_dup_assignments(GscSetupPanel *self);
/* Chooses a plugin ("my_gate") for the key of its kind; false where the experiment has none. */
bool gsc_setup_panel_choose_plugin(GscSetupPanel *self, const char *kind, const char *id);
bool gsc_setup_panel_is_valid(GscSetupPanel *self);

/* The plan of the ablation that the user put together over the set-up as it is, as text for gsc_sweep_parse;
 * NULL with a sentence where it is not whole. Caller frees both. */
char *gsc_setup_panel_dup_plan(GscSetupPanel *self, char **ret_problem);
/* Where earlier runs are, which tell what an ablation needs and sees. */
void gsc_setup_panel_set_runs(GscSetupPanel *self, GscRunStore *runs);
GscAblation *gsc_setup_panel_get_ablation(GscSetupPanel *self);

/* Says a sentence in place (NULL: takes it away). */
void gsc_setup_panel_set_problem(GscSetupPanel *self, const char *sentence);
const char *gsc_setup_panel_get_problem(GscSetupPanel *self);

G_END_DECLS

#endif
