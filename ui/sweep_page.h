/* SPDX-License-Identifier: MIT
 *
 * A sweep as it fills: one small figure for each arm, drawn from the runs of its seeds; how far it is, Pause
 * and Continue. The page only watches the folder: `gatescope sweep` schedules.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_SWEEP_PAGE_H
#define GSC_UI_SWEEP_PAGE_H

#include <gtk/gtk.h>
#include <stdbool.h>

G_BEGIN_DECLS

#define GSC_TYPE_SWEEP_PAGE (gsc_sweep_page_get_type())
G_DECLARE_FINAL_TYPE(GscSweepPage, gsc_sweep_page, GSC, SWEEP_PAGE, GtkWidget)

/* Emits "run-chosen" (path of a run file) when an arm is clicked: its newest run; and "continue" (path of the
 * folder) when the sweep is to go on and nobody schedules it. */

/* The folder of a sweep; NULL: the page rests. A folder that cannot be read is said in place. */
void gsc_sweep_page_set_folder(GscSweepPage *self, const char *path);

/* For tests: arms shown, and runs that ended. */
guint gsc_sweep_page_count_arms(GscSweepPage *self);
guint gsc_sweep_page_count_done(GscSweepPage *self);

G_END_DECLS

#endif
