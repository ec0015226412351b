/* SPDX-License-Identifier: MIT
 *
 * The grid of panels: how many columns, what neighbours share, and equal plots in line. The choice of columns and of the
 * size of letters looks at nothing that panning and zooming change, so that the grid stays while one looks around.
 * See layout_panel.h. Layer: ui/plot.
 */
#include "ui/plot/layout_panel.h"

#include "ui/plot/heatmap.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* At text scale 1. */
static const double gap_x = 20, gap_y = 14, roomy = 105, least_scale = 0.72;

typedef struct grid {
    gsc_text_ruler *ruler;
    gsc_box area;
    size_t n, columns, rows;
    bool common; /* one legend stands above all */
    size_t slot[GSC_FIGURE_MAX_PANELS],
        at[GSC_FIGURE_MAX_PANELS]; /* where a panel stands, row by row; who there */
    gsc_panel_shows shows[GSC_FIGURE_MAX_PANELS];
    gsc_head_widths widths[GSC_FIGURE_MAX_PANELS];
    double labels[GSC_FIGURE_MAX_PANELS]; /* of lines, at text scale 1 */
    gsc_head heads[GSC_FIGURE_MAX_PANELS];
    gsc_panel_room rooms[GSC_FIGURE_MAX_PANELS];
    double left[GSC_FIGURE_MAX_PANELS], right[GSC_FIGURE_MAX_PANELS]; /* by column */
    double top[GSC_FIGURE_MAX_PANELS], bottom[GSC_FIGURE_MAX_PANELS]; /* by row */
} grid;

/* ---- What neighbours share ---------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b) {
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool same_axis(const gsc_plot_axis *a, const gsc_plot_axis *b) {
    bool same = same_text(a->title, b->title) && a->log == b->log && a->n_names == b->n_names;
    for (size_t i = 0; same && i < a->n_names; i++) {
        same = same_text(a->names[i], b->names[i]);
    }
    return same;
}

static bool same_scale(const gsc_heatmap *a, const gsc_heatmap *b) {
    return a != NULL && b != NULL && a->color == b->color && a->centre == b->centre &&
           a->scale.low == b->scale.low && a->scale.high == b->scale.high &&
           same_axis(&a->scale, &b->scale);
}

/* Panels row by row in their order, but for those that belong under another one. */
static void order_panels(grid *g) {
    const gsc_figure *figure = g->ruler->layout->figure;
    for (size_t i = 0; i < g->n; i++) {
        g->slot[i] = g->at[i] = i;
    }
    for (size_t i = 0; i < g->n; i++) {
        const int above = figure->panels[i]->above;
        const size_t from = g->slot[i], to = above > 0 ? g->slot[above - 1] + g->columns : from;
        if (to >= g->n || from == to) {
            continue;
        }
        for (size_t k = from; k != to;) {
            const size_t next = from < to ? k + 1 : k - 1;
            g->at[k] = g->at[next];
            g->slot[g->at[k]] = k;
            k = next;
        }
        g->at[to] = i;
        g->slot[i] = to;
    }
}

/* Above a panel with the same x axis its title is enough, right of one with the same y axis that one's; the labels of
 * maps that show the same part, too (steady: as if they did). Many panels do not repeat their titles at their axes. */
static gsc_panel_shows find_shows(const grid *g, size_t i, bool steady) {
    const gsc_layout *layout = g->ruler->layout;
    const gsc_panel *const *panels = (const gsc_panel *const *)layout->figure->panels;
    const gsc_panel *own = panels[i];
    const gsc_heatmap *heat = gsc_panel_heatmap(own);
    const gsc_plot_view *view = &layout->panels[i].view;
    const size_t slot = g->slot[i];
    gsc_panel_shows shows = {true, true, true, true, heat != NULL};
    if (slot + g->columns < g->n && same_axis(&own->x, &panels[g->at[slot + g->columns]]->x)) {
        const gsc_plot_view *below = &layout->panels[g->at[slot + g->columns]].view;
        shows.x_title = gsc_panel_may_note(own);
        shows.x_labels =
            heat == NULL ||
            (!steady && (view->x_low != below->x_low || view->x_high != below->x_high));
    }
    if (slot % g->columns > 0 && same_axis(&own->y, &panels[g->at[slot - 1]]->y)) {
        const gsc_plot_view *before = &layout->panels[g->at[slot - 1]].view;
        shows.y_title = false;
        shows.y_labels =
            heat == NULL ||
            (!steady && (view->y_low != before->y_low || view->y_high != before->y_high));
    }
    shows.x_title = shows.x_title && !same_text(own->x.title, "");
    shows.y_title = shows.y_title && !same_text(own->y.title, "") &&
                    !(g->n > 2 && same_text(own->title, own->y.title));
    /* The bar stands at the end of a row; a last row that ends before has it above its right end. */
    size_t row = slot / g->columns, end = (row + 1) * g->columns - 1;
    size_t other = end < g->n ? end : row > 0 ? end - g->columns : slot;
    shows.bar =
        shows.bar && (other == slot || !same_scale(heat, gsc_panel_heatmap(panels[g->at[other]])));
    return shows;
}

/* ---- Sizes -------------------------------------------------------------------------------------- */

/* What is left to each plot; at least a pixel. */
static double plot_width(const grid *g) {
    double width = g->area.width - gap_x * g->ruler->layout->text_scale * (double)(g->columns - 1);
    for (size_t c = 0; c < g->columns; c++) {
        width -= g->left[c] + g->right[c];
    }
    return fmax(width / (double)g->columns, 1);
}

static double plot_height(const grid *g) {
    double height = g->area.height - gap_y * g->ruler->layout->text_scale * (double)(g->rows - 1);
    for (size_t r = 0; r < g->rows; r++) {
        height -= g->top[r] + g->bottom[r];
    }
    return fmax(height / (double)g->rows, 1);
}

static bool is_square(const gsc_heatmap *heat) {
    return heat != NULL && heat->rows == heat->columns;
}

/* Gives every panel its box and plot rectangle. */
static void distribute(grid *g) {
    gsc_layout *layout = g->ruler->layout;
    double width = plot_width(g), height = plot_height(g), k = layout->text_scale;
    for (size_t i = 0; i < g->n; i++) {
        gsc_panel_layout *place = &layout->panels[i];
        size_t column = g->slot[i] % g->columns, row = g->slot[i] / g->columns;
        double x = g->area.x, y = g->area.y;
        for (size_t c = 0; c < column; c++) {
            x += g->left[c] + width + g->right[c] + gap_x * k;
        }
        for (size_t r = 0; r < row; r++) {
            y += g->top[r] + height + g->bottom[r] + gap_y * k;
        }
        place->box = (gsc_box){x, y, g->left[column] + width + g->right[column],
                               g->top[row] + height + g->bottom[row]};
        place->plot =
            (gsc_box){x + g->left[column], y + g->top[row], fmax(width, 8), fmax(height, 8)};
        if (is_square(gsc_panel_heatmap(layout->figure->panels[i]))) {
            place->plot.width = fmin(place->plot.width, 2.2 * place->plot.height);
        }
    }
}

static void clear_rooms(grid *g) {
    memset(g->left, 0, sizeof g->left);
    memset(g->right, 0, sizeof g->right);
    memset(g->top, 0, sizeof g->top);
    memset(g->bottom, 0, sizeof g->bottom);
}

static void take_room(grid *g, size_t i, gsc_panel_room room, double top) {
    size_t column = g->slot[i] % g->columns, row = g->slot[i] / g->columns;
    g->left[column] = fmax(g->left[column], room.left);
    g->right[column] = fmax(g->right[column], room.right);
    g->top[row] = fmax(g->top[row], top);
    g->bottom[row] = fmax(g->bottom[row], room.bottom);
}

/* Room as it usually is, for a choice that does not depend on what is in sight. */
static gsc_panel_room usual_room(const grid *g, gsc_panel_shows shows, double labels) {
    double k = g->ruler->layout->text_scale;
    return (gsc_panel_room){.left = (8 + (shows.y_labels ? 24 : 0) + (shows.y_title ? 21 : 0)) * k,
                            .right = labels + (shows.bar ? 70 : 0) * k,
                            .bottom = ((shows.x_labels ? 22 : 6) + (shows.x_title ? 18 : 2)) * k};
}

/* Prepares a number of columns with usual room; whether all legends are whole. */
static bool try_columns(grid *g, size_t columns) {
    const gsc_layout *layout = g->ruler->layout;
    double k = layout->text_scale;
    bool whole = true;
    g->columns = columns;
    g->rows = (g->n + columns - 1) / columns;
    order_panels(g);
    clear_rooms(g);
    for (size_t i = 0; i < g->n; i++) {
        double width = g->area.width / (double)columns - gap_x * k;
        double most = 0.4 * g->area.height / (double)g->rows;
        g->shows[i] = find_shows(g, i, true);
        g->heads[i] = gsc_head_fit(layout, i, &g->widths[i], width, most);
        whole = whole && (g->common || gsc_head_is_whole(layout, i, &g->heads[i]));
        take_room(g, i, usual_room(g, g->shows[i], g->labels[i] * k),
                  gsc_head_guess(layout, &g->widths[i], width, g->common ? NULL : &g->heads[i]));
    }
    return whole;
}

/* How much of a plot can be used: one far from its best shape is as good as the largest of a good shape in it. */
static double worth(const grid *g) {
    bool square = is_square(gsc_panel_heatmap(g->ruler->layout->figure->panels[0]));
    double width = plot_width(g), height = plot_height(g);
    double area = fmin(width, (square ? 2.2 : 2.6) * height) * fmin(height, width);
    size_t empty = g->rows * g->columns - g->n;
    return area * (1 - 0.1 * (double)empty / (double)g->n);
}

/* Chooses the columns that give the plots most; whether all legends are whole then. */
static bool choose_columns(grid *g) {
    double best_worth = -1;
    size_t best = 1;
    for (size_t columns = 1; columns <= g->n; columns++) {
        try_columns(g, columns);
        if (worth(g) > best_worth * 1.001) {
            best_worth = worth(g);
            best = columns;
        }
    }
    return try_columns(g, best);
}

/* ---- All panels --------------------------------------------------------------------------------- */

/* One legend for all where they are alike and say no values, or would not fit. */
static void place_common(grid *g, int owner, gsc_box area) {
    double height = gsc_head_place_common(g->ruler, (size_t)owner, &g->widths[owner], area);
    g->common = true;
    g->area = (gsc_box){area.x, area.y + height, area.width, area.height - height};
}

/* Smaller letters where plots would be small beside them. */
static bool shrink_text(grid *g) {
    gsc_layout *layout = g->ruler->layout;
    double size = fmin(plot_height(g), plot_width(g)), wanted = roomy * layout->text_scale;
    if (g->n <= 2 || size >= wanted) {
        return false;
    }
    layout->text_scale *= fmax(least_scale, size / wanted);
    return true;
}

void gsc_layout_panels(gsc_text_ruler *ruler, gsc_box area) {
    grid g = {.ruler = ruler, .area = area, .n = ruler->layout->n_panels};
    bool values = false;
    int owner = gsc_head_find_common(ruler->layout->figure, &values);
    assert(g.n <= GSC_FIGURE_MAX_PANELS);
    if (g.n == 0) {
        return;
    }
    for (size_t i = 0; i < g.n; i++) {
        g.widths[i] = gsc_head_measure(ruler, i);
        g.labels[i] = gsc_labels_width(ruler, i) / ruler->layout->text_scale;
    }
    g.common = owner >= 0 && !values;
    bool whole = choose_columns(&g);
    if (shrink_text(&g)) {
        whole = choose_columns(&g);
    }
    if (owner >= 0 && (g.common || !whole)) {
        place_common(&g, owner, area);
        choose_columns(&g);
    }
    for (int pass = 0; pass < 2; pass++) { /* ticks want to know their plot, the plot its ticks */
        distribute(&g);
        clear_rooms(&g);
        for (size_t i = 0; i < g.n; i++) {
            gsc_box box = ruler->layout->panels[i].box;
            g.shows[i] = find_shows(&g, i, false);
            g.rooms[i] = gsc_panel_measure(ruler, i, g.shows[i]);
            g.heads[i] = gsc_head_fit(ruler->layout, i, &g.widths[i], box.width, 0.4 * box.height);
            take_room(&g, i, g.rooms[i],
                      gsc_head_height(ruler, i, box.width, g.common ? NULL : &g.heads[i]));
        }
    }
    distribute(&g);
    for (size_t i = 0; i < g.n; i++) {
        gsc_panel_fill(ruler, i, g.common ? NULL : &g.heads[i], g.shows[i], g.rooms[i]);
    }
}
