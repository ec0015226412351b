/* SPDX-License-Identifier: MIT
 *
 * The figure "specialization": to which experts the positions of each domain go, relative to an
 * even share, a panel for each layer; and how alike the layers choose, because experts of alike
 * layers are one finding and not two. Layer: ui/plot.
 */
#include "ui/plot/figures/figures.h"
#include "ui/plot/figures/maps.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* How many experts the loads at the same time were of; 0: not known. */
static gsc_status count_experts(const gsc_maps *maps, const gsc_map_group *group, int32_t layer,
                                size_t *ret_experts) {
    gsc_vectors loads;
    gsc_status status = gsc_maps_read(maps, group, "probe_load", layer, &loads);
    *ret_experts = status == GSC_OK && loads.count > 0 ? loads.start[1] - loads.start[0] : 0;
    gsc_vectors_clear(&loads);
    return status;
}

static gsc_status draw_domains(gsc_maps *maps, const gsc_map_group *group, int32_t index,
                               const gsc_vectors *vectors, size_t experts) {
    gsc_status status = GSC_OK;
    size_t chosen;
    if (experts == 0 || !gsc_maps_choose(maps, vectors, &chosen)) {
        return GSC_OK;
    }
    size_t n = vectors->start[chosen + 1] - vectors->start[chosen];
    char title[256], name[32];
    gsc_maps_layer_title(maps, group, index, title, sizeof title);
    snprintf(name, sizeof name, "layer%d", (int)index);
    gsc_panel *panel = n % experts == 0 && n > 0
                           ? gsc_maps_panel(maps, name, title, "Expert", "Domain", &status)
                           : NULL;
    if (panel == NULL) {
        return status;
    }
    gsc_plot_layer *layer = gsc_panel_add_heatmap(panel, n / experts, experts);
    if (layer == NULL ||
        !gsc_figure_set_text(&layer->heat->scale.title, "Share of choices (1: even share)")) {
        return gsc_maps_no_memory(maps);
    }
    layer->run = (int)group->run;
    for (size_t i = 0; i < n; i++) {
        layer->heat->values[i] = vectors->values[vectors->start[chosen] + i] * (float)experts;
    }
    layer->heat->color = GSC_COLORMAP_DIVERGING;
    layer->heat->centre = 1;
    gsc_heatmap_fit(layer->heat);
    layer->heat->scale.low = 0;
    return GSC_OK;
}

static gsc_status draw_similarity(gsc_maps *maps, const gsc_map_group *group) {
    gsc_vectors vectors;
    gsc_status status = gsc_maps_read(maps, group, "layer_similarity", -1, &vectors);
    size_t chosen;
    if (status == GSC_OK && gsc_maps_choose(maps, &vectors, &chosen)) {
        size_t n = vectors.start[chosen + 1] - vectors.start[chosen];
        size_t layers = (size_t)llround(sqrt((double)n));
        bool several = maps->n_groups > 1 && group->label[0] != '\0';
        gsc_panel *panel = gsc_maps_panel(maps, "layer_similarity",
                                          several ? group->label : "Layers that choose alike",
                                          "Layer", "Layer", &status);
        gsc_plot_layer *layer = panel != NULL ? gsc_panel_add_heatmap(panel, layers, layers) : NULL;
        if (layer != NULL && layers * layers == n) {
            memcpy(layer->heat->values, vectors.values + vectors.start[chosen], n * sizeof(float));
            layer->run = (int)group->run;
        }
        if (panel != NULL && (layer == NULL || !gsc_figure_set_text(&layer->heat->scale.title,
                                                                    "Similarity (linear CKA)"))) {
            status = gsc_maps_no_memory(maps);
        }
    }
    gsc_vectors_clear(&vectors);
    return status;
}

static gsc_status draw_group(gsc_maps *maps, const gsc_map_group *group, int32_t layers) {
    gsc_status status = GSC_OK;
    for (int32_t l = 0; l < layers && status == GSC_OK; l++) {
        gsc_vectors vectors = {0};
        size_t experts = 0;
        if (gsc_maps_wants(maps, l)) {
            status = gsc_maps_read(maps, group, "domain_share", l, &vectors);
        }
        if (status == GSC_OK && vectors.count > 0) {
            status = count_experts(maps, group, l, &experts);
        }
        if (status == GSC_OK) {
            status = draw_domains(maps, group, l, &vectors, experts);
        }
        gsc_vectors_clear(&vectors);
    }
    return status == GSC_OK ? draw_similarity(maps, group) : status;
}

/* The most layers that any series of the group has. */
static int32_t count_layers(const gsc_maps *maps, const gsc_map_group *group) {
    int32_t layers = 0;
    for (int32_t l = 0; gsc_maps_series(maps, group, "probe_load", l, NULL) != NULL; l++) {
        layers = l + 1;
    }
    return layers;
}

gsc_status gsc_figure_build_specialization(gsc_run *const *runs, size_t n_runs,
                                           const gsc_figure_options *options,
                                           gsc_figure **ret_figure, gsc_error *error) {
    gsc_maps maps;
    bool domains = false;
    gsc_status status =
        gsc_maps_init(&maps, "specialization", "layer_similarity", runs, n_runs, options, error);
    for (size_t g = 0; g < maps.n_groups && status == GSC_OK; g++) {
        const gsc_map_group *group = &maps.groups[g];
        domains = domains || gsc_maps_series(&maps, group, "domain_share", 0, NULL) != NULL;
        status = draw_group(&maps, group, count_layers(&maps, group));
    }
    maps.says = domains ? "Rows: domains of the corpus; columns: experts; colours: the share of a "
                          "domain's choices that goes to an expert, relative to an even share."
                        : "The corpus has one domain, so that no expert can specialize in one.";
    maps.empty = "This run has no specialization of experts to show";
    return gsc_maps_finish(&maps, status, ret_figure);
}
