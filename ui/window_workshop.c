/* SPDX-License-Identifier: MIT
 *
 * The window's workshop: a new gate, each save built and its curve started beside the old one; and the question
 * whether a plugin file from elsewhere may be loaded.
 */
#include "ui/window_private.h"

#include "ui/new_gate.h"

#include <string.h>

/* ---- From a build to its curve ------------------------------------------------------------------- */

static const json_t *find_path(GscWindow *self, const char *path) {
    const json_t *descriptors = gsc_plugin_store_get_descriptors(self->plugins);

    for (size_t i = 0; i < json_array_size(descriptors); i++) {
        const json_t *plugin = json_array_get(descriptors, i);
        if (strcmp(gsc_plugin_text(plugin, "path"), path) == 0) {
            return plugin;
        }
    }
    return NULL;
}

/* What the last save started is out of date: it makes room for the new curve, and its points stay. */
static void stop_tried(GscWindow *self) {
    if (self->tried != NULL && gsc_run_item_is_active(self->tried)) {
        gsc_run_item_interrupt(self->tried);
    }
    g_clear_object(&self->tried);
}

static void run_built(GscWindow *self, const char *kind, const char *id) {
    g_autofree char *said = NULL;

    if (!gsc_setup_panel_choose_plugin(self->setup, kind, id)) {
        said = g_strdup_printf("The experiment %s takes no %s; choose another, then Run.",
                               gsc_experiment_get_title(self->experiment), kind);
    } else if (!self->built_runs) {
        said = g_strdup("Chosen as the gate: Run starts its curve, and so does every save.");
    } else {
        stop_tried(self);
        GscRunItem *item = gsc_window_start_run(self);
        if (item != NULL) {
            g_set_object(&self->tried, item);
            said = g_strdup_printf("Runs as %s, beside the curves before it.",
                                   gsc_run_item_get_name(item));
        }
    }
    const char *problem = gsc_setup_panel_get_problem(self->setup);
    gsc_build_pane_set_outcome(self->build_pane, said != NULL ? said : problem, said != NULL);
}

/* The list knows the new file: its plugin is chosen and run, or its refusal said. */
static void try_built(GscWindow *self) {
    const json_t *plugin = self->built != NULL ? find_path(self, self->built) : NULL;

    if (self->built == NULL || gsc_plugin_store_is_loading(self->plugins)) {
        return;
    }
    const char *status = gsc_plugin_text(plugin, "status");
    if (plugin == NULL) {
        gsc_build_pane_set_outcome(self->build_pane, "The built plugin is not on the search path.",
                                   false);
    } else if (strcmp(status, "ok") != 0) {
        g_autofree char *said = g_strdup_printf("Refused: it %s.", status);
        gsc_build_pane_set_outcome(self->build_pane, said, false);
    } else {
        run_built(self, gsc_plugin_text(plugin, "kind"), gsc_plugin_text(plugin, "id"));
    }
    g_clear_pointer(&self->built, g_free);
}

/* ---- The workshop -------------------------------------------------------------------------------- */

static void on_created(GscWorkshop *workshop, const char *path, GscWindow *self) {
    gsc_workshop_edit(workshop, path, 0);
}

static void on_building(GscWorkshop *workshop, const char *path, GscWindow *self) {
    gsc_build_pane_show_building(self->build_pane, path);
}

static void on_built(GscWorkshop *workshop, const gsc_build *build, GscWindow *self) {
    gsc_build_pane_show_build(self->build_pane, build);
    if (build->object != NULL) {
        g_free(self->built);
        self->built = g_strdup(build->object);
        self->built_runs = !build->is_first;
        gsc_plugin_store_load(self->plugins);
    }
    if (self->probe != NULL) {
        gsc_probe_note(self->probe);
    }
}

static void on_problem(GscWorkshop *workshop, const char *sentence, GscWindow *self) {
    gsc_window_say(self, sentence);
}

static void on_edit(GscBuildPane *pane, const char *path, int line, GscWindow *self) {
    gsc_workshop_edit(self->workshop, path, line);
}

void gsc_window_ask_new_gate(GscWindow *self, const char *start_from) {
    gtk_window_present(
        GTK_WINDOW(gsc_new_gate_new(GTK_WINDOW(self), self->workshop, self->plugins, start_from)));
}

/* ---- Trust --------------------------------------------------------------------------------------- */

static char *said_no_key(const char *sha256) {
    return g_strdup_printf("untrusted-%.16s", sha256);
}

/* Asks about the first file that nobody has said yes or no to. */
static void ask_trust(GscWindow *self) {
    const json_t *descriptors = gsc_plugin_store_get_descriptors(self->plugins);

    g_clear_pointer(&self->asked_sha256, g_free);
    for (size_t i = 0; i < json_array_size(descriptors); i++) {
        const json_t *plugin = json_array_get(descriptors, i);
        const char *sha256 = gsc_plugin_text(plugin, "sha256");
        g_autofree char *key = said_no_key(sha256);
        if (strcmp(gsc_plugin_text(plugin, "status"), "untrusted") != 0 || *sha256 == '\0' ||
            gsc_state_get_int(self->state, key, 0) != 0) {
            continue;
        }
        g_autofree char *name = g_path_get_basename(gsc_plugin_text(plugin, "path"));
        g_autofree char *folder = g_path_get_dirname(gsc_plugin_text(plugin, "path"));
        g_autofree char *text = g_strdup_printf(
            "Load %s? It lies in %s (SHA-256 %.12s…) and did not come with Gatescope. Plugins are "
            "programs: load what you wrote yourself or got from someone you trust.",
            name, folder, sha256);
        gtk_label_set_text(self->trust_label, text);
        self->asked_sha256 = g_strdup(sha256);
        break;
    }
    gtk_info_bar_set_revealed(self->trust_bar, self->asked_sha256 != NULL);
}

static void on_trust_answer(GtkInfoBar *bar, int response, GscWindow *self) {
    g_autofree char *sha256 = g_steal_pointer(&self->asked_sha256);

    if (sha256 == NULL) {
        return;
    }
    if (response == GTK_RESPONSE_ACCEPT) {
        gtk_info_bar_set_revealed(bar, FALSE);
        gsc_plugin_store_trust(self->plugins, sha256);
    } else {
        g_autofree char *key = said_no_key(sha256);
        gsc_state_set_int(self->state, key, 1);
        ask_trust(self);
    }
}

static void on_loaded(GscPluginStore *plugins, GscWindow *self) {
    ask_trust(self);
    try_built(self);
    if (self->probe != NULL) {
        gsc_probe_note(self->probe);
    }
}

/* ---- Beginning and end --------------------------------------------------------------------------- */

void gsc_window_open_workshop(GscWindow *self) {
    self->workshop = gsc_workshop_new();
    g_signal_connect_object(self->workshop, "created", G_CALLBACK(on_created), self, 0);
    g_signal_connect_object(self->workshop, "building", G_CALLBACK(on_building), self, 0);
    g_signal_connect_object(self->workshop, "built", G_CALLBACK(on_built), self, 0);
    g_signal_connect_object(self->workshop, "problem", G_CALLBACK(on_problem), self, 0);
    g_signal_connect_object(self->build_pane, "edit", G_CALLBACK(on_edit), self, 0);
    g_signal_connect_object(self->plugins, "loaded", G_CALLBACK(on_loaded), self, 0);
    gtk_info_bar_add_button(self->trust_bar, "Load it", GTK_RESPONSE_ACCEPT);
    gtk_info_bar_add_button(self->trust_bar, "Not now", GTK_RESPONSE_REJECT);
    g_signal_connect_object(self->trust_bar, "response", G_CALLBACK(on_trust_answer), self, 0);
}

void gsc_window_close_workshop(GscWindow *self) {
    g_clear_object(&self->workshop);
    g_clear_object(&self->tried);
    g_clear_pointer(&self->built, g_free);
    g_clear_pointer(&self->asked_sha256, g_free);
}
