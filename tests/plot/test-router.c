/* SPDX-License-Identifier: MIT
 *
 * The figures over training steps: lines of layers, what stands in while a run is live, means where runs are
 * compared, all from a run file that a report of router metrics wrote.
 */
#include "ui/plot/figure.h"

#include "tests/plot/router_run.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <unistd.h>

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
    gsc_test_need(gsc_figure_build("router", &run, 1, NULL, &figure, &error), &error);
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
                 "change_rate: 1 - mean |S_t ∩ S_(t-D)| / k of the sets S of "
                 "chosen experts, D = 10 steps (50% of the run)",
                 "definitions are printed");
    gsc_figure_free(figure);
    gsc_test_need(gsc_figure_build("loss", &run, 1, NULL, &figure, &error), &error);
    TAP_OK(figure->n_panels == 1 && find(figure->panels[0], GSC_LAYER_LINE, 0)->n == 21,
           "loss shows what there is");
    gsc_figure_free(figure);
}

static void test_live(gsc_run *run) {
    gsc_error error = {.status = GSC_OK};
    gsc_figure *figure;
    gsc_test_need(gsc_figure_build("router", &run, 1, NULL, &figure, &error), &error);
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
    gsc_test_need(gsc_figure_build("router", runs, 2, NULL, &figure, &error), &error);
    const gsc_panel *panel = figure->panels[0];
    const gsc_plot_layer *line = find(panel, GSC_LAYER_LINE, 0),
                         *band = find(panel, GSC_LAYER_BAND, 1);
    TAP_OK(line->n == 3 && line->y[0] == .5 && line->y[1] == 1, "runs: the mean over layers");
    TAP_OK(band->low[0] == 0 && band->high[0] == 1, "with the range of layers");
    TAP_OK(panel->n_legend == 2 && panel->legend[1]->run == 1, "a row for each run");
    gsc_figure_free(figure);
    gsc_test_need(gsc_figure_build("router", NULL, 0, NULL, &figure, &error), &error);
    TAP_STRING(figure->panels[0]->message, "No run to show yet", "no run: axes and a message");
    gsc_figure_free(figure);
}

int main(void) {
    char path[] = "/tmp/gsc-router-XXXXXX", live_path[] = "/tmp/gsc-router-XXXXXX";
    gsc_run *run = gsc_router_run_make(path, true), *live = gsc_router_run_make(live_path, false);
    test_finished(run);
    test_live(live);
    test_several(run, live);
    gsc_run_close(run);
    gsc_run_close(live);
    unlink(path);
    unlink(live_path);
    return tap_done();
}
