/* SPDX-License-Identifier: MIT
 *
 * Both renderers draw the same figure: every kind of layer, checked pixel by pixel against each
 * other and at the places where data must be. The OpenGL one really is OpenGL.
 */
#include "ui/plot/render.h"

#include "tests/tap.h"

#include <stdint.h>
#include <stdlib.h>

enum {
    WIDTH = 1000,
    HEIGHT = 640
};

static gsc_plot_layer *add(gsc_panel *panel, gsc_layer_kind kind, int color, const double *y,
                           int n) {
    gsc_plot_layer *layer = gsc_panel_add_layer(panel, kind, (size_t)n, true);
    layer->color = color;
    layer->shape = color;
    for (int i = 0; i < n; i++) {
        layer->x[i] = 100 * pow(10, 0.5 * i);
        layer->y[i] = y[i];
        layer->low[i] = 0.8 * y[i];
        layer->high[i] = 1.25 * y[i];
    }
    return layer;
}

static gsc_figure *make_figure(void) {
    static const double falling[5] = {1, 0.5, 0.25, 0.12, 0.06}, flat[5] = {2, 2.1, 1.9, 2, 2.05};
    gsc_figure *figure = gsc_figure_new("rate");
    gsc_figure_set_text(&figure->title, "Both renderers");
    gsc_figure_set_text(&figure->recipe, "A recipe with <brackets> & n^{-1/4}");
    gsc_figure_set_text(&figure->spec, "[{\"gate\": \"softmax\"}]");
    for (int p = 0; p < 2; p++) {
        gsc_panel *panel = gsc_figure_add_panel(figure, p == 0 ? "error" : "divergence");
        gsc_figure_set_text(&panel->x.title, "Sample size n");
        gsc_figure_set_text(&panel->y.title, "Error");
        panel->x.log = panel->y.log = true;
        add(panel, GSC_LAYER_BAND, 3, flat, 5);
        for (int c = 0; c < 4; c++) {
            double y[5];
            for (int i = 0; i < 5; i++) {
                y[i] = falling[i] * pow(2, c);
            }
            add(panel, GSC_LAYER_BARS, c, y, 5);
            add(panel, GSC_LAYER_LINE, c, y, 5);
            add(panel, GSC_LAYER_POINTS, c, y, 5);
        }
        gsc_figure_set_text(&add(panel, GSC_LAYER_DASHED, 1, flat, 5)->inline_label, "n^{-1/2}");
        add(panel, GSC_LAYER_CLOUD, 2, flat, 5);
        gsc_panel_add_legend(panel, "a row", "−0.25");
    }
    return figure;
}

static const unsigned char *pixel(cairo_surface_t *surface, int x, int y) {
    return cairo_image_surface_get_data(surface) + y * cairo_image_surface_get_stride(surface) +
           4 * x;
}

/* Mean over 3 x 3 pixels of a channel. */
static double blurred(cairo_surface_t *surface, int x, int y, int channel) {
    double sum = 0;
    for (int dy = -1; dy <= 1; dy++) {
        for (int dx = -1; dx <= 1; dx++) {
            sum += pixel(surface, x + dx, y + dy)[channel];
        }
    }
    return sum / 9;
}

static void compare(cairo_surface_t *a, cairo_surface_t *b) {
    double sum = 0, worst = 0;
    for (int y = 1; y < HEIGHT - 1; y++) {
        for (int x = 1; x < WIDTH - 1; x++) {
            for (int c = 0; c < 3; c++) {
                double d = fabs(blurred(a, x, y, c) - blurred(b, x, y, c));
                sum += d;
                worst = fmax(worst, d);
            }
        }
    }
    double mean = sum / (3.0 * (WIDTH - 2) * (HEIGHT - 2));
    printf("# mean difference %.4f, largest %.1f of 255\n", mean, worst);
    TAP_OK(mean < 0.25, "the pictures differ by less than 0.25 of 255 on average");
    TAP_OK(worst < 70, "and nowhere by more than the edge of a line");
}

/* How many pixels within reach of (x, y) are near a colour. */
static int count_color(cairo_surface_t *surface, gsc_rgba color, double x, double y, int reach) {
    int n = 0;
    for (int v = (int)y - reach; v <= (int)y + reach; v++) {
        for (int u = (int)x - reach; u <= (int)x + reach; u++) {
            const unsigned char *p = pixel(surface, u, v);
            n += abs(p[2] - (int)lround(255 * color.r)) + abs(p[1] - (int)lround(255 * color.g)) +
                     abs(p[0] - (int)lround(255 * color.b)) <
                 24;
        }
    }
    return n;
}

static void check_places(const gsc_figure *figure, cairo_surface_t *surface, const char *who) {
    double scale = 1; /* 96 dpi */
    gsc_layout *layout =
        gsc_layout_new(figure, NULL, &gsc_plot_theme_light, WIDTH / scale, HEIGHT / scale, NULL);
    int missing = 0, beside = 0;
    for (size_t p = 0; p < layout->n_panels; p++) {
        const gsc_panel *panel = figure->panels[p];
        const gsc_panel_layout *place = &layout->panels[p];
        for (size_t l = 0; l < panel->n_layers; l++) {
            const gsc_plot_layer *layer = panel->layers[l];
            if (layer->kind != GSC_LAYER_POINTS) {
                continue;
            }
            gsc_rgba color = gsc_plot_theme_color(layout->theme, layer->color);
            for (size_t i = 0; i < layer->n; i++) {
                double x = gsc_view_x_to_pixel(place->view, place->plot, log10(layer->x[i]));
                double y = gsc_view_y_to_pixel(place->view, place->plot, log10(layer->y[i]));
                missing += count_color(surface, color, x, y, 3) < 16;
            }
        }
        beside += count_color(surface, gsc_plot_theme_light.palette[0], place->plot.x + 20,
                              place->plot.y + place->plot.height - 20, 8);
    }
    char what[96];
    snprintf(what, sizeof what, "%s: a marker stands at each of the 40 points", who);
    TAP_OK(missing == 0, what);
    snprintf(what, sizeof what, "%s: and none where there is no data", who);
    TAP_OK(beside == 0, what);
    gsc_layout_free(layout);
}

int main(void) {
    gsc_figure *figure = make_figure();
    gsc_error error = {.status = GSC_OK};
    char drew[128] = "";
    gsc_export export = {.width_px = WIDTH,
                         .height_px = HEIGHT,
                         .dpi = 96,
                         .ret_gl_renderer = drew,
                         .size_gl_renderer = sizeof drew};
    cairo_surface_t *cairo = NULL, *gl = NULL;
    TAP_OK(gsc_export_surface(figure, &export, &cairo, &error) == GSC_OK, "Cairo draws");
    TAP_STRING(drew, "", "without OpenGL");
    export.renderer = GSC_RENDERER_GL;
    if (!TAP_OK(gsc_export_surface(figure, &export, &gl, &error) == GSC_OK, "OpenGL draws")) {
        printf("# %s\n", error.message);
        return tap_done();
    }
    printf("# on %s\n", drew);
    TAP_OK(drew[0] != '\0', "and names its renderer");
    compare(cairo, gl);
    check_places(figure, cairo, "Cairo");
    check_places(figure, gl, "OpenGL");
    export.theme = &gsc_plot_theme_dark;
    cairo_surface_t *dark = NULL;
    TAP_OK(gsc_export_surface(figure, &export, &dark, &error) == GSC_OK, "the dark theme draws");
    TAP_OK(pixel(dark, 2, 2)[1] < 60 && pixel(gl, 2, 2)[1] == 255, "on a dark ground");
    cairo_surface_destroy(dark);
    cairo_surface_destroy(cairo);
    cairo_surface_destroy(gl);
    gsc_figure_free(figure);
    return tap_done();
}
