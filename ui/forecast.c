/* SPDX-License-Identifier: MIT
 *
 * What a sweep will cost. See forecast.h.
 */
#include "ui/forecast.h"

#include "ui/launcher.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

enum {
    WAIT_MS = 500
};

struct gsc_forecast {
    gsc_forecast_answer *answer;
    gpointer data;
    char *plan;           /* the one that was asked last, or NULL */
    char *file;           /* where it lies for the process, or NULL */
    GCancellable *cancel; /* of the question under way, or NULL */
    GSubprocess *process;
    guint source;
};

/* ---- The question under way ---------------------------------------------------------------------- */

static void stop(gsc_forecast *self) {
    g_clear_handle_id(&self->source, g_source_remove);
    if (self->cancel != NULL) {
        g_cancellable_cancel(self->cancel);
        g_clear_object(&self->cancel);
    }
    if (self->process != NULL) {
        g_subprocess_force_exit(self->process);
        g_clear_object(&self->process);
    }
    if (self->file != NULL) {
        g_unlink(self->file);
        g_clear_pointer(&self->file, g_free);
    }
}

static double number_of(const json_t *told, const char *member) {
    const json_t *value = json_object_get(told, member);

    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* "gatescope sweep: arm x: why" without its speaker. */
static const char *sentence_of(char *text) {
    static const char speaker[] = "gatescope sweep: ";
    char *line = strrchr(g_strchomp(text), '\n');

    line = line != NULL ? line + 1 : text;
    return g_str_has_prefix(line, speaker) ? line + strlen(speaker) : line;
}

static void on_told(GObject *source, GAsyncResult *result, gpointer data) {
    g_autofree char *out = NULL, *err = NULL;
    g_autoptr(GError) error = NULL;

    if (!g_subprocess_communicate_utf8_finish(G_SUBPROCESS(source), result, &out, &err, &error)) {
        return; /* a newer question, or the end */
    }
    gsc_forecast *self = data;
    json_t *told = json_loads(out != NULL ? out : "", 0, NULL);
    const bool good = g_subprocess_get_successful(G_SUBPROCESS(source)) && told != NULL;
    const gsc_cost cost = {.run_bytes = number_of(told, "run_bytes"),
                           .run_s = number_of(told, "run_s"),
                           .total_s = number_of(told, "total_s"),
                           .jobs = (int)json_integer_value(json_object_get(told, "jobs")),
                           .threads = (int)json_integer_value(json_object_get(told, "threads"))};
    g_clear_object(&self->cancel);
    g_clear_object(&self->process);
    stop(self);
    self->answer(good ? &cost : NULL, good ? NULL : sentence_of(err != NULL ? err : (char[]){0}),
                 self->data);
    json_decref(told);
}

static gboolean begin(gpointer data) {
    gsc_forecast *self = data;
    g_autoptr(GError) error = NULL;
    int file = g_file_open_tmp("gatescope-plan-XXXXXX.json", &self->file, &error);

    self->source = 0;
    if (file < 0 || !g_close(file, &error) ||
        !g_file_set_contents(self->file, self->plan, -1, &error)) {
        self->answer(NULL, error->message, self->data);
        return G_SOURCE_REMOVE;
    }
    const char *const line[] = {
        gsc_launcher_program(), "sweep", self->file, "--plan", "--json", NULL};
    self->process = g_subprocess_newv(
        line, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error);
    if (self->process == NULL) {
        self->answer(NULL, error->message, self->data);
        return G_SOURCE_REMOVE;
    }
    self->cancel = g_cancellable_new();
    g_subprocess_communicate_utf8_async(self->process, NULL, self->cancel, on_told, self);
    return G_SOURCE_REMOVE;
}

/* ---- Asking -------------------------------------------------------------------------------------- */

bool gsc_forecast_ask(gsc_forecast *self, const char *plan) {
    if (g_strcmp0(plan, self->plan) == 0) {
        return false;
    }
    stop(self);
    g_free(self->plan);
    self->plan = g_strdup(plan);
    if (plan != NULL) {
        self->source = g_timeout_add(WAIT_MS, begin, self);
    }
    return true;
}

gsc_forecast *gsc_forecast_new(gsc_forecast_answer *answer, gpointer data) {
    gsc_forecast *self = g_new0(gsc_forecast, 1);

    self->answer = answer;
    self->data = data;
    return self;
}

void gsc_forecast_free(gsc_forecast *self) {
    if (self != NULL) {
        stop(self);
        g_free(self->plan);
        g_free(self);
    }
}
