/* SPDX-License-Identifier: MIT
 *
 * How the last build of a plugin went. See build_pane.h.
 */
#include "ui/build_pane.h"

struct _GscBuildPane {
    GtkWidget parent;
    GtkRevealer *revealer;
    GtkSpinner *spinner;
    GtkLabel *title_label, *outcome_label;
    GtkButton *edit_button;
    GtkScrolledWindow *scroller;
    GtkListBox *list;
    char *path;
    GArray *lines; /* of int, parallel to the rows */
};

G_DEFINE_FINAL_TYPE(GscBuildPane, gsc_build_pane, GTK_TYPE_WIDGET)

enum {
    SIGNAL_EDIT,
    N_SIGNALS
};
static guint signals[N_SIGNALS];

static void clear_rows(GscBuildPane *self) {
    GtkListBoxRow *row;

    while ((row = gtk_list_box_get_row_at_index(self->list, 0)) != NULL) {
        gtk_list_box_remove(self->list, GTK_WIDGET(row));
    }
    g_array_set_size(self->lines, 0);
    gtk_widget_set_visible(GTK_WIDGET(self->scroller), FALSE);
}

static GtkWidget *new_label(const char *text, const char *css_class) {
    GtkWidget *label = gtk_label_new(text);

    gtk_label_set_xalign(GTK_LABEL(label), 0);
    if (css_class != NULL) {
        gtk_widget_add_css_class(label, css_class);
    }
    return label;
}

/* "12:5  error  expected ';' before ..." */
static void add_row(GscBuildPane *self, const gsc_diagnostic *one) {
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    GtkWidget *message = new_label(one->message, NULL);
    GtkWidget *row = gtk_list_box_row_new();
    g_autofree char *place = one->line > 0 ? g_strdup_printf("line %d", one->line) : g_strdup("");
    g_autofree char *spoken =
        g_strdup_printf("%s, %s: %s", one->is_error ? "error" : "warning", place, one->message);
    GtkWidget *at = new_label(place, "numeric");

    gtk_label_set_width_chars(GTK_LABEL(at), 9);
    gtk_widget_add_css_class(at, "dim-label");
    gtk_widget_set_valign(at, GTK_ALIGN_START);
    gtk_label_set_wrap(GTK_LABEL(message), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(message), PANGO_WRAP_WORD_CHAR);
    gtk_widget_add_css_class(message, one->is_error ? "error" : "warning");
    gtk_widget_set_hexpand(message, TRUE);
    gtk_box_append(GTK_BOX(box), at);
    gtk_box_append(GTK_BOX(box), message);
    gtk_widget_add_css_class(box, "diagnostic");
    gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), box);
    gtk_widget_set_tooltip_text(row, "Open this line in the editor");
    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
    gtk_list_box_append(self->list, row);
    g_array_append_val(self->lines, one->line);
}

static void set_title(GscBuildPane *self, const char *path, const char *rest) {
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *title = g_strdup_printf("%s · %s", name, rest);

    if (self->path != path) {
        g_free(self->path);
        self->path = g_strdup(path);
    }
    gtk_label_set_text(self->title_label, title);
    gtk_widget_set_tooltip_text(GTK_WIDGET(self->title_label), path);
    gtk_revealer_set_reveal_child(self->revealer, TRUE);
}

void gsc_build_pane_show_building(GscBuildPane *self, const char *path) {
    set_title(self, path, "building…");
    gtk_widget_set_visible(GTK_WIDGET(self->spinner), TRUE);
    gtk_spinner_start(self->spinner);
}

void gsc_build_pane_show_build(GscBuildPane *self, const gsc_build *build) {
    g_autofree char *count = gsc_diagnostics_count(build->diagnostics);
    g_autofree char *seconds = g_strdup_printf("built in %.1f s", build->seconds);
    g_autofree char *rest = build->object == NULL
                                ? g_strdup(*count != '\0' ? count : "not built")
                                : g_strconcat(seconds, *count != '\0' ? ", " : "", count, NULL);

    gtk_spinner_stop(self->spinner);
    gtk_widget_set_visible(GTK_WIDGET(self->spinner), FALSE);
    clear_rows(self);
    set_title(self, build->source, rest);
    for (guint i = 0; i < build->diagnostics->len; i++) {
        add_row(self, build->diagnostics->pdata[i]);
    }
    gtk_widget_set_visible(GTK_WIDGET(self->scroller), build->diagnostics->len > 0);
    gsc_build_pane_set_outcome(self, build->problem, false);
}

void gsc_build_pane_set_outcome(GscBuildPane *self, const char *sentence, bool good) {
    gtk_label_set_text(self->outcome_label, sentence != NULL ? sentence : "");
    gtk_widget_set_visible(GTK_WIDGET(self->outcome_label), sentence != NULL);
    gtk_widget_remove_css_class(GTK_WIDGET(self->outcome_label), good ? "error" : "dim-label");
    gtk_widget_add_css_class(GTK_WIDGET(self->outcome_label), good ? "dim-label" : "error");
}

const char *gsc_build_pane_get_text(GscBuildPane *self) {
    return gtk_revealer_get_reveal_child(self->revealer) ? gtk_label_get_text(self->title_label)
                                                         : "";
}

guint gsc_build_pane_count(GscBuildPane *self) {
    return self->lines->len;
}

/* ---- Object -------------------------------------------------------------------------------------- */

static void on_edit_clicked(GtkButton *button, GscBuildPane *self) {
    const int first = self->lines->len > 0 ? g_array_index(self->lines, int, 0) : 0;

    g_signal_emit(self, signals[SIGNAL_EDIT], 0, self->path, first);
}

static void on_close_clicked(GtkButton *button, GscBuildPane *self) {
    gtk_revealer_set_reveal_child(self->revealer, FALSE);
}

static void on_row_activated(GtkListBox *list, GtkListBoxRow *row, GscBuildPane *self) {
    const guint at = (guint)gtk_list_box_row_get_index(row);

    g_signal_emit(self, signals[SIGNAL_EDIT], 0, self->path, g_array_index(self->lines, int, at));
}

static void gsc_build_pane_dispose(GObject *object) {
    GscBuildPane *self = GSC_BUILD_PANE(object);
    GtkWidget *content = GTK_WIDGET(self->revealer);

    self->revealer = NULL;
    g_clear_pointer(&content, gtk_widget_unparent);
    g_clear_pointer(&self->lines, g_array_unref);
    g_clear_pointer(&self->path, g_free);
    G_OBJECT_CLASS(gsc_build_pane_parent_class)->dispose(object);
}

static void gsc_build_pane_class_init(GscBuildPaneClass *klass) {
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);

    G_OBJECT_CLASS(klass)->dispose = gsc_build_pane_dispose;
    signals[SIGNAL_EDIT] = g_signal_new("edit", GSC_TYPE_BUILD_PANE, G_SIGNAL_RUN_LAST, 0, NULL,
                                        NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_INT);
    gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BIN_LAYOUT);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/gatescope/Gatescope/build_pane.ui");
    gtk_widget_class_bind_template_child(widget_class, GscBuildPane, revealer);
    gtk_widget_class_bind_template_child(widget_class, GscBuildPane, spinner);
    gtk_widget_class_bind_template_child(widget_class, GscBuildPane, title_label);
    gtk_widget_class_bind_template_child(widget_class, GscBuildPane, outcome_label);
    gtk_widget_class_bind_template_child(widget_class, GscBuildPane, edit_button);
    gtk_widget_class_bind_template_child(widget_class, GscBuildPane, scroller);
    gtk_widget_class_bind_template_child(widget_class, GscBuildPane, list);
    gtk_widget_class_bind_template_callback(widget_class, on_edit_clicked);
    gtk_widget_class_bind_template_callback(widget_class, on_close_clicked);
    gtk_widget_class_bind_template_callback(widget_class, on_row_activated);
}

static void gsc_build_pane_init(GscBuildPane *self) {
    self->lines = g_array_new(FALSE, FALSE, sizeof(int));
    gtk_widget_init_template(GTK_WIDGET(self));
}
