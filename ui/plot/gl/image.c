/* SPDX-License-Identifier: MIT
 *
 * See image.h. Layer: ui/plot; libepoxy.
 */
#include "ui/plot/gl/image.h"

#include "ui/plot/gl/program.h"

#include <math.h>

enum {
    VIEWPORT,
    QUAD,
    BOX,
    ENTRIES,
    TABLE,
    HATCHING,
    BLANK,
    HATCH
};

static GLuint make_texture(void) {
    GLuint texture = 0;
    glGenTextures(1, &texture);
    glBindTexture(GL_TEXTURE_2D, texture);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
    glBindTexture(GL_TEXTURE_2D, 0);
    return texture;
}

gsc_status gsc_gl_images_init(gsc_gl_images *self, const char *vertex, const char *fragment,
                              gsc_error *error) {
    static const char *const names[GSC_GL_IMAGE_UNIFORMS] = {
        [VIEWPORT] = "viewport", [QUAD] = "quad",         [BOX] = "box",     [ENTRIES] = "entries",
        [TABLE] = "table",       [HATCHING] = "hatching", [BLANK] = "blank", [HATCH] = "hatch"};
    gsc_status status = gsc_gl_program("image", vertex, fragment, &self->program, error);
    for (int i = 0; i < GSC_GL_IMAGE_UNIFORMS && status == GSC_OK; i++) {
        self->uniform[i] = glGetUniformLocation(self->program, names[i]);
    }
    glGenVertexArrays(1, &self->array);
    self->entries = make_texture();
    self->table = make_texture();
    return status;
}

void gsc_gl_images_clear(gsc_gl_images *self) {
    glDeleteProgram(self->program);
    glDeleteVertexArrays(1, &self->array);
    glDeleteTextures(1, &self->entries);
    glDeleteTextures(1, &self->table);
}

static void upload(const gsc_gl_images *self, const gsc_scene_image *image) {
    unsigned char table[4 * GSC_COLORMAP_SIZE];
    for (int i = 0; i < GSC_COLORMAP_SIZE; i++) {
        const float rgb[3] = {image->table[i].r, image->table[i].g, image->table[i].b};
        for (int k = 0; k < 3; k++) {
            table[4 * i + k] = (unsigned char)(rgb[k] * 255 + 0.5f);
        }
        table[4 * i + 3] = 255;
    }
    glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
    glActiveTexture(GL_TEXTURE1);
    glBindTexture(GL_TEXTURE_2D, self->table);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, GSC_COLORMAP_SIZE, 1, 0, GL_RGBA, GL_UNSIGNED_BYTE,
                 table);
    glActiveTexture(GL_TEXTURE0);
    glBindTexture(GL_TEXTURE_2D, self->entries);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_R32F, (GLsizei)image->columns, (GLsizei)image->rows, 0,
                 GL_RED, GL_FLOAT, image->entries);
}

void gsc_gl_images_draw(const gsc_gl_images *self, const gsc_scene_image *image, gsc_box clip,
                        double scale, double width, double height) {
    gsc_box box = image->box;
    double left = round(fmax(box.x, clip.x) * scale), top = round(fmax(box.y, clip.y) * scale);
    double right = round(fmin(box.x + box.width, clip.x + clip.width) * scale);
    double bottom = round(fmin(box.y + box.height, clip.y + clip.height) * scale);
    if (!(right > left && bottom > top)) {
        return;
    }
    upload(self, image);
    glUseProgram(self->program);
    glBindVertexArray(self->array);
    glUniform2f(self->uniform[VIEWPORT], (GLfloat)width, (GLfloat)height);
    glUniform4f(self->uniform[QUAD], (GLfloat)left, (GLfloat)top, (GLfloat)(right - left),
                (GLfloat)(bottom - top));
    glUniform4f(self->uniform[BOX], (GLfloat)(box.x * scale), (GLfloat)(box.y * scale),
                (GLfloat)(box.width * scale), (GLfloat)(box.height * scale));
    glUniform1i(self->uniform[ENTRIES], 0);
    glUniform1i(self->uniform[TABLE], 1);
    glUniform2f(self->uniform[HATCHING], (GLfloat)round(GSC_SCENE_HATCH_PERIOD * scale),
                (GLfloat)(GSC_SCENE_HATCH_LINE * scale));
    glUniform4f(self->uniform[BLANK], image->blank.r, image->blank.g, image->blank.b, 1);
    glUniform4f(self->uniform[HATCH], image->hatch.r, image->hatch.g, image->hatch.b, 1);
    glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
}
