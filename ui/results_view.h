/* SPDX-License-Identifier: MIT
 *
 * Final results of many runs, looked into by clicking: any two against each other (scatter), or all side by
 * side (parallel coordinates).
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_RESULTS_VIEW_H
#define GSC_UI_RESULTS_VIEW_H

#include "ui/plot_canvas.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define GSC_TYPE_RESULTS_VIEW (gsc_results_view_get_type())
G_DECLARE_FINAL_TYPE(GscResultsView, gsc_results_view, GSC, RESULTS_VIEW, GtkWidget)

GtkWidget *gsc_results_view_new(void);
/* Draws these runs (gsc_run *), which live until they are shown anew, or none are. The lists offer the results
 * in which two or more of them differ; what was chosen stays where it is among them. */
void gsc_results_view_show(GscResultsView *self, GPtrArray *runs);
GscPlotCanvas *gsc_results_view_get_canvas(GscResultsView *self);

G_END_DECLS

#endif
