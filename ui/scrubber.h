/* SPDX-License-Identifier: MIT
 *
 * Time under a figure of maps: a slider over the steps that were looked at, and a button that plays them.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_SCRUBBER_H
#define GSC_UI_SCRUBBER_H

#include <gtk/gtk.h>
#include <stdbool.h>

G_BEGIN_DECLS

#define GSC_TYPE_SCRUBBER (gsc_scrubber_get_type())
G_DECLARE_FINAL_TYPE(GscScrubber, gsc_scrubber, GSC, SCRUBBER, GtkWidget)

/* Emits "moved" when another step is to be shown. */

GtkWidget *gsc_scrubber_new(void);

/* The steps, ascending. Who stands at the last one stays there as more come: that is the present. */
void gsc_scrubber_set_steps(GscScrubber *self, const double *steps, gsize n);
/* false at the present; else the step. */
bool gsc_scrubber_get_step(GscScrubber *self, double *ret_step);
/* This step, or the next one after it, as soon as there are steps that reach it. */
void gsc_scrubber_want_step(GscScrubber *self, double step);
/* Back to the present. */
void gsc_scrubber_reset(GscScrubber *self);

G_END_DECLS

#endif
