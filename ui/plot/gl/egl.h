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

#endif
