/* SPDX-License-Identifier: MIT
 *
 * The scene through Cairo. Layer: ui/plot; Cairo, Pango.
 */
#include "ui/plot/render.h"

#include "ui/plot/cairo_image.h"
#include "ui/plot/raster.h"
#include "ui/plot/scene.h"
#include "ui/plot/text.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <stdlib.h>

static void set_color(cairo_t *cairo, gsc_rgba color) {
    cairo_set_source_rgba(cairo, color.r, color.g, color.b, color.a);
}

static void draw_fill(cairo_t *cairo, const gsc_scene_fill *fill) {
    cairo_move_to(cairo, fill->x0, fill->top0);
    cairo_line_to(cairo, fill->x1, fill->top1);
    cairo_line_to(cairo, fill->x1, fill->bottom1);
    cairo_line_to(cairo, fill->x0, fill->bottom0);
    cairo_close_path(cairo);
    set_color(cairo, fill->color);
    cairo_fill(cairo);
}

static void draw_stroke(cairo_t *cairo, const gsc_scene *scene, const gsc_scene_stroke *stroke) {
    for (size_t i = 0; i < stroke->count; i++) {
        gsc_scene_vertex v = scene->vertices[stroke->first + i];
        cairo_line_to(cairo, v.x, v.y);
    }
    const double dashes[2] = {stroke->dash_on, stroke->dash_off};
    cairo_set_dash(cairo, dashes, stroke->dash_on > 0 ? 2 : 0, 0);
    cairo_set_line_width(cairo, stroke->width);
    cairo_set_line_cap(cairo, stroke->round ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT);
    cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
    set_color(cairo, stroke->color);
    cairo_stroke(cairo);
}

static void marker_path(cairo_t *cairo, const gsc_scene_marker *marker) {
    double r = marker->radius, x = marker->x, y = marker->y;
    double square = GSC_MARKER_SQUARE * r, in = GSC_MARKER_TRIANGLE * r;
    double tip = square * M_SQRT2;
    cairo_new_path(cairo);
    switch ((unsigned)marker->shape % 4) {
    case 0:
        cairo_arc(cairo, x, y, r, 0, 2 * M_PI);
        break;
    case 1:
        cairo_rectangle(cairo, x - square, y - square, 2 * square, 2 * square);
        break;
    case 2:
        cairo_move_to(cairo, x, y - 2 * in);
        cairo_line_to(cairo, x + in * sqrt(3), y + in);
        cairo_line_to(cairo, x - in * sqrt(3), y + in);
        break;
    default:
        cairo_move_to(cairo, x, y - tip);
        cairo_line_to(cairo, x + tip, y);
        cairo_line_to(cairo, x, y + tip);
        cairo_line_to(cairo, x - tip, y);
        break;
    }
    cairo_close_path(cairo);
}

static void draw_marker(cairo_t *cairo, const gsc_scene_marker *marker) {
    marker_path(cairo, marker);
    if (marker->ring_width > 0) {
        cairo_set_dash(cairo, NULL, 0, 0);
        cairo_set_line_width(cairo, 2 * marker->ring_width);
        cairo_set_line_join(cairo, CAIRO_LINE_JOIN_MITER);
        set_color(cairo, marker->ring);
        cairo_stroke_preserve(cairo);
    }
    set_color(cairo, marker->fill);
    cairo_fill(cairo);
}

static void draw_raster(cairo_t *cairo, const gsc_scene *scene, const gsc_scene_batch *batch,
                        double scale) {
    uint32_t *buffer = NULL;
    size_t capacity = 0;
    gsc_raster raster;
    if (gsc_raster_init(&raster, batch->clip, scale, &buffer, &capacity)) {
        gsc_raster_envelopes(&raster, scene, batch->first, batch->count, scale);
        cairo_surface_t *surface =
            cairo_image_surface_create_for_data((unsigned char *)raster.pixels, CAIRO_FORMAT_ARGB32,
                                                raster.width, raster.height, 4 * raster.width);
        cairo_scale(cairo, 1 / scale, 1 / scale);
        cairo_set_source_surface(cairo, surface, raster.x, raster.y);
        cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_NEAREST);
        cairo_paint(cairo);
        cairo_surface_destroy(surface);
    }
    free(buffer);
}

/* In vector files an envelope is an outline: its top from left to right, its bottom back. */
static void draw_outline(cairo_t *cairo, const gsc_scene *scene,
                         const gsc_scene_envelope *envelope) {
    const gsc_scene_span *spans = scene->spans + envelope->first;
    set_color(cairo, envelope->color);
    for (size_t i = 0, end; i < envelope->count; i = end) {
        end = i + 1;
        if (isnan(spans[i].top)) {
            continue;
        }
        while (end < envelope->count && !isnan(spans[end].top)) {
            end++;
        }
        cairo_new_path(cairo);
        for (size_t k = i; k < end; k++) {
            cairo_line_to(cairo, envelope->x + envelope->width * ((double)k + 0.5), spans[k].top);
        }
        for (size_t k = end; k-- > i;) {
            cairo_line_to(cairo, envelope->x + envelope->width * ((double)k + 0.5),
                          spans[k].bottom);
        }
        cairo_close_path(cairo);
        cairo_fill(cairo);
    }
}

static void draw_batch(cairo_t *cairo, const gsc_scene *scene, const gsc_scene_batch *batch,
                       double scale) {
    cairo_save(cairo);
    if (batch->clipped) {
        gsc_box clip = batch->clip;
        cairo_rectangle(cairo, clip.x, clip.y, clip.width, clip.height);
        cairo_clip(cairo);
    }
    cairo_new_path(cairo);
    if (batch->kind == GSC_SCENE_ENVELOPES && scale > 0) {
        draw_raster(cairo, scene, batch, scale);
        cairo_restore(cairo);
        return;
    }
    for (size_t i = batch->first; i < batch->first + batch->count; i++) {
        switch (batch->kind) {
        case GSC_SCENE_FILLS:
            draw_fill(cairo, &scene->fills[i]);
            break;
        case GSC_SCENE_STROKES:
            draw_stroke(cairo, scene, &scene->strokes[i]);
            break;
        case GSC_SCENE_MARKERS:
            draw_marker(cairo, &scene->markers[i]);
            break;
        case GSC_SCENE_ENVELOPES:
            draw_outline(cairo, scene, &scene->envelopes[i]);
            break;
        case GSC_SCENE_IMAGES:
            gsc_cairo_image(cairo, &scene->images[i], batch->clip, scale);
            break;
        }
    }
    cairo_restore(cairo);
}

static gsc_status status_of(cairo_t *cairo, gsc_error *error) {
    cairo_status_t status = cairo_status(cairo);
    if (status == CAIRO_STATUS_SUCCESS) {
        return GSC_OK;
    }
    return gsc_fail(error, status == CAIRO_STATUS_NO_MEMORY ? GSC_ERR_MEMORY : GSC_ERR_SYSTEM,
                    "Cairo could not draw the figure: %s", cairo_status_to_string(status));
}

gsc_status gsc_cairo_draw_text(const gsc_layout *layout, cairo_t *cairo, gsc_error *error) {
    PangoLayout *pango = gsc_text_new_pango();
    if (pango == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left for the figure's text");
    }
    for (size_t i = 0; i < layout->n_texts; i++) {
        const gsc_text_run *run = &layout->texts[i];
        cairo_save(cairo);
        cairo_translate(cairo, run->x, run->y);
        cairo_rotate(cairo, run->rotation);
        cairo_move_to(cairo, run->dx, run->dy);
        set_color(cairo, run->color);
        gsc_text_run_prepare(run, layout, pango);
        pango_cairo_show_layout(cairo, pango);
        cairo_restore(cairo);
    }
    g_object_unref(pango);
    return status_of(cairo, error);
}

/* Device pixels per user unit; 0 on surfaces that have none (SVG, PDF). */
static double device_scale(cairo_t *cairo) {
    if (cairo_surface_get_type(cairo_get_target(cairo)) != CAIRO_SURFACE_TYPE_IMAGE) {
        return 0;
    }
    double x = 1, y = 0, dx = 1, dy = 1;
    cairo_user_to_device_distance(cairo, &x, &y);
    cairo_surface_get_device_scale(cairo_get_target(cairo), &dx, &dy);
    return hypot(x, y) * dx;
}

gsc_status gsc_cairo_draw(const gsc_layout *layout, cairo_t *cairo, gsc_error *error) {
    double scale = device_scale(cairo);
    gsc_scene *scene = gsc_scene_new(layout, scale);
    if (scene == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left for the figure's shapes");
    }
    set_color(cairo, layout->theme->ground);
    cairo_rectangle(cairo, 0, 0, layout->width, layout->height);
    cairo_fill(cairo);
    for (size_t i = 0; i < scene->n_batches; i++) {
        draw_batch(cairo, scene, &scene->batches[i], scale);
    }
    gsc_scene_free(scene);
    return gsc_cairo_draw_text(layout, cairo, error);
}
