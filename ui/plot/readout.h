/* SPDX-License-Identifier: MIT
 *
 * The words for what is under the pointer. Layer: ui/plot.
 */
#ifndef GSC_UI_PLOT_READOUT_H
#define GSC_UI_PLOT_READOUT_H

#include "ui/plot/view.h"

/* What a hit (gsc_view_nearest) says, in small markup, a line for each thing: the layer's label, by what its run differs, x and y
 * with their titles or names, the value of a cell or what its hatching means. Caller frees; NULL: no
 * memory. */
char *gsc_hit_text(const gsc_panel *panel, const gsc_plot_hit *hit);

/* A value on an axis: its name, or the number with so many digits. */
void gsc_axis_text(const gsc_plot_axis *axis, double value, int digits, char *ret_text,
                   size_t size);

#endif
