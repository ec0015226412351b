/* SPDX-License-Identifier: MIT
 *
 * Heatmaps through Cairo: pixel for pixel as the shader has them on images; rectangles in vector
 * files, where they are few enough, else an embedded image of one pixel a cell. Layer: ui/plot.
 */
#include "ui/plot/cairo_image.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum {
    MOST_RECTANGLES = 20000
};

static uint32_t pack(gsc_rgba c) {
    return 0xff000000u | (uint32_t)(c.r * 255 + 0.5f) << 16 | (uint32_t)(c.g * 255 + 0.5f) << 8 |
           (uint32_t)(c.b * 255 + 0.5f);
}

static gsc_rgba color_of(const gsc_scene_image *image, float entry) {
    return entry < 0 ? image->blank : image->table[(int)entry];
}

static size_t cell_at(double pixel, double low, double size, size_t n) {
    double at = floor((pixel - low) / size * (double)n);
    return at < 0 ? 0 : at >= (double)n ? n - 1 : (size_t)at;
}

/* The device pixels of box and clip together. */
static bool in_pixels(gsc_box box, gsc_box clip, double scale, int ret_edges[4]) {
    ret_edges[0] = (int)round(fmax(box.x, clip.x) * scale);
    ret_edges[1] = (int)round(fmax(box.y, clip.y) * scale);
    ret_edges[2] = (int)round(fmin(box.x + box.width, clip.x + clip.width) * scale);
    ret_edges[3] = (int)round(fmin(box.y + box.height, clip.y + clip.height) * scale);
    return ret_edges[2] > ret_edges[0] && ret_edges[3] > ret_edges[1];
}

static void fill_pixels(const gsc_scene_image *image, double scale, const int edges[4],
                        cairo_surface_t *surface) {
    unsigned char *data = cairo_image_surface_get_data(surface);
    int stride = cairo_image_surface_get_stride(surface);
    gsc_box box = image->box;
    double period = round(GSC_SCENE_HATCH_PERIOD * scale), thick = GSC_SCENE_HATCH_LINE * scale;
    cairo_surface_flush(surface);
    for (int y = edges[1]; y < edges[3]; y++) {
        uint32_t *row = (uint32_t *)(void *)(data + (size_t)(y - edges[1]) * (size_t)stride);
        size_t r = cell_at(y + 0.5, box.y * scale, box.height * scale, image->rows);
        for (int x = edges[0]; x < edges[2]; x++) {
            size_t c = cell_at(x + 0.5, box.x * scale, box.width * scale, image->columns);
            float entry = image->entries[r * image->columns + c];
            bool line = entry < 0 && fmod((double)x + y, period) < thick;
            row[x - edges[0]] = pack(line ? image->hatch : color_of(image, entry));
        }
    }
    cairo_surface_mark_dirty(surface);
}

static void draw_pixels(cairo_t *cairo, const gsc_scene_image *image, gsc_box clip, double scale) {
    int edges[4];
    if (!in_pixels(image->box, clip, scale, edges)) {
        return;
    }
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, edges[2] - edges[0], edges[3] - edges[1]);
    if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS) {
        fill_pixels(image, scale, edges, surface);
        cairo_scale(cairo, 1 / scale, 1 / scale);
        cairo_set_source_surface(cairo, surface, edges[0], edges[1]);
        cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_NEAREST);
        cairo_paint(cairo);
    }
    cairo_surface_destroy(surface);
}

static void hatch(cairo_t *cairo, const gsc_scene_image *image, double x, double y, double width,
                  double height) {
    cairo_save(cairo);
    cairo_rectangle(cairo, x, y, width, height);
    cairo_clip(cairo);
    double first = floor((x + y) / GSC_SCENE_HATCH_PERIOD) * GSC_SCENE_HATCH_PERIOD;
    for (double d = first; d < x + y + width + height; d += GSC_SCENE_HATCH_PERIOD) {
        cairo_move_to(cairo, d - y + 1, y - 1);
        cairo_line_to(cairo, d - y - height - 1, y + height + 1);
    }
    cairo_set_dash(cairo, NULL, 0, 0);
    cairo_set_line_width(cairo, GSC_SCENE_HATCH_LINE * M_SQRT1_2);
    cairo_set_source_rgb(cairo, image->hatch.r, image->hatch.g, image->hatch.b);
    cairo_stroke(cairo);
    cairo_restore(cairo);
}

/* Runs of one colour as one rectangle, each reaching a little under its neighbours to the right
 * and below, so that viewers show no seams. */
static void draw_rectangles(cairo_t *cairo, const gsc_scene_image *image) {
    gsc_box box = image->box;
    double width = box.width / (double)image->columns, height = box.height / (double)image->rows;
    for (size_t r = 0; r < image->rows; r++) {
        const float *entries = image->entries + r * image->columns;
        for (size_t c = 0, end; c < image->columns; c = end) {
            gsc_rgba color = color_of(image, entries[c]);
            for (end = c + 1; end < image->columns && entries[end] == entries[c]; end++) {
            }
            double x = box.x + width * (double)c, y = box.y + height * (double)r;
            double wide = width * (double)(end - c);
            cairo_rectangle(cairo, x, y, wide + (end < image->columns ? 0.4 : 0),
                            height + (r + 1 < image->rows ? 0.4 : 0));
            cairo_set_source_rgb(cairo, color.r, color.g, color.b);
            cairo_fill(cairo);
            if (entries[c] < 0) {
                hatch(cairo, image, x, y, wide, height);
            }
        }
    }
}

static void draw_embedded(cairo_t *cairo, const gsc_scene_image *image) {
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)image->columns, (int)image->rows);
    if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS) {
        unsigned char *data = cairo_image_surface_get_data(surface);
        size_t stride = (size_t)cairo_image_surface_get_stride(surface);
        for (size_t r = 0; r < image->rows; r++) {
            for (size_t c = 0; c < image->columns; c++) {
                uint32_t color = pack(color_of(image, image->entries[r * image->columns + c]));
                memcpy(data + r * stride + 4 * c, &color, sizeof color);
            }
        }
        cairo_surface_mark_dirty(surface);
        cairo_translate(cairo, image->box.x, image->box.y);
        cairo_scale(cairo, image->box.width / (double)image->columns,
                    image->box.height / (double)image->rows);
        cairo_set_source_surface(cairo, surface, 0, 0);
        cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_NEAREST);
        cairo_paint(cairo);
    }
    cairo_surface_destroy(surface);
}

void gsc_cairo_image(cairo_t *cairo, const gsc_scene_image *image, gsc_box clip, double scale) {
    cairo_save(cairo);
    if (scale > 0) {
        draw_pixels(cairo, image, clip, scale);
    } else if (image->rows * image->columns <= MOST_RECTANGLES) {
        draw_rectangles(cairo, image);
    } else {
        draw_embedded(cairo, image);
    }
    cairo_restore(cairo);
}
