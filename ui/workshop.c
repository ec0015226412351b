/* SPDX-License-Identifier: MIT
 *
 * The user's own plugin sources. See workshop.h.
 *
 * The folder is watched, not the files: editors replace a file by a new one of the same name.
 */
#include "ui/workshop.h"

#include "ui/launcher.h"

#include <glib/gstdio.h>
#include <string.h>

enum {
    SAVE_SETTLES_MS = 120 /* editors write, rename and touch within this */
};

struct _GscWorkshop {
    GObject parent;
    char *folder;
    GFileMonitor *monitor;
    GHashTable *sums;    /* path -> checksum of what was built last */
    GHashTable *waiting; /* path -> GUINT source id: saved just now */
    GHashTable *busy;    /* path -> GINT: 1 being built, 2 saved again meanwhile */
    GCancellable *cancellable;
};

G_DEFINE_FINAL_TYPE(GscWorkshop, gsc_workshop, G_TYPE_OBJECT)

enum {
    SIGNAL_CREATED,
    SIGNAL_BUILDING,
    SIGNAL_BUILT,
    SIGNAL_PROBLEM,
    N_SIGNALS
};
static guint signals[N_SIGNALS];

static void say(GscWorkshop *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void say(GscWorkshop *self, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *sentence = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_signal_emit(self, signals[SIGNAL_PROBLEM], 0, sentence);
}

/* ---- Building ------------------------------------------------------------------------------------ */

typedef struct building {
    GscWorkshop *workshop;
    char *path;
    gint64 start_us;
    bool is_first;
} building;

static char *checksum_of(const char *path) {
    g_autofree char *text = NULL;
    gsize size = 0;

    return g_file_get_contents(path, &text, &size, NULL)
               ? g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text, size)
               : NULL;
}

/* The last line that says something. */
static char *last_line(const char *text) {
    g_autofree char *copy = g_strchomp(g_strdup(text));
    const char *line = strrchr(copy, '\n');

    return g_strdup(line != NULL ? line + 1 : copy);
}

static void build_now(GscWorkshop *self, const char *path, bool is_first);

static void finish_build(building *job, const char *out, const char *err, const char *problem) {
    g_autoptr(GPtrArray) diagnostics = gsc_diagnostics_read(err);
    g_autofree char *object = last_line(out);
    g_autofree char *sentence = g_strdup(problem);
    const bool good = problem == NULL && g_str_has_suffix(object, ".so");

    if (!good && sentence == NULL && diagnostics->len == 0) {
        sentence = last_line(err);
    }
    const gsc_build build = {.source = job->path,
                             .object = good ? object : NULL,
                             .diagnostics = diagnostics,
                             .problem = good ? NULL : sentence,
                             .seconds = (double)(g_get_monotonic_time() - job->start_us) / 1e6,
                             .is_first = job->is_first};
    const bool again = GPOINTER_TO_INT(g_hash_table_lookup(job->workshop->busy, job->path)) == 2;
    g_hash_table_remove(job->workshop->busy, job->path);
    if (again) {
        build_now(job->workshop, job->path, false);
    } else {
        g_signal_emit(job->workshop, signals[SIGNAL_BUILT], 0, &build);
    }
}

static void on_build_output(GObject *source, GAsyncResult *result, gpointer data) {
    building *job = data;
    g_autoptr(GError) error = NULL;
    g_autofree char *out = NULL, *err = NULL;

    if (g_subprocess_communicate_utf8_finish(G_SUBPROCESS(source), result, &out, &err, &error)) {
        const bool good = g_subprocess_get_successful(G_SUBPROCESS(source));
        finish_build(job, good && out != NULL ? out : "", err != NULL ? err : "", NULL);
    } else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        finish_build(job, "", "", error->message);
    }
    g_object_unref(job->workshop);
    g_free(job->path);
    g_free(job);
}

static void build_now(GscWorkshop *self, const char *path, bool is_first) {
    g_autoptr(GError) error = NULL;
    char *sum = checksum_of(path);

    if (sum == NULL) {
        return; /* saved and gone: an editor's temporary file */
    }
    g_hash_table_insert(self->sums, g_strdup(path), sum);
    g_hash_table_insert(self->busy, g_strdup(path), GINT_TO_POINTER(1));
    g_signal_emit(self, signals[SIGNAL_BUILDING], 0, path);
    g_autoptr(GSubprocess) process =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error,
                         gsc_launcher_program(), "plugin", "build", path, NULL);
    if (process == NULL) {
        g_hash_table_remove(self->busy, path);
        say(self, "The program “%s” could not be started: %s.", gsc_launcher_program(),
            error->message);
        return;
    }
    building *job = g_new0(building, 1);
    *job = (building){.workshop = g_object_ref(self),
                      .path = g_strdup(path),
                      .start_us = g_get_monotonic_time(),
                      .is_first = is_first};
    g_subprocess_communicate_utf8_async(process, NULL, self->cancellable, on_build_output, job);
}

void gsc_workshop_build(GscWorkshop *self, const char *path) {
    if (g_hash_table_contains(self->busy, path)) {
        g_hash_table_insert(self->busy, g_strdup(path), GINT_TO_POINTER(2));
    } else {
        build_now(self, path, false);
    }
}

/* ---- Watching ------------------------------------------------------------------------------------ */

typedef struct save {
    GscWorkshop *workshop;
    char *path;
} save;

static void free_save(gpointer data) {
    save *self = data;

    g_free(self->path);
    g_free(self);
}

static gboolean on_settled(gpointer data) {
    const save *saved = data;
    GscWorkshop *self = saved->workshop;
    g_autofree char *path = g_strdup(saved->path);
    g_autofree char *sum = checksum_of(path);
    const char *built = g_hash_table_lookup(self->sums, path);

    g_hash_table_remove(self->waiting, path);
    if (sum != NULL && g_strcmp0(sum, built) != 0) {
        gsc_workshop_build(self, path);
    }
    return G_SOURCE_REMOVE;
}

static void note_save(GscWorkshop *self, GFile *file) {
    g_autofree char *path = file != NULL ? g_file_get_path(file) : NULL;
    g_autofree char *name = path != NULL ? g_path_get_basename(path) : NULL;

    if (name == NULL || *name == '.' || !g_str_has_suffix(name, ".c")) {
        return;
    }
    gpointer source = g_hash_table_lookup(self->waiting, path);
    if (source != NULL) {
        g_source_remove(GPOINTER_TO_UINT(source));
    }
    save *saved = g_new0(save, 1);
    *saved = (save){.workshop = self, .path = g_strdup(path)};
    const guint id =
        g_timeout_add_full(G_PRIORITY_DEFAULT, SAVE_SETTLES_MS, on_settled, saved, free_save);
    g_hash_table_insert(self->waiting, g_strdup(path), GUINT_TO_POINTER(id));
}

static void on_folder_changed(GFileMonitor *monitor, GFile *file, GFile *other,
                              GFileMonitorEvent event, GscWorkshop *self) {
    if (event == G_FILE_MONITOR_EVENT_CHANGED || event == G_FILE_MONITOR_EVENT_CREATED ||
        event == G_FILE_MONITOR_EVENT_CHANGES_DONE_HINT || event == G_FILE_MONITOR_EVENT_MOVED_IN) {
        note_save(self, file);
    } else if (event == G_FILE_MONITOR_EVENT_RENAMED) {
        note_save(self, other);
    }
}

/* What lies there now is taken as built: only what is saved from now on is news. */
static void watch(GscWorkshop *self) {
    if (self->monitor != NULL || !g_file_test(self->folder, G_FILE_TEST_IS_DIR)) {
        return;
    }
    g_autoptr(GFile) folder = g_file_new_for_path(self->folder);
    g_autoptr(GDir) files = g_dir_open(self->folder, 0, NULL);
    const char *name;

    self->monitor = g_file_monitor_directory(folder, G_FILE_MONITOR_WATCH_MOVES, NULL, NULL);
    if (self->monitor != NULL) {
        g_file_monitor_set_rate_limit(self->monitor, 50);
        g_signal_connect_object(self->monitor, "changed", G_CALLBACK(on_folder_changed), self, 0);
    }
    while (files != NULL && (name = g_dir_read_name(files)) != NULL) {
        char *path = g_build_filename(self->folder, name, NULL);
        char *sum = g_str_has_suffix(name, ".c") ? checksum_of(path) : NULL;
        if (sum != NULL) {
            g_hash_table_insert(self->sums, path, sum);
        } else {
            g_free(path);
        }
    }
}

/* ---- New files ----------------------------------------------------------------------------------- */

static char *replace(const char *text, const char *pattern, const char *with) {
    g_autoptr(GRegex) regex = g_regex_new(pattern, 0, 0, NULL);
    char *made = g_regex_replace(regex, text, -1, 0, with, 0, NULL);

    return made != NULL ? made : g_strdup(text);
}

char *gsc_workshop_rename(const char *source, const char *name) {
    g_autofree char *title = g_strdup(name);
    g_strdelimit(title, "_", ' ');
    title[0] = g_ascii_toupper(title[0]);
    g_autofree char *id_line = g_strdup_printf("\\1\"%s\"", name);
    g_autofree char *title_line = g_strdup_printf("\\1\"%s\"", title);
    g_autofree char *named = replace(source, "(\\.id *= *)\"[^\"]*\"", id_line);
    g_autofree char *titled = replace(named, "(\\.title *= *)\"[^\"]*\"", title_line);

    return replace(titled, "(\\.version *= *)\"[^\"]*\"", "\\1\"0.1.0\"");
}

static void announce(GscWorkshop *self, const char *path) {
    watch(self);
    g_signal_emit(self, signals[SIGNAL_CREATED], 0, path);
    build_now(self, path, true);
}

static void on_template(GObject *source, GAsyncResult *result, gpointer data) {
    g_autoptr(GscWorkshop) self = GSC_WORKSHOP(data);
    g_autoptr(GError) error = NULL;
    g_autofree char *out = NULL, *err = NULL;

    if (!g_subprocess_communicate_utf8_finish(G_SUBPROCESS(source), result, &out, &err, &error)) {
        if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
            say(self, "The new gate was not written: %s.", error->message);
        }
        return;
    }
    g_autofree char *path = last_line(out != NULL ? out : "");
    if (g_subprocess_get_successful(G_SUBPROCESS(source)) && *path != '\0') {
        announce(self, path);
    } else {
        g_autofree char *sentence = last_line(err != NULL ? err : "");
        say(self, "%s", sentence);
    }
}

void gsc_workshop_create(GscWorkshop *self, const char *name, const char *source) {
    g_autofree char *path = gsc_workshop_path(self, name);
    g_autoptr(GError) error = NULL;

    if (g_mkdir_with_parents(self->folder, 0700) != 0) {
        say(self, "The folder %s cannot be made.", self->folder);
        return;
    }
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        say(self, "There is a file %s already; choose another name.", path);
        return;
    }
    watch(self);
    if (source == NULL) {
        g_autoptr(GSubprocess) process = g_subprocess_new(
            G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error,
            gsc_launcher_program(), "plugin", "new", "gate", name, self->folder, NULL);
        if (process == NULL) {
            say(self, "The program “%s” could not be started: %s.", gsc_launcher_program(),
                error->message);
            return;
        }
        g_subprocess_communicate_utf8_async(process, NULL, self->cancellable, on_template,
                                            g_object_ref(self));
        return;
    }
    g_autofree char *text = gsc_workshop_rename(source, name);
    if (!g_file_set_contents(path, text, -1, &error)) {
        say(self, "The new gate was not written: %s.", error->message);
        return;
    }
    announce(self, path);
}

/* ---- Editor -------------------------------------------------------------------------------------- */

static bool spawn_at(char **words, const char *path, int line) {
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autofree char *at = g_strdup_printf("+%d", line);

    g_strv_builder_addv(builder, (const char **)words);
    if (line > 0) {
        g_strv_builder_add(builder, at);
    }
    g_strv_builder_add(builder, path);
    g_auto(GStrv) command = g_strv_builder_end(builder);
    return g_spawn_async(NULL, command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL);
}

/* The command of an environment variable, which may have words of its own. */
static bool open_in_named(const char *variable, const char *path, int line) {
    const char *command = g_getenv(variable);
    g_auto(GStrv) words = NULL;

    return command != NULL && *command != '\0' && g_shell_parse_argv(command, NULL, &words, NULL) &&
           spawn_at(words, path, line);
}

/* The desktop's editor for C files; those that are known to take +LINE begin there. */
static bool open_in_default(const char *path, int line) {
    static const char *const with_lines[] = {
        "gnome-text-editor", "gedit", "pluma", "xed", "emacs", "gvim", "geany", NULL};
    g_autoptr(GAppInfo) app = g_app_info_get_default_for_type("text/x-csrc", FALSE);
    g_autofree char *uri = g_filename_to_uri(path, NULL, NULL);

    if (app == NULL || uri == NULL) {
        return false;
    }
    g_autofree char *program = g_path_get_basename(g_app_info_get_executable(app));
    char *words[] = {program, NULL};
    return (line > 0 && g_strv_contains(with_lines, program) && spawn_at(words, path, line)) ||
           g_app_info_launch_default_for_uri(uri, NULL, NULL);
}

void gsc_workshop_edit(GscWorkshop *self, const char *path, int line) {
    if (open_in_named("GATESCOPE_EDITOR", path, line) || open_in_default(path, line) ||
        open_in_named("VISUAL", path, line)) {
        return;
    }
    say(self,
        "No editor is known for C files: open %s yourself, it is built on every save, or set the "
        "variable GATESCOPE_EDITOR to an editor with a window.",
        path);
}

/* ---- Object -------------------------------------------------------------------------------------- */

const char *gsc_workshop_get_folder(GscWorkshop *self) {
    return self->folder;
}

char *gsc_workshop_path(GscWorkshop *self, const char *name) {
    g_autofree char *base = g_strconcat(name, ".c", NULL);

    return g_build_filename(self->folder, base, NULL);
}

static void gsc_workshop_dispose(GObject *object) {
    GscWorkshop *self = GSC_WORKSHOP(object);
    GHashTableIter at;
    gpointer source;

    if (self->waiting != NULL) {
        g_hash_table_iter_init(&at, self->waiting);
        while (g_hash_table_iter_next(&at, NULL, &source)) {
            g_source_remove(GPOINTER_TO_UINT(source));
        }
    }
    g_cancellable_cancel(self->cancellable);
    g_clear_object(&self->cancellable);
    g_clear_object(&self->monitor);
    g_clear_pointer(&self->waiting, g_hash_table_unref);
    g_clear_pointer(&self->sums, g_hash_table_unref);
    g_clear_pointer(&self->busy, g_hash_table_unref);
    g_clear_pointer(&self->folder, g_free);
    G_OBJECT_CLASS(gsc_workshop_parent_class)->dispose(object);
}

static void gsc_workshop_class_init(GscWorkshopClass *klass) {
    static const char *const names[] = {"created", "building", "built", "problem"};

    G_OBJECT_CLASS(klass)->dispose = gsc_workshop_dispose;
    for (int i = 0; i < N_SIGNALS; i++) {
        signals[i] =
            g_signal_new(names[i], GSC_TYPE_WORKSHOP, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                         G_TYPE_NONE, 1, i == SIGNAL_BUILT ? G_TYPE_POINTER : G_TYPE_STRING);
    }
}

static void gsc_workshop_init(GscWorkshop *self) {
    self->folder = g_build_filename(g_get_user_data_dir(), "gatescope", "sources", NULL);
    self->cancellable = g_cancellable_new();
    self->sums = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->waiting = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->busy = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    watch(self);
}

GscWorkshop *gsc_workshop_new(void) {
    return g_object_new(GSC_TYPE_WORKSHOP, NULL);
}
