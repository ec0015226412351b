/* SPDX-License-Identifier: MIT
 *
 * A layout as SVG: small, with text as text in a stack of common fonts, and nothing that TeX's or
 * an editor's import stumbles over (no filters, no symbols, no styles apart from attributes).
 *
 * Layer: ui/plot; Pango for where text stands.
 */
#ifndef GSC_UI_PLOT_SVG_FILE_H
#define GSC_UI_PLOT_SVG_FILE_H

#include "core/base/error.h"
#include "ui/plot/layout.h"

#include <stdio.h>

/* A layout and where its upper left corner stands, in logical pixels. */
typedef struct gsc_svg_place {
    const gsc_layout *layout;
    double x, y;
} gsc_svg_place;

/* Writes these figures, at least one, on a page of this size in logical pixels; what the stream says of errors
 * is the caller's to ask. */
gsc_status gsc_svg_write(const gsc_svg_place *places, size_t n, double width, double height,
                         FILE *file, gsc_error *error);

#endif
