/* SPDX-License-Identifier: MIT
 *
 * Fewer vertices for long lines, with nothing to see of it: within each pixel column a line keeps
 * its first, lowest, highest and last vertex, so that no extreme is ever hidden. Layer: ui/plot;
 * pure function.
 */
#ifndef GSC_UI_PLOT_DECIMATE_H
#define GSC_UI_PLOT_DECIMATE_H

#include <stddef.h>

/* px, py: n vertices in pixels, px ascending (a NAN in px or py is a gap); column_width in
 * pixels, > 0. Writes at most n vertices, in order, to ret_px, ret_py (room for n each; may be
 * px, py themselves) and returns how many. A gap stays as one NAN vertex. */
size_t gsc_decimate(const double *px, const double *py, size_t n, double column_width,
                    double *ret_px, double *ret_py);

#endif
