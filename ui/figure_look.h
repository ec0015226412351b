/* SPDX-License-Identifier: MIT
 *
 * How a figure is looked at: logarithmic axes, smoothing, seeds drawn one by one or as mean and band. The
 * window remembers it for each kind of figure.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_FIGURE_LOOK_H
#define GSC_UI_FIGURE_LOOK_H

#include "ui/plot/figure.h"
#include "ui/state.h"

G_BEGIN_DECLS

/* All zero: as the figure is built. */
typedef struct gsc_figure_look {
    int log_x, log_y; /* 1 logarithmic, -1 linear, 0 as the figure has it */
    int smooth;       /* points of a centred mean; 0: none */
    bool group;       /* runs that differ in their seed alone are one mean */
    gsc_band band;    /* around it, and in comparisons */
} gsc_figure_look;

/* What was said last about figures of this name. */
gsc_figure_look gsc_figure_look_load(gsc_state *state, const char *figure);
void gsc_figure_look_save(const gsc_figure_look *self, gsc_state *state, const char *figure);

/* Changes a figure just built from these runs. ret_groups (or NULL): means that were drawn. */
gsc_status gsc_figure_look_apply(const gsc_figure_look *self, gsc_figure *figure,
                                 gsc_run *const *runs, size_t n_runs, size_t *ret_groups,
                                 gsc_error *error);

/* The next of 0, 7, 21, 51, and 0 again. */
int gsc_figure_look_next_smooth(int smooth);

/* Whether the axis may become logarithmic: false for names and maps. */
bool gsc_figure_look_has_scale(const gsc_figure *figure, bool x);
/* Whether it is, in the first panel that has a scale. */
bool gsc_figure_look_is_log(const gsc_figure *figure, bool x);

G_END_DECLS

#endif
