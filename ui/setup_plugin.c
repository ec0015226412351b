/* SPDX-License-Identifier: MIT
 *
 * A plugin as a control: a list with one line about each, those that the lab refuses shown with the reason
 * but not to be chosen, and a row for every parameter of the chosen one.
 */
#include "ui/setup_row_private.h"

#include "ui/words.h"

#include <string.h>

static const char *value_id(const json_t *value) {
    const char *id = json_is_string(value) ? json_string_value(value)
                                           : json_string_value(json_object_get(value, "id"));
    return id != NULL ? id : "";
}

/* What the list holds for a formula: its last line. */
#define FORMULA_ID      "="
#define FORMULA_TO_TRY  "= sigmoid(z) / (1 + abs(z))"
#define FORMULA_WAIT_MS 350

/* The id that the list knows the value by. */
static const char *list_id(const gsc_setup_row *self) {
    const char *id = value_id(self->wanted);

    return self->formula != NULL && gsc_plugin_is_formula(id) ? FORMULA_ID : id;
}

/* ---- The list ------------------------------------------------------------------------------------ */

static void add_choice(gsc_setup_row *self, const char *id, const char *title, const char *doc,
                       const char *group, const char *refusal) {
    g_ptr_array_add(self->ids, g_strdup(id));
    g_ptr_array_add(self->titles, g_strdup(title));
    g_ptr_array_add(self->docs, g_strdup(doc));
    g_ptr_array_add(self->refusals, g_strdup(refusal));
    gsc_plugin_picker_add(self->picker, id, title, doc, group, refusal);
}

static guint find_id(gsc_setup_row *self, const char *id) {
    for (guint i = 0; i < self->ids->len; i++) {
        if (strcmp(self->ids->pdata[i], id) == 0) {
            return i;
        }
    }
    return GTK_INVALID_LIST_POSITION;
}

static void build_choices(gsc_setup_row *self) {
    const json_t *descriptors = gsc_plugin_store_get_descriptors(self->plugins);

    gsc_plugin_picker_clear(self->picker);
    g_ptr_array_set_size(self->ids, 0);
    g_ptr_array_set_size(self->titles, 0);
    g_ptr_array_set_size(self->docs, 0);
    g_ptr_array_set_size(self->refusals, 0);
    if (self->optional) {
        bool shared = strcmp(self->key->name, "theory.shared_expert") == 0;
        add_choice(self, "", shared ? "Same as routed" : "None", "", "", "");
    }
    for (size_t i = 0; i < json_array_size(descriptors); i++) {
        const json_t *plugin = json_array_get(descriptors, i);
        const char *id = gsc_plugin_text(plugin, "id"), *title = gsc_plugin_text(plugin, "title");
        if (!gsc_plugin_is_formula(id) &&
            strcmp(gsc_plugin_text(plugin, "kind"), self->key->choices[0]) == 0 && *id != '\0' &&
            find_id(self, id) == GTK_INVALID_LIST_POSITION) {
            const char *doc = gsc_plugin_text(plugin, "formula");
            g_autofree char *refusal = gsc_plugin_dup_refusal(plugin, self->lab);
            add_choice(self, id, *title != '\0' ? title : id,
                       *doc != '\0' ? doc : gsc_plugin_text(plugin, "doc"),
                       gsc_plugin_picker_group(plugin), refusal);
        }
    }
    if (self->formula != NULL) {
        add_choice(self, FORMULA_ID, "Formula", "Type an expression for the affinity of a logit z",
                   "Your own", "");
    }
    const char *wanted = list_id(self);
    if (find_id(self, wanted) == GTK_INVALID_LIST_POSITION) {
        bool listed = !gsc_plugin_store_is_loading(self->plugins) &&
                      gsc_plugin_store_get_problem(self->plugins) == NULL;
        add_choice(self, wanted, wanted, "", "", listed ? "Not found on this machine" : "");
    }
}

/* ---- Parameters ---------------------------------------------------------------------------------- */

static void on_parameter(GtkWidget *spin, gsc_setup_row *self) {
    gsc_setup_row_tell(self);
}

static void on_parameter_switch(GtkWidget *control, GParamSpec *pspec, gsc_setup_row *self) {
    gsc_setup_row_tell(self);
}

static void add_parameter(gsc_setup_row *self, const json_t *param) {
    const char *name = gsc_plugin_text(param, "name"), *type = gsc_plugin_text(param, "type");
    const char *doc = gsc_plugin_text(param, "doc"), *unit = gsc_plugin_text(param, "unit");
    const json_t *given = json_is_object(self->wanted) ? json_object_get(self->wanted, name) : NULL;
    double value = json_number_value(given != NULL ? given : json_object_get(param, "initial"));
    double lowest = json_number_value(json_object_get(param, "lowest"));
    double highest = json_number_value(json_object_get(param, "highest"));
    bool is_bool = strcmp(type, "bool") == 0;
    g_autofree char *title = g_strdup(name);
    g_autofree char *range =
        is_bool ? g_strdup(doc)
                : g_strdup_printf("%s%s%s (%g to %g)", doc, *unit != '\0' ? ", " : "", unit, lowest,
                                  highest);
    GtkWidget *control;

    g_strdelimit(title, "_", ' ');
    title[0] = g_ascii_toupper(title[0]);
    range[0] = g_ascii_toupper(range[0]);
    g_autofree char *subtitle = gsc_words_formula(range);
    if (is_bool) {
        control = gtk_switch_new();
        gtk_switch_set_active(GTK_SWITCH(control), json_is_true(given) || value != 0);
        gtk_widget_set_valign(control, GTK_ALIGN_CENTER);
        g_signal_connect(control, "notify::active", G_CALLBACK(on_parameter_switch), self);
    } else {
        control = gsc_setup_spin_new(value, lowest, highest, strcmp(type, "int") == 0);
        g_signal_connect(control, "value-changed", G_CALLBACK(on_parameter), self);
    }
    GtkWidget *row = adw_action_row_new();
    gtk_widget_add_css_class(row, "parameter");
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
    adw_action_row_set_subtitle(ADW_ACTION_ROW(row), subtitle);
    adw_action_row_add_suffix(ADW_ACTION_ROW(row), control);
    adw_action_row_set_activatable_widget(ADW_ACTION_ROW(row), control);
    gtk_accessible_update_property(GTK_ACCESSIBLE(control), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                   range, -1);
    g_ptr_array_add(self->parameters, g_object_ref_sink(row));
    g_ptr_array_add(self->spins, control);
    g_ptr_array_add(self->names, g_strdup(name));
}

/* Rows of the chosen plugin's parameters, put right below the combo in its list box. */
static void rebuild_parameters(gsc_setup_row *self) {
    const json_t *plugin =
        gsc_plugin_store_find(self->plugins, self->key->choices[0], value_id(self->wanted));
    const json_t *params = json_object_get(plugin, "params");
    GtkWidget *list = gtk_widget_get_parent(self->widget);
    const guint before = self->formula != NULL;

    for (guint i = 0; i < self->spins->len; i++) {
        g_signal_handlers_disconnect_by_data(self->spins->pdata[i], self);
        if (GTK_IS_LIST_BOX(list)) {
            gtk_list_box_remove(GTK_LIST_BOX(list), self->parameters->pdata[before + i]);
        }
    }
    g_ptr_array_set_size(self->spins, 0);
    g_ptr_array_set_size(self->names, 0);
    g_ptr_array_set_size(self->parameters, (gint)before);
    for (guint i = 0; i < json_array_size(params); i++) {
        add_parameter(self, json_array_get(params, i));
        if (GTK_IS_LIST_BOX(list)) {
            int at = gtk_list_box_row_get_index(GTK_LIST_BOX_ROW(self->widget)) + 1;
            gtk_list_box_insert(GTK_LIST_BOX(list), self->parameters->pdata[before + i],
                                at + (int)(before + i));
        }
    }
}

/* ---- Formula ------------------------------------------------------------------------------------- */

/* The row of the entry tells the slope, or what is wrong with the text. */
static void show_formula(gsc_setup_row *self) {
    const char *id = value_id(self->wanted);

    if (self->formula == NULL) {
        return;
    }
    const bool is_formula = gsc_plugin_is_formula(id);
    const json_t *row = gsc_plugin_store_find_any(self->plugins, self->key->choices[0], id);
    const char *status = gsc_plugin_text(row, "status");
    const bool wrong = is_formula && row != NULL && strcmp(status, "ok") != 0 &&
                       strcmp(status, GSC_PLUGIN_PENDING) != 0;
    gtk_widget_set_visible(self->formula, is_formula);
    gtk_widget_set_tooltip_text(
        self->formula, wrong
                           ? status
                           : "Numbers, z, + - * / ^, sigmoid exp log log1p softplus tanh erf sqrt "
                             "abs relu max min pow; parameters after “where”: exp(z / t) where t "
                             "= 2; a score of its own: where z = dot / sqrt(xx * ww + 1)");
    if (wrong) {
        gtk_widget_add_css_class(self->formula, "error");
    } else {
        gtk_widget_remove_css_class(self->formula, "error");
    }
    if (is_formula && self->formula_source == 0) {
        const char *shown = gtk_editable_get_text(GTK_EDITABLE(self->formula));
        if (strcmp(shown, id) != 0) {
            gtk_editable_set_text(GTK_EDITABLE(self->formula), id);
        }
    }
}

static gboolean on_formula_settled(gpointer data) {
    gsc_setup_row *self = data;
    const char *typed = gtk_editable_get_text(GTK_EDITABLE(self->formula));
    g_autofree char *text = g_strstrip(g_strdup(typed));
    g_autofree char *formula =
        gsc_plugin_is_formula(text) ? g_strdup(text) : g_strconcat("= ", text, NULL);

    self->formula_source = 0;
    if (strcmp(formula, value_id(self->wanted)) != 0) {
        json_decref(self->wanted);
        self->wanted = json_string(formula);
        gsc_plugin_store_read_formula(self->plugins, formula);
        rebuild_parameters(self);
        show_formula(self);
        gsc_setup_row_tell(self);
    }
    return G_SOURCE_REMOVE;
}

static void on_formula_changed(GtkEditable *editable, gsc_setup_row *self) {
    if (self->quiet) {
        return;
    }
    g_clear_handle_id(&self->formula_source, g_source_remove);
    self->formula_source = g_timeout_add(FORMULA_WAIT_MS, on_formula_settled, self);
}

static void make_formula(gsc_setup_row *self) {
    if (strcmp(self->key->choices[0], "gate") != 0) {
        return;
    }
    self->formula = adw_entry_row_new();
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(self->formula), "a(z)");
    gtk_widget_add_css_class(self->formula, "parameter");
    gtk_widget_set_visible(self->formula, FALSE);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->formula), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   "Formula of the gate", -1);
    g_ptr_array_add(self->parameters, g_object_ref_sink(self->formula));
    g_signal_connect(self->formula, "changed", G_CALLBACK(on_formula_changed), self);
}

/* ---- The control --------------------------------------------------------------------------------- */

static void show_doc(gsc_setup_row *self, guint selected) {
    if (selected < self->ids->len) {
        const char *refusal = self->refusals->pdata[selected];
        const char *doc = self->docs->pdata[selected];
        g_autofree char *text = *refusal != '\0'
                                    ? g_markup_escape_text(refusal, -1)
                                    : gsc_words_formula(*doc != '\0' ? doc : self->key->doc);
        adw_action_row_set_subtitle(ADW_ACTION_ROW(self->widget), text);
    }
    if (self->formula != NULL && gsc_plugin_is_formula(value_id(self->wanted))) {
        const json_t *row =
            gsc_plugin_store_find_any(self->plugins, self->key->choices[0], value_id(self->wanted));
        const char *slope = gsc_plugin_text(row, "slope");
        g_autofree char *text = g_markup_printf_escaped("Slope %s", slope);
        if (*slope != '\0' && strlen(slope) < 60) {
            adw_action_row_set_subtitle(ADW_ACTION_ROW(self->widget), text);
        }
    }
    show_formula(self);
}

static void show_chosen(gsc_setup_row *self, guint selected) {
    if (selected < self->ids->len) {
        gtk_label_set_text(self->chosen, self->titles->pdata[selected]);
        gsc_plugin_picker_mark(self->picker, self->ids->pdata[selected], true);
        gtk_accessible_update_property(GTK_ACCESSIBLE(self->control),
                                       GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT,
                                       self->titles->pdata[selected], -1);
    }
    show_doc(self, selected);
}

static void on_chosen(GscPluginPicker *picker, const char *id, gsc_setup_row *self) {
    const guint selected = find_id(self, id);

    if (selected >= self->ids->len || strcmp(id, list_id(self)) == 0) {
        return;
    }
    json_decref(self->wanted);
    if (strcmp(id, FORMULA_ID) == 0) {
        const char *typed = gtk_editable_get_text(GTK_EDITABLE(self->formula));
        self->wanted = json_string(*typed != '\0' ? typed : FORMULA_TO_TRY);
        gsc_plugin_store_read_formula(self->plugins, value_id(self->wanted));
    } else {
        self->wanted = json_string(self->ids->pdata[selected]);
    }
    show_chosen(self, selected);
    rebuild_parameters(self);
    gsc_setup_row_tell(self);
}

void gsc_setup_plugin_update(gsc_setup_row *self) {
    build_choices(self);
    show_chosen(self, find_id(self, list_id(self)));
    rebuild_parameters(self);
}

/* A row that opens the list; a combo box to a screen reader. */
static void make_control(gsc_setup_row *self, const char *title) {
    self->chosen = GTK_LABEL(gtk_label_new(NULL));
    self->picker = GSC_PLUGIN_PICKER(gsc_plugin_picker_new(false));
    self->control = g_object_new(GTK_TYPE_MENU_BUTTON, "accessible-role",
                                 GTK_ACCESSIBLE_ROLE_COMBO_BOX, "valign", GTK_ALIGN_CENTER, NULL);
    gtk_menu_button_set_child(GTK_MENU_BUTTON(self->control), GTK_WIDGET(self->chosen));
    gtk_menu_button_set_always_show_arrow(GTK_MENU_BUTTON(self->control), TRUE);
    gtk_menu_button_set_popover(GTK_MENU_BUTTON(self->control), GTK_WIDGET(self->picker));
    gtk_widget_set_halign(GTK_WIDGET(self->picker), GTK_ALIGN_END); /* stays inside of the window */
    gtk_widget_add_css_class(self->control, "flat");
    /* its name is the row's title, which activates it */
    self->widget = adw_action_row_new();
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(self->widget), title);
    adw_action_row_add_suffix(ADW_ACTION_ROW(self->widget), self->control);
    adw_action_row_set_activatable_widget(ADW_ACTION_ROW(self->widget), self->control);
    g_signal_connect(self->picker, "chosen", G_CALLBACK(on_chosen), self);
}

void gsc_setup_plugin_make(gsc_setup_row *self, const json_t *value) {
    g_autofree char *title = gsc_setup_key_title(self->key);

    self->wanted = value != NULL ? json_deep_copy(value) : json_string("");
    self->ids = g_ptr_array_new_with_free_func(g_free);
    self->titles = g_ptr_array_new_with_free_func(g_free);
    self->docs = g_ptr_array_new_with_free_func(g_free);
    self->refusals = g_ptr_array_new_with_free_func(g_free);
    self->parameters = g_ptr_array_new_with_free_func(g_object_unref);
    self->spins = g_ptr_array_new();
    self->names = g_ptr_array_new_with_free_func(g_free);
    make_formula(self);
    if (gsc_plugin_is_formula(value_id(self->wanted))) {
        gsc_plugin_store_read_formula(self->plugins, value_id(self->wanted));
    }
    make_control(self, title);
    gsc_setup_plugin_update(self);
}

void gsc_setup_plugin_choose(gsc_setup_row *self, const json_t *value) {
    json_decref(self->wanted);
    self->wanted = json_deep_copy(value);
    if (gsc_plugin_is_formula(value_id(self->wanted))) {
        gsc_plugin_store_read_formula(self->plugins, value_id(self->wanted));
    }
    self->quiet = true;
    gsc_setup_plugin_update(self);
    self->quiet = false;
    gsc_setup_row_tell(self);
}

void gsc_setup_plugin_clear(gsc_setup_row *self) {
    if (self->ids == NULL) {
        return;
    }
    g_signal_handlers_disconnect_by_data(self->picker, self);
    for (guint i = 0; i < self->spins->len; i++) {
        g_signal_handlers_disconnect_by_data(self->spins->pdata[i], self);
    }
    g_clear_handle_id(&self->formula_source, g_source_remove);
    if (self->formula != NULL) {
        g_signal_handlers_disconnect_by_data(self->formula, self);
    }
    json_decref(self->wanted);
    g_ptr_array_unref(self->ids);
    g_ptr_array_unref(self->titles);
    g_ptr_array_unref(self->docs);
    g_ptr_array_unref(self->refusals);
    g_ptr_array_unref(self->parameters);
    g_ptr_array_unref(self->spins);
    g_ptr_array_unref(self->names);
}

static json_t *parameter_value(gsc_setup_row *self, guint i) {
    GtkWidget *control = self->spins->pdata[i];

    if (GTK_IS_SWITCH(control)) {
        return json_boolean(gtk_switch_get_active(GTK_SWITCH(control)));
    }
    double value = gtk_spin_button_get_value(GTK_SPIN_BUTTON(control));
    bool whole = gtk_spin_button_get_digits(GTK_SPIN_BUTTON(control)) == 0;
    return whole ? json_integer((json_int_t)value) : json_real(value);
}

/* Only what the user wrote, or what differs from the plugin's own values, is said. */
json_t *gsc_setup_plugin_dup_value(gsc_setup_row *self) {
    const char *id = value_id(self->wanted);
    const json_t *plugin = gsc_plugin_store_find(self->plugins, self->key->choices[0], id);
    json_t *object = json_object();

    if (*id == '\0') {
        json_decref(object);
        return NULL;
    }
    json_object_set_new(object, "id", json_string(id));
    for (guint i = 0; i < self->names->len; i++) {
        const char *name = self->names->pdata[i];
        const json_t *param = json_array_get(json_object_get(plugin, "params"), i);
        json_t *value = parameter_value(self, i);
        const json_t *initial = json_object_get(param, "initial");
        double number = json_is_boolean(value) ? json_is_true(value) : json_number_value(value);
        const json_t *given =
            json_is_object(self->wanted) ? json_object_get(self->wanted, name) : NULL;
        if (json_is_integer(given) &&
            json_is_boolean(value)) { /* a switch may be given as 0 or 1 */
            json_decref(value);
            value = json_integer((json_int_t)number);
        }
        if (given != NULL || number != json_number_value(initial)) {
            json_object_set_new(object, name, value);
        } else {
            json_decref(value);
        }
    }
    if (self->names->len == 0 && json_is_object(self->wanted)) {
        json_decref(object); /* its descriptor is not here yet: what was given stands */
        return json_deep_copy(self->wanted);
    }
    if (json_object_size(object) == 1) {
        json_decref(object);
        return json_string(id);
    }
    return object;
}
