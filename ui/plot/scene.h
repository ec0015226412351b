/* SPDX-License-Identifier: MIT
 *
 * A layout turned into shapes in logical pixels: what both renderers draw, in order. Everything
 * that decides how a figure looks (widths, dashes, colours, marker sizes, snapping, decimation) is
 * decided here, once.
 *
 * Layer: ui/plot; no drawing library.
 */
#ifndef GSC_UI_PLOT_SCENE_H
#define GSC_UI_PLOT_SCENE_H

#include "ui/plot/colormap.h"
#include "ui/plot/layout.h"

/* An upright trapezoid: between x0 and x1, from its top edge (top0 to top1) to its bottom edge. */
typedef struct gsc_scene_fill {
    double x0, top0, bottom0, x1, top1, bottom1;
    gsc_rgba color;
} gsc_scene_fill;

typedef struct gsc_scene_vertex {
    double x, y;
} gsc_scene_vertex;

/* A polyline of count vertices. round: round caps and joins; else butt caps. dash_on 0: solid. */
typedef struct gsc_scene_stroke {
    size_t first, count;
    double width, dash_on, dash_off;
    bool round;
    gsc_rgba color;
} gsc_scene_stroke;

/* A filled marker with a ring around it in another colour (ring_width 0: none). Shapes as in
 * figure.h. */
typedef struct gsc_scene_marker {
    double x, y, radius, ring_width;
    int shape;
    gsc_rgba fill, ring;
} gsc_scene_marker;

/* Cells in rows from the top, columns from the left, evenly in a box: whole entries of the colour
 * table, below 0: hatched. A device pixel has the colour of the cell that its middle is in. */
typedef struct gsc_scene_image {
    gsc_box box;
    size_t rows, columns;
    float *entries; /* [rows, columns], owned by the scene */
    gsc_rgba table[GSC_COLORMAP_SIZE];
    gsc_rgba blank, hatch; /* of hatched cells: ground and lines */
} gsc_scene_image;

/* The hatching's period along x and the thickness of its lines, in logical pixels. */
#define GSC_SCENE_HATCH_PERIOD 7
#define GSC_SCENE_HATCH_LINE   1.2

/* What a line covers of one column: upright, logical pixels; NAN: nothing. */
typedef struct gsc_scene_span {
    float top, bottom;
} gsc_scene_span;

/* A long line as count spans side by side from x on, each so wide: a device pixel. */
typedef struct gsc_scene_envelope {
    size_t first, count;
    double x, width;
    gsc_rgba color;
} gsc_scene_envelope;

typedef enum gsc_scene_kind {
    GSC_SCENE_FILLS,
    GSC_SCENE_STROKES,
    GSC_SCENE_MARKERS,
    GSC_SCENE_IMAGES,
    GSC_SCENE_ENVELOPES
} gsc_scene_kind;

/* A run of shapes of one kind under one clip. */
typedef struct gsc_scene_batch {
    gsc_scene_kind kind;
    size_t first, count;
    bool clipped;
    gsc_box clip;
} gsc_scene_batch;

typedef struct gsc_scene {
    gsc_scene_fill *fills;
    gsc_scene_vertex *vertices;
    gsc_scene_stroke *strokes;
    gsc_scene_marker *markers;
    gsc_scene_image *images;
    gsc_scene_span *spans;
    gsc_scene_envelope *envelopes;
    gsc_scene_batch *batches;
    size_t n_fills, n_vertices, n_strokes, n_markers, n_images, n_spans, n_envelopes, n_batches;
    size_t capacity_fills, capacity_vertices, capacity_strokes, capacity_markers, capacity_images,
        capacity_spans, capacity_envelopes, capacity_batches;
    size_t n_points; /* markers that are data */
} gsc_scene;

/* Distances of marker shapes, in radii: half side of the square and of the diamond (a square on
 * its tip), inradius of the triangle. They give all four about the disc's area. */
#define GSC_MARKER_SQUARE   0.886
#define GSC_MARKER_TRIANGLE 0.700

/* scale: device pixels per logical pixel, to which thin upright lines are snapped; 0 for vector
 * files. NULL: out of memory. */
gsc_scene *gsc_scene_new(const gsc_layout *layout, double scale);
void gsc_scene_free(gsc_scene *scene);

#endif
