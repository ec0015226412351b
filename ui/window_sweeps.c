/* SPDX-License-Identifier: MIT
 *
 * The window's sweeps: an ablation put together in the set-up panel becomes a folder beside the runs and a
 * scheduler of its own, and its arms a grid of small figures.
 */
#include "ui/window_private.h"

#include "core/read/sweep_folder.h"
#include "ui/launcher.h"

#include <string.h>

/* ---- Showing ------------------------------------------------------------------------------------- */

void gsc_window_show_sweep(GscWindow *self) {
    const char *folder = gsc_experiment_get_sweep(self->experiment);

    gtk_widget_set_visible(GTK_WIDGET(self->sweep_page), folder != NULL);
    gtk_widget_set_visible(GTK_WIDGET(self->page), folder == NULL);
    gsc_sweep_page_set_folder(self->sweep_page, folder);
}

static void show_figure(GscWindow *self) {
    gtk_widget_set_visible(GTK_WIDGET(self->sweep_page), FALSE);
    gtk_widget_set_visible(GTK_WIDGET(self->page), TRUE);
}

/* A run of an arm, large: the figure page shows it alone; choosing the sweep again brings the grid back. */
static void on_run_chosen(GscSweepPage *page, const char *path, GscWindow *self) {
    g_autofree char *copy = g_strdup(path);

    show_figure(self);
    gsc_window_open_file(self, copy);
}

/* ---- Running ------------------------------------------------------------------------------------- */

typedef struct scheduled {
    GWeakRef window;
} scheduled;

static void free_scheduled(gpointer data) {
    scheduled *self = data;

    g_weak_ref_clear(&self->window);
    g_free(self);
}

static void on_sweep_over(int status, const char *message, gpointer data) {
    scheduled *job = data;
    g_autoptr(GscWindow) self = g_weak_ref_get(&job->window);

    if (self != NULL && (status == 1 || status == 2) && *message != '\0') {
        gsc_window_say(self, message);
        show_figure(self);
    }
}

static void schedule(GscWindow *self, const char *folder) {
    g_autoptr(GError) error = NULL;
    scheduled *job = g_new0(scheduled, 1);

    g_weak_ref_init(&job->window, self);
    if (!gsc_launcher_sweep(folder, on_sweep_over, job, free_scheduled, &error)) {
        g_autofree char *text = g_strdup_printf("The program “%s” could not be started: %s.",
                                                gsc_launcher_program(), error->message);
        gsc_window_say(self, text);
        free_scheduled(job);
    }
}

static void on_continue(GscSweepPage *page, const char *folder, GscWindow *self) {
    schedule(self, folder);
}

/* RUNS/sweep-first-3, which nobody has. */
static char *free_folder(GscWindow *self, const char *runs) {
    for (int i = 1;; i++) {
        g_autofree char *name =
            g_strdup_printf("sweep-%s-%d", gsc_experiment_get_name(self->experiment), i);
        g_autofree char *path = g_build_filename(runs, name, NULL);
        if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
            return g_steal_pointer(&path);
        }
    }
}

void gsc_window_run_all(GscWindow *self) {
    g_autoptr(GError) failure = NULL;
    g_autofree char *sentence = NULL;
    const char *trouble = NULL;
    const char *runs = gsc_run_store_get_folder(self->runs, &trouble);
    g_autofree char *plan = gsc_setup_panel_dup_plan(self->setup, &sentence);
    gsc_sweep *sweep = NULL;
    gsc_error error = {0};

    if (plan == NULL || runs == NULL) {
        gsc_setup_panel_set_problem(self->setup, plan == NULL ? sentence : trouble);
        return;
    }
    g_autofree char *folder = free_folder(self, runs);
    gsc_status status = gsc_sweep_parse(plan, "the ablation", &sweep, &error);
    if (status == GSC_OK) {
        status = gsc_sweep_create(sweep, folder, &error);
    }
    gsc_sweep_free(sweep);
    if (status != GSC_OK) {
        gsc_setup_panel_set_problem(self->setup, error.message);
        return;
    }
    g_autoptr(GscExperiment) experiment = gsc_experiment_new_sweep(folder, &failure);
    if (experiment == NULL) {
        gsc_window_say(self, failure->message);
        return;
    }
    schedule(self, folder);
    gsc_window_add_experiment(self, experiment);
    gsc_window_choose_experiment(self, experiment);
}

static void on_run_all(GscSetupPanel *setup, GscWindow *self) {
    gsc_window_run_all(self);
}

/* ---- Beginning ----------------------------------------------------------------------------------- */

static int compare_paths(gconstpointer a, gconstpointer b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sweeps of the runs folder, by name; a folder that is none is left alone. */
static void list_sweeps(GscWindow *self, const char *runs) {
    g_autoptr(GDir) dir = g_dir_open(runs, 0, NULL);
    g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *plan = g_build_filename(runs, name, "sweep.json", NULL);
        if (g_file_test(plan, G_FILE_TEST_IS_REGULAR)) {
            g_ptr_array_add(folders, g_path_get_dirname(plan));
        }
    }
    g_ptr_array_sort(folders, compare_paths);
    for (guint i = 0; i < folders->len; i++) {
        g_autoptr(GscExperiment) experiment = gsc_experiment_new_sweep(folders->pdata[i], NULL);
        if (experiment != NULL) {
            gsc_window_add_experiment(self, experiment);
        }
    }
}

void gsc_window_open_sweeps(GscWindow *self) {
    const char *runs = gsc_run_store_get_folder(self->runs, NULL);

    if (runs != NULL) {
        list_sweeps(self, runs);
    }
    g_signal_connect_object(self->setup, "run-all", G_CALLBACK(on_run_all), self, 0);
    g_signal_connect_object(self->sweep_page, "run-chosen", G_CALLBACK(on_run_chosen), self, 0);
    g_signal_connect_object(self->sweep_page, "continue", G_CALLBACK(on_continue), self, 0);
}
