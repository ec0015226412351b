/* SPDX-License-Identifier: MIT
 *
 * Measuring and making text runs while a layout is built. Layer: ui/plot; Pango.
 */
#ifndef GSC_UI_PLOT_TEXT_H
#define GSC_UI_PLOT_TEXT_H

#include "ui/plot/layout.h"

/* What measures: one Pango layout, used again for each run. */
typedef struct gsc_text_ruler {
    gsc_layout *layout;
    PangoLayout *pango;
    bool failed; /* out of memory: the layout is to be thrown away */
} gsc_text_ruler;

bool gsc_text_ruler_init(gsc_text_ruler *ruler, gsc_layout *layout);
void gsc_text_ruler_clear(gsc_text_ruler *ruler);

/* What a run is before it has a place. text is small markup. */
typedef struct gsc_text_style {
    gsc_text_role role;
    int panel;
    double size;
    bool bold;
    gsc_rgba color;
    double wrap_width;
    double rotation;
    bool centered;
} gsc_text_style;

typedef struct gsc_text_size {
    double width, height, baseline;
} gsc_text_size;

gsc_text_size gsc_text_measure(gsc_text_ruler *ruler, const char *text,
                               const gsc_text_style *style);

/* How small letters may get, of their size, before words are cut. */
#define GSC_TEXT_LEAST_SHRINK 0.72

/* Cuts text to a length, with an ellipsis. Returns the length that it takes. NULL is "". */
double gsc_text_cut(gsc_text_ruler *ruler, const char *text, double room,
                    const gsc_text_style *style, char *ret_text, size_t size);
/* Makes text fit into a length: in smaller letters (style->size, down to GSC_TEXT_LEAST_SHRINK of what it was), then
 * cut, with an ellipsis. Returns the length that it takes. NULL is "". */
double gsc_text_fit(gsc_text_ruler *ruler, const char *text, double room, gsc_text_style *style,
                    char *ret_text, size_t size);

/* Adds a run with its anchor at (x, y): anchor_x 0 left, 0.5 middle, 1 right; anchor_y 0 top,
 * 0.5 middle, 1 bottom, 2 baseline; before rotation. Returns what it covers. Empty text adds
 * nothing. */
gsc_box gsc_text_add(gsc_text_ruler *ruler, const char *text, const gsc_text_style *style, double x,
                     double y, double anchor_x, double anchor_y);

/* A Pango layout without hinting, which measures the same at every scale; the caller unrefs it. */
PangoLayout *gsc_text_new_pango(void);

#endif
