/* SPDX-License-Identifier: MIT
 *
 * Pixels of raster.h through OpenGL. Layer: ui/plot, private to gl/.
 */
#ifndef GSC_UI_PLOT_GL_RASTER_H
#define GSC_UI_PLOT_GL_RASTER_H

#include "core/base/error.h"
#include "ui/plot/raster.h"

#include <epoxy/gl.h>

typedef struct gsc_gl_rasters {
    GLuint program, array, texture;
    GLint viewport, quad, pixels;
    int width, height; /* of the texture */
    uint32_t *buffer;
    size_t capacity;
} gsc_gl_rasters;

/* Wants a current context, as all below; on failure clear is still to be called. */
gsc_status gsc_gl_rasters_init(gsc_gl_rasters *self, const char *vertex, const char *fragment,
                               gsc_error *error);
void gsc_gl_rasters_clear(gsc_gl_rasters *self);
/* Draws a batch of envelopes into a viewport of width x height device pixels; program, vertex array
 * and the texture of unit 0 are left changed. */
void gsc_gl_rasters_draw(gsc_gl_rasters *self, const gsc_scene *scene, const gsc_scene_batch *batch,
                         double scale, double width, double height);

#endif
