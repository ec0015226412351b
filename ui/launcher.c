/* SPDX-License-Identifier: MIT
 *
 * The way to `gatescope`. See launcher.h.
 *
 * What a run writes on stderr goes into an unnamed file, not a pipe: a run that outlives the window must not
 * die of a broken pipe.
 */
#include "ui/launcher.h"

#include "core/base/session.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct launch {
    int log; /* memory file: its stderr */
    gsc_launcher_done *done;
    gpointer data;
    GDestroyNotify free_data;
} launch;

const char *gsc_launcher_program(void) {
    static char *program;

    if (program != NULL) {
        return program;
    }
    program = g_strdup(g_getenv("GATESCOPE_PROGRAM"));
    if (program == NULL) {
        g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
        g_autofree char *folder = g_path_get_dirname(self != NULL ? self : ".");
        g_autofree char *beside = g_build_filename(folder, "gatescope", NULL);
        program = g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE) ? g_steal_pointer(&beside)
                                                                 : g_strdup("gatescope");
    }
    return program;
}

static GStrv build_arguments(const char *source, const char *const *assignments, const char *path) {
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    g_strv_builder_add_many(builder, gsc_launcher_program(), "run", source, NULL);
    for (gsize i = 0; assignments != NULL && assignments[i] != NULL; i++) {
        g_strv_builder_add_many(builder, "--set", assignments[i], NULL);
    }
    g_strv_builder_add_many(builder, "-o", path, NULL);
    return g_strv_builder_end(builder);
}

static void own_session(gpointer data) {
    gsc_background_session();
}

/* The last line that is not empty: the command line ends with the sentence that matters. */
static char *last_sentence(int log) {
    static const char *const speakers[] = {
        "gatescope run: ", "gatescope resume: ", "gatescope sweep: ", "gatescope: "};
    char text[4096];
    off_t size = lseek(log, 0, SEEK_END);
    off_t from = size > (off_t)sizeof text - 1 ? size - ((off_t)sizeof text - 1) : 0;
    ssize_t got = pread(log, text, sizeof text - 1, from);

    if (got <= 0) {
        return g_strdup("");
    }
    text[got] = '\0';
    char *valid = g_utf8_make_valid(g_strchomp(text), -1);
    char *line = strrchr(valid, '\n');
    char *sentence = g_strdup(line != NULL ? line + 1 : valid);
    g_free(valid);
    for (size_t i = 0; i < G_N_ELEMENTS(speakers); i++) {
        if (g_str_has_prefix(sentence, speakers[i])) {
            size_t length = strlen(speakers[i]);
            memmove(sentence, sentence + length, strlen(sentence + length) + 1);
            break;
        }
    }
    return sentence;
}

static void on_run_exit(GObject *source, GAsyncResult *result, gpointer data) {
    GSubprocess *process = G_SUBPROCESS(source);
    launch *self = data;

    g_subprocess_wait_finish(process, result, NULL);
    int status = g_subprocess_get_if_exited(process) ? g_subprocess_get_exit_status(process) : -1;
    g_autofree char *message = last_sentence(self->log);
    self->done(status, message, self->data);
    if (self->free_data != NULL) {
        self->free_data(self->data);
    }
    close(self->log);
    g_free(self);
}

static bool start(const char *const *arguments, gsc_launcher_done *done, gpointer data,
                  GDestroyNotify free_data, GError **error) {
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
    int log = memfd_create("gatescope-run-stderr", MFD_CLOEXEC);

    if (log < 0) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                            "This machine has no memory left to start a run.");
        return false;
    }
    g_subprocess_launcher_take_stderr_fd(launcher, dup(log));
    g_subprocess_launcher_set_child_setup(launcher, own_session, NULL, NULL);
    g_autoptr(GSubprocess) process = g_subprocess_launcher_spawnv(launcher, arguments, error);
    if (process == NULL) {
        close(log);
        return false;
    }
    launch *self = g_new0(launch, 1);
    *self = (launch){.log = log, .done = done, .data = data, .free_data = free_data};
    g_subprocess_wait_async(process, NULL, on_run_exit, self);
    return true;
}

bool gsc_launcher_run(const char *source, const char *const *assignments, const char *path,
                      gsc_launcher_done *done, gpointer data, GDestroyNotify free_data,
                      GError **error) {
    g_auto(GStrv) arguments = build_arguments(source, assignments, path);

    return start((const char *const *)arguments, done, data, free_data, error);
}

bool gsc_launcher_resume(const char *path, gsc_launcher_done *done, gpointer data,
                         GDestroyNotify free_data, GError **error) {
    const char *const arguments[] = {gsc_launcher_program(), "resume", path, NULL};

    return start(arguments, done, data, free_data, error);
}

bool gsc_launcher_sweep(const char *folder, gsc_launcher_done *done, gpointer data,
                        GDestroyNotify free_data, GError **error) {
    const char *const arguments[] = {gsc_launcher_program(), "sweep", folder, NULL};

    return start(arguments, done, data, free_data, error);
}

char *gsc_launcher_command_line(const char *source, const char *const *assignments,
                                const char *path) {
    g_auto(GStrv) arguments = build_arguments(source, assignments, path);
    GString *line = g_string_new("gatescope");

    for (gsize i = 1; arguments[i] != NULL; i++) {
        g_autofree char *quoted = strpbrk(arguments[i], " []{}\"'*?&;$()|<>") != NULL
                                      ? g_shell_quote(arguments[i])
                                      : g_strdup(arguments[i]);
        g_string_append_printf(line, " %s", quoted);
    }
    return g_string_free(line, FALSE);
}
