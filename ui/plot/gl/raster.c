/* SPDX-License-Identifier: MIT
 *
 * See raster.h. Layer: ui/plot; libepoxy.
 */
#include "ui/plot/gl/raster.h"

#include "ui/plot/gl/program.h"

#include <stdlib.h>

gsc_status gsc_gl_rasters_init(gsc_gl_rasters *self, const char *vertex, const char *fragment,
                               gsc_error *error) {
    gsc_status status = gsc_gl_program("raster", vertex, fragment, &self->program, error);
    if (status == GSC_OK) {
        self->viewport = glGetUniformLocation(self->program, "viewport");
        self->quad = glGetUniformLocation(self->program, "quad");
        self->pixels = glGetUniformLocation(self->program, "pixels");
    }
    glGenVertexArrays(1, &self->array);
    glGenTextures(1, &self->texture);
    glBindTexture(GL_TEXTURE_2D, self->texture);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    glBindTexture(GL_TEXTURE_2D, 0);
    return status;
}

void gsc_gl_rasters_clear(gsc_gl_rasters *self) {
    glDeleteProgram(self->program);
    glDeleteVertexArrays(1, &self->array);
    glDeleteTextures(1, &self->texture);
    free(self->buffer);
}

static void upload(gsc_gl_rasters *self, const gsc_raster *raster) {
    glActiveTexture(GL_TEXTURE0);
    glBindTexture(GL_TEXTURE_2D, self->texture);
    glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
    if (self->width != raster->width || self->height != raster->height) {
        glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, raster->width, raster->height, 0, GL_RGBA,
                     GL_UNSIGNED_BYTE, raster->pixels);
        self->width = raster->width;
        self->height = raster->height;
    } else {
        glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, raster->width, raster->height, GL_RGBA,
                        GL_UNSIGNED_BYTE, raster->pixels);
    }
}

void gsc_gl_rasters_draw(gsc_gl_rasters *self, const gsc_scene *scene, const gsc_scene_batch *batch,
                         double scale, double width, double height) {
    gsc_raster raster;
    if (!gsc_raster_init(&raster, batch->clip, scale, &self->buffer, &self->capacity)) {
        return;
    }
    gsc_raster_envelopes(&raster, scene, batch->first, batch->count, scale);
    upload(self, &raster);
    glUseProgram(self->program);
    glBindVertexArray(self->array);
    glUniform2f(self->viewport, (GLfloat)width, (GLfloat)height);
    glUniform4f(self->quad, (GLfloat)raster.x, (GLfloat)raster.y, (GLfloat)raster.width,
                (GLfloat)raster.height);
    glUniform1i(self->pixels, 0);
    glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
}
