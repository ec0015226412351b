/* SPDX-License-Identifier: MIT
 *
 * Figures over training steps, told as a table of panels: steps.c draws them, steps_words.c speaks.
 *
 * A group is an arm of a run. One group: a line for each layer, coloured by layer. Several groups, or more layers
 * than there are colours: the mean over layers with a band from the least to the greatest layer, coloured by
 * group. options->one_layer: that layer alone. Layers are never pooled. Layer: ui/plot.
 */
#ifndef GSC_UI_PLOT_FIGURES_STEPS_H
#define GSC_UI_PLOT_FIGURES_STEPS_H

#include "ui/plot/figure.h"

typedef struct gsc_steps_panel {
    const char *name, *title;
    const char *series[2]; /* names of the series; the second may be NULL */
    const char
        *live; /* vectors whose last row is shown while the series have no points; NULL: none */
    const char *live_title;
    const char
        *dashed; /* a series drawn dashed, mean over layers, with a label on it; NULL: none */
    const char *dashed_label;
    double low, high;  /* home range of y; NAN: the data's */
    bool alike;        /* left out where runs differ in the numbers of experts or choices */
    bool optional;     /* left out where all runs are done and had nothing for it */
    const char *above; /* name of an earlier panel that this one stands right under; NULL: none */
} gsc_steps_panel;

/* A panel stands where any run has its first series; where none has any, the first stands empty. */
typedef struct gsc_steps_choice {
    const char *name; /* of the figure */
    const gsc_steps_panel *panels;
    size_t n_panels;
} gsc_steps_choice;

typedef struct gsc_steps_builder {
    const gsc_steps_choice *choice;
    gsc_run *const *runs;
    size_t n_runs;
    const gsc_figure_options *options;
    gsc_figure *figure;
    gsc_error *error;
    int32_t layers; /* the most of any run */
    bool by_layer;  /* one group with few layers */
    bool named;     /* layers or groups have their rows in a legend */
    bool live;      /* a row of vectors stands in */
    bool left_out;  /* a panel that compares only what is alike */
} gsc_steps_builder;

gsc_status gsc_steps_build(const gsc_steps_choice *choice, gsc_run *const *runs, size_t n_runs,
                           const gsc_figure_options *options, gsc_figure **ret_figure,
                           gsc_error *error);

/* Whether all runs choose as many of as many experts. */
bool gsc_steps_alike(gsc_run *const *runs, size_t n_runs);

/* Whether the choice draws a series. */
bool gsc_steps_draws(const gsc_steps_choice *choice, const gsc_series_info *info);

/* x over all steps of the specs, messages in empty panels, title, subtitle, recipe, specs. */
gsc_status gsc_steps_add_words(gsc_steps_builder *b);

static inline gsc_status gsc_steps_no_memory(gsc_error *error) {
    return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left to build the figure");
}

#endif
