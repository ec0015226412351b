/* SPDX-License-Identifier: MIT
 *
 * What is changed of a figure after it was built: logarithmic axes, smoothing. Layer: ui/plot.
 */
#include "ui/plot/figure.h"
#include "ui/plot/heatmap.h"
#include "ui/plot/pyramid.h"
#include "ui/plot/smooth.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Points of lines and markers that a logarithmic axis has no place for. */
static size_t count_left_out(const gsc_panel *panel) {
    size_t count = 0;
    for (size_t l = 0; l < panel->n_layers; l++) {
        const gsc_plot_layer *layer = panel->layers[l];
        bool counts = layer->kind == GSC_LAYER_LINE || layer->kind == GSC_LAYER_CLOUD;
        for (size_t i = 0; counts && i < layer->n; i++) {
            count += (panel->x.log && layer->x[i] <= 0) || (panel->y.log && layer->y[i] <= 0);
        }
    }
    return count;
}

void gsc_figure_set_log(gsc_figure *figure, bool x, bool log) {
    for (size_t p = 0; p < figure->n_panels; p++) {
        gsc_panel *panel = figure->panels[p];
        gsc_plot_axis *axis = x ? &panel->x : &panel->y;
        if (axis->log != log && axis->n_names == 0 && gsc_panel_heatmap(panel) == NULL) {
            axis->log = log;
            axis->whole = axis->whole && !log;
            panel->n_left_out = count_left_out(panel);
        }
    }
}

/* The layer as it is, to be drawn behind it. */
static gsc_plot_layer *add_copy(gsc_panel *panel, const gsc_plot_layer *layer) {
    gsc_plot_layer *copy = gsc_panel_add_layer(panel, GSC_LAYER_LINE, layer->n, false);
    if (copy == NULL || !gsc_figure_set_text(&copy->label, layer->label) ||
        !gsc_figure_set_text(&copy->about, layer->about)) {
        return NULL;
    }
    memcpy(copy->x, layer->x, layer->n * sizeof *copy->x);
    memcpy(copy->y, layer->y, layer->n * sizeof *copy->y);
    copy->color = layer->color;
    copy->run = layer->run;
    copy->series = layer->series;
    copy->hidden = layer->hidden;
    copy->weight = 0.6 * (layer->weight > 0 ? layer->weight : 1);
    copy->fade = 0.7;
    return copy;
}

/* Whether markers stand on the line: then each of its values counts by itself. */
static bool has_markers(const gsc_panel *panel, const gsc_plot_layer *line) {
    for (size_t i = 0; i < panel->n_layers; i++) {
        const gsc_plot_layer *layer = panel->layers[i];
        if (layer->kind == GSC_LAYER_POINTS && layer->run == line->run &&
            layer->series == line->series && layer->n == line->n) {
            return true;
        }
    }
    return false;
}

static bool smooth_panel(gsc_panel *panel, size_t window, bool *ret_any) {
    size_t n = panel->n_layers;
    for (size_t i = 0; i < n; i++) {
        gsc_plot_layer *layer = panel->layers[i];
        if (layer->kind != GSC_LAYER_LINE || layer->n < 2 * window || has_markers(panel, layer)) {
            continue;
        }
        double *y = malloc(layer->n * sizeof *y);
        if (y == NULL || !gsc_smooth(layer->x, layer->y, layer->n, window, y) ||
            add_copy(panel, layer) == NULL) {
            free(y);
            return false;
        }
        free(layer->y);
        layer->y = y;
        gsc_pyramid_free(layer->pyramid); /* of the values as they were */
        layer->pyramid = NULL;
        *ret_any = true;
    }
    /* The copies go to the front of the list, behind everything. */
    size_t copies = panel->n_layers - n;
    gsc_plot_layer **order = malloc((panel->n_layers + 1) * sizeof(gsc_plot_layer *));
    if (order == NULL) {
        return false;
    }
    memcpy(order, panel->layers + n, copies * sizeof(gsc_plot_layer *));
    memcpy(order + copies, panel->layers, n * sizeof(gsc_plot_layer *));
    memcpy(panel->layers, order, panel->n_layers * sizeof(gsc_plot_layer *));
    free(order);
    return true;
}

bool gsc_figure_smooth(gsc_figure *figure, size_t window) {
    bool any = false;
    for (size_t p = 0; window >= 2 && p < figure->n_panels; p++) {
        if (!smooth_panel(figure->panels[p], window, &any)) {
            return false;
        }
    }
    if (!any) {
        return true;
    }
    const char *recipe = figure->recipe != NULL ? figure->recipe : "";
    size_t size = strlen(recipe) + 128;
    char *text = malloc(size);
    if (text == NULL) {
        return false;
    }
    snprintf(text, size, "Lines are centred means of %zu points; faint: as measured. %s",
             window / 2 * 2 + 1, recipe);
    bool good = gsc_figure_set_text(&figure->recipe, text);
    free(text);
    return good;
}
