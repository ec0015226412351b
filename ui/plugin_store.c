/* SPDX-License-Identifier: MIT
 *
 * The plugins of this machine. See plugin_store.h.
 */
#include "ui/plugin_store.h"

#include "ui/launcher.h"
#include "ui/words.h"

#include <string.h>

struct _GscPluginStore {
    GObject parent;
    json_t *descriptors; /* listed, then formulas */
    json_t *formulas;    /* rows of the formulas read so far */
    char *problem;
    GCancellable *cancellable;
    bool loading;
    bool again; /* asked for while it was loading: what comes may be old */
};

G_DEFINE_FINAL_TYPE(GscPluginStore, gsc_plugin_store, G_TYPE_OBJECT)

enum {
    SIGNAL_LOADED,
    N_SIGNALS
};
static guint signals[N_SIGNALS];

static void gsc_plugin_store_dispose(GObject *object) {
    GscPluginStore *self = GSC_PLUGIN_STORE(object);

    g_cancellable_cancel(self->cancellable);
    g_clear_object(&self->cancellable);
    g_clear_pointer(&self->problem, g_free);
    g_clear_pointer(&self->descriptors, json_decref);
    g_clear_pointer(&self->formulas, json_decref);
    G_OBJECT_CLASS(gsc_plugin_store_parent_class)->dispose(object);
}

static void gsc_plugin_store_class_init(GscPluginStoreClass *klass) {
    G_OBJECT_CLASS(klass)->dispose = gsc_plugin_store_dispose;
    signals[SIGNAL_LOADED] = g_signal_new("loaded", GSC_TYPE_PLUGIN_STORE, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void gsc_plugin_store_init(GscPluginStore *self) {
    self->cancellable = g_cancellable_new();
    self->formulas = json_array();
}

GscPluginStore *gsc_plugin_store_new(void) {
    return g_object_new(GSC_TYPE_PLUGIN_STORE, NULL);
}

static void finish(GscPluginStore *self, json_t *descriptors, char *problem) {
    self->loading = false;
    if (self->again) {
        self->again = false;
        gsc_plugin_store_load(self);
    }
    g_free(self->problem);
    self->problem = problem;
    if (descriptors != NULL) {
        json_array_extend(descriptors, self->formulas);
        json_decref(self->descriptors);
        self->descriptors = descriptors;
    }
    g_signal_emit(self, signals[SIGNAL_LOADED], 0);
}

static void on_output(GObject *source, GAsyncResult *result, gpointer data) {
    GSubprocess *process = G_SUBPROCESS(source);
    g_autoptr(GscPluginStore) self = GSC_PLUGIN_STORE(data);
    g_autoptr(GError) error = NULL;
    g_autofree char *output = NULL;
    json_error_t where;

    if (!g_subprocess_communicate_utf8_finish(process, result, &output, NULL, &error)) {
        if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
            finish(self, NULL, g_strdup_printf("The plugins were not listed: %s.", error->message));
        }
        return;
    }
    json_t *descriptors = output != NULL ? json_loads(output, 0, &where) : NULL;
    if (!json_is_array(descriptors)) {
        json_decref(descriptors);
        finish(self, NULL,
               g_strdup_printf("“%s plugin list --json” did not print a list of plugins.",
                               gsc_launcher_program()));
        return;
    }
    finish(self, descriptors, NULL);
}

void gsc_plugin_store_load(GscPluginStore *self) {
    g_autoptr(GError) error = NULL;

    if (self->loading) {
        self->again = true;
        return;
    }
    g_autoptr(GSubprocess) process =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error,
                         gsc_launcher_program(), "plugin", "list", "--json", NULL);
    if (process == NULL) {
        finish(self, NULL,
               g_strdup_printf("The program “%s” could not be started: %s.", gsc_launcher_program(),
                               error->message));
        return;
    }
    self->loading = true;
    g_subprocess_communicate_utf8_async(process, NULL, self->cancellable, on_output,
                                        g_object_ref(self));
}

const json_t *gsc_plugin_store_get_descriptors(GscPluginStore *self) {
    return self->descriptors;
}

const char *gsc_plugin_store_get_problem(GscPluginStore *self) {
    return self->problem;
}

bool gsc_plugin_store_is_loading(GscPluginStore *self) {
    return self->loading;
}

const json_t *gsc_plugin_store_find_any(GscPluginStore *self, const char *kind, const char *id) {
    const json_t *found = NULL;

    for (size_t i = 0; i < json_array_size(self->descriptors); i++) {
        const json_t *descriptor = json_array_get(self->descriptors, i);
        if (g_strcmp0(gsc_plugin_text(descriptor, "kind"), kind) == 0 &&
            g_strcmp0(gsc_plugin_text(descriptor, "id"), id) == 0 &&
            (found == NULL || g_strcmp0(gsc_plugin_text(descriptor, "status"), "ok") == 0)) {
            found = descriptor;
        }
    }
    return found;
}

const json_t *gsc_plugin_store_find(GscPluginStore *self, const char *kind, const char *id) {
    const json_t *found = gsc_plugin_store_find_any(self, kind, id);

    return g_strcmp0(gsc_plugin_text(found, "status"), "ok") == 0 ? found : NULL;
}

/* ---- Formulas ------------------------------------------------------------------------------------ */

typedef struct reading {
    GscPluginStore *store;
    char *text;
} reading;

bool gsc_plugin_is_formula(const char *id) {
    return id != NULL && id[strspn(id, " ")] == '=';
}

/* Puts the row in the place of the one with its id, in both lists. */
static void put_row(GscPluginStore *self, json_t *row) {
    json_t *lists[] = {self->formulas, self->descriptors};

    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        size_t at = 0, n = json_array_size(lists[i]);
        while (at < n && g_strcmp0(gsc_plugin_text(json_array_get(lists[i], at), "id"),
                                   gsc_plugin_text(row, "id")) != 0) {
            at++;
        }
        if (at < n) {
            json_array_set(lists[i], at, row);
        } else if (lists[i] != NULL) {
            json_array_append(lists[i], row);
        }
    }
    json_decref(row);
}

static json_t *refused_row(const char *text, const char *status) {
    return json_pack("{s:s, s:s, s:s, s:s}", "id", text, "kind", "gate", "title", text, "status",
                     status);
}

/* The answer of `gatescope formula --json`: its plugin's row, under the text as the user wrote it. */
static json_t *row_of(const char *text, const char *output) {
    json_t *answer = json_loads(output, 0, NULL);
    const json_t *plugin = json_object_get(answer, "plugin");
    const char *status = gsc_plugin_text(answer, "status");
    g_autofree char *prefix = g_strdup_printf("formula \"%s\", ", text);
    json_t *row = NULL;

    if (plugin != NULL && strcmp(status, "ok") == 0) {
        row = json_deep_copy(plugin);
        json_object_set_new(row, "id", json_string(text));
        json_object_set_new(row, "slope", json_string(gsc_plugin_text(answer, "slope")));
    } else {
        row = refused_row(text, *status == '\0'                    ? "was not read"
                                : g_str_has_prefix(status, prefix) ? status + strlen(prefix)
                                                                   : status);
    }
    json_decref(answer);
    return row;
}

static void on_formula(GObject *source, GAsyncResult *result, gpointer data) {
    reading *job = data;
    g_autoptr(GError) error = NULL;
    g_autofree char *output = NULL;

    if (g_subprocess_communicate_utf8_finish(G_SUBPROCESS(source), result, &output, NULL, &error)) {
        put_row(job->store, row_of(job->text, output != NULL ? output : ""));
        g_signal_emit(job->store, signals[SIGNAL_LOADED], 0);
    }
    g_object_unref(job->store);
    g_free(job->text);
    g_free(job);
}

void gsc_plugin_store_read_formula(GscPluginStore *self, const char *text) {
    g_autoptr(GError) error = NULL;

    for (size_t i = 0; i < json_array_size(self->formulas); i++) {
        if (g_strcmp0(gsc_plugin_text(json_array_get(self->formulas, i), "id"), text) == 0) {
            return; /* read, or being read */
        }
    }
    g_autoptr(GSubprocess) process =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error,
                         gsc_launcher_program(), "formula", text, "--json", NULL);
    if (process == NULL) {
        return; /* the list says why: it needs the same program */
    }
    put_row(self, refused_row(text, GSC_PLUGIN_PENDING));
    reading *job = g_new0(reading, 1);
    *job = (reading){.store = g_object_ref(self), .text = g_strdup(text)};
    g_subprocess_communicate_utf8_async(process, NULL, self->cancellable, on_formula, job);
}

/* ---- Trust --------------------------------------------------------------------------------------- */

static void on_trusted(GObject *source, GAsyncResult *result, gpointer data) {
    g_autoptr(GscPluginStore) self = GSC_PLUGIN_STORE(data);

    if (g_subprocess_wait_finish(G_SUBPROCESS(source), result, NULL)) {
        gsc_plugin_store_load(self);
    }
}

void gsc_plugin_store_trust(GscPluginStore *self, const char *sha256) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) process =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
                         &error, gsc_launcher_program(), "plugin", "trust", sha256, NULL);

    if (process == NULL) {
        finish(self, NULL,
               g_strdup_printf("The program “%s” could not be started: %s.", gsc_launcher_program(),
                               error->message));
        return;
    }
    g_subprocess_wait_async(process, self->cancellable, on_trusted, g_object_ref(self));
}

const char *gsc_plugin_text(const json_t *descriptor, const char *member) {
    const char *text = json_string_value(json_object_get(descriptor, member));

    return text != NULL ? text : "";
}

char *gsc_plugin_dup_refusal(const json_t *descriptor, const char *lab) {
    const char *status = gsc_plugin_text(descriptor, "status");
    const char *refusal = gsc_plugin_text(descriptor, lab);

    if (g_strcmp0(status, "ok") != 0) {
        return gsc_words_sentence(status);
    }
    /* "gate sigmoid is not for ...": beside the plugin's name, "Not for ..." is enough */
    g_autofree char *subject = g_strdup_printf("%s %s is ", gsc_plugin_text(descriptor, "kind"),
                                               gsc_plugin_text(descriptor, "id"));
    return gsc_words_sentence(g_str_has_prefix(refusal, subject) ? refusal + strlen(subject)
                                                                 : refusal);
}
