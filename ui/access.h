/* SPDX-License-Identifier: MIT
 *
 * Names for what GTK and libadwaita build inside their widgets: the accessibility tree would call the close
 * button of a bar "GtkImage" and the list behind a row "GtkListBox".
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_ACCESS_H
#define GSC_UI_ACCESS_H

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Before the first widget is made: pictures beside words, and those in named buttons, are decoration. */
void gsc_access_begin(void);

/* Names the nameless below this widget: lists and buttons inside a row after the row, the close button of a
 * bar after what it does, its answers after their words. Rows that are made later need it again. */
void gsc_access_name_inside(GtkWidget *root);

G_END_DECLS

#endif
