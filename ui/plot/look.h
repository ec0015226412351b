/* SPDX-License-Identifier: MIT
 *
 * How a figure was looked at when it was exported: which figure, logarithmic axes, smoothing, seeds or means,
 * the step of a map, and what part of each panel was in sight. It travels in a PNG as "gatescope-look", so that
 * the picture opens as it was.
 *
 * Layer: ui/plot; jansson.
 */
#ifndef GSC_UI_PLOT_LOOK_H
#define GSC_UI_PLOT_LOOK_H

#include "ui/plot/view.h"

enum {
    GSC_LOOK_MOST_VIEWS = 64
};

typedef struct gsc_plot_look {
    char figure[64];  /* its name, "rate" */
    int log_x, log_y; /* 1 logarithmic, -1 linear, 0 as the figure has it */
    int smooth;       /* points of a centred mean; 0: none */
    bool group;       /* means over seeds */
    gsc_band band;
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
