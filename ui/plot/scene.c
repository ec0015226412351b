/* SPDX-License-Identifier: MIT
 *
 * See scene.h. Order in a panel: grid, axes, layers as the figure has them, legend markers. Layer:
 * ui/plot.
 */
#include "ui/plot/scene_private.h"

#include "ui/plot/decimate.h"
#include "ui/plot/heatmap.h"

#include <math.h>
#include <stdlib.h>

bool gsc_scene_reserve(maker *m, void **array, size_t *capacity, size_t needed, size_t size) {
    if (needed <= *capacity) {
        return true;
    }
    size_t wanted = needed > 2 * *capacity ? needed + 16 : 2 * *capacity;
    void *bigger = realloc(*array, wanted * size);
    if (bigger == NULL) {
        m->failed = true;
        return false;
    }
    *array = bigger;
    *capacity = wanted;
    return true;
}

void gsc_scene_count(maker *m, gsc_scene_kind kind, size_t index, const gsc_box *clip) {
    gsc_scene *scene = m->scene;
    if (scene->n_batches > 0) {
        gsc_scene_batch *last = &scene->batches[scene->n_batches - 1];
        bool same_clip = last->clipped == (clip != NULL) &&
                         (clip == NULL ||
                          (last->clip.x == clip->x && last->clip.y == clip->y &&
                           last->clip.width == clip->width && last->clip.height == clip->height));
        if (last->kind == kind && same_clip) {
            last->count++;
            return;
        }
    }
    if (RESERVE(m, batches, 1)) {
        scene->batches[scene->n_batches++] = (gsc_scene_batch){
            kind, index, 1, clip != NULL, clip != NULL ? *clip : (gsc_box){0, 0, 0, 0}};
    }
}

static void add_fill(maker *m, const gsc_box *clip, gsc_scene_fill fill) {
    if (RESERVE(m, fills, 1)) {
        gsc_scene_count(m, GSC_SCENE_FILLS, m->scene->n_fills, clip);
        m->scene->fills[m->scene->n_fills++] = fill;
    }
}

static void add_marker(maker *m, const gsc_box *clip, gsc_scene_marker marker) {
    if (RESERVE(m, markers, 1)) {
        gsc_scene_count(m, GSC_SCENE_MARKERS, m->scene->n_markers, clip);
        m->scene->markers[m->scene->n_markers++] = marker;
    }
}

static void add_vertex(maker *m, double x, double y) {
    if (RESERVE(m, vertices, 1)) {
        m->scene->vertices[m->scene->n_vertices++] = (gsc_scene_vertex){x, y};
    }
}

/* Closes a polyline whose vertices were added from first on; one of fewer than two is dropped. */
static void end_stroke(maker *m, const gsc_box *clip, size_t first, gsc_scene_stroke style) {
    size_t count = m->scene->n_vertices - first;
    if (count < 2) {
        m->scene->n_vertices = first;
        return;
    }
    if (RESERVE(m, strokes, 1)) {
        gsc_scene_count(m, GSC_SCENE_STROKES, m->scene->n_strokes, clip);
        style.first = first;
        style.count = count;
        m->scene->strokes[m->scene->n_strokes++] = style;
    }
}

/* Width in whole device pixels, and a place for the middle of such a line where it covers whole
 * ones. */
static double snap_width(const maker *m, double width) {
    return m->scale > 0 ? fmax(1, round(width * m->scale)) / m->scale : width;
}

static double snap_place(const maker *m, double place, double width) {
    if (!(m->scale > 0)) {
        return place;
    }
    bool odd = (long)round(width * m->scale) % 2 != 0;
    return (odd ? floor(place * m->scale) + 0.5 : round(place * m->scale)) / m->scale;
}

void gsc_scene_hairline(maker *m, double x0, double y0, double x1, double y1, double width,
                        gsc_rgba color) {
    double w = snap_width(m, width);
    if (x0 == x1) {
        x0 = x1 = snap_place(m, x0, w);
    } else {
        y0 = y1 = snap_place(m, y0, w);
    }
    size_t first = m->scene->n_vertices;
    add_vertex(m, x0, y0);
    add_vertex(m, x1, y1);
    end_stroke(m, NULL, first, (gsc_scene_stroke){.width = w, .color = color});
}

/* ---- Axes ----------------------------------------------------------------------------------- */

static void add_axes(maker *m, const gsc_panel_layout *place, bool mapped) {
    const gsc_plot_theme *theme = m->layout->theme;
    gsc_box plot = place->plot;
    double k = m->layout->text_scale, right = plot.x + plot.width, bottom = plot.y + plot.height;
    for (size_t i = 0; i < place->x_ticks.n; i++) {
        const gsc_tick *tick = &place->x_ticks.ticks[i];
        double x = gsc_view_x_to_pixel(place->view, plot, tick->position);
        if (!tick->minor && !mapped) {
            gsc_scene_hairline(m, x, plot.y, x, bottom, 0.8, theme->grid);
        }
    }
    for (size_t i = 0; i < place->y_ticks.n; i++) {
        const gsc_tick *tick = &place->y_ticks.ticks[i];
        double y = gsc_view_y_to_pixel(place->view, plot, tick->position);
        if (!tick->minor && !mapped) {
            gsc_scene_hairline(m, plot.x, y, right, y, 0.8, theme->grid);
        }
    }
    for (size_t i = 0; i < place->x_ticks.n; i++) {
        const gsc_tick *tick = &place->x_ticks.ticks[i];
        double x = gsc_view_x_to_pixel(place->view, plot, tick->position);
        gsc_scene_hairline(m, x, bottom, x, bottom + (tick->minor ? 2.5 : 5) * k, 0.8, theme->axis);
    }
    for (size_t i = 0; i < place->y_ticks.n; i++) {
        const gsc_tick *tick = &place->y_ticks.ticks[i];
        double y = gsc_view_y_to_pixel(place->view, plot, tick->position);
        gsc_scene_hairline(m, plot.x - (tick->minor ? 2.5 : 5) * k, y, plot.x, y, 0.8, theme->axis);
    }
    gsc_scene_hairline(m, plot.x, plot.y, plot.x, bottom, 0.8, theme->axis);
    gsc_scene_hairline(m, plot.x, bottom, right, bottom, 0.8, theme->axis);
}

/* ---- Layers --------------------------------------------------------------------------------- */

typedef struct pen {
    const gsc_panel *panel;
    const gsc_panel_layout *place;
    gsc_plot_layer *layer;
    const gsc_scene_dense *dense;
    gsc_box clip;
    gsc_rgba color;
    double k; /* stroke scale: text scale, larger where pointed at */
} pen;

static double pixel_x(const pen *p, double x) {
    return gsc_view_x_to_pixel(p->place->view, p->place->plot, gsc_axis_forward(&p->panel->x, x));
}

static double pixel_y(const pen *p, double y) {
    return gsc_view_y_to_pixel(p->place->view, p->place->plot, gsc_axis_forward(&p->panel->y, y));
}

static bool far_away(double x, double y) {
    return !(fabs(x) < 16384 && fabs(y) < 16384);
}

/* Cuts the segment to within 200 pixels of the plot, so that no renderer meets numbers beyond
 * its precision after a deep zoom; false: nothing is left. */
static bool cut(const pen *p, gsc_scene_vertex *a, gsc_scene_vertex *b) {
    gsc_box plot = p->place->plot;
    const double low[2] = {plot.x - 200, plot.y - 200};
    const double high[2] = {plot.x + plot.width + 200, plot.y + plot.height + 200};
    const double from[2] = {a->x, a->y}, d[2] = {b->x - a->x, b->y - a->y};
    double t0 = 0, t1 = 1;
    for (int k = 0; k < 2; k++) {
        if (d[k] == 0) {
            if (from[k] < low[k] || from[k] > high[k]) {
                return false;
            }
            continue;
        }
        double u = (low[k] - from[k]) / d[k], v = (high[k] - from[k]) / d[k];
        t0 = fmax(t0, fmin(u, v));
        t1 = fmin(t1, fmax(u, v));
    }
    if (!(t0 < t1)) {
        return false;
    }
    *a = (gsc_scene_vertex){from[0] + t0 * d[0], from[1] + t0 * d[1]};
    *b = (gsc_scene_vertex){from[0] + t1 * d[0], from[1] + t1 * d[1]};
    return true;
}

static void add_polyline(maker *m, const pen *p, const double *px, const double *py, size_t n,
                         gsc_scene_stroke style) {
    size_t first = m->scene->n_vertices;
    for (size_t i = 0; i < n; i++) {
        bool gap = isnan(px[i]) || isnan(py[i]);
        if (!gap && !far_away(px[i], py[i])) {
            add_vertex(m, px[i], py[i]);
        } else {
            end_stroke(m, &p->clip, first, style);
            first = m->scene->n_vertices;
        }
        /* A segment with a far end is drawn by itself, cut. */
        if (i + 1 < n && !gap && !isnan(px[i + 1]) && !isnan(py[i + 1]) &&
            (far_away(px[i], py[i]) || far_away(px[i + 1], py[i + 1]))) {
            gsc_scene_vertex a = {px[i], py[i]}, b = {px[i + 1], py[i + 1]};
            end_stroke(m, &p->clip, first, style);
            first = m->scene->n_vertices;
            if (cut(p, &a, &b)) {
                add_vertex(m, a.x, a.y);
                add_vertex(m, b.x, b.y);
                end_stroke(m, &p->clip, first, style);
                first = m->scene->n_vertices;
            }
        }
    }
    end_stroke(m, &p->clip, first, style);
}

static void add_line(maker *m, const pen *p) {
    const gsc_plot_layer *layer = p->layer;
    size_t begin = 0, end = layer->n;
    if (layer->kind == GSC_LAYER_LINE &&
        gsc_scene_dense_add(m, p->dense, p->layer, p->color, 2 * p->k, &p->clip, &begin, &end)) {
        return;
    }
    size_t n = end - begin;
    double *px = malloc((n + 1) * 2 * sizeof *px);
    if (px == NULL) {
        m->failed = true;
        return;
    }
    double *py = px + n + 1;
    bool ascending = true;
    for (size_t i = 0; i < n; i++) {
        px[i] = pixel_x(p, layer->x[begin + i]);
        py[i] = pixel_y(p, layer->y[begin + i]);
        ascending = ascending && (i == 0 || !(px[i] < px[i - 1]));
    }
    double column = 1 / (m->scale > 0 ? m->scale : 4);
    if (ascending && (double)n > 4 * p->place->plot.width / column) {
        n = gsc_decimate(px, py, n, column, px, py);
    }
    /* Theory in ink over the fit in colour: both stay visible where they agree. */
    bool dashed = layer->kind == GSC_LAYER_DASHED;
    gsc_rgba color = dashed ? m->layout->theme->ink : p->color;
    color.a = p->color.a;
    add_polyline(m, p, px, py, n,
                 (gsc_scene_stroke){.width = (dashed ? 1.1 : 2) * p->k,
                                    .dash_on = dashed ? 6 * p->k : 0,
                                    .dash_off = dashed ? 4 * p->k : 0,
                                    .round = !dashed,
                                    .color = color});
    free(px);
}

static void add_bars(maker *m, const pen *p) {
    const gsc_plot_layer *layer = p->layer;
    gsc_scene_stroke style = {.width = 1.2 * p->k, .color = p->color};
    double bottom = p->place->plot.y + p->place->plot.height + 50;
    for (size_t i = 0; layer->low != NULL && i < layer->n; i++) {
        double x = pixel_x(p, layer->x[i]);
        double high = pixel_y(p, layer->high[i]), low = pixel_y(p, layer->low[i]);
        bool open = isnan(low); /* reaches below the log axis: no lower cap */
        low = open ? bottom : low;
        if (isnan(x) || isnan(high) || far_away(x, 0)) {
            continue;
        }
        high = fmax(high, p->place->plot.y - 50);
        low = fmin(low, bottom);
        const double ends[3][4] = {{x, low, x, high},
                                   {x - 3 * p->k, high, x + 3 * p->k, high},
                                   {x - 3 * p->k, low, x + 3 * p->k, low}};
        for (int k = 0; k < (open ? 2 : 3); k++) {
            size_t first = m->scene->n_vertices;
            add_vertex(m, ends[k][0], ends[k][1]);
            add_vertex(m, ends[k][2], ends[k][3]);
            end_stroke(m, &p->clip, first, style);
        }
    }
}

static void add_band(maker *m, const pen *p) {
    const gsc_plot_layer *layer = p->layer;
    gsc_box plot = p->place->plot;
    gsc_rgba color = p->color;
    color.a *= 0.16f;
    double floor_y = plot.y + plot.height + 50, roof_y = plot.y - 50;
    double x0 = NAN, top0 = NAN, bottom0 = NAN;
    for (size_t i = 0; layer->low != NULL && i < layer->n; i++) {
        double x = pixel_x(p, layer->x[i]), top = pixel_y(p, layer->high[i]);
        double bottom = pixel_y(p, layer->low[i]);
        bottom = isnan(bottom) ? floor_y : fmin(bottom, floor_y);
        top = isnan(top) ? NAN : fmax(top, roof_y);
        bool drawn = !isnan(x0) && !isnan(x) && !isnan(top0) && !isnan(top) && x > x0;
        if (drawn && x >= plot.x && x0 <= plot.x + plot.width) {
            add_fill(m, &p->clip, (gsc_scene_fill){x0, top0, bottom0, x, top, bottom, color});
        }
        x0 = x, top0 = top, bottom0 = bottom;
    }
}

static void add_markers(maker *m, const pen *p) {
    const gsc_plot_layer *layer = p->layer;
    bool cloud = layer->kind == GSC_LAYER_CLOUD;
    gsc_rgba color = p->color;
    color.a *= cloud ? 0.30f : 1;
    for (size_t i = 0; i < layer->n; i++) {
        double x = pixel_x(p, layer->x[i]), y = pixel_y(p, layer->y[i]);
        if (!isnan(x) && !isnan(y) && gsc_box_contains(p->clip, x, y)) {
            add_marker(m, &p->clip,
                       (gsc_scene_marker){.x = x,
                                          .y = y,
                                          .radius = (cloud ? 1.7 : 3.7) * p->k,
                                          .ring_width = cloud ? 0 : 1.2 * p->k,
                                          .shape = cloud ? 0 : layer->shape,
                                          .fill = color,
                                          .ring = m->layout->theme->ground});
            m->scene->n_points++;
        }
    }
}

static void add_layer(maker *m, const gsc_panel *panel, const gsc_panel_layout *place,
                      const gsc_scene_dense *dense, gsc_plot_layer *layer) {
    gsc_box clip = place->plot;
    clip.x -= 1, clip.y -= 1, clip.width += 2, clip.height += 2;
    pen p = {panel,
             place,
             layer,
             dense,
             clip,
             gsc_plot_theme_color(m->layout->theme, layer->color),
             m->layout->text_scale * (layer->emphasis ? 1.35 : 1) *
                 (layer->weight > 0 ? layer->weight : 1)};
    p.color.a *= (float)(1 - layer->fade);
    if (m->any_emphasis && !layer->emphasis) {
        p.color.a *= 0.3f;
    }
    switch (layer->kind) {
    case GSC_LAYER_LINE:
    case GSC_LAYER_DASHED:
        add_line(m, &p);
        break;
    case GSC_LAYER_BARS:
        add_bars(m, &p);
        break;
    case GSC_LAYER_BAND:
        add_band(m, &p);
        break;
    case GSC_LAYER_POINTS:
    case GSC_LAYER_CLOUD:
        add_markers(m, &p);
        break;
    case GSC_LAYER_HEATMAP:
        gsc_scene_heatmap(m, place, layer);
        break;
    }
}

/* A legend row's marker: the line with its point, as in the plot. */
static void add_legend(maker *m, const gsc_panel *panel, const gsc_panel_layout *place) {
    double k = m->layout->text_scale;
    for (size_t i = 0; i < place->n_legend; i++) {
        const gsc_legend_row *row = panel->legend[place->legend[i].row];
        gsc_box box = place->legend[i].box;
        double line = box.height > 24 * k ? box.height / 1.9 : box.height;
        double x = box.x + 11 * k, y = box.y + line / 2;
        gsc_rgba color = gsc_plot_theme_color(m->layout->theme, row->color);
        color.a *= row->hidden ? 0.3f : 1;
        size_t first = m->scene->n_vertices;
        add_vertex(m, x - 10 * k, y);
        add_vertex(m, x + 10 * k, y);
        end_stroke(m, NULL, first,
                   (gsc_scene_stroke){.width = 1.8 * k, .round = true, .color = color});
        add_marker(m, NULL,
                   (gsc_scene_marker){.x = x,
                                      .y = y,
                                      .radius = 3.7 * k,
                                      .ring_width = 1.2 * k,
                                      .shape = row->shape,
                                      .fill = color,
                                      .ring = m->layout->theme->ground});
    }
}

static bool find_emphasis(const gsc_figure *figure) {
    for (size_t i = 0; i < figure->n_panels; i++) {
        for (size_t l = 0; l < figure->panels[i]->n_layers; l++) {
            if (figure->panels[i]->layers[l]->emphasis) {
                return true;
            }
        }
    }
    return false;
}

gsc_scene *gsc_scene_new(const gsc_layout *layout, double scale) {
    maker m = {.scene = calloc(1, sizeof *m.scene), .layout = layout, .scale = scale};
    if (m.scene == NULL) {
        return NULL;
    }
    m.any_emphasis = find_emphasis(layout->figure);
    for (size_t i = 0; i < layout->n_panels; i++) {
        const gsc_panel *panel = layout->figure->panels[i];
        const gsc_panel_layout *place = &layout->panels[i];
        add_axes(&m, place, gsc_panel_heatmap(panel) != NULL);
        gsc_scene_dense *dense = gsc_scene_dense_new(&m, panel, place);
        for (size_t l = 0; l < panel->n_layers; l++) {
            if (!panel->layers[l]->hidden) {
                add_layer(&m, panel, place, dense, panel->layers[l]);
            }
        }
        gsc_scene_dense_free(dense);
        add_legend(&m, panel, place);
    }
    if (m.failed) {
        gsc_scene_free(m.scene);
        return NULL;
    }
    return m.scene;
}

void gsc_scene_free(gsc_scene *scene) {
    if (scene == NULL) {
        return;
    }
    for (size_t i = 0; i < scene->n_images; i++) {
        free(scene->images[i].entries);
    }
    free(scene->images);
    free(scene->spans);
    free(scene->envelopes);
    free(scene->fills);
    free(scene->vertices);
    free(scene->strokes);
    free(scene->markers);
    free(scene->batches);
    free(scene);
}
