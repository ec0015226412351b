/* SPDX-License-Identifier: MIT
 *
 * One arm of a sweep: a small figure of the runs of its seeds, how many are done, and what the comparison says
 * of it.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_ARM_CARD_H
#define GSC_UI_ARM_CARD_H

#include "core/read/compare.h"
#include "ui/plot/render.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef struct gsc_arm_card gsc_arm_card;

gsc_arm_card *gsc_arm_card_new(const char *name);
/* Closes its runs. Its widget is its parent's. */
void gsc_arm_card_free(gsc_arm_card *self);
GtkWidget *gsc_arm_card_get_widget(gsc_arm_card *self);

/* Opens a run; false where it is open already or cannot be opened yet. */
bool gsc_arm_card_add_run(gsc_arm_card *self, const char *path);
/* Looks at the open runs; true where something came. */
bool gsc_arm_card_look(gsc_arm_card *self);
/* Builds the figure anew. All seeds of an arm share one colour: they are one thing seen again. */
void gsc_arm_card_draw(gsc_arm_card *self);
/* Paths (char *) and gsc_run * of the open runs, borrowed, parallel. */
const GPtrArray *gsc_arm_card_get_paths(gsc_arm_card *self);
const GPtrArray *gsc_arm_card_get_runs(gsc_arm_card *self);

/* The figure as drawn last, or NULL; the card's. */
gsc_figure *gsc_arm_card_get_figure(gsc_arm_card *self);

/* What its figure shows at home; false where it has no points. All cards of a page share one view. */
bool gsc_arm_card_get_home(gsc_arm_card *self, gsc_plot_view *ret_view);
void gsc_arm_card_set_view(gsc_arm_card *self, const gsc_plot_view *view);

void gsc_arm_card_show_count(gsc_arm_card *self, guint done, guint all);
/* The arm of that name in both comparisons, which know the arms that have a run. shared: all arms at one
 * learning rate; NULL: nothing is compared yet. best: each at its own; NULL: none was tuned. judged: a
 * verdict was planned. over: all runs were compared. */
void gsc_arm_card_show_verdict(gsc_arm_card *self, const gsc_comparison *shared,
                               const gsc_comparison *best, const char *arm, bool judged, bool over);
const char *gsc_arm_card_get_verdict(gsc_arm_card *self);

G_END_DECLS

#endif
