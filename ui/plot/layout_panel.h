/* SPDX-License-Identifier: MIT
 *
 * The inside of panels. Layer: ui/plot.
 */
#ifndef GSC_UI_PLOT_LAYOUT_PANEL_H
#define GSC_UI_PLOT_LAYOUT_PANEL_H

#include "ui/plot/text.h"

/* Fills all panels of the ruler's layout, which stand in so many columns: title, legend, plot rectangle,
 * ticks, axis titles, inline labels. Panels of a row share the height of their heads; those of a column
 * the left and right edges of their plot rectangles, so that equal x are in line. Their box and view
 * are set. */
void gsc_layout_panels(gsc_text_ruler *ruler, size_t columns);

/* Where a dashed layer's label belongs: the last visible vertex of its line. false: out of
 * sight. */
bool gsc_layout_line_end(const gsc_panel *panel, const gsc_plot_layer *layer, gsc_plot_view view,
                         gsc_box plot, double *ret_px, double *ret_py);

#endif
