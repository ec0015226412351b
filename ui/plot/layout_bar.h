/* SPDX-License-Identifier: MIT
 *
 * The colour bar right of a heatmap. Layer: ui/plot.
 */
#ifndef GSC_UI_PLOT_LAYOUT_BAR_H
#define GSC_UI_PLOT_LAYOUT_BAR_H

#include "ui/plot/text.h"

/* Room that the panel's bar takes right of its plot, whose height is known; 0 without a heatmap. */
double gsc_layout_bar_width(gsc_text_ruler *ruler, size_t index);
/* Places bar, its ticks and its texts beside the plot rectangle. */
void gsc_layout_bar_place(gsc_text_ruler *ruler, size_t index);

#endif
