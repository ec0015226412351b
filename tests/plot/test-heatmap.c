/* SPDX-License-Identifier: MIT
 *
 * Heatmaps: colour tables that are perceptually even, cells under the pointer, both renderers the
 * same pixel for pixel, hatching where there is nothing, and no extreme hidden where cells are
 * smaller than pixels.
 */
#include "ui/plot/heatmap.h"

#include "tests/tap.h"
#include "ui/plot/render.h"

#include <stdint.h>
#include <stdlib.h>

enum {
    WIDTH = 900,
    HEIGHT = 560
};

/* Lightness of a colour after B. Ottosson's OKLab. */
static double lightness(gsc_rgba c) {
    const float rgb[3] = {c.r, c.g, c.b};
    double v[3];
    for (int i = 0; i < 3; i++) {
        v[i] = rgb[i] <= .04045f ? rgb[i] / 12.92 : pow((rgb[i] + .055) / 1.055, 2.4);
    }
    double l = cbrt(.4122214708 * v[0] + .5363325363 * v[1] + .0514459929 * v[2]);
    double m = cbrt(.2119034982 * v[0] + .6806995451 * v[1] + .1073969566 * v[2]);
    double s = cbrt(.0883024619 * v[0] + .2817188376 * v[1] + .6299787005 * v[2]);
    return .2104542553 * l + .7936177850 * m - .0040720468 * s;
}

static void test_tables(void) {
    gsc_rgba table[GSC_COLORMAP_SIZE];
    double least = 1, most = 0;
    gsc_colormap_fill(GSC_COLORMAP_SEQUENTIAL, &gsc_plot_theme_light, table);
    for (int i = 1; i < GSC_COLORMAP_SIZE; i++) {
        double step = lightness(table[i]) - lightness(table[i - 1]);
        least = fmin(least, step);
        most = fmax(most, step);
    }
    printf("# steps of lightness %.5f to %.5f\n", least, most);
    TAP_OK(least > .0022 && most < .0031, "the sequential table rises in even steps of lightness");
    gsc_colormap_fill(GSC_COLORMAP_DIVERGING, &gsc_plot_theme_light, table);
    double ends = fabs(lightness(table[0]) - lightness(table[255]));
    TAP_OK(ends < .02 && lightness(table[128]) > .9, "the diverging one is lightest in the middle");
    gsc_colormap_fill(GSC_COLORMAP_DIVERGING, &gsc_plot_theme_dark, table);
    TAP_OK(lightness(table[128]) < .35, "and darkest there on a dark ground");
}

static gsc_figure *make_figure(size_t rows, size_t columns, gsc_colormap_kind color) {
    gsc_figure *figure = gsc_figure_new("map");
    gsc_panel *panel = gsc_figure_add_panel(figure, "map");
    gsc_figure_set_text(&panel->x.title, "Expert");
    gsc_figure_set_text(&panel->y.title, "Layer");
    panel->x.whole = panel->y.whole = true;
    gsc_heatmap *heat = gsc_panel_add_heatmap(panel, rows, columns)->heat;
    gsc_figure_set_text(&heat->scale.title, "Load");
    for (size_t i = 0; i < rows * columns; i++) {
        heat->values[i] = (float)((i * 37) % 101) / 100;
    }
    heat->values[1] = NAN;
    heat->color = color;
    heat->centre = .5;
    return figure;
}

static uint32_t pixel(cairo_surface_t *surface, int x, int y) {
    uint32_t color;
    memcpy(&color,
           cairo_image_surface_get_data(surface) +
               (size_t)y * (size_t)cairo_image_surface_get_stride(surface) + 4 * (size_t)x,
           sizeof color);
    return color & 0xffffff;
}

static uint32_t packed(gsc_rgba c) {
    return (uint32_t)(c.r * 255 + .5f) << 16 | (uint32_t)(c.g * 255 + .5f) << 8 |
           (uint32_t)(c.b * 255 + .5f);
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

static void compare(const gsc_figure *figure, const gsc_plot_view *view, const char *what) {
    cairo_surface_t *cairo = draw(figure, GSC_RENDERER_CAIRO, view);
    cairo_surface_t *gl = draw(figure, GSC_RENDERER_GL, view);
    gsc_layout *layout = gsc_layout_new(figure, view, &gsc_plot_theme_light, WIDTH, HEIGHT, NULL);
    gsc_box plot = layout->panels[0].plot;
    int other = 0, all = 0;
    for (int y = (int)plot.y + 2; y < (int)(plot.y + plot.height) - 2; y++) {
        for (int x = (int)plot.x + 2; x < (int)(plot.x + plot.width) - 2; x++) {
            all++;
            other += pixel(cairo, x, y) != pixel(gl, x, y);
        }
    }
    printf("# %d of %d pixels differ\n", other, all);
    TAP_OK(other * 1000 < all, what);
    gsc_layout_free(layout);
    cairo_surface_destroy(cairo);
    cairo_surface_destroy(gl);
}

static void test_cells(void) {
    gsc_figure *figure = make_figure(4, 9, GSC_COLORMAP_SEQUENTIAL);
    const gsc_panel *panel = figure->panels[0];
    const gsc_heatmap *heat = gsc_panel_heatmap(panel);
    gsc_plot_view home = gsc_panel_home(panel);
    TAP_OK(home.x_low == -.5 && home.x_high == 8.5 && home.y_low == -.5 && home.y_high == 3.5,
           "a heatmap fills its panel");
    gsc_layout *layout = gsc_layout_new(figure, NULL, &gsc_plot_theme_light, WIDTH, HEIGHT, NULL);
    gsc_box plot = layout->panels[0].plot, bar = layout->panels[0].bar;
    TAP_OK(bar.x > plot.x + plot.width && bar.height == plot.height &&
               layout->panels[0].bar_ticks.n > 2,
           "the colour bar stands right of it with ticks");
    cairo_surface_t *cairo = draw(figure, GSC_RENDERER_CAIRO, NULL);
    gsc_rgba table[GSC_COLORMAP_SIZE];
    gsc_colormap_fill(GSC_COLORMAP_SEQUENTIAL, &gsc_plot_theme_light, table);
    int wrong = 0;
    for (size_t row = 0; row < 4; row++) {
        for (size_t column = 0; column < 9; column++) {
            double x = gsc_view_x_to_pixel(home, plot, (double)column);
            double y = gsc_view_y_to_pixel(home, plot, (double)row);
            gsc_plot_hit hit = gsc_view_nearest(panel, home, plot, x + 3, y - 2, 10);
            float value = heat->values[row * 9 + column];
            if (isnan(value)) {
                TAP_OK(hit.on_cell && isnan(hit.value), "an empty cell answers with no value");
                continue;
            }
            wrong += !hit.on_cell || hit.value != value || hit.x != (double)column ||
                     hit.y != (double)row;
            wrong += pixel(cairo, (int)x, (int)y) !=
                     packed(table[gsc_colormap_index(gsc_heatmap_place(heat, value))]);
        }
    }
    TAP_OK(wrong == 0, "every cell has its colour and answers the pointer");
    cairo_surface_destroy(cairo);
    gsc_layout_free(layout);
    compare(figure, NULL, "both renderers draw the same cells");
    const gsc_plot_view zoomed = {1.2, 4.7, -.3, 1.9};
    compare(figure, &zoomed, "zoomed, too");
    gsc_figure_free(figure);
}

/* One cell of 2000 x 1500 stands out; it must in the picture. */
static void test_extreme(void) {
    gsc_figure *figure = make_figure(2000, 1500, GSC_COLORMAP_SEQUENTIAL);
    gsc_heatmap *heat = figure->panels[0]->layers[0]->heat;
    for (size_t i = 0; i < heat->rows * heat->columns; i++) {
        heat->values[i] = .2f;
    }
    heat->values[777 * 1500 + 333] = 1;
    gsc_rgba table[GSC_COLORMAP_SIZE];
    gsc_colormap_fill(GSC_COLORMAP_SEQUENTIAL, &gsc_plot_theme_light, table);
    gsc_layout *layout = gsc_layout_new(figure, NULL, &gsc_plot_theme_light, WIDTH, HEIGHT, NULL);
    gsc_box plot = layout->panels[0].plot;
    cairo_surface_t *surface = draw(figure, GSC_RENDERER_CAIRO, NULL);
    int found = 0;
    for (int y = (int)plot.y; y < (int)(plot.y + plot.height); y++) {
        for (int x = (int)plot.x; x < (int)(plot.x + plot.width); x++) {
            found += pixel(surface, x, y) == packed(table[255]);
        }
    }
    TAP_OK(found >= 1 && found <= 4, "a single cell among three million is seen");
    compare(figure, NULL, "by both renderers");
    cairo_surface_destroy(surface);
    gsc_layout_free(layout);
    gsc_figure_free(figure);
}

static void test_scale(void) {
    gsc_heatmap heat = {.scale = {.low = .1, .high = 1000, .log = true}};
    TAP_NEAR(gsc_heatmap_place(&heat, 10), .5, 1e-12, "a logarithmic scale");
    TAP_OK(gsc_heatmap_place(&heat, 0) == 0 && isnan(gsc_heatmap_place(&heat, NAN)),
           "nothing at all is at its low end, unknown is nowhere");
    gsc_heatmap signed_one = {.scale = {.low = -1, .high = 3}, .color = GSC_COLORMAP_DIVERGING};
    TAP_OK(gsc_heatmap_place(&signed_one, 0) == .5 && gsc_heatmap_place(&signed_one, 3) == 1 &&
               fabs(gsc_heatmap_place(&signed_one, -1) - 1 / 3.) < 1e-12,
           "equal distances from the centre look equal");
}

int main(void) {
    test_tables();
    test_scale();
    test_cells();
    test_extreme();
    return tap_done();
}
