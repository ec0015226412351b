/* SPDX-License-Identifier: MIT
 *
 * A sweep as it fills: a card for each arm with a small figure of its seeds and what the comparison says of it;
 * the paired differences and over what the claim stands as figures; what waits, to be reordered; how far it
 * is, Pause and Continue. The page only watches and orders the folder: `gatescope sweep` begins the runs.
 *
 * Layer: ui. Main thread only; comparisons are read in a thread of their own.
 */
#ifndef GSC_UI_SWEEP_PAGE_H
#define GSC_UI_SWEEP_PAGE_H

#include <gtk/gtk.h>
#include <stdbool.h>

G_BEGIN_DECLS

#define GSC_TYPE_SWEEP_PAGE (gsc_sweep_page_get_type())
G_DECLARE_FINAL_TYPE(GscSweepPage, gsc_sweep_page, GSC, SWEEP_PAGE, GtkWidget)

/* Emits "arm-chosen" (name, GStrv paths of its run files, perhaps none yet) when an arm is clicked; "arm-run" (path)
 * when another run of the arm that is shown alone has begun; "all-arms" when the user comes back from it; and
 * "continue" (path of the folder) when the sweep is to go on and nobody schedules it. */

/* The folder of a sweep; NULL: the page rests. A folder that cannot be read is said in place. */
void gsc_sweep_page_set_folder(GscSweepPage *self, const char *path);
/* With an arm the page is its head alone, with a way back; NULL: whole again. */
void gsc_sweep_page_set_arm(GscSweepPage *self, const char *arm);
/* Says a sentence below the state. */
void gsc_sweep_page_say(GscSweepPage *self, const char *sentence);

/* What is in sight, to be exported: the arms' figures, each with its arm as title, or that of the comparison
 * (const gsc_figure *, borrowed, until the page draws again); none where there is no figure. */
GPtrArray *gsc_sweep_page_list_figures(GscSweepPage *self);

/* For tests: arms shown, runs that ended, what is said of progress, and the verdicts of all arms, one a line. */
/* "arms", "differences", "robustness", "results" or "waiting"; another name changes nothing. */
const char *gsc_sweep_page_get_tab(GscSweepPage *self);
void gsc_sweep_page_set_tab(GscSweepPage *self, const char *tab);

guint gsc_sweep_page_count_arms(GscSweepPage *self);
guint gsc_sweep_page_count_done(GscSweepPage *self);
const char *gsc_sweep_page_get_state(GscSweepPage *self);
char *gsc_sweep_page_dup_verdicts(GscSweepPage *self);

G_END_DECLS

#endif
