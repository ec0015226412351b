/* SPDX-License-Identifier: MIT
 *
 * The figure "fit", of the user's own data: the rows with the fitted experts' lines (one input), and the log-likelihood
 * against the iteration, one panel for each series' panel, linear axes. Layer: ui/plot.
 */
#include "ui/plot/figures/figures.h"

#include "core/read/spec.h"
#include "ui/plot/figures/recipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct builder {
    gsc_run *const *runs;
    size_t n_runs;
    const gsc_figure_options *options;
    gsc_figure *figure;
    gsc_error *error;
} builder;

static gsc_status no_memory(gsc_error *error) {
    return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left to build the figure");
}

static bool is_drawn(const gsc_series_info *info) {
    return strcmp(info->panel, "fit") == 0 || strcmp(info->panel, "likelihood") == 0;
}

static bool is_data(const gsc_series_info *info) {
    return strcmp(info->name, "data") == 0;
}

/* The panel of a name, made where it is missing; NULL without memory. */
static gsc_panel *get_panel(builder *b, const gsc_series_info *info) {
    for (size_t i = 0; i < b->figure->n_panels; i++) {
        if (strcmp(b->figure->panels[i]->name, info->panel) == 0) {
            return b->figure->panels[i];
        }
    }
    gsc_panel *panel = gsc_figure_add_panel(b->figure, info->panel);
    if (panel == NULL || !gsc_figure_set_text(&panel->x.title, info->x_title) ||
        !gsc_figure_set_text(&panel->y.title, info->y_title) ||
        !gsc_figure_set_text(&panel->title, strcmp(info->panel, "fit") == 0
                                                ? "Data and fitted experts"
                                                : "Log-likelihood")) {
        return NULL;
    }
    return panel;
}

/* Of its panel's series in this run, the data not counted. */
static int index_of(const gsc_run *run, size_t series) {
    const gsc_series_info *self = gsc_run_series(run, series);
    int index = 0;
    for (size_t i = 0; i < series; i++) {
        const gsc_series_info *other = gsc_run_series(run, i);
        index += strcmp(other->panel, self->panel) == 0 && !is_data(other);
    }
    return index;
}

static gsc_status add_series(builder *b, size_t run, size_t series) {
    const gsc_series_info *info = gsc_run_series(b->runs[run], series);
    gsc_panel *panel = get_panel(b, info);
    gsc_point *points = NULL;
    size_t n = 0;
    char label[256];
    if (panel == NULL) {
        return no_memory(b->error);
    }
    const gsc_status status = gsc_run_dup_points(b->runs[run], series, &points, &n, b->error);
    if (status != GSC_OK) {
        return status;
    }
    gsc_plot_layer *layer =
        gsc_panel_add_layer(panel, is_data(info) ? GSC_LAYER_CLOUD : GSC_LAYER_LINE, n, false);
    snprintf(label, sizeof label, "%s%s%s",
             b->n_runs > 1 ? gsc_run_get_info(b->runs[run])->name : "", b->n_runs > 1 ? " · " : "",
             info->title[0] != '\0' ? info->title : info->name);
    bool good = layer != NULL && gsc_figure_set_text(&layer->label, label);
    const int color = is_data(info) ? 7 : index_of(b->runs[run], series);
    for (size_t i = 0; good && i < n; i++) {
        layer->x[i] = points[i].x;
        layer->y[i] = points[i].y;
    }
    free(points);
    gsc_legend_row *row = good ? gsc_panel_add_legend(panel, label, "") : NULL;
    if (row == NULL) {
        return no_memory(b->error);
    }
    layer->color = row->color = color;
    layer->shape = row->shape = is_data(info) ? 0 : color;
    layer->run = row->run = (int)run;
    layer->series = row->series = (int)series;
    return GSC_OK;
}

/* "d1.csv · softmax gate · linear experts" */
static void add_setup(gsc_words *words, const gsc_run_info *info) {
    gsc_spec *spec = NULL;
    if (info->spec == NULL || gsc_spec_parse(info->spec, info->name, &spec, NULL) != GSC_OK) {
        return;
    }
    if (gsc_spec_check(spec, NULL, NULL) == GSC_OK) {
        const char *path = gsc_spec_string(spec, "theory.data"), *slash = strrchr(path, '/');
        const char *gate = gsc_spec_plugin(spec, "gate"), *expert = gsc_spec_plugin(spec, "expert");
        const int starts = (int)gsc_spec_int(spec, "theory.starts");
        gsc_words_add(words, "%s · %s gate · %s experts · best of %d start%s",
                      slash != NULL ? slash + 1 : path, gate != NULL ? gate : "?",
                      expert != NULL ? expert : "?", starts, starts == 1 ? "" : "s");
        if (gsc_spec_bool(spec, "theory.polish")) {
            gsc_words_add(words, " · polished to the maximum");
        }
    }
    gsc_spec_free(spec);
}

static gsc_status add_words(builder *b) {
    gsc_words subtitle = {0}, recipe = {0}, spec = {0};
    if (b->n_runs == 1) {
        add_setup(&subtitle, gsc_run_get_info(b->runs[0]));
    }
    gsc_words_add(&recipe, "Dots: rows of theory.data, at most 2000; lines: the fitted experts' "
                           "means; log-likelihood of the start that is kept, the last point where "
                           "the fit ended.");
    for (size_t r = 0; r < b->n_runs && r < 8; r++) {
        gsc_words_add(&recipe, "%s", r > 0 ? "; " : "\n");
        gsc_words_add_origin(&recipe, gsc_run_get_info(b->runs[r]));
    }
    gsc_words_add_specs(&spec, b->runs, b->n_runs);
    const char *title = b->n_runs == 1 ? gsc_run_get_info(b->runs[0])->title : "";
    const bool good = gsc_words_set(b->figure, title[0] != '\0' ? title : "Fit to your data",
                                    &subtitle, &recipe, &spec);
    return good ? GSC_OK : no_memory(b->error);
}

gsc_status gsc_figure_build_fit(gsc_run *const *runs, size_t n_runs,
                                const gsc_figure_options *options, gsc_figure **ret_figure,
                                gsc_error *error) {
    builder b = {.runs = runs, .n_runs = n_runs, .options = options, .error = error};
    b.figure = gsc_figure_new("fit");
    if (b.figure == NULL) {
        return no_memory(error);
    }
    gsc_status status = GSC_OK;
    for (size_t r = 0; r < n_runs; r++) {
        for (size_t s = 0; s < gsc_run_series_count(runs[r]) && status == GSC_OK; s++) {
            const gsc_series_info *info = gsc_run_series(runs[r], s);
            if (is_drawn(info) && gsc_figure_in_part(options, info)) {
                status = add_series(&b, r, s);
            }
        }
    }
    if (status == GSC_OK && b.figure->n_panels == 0) {
        gsc_panel *panel = gsc_figure_add_panel(b.figure, "fit");
        status = panel != NULL && gsc_figure_set_text(&panel->message, "Waiting for the fit…")
                     ? GSC_OK
                     : no_memory(error);
    }
    if (status == GSC_OK) {
        status = add_words(&b);
    }
    if (status != GSC_OK) {
        gsc_figure_free(b.figure);
        return status;
    }
    *ret_figure = b.figure;
    return GSC_OK;
}
