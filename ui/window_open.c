/* SPDX-License-Identifier: MIT
 *
 * Files that the window opens, from the command line, a dialog or dropped on it: runs, specs, and pictures
 * that carry the experiment that made them.
 */
#include "ui/window_private.h"

#include "ui/drop.h"

#include <string.h>

/* The experiment of this spec if it is listed already, or NULL. */
static GscExperiment *find_source(GscWindow *self, const char *path) {
    g_autofree char *whole = g_canonicalize_filename(path, NULL);

    for (guint i = 0; i < g_list_model_get_n_items(G_LIST_MODEL(self->experiments)); i++) {
        g_autoptr(GscExperiment) experiment =
            g_list_model_get_item(G_LIST_MODEL(self->experiments), i);
        if (g_strcmp0(gsc_experiment_get_source(experiment), whole) == 0) {
            return experiment; /* the list holds it */
        }
    }
    return NULL;
}

/* look: how its figure is to be looked at, or NULL. */
static bool open_spec(GscWindow *self, const char *path, bool choose, const gsc_plot_look *look) {
    g_autoptr(GError) error = NULL;
    GscExperiment *listed = find_source(self, path);
    g_autoptr(GscExperiment) experiment =
        listed != NULL ? g_object_ref(listed) : gsc_experiment_new_file(path, &error);

    if (experiment == NULL) {
        gsc_window_say(self, error->message);
        return false;
    }
    if (listed == NULL) {
        gsc_window_add_experiment(self, experiment);
    }
    if (look != NULL) {
        gsc_figure_page_recall(self->page, experiment, look);
    }
    if (choose) {
        gsc_window_choose_experiment(self, experiment);
    }
    return true;
}

static void open_picture(GscWindow *self, const char *path) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) specs = gsc_drop_unpack(path, &error);

    if (specs == NULL) {
        gsc_window_say(self, error->message);
        return;
    }
    gsc_plot_look look;
    const bool known = gsc_drop_read_look(path, &look);
    bool good = true;
    for (guint i = 0; i < specs->len && good; i++) {
        good = open_spec(self, specs->pdata[i], i == 0, i == 0 && known ? &look : NULL);
    }
    if (good) {
        g_autofree char *base = g_path_get_basename(path);
        g_autofree char *text = g_strdup_printf("The experiment of %s: Run makes it anew", base);
        g_autofree char *escaped = g_markup_escape_text(text, -1);
        adw_toast_overlay_add_toast(self->toasts, adw_toast_new(escaped));
    }
}

static bool has_ending(const char *path, const char *ending) {
    const char *dot = strrchr(path, '.');

    return dot != NULL && g_ascii_strcasecmp(dot, ending) == 0;
}

void gsc_window_open_file(GscWindow *self, const char *path) {
    self->asked = true;
    gsc_window_show_start(self, false);
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_autofree char *text = g_strdup_printf("There is no file %s.", path);
        gsc_window_say(self, text);
    } else if (gsc_window_open_sweep(self, path)) {
        return;
    } else if (has_ending(path, ".json")) {
        open_spec(self, path, true, NULL);
    } else if (has_ending(path, ".png")) {
        open_picture(self, path);
    } else {
        GscRunItem *item = gsc_run_store_add(self->runs, path);
        if (gsc_run_item_get_problem(item) != NULL) {
            gsc_window_say(self, gsc_run_item_get_problem(item));
        } else {
            gsc_window_choose_run(self, item);
        }
    }
}

static void on_dropped(const char *path, gpointer data) {
    gsc_window_open_file(GSC_WINDOW(data), path);
}

void gsc_window_accept_drops(GscWindow *self) {
    gsc_drop_add(GTK_WIDGET(self), on_dropped, self);
}
