/* SPDX-License-Identifier: MIT
 *
 * PNG files. Layer: ui/plot; libpng.
 */
#ifndef GSC_UI_PLOT_PNG_FILE_H
#define GSC_UI_PLOT_PNG_FILE_H

#include "core/base/error.h"

#include <stdio.h>

/* A text chunk; UTF-8. */
typedef struct gsc_png_text {
    const char *key, *text;
} gsc_png_text;

/* Writes an opaque RGB picture from premultiplied ARGB32 rows (Cairo's), with dpi (0: none) and
 * iTXt chunks (those with NULL or empty text are left out). */
gsc_status gsc_png_write(FILE *file, const unsigned char *pixels, int width_px, int height_px,
                         int stride_bytes, double dpi, const gsc_png_text *texts, int n_texts,
                         gsc_error *error);

#endif
