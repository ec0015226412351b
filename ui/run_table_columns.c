/* SPDX-License-Identifier: MIT
 *
 * Which columns the run table has. See run_table_private.h. Without a word from the user: the parameters that
 * differ among the found runs (or all that they have) and the first results, plain names before those of one
 * series or arm; never so many that the table stops being one.
 */
#include "ui/run_table_private.h"

#include <string.h>

enum {
    MOST_DIFFERING = 12,
    MOST_PARAMETERS = 40,
    MOST_RESULTS = 6,
    MOST_LISTED = 150, /* columns in the list to choose from */
    SHOWN = 1,
    HIDDEN = 2
};

/* What the user said of a column: 0 nothing, SHOWN, HIDDEN. */
static int said(GscRunTable *self, size_t column) {
    return GPOINTER_TO_INT(
        g_hash_table_lookup(self->chosen, gsc_library_get_column(self->library, column)->name));
}

static gsc_library_kind kind_of(GscRunTable *self, size_t column) {
    return gsc_library_get_column(self->library, column)->kind;
}

static void add_fact(GscRunTable *self, GArray *columns, guint fact, bool usual) {
    int word = said(self, fact);

    if (word == SHOWN || (word == 0 && usual)) {
        g_array_append_val(columns, fact);
    }
}

static void add_parameters(GscRunTable *self, GArray *columns, const gsc_library_run **runs,
                           size_t n) {
    bool differing = gtk_toggle_button_get_active(self->differing_button);
    int left = differing ? MOST_DIFFERING : MOST_PARAMETERS;

    for (guint i = GSC_LIBRARY_FACTS; i < gsc_library_columns_count(self->library); i++) {
        int word = said(self, i);
        if (kind_of(self, i) != GSC_LIBRARY_PARAMETER || word == HIDDEN) {
            continue;
        }
        bool wanted =
            differing ? gsc_library_differs(runs, n, i) : gsc_library_count_values(runs, n, i) > 0;
        if (word == SHOWN || (wanted && left > 0)) {
            left -= word == 0;
            g_array_append_val(columns, i);
        }
    }
}

/* 0: a plain name, 1: of one series or arm, 2: of both. */
static int rank_of(const char *name) {
    return strchr(name, '[') == NULL ? 0 : strchr(name, ',') == NULL ? 1 : 2;
}

static void add_results(GscRunTable *self, GArray *columns, const gsc_library_run **runs,
                        size_t n) {
    size_t count = gsc_library_columns_count(self->library);
    g_autofree bool *wanted = g_new0(bool, count);
    int left = MOST_RESULTS;

    for (int rank = 0; rank <= 2 && left > 0; rank++) {
        for (size_t i = GSC_LIBRARY_FACTS; i < count && left > 0; i++) {
            if (kind_of(self, i) == GSC_LIBRARY_RESULT && said(self, i) == 0 &&
                rank_of(gsc_library_get_column(self->library, i)->name) == rank &&
                gsc_library_count_values(runs, n, i) > 0) {
                wanted[i] = true;
                left--;
            }
        }
    }
    for (guint i = GSC_LIBRARY_FACTS; i < count; i++) {
        if (wanted[i] || (kind_of(self, i) == GSC_LIBRARY_RESULT && said(self, i) == SHOWN)) {
            g_array_append_val(columns, i);
        }
    }
}

static GArray *choose(GscRunTable *self, const gsc_library_run **runs, size_t n) {
    GArray *columns = g_array_new(FALSE, FALSE, sizeof(guint));

    add_fact(self, columns, GSC_LIBRARY_NAME, true);
    add_fact(self, columns, GSC_LIBRARY_STATUS, true);
    add_fact(self, columns, GSC_LIBRARY_PROBLEM,
             gsc_library_count_values(runs, n, GSC_LIBRARY_PROBLEM) > 0);
    add_fact(self, columns, GSC_LIBRARY_EXPERIMENT,
             gsc_library_differs(runs, n, GSC_LIBRARY_EXPERIMENT));
    add_fact(self, columns, GSC_LIBRARY_TITLE, false);
    add_parameters(self, columns, runs, n);
    add_results(self, columns, runs, n);
    add_fact(self, columns, GSC_LIBRARY_STARTED, true);
    add_fact(self, columns, GSC_LIBRARY_TOOK, true);
    add_fact(self, columns, GSC_LIBRARY_FOLDER,
             gsc_library_differs(runs, n, GSC_LIBRARY_FOLDER) &&
                 gsc_library_count_values(runs, n, GSC_LIBRARY_FOLDER) > 0);
    add_fact(self, columns, GSC_LIBRARY_TAGS, true);
    add_fact(self, columns, GSC_LIBRARY_NOTES, true);
    gsc_run_table_arrange(self, columns);
    return columns;
}

static void remove_columns(GtkColumnView *view) {
    GListModel *columns = gtk_column_view_get_columns(view);

    while (g_list_model_get_n_items(columns) > 0) {
        g_autoptr(GtkColumnViewColumn) column = g_list_model_get_item(columns, 0);
        gtk_column_view_remove_column(view, column);
    }
}

static void append(GtkColumnView *view, GtkColumnViewColumn *column) {
    gtk_column_view_append_column(view, column);
    g_object_unref(column);
}

static void fill_run_view(GscRunTable *self) {
    guint sort = GSC_LIBRARY_STARTED;
    bool descending = true;

    gsc_run_table_get_wanted_sort(self, &sort, &descending);
    remove_columns(self->run_view);
    append(self->run_view, gsc_run_table_new_eye_column(self));
    for (guint i = 0; i < self->run_columns->len; i++) {
        guint column = g_array_index(self->run_columns, guint, i);
        GtkColumnViewColumn *made = gsc_run_table_new_column(self, column, false);
        append(self->run_view, made);
        if (column == sort) {
            gtk_column_view_sort_by_column(self->run_view, made,
                                           descending ? GTK_SORT_DESCENDING : GTK_SORT_ASCENDING);
        }
    }
}

static void fill_group_view(GscRunTable *self, int group) {
    remove_columns(self->group_view);
    if (group == GSC_RUN_TABLE_UNGROUPED) {
        return;
    }
    append(self->group_view, gsc_run_table_new_eye_column(self));
    append(self->group_view, gsc_run_table_new_column(self, (size_t)group, true));
    append(self->group_view, gsc_run_table_new_count_column(self));
    for (guint i = 0; i < self->run_columns->len; i++) {
        guint column = g_array_index(self->run_columns, guint, i);
        if (kind_of(self, column) == GSC_LIBRARY_RESULT) {
            append(self->group_view, gsc_run_table_new_column(self, column, true));
        }
    }
}

/* "Not grouped", then what there is to group by; keeps the choice. */
static void fill_group_drop(GscRunTable *self, const gsc_library_run **runs, size_t n) {
    static const guint facts[] = {GSC_LIBRARY_EXPERIMENT, GSC_LIBRARY_STATUS, GSC_LIBRARY_TAGS};
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(guint));
    int group = gsc_run_table_get_group(self);
    guint selected = 0;

    for (guint i = GSC_LIBRARY_FACTS; i < gsc_library_columns_count(self->library); i++) {
        if (kind_of(self, i) == GSC_LIBRARY_PARAMETER &&
            ((int)i == group || gsc_library_differs(runs, n, i))) {
            g_array_append_val(places, i);
        }
    }
    g_array_append_vals(places, facts, G_N_ELEMENTS(facts));
    if (self->group_places->len == places->len &&
        memcmp(self->group_places->data, places->data, places->len * sizeof(guint)) == 0) {
        return;
    }
    g_autoptr(GtkStringList) names = gtk_string_list_new(NULL);
    gtk_string_list_append(names, "Not grouped");
    for (guint i = 0; i < places->len; i++) {
        guint column = g_array_index(places, guint, i);
        g_autofree char *name =
            g_strdup_printf("By %s", gsc_library_get_column(self->library, column)->name);
        gtk_string_list_append(names, name);
        bool wanted = g_strcmp0(self->wanted_group, name + strlen("By ")) == 0;
        selected = (int)column == group || wanted ? i + 1 : selected;
        if (wanted) {
            g_clear_pointer(&self->wanted_group, g_free);
        }
    }
    g_array_set_size(self->group_places, 0);
    g_array_append_vals(self->group_places, places->data, places->len);
    self->quiet = true;
    gtk_drop_down_set_model(self->group_drop, G_LIST_MODEL(names));
    gtk_drop_down_set_selected(self->group_drop, selected);
    self->quiet = false;
}

void gsc_run_table_update_columns(GscRunTable *self) {
    size_t n = 0;
    g_autofree const gsc_library_run **runs = gsc_run_table_dup_found(self, &n);
    gsc_run_table_remember(self); /* columns may have been moved since */
    g_autoptr(GArray) columns = choose(self, runs, n);
    const guint *before = (const guint *)(gpointer)self->run_columns->data;
    int shown = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(self->group_view), "group")) - 1;

    fill_group_drop(self, runs, n);
    int group = gsc_run_table_get_group(self);
    bool same =
        self->run_columns->len == columns->len &&
        (columns->len == 0 || memcmp(before, columns->data, columns->len * sizeof(guint)) == 0);
    if (!same) {
        g_array_set_size(self->run_columns, 0);
        g_array_append_vals(self->run_columns, columns->data, columns->len);
        fill_run_view(self);
    }
    if (!same || group != shown) {
        fill_group_view(self, group);
        g_object_set_data(G_OBJECT(self->group_view), "group", GINT_TO_POINTER(group + 1));
    }
}

/* ---- Choosing ------------------------------------------------------------------------------------ */

static void on_column_toggled(GtkCheckButton *check, GscRunTable *self) {
    const char *name = g_object_get_data(G_OBJECT(check), "column");
    int word = gtk_check_button_get_active(check) ? SHOWN : HIDDEN;

    g_hash_table_insert(self->chosen, g_strdup(name), GINT_TO_POINTER(word));
    gsc_run_table_update_columns(self);
}

static bool is_on_view(GscRunTable *self, guint column) {
    for (guint i = 0; i < self->run_columns->len; i++) {
        if (g_array_index(self->run_columns, guint, i) == column) {
            return true;
        }
    }
    return false;
}

static void list_kind(GscRunTable *self, gsc_library_kind kind, const char *heading,
                      const char *needle, int *left) {
    bool headed = false;

    for (guint i = 0; i < gsc_library_columns_count(self->library) && *left > 0; i++) {
        const char *name = gsc_library_get_column(self->library, i)->name;
        if (kind_of(self, i) != kind || (*needle != '\0' && strcasestr(name, needle) == NULL)) {
            continue;
        }
        if (!headed) {
            GtkWidget *label = gtk_label_new(heading);
            gtk_label_set_xalign(GTK_LABEL(label), 0);
            gtk_widget_add_css_class(label, "caption-heading");
            gtk_widget_set_margin_top(label, 6);
            gtk_box_append(self->columns_box, label);
            headed = true;
        }
        GtkWidget *check = gtk_check_button_new_with_label(name);
        gtk_check_button_set_active(GTK_CHECK_BUTTON(check), is_on_view(self, i));
        g_object_set_data_full(G_OBJECT(check), "column", g_strdup(name), g_free);
        g_signal_connect(check, "toggled", G_CALLBACK(on_column_toggled), self);
        gtk_box_append(self->columns_box, check);
        (*left)--;
    }
}

void gsc_run_table_list_columns(GscRunTable *self) {
    const char *needle = gtk_editable_get_text(GTK_EDITABLE(self->columns_entry));
    GtkWidget *child;
    int left = MOST_LISTED;

    while ((child = gtk_widget_get_first_child(GTK_WIDGET(self->columns_box))) != NULL) {
        gtk_box_remove(self->columns_box, child);
    }
    if (self->library == NULL) {
        return;
    }
    list_kind(self, GSC_LIBRARY_FACT, "Run", needle, &left);
    list_kind(self, GSC_LIBRARY_PARAMETER, "Parameters", needle, &left);
    list_kind(self, GSC_LIBRARY_RESULT, "Results", needle, &left);
    if (left == 0) {
        GtkWidget *label = gtk_label_new("There are more: type a part of the name.");
        gtk_widget_add_css_class(label, "dim-label");
        gtk_box_append(self->columns_box, label);
    }
}
