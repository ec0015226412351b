/* SPDX-License-Identifier: MIT
 *
 * See egl.h. Layer: ui/plot; EGL through libepoxy.
 */
#include "ui/plot/gl/egl.h"

#include <epoxy/egl.h>
#include <epoxy/gl.h>
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
    for (int row = 0; row < height_px; row++) {
        glReadPixels(0, height_px - 1 - row, width_px, 1, GL_BGRA, GL_UNSIGNED_INT_8_8_8_8_REV,
                     ret_pixels + (size_t)row * (size_t)stride_bytes);
    }
}

static gsc_status draw(const gsc_layout *layout, double scale, int width_px, int height_px,
                       unsigned char *ret_pixels, int stride_bytes, char *ret_name,
                       size_t name_size, gsc_error *error) {
    GLint most = 0;
    glGetIntegerv(GL_MAX_RENDERBUFFER_SIZE, &most);
    if (width_px > most || height_px > most) {
        return gsc_fail(error, GSC_ERR_SYSTEM,
                        "this OpenGL draws at most %d pixels across, not %d x %d", most, width_px,
                        height_px);
    }
    gsc_gl_renderer *renderer = NULL;
    gsc_status status = gsc_gl_renderer_new(&renderer, error);
    if (status != GSC_OK) {
        return status;
    }
    GLuint frame = 0, color = 0;
    glGenFramebuffers(1, &frame);
    glGenRenderbuffers(1, &color);
    glBindRenderbuffer(GL_RENDERBUFFER, color);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, width_px, height_px);
    glBindFramebuffer(GL_FRAMEBUFFER, frame);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, color);
    if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE) {
        status = gsc_fail(error, GSC_ERR_SYSTEM, "OpenGL makes no framebuffer of %d x %d pixels",
                          width_px, height_px);
    } else {
        glViewport(0, 0, width_px, height_px);
        status = gsc_gl_draw(renderer, layout, scale, error);
    }
    if (status == GSC_OK) {
        read_pixels(width_px, height_px, ret_pixels, stride_bytes);
        if (ret_name != NULL && name_size > 0) {
            snprintf(ret_name, name_size, "%s", gsc_gl_renderer_info(renderer).renderer);
        }
    }
    glBindFramebuffer(GL_FRAMEBUFFER, 0);
    glDeleteFramebuffers(1, &frame);
    glDeleteRenderbuffers(1, &color);
    gsc_gl_renderer_free(renderer);
    return status;
}

gsc_status gsc_egl_draw(const gsc_layout *layout, double scale, int width_px, int height_px,
                        unsigned char *ret_pixels, int stride_bytes, char *ret_name,
                        size_t name_size, gsc_error *error) {
    EGLDisplay display;
    EGLContext context;
    gsc_status status = open_context(&display, &context, error);
    if (status != GSC_OK) {
        return status;
    }
    status = draw(layout, scale, width_px, height_px, ret_pixels, stride_bytes, ret_name, name_size,
                  error);
    eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
    eglDestroyContext(display, context);
    eglTerminate(display);
    return status;
}
