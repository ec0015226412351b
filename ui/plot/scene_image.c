/* SPDX-License-Identifier: MIT
 *
 * Heatmaps as images: the cells in sight, their entries in the colour table, and the colour bar.
 * Where cells are smaller than a pixel, a block of them shows the value that is farthest from the
 * table's quiet end, so that no extreme is hidden. Layer: ui/plot.
 */
#include "ui/plot/scene_private.h"

#include "ui/plot/heatmap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A range of cells along an axis, and how many of them make one block. */
typedef struct span {
    size_t first, count, block, blocks;
    double low, high; /* edges of the blocks in axis space */
} span;

/* The cells from one before to one after the view, in blocks no smaller than a device pixel. */
static span cells_in_sight(double low, double high, size_t n, double view_low, double view_high,
                           double length_px) {
    double size = (high - low) / (double)n;
    double from = fmin(fmax(floor((view_low - low) / size) - 1, 0), (double)n);
    double to = fmin(fmax(ceil((view_high - low) / size) + 1, from), (double)n);
    double cell_px = size / (view_high - view_low) * length_px;
    span s = {.first = (size_t)from, .block = cell_px < 1 ? (size_t)ceil(1 / cell_px) : 1};
    s.first -= s.first % s.block; /* blocks do not change while the view moves */
    s.count = (size_t)to - s.first;
    s.blocks = (s.count + s.block - 1) / s.block;
    s.low = low + size * (double)s.first;
    s.high = s.low + size * (double)(s.blocks * s.block);
    return s;
}

/* The table's entry of the block's cell that stands out most; -1: none has a value. */
static float block_entry(const gsc_heatmap *heat, span rows, span columns, size_t row,
                         size_t column) {
    double quiet = heat->color == GSC_COLORMAP_DIVERGING ? 0.5 : 0, best = NAN;
    for (size_t r = row * rows.block; r < (row + 1) * rows.block && r < rows.count; r++) {
        for (size_t c = column * columns.block; c < (column + 1) * columns.block; c++) {
            if (c >= columns.count) {
                break;
            }
            double place = gsc_heatmap_place(
                heat, heat->values[(rows.first + r) * heat->columns + columns.first + c]);
            if (isnan(best) || fabs(place - quiet) > fabs(best - quiet)) {
                best = place;
            }
        }
    }
    return isnan(best) ? -1 : (float)gsc_colormap_index(best);
}

/* Adds an image with room for its entries; NULL: out of memory. */
static gsc_scene_image *add_image(maker *m, const gsc_box *clip, gsc_colormap_kind color,
                                  size_t rows, size_t columns) {
    if (!RESERVE(m, images, 1)) {
        return NULL;
    }
    const gsc_plot_theme *theme = m->layout->theme;
    float *entries = malloc((rows * columns + 1) * sizeof *entries);
    if (entries == NULL) {
        m->failed = true;
        return NULL;
    }
    gsc_scene_count(m, GSC_SCENE_IMAGES, m->scene->n_images, clip);
    gsc_scene_image *image = &m->scene->images[m->scene->n_images++];
    *image = (gsc_scene_image){.rows = rows,
                               .columns = columns,
                               .entries = entries,
                               .blank = theme->ground,
                               .hatch = theme->axis};
    gsc_colormap_fill(color, theme, image->table);
    return image;
}

static void add_cells(maker *m, const gsc_panel_layout *place, const gsc_heatmap *heat,
                      const gsc_box *clip) {
    gsc_plot_view view = place->view;
    gsc_box plot = place->plot;
    double scale = m->scale > 0 ? m->scale : 4;
    span columns = cells_in_sight(heat->x_low, heat->x_high, heat->columns, view.x_low, view.x_high,
                                  plot.width * scale);
    span rows = cells_in_sight(heat->y_low, heat->y_high, heat->rows, view.y_low, view.y_high,
                               plot.height * scale);
    if (rows.count == 0 || columns.count == 0) {
        return;
    }
    gsc_scene_image *image = add_image(m, clip, heat->color, rows.blocks, columns.blocks);
    if (image == NULL) {
        return;
    }
    double left = gsc_view_x_to_pixel(view, plot, columns.low);
    double top = gsc_view_y_to_pixel(view, plot, rows.high);
    image->box = (gsc_box){left, top, gsc_view_x_to_pixel(view, plot, columns.high) - left,
                           gsc_view_y_to_pixel(view, plot, rows.low) - top};
    for (size_t r = 0; r < rows.blocks; r++) {
        for (size_t c = 0; c < columns.blocks; c++) {
            image->entries[(rows.blocks - 1 - r) * columns.blocks + c] =
                block_entry(heat, rows, columns, r, c);
        }
    }
}

static void add_frame(maker *m, gsc_box box) {
    gsc_rgba color = m->layout->theme->axis;
    double right = box.x + box.width, bottom = box.y + box.height;
    gsc_scene_hairline(m, box.x, box.y, right, box.y, 0.8, color);
    gsc_scene_hairline(m, box.x, bottom, right, bottom, 0.8, color);
    gsc_scene_hairline(m, box.x, box.y, box.x, bottom, 0.8, color);
    gsc_scene_hairline(m, right, box.y, right, bottom, 0.8, color);
}

/* The scale from its high end at the top to its low end, with frame and ticks. */
static void add_bar(maker *m, const gsc_panel_layout *place, const gsc_heatmap *heat) {
    const size_t steps = m->scale > 0 ? 256 : 64; /* vector files have a shape for each */
    gsc_box bar = place->bar;
    gsc_scene_image *image = add_image(m, &bar, heat->color, steps, 1);
    if (image == NULL) {
        return;
    }
    double low = gsc_axis_forward(&heat->scale, heat->scale.low);
    double high = gsc_axis_forward(&heat->scale, heat->scale.high);
    image->box = bar;
    for (size_t i = 0; i < steps; i++) {
        double at = high + (low - high) * ((double)i + 0.5) / (double)steps;
        image->entries[i] =
            (float)gsc_colormap_index(gsc_heatmap_place(heat, gsc_axis_inverse(&heat->scale, at)));
    }
    add_frame(m, bar);
    double k = m->layout->text_scale, right = bar.x + bar.width;
    for (size_t i = 0; i < place->bar_ticks.n; i++) {
        const gsc_tick *tick = &place->bar_ticks.ticks[i];
        double y = bar.y + (high - tick->position) / (high - low) * bar.height;
        gsc_scene_hairline(m, right, y, right + (tick->minor ? 2.5 : 4) * k, y, 0.8,
                           m->layout->theme->axis);
    }
}

void gsc_scene_heatmap(maker *m, const gsc_panel_layout *place, const gsc_plot_layer *layer) {
    if (layer->heat == NULL) {
        return;
    }
    add_cells(m, place, layer->heat, &place->plot);
    add_frame(m, place->plot);
    if (place->bar.width > 0) {
        add_bar(m, place, layer->heat);
    }
}
