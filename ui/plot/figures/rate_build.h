/* SPDX-License-Identifier: MIT
 *
 * What the two files of the figure "rate" share: rate.c draws, rate_words.c speaks. Layer: ui/plot.
 */
#ifndef GSC_UI_PLOT_FIGURES_RATE_BUILD_H
#define GSC_UI_PLOT_FIGURES_RATE_BUILD_H

#include "ui/plot/figure.h"

#include <string.h>

typedef struct gsc_rate_builder {
    gsc_run *const *runs;
    size_t n_runs;
    const gsc_figure_options *options;
    gsc_figure *figure;
    size_t n_skipped;                           /* values that are not finite */
    size_t n_replicates_low, n_replicates_high; /* over all medians drawn */
    gsc_error *error;
} gsc_rate_builder;

/* Series that the figure shows: those over sample sizes that belong to a panel. */
static inline bool gsc_rate_is_drawn(const gsc_series_info *info) {
    return info->panel[0] != '\0' && strcmp(info->x_name, "n") == 0;
}

static inline bool gsc_run_is_live(const gsc_run_info *info) {
    return info->status == GSC_RUN_RUNNING || info->status == GSC_RUN_QUEUED;
}

static inline gsc_status gsc_rate_no_memory(gsc_error *error) {
    return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left to build the figure");
}

/* Messages in empty panels, x over all sizes of the specs, title, subtitle, recipe and specs,
 * once all series are in. */
gsc_status gsc_rate_add_words(gsc_rate_builder *b);

#endif
