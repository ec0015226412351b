/* SPDX-License-Identifier: MIT
 *
 * What a test from outside wants to know and cannot see: which renderer drew how many frames, what is shown,
 * where the widgets are. Written as JSON to the file that GATESCOPE_TEST_REPORT names, at most 20 times a
 * second and only when something changed; without that variable there is no probe.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_PROBE_H
#define GSC_UI_PROBE_H

#include "ui/window.h"

G_BEGIN_DECLS

typedef struct gsc_probe gsc_probe;

/* NULL unless a test asks. */
gsc_probe *gsc_probe_new(GscWindow *window);
void gsc_probe_free(gsc_probe *self);
/* Something changed: the report is written soon. */
void gsc_probe_note(gsc_probe *self);

G_END_DECLS

#endif
