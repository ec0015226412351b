/* SPDX-License-Identifier: MIT
 *
 * `gatescope bench plot [--json] [--quick] [--no-window]`: everything that the figures and the window promise of speed,
 * in one command. It writes a run of ten million points (a random walk with 2% noise) and has gatescope-plot, which
 * stands beside this program, open it and draw long lines; lists thousands of runs (bench_plot_runs.c); and watches the
 * real window where a display can be made (bench_plot_window.c). No case has a peer: other plotting tools do not open
 * run files. Layer: app.
 */
#include "app/bench_peer.h"
#include "app/bench_plot.h"
#include "app/commands.h"
#include "core/run/run_writer.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    POINTS = 10000000,
    CHUNK = 1 << 14,
    CHUNKS_A_COMMIT = 16
};

static double uniform(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(*state >> 33) + 0.5) / 2147483648.0;
}

static gsc_status write_points(gsc_run_writer *writer, gsc_error *error) {
    gsc_sink *sink = gsc_run_writer_sink(writer);
    gsc_series_info info = GSC_SERIES_INIT;
    int32_t series;
    uint64_t state = 1;
    double walk = 3;
    info.name = "loss";
    info.title = info.y_title = "Loss";
    info.unit = "nat";
    info.definition = "a random walk with 2% noise";
    info.x_name = "step";
    info.x_title = "Step";
    info.panel = "loss";
    gsc_point *points = malloc(CHUNK * sizeof *points);
    gsc_status status = points != NULL
                            ? sink->series(sink, &info, &series, error)
                            : gsc_fail(error, GSC_ERR_MEMORY, "no memory to write a run");
    for (size_t done = 0, chunk = 1; status == GSC_OK && done < POINTS; chunk++) {
        size_t n = POINTS - done < CHUNK ? POINTS - done : CHUNK;
        for (size_t i = 0; i < n; i++) {
            walk += (2 * uniform(&state) - 1) * 1.7 / sqrt(POINTS);
            points[i] =
                (gsc_point){(double)(done + i), walk + 0.04 * (2 * uniform(&state) - 1), -1};
        }
        status = sink->points(sink, series, points, n, error);
        done += n;
        if (status == GSC_OK && chunk % CHUNKS_A_COMMIT == 0) {
            status = gsc_run_writer_commit(writer, error);
        }
    }
    free(points);
    return status;
}

static gsc_status write_run(const char *path, gsc_error *error) {
    static const gsc_run_birth birth = {.experiment = "",
                                        .title = "Ten million points",
                                        .spec = "{\"lab\": \"lm\", \"lm\": {\"steps\": 10000000}}",
                                        .plugins = "[]",
                                        .machine = "{}",
                                        .seed = 1};
    gsc_run_writer *writer = NULL;
    gsc_status status = gsc_run_writer_create(path, true, &birth, &writer, error);
    if (status != GSC_OK) {
        return status;
    }
    status = write_points(writer, error);
    if (status == GSC_OK) {
        status = gsc_run_writer_finish(writer, GSC_RUN_DONE, "", error);
    }
    gsc_run_writer_free(writer);
    return status;
}

/* ---- Cases ---------------------------------------------------------------------------------------- */

static void add_case(gsc_bench_plot *self, const char *name, json_t *ours, const char *unit,
                     double budget, json_t *more) {
    json_t *one = json_pack("{s:s, s:o, s:n, s:n, s:s}", "name", name, "ours", ours, "peer",
                            "ratio", "unit", unit);
    if (!isnan(budget)) {
        json_object_set_new(one, "budget", json_real(budget));
    }
    if (more != NULL) {
        json_object_update(one, more);
        json_decref(more);
    }
    json_array_append_new(self->cases, one);
}

void gsc_bench_plot_add(gsc_bench_plot *self, const char *name, const char *unit, double ours,
                        double budget, json_t *more) {
    add_case(self, name, json_real(ours), unit, budget, more);
}

void gsc_bench_plot_miss(gsc_bench_plot *self, const char *name, const char *unit, double budget,
                         const char *why) {
    add_case(self, name, json_null(), unit, budget, json_pack("{s:s}", "why", why));
}

/* Without a screen: gatescope-plot draws. Returns its object, of which the cases were taken; NULL: it could not. */
static json_t *draw(gsc_bench_plot *self) {
    char program[PATH_MAX], file[PATH_MAX], why[256] = "gatescope-plot was not built";
    const char *const arguments[] = {"bench", "--open", file, NULL};
    gsc_error error = {.status = GSC_OK};
    json_t *told = NULL;
    snprintf(file, sizeof file, "%s/bench.gsc", self->folder);
    if (gsc_beside("gatescope-plot", program, sizeof program)) {
        if (self->tell) {
            fprintf(stderr, "writing a run of ten million points, drawing without a screen…\n");
        }
        if (write_run(file, &error) == GSC_OK) {
            told = gsc_bench_plot_run(self, program, arguments, NULL, why);
        } else {
            snprintf(why, sizeof why, "%.255s", error.message);
        }
        unlink(file);
    }
    if (told != NULL) {
        json_array_extend(self->cases, json_object_get(told, "cases"));
    } else {
        gsc_bench_plot_miss(self, "open_run_10000k", "ms", 300, why);
    }
    return told;
}

/* ---- Telling -------------------------------------------------------------------------------------- */

static void print_table(const json_t *cases) {
    size_t i;
    const json_t *one;
    json_array_foreach(cases, i, one) {
        const char *unit = json_string_value(json_object_get(one, "unit"));
        const json_t *ours = json_object_get(one, "ours"), *budget = json_object_get(one, "budget");
        printf("%-22s ", json_string_value(json_object_get(one, "name")));
        if (json_is_null(ours)) {
            printf("       – %s\n", json_string_value(json_object_get(one, "why")));
            continue;
        }
        printf("%8.4g %-12s", json_number_value(ours), unit);
        if (budget != NULL) {
            bool rate = strcmp(unit, "frames/s") == 0;
            printf(" budget: at %s %g", rate ? "least" : "most", json_number_value(budget));
        }
        printf("\n");
    }
}

static const char *take_arguments(int argc, char **argv, gsc_bench_plot *self, bool *ret_json,
                                  bool *ret_window) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            *ret_json = true;
        } else if (strcmp(argv[i], "--quick") == 0) {
            self->quick = true;
        } else if (strcmp(argv[i], "--no-window") == 0) {
            *ret_window = false;
        } else {
            return argv[i];
        }
    }
    return NULL;
}

int gsc_cmd_bench_plot(int argc, char **argv) {
    char folder[200];
    gsc_error error = {.status = GSC_OK};
    gsc_bench_plot self = {.tell = isatty(STDERR_FILENO), .folder = folder};
    bool json = false, window = true;
    const char *wrong = take_arguments(argc, argv, &self, &json, &window);
    if (wrong != NULL) {
        fprintf(stderr, "Usage: gatescope bench plot [--json] [--quick] [--no-window]\n"
                        "  --quick      seconds in place of minutes at rest and over memory\n"
                        "  --no-window  what needs no display alone\n");
        return strcmp(wrong, "--help") == 0 ? 0 : 2;
    }
    if (gsc_bench_folder_new(folder, sizeof folder, &error) != GSC_OK) {
        fprintf(stderr, "gatescope bench plot: %s\n", error.message);
        return 1;
    }
    self.cases = json_array();
    json_t *drawn = draw(&self);
    gsc_bench_plot_runs(&self);
    if (window) {
        gsc_bench_plot_window(&self);
    }
    rmdir(folder);
    if (json) {
        json_t *whole = json_pack(
            "{s:O?, s:O?, s:b, s:O}", "machine", json_object_get(drawn, "machine"), "frame",
            json_object_get(drawn, "frame"), "quick", self.quick, "cases", self.cases);
        json_dumpf(whole, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
        putchar('\n');
        json_decref(whole);
    } else {
        print_table(self.cases);
    }
    json_decref(drawn);
    json_decref(self.cases);
    return 0;
}
