/* SPDX-License-Identifier: MIT
 *
 * The window: what there is at the left, what it says in the middle, what to do at the right.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_WINDOW_H
#define GSC_UI_WINDOW_H

#include <adwaita.h>
#include <stdbool.h>

G_BEGIN_DECLS

#define GSC_TYPE_WINDOW (gsc_window_get_type())
G_DECLARE_FINAL_TYPE(GscWindow, gsc_window, GSC, WINDOW, AdwApplicationWindow)

GscWindow *gsc_window_new(AdwApplication *application);

/* Selects an experiment by name (false: there is none) and, if asked to, starts it. */
bool gsc_window_select_experiment(GscWindow *self, const char *name);
void gsc_window_run(GscWindow *self);
/* Opens a run file (.gsc), a spec (.json) or an exported picture (.png); what cannot be opened is said in the window. */
void gsc_window_open_file(GscWindow *self, const char *path);
void gsc_window_say(GscWindow *self, const char *sentence);

G_END_DECLS

#endif
