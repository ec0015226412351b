/* SPDX-License-Identifier: MIT
 *
 * Below the figure: how the last build of a plugin went, each error with its line and a way to it.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_BUILD_PANE_H
#define GSC_UI_BUILD_PANE_H

#include "ui/workshop.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define GSC_TYPE_BUILD_PANE (gsc_build_pane_get_type())
G_DECLARE_FINAL_TYPE(GscBuildPane, gsc_build_pane, GSC, BUILD_PANE, GtkWidget)

/* Emits "edit" (path, line) when the user wants to see a place. */

void gsc_build_pane_show_building(GscBuildPane *self, const char *path);
void gsc_build_pane_show_build(GscBuildPane *self, const gsc_build *build);
/* What came of it ("runs as first-my_gate-2", or why the plugin was refused), beside the title. */
void gsc_build_pane_set_outcome(GscBuildPane *self, const char *sentence, bool good);

/* What it says in one line; "" while it is closed. */
const char *gsc_build_pane_get_text(GscBuildPane *self);
/* Errors shown. */
guint gsc_build_pane_count(GscBuildPane *self);

G_END_DECLS

#endif
