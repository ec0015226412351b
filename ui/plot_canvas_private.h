/* SPDX-License-Identifier: MIT
 *
 * Inside of GscPlotCanvas, shared by plot_canvas.c (drawing), plot_canvas_input.c (pointer and keys) and
 * plot_canvas_readout.c (crosshair and values).
 *
 * Layer: ui.
 */
#ifndef GSC_UI_PLOT_CANVAS_PRIVATE_H
#define GSC_UI_PLOT_CANVAS_PRIVATE_H

#include "ui/plot_canvas.h"
#include "ui/plot_view.h"

struct _GscPlotCanvas {
    GtkWidget parent;
    GtkWidget *child; /* GscPlotView, or a GtkDrawingArea */
    bool is_gl;
    gsc_figure *figure;
    gsc_plot_view views[GSC_FIGURE_MAX_PANELS];
    gsc_plot_view homes[GSC_FIGURE_MAX_PANELS];
    bool moved; /* by the user, since the last reset */
    gsc_layout *layout;
    bool stale;         /* the layout is of an earlier frame; the next one makes it anew */
    bool hit_stale;     /* and so is what is under the pointer */
    GHashTable *hidden; /* legend labels that the user hid */
    const gsc_plot_theme *theme;
    uint64_t cairo_frames;

    /* pointer */
    double pointer_x, pointer_y; /* NAN: outside */
    gsc_plot_hit hit;
    int hit_panel; /* -1: none */
    /* drag */
    int drag_panel; /* -1: none */
    bool drag_is_box;
    double drag_x, drag_y, drag_end_x, drag_end_y;
    gsc_plot_view drag_view;
    double pinch_scale;
};

/* Draws anew, with a layout of then: where is a change of figure, views, size or theme. */
void gsc_plot_canvas_changed(GscPlotCanvas *self);
/* What is on the screen, made if need be: between an event and its frame a little behind the views, so that ten
 * events between two frames cost one layout. NULL before there is a figure or a size. */
const gsc_layout *gsc_plot_canvas_get_layout(GscPlotCanvas *self);
/* Sets the view of one panel, links the others' x and tells. */
void gsc_plot_canvas_move_view(GscPlotCanvas *self, size_t panel, gsc_plot_view view);
void gsc_plot_canvas_toggle_legend(GscPlotCanvas *self, size_t panel, size_t row);

void gsc_plot_canvas_add_input(GscPlotCanvas *self);
void gsc_plot_canvas_snapshot_readout(GscPlotCanvas *self, GtkSnapshot *snapshot);
/* Looks again at what is under the pointer. */
void gsc_plot_canvas_update_hit(GscPlotCanvas *self);

#endif
