/* SPDX-License-Identifier: MIT
 *
 * Ranges, pan, zoom, and the nearest point. Layer: ui/plot; pure functions.
 */
#include "ui/plot/view.h"

#include "ui/plot/heatmap.h"
#include "ui/plot/pyramid.h"

#include <math.h>
#include <string.h>

double gsc_axis_forward(const gsc_plot_axis *axis, double value) {
    if (!isfinite(value) || (axis->log && value <= 0)) {
        return NAN;
    }
    return axis->log ? log10(value) : value;
}

double gsc_axis_inverse(const gsc_plot_axis *axis, double position) {
    return axis->log ? pow(10, position) : position;
}

typedef struct range {
    double low, high;
} range;

static void range_add(range *r, double position) {
    if (isfinite(position)) {
        r->low = fmin(r->low, position);
        r->high = fmax(r->high, position);
    }
}

static void range_add_all(range *r, const gsc_plot_axis *axis, const double *values, size_t n) {
    for (size_t i = 0; values != NULL && i < n; i++) {
        range_add(r, gsc_axis_forward(axis, values[i]));
    }
}

/* Adds the margin; an empty range becomes fallback, a single value gets room around it. */
static range range_finish(range r, bool log, range fallback) {
    if (!(r.low <= r.high)) {
        return fallback;
    }
    double span = r.high - r.low;
    double margin = 0.06 * span;
    if (log && span < 0.4) {
        margin = 0.5 * (0.45 - span); /* no drama within noise: never less than 0.45 decades */
    } else if (span <= 1e-9 * fmax(fabs(r.low), fabs(r.high))) {
        margin = fmax(0.5 * fabs(r.low), 0.5);
    }
    return (range){r.low - margin, r.high + margin};
}

/* A long layer knows its extremes. */
static void range_add_layer(range *x, range *y, const gsc_panel *panel, gsc_plot_layer *layer) {
    const gsc_pyramid *pyramid = gsc_layer_pyramid(layer);
    if (pyramid == NULL) {
        range_add_all(x, &panel->x, layer->x, layer->n);
        range_add_all(y, &panel->y, layer->y, layer->n);
        return;
    }
    gsc_extremes all_x = gsc_pyramid_x(pyramid, panel->x.log);
    gsc_extremes all_y = gsc_pyramid_y(pyramid, panel->y.log);
    range_add(x, gsc_axis_forward(&panel->x, all_x.low));
    range_add(x, gsc_axis_forward(&panel->x, all_x.high));
    range_add(y, gsc_axis_forward(&panel->y, all_y.low));
    range_add(y, gsc_axis_forward(&panel->y, all_y.high));
}

gsc_plot_view gsc_panel_home(const gsc_panel *panel) {
    const gsc_heatmap *heat = gsc_panel_heatmap(panel);
    if (heat != NULL) {
        return (gsc_plot_view){heat->x_low, heat->x_high, heat->y_low, heat->y_high};
    }
    range x = {INFINITY, -INFINITY}, y = {INFINITY, -INFINITY}, cloud = {INFINITY, -INFINITY};
    for (size_t i = 0; i < panel->n_layers; i++) {
        gsc_plot_layer *layer = panel->layers[i];
        if (!layer->hidden) {
            range_add_layer(&x, layer->kind == GSC_LAYER_CLOUD ? &cloud : &y, panel, layer);
        }
        if (!layer->hidden && layer->kind != GSC_LAYER_POINTS) { /* theirs are not drawn */
            range_add_all(&y, &panel->y, layer->low, layer->n);
            range_add_all(&y, &panel->y, layer->high, layer->n);
        }
    }
    if (cloud.low <= cloud.high) {
        bool alone = !(y.low < y.high);
        double reach = alone ? INFINITY : fmax(0.3 * (y.high - y.low), panel->y.log ? 0.15 : 0);
        range_add(&y, alone ? cloud.low : fmax(cloud.low, y.low - reach));
        range_add(&y, alone ? cloud.high : fmin(cloud.high, y.high + reach));
    }
    range_add(&x, gsc_axis_forward(&panel->x, panel->x.low));
    range_add(&x, gsc_axis_forward(&panel->x, panel->x.high));
    range_add(&y, gsc_axis_forward(&panel->y, panel->y.low));
    range_add(&y, gsc_axis_forward(&panel->y, panel->y.high));
    x = range_finish(x, panel->x.log, panel->x.log ? (range){2, 4} : (range){0, 10});
    y = range_finish(y, panel->y.log, panel->y.log ? (range){-2, 0} : (range){0, 1});
    return (gsc_plot_view){x.low, x.high, y.low, y.high};
}

size_t gsc_panel_count_beyond(const gsc_panel *panel, gsc_plot_view view) {
    size_t count = 0;
    for (size_t l = 0; l < panel->n_layers; l++) {
        const gsc_plot_layer *layer = panel->layers[l];
        for (size_t i = 0; layer->kind == GSC_LAYER_CLOUD && !layer->hidden && i < layer->n; i++) {
            double x = gsc_axis_forward(&panel->x, layer->x[i]);
            double y = gsc_axis_forward(&panel->y, layer->y[i]);
            count += x >= view.x_low && x <= view.x_high && (y < view.y_low || y > view.y_high);
        }
    }
    return count;
}

gsc_plot_view gsc_view_pan(gsc_plot_view view, gsc_box plot, double dx, double dy) {
    double x = -dx / plot.width * (view.x_high - view.x_low);
    double y = dy / plot.height * (view.y_high - view.y_low);
    return (gsc_plot_view){view.x_low + x, view.x_high + x, view.y_low + y, view.y_high + y};
}

/* Scales [*low, *high] about a fixed position, keeping the span within bounds. */
static void zoom_range(double *low, double *high, double fixed, double factor, double home_span) {
    double span = (*high - *low) / factor;
    double least = 1e-12 * fmax(1, fmax(fabs(*low), fabs(*high)));
    if (home_span > 0) {
        least = fmax(least, 1e-9 * home_span);
        span = fmin(span, 1e9 * home_span);
    }
    span = fmax(span, least);
    double t = (fixed - *low) / (*high - *low);
    *low = fixed - t * span;
    *high = *low + span;
}

gsc_plot_view gsc_view_zoom(gsc_plot_view view, const gsc_plot_view *home, gsc_box plot, double px,
                            double py, double factor_x, double factor_y) {
    double x = gsc_view_x_from_pixel(view, plot, px);
    double y = gsc_view_y_from_pixel(view, plot, py);
    zoom_range(&view.x_low, &view.x_high, x, factor_x,
               home != NULL ? home->x_high - home->x_low : 0);
    zoom_range(&view.y_low, &view.y_high, y, factor_y,
               home != NULL ? home->y_high - home->y_low : 0);
    return view;
}

gsc_plot_view gsc_view_box_zoom(gsc_plot_view view, gsc_box plot, double px0, double py0,
                                double px1, double py1) {
    if (fabs(px1 - px0) < 4 || fabs(py1 - py0) < 4) {
        return view;
    }
    return (gsc_plot_view){
        gsc_view_x_from_pixel(view, plot, fmin(px0, px1)),
        gsc_view_x_from_pixel(view, plot, fmax(px0, px1)),
        gsc_view_y_from_pixel(view, plot, fmax(py0, py1)),
        gsc_view_y_from_pixel(view, plot, fmin(py0, py1)),
    };
}

void gsc_view_link_x(const gsc_figure *figure, gsc_plot_view *views, size_t source) {
    const gsc_panel *from = figure->panels[source];
    for (size_t i = 0; i < figure->n_panels; i++) {
        const gsc_panel *panel = figure->panels[i];
        const char *a = panel->x.title != NULL ? panel->x.title : "";
        const char *b = from->x.title != NULL ? from->x.title : "";
        if (i != source && panel->x.log == from->x.log && strcmp(a, b) == 0) {
            views[i].x_low = views[source].x_low;
            views[i].x_high = views[source].x_high;
        }
    }
}

double gsc_view_x_to_pixel(gsc_plot_view view, gsc_box plot, double x) {
    return plot.x + (x - view.x_low) / (view.x_high - view.x_low) * plot.width;
}

double gsc_view_y_to_pixel(gsc_plot_view view, gsc_box plot, double y) {
    return plot.y + (view.y_high - y) / (view.y_high - view.y_low) * plot.height;
}

double gsc_view_x_from_pixel(gsc_plot_view view, gsc_box plot, double px) {
    return view.x_low + (px - plot.x) / plot.width * (view.x_high - view.x_low);
}

double gsc_view_y_from_pixel(gsc_plot_view view, gsc_box plot, double py) {
    return view.y_high - (py - plot.y) / plot.height * (view.y_high - view.y_low);
}

/* Which kinds answer the pointer, and in what order; -1: never. */
static int rank_of(gsc_layer_kind kind) {
    switch (kind) {
    case GSC_LAYER_POINTS:
        return 0;
    case GSC_LAYER_CLOUD:
        return 1;
    case GSC_LAYER_LINE:
    case GSC_LAYER_DASHED:
        return 2;
    case GSC_LAYER_BAND:
    case GSC_LAYER_BARS:
    case GSC_LAYER_HEATMAP:
        break;
    }
    return -1;
}

/* The cell under the pixel, where the panel has a heatmap. */
static gsc_plot_hit find_cell(const gsc_panel *panel, gsc_plot_view view, gsc_box plot, double px,
                              double py) {
    gsc_plot_hit hit = {.layer = -1, .low = NAN, .high = NAN};
    const gsc_heatmap *heat = gsc_panel_heatmap(panel);
    size_t row, column;
    if (heat == NULL || !gsc_box_contains(plot, px, py) ||
        !gsc_heatmap_cell(heat, gsc_view_x_from_pixel(view, plot, px),
                          gsc_view_y_from_pixel(view, plot, py), &row, &column)) {
        return hit;
    }
    while (panel->layers[++hit.layer]->heat != heat) {
    }
    double width = (heat->x_high - heat->x_low) / (double)heat->columns;
    double height = (heat->y_high - heat->y_low) / (double)heat->rows;
    double x = heat->x_low + ((double)column + 0.5) * width;
    double y = heat->y_low + ((double)row + 0.5) * height;
    hit.index = row * heat->columns + column;
    hit.x = gsc_axis_inverse(&panel->x, x);
    hit.y = gsc_axis_inverse(&panel->y, y);
    hit.px = gsc_view_x_to_pixel(view, plot, x);
    hit.py = gsc_view_y_to_pixel(view, plot, y);
    hit.on_cell = true;
    hit.value = heat->values[hit.index];
    return hit;
}

/* The points of a long layer whose x is within reach of the pixel. */
static void points_near(const gsc_panel *panel, gsc_plot_layer *layer, gsc_plot_view view,
                        gsc_box plot, double px, double reach, size_t *first, size_t *end) {
    const gsc_pyramid *pyramid = gsc_layer_pyramid(layer);
    if (pyramid != NULL && gsc_pyramid_is_ascending(pyramid)) {
        double low = gsc_view_x_from_pixel(view, plot, px - reach);
        double high = gsc_view_x_from_pixel(view, plot, px + reach);
        *first = gsc_pyramid_find(pyramid, gsc_axis_inverse(&panel->x, low), 0);
        *end = gsc_pyramid_find(pyramid, gsc_axis_inverse(&panel->x, high), *first);
        *end += *end < layer->n;
    }
}

/* A search for the nearest point so far. */
typedef struct search {
    const gsc_panel *panel;
    gsc_plot_view view;
    gsc_box plot;
    double px, py, reach;
    gsc_plot_hit best;
    int best_rank;
    double best_distance;
} search;

static void search_points(search *s, int l, int rank, size_t first, size_t end) {
    const gsc_panel *panel = s->panel;
    const gsc_plot_layer *layer = panel->layers[l];
    for (size_t i = first; i < end; i++) {
        double x = gsc_view_x_to_pixel(s->view, s->plot, gsc_axis_forward(&panel->x, layer->x[i]));
        double y = gsc_view_y_to_pixel(s->view, s->plot, gsc_axis_forward(&panel->y, layer->y[i]));
        double distance = hypot(x - s->px, y - s->py);
        bool better = rank < s->best_rank ? distance <= s->reach : distance < s->best_distance;
        if (better && gsc_box_contains(s->plot, x, y)) {
            s->best = (gsc_plot_hit){
                .layer = l,
                .index = i,
                .x = layer->x[i],
                .y = layer->y[i],
                .low = layer->low != NULL ? layer->low[i] : NAN,
                .high = layer->high != NULL ? layer->high[i] : NAN,
                .px = x,
                .py = y,
            };
            s->best_rank = rank;
            s->best_distance = distance;
        }
    }
}

/* Whether a value of these extremes may be nearer than what was found: a whole stretch of a long line is left out
 * by two of its numbers. */
static bool may_be_near(const search *s, int rank, gsc_extremes e) {
    double limit = rank < s->best_rank ? s->reach : s->best_distance;
    double low = gsc_axis_forward(&s->panel->y, e.low),
           high = gsc_axis_forward(&s->panel->y, e.high);
    double bottom = isnan(low) ? INFINITY : gsc_view_y_to_pixel(s->view, s->plot, low);
    double top = isnan(high) ? INFINITY : gsc_view_y_to_pixel(s->view, s->plot, high);
    return top - s->py <= limit && s->py - bottom <= limit;
}

static void search_layer(search *s, int l, int rank) {
    enum {
        STRETCH = 64
    };
    gsc_plot_layer *layer = s->panel->layers[l];
    const gsc_pyramid *pyramid = gsc_layer_pyramid(layer);
    size_t first = 0, end = layer->n;
    points_near(s->panel, layer, s->view, s->plot, s->px, s->reach, &first, &end);
    while (pyramid != NULL && first < end) {
        size_t next = (first / STRETCH + 1) * STRETCH < end ? (first / STRETCH + 1) * STRETCH : end;
        if (may_be_near(s, rank, gsc_pyramid_range(pyramid, first, next))) {
            search_points(s, l, rank, first, next);
        }
        first = next;
    }
    search_points(s, l, rank, first, end);
}

gsc_plot_hit gsc_view_nearest(const gsc_panel *panel, gsc_plot_view view, gsc_box plot, double px,
                              double py, double reach) {
    search s = {.panel = panel,
                .view = view,
                .plot = plot,
                .px = px,
                .py = py,
                .reach = reach,
                .best = {.layer = -1, .low = NAN, .high = NAN},
                .best_rank = 3,
                .best_distance = reach};
    for (size_t l = 0; l < panel->n_layers; l++) {
        int rank = rank_of(panel->layers[l]->kind);
        if (!panel->layers[l]->hidden && rank >= 0 && rank <= s.best_rank) {
            search_layer(&s, (int)l, rank);
        }
    }
    return s.best.layer >= 0 ? s.best : find_cell(panel, view, plot, px, py);
}
