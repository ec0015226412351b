/* SPDX-License-Identifier: MIT
 *
 * The window's start page: shown while there is no run, and when the user asks for it; what is chosen there
 * runs small.
 */
#include "ui/window_private.h"

#include <jansson.h>

void gsc_window_show_start(GscWindow *self, bool shown) {
    if (gtk_widget_get_visible(GTK_WIDGET(self->start_page)) == shown) {
        return;
    }
    gtk_widget_set_visible(GTK_WIDGET(self->start_page), shown);
    if (shown) {
        gtk_widget_set_visible(GTK_WIDGET(self->page), FALSE);
        gtk_widget_set_visible(GTK_WIDGET(self->sweep_page), FALSE);
    } else {
        gsc_window_show_sweep(self); /* or the figure */
    }
}

/* A window that was opened with nothing to show and finds no run begins at the start. */
static void on_listed(GscRunStore *runs, GscWindow *self) {
    if (!self->asked && g_list_model_get_n_items(gsc_run_store_get_model(runs)) == 0) {
        gsc_window_show_start(self, true);
    }
}

static void on_small_run(GscStartPage *page, const gsc_small_run *run, GscWindow *self) {
    gsc_window_select_experiment(self, run->preset);
    gsc_window_show_start(self, false);
    gsc_window_start_run_with(self, run->sets);
    gsc_window_focus_page(self); /* the picture that had the keyboard is gone */
}

void gsc_window_add_start(GscWindow *self) {
    gsc_start_page_set_experiments(self->start_page, G_LIST_MODEL(self->experiments));
    g_signal_connect_object(self->start_page, "chosen", G_CALLBACK(on_small_run), self, 0);
    g_signal_connect_object(self->runs, "listed", G_CALLBACK(on_listed), self, 0);
}

void gsc_window_describe_start(GscWindow *self, json_t *report) {
    json_object_set_new(report, "start",
                        json_boolean(gtk_widget_get_visible(GTK_WIDGET(self->start_page))));
}
