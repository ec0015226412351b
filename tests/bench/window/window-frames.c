/* SPDX-License-Identifier: MIT
 *
 * window-frames [--seconds S] [--series N --points N] [--json]: how many pictures a second reach the screen while long
 * lines are panned and zoomed in the real window (1500 x 950), seen from outside its process.
 *
 *   pan     the pointer drags the plot to and fro, a move every 8 ms, as a mouse sends them
 *   zoom    the wheel turns in and out over the middle, a click every 20 ms
 *   rest    from the end of the movement until the picture stays as it is, in milliseconds
 *
 * A picture counts when a strip of the plot, eight rows in its middle, differs from the one before; the strip is
 * looked at every millisecond, so that the count is of what was to be seen, never more. The run files hold random
 * walks with 2% noise: 100 lines of 100,000 points, then 10 of a million, unless one shape is asked for.
 *
 * GATESCOPE_DESKTOP names the program. Exit 0: measured; 1: something never came; 2: usage; 77: no X server.
 */
#include "core/run/run_writer.h"
#include "tests/bench/window/eye.h"
#include "tests/bench/window/process.h"
#include "tests/ui/desk.h"

#include <X11/Xlib.h>
#include <X11/extensions/XTest.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    WIDTH = 1500,
    HEIGHT = 950,
    CHUNK = 1 << 13,
    MOST_CASES = 8,
    NOT_TESTED = 77
};

static const double PATIENCE_S = 60, STILL_S = 0.3;

typedef struct shape {
    int series, points;
} shape;

typedef struct finding {
    char name[48];
    double frames_s;  /* pictures a second */
    double longest_s; /* between two of them */
    double cpu_ms;    /* of the window for a picture */
    double rest_ms;   /* NAN: it did not come to rest */
} finding;

typedef struct bench {
    desk desk;
    eye *eye;
    Display *display; /* of the hand */
    double seconds;
    finding findings[MOST_CASES];
    int n;
} bench;

static bool complain(const char *what) {
    fprintf(stderr, "window-frames: %s\n", what);
    return false;
}

/* ---- Run files ----------------------------------------------------------------------------------- */

static double uniform(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(*state >> 33) + 0.5) / 2147483648.0;
}

static bool write_walk(gsc_run_writer *writer, int s, int points, uint64_t *state) {
    static gsc_point some[CHUNK];
    gsc_sink *sink = gsc_run_writer_sink(writer);
    gsc_series_info info = GSC_SERIES_INIT;
    int32_t series = 0;
    char arm[32];
    double walk = 3 * uniform(state);

    snprintf(arm, sizeof arm, "walk %d", s + 1);
    info.name = "loss";
    info.title = info.y_title = "Loss";
    info.arm = arm;
    info.unit = "nat";
    info.definition = "a random walk with 2% noise";
    info.x_name = "step";
    info.x_title = "Step";
    info.panel = "loss";
    if (sink->series(sink, &info, &series, NULL) != GSC_OK) {
        return false;
    }
    for (int done = 0; done < points;) {
        int n = MIN(points - done, CHUNK);
        for (int i = 0; i < n; i++) {
            walk += (2 * uniform(state) - 1) * 1.7 / sqrt(points);
            some[i] = (gsc_point){done + i, walk + 0.04 * (2 * uniform(state) - 1), -1};
        }
        if (sink->points(sink, series, some, (size_t)n, NULL) != GSC_OK) {
            return false;
        }
        done += n;
    }
    return gsc_run_writer_commit(writer, NULL) == GSC_OK;
}

/* A run holds no more than fifty arms, so that each is drawn: more lines are more runs. */
static bool write_run(const char *path, int first, int series, int points) {
    gsc_run_birth birth = {.experiment = "",
                           .title = "Random walks",
                           .spec = "{\"lab\": \"lm\"}",
                           .plugins = "[]",
                           .machine = "{}",
                           .seed = 1};
    gsc_run_writer *writer = NULL;
    gsc_error error = {0};
    uint64_t state = (uint64_t)first + 1;

    if (gsc_run_writer_create(path, false, &birth, &writer, &error) != GSC_OK) {
        return complain(error.message);
    }
    bool good = true;
    for (int s = 0; s < series && good; s++) {
        good = write_walk(writer, first + s, points, &state);
    }
    good = good && gsc_run_writer_finish(writer, GSC_RUN_DONE, "", NULL) == GSC_OK;
    gsc_run_writer_free(writer);
    return good || complain("the run file could not be written");
}

/* ---- The hand ------------------------------------------------------------------------------------ */

/* A movement that goes on for some seconds; what is due of it is sent at every look. */
typedef struct hand {
    Display *display;
    const double *plot;
    bool zoom;
    double seconds, began;
    int sent;
} hand;

static void point_at(const hand *self, double dx, double dy) {
    const double *plot = self->plot;

    XTestFakeMotionEvent(self->display, -1, (int)(plot[0] + plot[2] * (0.5 + dx)),
                         (int)(plot[1] + plot[3] * (0.5 + dy)), 0);
}

static void hand_begin(hand *self) {
    point_at(self, 0, 0);
    if (!self->zoom) {
        XTestFakeButtonEvent(self->display, 1, True, 0);
    }
    XSync(self->display, False);
    self->began = eye_clock();
}

/* Sends one event if one is due; false once the movement is over. */
static bool hand_go_on(hand *self, double now) {
    const double every = self->zoom ? 0.02 : 0.008;
    double t = self->sent * every;

    if (t >= self->seconds) {
        if (!self->zoom) {
            XTestFakeButtonEvent(self->display, 1, False, 0);
            XFlush(self->display);
        }
        return false;
    }
    if (now - self->began < t) {
        return true;
    }
    if (self->zoom) {
        unsigned button = self->sent / 12 % 2 == 0 ? 4 : 5;
        XTestFakeButtonEvent(self->display, button, True, 0);
        XTestFakeButtonEvent(self->display, button, False, 0);
    } else {
        point_at(self, 0.3 * sin(2 * M_PI * t / 2), 0.05 * sin(2 * M_PI * t / 3));
    }
    XFlush(self->display);
    self->sent++;
    return true;
}

/* ---- The eye ------------------------------------------------------------------------------------- */

/* Looks at the strip while the hand moves, then until it is still. */
static bool watch(bench *self, const double plot[4], bool zoom, finding *ret_finding) {
    const double strip[4] = {plot[0] + 4, plot[1] + plot[3] / 2 - 4, plot[2] - 8, 8};
    hand mover = {.display = self->display, .plot = plot, .zoom = zoom, .seconds = self->seconds};
    GPid window = process_of(&self->desk);
    size_t pixels = 0;
    int seen = 0;

    eye_turn(self->eye, strip);
    free(eye_remember(self->eye, STILL_S, &pixels));
    const uint32_t *now = eye_look(self->eye, &pixels);
    uint32_t *before = g_memdup2(now, pixels * sizeof *now);
    double cpu = process_cpu_s(window), first = 0, last = 0, ended = 0, longest = 0;
    hand_begin(&mover);
    for (double start = eye_clock(); eye_clock() - start < PATIENCE_S;) {
        g_usleep(1000);
        now = eye_look(self->eye, &pixels);
        double at = eye_clock();
        if (memcmp(before, now, pixels * sizeof *now) != 0) {
            memcpy(before, now, pixels * sizeof *now);
            if (ended == 0) {
                first = first == 0 ? at : first;
                longest = fmax(longest, last > 0 ? at - last : 0);
                seen++;
                cpu = seen == 1 ? process_cpu_s(window) : cpu;
            }
            last = at;
        }
        if (ended == 0 && !hand_go_on(&mover, at)) {
            ended = at;
            cpu = process_cpu_s(window) - cpu;
        }
        if (ended > 0 && at - fmax(last, ended) > 1) {
            break;
        }
    }
    g_free(before);
    if (seen < 2 || ended == 0) {
        return complain("the picture did not move");
    }
    ret_finding->frames_s = (seen - 1) / (ended - first);
    ret_finding->longest_s = longest;
    ret_finding->cpu_ms = 1e3 * cpu / (seen - 1);
    ret_finding->rest_ms = 1e3 * fmax(last - ended, 0);
    return true;
}

/* ---- Cases --------------------------------------------------------------------------------------- */

static bool resize(void) {
    g_autofree char *line = g_strdup_printf(
        "xdotool search --onlyvisible --name Gatescope windowmove 0 0 windowsize %d %d", WIDTH,
        HEIGHT);
    int code = 0;

    return g_spawn_command_line_sync(line, NULL, NULL, &code, NULL) && code == 0;
}

static bool wait_for_lines(bench *self, double ret_plot[4]) {
    size_t pixels = 0;

    for (double start = eye_clock(); eye_clock() - start < PATIENCE_S;) {
        desk_rest(0.1);
        if (desk_box(&self->desk, "plot", ret_plot)) {
            eye_turn(self->eye, ret_plot);
            if (eye_count_colored(self->eye) > 5000) {
                free(eye_remember(self->eye, 0.5, &pixels));
                return desk_box(&self->desk, "plot", ret_plot);
            }
        }
    }
    return complain("no lines were seen");
}

static bool run_shape(bench *self, shape it) {
    enum {
        MOST_RUNS = 16,
        ARMS = 50
    };
    char *paths[MOST_RUNS + 1] = {NULL};
    double plot[4];
    bool good = true;
    int n = 0;

    for (int first = 0; first < it.series && good && n < MOST_RUNS; first += ARMS) {
        paths[n] = g_strdup_printf("%s/walks-%d.gsc", self->desk.home, n);
        good = write_run(paths[n++], first, MIN(it.series - first, ARMS), it.points);
    }
    good = good && (desk_start(&self->desk, (const char *const *)paths) ||
                    complain("the window did not come"));
    good = good && (resize() || complain("the window was not found")) && wait_for_lines(self, plot);
    for (int zoom = 0; zoom < 2 && good; zoom++) {
        finding *found = &self->findings[self->n];
        bool millions = it.points % 1000000 == 0;
        snprintf(found->name, sizeof found->name, "screen_%s_%dx%d%c", zoom ? "zoom" : "pan",
                 it.series, it.points / (millions ? 1000000 : 1000), millions ? 'M' : 'k');
        good = watch(self, plot, zoom == 1, found);
        self->n += good;
    }
    desk_stop(&self->desk);
    for (int i = 0; i < n; i++) {
        unlink(paths[i]);
        g_free(paths[i]);
    }
    return good;
}

/* ---- Program ------------------------------------------------------------------------------------- */

static void print_table(const bench *self) {
    printf("%-24s %9s %12s %14s %8s\n", "", "frames/s", "longest ms", "processor ms", "rest ms");
    for (int i = 0; i < self->n; i++) {
        const finding *f = &self->findings[i];
        printf("%-24s %9.1f %12.0f %14.1f %8.0f\n", f->name, f->frames_s, 1e3 * f->longest_s,
               f->cpu_ms, f->rest_ms);
    }
}

static void print_json(const bench *self) {
    json_t *cases = json_array();

    for (int i = 0; i < self->n; i++) {
        const finding *f = &self->findings[i];
        json_array_append_new(cases, json_pack("{s:s, s:s, s:f, s:f, s:f, s:f, s:f}", "name",
                                               f->name, "unit", "frames/s", "ours", f->frames_s,
                                               "budget", 30.0, "longest_ms", 1e3 * f->longest_s,
                                               "cpu_ms", f->cpu_ms, "rest_ms", f->rest_ms));
    }
    json_t *whole = json_pack("{s:o}", "cases", cases);
    json_dumpf(whole, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(whole);
}

int main(int argc, char **argv) {
    bench self = {.seconds = 4};
    shape shapes[2] = {{100, 100000}, {10, 1000000}}, asked = {0, 0};
    bool json = false;

    for (int i = 1; i < argc; i++) {
        double value = i + 1 < argc ? atof(argv[i + 1]) : 0;
        if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (strcmp(argv[i], "--seconds") == 0 && value > 0) {
            self.seconds = atof(argv[++i]);
        } else if (strcmp(argv[i], "--series") == 0 && value >= 1 && value <= 800) {
            asked.series = atoi(argv[++i]);
        } else if (strcmp(argv[i], "--points") == 0 && value >= 100 && value <= 1e8) {
            asked.points = (int)atof(argv[++i]);
        } else {
            complain("usage: window-frames [--seconds S] [--series N --points N] [--json]; "
                     "1 to 800 series of 100 to 1e8 points");
            return 2;
        }
    }
    if (g_getenv("GATESCOPE_DESKTOP") == NULL) {
        complain("GATESCOPE_DESKTOP does not name the window's program");
        return 2;
    }
    g_setenv("GATESCOPE_TEST_SCREEN", "1520x960x24", TRUE);
    if (!desk_open(&self.desk)) {
        return NOT_TESTED;
    }
    self.eye = eye_open();
    self.display = XOpenDisplay(NULL);
    bool good = self.eye != NULL && self.display != NULL;
    if (asked.series > 0 && asked.points > 0) {
        good = good && run_shape(&self, asked);
    } else {
        good = good && run_shape(&self, shapes[0]) && run_shape(&self, shapes[1]);
    }
    (json ? print_json : print_table)(&self);
    eye_close(self.eye);
    if (self.display != NULL) {
        XCloseDisplay(self.display);
    }
    desk_close(&self.desk);
    return good ? 0 : 1;
}
