/* SPDX-License-Identifier: MIT
 *
 * The figures of maps from a run whose routings are known: every cell has the value it must have,
 * at the step that was asked for, with its definition in the small print.
 */
#include "ui/plot/heatmap.h"

#include "tests/plot/router_run.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <unistd.h>

static gsc_figure *build(const char *name, gsc_run *run, const gsc_figure_options *options) {
    gsc_error error = {.status = GSC_OK};
    gsc_figure *figure = NULL;
    gsc_test_need(gsc_figure_build(name, &run, run != NULL, options, &figure, &error), &error);
    return figure;
}

static float cell(const gsc_panel *panel, size_t row, size_t column) {
    const gsc_heatmap *heat = gsc_panel_heatmap(panel);
    return heat != NULL && row < heat->rows && column < heat->columns
               ? heat->values[row * heat->columns + column]
               : NAN;
}

static void test_load(gsc_run *run) {
    gsc_figure *figure = build("load", run, NULL);
    const gsc_panel *panel = figure->panels[0];
    const gsc_heatmap *heat = gsc_panel_heatmap(panel);
    TAP_OK(heat != NULL && heat->rows == 2 && heat->columns == 4, "load: layers by experts");
    TAP_OK(cell(panel, 0, 0) == 4 && cell(panel, 1, 2) == 4 && cell(panel, 1, 1) == 0,
           "all of the work is four even shares, at the last step");
    TAP_OK(gsc_heatmap_place(heat, 1) == .5 && gsc_heatmap_place(heat, 4) == 1 &&
               gsc_heatmap_place(heat, .25) == 0 && gsc_heatmap_place(heat, 0) == 0,
           "an even share has the middle colour, none the lowest");
    TAP_CONTAINS(figure->recipe, "n E / sum n", "the small print defines it");
    TAP_CONTAINS(figure->subtitle, "step 20", "the subtitle names the step");
    TAP_OK(figure->n_panels == 2 && figure->panels[1]->layers[1]->y[1] == 4,
           "beside it the course of the largest load");
    gsc_figure_free(figure);
    const gsc_figure_options at = {.at_step = true, .step = 9};
    figure = build("load", run, &at);
    TAP_OK(cell(figure->panels[0], 1, 1) == 4 && cell(figure->panels[0], 1, 2) == 0,
           "at step 9 the loads of step 0 stand");
    TAP_STRING(figure->panels[0]->title, "Step 0", "and the panel says so");
    gsc_figure_free(figure);
}

static void test_overlap(gsc_run *run) {
    gsc_figure *figure = build("overlap", run, NULL);
    const gsc_panel *panel = figure->panels[1];
    TAP_OK(figure->n_panels == 2 && gsc_panel_heatmap(panel)->rows == 3,
           "overlap: a panel for each layer, checkpoints by checkpoints");
    TAP_OK(cell(panel, 0, 2) == 0 && cell(panel, 1, 2) == 1 && cell(panel, 2, 2) == 1,
           "the last column is the saturation 0, 1, 1");
    TAP_STRING(panel->x.names[2], "20", "checkpoints have their steps as names");
    gsc_figure_free(figure);
    const gsc_figure_options one = {.one_layer = true, .layer = 1};
    figure = build("overlap", run, &one);
    TAP_OK(figure->n_panels == 1, "one layer alone");
    TAP_STRING(figure->panels[0]->title, "Layer 1", "the one asked for");
    gsc_figure_free(figure);
}

static void test_others(gsc_run *run) {
    gsc_figure *figure = build("coactivation", run, NULL);
    TAP_OK(figure->n_panels == 2 && gsc_panel_heatmap(figure->panels[0])->rows == 4 &&
               isnan(cell(figure->panels[0], 0, 0)) && cell(figure->panels[0], 0, 1) == 0,
           "co-activation: experts by experts, nothing on the diagonal");
    gsc_figure_free(figure);
    figure = build("specialization", run, NULL);
    TAP_OK(figure->n_panels == 5 && cell(figure->panels[0], 1, 0) == 4,
           "specialization: domains by experts, tokens by experts, then layers by layers");
    TAP_STRING(figure->panels[0]->y.names[1], "Code", "domains have their names");
    const gsc_heatmap *tokens = gsc_panel_heatmap(figure->panels[3]);
    TAP_OK(tokens->rows == 1 && tokens->columns == 4 && cell(figure->panels[3], 0, 2) == 4,
           "the one token type of layer 1 goes to expert 2 alone");
    TAP_STRING(figure->panels[3]->y.names[0], "0", "a token without a name goes by its number");
    gsc_figure_free(figure);
    const gsc_figure_options one = {.one_layer = true, .layer = 1};
    figure = build("specialization", run, &one);
    TAP_OK(figure->n_panels == 2 && strstr(figure->recipe, "layer_similarity") == NULL &&
               strstr(figure->recipe, "token_share: ") != NULL,
           "a layer by itself has its rows and their definition, nothing of other layers");
    gsc_figure_free(figure);
    figure = build("load", NULL, NULL);
    TAP_STRING(figure->panels[0]->message, "No run to show yet", "no run: a message");
    gsc_figure_free(figure);
    const char *names[16];
    size_t n = gsc_figure_choices(&run, 1, names, 16), maps = 0;
    for (size_t i = 0; i < n; i++) {
        maps += strcmp(names[i], "load") == 0 || strcmp(names[i], "overlap") == 0 ||
                strcmp(names[i], "coactivation") == 0 || strcmp(names[i], "specialization") == 0;
    }
    TAP_OK(maps == 4, "all four are offered for such a run");
}

int main(void) {
    char path[] = "/tmp/gsc-maps-XXXXXX";
    gsc_run *run = gsc_router_run_make(path, true);
    test_load(run);
    test_overlap(run);
    test_others(run);
    gsc_run_close(run);
    unlink(path);
    return tap_done();
}
