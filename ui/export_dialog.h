/* SPDX-License-Identifier: MIT
 *
 * The window that asks as what a figure is exported.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_EXPORT_DIALOG_H
#define GSC_UI_EXPORT_DIALOG_H

#include "ui/export_choice.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef void gsc_export_chosen(const gsc_export_choice *choice, gpointer data);

/* Shows it, modal to parent, with this choice; chosen is called at most once, when the user goes on. */
void gsc_export_dialog_ask(GtkWindow *parent, const gsc_export_choice *choice,
                           gsc_export_chosen *chosen, gpointer data);

G_END_DECLS

#endif
