/* SPDX-License-Identifier: MIT
 *
 * Memory of figures, their small markup, and the list of builders. Layer: ui/plot; no drawing.
 */
#include "ui/plot/figure.h"

#include "core/read/spec.h"
#include "ui/plot/figures/figures.h"
#include "ui/plot/figures/origin.h"
#include "ui/plot/figures/varied.h"
#include "ui/plot/heatmap.h"
#include "ui/plot/pyramid.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

gsc_figure *gsc_figure_new(const char *name) {
    gsc_figure *figure = calloc(1, sizeof *figure);
    if (figure != NULL && !gsc_figure_set_text(&figure->name, name)) {
        gsc_figure_free(figure);
        return NULL;
    }
    return figure;
}

void gsc_plot_layer_free(gsc_plot_layer *layer) {
    if (layer == NULL) {
        return;
    }
    free(layer->label);
    free(layer->inline_label);
    free(layer->about);
    free(layer->x);
    free(layer->y);
    free(layer->low);
    free(layer->high);
    gsc_heatmap_free(layer->heat);
    gsc_pyramid_free(layer->pyramid);
    free(layer);
}

static void axis_clear(gsc_plot_axis *axis) {
    free(axis->title);
    for (size_t i = 0; i < axis->n_names; i++) {
        free(axis->names[i]);
    }
    free(axis->names);
}

static void panel_free(gsc_panel *panel) {
    for (size_t i = 0; i < panel->n_layers; i++) {
        gsc_plot_layer_free(panel->layers[i]);
    }
    for (size_t i = 0; i < panel->n_legend; i++) {
        free(panel->legend[i]->label);
        free(panel->legend[i]->value);
        free(panel->legend[i]);
    }
    free(panel->layers);
    free(panel->legend);
    free(panel->name);
    free(panel->title);
    axis_clear(&panel->x);
    axis_clear(&panel->y);
    free(panel->message);
    free(panel->value_title);
    free(panel);
}

void gsc_figure_free(gsc_figure *figure) {
    if (figure == NULL) {
        return;
    }
    for (size_t i = 0; i < figure->n_panels; i++) {
        panel_free(figure->panels[i]);
    }
    free(figure->panels);
    free(figure->name);
    free(figure->title);
    free(figure->subtitle);
    free(figure->recipe);
    free(figure->spec);
    free(figure->band_words);
    free(figure->origin);
    free(figure);
}

/* Makes room for one more pointer; NULL: out of memory or full. */
static void *grow(void *array, size_t n, size_t most) {
    return n < most ? realloc(array, (n + 1) * sizeof(void *)) : NULL;
}

gsc_panel *gsc_figure_add_panel(gsc_figure *figure, const char *name) {
    gsc_panel **panels = grow(figure->panels, figure->n_panels, GSC_FIGURE_MAX_PANELS);
    if (panels == NULL) {
        return NULL;
    }
    figure->panels = panels;
    gsc_panel *panel = calloc(1, sizeof *panel);
    if (panel == NULL || !gsc_figure_set_text(&panel->name, name)) {
        free(panel);
        return NULL;
    }
    panel->x.low = panel->x.high = panel->y.low = panel->y.high = NAN;
    return panels[figure->n_panels++] = panel;
}

static double *nan_array(size_t n) {
    double *values = malloc((n > 0 ? n : 1) * sizeof *values);
    for (size_t i = 0; values != NULL && i < n; i++) {
        values[i] = NAN;
    }
    return values;
}

gsc_plot_layer *gsc_panel_add_layer(gsc_panel *panel, gsc_layer_kind kind, size_t n,
                                    bool with_interval) {
    gsc_plot_layer **layers = grow(panel->layers, panel->n_layers, GSC_FIGURE_MAX_LAYERS);
    if (layers == NULL) {
        return NULL;
    }
    panel->layers = layers;
    gsc_plot_layer *layer = calloc(1, sizeof *layer);
    if (layer == NULL) {
        return NULL;
    }
    layer->kind = kind;
    layer->n = n;
    layer->run = layer->series = -1;
    layer->x = nan_array(n);
    layer->y = nan_array(n);
    layer->low = with_interval ? nan_array(n) : NULL;
    layer->high = with_interval ? nan_array(n) : NULL;
    if (layer->x == NULL || layer->y == NULL ||
        (with_interval && (layer->low == NULL || layer->high == NULL))) {
        gsc_plot_layer_free(layer);
        return NULL;
    }
    return layers[panel->n_layers++] = layer;
}

const struct gsc_pyramid *gsc_layer_pyramid(gsc_plot_layer *layer) {
    enum {
        LONG = 2048
    };
    if (layer->pyramid == NULL && layer->n >= LONG) {
        layer->pyramid = gsc_pyramid_new(layer->x, layer->y, layer->n);
    }
    return layer->pyramid;
}

gsc_legend_row *gsc_panel_add_legend(gsc_panel *panel, const char *label, const char *value) {
    gsc_legend_row **rows = grow(panel->legend, panel->n_legend, GSC_FIGURE_MAX_LAYERS);
    if (rows == NULL) {
        return NULL;
    }
    panel->legend = rows;
    gsc_legend_row *row = calloc(1, sizeof *row);
    if (row == NULL || !gsc_figure_set_text(&row->label, label) ||
        !gsc_figure_set_text(&row->value, value)) {
        if (row != NULL) {
            free(row->label);
        }
        free(row);
        return NULL;
    }
    row->run = row->series = -1;
    return rows[panel->n_legend++] = row;
}

bool gsc_figure_set_text(char **member, const char *text) {
    char *copy = text != NULL ? strdup(text) : NULL;
    if (text != NULL && copy == NULL) {
        return false;
    }
    free(*member);
    *member = copy;
    return true;
}

bool gsc_axis_set_names(gsc_plot_axis *axis, const char *const *names, size_t n) {
    char **copies = calloc(n + 1, sizeof *copies);
    bool good = copies != NULL;
    for (size_t i = 0; good && i < n; i++) {
        copies[i] = strdup(names[i]);
        good = copies[i] != NULL;
    }
    gsc_plot_axis old = {.names = good ? axis->names : copies,
                         .n_names = good             ? axis->n_names
                                    : copies != NULL ? n
                                                     : 0};
    axis_clear(&old);
    if (good) {
        axis->names = copies;
        axis->n_names = n;
    }
    return good;
}

void gsc_figure_set_hidden(gsc_figure *figure, int run, int series, bool hidden) {
    for (size_t p = 0; p < figure->n_panels; p++) {
        gsc_panel *panel = figure->panels[p];
        for (size_t i = 0; i < panel->n_layers; i++) {
            gsc_plot_layer *layer = panel->layers[i];
            if (layer->run == run && (series < 0 || layer->series == series)) {
                layer->hidden = hidden;
            }
        }
        for (size_t i = 0; i < panel->n_legend; i++) {
            gsc_legend_row *row = panel->legend[i];
            if (row->run == run && (series < 0 || row->series == series)) {
                row->hidden = hidden;
            }
        }
    }
}

void gsc_figure_set_emphasis(gsc_figure *figure, int run, int series) {
    for (size_t p = 0; p < figure->n_panels; p++) {
        gsc_panel *panel = figure->panels[p];
        for (size_t i = 0; i < panel->n_layers; i++) {
            gsc_plot_layer *layer = panel->layers[i];
            layer->emphasis =
                run >= 0 && layer->run == run && (series < 0 || layer->series == series);
        }
        for (size_t i = 0; i < panel->n_legend; i++) {
            gsc_legend_row *row = panel->legend[i];
            row->emphasis = run >= 0 && row->run == run && (series < 0 || row->series == series);
        }
    }
}

/* Appends text to out (room is the caller's); returns the new end. */
static char *append(char *out, const char *text) {
    size_t n = strlen(text);
    memcpy(out, text, n);
    return out + n;
}

char *gsc_markup(const char *text) {
    /* The longest replacement of one byte: "^{" (2 bytes) becomes <sup> and its "}" becomes
     * </sup>. */
    char *markup = malloc(strlen(text) * 6 + 1);
    if (markup == NULL) {
        return NULL;
    }
    char *out = markup;
    const char *close = NULL;
    for (const char *in = text; *in != '\0'; in++) {
        if (close == NULL && (*in == '^' || *in == '_') && in[1] == '{' &&
            strchr(in, '}') != NULL) {
            out = append(out, *in == '^' ? "<sup>" : "<sub>");
            close = *in == '^' ? "</sup>" : "</sub>";
            in++;
        } else if (close != NULL && *in == '}') {
            out = append(out, close);
            close = NULL;
        } else if (close != NULL && *in == '-') {
            out = append(out, "−");
        } else if (*in == '&') {
            out = append(out, "&amp;");
        } else if (*in == '<') {
            out = append(out, "&lt;");
        } else if (*in == '>') {
            out = append(out, "&gt;");
        } else {
            *out++ = *in;
        }
    }
    *out = '\0';
    return markup;
}

/* ---- Builders ------------------------------------------------------------------------------- */

typedef gsc_status build_figure(gsc_run *const *runs, size_t n_runs,
                                const gsc_figure_options *options, gsc_figure **ret_figure,
                                gsc_error *error);

/* Which series a figure draws, as far as their declaration tells. */
static bool is_rate(const gsc_series_info *info) {
    return info->panel[0] != '\0' && strcmp(info->x_name, "n") == 0;
}

static bool is_fingerprint(const gsc_series_info *info) {
    return info->panel[0] != '\0' && strcmp(info->x_name, "delta") == 0;
}

static bool is_block(const gsc_series_info *info) {
    return strcmp(info->x_name, "n") == 0 &&
           strncmp(info->y_title, "Error of ", strlen("Error of ")) == 0;
}

static bool is_trace(const gsc_series_info *info) {
    return info->panel[0] != '\0' &&
           (strcmp(info->x_name, "iteration") == 0 || strcmp(info->x_name, "noise") == 0);
}

static bool is_loss_over_n(const gsc_series_info *info) {
    return strcmp(info->name, "loss") == 0 && strcmp(info->x_name, "n") == 0;
}

static bool is_fit(const gsc_series_info *info) {
    return strcmp(info->x_name, "x") == 0 || strcmp(info->x_name, "em_iteration") == 0;
}

static bool is_load(const gsc_series_info *info) {
    return strcmp(info->name, "probe_load") == 0;
}

static bool is_overlap(const gsc_series_info *info) {
    return strcmp(info->name, "overlap") == 0;
}

static bool is_coactivation(const gsc_series_info *info) {
    return strcmp(info->name, "coactivation") == 0;
}

static bool is_specialization(const gsc_series_info *info) {
    return strcmp(info->name, "layer_similarity") == 0;
}

static bool is_compared(const gsc_series_info *info) {
    return strcmp(info->name, "validation_loss") == 0;
}

/* What gsc_figure_build knows. min_measures: of how many different measures a figure needs series;
 * min_runs: of how many runs it makes sense. */
static const struct {
    const char *name, *title;
    build_figure *build;
    bool (*draws)(const gsc_series_info *info);
    size_t min_measures, min_runs;
} kinds[] = {
    {"rate", "Rates", gsc_figure_build_rate, is_rate, 1, 1},
    {"fingerprint", "Fingerprint", gsc_figure_build_fingerprint, is_fingerprint, 1, 1},
    {"components", "By parameter", gsc_figure_build_components, is_block, 2, 1},
    {"starts", "Starts", gsc_figure_build_starts, is_trace, 1, 1},
    {"slopes", "Slopes", gsc_figure_build_slopes, is_loss_over_n, 1, 1},
    {"loss", "Loss", gsc_figure_build_loss, gsc_figure_is_loss, 1, 1},
    {"router", "Router", gsc_figure_build_router, gsc_figure_is_router, 1, 1},
    {"balance", "Balance", gsc_figure_build_balance, gsc_figure_is_balance, 1, 1},
    {"choices", "Choices", gsc_figure_build_choices, gsc_figure_is_choices, 1, 1},
    {"load", "Load", gsc_figure_build_load, is_load, 1, 1},
    {"overlap", "Overlap", gsc_figure_build_overlap, is_overlap, 1, 1},
    {"coactivation", "Co-activation", gsc_figure_build_coactivation, is_coactivation, 1, 1},
    {"specialization", "Specialization", gsc_figure_build_specialization, is_specialization, 1, 1},
    {"compare", "Comparison", gsc_figure_build_compare, is_compared, 1, 2},
    {"robustness", "Robustness", gsc_figure_build_robustness, is_compared, 1, 2},
    {"scatter", "Scatter", gsc_figure_build_scatter, is_compared, 1, 2},
    {"parallel", "Parallel", gsc_figure_build_parallel, is_compared, 1, 2},
    {"fit", "Fit", gsc_figure_build_fit, is_fit, 1, 1},
};

enum {
    N_FIGURES = sizeof kinds / sizeof *kinds
};

const char *const *gsc_figure_names(size_t *ret_count) {
    static const char *names[N_FIGURES];
    for (size_t i = 0; i < N_FIGURES; i++) {
        names[i] = kinds[i].name;
    }
    *ret_count = N_FIGURES;
    return names;
}

const char *gsc_figure_title(const char *name) {
    for (size_t i = 0; i < N_FIGURES; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return kinds[i].title;
        }
    }
    return name;
}

/* How many different measures of the run the figure draws, counted up to most. */
static size_t count_measures(const gsc_run *run, size_t kind, size_t most) {
    size_t n = 0;
    for (size_t i = 0; i < gsc_run_series_count(run) && n < most; i++) {
        const gsc_series_info *info = gsc_run_series(run, i);
        bool fresh = kinds[kind].draws(info);
        for (size_t k = 0; k < i && fresh; k++) {
            const gsc_series_info *earlier = gsc_run_series(run, k);
            fresh = !kinds[kind].draws(earlier) || strcmp(earlier->y_title, info->y_title) != 0;
        }
        n += fresh;
    }
    return n;
}

size_t gsc_figure_choices(gsc_run *const *runs, size_t n_runs, const char **ret_names,
                          size_t room) {
    const char *initial = gsc_figure_default_name(runs, n_runs);
    size_t n = 0;
    if (room > 0) {
        ret_names[n++] = initial;
    }
    for (size_t i = 0; i < N_FIGURES && n < room; i++) {
        bool found = false;
        for (size_t r = 0; r < n_runs && n_runs >= kinds[i].min_runs && !found; r++) {
            found = count_measures(runs[r], i, kinds[i].min_measures) >= kinds[i].min_measures &&
                    (kinds[i].draws != is_loss_over_n ||
                     gsc_figure_has_slopes(gsc_run_get_info(runs[r])));
        }
        if (found && strcmp(kinds[i].name, initial) != 0) {
            ret_names[n++] = kinds[i].name;
        }
    }
    return n;
}

const char *gsc_figure_default_name(gsc_run *const *runs, size_t n_runs) {
    const char *text = n_runs > 0 ? gsc_run_get_info(runs[0])->spec : NULL;
    gsc_spec *spec = NULL;
    const char *name = "rate";
    if (text != NULL && gsc_spec_parse(text, "run", &spec, NULL) == GSC_OK &&
        gsc_spec_check(spec, NULL, NULL) == GSC_OK) {
        const char *study = gsc_spec_string(spec, "theory.study");
        const char *data = gsc_spec_string(spec, "theory.data");
        const char *lab = gsc_spec_string(spec, "lab");
        name = lab != NULL && strcmp(lab, "lm") == 0                ? "loss"
               : data != NULL && data[0] != '\0'                    ? "fit"
               : study != NULL && strcmp(study, "fingerprint") == 0 ? "fingerprint"
               : gsc_spec_int(spec, "theory.trace") > 0             ? "starts"
               : gsc_figure_has_slopes(gsc_run_get_info(runs[0]))   ? "slopes"
                                                                    : "rate";
    }
    gsc_spec_free(spec);
    return name;
}

gsc_status gsc_figure_build(const char *name, gsc_run *const *runs, size_t n_runs,
                            const gsc_figure_options *options, gsc_figure **ret_figure,
                            gsc_error *error) {
    static const gsc_figure_options defaults;
    size_t n = 0;
    assert(name != NULL && (n_runs == 0 || runs != NULL));
    for (size_t i = 0; i < N_FIGURES; i++) {
        if (strcmp(name, kinds[i].name) != 0) {
            continue;
        }
        gsc_status status =
            kinds[i].build(runs, n_runs, options != NULL ? options : &defaults, ret_figure, error);
        if (status == GSC_OK) {
            (*ret_figure)->origin = gsc_figure_origin(runs, n_runs, kinds[i].draws);
            gsc_varied_tell(*ret_figure, runs, n_runs);
        }
        return status;
    }
    const char *nearest = gsc_nearest(name, gsc_figure_names(&n), n);
    return gsc_fail(error, GSC_ERR_INPUT, "there is no figure \"%s\"; %s \"%s\"", name,
                    nearest != NULL ? "did you mean" : "there are others, as",
                    nearest != NULL ? nearest : kinds[0].name);
}
