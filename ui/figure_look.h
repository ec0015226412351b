/* SPDX-License-Identifier: MIT
 *
 * How figures are looked at (ui/plot/look.h), as the window remembers it for each kind of figure.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_FIGURE_LOOK_H
#define GSC_UI_FIGURE_LOOK_H

#include "ui/plot/look.h"
#include "ui/state.h"

G_BEGIN_DECLS

/* What was said last about figures of this name. */
gsc_figure_look gsc_figure_look_load(gsc_state *state, const char *figure);
void gsc_figure_look_save(const gsc_figure_look *self, gsc_state *state, const char *figure);

/* The next of 0, 7, 21, 51, and 0 again. */
int gsc_figure_look_next_smooth(int smooth);

/* Whether the axis may become logarithmic: false for names and maps. */
bool gsc_figure_look_has_scale(const gsc_figure *figure, bool x);
/* Whether it is, in the first panel that has a scale. */
bool gsc_figure_look_is_log(const gsc_figure *figure, bool x);

G_END_DECLS

#endif
