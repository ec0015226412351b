/* SPDX-License-Identifier: MIT
 *
 * The middle of the window: the figure of the shown runs, what it says in words, and its numbers below.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_FIGURE_PAGE_H
#define GSC_UI_FIGURE_PAGE_H

#include "ui/experiment.h"
#include "ui/figure_look.h"
#include "ui/plot/look.h"
#include "ui/plot_canvas.h"
#include "ui/run_item.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define GSC_TYPE_FIGURE_PAGE (gsc_figure_page_get_type())
G_DECLARE_FINAL_TYPE(GscFigurePage, gsc_figure_page, GSC, FIGURE_PAGE, GtkWidget)

/* Emits "figure-taken" whenever it draws another figure, or the same anew. */

/* Where looks are remembered; borrowed, for as long as the page lives. */
void gsc_figure_page_set_state(GscFigurePage *self, gsc_state *state);
/* How the figure is looked at; setting draws it anew and remembers it for figures of its name. */
gsc_figure_look gsc_figure_page_get_look(GscFigurePage *self);
void gsc_figure_page_set_look(GscFigurePage *self, gsc_figure_look look);
/* Everything about how the figure is looked at: its name, axes, step, and what is in sight where the user moved. */
void gsc_figure_page_describe(GscFigurePage *self, gsc_plot_look *ret_look);
/* Looks at this experiment's figure that way as soon as it has points. */
void gsc_figure_page_recall(GscFigurePage *self, GscExperiment *experiment,
                            const gsc_plot_look *look);
/* Every figure that the shown runs offer, each looked at as remembered (gsc_figure *, to be freed by
 * g_ptr_array_unref); NULL with *error where one cannot be made. */
GPtrArray *gsc_figure_page_build_all(GscFigurePage *self, GError **error);
/* How many that are. */
guint gsc_figure_page_count_choices(GscFigurePage *self);
/* Means over seeds in the figure. */
size_t gsc_figure_page_count_groups(GscFigurePage *self);

/* Draws the figure of these runs (GscRunItem, in the order of their colours); none: empty axes, which say
 * this sentence. live: more is coming, so that expensive intervals wait. Which figure: the user's choice among
 * those that these runs have, else their study's. */
void gsc_figure_page_show(GscFigurePage *self, GscExperiment *experiment, const GPtrArray *items,
                          const char *empty, bool live);

/* Whether the figure is the one that the runs' study begins with. */
bool gsc_figure_page_is_default(GscFigurePage *self);

GscPlotCanvas *gsc_figure_page_get_canvas(GscFigurePage *self);

/* The list of figures; hidden where there is one. */
GtkWidget *gsc_figure_page_get_figure_list(GscFigurePage *self);

/* A thin bar on top of the figure; fraction below 0 hides it. */
void gsc_figure_page_set_progress(GscFigurePage *self, double fraction);
/* A sentence above the figure (what failed); NULL takes it away. */
void gsc_figure_page_set_trouble(GscFigurePage *self, const char *sentence);
const char *gsc_figure_page_get_trouble(GscFigurePage *self); /* or NULL */
void gsc_figure_page_set_numbers_shown(GscFigurePage *self, bool shown);
/* Why Cairo draws instead of OpenGL, or NULL. */
const char *gsc_figure_page_get_fallback(GscFigurePage *self);

G_END_DECLS

#endif
