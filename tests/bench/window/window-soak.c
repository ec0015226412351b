/* SPDX-License-Identifier: MIT
 *
 * window-soak SECONDS: the window draws a run that grows, twenty commits a second, while the pointer looks at it. What
 * the process holds in memory is compared after a third of the time and at the end: it may grow by what the points
 * themselves take, and no more, however often the figure was drawn.
 *
 * Prints the growth, and what it would be in an hour.
 */
#include "core/run/run_writer.h"
#include "tests/bench/window/process.h"
#include "tests/tap.h"
#include "tests/ui/desk.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SERIES = 4,
    COMMITS_S = 20
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

static void test_soak(desk *at, gsc_run_writer *writer, double seconds) {
    GPid window = process_of(at);
    int early = feed(at, writer, 1, seconds / 3);
    double frames_early = desk_number(at, "frames"), before = process_resident_mb(window);
    int late = feed(at, writer, early, 2 * seconds / 3);
    double frames = desk_number(at, "frames") - frames_early, after = process_resident_mb(window);
    double points_mb = (late - early) * SERIES * BYTES_A_POINT / 1048576;
    double growth = after - before;

    printf("# %.1f MB after %.0f s, %.1f MB after %.0f s and %.0f frames: %+.1f MB, %+.0f MB in an "
           "hour at this rate\n",
           before, seconds / 3, after, seconds, frames, growth, growth * 5400 / seconds);
    TAP_OK(before > 1, "the window's memory can be read");
    TAP_OK(frames > 2 * seconds / 3, "the figure was drawn again and again");
    TAP_OK(growth < ALLOWED_MB + points_mb, "and memory did not grow with the frames");
}

int main(int argc, char **argv) {
    desk at;
    double seconds = argc == 2 ? atof(argv[1]) : 0;

    if (!(seconds >= 3)) {
        printf("Bail out! usage: window-soak SECONDS, at least 3\n");
        return 1;
    }
    if (!desk_open(&at)) {
        printf("1..0 # SKIP no X server to test at\n");
        return 0;
    }
    g_autofree char *path = g_build_filename(at.home, "soak.gsc", NULL);
    gsc_run_writer *writer = begin(path);
    if (TAP_OK(writer != NULL, "a run file is begun") &&
        TAP_OK(desk_start(&at, (const char *const[]){path, NULL}), "the window opens it")) {
        test_soak(&at, writer, seconds);
    }
    if (writer != NULL) {
        gsc_run_writer_finish(writer, GSC_RUN_DONE, "", NULL);
    }
    gsc_run_writer_free(writer);
    desk_close(&at);
    return tap_done();
}
