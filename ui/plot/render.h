/* SPDX-License-Identifier: MIT
 *
 * Drawing a layout. Two renderers, one contract: both draw the scene of scene.h, in the same order,
 * with the same colours and widths; text is always Pango's. Cairo makes files and is the window's
 * way without OpenGL; OpenGL 3.3 core or OpenGL ES 3.0 makes what moves.
 *
 * Layer: ui/plot; Cairo, libepoxy.
 */
#ifndef GSC_UI_PLOT_RENDER_H
#define GSC_UI_PLOT_RENDER_H

#include "core/base/error.h"
#include "ui/plot/layout.h"

#include <cairo.h>
#include <stdint.h>

/* ---- Cairo ---------------------------------------------------------------------------------- */
/* Everything, in the context's user space (logical pixels): ground, graphics, text. */
gsc_status gsc_cairo_draw(const gsc_layout *layout, cairo_t *cairo, gsc_error *error);
/* Only the text. */
gsc_status gsc_cairo_draw_text(const gsc_layout *layout, cairo_t *cairo, gsc_error *error);

/* ---- OpenGL --------------------------------------------------------------------------------- */
/* Lives from realize to unrealize of its context; every function wants that context to be
 * current. */
typedef struct gsc_gl_renderer gsc_gl_renderer;

/* Compiles the programs. GSC_ERR_SYSTEM with the driver's own words where they do not compile or
 * where the context is older than OpenGL 3.3 / OpenGL ES 3.0. */
gsc_status gsc_gl_renderer_new(gsc_gl_renderer **ret_renderer, gsc_error *error);
void gsc_gl_renderer_free(gsc_gl_renderer *renderer);

/* Draws ground and graphics, no text, into the bound framebuffer, whole viewport: width and
 * height of the layout times scale device pixels. Leaves program, vertex array, buffer, blend
 * and scissor state as found. */
gsc_status gsc_gl_draw(gsc_gl_renderer *renderer, const gsc_layout *layout, double scale,
                       gsc_error *error);

typedef struct gsc_gl_info {
    const char *vendor, *renderer, *version; /* glGetString; live as long as the renderer */
    uint64_t frames;                         /* drawn since the renderer was made */
    uint64_t points;                         /* markers and cloud dots in the last frame */
    uint64_t instances;                      /* instances in the last frame */
} gsc_gl_info;
gsc_gl_info gsc_gl_renderer_info(const gsc_gl_renderer *renderer);

/* ---- Files ---------------------------------------------------------------------------------- */
typedef enum gsc_renderer_kind {
    GSC_RENDERER_CAIRO,
    GSC_RENDERER_GL
} gsc_renderer_kind;

typedef struct gsc_export {
    int width_px, height_px;     /* 0: 1600 x 1000; at most 16384 each */
    double dpi;                  /* 0: 200; text is as large as on paper at this dpi */
    double text_scale;           /* 0: 1 */
    gsc_renderer_kind renderer;  /* GL: PNG only, through surfaceless EGL */
    const gsc_plot_theme *theme; /* NULL: light */
    const gsc_plot_view *views;  /* NULL: home; of a page always home */
    const char *look;            /* JSON that a PNG carries as "gatescope-look"; NULL: none */
    char *ret_gl_renderer;       /* GL: what drew it, size_gl_renderer bytes; NULL: not wanted */
    size_t size_gl_renderer;
} gsc_export;

/* Writes the figure; the name's ending (.png .svg .pdf; .csv: what is drawn in numbers, .json: its
 * recipe) says as what. The file appears whole or
 * not at all. A PNG carries dpi and the recipe (iTXt chunk "gatescope-recipe"). */
gsc_status gsc_export_file(const gsc_figure *figure, const gsc_export *options, const char *path,
                           gsc_error *error);
/* Several figures, at least one, as one page of that size: side by side and below one another in this order, in
 * as many columns as give them the best shape, with the first one's recipe in PNG metadata. Cairo's alone. */
gsc_status gsc_export_page(const gsc_figure *const *figures, size_t n, const gsc_export *options,
                           const char *path, gsc_error *error);
/* The same pixels in memory: premultiplied ARGB32 as Cairo has it, caller destroys. */
gsc_status gsc_export_surface(const gsc_figure *figure, const gsc_export *options,
                              cairo_surface_t **ret_surface, gsc_error *error);

#endif
