/* SPDX-License-Identifier: MIT
 *
 * Long lines as envelopes: for each column of device pixels the stretch that the line covers there,
 * from the pyramid of its values and where it enters and leaves the column. Every extreme is in it,
 * a gap stays a gap, and the work depends on the columns, not on the points. Layer: ui/plot.
 */
#include "ui/plot/scene_private.h"

#include "ui/plot/pyramid.h"

#include <math.h>
#include <stdlib.h>

enum {
    MOST_SEGMENTS = 12000, /* of all lines of a panel that are drawn segment by segment */
    DENSE = 4              /* points a column above which a line is an envelope in any case */
};

/* A panel's columns and the data at their edges, found once for all of its lines. */
typedef struct columns {
    const gsc_panel *panel;
    const gsc_panel_layout *place;
    size_t n;
    double left, width;        /* logical pixels: of the first, of each */
    double y_offset, y_factor; /* from axis space to pixels */
    double *edges;             /* [n + 1] data units */
} columns;

/* A line on its way through the columns. */
typedef struct walk {
    const columns *c;
    const gsc_plot_layer *layer;
    const gsc_pyramid *pyramid;
} walk;

static double pixel_x(const columns *c, double x) {
    return gsc_view_x_to_pixel(c->place->view, c->place->plot, gsc_axis_forward(&c->panel->x, x));
}

static double pixel_y(const columns *c, double y) {
    return c->y_offset + c->y_factor * (c->panel->y.log ? gsc_axis_forward(&c->panel->y, y) : y);
}

/* Where the segment that ends in point i crosses the edge of a column, in pixels; NAN: it is not. */
static double crossing(const walk *w, size_t i, size_t edge) {
    const gsc_plot_layer *layer = w->layer;
    if (i == 0 || i >= layer->n || isnan(layer->y[i - 1]) || isnan(layer->y[i])) {
        return NAN;
    }
    double x0 = pixel_x(w->c, layer->x[i - 1]), x1 = pixel_x(w->c, layer->x[i]);
    double y0 = pixel_y(w->c, layer->y[i - 1]), y1 = pixel_y(w->c, layer->y[i]);
    double at = w->c->left + w->c->width * (double)edge;
    double t = x1 > x0 ? fmin(fmax((at - x0) / (x1 - x0), 0), 1) : 1;
    return y0 + t * (y1 - y0);
}

/* Extremes of points that have a place on the axis. */
static gsc_extremes in_column(const walk *w, size_t first, size_t end) {
    gsc_extremes e = gsc_pyramid_range(w->pyramid, first, end);
    if (w->c->panel->y.log && e.low <= e.high && e.low <= 0) {
        e = (gsc_extremes){INFINITY, -INFINITY};
        for (size_t i = first; i < end; i++) {
            double y = w->layer->y[i];
            if (y > 0 && y < INFINITY) {
                e.low = fmin(e.low, y);
                e.high = fmax(e.high, y);
            }
        }
    }
    return e;
}

/* The stretch that the line covers in one column, half its width added at both ends: more where it
 * is steep, so that it looks as wide there. */
static gsc_scene_span cover(const walk *w, gsc_extremes e, double enters, double leaves,
                            double half) {
    double top = fmin(enters, leaves), bottom = fmax(enters, leaves);
    if (e.low <= e.high) {
        top = fmin(top, pixel_y(w->c, e.high)); /* fmin and fmax leave out what is no number */
        bottom = fmax(bottom, pixel_y(w->c, e.low));
    }
    if (isnan(top)) {
        return (gsc_scene_span){NAN, NAN};
    }
    double slope = (bottom - top) / w->c->width;
    double grow = half * fmin(sqrt(1 + slope * slope), 3);
    /* A stretch taller than the line is wide has its round cap inside: no need to reach out. */
    grow = bottom - top > 2 * half ? fmax(half, fmin(grow, half + 1)) : grow;
    gsc_box plot = w->c->place->plot;
    return (gsc_scene_span){(float)fmax(top - grow, plot.y - 50),
                            (float)fmin(bottom + grow, plot.y + plot.height + 50)};
}

/* Whether the line goes on from point i - 1 to point i. */
static bool joined(const walk *w, size_t i) {
    const double *y = w->layer->y;
    return i > 0 && i < w->layer->n && !isnan(y[i - 1]) && !isnan(y[i]);
}

/* Column by column. Between columns that both have points the line only has to touch them both; where
 * one has none, it matters where exactly it passes. */
static void walk_points(const walk *w, double half, gsc_scene_span *ret_spans) {
    const columns *c = w->c;
    size_t first = gsc_pyramid_find(w->pyramid, c->edges[0], 0), stride = 0;
    gsc_extremes last = {INFINITY, -INFINITY};
    for (size_t i = 0; i < c->n; i++) {
        size_t end = gsc_pyramid_find(w->pyramid, c->edges[i + 1], first + stride);
        gsc_extremes e = in_column(w, first, end), own = e;
        double enters = NAN, leaves = NAN;
        if (last.low <= last.high && e.low <= e.high) {
            if (joined(w, first)) {
                e.low = fmin(e.low, last.high);
                e.high = fmax(e.high, last.low);
            }
        } else {
            enters = crossing(w, first, i);
        }
        if (end - first < 2) {
            leaves = crossing(w, end, i + 1);
        }
        ret_spans[i] = cover(w, e, enters, leaves, half);
        stride = end - first;
        first = end;
        last = own;
    }
}

/* With many points to a column: by whole blocks, of which a column has four or more, so that none of
 * their points is a quarter of a column from its place. */
static void walk_blocks(const walk *w, int level, double half, gsc_scene_span *ret_spans) {
    const columns *c = w->c;
    size_t first = gsc_pyramid_find_block(w->pyramid, level, c->edges[0], 0), stride = 0;
    gsc_extremes last = {INFINITY, -INFINITY};
    for (size_t i = 0; i < c->n; i++) {
        size_t end = gsc_pyramid_find_block(w->pyramid, level, c->edges[i + 1], first + stride);
        gsc_extremes e = gsc_pyramid_blocks(w->pyramid, level, first, end), own = e;
        if (e.low <= e.high && last.low <= last.high) { /* the line comes from the column before */
            e.low = fmin(e.low, last.high);
            e.high = fmax(e.high, last.low);
        }
        ret_spans[i] = cover(w, e, NAN, NAN, half);
        stride = end - first;
        first = end;
        last = own;
    }
}

/* How many columns the line's points in sight lie in. */
static double count_covered(const walk *w) {
    const columns *c = w->c;
    double left = pixel_x(c, w->layer->x[0]), right = pixel_x(c, w->layer->x[w->layer->n - 1]);
    double end = c->left + c->width * (double)c->n;
    double covered = (fmin(right, end) - fmax(left, c->left)) / c->width;
    return covered >= 1 ? covered : 1;
}

static void add_envelope(maker *m, const walk *w, size_t in_sight, gsc_rgba color, double width,
                         const gsc_box *clip) {
    const columns *c = w->c;
    if (!RESERVE(m, spans, c->n) || !RESERVE(m, envelopes, 1)) {
        return;
    }
    gsc_scene *scene = m->scene;
    int level = gsc_pyramid_level(w->pyramid, (double)in_sight / count_covered(w));
    bool whole = level >= 0 && !c->panel->x.log &&
                 (!c->panel->y.log || gsc_pyramid_y(w->pyramid, false).low > 0);
    gsc_scene_count(m, GSC_SCENE_ENVELOPES, scene->n_envelopes, clip);
    scene->envelopes[scene->n_envelopes++] =
        (gsc_scene_envelope){scene->n_spans, c->n, c->left, c->width, color};
    if (whole) {
        walk_blocks(w, level, width / 2, scene->spans + scene->n_spans);
    } else {
        walk_points(w, width / 2, scene->spans + scene->n_spans);
    }
    scene->n_spans += c->n;
}

/* Points of a line between the edges of the plot. */
static size_t count_in_sight(const columns *c, const gsc_pyramid *pyramid) {
    size_t first = gsc_pyramid_find(pyramid, c->edges[0], 0);
    return gsc_pyramid_find(pyramid, c->edges[c->n], first) - first;
}

static bool find_columns(maker *m, const gsc_panel *panel, const gsc_panel_layout *place,
                         columns *ret) {
    double scale = m->scale > 0 ? m->scale : 1;
    double left = floor(place->plot.x * scale);
    double right = ceil((place->plot.x + place->plot.width) * scale);
    *ret = (columns){.panel = panel,
                     .place = place,
                     .n = (size_t)fmax(right - left, 1),
                     .left = left / scale,
                     .width = 1 / scale};
    ret->y_offset = gsc_view_y_to_pixel(place->view, place->plot, 0);
    ret->y_factor = -place->plot.height / (place->view.y_high - place->view.y_low);
    ret->edges = malloc((ret->n + 1) * sizeof *ret->edges);
    m->failed = m->failed || ret->edges == NULL;
    for (size_t i = 0; ret->edges != NULL && i <= ret->n; i++) {
        double at =
            gsc_view_x_from_pixel(place->view, place->plot, ret->left + ret->width * (double)i);
        ret->edges[i] = gsc_axis_inverse(&panel->x, at);
    }
    return ret->edges != NULL;
}

static const gsc_pyramid *pyramid_of(gsc_plot_layer *layer) {
    const gsc_pyramid *pyramid =
        layer->kind == GSC_LAYER_LINE && !layer->hidden ? gsc_layer_pyramid(layer) : NULL;
    return pyramid != NULL && gsc_pyramid_is_ascending(pyramid) ? pyramid : NULL;
}

gsc_scene_dense *gsc_scene_dense_new(maker *m, const gsc_panel *panel,
                                     const gsc_panel_layout *place) {
    columns *c = NULL;
    size_t all = 0;
    for (size_t i = 0; i < panel->n_layers; i++) {
        const gsc_pyramid *pyramid = pyramid_of(panel->layers[i]);
        if (pyramid == NULL) {
            continue;
        }
        if (c == NULL) {
            c = malloc(sizeof *c);
            if (c == NULL || !find_columns(m, panel, place, c)) {
                m->failed = true;
                free(c);
                return NULL;
            }
        }
        all += count_in_sight(c, pyramid);
    }
    gsc_scene_dense *dense = c != NULL ? malloc(sizeof *dense) : NULL;
    if (dense != NULL) {
        *dense = (gsc_scene_dense){c, all > MOST_SEGMENTS};
    } else if (c != NULL) {
        m->failed = true;
        free(c->edges);
        free(c);
    }
    return dense;
}

void gsc_scene_dense_free(gsc_scene_dense *dense) {
    if (dense != NULL) {
        columns *c = dense->columns;
        free(c->edges);
        free(c);
        free(dense);
    }
}

bool gsc_scene_dense_add(maker *m, const gsc_scene_dense *dense, gsc_plot_layer *layer,
                         gsc_rgba color, double width, const gsc_box *clip, size_t *ret_first,
                         size_t *ret_end) {
    const gsc_pyramid *pyramid = dense != NULL ? pyramid_of(layer) : NULL;
    if (pyramid == NULL) {
        return false;
    }
    const columns *c = dense->columns;
    const walk w = {c, layer, pyramid};
    size_t in_sight = count_in_sight(c, pyramid);
    if (dense->crowded || in_sight > DENSE * c->n) {
        add_envelope(m, &w, in_sight, color, width, clip);
        return true;
    }
    /* One point more to either side, where the line comes from and goes to. */
    size_t first = gsc_pyramid_find(pyramid, c->edges[0], 0);
    size_t end = gsc_pyramid_find(pyramid, c->edges[c->n], first);
    *ret_first = first > 0 ? first - 1 : 0;
    *ret_end = end < layer->n ? end + 1 : layer->n;
    return false;
}
