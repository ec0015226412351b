/* SPDX-License-Identifier: MIT
 *
 * The figures over training steps: lines of layers, what stands in while a run is live, means where runs are
 * compared, all from a run file that a report of router metrics wrote.
 */
#include "ui/plot/figure.h"

#include "tests/plot/router_run.h"
#include "tests/tap.h"
#include "ui/plot/figures/steps.h"
#include "ui/plot/group.h"
#include "ui/plot/layout.h"
#include "ui/plot/theme.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
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
    TAP_OK(find(panel, GSC_LAYER_DASHED, 0)->color == GSC_PALETTE_SIZE - 1,
           "which has the colour of rules, not of a layer");
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

static bool has_panel(const gsc_figure *figure, const char *name) {
    bool found = false;
    for (size_t i = 0; i < figure->n_panels; i++) {
        found = found || strcmp(figure->panels[i]->name, name) == 0;
    }
    return found;
}

static void test_one_layer(gsc_run *run) {
    gsc_error error = {.status = GSC_OK};
    gsc_figure *figure;
    const gsc_figure_options one = {.one_layer = true, .layer = 1};
    gsc_test_need(gsc_figure_build("router", &run, 1, &one, &figure, &error), &error);
    const gsc_plot_layer *line = find(figure->panels[0], GSC_LAYER_LINE, 0);
    TAP_OK(figure->panels[0]->n_legend == 1 && line->y[0] == 0 && line->y[1] == 1,
           "one layer: its own line, and no other");
    TAP_CONTAINS(figure->recipe, "Lines: layer 1.", "as the small print says");
    gsc_figure_free(figure);
}

/* Two seeds of a model, and one that chooses more experts. */
static void test_unlike(gsc_run *const *runs) {
    gsc_error error = {.status = GSC_OK};
    gsc_figure *figure;
    int colors[3];
    size_t groups = 0;
    gsc_test_need(gsc_figure_build("router", runs, 2, NULL, &figure, &error), &error);
    TAP_OK(gsc_steps_alike(runs, 2) && has_panel(figure, "saturation"),
           "runs with the same choices are compared by saturation");
    gsc_figure_free(figure);
    gsc_test_need(gsc_group_colors(runs, 3, colors, &error), &error);
    TAP_OK(colors[0] == 0 && colors[1] == 0 && colors[2] == 1, "seeds have one colour");
    const gsc_figure_options options = {.run_colors = colors};
    gsc_test_need(gsc_figure_build("router", runs, 3, &options, &figure, &error), &error);
    TAP_OK(!has_panel(figure, "saturation") && has_panel(figure, "saturation_kappa"),
           "others only by what is beyond chance");
    TAP_CONTAINS(figure->recipe, "compared beyond chance only", "as the small print says");
    TAP_OK(strstr(figure->recipe, "saturation: ") == NULL,
           "which defines nothing that is not there");
    TAP_CONTAINS(figure->recipe, "bands: least to greatest layer", "bands are of layers");
    gsc_test_need(gsc_figure_group(figure, runs, 3, GSC_BAND_95, &groups, &error), &error);
    TAP_OK(groups == 1 && strstr(figure->recipe, "least to greatest layer") == NULL &&
               strstr(figure->recipe, "Lines: means over layers.") != NULL,
           "until seeds are one line, then of seeds");
    gsc_figure_free(figure);
}

/* In whatever grid the change rate has a place under it. */
static void test_grid(gsc_run *run) {
    static const double widths[] = {300, 500, 800, 1200, 2000};
    gsc_error error = {.status = GSC_OK};
    gsc_figure *figure;
    size_t rate = 0, change = 0, under = 0, least = 99, most = 0;
    gsc_test_need(gsc_figure_build("router", &run, 1, NULL, &figure, &error), &error);
    for (size_t i = 0; i < figure->n_panels; i++) {
        rate = strcmp(figure->panels[i]->name, "learning_rate") == 0 ? i : rate;
        change = strcmp(figure->panels[i]->name, "change_rate") == 0 ? i : change;
    }
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        gsc_layout *layout =
            gsc_layout_new(figure, NULL, &gsc_plot_theme_light, widths[w], 900, NULL);
        const gsc_box above = layout->panels[change].box, own = layout->panels[rate].box;
        size_t columns = 0;
        for (size_t i = 0; i < figure->n_panels; i++) {
            columns += fabs(layout->panels[i].box.y - above.y) < 1;
            under += layout->panels[i].box.y > above.y && layout->panels[i].box.y < own.y - 1;
        }
        TAP_OK(fabs(own.x - above.x) < 1 && own.y > above.y,
               "the learning rate stands under the change rate");
        least = columns < least ? columns : least;
        most = columns > most ? columns : most;
        gsc_layout_free(layout);
    }
    TAP_OK(under == 0 && least < 3 && most > 3, "right under it, in narrow grids and in wide ones");
    gsc_figure_free(figure);
}

int main(void) {
    char path[] = "/tmp/gsc-router-XXXXXX", live_path[] = "/tmp/gsc-router-XXXXXX";
    char seed_path[] = "/tmp/gsc-router-XXXXXX", other_path[] = "/tmp/gsc-router-XXXXXX";
    gsc_run *run = gsc_router_run_make(path, true), *live = gsc_router_run_make(live_path, false);
    test_finished(run);
    test_live(live);
    test_several(run, live);
    gsc_run *const unlike[] = {run, gsc_router_run_make_of(seed_path, true, 2, 1),
                               gsc_router_run_make_of(other_path, true, 1, 2)};
    test_one_layer(run);
    test_unlike(unlike);
    test_grid(run);
    gsc_run_close(unlike[1]);
    gsc_run_close(unlike[2]);
    unlink(seed_path);
    unlink(other_path);
    gsc_run_close(run);
    gsc_run_close(live);
    unlink(path);
    unlink(live_path);
    return tap_done();
}
