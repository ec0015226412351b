/* SPDX-License-Identifier: MIT
 *
 * What figures say about their runs in words: subtitle, small print, and the specs that travel in a
 * PNG. Layer: ui/plot.
 */
#ifndef GSC_UI_PLOT_FIGURES_RECIPE_H
#define GSC_UI_PLOT_FIGURES_RECIPE_H

#include "ui/plot/figure.h"

/* A string that grows; failed stays set, so that callers look once at the end. */
typedef struct gsc_words {
    char *text;
    size_t length, capacity;
    bool failed;
} gsc_words;

void gsc_words_add(gsc_words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));
void gsc_words_clear(gsc_words *words);

/* "softmax gate · linear experts · 16 replicates · near-truth start, polished"; nothing where
 * the spec is not a theory lab's. */
void gsc_words_add_setup(gsc_words *words, const gsc_run_info *info);
/* "run first-20260101: seed 1, commit 1a2b3c4, kernels avx2" */
void gsc_words_add_origin(gsc_words *words, const gsc_run_info *info);
/* The same of many runs, those that differ by name and seed alone together: "3 runs a, b, c: seeds 1–3, commit 1a2b3c4,
 * kernels avx2 (softmax gate)". detail adds what is said in parentheses; NULL: nothing. */
void gsc_words_add_origins(gsc_words *words, gsc_run *const *runs, size_t n_runs,
                           void (*detail)(gsc_words *, const gsc_run_info *));

/* "softmax gate · 4 layers · 33 experts, top 4 + 1 shared"; nothing where the spec has no model. */
void gsc_words_add_model(gsc_words *words, const gsc_run_info *info);

/* The title that the runs share, else "3 runs"; "" without a run. */
void gsc_words_title(gsc_run *const *runs, size_t n_runs, char *ret_title, size_t size);
/* The JSON array of the runs' specs; nothing without a run. */
void gsc_words_add_specs(gsc_words *words, gsc_run *const *runs, size_t n_runs);

/* Sets a figure's words and clears all three, whatever comes of it. false: no memory, here or while they grew, or for
 * the figure (NULL). */
bool gsc_words_set(gsc_figure *figure, const char *title, gsc_words *subtitle, gsc_words *recipe,
                   gsc_words *spec);

/* What is said of one part of a suite: info with the part's spec and title in place of the run's. */
typedef struct gsc_part_words {
    gsc_run_info info;
    char *spec, *title;
} gsc_part_words;

/* False, and nothing to clear, where the run has no such part. */
bool gsc_part_words_init(gsc_part_words *self, gsc_run *run, const char *part);
void gsc_part_words_clear(gsc_part_words *self);

/* The smallest and largest of theory.sizes; false where there are none or the run is a suite. */
bool gsc_recipe_sizes(const gsc_run_info *info, double *ret_low, double *ret_high);

#endif
