/* SPDX-License-Identifier: MIT
 *
 * The inside of panels. Layer: ui/plot.
 */
#ifndef GSC_UI_PLOT_LAYOUT_PANEL_H
#define GSC_UI_PLOT_LAYOUT_PANEL_H

#include "ui/plot/layout_head.h"

/* What of its axes a panel writes itself; its neighbours in the grid say the rest. */
typedef struct gsc_panel_shows {
    bool x_title, x_labels, y_title, y_labels, bar;
} gsc_panel_shows;

/* Room that a panel needs around its plot rectangle. */
typedef struct gsc_panel_room {
    double labels; /* width of the y axis' tick labels */
    double left, right, bottom;
} gsc_panel_room;

/* Measured in the panel's plot rectangle, which is about right: ticks are chosen by its size. */
gsc_panel_room gsc_panel_measure(gsc_text_ruler *ruler, size_t index, gsc_panel_shows shows);
/* Fills a panel whose box, plot rectangle and view are set: title, legend (NULL: elsewhere), ticks, axis titles, colour
 * bar, message and labels of lines. */
void gsc_panel_fill(gsc_text_ruler *ruler, size_t index, const gsc_head *legend,
                    gsc_panel_shows shows, gsc_panel_room room);
/* Whether the panel may have a note beside the title of its x axis. */
bool gsc_panel_may_note(const gsc_panel *panel);

/* Fills all panels of the ruler's layout, whose views are set, in the grid that gives the largest plots
 * (layout_grid.c). Plots are equally large and in line; a title, a legend or a colour bar that neighbours share stands
 * once; many panels in little room have smaller text. */
void gsc_layout_panels(gsc_text_ruler *ruler, gsc_box area);

/* Labels of lines at their right ends (layout_labels.c), and the room that they want right of the plot. */
double gsc_labels_width(gsc_text_ruler *ruler, size_t index);
void gsc_labels_place(gsc_text_ruler *ruler, size_t index);
/* Where a dashed layer's label belongs: the last visible vertex of its line. false: out of
 * sight. */
bool gsc_layout_line_end(const gsc_panel *panel, const gsc_plot_layer *layer, gsc_plot_view view,
                         gsc_box plot, double *ret_px, double *ret_py);

#endif
