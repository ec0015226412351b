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

/* Writes the figure at the layout's size; what the stream says of errors is the caller's to ask. */
gsc_status gsc_svg_write(const gsc_layout *layout, FILE *file, gsc_error *error);

#endif
