/* SPDX-License-Identifier: MIT
 *
 * The table of all runs, below the figure: every run of the runs folder and of the sweeps in it, with its
 * parameters and results; find as you type, sort, group with mean and band, tags and notes. The eye changes
 * the figure and never a number: a mean is over all runs of its group that are found, seen or not.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_RUN_TABLE_H
#define GSC_UI_RUN_TABLE_H

#include "ui/run_store.h"
#include "ui/state.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define GSC_TYPE_RUN_TABLE (gsc_run_table_get_type())
G_DECLARE_FINAL_TYPE(GscRunTable, gsc_run_table, GSC, RUN_TABLE, GtkWidget)

/* Emits
 *   "selected" (char **paths)             these runs are to be the figure
 *   "activated" (char *path)              this run is to be opened
 *   "seen" (char **paths, gboolean shown) the eye of a group was touched
 *   "trash" (char **paths)                these are to go
 *   "told"                                what gsc_run_table_describe says changed */

void gsc_run_table_set_runs(GscRunTable *self, GscRunStore *runs);
/* Where sort, group, columns and their widths are remembered; borrowed, for as long as the table lives. */
void gsc_run_table_set_state(GscRunTable *self, gsc_state *state);
void gsc_run_table_remember(GscRunTable *self);
/* Nothing is read and nothing is watched while the table is closed. */
void gsc_run_table_set_open(GscRunTable *self, bool open);
/* Puts the focus into the find entry. */
void gsc_run_table_find(GscRunTable *self);
/* Takes a run that is about to go out of the table, or puts it back. */
void gsc_run_table_set_doomed(GscRunTable *self, const char *path, bool doomed);

typedef struct gsc_run_table_report {
    guint runs, found, groups, selected, columns;
    const char *first; /* what the first line's name or value is, or "" */
    const char *problem;
    double listed_ms; /* from opening to the whole list */
} gsc_run_table_report;

gsc_run_table_report gsc_run_table_describe(GscRunTable *self);

G_END_DECLS

#endif
