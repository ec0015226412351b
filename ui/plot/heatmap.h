/* SPDX-License-Identifier: MIT
 *
 * Cells in rows and columns, each with a value that a colour stands for. The cells lie evenly
 * between edges in axis space, row 0 lowest, column 0 left; a value that is no number is a cell
 * with nothing to show, hatched.
 *
 * Layer: ui/plot; no drawing.
 */
#ifndef GSC_UI_PLOT_HEATMAP_H
#define GSC_UI_PLOT_HEATMAP_H

#include "ui/plot/colormap.h"
#include "ui/plot/view.h"

typedef struct gsc_heatmap {
    size_t rows, columns;
    float *values; /* [rows, columns]; NAN: nothing to show */
    double x_low, x_high, y_low, y_high;
    gsc_plot_axis scale;     /* the colour bar: title with unit, log, and its ends low < high */
    gsc_colormap_kind color; /* which table */
    double centre;           /* of a diverging table: the value of its middle colour */
    char *missing;           /* what a hatched cell means: "itself"; NULL: not measured */
} gsc_heatmap;

/* Adds a heatmap whose cell (row, column) lies around the point (column, row), as whole or named
 * axes want it, with values NAN and a scale from 0 to 1. NULL: no memory. */
gsc_plot_layer *gsc_panel_add_heatmap(gsc_panel *panel, size_t rows, size_t columns);
void gsc_heatmap_free(gsc_heatmap *heat);

/* The panel's heatmap that is in sight; NULL: it has none. */
const gsc_heatmap *gsc_panel_heatmap(const gsc_panel *panel);

/* Sets the scale's ends to the least and greatest finite value, for a diverging table to what has
 * its centre in the middle of the table, so that equal distances look equal. */
void gsc_heatmap_fit(gsc_heatmap *heat);

/* Place of a value on the colour table, 0..1, clamped; NAN for what has none. */
double gsc_heatmap_place(const gsc_heatmap *heat, double value);

/* The cell under a point in axis space; false: beside the map. */
bool gsc_heatmap_cell(const gsc_heatmap *heat, double x, double y, size_t *ret_row,
                      size_t *ret_column);

#endif
