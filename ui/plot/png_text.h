/* SPDX-License-Identifier: MIT
 *
 * Text that travels inside a PNG. Layer: ui/plot; libpng.
 */
#ifndef GSC_UI_PLOT_PNG_TEXT_H
#define GSC_UI_PLOT_PNG_TEXT_H

#include "core/base/error.h"

/* The text chunk of this key, of at most 16 MiB; caller frees. *ret_text is NULL where the picture has none.
 * GSC_ERR_IO: the file cannot be read, or is no whole PNG. */
gsc_status gsc_png_read_text(const char *path, const char *key, char **ret_text, gsc_error *error);

#endif
