/* SPDX-License-Identifier: MIT
 *
 * The figure "fingerprint": the default of its study, one panel for each block, markers in order
 * of delta, exponents from the run's results, a bound that starts on its curve.
 */
#include "ui/plot/figure.h"

#include "core/read/spec.h"
#include "core/run/run_writer.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <unistd.h>

static void need(gsc_status status, const gsc_error *error) {
    if (status != GSC_OK) {
        printf("Bail out! %s\n", error->message);
        exit(1);
    }
}

/* y = 1e-3 x^exponent in two panels, told from the largest delta down. */
static void tell(gsc_sink *sink, gsc_error *error) {
    static const char *const panels[] = {"ν", "η bias"};
    static const char *const names[] = {"kl_nu", "kl_eta_bias"};
    static const char *const arms[] = {"one", "two"}, *const results[] = {"exponent[nu]",
                                                                          "exponent[eta_bias]"};
    for (int s = 0; s < 4; s++) {
        const int panel = s / 2, arm = s % 2;
        const double exponent = panel == 0 ? 2 + 2 * arm : 2 + 6 * arm;
        gsc_series_info info = GSC_SERIES_INIT;
        int32_t id;
        info.name = names[panel];
        info.arm = info.title = arms[arm];
        info.unit = "nat";
        info.x_name = "delta";
        info.x_title = "Parameter error δ";
        info.panel = panels[panel];
        info.y_title = "Least KL to the truth";
        info.bound = exponent;
        info.bound_title = arm == 0 ? "δ^{2}" : "δ^{n}";
        need(sink->series(sink, &info, &id, error), error);
        for (int i = 5; i >= 0; i--) {
            const double x = 0.1 * (i + 1);
            const gsc_point point = {x, 1e-3 * pow(x, exponent), -1};
            need(sink->points(sink, id, &point, 1, error), error);
        }
        const gsc_result result = {results[panel], arms[arm], "", "slope", exponent, NAN, NAN};
        need(sink->result(sink, &result, error), error);
    }
}

static gsc_run *make_run(char *path) {
    gsc_error error = {.status = GSC_OK};
    gsc_spec *spec;
    gsc_run_writer *writer;
    gsc_run *run;
    close(mkstemp(path));
    need(gsc_spec_load("preset:fingerprint", &spec, &error), &error);
    char *text = gsc_spec_dump(spec);
    const gsc_run_birth birth = {.experiment = "fingerprint",
                                 .title = "What a parameter error costs",
                                 .spec = text,
                                 .plugins = "[]",
                                 .machine = "{}",
                                 .seed = 1};
    need(gsc_run_writer_create(path, true, &birth, &writer, &error), &error);
    tell(gsc_run_writer_sink(writer), &error);
    need(gsc_run_writer_finish(writer, GSC_RUN_DONE, "", &error), &error);
    gsc_run_writer_free(writer);
    gsc_spec_free(spec);
    free(text);
    need(gsc_run_open(path, &run, &error), &error);
    return run;
}

static const gsc_plot_layer *find(const gsc_panel *panel, gsc_layer_kind kind, size_t k) {
    for (size_t i = 0; i < panel->n_layers; i++) {
        if (panel->layers[i]->kind == kind && k-- == 0) {
            return panel->layers[i];
        }
    }
    return NULL;
}

int main(void) {
    gsc_error error = {.status = GSC_OK};
    gsc_figure *figure;
    char path[] = "/tmp/gsc-fingerprint-XXXXXX";
    gsc_run *run = make_run(path);
    TAP_STRING(gsc_figure_default_name(&run, 1), "fingerprint", "its study names the figure");
    TAP_STRING(gsc_figure_default_name(NULL, 0), "rate", "no run: rate");
    need(gsc_figure_build("fingerprint", &run, 1, NULL, &figure, &error), &error);
    TAP_OK(figure->n_panels == 2, "a panel for each block");
    const gsc_panel *panel = figure->panels[1];
    TAP_STRING(panel->title, "η bias", "called after it");
    TAP_STRING(panel->y.title, "Least KL to the truth (nat)", "with the unit");
    TAP_OK(panel->x.log && panel->y.log, "log-log");
    const gsc_plot_layer *points = find(panel, GSC_LAYER_POINTS, 1);
    TAP_OK(points->n == 6, "six markers");
    TAP_NEAR(points->x[0], 0.1, 1e-12, "ascending");
    TAP_NEAR(points->y[5] / (1e-3 * pow(0.6, 8)), 1, 1e-12, "at their values");
    TAP_OK(panel->n_legend == 2, "a row for each arm");
    TAP_STRING(panel->legend[1]->value, "8.00", "with its exponent");
    TAP_OK(panel->legend[1]->color == figure->panels[0]->legend[1]->color,
           "an arm has one colour in every panel");
    const gsc_plot_layer *bound = find(panel, GSC_LAYER_DASHED, 1);
    TAP_NEAR(log(bound->y[1] / bound->y[0]) / log(bound->x[1] / bound->x[0]), 8, 1e-9,
             "the bound has its slope");
    TAP_NEAR(bound->y[0], points->y[0], 1e-15, "and starts on the curve");
    gsc_figure_free(figure);
    need(gsc_figure_build("fingerprint", NULL, 0, NULL, &figure, &error), &error);
    TAP_STRING(figure->panels[0]->message, "No run to show yet", "no run: axes and a message");
    gsc_figure_free(figure);
    gsc_run_close(run);
    unlink(path);
    return tap_done();
}
