/* SPDX-License-Identifier: MIT
 *
 * The figures of comparisons from runs whose differences are known: two gates, six seeds each, the
 * second worse by 0.02 in every pair. And what is done to a finished figure: smoothing, axes.
 */
#include "ui/plot/figure.h"

#include "core/read/compare.h"
#include "core/run/run_writer.h"
#include "tests/plot/router_run.h"
#include "tests/tap.h"
#include "ui/plot/group.h"
#include "ui/plot/readout.h"
#include "ui/plot/smooth.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    SEEDS = 6,
    RUNS = 2 * SEEDS,
    STEPS = 5
};

static char paths[RUNS][64];
static gsc_run *runs[RUNS];

static void write_run(int arm, int seed, const char *path) {
    gsc_error error = {.status = GSC_OK};
    char spec[256];
    gsc_run_writer *writer;
    gsc_series_info info = GSC_SERIES_INIT;
    int32_t series;
    snprintf(spec, sizeof spec,
             "{\"lab\": \"lm\", \"seed\": %d, \"gate\": \"%s\", \"lm\": {\"steps\": 40}}", seed,
             arm == 0 ? "softmax" : "sigmoid");
    const gsc_run_birth birth = {.experiment = "",
                                 .title = "A small model",
                                 .spec = spec,
                                 .plugins = "[]",
                                 .machine = "{}",
                                 .seed = (uint64_t)seed};
    gsc_test_need(gsc_run_writer_create(path, true, &birth, &writer, &error), &error);
    gsc_sink *sink = gsc_run_writer_sink(writer);
    info.name = "validation_loss";
    info.title = info.y_title = "Validation loss";
    info.unit = "nat";
    info.definition = "mean cross-entropy";
    info.x_name = "step";
    gsc_test_need(sink->series(sink, &info, &series, &error), &error);
    double own = .1 * seed + arm * (.02 + .001 * (seed % 2));
    for (int i = 0; i < STEPS; i++) {
        const gsc_point point = {10 * i, 5 - i + own, -1};
        gsc_test_need(sink->points(sink, series, &point, 1, &error), &error);
    }
    info.name = "loss";
    info.title = info.y_title = "Loss";
    gsc_test_need(sink->series(sink, &info, &series, &error), &error);
    for (int i = 0; i < STEPS; i++) {
        const gsc_point point = {10 * i, 5 - i + own, -1};
        gsc_test_need(sink->points(sink, series, &point, 1, &error), &error);
    }
    const gsc_result result = {"validation_loss", "",  "nat", "mean cross-entropy",
                               1 + own,           NAN, NAN};
    gsc_test_need(sink->result(sink, &result, &error), &error);
    const gsc_result other = {"other", "", "", "arm and seed", 5 * (arm + 1), NAN, NAN};
    gsc_test_need(sink->result(sink, &other, &error), &error);
    /* one metric by two definitions that contradict each other, with extremes of the first */
    const gsc_result views[] = {{"view_a", "", "", "a", own, NAN, NAN},
                                {"view_a_min", "", "", "least", own - 1, NAN, NAN},
                                {"view_a_max", "", "", "greatest", own + 1, NAN, NAN},
                                {"view_b", "", "", "b", -own, NAN, NAN}};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        gsc_test_need(sink->result(sink, &views[i], &error), &error);
    }
    gsc_test_need(gsc_run_writer_finish(writer, GSC_RUN_DONE, "", &error), &error);
    gsc_run_writer_free(writer);
}

static gsc_figure *build(const char *name, size_t n, const gsc_figure_options *options) {
    gsc_error error = {.status = GSC_OK};
    gsc_figure *figure = NULL;
    gsc_test_need(gsc_figure_build(name, runs, n, options, &figure, &error), &error);
    return figure;
}

static const gsc_plot_layer *layer_of(const gsc_panel *panel, gsc_layer_kind kind, size_t k) {
    for (size_t i = 0; i < panel->n_layers; i++) {
        if (panel->layers[i]->kind == kind && k-- == 0) {
            return panel->layers[i];
        }
    }
    printf("Bail out! panel %s lacks a layer\n", panel->name);
    exit(1);
}

static void test_compare(void) {
    gsc_figure *figure = build("compare", RUNS, NULL);
    TAP_OK(figure->n_panels == 3, "means, differences, verdicts");
    const gsc_panel *means = figure->panels[0], *ends = figure->panels[2];
    const gsc_plot_layer *line = layer_of(means, GSC_LAYER_LINE, 0);
    TAP_OK(line->n == STEPS, "a mean at every step that all seeds have");
    TAP_NEAR(line->y[0], 5.35, 1e-9, "which is that of the seeds");
    TAP_STRING(means->legend[0]->value, "n = 6", "n is shown");
    const gsc_plot_layer *band = layer_of(means, GSC_LAYER_BAND, 0);
    /* standard deviation of .1 .2 ... .6 is .18708; t(.975, 5) = 2.5706 */
    TAP_NEAR(band->high[0] - band->low[0], 2 * 2.5706 * .187083 / sqrt(6), 1e-4,
             "with its 95% interval");
    const gsc_plot_layer *difference = layer_of(figure->panels[1], GSC_LAYER_LINE, 0);
    TAP_NEAR(fabs(difference->y[2]), .0205, 1e-9, "the difference is taken in pairs");
    const gsc_plot_layer *end = layer_of(ends, GSC_LAYER_POINTS, 0);
    TAP_NEAR(fabs(end->y[0]), .0205, 1e-9, "so is that at the end");
    TAP_CONTAINS(ends->legend[0]->value, "[", "with interval and verdict");
    TAP_CONTAINS(figure->recipe, " No number of seeds was set beforehand: every test is at 0.0077",
                 "the small print says what was set");
    gsc_figure_free(figure);
    const gsc_figure_options range = {.band = GSC_BAND_RANGE};
    figure = build("compare", RUNS, &range);
    band = layer_of(figure->panels[0], GSC_LAYER_BAND, 0);
    TAP_NEAR(band->high[0] - band->low[0], .5, 1e-9, "or least to greatest");
    TAP_STRING(figure->panels[0]->title, "Mean, least to greatest", "which the panel says");
    gsc_figure_free(figure);
    figure = build("compare", 1, NULL);
    TAP_OK(figure->panels[0]->message != NULL && figure->panels[0]->message[0] != '\0',
           "one run: a sentence why there is nothing to compare");
    gsc_figure_free(figure);
    figure = build("robustness", RUNS, NULL);
    TAP_OK(figure->n_panels == 1 && figure->panels[0]->n_legend >= 1,
           "robustness: a panel for the arm");
    TAP_STRING(figure->panels[0]->title, "gate=sigmoid: worse",
               "one definition has no share, and its verdict is the comparison's");
    gsc_figure_free(figure);
    const gsc_figure_options about = {.metric = "view"};
    figure = build("robustness", RUNS, &about);
    TAP_STRING(figure->panels[0]->title, "gate=sigmoid: worse in 50% of 2",
               "several have the share that says the same, without extremes over layers");
    gsc_figure_free(figure);
    char metrics[8][64];
    TAP_OK(gsc_claim_metrics(runs[0], "validation_loss", metrics, 8) == 3,
           "a claim can be about three things");
    TAP_STRING(metrics[0], "validation_loss", "what was compared first");
    TAP_STRING(metrics[2], "view", "definitions of one metric as one");
}

static void test_results(void) {
    const gsc_figure_options axes = {.x_result = "other", .y_result = "validation_loss"};
    gsc_figure *figure = build("scatter", RUNS, &axes);
    TAP_OK(figure->panels[0]->n_layers == RUNS &&
               layer_of(figure->panels[0], GSC_LAYER_POINTS, 0)->x[0] == 5,
           "scatter: a point for each run, where it belongs");
    TAP_CONTAINS(figure->panels[0]->layers[0]->label, "seed 1", "which says who it is");
    gsc_figure_free(figure);
    figure = build("parallel", RUNS, NULL);
    const gsc_panel *panel = figure->panels[0];
    TAP_OK(panel->x.n_names == 2, "parallel: what was varied and what came of it");
    TAP_STRING(panel->x.names[0], "Gate\nsoftmax\nsigmoid", "an axis of kinds names them");
    bool near = true, apart = true;
    for (size_t r = 0; r < RUNS; r++) { /* a line and its markers for each run */
        const double y = panel->layers[2 * r]->y[0];
        near = near && fabs(y - (r < SEEDS ? 0 : 1)) < 0.061;
        for (size_t other = 0; other < r; other++) {
            apart = apart && fabs(y - panel->layers[2 * other]->y[0]) > 0.005;
        }
    }
    TAP_OK(near, "runs of a kind pass where it stands");
    TAP_OK(apart, "and none covers another there");
    TAP_OK(isnan(panel->layers[1]->y[0]) && isfinite(panel->layers[1]->y[1]),
           "markers are at results alone");
    TAP_CONTAINS(panel->layers[0]->label, "gate softmax, seed 1", "a line says whose it is");
    gsc_figure_free(figure);
    figure = build("parallel", 1, NULL);
    TAP_CONTAINS(figure->panels[0]->message, "a result that differs", "one run has no coordinates");
    gsc_figure_free(figure);
}

/* Six seeds of either gate as one line each. */
static void test_group(void) {
    gsc_error error = {.status = GSC_OK};
    size_t groups = 0, apart = 9;
    gsc_figure *figure = build("loss", RUNS, NULL);
    gsc_test_need(gsc_figure_group(figure, runs, RUNS, GSC_BAND_95, &groups, &error), &error);
    const gsc_panel *panel = figure->panels[0];
    TAP_OK(groups == 2, "runs that differ in their seed alone are a group");
    const gsc_plot_layer *line = layer_of(panel, GSC_LAYER_LINE, 0);
    const gsc_plot_layer *band = layer_of(panel, GSC_LAYER_BAND, 0);
    TAP_OK(line->n == STEPS && fabs(line->y[0] - 5.35) < 1e-9, "drawn as its mean");
    TAP_NEAR(band->high[0] - band->low[0], 2 * 2.5706 * .187083 / sqrt(6), 1e-4,
             "and its 95% interval");
    size_t lines = 0;
    for (size_t i = 0; i < panel->n_layers; i++) {
        lines += panel->layers[i]->kind == GSC_LAYER_LINE;
    }
    TAP_OK(lines == 4 && panel->n_legend == 2, "in place of its runs");
    TAP_CONTAINS(panel->legend[0]->label, "small (n = 6)", "the legend names it and its n");
    TAP_CONTAINS(figure->recipe, "means of n seeds; bands: 95% interval", "and the small print");
    gsc_figure_free(figure);
    figure = build("loss", 1, NULL);
    gsc_test_need(gsc_figure_group(figure, runs, 1, GSC_BAND_95, &apart, &error), &error);
    TAP_OK(apart == 0, "a run alone is no group");
    gsc_figure_free(figure);
    figure = build("compare", RUNS, NULL);
    size_t before = figure->panels[0]->n_layers;
    gsc_test_need(gsc_figure_group(figure, runs, RUNS, GSC_BAND_95, &apart, &error), &error);
    TAP_OK(apart == 0 && figure->panels[0]->n_layers == before,
           "comparisons are means already: nothing of them changes");
    gsc_figure_free(figure);
    figure = build("loss", RUNS, NULL);
    gsc_figure_set_log(figure, false, true);
    gsc_test_need(gsc_figure_group(figure, runs, RUNS, GSC_BAND_RANGE, &groups, &error), &error);
    band = layer_of(figure->panels[0], GSC_LAYER_BAND, 0);
    TAP_NEAR(band->high[0] - band->low[0], .5, 1e-9, "the band may be the range");
    gsc_figure_free(figure);
}

static void test_smooth(void) {
    double x[12], y[12], smooth[12];
    for (int i = 0; i < 12; i++) {
        x[i] = i < 6 ? i : i + 500;
        y[i] = i < 6 ? 2 * i : i % 2;
    }
    y[9] = NAN;
    TAP_OK(gsc_smooth(x, y, 12, 5, smooth), "smoothing");
    int straight = 0;
    for (int i = 0; i < 6; i++) {
        straight += fabs(smooth[i] - y[i]) < 1e-12;
    }
    TAP_OK(straight == 6, "a straight line stays what it is to its ends: no lag");
    TAP_NEAR(smooth[7], 1. / 3, 1e-12, "it does not reach over a gap in x");
    TAP_OK(isnan(smooth[9]) && smooth[10] == 0 && smooth[11] == 1, "nor over a missing value");
}

static void test_edit(void) {
    gsc_figure *figure = gsc_figure_new("edit");
    gsc_panel *panel = gsc_figure_add_panel(figure, "loss");
    gsc_plot_layer *line = gsc_panel_add_layer(panel, GSC_LAYER_LINE, 100, false);
    for (int i = 0; i < 100; i++) {
        line->x[i] = i;
        line->y[i] = i % 2;
    }
    gsc_plot_layer *few = gsc_panel_add_layer(panel, GSC_LAYER_LINE, 4, false);
    gsc_plot_layer *marked = gsc_panel_add_layer(panel, GSC_LAYER_LINE, 50, false);
    gsc_plot_layer *markers = gsc_panel_add_layer(panel, GSC_LAYER_POINTS, 50, false);
    marked->series = markers->series = 7;
    for (int i = 0; i < 50; i++) {
        marked->x[i] = markers->x[i] = i;
        marked->y[i] = markers->y[i] = i % 2;
    }
    TAP_OK(gsc_figure_smooth(figure, 21) && panel->n_layers == 5, "the line as it was is kept");
    TAP_OK(panel->layers[0]->fade > 0 && panel->layers[0]->y[50] == 0 && panel->layers[1] == line &&
               fabs(line->y[50] - .5) < .03 && panel->layers[2] == few,
           "faint and behind; one of few points stays as it is");
    TAP_OK(panel->layers[3] == marked && marked->y[20] == 0 && marked->y[21] == 1,
           "and one that markers stand on");
    for (int i = 0; i < 50; i++) {
        marked->x[i] = markers->x[i] = marked->y[i] = markers->y[i] = 1;
    }
    TAP_CONTAINS(figure->recipe, "centred means of 21 points", "the small print says so");
    gsc_figure_set_log(figure, true, true);
    TAP_OK(panel->x.log && !panel->y.log && panel->n_left_out == 2,
           "a logarithmic axis counts what it has no place for");
    gsc_figure_set_log(figure, true, false);
    TAP_OK(!panel->x.log && panel->n_left_out == 0, "and back");
    static const char *const names[] = {"a", "b"};
    gsc_axis_set_names(&panel->x, names, 2);
    gsc_figure_set_log(figure, true, true);
    TAP_OK(!panel->x.log, "names have no logarithm");
    const gsc_plot_hit hit = {.layer = 1, .x = 1, .y = .5, .low = NAN, .high = NAN};
    char *text = gsc_hit_text(panel, &hit);
    TAP_STRING(text, "x  b\ny  0.500", "the pointer reads names");
    free(text);
    gsc_panel *steps = gsc_figure_add_panel(figure, "steps");
    gsc_panel_add_layer(steps, GSC_LAYER_LINE, 1, false);
    const gsc_plot_hit whole = {.layer = 0, .x = 210, .y = 4.5, .low = NAN, .high = NAN};
    text = gsc_hit_text(steps, &whole);
    TAP_STRING(text, "x  210\ny  4.50", "a step is a whole number");
    free(text);
    gsc_figure_free(figure);
}

int main(void) {
    gsc_error error = {.status = GSC_OK};
    char folder[] = "plot-compare-XXXXXX";
    if (mkdtemp(folder) == NULL) {
        printf("Bail out! no folder\n");
        return 1;
    }
    for (int i = 0; i < RUNS; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/small-%d.gsc", folder, i);
        write_run(i / SEEDS, i % SEEDS + 1, paths[i]);
        gsc_test_need(gsc_run_open(paths[i], &runs[i], &error), &error);
    }
    test_compare();
    test_results();
    test_group();
    test_smooth();
    test_edit();
    for (int i = 0; i < RUNS; i++) {
        gsc_run_close(runs[i]);
        unlink(paths[i]);
    }
    rmdir(folder);
    return tap_done();
}
