/* SPDX-License-Identifier: MIT
 *
 * One run as the window shows it. See run_item.h.
 */
#include "ui/run_item.h"

#include "core/read/spec.h"
#include "ui/words.h"

#include <math.h>
#include <signal.h>
#include <string.h>

struct _GscRunItem {
    GObject parent;
    char *path;
    char *name;
    gsc_run *run; /* open while active or shown */
    char *experiment, *title, *activity, *failure, *problem;
    char *changes; /* "gate sigmoid, replicates 8": how its spec differs from its preset's */
    gsc_run_status status;
    gsc_process process;
    double progress, started_s, ended_s;
    double moving_s,
        moving_from; /* when it was first seen to move, since it runs, and how far it was; 0: not yet */
    bool known;
    bool expected, resuming;
    bool shown;
    int color;
};

G_DEFINE_FINAL_TYPE(GscRunItem, gsc_run_item, G_TYPE_OBJECT)

enum {
    SIGNAL_CHANGED,
    N_SIGNALS
};
static guint signals[N_SIGNALS];

static void gsc_run_item_finalize(GObject *object) {
    GscRunItem *self = GSC_RUN_ITEM(object);

    gsc_run_close(self->run);
    g_free(self->path);
    g_free(self->name);
    g_free(self->experiment);
    g_free(self->title);
    g_free(self->activity);
    g_free(self->failure);
    g_free(self->problem);
    g_free(self->changes);
    G_OBJECT_CLASS(gsc_run_item_parent_class)->finalize(object);
}

static void gsc_run_item_class_init(GscRunItemClass *klass) {
    G_OBJECT_CLASS(klass)->finalize = gsc_run_item_finalize;
    signals[SIGNAL_CHANGED] = g_signal_new("changed", GSC_TYPE_RUN_ITEM, G_SIGNAL_RUN_LAST, 0, NULL,
                                           NULL, NULL, G_TYPE_NONE, 0);
}

static void gsc_run_item_init(GscRunItem *self) {
    self->color = GSC_RUN_NOT_SHOWN;
    self->status = GSC_RUN_QUEUED;
}

GscRunItem *gsc_run_item_new(const char *path) {
    GscRunItem *self = g_object_new(GSC_TYPE_RUN_ITEM, NULL);

    self->path = g_strdup(path);
    self->name = g_path_get_basename(path);
    if (g_str_has_suffix(self->name, ".gsc")) {
        self->name[strlen(self->name) - 4] = '\0';
    }
    self->experiment = g_strdup("");
    self->title = g_strdup("");
    self->activity = g_strdup("");
    self->failure = g_strdup("");
    return self;
}

static void replace(char **member, const char *text) {
    if (g_strcmp0(*member, text) != 0) {
        g_free(*member);
        *member = g_strdup(text);
    }
}

static bool is_active_status(gsc_run_status status) {
    return status == GSC_RUN_RUNNING || status == GSC_RUN_QUEUED;
}

static void take_info(GscRunItem *self) {
    const gsc_run_info *info = gsc_run_get_info(self->run);

    replace(&self->experiment, info->experiment);
    replace(&self->title, info->title);
    replace(&self->activity, info->activity);
    replace(&self->failure, info->failure);
    g_clear_pointer(&self->problem, g_free);
    self->expected = false;
    if (self->changes == NULL) {
        json_t *spec = json_loads(info->spec, 0, NULL);
        self->changes = gsc_spec_dup_changes(spec, info->experiment);
        json_decref(spec);
    }
    self->status = info->status;
    self->process = info->process;
    self->progress = info->progress;
    if (self->status != GSC_RUN_RUNNING) {
        self->moving_s = 0;
    } else if (self->moving_s == 0 && self->progress > 0) {
        self->moving_s = (double)g_get_real_time() / G_USEC_PER_SEC;
        self->moving_from = self->progress;
    }
    self->started_s = info->started_s;
    self->ended_s = info->ended_s;
    self->known = true;
    self->resuming = self->resuming && !is_active_status(self->status);
}

void gsc_run_item_expect(GscRunItem *self, const char *experiment, const char *title) {
    self->expected = true;
    replace(&self->experiment, experiment);
    replace(&self->title, title);
    g_signal_emit(self, signals[SIGNAL_CHANGED], 0);
}

static bool set_problem(GscRunItem *self, const gsc_error *error) {
    bool changed = g_strcmp0(self->problem, error->message) != 0;

    replace(&self->problem, error->message);
    return changed;
}

bool gsc_run_item_refresh(GscRunItem *self) {
    gsc_error error = {0};
    bool changed = false;

    if (self->run == NULL) {
        changed = true;
        if (gsc_run_open(self->path, &self->run, &error) != GSC_OK) {
            changed = set_problem(self, &error);
        } else {
            take_info(self);
        }
    } else {
        gsc_run_status before = self->status;
        if (gsc_run_poll(self->run, &changed, &error) != GSC_OK) {
            changed = set_problem(self, &error);
        } else {
            take_info(self);
            changed = changed || self->status != before;
        }
    }
    if (self->run != NULL && !self->shown && !gsc_run_item_is_active(self)) {
        gsc_run_close(self->run);
        self->run = NULL;
    }
    if (changed) {
        g_signal_emit(self, signals[SIGNAL_CHANGED], 0);
    }
    return changed;
}

static const char *text_of(const gsc_library_run *run, size_t column) {
    const char *text = gsc_library_get_cell(run, column).text;

    return text != NULL ? text : "";
}

/* The library's summary in place of the file. */
static void take_summary(GscRunItem *self, const gsc_library_run *run) {
    replace(&self->experiment, text_of(run, GSC_LIBRARY_EXPERIMENT));
    replace(&self->title, text_of(run, GSC_LIBRARY_TITLE));
    replace(&self->failure, text_of(run, GSC_LIBRARY_PROBLEM));
    replace(&self->changes, run->changes);
    g_clear_pointer(&self->problem, g_free);
    self->expected = false;
    self->status = run->status;
    self->progress = run->progress;
    self->started_s = run->started_s;
    self->ended_s = run->ended_s;
    self->moving_s = 0;
    self->known = true;
}

bool gsc_run_item_take(GscRunItem *self, const gsc_library_run *run) {
    if (!run->known) {
        return false;
    }
    if (self->run != NULL || (run->readable && is_active_status(run->status))) {
        return gsc_run_item_refresh(self);
    }
    if (run->readable) {
        take_summary(self, run);
    } else {
        replace(&self->problem, text_of(run, GSC_LIBRARY_PROBLEM));
    }
    g_signal_emit(self, signals[SIGNAL_CHANGED], 0);
    return true;
}

gsc_run *gsc_run_item_get_run(GscRunItem *self) {
    gsc_error error = {0};

    if (self->run == NULL) {
        if (gsc_run_open(self->path, &self->run, &error) != GSC_OK) {
            set_problem(self, &error);
            return NULL;
        }
        take_info(self);
    }
    return self->run;
}

const char *gsc_run_item_get_path(GscRunItem *self) {
    return self->path;
}

const char *gsc_run_item_get_name(GscRunItem *self) {
    return self->name;
}

const char *gsc_run_item_get_experiment(GscRunItem *self) {
    return self->experiment;
}

const char *gsc_run_item_get_title(GscRunItem *self) {
    return self->title;
}

const char *gsc_run_item_get_problem(GscRunItem *self) {
    return self->problem;
}

const char *gsc_run_item_get_failure(GscRunItem *self) {
    return self->failure;
}

char *gsc_run_item_dup_subtitle(GscRunItem *self) {
    if (self->expected && !self->known) {
        return g_strdup("Starting…");
    }
    if (self->problem != NULL) {
        return g_strdup(gsc_words_behind(self->problem, self->path));
    }
    if (!self->known) {
        return g_strdup("Not read yet");
    }
    if (self->resuming) {
        return g_strdup("Going on…");
    }
    g_autofree char *when = gsc_words_when(self->started_s);
    g_autofree char *took = gsc_words_duration(self->ended_s - self->started_s);
    switch (self->status) {
    case GSC_RUN_QUEUED:
        return g_strdup("Waiting to start");
    case GSC_RUN_RUNNING:
        return g_strdup_printf("%d%%%s%s", (int)floor(self->progress * 100),
                               *self->activity != '\0' ? " · " : "", self->activity);
    case GSC_RUN_DONE:
        return g_strdup_printf("Done in %s · %s", took, when);
    case GSC_RUN_STOPPED:
        return g_strdup_printf("Stopped at %d%% · %s", (int)floor(self->progress * 100), when);
    case GSC_RUN_FAILED:
        return g_strdup_printf("Failed: %s", self->failure);
    case GSC_RUN_LOST:
        return g_strdup_printf("Lost: %s",
                               *self->failure != '\0' ? self->failure : "its process is gone");
    }
    return g_strdup("");
}

const char *gsc_run_item_get_changes(GscRunItem *self) {
    return self->changes != NULL ? self->changes : "";
}

gsc_run_status gsc_run_item_get_status(GscRunItem *self) {
    return self->status;
}

bool gsc_run_item_is_active(GscRunItem *self) {
    return (self->known || self->expected) && (self->resuming || is_active_status(self->status));
}

bool gsc_run_item_is_known(GscRunItem *self) {
    return self->known;
}

double gsc_run_item_get_progress(GscRunItem *self) {
    return self->progress;
}

double gsc_run_item_get_started(GscRunItem *self) {
    return self->started_s;
}

char *gsc_run_item_dup_time_left(GscRunItem *self) {
    /* A pause before a resume, or a tokenizer's training, tells nothing of what is to come; before enough was
     * seen the whole of it has to do. */
    const double now_s = (double)g_get_real_time() / G_USEC_PER_SEC;
    const gboolean seen = self->moving_s > 0 && self->progress - self->moving_from >= 0.02;
    const double elapsed = now_s - (seen ? self->moving_s : self->started_s);
    const double done = self->progress - (seen ? self->moving_from : 0);

    if (self->status != GSC_RUN_RUNNING || self->progress < 0.03 || elapsed < 1.5 ||
        self->progress >= 1) {
        return NULL;
    }
    g_autofree char *left = gsc_words_duration(elapsed * (1 - self->progress) / done);
    return g_strdup_printf("%s left", left);
}

char *gsc_run_item_dup_speed(GscRunItem *self) {
    gsc_point last = {0};
    size_t n = 0;

    for (size_t i = 0; self->run != NULL && self->status == GSC_RUN_RUNNING &&
                       i < gsc_run_series_count(self->run);
         i++) {
        const int64_t count = gsc_run_points_count(self->run, i);
        if (strcmp(gsc_run_series(self->run, i)->name, "tokens_per_second") == 0 && count > 0 &&
            gsc_run_read_points(self->run, i, count - 1, &last, 1, &n, NULL) == GSC_OK && n == 1) {
            return last.y < 1e4 ? g_strdup_printf("%.0f tokens/s", last.y)
                                : g_strdup_printf("%.0fk tokens/s", last.y / 1e3);
        }
    }
    return NULL;
}

bool gsc_run_item_can_resume(GscRunItem *self) {
    g_autofree char *stem = g_strndup(self->path, strlen(self->path) - strlen(".gsc"));
    g_autofree char *folder = g_strconcat(stem, ".ckpt", NULL);

    return self->known && !gsc_run_item_is_active(self) && self->status != GSC_RUN_DONE &&
           g_str_has_suffix(self->path, ".gsc") && g_file_test(folder, G_FILE_TEST_IS_DIR);
}

void gsc_run_item_set_resuming(GscRunItem *self, bool resuming) {
    if (self->resuming != resuming) {
        self->resuming = resuming;
        g_signal_emit(self, signals[SIGNAL_CHANGED], 0);
    }
}

bool gsc_run_item_interrupt(GscRunItem *self) {
    if (!gsc_process_is_here(&self->process) || !gsc_process_is_alive(&self->process)) {
        return false;
    }
    return kill((pid_t)self->process.pid, SIGINT) == 0;
}

bool gsc_run_item_get_shown(GscRunItem *self) {
    return self->shown;
}

void gsc_run_item_set_shown(GscRunItem *self, bool shown) {
    if (self->shown != shown) {
        self->shown = shown;
        g_signal_emit(self, signals[SIGNAL_CHANGED], 0);
    }
}

int gsc_run_item_get_color(GscRunItem *self) {
    return self->color;
}

void gsc_run_item_set_color(GscRunItem *self, int color) {
    if (self->color != color) {
        self->color = color;
        g_signal_emit(self, signals[SIGNAL_CHANGED], 0);
    }
}
