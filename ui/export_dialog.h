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

/* What can be exported. */
typedef struct gsc_export_offer {
    const char *figure;  /* title of the figure alone; NULL: there is only the page */
    guint n_figures;     /* on the page; below 2 there is only the figure */
    guint figure_panels; /* how many panels either has: more want a larger sheet */
    guint page_panels;
} gsc_export_offer;

/* Shows it, modal to parent, with this choice; chosen is called at most once, when the user goes on. */
void gsc_export_dialog_ask(GtkWindow *parent, const gsc_export_choice *choice,
                           const gsc_export_offer *offer, gsc_export_chosen *chosen, gpointer data);

G_END_DECLS

#endif
