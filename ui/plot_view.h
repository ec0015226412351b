/* SPDX-License-Identifier: MIT
 *
 * The part of the figure page that OpenGL draws: a GtkGLArea whose render draws a layout's graphics and
 * whose snapshot adds its text as render nodes. It knows no figure and no mouse: GscPlotCanvas gives it
 * layouts. GL objects live from realize to unrealize.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_PLOT_VIEW_H_
#define GSC_UI_PLOT_VIEW_H_

#include "ui/plot/render.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define GSC_TYPE_PLOT_VIEW (gsc_plot_view_widget_get_type())
G_DECLARE_FINAL_TYPE(GscPlotView, gsc_plot_view_widget, GSC, PLOT_VIEW, GtkGLArea)

/* Emits "failed" (const char *why) once, when there is no usable OpenGL. */
GtkWidget *gsc_plot_view_widget_new(void);

/* Borrows layout until the next call; NULL: draws nothing. Whoever lends a new one has the area render. */
void gsc_plot_view_widget_lend_layout(GscPlotView *self, const gsc_layout *layout);

/* Counters of the OpenGL renderer, kept over unrealize; .renderer is NULL before the first realize. */
gsc_gl_info gsc_plot_view_widget_get_info(GscPlotView *self);

/* Appends the layout's text to a snapshot; widget lends its Pango context. */
void gsc_plot_snapshot_text(GtkWidget *widget, GtkSnapshot *snapshot, const gsc_layout *layout);

GdkRGBA gsc_plot_color(gsc_rgba color);

G_END_DECLS

#endif
