/* SPDX-License-Identifier: MIT
 *
 * What the makers of a scene share: scene.c (axes, sparse layers), scene_image.c (heatmaps), scene_dense.c
 * (long lines).
 * Layer: ui/plot, private.
 */
#ifndef GSC_UI_PLOT_SCENE_PRIVATE_H
#define GSC_UI_PLOT_SCENE_PRIVATE_H

#include "ui/plot/scene.h"

/* A builder's state: failed once is failed for good, so that callers look only at the end. */
typedef struct maker {
    gsc_scene *scene;
    const gsc_layout *layout;
    double scale;
    bool failed;
    bool any_emphasis;
} maker;

/* Makes room in one of the scene's arrays; false: out of memory, noted. */
bool gsc_scene_reserve(maker *m, void **array, size_t *capacity, size_t needed, size_t size);
#define RESERVE(m, what, extra)                                                                    \
    gsc_scene_reserve((m), (void **)&(m)->scene->what, &(m)->scene->capacity_##what,               \
                      (m)->scene->n_##what + (extra), sizeof *(m)->scene->what)

/* Puts the next shape of a kind under a clip (NULL: none): into the last batch where that fits. */
void gsc_scene_count(maker *m, gsc_scene_kind kind, size_t index, const gsc_box *clip);

/* An upright or level hairline. */
void gsc_scene_hairline(maker *m, double x0, double y0, double x1, double y1, double width,
                        gsc_rgba color);

/* A heatmap's cells, and its colour bar with frame and ticks. */
void gsc_scene_heatmap(maker *m, const gsc_panel_layout *place, const gsc_plot_layer *layer);

/* What a panel's long lines share. NULL: it has none, or no memory (noted). */
typedef struct gsc_scene_dense {
    void *columns;
    bool crowded; /* too many points in sight to draw any line segment by segment */
} gsc_scene_dense;

gsc_scene_dense *gsc_scene_dense_new(maker *m, const gsc_panel *panel,
                                     const gsc_panel_layout *place);
void gsc_scene_dense_free(gsc_scene_dense *dense);
/* Adds the line as an envelope; false: it is better drawn segment by segment, where only the points
 * from *ret_first to before *ret_end are needed (left alone for a short line). */
bool gsc_scene_dense_add(maker *m, const gsc_scene_dense *dense, gsc_plot_layer *layer,
                         gsc_rgba color, double width, const gsc_box *clip, size_t *ret_first,
                         size_t *ret_end);

#endif
