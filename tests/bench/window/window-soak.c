/* SPDX-License-Identifier: MIT
 *
 * window-soak SECONDS [--json]: the window draws a run that grows, twenty commits a second, while the pointer looks at
 * it. What the process holds in memory is compared after a third of the time, when caches are warm, and at the end: it
 * may grow by what the points themselves take, and no more, however often the figure was drawn.
 *
 * Prints the growth, and its rate: the slope of a least-squares line through a look a second.
 */
#include "core/run/run_writer.h"
#include "tests/bench/window/process.h"
#include "tests/tap.h"
#include "tests/ui/desk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SERIES = 4,
    COMMITS_S = 20,
    NOT_TESTED = 77
};

/* Arenas of several threads fill up to different heights from one start to the next. */
static const double ALLOWED_MB = 12, BYTES_A_POINT = 400;

static gsc_run_writer *begin(const char *path) {
    gsc_run_birth birth = {.experiment = "",
                           .title = "An hour of training",
                           .spec = "{\"lab\": \"lm\"}",
                           .plugins = "[]",
                           .machine = "{}",
                           .seed = 1};
    gsc_run_writer *writer = NULL;
    gsc_error error = {0};

    if (gsc_run_writer_create(path, false, &birth, &writer, &error) != GSC_OK) {
        printf("# %s\n", error.message);
        return NULL;
    }
    gsc_sink *sink = gsc_run_writer_sink(writer);
    for (int s = 0; s < SERIES; s++) {
        static const char *const names[SERIES] = {"loss", "learning_rate", "gradient_norm",
                                                  "balance_loss"};
        gsc_series_info info = GSC_SERIES_INIT;
        int32_t series = 0;
        info.name = info.title = info.y_title = names[s];
        info.definition = "grows for the test";
        info.x_name = "step";
        info.x_title = "Step";
        info.panel = names[s];
        sink->series(sink, &info, &series, NULL);
    }
    gsc_run_writer_commit(writer, NULL);
    return writer;
}

/* Goes on for some seconds; the points so far. */
static int feed(desk *at, gsc_run_writer *writer, int step, double seconds) {
    gsc_sink *sink = gsc_run_writer_sink(writer);
    gint64 until = g_get_monotonic_time() + (gint64)(1e6 * seconds);

    for (; g_get_monotonic_time() < until; step++) {
        for (int s = 0; s < SERIES; s++) {
            gsc_point point = {step, 2 + 3.0 / (1 + 0.01 * step) + 0.1 * (step * 7 % 5), -1};
            sink->points(sink, s, &point, 1, NULL);
        }
        if (gsc_run_writer_commit(writer, NULL) != GSC_OK) {
            break;
        }
        if (step % COMMITS_S == 0) {
            desk_point(at, "plot", 0.2 + 0.6 * (step / COMMITS_S % 7) / 7, 0.5);
        }
        g_usleep(1000000 / COMMITS_S);
    }
    return step;
}

/* What was seen after the caches were warm. */
typedef struct finding {
    double seconds, frames, points;
    double before_mb, after_mb, most_mb;
    double kb_a_minute; /* slope of the line through all looks */
} finding;

static finding soak(desk *at, gsc_run_writer *writer, double seconds) {
    GPid window = process_of(at);
    int early = feed(at, writer, 1, seconds / 3), late = early;
    finding found = {.before_mb = process_resident_mb(window)};
    double frames = desk_number(at, "frames"), n = 0, t = 0, tt = 0, y = 0, ty = 0;
    gint64 start = g_get_monotonic_time();

    while (found.seconds < 2 * seconds / 3) {
        late = feed(at, writer, late, 1);
        found.seconds = 1e-6 * (double)(g_get_monotonic_time() - start);
        found.after_mb = process_resident_mb(window);
        found.most_mb = fmax(found.most_mb, found.after_mb);
        n++, t += found.seconds, tt += found.seconds * found.seconds;
        y += found.after_mb, ty += found.seconds * found.after_mb;
    }
    found.frames = desk_number(at, "frames") - frames;
    found.points = (late - early) * SERIES;
    found.kb_a_minute = n > 1 ? 60 * 1024 * (n * ty - t * y) / (n * tt - t * t) : NAN;
    return found;
}

static void print_json(const finding *f) {
    double bytes_a_point = 1024 * f->kb_a_minute * f->seconds / 60 / f->points;
    json_t *one = json_pack("{s:s, s:s, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "name", "soak_memory",
                            "unit", "KB/min", "ours", f->kb_a_minute, "bytes_a_point",
                            bytes_a_point, "over_s", f->seconds, "frames", f->frames, "points",
                            f->points, "before_mb", f->before_mb, "after_mb", f->after_mb);
    json_t *whole = json_pack("{s:[o]}", "cases", one);

    json_dumpf(whole, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(whole);
}

static void judge(const finding *f) {
    double growth = f->after_mb - f->before_mb;

    printf("# %.1f MB, then %.1f MB (most: %.1f MB) after %.0f s, %.0f frames and %.0f points: "
           "%+.1f MB; %+.0f KB a minute, %.0f bytes a point\n",
           f->before_mb, f->after_mb, f->most_mb, f->seconds, f->frames, f->points, growth,
           f->kb_a_minute, 1024 * f->kb_a_minute * f->seconds / 60 / f->points);
    TAP_OK(f->before_mb > 1, "the window's memory can be read");
    TAP_OK(f->frames > f->seconds, "the figure was drawn again and again");
    TAP_OK(growth < ALLOWED_MB + f->points * BYTES_A_POINT / 1048576,
           "and memory did not grow with the frames");
}

int main(int argc, char **argv) {
    desk at;
    double seconds = argc > 1 ? atof(argv[1]) : 0;
    bool json = argc == 3 && strcmp(argv[2], "--json") == 0;

    if (!(seconds >= 3) || argc != 2 + json) {
        fprintf(stderr, "window-soak: usage: window-soak SECONDS [--json], at least 3\n");
        return 2;
    }
    if (!desk_open(&at)) {
        printf("1..0 # SKIP no X server to test at\n");
        return json ? NOT_TESTED : 0;
    }
    g_autofree char *path = g_build_filename(at.home, "soak.gsc", NULL);
    gsc_run_writer *writer = begin(path);
    bool good = writer != NULL && desk_start(&at, (const char *const[]){path, NULL});
    finding found = {.frames = 0};
    if (good) {
        found = soak(&at, writer, seconds);
    }
    if (writer != NULL) {
        gsc_run_writer_finish(writer, GSC_RUN_DONE, "", NULL);
    }
    gsc_run_writer_free(writer);
    desk_close(&at);
    if (json) {
        good = good && found.frames > 0;
        if (good) {
            print_json(&found);
        } else {
            fprintf(stderr, "window-soak: the window did not draw the run\n");
        }
        return good ? 0 : 1;
    }
    if (TAP_OK(good, "the window opens a run")) {
        judge(&found);
    }
    return tap_done();
}
