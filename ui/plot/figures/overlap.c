/* SPDX-License-Identifier: MIT
 *
 * The figure "overlap": for every two checkpoints, how many of the experts that one chose the other
 * chooses too. A layer is a panel: under the diagonal the overlap, above it what of it is beyond
 * chance; the last column (and row) is the saturation. Layer: ui/plot.
 */
#include "ui/plot/figures/figures.h"
#include "ui/plot/figures/maps.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Vector i belongs to checkpoint i and has an entry for each checkpoint up to itself; a resumed
 * run's first vector is longer. */
static void fill_triangle(gsc_heatmap *heat, const gsc_vectors *vectors, bool above) {
    size_t n = heat->rows, skipped = n - vectors->count;
    for (size_t i = 0; i < vectors->count; i++) {
        const float *row = vectors->values + vectors->start[i];
        size_t length = vectors->start[i + 1] - vectors->start[i], t = skipped + i;
        for (size_t s = 0; s < length && s <= t; s++) {
            heat->values[above ? t * n + s : s * n + t] = row[s];
        }
    }
}

/* Names of the checkpoints: their steps; those that no vector tells are "…". */
static bool name_checkpoints(gsc_panel *panel, const gsc_vectors *vectors, size_t n) {
    char(*texts)[24] = calloc(n + 1, sizeof *texts);
    const char **names = calloc(n + 1, sizeof *names);
    bool good = texts != NULL && names != NULL;
    for (size_t i = 0; good && i < n; i++) {
        size_t skipped = n - vectors->count;
        if (i < skipped) {
            snprintf(texts[i], sizeof texts[i], "…");
        } else {
            snprintf(texts[i], sizeof texts[i], "%g", vectors->x[i - skipped]);
        }
        names[i] = texts[i];
    }
    good =
        good && gsc_axis_set_names(&panel->x, names, n) && gsc_axis_set_names(&panel->y, names, n);
    free(texts);
    free(names);
    return good;
}

static gsc_status draw_layer(gsc_maps *maps, const gsc_map_group *group, int32_t index,
                             const gsc_vectors *overlap, const gsc_vectors *kappa) {
    gsc_status status = GSC_OK;
    char title[256], name[32];
    gsc_maps_layer_title(maps, group, index, title, sizeof title);
    snprintf(name, sizeof name, "layer%d", (int)index);
    gsc_panel *panel =
        gsc_maps_panel(maps, name, title, "Checkpoint (step)", "Checkpoint (step)", &status);
    if (panel == NULL) {
        return status;
    }
    size_t last = overlap->count - 1, n = overlap->start[last + 1] - overlap->start[last];
    n = n > overlap->count ? n : overlap->count;
    gsc_plot_layer *layer = gsc_panel_add_heatmap(panel, n, n);
    if (layer == NULL || !name_checkpoints(panel, overlap, n) ||
        !gsc_figure_set_text(&layer->heat->scale.title, "Overlap (above: κ)")) {
        return gsc_maps_no_memory(maps);
    }
    layer->run = (int)group->run;
    if (kappa->count > 0 && kappa->count <= n) {
        fill_triangle(layer->heat, kappa, true);
    }
    fill_triangle(layer->heat, overlap, false);
    size_t shown;
    gsc_maps_choose(maps, overlap, &shown);
    return GSC_OK;
}

gsc_status gsc_figure_build_overlap(gsc_run *const *runs, size_t n_runs,
                                    const gsc_figure_options *options, gsc_figure **ret_figure,
                                    gsc_error *error) {
    static const gsc_figure_options none;
    gsc_maps maps;
    gsc_figure_options all = options != NULL ? *options : none;
    all.at_step = false; /* the map has every step already */
    gsc_status status = gsc_maps_init(&maps, "overlap", "overlap", runs, n_runs, &all, error);
    for (size_t g = 0; g < maps.n_groups && status == GSC_OK; g++) {
        const gsc_map_group *group = &maps.groups[g];
        for (int32_t l = 0; l < group->layers && status == GSC_OK; l++) {
            gsc_vectors overlap = {0}, kappa = {0};
            if (gsc_maps_wants(&maps, l)) {
                status = gsc_maps_read(&maps, group, "overlap", l, &overlap);
            }
            if (status == GSC_OK && overlap.count > 0) {
                status = gsc_maps_read(&maps, group, "overlap_kappa", l, &kappa);
            }
            if (status == GSC_OK && overlap.count > 0) {
                status = draw_layer(&maps, group, l, &overlap, &kappa);
            }
            gsc_vectors_clear(&overlap);
            gsc_vectors_clear(&kappa);
        }
    }
    maps.says = "Under the diagonal: overlap of two checkpoints' chosen experts; above it: beyond "
                "chance, κ = (overlap - chance) / (1 - chance). The last column is the saturation.";
    maps.empty = "This run has no overlaps of checkpoints to show";
    return gsc_maps_finish(&maps, status, ret_figure);
}
