/* SPDX-License-Identifier: MIT
 *
 * The window's runs: which of them are in the figure and in which colour, starting, stopping.
 */
#include "ui/window_private.h"

#include "ui/launcher.h"
#include "ui/plot/theme.h"

#include <string.h>

/* ---- Which runs are in the figure ---------------------------------------------------------------- */

static bool belongs(GscWindow *self, GscRunItem *item) {
    const char *experiment = gsc_run_item_get_experiment(item);

    if (self->arm_runs != NULL) {
        return g_hash_table_contains(self->arm_runs, gsc_run_item_get_path(item));
    }
    if (self->solo != NULL) {
        return item == self->solo;
    }
    if (*experiment != '\0') {
        return g_strcmp0(experiment, gsc_experiment_get_name(self->experiment)) == 0;
    }
    return !g_str_has_prefix(gsc_experiment_get_source(self->experiment), "preset:") &&
           g_strcmp0(gsc_run_item_get_title(item), gsc_experiment_get_title(self->experiment)) == 0;
}

static int compare_oldest_first(gconstpointer a, gconstpointer b) {
    double left = gsc_run_item_get_started(*(GscRunItem *const *)a);
    double right = gsc_run_item_get_started(*(GscRunItem *const *)b);

    /* A run that has not said when it started is being born: last. */
    left = left > 0 ? left : G_MAXDOUBLE;
    right = right > 0 ? right : G_MAXDOUBLE;
    return left < right ? -1 : left > right;
}

/* The shown runs of the selected experiment, oldest first, so that colours stay when runs are added. */
static GPtrArray *dup_shown(GscWindow *self) {
    GListModel *model = gsc_run_store_get_model(self->runs);
    GPtrArray *shown = g_ptr_array_new_with_free_func(g_object_unref);

    for (guint i = 0; i < g_list_model_get_n_items(model); i++) {
        g_autoptr(GscRunItem) item = g_list_model_get_item(model, i);
        if (gsc_run_item_get_shown(item) && belongs(self, item)) {
            g_ptr_array_add(shown, g_steal_pointer(&item));
        }
    }
    g_ptr_array_sort(shown, compare_oldest_first);
    return shown;
}

static size_t count_hidden(GscWindow *self) {
    GListModel *model = gsc_run_store_get_model(self->runs);
    size_t n = 0;

    for (guint i = 0; i < g_list_model_get_n_items(model); i++) {
        g_autoptr(GscRunItem) item = g_list_model_get_item(model, i);
        n += belongs(self, item) && !gsc_run_item_get_shown(item);
    }
    return n;
}

guint gsc_window_count_shown(GscWindow *self) {
    g_autoptr(GPtrArray) shown = dup_shown(self);

    return shown->len;
}

/* ---- What is remembered of a run ------------------------------------------------------------------ */

/* The library's word, else the window's own of a run that had no file yet, or of an older version. */
static int get_said(GscWindow *self, const char *path) {
    const int said = gsc_run_store_get_said(self->runs, path);

    return said >= 0 ? said : gsc_state_get_shown(self->state, path);
}

void gsc_window_keep_shown(GscWindow *self, const char *path, bool shown) {
    if (!gsc_run_store_set_said(self->runs, path, shown)) {
        gsc_state_set_shown(self->state, path, shown);
    }
}

static int get_color(GscWindow *self, const char *path) {
    const int color = gsc_run_store_get_color(self->runs, path);

    return color >= 0 ? color : gsc_state_get_color(self->state, path);
}

static void keep_color(GscWindow *self, const char *path, int color) {
    if (!gsc_run_store_set_color(self->runs, path, color)) {
        gsc_state_set_color(self->state, path, color);
    }
}

/* ---- Colours -------------------------------------------------------------------------------------- */

/* The first colour that is free, the one that the run had last before all others; taken. */
static int take_color(GscWindow *self, GscRunItem *item, bool *used, int otherwise) {
    int color = get_color(self, gsc_run_item_get_path(item));

    if (color < 0 || color >= GSC_PALETTE_SIZE || used[color]) {
        color = 0;
        while (color < GSC_PALETTE_SIZE && used[color]) {
            color++;
        }
        color = color < GSC_PALETTE_SIZE ? color : otherwise % GSC_PALETTE_SIZE;
    }
    used[color] = true;
    keep_color(self, gsc_run_item_get_path(item), color);
    return color;
}

/* A run keeps its colour while it is shown; a new one gets the one that it had last, or one that is free. */
static void give_colors(GscWindow *self, GPtrArray *shown) {
    GListModel *model = gsc_run_store_get_model(self->runs);
    bool used[GSC_PALETTE_SIZE] = {false};

    for (guint i = 0; i < g_list_model_get_n_items(model); i++) {
        g_autoptr(GscRunItem) item = g_list_model_get_item(model, i);
        if (!g_ptr_array_find(shown, item, NULL)) {
            gsc_run_item_set_color(item, GSC_RUN_NOT_SHOWN);
        }
    }
    for (guint i = 0; i < shown->len; i++) {
        int color = gsc_run_item_get_color(shown->pdata[i]);
        if (color >= 0 && !used[color % GSC_PALETTE_SIZE]) {
            used[color % GSC_PALETTE_SIZE] = true;
        }
    }
    for (guint i = 0; i < shown->len; i++) {
        if (shown->len == 1) {
            gsc_run_item_set_color(shown->pdata[i], GSC_RUN_ALONE);
        } else if (gsc_run_item_get_color(shown->pdata[i]) < 0) {
            gsc_run_item_set_color(shown->pdata[i],
                                   take_color(self, shown->pdata[i], used, (int)i));
        }
    }
}

/* ---- Status -------------------------------------------------------------------------------------- */

GscRunItem *gsc_window_get_active_run(GscWindow *self) {
    g_autoptr(GPtrArray) shown = dup_shown(self);
    GscRunItem *active = NULL;

    for (guint i = 0; i < shown->len; i++) {
        if (gsc_run_item_is_active(shown->pdata[i])) {
            active = shown->pdata[i];
        }
    }
    return active; /* the store holds it */
}

static void show_status(GscWindow *self) {
    GscRunItem *active = gsc_window_get_active_run(self);

    gtk_widget_action_set_enabled(GTK_WIDGET(self), "win.stop", active != NULL);
    if (active == NULL) {
        gtk_label_set_text(self->status_label, "");
        gsc_figure_page_set_progress(self->page, -1);
        return;
    }
    double progress = gsc_run_item_get_progress(active);
    g_autofree char *left = gsc_run_item_dup_time_left(active);
    g_autofree char *speed = gsc_run_item_dup_speed(active);
    g_autofree char *text = g_strdup_printf("%d%%%s%s%s%s", (int)(progress * 100),
                                            left != NULL ? " · " : "", left != NULL ? left : "",
                                            speed != NULL ? " · " : "", speed != NULL ? speed : "");
    gtk_label_set_text(self->status_label, text);
    gsc_figure_page_set_progress(self->page, progress);
}

/* ---- Drawing ------------------------------------------------------------------------------------- */

/* What axes say that have no run. */
static const char *get_empty(GscWindow *self) {
    if (self->arm_runs != NULL) {
        return g_hash_table_size(self->arm_runs) == 0
                   ? "No run of this arm has begun: each draws itself here once it does"
                   : "Every run of this arm is hidden: the eye beside a run shows it here";
    }
    if (!gsc_run_store_is_listed(self->runs)) {
        return "Reading runs…";
    }
    return count_hidden(self) > 0
               ? "Every run of this experiment is hidden: the eye beside a run shows it here"
               : "Press Run, and the curves draw themselves here";
}

static gboolean draw_figure(gpointer data) {
    GscWindow *self = GSC_WINDOW(data);
    g_autoptr(GPtrArray) shown = NULL;
    bool live = false;

    self->figure_source = 0;
    show_status(self);
    shown = dup_shown(self);
    give_colors(self, shown);
    for (guint i = 0; i < shown->len; i++) {
        live = live || gsc_run_item_is_active(shown->pdata[i]);
    }
    gsc_figure_page_show(self->page, self->experiment, shown, get_empty(self), live);
    if (self->probe != NULL) {
        gsc_probe_note(self->probe);
    }
    return G_SOURCE_REMOVE;
}

void gsc_window_update_figure(GscWindow *self) {
    if (self->figure_source == 0) {
        self->figure_source = g_idle_add_full(G_PRIORITY_HIGH_IDLE, draw_figure, self, NULL);
    }
}

static void on_item_changed(GscRunStore *runs, GscRunItem *item, GscWindow *self) {
    if (belongs(self, item)) {
        gsc_window_update_figure(self);
    }
}

/* Unless the user said otherwise the newest run of each experiment is shown. */
static void on_listed(GscRunStore *runs, GscWindow *self) {
    GListModel *model = gsc_run_store_get_model(runs);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < g_list_model_get_n_items(model); i++) {
        g_autoptr(GscRunItem) item = g_list_model_get_item(model, i);
        const char *experiment = gsc_run_item_get_experiment(item);
        bool newest = gsc_run_item_is_known(item) && *experiment != '\0' &&
                      g_hash_table_add(seen, g_strdup(experiment));
        int said = get_said(self, gsc_run_item_get_path(item));
        gsc_run_item_set_shown(item,
                               gsc_run_item_get_shown(item) || (said >= 0 ? said == 1 : newest));
    }
    gsc_window_update_figure(self);
}

void gsc_window_watch_runs(GscWindow *self) {
    g_signal_connect_object(self->runs, "item-changed", G_CALLBACK(on_item_changed), self, 0);
    g_signal_connect_object(self->runs, "listed", G_CALLBACK(on_listed), self, 0);
}

/* How a run failed or was lost, and what can be done about a lost one. */
static void tell_failure(GscWindow *self, GscRunItem *item) {
    g_autofree char *words = gsc_run_item_dup_subtitle(item);
    const bool lost = gsc_run_item_get_status(item) == GSC_RUN_LOST;
    const char *way_out = !lost                           ? ""
                          : gsc_run_item_can_resume(item) ? "; the arrow in its row resumes it"
                                                          : "; Run starts it again";
    g_autofree char *sentence = g_strconcat(words, way_out, NULL);

    gsc_window_say(self, sentence);
}

void gsc_window_choose_run(GscWindow *self, GscRunItem *item) {
    GscExperiment *experiment = gsc_window_find_experiment(self, gsc_run_item_get_experiment(item));

    if (experiment != NULL) {
        gsc_window_choose_experiment(self, experiment);
    } else if (!belongs(self, item)) {
        g_set_object(&self->solo, item);
        gsc_window_show_sweep(self); /* its figure in place of the sweep's */
        gsc_figure_page_set_trouble(self->page, NULL);
    }
    gsc_run_item_set_shown(item, true);
    gsc_window_keep_shown(self, gsc_run_item_get_path(item), true);
    if (*gsc_run_item_get_failure(item) != '\0') {
        tell_failure(self, item);
    }
    gsc_window_update_figure(self);
}

void gsc_window_toggle_run(GscWindow *self, const char *path) {
    GscRunItem *item = gsc_run_store_add(self->runs, path);

    if (gsc_run_item_get_problem(item) != NULL) {
        return;
    }
    if (!belongs(self, item)) {
        gsc_window_choose_run(self, item);
        return;
    }
    bool shown = !gsc_run_item_get_shown(item);
    gsc_window_keep_shown(self, path, shown);
    gsc_run_item_set_shown(item, shown);
}

/* ---- Starting and stopping ----------------------------------------------------------------------- */

typedef struct started {
    GWeakRef window;
    char *path;
} started;

static void free_started(gpointer data) {
    started *self = data;

    g_weak_ref_clear(&self->window);
    g_free(self->path);
    g_free(self);
}

/* What a run has to say at its end: in the panel where it did not take the spec, else above the figure. */
static void on_run_over(int status, const char *message, gpointer data) {
    started *start = data;
    g_autoptr(GscWindow) self = g_weak_ref_get(&start->window);

    if (self == NULL) {
        return;
    }
    GscRunItem *item = gsc_run_store_find(self->runs, start->path);
    if (item != NULL) {
        gsc_run_item_refresh(item);
    }
    bool born = item != NULL && gsc_run_item_is_known(item);
    if (!born) {
        g_autofree char *text =
            *message != '\0'
                ? g_strdup(message)
                : g_strdup_printf("The run ended before it began (exit status %d).", status);
        gsc_setup_panel_set_problem(self->setup, text);
        gsc_run_store_forget(self->runs, start->path);
    } else if (gsc_run_item_get_status(item) == GSC_RUN_FAILED && belongs(self, item)) {
        tell_failure(self, item);
    }
    gsc_window_update_figure(self);
}

/* "theorem2-sigmoid": the experiment and the plugins that the user put into it, so that a legend speaks. */
static char *dup_stem(const char *experiment, char **assignments) {
    GString *stem = g_string_new(experiment);

    for (gsize i = 0; assignments[i] != NULL; i++) {
        g_autofree char *key = g_strndup(assignments[i], strcspn(assignments[i], "="));
        const gsc_spec_key *known = gsc_spec_find_key(key);
        if (known == NULL || known->type != GSC_SPEC_PLUGIN) {
            continue;
        }
        json_t *value = json_loads(assignments[i] + strlen(key) + 1, JSON_DECODE_ANY, NULL);
        const json_t *id = json_is_object(value) ? json_object_get(value, "id") : value;
        if (json_is_string(id)) {
            const char *name = json_string_value(id);
            g_string_append_printf(stem, "-%s", gsc_plugin_is_formula(name) ? "formula" : name);
        }
        json_decref(value);
    }
    return g_string_free(stem, FALSE);
}

/* The set-up's assignments, and these behind them; caller frees. */
static char **dup_assignments(GscWindow *self, const char *const *sets) {
    g_auto(GStrv) own = gsc_setup_panel_dup_assignments(self->setup);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    g_strv_builder_addv(builder, (const char **)own);
    if (sets != NULL) {
        g_strv_builder_addv(builder, (const char **)sets);
    }
    return g_strv_builder_end(builder);
}

GscRunItem *gsc_window_start_run(GscWindow *self) {
    return gsc_window_start_run_with(self, NULL);
}

GscRunItem *gsc_window_start_run_with(GscWindow *self, const char *const *sets) {
    g_autoptr(GError) error = NULL;
    const char *problem = NULL;

    if (!gsc_setup_panel_is_valid(self->setup)) {
        adw_flap_set_reveal_flap(self->right_flap, TRUE);
        return NULL;
    }
    if (gsc_experiment_get_sweep(self->experiment) != NULL) {
        gsc_window_say(self, "This is a sweep: choose what to vary in its set-up, then Run all.");
        return NULL;
    }
    if (gsc_run_store_get_folder(self->runs, &problem) == NULL) {
        gsc_window_say(self, problem);
        return NULL;
    }
    const char *name = gsc_experiment_get_name(self->experiment);
    g_auto(GStrv) assignments = dup_assignments(self, sets);
    g_autofree char *stem = dup_stem(name, assignments);
    g_autofree char *path = gsc_run_store_free_path(self->runs, stem);
    started *start = g_new0(started, 1);
    g_weak_ref_init(&start->window, self);
    start->path = g_strdup(path);
    gsc_setup_panel_set_problem(self->setup, NULL);
    gsc_figure_page_set_trouble(self->page, NULL);
    if (!gsc_launcher_run(gsc_experiment_get_source(self->experiment),
                          (const char *const *)assignments, path, on_run_over, start, free_started,
                          &error)) {
        g_autofree char *text = g_strdup_printf("The program “%s” could not be started: %s.",
                                                gsc_launcher_program(), error->message);
        gsc_window_say(self, text);
        free_started(start);
        return NULL;
    }
    GscRunItem *item =
        gsc_run_store_expect(self->runs, path, name, gsc_experiment_get_title(self->experiment));
    g_clear_object(&self->solo);
    self->asked = true;
    gsc_window_show_start(self, false);
    gsc_window_keep_shown(self, path, true);
    gsc_run_item_set_shown(item, true);
    gsc_window_update_figure(self);
    return item;
}

void gsc_window_run(GscWindow *self) {
    gsc_window_start_run(self);
}

void gsc_window_stop(GscWindow *self) {
    GscRunItem *item = gsc_window_get_active_run(self);

    if (item != NULL && !gsc_run_item_interrupt(item)) {
        g_autofree char *text =
            g_strdup_printf("%s cannot be stopped from here: its process is not on this machine.",
                            gsc_run_item_get_name(item));
        gsc_window_say(self, text);
    }
}

/* ---- Going on ------------------------------------------------------------------------------------ */

static void on_resume_over(int status, const char *message, gpointer data) {
    started *start = data;
    g_autoptr(GscWindow) self = g_weak_ref_get(&start->window);
    GscRunItem *item = self != NULL ? gsc_run_store_find(self->runs, start->path) : NULL;

    if (item == NULL) {
        return;
    }
    gsc_run_item_set_resuming(item, false);
    gsc_run_item_refresh(item);
    if (status != 0 && *message != '\0' && gsc_run_item_get_status(item) != GSC_RUN_STOPPED) {
        gsc_window_say(self, message);
    }
    gsc_window_update_figure(self);
}

void gsc_window_resume_run(GscWindow *self, const char *path) {
    GscRunItem *item = gsc_run_store_find(self->runs, path);
    g_autoptr(GError) error = NULL;

    if (item == NULL || !gsc_run_item_can_resume(item)) {
        return;
    }
    started *start = g_new0(started, 1);
    g_weak_ref_init(&start->window, self);
    start->path = g_strdup(path);
    if (!gsc_launcher_resume(path, on_resume_over, start, free_started, &error)) {
        g_autofree char *text = g_strdup_printf("The program “%s” could not be started: %s.",
                                                gsc_launcher_program(), error->message);
        gsc_window_say(self, text);
        free_started(start);
        return;
    }
    gsc_window_choose_run(self, item);
    gsc_window_say(self, NULL);
    gsc_run_store_watch(self->runs, item);
}
