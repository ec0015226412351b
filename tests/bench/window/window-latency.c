/* SPDX-License-Identifier: MIT
 *
 * window-latency [--starts N] [--points N] [--rest SECONDS] [--json]: how long the window lets one wait, seen
 * from outside its process, in the pixels of an X server.
 *
 *   window_up        exec until the experiment list and the axes are on the screen; median of the starts
 *   first_curve      exec with `--run first` until the first data is on the screen; median of the starts
 *   point_on_screen  return of a commit to a run file until the figure has changed; median and 95th percentile
 *   idle             CPU time of the window per second, in percent, with a finished run in view
 *
 * The window is started once before anything is timed: to warm the caches, and to learn where its parts are
 * and what they look like (with the report for tests, which no timed start writes). The
 * list and the axes count as there once 95% of what stands out in their boxes in that picture is on the
 * screen. The window is timed as it comes from exec, the session bus is there before.
 *
 * GATESCOPE_DESKTOP names the program. Exit 0: measured; 1: something never came; 2: usage; 77: no X server.
 */
#include "core/read/run_file.h"
#include "core/run/run_writer.h"
#include "tests/bench/window/eye.h"
#include "tests/ui/desk.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST = 1000,
    DATA_PIXELS = 20,   /* coloured pixels that make a first curve */
    DRAWN_PIXELS = 500, /* that stand out where the list and the axes are */
    NOT_TESTED = 77
};

static const double PATIENCE_S = 60, SEEN = 0.95, STILL_S = 0.4;

typedef struct bench {
    desk desk;
    eye *eye;
    GPid bus;
    int starts, points;
    double rest_s;
    bool json;
    double sidebar[4], canvas[4], plot[4];
    uint32_t *sidebar_seen, *canvas_seen;
    size_t sidebar_pixels, canvas_pixels;
} bench;

typedef struct finding {
    const char *name, *unit;
    double median, high; /* high: 95th percentile; NAN where there is one number only */
    double budget;
    int n;
    double over_s; /* how long it was looked at; 0: no matter */
} finding;

/* ---- Numbers ------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

/* The smallest value that at least share of all do not exceed. */
static double quantile(double *values, int n, double share) {
    qsort(values, (size_t)n, sizeof *values, compare);
    int at = (int)ceil(share * n) - 1;
    return values[at < 0 ? 0 : at];
}

static void print_table(const finding *findings, int n) {
    printf("%-16s %10s %10s %10s %6s\n", "", "median", "95%", "budget", "n");
    for (int i = 0; i < n; i++) {
        const finding *f = &findings[i];
        char high[32] = "";
        if (!isnan(f->high)) {
            snprintf(high, sizeof high, "%.0f", f->high);
        }
        printf("%-16s %10.*f %10s %10.*f %6d  %s\n", f->name, f->median < 10 ? 2 : 0, f->median,
               high, f->budget < 10 ? 1 : 0, f->budget, f->n, f->unit);
    }
}

static void print_json(const finding *findings, int n) {
    json_t *cases = json_array();

    for (int i = 0; i < n; i++) {
        const finding *f = &findings[i];
        double ours = isnan(f->high) ? f->median : f->high;
        json_t *one = json_pack("{s:s, s:s, s:f, s:f, s:i, s:f}", "name", f->name, "unit", f->unit,
                                "ours", ours, "budget", f->budget, "n", f->n, "median", f->median);
        if (f->over_s > 0) {
            json_object_set_new(one, "over_s", json_real(f->over_s));
        }
        json_array_append_new(cases, one);
    }
    json_t *whole = json_pack("{s:o}", "cases", cases);
    json_dumpf(whole, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(whole);
}

static bool complain(const char *what) {
    fprintf(stderr, "window-latency: %s\n", what);
    return false;
}

/* ---- Processes ----------------------------------------------------------------------------------- */

/* A session bus for all starts: no part of the window's start is its own bus. */
static bool start_bus(bench *self) {
    int channel[2];
    char address[512] = "", fd[32];

    if (pipe(channel) != 0) {
        return complain("there is no pipe for the session bus");
    }
    snprintf(fd, sizeof fd, "--print-address=%d", channel[1]);
    pid_t pid = fork();
    if (pid == 0) {
        close(channel[0]);
        setpgid(0, 0);
        freopen("/dev/null", "w", stdout); /* services of the bus talk there */
        freopen("/dev/null", "w", stderr);
        execlp("dbus-daemon", "dbus-daemon", "--session", "--nofork", fd, NULL);
        _exit(127);
    }
    close(channel[1]);
    self->bus = pid;
    ssize_t got = pid > 0 ? read(channel[0], address, sizeof address - 1) : 0;
    close(channel[0]);
    if (got <= 0) {
        return complain("dbus-daemon did not start");
    }
    address[strcspn(address, "\n")] = '\0';
    g_setenv("DBUS_SESSION_BUS_ADDRESS", address, TRUE);
    return true;
}

static void end_process(GPid *pid) {
    if (*pid <= 0) {
        return;
    }
    kill(-*pid, SIGTERM);
    for (int i = 0; i < 150 && waitpid(*pid, NULL, WNOHANG) == 0; i++) {
        g_usleep(20000);
        if (i == 100) {
            kill(-*pid, SIGKILL);
        }
    }
    *pid = 0;
}

/* Starts the window; *ret_started_s is the moment before exec. */
static GPid start_window(bench *self, const char *const *arguments, double *ret_started_s) {
    const double screen[4] = {0, 0, 1e4, 1e4};
    const char *program = g_getenv("GATESCOPE_DESKTOP");
    const char *line[8] = {program};

    for (int i = 0; arguments != NULL && arguments[i] != NULL && i < 6; i++) {
        line[i + 1] = arguments[i];
    }
    /* The window before this one is gone once the screen is empty. */
    eye_turn(self->eye, screen);
    for (double start = eye_clock();
         eye_count_drawn(self->eye) > 0 && eye_clock() - start < PATIENCE_S;) {
        g_usleep(20000);
    }
    *ret_started_s = eye_clock();
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        execv(program, (char *const *)line);
        _exit(127);
    }
    setpgid(pid, pid);
    return pid;
}

/* ---- What the window looks like ------------------------------------------------------------------ */

/* A copy of what a box shows once it is drawn and rests; NULL: it never was. */
static uint32_t *remember_drawn(bench *self, const double box[4], size_t *ret_pixels) {
    double start = eye_clock();

    eye_turn(self->eye, box);
    while (eye_count_drawn(self->eye) < DRAWN_PIXELS) {
        if (eye_clock() - start > PATIENCE_S) {
            return NULL;
        }
        g_usleep(20000);
    }
    return eye_remember(self->eye, 1, ret_pixels);
}

/* One start with the report for tests, which says where the parts are and when the window is at rest. */
static bool learn(bench *self) {
    if (!desk_start(&self->desk, NULL)) {
        return complain("the window did not come");
    }
    bool found = desk_wait_ready(&self->desk) && desk_box(&self->desk, "sidebar", self->sidebar) &&
                 desk_box(&self->desk, "canvas", self->canvas) &&
                 desk_box(&self->desk, "plot", self->plot);
    if (found) {
        self->sidebar_seen = remember_drawn(self, self->sidebar, &self->sidebar_pixels);
        self->canvas_seen = remember_drawn(self, self->canvas, &self->canvas_pixels);
    }
    desk_stop(&self->desk);
    g_unsetenv("GATESCOPE_TEST_REPORT");
    return (self->sidebar_seen != NULL && self->canvas_seen != NULL) ||
           complain("the window did not say or show where its list and its axes are");
}

/* ---- Starts -------------------------------------------------------------------------------------- */

/* Milliseconds from exec until the box shows what is remembered, or NAN. */
static double wait_for(bench *self, const double box[4], const uint32_t *seen, size_t pixels,
                       double started) {
    eye_turn(self->eye, box);
    while (eye_compare(self->eye, seen, pixels) < SEEN) {
        if (eye_clock() - started > PATIENCE_S) {
            return NAN;
        }
        g_usleep(2000);
    }
    return 1e3 * (eye_clock() - started);
}

static bool time_starts(bench *self, finding *ret_finding) {
    double values[MOST];

    for (int i = 0; i < self->starts; i++) {
        double started = 0;
        GPid window = start_window(self, NULL, &started);
        double list =
            wait_for(self, self->sidebar, self->sidebar_seen, self->sidebar_pixels, started);
        double axes = wait_for(self, self->canvas, self->canvas_seen, self->canvas_pixels, started);
        end_process(&window);
        if (isnan(list) || isnan(axes)) {
            return complain("the list and the axes were not seen");
        }
        values[i] = list > axes ? list : axes;
    }
    *ret_finding = (finding){.name = "window_up",
                             .unit = "ms",
                             .median = quantile(values, self->starts, 0.5),
                             .high = NAN,
                             .budget = 1000,
                             .n = self->starts};
    return true;
}

/* The supervisor is a session of its own: stop it by its run file, then take the file away. */
static void end_runs(const bench *self) {
    g_autofree char *folder = g_build_filename(self->desk.home, "runs", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        gsc_run *run = NULL;
        if (g_str_has_suffix(name, ".gsc") && gsc_run_open(path, &run, NULL) == GSC_OK) {
            gsc_process process = gsc_run_get_info(run)->process;
            if (gsc_process_is_here(&process) && gsc_process_is_alive(&process)) {
                kill((pid_t)process.pid, SIGINT);
                for (int i = 0; i < 500 && gsc_process_is_alive(&process); i++) {
                    g_usleep(20000);
                }
            }
            gsc_run_close(run);
            unlink(path);
        }
    }
}

static bool time_first_curve(bench *self, finding *ret_finding) {
    double values[MOST];
    bool good = true;

    for (int i = 0; i < self->starts && good; i++) {
        double started = 0;
        GPid window = start_window(self, (const char *const[]){"--run", "first", NULL}, &started);
        eye_turn(self->eye, self->plot);
        while (eye_count_colored(self->eye) < DATA_PIXELS && good) {
            good = eye_clock() - started < PATIENCE_S;
            g_usleep(2000);
        }
        values[i] = 1e3 * (eye_clock() - started);
        end_process(&window);
        end_runs(self);
    }
    if (!good) {
        return complain("no curve was seen");
    }
    *ret_finding = (finding){.name = "first_curve",
                             .unit = "ms",
                             .median = quantile(values, self->starts, 0.5),
                             .high = NAN,
                             .budget = 3000,
                             .n = self->starts};
    return true;
}

/* ---- Points -------------------------------------------------------------------------------------- */

static gsc_run_writer *make_run(const char *path, int32_t *ret_series) {
    gsc_run_birth birth = {.experiment = "",
                           .title = "Points from outside",
                           .spec = "{\"lab\": \"theory\"}",
                           .plugins = "[]",
                           .machine = "{\"host\": \"bench\"}",
                           .seed = 1};
    gsc_series_info info = GSC_SERIES_INIT;
    gsc_run_writer *writer = NULL;
    gsc_error error = {0};

    if (gsc_run_writer_create(path, false, &birth, &writer, &error) != GSC_OK) {
        complain(error.message);
        return NULL;
    }
    info.name = "loss";
    info.title = "Error";
    info.definition = "n^-1/2 with noise";
    info.x_name = "n";
    info.x_title = "Sample size n";
    info.panel = "error";
    info.y_title = "Error";
    gsc_sink *sink = gsc_run_writer_sink(writer);
    sink->series(sink, &info, ret_series, NULL);
    /* Corners, so that the axes stay as they are. */
    static const gsc_point corners[] = {
        {100, 0.3, 0}, {100, 0.03, 1}, {1e4, 0.03, 0}, {1e4, 0.003, 1}};
    sink->points(sink, *ret_series, corners, 4, NULL);
    if (gsc_run_writer_commit(writer, &error) != GSC_OK) {
        complain(error.message);
    }
    return writer;
}

/* A place where no point was: sizes in a scattered order, one decade of heights. */
static gsc_point place(int i) {
    double along = fmod((i + 1) * 0.6180339887498949, 1), up = fmod((i + 1) * 0.7548776662, 1);
    double x = round(pow(10, 2.1 + 1.8 * along));

    return (gsc_point){x, pow(x, -0.5) * pow(10, 0.8 * (up - 0.5)), i % 4};
}

/* Milliseconds from the return of the commit until the canvas changed, or NAN. */
static double time_point(bench *self, gsc_run_writer *writer, int32_t series, int i) {
    gsc_sink *sink = gsc_run_writer_sink(writer);
    gsc_point point = place(i);
    size_t pixels = 0;
    uint32_t *before = eye_remember(self->eye, STILL_S, &pixels);

    g_usleep((gulong)(1e3 * fmod(37.0 * i, 50))); /* any moment between two looks of the window */
    sink->points(sink, series, &point, 1, NULL);
    if (gsc_run_writer_commit(writer, NULL) != GSC_OK) {
        free(before);
        return NAN;
    }
    double since = eye_clock(), waited = 0;
    bool changed = false;
    while (!changed && waited < PATIENCE_S) {
        const uint32_t *now = eye_look(self->eye, &pixels);
        waited = eye_clock() - since;
        changed = memcmp(before, now, pixels * sizeof *now) != 0;
        if (!changed) {
            g_usleep(1000);
        }
    }
    free(before);
    return changed ? 1e3 * waited : NAN;
}

static bool time_points(bench *self, finding *ret_finding) {
    g_autofree char *path = g_build_filename(self->desk.home, "outside.gsc", NULL);
    double values[MOST], started = 0;
    int32_t series = 0;
    gsc_run_writer *writer = make_run(path, &series);
    bool good = writer != NULL;

    if (!good) {
        return false;
    }
    GPid window = start_window(self, (const char *const[]){path, NULL}, &started);
    eye_turn(self->eye, self->plot);
    while (good && eye_count_colored(self->eye) < DATA_PIXELS) {
        good = eye_clock() - started < PATIENCE_S;
        g_usleep(20000);
    }
    eye_turn(self->eye, self->canvas);
    for (int i = 0; i < self->points && good; i++) {
        values[i] = time_point(self, writer, series, i);
        good = !isnan(values[i]);
    }
    end_process(&window);
    gsc_run_writer_finish(writer, GSC_RUN_DONE, "", NULL);
    gsc_run_writer_free(writer);
    if (!good) {
        return complain("a point was not seen");
    }
    *ret_finding = (finding){.name = "point_on_screen",
                             .unit = "ms",
                             .median = quantile(values, self->points, 0.5),
                             .high = quantile(values, self->points, 0.95),
                             .budget = 150,
                             .n = self->points};
    return true;
}

/* ---- Rest ---------------------------------------------------------------------------------------- */

static double cpu_seconds(GPid pid) {
    clockid_t clock;
    struct timespec used = {0};

    if (clock_getcpuclockid(pid, &clock) == 0) {
        clock_gettime(clock, &used);
    }
    return (double)used.tv_sec + 1e-9 * (double)used.tv_nsec;
}

/* After time_points: its run is done now. */
static bool time_rest(bench *self, finding *ret_finding) {
    g_autofree char *path = g_build_filename(self->desk.home, "outside.gsc", NULL);
    double started = 0;
    GPid window = start_window(self, (const char *const[]){path, NULL}, &started);

    desk_rest(4);
    double before = cpu_seconds(window), since = eye_clock();
    desk_rest(self->rest_s);
    double used = cpu_seconds(window) - before, lasted = eye_clock() - since;
    bool alive = waitpid(window, NULL, WNOHANG) == 0;
    end_process(&window);
    if (!alive || before <= 0) {
        return complain("the window did not stay");
    }
    *ret_finding = (finding){.name = "idle",
                             .unit = "% of a core",
                             .median = 100 * used / lasted,
                             .high = NAN,
                             .budget = 0.5,
                             .n = 1,
                             .over_s = lasted};
    return true;
}

/* ---- Program ------------------------------------------------------------------------------------- */

static bool take_arguments(bench *self, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        double value = i + 1 < argc ? atof(argv[i + 1]) : 0;
        if (strcmp(argv[i], "--json") == 0) {
            self->json = true;
        } else if (strcmp(argv[i], "--starts") == 0 && value >= 1 && value <= MOST) {
            self->starts = (int)value;
            i++;
        } else if (strcmp(argv[i], "--points") == 0 && value >= 1 && value <= MOST) {
            self->points = (int)value;
            i++;
        } else if (strcmp(argv[i], "--rest") == 0 && value > 0) {
            self->rest_s = value;
            i++;
        } else {
            return complain("usage: window-latency [--starts N] [--points N] [--rest SECONDS] "
                            "[--json]; counts are 1 to 1000");
        }
    }
    return true;
}

int main(int argc, char **argv) {
    bench self = {.starts = 5, .points = 100, .rest_s = 20};
    finding findings[4];

    if (!take_arguments(&self, argc, argv)) {
        return 2;
    }
    if (g_getenv("GATESCOPE_DESKTOP") == NULL) {
        complain("GATESCOPE_DESKTOP does not name the window's program");
        return 2;
    }
    if (!desk_open(&self.desk)) {
        return NOT_TESTED;
    }
    self.eye = eye_open();
    bool good = self.eye != NULL && start_bus(&self) && learn(&self) &&
                time_starts(&self, &findings[0]) && time_first_curve(&self, &findings[1]) &&
                time_points(&self, &findings[2]) && time_rest(&self, &findings[3]);
    if (good && self.json) {
        print_json(findings, 4);
    } else if (good) {
        print_table(findings, 4);
    }
    free(self.sidebar_seen);
    free(self.canvas_seen);
    eye_close(self.eye);
    end_process(&self.bus);
    desk_close(&self.desk);
    return good ? 0 : 1;
}
