/* SPDX-License-Identifier: MIT
 *
 * What the files of the figures over sample sizes share: rate.c draws, rate_words.c speaks,
 * components.c chooses other series. Layer: ui/plot.
 */
#ifndef GSC_UI_PLOT_FIGURES_RATE_BUILD_H
#define GSC_UI_PLOT_FIGURES_RATE_BUILD_H

#include "ui/plot/figure.h"
#include "ui/plot/figures/recipe.h"

#include <string.h>

/* Which series a figure shows, in which panel, and how they look. */
typedef struct gsc_rate_builder gsc_rate_builder;
typedef struct gsc_rate_choice {
    const char *name; /* of the figure */
    bool (*is_drawn)(const gsc_series_info *info);
    const char *(*panel)(const gsc_series_info *info);
    const char *first, *last; /* panels that come first and last; NULL: as they come */
    /* Colour and marker; NULL: one number for what tells series apart. */
    void (*look)(const gsc_rate_builder *b, const gsc_run *run, size_t series, int *ret_color,
                 int *ret_shape);
    /* The legend's words for a series, at most size bytes; NULL: its title. */
    void (*label)(const gsc_rate_builder *b, const gsc_run *run, size_t series, char *ret_label,
                  size_t size);
    bool curves; /* not over sample sizes: medians joined by lines, no slope; iterations on a linear
                    axis */
    bool compact;           /* many small panels: short axis titles, no dots of replicates */
    const char *definition; /* said in place of each series' own; NULL: none */
} gsc_rate_choice;

struct gsc_rate_builder {
    const gsc_rate_choice *choice;
    gsc_run *const *runs;
    size_t n_runs;
    const gsc_figure_options *options;
    gsc_figure *figure;
    size_t n_skipped;                           /* values that are not finite */
    size_t n_replicates_low, n_replicates_high; /* over all medians drawn */
    gsc_part_words part;                        /* of the one run, where has_part */
    bool has_part;
    gsc_error *error;
};

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

/* How many arms the run has that the figure shows, and which of them is that of the series. */
int gsc_rate_count_arms(const gsc_rate_builder *b, const gsc_run *run, size_t series, int *ret_own);

/* A name without the part's before it: "error" of "theorem1: error". */
const char *gsc_rate_within_part(const gsc_rate_builder *b, const char *text);

/* The run's info, or what the part says. */
const gsc_run_info *gsc_rate_info(const gsc_rate_builder *b, size_t run);

/* The series of the choice that belong to options->part. */
bool gsc_rate_shows(const gsc_rate_builder *b, const gsc_series_info *info);

/* A figure over sample sizes by a choice. */
gsc_status gsc_rate_build(const gsc_rate_choice *choice, gsc_run *const *runs, size_t n_runs,
                          const gsc_figure_options *options, gsc_figure **ret_figure,
                          gsc_error *error);

/* Messages in empty panels, x over all sizes of the specs, title, subtitle, recipe and specs,
 * once all series are in. */
gsc_status gsc_rate_add_words(gsc_rate_builder *b);

#endif
