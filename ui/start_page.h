/* SPDX-License-Identifier: MIT
 *
 * What a new user meets: the paper's experiments as small pictures, each with what it shows and a run that
 * shows it in under a minute.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_START_PAGE_H
#define GSC_UI_START_PAGE_H

#include "ui/experiment.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A run of a preset made small. */
typedef struct gsc_small_run {
    const char *preset;
    const char *says;        /* what it shows, one sentence */
    const char *const *sets; /* assignments as of `gatescope run --set`; NULL-terminated */
    int seconds;             /* about, on two cores */
} gsc_small_run;

const gsc_small_run *gsc_small_runs(size_t *ret_count);

#define GSC_TYPE_START_PAGE (gsc_start_page_get_type())
G_DECLARE_FINAL_TYPE(GscStartPage, gsc_start_page, GSC, START_PAGE, GtkWidget)

/* Emits "chosen" (const gsc_small_run *) when a picture is clicked. */

/* Shows the small runs whose presets are among these experiments (GscExperiment). */
void gsc_start_page_set_experiments(GscStartPage *self, GListModel *experiments);

G_END_DECLS

#endif
