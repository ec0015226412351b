/* SPDX-License-Identifier: MIT
 *
 * A figure to look into: shows a gsc_figure through OpenGL (GscPlotView), or through Cairo where there is
 * no OpenGL, and lets people pan, zoom, point and hide. Nothing is drawn unless something changed.
 *
 *   drag pan · wheel, pinch, + - zoom at the pointer (over an axis: that axis) · right drag or shift drag
 *   box zoom · double click, 0, Home reset · click on a legend row hides it
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_PLOT_CANVAS_H
#define GSC_UI_PLOT_CANVAS_H

#include "ui/plot/render.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define GSC_TYPE_PLOT_CANVAS (gsc_plot_canvas_get_type())
G_DECLARE_FINAL_TYPE(GscPlotCanvas, gsc_plot_canvas, GSC, PLOT_CANVAS, GtkWidget)

/* Emits "fallback" (const char *why) when it turns to Cairo, "moved" when what is in sight changed. */
GtkWidget *gsc_plot_canvas_new(void);

/* Takes the figure. Views that the user moved stay where they are as long as the panels' names and
 * scales stay. */
void gsc_plot_canvas_take_figure(GscPlotCanvas *self, gsc_figure *figure);
const gsc_figure *gsc_plot_canvas_get_figure(GscPlotCanvas *self);
/* One for each panel. */
const gsc_plot_view *gsc_plot_canvas_get_views(GscPlotCanvas *self);
/* Shows these parts of the panels, as if the user had moved there; nothing happens where the figure has not n
 * panels. */
void gsc_plot_canvas_set_views(GscPlotCanvas *self, const gsc_plot_view *views, size_t n);
const gsc_plot_theme *gsc_plot_canvas_get_theme(GscPlotCanvas *self);

void gsc_plot_canvas_reset(GscPlotCanvas *self);
/* Zooms every panel about the pointer, or about the middle of each panel where there is none. */
void gsc_plot_canvas_zoom(GscPlotCanvas *self, double factor);
bool gsc_plot_canvas_is_moved(GscPlotCanvas *self);

/* What draws: OpenGL's own name of itself, or "Cairo". */
const char *gsc_plot_canvas_get_renderer(GscPlotCanvas *self);
bool gsc_plot_canvas_is_gl(GscPlotCanvas *self);
uint64_t gsc_plot_canvas_get_frames(GscPlotCanvas *self);
/* Markers and dots in the figure that are not hidden. */
size_t gsc_plot_canvas_count_points(GscPlotCanvas *self);
/* The plot area of a panel in the canvas' own pixels; false where there is none. */
bool gsc_plot_canvas_get_plot_box(GscPlotCanvas *self, size_t panel, gsc_box *ret_box);

G_END_DECLS

#endif
