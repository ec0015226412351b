/* SPDX-License-Identifier: MIT
 *
 * What part of a panel is in sight, and the way between data, axis space and pixels. Pure functions
 * over plain values; pixels are logical, y down, origin at the figure's top left.
 *
 * Axis space of an axis is the value, or log10 of it where the axis is logarithmic; a view is
 * always in axis space, so that panning and zooming are the same on every axis.
 *
 * Layer: ui/plot.
 */
#ifndef GSC_UI_PLOT_VIEW_H
#define GSC_UI_PLOT_VIEW_H

#include "ui/plot/figure.h"

typedef struct gsc_box {
    double x, y, width, height;
} gsc_box;

typedef struct gsc_plot_view {
    double x_low, x_high, y_low, y_high; /* axis space, low < high */
} gsc_plot_view;

static inline bool gsc_box_contains(gsc_box box, double x, double y) {
    return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
}

/* Data to axis space: NAN for what has no place (zero and below on a log axis, not finite). */
double gsc_axis_forward(const gsc_plot_axis *axis, double value);
double gsc_axis_inverse(const gsc_plot_axis *axis, double position);

/* The home view: all visible layers but outlying replicates (a cloud may stretch y beyond the
 * other layers by no more than 30% of their span to either side; gsc_panel_count_beyond tells
 * how many are out of sight), with a margin of 6%, or the axis' own low and high; at least 0.45
 * decades of a log axis. With no data: one to ten (log: 100 to 10000 in x, 0.01 to 1 in y). A
 * heatmap fills its panel to the edges. */
gsc_plot_view gsc_panel_home(const gsc_panel *panel);
/* Dots of visible clouds above and below the view, with x inside it. */
size_t gsc_panel_count_beyond(const gsc_panel *panel, gsc_plot_view view);

/* Moves the view by a number of pixels: dragging by (dx, dy) in a plot area of this size. */
gsc_plot_view gsc_view_pan(gsc_plot_view view, gsc_box plot, double dx, double dy);
/* Zooms so that the point under pixel (px, py) stays; factor > 1 shows less. The span is kept
 * between 1e-9 and 1e9 of home's span (home may be NULL: only above rounding). */
gsc_plot_view gsc_view_zoom(gsc_plot_view view, const gsc_plot_view *home, gsc_box plot, double px,
                            double py, double factor_x, double factor_y);
/* The view that fills the plot with the rectangle between two pixels; view itself if it is under
 * 4 pixels in either direction. */
gsc_plot_view gsc_view_box_zoom(gsc_plot_view view, gsc_box plot, double px0, double py0,
                                double px1, double py1);
/* Gives every view whose panel shares the source panel's x title and scale the source's x range. */
void gsc_view_link_x(const gsc_figure *figure, gsc_plot_view *views, size_t source);

/* Axis space to pixels and back. */
double gsc_view_x_to_pixel(gsc_plot_view view, gsc_box plot, double x);
double gsc_view_y_to_pixel(gsc_plot_view view, gsc_box plot, double y);
double gsc_view_x_from_pixel(gsc_plot_view view, gsc_box plot, double px);
double gsc_view_y_from_pixel(gsc_plot_view view, gsc_box plot, double py);

typedef struct gsc_plot_hit {
    int layer; /* index in the panel; -1: nothing near */
    size_t index;
    double x, y, low, high; /* data units; low and high NAN where there are none */
    double px, py;
    bool on_cell; /* of a heatmap: index is row x columns + column, (x, y) its middle */
    double value; /* of that cell; NAN: nothing to show */
} gsc_plot_hit;

/* The nearest visible data point within reach pixels of (px, py): markers before clouds, lines
 * last; else the cell of a heatmap under it. */
gsc_plot_hit gsc_view_nearest(const gsc_panel *panel, gsc_plot_view view, gsc_box plot, double px,
                              double py, double reach);

#endif
