/* SPDX-License-Identifier: MIT
 *
 * Labels of lines at their right ends, pushed apart. See layout_panel.h. Layer: ui/plot.
 */
#include "ui/plot/layout_panel.h"

#include <math.h>

/* Where a line leaves the plot on the right, or ends: clips its segments from the last
 * backwards. */
bool gsc_layout_line_end(const gsc_panel *panel, const gsc_plot_layer *layer, gsc_plot_view view,
                         gsc_box plot, double *ret_px, double *ret_py) {
    for (size_t i = layer->n; i-- > 1;) {
        double x[2], y[2];
        for (int k = 0; k < 2; k++) {
            double u = gsc_axis_forward(&panel->x, layer->x[i - 1 + (size_t)k]);
            double v = gsc_axis_forward(&panel->y, layer->y[i - 1 + (size_t)k]);
            x[k] = gsc_view_x_to_pixel(view, plot, u);
            y[k] = gsc_view_y_to_pixel(view, plot, v);
        }
        double t0 = 0, t1 = 1; /* the part of the segment inside the plot */
        const double d[2] = {x[1] - x[0], y[1] - y[0]};
        const double low[2] = {plot.x, plot.y};
        const double high[2] = {plot.x + plot.width, plot.y + plot.height};
        const double from[2] = {x[0], y[0]};
        bool inside = isfinite(d[0]) && isfinite(d[1]);
        for (int k = 0; k < 2 && inside; k++) {
            if (d[k] == 0) {
                inside = from[k] >= low[k] && from[k] <= high[k];
                continue;
            }
            double a = (low[k] - from[k]) / d[k], b = (high[k] - from[k]) / d[k];
            t0 = fmax(t0, fmin(a, b));
            t1 = fmin(t1, fmax(a, b));
        }
        if (inside && t0 <= t1) {
            *ret_px = x[0] + t1 * d[0];
            *ret_py = y[0] + t1 * d[1];
            return true;
        }
    }
    return false;
}

static gsc_text_style label_style(const gsc_layout *layout, size_t panel) {
    return (gsc_text_style){GSC_TEXT_INLINE, (int)panel, 11.5 * layout->text_scale, false,
                            layout->theme->ink};
}

double gsc_labels_width(gsc_text_ruler *ruler, size_t index) {
    const gsc_panel *panel = ruler->layout->figure->panels[index];
    gsc_text_style style = label_style(ruler->layout, index);
    double width = 0;
    for (size_t i = 0; i < panel->n_layers; i++) {
        width = fmax(width, gsc_text_measure(ruler, panel->layers[i]->inline_label, &style).width);
    }
    return width > 0 ? width + 4 * ruler->layout->text_scale : 0;
}

typedef struct inline_label {
    const gsc_plot_layer *layer;
    double x, y;
} inline_label;

/* Pushes labels (ordered by y) apart, downwards and then back above the floor of the plot; those
 * far apart in x leave each other alone. */
static void spread(inline_label *labels, size_t n, double height, gsc_box plot) {
    double reach = 2.5 * height;
    for (size_t i = 1; i < n; i++) {
        for (size_t j = 0; j < i; j++) {
            if (fabs(labels[i].x - labels[j].x) < reach) {
                labels[i].y = fmax(labels[i].y, labels[j].y + height);
            }
        }
    }
    for (size_t i = n; i-- > 0;) {
        labels[i].y = fmin(labels[i].y, plot.y + plot.height - height / 2);
        for (size_t j = i + 1; j < n; j++) {
            if (fabs(labels[i].x - labels[j].x) < reach) {
                labels[i].y = fmin(labels[i].y, labels[j].y - height);
            }
        }
    }
}

/* Whether a text beginning at (x, y), so wide and high, would cover a marker. */
static bool covers_marker(const gsc_panel *panel, const gsc_panel_layout *place, double x, double y,
                          double width, double height) {
    double reach = height / 2 + 4;
    for (size_t i = 0; i < panel->n_layers; i++) {
        const gsc_plot_layer *layer = panel->layers[i];
        for (size_t k = 0; layer->kind == GSC_LAYER_POINTS && !layer->hidden && k < layer->n; k++) {
            double px = gsc_view_x_to_pixel(place->view, place->plot,
                                            gsc_axis_forward(&panel->x, layer->x[k]));
            double py = gsc_view_y_to_pixel(place->view, place->plot,
                                            gsc_axis_forward(&panel->y, layer->y[k]));
            if (px > x - 4 && px < x + width + 4 && fabs(py - y) < reach) {
                return true;
            }
        }
    }
    return false;
}

/* Labels of lines at their right ends: in the margin where a line ends near it or markers are in the way. */
void gsc_labels_place(gsc_text_ruler *ruler, size_t index) {
    enum {
        MOST = 24
    };
    const gsc_layout *layout = ruler->layout;
    const gsc_text_style base = label_style(layout, index);
    const gsc_panel *panel = layout->figure->panels[index];
    const gsc_panel_layout *place = &layout->panels[index];
    double k = layout->text_scale, right = place->plot.x + place->plot.width;
    inline_label labels[MOST];
    size_t n = 0;
    for (size_t i = 0; i < panel->n_layers && n < MOST; i++) {
        const gsc_plot_layer *layer = panel->layers[i];
        inline_label label = {.layer = layer};
        if (layer->inline_label == NULL || layer->hidden ||
            !gsc_layout_line_end(panel, layer, place->view, place->plot, &label.x, &label.y)) {
            continue;
        }
        gsc_text_size size = gsc_text_measure(ruler, layer->inline_label, &base);
        bool near = right - label.x < 48 * k ||
                    covers_marker(panel, place, label.x + 8 * k, label.y, size.width, size.height);
        label.x = near ? right + 4 * k : label.x + 8 * k;
        size_t at = n++;
        for (; at > 0 && labels[at - 1].y > label.y; at--) {
            labels[at] = labels[at - 1];
        }
        labels[at] = label;
    }
    spread(labels, n, 15 * k, place->plot);
    for (size_t i = 0; i < n; i++) {
        gsc_text_style style = base;
        style.color = gsc_plot_theme_text_color(layout->theme, labels[i].layer->color);
        gsc_text_add(ruler, labels[i].layer->inline_label, &style, labels[i].x, labels[i].y, 0,
                     0.5);
    }
}
