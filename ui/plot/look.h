/* SPDX-License-Identifier: MIT
 *
 * How a figure is looked at: logarithmic axes, smoothing, seeds one by one or as mean and band. And how one was when
 * it was exported: which figure, the step of a map, and what part of each panel was in sight. That travels in a PNG
 * as "gatescope-look", so that the picture opens as it was.
 *
 * Layer: ui/plot; jansson.
 */
#ifndef GSC_UI_PLOT_LOOK_H
#define GSC_UI_PLOT_LOOK_H

#include "ui/plot/view.h"

enum {
    GSC_LOOK_MOST_VIEWS = 64
};

/* All zero: as the figure is built. */
typedef struct gsc_figure_look {
    int log_x, log_y; /* 1 logarithmic, -1 linear, 0 as the figure has it */
    int smooth;       /* points of a centred mean; 0: none */
    bool group;       /* runs that differ in their seed alone are one mean */
    gsc_band band;    /* around it, and in comparisons */
} gsc_figure_look;

/* Changes a figure just built from these runs. ret_groups (or NULL): means that were drawn. GSC_ERR_MEMORY leaves it
 * whole, changed in part. */
gsc_status gsc_figure_look_apply(const gsc_figure_look *self, gsc_figure *figure,
                                 gsc_run *const *runs, size_t n_runs, size_t *ret_groups,
                                 gsc_error *error);

typedef struct gsc_plot_look {
    char figure[64]; /* its name, "rate" */
    gsc_figure_look how;
    bool at_step; /* a map not of the last step but of this */
    double step;
    gsc_plot_view
        views[GSC_LOOK_MOST_VIEWS]; /* of the panels in sight, in their order; home has none */
    size_t n_views;
} gsc_plot_look;

/* As JSON text; caller frees. NULL: no memory. */
char *gsc_plot_look_write(const gsc_plot_look *self);
/* False where the text is none, and *ret is then zero; what is out of range is left as the figure has it. */
bool gsc_plot_look_read(const char *text, gsc_plot_look *ret);

#endif
