/* SPDX-License-Identifier: MIT
 *
 * How large the user wants text: the desktop's text scale (large text in its settings of accessibility).
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_TEXT_SCALE_H
#define GSC_UI_TEXT_SCALE_H

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* 1 is usual; 0.75 to 2.5. */
double gsc_text_scale_get(void);

/* What grows half as fast as text does, so that the parts of the window keep their words and their place:
 * side panels, the figure and its text. 1 at the usual scale. */
double gsc_text_scale_growth(void);

/* Calls back, as long as the object lives, when the scale changes: changed(settings, pspec, object). */
void gsc_text_scale_watch(GObject *object, GCallback changed);

/* Asks for a width of width pixels times the growth, and follows it. */
void gsc_text_scale_set_width(GtkWidget *widget, int width);

G_END_DECLS

#endif
