/* SPDX-License-Identifier: MIT
 *
 * An ablation put together by clicking. See ablation.h.
 */
#include "ui/ablation.h"

#include "core/read/sweep.h"
#include "ui/access.h"
#include "ui/ablation_private.h"
#include "ui/ablation_words.h"
#include "ui/setup_row_private.h"

#include <adwaita.h>
#include <math.h>
#include <string.h>

G_DEFINE_FINAL_TYPE(GscAblation, gsc_ablation, GTK_TYPE_WIDGET)

enum {
    SIGNAL_RUN_ALL,
    N_SIGNALS
};
static guint signals[N_SIGNALS];

/* ---- What it says -------------------------------------------------------------------------------- */

static void say(GtkLabel *label, const char *text) {
    gtk_label_set_text(label, text);
    gtk_widget_set_visible(GTK_WIDGET(label), *text != '\0');
}

static void show_cost(GscAblation *self, const gsc_cost *cost) {
    const size_t seeds = gsc_ablation_count_seeds(self);
    g_autofree char *text = gsc_ablation_cost_words(self->n_arms, seeds, cost, self->spread.run_s);

    say(self->cost_label, text);
}

static void show_power(GscAblation *self) {
    char *problem = NULL;
    json_t *axes = gsc_ablation_dup_axes(self, &problem);
    const char *why = axes != NULL ? gsc_ablation_why_no_verdict(self, axes) : NULL;
    g_autofree char *text = gsc_ablation_power_words(
        self->n_arms, gsc_ablation_count_seeds(self), self->spread.sd, self->spread.from,
        gsc_ablation_is_lm(self) ? "nat" : "in the slope",
        gtk_spin_button_get_value(self->margin_spin));

    say(self->power_label, why != NULL ? why : text);
    json_decref(axes);
    g_free(problem);
}

/* The process that measures has answered. Arms that it refuses are not begun. */
static void on_answer(const gsc_cost *cost, const char *problem, gpointer data) {
    GscAblation *self = GSC_ABLATION(data);

    if (cost != NULL) {
        show_cost(self, cost);
    } else {
        say(self->cost_label, problem);
        gtk_widget_add_css_class(GTK_WIDGET(self->cost_label), "error");
        self->is_refused = true;
        gtk_widget_set_sensitive(GTK_WIDGET(self->run_button), FALSE);
    }
}

/* Only what costs something is asked anew: a word more in the hypothesis is not. */
static void ask_cost(GscAblation *self, const char *plan) {
    json_t *asked = json_loads(plan, 0, NULL);

    json_object_del(asked, "hypothesis");
    json_object_del(asked, "margin");
    json_object_del(asked, "baseline");
    g_autofree char *text = gsc_ablation_dump(asked);
    json_decref(asked);
    if (gsc_forecast_ask(self->forecast, text)) {
        gtk_widget_remove_css_class(GTK_WIDGET(self->cost_label), "error");
        self->is_refused = false;
        show_cost(self, NULL);
    }
    gtk_widget_set_sensitive(GTK_WIDGET(self->run_button), !self->is_refused);
}

static void update(GscAblation *self) {
    char *problem = NULL;
    bool any = false;

    if (self->quiet || self->base == NULL) {
        return;
    }
    for (guint i = 0; i < self->axes->len; i++) {
        any = any || gsc_ablation_axis_is_on(self->axes->pdata[i]);
    }
    gtk_widget_set_sensitive(GTK_WIDGET(self->seeds_row),
                             self->seed_axis == NULL || !gsc_ablation_axis_is_on(self->seed_axis));
    g_autofree char *plan = gsc_ablation_dup_plan(self, &problem);
    gtk_widget_set_visible(GTK_WIDGET(self->list), any);
    gtk_widget_set_visible(GTK_WIDGET(self->question), any);
    gtk_widget_set_visible(GTK_WIDGET(self->run_button), any);
    gtk_widget_set_sensitive(GTK_WIDGET(self->run_button), plan != NULL && !self->is_refused);
    if (any && !self->is_spread_read && self->runs != NULL) {
        self->is_spread_read = true;
        gsc_spread_clear(&self->spread);
        gsc_spread_read(&self->spread, self->runs, self->experiment, self->base,
                        gsc_ablation_get_result(self));
    }
    if (plan != NULL) {
        ask_cost(self, plan);
        show_power(self);
    } else {
        gsc_forecast_ask(self->forecast, NULL);
        gtk_widget_remove_css_class(GTK_WIDGET(self->cost_label), "error");
        say(self->cost_label, any ? problem : "");
        say(self->power_label, "");
    }
    g_free(problem);
}

static void on_axis_changed(gpointer data) {
    update(GSC_ABLATION(data));
}

static void on_value_changed(GtkWidget *widget, GscAblation *self) {
    update(self);
}

static void on_baseline(AdwComboRow *row, GParamSpec *pspec, GscAblation *self) {
    update(self);
}

const char *gsc_ablation_get_cost(GscAblation *self) {
    return gtk_label_get_text(self->cost_label);
}

const char *gsc_ablation_get_power(GscAblation *self) {
    return gtk_label_get_text(self->power_label);
}

/* ---- Axes ---------------------------------------------------------------------------------------- */

static gsc_ablation_axis *add_axis(GscAblation *self, const char *key, const char *title,
                                   const char *kind) {
    gsc_ablation_axis *one = gsc_ablation_axis_new(key, title, kind, on_axis_changed, self);

    GtkWidget *chip = gsc_ablation_axis_get_chip(one);

    gtk_flow_box_append(self->chips, chip);
    gtk_widget_set_focusable(gtk_widget_get_parent(chip), FALSE); /* the chip takes the keyboard */
    gtk_list_box_append(self->list, gsc_ablation_axis_get_row(one));
    g_ptr_array_add(self->axes, one);
    return one;
}

/* Parameters of the plugin that the set-up has: gate.offset. */
static void add_params(GscAblation *self, const gsc_spec_key *key) {
    const char *id = gsc_spec_plugin(self->base, key->name);
    const json_t *plugin =
        id != NULL ? gsc_plugin_store_find(self->plugins, key->choices[0], id) : NULL;
    const json_t *params = json_object_get(plugin, "params");

    for (size_t i = 0; i < json_array_size(params); i++) {
        const json_t *param = json_array_get(params, i);
        const char *name = gsc_plugin_text(param, "name");
        g_autofree char *whole = g_strdup_printf("%s.%s", key->name, name);
        g_autofree char *title = g_strdup(name);
        json_t *now = json_real(gsc_spec_plugin_param(
            self->base, key->name, name, json_number_value(json_object_get(param, "initial"))));
        g_strdelimit(title, "_", ' ');
        title[0] = g_ascii_toupper(title[0]);
        gsc_ablation_axis_set_number(add_axis(self, whole, title, NULL), now);
        json_decref(now);
    }
}

static bool varies(const char *key, bool lm) {
    static const char *const of_lm[] = {
        "lm.top_k",         "lm.shared",  "lm.experts", "lm.expert_width",
        "lm.learning_rate", "lm.balance", NULL};
    static const char *const of_theory[] = {"theory.k_shared", "theory.k_routed", "theory.top_k",
                                            NULL};

    return g_strv_contains(lm ? of_lm : of_theory, key);
}

static void clear_axes(GscAblation *self) {
    GtkWidget *child;

    while ((child = gtk_widget_get_first_child(GTK_WIDGET(self->chips))) != NULL) {
        gtk_flow_box_remove(self->chips, child);
    }
    while ((child = gtk_widget_get_first_child(GTK_WIDGET(self->list))) != NULL) {
        gtk_list_box_remove(self->list, child);
    }
    self->seed_axis = NULL;
    g_ptr_array_set_size(self->axes, 0);
}

static void make_axes(GscAblation *self) {
    const char *lab = gsc_spec_string(self->base, "lab");
    const bool lm = gsc_ablation_is_lm(self);
    size_t n = 0;
    const gsc_spec_key *keys = gsc_spec_keys(&n);

    clear_axes(self);
    for (size_t i = 0; i < n; i++) {
        g_autofree char *title = gsc_setup_key_title(&keys[i]);
        const bool plugin =
            keys[i].type == GSC_SPEC_PLUGIN && (lm || strcmp(keys[i].choices[0], "balancer") != 0);
        if (plugin && gsc_spec_json(self->base, keys[i].name) != NULL) {
            const char *now = gsc_spec_plugin(self->base, keys[i].name);
            gsc_ablation_axis_set_plugins(add_axis(self, keys[i].name, title, keys[i].choices[0]),
                                          self->plugins, lab, now != NULL ? now : "");
            add_params(self, &keys[i]);
        } else if (varies(keys[i].name, lm)) {
            gsc_ablation_axis_set_number(add_axis(self, keys[i].name, title, NULL),
                                         gsc_spec_json(self->base, keys[i].name));
        }
    }
    self->seed_axis = add_axis(self, "seed", "Which seeds", NULL);
    gsc_ablation_axis_set_text(self->seed_axis, "1, 2, 3, 4, 5, 6, 7, 8");
    gtk_editable_set_text(GTK_EDITABLE(self->hypothesis_row), "");
    gtk_spin_button_set_value(self->margin_spin, lm ? 0.005 : 0.02);
    adw_action_row_set_subtitle(self->margin_row,
                                lm ? "Smaller differences are equivalent (nat)"
                                   : "Smaller differences of the slope are equivalent");
    gsc_access_name_inside(GTK_WIDGET(self));
}

void gsc_ablation_set_base(GscAblation *self, GscExperiment *experiment, const gsc_spec *spec) {
    const json_t *descriptors = gsc_plugin_store_get_descriptors(self->plugins);
    const char *gate = gsc_spec_plugin(spec, "gate"), *expert = gsc_spec_plugin(spec, "expert");
    g_autofree char *made_for = g_strdup_printf(
        "%s %s %s %zu", gsc_experiment_get_source(experiment), gate != NULL ? gate : "",
        expert != NULL ? expert : "", json_array_size(descriptors));

    g_set_object(&self->experiment, experiment);
    gsc_spec_free(self->base);
    self->base = gsc_spec_dup(spec);
    if (self->base != NULL && g_strcmp0(made_for, self->made_for) != 0) {
        g_free(self->made_for);
        self->made_for = g_steal_pointer(&made_for);
        self->quiet = true;
        make_axes(self);
        self->quiet = false;
    }
    gsc_spread_clear(&self->spread);
    self->is_spread_read = false;
    update(self);
}

/* ---- Object -------------------------------------------------------------------------------------- */

static void on_run_clicked(GtkButton *button, GscAblation *self) {
    g_signal_emit(self, signals[SIGNAL_RUN_ALL], 0);
}

static void gsc_ablation_dispose(GObject *object) {
    GscAblation *self = GSC_ABLATION(object);

    g_clear_pointer(&self->forecast, gsc_forecast_free);
    g_clear_pointer(&self->axes, g_ptr_array_unref);
    g_clear_pointer(&self->content, gtk_widget_unparent);
    g_clear_pointer(&self->arms, g_ptr_array_unref);
    g_clear_pointer(&self->base, gsc_spec_free);
    g_clear_pointer(&self->made_for, g_free);
    gsc_spread_clear(&self->spread);
    g_clear_object(&self->experiment);
    g_clear_object(&self->plugins);
    g_clear_object(&self->runs);
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

static GtkWidget *new_row(const char *title, const char *subtitle, GtkWidget *control) {
    GtkWidget *row = adw_action_row_new();

    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
    adw_action_row_set_subtitle(ADW_ACTION_ROW(row), subtitle);
    adw_action_row_add_suffix(ADW_ACTION_ROW(row), control);
    adw_action_row_set_activatable_widget(ADW_ACTION_ROW(row), control);
    return row;
}

static GtkListBox *new_list(const char *name) {
    GtkListBox *list = GTK_LIST_BOX(gtk_list_box_new());

    gtk_list_box_set_selection_mode(list, GTK_SELECTION_NONE);
    gtk_widget_add_css_class(GTK_WIDGET(list), "boxed-list");
    gtk_widget_set_visible(GTK_WIDGET(list), FALSE);
    gtk_accessible_update_property(GTK_ACCESSIBLE(list), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    return list;
}

/* What is set before the first run, and hashed into every one. */
static void make_question(GscAblation *self) {
    self->question = new_list("The question");
    self->hypothesis_row = adw_entry_row_new();
    self->seeds_spin = GTK_SPIN_BUTTON(gsc_setup_spin_new(GSC_SWEEP_SEEDS, 1, 100, true));
    self->baseline_row = ADW_COMBO_ROW(adw_combo_row_new());
    self->margin_spin = GTK_SPIN_BUTTON(gsc_setup_spin_new(0.005, 0.0001, 10, false));
    gtk_spin_button_set_digits(self->margin_spin, 4);
    gtk_spin_button_set_increments(self->margin_spin, 0.001, 0.01);
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(self->hypothesis_row),
                                  "Hypothesis, in one sentence");
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(self->baseline_row), "Baseline");
    adw_action_row_set_subtitle(ADW_ACTION_ROW(self->baseline_row),
                                "The arm that the others are compared with");
    self->margin_row = ADW_ACTION_ROW(new_row("Margin", "", GTK_WIDGET(self->margin_spin)));
    gtk_list_box_append(self->question, self->hypothesis_row);
    self->seeds_row = ADW_ACTION_ROW(
        new_row("Seeds", "The same for every arm; verdicts need 6", GTK_WIDGET(self->seeds_spin)));
    gtk_list_box_append(self->question, GTK_WIDGET(self->seeds_row));
    gtk_list_box_append(self->question, GTK_WIDGET(self->baseline_row));
    gtk_list_box_append(self->question, GTK_WIDGET(self->margin_row));
    g_signal_connect(self->hypothesis_row, "changed", G_CALLBACK(on_value_changed), self);
    g_signal_connect(self->seeds_spin, "value-changed", G_CALLBACK(on_value_changed), self);
    g_signal_connect(self->margin_spin, "value-changed", G_CALLBACK(on_value_changed), self);
    g_signal_connect(self->baseline_row, "notify::selected", G_CALLBACK(on_baseline), self);
}

static void make_chips(GscAblation *self) {
    self->chips = GTK_FLOW_BOX(gtk_flow_box_new());
    gtk_flow_box_set_selection_mode(self->chips, GTK_SELECTION_NONE);
    gtk_flow_box_set_min_children_per_line(self->chips, 1);
    gtk_flow_box_set_max_children_per_line(self->chips, 2);
    gtk_flow_box_set_homogeneous(self->chips, TRUE);
    gtk_flow_box_set_row_spacing(self->chips, 6);
    gtk_flow_box_set_column_spacing(self->chips, 6);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->chips), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   "What to vary", -1);
}

static void free_axis(gpointer axis) {
    gsc_ablation_axis_free(axis);
}

static void gsc_ablation_init(GscAblation *self) {
    self->axes = g_ptr_array_new_with_free_func(free_axis);
    self->arms = g_ptr_array_new_with_free_func(g_free);
    self->spread = (gsc_spread){.sd = NAN, .run_s = NAN};
    self->forecast = gsc_forecast_new(on_answer, self);
    self->content = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);
    self->list = new_list("Values to compare");
    make_chips(self);
    make_question(self);
    self->cost_label = GTK_LABEL(new_words("", "caption"));
    self->power_label = GTK_LABEL(new_words("", "caption"));
    self->run_button = GTK_BUTTON(gtk_button_new_with_label("Run all"));
    gtk_widget_add_css_class(GTK_WIDGET(self->cost_label), "numeric");
    gtk_widget_add_css_class(GTK_WIDGET(self->power_label), "dim-label");
    gtk_box_append(GTK_BOX(self->content), new_words("Compare", "heading"));
    gtk_box_append(GTK_BOX(self->content),
                   new_words("What to vary; every arm gets the same seeds and data", "dim-label"));
    gtk_box_append(GTK_BOX(self->content), GTK_WIDGET(self->chips));
    gtk_box_append(GTK_BOX(self->content), GTK_WIDGET(self->list));
    gtk_box_append(GTK_BOX(self->content), GTK_WIDGET(self->question));
    gtk_box_append(GTK_BOX(self->content), GTK_WIDGET(self->cost_label));
    gtk_box_append(GTK_BOX(self->content), GTK_WIDGET(self->power_label));
    gtk_box_append(GTK_BOX(self->content), GTK_WIDGET(self->run_button));
    gtk_widget_set_parent(self->content, GTK_WIDGET(self));
    g_signal_connect(self->run_button, "clicked", G_CALLBACK(on_run_clicked), self);
}

GtkWidget *gsc_ablation_new(GscPluginStore *plugins) {
    GscAblation *self = g_object_new(GSC_TYPE_ABLATION, NULL);

    self->plugins = g_object_ref(plugins);
    return GTK_WIDGET(self);
}

void gsc_ablation_set_runs(GscAblation *self, GscRunStore *runs) {
    g_set_object(&self->runs, runs);
}
