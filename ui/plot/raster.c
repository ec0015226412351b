/* SPDX-License-Identifier: MIT
 *
 * See raster.h. Columns are filled a few at a time, all lines one after the other, so that the
 * pixels at hand stay in the processor's cache. Layer: ui/plot.
 */
#include "ui/plot/raster.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TILE = 16 /* columns: one cache line of pixels */
};

bool gsc_raster_init(gsc_raster *self, gsc_box clip, double scale, uint32_t **buffer,
                     size_t *capacity) {
    *self =
        (gsc_raster){.x = (int)floor(clip.x * scale + 0.5), .y = (int)floor(clip.y * scale + 0.5)};
    self->width = (int)floor((clip.x + clip.width) * scale + 0.5) - self->x;
    self->height = (int)floor((clip.y + clip.height) * scale + 0.5) - self->y;
    if (self->width <= 0 || self->height <= 0) {
        return false;
    }
    size_t needed = (size_t)self->width * (size_t)self->height;
    if (needed > *capacity) {
        uint32_t *bigger = realloc(*buffer, needed * sizeof *bigger);
        if (bigger == NULL) {
            return false;
        }
        *buffer = bigger;
        *capacity = needed;
    }
    self->pixels = *buffer;
    return true;
}

/* A colour with its share of the pixel, premultiplied, in 0..255. */
static uint32_t premultiplied(gsc_rgba color, float share) {
    float a = color.a * share * 255;
    return (uint32_t)(a + 0.5f) << 24 | (uint32_t)(color.r * a + 0.5f) << 16 |
           (uint32_t)(color.g * a + 0.5f) << 8 | (uint32_t)(color.b * a + 0.5f);
}

/* Two channels at once: x * (255 - alpha) / 255, rounded. */
static uint32_t fade(uint32_t below, uint32_t alpha) {
    uint32_t keep = 255 - alpha;
    uint32_t rb = (below & 0xff00ff) * keep + 0x800080;
    uint32_t ag = (below >> 8 & 0xff00ff) * keep + 0x800080;
    rb = (rb + (rb >> 8 & 0xff00ff)) >> 8 & 0xff00ff;
    ag = (ag + (ag >> 8 & 0xff00ff)) & 0xff00ff00;
    return rb | ag;
}

static void blend(uint32_t *pixel, uint32_t color) {
    *pixel = color + fade(*pixel, color >> 24);
}

/* One stretch from top to bottom (device pixels from the raster's top) at column x. */
static void fill_column(const gsc_raster *self, int x, float top, float bottom, gsc_rgba color,
                        uint32_t full) {
    float height = (float)self->height;
    if (!(bottom > 0 && top < height)) {
        return; /* nothing, or no number */
    }
    size_t stride = (size_t)self->width;
    uint32_t *column = self->pixels + x;
    int first = top > 0 ? (int)top : 0;
    int last = bottom < height ? (int)bottom : self->height; /* the pixel that bottom is in */
    if (first == last) {
        blend(column + (size_t)first * stride, premultiplied(color, bottom - top));
        return;
    }
    if (top > (float)first) {
        blend(column + (size_t)first * stride, premultiplied(color, (float)(first + 1) - top));
        first++;
    }
    uint32_t *at = column + (size_t)first * stride, *end = column + (size_t)last * stride;
    if (full >> 24 == 255) {
        for (; at < end; at += stride) {
            *at = full;
        }
    } else {
        for (; at < end; at += stride) {
            blend(at, full);
        }
    }
    if (last < self->height && bottom > (float)last) {
        blend(column + (size_t)last * stride, premultiplied(color, bottom - (float)last));
    }
}

/* The part of an envelope that lies in the tile of columns from x on. */
static void fill_tile(const gsc_raster *self, const gsc_scene *scene,
                      const gsc_scene_envelope *envelope, double scale, int x) {
    uint32_t full = premultiplied(envelope->color, 1);
    int skipped = (int)floor(envelope->x * scale + 0.5) - self->x; /* its first column */
    int wide = (int)fmax(1, floor(envelope->width * scale + 0.5));
    float factor = (float)scale, offset = (float)self->y;
    for (int i = x; i < x + TILE && i < self->width; i++) {
        int column = (i - skipped) / wide;
        if (i >= skipped && (size_t)column < envelope->count) {
            gsc_scene_span span = scene->spans[envelope->first + (size_t)column];
            fill_column(self, i, span.top * factor - offset, span.bottom * factor - offset,
                        envelope->color, full);
        }
    }
}

void gsc_raster_envelopes(gsc_raster *self, const gsc_scene *scene, size_t first, size_t count,
                          double scale) {
    memset(self->pixels, 0, (size_t)self->width * (size_t)self->height * sizeof *self->pixels);
    for (int x = 0; x < self->width; x += TILE) {
        for (size_t i = first; i < first + count; i++) {
            fill_tile(self, scene, &scene->envelopes[i], scale, x);
        }
    }
}
