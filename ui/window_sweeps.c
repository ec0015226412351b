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

/* Of the selected experiment: its grid where it is a sweep, else its figure, as that of a run shown alone. */
void gsc_window_show_sweep(GscWindow *self) {
    const char *folder = self->solo == NULL ? gsc_experiment_get_sweep(self->experiment) : NULL;

    g_clear_pointer(&self->arm_runs, g_hash_table_unref);
    gsc_sweep_page_set_arm(self->sweep_page, NULL);
    gtk_widget_set_visible(GTK_WIDGET(self->sweep_page), folder != NULL);
    gtk_widget_set_visible(GTK_WIDGET(self->page), folder == NULL);
    gsc_sweep_page_set_folder(self->sweep_page, folder);
}

static void add_arm_run(GscWindow *self, const char *path) {
    GscRunItem *item = gsc_run_store_add(self->runs, path);

    g_hash_table_add(self->arm_runs, g_strdup(gsc_run_item_get_path(item)));
    gsc_run_item_set_shown(item, true);
}

/* The runs of an arm, large: the figure page shows them alone, below the sweep's head. */
static void on_arm_chosen(GscSweepPage *page, const char *arm, GStrv paths, GscWindow *self) {
    g_clear_pointer(&self->arm_runs, g_hash_table_unref);
    self->arm_runs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (gsize i = 0; paths[i] != NULL; i++) {
        add_arm_run(self, paths[i]);
    }
    gsc_sweep_page_set_arm(self->sweep_page, arm);
    gsc_plot_canvas_reset(gsc_figure_page_get_canvas(self->page));
    gtk_widget_set_visible(GTK_WIDGET(self->page), TRUE);
    gsc_window_focus_page(self); /* the card that had the keyboard is gone */
    gsc_window_update_figure(self);
}

/* Another run of that arm has begun. */
static void on_arm_run(GscSweepPage *page, const char *path, GscWindow *self) {
    if (self->arm_runs != NULL) {
        add_arm_run(self, path);
        gsc_window_update_figure(self);
    }
}

void gsc_window_show_all_arms(GscWindow *self) {
    g_clear_pointer(&self->arm_runs, g_hash_table_unref);
    gsc_sweep_page_set_arm(self->sweep_page, NULL);
    gtk_widget_set_visible(GTK_WIDGET(self->page), FALSE);
    gsc_window_update_figure(self);
}

static void on_all_arms(GscSweepPage *page, GscWindow *self) {
    gsc_window_show_all_arms(self);
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

bool gsc_window_open_sweep(GscWindow *self, const char *path) {
    g_autofree char *plan = g_build_filename(path, "sweep.json", NULL);
    g_autofree char *folder = g_canonicalize_filename(path, NULL);
    g_autofree char *name = g_path_get_basename(folder);
    g_autoptr(GError) error = NULL;

    if (!g_file_test(plan, G_FILE_TEST_IS_REGULAR)) {
        return false;
    }
    GscExperiment *known = gsc_window_find_experiment(self, name);
    if (known != NULL && g_strcmp0(gsc_experiment_get_sweep(known), folder) == 0) {
        gsc_window_choose_experiment(self, known);
        return true;
    }
    g_autoptr(GscExperiment) experiment = gsc_experiment_new_sweep(folder, &error);
    if (experiment == NULL) {
        gsc_window_say(self, error->message);
        return true;
    }
    gsc_window_add_experiment(self, experiment);
    gsc_window_choose_experiment(self, experiment);
    return true;
}

void gsc_window_open_sweeps(GscWindow *self) {
    const char *runs = gsc_run_store_get_folder(self->runs, NULL);

    if (runs != NULL) {
        list_sweeps(self, runs);
    }
    gsc_setup_panel_set_runs(self->setup, self->runs);
    g_signal_connect_object(self->setup, "run-all", G_CALLBACK(on_run_all), self, 0);
    /* above the figure: it is its head while an arm is shown large */
    GtkWidget *box = gtk_widget_get_parent(GTK_WIDGET(self->sweep_page));
    GtkWidget *figure = GTK_WIDGET(self->page);
    while (gtk_widget_get_parent(figure) != box) {
        figure = gtk_widget_get_parent(figure);
    }
    gtk_box_reorder_child_after(GTK_BOX(box), figure, GTK_WIDGET(self->sweep_page));
    g_signal_connect_object(self->sweep_page, "arm-chosen", G_CALLBACK(on_arm_chosen), self, 0);
    g_signal_connect_object(self->sweep_page, "arm-run", G_CALLBACK(on_arm_run), self, 0);
    g_signal_connect_object(self->sweep_page, "all-arms", G_CALLBACK(on_all_arms), self, 0);
    g_signal_connect_object(self->sweep_page, "continue", G_CALLBACK(on_continue), self, 0);
}
