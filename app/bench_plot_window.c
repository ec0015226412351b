/* SPDX-License-Identifier: MIT
 *
 * `gatescope bench plot`, the window: runs the programs that watch the real one from outside
 * (tests/bench/window), each on an X server that it starts itself. See bench_plot.h. Layer: app.
 */
#include "app/bench_plot.h"

#include "app/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MOST_OUTPUT = 1 << 16,
    MOST_ARGUMENTS = 12,
    NOT_TESTED = 77
};

/* What a program tells; where it cannot, these are missing. */
typedef struct watcher {
    const char *program;
    const char *arguments[MOST_ARGUMENTS], *quick[MOST_ARGUMENTS];
    const char *tells; /* while it runs */
    struct {
        const char *name, *unit;
        double budget;
    } cases[5];
} watcher;

static const watcher watchers[] = {
    {"window-frames",
     {"--json"},
     {"--json", "--seconds", "1"},
     "panning and zooming in the window",
     {{"screen_pan_100x100k", "frames/s", 30},
      {"screen_zoom_100x100k", "frames/s", 30},
      {"screen_pan_10x1M", "frames/s", 30},
      {"screen_zoom_10x1M", "frames/s", 30}}},
    {"window-latency",
     {"--json", "--rest", "60"},
     {"--json", "--starts", "2", "--points", "10", "--rest", "10"},
     "starting the window, waiting for points, resting a minute",
     {{"window_up", "ms", 1000},
      {"first_curve", "ms", 3000},
      {"point_on_screen", "ms", 150},
      {"idle", "% of a core", 0.5}}},
    {"window-soak",
     {"240", "--json"},
     {"24", "--json"},
     "drawing a live run for four minutes, looking at memory",
     {{"soak_memory", "KB/min", NAN}}},
};

/* ---- Programs ------------------------------------------------------------------------------------ */

/* All that comes through a pipe, at most room - 1 bytes, ended by 0. */
static void read_all(int fd, char *ret_text, size_t room) {
    size_t used = 0;
    ssize_t got;
    while (used + 1 < room && ((got = read(fd, ret_text + used, room - 1 - used)) > 0 ||
                               (got < 0 && errno == EINTR))) {
        used += got > 0 ? (size_t)got : 0;
    }
    ret_text[used] = '\0';
}

/* In the child: becomes the program. */
static _Noreturn void become(const char *program, const char *const *arguments,
                             const char *const *variables, int out, const char *errors) {
    const char *line[MOST_ARGUMENTS + 2] = {program};
    int quiet = open(errors, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    for (size_t i = 0; i < MOST_ARGUMENTS && arguments[i] != NULL; i++) {
        line[i + 1] = arguments[i];
    }
    for (size_t i = 0; variables != NULL && variables[i] != NULL; i++) {
        putenv((char *)variables[i]);
    }
    dup2(out, STDOUT_FILENO);
    dup2(quiet, STDERR_FILENO);
    execv(program, (char *const *)line);
    _exit(127);
}

/* The last thing that the program said itself ("NAME: what"); others speak there too. */
static void last_words(const char *errors, const char *program, char ret_why[256]) {
    char line[512];
    const char *slash = strrchr(program, '/'), *name = slash != NULL ? slash + 1 : program;
    FILE *file = fopen(errors, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0 || strncmp(line, "gatescope", 9) == 0) {
            line[strcspn(line, "\n")] = '\0';
            snprintf(ret_why, 256, "%.255s", line);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}

json_t *gsc_bench_plot_run(const gsc_bench_plot *self, const char *program,
                           const char *const *arguments, const char *const *variables,
                           char ret_why[256]) {
    static char text[MOST_OUTPUT];
    char errors[PATH_MAX];
    int ends[2];
    snprintf(errors, sizeof errors, "%s/errors", self->folder);
    if (pipe2(ends, O_CLOEXEC) != 0) {
        snprintf(ret_why, 256, "no pipe could be made: %s", strerror(errno));
        return NULL;
    }
    pid_t child = fork();
    if (child == 0) {
        become(program, arguments, variables, ends[1], errors);
    }
    close(ends[1]);
    read_all(ends[0], text, sizeof text);
    close(ends[0]);
    int state = -1;
    while (child > 0 && waitpid(child, &state, 0) < 0 && errno == EINTR) {
    }
    int code = child > 0 && WIFEXITED(state) ? WEXITSTATUS(state) : -1;
    const char *brace = strchr(text, '{');
    json_t *json = code == 0 && brace != NULL ? json_loads(brace, 0, NULL) : NULL;
    if (json == NULL) {
        snprintf(ret_why, 256, "%s",
                 code == NOT_TESTED ? "no X server could be started: it takes Xvfb, xdotool and "
                                      "dbus-daemon"
                                    : "the program did not come to its end");
        if (code != NOT_TESTED) {
            last_words(errors, program, ret_why);
        }
    }
    unlink(errors);
    return json;
}

/* ---- The window ---------------------------------------------------------------------------------- */

/* Takes over the case of that name, with a peer that there is none of; false: it was not told. */
static bool take_case(gsc_bench_plot *self, const json_t *told, const char *name) {
    size_t i;
    const json_t *one;
    json_array_foreach(json_object_get(told, "cases"), i, one) {
        if (strcmp(json_string_value(json_object_get(one, "name")), name) == 0) {
            json_t *whole = json_pack("{s:s, s:O, s:n, s:n}", "name", name, "ours",
                                      json_object_get(one, "ours"), "peer", "ratio");
            json_object_update_missing(whole, (json_t *)one);
            json_array_append_new(self->cases, whole);
            return true;
        }
    }
    return false;
}

static void watch(gsc_bench_plot *self, const watcher *it, const char *desktop) {
    char path[PATH_MAX], variable[PATH_MAX + 32];
    char why[256] = "the programs that watch the window were not built: they want the build's "
                    "options desktop and tests, and libxtst-dev";
    const char *const variables[] = {variable, NULL};
    json_t *told = NULL;
    snprintf(path, sizeof path, "%s/%s", GSC_BENCH_PROGRAMS, it->program);
    snprintf(variable, sizeof variable, "GATESCOPE_DESKTOP=%s", desktop);
    if (desktop[0] == '\0') {
        snprintf(why, sizeof why,
                 "gatescope-desktop was not built: GTK 4 and libadwaita are missing");
    } else if (access(path, X_OK) == 0) {
        if (self->tell) {
            fprintf(stderr, "%s…\n", it->tells);
        }
        told =
            gsc_bench_plot_run(self, path, self->quick ? it->quick : it->arguments, variables, why);
    }
    for (size_t i = 0; i < 5 && it->cases[i].name != NULL; i++) {
        if (told == NULL || !take_case(self, told, it->cases[i].name)) {
            gsc_bench_plot_miss(self, it->cases[i].name, it->cases[i].unit, it->cases[i].budget,
                                why);
        }
    }
    json_decref(told);
}

void gsc_bench_plot_window(gsc_bench_plot *self) {
    char desktop[PATH_MAX];
    if (!gsc_beside("gatescope-desktop", desktop, sizeof desktop)) {
        desktop[0] = '\0';
    }
    for (size_t i = 0; i < sizeof watchers / sizeof *watchers; i++) {
        watch(self, &watchers[i], desktop);
    }
}
