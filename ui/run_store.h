/* SPDX-License-Identifier: MIT
 *
 * The runs that the window knows: every run file of the runs folder, and files opened from elsewhere,
 * newest first. Runs started by anyone appear by themselves. Files are read by the library's thread, which
 * the run table shares, each once and again when it changes; the window never waits for them. Running runs
 * are looked at 20 times a second; with none running there is no timer, only a folder monitor.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_RUN_STORE_H
#define GSC_UI_RUN_STORE_H

#include "ui/run_item.h"

G_BEGIN_DECLS

#define GSC_TYPE_RUN_STORE (gsc_run_store_get_type())
G_DECLARE_FINAL_TYPE(GscRunStore, gsc_run_store, GSC, RUN_STORE, GObject)

/* Emits
 *   "item-changed" (GscRunItem *)        when a run's file, colour or eye changed
 *   "listed"                             once, when every file of the folder has been read
 *   "read" (const gsc_library_news *)    when the library brought something */
GscRunStore *gsc_run_store_new(void);

GListModel *gsc_run_store_get_model(GscRunStore *self); /* of GscRunItem, newest first */
/* The runs folder, or NULL with *ret_problem (one sentence, borrowed). */
const char *gsc_run_store_get_folder(GscRunStore *self, const char **ret_problem);
/* Whether every file of the folder has been read once ("listed"), or none can be. */
bool gsc_run_store_is_listed(GscRunStore *self);
/* Why its runs cannot be listed, in one sentence, or NULL. */
const char *gsc_run_store_get_problem(GscRunStore *self);
/* Every run of the folder and of the sweeps in it; the store alone takes its news. NULL where there is no memory
 * for it. */
gsc_library *gsc_run_store_get_library(GscRunStore *self);

GscRunItem *gsc_run_store_find(GscRunStore *self, const char *path);
/* The item of a file, made if the store does not know it; its file need not exist yet. */
GscRunItem *gsc_run_store_add(GscRunStore *self, const char *path);
/* The same for a run that is being started and has no file yet. */
GscRunItem *gsc_run_store_expect(GscRunStore *self, const char *path, const char *experiment,
                                 const char *title);
/* Looks at an item until it is over: its run is being resumed. */
void gsc_run_store_watch(GscRunStore *self, GscRunItem *item);
/* Drops what is known of a file that is gone or was never born. */
void gsc_run_store_forget(GscRunStore *self, const char *path);
/* A path in the runs folder that no run has: FOLDER/first-7.gsc; caller frees. */
char *gsc_run_store_free_path(GscRunStore *self, const char *experiment);

/* What the library keeps of a run: the palette index that it was drawn with last, and its eye (1 in the figure, 0
 * hidden); -1: never said. Setting them fails, quietly, for a run that has not been read yet. */
int gsc_run_store_get_color(GscRunStore *self, const char *path);
bool gsc_run_store_set_color(GscRunStore *self, const char *path, int color);
int gsc_run_store_get_said(GscRunStore *self, const char *path);
bool gsc_run_store_set_said(GscRunStore *self, const char *path, bool shown);

G_END_DECLS

#endif
