/* SPDX-License-Identifier: MIT
 *
 * The figure "rate" says what its runs say: medians, quartiles, slopes, bounds, and words where
 * there is nothing to draw yet.
 */
#include "ui/plot/figure.h"

#include "core/read/stats.h"
#include "tests/plot/sample_run.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <unistd.h>

static gsc_run *make_run(const gsc_sample *sample, char *path) {
    gsc_error error = {.status = GSC_OK};
    gsc_run *run = NULL;
    int fd = mkstemp(path);
    close(fd);
    if (gsc_sample_run_write(path, sample, &error) != GSC_OK ||
        gsc_run_open(path, &run, &error) != GSC_OK) {
        printf("# %s\n", error.message);
        exit(1);
    }
    return run;
}

static gsc_figure *build(gsc_run *const *runs, size_t n) {
    gsc_error error = {.status = GSC_OK};
    gsc_figure *figure = NULL;
    if (gsc_figure_build("rate", runs, n, NULL, &figure, &error) != GSC_OK) {
        printf("# %s\n", error.message);
        exit(1);
    }
    return figure;
}

static const gsc_plot_layer *find(const gsc_panel *panel, gsc_layer_kind kind, size_t k) {
    for (size_t i = 0; i < panel->n_layers; i++) {
        if (panel->layers[i]->kind == kind && k-- == 0) {
            return panel->layers[i];
        }
    }
    return NULL;
}

static void test_whole(gsc_run *run) {
    gsc_figure *figure = build(&run, 1);
    TAP_OK(figure->n_panels == 2, "two panels");
    TAP_STRING(figure->panels[0]->name, "error", "the error first");
    TAP_STRING(figure->panels[1]->y.title, "n × KL (nat)", "the unit is in the axis title");
    const gsc_panel *panel = figure->panels[0];
    gsc_point *points = NULL;
    size_t n = 0;
    gsc_run_dup_points(run, 0, &points, &n, NULL);
    gsc_group groups[16];
    size_t n_groups = gsc_group_points(points, n, groups, 16, NULL);
    const gsc_plot_layer *medians = find(panel, GSC_LAYER_POINTS, 0);
    TAP_OK(medians->n == 7 && n_groups == 7, "seven sizes");
    TAP_NEAR(medians->y[3], groups[3].median, 0, "a marker is the median");
    TAP_NEAR(medians->low[3], groups[3].low_quartile, 0, "a bar begins at the quartile");
    TAP_OK(find(panel, GSC_LAYER_CLOUD, 0)->n == 7 * 16, "every replicate is a dot");
    const gsc_plot_layer *bound = find(panel, GSC_LAYER_DASHED, 1);
    TAP_STRING(bound->inline_label, "n^{-1/4}", "the bound is written on its line");
    const gsc_plot_layer *second = find(panel, GSC_LAYER_POINTS, 1);
    TAP_NEAR(bound->y[0], second->y[0], 1e-12, "which starts at the first median");
    TAP_NEAR(log(bound->y[1] / bound->y[0]) / log(100), -0.25, 1e-9, "and falls as it says");
    gsc_slope slope = gsc_fit_slope(points, n, GSC_SLOPE_LOG_N, 1000, 1);
    const gsc_plot_layer *line = find(panel, GSC_LAYER_LINE, 0);
    TAP_NEAR(log(line->y[1] / line->y[0]) / log(line->x[1] / line->x[0]), slope.slope, 1e-9,
             "the fitted line has the fitted slope");
    char expected[96];
    snprintf(expected, sizeof expected, "−%.2f [−%.2f, −%.2f]", -slope.slope, -slope.low,
             -slope.high);
    TAP_STRING(panel->legend[0]->value, expected, "which the legend says with its interval");
    TAP_OK(find(panel, GSC_LAYER_POINTS, 0)->color != second->color, "arms differ in colour");
    TAP_OK(find(figure->panels[1], GSC_LAYER_POINTS, 1)->color == second->color,
           "an arm has one colour in all panels");
    TAP_CONTAINS(figure->recipe, "quartiles", "the recipe says what bars are");
    TAP_CONTAINS(figure->recipe, "16 replicates", "and of how many");
    TAP_CONTAINS(figure->recipe, "seed 1", "and the seed");
    TAP_CONTAINS(figure->recipe, "0123456789", "and the commit");
    TAP_CONTAINS(figure->subtitle, "near-truth", "the subtitle admits near-truth starts");
    TAP_CONTAINS(figure->spec, "\"softmax\"", "the spec travels along");
    gsc_figure_set_hidden(figure, 0, -1, true);
    TAP_OK(medians->hidden && panel->legend[0]->hidden, "a run can be hidden");
    free(points);
    gsc_figure_free(figure);
}

static void test_several(gsc_run *a, gsc_run *b, gsc_run *other) {
    gsc_run *runs[2] = {a, b};
    gsc_figure *figure = build(runs, 2);
    const gsc_panel *panel = figure->panels[0];
    TAP_OK(panel->n_legend == 6, "two runs of three arms have six rows");
    TAP_OK(panel->legend[0]->color == panel->legend[2]->color &&
               panel->legend[0]->color != panel->legend[3]->color,
           "colours are by run");
    TAP_OK(panel->legend[0]->shape != panel->legend[1]->shape, "shapes by arm");
    size_t bounds = 0;
    while (find(panel, GSC_LAYER_DASHED, bounds) != NULL) {
        bounds++;
    }
    TAP_OK(bounds == 3, "each bound is drawn once");
    gsc_figure_free(figure);
    gsc_run *unlike[2] = {a, other};
    figure = build(unlike, 2);
    TAP_OK(figure->n_panels == 3, "unlike errors get a panel each");
    TAP_STRING(figure->panels[1]->y.title, "Loss D2", "named by its own axis");
    TAP_OK(figure->panels[0]->n_legend == 3 && figure->panels[1]->n_legend == 3, "and not mixed");
    gsc_figure_free(figure);
    const int colors[2] = {5, 2};
    gsc_figure_options options = {.run_colors = colors, .hide_replicates = true};
    gsc_error error;
    gsc_figure_build("rate", runs, 2, &options, &figure, &error);
    TAP_OK(figure->panels[0]->legend[0]->color == 5 && figure->panels[0]->legend[3]->color == 2,
           "colours can be given");
    TAP_OK(find(figure->panels[0], GSC_LAYER_CLOUD, 0) == NULL, "replicates can be left out");
    gsc_figure_free(figure);
}

static void test_little(gsc_run *none, gsc_run *one, gsc_run *bad) {
    gsc_figure *figure = build(NULL, 0);
    TAP_OK(figure->n_panels == 1 && figure->panels[0]->message != NULL, "no run: axes and a word");
    gsc_figure_free(figure);
    figure = build(&none, 1);
    TAP_STRING(figure->panels[0]->message, "Waiting for the first fit…",
               "a run that has just begun");
    TAP_NEAR(figure->panels[0]->x.high, 10000, 0, "already has its whole x axis");
    gsc_figure_free(figure);
    figure = build(&one, 1);
    TAP_OK(figure->panels[0]->message == NULL, "one point needs no message");
    TAP_OK(find(figure->panels[0], GSC_LAYER_POINTS, 0)->n == 1, "it is drawn");
    TAP_OK(find(figure->panels[0], GSC_LAYER_LINE, 0) == NULL, "without a line");
    TAP_STRING(figure->panels[0]->legend[0]->value, "", "or a slope");
    gsc_figure_free(figure);
    figure = build(&bad, 1);
    TAP_OK(figure->panels[0]->n_left_out == 5, "what a log axis cannot hold is counted");
    gsc_figure_free(figure);
    gsc_error error;
    TAP_OK(gsc_figure_build("rte", NULL, 0, NULL, &figure, &error) == GSC_ERR_INPUT,
           "an unknown figure is refused");
    TAP_CONTAINS(error.message, "\"rate\"", "with the nearest name");
}

int main(void) {
    const gsc_sample samples[6] = {
        {7, 16, 3, 0.2, 0, GSC_RUN_DONE},   {5, 8, 3, 0.2, 0, GSC_RUN_DONE},
        {0, 1, 3, 0.2, 0, GSC_RUN_RUNNING}, {1, 1, 3, 0.2, 0, GSC_RUN_RUNNING},
        {7, 16, 3, 0.2, 5, GSC_RUN_DONE},   {3, 4, 3, 0.2, 0, GSC_RUN_DONE, "Loss D2"}};
    char paths[6][16];
    gsc_run *runs[6];
    for (int i = 0; i < 6; i++) {
        strcpy(paths[i], "rate-XXXXXX");
        runs[i] = make_run(&samples[i], paths[i]);
    }
    test_whole(runs[0]);
    test_several(runs[0], runs[1], runs[5]);
    test_little(runs[2], runs[3], runs[4]);
    for (int i = 0; i < 6; i++) {
        gsc_run_close(runs[i]);
        unlink(paths[i]);
    }
    return tap_done();
}
