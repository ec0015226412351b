/* SPDX-License-Identifier: MIT
 *
 * The figure "coactivation": which experts are chosen together, at a step, a panel for each layer.
 * Layer: ui/plot.
 */
#include "ui/plot/figures/figures.h"
#include "ui/plot/figures/maps.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static gsc_status draw_layer(gsc_maps *maps, const gsc_map_group *group, int32_t index,
                             const gsc_vectors *vectors, double *most) {
    gsc_status status = GSC_OK;
    size_t chosen;
    if (!gsc_maps_choose(maps, vectors, &chosen)) {
        return GSC_OK;
    }
    size_t n = vectors->start[chosen + 1] - vectors->start[chosen];
    size_t experts = (size_t)llround(sqrt((double)n));
    char title[256], name[32];
    gsc_maps_layer_title(maps, group, index, title, sizeof title);
    snprintf(name, sizeof name, "layer%d", (int)index);
    gsc_panel *panel = experts * experts == n ? gsc_maps_panel(maps, name, title, "Expert j",
                                                               "Given expert i", &status)
                                              : NULL;
    if (panel == NULL) {
        return status;
    }
    gsc_plot_layer *layer = gsc_panel_add_heatmap(panel, experts, experts);
    if (layer == NULL || !gsc_figure_set_text(&layer->heat->missing, "itself") ||
        !gsc_figure_set_text(&layer->heat->scale.title, "P(j | i)")) {
        return gsc_maps_no_memory(maps);
    }
    layer->run = (int)group->run;
    memcpy(layer->heat->values, vectors->values + vectors->start[chosen], n * sizeof(float));
    for (size_t i = 0; i < experts; i++) {
        layer->heat->values[i * experts + i] = NAN;
    }
    gsc_heatmap_fit(layer->heat);
    *most = fmax(*most, layer->heat->scale.high);
    return GSC_OK;
}

gsc_status gsc_figure_build_coactivation(gsc_run *const *runs, size_t n_runs,
                                         const gsc_figure_options *options, gsc_figure **ret_figure,
                                         gsc_error *error) {
    gsc_maps maps;
    double most = 0;
    gsc_status status =
        gsc_maps_init(&maps, "coactivation", "coactivation", runs, n_runs, options, error);
    for (size_t g = 0; g < maps.n_groups && status == GSC_OK; g++) {
        const gsc_map_group *group = &maps.groups[g];
        for (int32_t l = 0; l < group->layers && status == GSC_OK; l++) {
            gsc_vectors vectors = {0};
            if (gsc_maps_wants(&maps, l)) {
                status = gsc_maps_read(&maps, group, "coactivation", l, &vectors);
            }
            if (status == GSC_OK) {
                status = draw_layer(&maps, group, l, &vectors, &most);
            }
            gsc_vectors_clear(&vectors);
        }
    }
    for (size_t p = 0; status == GSC_OK && p < maps.figure->n_panels; p++) {
        gsc_heatmap *heat = maps.figure->panels[p]->layers[0]->heat;
        heat->scale.low = 0;
        heat->scale.high = fmin(most, 1);
    }
    maps.says = "Rows: expert i; columns: the share of its positions that expert j is chosen for "
                "too; hatched: itself.";
    maps.empty = "This run has no co-activation of experts to show";
    return gsc_maps_finish(&maps, status, ret_figure);
}
