/* SPDX-License-Identifier: MIT
 *
 * The text of an SVG. Layer: ui/plot, private to svg_file.c.
 */
#ifndef GSC_UI_PLOT_SVG_TEXT_H
#define GSC_UI_PLOT_SVG_TEXT_H

#include "core/base/error.h"
#include "ui/plot/layout.h"

#include <stdio.h>

/* Every text of the layout as text, line by line where Pango has set it. */
gsc_status gsc_svg_texts(const gsc_layout *layout, FILE *file, gsc_error *error);
/* Title and recipe for whoever opens the file without looking at it. */
void gsc_svg_describe(const gsc_figure *figure, FILE *file);

/* Two decimals at most; an attribute with its opacity. */
void gsc_svg_number(FILE *file, double value);
void gsc_svg_color(FILE *file, const char *what, gsc_rgba color);

#endif
