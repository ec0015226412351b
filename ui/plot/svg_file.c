/* SPDX-License-Identifier: MIT
 *
 * See svg_file.h. Coordinates have two decimals. Layer: ui/plot.
 */
#include "ui/plot/svg_file.h"

#include "ui/plot/png_file.h"
#include "ui/plot/scene.h"
#include "ui/plot/svg_text.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_CELLS = 20000 /* of a heatmap that become rectangles; more are an embedded image */
};

void gsc_svg_number(FILE *file, double value) {
    char text[48];
    snprintf(text, sizeof text, "%.2f", fabs(value) < 0.005 ? 0 : value);
    size_t n = strlen(text);
    while (n > 0 && text[n - 1] == '0') {
        text[--n] = '\0';
    }
    if (n > 0 && text[n - 1] == '.') {
        text[n - 1] = '\0';
    }
    fputs(text, file);
}

/* Two numbers with a command before them: "M1.5 2". */
static void put_point(FILE *file, char command, double x, double y) {
    fputc(command, file);
    gsc_svg_number(file, x);
    if (!(y < 0)) {
        fputc(' ', file);
    }
    gsc_svg_number(file, y);
}

void gsc_svg_color(FILE *file, const char *what, gsc_rgba c) {
    fprintf(file, " %s=\"#%02x%02x%02x\"", what, (unsigned)lroundf(c.r * 255),
            (unsigned)lroundf(c.g * 255), (unsigned)lroundf(c.b * 255));
    if (c.a < 0.999f) {
        fprintf(file, " %s-opacity=\"%.2f\"", what, (double)c.a);
    }
}

static void put_attribute(FILE *file, const char *name, double value) {
    fprintf(file, " %s=\"", name);
    gsc_svg_number(file, value);
    fputc('"', file);
}

/* ---- Shapes ----------------------------------------------------------------------------------- */
static bool same_color(gsc_rgba a, gsc_rgba b) {
    return a.r == b.r && a.g == b.g && a.b == b.b && a.a == b.a;
}

/* Trapezoids side by side become one outline. */
static size_t put_fills(FILE *file, const gsc_scene *scene, size_t first, size_t end) {
    size_t last = first + 1;
    const gsc_scene_fill *fills = scene->fills;
    while (last < end && fills[last].x0 == fills[last - 1].x1 &&
           fills[last].top0 == fills[last - 1].top1 &&
           fills[last].bottom0 == fills[last - 1].bottom1 &&
           same_color(fills[last].color, fills[first].color)) {
        last++;
    }
    fputs("<path d=\"", file);
    put_point(file, 'M', fills[first].x0, fills[first].top0);
    for (size_t i = first; i < last; i++) {
        put_point(file, 'L', fills[i].x1, fills[i].top1);
    }
    for (size_t i = last; i-- > first;) {
        put_point(file, 'L', fills[i].x1, fills[i].bottom1);
    }
    put_point(file, 'L', fills[first].x0, fills[first].bottom0);
    fputs("Z\"", file);
    gsc_svg_color(file, "fill", fills[first].color);
    fputs("/>\n", file);
    return last;
}

static bool same_style(const gsc_scene_stroke *a, const gsc_scene_stroke *b) {
    return a->width == b->width && a->dash_on == b->dash_on && a->dash_off == b->dash_off &&
           a->round == b->round && same_color(a->color, b->color);
}

/* Opaque strokes of one style become one path. */
static size_t put_strokes(FILE *file, const gsc_scene *scene, size_t first, size_t end) {
    const gsc_scene_stroke *style = &scene->strokes[first];
    size_t i = first;
    fputs("<path d=\"", file);
    do {
        const gsc_scene_stroke *stroke = &scene->strokes[i];
        for (size_t k = 0; k < stroke->count; k++) {
            gsc_scene_vertex v = scene->vertices[stroke->first + k];
            put_point(file, k == 0 ? 'M' : 'L', v.x, v.y);
        }
        i++;
    } while (i < end && style->color.a > 0.999f && same_style(style, &scene->strokes[i]));
    fputs("\" fill=\"none\"", file);
    gsc_svg_color(file, "stroke", style->color);
    put_attribute(file, "stroke-width", style->width);
    fputs(" stroke-linejoin=\"round\"", file);
    if (style->round) {
        fputs(" stroke-linecap=\"round\"", file);
    }
    if (style->dash_on > 0) {
        fputs(" stroke-dasharray=\"", file);
        gsc_svg_number(file, style->dash_on);
        fputc(' ', file);
        gsc_svg_number(file, style->dash_off);
        fputc('"', file);
    }
    fputs("/>\n", file);
    return i;
}

static void put_polygon(FILE *file, const double *xy, int n) {
    fputs("<path d=\"", file);
    for (int i = 0; i < n; i++) {
        put_point(file, i == 0 ? 'M' : 'L', xy[2 * i], xy[2 * i + 1]);
    }
    fputs("Z\"", file);
}

static void put_marker(FILE *file, const gsc_scene_marker *m) {
    double r = m->radius, x = m->x, y = m->y;
    double square = GSC_MARKER_SQUARE * r, in = GSC_MARKER_TRIANGLE * r, tip = square * M_SQRT2;
    switch ((unsigned)m->shape % 4) {
    case 0:
        fputs("<circle", file);
        put_attribute(file, "cx", x);
        put_attribute(file, "cy", y);
        put_attribute(file, "r", r);
        break;
    case 1:
        put_polygon(file,
                    (const double[]){x - square, y - square, x + square, y - square, x + square,
                                     y + square, x - square, y + square},
                    4);
        break;
    case 2:
        put_polygon(
            file,
            (const double[]){x, y - 2 * in, x + in * sqrt(3), y + in, x - in * sqrt(3), y + in}, 3);
        break;
    default:
        put_polygon(file, (const double[]){x, y - tip, x + tip, y, x, y + tip, x - tip, y}, 4);
        break;
    }
    gsc_svg_color(file, "fill", m->fill);
    if (m->ring_width > 0) { /* under the fill */
        gsc_svg_color(file, "stroke", m->ring);
        put_attribute(file, "stroke-width", 2 * m->ring_width);
        fputs(" paint-order=\"stroke\"", file);
    }
    fputs("/>\n", file);
}

static void put_envelope(FILE *file, const gsc_scene *scene, const gsc_scene_envelope *envelope) {
    const gsc_scene_span *spans = scene->spans + envelope->first;
    for (size_t i = 0, end; i < envelope->count; i = end) {
        end = i + 1;
        if (isnan(spans[i].top)) {
            continue;
        }
        while (end < envelope->count && !isnan(spans[end].top)) {
            end++;
        }
        fputs("<path d=\"", file);
        for (size_t k = i; k < end; k++) {
            put_point(file, k == i ? 'M' : 'L', envelope->x + envelope->width * ((double)k + 0.5),
                      spans[k].top);
        }
        for (size_t k = end; k-- > i;) {
            put_point(file, 'L', envelope->x + envelope->width * ((double)k + 0.5),
                      spans[k].bottom);
        }
        fputs("Z\"", file);
        gsc_svg_color(file, "fill", envelope->color);
        fputs("/>\n", file);
    }
}

/* ---- Heatmaps --------------------------------------------------------------------------------- */
/* All cells of one table entry (-1: hatched) as one path; runs in a row are one rectangle. */
static void put_cells(FILE *file, const gsc_scene_image *image, int entry) {
    double width = image->box.width / (double)image->columns;
    double height = image->box.height / (double)image->rows;
    bool open = false;
    for (size_t r = 0; r < image->rows; r++) {
        const float *entries = image->entries + r * image->columns;
        for (size_t c = 0, end; c < image->columns; c = end) {
            for (end = c + 1; end < image->columns && entries[end] == entries[c]; end++) {
            }
            if ((int)entries[c] != entry) {
                continue;
            }
            fputs(open ? "" : "<path d=\"", file);
            open = true;
            put_point(file, 'M', image->box.x + width * (double)c,
                      image->box.y + height * (double)r);
            /* A little under the neighbours, so that rounding leaves no seam. */
            double wide = width * (double)(end - c) + (end < image->columns ? 0.3 : 0);
            fputc('h', file);
            gsc_svg_number(file, wide);
            fputc('v', file);
            gsc_svg_number(file, height + (r + 1 < image->rows ? 0.3 : 0));
            fputc('h', file);
            gsc_svg_number(file, -wide);
            fputc('z', file);
        }
    }
    if (open) {
        fputc('"', file);
        gsc_svg_color(file, "fill", entry < 0 ? image->hatch : image->table[entry]);
        fputs(entry < 0 ? " fill-opacity=\"0.35\"/>\n" : "/>\n", file);
    }
}

static void put_base64(FILE *file, const unsigned char *data, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t bits = (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) |
                        (left > 2 ? data[i + 2] : 0);
        fputc(digits[bits >> 18], file);
        fputc(digits[bits >> 12 & 63], file);
        fputc(left > 1 ? digits[bits >> 6 & 63] : '=', file);
        fputc(left > 2 ? digits[bits & 63] : '=', file);
    }
}

static gsc_status put_embedded(FILE *file, const gsc_scene_image *image, gsc_error *error) {
    uint32_t *pixels = malloc(image->rows * image->columns * sizeof *pixels);
    char *png = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&png, &size);
    gsc_status status = GSC_OK;
    if (pixels == NULL || memory == NULL) {
        status = gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left for the map's image");
    }
    for (size_t i = 0; status == GSC_OK && i < image->rows * image->columns; i++) {
        float entry = image->entries[i];
        gsc_rgba c = entry < 0 ? image->blank : image->table[(int)entry];
        pixels[i] = (uint32_t)lroundf(c.r * 255) << 16 | (uint32_t)lroundf(c.g * 255) << 8 |
                    (uint32_t)lroundf(c.b * 255);
    }
    if (status == GSC_OK) {
        status = gsc_png_write(memory, (const unsigned char *)pixels, (int)image->columns,
                               (int)image->rows, 4 * (int)image->columns, 0, NULL, 0, error);
    }
    if (memory != NULL) {
        fclose(memory);
    }
    if (status == GSC_OK) {
        fputs("<image", file);
        put_attribute(file, "x", image->box.x);
        put_attribute(file, "y", image->box.y);
        put_attribute(file, "width", image->box.width);
        put_attribute(file, "height", image->box.height);
        fputs(" preserveAspectRatio=\"none\" image-rendering=\"pixelated\" "
              "xlink:href=\"data:image/png;base64,",
              file);
        put_base64(file, (const unsigned char *)png, size);
        fputs("\"/>\n", file);
    }
    free(png);
    free(pixels);
    return status;
}

static gsc_status put_image(FILE *file, const gsc_scene_image *image, gsc_error *error) {
    if (image->rows * image->columns > MOST_CELLS) {
        return put_embedded(file, image, error);
    }
    fputs("<g shape-rendering=\"crispEdges\">\n", file);
    for (int entry = -1; entry < GSC_COLORMAP_SIZE; entry++) {
        put_cells(file, image, entry);
    }
    fputs("</g>\n", file);
    return GSC_OK;
}

/* ---- All of it -------------------------------------------------------------------------------- */
static gsc_status put_batch(FILE *file, const gsc_scene *scene, const gsc_scene_batch *batch,
                            size_t index, gsc_error *error) {
    gsc_status status = GSC_OK;
    size_t end = batch->first + batch->count;
    if (batch->clipped) {
        fprintf(file, "<clipPath id=\"c%zu\"><rect", index);
        put_attribute(file, "x", batch->clip.x);
        put_attribute(file, "y", batch->clip.y);
        put_attribute(file, "width", batch->clip.width);
        put_attribute(file, "height", batch->clip.height);
        fprintf(file, "/></clipPath>\n<g clip-path=\"url(#c%zu)\">\n", index);
    }
    for (size_t i = batch->first; i < end && status == GSC_OK;) {
        switch (batch->kind) {
        case GSC_SCENE_FILLS:
            i = put_fills(file, scene, i, end);
            break;
        case GSC_SCENE_STROKES:
            i = put_strokes(file, scene, i, end);
            break;
        case GSC_SCENE_MARKERS:
            put_marker(file, &scene->markers[i++]);
            break;
        case GSC_SCENE_IMAGES:
            status = put_image(file, &scene->images[i++], error);
            break;
        case GSC_SCENE_ENVELOPES:
            put_envelope(file, scene, &scene->envelopes[i++]);
            break;
        }
    }
    fputs(batch->clipped ? "</g>\n" : "", file);
    return status;
}

/* *clips: how many clip paths the page has so far; their names are the page's. */
static gsc_status put_figure(const gsc_layout *layout, FILE *file, size_t *clips,
                             gsc_error *error) {
    gsc_scene *scene = gsc_scene_new(layout, 0);
    if (scene == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left for the figure's shapes");
    }
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < scene->n_batches && status == GSC_OK; i++) {
        status = put_batch(file, scene, &scene->batches[i], (*clips)++, error);
    }
    gsc_scene_free(scene);
    return status == GSC_OK ? gsc_svg_texts(layout, file, error) : status;
}

gsc_status gsc_svg_write(const gsc_svg_place *places, size_t n, double width, double height,
                         FILE *file, gsc_error *error) {
    fprintf(file,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" "
            "xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"%gpt\" height=\"%gpt\" "
            "viewBox=\"0 0 %g %g\">\n",
            width * 0.75, height * 0.75, width, height);
    if (n == 1) {
        gsc_svg_describe(places[0].layout->figure, file);
    }
    fputs("<rect width=\"100%\" height=\"100%\"", file);
    gsc_svg_color(file, "fill", places[0].layout->theme->ground);
    fputs("/>\n", file);
    gsc_status status = GSC_OK;
    size_t clips = 0;
    for (size_t i = 0; i < n && status == GSC_OK; i++) {
        if (n > 1) {
            fprintf(file, "<g transform=\"translate(%g %g)\">\n", places[i].x, places[i].y);
            gsc_svg_describe(places[i].layout->figure, file);
        }
        status = put_figure(places[i].layout, file, &clips, error);
        fputs(n > 1 ? "</g>\n" : "", file);
    }
    fputs("</svg>\n", file);
    return status;
}
