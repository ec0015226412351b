/* SPDX-License-Identifier: MIT
 *
 * See heatmap.h. Layer: ui/plot.
 */
#include "ui/plot/heatmap.h"

#include <math.h>
#include <stdlib.h>

gsc_plot_layer *gsc_panel_add_heatmap(gsc_panel *panel, size_t rows, size_t columns) {
    gsc_plot_layer *layer = gsc_panel_add_layer(panel, GSC_LAYER_HEATMAP, 0, false);
    gsc_heatmap *heat = layer != NULL ? calloc(1, sizeof *heat) : NULL;
    if (heat == NULL) {
        return NULL;
    }
    layer->heat = heat;
    heat->values = malloc((rows * columns + 1) * sizeof *heat->values);
    if (heat->values == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < rows * columns; i++) {
        heat->values[i] = NAN;
    }
    heat->rows = rows;
    heat->columns = columns;
    heat->x_low = heat->y_low = -0.5;
    heat->x_high = (double)columns - 0.5;
    heat->y_high = (double)rows - 0.5;
    heat->scale.low = 0;
    heat->scale.high = 1;
    return layer;
}

void gsc_heatmap_free(gsc_heatmap *heat) {
    if (heat != NULL) {
        free(heat->values);
        free(heat->scale.title);
        free(heat->missing);
        free(heat);
    }
}

const gsc_heatmap *gsc_panel_heatmap(const gsc_panel *panel) {
    for (size_t i = panel->n_layers; i-- > 0;) {
        if (panel->layers[i]->kind == GSC_LAYER_HEATMAP && !panel->layers[i]->hidden &&
            panel->layers[i]->heat != NULL) {
            return panel->layers[i]->heat;
        }
    }
    return NULL;
}

void gsc_heatmap_fit(gsc_heatmap *heat) {
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < heat->rows * heat->columns; i++) {
        double value = heat->values[i];
        if (isfinite(value) && (!heat->scale.log || value > 0)) {
            low = fmin(low, value);
            high = fmax(high, value);
        }
    }
    if (!(low <= high)) {
        return;
    }
    if (heat->color == GSC_COLORMAP_DIVERGING) {
        low = fmin(low, heat->centre);
        high = fmax(high, heat->centre);
    }
    if (low == high) {
        high = low + fmax(fabs(low), 1);
    }
    heat->scale.low = low;
    heat->scale.high = high;
}

double gsc_heatmap_place(const gsc_heatmap *heat, double value) {
    double low = gsc_axis_forward(&heat->scale, heat->scale.low);
    double high = gsc_axis_forward(&heat->scale, heat->scale.high);
    double at = gsc_axis_forward(&heat->scale, value);
    if (isnan(at) && heat->scale.log && value == 0) {
        at = low; /* nothing at all is beyond the low end, not unknown */
    }
    if (isnan(at)) {
        return NAN;
    }
    if (heat->color == GSC_COLORMAP_DIVERGING) {
        double centre = gsc_axis_forward(&heat->scale, heat->centre);
        double reach = fmax(high - centre, centre - low);
        at = 0.5 + 0.5 * (fmin(fmax(at, low), high) - centre) / reach;
    } else {
        at = (at - low) / (high - low);
    }
    return fmin(fmax(at, 0), 1);
}

bool gsc_heatmap_cell(const gsc_heatmap *heat, double x, double y, size_t *ret_row,
                      size_t *ret_column) {
    double u = (x - heat->x_low) / (heat->x_high - heat->x_low) * (double)heat->columns;
    double v = (y - heat->y_low) / (heat->y_high - heat->y_low) * (double)heat->rows;
    if (!(u >= 0 && u < (double)heat->columns && v >= 0 && v < (double)heat->rows)) {
        return false;
    }
    *ret_column = (size_t)u;
    *ret_row = (size_t)v;
    return true;
}
