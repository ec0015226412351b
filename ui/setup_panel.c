/* SPDX-License-Identifier: MIT
 *
 * The set-up of the selected experiment. See setup_panel.h.
 */
#include "ui/setup_panel.h"

#include "ui/access.h"
#include "ui/setup_row.h"
#include "ui/text_scale.h"
#include "ui/words.h"

#include <string.h>

enum {
    WIDTH = 348 /* at the usual text scale */
};

struct _GscSetupPanel {
    GtkWidget parent;
    GtkWidget *content;
    GtkInfoBar *problem_bar;
    GtkLabel *problem_label, *title_label, *summary_label, *work_label;
    GtkButton *revert_button;
    GtkBox *groups;

    GscPluginStore *plugins;
    GscExperiment *experiment;
    GPtrArray *rows;   /* gsc_setup_row * */
    GHashTable *kept;  /* experiment source -> GStrv of the user's changes */
    char *run_problem; /* said from outside, until the next change */
    bool valid;
    guint check_source;
    GtkBox *ablation_box;
    GscAblation *ablation;
};

G_DEFINE_FINAL_TYPE(GscSetupPanel, gsc_setup_panel, GTK_TYPE_WIDGET)

enum {
    SIGNAL_EDITED,
    SIGNAL_RUN_ALL,
    N_SIGNALS
};
static guint signals[N_SIGNALS];

/* ---- Checking ------------------------------------------------------------------------------------ */

static void say(GscSetupPanel *self, const char *sentence) {
    bool wrong = sentence != NULL && *sentence != '\0';

    if (wrong) {
        gtk_label_set_text(self->problem_label, sentence);
    }
    gtk_info_bar_set_revealed(self->problem_bar, wrong);
}

static size_t list_size(const gsc_spec *spec, const char *key) {
    const json_t *value = gsc_spec_json(spec, key);

    return json_is_array(value) ? json_array_size(value) : 1;
}

/* "336 fits: 7 sizes × 16 replicates × 3 arms"; a fingerprint has no samples. */
static void show_work(GscSetupPanel *self, const gsc_spec *spec) {
    const json_t *given = gsc_spec_json(spec, "theory.arms");
    size_t arms = list_size(spec, "theory.k_shared") * list_size(spec, "theory.k_routed");

    arms *= MAX(json_array_size(given), 1);
    if (g_strcmp0(gsc_spec_string(spec, "lab"), "lm") == 0) {
        gtk_label_set_text(self->work_label, "");
        return;
    }
    if (g_strcmp0(gsc_spec_string(spec, "theory.study"), "fingerprint") == 0) {
        gtk_label_set_text(self->work_label, "By quadrature, without samples");
        return;
    }
    size_t sizes = list_size(spec, "theory.sizes");
    gint64 replicates = gsc_spec_int(spec, "theory.replicates");
    g_autofree char *arm_words = arms > 1 ? g_strdup_printf(" × %zu arms", arms) : g_strdup("");
    g_autofree char *text =
        g_strdup_printf("%" G_GINT64_FORMAT " fits: %zu %s × %" G_GINT64_FORMAT " %s%s",
                        (gint64)(sizes * arms) * replicates, sizes, sizes == 1 ? "size" : "sizes",
                        replicates, replicates == 1 ? "replicate" : "replicates", arm_words);

    gtk_label_set_text(self->work_label, text);
}

static bool differs(GscSetupPanel *self, gsc_setup_row *row, json_t *value) {
    const gsc_spec *spec = gsc_experiment_get_spec(self->experiment);
    const json_t *before = gsc_spec_json(spec, gsc_setup_row_get_key(row)->name);

    if (value == NULL || before == NULL) {
        return value != NULL && !(json_is_string(value) && *json_string_value(value) == '\0');
    }
    if (json_is_number(value) && json_is_number(before)) {
        return json_number_value(value) != json_number_value(before);
    }
    if (json_is_array(value) && json_is_number(before)) {
        return json_array_size(value) != 1 ||
               json_number_value(json_array_get(value, 0)) != json_number_value(before);
    }
    return !json_equal(value, before);
}

/* Where a sentence names a key as a word of its own; NULL: nowhere. */
static const char *find_key(const char *sentence, const char *key) {
    size_t length = strlen(key);

    for (const char *at = sentence; (at = strstr(at, key)) != NULL; at += length) {
        bool begins = at == sentence || strchr(" \"'(", at[-1]) != NULL;
        if (begins && !g_ascii_isalnum(at[length]) && at[length] != '_') {
            return at;
        }
    }
    return NULL;
}

/* Marks the row of the key that a sentence names first. */
static void mark_named(GscSetupPanel *self, const char *sentence) {
    gsc_setup_row *named = NULL;
    const char *first = NULL;

    for (guint i = 0; sentence != NULL && i < self->rows->len; i++) {
        const gsc_spec_key *key = gsc_setup_row_get_key(self->rows->pdata[i]);
        const char *at = strchr(key->name, '.') != NULL ? find_key(sentence, key->name) : NULL;
        if (at != NULL && (first == NULL || at < first)) {
            first = at;
            named = self->rows->pdata[i];
        }
    }
    if (named != NULL) {
        gsc_setup_row_set_wrong(named, true);
    }
}

static void on_run_all(GscAblation *ablation, GscSetupPanel *self) {
    g_signal_emit(self, signals[SIGNAL_RUN_ALL], 0);
}

static void check(GscSetupPanel *self) {
    gsc_error error = {0};
    bool changed = false;

    g_clear_handle_id(&self->check_source, g_source_remove);
    if (self->experiment == NULL) {
        return;
    }
    gsc_spec *spec = gsc_spec_dup(gsc_experiment_get_spec(self->experiment));
    self->valid = spec != NULL;
    for (guint i = 0; spec != NULL && i < self->rows->len; i++) {
        gsc_setup_row *row = self->rows->pdata[i];
        json_t *value = gsc_setup_row_dup_value(row);
        bool wrong = false;
        if (differs(self, row, value)) {
            changed = true;
            gsc_error here = {0};
            wrong =
                gsc_spec_set_json(spec, gsc_setup_row_get_key(row)->name, value, &here) != GSC_OK;
            if (wrong && self->valid) {
                self->valid = false;
                error = here;
            }
        }
        gsc_setup_row_set_wrong(row, wrong);
        json_decref(value);
    }
    const json_t *descriptors = gsc_plugin_store_get_descriptors(self->plugins);
    if (self->valid && gsc_spec_check(spec, descriptors, &error) != GSC_OK) {
        self->valid = false;
    }
    if (self->valid) {
        show_work(self, spec);
        gsc_ablation_set_base(self->ablation, self->experiment, spec);
    }
    gtk_widget_set_sensitive(GTK_WIDGET(self->revert_button), changed);
    /* a formula that is being compiled is no news: its answer is */
    const bool pending = !self->valid && g_str_has_suffix(error.message, GSC_PLUGIN_PENDING);
    const char *sentence = self->valid ? self->run_problem : pending ? NULL : error.message;
    mark_named(self, sentence);
    say(self, sentence);
    gsc_spec_free(spec);
    g_signal_emit(self, signals[SIGNAL_EDITED], 0);
}

static gboolean check_soon(gpointer data) {
    GscSetupPanel *self = GSC_SETUP_PANEL(data);

    self->check_source = 0;
    check(self);
    return G_SOURCE_REMOVE;
}

static void on_row_changed(gsc_setup_row *row, gpointer data) {
    GscSetupPanel *self = GSC_SETUP_PANEL(data);

    g_clear_pointer(&self->run_problem, g_free);
    if (self->check_source == 0) {
        self->check_source = g_timeout_add(60, check_soon, self);
    }
}

/* ---- Rows ---------------------------------------------------------------------------------------- */

static void clear_rows(GscSetupPanel *self) {
    GtkWidget *child;

    g_clear_handle_id(&self->check_source, g_source_remove);
    g_ptr_array_set_size(self->rows, 0);
    while ((child = gtk_widget_get_first_child(GTK_WIDGET(self->groups))) != NULL) {
        gtk_box_remove(self->groups, child);
    }
}

static AdwPreferencesGroup *add_group(GscSetupPanel *self, const char *title) {
    AdwPreferencesGroup *group = ADW_PREFERENCES_GROUP(adw_preferences_group_new());

    adw_preferences_group_set_title(group, title);
    gtk_box_append(self->groups, GTK_WIDGET(group));
    return group;
}

/* Titles of runs are the experiment's, and so are lab and study, which decide what there is to
 * choose. */
static bool has_control(const gsc_spec_key *key, const gsc_spec *spec) {
    bool is_lm = g_strcmp0(gsc_spec_string(spec, "lab"), "lm") == 0;
    bool sampled = g_strcmp0(gsc_spec_string(spec, "theory.study"), "fingerprint") != 0;
    bool of_samples =
        strcmp(key->name, "theory.sizes") == 0 || strcmp(key->name, "theory.replicates") == 0;
    bool of_lm = g_str_has_prefix(key->name, "lm.") || strcmp(key->name, "balancer") == 0;
    bool of_theory = g_str_has_prefix(key->name, "theory.");

    return !(is_lm ? of_theory : of_lm) && (sampled || !of_samples) &&
           strcmp(key->name, "title") != 0 && strcmp(key->name, "summary") != 0 &&
           strcmp(key->name, "lab") != 0 && key->type != GSC_SPEC_OBJECT &&
           key->type != GSC_SPEC_OBJECT_LIST &&
           !(key->type == GSC_SPEC_CHOICE && key->choices[1] == NULL);
}

static bool is_mixture(const gsc_spec_key *key) {
    return key->type == GSC_SPEC_PLUGIN || g_str_has_prefix(key->name, "theory.k_");
}

static void build_rows(GscSetupPanel *self, const gsc_spec *spec) {
    const char *lab = gsc_spec_string(spec, "lab");
    const bool is_lm = g_strcmp0(lab, "lm") == 0;
    AdwPreferencesGroup *mixture = add_group(self, is_lm ? "Routing" : "Mixture");
    AdwPreferencesGroup *samples = add_group(self, is_lm ? "Model and training" : "Samples");
    AdwPreferencesGroup *other = add_group(self, "");
    GtkWidget *more = adw_expander_row_new();
    size_t n = 0;
    const gsc_spec_key *keys = gsc_spec_keys(&n);

    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(more), "More");
    gtk_accessible_update_property(GTK_ACCESSIBLE(more), GTK_ACCESSIBLE_PROPERTY_LABEL, "More", -1);
    adw_expander_row_set_subtitle(ADW_EXPANDER_ROW(more), "Starts, stopping, bounds, threads");
    adw_preferences_group_add(other, more);
    for (size_t i = 0; i < n; i++) {
        if (!has_control(&keys[i], spec)) {
            continue;
        }
        gsc_setup_row *row = gsc_setup_row_new(&keys[i], gsc_spec_json(spec, keys[i].name), lab,
                                               self->plugins, on_row_changed, self);
        if (row == NULL) {
            continue;
        }
        g_ptr_array_add(self->rows, row);
        GtkWidget *widget = gsc_setup_row_get_widget(row);
        if (keys[i].advanced) {
            adw_expander_row_add_row(ADW_EXPANDER_ROW(more), widget);
            continue;
        }
        AdwPreferencesGroup *group = is_mixture(&keys[i]) ? mixture : samples;
        adw_preferences_group_add(group, widget);
        const GPtrArray *parameters = gsc_setup_row_get_parameters(row);
        for (guint j = 0; parameters != NULL && j < parameters->len; j++) {
            adw_preferences_group_add(group, parameters->pdata[j]);
        }
    }
}

static void keep_changes(GscSetupPanel *self) {
    if (self->experiment != NULL) {
        g_hash_table_insert(self->kept, g_strdup(gsc_experiment_get_source(self->experiment)),
                            gsc_setup_panel_dup_assignments(self));
    }
}

/* The rows show the experiment with the changes kept for it. */
static void rebuild(GscSetupPanel *self) {
    gsc_spec *spec = gsc_spec_dup(gsc_experiment_get_spec(self->experiment));
    char **changes = g_hash_table_lookup(self->kept, gsc_experiment_get_source(self->experiment));

    for (gsize i = 0; spec != NULL && changes != NULL && changes[i] != NULL; i++) {
        gsc_spec_set(spec, changes[i], NULL);
    }
    clear_rows(self);
    if (spec != NULL) {
        build_rows(self, spec);
    }
    gsc_spec_free(spec);
    check(self);
    gsc_access_name_inside(GTK_WIDGET(self));
}

static void on_revert(GtkButton *button, GscSetupPanel *self) {
    g_hash_table_remove(self->kept, gsc_experiment_get_source(self->experiment));
    g_clear_pointer(&self->run_problem, g_free);
    rebuild(self);
}

static void on_plugins_loaded(GscPluginStore *plugins, GscSetupPanel *self) {
    for (guint i = 0; i < self->rows->len; i++) {
        gsc_setup_row_update_plugins(self->rows->pdata[i]);
    }
    check(self);
}

/* ---- Object -------------------------------------------------------------------------------------- */

static void gsc_setup_panel_dispose(GObject *object) {
    GscSetupPanel *self = GSC_SETUP_PANEL(object);

    g_clear_handle_id(&self->check_source, g_source_remove);
    g_clear_pointer(&self->rows, g_ptr_array_unref);
    g_clear_pointer(&self->kept, g_hash_table_unref);
    g_clear_pointer(&self->run_problem, g_free);
    g_clear_object(&self->experiment);
    g_clear_object(&self->plugins);
    g_clear_pointer(&self->content, gtk_widget_unparent);
    G_OBJECT_CLASS(gsc_setup_panel_parent_class)->dispose(object);
}

static void gsc_setup_panel_class_init(GscSetupPanelClass *klass) {
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);

    G_OBJECT_CLASS(klass)->dispose = gsc_setup_panel_dispose;
    signals[SIGNAL_RUN_ALL] = g_signal_new("run-all", GSC_TYPE_SETUP_PANEL, G_SIGNAL_RUN_LAST, 0,
                                           NULL, NULL, NULL, G_TYPE_NONE, 0);
    signals[SIGNAL_EDITED] = g_signal_new("edited", GSC_TYPE_SETUP_PANEL, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 0);
    gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BIN_LAYOUT);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/gatescope/Gatescope/setup_panel.ui");
    gtk_widget_class_bind_template_child(widget_class, GscSetupPanel, content);
    gtk_widget_class_bind_template_child(widget_class, GscSetupPanel, problem_bar);
    gtk_widget_class_bind_template_child(widget_class, GscSetupPanel, problem_label);
    gtk_widget_class_bind_template_child(widget_class, GscSetupPanel, title_label);
    gtk_widget_class_bind_template_child(widget_class, GscSetupPanel, summary_label);
    gtk_widget_class_bind_template_child(widget_class, GscSetupPanel, work_label);
    gtk_widget_class_bind_template_child(widget_class, GscSetupPanel, revert_button);
    gtk_widget_class_bind_template_child(widget_class, GscSetupPanel, groups);
    gtk_widget_class_bind_template_child(widget_class, GscSetupPanel, ablation_box);
    gtk_widget_class_bind_template_callback(widget_class, on_revert);
}

static void free_row(gpointer row) {
    gsc_setup_row_free(row);
}

static void gsc_setup_panel_init(GscSetupPanel *self) {
    self->rows = g_ptr_array_new_with_free_func(free_row);
    self->kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_strfreev);
    gtk_widget_init_template(GTK_WIDGET(self));
    gsc_text_scale_set_width(GTK_WIDGET(self), WIDTH);
}

void gsc_setup_panel_set_plugins(GscSetupPanel *self, GscPluginStore *plugins) {
    self->plugins = g_object_ref(plugins);
    self->ablation = GSC_ABLATION(gsc_ablation_new(plugins));
    gtk_box_append(self->ablation_box, GTK_WIDGET(self->ablation));
    g_signal_connect_object(self->ablation, "run-all", G_CALLBACK(on_run_all), self, 0);
    g_signal_connect_object(plugins, "loaded", G_CALLBACK(on_plugins_loaded), self, 0);
}

void gsc_setup_panel_set_experiment(GscSetupPanel *self, GscExperiment *experiment) {
    if (self->experiment == experiment) {
        return;
    }
    keep_changes(self);
    g_set_object(&self->experiment, experiment);
    g_clear_pointer(&self->run_problem, g_free);
    g_autofree char *title = gsc_words_markup(gsc_experiment_get_title(experiment));
    g_autofree char *summary = gsc_words_markup(gsc_experiment_get_summary(experiment));
    gtk_label_set_markup(self->title_label, title);
    gtk_label_set_markup(self->summary_label, summary);
    rebuild(self);
}

GStrv gsc_setup_panel_dup_assignments(GscSetupPanel *self) {
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; i < self->rows->len; i++) {
        gsc_setup_row *row = self->rows->pdata[i];
        json_t *value = gsc_setup_row_dup_value(row);
        if (differs(self, row, value)) {
            char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
            g_autofree char *line =
                g_strdup_printf("%s=%s", gsc_setup_row_get_key(row)->name, text);
            g_strv_builder_add(builder, line);
            free(text);
        }
        json_decref(value);
    }
    return g_strv_builder_end(builder);
}

char *gsc_setup_panel_dup_plan(GscSetupPanel *self, char **ret_problem) {
    return gsc_ablation_dup_plan(self->ablation, ret_problem);
}

void gsc_setup_panel_set_runs(GscSetupPanel *self, GscRunStore *runs) {
    gsc_ablation_set_runs(self->ablation, runs);
}

GscAblation *gsc_setup_panel_get_ablation(GscSetupPanel *self) {
    return self->ablation;
}

bool gsc_setup_panel_choose_plugin(GscSetupPanel *self, const char *kind, const char *id) {
    for (guint i = 0; i < self->rows->len; i++) {
        gsc_setup_row *row = self->rows->pdata[i];
        if (strcmp(gsc_setup_row_get_key(row)->name, kind) != 0) {
            continue;
        }
        json_t *now = gsc_setup_row_dup_value(row), *chosen = json_string(id);
        const char *its = json_string_value(json_is_object(now) ? json_object_get(now, "id") : now);
        if (g_strcmp0(its, id) != 0) { /* parameters of the same plugin stay */
            gsc_setup_row_choose_plugin(row, chosen);
        }
        json_decref(now);
        json_decref(chosen);
        return true;
    }
    return false;
}

bool gsc_setup_panel_is_valid(GscSetupPanel *self) {
    if (self->check_source != 0) {
        check(self);
    }
    return self->valid;
}

void gsc_setup_panel_set_problem(GscSetupPanel *self, const char *sentence) {
    g_free(self->run_problem);
    self->run_problem = g_strdup(sentence);
    check(self);
}

const char *gsc_setup_panel_get_problem(GscSetupPanel *self) {
    return gtk_info_bar_get_revealed(self->problem_bar) ? gtk_label_get_text(self->problem_label)
                                                        : NULL;
}
