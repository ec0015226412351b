/* SPDX-License-Identifier: MIT
 *
 * The same renderer on OpenGL ES 3.0, which is what GTK gives on some machines: its shaders compile
 * there, it draws, and it leaves the state it found.
 */
#include "ui/plot/heatmap.h"
#include "ui/plot/render.h"

#include "tests/tap.h"

#include <epoxy/egl.h>
#include <epoxy/gl.h>

enum {
    WIDTH = 400,
    HEIGHT = 300
};

static bool open_es(void) {
    static const EGLint wanted[] = {EGL_SURFACE_TYPE, 0, EGL_RENDERABLE_TYPE, EGL_OPENGL_ES3_BIT,
                                    EGL_NONE};
    static const EGLint version[] = {EGL_CONTEXT_MAJOR_VERSION, 3, EGL_CONTEXT_MINOR_VERSION, 0,
                                     EGL_NONE};
    EGLDisplay display =
        eglGetPlatformDisplayEXT(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL);
    EGLConfig config;
    EGLint n = 0;
    if (!eglInitialize(display, NULL, NULL) || !eglBindAPI(EGL_OPENGL_ES_API) ||
        !eglChooseConfig(display, wanted, &config, 1, &n) || n < 1) {
        return false;
    }
    EGLContext context = eglCreateContext(display, config, EGL_NO_CONTEXT, version);
    return context != EGL_NO_CONTEXT &&
           eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context);
}

static gsc_figure *make_figure(void) {
    gsc_figure *figure = gsc_figure_new("rate");
    gsc_panel *panel = gsc_figure_add_panel(figure, "error");
    static const gsc_layer_kind kinds[] = {GSC_LAYER_BAND, GSC_LAYER_LINE, GSC_LAYER_DASHED,
                                           GSC_LAYER_POINTS};
    for (int k = 0; k < 4; k++) {
        gsc_plot_layer *layer = gsc_panel_add_layer(panel, kinds[k], 3, true);
        for (int i = 0; i < 3; i++) {
            layer->x[i] = i;
            layer->y[i] = i;
            layer->low[i] = i - 0.5;
            layer->high[i] = i + 0.5;
        }
    }
    return figure;
}

/* The pixel at a point in axis space, as OpenGL has it. */
static void read_at(const gsc_layout *layout, size_t panel, double x, double y,
                    unsigned char ret_pixel[4]) {
    const gsc_panel_layout *place = &layout->panels[panel];
    double px = gsc_view_x_to_pixel(place->view, place->plot, x);
    double py = gsc_view_y_to_pixel(place->view, place->plot, y);
    glReadPixels((GLint)px, (GLint)(HEIGHT - 1 - py), 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, ret_pixel);
}

/* A map of two cells beside a line of so many points that it is an envelope: both go through textures. */
static void test_textures(gsc_gl_renderer *renderer) {
    gsc_error error = {.status = GSC_OK};
    unsigned char pixel[4];
    gsc_rgba table[GSC_COLORMAP_SIZE];
    gsc_figure *figure = gsc_figure_new("textures");
    gsc_heatmap *heat = gsc_panel_add_heatmap(gsc_figure_add_panel(figure, "map"), 1, 2)->heat;
    heat->values[0] = 0;
    heat->values[1] = 1;
    gsc_plot_layer *line =
        gsc_panel_add_layer(gsc_figure_add_panel(figure, "line"), GSC_LAYER_LINE, 50000, false);
    for (int i = 0; i < 50000; i++) {
        line->x[i] = i;
        line->y[i] = i % 2;
    }
    gsc_layout *layout = gsc_layout_new(figure, NULL, &gsc_plot_theme_light, WIDTH, HEIGHT, NULL);
    TAP_OK(gsc_gl_draw(renderer, layout, 1, &error) == GSC_OK && glGetError() == GL_NO_ERROR,
           "maps and long lines are drawn without an error");
    gsc_colormap_fill(GSC_COLORMAP_SEQUENTIAL, &gsc_plot_theme_light, table);
    read_at(layout, 0, 1, 0, pixel);
    TAP_NEAR(pixel[0], 255 * table[255].r, 1.01, "a cell has its colour, red");
    TAP_NEAR(pixel[2], 255 * table[255].b, 1.01, "and blue");
    read_at(layout, 1, 25000, .5, pixel);
    gsc_rgba color = gsc_plot_theme_color(&gsc_plot_theme_light, 0);
    TAP_NEAR(pixel[0], 255 * color.r, 1.01, "an envelope has its colour, red");
    TAP_NEAR(pixel[2], 255 * color.b, 1.01, "and blue");
    gsc_layout_free(layout);
    gsc_figure_free(figure);
}

int main(void) {
    if (!open_es()) {
        printf("1..0 # SKIP no OpenGL ES 3.0 here\n");
        return 0;
    }
    GLuint frame, color;
    glGenFramebuffers(1, &frame);
    glGenRenderbuffers(1, &color);
    glBindRenderbuffer(GL_RENDERBUFFER, color);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, WIDTH, HEIGHT);
    glBindFramebuffer(GL_FRAMEBUFFER, frame);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, color);
    glViewport(0, 0, WIDTH, HEIGHT);

    gsc_error error = {.status = GSC_OK};
    gsc_gl_renderer *renderer = NULL;
    if (!TAP_OK(gsc_gl_renderer_new(&renderer, &error) == GSC_OK, "the programs compile")) {
        printf("# %s\n", error.message);
        return tap_done();
    }
    gsc_figure *figure = make_figure();
    gsc_layout *layout = gsc_layout_new(figure, NULL, &gsc_plot_theme_light, WIDTH, HEIGHT, NULL);
    glEnable(GL_SCISSOR_TEST);
    glScissor(1, 2, 3, 4);
    TAP_OK(gsc_gl_draw(renderer, layout, 1, &error) == GSC_OK, "a figure is drawn");
    TAP_OK(glGetError() == GL_NO_ERROR, "without an error");
    GLint box[4], program = -1;
    glGetIntegerv(GL_SCISSOR_BOX, box);
    glGetIntegerv(GL_CURRENT_PROGRAM, &program);
    TAP_OK(glIsEnabled(GL_SCISSOR_TEST) && box[0] == 1 && box[3] == 4 && program == 0,
           "and the state is as it was");
    gsc_gl_info info = gsc_gl_renderer_info(renderer);
    printf("# %s, %s\n", info.renderer, info.version);
    TAP_OK(info.frames == 1 && info.points == 3, "it counts one frame and three points");

    gsc_box plot = layout->panels[0].plot;
    double x = gsc_view_x_to_pixel(layout->panels[0].view, plot, 1);
    double y = gsc_view_y_to_pixel(layout->panels[0].view, plot, 1);
    unsigned char pixel[4];
    glReadPixels((GLint)x, (GLint)(HEIGHT - 1 - y), 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, pixel);
    gsc_rgba expected = gsc_plot_theme_color(&gsc_plot_theme_light, 0);
    TAP_NEAR(pixel[0], 255 * expected.r, 2, "the middle marker is where its value is, red");
    TAP_NEAR(pixel[2], 255 * expected.b, 2, "and blue");
    gsc_layout_free(layout);
    gsc_figure_free(figure);
    glDisable(GL_SCISSOR_TEST);
    test_textures(renderer);
    gsc_gl_renderer_free(renderer);
    return tap_done();
}
