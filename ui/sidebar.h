/* SPDX-License-Identifier: MIT
 *
 * What there is: experiments, runs and plugins, at the left of the window.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_SIDEBAR_H
#define GSC_UI_SIDEBAR_H

#include "ui/experiment.h"
#include "ui/plugin_store.h"
#include "ui/run_store.h"

#include <gtk/gtk.h>
#include <stdbool.h>

G_BEGIN_DECLS

#define GSC_TYPE_SIDEBAR (gsc_sidebar_get_type())
G_DECLARE_FINAL_TYPE(GscSidebar, gsc_sidebar, GSC, SIDEBAR, GtkWidget)

/* Emits "experiment-chosen" (GscExperiment *) and "run-chosen" (GscRunItem *) when the user chooses one. */

/* experiments: a list model of GscExperiment. */
void gsc_sidebar_set_models(GscSidebar *self, GListModel *experiments, GscRunStore *runs,
                            GscPluginStore *plugins);
/* Marks the experiment as the chosen one, without a signal. */
void gsc_sidebar_select_experiment(GscSidebar *self, GscExperiment *experiment);
/* Opens the search over runs and puts the cursor there. */
void gsc_sidebar_find(GscSidebar *self);
/* From the plugins back to experiments and runs; false where these are in sight already. */
bool gsc_sidebar_leave_plugins(GscSidebar *self);

G_END_DECLS

#endif
