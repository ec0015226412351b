/* SPDX-License-Identifier: MIT
 *
 * What `gatescope run` tells a person on stderr: a progress bar on a terminal, plain lines
 * elsewhere, and a summary at the end.
 *
 * Layer: app.
 */
#ifndef GSC_APP_RUN_VIEW_H
#define GSC_APP_RUN_VIEW_H

#include "core/run/sink.h"

#include <stdbool.h>

typedef struct gsc_run_view {
    gsc_sink sink; /* first: what a supervisor tells */
    bool quiet, terminal, unicode;
    char activity[200];
    double fraction;
    bool moved;                 /* it was above 0 */
    double moved_s, moved_from; /* when it first was, and what */
    double drawn_s;             /* monotonic; 0: no bar stands */
    int told_tenths;
} gsc_run_view;

/* quiet: alarms and errors alone. */
void gsc_run_view_init(gsc_run_view *view, bool quiet);
/* Takes the bar away, so that other lines can be printed. */
void gsc_run_view_clear_bar(gsc_run_view *view);
/* How the run ended and the slopes of its first panel that has proven bounds, from the file. */
void gsc_run_view_summary(const char *path);

#endif
