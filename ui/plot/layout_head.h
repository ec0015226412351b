/* SPDX-License-Identifier: MIT
 *
 * What stands above a plot: the panel's title and its legend, or one legend for all panels of a figure.
 * Layer: ui/plot.
 */
#ifndef GSC_UI_PLOT_LAYOUT_HEAD_H
#define GSC_UI_PLOT_LAYOUT_HEAD_H

#include "ui/plot/text.h"

/* A legend in its width. Rows without values stand beside each other where they fit. */
typedef struct gsc_head {
    double row_height, label_width, value_width;
    size_t rows;    /* shown, "and N more" among them */
    size_t columns; /* of rows; 1 where they have values */
    bool stacked;   /* value under its label: too narrow for two columns */
} gsc_head;

/* Widths and a line's height of a panel's head at text scale 1: measured once for a layout. */
typedef struct gsc_head_widths {
    double title, title_line, label, value, value_title;
} gsc_head_widths;

gsc_head_widths gsc_head_measure(gsc_text_ruler *ruler, size_t index);
/* The legend of a panel in a head so wide, at most so high; without its values where more rows have room then. */
gsc_head gsc_head_fit(const gsc_layout *layout, size_t index, const gsc_head_widths *widths,
                      double width, double most_height);
/* Whether every row of the panel's legend is shown. */
bool gsc_head_is_whole(const gsc_layout *layout, size_t index, const gsc_head *head);
/* Height of title and legend (legend NULL: it stands elsewhere), with the gap to the plot: about, and measured. */
double gsc_head_guess(const gsc_layout *layout, const gsc_head_widths *widths, double width,
                      const gsc_head *legend);
double gsc_head_height(gsc_text_ruler *ruler, size_t index, double width, const gsc_head *legend);
/* Places both in the panel's box, whose width was measured with. */
void gsc_head_place(gsc_text_ruler *ruler, size_t index, const gsc_head *legend);

/* The panel whose legend can stand for those of all panels: they have the same rows, or it alone has some, for layers
 * that others show, too. ret_values: whether a row has a value. -1: there is none. */
int gsc_head_find_common(const gsc_figure *figure, bool *ret_values);
/* Places that panel's legend, without values, from the top of an area; returns its height with the gap below. */
double gsc_head_place_common(gsc_text_ruler *ruler, size_t index, const gsc_head_widths *widths,
                             gsc_box area);

#endif
