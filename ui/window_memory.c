/* SPDX-License-Identifier: MIT
 *
 * What was in the middle of the window when it closed, and is there again when it opens: the experiment, also
 * one of a file or a sweep of another folder, the page of a sweep, the start page, the table of runs. Which
 * runs are shown and how figures are looked at is kept as it changes (state.h).
 *
 * Layer: ui.
 */
#include "ui/window_private.h"

#include <string.h>

/* The file or the folder that it came from; "" of a preset. */
static const char *place_of(GscExperiment *experiment) {
    const char *sweep = gsc_experiment_get_sweep(experiment);
    const char *source = gsc_experiment_get_source(experiment);

    return sweep != NULL ? sweep : g_str_has_prefix(source, "preset:") ? "" : source;
}

static bool is_table_open(GscWindow *self) {
    return gtk_widget_get_visible(GTK_WIDGET(self->run_table));
}

void gsc_window_remember_page(GscWindow *self) {
    gsc_state_set_string(self->state, "experiment", gsc_experiment_get_name(self->experiment));
    gsc_state_set_string(self->state, "experiment-place", place_of(self->experiment));
    gsc_state_set_string(self->state, "sweep-tab", gsc_sweep_page_get_tab(self->sweep_page));
    gsc_state_set_int(self->state, "start", gtk_widget_get_visible(GTK_WIDGET(self->start_page)));
    gsc_state_set_int(self->state, "table", is_table_open(self));
}

/* Of a file that is gone nothing is said: the user did not ask for it now. */
static void recall_experiment(GscWindow *self) {
    g_autofree char *name = gsc_state_dup_string(self->state, "experiment");
    g_autofree char *place = gsc_state_dup_string(self->state, "experiment-place");

    if (place != NULL && *place != '\0' && g_file_test(place, G_FILE_TEST_EXISTS)) {
        g_autoptr(GscExperiment) experiment = NULL;
        if (name != NULL && gsc_window_select_experiment(self, name) &&
            strcmp(place_of(self->experiment), place) == 0) {
            return;
        }
        experiment = g_file_test(place, G_FILE_TEST_IS_DIR) ? gsc_experiment_new_sweep(place, NULL)
                                                            : gsc_experiment_new_file(place, NULL);
        if (experiment != NULL) {
            gsc_window_add_experiment(self, experiment);
            gsc_window_choose_experiment(self, experiment);
            return;
        }
    }
    if (name == NULL || !gsc_window_select_experiment(self, name)) {
        gsc_window_select_experiment(self, "first");
    }
}

void gsc_window_recall_page(GscWindow *self) {
    g_autofree char *tab = gsc_state_dup_string(self->state, "sweep-tab");
    g_autofree char *problem = gsc_state_dup_problem(self->state);

    recall_experiment(self);
    if (tab != NULL && gsc_experiment_get_sweep(self->experiment) != NULL) {
        gsc_sweep_page_set_tab(self->sweep_page, tab);
    }
    if (gsc_state_get_int(self->state, "table", 0) != 0) {
        gtk_widget_activate_action(GTK_WIDGET(self), "win.show-table", NULL);
    }
    if (gsc_state_get_int(self->state, "start", 0) != 0) {
        gsc_window_show_start(self, true);
    }
    if (problem != NULL) {
        gsc_window_say_until_closed(self, problem);
    }
}
