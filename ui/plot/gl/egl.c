/* SPDX-License-Identifier: MIT
 *
 * See egl.h. Layer: ui/plot; EGL through libepoxy.
 */
#include "ui/plot/gl/egl.h"

#include <epoxy/egl.h>
#include <epoxy/gl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gsc_status open_context(EGLDisplay *ret_display, EGLContext *ret_context, gsc_error *error) {
    EGLDisplay display = EGL_NO_DISPLAY;
    if (epoxy_has_egl_extension(EGL_NO_DISPLAY, "EGL_MESA_platform_surfaceless")) {
        display =
            eglGetPlatformDisplayEXT(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL);
    }
    if (display == EGL_NO_DISPLAY) {
        display = eglGetDisplay(EGL_DEFAULT_DISPLAY);
    }
    if (display == EGL_NO_DISPLAY || !eglInitialize(display, NULL, NULL)) {
        return gsc_fail(error, GSC_ERR_SYSTEM,
                        "EGL gives no display to draw on; use the Cairo renderer instead");
    }
    static const EGLint wanted[] = {EGL_SURFACE_TYPE, 0, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT,
                                    EGL_NONE};
    static const EGLint core[] = {EGL_CONTEXT_MAJOR_VERSION,
                                  3,
                                  EGL_CONTEXT_MINOR_VERSION,
                                  3,
                                  EGL_CONTEXT_OPENGL_PROFILE_MASK,
                                  EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT,
                                  EGL_NONE};
    EGLConfig config = NULL;
    EGLint n = 0;
    EGLContext context = EGL_NO_CONTEXT;
    if (eglBindAPI(EGL_OPENGL_API) && eglChooseConfig(display, wanted, &config, 1, &n) && n > 0) {
        context = eglCreateContext(display, config, EGL_NO_CONTEXT, core);
    }
    if (context == EGL_NO_CONTEXT ||
        !eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context)) {
        if (context != EGL_NO_CONTEXT) {
            eglDestroyContext(display, context);
        }
        eglTerminate(display);
        return gsc_fail(error, GSC_ERR_SYSTEM,
                        "EGL gives no OpenGL 3.3 context; use the Cairo renderer instead");
    }
    *ret_display = display;
    *ret_context = context;
    return GSC_OK;
}

/* OpenGL's rows run upwards, Cairo's downwards. */
static void read_pixels(int width_px, int height_px, unsigned char *ret_pixels, int stride_bytes) {
    glPixelStorei(GL_PACK_ALIGNMENT, 4);
    glPixelStorei(GL_PACK_ROW_LENGTH, stride_bytes / 4);
    glReadPixels(0, 0, width_px, height_px, GL_BGRA, GL_UNSIGNED_INT_8_8_8_8_REV, ret_pixels);
    glPixelStorei(GL_PACK_ROW_LENGTH, 0);
    size_t stride = (size_t)stride_bytes;
    for (size_t top = 0, bottom = (size_t)height_px; top + 1 < bottom--; top++) {
        unsigned char *a = ret_pixels + top * stride, *b = ret_pixels + bottom * stride;
        for (size_t i = 0; i < stride; i += sizeof(uint32_t)) {
            uint32_t upper, lower;
            memcpy(&upper, a + i, sizeof upper);
            memcpy(&lower, b + i, sizeof lower);
            memcpy(a + i, &lower, sizeof lower);
            memcpy(b + i, &upper, sizeof upper);
        }
    }
}

struct gsc_egl {
    EGLDisplay display;
    EGLContext context;
    gsc_gl_renderer *renderer;
    GLuint frame, color;
    int width, height;
};

static gsc_status make_frame(gsc_egl *self, gsc_error *error) {
    GLint most = 0;
    glGetIntegerv(GL_MAX_RENDERBUFFER_SIZE, &most);
    if (self->width > most || self->height > most) {
        return gsc_fail(error, GSC_ERR_SYSTEM,
                        "this OpenGL draws at most %d pixels across, not %d x %d", most,
                        self->width, self->height);
    }
    glGenFramebuffers(1, &self->frame);
    glGenRenderbuffers(1, &self->color);
    glBindRenderbuffer(GL_RENDERBUFFER, self->color);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, self->width, self->height);
    glBindFramebuffer(GL_FRAMEBUFFER, self->frame);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, self->color);
    if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE) {
        return gsc_fail(error, GSC_ERR_SYSTEM, "OpenGL makes no framebuffer of %d x %d pixels",
                        self->width, self->height);
    }
    return GSC_OK;
}

gsc_status gsc_egl_open(int width_px, int height_px, gsc_egl **ret_egl, gsc_error *error) {
    gsc_egl *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left for OpenGL");
    }
    gsc_status status = open_context(&self->display, &self->context, error);
    if (status != GSC_OK) {
        free(self);
        return status;
    }
    self->width = width_px;
    self->height = height_px;
    status = gsc_gl_renderer_new(&self->renderer, error);
    if (status == GSC_OK) {
        status = make_frame(self, error);
    }
    if (status != GSC_OK) {
        gsc_egl_close(self);
        return status;
    }
    *ret_egl = self;
    return GSC_OK;
}

void gsc_egl_close(gsc_egl *self) {
    if (self == NULL) {
        return;
    }
    glBindFramebuffer(GL_FRAMEBUFFER, 0);
    glDeleteFramebuffers(1, &self->frame);
    glDeleteRenderbuffers(1, &self->color);
    gsc_gl_renderer_free(self->renderer);
    eglMakeCurrent(self->display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
    eglDestroyContext(self->display, self->context);
    eglTerminate(self->display);
    free(self);
}

const char *gsc_egl_renderer(const gsc_egl *self) {
    return gsc_gl_renderer_info(self->renderer).renderer;
}

gsc_status gsc_egl_frame(gsc_egl *self, const gsc_layout *layout, double scale,
                         unsigned char *ret_pixels, int stride_bytes, gsc_error *error) {
    glViewport(0, 0, self->width, self->height);
    gsc_status status = gsc_gl_draw(self->renderer, layout, scale, error);
    if (status == GSC_OK && ret_pixels != NULL) {
        read_pixels(self->width, self->height, ret_pixels, stride_bytes);
    } else {
        glFinish();
    }
    return status;
}

gsc_status gsc_egl_draw(const gsc_layout *layout, double scale, int width_px, int height_px,
                        unsigned char *ret_pixels, int stride_bytes, char *ret_name,
                        size_t name_size, gsc_error *error) {
    gsc_egl *egl = NULL;
    gsc_status status = gsc_egl_open(width_px, height_px, &egl, error);
    if (status != GSC_OK) {
        return status;
    }
    status = gsc_egl_frame(egl, layout, scale, ret_pixels, stride_bytes, error);
    if (status == GSC_OK && ret_name != NULL && name_size > 0) {
        snprintf(ret_name, name_size, "%s", gsc_egl_renderer(egl));
    }
    gsc_egl_close(egl);
    return status;
}
