/* SPDX-License-Identifier: MIT
 *
 * A list of plugins to choose from. See plugin_picker.h.
 */
#include "ui/plugin_picker.h"

#include "ui/plugin_store.h"
#include "ui/text_scale.h"
#include "ui/words.h"

#include <string.h>

enum {
    WIDTH = 360, /* at the usual text scale */
    HEIGHT = 420
};

/* A line of the list. */
typedef struct line {
    char *id, *title, *text, *group,
        *find;       /* text: formula or refusal; find: looked through, folded */
    int rank;        /* of its group */
    GtkWidget *mark; /* NULL before the list has been shown */
    bool refused, chosen;
} line;

struct _GscPluginPicker {
    GtkPopover parent;
    bool many;
    GtkSearchEntry *search;
    GtkListBox *list;
    GPtrArray *
        lines; /* line *; rows of them are made when the list is shown: hundreds of words to lay out */
    GPtrArray *groups; /* char * */
    guint rows;        /* how many of the lines have one */
    char *wanted;      /* folded */
};

G_DEFINE_FINAL_TYPE(GscPluginPicker, gsc_plugin_picker, GTK_TYPE_POPOVER)

enum {
    SIGNAL_CHOSEN,
    N_SIGNALS
};
static guint signals[N_SIGNALS];

static void free_line(gpointer data) {
    line *self = data;

    g_free(self->id);
    g_free(self->title);
    g_free(self->text);
    g_free(self->group);
    g_free(self->find);
    g_free(self);
}

static line *line_of(GtkListBoxRow *row) {
    return g_object_get_data(G_OBJECT(row), "line");
}

/* ---- Order and finding --------------------------------------------------------------------------- */

const char *gsc_plugin_picker_group(const json_t *descriptor) {
    const json_t *stages = json_object_get(descriptor, "stages");
    bool own_score = false;
    const char *choice = "";

    if (strcmp(gsc_plugin_text(descriptor, "kind"), "gate") != 0) {
        return "";
    }
    for (size_t i = 0; i < json_array_size(stages); i++) {
        const json_t *stage = json_array_get(stages, i);
        const bool own = json_is_true(json_object_get(stage, "own"));
        const char *name = gsc_plugin_text(stage, "stage");
        own_score = own_score || (own && strcmp(name, "score") == 0);
        choice = own && strcmp(name, "select") == 0 ? gsc_plugin_text(stage, "does") : choice;
    }
    return g_str_has_prefix(choice, "its own choice")  ? "Choose over the whole batch"
           : g_str_has_prefix(choice, "its own count") ? "Choose how many experts"
           : own_score                                 ? "Score tokens in their own way"
                                                       : "Weigh linear scores";
}

static int rank_of(GscPluginPicker *self, const char *group) {
    guint at = 0;

    if (!g_ptr_array_find_with_equal_func(self->groups, group, g_str_equal, &at)) {
        at = self->groups->len;
        g_ptr_array_add(self->groups, g_strdup(group));
    }
    return (int)at;
}

static int compare_lines(GtkListBoxRow *a, GtkListBoxRow *b, gpointer data) {
    const line *left = line_of(a), *right = line_of(b);

    return left->refused != right->refused ? left->refused - right->refused
                                           : left->rank - right->rank;
}

static const char *heading_of(const line *self) {
    return self->refused ? "Not in this lab" : self->group;
}

static void add_heading(GtkListBoxRow *row, GtkListBoxRow *before, gpointer data) {
    const char *heading = heading_of(line_of(row));

    if (*heading == '\0' || (before != NULL && strcmp(heading, heading_of(line_of(before))) == 0)) {
        gtk_list_box_row_set_header(row, NULL);
        return;
    }
    GtkWidget *label = gtk_label_new(heading);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_widget_add_css_class(label, "caption-heading");
    gtk_widget_add_css_class(label, "dim-label");
    gtk_widget_add_css_class(label, "picker-group");
    gtk_list_box_row_set_header(row, label);
}

static gboolean is_wanted(GtkListBoxRow *row, gpointer data) {
    const GscPluginPicker *self = data;

    return self->wanted == NULL || strstr(line_of(row)->find, self->wanted) != NULL;
}

static void on_search(GtkSearchEntry *search, GscPluginPicker *self) {
    g_free(self->wanted);
    self->wanted = g_utf8_casefold(gtk_editable_get_text(GTK_EDITABLE(search)), -1);
    gtk_list_box_invalidate_filter(self->list);
}

/* ---- Choosing ------------------------------------------------------------------------------------ */

static void show_mark(const line *self) {
    if (self->mark != NULL) {
        gtk_widget_set_opacity(self->mark, self->chosen ? 1 : 0);
    }
}

static void choose(GscPluginPicker *self, GtkListBoxRow *row) {
    line *one = line_of(row);

    if (one->refused) {
        return;
    }
    g_autofree char *id = g_strdup(one->id);
    if (self->many) {
        one->chosen = !one->chosen;
        show_mark(one);
    } else {
        gtk_popover_popdown(GTK_POPOVER(self));
    }
    g_signal_emit(self, signals[SIGNAL_CHOSEN], 0, id);
}

static void on_row_activated(GtkListBox *list, GtkListBoxRow *row, GscPluginPicker *self) {
    choose(self, row);
}

/* Enter takes the first that is left; the field tells what was typed last only after a pause. */
static void on_search_activated(GtkSearchEntry *search, GscPluginPicker *self) {
    GtkListBoxRow *row;

    on_search(search, self);
    for (int i = 0; (row = gtk_list_box_get_row_at_index(self->list, i)) != NULL; i++) {
        if (gtk_widget_get_child_visible(GTK_WIDGET(row)) && !line_of(row)->refused) {
            choose(self, row);
            return;
        }
    }
}

/* The search field keeps Escape to itself. */
static void on_search_stopped(GtkSearchEntry *search, GscPluginPicker *self) {
    gtk_popover_popdown(GTK_POPOVER(self));
}

/* ---- Lines --------------------------------------------------------------------------------------- */

void gsc_plugin_picker_clear(GscPluginPicker *self) {
    GtkWidget *child;

    while ((child = GTK_WIDGET(gtk_list_box_get_row_at_index(self->list, 0))) != NULL) {
        gtk_list_box_remove(self->list, child);
    }
    self->rows = 0;
    g_ptr_array_set_size(self->lines, 0);
    g_ptr_array_set_size(self->groups, 0);
}

static GtkWidget *new_label(const char *text, bool small) {
    GtkWidget *label = gtk_label_new(text);

    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
    if (small) {
        gtk_widget_add_css_class(label, "dim-label");
        gtk_widget_add_css_class(label, "caption");
        gtk_widget_set_visible(label, *text != '\0');
    }
    return label;
}

static void add_row(GscPluginPicker *self, line *one) {
    GtkWidget *row = gtk_list_box_row_new();
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    GtkWidget *words = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget *text = new_label(one->text, true);

    if (!one->refused) {
        g_autofree char *formula = gsc_words_formula(one->text);
        gtk_label_set_markup(GTK_LABEL(text), formula);
    }
    one->mark = gtk_image_new_from_icon_name("object-select-symbolic");
    show_mark(one);
    gtk_box_append(GTK_BOX(words), new_label(one->title, false));
    gtk_box_append(GTK_BOX(words), text);
    gtk_widget_set_hexpand(words, TRUE);
    gtk_widget_set_sensitive(gtk_widget_get_first_child(words), !one->refused);
    gtk_box_append(GTK_BOX(box), words);
    gtk_box_append(GTK_BOX(box), one->mark);
    gtk_widget_add_css_class(box, "plugin-line");
    gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), box);
    gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), !one->refused);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, one->title,
                                   -1);
    g_object_set_data(G_OBJECT(row), "line", one);
    gtk_list_box_append(self->list, row);
}

static void add_rows(GscPluginPicker *self) {
    for (; self->rows < self->lines->len; self->rows++) {
        add_row(self, self->lines->pdata[self->rows]);
    }
}

void gsc_plugin_picker_add(GscPluginPicker *self, const char *id, const char *title,
                           const char *doc, const char *group, const char *refusal) {
    line *one = g_new0(line, 1);
    g_autofree char *all = g_strdup_printf("%s %s %s %s", title, id, doc, group);

    one->id = g_strdup(id);
    one->title = g_strdup(title);
    one->group = g_strdup(group);
    one->find = g_utf8_casefold(all, -1);
    one->refused = *refusal != '\0';
    one->text = g_strdup(one->refused ? refusal : doc);
    one->rank = rank_of(self, group);
    g_ptr_array_add(self->lines, one);
    if (gtk_widget_get_visible(GTK_WIDGET(self))) {
        add_rows(self);
    }
}

void gsc_plugin_picker_mark(GscPluginPicker *self, const char *id, bool chosen) {
    for (guint i = 0; i < self->lines->len; i++) {
        line *one = self->lines->pdata[i];
        if (strcmp(one->id, id) == 0) {
            one->chosen = chosen;
        } else if (!self->many && chosen) {
            one->chosen = false;
        }
        show_mark(one);
    }
}

/* ---- Object -------------------------------------------------------------------------------------- */

static void gsc_plugin_picker_finalize(GObject *object) {
    GscPluginPicker *self = GSC_PLUGIN_PICKER(object);

    g_ptr_array_unref(self->lines);
    g_ptr_array_unref(self->groups);
    g_free(self->wanted);
    G_OBJECT_CLASS(gsc_plugin_picker_parent_class)->finalize(object);
}

static void gsc_plugin_picker_show(GtkWidget *widget) {
    GscPluginPicker *self = GSC_PLUGIN_PICKER(widget);

    add_rows(self);
    gtk_editable_set_text(GTK_EDITABLE(self->search), "");
    GTK_WIDGET_CLASS(gsc_plugin_picker_parent_class)->show(widget);
    gtk_widget_grab_focus(GTK_WIDGET(self->search));
}

static void gsc_plugin_picker_class_init(GscPluginPickerClass *klass) {
    G_OBJECT_CLASS(klass)->finalize = gsc_plugin_picker_finalize;
    GTK_WIDGET_CLASS(klass)->show = gsc_plugin_picker_show;
    signals[SIGNAL_CHOSEN] = g_signal_new("chosen", GSC_TYPE_PLUGIN_PICKER, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void gsc_plugin_picker_init(GscPluginPicker *self) {
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    GtkWidget *scroller = gtk_scrolled_window_new();
    GtkWidget *none = gtk_label_new("Nothing fits what is typed");

    self->lines = g_ptr_array_new_with_free_func(free_line);
    self->groups = g_ptr_array_new_with_free_func(g_free);
    self->search = GTK_SEARCH_ENTRY(gtk_search_entry_new());
    self->list = GTK_LIST_BOX(gtk_list_box_new());
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->search), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   "Find a plugin", -1);
    gtk_list_box_set_selection_mode(self->list, GTK_SELECTION_NONE);
    gtk_list_box_set_sort_func(self->list, compare_lines, NULL, NULL);
    gtk_list_box_set_header_func(self->list, add_heading, NULL, NULL);
    gtk_list_box_set_filter_func(self->list, is_wanted, self, NULL);
    gtk_widget_add_css_class(none, "dim-label");
    gtk_widget_set_margin_top(none, 18);
    gtk_widget_set_margin_bottom(none, 18);
    gtk_list_box_set_placeholder(self->list, none);
    gtk_widget_add_css_class(GTK_WIDGET(self->list), "plugin-lines");
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroller), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_propagate_natural_height(GTK_SCROLLED_WINDOW(scroller), TRUE);
    gtk_scrolled_window_set_max_content_height(GTK_SCROLLED_WINDOW(scroller), HEIGHT);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), GTK_WIDGET(self->list));
    gsc_text_scale_set_width(box, WIDTH);
    gtk_box_append(GTK_BOX(box), GTK_WIDGET(self->search));
    gtk_box_append(GTK_BOX(box), scroller);
    gtk_popover_set_child(GTK_POPOVER(self), box);
    gtk_widget_add_css_class(GTK_WIDGET(self), "plugin-picker");
    g_signal_connect(self->search, "search-changed", G_CALLBACK(on_search), self);
    g_signal_connect(self->search, "activate", G_CALLBACK(on_search_activated), self);
    g_signal_connect(self->search, "stop-search", G_CALLBACK(on_search_stopped), self);
    g_signal_connect(self->list, "row-activated", G_CALLBACK(on_row_activated), self);
}

GtkWidget *gsc_plugin_picker_new(bool many) {
    GscPluginPicker *self = g_object_new(GSC_TYPE_PLUGIN_PICKER, NULL);

    self->many = many;
    return GTK_WIDGET(self);
}
