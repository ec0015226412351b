/* SPDX-License-Identifier: MIT
 *
 * Colour tables for values. They are computed, not copied: equal steps of lightness in OKLab (B.
 * Ottosson, "A perceptual color space for image processing", 2020), along a path of hues that
 * people with red-green deficiencies can follow by lightness alone, with as much chroma as sRGB
 * can show. A number has the same colour in both themes, but for the middle of the diverging
 * table, which is near the ground.
 *
 * Layer: ui/plot; pure functions.
 */
#ifndef GSC_UI_PLOT_COLORMAP_H
#define GSC_UI_PLOT_COLORMAP_H

#include "ui/plot/theme.h"

typedef enum gsc_colormap_kind {
    GSC_COLORMAP_SEQUENTIAL, /* dark blue, teal, green, yellow */
    GSC_COLORMAP_DIVERGING,  /* blue, neutral, orange */
} gsc_colormap_kind;

enum {
    GSC_COLORMAP_SIZE = 256
};

/* Fills the table; opaque colours. */
void gsc_colormap_fill(gsc_colormap_kind kind, const gsc_plot_theme *theme,
                       gsc_rgba ret_table[GSC_COLORMAP_SIZE]);

/* The table's entry for a place in 0..1. */
int gsc_colormap_index(double place);

#endif
