/* SPDX-License-Identifier: MIT
 *
 * The window's run table: opened below the figure by a button or a key; its selection is the figure.
 */
#include "ui/window_private.h"

static const double FIGURE_SHARE = 0.52;

/* The item of a run that the table has; runs of sweeps become known to the store by this. */
static GscRunItem *need_item(GscWindow *self, const char *path) {
    GscRunItem *item = gsc_run_store_find(self->runs, path);

    return item != NULL ? item : gsc_run_store_add(self->runs, path);
}

/* The selected runs of the first one's experiment are the figure, until an eye is touched; what is
 * remembered of the eyes stays. */
static void on_selected(GscRunTable *table, char **paths, GscWindow *self) {
    GListModel *model = gsc_run_store_get_model(self->runs);
    GscRunItem *first = need_item(self, paths[0]);

    if (gsc_run_item_get_problem(first) != NULL) {
        gsc_window_say(self, gsc_run_item_get_problem(first));
        return;
    }
    gsc_window_say(self, NULL);
    gsc_window_choose_run(self, first);
    for (gsize i = 1; paths[i] != NULL; i++) {
        need_item(self, paths[i]);
    }
    const char *experiment = gsc_run_item_get_experiment(first);
    for (guint i = 0; i < g_list_model_get_n_items(model); i++) {
        g_autoptr(GscRunItem) item = g_list_model_get_item(model, i);
        bool chosen = g_strv_contains((const char *const *)paths, gsc_run_item_get_path(item));
        if (chosen || g_strcmp0(gsc_run_item_get_experiment(item), experiment) == 0) {
            gsc_run_item_set_shown(item, chosen);
        }
    }
    gsc_window_update_figure(self);
}

static void on_activated(GscRunTable *table, const char *path, GscWindow *self) {
    g_autofree char *copy = g_strdup(path);

    gsc_window_open_file(self, copy);
}

static void on_seen(GscRunTable *table, char **paths, gboolean shown, GscWindow *self) {
    for (gsize i = 0; paths[i] != NULL; i++) {
        GscRunItem *item = need_item(self, paths[i]);
        gsc_window_keep_shown(self, paths[i], shown);
        gsc_run_item_set_shown(item, shown);
    }
    gsc_window_update_figure(self);
}

static void on_trash(GscRunTable *table, char **paths, GscWindow *self) {
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(g_object_unref);

    for (gsize i = 0; paths[i] != NULL; i++) {
        g_ptr_array_add(items, g_object_ref(need_item(self, paths[i])));
    }
    gsc_window_trash_items(self, items);
}

static void on_told(GscRunTable *table, GscWindow *self) {
    if (self->probe != NULL) {
        gsc_probe_note(self->probe);
    }
}

static void change_table(GSimpleAction *action, GVariant *value, gpointer data) {
    GscWindow *self = GSC_WINDOW(data);
    bool open = g_variant_get_boolean(value);

    if (open && !gtk_widget_get_visible(GTK_WIDGET(self->run_table))) {
        gtk_paned_set_position(
            self->middle, (int)(FIGURE_SHARE * gtk_widget_get_height(GTK_WIDGET(self->middle))));
    }
    gtk_widget_set_visible(GTK_WIDGET(self->run_table), open);
    gsc_run_table_set_open(self->run_table, open);
    g_simple_action_set_state(action, value);
    if (open) {
        gsc_run_table_find(self->run_table);
    }
}

void gsc_window_describe_table(GscWindow *self, json_t *report) {
    gsc_run_table_report table = gsc_run_table_describe(self->run_table);

    json_object_set_new(report, "table",
                        json_pack("{s:b, s:i, s:i, s:i, s:i, s:i, s:s, s:s, s:f}", "open",
                                  gtk_widget_get_visible(GTK_WIDGET(self->run_table)), "runs",
                                  (int)table.runs, "found", (int)table.found, "groups",
                                  (int)table.groups, "selected", (int)table.selected, "columns",
                                  (int)table.columns, "first", table.first, "problem",
                                  table.problem, "listed_ms", table.listed_ms));
}

void gsc_window_add_table(GscWindow *self) {
    static const GActionEntry entries[] = {{"show-table", NULL, NULL, "false", change_table}};

    g_action_map_add_action_entries(G_ACTION_MAP(self), entries, G_N_ELEMENTS(entries), self);
    gsc_run_table_set_runs(self->run_table, self->runs);
    gsc_run_table_set_state(self->run_table, self->state);
    g_signal_connect_object(self->run_table, "selected", G_CALLBACK(on_selected), self, 0);
    g_signal_connect_object(self->run_table, "activated", G_CALLBACK(on_activated), self, 0);
    g_signal_connect_object(self->run_table, "seen", G_CALLBACK(on_seen), self, 0);
    g_signal_connect_object(self->run_table, "trash", G_CALLBACK(on_trash), self, 0);
    g_signal_connect_object(self->run_table, "told", G_CALLBACK(on_told), self, 0);
}
