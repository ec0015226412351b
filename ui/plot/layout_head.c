/* SPDX-License-Identifier: MIT
 *
 * See layout_head.h. Layer: ui/plot.
 */
#include "ui/plot/layout_head.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* At text scale 1: a legend row's marker, the gap before its value or the next row. */
static const double marker_column = 28, column_gap = 14, row_gap = 22;

static gsc_text_style legend_style(const gsc_layout *layout, size_t panel) {
    return (gsc_text_style){GSC_TEXT_LEGEND, (int)panel, 11 * layout->text_scale, false,
                            layout->theme->ink};
}

static gsc_text_style title_style(const gsc_layout *layout, size_t panel, double width) {
    return (gsc_text_style){GSC_TEXT_PANEL_TITLE, (int)panel, 12.5 * layout->text_scale, true,
                            layout->theme->ink,   width};
}

gsc_head_widths gsc_head_measure(gsc_text_ruler *ruler, size_t index) {
    const gsc_layout *layout = ruler->layout;
    const gsc_panel *panel = layout->figure->panels[index];
    gsc_text_style style = legend_style(layout, index), title = title_style(layout, index, 0);
    gsc_text_size heading = gsc_text_measure(ruler, panel->title, &title);
    double k = layout->text_scale;
    gsc_head_widths widths = {.title = heading.width / k, .title_line = heading.height / k};
    for (size_t i = 0; i < panel->n_legend; i++) {
        const gsc_legend_row *row = panel->legend[i];
        widths.label = fmax(widths.label, gsc_text_measure(ruler, row->label, &style).width / k);
        widths.value = fmax(widths.value, gsc_text_measure(ruler, row->value, &style).width / k);
    }
    widths.value_title = gsc_text_measure(ruler, panel->value_title, &style).width / k;
    return widths;
}

static gsc_head fit(const gsc_layout *layout, size_t index, const gsc_head_widths *widths,
                    double width, double most_height, bool without_values) {
    const gsc_panel *panel = layout->figure->panels[index];
    double k = layout->text_scale;
    gsc_head head = {.row_height = 16 * k, .columns = 1, .label_width = widths->label * k};
    if (widths->value > 0 && !without_values) {
        head.label_width = fmax(head.label_width, (widths->title - marker_column) * k);
        head.value_width = fmax(widths->value, widths->value_title) * k;
        head.stacked =
            head.label_width + column_gap * k + head.value_width > width - marker_column * k;
        head.row_height *= head.stacked ? 1.9 : 1;
    } else if (panel->n_legend > 0) {
        double item = marker_column * k + head.label_width + row_gap * k;
        head.columns = (size_t)fmax(1, floor((width + row_gap * k) / item));
    }
    size_t lines = (size_t)fmax(1, floor(most_height / head.row_height));
    head.rows = panel->n_legend <= lines * head.columns ? panel->n_legend : lines * head.columns;
    return head;
}

gsc_head gsc_head_fit(const gsc_layout *layout, size_t index, const gsc_head_widths *widths,
                      double width, double most_height) {
    gsc_head head = fit(layout, index, widths, width, most_height, false);
    if (gsc_head_is_whole(layout, index, &head)) {
        return head;
    }
    gsc_head plain = fit(layout, index, widths, width, most_height, true);
    return plain.rows > head.rows ? plain : head;
}

bool gsc_head_is_whole(const gsc_layout *layout, size_t index, const gsc_head *head) {
    return head->rows == layout->figure->panels[index]->n_legend;
}

static double legend_height(const gsc_head *head) {
    return head->row_height * ceil((double)head->rows / (double)head->columns);
}

static double whole_height(double title, const gsc_head *legend, double k) {
    double rows = legend != NULL ? legend_height(legend) : 0;
    return title + (title > 0 && rows > 0 ? 4 * k : 0) + rows + (rows > 0 ? 10 : 7) * k;
}

double gsc_head_guess(const gsc_layout *layout, const gsc_head_widths *widths, double width,
                      const gsc_head *legend) {
    double k = layout->text_scale, lines = ceil(widths->title * k / fmax(width, 1));
    return whole_height(lines * widths->title_line * k, legend, k);
}

double gsc_head_height(gsc_text_ruler *ruler, size_t index, double width, const gsc_head *legend) {
    gsc_text_style style = title_style(ruler->layout, index, width);
    double title =
        gsc_text_measure(ruler, ruler->layout->figure->panels[index]->title, &style).height;
    return whole_height(title, legend, ruler->layout->text_scale);
}

static gsc_rgba faded(gsc_rgba color, bool fade) {
    color.a *= fade ? 0.4f : 1;
    return color;
}

/* Room for the label of a row so wide. */
static double label_room(const gsc_head *head, double k, double width) {
    const bool beside = head->value_width > 0 && !head->stacked;

    return fmax(width - marker_column * k - (beside ? column_gap * k + head->value_width : 0), 0);
}

/* What the labels of all rows shrink by, so that the longest one fits: one legend, one size. */
static double common_shrink(gsc_text_ruler *ruler, size_t index, const gsc_head *head,
                            double width) {
    const gsc_panel *panel = ruler->layout->figure->panels[index];
    const double room = label_room(head, ruler->layout->text_scale, width);
    double shrink = 1;

    for (size_t i = 0; i < head->rows; i++) {
        gsc_text_style style = legend_style(ruler->layout, index);
        style.bold = panel->legend[i]->emphasis;
        const double length = gsc_text_measure(ruler, panel->legend[i]->label, &style).width;
        shrink = length > room ? fmin(shrink, room / length) : shrink;
    }
    return fmax(shrink, GSC_TEXT_LEAST_SHRINK);
}

static void place_row(gsc_text_ruler *ruler, size_t index, const gsc_head *head,
                      const gsc_legend_row *row, gsc_box box, double shrink) {
    const gsc_layout *layout = ruler->layout;
    double k = layout->text_scale, x = box.x + marker_column * k;
    double line = head->stacked ? head->row_height / 1.9 : head->row_height;
    gsc_text_style style = legend_style(layout, index);
    char label[512];
    style.size *= shrink;
    style.bold = row->emphasis;
    style.color = faded(layout->theme->ink, row->hidden);
    gsc_text_cut(ruler, row->label, label_room(head, k, box.width), &style, label, sizeof label);
    gsc_text_add(ruler, label, &style, x, box.y + line / 2, 0, 0.5);
    style = legend_style(layout, index);
    style.color = faded(layout->theme->muted, row->hidden);
    if (head->stacked) {
        gsc_text_add(ruler, row->value, &style, x, box.y + 1.4 * line, 0, 0.5);
    } else if (head->value_width > 0) {
        gsc_text_add(ruler, row->value, &style, x + head->label_width + column_gap * k,
                     box.y + line / 2, 0, 0.5);
    }
}

/* The rows from (x, y) on, down the columns one after another as a line is read. */
static void place_rows(gsc_text_ruler *ruler, size_t index, const gsc_head *head, double x,
                       double y, double width) {
    gsc_layout *layout = ruler->layout;
    const gsc_panel *panel = layout->figure->panels[index];
    gsc_panel_layout *place = &layout->panels[index];
    double k = layout->text_scale;
    double item = head->columns > 1 ? marker_column * k + head->label_width + row_gap * k : width;
    if (head->rows == 0) {
        return;
    }
    const double row_width = head->columns > 1 ? item - row_gap * k : item;
    const double shrink = common_shrink(ruler, index, head, row_width);
    place->legend = calloc(head->rows, sizeof *place->legend);
    if (place->legend == NULL) {
        ruler->failed = true;
        return;
    }
    for (size_t i = 0; i < head->rows; i++) {
        gsc_box box = {x + (double)(i % head->columns) * item,
                       y + (double)(i / head->columns) * head->row_height, row_width,
                       head->row_height};
        if (head->rows < panel->n_legend && i + 1 == head->rows) {
            char text[64];
            snprintf(text, sizeof text, "and %zu more", panel->n_legend - i);
            gsc_text_style note = legend_style(layout, index);
            note.color = layout->theme->muted;
            gsc_text_add(ruler, text, &note, box.x + marker_column * k, box.y + box.height / 2, 0,
                         0.5);
        } else {
            place->legend[place->n_legend++] = (gsc_legend_box){box, i};
            place_row(ruler, index, head, panel->legend[i], box, shrink);
        }
    }
}

void gsc_head_place(gsc_text_ruler *ruler, size_t index, const gsc_head *legend) {
    gsc_layout *layout = ruler->layout;
    const gsc_panel *panel = layout->figure->panels[index];
    gsc_panel_layout *place = &layout->panels[index];
    double k = layout->text_scale, y = place->box.y;
    gsc_text_style style = title_style(layout, index, place->box.width);
    gsc_box title = gsc_text_add(ruler, panel->title, &style, place->box.x, y, 0, 0);
    if (legend == NULL) {
        return;
    }
    if (legend->value_width > 0 && !legend->stacked) {
        gsc_text_style head = legend_style(layout, index);
        head.color = layout->theme->muted;
        gsc_text_add(ruler, panel->value_title, &head,
                     place->box.x + (marker_column + column_gap) * k + legend->label_width,
                     y + title.height / 2, 0, 0.5);
    }
    y += title.height + (title.height > 0 ? 4 * k : 0);
    place_rows(ruler, index, legend, place->box.x, y, place->box.width);
}

/* ---- One for all -------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b) {
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool same_rows(const gsc_panel *a, const gsc_panel *b) {
    bool same = a->n_legend == b->n_legend;
    for (size_t i = 0; same && i < a->n_legend; i++) {
        same = same_text(a->legend[i]->label, b->legend[i]->label) &&
               a->legend[i]->color == b->legend[i]->color &&
               a->legend[i]->shape == b->legend[i]->shape;
    }
    return same;
}

/* Whether the row stands for a layer of another panel, too. */
static bool speaks_for_others(const gsc_figure *figure, size_t owner, const gsc_legend_row *row) {
    for (size_t i = 0; i < figure->n_panels; i++) {
        const gsc_panel *panel = figure->panels[i];
        for (size_t l = 0; i != owner && l < panel->n_layers; l++) {
            if (panel->layers[l]->run == row->run && panel->layers[l]->series == row->series) {
                return true;
            }
        }
    }
    return false;
}

int gsc_head_find_common(const gsc_figure *figure, bool *ret_values) {
    int owner = -1;
    size_t owners = 0;
    *ret_values = false;
    for (size_t i = 0; i < figure->n_panels && figure->n_panels > 1; i++) {
        const gsc_panel *panel = figure->panels[i];
        if (panel->n_legend == 0) {
            continue;
        }
        if (owner >= 0 && !same_rows(figure->panels[owner], panel)) {
            return -1;
        }
        owner = owner < 0 ? (int)i : owner;
        owners++;
        for (size_t r = 0; r < panel->n_legend; r++) {
            *ret_values = *ret_values || !same_text(panel->legend[r]->value, "");
        }
    }
    for (size_t r = 0; owners == 1 && r < figure->panels[owner]->n_legend; r++) {
        if (!speaks_for_others(figure, (size_t)owner, figure->panels[owner]->legend[r])) {
            return -1;
        }
    }
    return owner;
}

double gsc_head_place_common(gsc_text_ruler *ruler, size_t index, const gsc_head_widths *widths,
                             gsc_box area) {
    gsc_head head = fit(ruler->layout, index, widths, area.width, 0.25 * area.height, true);
    place_rows(ruler, index, &head, area.x, area.y, area.width);
    return legend_height(&head) + 10 * ruler->layout->text_scale;
}
