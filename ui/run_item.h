/* SPDX-License-Identifier: MIT
 *
 * One run as the window shows it: what its file says, and whether its curve is shown, in which colour.
 * Emits "changed" whenever anything about it did.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_RUN_ITEM_H
#define GSC_UI_RUN_ITEM_H

#include "core/read/library.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define GSC_TYPE_RUN_ITEM (gsc_run_item_get_type())
G_DECLARE_FINAL_TYPE(GscRunItem, gsc_run_item, GSC, RUN_ITEM, GObject)

/* Reads nothing yet: gsc_run_item_refresh does, or the library has done so. */
GscRunItem *gsc_run_item_new(const char *path);

/* Takes what the library knows of this file; true if something changed. The file is opened only where the run is
 * active; where it is open, because it is shown, it is looked at. */
bool gsc_run_item_take(GscRunItem *self, const gsc_library_run *run);

/* Says that a run of this experiment is being started whose file does not exist yet. */
void gsc_run_item_expect(GscRunItem *self, const char *experiment, const char *title);

/* Looks at the file; true if something changed since the last look. Keeps the file open while the run is
 * active or shown. */
bool gsc_run_item_refresh(GscRunItem *self);

/* The open run, for figures; NULL where the file cannot be read (gsc_run_item_get_problem says why). Lives
 * until the next gsc_run_item_refresh of an item that is not shown. */
gsc_run *gsc_run_item_get_run(GscRunItem *self);

const char *gsc_run_item_get_path(GscRunItem *self);
const char *gsc_run_item_get_name(GscRunItem *self);
const char *gsc_run_item_get_experiment(GscRunItem *self); /* "" where it has none */
const char *gsc_run_item_get_title(GscRunItem *self);
const char *gsc_run_item_get_problem(GscRunItem *self); /* one sentence, or NULL */
const char *gsc_run_item_get_failure(GscRunItem *self); /* one sentence, or "" */
/* What a row says below the name: "Running · n = 1000", "Done in 21 s · 14:05". Caller frees. */
char *gsc_run_item_dup_subtitle(GscRunItem *self);
/* How its spec differs from its preset's: "gate sigmoid, replicates 8"; "" where it does not. */
const char *gsc_run_item_get_changes(GscRunItem *self);
gsc_run_status gsc_run_item_get_status(GscRunItem *self);
bool gsc_run_item_is_active(GscRunItem *self); /* queued or running */
bool gsc_run_item_is_known(GscRunItem *self);  /* its file has been read at least once */
double gsc_run_item_get_progress(GscRunItem *self);
double gsc_run_item_get_started(GscRunItem *self);
/* "21 s left" from elapsed time and progress, or NULL where nothing honest can be said. Caller frees. */
char *gsc_run_item_dup_time_left(GscRunItem *self);
/* "5100 tokens/s", "48k tokens/s" of a language model that runs, as last measured, or NULL. Caller frees. */
char *gsc_run_item_dup_speed(GscRunItem *self);
/* Whether it ended before its end and a checkpoint lies beside it. */
bool gsc_run_item_can_resume(GscRunItem *self);
/* Says that `gatescope resume` is being started (or has ended): the item is active until its file says so. */
void gsc_run_item_set_resuming(GscRunItem *self, bool resuming);
/* SIGINT to the supervisor of a run on this machine; false where its process is not known here. */
bool gsc_run_item_interrupt(GscRunItem *self);

bool gsc_run_item_get_shown(GscRunItem *self);
void gsc_run_item_set_shown(GscRunItem *self, bool shown);
/* Index into the plot palette; GSC_RUN_NOT_SHOWN: not in the figure; GSC_RUN_ALONE: the only one there, its
 * colours are its arms'. */
enum {
    GSC_RUN_NOT_SHOWN = -1,
    GSC_RUN_ALONE = -2
};
int gsc_run_item_get_color(GscRunItem *self);
void gsc_run_item_set_color(GscRunItem *self, int color);

G_END_DECLS

#endif
