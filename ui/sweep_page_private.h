/* SPDX-License-Identifier: MIT
 *
 * Inside of the sweep's page, cut by concern: sweep_page.c (the folder, its cards and what the page is made
 * of), sweep_page_compare.c (the comparison and its figures).
 *
 * Layer: ui.
 */
#ifndef GSC_UI_SWEEP_PAGE_PRIVATE_H
#define GSC_UI_SWEEP_PAGE_PRIVATE_H

#include "core/read/compare.h"
#include "core/read/sweep_folder.h"
#include "ui/claim_view.h"
#include "ui/plot_canvas.h"
#include "ui/results_view.h"
#include "ui/sweep_page.h"
#include "ui/sweep_queue.h"

/* What is compared: all arms at the shared value and, where values were tuned, each at its own best. */
typedef struct gsc_sweep_comparisons {
    gsc_comparison *shared, *best; /* best: NULL where nothing is tuned */
} gsc_sweep_comparisons;

struct _GscSweepPage {
    GtkWidget parent;
    GtkWidget *content, *body; /* body: all below the head */
    GtkWidget *arm_box;        /* way back from an arm */
    GtkLabel *arm_label;
    GtkLabel *title_label, *hypothesis_label, *state_label, *note_label;
    GtkButton *pause_button;
    GtkStack *stack;
    GtkFlowBox *grid;
    GscPlotCanvas *differences;
    GscClaimView *robustness;
    GscResultsView *results;
    GscSweepQueue *queue;
    GtkProgressBar *progress_bar;
    gsc_sweep_folder *folder;
    gsc_sweep_comparisons *comparisons; /* NULL: none yet */
    GPtrArray *cards;                   /* gsc_arm_card *, parallel to the sweep's arms */
    size_t large;                       /* the arm that is shown alone; of no card: none */
    GCancellable *comparing;            /* a comparison is being read, or NULL */
    size_t compared;                    /* runs that were done at the last comparison */
    bool drawn[3]; /* differences, robustness, results: as the comparison has them */
    guint look_source;
};

void gsc_sweep_comparisons_free(gsc_sweep_comparisons *comparisons); /* NULL is fine */

/* All open runs, arm by arm; caller unrefs. */
GPtrArray *gsc_sweep_page_list_runs(GscSweepPage *self);
/* The figure in sight, where the comparison is newer than it. */
void gsc_sweep_page_draw_figure(GscSweepPage *self);
/* A clause below the state, as a sentence; NULL: none. */
void gsc_sweep_page_show_note(GscSweepPage *self, const char *text);
/* Compares anew where a run ended since. */
void gsc_sweep_page_compare(GscSweepPage *self);

#endif
