/* SPDX-License-Identifier: MIT
 *
 * What the figures of comparisons share: the comparison of the runs' arms, or the sentence why there
 * is none. Layer: ui/plot.
 */
#ifndef GSC_UI_PLOT_FIGURES_COMPARE_H
#define GSC_UI_PLOT_FIGURES_COMPARE_H

#include "core/read/compare.h"
#include "ui/plot/figures/recipe.h"

typedef struct gsc_compare_builder {
    gsc_run *const *runs;
    size_t n_runs;
    const gsc_figure_options *options;
    gsc_figure *figure;
    gsc_comparison *comparison; /* NULL: there is none, and message says why */
    bool plain;                 /* nothing is compared: no word of pairs, baseline and verdicts */
    char message[GSC_ERROR_MESSAGE_SIZE];
    gsc_error *error;
} gsc_compare_builder;

/* "Arm − baseline, in pairs (nat)", of the result that the comparison is about. */
void gsc_compare_difference_title(const gsc_compare_builder *self, const char *what,
                                  char *ret_title, size_t size);

/* Makes the figure and compares the runs; runs that cannot be compared are no error. */
gsc_status gsc_compare_begin(gsc_compare_builder *self, const char *figure, gsc_run *const *runs,
                             size_t n_runs, const gsc_figure_options *options, gsc_error *error);
/* Compares again, each arm at its own best value of tuning: the builder's comparison is then that one, and
 * the caller puts *ret_shared back and frees the other. Errors: those of gsc_compare_open. */
gsc_status gsc_compare_turn_to_best(gsc_compare_builder *self, gsc_comparison **ret_shared);
gsc_panel *gsc_compare_panel(gsc_compare_builder *self, const char *name, const char *title,
                             const char *x, const char *y);
/* A layer of an arm: coloured by arm, hidden with it. NULL: no memory. */
gsc_plot_layer *gsc_compare_layer(gsc_panel *panel, gsc_layer_kind kind, size_t n, bool interval,
                                  size_t arm, const char *label);
/* A dashed line from one x to another at a height, with a label on it (NULL: none). */
bool gsc_compare_rule(gsc_panel *panel, double x0, double x1, double y, const char *label);
/* Words; says is how to read it. Hands the figure over, or frees it where status is not good. */
gsc_status gsc_compare_finish(gsc_compare_builder *self, gsc_status status, const char *says,
                              gsc_figure **ret_figure);

static inline gsc_status gsc_compare_no_memory(const gsc_compare_builder *self) {
    return gsc_fail(self->error, GSC_ERR_MEMORY, "there is no memory left to build the figure");
}

#endif
