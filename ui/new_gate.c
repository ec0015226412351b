/* SPDX-License-Identifier: MIT
 *
 * "New gate". See new_gate.h.
 */
#include "ui/new_gate.h"

#include "ui/access.h"
#include "ui/text_scale.h"
#include "ui/words.h"

#include <string.h>

enum {
    WIDTH = 460 /* at the usual text scale */
};

struct _GscNewGate {
    AdwWindow parent;
    GtkButton *create_button;
    AdwEntryRow *name_row;
    AdwComboRow *start_row;
    GtkLabel *problem_label;
    GscWorkshop *workshop;
    GscPluginStore *plugins;
    GPtrArray *sources; /* char *, parallel to the list; the first is NULL: the template */
    GPtrArray *formulas;
};

G_DEFINE_FINAL_TYPE(GscNewGate, gsc_new_gate, ADW_TYPE_WINDOW)

/* ---- The name ------------------------------------------------------------------------------------ */

/* Why a gate may not be called so, in one sentence; "": it may. */
static char *dup_problem(GscNewGate *self, const char *name) {
    g_autofree char *path = gsc_workshop_path(self->workshop, name);
    const size_t allowed = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

    if (*name == '\0') {
        return g_strdup("Lower-case letters, digits and _, such as my_gate.");
    }
    if (!g_ascii_islower(*name)) {
        return g_strdup("A name begins with a lower-case letter.");
    }
    if (name[allowed] != '\0') {
        const char *next = g_utf8_next_char(name + allowed);
        return g_strdup_printf("“%.*s” cannot be in a name: lower-case letters, digits and _ can.",
                               (int)(next - name - allowed), name + allowed);
    }
    if (strlen(name) > 40) {
        return g_strdup("A name has up to 40 letters.");
    }
    if (gsc_plugin_store_find(self->plugins, "gate", name) != NULL) {
        return g_strdup_printf("There is a gate %s already.", name);
    }
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        return g_strdup_printf("There is a file %s already.", path);
    }
    return g_strdup("");
}

static void on_changed(GtkEditable *editable, GscNewGate *self) {
    g_autofree char *problem = dup_problem(self, gtk_editable_get_text(editable));

    gtk_label_set_text(self->problem_label, problem);
    gtk_widget_set_sensitive(GTK_WIDGET(self->create_button), *problem == '\0');
}

static void on_create(GtkButton *button, GscNewGate *self) {
    const char *name = gtk_editable_get_text(GTK_EDITABLE(self->name_row));
    const guint at = adw_combo_row_get_selected(self->start_row);

    gsc_workshop_create(self->workshop, name,
                        at < self->sources->len ? self->sources->pdata[at] : NULL);
    gtk_window_close(GTK_WINDOW(self));
}

static void on_entry_activated(AdwEntryRow *row, GscNewGate *self) {
    if (gtk_widget_get_sensitive(GTK_WIDGET(self->create_button))) {
        on_create(NULL, self);
    }
}

/* ---- What to start from -------------------------------------------------------------------------- */

static void on_start_changed(AdwComboRow *row, GParamSpec *pspec, GscNewGate *self) {
    const guint at = adw_combo_row_get_selected(row);

    if (at < self->formulas->len) {
        g_autofree char *markup = gsc_words_formula(self->formulas->pdata[at]);
        adw_action_row_set_subtitle(ADW_ACTION_ROW(row), markup);
    }
}

static void fill_starts(GscNewGate *self, const char *start_from) {
    const json_t *descriptors = gsc_plugin_store_get_descriptors(self->plugins);
    g_autoptr(GtkStringList) titles = gtk_string_list_new(NULL);
    guint selected = 0;

    gtk_string_list_append(titles, "Template");
    g_ptr_array_add(self->sources, NULL);
    g_ptr_array_add(self->formulas, g_strdup("A softplus gate in twenty lines"));
    for (size_t i = 0; i < json_array_size(descriptors); i++) {
        const json_t *plugin = json_array_get(descriptors, i);
        const char *source = gsc_plugin_text(plugin, "source");
        if (strcmp(gsc_plugin_text(plugin, "kind"), "gate") == 0 && *source != '\0' &&
            strcmp(gsc_plugin_text(plugin, "status"), "ok") == 0) {
            if (g_strcmp0(gsc_plugin_text(plugin, "id"), start_from) == 0) {
                selected = self->sources->len;
            }
            gtk_string_list_append(titles, gsc_plugin_text(plugin, "title"));
            g_ptr_array_add(self->sources, g_strdup(source));
            g_ptr_array_add(self->formulas, g_strdup(gsc_plugin_text(plugin, "formula")));
        }
    }
    adw_combo_row_set_model(self->start_row, G_LIST_MODEL(titles));
    adw_combo_row_set_selected(self->start_row, selected);
    on_start_changed(self->start_row, NULL, self);
}

/* ---- Object -------------------------------------------------------------------------------------- */

static void gsc_new_gate_dispose(GObject *object) {
    GscNewGate *self = GSC_NEW_GATE(object);

    g_clear_object(&self->workshop);
    g_clear_object(&self->plugins);
    G_OBJECT_CLASS(gsc_new_gate_parent_class)->dispose(object);
}

static void gsc_new_gate_finalize(GObject *object) {
    GscNewGate *self = GSC_NEW_GATE(object);

    g_ptr_array_unref(self->sources);
    g_ptr_array_unref(self->formulas);
    G_OBJECT_CLASS(gsc_new_gate_parent_class)->finalize(object);
}

static void gsc_new_gate_class_init(GscNewGateClass *klass) {
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);

    G_OBJECT_CLASS(klass)->dispose = gsc_new_gate_dispose;
    G_OBJECT_CLASS(klass)->finalize = gsc_new_gate_finalize;
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/gatescope/Gatescope/new_gate.ui");
    gtk_widget_class_bind_template_child(widget_class, GscNewGate, create_button);
    gtk_widget_class_bind_template_child(widget_class, GscNewGate, name_row);
    gtk_widget_class_bind_template_child(widget_class, GscNewGate, start_row);
    gtk_widget_class_bind_template_child(widget_class, GscNewGate, problem_label);
    gtk_widget_class_bind_template_callback(widget_class, on_create);
    gtk_widget_class_bind_template_callback(widget_class, on_changed);
    gtk_widget_class_bind_template_callback(widget_class, on_entry_activated);
    gtk_widget_class_bind_template_callback(widget_class, on_start_changed);
    gtk_widget_class_add_binding_action(widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void gsc_new_gate_init(GscNewGate *self) {
    self->sources = g_ptr_array_new_with_free_func(g_free);
    self->formulas = g_ptr_array_new_with_free_func(g_free);
    gtk_widget_init_template(GTK_WIDGET(self));
    gtk_window_set_default_size(GTK_WINDOW(self), (int)(WIDTH * gsc_text_scale_growth()), -1);
    gsc_access_name_inside(GTK_WIDGET(self));
}

GscNewGate *gsc_new_gate_new(GtkWindow *parent, GscWorkshop *workshop, GscPluginStore *plugins,
                             const char *start_from) {
    GscNewGate *self = g_object_new(GSC_TYPE_NEW_GATE, "transient-for", parent, NULL);

    self->workshop = g_object_ref(workshop);
    self->plugins = g_object_ref(plugins);
    fill_starts(self, start_from);
    on_changed(GTK_EDITABLE(self->name_row), self);
    gtk_widget_grab_focus(GTK_WIDGET(self->name_row));
    return self;
}
