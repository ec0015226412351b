/* SPDX-License-Identifier: MIT
 *
 * A scene's images through Cairo. Layer: ui/plot; Cairo.
 */
#ifndef GSC_UI_PLOT_CAIRO_IMAGE_H
#define GSC_UI_PLOT_CAIRO_IMAGE_H

#include "ui/plot/scene.h"

#include <cairo.h>

/* Draws the image within clip; scale: device pixels per user unit, 0 for vector files. What it
 * lacks memory for it leaves out. */
void gsc_cairo_image(cairo_t *cairo, const gsc_scene_image *image, gsc_box clip, double scale);

#endif
