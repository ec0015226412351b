/* SPDX-License-Identifier: MIT
 *
 * The keys of the spec in which runs differ, but seed, titles and the mark of a sweep: its axes. Layer: ui/plot.
 */
#ifndef GSC_UI_PLOT_FIGURES_VARIED_H
#define GSC_UI_PLOT_FIGURES_VARIED_H

#include "ui/plot/figure.h"

enum {
    GSC_VARIED_MOST = 4,
    GSC_VARIED_TEXT = 48,
    GSC_VARIED_RUNS = 64
};

typedef struct gsc_varied_key {
    char name[GSC_VARIED_TEXT]; /* "learning rate" */
    char (*texts)[GSC_VARIED_TEXT];
    double *places; /* of each run: 0 (least, or the first kind) to 1 */
    bool is_number;
    size_t kinds; /* different values */
    char low[GSC_VARIED_TEXT], high[GSC_VARIED_TEXT];
} gsc_varied_key;

typedef struct gsc_varied {
    gsc_varied_key keys[GSC_VARIED_MOST];
    size_t n;
} gsc_varied;

/* At most GSC_VARIED_MOST keys, in the order of the spec; none where a spec does not parse. Numbers stand in
 * proportion, other values in the order in which the runs have them. */
gsc_status gsc_varied_find(gsc_run *const *runs, size_t n_runs, gsc_varied *ret_varied,
                           gsc_error *error);
void gsc_varied_clear(gsc_varied *self);

/* Writes at the layers of a figure of several runs (at most GSC_VARIED_RUNS; not of arms, which are many runs each) by
 * what their run differs from the others: "gate sigmoid, top k 3, seed 2". What has no memory goes without. */
void gsc_varied_tell(gsc_figure *figure, gsc_run *const *runs, size_t n_runs);

#endif
