/* SPDX-License-Identifier: MIT
 *
 * Over which definitions, learning rates and layers a claim about a metric stands: the figure "robustness" with a
 * list of what it is about.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_CLAIM_VIEW_H
#define GSC_UI_CLAIM_VIEW_H

#include "ui/plot_canvas.h"

G_BEGIN_DECLS

#define GSC_TYPE_CLAIM_VIEW (gsc_claim_view_get_type())
G_DECLARE_FINAL_TYPE(GscClaimView, gsc_claim_view, GSC, CLAIM_VIEW, GtkWidget)

GtkWidget *gsc_claim_view_new(void);

/* Shows these runs (gsc_run *, borrowed until the next call; without one: none); result is what the sweep compares,
 * and the first in the list. draws: of bootstraps. false: nothing is drawn, and ret_problem (caller frees) says why. */
bool gsc_claim_view_show(GscClaimView *self, GPtrArray *runs, const char *result, size_t draws,
                         char **ret_problem);
GscPlotCanvas *gsc_claim_view_get_canvas(GscClaimView *self);

G_END_DECLS

#endif
