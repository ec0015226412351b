/* SPDX-License-Identifier: MIT
 *
 * The runs of a sweep that wait, in the order in which they will be begun, each moved by dragging it, by
 * Alt+Up and Alt+Down, or by its buttons.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_SWEEP_QUEUE_H
#define GSC_UI_SWEEP_QUEUE_H

#include "core/read/sweep_folder.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define GSC_TYPE_SWEEP_QUEUE (gsc_sweep_queue_get_type())
G_DECLARE_FINAL_TYPE(GscSweepQueue, gsc_sweep_queue, GSC, SWEEP_QUEUE, GtkWidget)

/* Emits "moved" when the folder's order was changed, and "problem" (a sentence). */
GtkWidget *gsc_sweep_queue_new(void);

/* Shows what waits in the folder; NULL: nothing. Nothing is kept of it. */
void gsc_sweep_queue_show(GscSweepQueue *self, const gsc_sweep_folder *folder);

/* Moves the waiting run number `from` to place `to` (both from 0) by renaming files. A run that was begun
 * meanwhile keeps its name. *ret_moved: whether any file was renamed. */
gsc_status gsc_sweep_queue_move(const gsc_sweep_folder *folder, size_t from, size_t to,
                                bool *ret_moved, gsc_error *error);

G_END_DECLS

#endif
