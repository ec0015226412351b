/* SPDX-License-Identifier: MIT
 *
 * Long lines: no extreme is hidden at any zoom, gaps stay gaps, both renderers draw the same, an
 * envelope is where the polyline is, and vector files stay small.
 */
#include "ui/plot/figure.h"

#include "tests/tap.h"
#include "ui/plot/layout.h"
#include "ui/plot/render.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    WIDTH = 1000,
    HEIGHT = 600,
    POINTS = 100000,
    SPIKE = 61234,
    GAP = 20000,
    GAP_END = 24000
};

static gsc_figure *make_figure(int lines, bool gap) {
    gsc_figure *figure = gsc_figure_new("dense");
    gsc_panel *panel = gsc_figure_add_panel(figure, "loss");
    gsc_figure_set_text(&panel->x.title, "Step");
    gsc_figure_set_text(&panel->y.title, "Loss");
    uint64_t state = 3;
    for (int l = 0; l < lines; l++) {
        gsc_plot_layer *layer = gsc_panel_add_layer(panel, GSC_LAYER_LINE, POINTS, false);
        layer->color = l;
        for (int i = 0; i < POINTS; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            layer->x[i] = i;
            layer->y[i] = 2 + sin(i / 9000.) + .02 * (double)(state >> 40) / (1 << 24) + .2 * l;
            if (gap && i >= GAP && i < GAP_END) {
                layer->y[i] = NAN;
            }
        }
        layer->y[SPIKE] = 7;
    }
    return figure;
}

static cairo_surface_t *draw(const gsc_figure *figure, gsc_renderer_kind renderer,
                             const gsc_plot_view *view) {
    gsc_error error = {.status = GSC_OK};
    cairo_surface_t *surface = NULL;
    gsc_export export = {
        .width_px = WIDTH, .height_px = HEIGHT, .dpi = 96, .renderer = renderer, .views = view};
    if (gsc_export_surface(figure, &export, &surface, &error) != GSC_OK) {
        printf("Bail out! %s\n", error.message);
        exit(1);
    }
    return surface;
}

static const unsigned char *pixel(cairo_surface_t *surface, int x, int y) {
    return cairo_image_surface_get_data(surface) +
           (size_t)y * (size_t)cairo_image_surface_get_stride(surface) + 4 * (size_t)x;
}

/* Whether a pixel is rather the first palette colour, a blue, than the grid's grey. */
static bool is_line(cairo_surface_t *surface, int x, int y) {
    const unsigned char *p = pixel(surface, x, y);
    return p[0] - p[2] > 40;
}

/* Pixels of the line in a column between two heights. */
static int count(cairo_surface_t *surface, double x, double top, double bottom) {
    int n = 0;
    for (int y = (int)ceil(top); y < (int)bottom; y++) {
        n += is_line(surface, (int)x, y) || is_line(surface, (int)x - 1, y) ||
             is_line(surface, (int)x + 1, y);
    }
    return n;
}

static void check_view(const gsc_figure *figure, const gsc_plot_view *view, const char *what) {
    char name[120];
    gsc_layout *layout = gsc_layout_new(figure, view, &gsc_plot_theme_light, WIDTH, HEIGHT, NULL);
    gsc_box plot = layout->panels[0].plot;
    gsc_plot_view seen = layout->panels[0].view;
    double x = gsc_view_x_to_pixel(seen, plot, SPIKE);
    double top = gsc_view_y_to_pixel(seen, plot, 7), foot = gsc_view_y_to_pixel(seen, plot, 3.3);
    double per_point = plot.width / (seen.x_high - seen.x_low);
    foot = per_point > 4 ? fmin(foot, top + 12) : foot; /* its flanks lie apart further down */
    for (int renderer = GSC_RENDERER_CAIRO; renderer <= GSC_RENDERER_GL; renderer++) {
        cairo_surface_t *surface = draw(figure, (gsc_renderer_kind)renderer, view);
        int seen_pixels = count(surface, x, top + 1, foot);
        snprintf(name, sizeof name, "%s: one point of 100,000 is seen up to its height, by %s",
                 what, renderer == GSC_RENDERER_GL ? "OpenGL" : "Cairo");
        TAP_OK(seen_pixels >= (int)(foot - top) - 3, name);
        cairo_surface_destroy(surface);
    }
    gsc_layout_free(layout);
}

static void test_gap(void) {
    gsc_figure *figure = make_figure(1, true);
    gsc_layout *layout = gsc_layout_new(figure, NULL, &gsc_plot_theme_light, WIDTH, HEIGHT, NULL);
    gsc_box plot = layout->panels[0].plot;
    gsc_plot_view view = layout->panels[0].view;
    cairo_surface_t *surface = draw(figure, GSC_RENDERER_GL, NULL);
    int inside = 0, beside = 0;
    for (int i = GAP + 500; i < GAP_END - 500; i += 500) {
        inside += count(surface, gsc_view_x_to_pixel(view, plot, i), plot.y, plot.y + plot.height);
        beside +=
            count(surface, gsc_view_x_to_pixel(view, plot, i + 8000), plot.y, plot.y + plot.height);
    }
    TAP_OK(inside == 0 && beside > 10, "a gap stays a gap");
    cairo_surface_destroy(surface);
    gsc_layout_free(layout);
    gsc_figure_free(figure);
}

/* Mean difference of the two renderers in the plot, of 255. */
static double difference(const gsc_figure *figure, const gsc_plot_view *view) {
    cairo_surface_t *a = draw(figure, GSC_RENDERER_CAIRO, view);
    cairo_surface_t *b = draw(figure, GSC_RENDERER_GL, view);
    double sum = 0;
    for (int y = 2; y < HEIGHT - 2; y++) {
        for (int x = 2; x < WIDTH - 2; x++) {
            for (int k = 0; k < 3; k++) {
                sum += abs(pixel(a, x, y)[k] - pixel(b, x, y)[k]);
            }
        }
    }
    cairo_surface_destroy(a);
    cairo_surface_destroy(b);
    return sum / (3. * (WIDTH - 4) * (HEIGHT - 4));
}

/* A line of few points drawn as an envelope, because many others make its panel crowded, lies where
 * it lies when it is drawn segment by segment. */
static void test_crowded(void) {
    const gsc_plot_view view = {61000, 61400, 2, 7.5};
    gsc_figure *alone = make_figure(1, false), *crowd = make_figure(40, false);
    for (size_t i = 1; i < crowd->panels[0]->n_layers; i++) {
        gsc_plot_layer *layer = crowd->panels[0]->layers[i];
        for (int k = 0; k < POINTS; k++) {
            layer->y[k] = -5;
        }
    }
    cairo_surface_t *a = draw(alone, GSC_RENDERER_CAIRO, &view);
    cairo_surface_t *b = draw(crowd, GSC_RENDERER_CAIRO, &view);
    int other = 0, line = 0;
    for (int y = 2; y < HEIGHT - 60; y++) {
        for (int x = 80; x < WIDTH - 20; x++) {
            line += is_line(a, x, y);
            /* apart by more than a pixel's softness */
            other += is_line(a, x, y) && !is_line(b, x, y) && !is_line(b, x, y - 1) &&
                     !is_line(b, x, y + 1) && !is_line(b, x - 1, y) && !is_line(b, x + 1, y);
            other += is_line(b, x, y) && !is_line(a, x, y) && !is_line(a, x, y - 1) &&
                     !is_line(a, x, y + 1) && !is_line(a, x - 1, y) && !is_line(a, x + 1, y);
        }
    }
    printf("# %d of %d pixels of the line are elsewhere\n", other, line);
    TAP_OK(line > 500 && other * 50 < line, "an envelope lies where the polyline lies");
    cairo_surface_destroy(a);
    cairo_surface_destroy(b);
    gsc_figure_free(alone);
    gsc_figure_free(crowd);
}

static void test_files(const gsc_figure *figure) {
    static const char *const names[] = {"dense-test.svg", "dense-test.pdf"};
    gsc_error error = {.status = GSC_OK};
    for (int i = 0; i < 2; i++) {
        char what[80];
        struct stat st = {0};
        gsc_status status = gsc_export_file(figure, NULL, names[i], &error);
        stat(names[i], &st);
        printf("# %s: %lld bytes\n", names[i], (long long)st.st_size);
        snprintf(what, sizeof what, "100,000 points make an %s of less than 300 KB", names[i] + 11);
        TAP_OK(status == GSC_OK && st.st_size > 5000 && st.st_size < 300000, what);
        unlink(names[i]);
    }
}

int main(void) {
    gsc_figure *figure = make_figure(1, false);
    const gsc_plot_view near = {60000, 62500, 1, 7.5}, nearest = {61200, 61270, 1, 7.5},
                        far = {-500000, 600000, 0, 8};
    check_view(figure, NULL, "all of it");
    check_view(figure, &near, "nearer");
    check_view(figure, &nearest, "nearest");
    check_view(figure, &far, "far away");
    double home = difference(figure, NULL), zoomed = difference(figure, &near);
    printf("# mean differences %.4f and %.4f\n", home, zoomed);
    TAP_OK(home < .1 && zoomed < .25, "both renderers draw the same envelope");
    test_files(figure);
    gsc_figure_free(figure);
    test_gap();
    test_crowded();
    return tap_done();
}
