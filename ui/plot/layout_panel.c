/* SPDX-License-Identifier: MIT
 *
 * The inside of a panel: ticks with their labels, axis titles, the note beside them, the message of an empty one.
 * See layout_panel.h. Layer: ui/plot.
 */
#include "ui/plot/layout_panel.h"

#include "ui/plot/heatmap.h"
#include "ui/plot/layout_bar.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double turn = 0.7; /* radians that long names are turned by */

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

static size_t names_in_sight(const gsc_panel_layout *place, const gsc_plot_axis *axis) {
    double first = fmax(ceil(place->view.x_low), 0);
    double last = fmin(floor(place->view.x_high), (double)axis->n_names - 1);
    return axis->n_names > 0 && first <= last ? (size_t)(last - first) + 1 : 0;
}

/* Long names that do not fit beside each other are written slantwise, all of them. */
static bool names_are_turned(const gsc_panel_layout *place, const gsc_plot_axis *axis, double k) {
    enum {
        MOST = 24,
        LONG = 5
    };
    size_t n = names_in_sight(place, axis);
    double letters = widest_name(axis);
    if (n < 2 || n > MOST || letters < LONG || place->plot.width / (double)n < 14 * k) {
        return false;
    }
    for (size_t i = 0; i < axis->n_names; i++) {
        if (strchr(axis->names[i], '\n') != NULL) {
            return false;
        }
    }
    return (5.6 * letters + 6) * k > place->plot.width / (double)n;
}

/* The same for names of several lines under an axis. */
static double column_name_scale(const gsc_panel_layout *place, const gsc_plot_axis *axis,
                                double k) {
    const double columns = fmax(place->view.x_high - place->view.x_low, 1);
    const double names = fmax((double)names_in_sight(place, axis), columns);
    const double wanted = (5.6 * widest_name(axis) + 6) * k * names;
    const double scale = place->plot.width / wanted;
    const bool lines = axis->n_names > 0 && strchr(axis->names[0], '\n') != NULL;
    return lines && scale >= 0.6 && scale < 1 ? scale : 1;
}

static void make_ticks(gsc_panel_layout *place, const gsc_panel *panel, double k) {
    gsc_plot_view view = place->view;
    bool turned = names_are_turned(place, &panel->x, k);
    double name = (5.6 * widest_name(&panel->x) + 6) * column_name_scale(place, &panel->x, k);
    axis_ticks(&panel->x, view.x_low, view.x_high, place->plot.width + 0.5, 52 * k,
               (turned ? 13 : name) * k, &place->x_ticks);
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

/* Height of what is written under the x axis' ticks. */
static double x_label_height(gsc_text_ruler *ruler, size_t index) {
    const gsc_layout *layout = ruler->layout;
    const gsc_panel_layout *place = &layout->panels[index];
    const gsc_plot_axis *axis = &layout->figure->panels[index]->x;
    gsc_text_style style = tick_style(layout, index);
    double k = layout->text_scale, height = 14 * k;
    bool turned = names_are_turned(place, axis, k);
    for (size_t i = 0; axis->n_names > 0 && i < place->x_ticks.n; i++) {
        gsc_text_size size = gsc_text_measure(ruler, place->x_ticks.ticks[i].label, &style);
        height =
            fmax(height, turned ? sin(turn) * size.width + cos(turn) * size.height : size.height);
    }
    return height;
}

static void place_x_labels(gsc_text_ruler *ruler, size_t index) {
    const gsc_layout *layout = ruler->layout;
    const gsc_panel_layout *place = &layout->panels[index];
    gsc_text_style style = tick_style(layout, index);
    double k = layout->text_scale, bottom = place->plot.y + place->plot.height;
    double last_right = -INFINITY;
    bool turned = names_are_turned(place, &layout->figure->panels[index]->x, k);
    style.centered = !turned; /* of names of several lines */
    style.size *= column_name_scale(place, &layout->figure->panels[index]->x, k);
    style.rotation = turned ? -turn : 0;
    for (size_t i = 0; i < place->x_ticks.n; i++) {
        const gsc_tick *tick = &place->x_ticks.ticks[i];
        double x = gsc_view_x_to_pixel(place->view, place->plot, tick->position);
        double width = turned ? 0 : gsc_text_measure(ruler, tick->label, &style).width;
        if (tick->minor || x - width / 2 <= last_right + 4 * k) {
            continue;
        }
        gsc_text_add(ruler, tick->label, &style, x + (turned ? 4 * k : 0), bottom + 8 * k,
                     turned ? 1 : 0.5, 0);
        last_right = x + width / 2;
    }
}

static void place_y_labels(gsc_text_ruler *ruler, size_t index) {
    const gsc_layout *layout = ruler->layout;
    const gsc_panel_layout *place = &layout->panels[index];
    gsc_text_style style = tick_style(layout, index);
    double k = layout->text_scale, last_y = INFINITY;
    double smaller = row_name_scale(place, layout->figure->panels[index], k);
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

/* Returns where the title of the x axis is, or would be. */
static gsc_box place_x_title(gsc_text_ruler *ruler, size_t index, bool shown, double bottom) {
    const gsc_layout *layout = ruler->layout;
    const gsc_panel_layout *place = &layout->panels[index];
    gsc_text_style style = {GSC_TEXT_AXIS_TITLE, (int)index, 11.5 * layout->text_scale, false,
                            layout->theme->ink};
    return gsc_text_add(ruler, shown ? layout->figure->panels[index]->x.title : NULL, &style,
                        place->plot.x + place->plot.width / 2, bottom, 0.5, 1);
}

/* A title longer than its axis goes on beside the x labels, then gets smaller, then is cut. */
static void place_y_title(gsc_text_ruler *ruler, size_t index, gsc_panel_room room) {
    const gsc_layout *layout = ruler->layout;
    const gsc_panel_layout *place = &layout->panels[index];
    double k = layout->text_scale, below = fmax(room.bottom - 4 * k, 0);
    gsc_text_style style = {GSC_TEXT_AXIS_TITLE, (int)index, 11.5 * k, false, layout->theme->ink};
    char title[256];
    double length = gsc_text_fit(ruler, layout->figure->panels[index]->y.title,
                                 place->plot.height + below, &style, title, sizeof title);
    double over = fmax(length - place->plot.height, 0);
    style.rotation = -M_PI / 2;
    gsc_text_add(ruler, title, &style, place->plot.x - 8 * k - room.labels - 5 * k,
                 place->plot.y + (place->plot.height + over) / 2, 0.5, 1);
}

bool gsc_panel_may_note(const gsc_panel *panel) {
    bool cloud = panel->n_left_out > 0;
    for (size_t i = 0; i < panel->n_layers; i++) {
        cloud = cloud || panel->layers[i]->kind == GSC_LAYER_CLOUD;
    }
    return cloud;
}

/* What the axes do not show, beside the x axis' title, in fewer words where there is little room. */
static void place_note(gsc_text_ruler *ruler, size_t index, gsc_box x_title, double bottom) {
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
    double y = bottom - 1 * k;
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

gsc_panel_room gsc_panel_measure(gsc_text_ruler *ruler, size_t index, gsc_panel_shows shows) {
    gsc_layout *layout = ruler->layout;
    double k = layout->text_scale;
    make_ticks(&layout->panels[index], layout->figure->panels[index], k);
    gsc_panel_room room = {.labels = shows.y_labels ? y_label_width(ruler, index) : 0};
    room.left = room.labels + 8 * k + (shows.y_title ? 21 : 0) * k;
    room.right =
        gsc_labels_width(ruler, index) + (shows.bar ? gsc_layout_bar_width(ruler, index) : 0);
    room.bottom = (shows.x_labels ? 8 * k + x_label_height(ruler, index) : 6 * k) +
                  (shows.x_title ? 18 : 2) * k;
    return room;
}

void gsc_panel_fill(gsc_text_ruler *ruler, size_t index, const gsc_head *legend,
                    gsc_panel_shows shows, gsc_panel_room room) {
    gsc_layout *layout = ruler->layout;
    make_ticks(&layout->panels[index], layout->figure->panels[index], layout->text_scale);
    gsc_head_place(ruler, index, legend);
    if (shows.x_labels) {
        place_x_labels(ruler, index);
    }
    if (shows.y_labels) {
        place_y_labels(ruler, index);
    }
    const gsc_panel_layout *place = &layout->panels[index];
    double bottom = place->plot.y + place->plot.height + room.bottom;
    gsc_box x_title = place_x_title(ruler, index, shows.x_title, bottom);
    if (shows.y_title) {
        place_y_title(ruler, index, room);
    }
    place_note(ruler, index, x_title, bottom);
    if (shows.bar) {
        gsc_layout_bar_place(ruler, index);
    }
    place_message(ruler, index);
    gsc_labels_place(ruler, index);
}
