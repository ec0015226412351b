/* SPDX-License-Identifier: MIT
 *
 * The numbers behind a figure: one line for each series and sample size.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_NUMBERS_H
#define GSC_UI_NUMBERS_H

#include "ui/plot/figure.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define GSC_TYPE_NUMBERS (gsc_numbers_get_type())
G_DECLARE_FINAL_TYPE(GscNumbers, gsc_numbers, GSC, NUMBERS, GObject)

GObject *gsc_numbers_new(void);
GtkWidget *gsc_numbers_get_view(GscNumbers *self);

/* Fills the table anew. items: the GscRunItem of the figure's runs, in the figure's order. */
void gsc_numbers_show(GscNumbers *self, const gsc_figure *figure, const GPtrArray *items);

G_END_DECLS

#endif
