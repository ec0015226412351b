/* SPDX-License-Identifier: MIT
 *
 * One thing that an ablation can vary. See ablation_axis.h.
 */
#include "ui/ablation_axis.h"

#include "ui/plugin_picker.h"

#include <adwaita.h>
#include <math.h>
#include <string.h>

struct gsc_ablation_axis {
    char *key, *title;
    const char *kind; /* of plugins; NULL: numbers */
    GtkWidget *chip, *row;
    GscPluginPicker *picker; /* plugins only */
    GPtrArray *ids;          /* char *, the chosen plugins in the order of choosing */
    GHashTable *titles;      /* id -> title */
    gsc_ablation_axis_changed *changed;
    gpointer data;
};

/* ---- Values -------------------------------------------------------------------------------------- */

/* "1, 2 4" as a JSON array; NULL where a word is no number. */
static json_t *dup_numbers(const char *text) {
    g_auto(GStrv) words = g_strsplit_set(text, ", ;\t", -1);
    json_t *list = json_array();

    for (gsize i = 0; words[i] != NULL; i++) {
        char *end = NULL;
        const double value = g_ascii_strtod(words[i], &end);
        if (*words[i] == '\0') {
            continue;
        }
        if (*end != '\0' || !isfinite(value)) {
            json_decref(list);
            return NULL;
        }
        json_array_append_new(list, value == floor(value) && fabs(value) < 9e15
                                        ? json_integer((json_int_t)value)
                                        : json_real(value));
    }
    return list;
}

static json_t *dup_ids(const gsc_ablation_axis *self) {
    json_t *list = json_array();

    for (guint i = 0; i < self->ids->len; i++) {
        json_array_append_new(list, json_string(self->ids->pdata[i]));
    }
    return list;
}

json_t *gsc_ablation_axis_dup_values(gsc_ablation_axis *self, char **ret_problem) {
    json_t *values = self->kind != NULL
                         ? dup_ids(self)
                         : dup_numbers(gtk_editable_get_text(GTK_EDITABLE(self->row)));

    if (values == NULL) {
        *ret_problem =
            g_strdup_printf("%s takes numbers with commas between, such as 1, 2, 4.", self->title);
    } else if (json_array_size(values) < 2) {
        *ret_problem =
            self->kind != NULL
                ? g_strdup_printf("Choose two or more values of %s to compare.", self->title)
                : g_strdup_printf("Type two or more values of %s, with commas between.",
                                  self->title);
        json_decref(values);
        values = NULL;
    }
    return values;
}

/* ---- Changes ------------------------------------------------------------------------------------- */

static void show_ids(gsc_ablation_axis *self) {
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < self->ids->len; i++) {
        const char *title = g_hash_table_lookup(self->titles, self->ids->pdata[i]);
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "",
                               title != NULL ? title : (const char *)self->ids->pdata[i]);
    }
    g_autofree char *words = g_markup_escape_text(text->str, -1);
    adw_action_row_set_subtitle(ADW_ACTION_ROW(self->row), words);
    g_string_free(text, TRUE);
}

static void on_chosen(GscPluginPicker *picker, const char *id, gsc_ablation_axis *self) {
    guint at = 0;

    if (g_ptr_array_find_with_equal_func(self->ids, id, g_str_equal, &at)) {
        g_ptr_array_remove_index(self->ids, at);
    } else {
        g_ptr_array_add(self->ids, g_strdup(id));
    }
    show_ids(self);
    self->changed(self->data);
}

static void on_text(GtkEditable *editable, gsc_ablation_axis *self) {
    self->changed(self->data);
}

static void on_chip_toggled(GtkToggleButton *chip, gsc_ablation_axis *self) {
    gtk_widget_set_visible(self->row, gtk_toggle_button_get_active(chip));
    self->changed(self->data);
}

/* ---- What it shows ------------------------------------------------------------------------------- */

void gsc_ablation_axis_set_plugins(gsc_ablation_axis *self, GscPluginStore *plugins,
                                   const char *lab, const char *now) {
    const json_t *descriptors = gsc_plugin_store_get_descriptors(plugins);

    for (size_t i = 0; i < json_array_size(descriptors); i++) {
        const json_t *plugin = json_array_get(descriptors, i);
        const char *id = gsc_plugin_text(plugin, "id"), *title = gsc_plugin_text(plugin, "title");
        const char *doc = gsc_plugin_text(plugin, "formula");
        if (strcmp(gsc_plugin_text(plugin, "kind"), self->kind) != 0 || *id == '\0' ||
            gsc_plugin_is_formula(id) || g_hash_table_contains(self->titles, id)) {
            continue;
        }
        g_autofree char *refusal = gsc_plugin_dup_refusal(plugin, lab);
        title = *title != '\0' ? title : id;
        g_hash_table_insert(self->titles, g_strdup(id), g_strdup(title));
        gsc_plugin_picker_add(self->picker, id, title,
                              *doc != '\0' ? doc : gsc_plugin_text(plugin, "doc"),
                              gsc_plugin_picker_group(plugin), refusal);
        if (strcmp(id, now) == 0 && *refusal == '\0') {
            g_ptr_array_add(self->ids, g_strdup(id));
            gsc_plugin_picker_mark(self->picker, id, true);
        }
    }
    show_ids(self);
}

void gsc_ablation_axis_set_number(gsc_ablation_axis *self, const json_t *value) {
    const json_t *first = json_is_array(value) ? json_array_get(value, 0) : value;
    g_autofree char *text = g_strdup_printf("%.10g", json_number_value(first));

    gtk_editable_set_text(GTK_EDITABLE(self->row), first != NULL ? text : "");
}

void gsc_ablation_axis_set_text(gsc_ablation_axis *self, const char *text) {
    gtk_editable_set_text(GTK_EDITABLE(self->row), text);
}

/* ---- Object -------------------------------------------------------------------------------------- */

static GtkWidget *new_plugin_row(gsc_ablation_axis *self) {
    GtkWidget *row = adw_action_row_new(), *button = gtk_menu_button_new();

    self->picker = GSC_PLUGIN_PICKER(gsc_plugin_picker_new(true));
    gtk_menu_button_set_label(GTK_MENU_BUTTON(button), "Choose");
    gtk_menu_button_set_popover(GTK_MENU_BUTTON(button), GTK_WIDGET(self->picker));
    gtk_widget_set_halign(GTK_WIDGET(self->picker), GTK_ALIGN_END); /* stays inside of the window */
    gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
    adw_action_row_add_suffix(ADW_ACTION_ROW(row), button);
    adw_action_row_set_activatable_widget(ADW_ACTION_ROW(row), button);
    g_signal_connect(self->picker, "chosen", G_CALLBACK(on_chosen), self);
    return row;
}

gsc_ablation_axis *gsc_ablation_axis_new(const char *key, const char *title, const char *kind,
                                         gsc_ablation_axis_changed *changed, gpointer data) {
    gsc_ablation_axis *self = g_new0(gsc_ablation_axis, 1);

    *self = (gsc_ablation_axis){.key = g_strdup(key),
                                .title = g_strdup(title),
                                .kind = kind,
                                .changed = changed,
                                .data = data};
    self->ids = g_ptr_array_new_with_free_func(g_free);
    self->titles = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->chip = g_object_ref_sink(gtk_toggle_button_new_with_label(title));
    self->row = g_object_ref_sink(kind != NULL ? new_plugin_row(self) : adw_entry_row_new());
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(self->row), title);
    g_autofree char *name = g_strdup_printf("Vary %s", title);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->chip), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                   -1);
    gtk_widget_add_css_class(self->chip, "chip");
    gtk_widget_set_visible(self->row, FALSE);
    if (kind == NULL) {
        g_signal_connect(self->row, "changed", G_CALLBACK(on_text), self);
    }
    g_signal_connect(self->chip, "toggled", G_CALLBACK(on_chip_toggled), self);
    return self;
}

void gsc_ablation_axis_free(gsc_ablation_axis *self) {
    if (self == NULL) {
        return;
    }
    g_signal_handlers_disconnect_by_data(self->chip, self);
    g_signal_handlers_disconnect_by_data(self->row, self);
    if (self->picker != NULL) {
        g_signal_handlers_disconnect_by_data(self->picker, self);
    }
    g_object_unref(self->chip);
    g_object_unref(self->row);
    g_ptr_array_unref(self->ids);
    g_hash_table_unref(self->titles);
    g_free(self->key);
    g_free(self->title);
    g_free(self);
}

GtkWidget *gsc_ablation_axis_get_chip(gsc_ablation_axis *self) {
    return self->chip;
}

GtkWidget *gsc_ablation_axis_get_row(gsc_ablation_axis *self) {
    return self->row;
}

const char *gsc_ablation_axis_get_key(gsc_ablation_axis *self) {
    return self->key;
}

bool gsc_ablation_axis_is_on(gsc_ablation_axis *self) {
    return gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(self->chip));
}
