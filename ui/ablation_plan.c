/* SPDX-License-Identifier: MIT
 *
 * The sweep that the chips of an ablation and what is set beforehand make, as JSON. See ablation_private.h.
 */
#include "ui/ablation_private.h"

#include "core/read/sweep.h"

#include <string.h>

bool gsc_ablation_is_lm(const GscAblation *self) {
    return g_strcmp0(gsc_spec_string(self->base, "lab"), "lm") == 0;
}

const char *gsc_ablation_get_result(const GscAblation *self) {
    return gsc_ablation_is_lm(self) ? "validation_loss" : "slope_log_n";
}

static size_t count_values(const GscAblation *self, const json_t *axes, const char *key) {
    const json_t *value = gsc_spec_json(self->base, key);

    return json_object_get(axes, key) == NULL && json_is_array(value) ? json_array_size(value) : 1;
}

const char *gsc_ablation_why_no_verdict(const GscAblation *self, const json_t *axes) {
    const char *study = gsc_spec_string(self->base, "theory.study");

    if (gsc_ablation_is_lm(self)) {
        return NULL;
    }
    if (g_strcmp0(study, "rate") != 0) {
        return "An exploration: only rates over sample sizes have a slope to judge by.";
    }
    if (count_values(self, axes, "theory.sizes") < 2) {
        return "An exploration: a slope takes two or more sample sizes.";
    }
    if (count_values(self, axes, "theory.k_shared") * count_values(self, axes, "theory.k_routed") >
            1 ||
        json_array_size(gsc_spec_json(self->base, "theory.arms")) > 1) {
        return "An exploration: each run has several slopes. Fit one number of experts, or vary that "
               "number here, and there are verdicts.";
    }
    return NULL;
}

json_t *gsc_ablation_dup_axes(GscAblation *self, char **ret_problem) {
    json_t *axes = json_object();

    for (guint i = 0; i < self->axes->len && *ret_problem == NULL; i++) {
        gsc_ablation_axis *one = self->axes->pdata[i];
        json_t *values =
            gsc_ablation_axis_is_on(one) ? gsc_ablation_axis_dup_values(one, ret_problem) : NULL;
        if (values != NULL) {
            json_object_set_new(axes, gsc_ablation_axis_get_key(one), values);
        }
    }
    if (*ret_problem == NULL && json_object_size(axes) == (json_object_get(axes, "seed") != NULL)) {
        *ret_problem = g_strdup("Choose what to vary.");
    }
    if (*ret_problem != NULL) {
        json_decref(axes);
        return NULL;
    }
    return axes;
}

/* "One expert too many: gate × top k". */
static char *dup_title(const GscAblation *self, const json_t *axes) {
    GString *title = g_string_new(gsc_experiment_get_title(self->experiment));
    const char *key, *before = ": ";
    json_t *values;

    json_object_foreach((json_t *)axes, key, values) {
        if (strcmp(key, "seed") == 0) { /* replicates, no arms */
            continue;
        }
        const char *dot = strrchr(key, '.');
        g_autofree char *word = g_strdup(dot != NULL ? dot + 1 : key);
        g_strdelimit(word, "_", ' ');
        g_string_append_printf(title, "%s%s", before, word);
        before = " × ";
    }
    return g_string_free(title, FALSE);
}

/* The plan without its baseline, which is one of the arms that it makes. */
static json_t *dup_draft(GscAblation *self, char **ret_problem) {
    json_t *axes = gsc_ablation_dup_axes(self, ret_problem);
    const size_t seeds = gsc_ablation_count_seeds(self);

    if (axes == NULL) {
        return NULL;
    }
    const bool judged =
        gsc_ablation_why_no_verdict(self, axes) == NULL && seeds >= GSC_SWEEP_LEAST_SEEDS;
    g_autofree char *title = dup_title(self, axes);
    g_autofree char *hypothesis =
        g_strstrip(g_strdup(gtk_editable_get_text(GTK_EDITABLE(self->hypothesis_row))));
    char *base = gsc_spec_dump(self->base);
    if (g_str_has_suffix(hypothesis, ".")) {
        hypothesis[strlen(hypothesis) - 1] = '\0';
    }
    json_t *plan =
        json_pack("{s:s, s:o, s:i, s:b, s:s, s:f, s:s, s:o}", "title", title, "axes", axes, "seeds",
                  (int)seeds, "verdict", judged, "result", gsc_ablation_get_result(self), "margin",
                  gtk_spin_button_get_value(self->margin_spin), "hypothesis", hypothesis, "base",
                  base != NULL ? json_loads(base, 0, NULL) : json_null());
    free(base);
    return plan;
}

/* The list of baselines follows the arms; the choice stays where its arm stays. */
static void show_arms(GscAblation *self, const gsc_sweep *sweep) {
    g_autoptr(GtkStringList) model = gtk_string_list_new(NULL);
    const guint at = adw_combo_row_get_selected(self->baseline_row);
    g_autofree char *chosen = at < self->arms->len ? g_strdup(self->arms->pdata[at]) : g_strdup("");
    bool same = self->arms->len == sweep->n_arms;
    guint now = 0;

    for (size_t a = 0; a < sweep->n_arms; a++) {
        same = same && strcmp(self->arms->pdata[a], sweep->arms[a].name) == 0;
        now = strcmp(chosen, sweep->arms[a].name) == 0 ? (guint)a : now;
        gtk_string_list_append(model, sweep->arms[a].name);
    }
    if (same) {
        return;
    }
    g_ptr_array_set_size(self->arms, 0);
    for (size_t a = 0; a < sweep->n_arms; a++) {
        g_ptr_array_add(self->arms, g_strdup(sweep->arms[a].name));
    }
    self->quiet = true;
    adw_combo_row_set_model(self->baseline_row, G_LIST_MODEL(model));
    adw_combo_row_set_selected(self->baseline_row, now);
    self->quiet = false;
}

char *gsc_ablation_dump(json_t *plan) {
    char *text = json_dumps(plan, JSON_INDENT(2)), *copy = g_strdup(text);

    free(text);
    return copy;
}

char *gsc_ablation_dup_plan(GscAblation *self, char **ret_problem) {
    gsc_error error = {0};
    gsc_sweep *sweep = NULL;

    if (self->base == NULL) {
        *ret_problem = g_strdup("Choose an experiment.");
        return NULL;
    }
    json_t *plan = dup_draft(self, ret_problem);
    g_autofree char *draft = plan != NULL ? gsc_ablation_dump(plan) : NULL;
    if (draft != NULL && gsc_sweep_parse(draft, "the ablation", &sweep, &error) != GSC_OK) {
        *ret_problem = g_strdup(error.message);
        g_clear_pointer(&draft, g_free);
    }
    if (draft != NULL) {
        self->n_arms = sweep->n_arms;
        show_arms(self, sweep);
        const guint at = adw_combo_row_get_selected(self->baseline_row);
        json_object_set_new(plan, "baseline",
                            json_string(self->arms->pdata[at < self->arms->len ? at : 0]));
    }
    gsc_sweep_free(sweep);
    char *text = draft != NULL ? gsc_ablation_dump(plan) : NULL;
    json_decref(plan);
    return text;
}

size_t gsc_ablation_count_seeds(GscAblation *self) {
    char *problem = NULL;
    json_t *list = self->seed_axis != NULL && gsc_ablation_axis_is_on(self->seed_axis)
                       ? gsc_ablation_axis_dup_values(self->seed_axis, &problem)
                       : NULL;
    const size_t n = list != NULL ? json_array_size(list)
                                  : (size_t)gtk_spin_button_get_value_as_int(self->seeds_spin);

    json_decref(list);
    g_free(problem);
    return n;
}
