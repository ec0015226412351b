/* SPDX-License-Identifier: MIT
 *
 * What stands in the cells of the run table. See run_table_private.h.
 */
#include "ui/run_table_private.h"

#include <math.h>

/* How many letters of a run's cell are in sight at the least; for more columns one scrolls. */
static int least_chars(size_t column, bool text) {
    switch (column) {
    case GSC_LIBRARY_NAME:
        return 22;
    case GSC_LIBRARY_STATUS:
    case GSC_LIBRARY_STARTED:
        return 12;
    case GSC_LIBRARY_PROBLEM:
        return 36;
    default:
        return text ? 10 : 9;
    }
}

/* What the factory and the sorter of a column know; as long as they live. */
typedef struct place {
    GscRunTable *table; /* borrowed: the view is a part of it */
    size_t column;
    bool of_groups;
} place;

static place *new_place(GscRunTable *table, size_t column, bool of_groups) {
    place *self = g_new(place, 1);

    *self = (place){table, column, of_groups};
    return self;
}

static void free_place(gpointer data, GClosure *closure) {
    g_free(data);
}

/* Calls update(list_item, place) now and whenever the line changes, until the cell is given up. */
static void follow(GtkListItem *item, GCallback update) {
    GObject *line = gtk_list_item_get_item(item);
    gulong handler = g_signal_connect_swapped(line, "changed", update, item);

    g_object_set_data(G_OBJECT(item), "handler", GSIZE_TO_POINTER(handler));
}

static void on_unbind(GtkListItemFactory *factory, GtkListItem *item, gpointer data) {
    GObject *line = gtk_list_item_get_item(item);
    gulong handler = GPOINTER_TO_SIZE(g_object_steal_data(G_OBJECT(item), "handler"));

    if (handler != 0 && line != NULL) {
        g_signal_handler_disconnect(line, handler);
    }
}

static GtkColumnViewColumn *new_column(const char *title, GCallback setup, GCallback bind,
                                       place *data) {
    GtkListItemFactory *factory = gtk_signal_list_item_factory_new();
    /* one owner: the setup handler's closure */
    g_signal_connect_data(factory, "setup", setup, data, free_place, 0);
    g_signal_connect(factory, "bind", bind, data);
    g_signal_connect(factory, "unbind", G_CALLBACK(on_unbind), NULL);
    GtkColumnViewColumn *column = gtk_column_view_column_new(title, factory);
    gtk_column_view_column_set_resizable(column, TRUE);
    return column;
}

/* ---- Words and numbers --------------------------------------------------------------------------- */

static bool is_text(const place *self) {
    const gsc_library_column *column = gsc_library_get_column(self->table->library, self->column);

    return column->kind != GSC_LIBRARY_RESULT;
}

static void update_label(GtkListItem *item) {
    GtkWidget *label = gtk_list_item_get_child(item);
    const place *self = g_object_get_data(G_OBJECT(item), "place");
    GscRunTableLine *line = gtk_list_item_get_item(item);

    if (line == NULL || label == NULL) {
        return;
    }
    g_autofree char *markup = gsc_run_table_line_dup_markup(
        line, gsc_library_get_column(self->table->library, self->column), self->column,
        gsc_run_table_get_band(self->table));
    gtk_label_set_markup(GTK_LABEL(label), markup);
    if (self->column == GSC_LIBRARY_STATUS && line->run != NULL) {
        bool bad = !line->run->readable || line->run->status == GSC_RUN_FAILED ||
                   line->run->status == GSC_RUN_LOST;
        (bad ? gtk_widget_add_css_class : gtk_widget_remove_css_class)(label, "warning");
        gtk_widget_set_tooltip_text(label,
                                    gsc_library_get_cell(line->run, GSC_LIBRARY_PROBLEM).text);
    } else {
        gtk_widget_set_tooltip_markup(label, *markup != '\0' ? markup : NULL);
    }
}

static void on_label_setup(GtkListItemFactory *factory, GtkListItem *item, place *self) {
    GtkWidget *label = gtk_label_new(NULL);
    bool text = is_text(self);

    bool name = self->column == GSC_LIBRARY_NAME && !self->of_groups;
    bool wide = self->of_groups || name || self->column == GSC_LIBRARY_PROBLEM;

    /* What does not fit is scrolled to; names differ at their ends, which therefore stay. */
    gtk_label_set_xalign(GTK_LABEL(label), text ? 0 : 1);
    gtk_label_set_ellipsize(GTK_LABEL(label), name ? PANGO_ELLIPSIZE_MIDDLE : PANGO_ELLIPSIZE_END);
    gtk_label_set_width_chars(GTK_LABEL(label), least_chars(self->column, text));
    gtk_label_set_max_width_chars(GTK_LABEL(label), wide ? 40 : 26);
    gtk_widget_add_css_class(label, "numeric");
    gtk_list_item_set_child(item, label);
    g_object_set_data(G_OBJECT(item), "place", self);
}

static void on_label_bind(GtkListItemFactory *factory, GtkListItem *item, place *self) {
    follow(item, G_CALLBACK(update_label));
    update_label(item);
}

/* ---- Tags and notes ------------------------------------------------------------------------------ */

static void update_words(GtkListItem *item) {
    GtkWidget *words = gtk_list_item_get_child(item);
    const place *self = g_object_get_data(G_OBJECT(item), "place");
    GscRunTableLine *line = gtk_list_item_get_item(item);

    if (line == NULL || line->run == NULL || words == NULL ||
        gtk_editable_label_get_editing(GTK_EDITABLE_LABEL(words))) {
        return;
    }
    const char *text = gsc_library_get_cell(line->run, self->column).text;
    g_autofree char *name =
        g_strdup_printf("%s of %s", self->column == GSC_LIBRARY_TAGS ? "Tags" : "Notes",
                        gsc_library_get_cell(line->run, GSC_LIBRARY_NAME).text);
    gtk_editable_set_text(GTK_EDITABLE(words), text != NULL ? text : "");
    gtk_accessible_update_property(GTK_ACCESSIBLE(words), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

static void on_words_edited(GtkEditableLabel *words, GParamSpec *pspec, GtkListItem *item) {
    const place *self = g_object_get_data(G_OBJECT(item), "place");
    GscRunTableLine *line = gtk_list_item_get_item(item);
    gsc_error error = {0};

    if (gtk_editable_label_get_editing(words) || line == NULL || line->run == NULL) {
        return;
    }
    const char *text = gtk_editable_get_text(GTK_EDITABLE(words));
    const char *before = gsc_library_get_cell(line->run, self->column).text;
    if (g_strcmp0(text, before != NULL ? before : "") == 0) {
        return;
    }
    gsc_library *library = self->table->library;
    gsc_status status = self->column == GSC_LIBRARY_TAGS
                            ? gsc_library_set_tags(library, line->path, text, &error)
                            : gsc_library_set_notes(library, line->path, text, &error);
    gsc_run_table_say(self->table, status != GSC_OK ? error.message : NULL);
    gsc_run_table_line_changed(line);
}

/* A row takes the focus with every click, so that the label never has it for its own second one. */
static void on_words_pressed(GtkGestureClick *click, int n_press, double x, double y,
                             GtkEditableLabel *words) {
    if (n_press == 2 && !gtk_editable_label_get_editing(words)) {
        gtk_gesture_set_state(GTK_GESTURE(click), GTK_EVENT_SEQUENCE_CLAIMED);
        gtk_editable_label_start_editing(words);
    }
}

static void on_words_setup(GtkListItemFactory *factory, GtkListItem *item, place *self) {
    GtkWidget *words = gtk_editable_label_new("");

    gtk_editable_set_width_chars(GTK_EDITABLE(words), 12);
    gtk_widget_set_tooltip_text(words, "Double click, or press Enter, to write");
    gtk_list_item_set_child(item, words);
    g_object_set_data(G_OBJECT(item), "place", self);
    g_signal_connect(words, "notify::editing", G_CALLBACK(on_words_edited), item);
    GtkGesture *click = gtk_gesture_click_new();
    g_signal_connect(click, "pressed", G_CALLBACK(on_words_pressed), words);
    gtk_widget_add_controller(words, GTK_EVENT_CONTROLLER(click));
}

static void on_words_bind(GtkListItemFactory *factory, GtkListItem *item, place *self) {
    follow(item, G_CALLBACK(update_words));
    update_words(item);
}

/* ---- Eye ----------------------------------------------------------------------------------------- */

static bool is_shown(GscRunTable *self, const char *path) {
    GscRunItem *item = gsc_run_store_find(self->runs, path);

    return item != NULL && gsc_run_item_get_shown(item);
}

static size_t count_shown(GscRunTable *self, const GscRunTableLine *group) {
    size_t n = 0;

    for (size_t i = 0; i < group->n_members; i++) {
        n += is_shown(self, group->members[i]->path);
    }
    return n;
}

/* Of a group: whether any of its runs is. */
static bool is_line_shown(GscRunTable *self, GscRunTableLine *line) {
    return line->path != NULL ? is_shown(self, line->path) : count_shown(self, line) > 0;
}

static void update_eye(GtkListItem *item) {
    GtkWidget *eye = gtk_list_item_get_child(item);
    const place *self = g_object_get_data(G_OBJECT(item), "place");
    GscRunTableLine *line = gtk_list_item_get_item(item);

    if (line == NULL || eye == NULL) {
        return;
    }
    bool shown = is_line_shown(self->table, line);
    const char *name =
        line->run != NULL ? gsc_library_get_cell(line->run, GSC_LIBRARY_NAME).text : line->label;
    g_autofree char *label = g_strdup_printf("%s %s in the figure", shown ? "Hide" : "Show", name);
    gtk_button_set_icon_name(GTK_BUTTON(eye), shown ? "gsc-eye-symbolic" : "gsc-eye-off-symbolic");
    gtk_widget_set_tooltip_text(eye, label);
    gtk_widget_set_sensitive(eye, line->run == NULL || line->run->readable);
    gtk_accessible_update_property(GTK_ACCESSIBLE(eye), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static void on_eye_clicked(GtkButton *eye, GtkListItem *item) {
    const place *self = g_object_get_data(G_OBJECT(item), "place");
    GscRunTableLine *line = gtk_list_item_get_item(item);

    if (line == NULL) {
        return;
    }
    if (line->path != NULL) {
        gtk_widget_activate_action(GTK_WIDGET(eye), "win.toggle-run", "s", line->path);
    } else {
        gsc_run_table_emit_seen(self->table, line, !is_line_shown(self->table, line));
    }
    update_eye(item);
}

static void on_eye_setup(GtkListItemFactory *factory, GtkListItem *item, place *self) {
    GtkWidget *eye = gtk_button_new_from_icon_name("gsc-eye-off-symbolic");

    gtk_widget_add_css_class(eye, "flat");
    gtk_list_item_set_child(item, eye);
    g_object_set_data(G_OBJECT(item), "place", self);
    g_signal_connect(eye, "clicked", G_CALLBACK(on_eye_clicked), item);
}

static void on_eye_bind(GtkListItemFactory *factory, GtkListItem *item, place *self) {
    follow(item, G_CALLBACK(update_eye));
    update_eye(item);
}

GtkColumnViewColumn *gsc_run_table_new_eye_column(GscRunTable *self) {
    return new_column("", G_CALLBACK(on_eye_setup), G_CALLBACK(on_eye_bind),
                      new_place(self, GSC_LIBRARY_NAME, false));
}

/* ---- Number of runs of a group ------------------------------------------------------------------- */

/* "20 · 3 in the figure": the eye moves the second number, and neither the first nor a mean. */
static void update_count(GtkListItem *item) {
    GtkWidget *label = gtk_list_item_get_child(item);
    const place *self = g_object_get_data(G_OBJECT(item), "place");
    GscRunTableLine *line = gtk_list_item_get_item(item);

    if (line == NULL || label == NULL) {
        return;
    }
    const size_t all = line->n_members, shown = count_shown(self->table, line);
    g_autofree char *text =
        shown == all ? g_strdup_printf("%zu", all)
                     : g_strdup_printf("%zu <small>· %zu in the figure</small>", all, shown);
    g_autofree char *tip = g_strdup_printf(
        "%zu %s found, %zu of them in the figure; a mean counts all that have the value, in the "
        "figure or not",
        all, all == 1 ? "run is" : "runs are", shown);
    gtk_label_set_markup(GTK_LABEL(label), text);
    gtk_widget_set_tooltip_text(label, tip);
}

static void on_count_setup(GtkListItemFactory *factory, GtkListItem *item, place *self) {
    GtkWidget *label = gtk_label_new(NULL);

    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_widget_add_css_class(label, "numeric");
    gtk_list_item_set_child(item, label);
    g_object_set_data(G_OBJECT(item), "place", self);
}

static void on_count_bind(GtkListItemFactory *factory, GtkListItem *item, place *self) {
    follow(item, G_CALLBACK(update_count));
    update_count(item);
}

GtkColumnViewColumn *gsc_run_table_new_count_column(GscRunTable *self) {
    return new_column("Runs", G_CALLBACK(on_count_setup), G_CALLBACK(on_count_bind),
                      new_place(self, GSC_LIBRARY_NAME, true));
}

/* ---- Columns ------------------------------------------------------------------------------------- */

static double mean_of(const GscRunTableLine *line, size_t column) {
    return gsc_library_summarize(line->members, line->n_members, column, GSC_LIBRARY_STD).mean;
}

/* Lines without a value come last in either order, which the view turns round. */
static int order_empty(const place *self, bool left_is, bool right_is) {
    return self->table->descending[self->of_groups] ? right_is - left_is : left_is - right_is;
}

static int compare_lines(gconstpointer a, gconstpointer b, gpointer data) {
    const GscRunTableLine *left = a, *right = b;
    const place *self = data;

    if (left->probe != 0 && right->probe != 0) {
        self->table->sort_column[self->of_groups] = (int)self->column;
        return left->probe - right->probe;
    }
    if (left->run != NULL && right->run != NULL) {
        const bool left_is = gsc_library_get_cell(left->run, self->column).text == NULL;
        const bool right_is = gsc_library_get_cell(right->run, self->column).text == NULL;
        return left_is || right_is ? order_empty(self, left_is, right_is)
                                   : gsc_library_compare(left->run, right->run, self->column);
    }
    if (left->n_members > 0 && right->n_members > 0 && self->column == left->column) {
        return gsc_library_compare(left->members[0], right->members[0], self->column);
    }
    if (left->n_members > 0 && right->n_members > 0) {
        double before = mean_of(left, self->column), after = mean_of(right, self->column);
        return isnan(before) || isnan(after) ? order_empty(self, isnan(before), isnan(after))
                                             : (before > after) - (before < after);
    }
    return 0;
}

/* "gate.temperature (s)": the name as the find entry takes it. */
static char *dup_title(const gsc_library_column *column) {
    if (column->kind == GSC_LIBRARY_FACT) {
        char *title = g_strdup(column->name);
        title[0] = g_ascii_toupper(title[0]);
        return title;
    }
    bool unit = *column->unit != '\0';
    return g_strdup_printf("%s%s%s%s", column->name, unit ? " (" : "", column->unit,
                           unit ? ")" : "");
}

GtkColumnViewColumn *gsc_run_table_new_column(GscRunTable *self, size_t column, bool of_groups) {
    g_autofree char *title = dup_title(gsc_library_get_column(self->library, column));
    bool words = !of_groups && (column == GSC_LIBRARY_TAGS || column == GSC_LIBRARY_NOTES);
    GtkColumnViewColumn *made =
        words ? new_column(title, G_CALLBACK(on_words_setup), G_CALLBACK(on_words_bind),
                           new_place(self, column, of_groups))
              : new_column(title, G_CALLBACK(on_label_setup), G_CALLBACK(on_label_bind),
                           new_place(self, column, of_groups));
    g_autoptr(GtkCustomSorter) sorter =
        gtk_custom_sorter_new(compare_lines, new_place(self, column, of_groups), g_free);

    gtk_column_view_column_set_sorter(made, GTK_SORTER(sorter));
    gtk_column_view_column_set_expand(made, of_groups || column == GSC_LIBRARY_NOTES);
    if (!of_groups) {
        gtk_column_view_column_set_fixed_width(made, gsc_run_table_get_width(self, (guint)column));
        g_object_set_data(G_OBJECT(made), "column", GINT_TO_POINTER((int)column + 1));
    }
    return made;
}
