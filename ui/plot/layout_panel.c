/* SPDX-License-Identifier: MIT
 *
 * See layout_panel.h. Head (title, legend rows), then the plot rectangle, then what hangs on its
 * edges. Layer: ui/plot.
 */
#include "ui/plot/layout_panel.h"

#include "ui/plot/heatmap.h"
#include "ui/plot/layout_bar.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- Head ----------------------------------------------------------------------------------- */

enum {
    MARKER_COLUMN = 28
}; /* width of a legend row's marker, at text scale 1 */

typedef struct legend_shape {
    double row_height, label_width, value_width;
    size_t rows;  /* shown */
    bool stacked; /* value under its label: too narrow for two columns */
} legend_shape;

static gsc_text_style legend_style(const gsc_layout *layout, size_t panel) {
    return (gsc_text_style){GSC_TEXT_LEGEND, (int)panel, 11 * layout->text_scale, false,
                            layout->theme->ink};
}

static gsc_text_style title_style(const gsc_layout *layout, size_t panel) {
    return (gsc_text_style){GSC_TEXT_PANEL_TITLE,      (int)panel,
                            12.5 * layout->text_scale, true,
                            layout->theme->ink,        layout->panels[panel].box.width};
}

/* At most two fifths of the panel are for the legend; "and N more" takes the last row then. */
static legend_shape measure_legend(gsc_text_ruler *ruler, size_t index) {
    const gsc_layout *layout = ruler->layout;
    const gsc_panel *panel = layout->figure->panels[index];
    gsc_text_style style = legend_style(layout, index);
    gsc_text_style title = title_style(layout, index);
    legend_shape shape = {.row_height = 16 * layout->text_scale};
    for (size_t i = 0; i < panel->n_legend; i++) {
        const gsc_legend_row *row = panel->legend[i];
        shape.label_width =
            fmax(shape.label_width, gsc_text_measure(ruler, row->label, &style).width);
        shape.value_width =
            fmax(shape.value_width, gsc_text_measure(ruler, row->value, &style).width);
    }
    shape.label_width =
        fmax(shape.label_width, gsc_text_measure(ruler, panel->title, &title).width -
                                    MARKER_COLUMN * layout->text_scale);
    shape.value_width =
        shape.value_width > 0
            ? fmax(shape.value_width, gsc_text_measure(ruler, panel->value_title, &style).width)
            : 0;
    double room = layout->panels[index].box.width - MARKER_COLUMN * layout->text_scale;
    shape.stacked = shape.value_width > 0 &&
                    shape.label_width + 14 * layout->text_scale + shape.value_width > room;
    shape.row_height *= shape.stacked ? 1.9 : 1;
    double most = floor(0.4 * layout->panels[index].box.height / shape.row_height);
    shape.rows = panel->n_legend <= most ? panel->n_legend : (size_t)fmax(most, 1);
    return shape;
}

static double head_height(gsc_text_ruler *ruler, size_t index, const legend_shape *legend) {
    gsc_text_style style = title_style(ruler->layout, index);
    double k = ruler->layout->text_scale;
    double title =
        gsc_text_measure(ruler, ruler->layout->figure->panels[index]->title, &style).height;
    return title + (title > 0 ? 4 * k : 0) + legend->row_height * (double)legend->rows + 10 * k;
}

static gsc_rgba faded(gsc_rgba color, bool fade) {
    color.a *= fade ? 0.4f : 1;
    return color;
}

static void place_legend_row(gsc_text_ruler *ruler, size_t index, const legend_shape *shape,
                             const gsc_legend_row *row, gsc_box box) {
    const gsc_layout *layout = ruler->layout;
    double k = layout->text_scale, x = box.x + MARKER_COLUMN * k;
    double line = shape->stacked ? shape->row_height / 1.9 : shape->row_height;
    gsc_text_style style = legend_style(layout, index);
    style.bold = row->emphasis;
    style.color = faded(layout->theme->ink, row->hidden);
    gsc_text_add(ruler, row->label, &style, x, box.y + line / 2, 0, 0.5);
    style.bold = false;
    style.color = faded(layout->theme->muted, row->hidden);
    if (shape->stacked) {
        gsc_text_add(ruler, row->value, &style, x, box.y + 1.4 * line, 0, 0.5);
    } else {
        gsc_text_add(ruler, row->value, &style, x + shape->label_width + 14 * k, box.y + line / 2,
                     0, 0.5);
    }
}

static void place_head(gsc_text_ruler *ruler, size_t index, const legend_shape *shape) {
    gsc_layout *layout = ruler->layout;
    const gsc_panel *panel = layout->figure->panels[index];
    gsc_panel_layout *place = &layout->panels[index];
    double k = layout->text_scale, y = place->box.y;
    gsc_text_style style = title_style(layout, index);
    gsc_box title = gsc_text_add(ruler, panel->title, &style, place->box.x, y, 0, 0);
    if (shape->value_width > 0 && !shape->stacked) {
        gsc_text_style head = legend_style(layout, index);
        head.color = layout->theme->muted;
        gsc_text_add(ruler, panel->value_title, &head,
                     place->box.x + MARKER_COLUMN * k + shape->label_width + 14 * k,
                     y + title.height / 2, 0, 0.5);
    }
    y += title.height + (title.height > 0 ? 4 * k : 0);
    if (shape->rows == 0) {
        return;
    }
    place->legend = calloc(shape->rows, sizeof *place->legend);
    if (place->legend == NULL) {
        ruler->failed = true;
        return;
    }
    bool more = shape->rows < panel->n_legend;
    for (size_t i = 0; i < shape->rows; i++, y += shape->row_height) {
        gsc_box box = {place->box.x, y, place->box.width, shape->row_height};
        if (more && i + 1 == shape->rows) {
            char text[64];
            snprintf(text, sizeof text, "and %zu more", panel->n_legend - i);
            gsc_text_style note = legend_style(layout, index);
            note.color = layout->theme->muted;
            gsc_text_add(ruler, text, &note, box.x + MARKER_COLUMN * k, y + box.height / 2, 0, 0.5);
        } else {
            place->legend[place->n_legend++] = (gsc_legend_box){box, i};
            place_legend_row(ruler, index, shape, panel->legend[i], box);
        }
    }
}

/* ---- Plot ----------------------------------------------------------------------------------- */

static gsc_text_style tick_style(const gsc_layout *layout, size_t panel) {
    return (gsc_text_style){GSC_TEXT_TICK, (int)panel, 10.5 * layout->text_scale, false,
                            layout->theme->muted};
}

/* Ticks of an axis along so many pixels: numbers every numbers pixels, names every names pixels. */
static void axis_ticks(const gsc_plot_axis *axis, double low, double high, double length,
                       double numbers, double names, gsc_ticks *ret_ticks) {
    int wanted = (int)fmin(fmax(3, length / numbers), 8);
    if (axis->n_names > 0) {
        gsc_ticks_names(axis->names, axis->n_names, low, high, (int)fmax(2, length / names),
                        ret_ticks);
    } else if (axis->whole) {
        gsc_ticks_whole(low, high, (int)fmin(fmax(3, 1.5 * length / numbers), 8), ret_ticks);
    } else {
        (axis->log ? gsc_ticks_log : gsc_ticks_linear)(low, high, wanted, ret_ticks);
    }
}

static double widest_name(const gsc_plot_axis *axis) {
    size_t most = 0;
    for (size_t i = 0; i < axis->n_names; i++) {
        size_t length = 0;
        for (const char *at = axis->names[i]; *at != '\0'; at++) {
            length = *at == '\n' ? 0 : length + ((*at & 0xc0) != 0x80); /* letters, not bytes */
            most = length > most ? length : most;
        }
    }
    return (double)most;
}

/* How much smaller the names of rows are than other ticks, so that every row has its own where little is
 * missing; 1 where there is room enough, or far too little. */
static double row_name_scale(const gsc_panel_layout *place, const gsc_panel *panel, double k) {
    const double rows = place->view.y_high - place->view.y_low;
    const double scale = place->plot.height / (fmax(rows, 1) * 14 * k);
    return panel->y.n_names > 0 && scale >= 0.65 && scale < 1 ? scale : 1;
}

static void make_ticks(gsc_panel_layout *place, const gsc_panel *panel, double k) {
    gsc_plot_view view = place->view;
    axis_ticks(&panel->x, view.x_low, view.x_high, place->plot.width, 52 * k,
               (5.6 * widest_name(&panel->x) + 6) * k, &place->x_ticks);
    /* Half of a pixel less, so that rounding drops no name. */
    axis_ticks(&panel->y, view.y_low, view.y_high, place->plot.height + 0.5, 38 * k,
               14 * k * row_name_scale(place, panel, k), &place->y_ticks);
}

/* The widest of the labels; kept to whole steps of 6 so that panning does not shake the frame. */
static double y_label_width(gsc_text_ruler *ruler, size_t index) {
    const gsc_ticks *ticks = &ruler->layout->panels[index].y_ticks;
    gsc_text_style style = tick_style(ruler->layout, index);
    double step = 6 * ruler->layout->text_scale, width = 4 * step;
    for (size_t i = 0; i < ticks->n; i++) {
        width = fmax(width, gsc_text_measure(ruler, ticks->ticks[i].label, &style).width);
    }
    return ceil(width / step) * step;
}

/* Room right of the frame for the labels of lines. */
static double inline_width(gsc_text_ruler *ruler, size_t index, const gsc_text_style *style) {
    const gsc_panel *panel = ruler->layout->figure->panels[index];
    double width = 0;
    for (size_t i = 0; i < panel->n_layers; i++) {
        width = fmax(width, gsc_text_measure(ruler, panel->layers[i]->inline_label, style).width);
    }
    return width;
}

static void place_ticks(gsc_text_ruler *ruler, size_t index) {
    const gsc_layout *layout = ruler->layout;
    const gsc_panel_layout *place = &layout->panels[index];
    gsc_text_style style = tick_style(layout, index);
    double k = layout->text_scale, bottom = place->plot.y + place->plot.height;
    double last_right = -INFINITY;
    style.centered = true; /* of names of two lines */
    for (size_t i = 0; i < place->x_ticks.n; i++) {
        const gsc_tick *tick = &place->x_ticks.ticks[i];
        double x = gsc_view_x_to_pixel(place->view, place->plot, tick->position);
        double width = gsc_text_measure(ruler, tick->label, &style).width;
        if (!tick->minor && x - width / 2 > last_right + 4 * k) {
            gsc_text_add(ruler, tick->label, &style, x, bottom + 8 * k, 0.5, 0);
            last_right = x + width / 2;
        }
    }
    double last_y = INFINITY, smaller = row_name_scale(place, layout->figure->panels[index], k);
    style.centered = false;
    style.size *= smaller;
    for (size_t i = 0; i < place->y_ticks.n; i++) {
        const gsc_tick *tick = &place->y_ticks.ticks[i];
        double y = gsc_view_y_to_pixel(place->view, place->plot, tick->position);
        if (!tick->minor && y < last_y - 13 * k * smaller) {
            gsc_text_add(ruler, tick->label, &style, place->plot.x - 8 * k, y, 1, 0.5);
            last_y = y;
        }
    }
}

/* Returns where the title of the x axis is. */
static gsc_box place_axis_titles(gsc_text_ruler *ruler, size_t index, double label_width) {
    const gsc_layout *layout = ruler->layout;
    const gsc_panel *panel = layout->figure->panels[index];
    const gsc_panel_layout *place = &layout->panels[index];
    double k = layout->text_scale;
    gsc_text_style style = {GSC_TEXT_AXIS_TITLE, (int)index, 11.5 * k, false, layout->theme->ink};
    gsc_box x_title =
        gsc_text_add(ruler, panel->x.title, &style, place->plot.x + place->plot.width / 2,
                     place->box.y + place->box.height, 0.5, 1);
    /* A title longer than its axis is smaller, so that it stays off the legend. */
    double length = gsc_text_measure(ruler, panel->y.title, &style).width;
    style.size *= fmax(0.72, fmin(1, place->plot.height / fmax(length, 1)));
    style.rotation = -M_PI / 2;
    style.wrap_width = 0;
    gsc_text_add(ruler, panel->y.title, &style, place->plot.x - 8 * k - label_width - 5 * k,
                 place->plot.y + place->plot.height / 2, 0.5, 1);
    return x_title;
}

/* What the axes do not show, beside the x axis' title, in fewer words where there is little room. */
static void place_note(gsc_text_ruler *ruler, size_t index, gsc_box x_title) {
    const gsc_layout *layout = ruler->layout;
    const gsc_panel *panel = layout->figure->panels[index];
    const gsc_panel_layout *place = &layout->panels[index];
    gsc_plot_view view = place->view, home = gsc_panel_home(panel);
    bool at_home = view.y_low == home.y_low && view.y_high == home.y_high;
    size_t beyond = at_home ? gsc_panel_count_beyond(panel, view) : 0;
    double k = layout->text_scale, right = place->plot.x + place->plot.width;
    double room = right - (x_title.x + x_title.width) - 8 * k;
    gsc_text_style style = {GSC_TEXT_NOTE, (int)index, 9.5 * k, false, layout->theme->muted};
    char text[128] = "";
    if (panel->n_left_out == 0 && beyond == 0) {
        return;
    }
    if (panel->n_left_out > 0 && beyond > 0) {
        snprintf(text, sizeof text, "%zu at or below zero, %zu beyond the axis", panel->n_left_out,
                 beyond);
    } else if (panel->n_left_out > 0) {
        snprintf(text, sizeof text, "%zu at or below zero not shown", panel->n_left_out);
    } else {
        snprintf(text, sizeof text, "%zu %s beyond the axis", beyond, beyond == 1 ? "dot" : "dots");
    }
    double y = place->box.y + place->box.height - 1 * k;
    if (gsc_text_measure(ruler, text, &style).width > room) {
        snprintf(text, sizeof text, "%zu not shown", panel->n_left_out + beyond);
    }
    if (gsc_text_measure(ruler, text, &style).width <= room) {
        gsc_text_add(ruler, text, &style, right, y, 1, 1);
    } else if (gsc_text_measure(ruler, text, &style).width <= x_title.x - place->box.x - 8 * k) {
        gsc_text_add(ruler, text, &style, place->box.x, y, 0, 1);
    }
}

/* What every panel would say is said in the first. */
static void place_message(gsc_text_ruler *ruler, size_t index) {
    const gsc_layout *layout = ruler->layout;
    const char *message = layout->figure->panels[index]->message;
    const char *said = layout->figure->panels[0]->message;
    if (message == NULL || (index > 0 && said != NULL && strcmp(message, said) == 0)) {
        return;
    }
    gsc_box plot = layout->panels[index].plot;
    double k = layout->text_scale;
    gsc_text_style style = {GSC_TEXT_MESSAGE, (int)index, 13 * k, false, layout->theme->muted};
    style.wrap_width = fmax(0.84 * plot.width, 40 * k);
    style.centered = true;
    gsc_text_add(ruler, message, &style, plot.x + plot.width / 2, plot.y + plot.height / 2, 0.5,
                 0.5);
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
static void place_inline(gsc_text_ruler *ruler, size_t index, const gsc_text_style *base) {
    enum {
        MOST = 24
    };
    const gsc_layout *layout = ruler->layout;
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
        gsc_text_size size = gsc_text_measure(ruler, layer->inline_label, base);
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
        gsc_text_style style = *base;
        style.color = gsc_plot_theme_color(layout->theme, labels[i].layer->color);
        gsc_text_add(ruler, labels[i].layer->inline_label, &style, labels[i].x, labels[i].y, 0,
                     0.5);
    }
}

/* Room that a panel needs left and right of its plot rectangle, as tall as its row makes it. */
typedef struct margins {
    double labels; /* width of the y axis' tick labels */
    double left, right;
} margins;

static margins measure_margins(gsc_text_ruler *ruler, size_t index, double head) {
    gsc_layout *layout = ruler->layout;
    gsc_panel_layout *place = &layout->panels[index];
    double k = layout->text_scale;
    gsc_text_style style = {GSC_TEXT_INLINE, (int)index, 11.5 * k, false, layout->theme->ink};
    double top = place->box.y + head, height = place->box.y + place->box.height - 40 * k - top;
    place->plot = (gsc_box){place->box.x, top, place->box.width, fmax(height, 8)};
    make_ticks(place, layout->figure->panels[index], k);
    margins room = {.labels = y_label_width(ruler, index),
                    .right = inline_width(ruler, index, &style)};
    room.left = room.labels + 8 * k + 5 * k + 16 * k;
    room.right += room.right > 0 ? 4 * k : 0;
    room.right += gsc_layout_bar_width(ruler, index);
    return room;
}

static void fill_panel(gsc_text_ruler *ruler, size_t index, const legend_shape *legend,
                       margins room, double left, double right) {
    gsc_layout *layout = ruler->layout;
    gsc_panel_layout *place = &layout->panels[index];
    double k = layout->text_scale;
    gsc_text_style style = {GSC_TEXT_INLINE, (int)index, 11.5 * k, false, layout->theme->ink};
    place->plot.x += left;
    place->plot.width = fmax(place->plot.width - left - right, 8);
    const gsc_heatmap *heat = gsc_panel_heatmap(layout->figure->panels[index]);
    if (heat != NULL && heat->rows == heat->columns) {
        place->plot.width = fmin(place->plot.width, 1.6 * place->plot.height);
    }
    make_ticks(place, layout->figure->panels[index], k);
    place_head(ruler, index, legend);
    place_ticks(ruler, index);
    place_note(ruler, index, place_axis_titles(ruler, index, room.labels));
    gsc_layout_bar_place(ruler, index);
    place_message(ruler, index);
    place_inline(ruler, index, &style);
}

void gsc_layout_panels(gsc_text_ruler *ruler, size_t columns) {
    size_t n = ruler->layout->n_panels;
    legend_shape legends[GSC_FIGURE_MAX_PANELS];
    margins rooms[GSC_FIGURE_MAX_PANELS];
    double heads[GSC_FIGURE_MAX_PANELS] = {0};                                    /* by row */
    double left[GSC_FIGURE_MAX_PANELS] = {0}, right[GSC_FIGURE_MAX_PANELS] = {0}; /* by column */
    assert(n <= GSC_FIGURE_MAX_PANELS);
    for (size_t i = 0; i < n; i++) {
        legends[i] = measure_legend(ruler, i);
        heads[i / columns] = fmax(heads[i / columns], head_height(ruler, i, &legends[i]));
    }
    for (size_t i = 0; i < n; i++) {
        rooms[i] = measure_margins(ruler, i, heads[i / columns]);
        left[i % columns] = fmax(left[i % columns], rooms[i].left);
        right[i % columns] = fmax(right[i % columns], rooms[i].right);
    }
    for (size_t i = 0; i < n; i++) {
        fill_panel(ruler, i, &legends[i], rooms[i], left[i % columns], right[i % columns]);
    }
}
