/* SPDX-License-Identifier: MIT
 *
 * Heatmaps through OpenGL: the cells' entries as a texture of floats, the colour table as another.
 * Layer: ui/plot, private to gl/.
 */
#ifndef GSC_UI_PLOT_GL_IMAGE_H
#define GSC_UI_PLOT_GL_IMAGE_H

#include "core/base/error.h"
#include "ui/plot/scene.h"

#include <epoxy/gl.h>

enum {
    GSC_GL_IMAGE_UNIFORMS = 8
};

typedef struct gsc_gl_images {
    GLuint program, array, entries, table;
    GLint uniform[GSC_GL_IMAGE_UNIFORMS];
} gsc_gl_images;

/* Wants a current context, as all below; on failure clear is still to be called. */
gsc_status gsc_gl_images_init(gsc_gl_images *self, const char *vertex, const char *fragment,
                              gsc_error *error);
void gsc_gl_images_clear(gsc_gl_images *self);
/* Draws one image within clip into a viewport of width x height device pixels; program, vertex
 * array and the textures of units 0 and 1 are left changed. */
void gsc_gl_images_draw(const gsc_gl_images *self, const gsc_scene_image *image, gsc_box clip,
                        double scale, double width, double height);

#endif
