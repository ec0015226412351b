/* SPDX-License-Identifier: MIT
 *
 * The figure "load": how much work each expert of each layer has at a step, relative to an even
 * share, and beside it how the most loaded expert of each layer fared over time. One colour scale
 * for all steps and all runs, so that moving through time does not change what a colour means.
 * Layer: ui/plot.
 */
#include "ui/plot/figures/figures.h"
#include "ui/plot/figures/maps.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char series_name[] = "probe_load";

/* The vectors of every layer of a group. */
typedef struct loads {
    gsc_vectors *layers;
    size_t experts; /* the most of any layer */
    float most;
} loads;

static void clear_loads(loads *self, const gsc_map_group *group) {
    for (int32_t l = 0; self->layers != NULL && l < group->layers; l++) {
        gsc_vectors_clear(&self->layers[l]);
    }
    free(self->layers);
}

static gsc_status read_loads(const gsc_maps *maps, const gsc_map_group *group, loads *ret_loads) {
    *ret_loads = (loads){.layers = calloc((size_t)group->layers + 1, sizeof *ret_loads->layers)};
    gsc_status status = ret_loads->layers != NULL ? GSC_OK : gsc_maps_no_memory(maps);
    for (int32_t l = 0; l < group->layers && status == GSC_OK; l++) {
        gsc_vectors *vectors = &ret_loads->layers[l];
        status = gsc_maps_read(maps, group, series_name, l, vectors);
        for (size_t i = 0; i < vectors->count; i++) {
            size_t n = vectors->start[i + 1] - vectors->start[i];
            ret_loads->experts = n > ret_loads->experts ? n : ret_loads->experts;
            for (size_t k = vectors->start[i]; k < vectors->start[i + 1]; k++) {
                ret_loads->most = fmaxf(ret_loads->most, vectors->values[k]);
            }
        }
    }
    return status;
}

static gsc_status draw_map(gsc_maps *maps, const gsc_map_group *group, const loads *it) {
    gsc_status status = GSC_OK;
    size_t index;
    char title[256];
    gsc_panel *panel = gsc_maps_panel(maps, group->label[0] != '\0' ? group->label : "load", NULL,
                                      "Expert", "Layer", &status);
    if (panel == NULL) {
        return status;
    }
    gsc_plot_layer *layer = gsc_panel_add_heatmap(panel, (size_t)group->layers, it->experts);
    if (layer == NULL) {
        return gsc_maps_no_memory(maps);
    }
    double step = NAN;
    for (int32_t l = 0; l < group->layers; l++) {
        const gsc_vectors *vectors = &it->layers[l];
        if (gsc_maps_choose(maps, vectors, &index)) {
            memcpy(layer->heat->values + (size_t)l * it->experts,
                   vectors->values + vectors->start[index],
                   (vectors->start[index + 1] - vectors->start[index]) * sizeof(float));
            step = vectors->x[index];
        }
    }
    layer->run = (int)group->run;
    layer->heat->color = GSC_COLORMAP_DIVERGING;
    layer->heat->centre = 1;
    const gsc_series_info *info =
        gsc_maps_series(maps, group, series_name, group->layers - 1, NULL);
    snprintf(title, sizeof title, "%s%sstep %g", group->label, group->label[0] != '\0' ? " · " : "",
             step);
    title[0] = group->label[0] != '\0' ? title[0] : 'S';
    return gsc_figure_set_text(&panel->title, title) &&
                   gsc_figure_set_text(&layer->heat->scale.title, info->y_title)
               ? GSC_OK
               : gsc_maps_no_memory(maps);
}

/* The largest load of a layer at each step. */
static gsc_plot_layer *add_largest(gsc_panel *panel, const gsc_vectors *vectors, int32_t layer) {
    char label[32];
    gsc_plot_layer *line = gsc_panel_add_layer(panel, GSC_LAYER_LINE, vectors->count, false);
    snprintf(label, sizeof label, "layer %d", (int)layer);
    if (line == NULL || !gsc_figure_set_text(&line->label, label) ||
        !gsc_figure_set_text(&line->inline_label, label)) {
        return NULL;
    }
    line->color = line->shape = layer;
    line->run = 0;
    line->series = layer;
    for (size_t i = 0; i < vectors->count; i++) {
        line->x[i] = vectors->x[i];
        line->y[i] = 0;
        for (size_t k = vectors->start[i]; k < vectors->start[i + 1]; k++) {
            line->y[i] = fmax(line->y[i], vectors->values[k]);
        }
    }
    return line;
}

/* The course of the largest loads, with a line at the step that the map shows. */
static gsc_status draw_course(gsc_maps *maps, const gsc_map_group *group, const loads *it) {
    gsc_status status = GSC_OK;
    gsc_panel *panel = gsc_maps_panel(maps, "largest", "Most loaded expert", "Step",
                                      "Largest load (1: even share)", &status);
    if (panel == NULL) {
        return status;
    }
    panel->x.whole = panel->y.whole = false;
    panel->y.low = 1;
    for (int32_t l = 0; l < group->layers; l++) {
        if (add_largest(panel, &it->layers[l], l) == NULL) {
            return gsc_maps_no_memory(maps);
        }
    }
    gsc_plot_layer *mark = gsc_panel_add_layer(panel, GSC_LAYER_DASHED, 2, false);
    if (mark == NULL || !gsc_figure_set_text(&mark->label, "the step of the map")) {
        return gsc_maps_no_memory(maps);
    }
    mark->color = GSC_PALETTE_SIZE - 1;
    mark->x[0] = mark->x[1] = maps->step;
    mark->y[0] = 1;
    mark->y[1] = it->most;
    return GSC_OK;
}

/* One scale: twice the load and half the load are equally far from an even share; the largest load
 * of all is at one end, as little as that is much at the other. */
static void share_scale(gsc_maps *maps, float most) {
    for (size_t p = 0; p < maps->figure->n_panels; p++) {
        for (size_t i = 0; i < maps->figure->panels[p]->n_layers; i++) {
            gsc_heatmap *heat = maps->figure->panels[p]->layers[i]->heat;
            if (heat != NULL) {
                heat->scale.log = true;
                heat->scale.high = fmax(most, 2);
                heat->scale.low = 1 / heat->scale.high;
            }
        }
    }
}

gsc_status gsc_figure_build_load(gsc_run *const *runs, size_t n_runs,
                                 const gsc_figure_options *options, gsc_figure **ret_figure,
                                 gsc_error *error) {
    gsc_maps maps;
    float most = 0;
    gsc_status status = gsc_maps_init(&maps, "load", series_name, runs, n_runs, options, error);
    for (size_t g = 0; g < maps.n_groups && status == GSC_OK; g++) {
        loads it;
        status = read_loads(&maps, &maps.groups[g], &it);
        if (status == GSC_OK && it.experts > 0) {
            status = draw_map(&maps, &maps.groups[g], &it);
            bool course = maps.n_groups == 1 && maps.groups[g].layers <= GSC_PALETTE_SIZE;
            if (status == GSC_OK && course) {
                status = draw_course(&maps, &maps.groups[g], &it);
            }
            most = fmaxf(most, it.most);
        }
        clear_loads(&it, &maps.groups[g]);
    }
    if (status == GSC_OK) {
        share_scale(&maps, most);
    }
    maps.says =
        "Colours: load of an expert in a layer, on one logarithmic scale for all steps; the "
        "neutral colour is an even share, the low end also stands for less, as none.";
    maps.empty = "This run has no loads of experts to show";
    return gsc_maps_finish(&maps, status, ret_figure);
}
