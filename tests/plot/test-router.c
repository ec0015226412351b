/* SPDX-License-Identifier: MIT
 *
 * The figures over training steps: lines of layers, what stands in while a run is live, means where runs are
 * compared, all from a run file that a report of router metrics wrote.
 */
#include "ui/plot/figure.h"

#include "core/routing/report.h"
#include "core/run/run_writer.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    POSITIONS = 40,
    EXPERTS = 4,
    LAYERS = 2
};

static void need(gsc_status status, const gsc_error *error) {
    if (status != GSC_OK) {
        printf("Bail out! %s\n", error->message);
        exit(1);
    }
}

/* Layer 0 always chooses expert 0; layer 1 expert 1 at step 0 and expert 2 later. */
static void tell_checkpoint(gsc_router_report *report, int64_t step, gsc_error *error) {
    int64_t start[POSITIONS + 1] = {0};
    int32_t chosen[POSITIONS];
    need(gsc_router_report_begin(report, step, false, error), error);
    for (size_t layer = 0; layer < LAYERS; layer++) {
        for (int i = 0; i < POSITIONS; i++) {
            start[i + 1] = i + 1;
            chosen[i] = layer == 0 ? 0 : step == 0 ? 1 : 2;
        }
        need(gsc_router_report_add(report, layer, POSITIONS, start, chosen, NULL, NULL, error),
             error);
    }
    need(gsc_router_report_end(report, error), error);
}

static void tell_rate(gsc_sink *sink, gsc_error *error) {
    gsc_series_info info = GSC_SERIES_INIT;
    int32_t series;
    info.name = "learning_rate";
    info.title = info.y_title = "Learning rate";
    info.x_name = "step";
    need(sink->series(sink, &info, &series, error), error);
    for (int i = 0; i <= 20; i++) {
        const gsc_point point = {i, .01 * (20 - i), -1};
        need(sink->points(sink, series, &point, 1, error), error);
    }
}

static gsc_run *make_run(char *path, bool finished) {
    gsc_error error = {.status = GSC_OK};
    gsc_run_writer *writer;
    gsc_router_report *report;
    gsc_run *run;
    int32_t tokens[POSITIONS] = {0};
    const gsc_run_birth birth = {.experiment = "",
                                 .title = "A small model",
                                 .spec = "{\"lab\": \"lm\", \"gate\": \"softmax\", \"lm\": "
                                         "{\"steps\": 20, \"layers\": 2, \"experts\": 4, "
                                         "\"top_k\": 1, \"shared\": 1}}",
                                 .plugins = "[]",
                                 .machine = "{}",
                                 .seed = 1};
    const gsc_router_plan plan = {.arm = "",
                                  .layers = LAYERS,
                                  .experts = EXPERTS,
                                  .top_k = 1,
                                  .steps = 20,
                                  .spacing = 10,
                                  .positions = POSITIONS,
                                  .tokens = tokens};
    close(mkstemp(path));
    need(gsc_run_writer_create(path, true, &birth, &writer, &error), &error);
    gsc_sink *sink = gsc_run_writer_sink(writer);
    tell_rate(sink, &error);
    need(gsc_router_report_new(&plan, sink, &report, &error), &error);
    for (int step = 0; step <= 20; step += 10) {
        tell_checkpoint(report, step, &error);
    }
    if (finished) {
        need(gsc_router_report_finish(report, &error), &error);
    }
    need(gsc_run_writer_finish(writer, GSC_RUN_DONE, "", &error), &error);
    gsc_router_report_free(report);
    gsc_run_writer_free(writer);
    need(gsc_run_open(path, &run, &error), &error);
    return run;
}

static const gsc_panel *panel_of(const gsc_figure *figure, const char *name) {
    for (size_t i = 0; i < figure->n_panels; i++) {
        if (strcmp(figure->panels[i]->name, name) == 0) {
            return figure->panels[i];
        }
    }
    printf("Bail out! no panel %s\n", name);
    exit(1);
}

static const gsc_plot_layer *find(const gsc_panel *panel, gsc_layer_kind kind, size_t k) {
    for (size_t i = 0; i < panel->n_layers; i++) {
        if (panel->layers[i]->kind == kind && k-- == 0) {
            return panel->layers[i];
        }
    }
    printf("Bail out! panel %s lacks a layer\n", panel->name);
    exit(1);
}

static void test_finished(gsc_run *run) {
    gsc_error error = {.status = GSC_OK};
    gsc_figure *figure;
    TAP_STRING(gsc_figure_default_name(&run, 1), "loss", "a language model shows its loss first");
    need(gsc_figure_build("router", &run, 1, NULL, &figure, &error), &error);
    TAP_STRING(figure->panels[0]->name, "saturation", "saturation comes first");
    TAP_STRING(figure->panels[1]->name, "change_rate", "then the change rate");
    TAP_STRING(figure->panels[4]->name, "learning_rate",
               "with the learning rate under it in a grid of three");
    const gsc_panel *panel = figure->panels[0];
    const gsc_plot_layer *line = find(panel, GSC_LAYER_LINE, 1);
    TAP_OK(line->n == 3 && line->x[2] == 20 && line->y[0] == 0 && line->y[1] == 1,
           "saturation of layer 1: 0, 1, 1");
    TAP_STRING(find(panel, GSC_LAYER_DASHED, 0)->inline_label, "chance", "beside chance");
    TAP_OK(panel->n_legend == 2 && figure->panels[1]->n_legend == 0, "layers are named once");
    TAP_STRING(panel->legend[1]->label, "Layer 1", "by number");
    const gsc_plot_layer *change = find(panel_of(figure, "change_rate"), GSC_LAYER_LINE, 1);
    TAP_OK(change->n == 2 && change->x[0] == 10 && change->y[0] == 1 && change->y[1] == 0,
           "change rates");
    TAP_OK(change->color == line->color && change->series == panel->legend[1]->series,
           "a layer has one colour in every panel and is hidden in all of them");
    TAP_NEAR(find(panel_of(figure, "jain_mass"), GSC_LAYER_LINE, 0)->y[0], .25, 1e-12,
             "Jain of one expert of four");
    TAP_OK(panel->x.low == 0 && panel->x.high == 20, "steps reach over the whole run");
    TAP_STRING(figure->subtitle, "softmax gate · 2 layers · 4 experts, top 1 + 1 shared",
               "the subtitle tells the model");
    TAP_CONTAINS(figure->recipe,
                 "change_rate: 1 - mean |S_t n S_(t-D)| / k of the sets S of "
                 "chosen experts, D = 10 steps (50% of the run)",
                 "definitions are printed");
    gsc_figure_free(figure);
    need(gsc_figure_build("loss", &run, 1, NULL, &figure, &error), &error);
    TAP_OK(figure->n_panels == 1 && find(figure->panels[0], GSC_LAYER_LINE, 0)->n == 21,
           "loss shows what there is");
    gsc_figure_free(figure);
}

static void test_live(gsc_run *run) {
    gsc_error error = {.status = GSC_OK};
    gsc_figure *figure;
    need(gsc_figure_build("router", &run, 1, NULL, &figure, &error), &error);
    const gsc_panel *panel = figure->panels[0];
    const gsc_plot_layer *line = find(panel, GSC_LAYER_LINE, 1);
    TAP_OK(line->n == 3 && line->x[0] == 0 && line->x[1] == 10 && line->y[0] == 0 &&
               line->y[2] == 1,
           "without saturation: the last row of overlaps");
    TAP_STRING(panel->y.title, "Overlap with the latest router", "and the axis says so");
    gsc_figure_free(figure);
}

static void test_several(gsc_run *a, gsc_run *b) {
    gsc_error error = {.status = GSC_OK};
    gsc_figure *figure;
    gsc_run *runs[] = {a, b};
    need(gsc_figure_build("router", runs, 2, NULL, &figure, &error), &error);
    const gsc_panel *panel = figure->panels[0];
    const gsc_plot_layer *line = find(panel, GSC_LAYER_LINE, 0),
                         *band = find(panel, GSC_LAYER_BAND, 1);
    TAP_OK(line->n == 3 && line->y[0] == .5 && line->y[1] == 1, "runs: the mean over layers");
    TAP_OK(band->low[0] == 0 && band->high[0] == 1, "with the range of layers");
    TAP_OK(panel->n_legend == 2 && panel->legend[1]->run == 1, "a row for each run");
    gsc_figure_free(figure);
    need(gsc_figure_build("router", NULL, 0, NULL, &figure, &error), &error);
    TAP_STRING(figure->panels[0]->message, "No run to show yet", "no run: axes and a message");
    gsc_figure_free(figure);
}

int main(void) {
    char path[] = "/tmp/gsc-router-XXXXXX", live_path[] = "/tmp/gsc-router-XXXXXX";
    gsc_run *run = make_run(path, true), *live = make_run(live_path, false);
    test_finished(run);
    test_live(live);
    test_several(run, live);
    gsc_run_close(run);
    gsc_run_close(live);
    unlink(path);
    unlink(live_path);
    return tap_done();
}
