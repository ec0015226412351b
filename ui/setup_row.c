/* SPDX-License-Identifier: MIT
 *
 * One key of a spec as a control. See setup_row.h; parameters of plugins are in setup_plugin.c.
 */
#include "ui/setup_row_private.h"

#include <math.h>
#include <string.h>

char *gsc_setup_key_title(const gsc_spec_key *key) {
    static const struct {
        const char *name, *title;
    } titles[] = {
        {"expert", "Routed expert"},
        {"theory.k_shared", "Shared experts fitted"},
        {"theory.k_routed", "Routed experts fitted"},
        {"theory.sizes", "Sample sizes"},
        {"theory.box", "Parameter box"},
        {"theory.polish", "Polish to the maximum"},
        {"theory.max_iterations", "Most iterations"},
        {"theory.loss", "Voronoi loss"},
        {"run.hang_s", "Time limit of a plugin call"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(titles); i++) {
        if (strcmp(titles[i].name, key->name) == 0) {
            return g_strdup(titles[i].title);
        }
    }
    const char *dot = strrchr(key->name, '.');
    char *title = g_strdup(dot != NULL ? dot + 1 : key->name);
    g_strdelimit(title, "_", ' ');
    title[0] = g_ascii_toupper(title[0]);
    return title;
}

void gsc_setup_row_tell(gsc_setup_row *self) {
    if (!self->quiet) {
        self->absent = false;
        self->changed(self, self->data);
    }
}

/* ---- Numbers ------------------------------------------------------------------------------------- */

/* A spin button that keeps the wheel to scrolling: a figure must not change because a page moved. */
GtkWidget *gsc_setup_spin_new(double value, double lowest, double highest, bool whole) {
    double span = highest - lowest;
    double step = whole ? 1 : span <= 10 ? 0.05 : 1;
    int digits = whole ? 0 : value != 0 && fabs(value) < 0.01 ? 6 : 2;
    GtkAdjustment *adjustment = gtk_adjustment_new(value, lowest, highest, step, 10 * step, 0);
    GtkWidget *spin = gtk_spin_button_new(adjustment, 0, (guint)digits);

    gtk_spin_button_set_numeric(GTK_SPIN_BUTTON(spin), FALSE);
    gtk_widget_set_valign(spin, GTK_ALIGN_CENTER);
    gtk_editable_set_width_chars(GTK_EDITABLE(spin), 5);
    gtk_widget_add_css_class(spin, "numeric");
    g_autoptr(GListModel) controllers = gtk_widget_observe_controllers(spin);
    for (guint i = 0; i < g_list_model_get_n_items(controllers); i++) {
        g_autoptr(GtkEventController) controller = g_list_model_get_item(controllers, i);
        if (GTK_IS_EVENT_CONTROLLER_SCROLL(controller)) {
            gtk_event_controller_set_propagation_phase(controller, GTK_PHASE_NONE);
        }
    }
    return spin;
}

static void on_spin(GtkSpinButton *spin, gsc_setup_row *self) {
    gsc_setup_row_tell(self);
}

/* The unit stands behind the words, unless they name it. */
static char *subtitle_of(const gsc_spec_key *key) {
    g_autofree char *doc = g_ascii_strdown(key->doc, -1);

    return key->unit != NULL && (strlen(key->unit) < 3 || strstr(doc, key->unit) == NULL)
               ? g_strdup_printf("%s (%s)", key->doc, key->unit)
               : g_strdup(key->doc);
}

static void make_action_row(gsc_setup_row *self, GtkWidget *suffix) {
    g_autofree char *title = gsc_setup_key_title(self->key);
    g_autofree char *subtitle = subtitle_of(self->key);

    self->widget = adw_action_row_new();
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(self->widget), title);
    adw_action_row_set_subtitle(ADW_ACTION_ROW(self->widget), subtitle);
    adw_action_row_add_suffix(ADW_ACTION_ROW(self->widget), suffix);
    adw_action_row_set_activatable_widget(ADW_ACTION_ROW(self->widget), suffix);
    /* its name is the row's title, which activates it */
    gtk_accessible_update_property(GTK_ACCESSIBLE(suffix), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                   subtitle, -1);
    self->control = suffix;
}

static void make_number(gsc_setup_row *self, const json_t *value) {
    bool whole = self->key->type == GSC_SPEC_INT;
    GtkWidget *spin =
        gsc_setup_spin_new(json_number_value(value), self->key->lowest, self->key->highest, whole);

    make_action_row(self, spin);
    g_signal_connect(spin, "value-changed", G_CALLBACK(on_spin), self);
}

static json_t *dup_number(gsc_setup_row *self) {
    double value = gtk_spin_button_get_value(GTK_SPIN_BUTTON(self->control));

    return self->key->type == GSC_SPEC_INT ? json_integer((json_int_t)llround(value))
                                           : json_real(value);
}

/* ---- Switches, choices --------------------------------------------------------------------------- */

static void on_notify(GObject *object, GParamSpec *pspec, gsc_setup_row *self) {
    gsc_setup_row_tell(self);
}

static void make_switch(gsc_setup_row *self, const json_t *value) {
    GtkWidget *control = gtk_switch_new();

    gtk_switch_set_active(GTK_SWITCH(control), json_is_true(value));
    gtk_widget_set_valign(control, GTK_ALIGN_CENTER);
    make_action_row(self, control);
    g_signal_connect(control, "notify::active", G_CALLBACK(on_notify), self);
}

static char *choice_words(const char *choice) {
    char *words = g_strdup(choice);

    g_strdelimit(words, "_", ' ');
    words[0] = g_ascii_toupper(words[0]);
    return words;
}

static void make_choice(gsc_setup_row *self, const json_t *value) {
    g_autoptr(GtkStringList) model = gtk_string_list_new(NULL);
    g_autofree char *title = gsc_setup_key_title(self->key);
    guint selected = 0;

    for (guint i = 0; self->key->choices[i] != NULL; i++) {
        g_autofree char *words = choice_words(self->key->choices[i]);
        gtk_string_list_append(model, words);
        if (g_strcmp0(json_string_value(value), self->key->choices[i]) == 0) {
            selected = i;
        }
    }
    self->widget = self->control = adw_combo_row_new();
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(self->widget), title);
    adw_action_row_set_subtitle(ADW_ACTION_ROW(self->widget), self->key->doc);
    adw_combo_row_set_model(ADW_COMBO_ROW(self->widget), G_LIST_MODEL(model));
    adw_combo_row_set_selected(ADW_COMBO_ROW(self->widget), selected);
    g_signal_connect(self->widget, "notify::selected", G_CALLBACK(on_notify), self);
}

/* ---- Text, lists --------------------------------------------------------------------------------- */

static bool is_list(const gsc_spec_key *key) {
    return key->type == GSC_SPEC_INT_LIST || key->type == GSC_SPEC_REAL_LIST;
}

static char *list_text(const json_t *value) {
    GString *text = g_string_new(NULL);

    if (json_is_number(value)) {
        g_string_append_printf(text, "%.12g", json_number_value(value));
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        g_string_append_printf(text, "%s%.12g", i > 0 ? ", " : "",
                               json_number_value(json_array_get(value, i)));
    }
    return g_string_free(text, FALSE);
}

static void on_text(GtkEditable *editable, gsc_setup_row *self) {
    gsc_setup_row_tell(self);
}

static void make_text(gsc_setup_row *self, const json_t *value) {
    g_autofree char *title = gsc_setup_key_title(self->key);
    g_autofree char *text =
        is_list(self->key) ? list_text(value) : g_strdup(json_string_value(value));

    self->widget = self->control = adw_entry_row_new();
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(self->widget), title);
    gtk_editable_set_text(GTK_EDITABLE(self->widget), text != NULL ? text : "");
    gtk_widget_set_tooltip_text(self->widget, self->key->doc);
    g_signal_connect(self->widget, "changed", G_CALLBACK(on_text), self);
}

/* "100, 316 1000" as a JSON array; what is no list of numbers comes back as the text itself. */
static json_t *dup_list(const char *text) {
    g_auto(GStrv) words = g_strsplit_set(text, ", ;\t[]", -1);
    json_t *list = json_array();

    for (gsize i = 0; words[i] != NULL; i++) {
        char *end = NULL;
        if (*words[i] == '\0') {
            continue;
        }
        double value = g_ascii_strtod(words[i], &end);
        if (*end != '\0' || !isfinite(value)) {
            json_decref(list);
            return json_string(text);
        }
        bool whole = value == floor(value) && fabs(value) < 9e15;
        json_array_append_new(list, whole ? json_integer((json_int_t)value) : json_real(value));
    }
    return list;
}

/* ---- Any key ------------------------------------------------------------------------------------- */

gsc_setup_row *gsc_setup_row_new(const gsc_spec_key *key, const json_t *value, const char *lab,
                                 GscPluginStore *plugins, gsc_setup_changed *changed,
                                 gpointer data) {
    if (key->type == GSC_SPEC_OBJECT || key->type == GSC_SPEC_OBJECT_LIST) {
        return NULL;
    }
    gsc_setup_row *self = g_new0(gsc_setup_row, 1);
    *self = (gsc_setup_row){.key = key, .plugins = plugins, .changed = changed, .data = data};
    self->lab = g_intern_string(lab);
    self->quiet = true;
    self->optional = value == NULL;
    self->absent = value == NULL && key->type != GSC_SPEC_PLUGIN;
    switch (key->type) {
    case GSC_SPEC_INT:
    case GSC_SPEC_REAL:
        make_number(self, value);
        break;
    case GSC_SPEC_BOOL:
        make_switch(self, value);
        break;
    case GSC_SPEC_CHOICE:
        make_choice(self, value);
        break;
    case GSC_SPEC_PLUGIN:
        gsc_setup_plugin_make(self, value);
        break;
    default:
        make_text(self, value);
        break;
    }
    self->quiet = false;
    return self;
}

void gsc_setup_row_free(gsc_setup_row *self) {
    if (self == NULL) {
        return;
    }
    g_signal_handlers_disconnect_by_data(self->control, self);
    gsc_setup_plugin_clear(self);
    g_free(self);
}

const gsc_spec_key *gsc_setup_row_get_key(gsc_setup_row *self) {
    return self->key;
}

GtkWidget *gsc_setup_row_get_widget(gsc_setup_row *self) {
    return self->widget;
}

const GPtrArray *gsc_setup_row_get_parameters(gsc_setup_row *self) {
    return self->parameters;
}

json_t *gsc_setup_row_dup_value(gsc_setup_row *self) {
    if (self->absent) {
        return NULL;
    }
    switch (self->key->type) {
    case GSC_SPEC_INT:
    case GSC_SPEC_REAL:
        return dup_number(self);
    case GSC_SPEC_BOOL:
        return json_boolean(gtk_switch_get_active(GTK_SWITCH(self->control)));
    case GSC_SPEC_CHOICE: {
        guint selected = adw_combo_row_get_selected(ADW_COMBO_ROW(self->control));
        return json_string(self->key->choices[selected]);
    }
    case GSC_SPEC_PLUGIN:
        return gsc_setup_plugin_dup_value(self);
    case GSC_SPEC_INT_LIST:
    case GSC_SPEC_REAL_LIST: {
        const char *text = gtk_editable_get_text(GTK_EDITABLE(self->control));
        return self->optional && *text == '\0' ? NULL : dup_list(text);
    }
    default:
        return json_string(gtk_editable_get_text(GTK_EDITABLE(self->control)));
    }
}

void gsc_setup_row_set_wrong(gsc_setup_row *self, bool wrong) {
    if (wrong) {
        gtk_widget_add_css_class(self->widget, "error");
    } else {
        gtk_widget_remove_css_class(self->widget, "error");
    }
}

void gsc_setup_row_choose_plugin(gsc_setup_row *self, const json_t *value) {
    if (self->key->type == GSC_SPEC_PLUGIN) {
        gsc_setup_plugin_choose(self, value);
    }
}

void gsc_setup_row_update_plugins(gsc_setup_row *self) {
    if (self->key->type == GSC_SPEC_PLUGIN) {
        self->quiet = true;
        gsc_setup_plugin_update(self);
        self->quiet = false;
    }
}
