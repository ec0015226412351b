/* SPDX-License-Identifier: MIT
 *
 * The table of all runs: the library behind it, its lines, finding and groups. See run_table.h.
 */
#include "ui/run_table.h"

#include "ui/run_table_private.h"

#include <string.h>

enum {
    POLL_MS = 1000,     /* while a run is active */
    SYNC_EVERY_MS = 300 /* while many files are read */
};
static const double READ_SLICE_S = 0.005;

G_DEFINE_FINAL_TYPE(GscRunTable, gsc_run_table, GTK_TYPE_WIDGET)

enum {
    SIGNAL_SELECTED,
    SIGNAL_ACTIVATED,
    SIGNAL_SEEN,
    SIGNAL_TRASH,
    SIGNAL_TOLD,
    N_SIGNALS
};
static guint signals[N_SIGNALS];

/* ---- Words --------------------------------------------------------------------------------------- */

int gsc_run_table_get_group(GscRunTable *self) {
    guint selected = gtk_drop_down_get_selected(self->group_drop);

    return selected == 0 || selected == GTK_INVALID_LIST_POSITION ||
                   selected > self->group_places->len
               ? GSC_RUN_TABLE_UNGROUPED
               : (int)g_array_index(self->group_places, guint, selected - 1);
}

gsc_library_band gsc_run_table_get_band(GscRunTable *self) {
    guint selected = gtk_drop_down_get_selected(self->band_drop);

    return selected < GSC_LIBRARY_BANDS ? (gsc_library_band)selected : GSC_LIBRARY_T95;
}

void gsc_run_table_say(GscRunTable *self, const char *sentence) {
    const char *library = self->library != NULL ? gsc_library_get_problem(self->library) : "";
    const char *text = sentence != NULL        ? sentence
                       : self->unknown != NULL ? self->unknown
                                               : library;

    gtk_label_set_text(self->problem_label, text);
    gtk_widget_set_visible(GTK_WIDGET(self->problem_label), *text != '\0');
}

static void show_count(GscRunTable *self) {
    guint found = g_list_model_get_n_items(G_LIST_MODEL(self->found));
    guint all = g_list_model_get_n_items(G_LIST_MODEL(self->lines));
    bool grouped = gsc_run_table_get_group(self) != GSC_RUN_TABLE_UNGROUPED;
    guint groups = g_list_model_get_n_items(G_LIST_MODEL(self->groups));
    g_autofree char *runs = found == all ? g_strdup_printf("%u %s", all, all == 1 ? "run" : "runs")
                                         : g_strdup_printf("%u of %u runs", found, all);
    g_autofree char *text =
        grouped ? g_strdup_printf("%u %s of %s", groups, groups == 1 ? "group" : "groups", runs)
                : g_strdup_printf("%s%s", runs, self->read_source != 0 ? " · reading…" : "");

    /* selected runs that go leave no word of it */
    g_autoptr(GtkBitset) chosen =
        gtk_selection_model_get_selection(GTK_SELECTION_MODEL(self->selection));
    gtk_widget_action_set_enabled(GTK_WIDGET(self), "table.trash", !gtk_bitset_is_empty(chosen));
    gtk_label_set_text(self->count_label, text);
    gtk_stack_set_visible_child_name(self->stack, all == 0     ? "empty"
                                                  : found == 0 ? "none"
                                                  : grouped    ? "groups"
                                                               : "runs");
    g_signal_emit(self, signals[SIGNAL_TOLD], 0);
}

/* ---- Found runs and their groups ----------------------------------------------------------------- */

static gboolean matches(gpointer item, gpointer data) {
    GscRunTable *self = data;
    const GscRunTableLine *line = item;

    return line->run != NULL && !line->doomed &&
           (self->filter == NULL || gsc_library_filter_matches(self->filter, line->run));
}

const gsc_library_run **gsc_run_table_dup_found(GscRunTable *self, size_t *ret_count) {
    guint n = g_list_model_get_n_items(G_LIST_MODEL(self->found));
    const gsc_library_run **runs = g_new(const gsc_library_run *, n + 1);

    for (guint i = 0; i < n; i++) {
        g_autoptr(GscRunTableLine) line = g_list_model_get_item(G_LIST_MODEL(self->found), i);
        runs[i] = line->run;
    }
    *ret_count = n;
    return runs;
}

static void update_groups(GscRunTable *self) {
    int column = gsc_run_table_get_group(self);
    size_t n = 0, n_groups = 0;
    gsc_library_group *groups = NULL;
    gsc_error error = {0};

    gtk_widget_set_visible(GTK_WIDGET(self->band_drop), column != GSC_RUN_TABLE_UNGROUPED);
    g_list_store_remove_all(self->groups);
    if (column == GSC_RUN_TABLE_UNGROUPED) {
        return;
    }
    g_autofree const gsc_library_run **runs = gsc_run_table_dup_found(self, &n);
    if (gsc_library_group_by(runs, n, (size_t)column, &groups, &n_groups, &error) != GSC_OK) {
        gsc_run_table_say(self, error.message);
        return;
    }
    for (size_t i = 0; i < n_groups; i++) {
        g_autoptr(GscRunTableLine) line = gsc_run_table_line_new_group(&groups[i], (size_t)column);
        g_list_store_append(self->groups, line);
    }
    gsc_library_groups_free(groups, n_groups);
}

/* After whatever changes the found runs or how they are looked at. */
static void update_view(GscRunTable *self) {
    if (self->library == NULL) {
        return;
    }
    gsc_run_table_update_columns(self);
    update_groups(self);
    show_count(self);
}

static void find_anew(GscRunTable *self) {
    gtk_filter_changed(GTK_FILTER(self->found_filter), GTK_FILTER_CHANGE_DIFFERENT);
    update_view(self);
}

static void on_find_changed(GtkSearchEntry *entry, GscRunTable *self) {
    gsc_error error = {0};

    if (self->library == NULL) {
        return;
    }
    g_clear_pointer(&self->filter, gsc_library_filter_free);
    g_clear_pointer(&self->unknown, g_free);
    if (gsc_library_filter_new(self->library, gtk_editable_get_text(GTK_EDITABLE(entry)),
                               &self->filter, &error) != GSC_OK) {
        self->unknown = g_strdup_printf("%s.", error.message);
    }
    gsc_run_table_say(self, NULL);
    find_anew(self);
}

static void on_find_stopped(GtkSearchEntry *entry, GscRunTable *self) {
    bool grouped = gsc_run_table_get_group(self) != GSC_RUN_TABLE_UNGROUPED;

    gtk_editable_set_text(GTK_EDITABLE(entry), "");
    gtk_widget_grab_focus(GTK_WIDGET(grouped ? self->group_view : self->run_view));
}

static void on_view_changed(GtkToggleButton *button, GscRunTable *self) {
    update_view(self);
}

static void on_group_changed(GtkDropDown *drop, GParamSpec *pspec, GscRunTable *self) {
    if (!self->quiet) {
        update_view(self);
    }
}

static void on_band_changed(GtkDropDown *drop, GParamSpec *pspec, GscRunTable *self) {
    if (self->groups != NULL && self->library != NULL) {
        update_groups(self);
    }
}

static void on_columns_opened(GtkWidget *widget, GscRunTable *self) {
    gsc_run_table_list_columns(self);
}

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
        find_anew(self);
        gtk_sorter_changed(gtk_column_view_get_sorter(self->run_view), GTK_SORTER_CHANGE_DIFFERENT);
    }
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
    if (left > 0) {
        if (g_get_monotonic_time() - self->synced_us > SYNC_EVERY_MS * 1000) {
            sync_lines(self);
        }
        return G_SOURCE_CONTINUE;
    }
    self->read_source = 0;
    if (self->listed_ms == 0) {
        self->listed_ms = (double)(g_get_monotonic_time() - self->opened_us) / 1e3;
    }
    sync_lines(self);
    show_count(self);
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
        find_anew(self);
    }
}

/* ---- Selection ----------------------------------------------------------------------------------- */

static char **dup_selected(GscRunTable *self) {
    g_autoptr(GtkBitset) chosen =
        gtk_selection_model_get_selection(GTK_SELECTION_MODEL(self->selection));
    g_autoptr(GStrvBuilder) paths = g_strv_builder_new();

    for (guint64 i = 0; i < gtk_bitset_get_size(chosen); i++) {
        g_autoptr(GscRunTableLine) line = g_list_model_get_item(
            G_LIST_MODEL(self->selection), gtk_bitset_get_nth(chosen, (guint)i));
        if (line != NULL && line->path != NULL) {
            g_strv_builder_add(paths, line->path);
        }
    }
    return g_strv_builder_end(paths);
}

static gboolean tell_selected(gpointer data) {
    GscRunTable *self = data;
    g_auto(GStrv) paths = dup_selected(self);

    self->select_source = 0;
    gtk_widget_action_set_enabled(GTK_WIDGET(self), "table.trash", paths[0] != NULL);
    if (paths[0] != NULL) {
        g_signal_emit(self, signals[SIGNAL_SELECTED], 0, paths);
    }
    g_signal_emit(self, signals[SIGNAL_TOLD], 0);
    return G_SOURCE_REMOVE;
}

static void on_selection_changed(GtkSelectionModel *model, guint position, guint n,
                                 GscRunTable *self) {
    if (self->select_source == 0) {
        self->select_source = g_idle_add(tell_selected, self);
    }
}

static void on_run_activated(GtkColumnView *view, guint position, GscRunTable *self) {
    g_autoptr(GscRunTableLine) line =
        g_list_model_get_item(G_LIST_MODEL(self->selection), position);

    if (line != NULL && line->path != NULL) {
        g_signal_emit(self, signals[SIGNAL_ACTIVATED], 0, line->path);
    }
}

/* A group opens: its runs are found, no longer grouped. */
static void on_group_activated(GtkColumnView *view, guint position, GscRunTable *self) {
    GListModel *model = G_LIST_MODEL(gtk_column_view_get_model(view));
    g_autoptr(GscRunTableLine) line = g_list_model_get_item(model, position);

    if (line == NULL) {
        return;
    }
    const char *before = gtk_editable_get_text(GTK_EDITABLE(self->find_entry));
    const char *name = gsc_library_get_column(self->library, line->column)->name;
    g_autofree char *text =
        *line->label != '\0'
            ? g_strdup_printf("%s%s%s=\"%s\"", before, *before != '\0' ? " " : "", name,
                              line->label)
            : g_strdup_printf("%s%s-%s:", before, *before != '\0' ? " " : "", name);
    gtk_drop_down_set_selected(self->group_drop, 0);
    gtk_editable_set_text(GTK_EDITABLE(self->find_entry), text);
    gtk_widget_grab_focus(GTK_WIDGET(self->run_view));
}

void gsc_run_table_emit_seen(GscRunTable *self, GscRunTableLine *group, bool shown) {
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (size_t i = 0; i < group->n_members; i++) {
        g_strv_builder_add(builder, group->members[i]->path);
    }
    g_auto(GStrv) paths = g_strv_builder_end(builder);
    g_signal_emit(self, signals[SIGNAL_SEEN], 0, paths, shown);
}

static void act_trash(GtkWidget *widget, const char *name, GVariant *parameter) {
    GscRunTable *self = GSC_RUN_TABLE(widget);
    g_auto(GStrv) paths = dup_selected(self);

    if (paths[0] != NULL) {
        g_signal_emit(self, signals[SIGNAL_TRASH], 0, paths);
    }
}

static void act_clear(GtkWidget *widget, const char *name, GVariant *parameter) {
    gtk_editable_set_text(GTK_EDITABLE(GSC_RUN_TABLE(widget)->find_entry), "");
}

/* ---- Object -------------------------------------------------------------------------------------- */

static void gsc_run_table_dispose(GObject *object) {
    GscRunTable *self = GSC_RUN_TABLE(object);

    g_clear_handle_id(&self->read_source, g_source_remove);
    g_clear_handle_id(&self->poll_source, g_source_remove);
    g_clear_handle_id(&self->select_source, g_source_remove);
    self->open = false;
    g_clear_pointer(&self->content, gtk_widget_unparent);
    g_clear_object(&self->selection);
    g_clear_object(&self->lines);
    g_clear_object(&self->groups);
    g_clear_object(&self->runs);
    g_clear_pointer(&self->by_path, g_hash_table_unref);
    g_clear_pointer(&self->chosen, g_hash_table_unref);
    g_clear_pointer(&self->run_columns, g_array_unref);
    g_clear_pointer(&self->group_places, g_array_unref);
    g_clear_pointer(&self->filter, gsc_library_filter_free);
    g_clear_pointer(&self->unknown, g_free);
    g_clear_pointer(&self->library, gsc_library_close);
    G_OBJECT_CLASS(gsc_run_table_parent_class)->dispose(object);
}

static void bind_children(GtkWidgetClass *klass) {
    gtk_widget_class_bind_template_child(klass, GscRunTable, content);
    gtk_widget_class_bind_template_child(klass, GscRunTable, find_entry);
    gtk_widget_class_bind_template_child(klass, GscRunTable, columns_entry);
    gtk_widget_class_bind_template_child(klass, GscRunTable, columns_button);
    gtk_widget_class_bind_template_child(klass, GscRunTable, columns_popover);
    gtk_widget_class_bind_template_child(klass, GscRunTable, columns_box);
    gtk_widget_class_bind_template_child(klass, GscRunTable, differing_button);
    gtk_widget_class_bind_template_child(klass, GscRunTable, group_drop);
    gtk_widget_class_bind_template_child(klass, GscRunTable, band_drop);
    gtk_widget_class_bind_template_child(klass, GscRunTable, count_label);
    gtk_widget_class_bind_template_child(klass, GscRunTable, problem_label);
    gtk_widget_class_bind_template_child(klass, GscRunTable, stack);
    gtk_widget_class_bind_template_child(klass, GscRunTable, run_view);
    gtk_widget_class_bind_template_child(klass, GscRunTable, group_view);
    gtk_widget_class_bind_template_child(klass, GscRunTable, trash_button);
    gtk_widget_class_bind_template_callback(klass, on_find_changed);
    gtk_widget_class_bind_template_callback(klass, on_find_stopped);
    gtk_widget_class_bind_template_callback(klass, on_columns_opened);
    gtk_widget_class_bind_template_callback(klass, on_view_changed);
    gtk_widget_class_bind_template_callback(klass, on_group_changed);
    gtk_widget_class_bind_template_callback(klass, on_band_changed);
    gtk_widget_class_bind_template_callback(klass, on_run_activated);
    gtk_widget_class_bind_template_callback(klass, on_group_activated);
}

static guint new_signal(const char *name, guint n, GType first, GType second) {
    return g_signal_new(name, GSC_TYPE_RUN_TABLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                        G_TYPE_NONE, n, first, second);
}

static void gsc_run_table_class_init(GscRunTableClass *klass) {
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);

    G_OBJECT_CLASS(klass)->dispose = gsc_run_table_dispose;
    signals[SIGNAL_SELECTED] = new_signal("selected", 1, G_TYPE_STRV, G_TYPE_NONE);
    signals[SIGNAL_ACTIVATED] = new_signal("activated", 1, G_TYPE_STRING, G_TYPE_NONE);
    signals[SIGNAL_SEEN] = new_signal("seen", 2, G_TYPE_STRV, G_TYPE_BOOLEAN);
    signals[SIGNAL_TRASH] = new_signal("trash", 1, G_TYPE_STRV, G_TYPE_NONE);
    signals[SIGNAL_TOLD] = new_signal("told", 0, G_TYPE_NONE, G_TYPE_NONE);
    gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BIN_LAYOUT);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/gatescope/Gatescope/run_table.ui");
    bind_children(widget_class);
    gtk_widget_class_install_action(widget_class, "table.trash", NULL, act_trash);
    gtk_widget_class_install_action(widget_class, "table.clear", NULL, act_clear);
    gtk_widget_class_add_binding_action(widget_class, GDK_KEY_Delete, 0, "table.trash", NULL);
}

static void fill_bands(GscRunTable *self) {
    g_autoptr(GtkStringList) names = gtk_string_list_new(NULL);

    for (int i = 0; i < GSC_LIBRARY_BANDS; i++) {
        g_autofree char *title = g_strdup(gsc_library_band_title((gsc_library_band)i));
        title[0] = g_ascii_toupper(title[0]);
        gtk_string_list_append(names, title);
    }
    /* what the search entry of the other list goes by */
    g_autoptr(GtkExpression) words =
        gtk_property_expression_new(GTK_TYPE_STRING_OBJECT, NULL, "string");
    gtk_drop_down_set_expression(self->group_drop, words);
    gtk_drop_down_set_model(self->band_drop, G_LIST_MODEL(names));
    gtk_drop_down_set_selected(self->band_drop, GSC_LIBRARY_T95);
}

static void gsc_run_table_init(GscRunTable *self) {
    self->by_path = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_object_unref);
    self->chosen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->run_columns = g_array_new(FALSE, FALSE, sizeof(guint));
    self->group_places = g_array_new(FALSE, FALSE, sizeof(guint));
    self->lines = g_list_store_new(GSC_TYPE_RUN_TABLE_LINE);
    self->groups = g_list_store_new(GSC_TYPE_RUN_TABLE_LINE);
    gtk_widget_init_template(GTK_WIDGET(self));
    fill_bands(self);

    self->found_filter = gtk_custom_filter_new(matches, self, NULL);
    self->found = gtk_filter_list_model_new(g_object_ref(G_LIST_MODEL(self->lines)),
                                            GTK_FILTER(self->found_filter));
    GtkSortListModel *sorted = gtk_sort_list_model_new(
        G_LIST_MODEL(self->found), g_object_ref(gtk_column_view_get_sorter(self->run_view)));
    self->selection = gtk_multi_selection_new(G_LIST_MODEL(sorted));
    gtk_column_view_set_model(self->run_view, GTK_SELECTION_MODEL(self->selection));
    g_signal_connect_object(self->selection, "selection-changed", G_CALLBACK(on_selection_changed),
                            self, 0);
    GtkSortListModel *sorted_groups =
        gtk_sort_list_model_new(g_object_ref(G_LIST_MODEL(self->groups)),
                                g_object_ref(gtk_column_view_get_sorter(self->group_view)));
    g_autoptr(GtkSingleSelection) one = gtk_single_selection_new(G_LIST_MODEL(sorted_groups));
    gtk_column_view_set_model(self->group_view, GTK_SELECTION_MODEL(one));
    gtk_widget_action_set_enabled(GTK_WIDGET(self), "table.trash", FALSE);
}
