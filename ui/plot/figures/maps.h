/* SPDX-License-Identifier: MIT
 *
 * What the figures of maps share: which runs and arms have the vectors, the vectors of a layer at
 * a step, and the words. A group is an arm of a run. Layer: ui/plot.
 */
#ifndef GSC_UI_PLOT_FIGURES_MAPS_H
#define GSC_UI_PLOT_FIGURES_MAPS_H

#include "ui/plot/figures/recipe.h"
#include "ui/plot/heatmap.h"

enum {
    GSC_MAPS_MOST_GROUPS = 16
};

typedef struct gsc_map_group {
    size_t run;
    const char *arm;
    int32_t layers; /* one more than the highest layer that has the series */
    char label[192];
} gsc_map_group;

typedef struct gsc_maps {
    gsc_run *const *runs;
    size_t n_runs;
    const gsc_figure_options *options;
    gsc_figure *figure;
    gsc_error *error;
    const char *series; /* the vectors that are drawn */
    gsc_map_group groups[GSC_MAPS_MOST_GROUPS];
    size_t n_groups;
    size_t left_out;   /* panels that found no room */
    double step;       /* the last that is shown; NAN: none */
    const char *says;  /* how to read it, for the small print */
    const char *empty; /* the message where finished runs have nothing */
} gsc_maps;

/* Makes the figure and finds the groups of a series. */
gsc_status gsc_maps_init(gsc_maps *self, const char *figure, const char *series,
                         gsc_run *const *runs, size_t n_runs, const gsc_figure_options *options,
                         gsc_error *error);
/* The declaration of the series in a group and layer; NULL: none. *ret_series may be NULL. */
const gsc_series_info *gsc_maps_series(const gsc_maps *self, const gsc_map_group *group,
                                       const char *name, int32_t layer, size_t *ret_series);
/* Its vectors, none where there is no such series; clear them. */
gsc_status gsc_maps_read(const gsc_maps *self, const gsc_map_group *group, const char *name,
                         int32_t layer, gsc_vectors *ret_vectors);
/* Which vector the options ask for; false: there is none. Notes its step. */
bool gsc_maps_choose(gsc_maps *self, const gsc_vectors *vectors, size_t *ret_index);
/* Whether the options want this layer. */
bool gsc_maps_wants(const gsc_maps *self, int32_t layer);
/* A panel with titles; NULL where the figure is full (counted in left_out) or memory (self->error
 * says so and *ret_status). */
gsc_panel *gsc_maps_panel(gsc_maps *self, const char *name, const char *title, const char *x,
                          const char *y, gsc_status *ret_status);
/* "Layer 2", with the group's label where there are several. */
void gsc_maps_layer_title(const gsc_maps *self, const gsc_map_group *group, int32_t layer,
                          char *ret_title, size_t size);
/* Words and messages; hands the figure over or frees it where status is not good. */
gsc_status gsc_maps_finish(gsc_maps *self, gsc_status status, gsc_figure **ret_figure);

static inline gsc_status gsc_maps_no_memory(const gsc_maps *self) {
    return gsc_fail(self->error, GSC_ERR_MEMORY, "there is no memory left to build the figure");
}

#endif
