/* SPDX-License-Identifier: MIT
 *
 * Envelopes into pixels. A hundred long lines are some hundred thousand upright stretches of a
 * pixel's width: filling them on the processor takes a tenth of the time that a software OpenGL
 * takes for as many quads, and no renderer draws them otherwise, so that all pictures are the same.
 *
 * Layer: ui/plot; no drawing library.
 */
#ifndef GSC_UI_PLOT_RASTER_H
#define GSC_UI_PLOT_RASTER_H

#include "ui/plot/scene.h"

#include <stdint.h>

/* Part of the device's pixels. */
typedef struct gsc_raster {
    int x, y, width, height;
    uint32_t *pixels; /* [height, width], premultiplied, alpha in the highest byte, then R G B */
} gsc_raster;

/* The pixels of a batch's clip at a scale; false: there are none, or no memory. pixels is kept in
 * buffer (of *capacity pixels), which grows and is the caller's to free. */
bool gsc_raster_init(gsc_raster *self, gsc_box clip, double scale, uint32_t **buffer,
                     size_t *capacity);
/* Draws count envelopes from first on over transparent pixels. */
void gsc_raster_envelopes(gsc_raster *self, const gsc_scene *scene, size_t first, size_t count,
                          double scale);

#endif
