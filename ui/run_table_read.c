/* SPDX-License-Identifier: MIT
 *
 * The lines of the run table, which are the runs of the window's library: they are there at once, from what the
 * library kept of them; files that are new or changed are read by its thread meanwhile. See
 * run_table_private.h.
 */
#include "ui/run_table_private.h"

enum {
    POLL_MS = 1000,      /* while a run is active */
    SYNC_EVERY_MS = 300, /* while many files are read, at the least */
    SYNC_SHARE = 8       /* as many times longer than a look takes as there is between two */
};

/* ---- Lines --------------------------------------------------------------------------------- */

/* Makes the lines those of the library. */
static void sync_lines(GscRunTable *self) {
    g_autoptr(GPtrArray) fresh = g_ptr_array_new_with_free_func(g_object_unref);
    bool changed = false;

    self->synced_us = g_get_monotonic_time();
    self->stale = false;
    for (size_t i = 0; i < gsc_library_count(self->library); i++) {
        const gsc_library_run *run = gsc_library_get(self->library, i);
        GscRunTableLine *line = g_hash_table_lookup(self->by_path, run->path);
        if (line == NULL) {
            line = gsc_run_table_line_new(run);
            g_hash_table_insert(self->by_path, line->path, g_object_ref(line));
            g_ptr_array_add(fresh, line);
        } else if (line->revision != run->revision) {
            line->revision = run->revision;
            gsc_run_table_line_changed(line);
            changed = true;
        }
    }
    /* A view that sees its first lines before they are in order stays where the first of them goes. */
    const bool first = fresh->len > 0 && g_list_model_get_n_items(G_LIST_MODEL(self->lines)) == 0;
    if (first) {
        gtk_column_view_set_model(self->run_view, NULL);
    }
    if (fresh->len > 0) {
        g_list_store_splice(self->lines, g_list_model_get_n_items(G_LIST_MODEL(self->lines)), 0,
                            fresh->pdata, fresh->len);
    }
    if (changed || fresh->len > 0) {
        gsc_run_table_ask_anew(self);
        gtk_sorter_changed(gtk_column_view_get_sorter(self->run_view), GTK_SORTER_CHANGE_DIFFERENT);
    }
    if (first) {
        gtk_column_view_set_model(self->run_view, GTK_SELECTION_MODEL(self->selection));
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

static gboolean look_again(gpointer data) {
    GscRunTable *self = data;

    self->poll_source = 0;
    gsc_library_look(self->library);
    return G_SOURCE_REMOVE;
}

/* After a look: the whole list is there. */
static void end_look(GscRunTable *self) {
    if (self->listed_ms == 0) {
        self->listed_ms = (double)(g_get_monotonic_time() - self->opened_us) / 1e3;
    }
    gsc_run_table_show_count(self);
    if (self->poll_source == 0 && has_active(self)) {
        self->poll_source = g_timeout_add(POLL_MS, look_again, self);
    }
}

/* Lets go of runs whose files went; at once, for they are about to be freed. */
static void drop_gone(GscRunTable *self, const gsc_library_news *news) {
    bool dropped = false;

    for (size_t i = 0; i < news->n_gone; i++) {
        g_autoptr(GscRunTableLine) line = NULL;
        guint at = 0;
        if (!g_hash_table_steal_extended(self->by_path, news->gone[i]->path, NULL,
                                         (gpointer *)&line)) {
            continue;
        }
        line->run = NULL;
        self->n_doomed -= line->doomed;
        if (g_list_store_find(self->lines, line, &at)) {
            g_list_store_remove(self->lines, at);
        }
        dropped = true;
    }
    if (dropped) {
        gsc_run_table_find_anew(self);
    }
}

static void on_read(GscRunStore *runs, const gsc_library_news *news, GscRunTable *self) {
    const bool all = news->left == 0 && !news->more;

    drop_gone(self, news);
    self->left = news->left;
    if (!self->open) {
        return;
    }
    self->stale = self->stale || news->n_changed > 0;
    const gint64 since_us = g_get_monotonic_time() - self->synced_us;
    if (self->stale && (all || since_us > MAX(SYNC_EVERY_MS * 1000, SYNC_SHARE * self->sync_us))) {
        sync_lines(self);
    }
    if (all && news->listed) {
        gsc_run_table_show_problem(self);
        end_look(self);
    }
}

/* What stands beside the words: eyes, of runs and of their groups. */
static gboolean show_eyes(gpointer data) {
    GscRunTable *self = data;
    GListModel *groups = G_LIST_MODEL(self->groups);

    self->eyes_source = 0;
    for (guint i = 0; i < g_list_model_get_n_items(groups); i++) {
        g_autoptr(GscRunTableLine) group = g_list_model_get_item(groups, i);
        gsc_run_table_line_changed(group);
    }
    return G_SOURCE_REMOVE;
}

static void on_item_changed(GscRunStore *runs, GscRunItem *item, GscRunTable *self) {
    GscRunTableLine *line = g_hash_table_lookup(self->by_path, gsc_run_item_get_path(item));

    if (!self->open || line == NULL) {
        return;
    }
    gsc_run_table_line_changed(line);
    if (self->eyes_source == 0 && g_list_model_get_n_items(G_LIST_MODEL(self->groups)) > 0) {
        self->eyes_source = g_idle_add(show_eyes, self);
    }
}

void gsc_run_table_set_open(GscRunTable *self, bool open) {
    if (self->open == open) {
        return;
    }
    self->open = open;
    self->library = gsc_run_store_get_library(self->runs);
    if (!open || self->library == NULL) {
        g_clear_handle_id(&self->poll_source, g_source_remove);
        return;
    }
    if (self->listed_ms == 0) {
        self->opened_us = g_get_monotonic_time();
    }
    gsc_run_table_say(self, NULL);
    sync_lines(self);
    gsc_library_look(self->library);
}

void gsc_run_table_set_runs(GscRunTable *self, GscRunStore *runs) {
    g_set_object(&self->runs, runs);
    g_signal_connect_object(runs, "item-changed", G_CALLBACK(on_item_changed), self, 0);
    g_signal_connect_object(runs, "read", G_CALLBACK(on_read), self, 0);
}

void gsc_run_table_find(GscRunTable *self) {
    gtk_widget_grab_focus(GTK_WIDGET(self->find_entry));
}

void gsc_run_table_set_doomed(GscRunTable *self, const char *path, bool doomed) {
    GscRunTableLine *line = g_hash_table_lookup(self->by_path, path);

    if (line != NULL && line->doomed != doomed) {
        line->doomed = doomed;
        self->n_doomed += doomed ? 1 : -1;
        gsc_run_table_find_anew(self);
    }
}
