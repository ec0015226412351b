/* SPDX-License-Identifier: MIT
 *
 * What a sweep's page says of its arms: the comparison, read in a thread of its own, and its figures. See
 * sweep_page_private.h.
 */
#include "ui/sweep_page_private.h"

#include "ui/arm_card.h"
#include "ui/words.h"

#include <string.h>

enum {
    DRAWS = 400 /* of the comparison's bootstrap; `gatescope compare` takes more */
};

/* ---- Comparing ----------------------------------------------------------------------------------- */

void gsc_sweep_comparisons_free(gsc_sweep_comparisons *comparisons) {
    if (comparisons != NULL) {
        gsc_comparison_free(comparisons->shared);
        gsc_comparison_free(comparisons->best);
        g_free(comparisons);
    }
}

static void free_comparisons(gpointer comparisons) {
    gsc_sweep_comparisons_free(comparisons);
}

static void compare_in_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel) {
    const char *folder = data;
    const gsc_compare_options shared = {.draws = DRAWS}, best = {.draws = DRAWS, .best = true};
    gsc_sweep_comparisons *both = g_new0(gsc_sweep_comparisons, 1);
    gsc_error error = {0};
    gsc_status status = gsc_compare_open(&folder, 1, &shared, &both->shared, &error);

    if (status == GSC_OK && both->shared->tuned) {
        status = gsc_compare_open(&folder, 1, &best, &both->best, &error);
    }
    if (status == GSC_OK) {
        g_task_return_pointer(task, both, free_comparisons);
    } else {
        free_comparisons(both);
        g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_FAILED, "%s", error.message);
    }
}

GPtrArray *gsc_sweep_page_list_runs(GscSweepPage *self) {
    GPtrArray *runs = g_ptr_array_new();

    for (guint i = 0; i < self->cards->len; i++) {
        const GPtrArray *its = gsc_arm_card_get_runs(self->cards->pdata[i]);
        for (guint j = 0; j < its->len; j++) {
            g_ptr_array_add(runs, its->pdata[j]);
        }
    }
    return runs;
}

static bool draw_differences(GscSweepPage *self, GPtrArray *runs, char **ret_problem) {
    const gsc_figure_options options = {.bootstrap_draws = DRAWS, .quick = true};
    gsc_figure *figure = NULL;
    gsc_error error = {0};

    if (gsc_figure_build("compare", (gsc_run **)runs->pdata, runs->len, &options, &figure,
                         &error) != GSC_OK) {
        *ret_problem = g_strdup(error.message);
        return false;
    }
    gsc_plot_canvas_take_figure(self->differences, figure);
    return true;
}

void gsc_sweep_page_draw_figure(GscSweepPage *self) {
    const char *shown = gtk_stack_get_visible_child_name(self->stack);
    const int which = g_strcmp0(shown, "results") == 0      ? 2
                      : g_strcmp0(shown, "robustness") == 0 ? 1
                                                            : 0;
    g_autofree char *problem = NULL;

    if (g_strcmp0(shown, "arms") == 0 || g_strcmp0(shown, "waiting") == 0 || self->drawn[which]) {
        return;
    }
    g_autoptr(GPtrArray) runs = gsc_sweep_page_list_runs(self);
    if (which == 2) {
        gsc_results_view_show(self->results, runs);
        self->drawn[which] = true;
    } else {
        self->drawn[which] = which == 1
                                 ? gsc_claim_view_show(self->robustness, runs,
                                                       self->folder->sweep->result, DRAWS, &problem)
                                 : draw_differences(self, runs, &problem);
    }
    if (problem != NULL) {
        gsc_sweep_page_say(self, problem);
    }
}

void gsc_sweep_page_show_note(GscSweepPage *self, const char *text) {
    g_autofree char *sentence = text != NULL ? gsc_words_sentence(text) : g_strdup("");

    gtk_label_set_text(self->note_label, sentence);
    gtk_widget_set_visible(GTK_WIDGET(self->note_label), *sentence != '\0');
}

static void show_verdicts(GscSweepPage *self) {
    const gsc_sweep *sweep = self->folder->sweep;
    const gsc_sweep_comparisons *both = self->comparisons;
    const size_t done = self->folder->n_state[GSC_SWEEP_DONE];
    const bool over =
        self->comparing == NULL && done == self->folder->count && self->compared == done;

    for (guint i = 0; i < self->cards->len; i++) {
        gsc_arm_card_show_verdict(self->cards->pdata[i], both != NULL ? both->shared : NULL,
                                  both != NULL ? both->best : NULL, sweep->arms[i].name,
                                  sweep->verdict, over);
    }
}

/* One sentence beside the other. */
static char *dup_warnings(const gsc_comparison *comparison) {
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < comparison->n_warnings; i++) {
        g_autofree char *sentence = gsc_words_sentence(comparison->warnings[i]);
        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", sentence);
    }
    return g_string_free(text, FALSE);
}

static void on_compared(GObject *source, GAsyncResult *result, gpointer data) {
    g_autoptr(GError) error = NULL;
    gsc_sweep_comparisons *both = g_task_propagate_pointer(G_TASK(result), &error);

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        return;
    }
    GscSweepPage *self = GSC_SWEEP_PAGE(source);
    g_clear_object(&self->comparing);
    gsc_sweep_comparisons_free(self->comparisons);
    self->comparisons = both;
    self->drawn[0] = self->drawn[1] = self->drawn[2] = false;
    if (both != NULL) {
        g_autofree char *warnings = dup_warnings(both->shared);
        gsc_sweep_page_show_note(self, *warnings != '\0' ? warnings : NULL);
    } else { /* before the first result there is nothing to say */
        gsc_sweep_page_show_note(
            self, self->compared > 1 && self->folder->sweep->verdict ? error->message : NULL);
    }
    show_verdicts(self);
    gsc_sweep_page_draw_figure(self);
}

void gsc_sweep_page_compare(GscSweepPage *self) {
    const size_t done = self->folder->n_state[GSC_SWEEP_DONE];

    if (self->comparing != NULL || done == 0 || done == self->compared) {
        return;
    }
    self->compared = done;
    self->comparing = g_cancellable_new();
    g_autoptr(GTask) task = g_task_new(self, self->comparing, on_compared, NULL);
    g_task_set_task_data(task, g_strdup(self->folder->path), g_free);
    g_task_run_in_thread(task, compare_in_thread);
}
