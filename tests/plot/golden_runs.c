/* SPDX-License-Identifier: MIT
 *
 * See golden_runs.h.
 */
#include "tests/plot/golden_runs.h"

#include "core/run/run_writer.h"
#include "tests/plot/router_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* y = scale x^power at so many x, each factor times the one before, in replicates beside it. */
typedef struct law {
    const char *name, *arm, *panel, *x_name, *y_title;
    double scale, power, first, factor;
    int n, replicates;
} law;

static const law laws[] = {
    {"tau", "one", "error", "n", "Error of τ", 1, -.5, 100, 2.15, 7, 5},
    {"tau", "two", "error", "n", "Error of τ", 1, -.25, 100, 2.15, 7, 5},
    {"eta", "one", "error", "n", "Error of η", 2, -.5, 100, 2.15, 7, 5},
    {"eta_p1", "one", "error", "n", "Error of η", 1, -.5, 100, 2.15, 7, 5},
    {"n_kl", "one", "divergence", "n", "n × KL", 2, 0, 100, 2.15, 7, 5},
    {"trace", "noise 0.1", "n = 1,000", "iteration", "Loss", 1, -.7, 1, 1.6, 9, 1},
    {"trace", "noise 0.5", "n = 1,000", "iteration", "Loss", 3, -.4, 1, 1.6, 9, 1},
    {"kl_nu", "one", "ν", "delta", "Least KL to the truth", .1, 2, .05, 1.5, 7, 1},
    {"kl_nu", "two", "ν", "delta", "Least KL to the truth", .1, 4, .05, 1.5, 7, 1},
    {"data", "", "fit", "x", "y", 1, .5, .1, 1.2, 20, 1},
    {"expert", "expert 1", "fit", "x", "y", 1.1, .5, .1, 1.2, 20, 1},
    {"log_likelihood", "", "likelihood", "iteration", "Log-likelihood", -3, -.3, 1, 1.4, 12, 1},
};

static char folder[] = "/tmp/gsc-golden-XXXXXX";

/* Where the run file of a name is. */
static void place(const char *name, char ret_path[64]) {
    static bool made;
    if (!made && mkdtemp(folder) == NULL) {
        printf("Bail out! there is no folder for run files\n");
        exit(1);
    }
    made = true;
    snprintf(ret_path, 64, "%s/%s.gsc", folder, name);
}

static gsc_run_writer *begin(const char *path, const char *title, const char *spec, int seed) {
    const gsc_run_birth birth = {.experiment = "",
                                 .title = title,
                                 .spec = spec,
                                 .plugins = "[]",
                                 .machine = "{}",
                                 .seed = (uint64_t)seed};
    gsc_error error = {.status = GSC_OK};
    gsc_run_writer *writer = NULL;
    gsc_test_need(gsc_run_writer_create(path, true, &birth, &writer, &error), &error);
    return writer;
}

static gsc_run *end(gsc_run_writer *writer, const char *path) {
    gsc_error error = {.status = GSC_OK};
    gsc_run *run = NULL;
    gsc_test_need(gsc_run_writer_finish(writer, GSC_RUN_DONE, "", &error), &error);
    gsc_run_writer_free(writer);
    gsc_test_need(gsc_run_open(path, &run, &error), &error);
    return run;
}

static void tell(gsc_run_writer *writer, const law *it) {
    gsc_sink *sink = gsc_run_writer_sink(writer);
    gsc_error error = {.status = GSC_OK};
    gsc_series_info info = GSC_SERIES_INIT;
    int32_t series;
    info.name = it->name;
    info.arm = it->arm;
    info.title = it->arm[0] != '\0' ? it->arm : it->name;
    info.definition = "a power law";
    info.x_name = it->x_name;
    info.x_title = it->x_name;
    info.panel = it->panel;
    info.y_title = it->y_title;
    gsc_test_need(sink->series(sink, &info, &series, &error), &error);
    double x = it->first;
    for (int i = 0; i < it->n; i++, x *= it->factor) {
        for (int r = 0; r < it->replicates; r++) {
            double spread = it->replicates > 1 ? .1 * (r - 2) + .03 * sin(9 * i + r) : 0;
            const gsc_point point = {x, it->scale * pow(x, it->power) * exp(spread), r};
            gsc_test_need(sink->points(sink, series, &point, 1, &error), &error);
        }
    }
}

gsc_run *gsc_golden_study(void) {
    char path[64];
    place("study", path);
    gsc_run_writer *writer = begin(path, "Every kind of series", "{\"lab\": \"theory\"}", 1);
    for (size_t i = 0; i < sizeof laws / sizeof *laws; i++) {
        tell(writer, &laws[i]);
    }
    return end(writer, path);
}

gsc_run *gsc_golden_arms(void) {
    static const char *const starts[] = {"near_truth", "kmeans"}, *const tolerances[] = {
                                                                      "1e-4", "1e-6", "1e-8"};
    char path[64], spec[1024];
    int used = snprintf(spec, sizeof spec, "{\"lab\": \"theory\", \"theory\": {\"arms\": [");
    for (int i = 0; i < 6; i++) {
        used += snprintf(spec + used, sizeof spec - (size_t)used,
                         "%s{\"name\": \"arm %d\", \"set\": {\"theory.start\": \"%s\", "
                         "\"theory.tolerance\": %s}}",
                         i > 0 ? ", " : "", i, starts[i / 3], tolerances[i % 3]);
    }
    snprintf(spec + used, sizeof spec - (size_t)used, "]}}");
    place("arms", path);
    gsc_run_writer *writer = begin(path, "Arms of one study", spec, 1);
    gsc_sink *sink = gsc_run_writer_sink(writer);
    gsc_error error = {.status = GSC_OK};
    for (int i = 0; i < 6; i++) {
        char arm[16];
        int32_t series;
        gsc_series_info info = GSC_SERIES_INIT;
        snprintf(arm, sizeof arm, "arm %d", i);
        info.name = "loss";
        info.title = info.y_title = "Loss";
        info.definition = "a loss";
        info.arm = arm;
        info.x_name = info.x_title = "n";
        info.bound = -.5;
        info.bound_title = "n^{-1/2}";
        gsc_test_need(sink->series(sink, &info, &series, &error), &error);
        const double slope = -.5 - .1 * sin(3 * i);
        const gsc_result results[] = {
            {"slope_log_n", arm, "", "slope", slope, slope - .1, slope + .1 + .02 * i},
            {"reached_best", arm, "", "share", .2 * (i % 3) + .1 * (i / 3), NAN, NAN}};
        gsc_test_need(sink->result(sink, &results[0], &error), &error);
        gsc_test_need(sink->result(sink, &results[1], &error), &error);
    }
    return end(writer, path);
}

static gsc_run *train(int arm, int seed) {
    char path[64], name[32], spec[256];
    snprintf(name, sizeof name, "%s-%d", arm == 0 ? "softmax" : "sigmoid", seed);
    place(name, path);
    snprintf(spec, sizeof spec,
             "{\"lab\": \"lm\", \"seed\": %d, \"gate\": \"%s\", \"lm\": {\"steps\": 80}}", seed,
             arm == 0 ? "softmax" : "sigmoid");
    gsc_run_writer *writer = begin(path, "A small model", spec, seed);
    gsc_sink *sink = gsc_run_writer_sink(writer);
    gsc_error error = {.status = GSC_OK};
    double own = .1 * seed + arm * (.08 + .02 * (seed % 3));
    static const char *const names[] = {"loss", "validation_loss"};
    for (int k = 0; k < 2; k++) {
        gsc_series_info info = GSC_SERIES_INIT;
        int32_t series;
        info.name = names[k];
        info.title = info.y_title = k == 0 ? "Loss" : "Validation loss";
        info.unit = "nat";
        info.definition = "mean cross-entropy";
        info.x_name = "step";
        gsc_test_need(sink->series(sink, &info, &series, &error), &error);
        for (int i = 0; i <= 8; i++) {
            const gsc_point point = {10 * i, 2 + 3 * exp(-.4 * i) + own + .1 * k, -1};
            gsc_test_need(sink->points(sink, series, &point, 1, &error), &error);
        }
    }
    const gsc_result results[] = {
        {"validation_loss", "", "nat", "mean cross-entropy", 2.2 + own, NAN, NAN},
        {"saturation_kappa", "", "", "agreement", .6 + .05 * sin(seed) + .1 * arm, NAN, NAN},
        {"jain_mass", "", "", "evenness", .9 - .02 * cos(seed) - .03 * arm, NAN, NAN}};
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        gsc_test_need(sink->result(sink, &results[i], &error), &error);
    }
    return end(writer, path);
}

void gsc_golden_pairs(gsc_run *ret_runs[GSC_GOLDEN_PAIRS]) {
    for (int i = 0; i < GSC_GOLDEN_PAIRS; i++) {
        ret_runs[i] = train(i % 2, i / 2 + 1);
    }
}

void gsc_golden_close(gsc_run *run) {
    char path[4096];
    snprintf(path, sizeof path, "%s", gsc_run_get_info(run)->path);
    gsc_run_close(run);
    unlink(path);
    rmdir(folder); /* once it is empty */
}
