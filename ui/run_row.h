/* SPDX-License-Identifier: MIT
 *
 * One line of the list of runs: colour, name, what it is doing, eye, trash.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_RUN_ROW_H
#define GSC_UI_RUN_ROW_H

#include "ui/run_item.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define GSC_TYPE_RUN_ROW (gsc_run_row_get_type())
G_DECLARE_FINAL_TYPE(GscRunRow, gsc_run_row, GSC, RUN_ROW, GtkWidget)

GtkWidget *gsc_run_row_new(void);
/* Shows item and follows it; NULL: shows nothing. Buttons call win.toggle-run and win.trash-run. */
void gsc_run_row_set_item(GscRunRow *self, GscRunItem *item);

G_END_DECLS

#endif
