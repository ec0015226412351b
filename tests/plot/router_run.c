/* SPDX-License-Identifier: MIT
 *
 * See router_run.h.
 */
#include "tests/plot/router_run.h"

#include "core/routing/report.h"
#include "core/run/run_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    POSITIONS = 40,
    EXPERTS = 4,
    LAYERS = 2
};

void gsc_test_need(gsc_status status, const gsc_error *error) {
    if (status != GSC_OK) {
        printf("Bail out! %s\n", error->message);
        exit(1);
    }
}

/* Layer 0 always chooses expert 0; layer 1 expert 1 at step 0 and expert 2 later. */
static void tell_checkpoint(gsc_router_report *report, int64_t step, gsc_error *error) {
    int64_t start[POSITIONS + 1] = {0};
    int32_t chosen[POSITIONS];
    gsc_test_need(gsc_router_report_begin(report, step, false, error), error);
    for (size_t layer = 0; layer < LAYERS; layer++) {
        for (int i = 0; i < POSITIONS; i++) {
            start[i + 1] = i + 1;
            chosen[i] = layer == 0 ? 0 : step == 0 ? 1 : 2;
        }
        gsc_test_need(
            gsc_router_report_add(report, layer, POSITIONS, start, chosen, NULL, NULL, error),
            error);
    }
    gsc_test_need(gsc_router_report_end(report, error), error);
}

static void tell_rate(gsc_sink *sink, gsc_error *error) {
    gsc_series_info info = GSC_SERIES_INIT;
    int32_t series;
    info.name = "learning_rate";
    info.title = info.y_title = "Learning rate";
    info.x_name = "step";
    gsc_test_need(sink->series(sink, &info, &series, error), error);
    for (int i = 0; i <= 20; i++) {
        const gsc_point point = {i, .01 * (20 - i), -1};
        gsc_test_need(sink->points(sink, series, &point, 1, error), error);
    }
}

gsc_run *gsc_router_run_make(char *path, bool finished) {
    return gsc_router_run_make_of(path, finished, 1, 1);
}

gsc_run *gsc_router_run_make_of(char *path, bool finished, int seed, int top_k) {
    char spec[200];
    gsc_error error = {.status = GSC_OK};
    gsc_run_writer *writer;
    gsc_router_report *report;
    gsc_run *run;
    int32_t tokens[POSITIONS] = {0};
    uint8_t domains[POSITIONS];
    static const char *const names[] = {"Book", "Code"};
    for (int i = 0; i < POSITIONS; i++) {
        domains[i] = (uint8_t)(i % 2);
    }
    snprintf(spec, sizeof spec,
             "{\"lab\": \"lm\", \"seed\": %d, \"gate\": \"softmax\", \"lm\": {\"steps\": 20, "
             "\"layers\": 2, \"experts\": 4, \"top_k\": %d, \"shared\": 1}}",
             seed, top_k);
    const gsc_run_birth birth = {.experiment = "",
                                 .title = "A small model",
                                 .spec = spec,
                                 .plugins = "[]",
                                 .machine = "{}",
                                 .seed = (uint64_t)seed};
    const gsc_router_plan plan = {.arm = "",
                                  .layers = LAYERS,
                                  .experts = EXPERTS,
                                  .top_k = 1,
                                  .steps = 20,
                                  .spacing = 10,
                                  .positions = POSITIONS,
                                  .tokens = tokens,
                                  .domains = domains,
                                  .domain_names = names};
    close(mkstemp(path));
    gsc_test_need(gsc_run_writer_create(path, true, &birth, &writer, &error), &error);
    gsc_sink *sink = gsc_run_writer_sink(writer);
    tell_rate(sink, &error);
    gsc_test_need(gsc_router_report_new(&plan, sink, &report, &error), &error);
    for (int step = 0; step <= 20; step += 10) {
        tell_checkpoint(report, step, &error);
    }
    if (finished) {
        gsc_test_need(gsc_router_report_finish(report, &error), &error);
    }
    gsc_test_need(gsc_run_writer_finish(writer, GSC_RUN_DONE, "", &error), &error);
    gsc_router_report_free(report);
    gsc_run_writer_free(writer);
    gsc_test_need(gsc_run_open(path, &run, &error), &error);
    return run;
}
