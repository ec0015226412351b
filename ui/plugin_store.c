/* SPDX-License-Identifier: MIT
 *
 * The plugins of this machine. See plugin_store.h.
 */
#include "ui/plugin_store.h"

#include "ui/launcher.h"
#include "ui/words.h"

struct _GscPluginStore {
    GObject parent;
    json_t *descriptors;
    char *problem;
    GCancellable *cancellable;
    bool loading;
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
    G_OBJECT_CLASS(gsc_plugin_store_parent_class)->dispose(object);
}

static void gsc_plugin_store_class_init(GscPluginStoreClass *klass) {
    G_OBJECT_CLASS(klass)->dispose = gsc_plugin_store_dispose;
    signals[SIGNAL_LOADED] = g_signal_new("loaded", GSC_TYPE_PLUGIN_STORE, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void gsc_plugin_store_init(GscPluginStore *self) {
    self->cancellable = g_cancellable_new();
}

GscPluginStore *gsc_plugin_store_new(void) {
    return g_object_new(GSC_TYPE_PLUGIN_STORE, NULL);
}

static void finish(GscPluginStore *self, json_t *descriptors, char *problem) {
    self->loading = false;
    g_free(self->problem);
    self->problem = problem;
    if (descriptors != NULL) {
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

const json_t *gsc_plugin_store_find(GscPluginStore *self, const char *kind, const char *id) {
    for (size_t i = 0; i < json_array_size(self->descriptors); i++) {
        const json_t *descriptor = json_array_get(self->descriptors, i);
        if (g_strcmp0(gsc_plugin_text(descriptor, "kind"), kind) == 0 &&
            g_strcmp0(gsc_plugin_text(descriptor, "id"), id) == 0 &&
            g_strcmp0(gsc_plugin_text(descriptor, "status"), "ok") == 0) {
            return descriptor;
        }
    }
    return NULL;
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
