/* SPDX-License-Identifier: MIT
 *
 * What earlier runs tell of runs to come: how much paired differences of a result spread from seed to seed, and
 * how long one run takes.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_SPREAD_H
#define GSC_UI_SPREAD_H

#include "ui/experiment.h"
#include "ui/run_store.h"

G_BEGIN_DECLS

typedef struct gsc_spread {
    double sd;    /* of the difference of a pair; NAN: no earlier runs tell */
    char *from;   /* where it comes from, in words: "the sweep sweep-first-1"; "" where sd is NAN */
    double run_s; /* of one run of the spec; NAN: no earlier runs tell */
} gsc_spread;

/* The spread from the newest sweep of the same experiment whose pairs have the result; else sqrt(2) times that of
 * its runs that differ in their seed alone, which pairs seldom exceed. The time of the theory lab is that of
 * the newest run of the experiment, times the ratio of samples. Opens at most some dozens of run files. */
void gsc_spread_read(gsc_spread *self, GscRunStore *runs, GscExperiment *experiment,
                     const gsc_spec *spec, const char *result);
void gsc_spread_clear(gsc_spread *self);

G_END_DECLS

#endif
