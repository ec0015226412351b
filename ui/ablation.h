/* SPDX-License-Identifier: MIT
 *
 * What an ablation varies: a chip for every key of the set-up, a list of values for each chosen one, the number
 * of seeds, and how many runs that makes. Part of the set-up panel.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_ABLATION_H
#define GSC_UI_ABLATION_H

#include "core/read/spec.h"
#include "ui/plugin_store.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define GSC_TYPE_ABLATION (gsc_ablation_get_type())
G_DECLARE_FINAL_TYPE(GscAblation, gsc_ablation, GSC, ABLATION, GtkWidget)

/* Emits "run-all" when the user asks for it. */

GtkWidget *gsc_ablation_new(GscPluginStore *plugins);

/* The keys that this spec can vary; what was chosen for another experiment is dropped. */
void gsc_ablation_set_spec(GscAblation *self, const gsc_spec *spec);
/* Seconds that one run takes; 0: not known. */
void gsc_ablation_set_run_seconds(GscAblation *self, double seconds);

/* {"axes": {KEY: [VALUE, ...]}, "seeds": N, "verdict": bool} of a sweep; NULL with a sentence where a list
 * cannot be read. The caller owns it. */
json_t *gsc_ablation_dup_plan(GscAblation *self, char **ret_problem);

G_END_DECLS

#endif
