/* SPDX-License-Identifier: MIT
 *
 * The library behind the run table, and its lines. The list is there at once, from the names of the files and
 * what the library kept of them; files that are new or changed are read in short slices meanwhile. See
 * run_table_private.h.
 */
#include "ui/run_table_private.h"

enum {
    POLL_MS = 1000,      /* while a run is active */
    SYNC_EVERY_MS = 300, /* while many files are read, at the least */
    SYNC_SHARE = 8       /* as many times longer than a look takes as there is between two */
};
static const double READ_SLICE_S = 0.005;

/* ---- The library --------------------------------------------------------------------------------- */

/* Makes the lines those of the library. */
static void sync_lines(GscRunTable *self) {
    g_autoptr(GPtrArray) fresh = g_ptr_array_new_with_free_func(g_object_unref);
    GHashTableIter iter;
    gpointer value;
    bool changed = false;

    self->synced_us = g_get_monotonic_time();
    g_hash_table_iter_init(&iter, self->by_path);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        ((GscRunTableLine *)value)->seen = false;
    }
    for (size_t i = 0; i < gsc_library_count(self->library); i++) {
        const gsc_library_run *run = gsc_library_get(self->library, i);
        GscRunTableLine *line = g_hash_table_lookup(self->by_path, run->path);
        if (line == NULL) {
            line = gsc_run_table_line_new(run);
            g_hash_table_insert(self->by_path, line->path, g_object_ref(line));
            g_ptr_array_add(fresh, line);
        } else if (line->run != run || line->revision != run->revision) {
            line->run = run;
            line->revision = run->revision;
            gsc_run_table_line_changed(line);
            changed = true;
        }
        line->seen = true;
    }
    g_hash_table_iter_init(&iter, self->by_path);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        g_autoptr(GscRunTableLine) line = g_object_ref(value);
        guint at = 0;
        if (!line->seen) {
            line->run = NULL;
            g_hash_table_iter_remove(&iter);
            if (g_list_store_find(self->lines, line, &at)) {
                g_list_store_remove(self->lines, at);
            }
            changed = true;
        }
    }
    if (fresh->len > 0) {
        g_list_store_splice(self->lines, g_list_model_get_n_items(G_LIST_MODEL(self->lines)), 0,
                            fresh->pdata, fresh->len);
    }
    if (changed || fresh->len > 0) {
        gsc_run_table_find_anew(self);
        gtk_sorter_changed(gtk_column_view_get_sorter(self->run_view), GTK_SORTER_CHANGE_DIFFERENT);
    }
    self->sync_us = g_get_monotonic_time() - self->synced_us;
}

static bool has_active(GscRunTable *self) {
    for (size_t i = 0; i < gsc_library_count(self->library); i++) {
        const gsc_library_run *run = gsc_library_get(self->library, i);
        if (run->readable && (run->status == GSC_RUN_RUNNING || run->status == GSC_RUN_QUEUED)) {
            return true;
        }
    }
    return false;
}

static gboolean look_again(gpointer data);

static gboolean read_some(gpointer data) {
    GscRunTable *self = data;
    gsc_error error = {0};
    size_t left = 0;

    if (gsc_library_read(self->library, READ_SLICE_S, &left, &error) != GSC_OK) {
        gsc_run_table_say(self, error.message);
        left = 0;
    }
    self->left = left;
    if (left > 0) {
        if (g_get_monotonic_time() - self->synced_us >
            MAX(SYNC_EVERY_MS * 1000, SYNC_SHARE * self->sync_us)) {
            sync_lines(self);
        }
        return G_SOURCE_CONTINUE;
    }
    self->read_source = 0;
    if (self->listed_ms == 0) {
        self->listed_ms = (double)(g_get_monotonic_time() - self->opened_us) / 1e3;
    }
    sync_lines(self);
    gsc_run_table_show_count(self);
    if (self->open && self->poll_source == 0 && has_active(self)) {
        self->poll_source = g_timeout_add(POLL_MS, look_again, self);
    }
    return G_SOURCE_REMOVE;
}

/* Files opened from elsewhere belong into the table as well. */
static void add_opened(GscRunTable *self) {
    GListModel *model = gsc_run_store_get_model(self->runs);

    for (guint i = 0; i < g_list_model_get_n_items(model); i++) {
        g_autoptr(GscRunItem) item = g_list_model_get_item(model, i);
        const char *path = gsc_run_item_get_path(item);
        if (gsc_library_find(self->library, path) == NULL &&
            g_file_test(path, G_FILE_TEST_EXISTS)) {
            gsc_library_add(self->library, path, NULL);
        }
    }
}

static gboolean look_again(gpointer data) {
    GscRunTable *self = data;
    gsc_error error = {0};
    bool changed = false;

    self->poll_source = 0;
    add_opened(self);
    if (gsc_library_list(self->library, &changed, &error) != GSC_OK) {
        gsc_run_table_say(self, error.message);
        return G_SOURCE_REMOVE;
    }
    if (changed) {
        sync_lines(self);
    }
    if (self->read_source == 0) {
        self->read_source = g_idle_add_full(G_PRIORITY_DEFAULT_IDLE, read_some, self, NULL);
    }
    return G_SOURCE_REMOVE;
}

static void on_item_changed(GscRunStore *runs, GscRunItem *item, GscRunTable *self) {
    GscRunTableLine *line = g_hash_table_lookup(self->by_path, gsc_run_item_get_path(item));

    if (!self->open) {
        return;
    }
    if (line != NULL) {
        gsc_run_table_line_changed(line);
        for (guint i = 0; i < g_list_model_get_n_items(G_LIST_MODEL(self->groups)); i++) {
            g_autoptr(GscRunTableLine) group = g_list_model_get_item(G_LIST_MODEL(self->groups), i);
            gsc_run_table_line_changed(group);
        }
    }
    if (self->poll_source == 0 && (line == NULL || gsc_run_item_is_active(item) ||
                                   (line->run != NULL && line->run->known &&
                                    line->run->status != gsc_run_item_get_status(item)))) {
        self->poll_source = g_timeout_add(POLL_MS, look_again, self);
    }
}

static void open_library(GscRunTable *self) {
    const char *problem = NULL;
    const char *folder = gsc_run_store_get_folder(self->runs, &problem);
    gsc_error error = {0};

    if (gsc_library_open(NULL, folder, &self->library, &error) != GSC_OK) {
        gtk_label_set_text(self->problem_label, error.message);
        gtk_widget_set_visible(GTK_WIDGET(self->problem_label), TRUE);
        return;
    }
    gsc_run_table_say(self, problem);
}

void gsc_run_table_set_open(GscRunTable *self, bool open) {
    if (self->open == open) {
        return;
    }
    self->open = open;
    if (!open) {
        g_clear_handle_id(&self->poll_source, g_source_remove);
        return;
    }
    if (self->listed_ms == 0) {
        self->opened_us = g_get_monotonic_time();
    }
    if (self->library == NULL) {
        open_library(self);
    }
    if (self->library != NULL) {
        look_again(self);
    }
}

void gsc_run_table_set_runs(GscRunTable *self, GscRunStore *runs) {
    g_set_object(&self->runs, runs);
    g_signal_connect_object(runs, "item-changed", G_CALLBACK(on_item_changed), self, 0);
}

void gsc_run_table_find(GscRunTable *self) {
    gtk_widget_grab_focus(GTK_WIDGET(self->find_entry));
}

void gsc_run_table_set_doomed(GscRunTable *self, const char *path, bool doomed) {
    GscRunTableLine *line = g_hash_table_lookup(self->by_path, path);

    if (line != NULL && line->doomed != doomed) {
        line->doomed = doomed;
        gsc_run_table_find_anew(self);
    }
}
