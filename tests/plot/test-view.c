/* SPDX-License-Identifier: MIT
 *
 * Data to pixels and back, pan, zoom, home ranges, and the point under the pointer.
 */
#include "ui/plot/view.h"

#include "tests/tap.h"

#include <stdlib.h>

static const gsc_box plot = {100, 50, 400, 200};

static gsc_panel *make_panel(gsc_figure *figure) {
    gsc_panel *panel = gsc_figure_add_panel(figure, "error");
    panel->x.log = panel->y.log = true;
    gsc_plot_layer *layer = gsc_panel_add_layer(panel, GSC_LAYER_POINTS, 3, false);
    for (int i = 0; i < 3; i++) {
        layer->x[i] = 100 * pow(10, i);
        layer->y[i] = pow(10, -i);
    }
    return panel;
}

static void test_mapping(void) {
    gsc_plot_view view = {2, 4, -2, 0};
    gsc_plot_axis log_axis = {.log = true}, linear = {.log = false};
    TAP_NEAR(gsc_view_x_to_pixel(view, plot, gsc_axis_forward(&log_axis, 1000)), 300, 1e-9,
             "1000 is in the middle of 100..10000");
    TAP_NEAR(gsc_view_y_to_pixel(view, plot, gsc_axis_forward(&log_axis, 1)), 50, 1e-9,
             "the highest value is at the top");
    TAP_NEAR(gsc_view_y_to_pixel(view, plot, gsc_axis_forward(&log_axis, 0.01)), 250, 1e-9,
             "the lowest at the bottom");
    TAP_NEAR(gsc_view_x_from_pixel(view, plot, gsc_view_x_to_pixel(view, plot, 2.7)), 2.7, 1e-12,
             "x there and back");
    TAP_NEAR(gsc_view_y_from_pixel(view, plot, gsc_view_y_to_pixel(view, plot, -1.3)), -1.3, 1e-12,
             "y there and back");
    TAP_OK(isnan(gsc_axis_forward(&log_axis, 0)) && isnan(gsc_axis_forward(&log_axis, -1)),
           "zero and below have no place on a log axis");
    TAP_NEAR(gsc_axis_forward(&linear, -1), -1, 0, "but on a linear one");
    TAP_NEAR(gsc_axis_inverse(&log_axis, 3), 1000, 1e-9, "10^3");
}

static void test_moves(void) {
    gsc_plot_view view = {2, 4, -2, 0};
    gsc_plot_view moved = gsc_view_pan(view, plot, 100, 50);
    TAP_NEAR(moved.x_low, 1.5, 1e-12, "dragging right shows what is left");
    TAP_NEAR(moved.y_high, 0.5, 1e-12, "dragging down shows what is above");
    gsc_plot_view zoomed = gsc_view_zoom(view, NULL, plot, 200, 100, 2, 4);
    TAP_NEAR(zoomed.x_high - zoomed.x_low, 1, 1e-12, "twice as near in x");
    TAP_NEAR(zoomed.y_high - zoomed.y_low, 0.5, 1e-12, "four times in y");
    TAP_NEAR(gsc_view_x_from_pixel(zoomed, plot, 200), gsc_view_x_from_pixel(view, plot, 200),
             1e-12, "the point under the pointer stays in x");
    TAP_NEAR(gsc_view_y_from_pixel(zoomed, plot, 100), gsc_view_y_from_pixel(view, plot, 100),
             1e-12, "and in y");
    gsc_plot_view deep = view;
    for (int i = 0; i < 200; i++) {
        deep = gsc_view_zoom(deep, &view, plot, 300, 100, 2, 2);
    }
    TAP_OK(deep.x_high > deep.x_low && deep.y_high > deep.y_low, "no zoom is too deep");
    gsc_plot_view boxed = gsc_view_box_zoom(view, plot, 400, 200, 200, 100);
    TAP_NEAR(boxed.x_low, 2.5, 1e-12, "a box's left side");
    TAP_NEAR(boxed.y_low, -1.5, 1e-12, "and bottom, from any corner");
    boxed = gsc_view_box_zoom(view, plot, 300, 100, 302, 180);
    TAP_NEAR(boxed.x_low, 2, 0, "a sliver of a box is no zoom");
}

static void test_home(void) {
    gsc_figure *figure = gsc_figure_new("rate");
    gsc_panel *panel = make_panel(figure);
    gsc_plot_view home = gsc_panel_home(panel);
    TAP_NEAR(home.x_low, 2 - 0.12, 1e-9, "home has a margin of 6%");
    TAP_NEAR(home.y_high, 0.12, 1e-9, "on every side");
    panel->x.high = 1e6;
    TAP_NEAR(gsc_panel_home(panel).x_high, 6 + 0.24, 1e-9, "an axis may ask for more");
    const gsc_plot_view before = gsc_panel_home(panel);
    gsc_plot_layer *said = gsc_panel_add_layer(panel, GSC_LAYER_POINTS, 1, true);
    said->x[0] = 100, said->y[0] = 1, said->low[0] = 1e-9, said->high[0] = 1e9;
    TAP_NEAR(gsc_panel_home(panel).y_high, before.y_high, 0,
             "an interval that only the readout tells takes no room");
    gsc_plot_layer *bar = gsc_panel_add_layer(panel, GSC_LAYER_BARS, 1, true);
    bar->x[0] = 100, bar->low[0] = 1e-9, bar->high[0] = 1e9;
    TAP_OK(gsc_panel_home(panel).y_high > 9, "one that is drawn does");
    said->hidden = bar->hidden = true;
    panel->layers[0]->hidden = true;
    panel->x.high = NAN;
    TAP_NEAR(gsc_panel_home(panel).x_high, 4, 0, "nothing to see: 100 to 10000");
    gsc_plot_layer *single = gsc_panel_add_layer(panel, GSC_LAYER_POINTS, 1, false);
    single->x[0] = single->y[0] = 10;
    home = gsc_panel_home(panel);
    TAP_OK(home.x_low < 1 && home.x_high > 1, "a single point has room around it");
    gsc_plot_view views[2] = {{0, 1, 0, 1}, {5, 6, 5, 6}};
    gsc_panel *other = gsc_figure_add_panel(figure, "divergence");
    other->x.log = true;
    gsc_view_link_x(figure, views, 1);
    TAP_NEAR(views[0].x_low, 5, 0, "linked panels share x");
    TAP_NEAR(views[0].y_low, 0, 0, "but not y");
    gsc_figure_free(figure);
}

static void test_nearest(void) {
    gsc_figure *figure = gsc_figure_new("rate");
    gsc_panel *panel = make_panel(figure);
    gsc_plot_view view = {2, 4, -2, 0};
    gsc_plot_hit hit = gsc_view_nearest(panel, view, plot, 303, 146, 8);
    TAP_OK(hit.layer == 0 && hit.index == 1, "the middle point is under the pointer");
    TAP_NEAR(hit.x, 1000, 1e-9, "with its value");
    TAP_NEAR(hit.px, 300, 1e-9, "and its place");
    TAP_OK(gsc_view_nearest(panel, view, plot, 320, 150, 8).layer == -1, "nothing within reach");
    gsc_plot_layer *cloud = gsc_panel_add_layer(panel, GSC_LAYER_CLOUD, 1, false);
    cloud->x[0] = 1000, cloud->y[0] = 0.09;
    hit = gsc_view_nearest(panel, view, plot, 300, 155, 8);
    TAP_OK(hit.layer == 0, "a marker goes before a nearer dot of the cloud");
    panel->layers[0]->hidden = true;
    TAP_OK(gsc_view_nearest(panel, view, plot, 300, 155, 8).layer == 1, "what is hidden does not");
    gsc_figure_free(figure);
}

static void test_markup(void) {
    char *markup = gsc_markup("a<b & n^{-1/4} x_{i}");
    TAP_STRING(markup, "a&lt;b &amp; n<sup>−1/4</sup> x<sub>i</sub>", "superscripts and escapes");
    free(markup);
    markup = gsc_markup("open ^{brace");
    TAP_STRING(markup, "open ^{brace", "an open brace is text");
    free(markup);
}

int main(void) {
    test_mapping();
    test_moves();
    test_home();
    test_nearest();
    test_markup();
    return tap_done();
}
