/* SPDX-License-Identifier: MIT
 *
 * What an ablation varies. See ablation.h.
 */
#include "ui/ablation.h"

#include "core/read/sweep.h"
#include "ui/setup_row.h"
#include "ui/words.h"

#include <adwaita.h>
#include <math.h>
#include <string.h>

enum {
    USUAL_SEEDS = 3
};

/* A key that may vary. */
typedef struct axis {
    char *key, *title;
    const char *kind; /* of plugins; NULL: numbers */
    GtkWidget *chip;  /* toggle */
    GtkWidget
        *row; /* its values: an expander of plugins, or an entry; shown while the chip is on */
    GPtrArray *checks; /* of plugins: GtkCheckButton *, borrowed */
    GPtrArray *ids;    /* char *, parallel */
    struct _GscAblation *owner;
} axis;

struct _GscAblation {
    GtkWidget parent;
    GtkWidget *content;
    GtkFlowBox *chips;
    GtkListBox *list;
    GtkSpinButton *seeds_spin;
    GtkLabel *count_label;
    GtkButton *run_button;
    GPtrArray *axes; /* axis * */
    GscPluginStore *plugins;
    double run_seconds;
};

G_DEFINE_FINAL_TYPE(GscAblation, gsc_ablation, GTK_TYPE_WIDGET)

enum {
    SIGNAL_RUN_ALL,
    N_SIGNALS
};
static guint signals[N_SIGNALS];

static void free_axis(gpointer data) {
    axis *self = data;

    g_free(self->key);
    g_free(self->title);
    g_clear_pointer(&self->checks, g_ptr_array_unref);
    g_clear_pointer(&self->ids, g_ptr_array_unref);
    g_free(self);
}

/* ---- The plan ------------------------------------------------------------------------------------ */

static bool is_on(const axis *self) {
    return gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(self->chip));
}

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

static json_t *dup_values(const axis *self) {
    if (self->kind == NULL) {
        return dup_numbers(gtk_editable_get_text(GTK_EDITABLE(self->row)));
    }
    json_t *list = json_array();
    for (guint i = 0; i < self->checks->len; i++) {
        if (gtk_check_button_get_active(GTK_CHECK_BUTTON(self->checks->pdata[i]))) {
            json_array_append_new(list, json_string(self->ids->pdata[i]));
        }
    }
    return list;
}

json_t *gsc_ablation_dup_plan(GscAblation *self, char **ret_problem) {
    const int seeds = gtk_spin_button_get_value_as_int(self->seeds_spin);
    json_t *axes = json_object();
    char *problem = NULL;

    for (guint i = 0; i < self->axes->len && problem == NULL; i++) {
        const axis *one = self->axes->pdata[i];
        if (!is_on(one)) {
            continue;
        }
        json_t *values = dup_values(one);
        if (values == NULL) {
            problem = g_strdup_printf("%s takes numbers with commas between, such as 1, 2, 4.",
                                      one->title);
        } else if (json_array_size(values) < 2) {
            problem = g_strdup_printf("Choose two or more values of %s to compare.", one->title);
        }
        json_object_set_new(axes, one->key, values != NULL ? values : json_null());
    }
    if (problem == NULL && json_object_size(axes) == 0) {
        problem = g_strdup("Choose what to vary.");
    }
    if (problem != NULL) {
        json_decref(axes);
        *ret_problem = problem;
        return NULL;
    }
    return json_pack("{s:o, s:i, s:b}", "axes", axes, "seeds", seeds, "verdict",
                     seeds >= GSC_SWEEP_LEAST_SEEDS);
}

/* "6 arms × 3 seeds = 18 runs · about 4 min", or what is missing. */
static void update(GscAblation *self) {
    g_autofree char *problem = NULL;
    json_t *plan = gsc_ablation_dup_plan(self, &problem);
    const char *key;
    json_t *values;
    size_t arms = 1;

    if (plan != NULL) {
        json_object_foreach(json_object_get(plan, "axes"), key, values) {
            arms *= json_array_size(values);
        }
        const size_t seeds = (size_t)json_integer_value(json_object_get(plan, "seeds"));
        g_autofree char *time = self->run_seconds > 0
                                    ? gsc_words_duration(self->run_seconds * (double)(arms * seeds))
                                    : NULL;
        g_autofree char *text =
            g_strdup_printf("%zu arms × %zu seeds = %zu runs%s%s", arms, seeds, arms * seeds,
                            time != NULL ? " · about " : "", time != NULL ? time : "");
        gtk_label_set_text(self->count_label, text);
    } else {
        gtk_label_set_text(self->count_label, problem);
    }
    gtk_widget_set_sensitive(GTK_WIDGET(self->run_button), plan != NULL);
    json_decref(plan);
}

/* ---- Axes ---------------------------------------------------------------------------------------- */

static void on_value_changed(GtkWidget *widget, GscAblation *self) {
    update(self);
}

static void on_check_toggled(GtkCheckButton *check, axis *self) {
    GString *chosen = g_string_new(NULL);

    for (guint i = 0; i < self->checks->len; i++) {
        if (gtk_check_button_get_active(GTK_CHECK_BUTTON(self->checks->pdata[i]))) {
            g_string_append_printf(chosen, "%s%s", chosen->len > 0 ? ", " : "",
                                   (const char *)self->ids->pdata[i]);
        }
    }
    g_autofree char *text = g_string_free(chosen, FALSE);
    adw_expander_row_set_subtitle(ADW_EXPANDER_ROW(self->row), text);
    update(self->owner);
}

static void on_chip_toggled(GtkToggleButton *chip, axis *self) {
    const bool on = gtk_toggle_button_get_active(chip);

    gtk_widget_set_visible(self->row, on);
    if (on && self->kind != NULL) {
        adw_expander_row_set_expanded(ADW_EXPANDER_ROW(self->row), TRUE);
    }
    gtk_widget_set_visible(GTK_WIDGET(self->owner->list), TRUE);
    update(self->owner);
}

/* The plugins of a kind that the lab takes, the one of the set-up chosen already. */
static void fill_plugins(axis *self, const char *lab, const char *now) {
    const json_t *descriptors = gsc_plugin_store_get_descriptors(self->owner->plugins);

    for (size_t i = 0; i < json_array_size(descriptors); i++) {
        const json_t *plugin = json_array_get(descriptors, i);
        const char *id = gsc_plugin_text(plugin, "id");
        g_autofree char *refusal = gsc_plugin_dup_refusal(plugin, lab);
        if (strcmp(gsc_plugin_text(plugin, "kind"), self->kind) != 0 || *refusal != '\0') {
            continue;
        }
        GtkWidget *check = gtk_check_button_new(), *row = adw_action_row_new();
        g_autofree char *title = g_markup_escape_text(gsc_plugin_text(plugin, "title"), -1);
        gtk_widget_set_valign(check, GTK_ALIGN_CENTER);
        gtk_accessible_update_property(GTK_ACCESSIBLE(check), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       gsc_plugin_text(plugin, "title"), -1);
        adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
        adw_action_row_add_prefix(ADW_ACTION_ROW(row), check);
        adw_action_row_set_activatable_widget(ADW_ACTION_ROW(row), check);
        adw_expander_row_add_row(ADW_EXPANDER_ROW(self->row), row);
        g_ptr_array_add(self->checks, check);
        g_ptr_array_add(self->ids, g_strdup(id));
        g_signal_connect(check, "toggled", G_CALLBACK(on_check_toggled), self);
        if (strcmp(id, now) == 0) {
            gtk_check_button_set_active(GTK_CHECK_BUTTON(check), TRUE);
        }
    }
}

static axis *add_axis(GscAblation *self, const char *key, const char *title, const char *kind) {
    axis *one = g_new0(axis, 1);

    *one = (axis){.key = g_strdup(key), .title = g_strdup(title), .kind = kind, .owner = self};
    one->chip = gtk_toggle_button_new_with_label(title);
    one->row = kind != NULL ? adw_expander_row_new() : adw_entry_row_new();
    one->checks = g_ptr_array_new();
    one->ids = g_ptr_array_new_with_free_func(g_free);
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(one->row), title);
    gtk_widget_add_css_class(one->chip, "chip");
    gtk_widget_set_visible(one->row, FALSE);
    gtk_flow_box_append(self->chips, one->chip);
    gtk_list_box_append(self->list, one->row);
    if (kind == NULL) {
        g_signal_connect(one->row, "changed", G_CALLBACK(on_value_changed), self);
    }
    g_signal_connect(one->chip, "toggled", G_CALLBACK(on_chip_toggled), one);
    g_ptr_array_add(self->axes, one);
    return one;
}

static void set_number(axis *self, const json_t *value) {
    const json_t *first = json_is_array(value) ? json_array_get(value, 0) : value;
    g_autofree char *text = g_strdup_printf("%.10g", json_number_value(first));

    gtk_editable_set_text(GTK_EDITABLE(self->row), first != NULL ? text : "");
}

/* Parameters of the plugin that the set-up has: gate.offset. */
static void add_params(GscAblation *self, const gsc_spec *spec, const gsc_spec_key *key) {
    const char *id = gsc_spec_plugin(spec, key->name);
    const json_t *plugin =
        id != NULL ? gsc_plugin_store_find(self->plugins, key->choices[0], id) : NULL;
    const json_t *params = json_object_get(plugin, "params");

    for (size_t i = 0; i < json_array_size(params); i++) {
        const json_t *param = json_array_get(params, i);
        const char *name = gsc_plugin_text(param, "name");
        g_autofree char *whole = g_strdup_printf("%s.%s", key->name, name);
        g_autofree char *title = g_strdup(name);
        json_t *now = json_real(gsc_spec_plugin_param(
            spec, key->name, name, json_number_value(json_object_get(param, "initial"))));
        g_strdelimit(title, "_", ' ');
        title[0] = g_ascii_toupper(title[0]);
        set_number(add_axis(self, whole, title, NULL), now);
        json_decref(now);
    }
}

static bool varies(const char *key, bool is_lm) {
    static const char *const lm[] = {
        "lm.top_k",         "lm.shared",  "lm.experts", "lm.expert_width",
        "lm.learning_rate", "lm.balance", NULL};
    static const char *const theory[] = {"theory.k_shared", "theory.k_routed", "theory.top_k",
                                         NULL};

    return g_strv_contains(is_lm ? lm : theory, key);
}

void gsc_ablation_set_spec(GscAblation *self, const gsc_spec *spec) {
    const char *lab = gsc_spec_string(spec, "lab");
    const bool is_lm = g_strcmp0(lab, "lm") == 0;
    GtkWidget *child;
    size_t n = 0;
    const gsc_spec_key *keys = gsc_spec_keys(&n);

    while ((child = gtk_widget_get_first_child(GTK_WIDGET(self->chips))) != NULL) {
        gtk_flow_box_remove(self->chips, child);
    }
    while ((child = gtk_widget_get_first_child(GTK_WIDGET(self->list))) != NULL) {
        gtk_list_box_remove(self->list, child);
    }
    g_ptr_array_set_size(self->axes, 0);
    for (size_t i = 0; i < n; i++) {
        g_autofree char *title = gsc_setup_key_title(&keys[i]);
        const bool plugin = keys[i].type == GSC_SPEC_PLUGIN &&
                            (is_lm || strcmp(keys[i].choices[0], "balancer") != 0);
        if (plugin && gsc_spec_json(spec, keys[i].name) != NULL) {
            axis *one = add_axis(self, keys[i].name, title, keys[i].choices[0]);
            const char *now = gsc_spec_plugin(spec, keys[i].name);
            fill_plugins(one, lab, now != NULL ? now : "");
            add_params(self, spec, &keys[i]);
        } else if (varies(keys[i].name, is_lm)) {
            set_number(add_axis(self, keys[i].name, title, NULL),
                       gsc_spec_json(spec, keys[i].name));
        }
    }
    gtk_widget_set_visible(GTK_WIDGET(self->list), FALSE);
    update(self);
}

void gsc_ablation_set_run_seconds(GscAblation *self, double seconds) {
    self->run_seconds = seconds;
    update(self);
}

/* ---- Object -------------------------------------------------------------------------------------- */

static void on_run_clicked(GtkButton *button, GscAblation *self) {
    g_signal_emit(self, signals[SIGNAL_RUN_ALL], 0);
}

static void gsc_ablation_dispose(GObject *object) {
    GscAblation *self = GSC_ABLATION(object);

    g_clear_pointer(&self->content, gtk_widget_unparent);
    g_clear_pointer(&self->axes, g_ptr_array_unref);
    g_clear_object(&self->plugins);
    G_OBJECT_CLASS(gsc_ablation_parent_class)->dispose(object);
}

static void gsc_ablation_class_init(GscAblationClass *klass) {
    G_OBJECT_CLASS(klass)->dispose = gsc_ablation_dispose;
    signals[SIGNAL_RUN_ALL] = g_signal_new("run-all", GSC_TYPE_ABLATION, G_SIGNAL_RUN_LAST, 0, NULL,
                                           NULL, NULL, G_TYPE_NONE, 0);
    gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(klass), GTK_TYPE_BIN_LAYOUT);
}

static GtkWidget *new_words(const char *text, const char *css_class) {
    GtkWidget *label = gtk_label_new(text);

    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_widget_add_css_class(label, css_class);
    return label;
}

static void gsc_ablation_init(GscAblation *self) {
    GtkWidget *bottom = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    GtkWidget *seeds = new_words("Seeds", "body");

    self->axes = g_ptr_array_new_with_free_func(free_axis);
    self->content = gtk_box_new(GTK_ORIENTATION_VERTICAL, 9);
    self->chips = GTK_FLOW_BOX(gtk_flow_box_new());
    self->list = GTK_LIST_BOX(gtk_list_box_new());
    self->seeds_spin = GTK_SPIN_BUTTON(gtk_spin_button_new_with_range(1, 100, 1));
    self->count_label = GTK_LABEL(new_words("", "caption"));
    self->run_button = GTK_BUTTON(gtk_button_new_with_label("Run all"));
    gtk_flow_box_set_selection_mode(self->chips, GTK_SELECTION_NONE);
    gtk_flow_box_set_min_children_per_line(self->chips, 2);
    gtk_flow_box_set_max_children_per_line(self->chips, 2);
    gtk_flow_box_set_homogeneous(self->chips, TRUE);
    gtk_flow_box_set_row_spacing(self->chips, 3);
    gtk_flow_box_set_column_spacing(self->chips, 3);
    gtk_list_box_set_selection_mode(self->list, GTK_SELECTION_NONE);
    gtk_widget_add_css_class(GTK_WIDGET(self->list), "boxed-list");
    gtk_spin_button_set_value(self->seeds_spin, USUAL_SEEDS);
    gtk_widget_set_tooltip_text(GTK_WIDGET(self->seeds_spin),
                                "The same seeds for every arm; from 6 on there are verdicts");
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->seeds_spin), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   "Seeds of every arm", -1);
    gtk_widget_set_hexpand(seeds, TRUE);
    gtk_box_append(GTK_BOX(bottom), seeds);
    gtk_box_append(GTK_BOX(bottom), GTK_WIDGET(self->seeds_spin));
    gtk_box_append(GTK_BOX(bottom), GTK_WIDGET(self->run_button));
    gtk_widget_add_css_class(GTK_WIDGET(self->count_label), "dim-label");
    gtk_box_append(GTK_BOX(self->content), new_words("Compare", "heading"));
    gtk_box_append(GTK_BOX(self->content),
                   new_words("What to vary; every arm gets the same seeds and data", "dim-label"));
    gtk_box_append(GTK_BOX(self->content), GTK_WIDGET(self->chips));
    gtk_box_append(GTK_BOX(self->content), GTK_WIDGET(self->list));
    gtk_box_append(GTK_BOX(self->content), bottom);
    gtk_box_append(GTK_BOX(self->content), GTK_WIDGET(self->count_label));
    gtk_widget_set_parent(self->content, GTK_WIDGET(self));
    g_signal_connect(self->seeds_spin, "value-changed", G_CALLBACK(on_value_changed), self);
    g_signal_connect(self->run_button, "clicked", G_CALLBACK(on_run_clicked), self);
}

GtkWidget *gsc_ablation_new(GscPluginStore *plugins) {
    GscAblation *self = g_object_new(GSC_TYPE_ABLATION, NULL);

    self->plugins = g_object_ref(plugins);
    return GTK_WIDGET(self);
}
