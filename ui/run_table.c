/* SPDX-License-Identifier: MIT
 *
 * The table of all runs: finding, groups, selection. See run_table.h.
 */
#include "ui/run_table.h"

#include "ui/run_table_private.h"

#include <string.h>

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

void gsc_run_table_show_problem(GscRunTable *self) {
    const char *folder = gsc_run_store_get_problem(self->runs);
    const char *library = self->library != NULL ? gsc_library_get_problem(self->library) : "";
    const char *text = self->said != NULL      ? self->said
                       : self->unknown != NULL ? self->unknown
                       : folder != NULL        ? folder
                                               : library;

    gtk_label_set_text(self->problem_label, text);
    gtk_widget_set_visible(GTK_WIDGET(self->problem_label), *text != '\0');
}

void gsc_run_table_say(GscRunTable *self, const char *sentence) {
    g_free(self->said);
    self->said = g_strdup(sentence);
    gsc_run_table_show_problem(self);
}

void gsc_run_table_show_count(GscRunTable *self) {
    guint found = g_list_model_get_n_items(G_LIST_MODEL(self->found));
    guint all = g_list_model_get_n_items(G_LIST_MODEL(self->lines)) - self->n_doomed;
    bool grouped = gsc_run_table_get_group(self) != GSC_RUN_TABLE_UNGROUPED;
    guint groups = g_list_model_get_n_items(G_LIST_MODEL(self->groups));
    g_autofree char *runs = found == all ? g_strdup_printf("%'u %s", all, all == 1 ? "run" : "runs")
                                         : g_strdup_printf("%'u of %'u runs", found, all);
    g_autofree char *text = grouped ? g_strdup_printf("%u %s of %s, hidden ones too", groups,
                                                      groups == 1 ? "group" : "groups", runs)
                                    : g_strdup(runs);
    g_autofree char *reading =
        self->left > 0 ? g_strdup_printf(" · %'zu still to be read", self->left) : g_strdup("");
    g_autofree char *whole = g_strconcat(text, reading, NULL);

    /* selected runs that go leave no word of it */
    g_autoptr(GtkBitset) chosen =
        gtk_selection_model_get_selection(GTK_SELECTION_MODEL(self->selection));
    gtk_widget_action_set_enabled(GTK_WIDGET(self), "table.trash", !gtk_bitset_is_empty(chosen));
    gtk_label_set_text(self->count_label, whole);
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
    gsc_run_table_show_count(self);
}

void gsc_run_table_find_anew(GscRunTable *self) {
    gtk_filter_changed(GTK_FILTER(self->found_filter), GTK_FILTER_CHANGE_DIFFERENT);
    update_view(self);
}

static void read_find_entry(GscRunTable *self) {
    gsc_error error = {0};

    g_clear_pointer(&self->filter, gsc_library_filter_free);
    g_clear_pointer(&self->unknown, g_free);
    self->n_asked = gsc_library_columns_count(self->library);
    if (gsc_library_filter_new(self->library, gtk_editable_get_text(GTK_EDITABLE(self->find_entry)),
                               &self->filter, &error) != GSC_OK) {
        self->unknown = g_strdup_printf("%s.", error.message);
    }
    gsc_run_table_say(self, NULL);
}

void gsc_run_table_ask_anew(GscRunTable *self) {
    if (self->filter != NULL && self->n_asked != gsc_library_columns_count(self->library)) {
        read_find_entry(self);
    }
    gsc_run_table_find_anew(self);
}

static void on_find_changed(GtkSearchEntry *entry, GscRunTable *self) {
    if (self->library != NULL) {
        read_find_entry(self);
        gsc_run_table_find_anew(self);
    }
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
        g_clear_pointer(&self->wanted_group, g_free);
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

    g_clear_handle_id(&self->eyes_source, g_source_remove);
    g_clear_handle_id(&self->poll_source, g_source_remove);
    g_clear_handle_id(&self->select_source, g_source_remove);
    self->open = false;
    self->library = NULL;
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
    g_clear_pointer(&self->said, g_free);
    g_clear_pointer(&self->wanted_group, g_free);
    g_clear_object(&self->probes[0]);
    g_clear_object(&self->probes[1]);
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

static void on_order_changed(GtkSorter *sorter, GtkSorterChange change, GscRunTable *self) {
    gsc_run_table_note_order(self, sorter == gtk_column_view_get_sorter(self->group_view));
}

/* Before the models sort: their comparisons want to know which way round. */
static void watch_order(GscRunTable *self) {
    GtkColumnView *const views[] = {self->run_view, self->group_view};

    for (int i = 0; i < 2; i++) {
        self->probes[i] = g_object_new(GSC_TYPE_RUN_TABLE_LINE, NULL);
        self->probes[i]->probe = i + 1;
        self->sort_column[i] = -1;
        g_signal_connect_object(gtk_column_view_get_sorter(views[i]), "changed",
                                G_CALLBACK(on_order_changed), self, 0);
    }
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
    watch_order(self);

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
