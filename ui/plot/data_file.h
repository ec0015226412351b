/* SPDX-License-Identifier: MIT
 *
 * What a figure shows as numbers, and what it was made of. Layer: ui/plot; jansson.
 */
#ifndef GSC_UI_PLOT_DATA_FILE_H
#define GSC_UI_PLOT_DATA_FILE_H

#include "core/base/error.h"
#include "ui/plot/figure.h"

#include <stdio.h>

/* CSV with a header: (of several figures: figure,) panel, label, kind, x, y, low, high, one line for every point of every layer in
 * sight, in the digits that read back as the same number; a heatmap's cells have their value as y and
 * their row as row. What the stream says of errors is the caller's to ask. */
void gsc_csv_write(const gsc_figure *const *figures, size_t n, FILE *file);

/* JSON: figure, title, subtitle, small print, and the figure's origin (runs with spec, seed, commit,
 * kernel path; definitions); of several figures an array. GSC_ERR_MEMORY. */
gsc_status gsc_recipe_write(const gsc_figure *const *figures, size_t n, FILE *file,
                            gsc_error *error);

#endif
