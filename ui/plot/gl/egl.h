/* SPDX-License-Identifier: MIT
 *
 * OpenGL without a window or a display: a surfaceless EGL context that draws into a framebuffer
 * object. Layer: ui/plot; EGL through libepoxy.
 */
#ifndef GSC_UI_PLOT_GL_EGL_H
#define GSC_UI_PLOT_GL_EGL_H

#include "ui/plot/render.h"

/* Draws the layout (no text) into pixels: premultiplied ARGB32 rows from the top, as a Cairo
 * image surface has them, stride_bytes apart. Makes its own context current and leaves none
 * current afterwards, so the caller must not be inside another library's context. ret_name (may
 * be NULL): the driver's renderer name. GSC_ERR_SYSTEM where EGL or a fitting OpenGL is missing
 * or the size is beyond it. */
gsc_status gsc_egl_draw(const gsc_layout *layout, double scale, int width_px, int height_px,
                        unsigned char *ret_pixels, int stride_bytes, char *ret_name,
                        size_t name_size, gsc_error *error);

/* The same for many frames of one size: a context that stays current until it is closed. */
typedef struct gsc_egl gsc_egl;

gsc_status gsc_egl_open(int width_px, int height_px, gsc_egl **ret_egl, gsc_error *error);
void gsc_egl_close(gsc_egl *self); /* NULL is fine */
const char *gsc_egl_renderer(const gsc_egl *self);
/* Draws and waits until it is drawn; reads the pixels where they are wanted (NULL: not). */
gsc_status gsc_egl_frame(gsc_egl *self, const gsc_layout *layout, double scale,
                         unsigned char *ret_pixels, int stride_bytes, gsc_error *error);

#endif
