/* SPDX-License-Identifier: MIT
 *
 * The figure "fingerprint": the least divergence that a parameter error costs, log-log, one
 * panel for each series' panel. Per series: markers joined by a line, its local exponent in the
 * legend, and the exponent that a theorem allows as a dashed line from the smallest error on.
 * Layer: ui/plot.
 */
#include "ui/plot/figures/figures.h"

#include "core/read/spec.h"
#include "ui/plot/figures/recipe.h"

#include <math.h>
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
    return info->panel[0] != '\0' && strcmp(info->x_name, "delta") == 0;
}

static bool is_live(const gsc_run_info *info) {
    return info->status == GSC_RUN_RUNNING || info->status == GSC_RUN_QUEUED;
}

/* ---- Panels ---- */

static gsc_panel *find_panel(const gsc_figure *figure, const char *name) {
    for (size_t i = 0; i < figure->n_panels; i++) {
        if (strcmp(figure->panels[i]->name, name) == 0) {
            return figure->panels[i];
        }
    }
    return NULL;
}

/* What a panel is called within a part of a suite: "fingerprint: ν" is "ν" there. */
static const char *within_part(const gsc_figure_options *options, const char *name) {
    const size_t length = options->part != NULL ? strlen(options->part) : 0;
    return length > 0 && strncmp(name, options->part, length) == 0 &&
                   strncmp(name + length, ": ", 2) == 0
               ? name + length + 2
               : name;
}

static gsc_panel *add_panel(gsc_figure *figure, const char *name, const char *caption,
                            const char *x_title, const char *y_title, const char *unit) {
    char title[160];
    gsc_panel *panel = gsc_figure_add_panel(figure, name);
    snprintf(title, sizeof title, unit[0] != '\0' ? "%s (%s)" : "%s", y_title, unit);
    if (panel == NULL || !gsc_figure_set_text(&panel->x.title, x_title) ||
        !gsc_figure_set_text(&panel->title,
                             strcmp(caption, "fingerprint") == 0 ? "Fingerprint" : caption) ||
        !gsc_figure_set_text(&panel->y.title, title) ||
        !gsc_figure_set_text(&panel->value_title, "exponent")) {
        return NULL;
    }
    panel->x.log = panel->y.log = true;
    return panel;
}

/* ---- Series ---- */

typedef struct drawing {
    gsc_panel *panel;
    const gsc_series_info *info;
    size_t run, series, n;
    gsc_point *points; /* by x */
    int color, shape;
} drawing;

static int compare_points(const void *a, const void *b) {
    const double x = ((const gsc_point *)a)->x, y = ((const gsc_point *)b)->x;
    return (x > y) - (x < y);
}

static gsc_plot_layer *add_layer(const drawing *d, gsc_layer_kind kind, size_t n) {
    gsc_plot_layer *layer = gsc_panel_add_layer(d->panel, kind, n, false);
    if (layer == NULL || !gsc_figure_set_text(&layer->label, d->info->title)) {
        return NULL;
    }
    layer->color = d->color;
    layer->shape = d->shape;
    layer->run = (int)d->run;
    layer->series = (int)d->series;
    return layer;
}

static bool add_points(const drawing *d, gsc_layer_kind kind) {
    gsc_plot_layer *layer = add_layer(d, kind, d->n);
    for (size_t i = 0; layer != NULL && i < d->n; i++) {
        layer->x[i] = d->points[i].x;
        layer->y[i] = d->points[i].y;
    }
    return layer != NULL;
}

/* The first point whose value is no matter of rounding. */
static size_t first_sure(const drawing *d) {
    size_t i = 0;
    while (i < d->n && !(d->points[i].y > 1e-13)) {
        i++;
    }
    return i;
}

/* Whether this panel has the same dashed line already. */
static bool has_bound(const drawing *d, size_t first) {
    for (size_t i = 0; i < d->panel->n_layers; i++) {
        const gsc_plot_layer *layer = d->panel->layers[i];
        if (layer->kind == GSC_LAYER_DASHED && layer->inline_label != NULL &&
            strcmp(layer->inline_label, d->info->bound_title) == 0 &&
            fabs(log(layer->y[0] / d->points[first].y)) < 0.1) {
            return true;
        }
    }
    return false;
}

static bool add_bound(const drawing *d) {
    const size_t first = first_sure(d);
    if (!isfinite(d->info->bound) || first + 1 >= d->n || has_bound(d, first)) {
        return true;
    }
    gsc_plot_layer *layer = add_layer(d, GSC_LAYER_DASHED, 2);
    if (layer == NULL || !gsc_figure_set_text(&layer->inline_label, d->info->bound_title)) {
        return false;
    }
    layer->x[0] = d->points[first].x;
    layer->y[0] = d->points[first].y;
    /* As far as the curve's own height goes: a steep line would leave the panel. */
    double top = d->points[first].y;
    for (size_t i = first; i < d->n; i++) {
        top = fmax(top, d->points[i].y);
    }
    const double reach = pow(top / d->points[first].y, 1 / d->info->bound);
    layer->x[1] = fmin(d->points[d->n - 1].x, d->points[first].x * reach);
    layer->y[1] = d->points[first].y * pow(layer->x[1] / d->points[first].x, d->info->bound);
    return true;
}

/* The run's own result; before there is one, the slope between the two smallest errors. */
static double exponent_of(const builder *b, const drawing *d) {
    char name[96];
    gsc_run *run = b->runs[d->run];
    const char *block = strncmp(d->info->name, "kl_", 3) == 0 ? d->info->name + 3 : d->info->name;
    snprintf(name, sizeof name, "exponent[%s]", block);
    for (size_t i = 0; i < gsc_run_results_count(run); i++) {
        const gsc_result *result = gsc_run_result(run, i);
        if (strcmp(result->name, name) == 0 && strcmp(result->arm, d->info->arm) == 0) {
            return result->value;
        }
    }
    return is_live(gsc_run_get_info(run)) && d->n > 1
               ? log(d->points[1].y / d->points[0].y) / log(d->points[1].x / d->points[0].x)
               : NAN;
}

static bool add_legend(const builder *b, const drawing *d) {
    char value[32] = "", label[256];
    const double exponent = exponent_of(b, d);
    const gsc_run_info *run = gsc_run_get_info(b->runs[d->run]);
    if (isfinite(exponent)) {
        snprintf(value, sizeof value, "%.2f", exponent);
    }
    const char *title = d->info->title[0] != '\0' ? d->info->title : d->info->name;
    snprintf(label, sizeof label, "%s%s%s", b->n_runs > 1 ? run->name : "",
             b->n_runs > 1 ? " · " : "", title);
    gsc_legend_row *row = gsc_panel_add_legend(d->panel, label, value);
    if (row != NULL) {
        row->color = d->color;
        row->shape = d->shape;
        row->run = (int)d->run;
        row->series = (int)d->series;
    }
    return row != NULL;
}

/* The same arm has the same colour in every panel; series of one arm in one panel count on. */
static int index_of(const gsc_run *run, size_t series) {
    const gsc_series_info *self = gsc_run_series(run, series);
    int index = 0;
    for (size_t i = 0; i < series; i++) {
        const gsc_series_info *other = gsc_run_series(run, i);
        index += is_drawn(other) && strcmp(other->panel, self->panel) == 0;
    }
    return index;
}

static gsc_status add_series(builder *b, size_t run, size_t series) {
    const gsc_series_info *info = gsc_run_series(b->runs[run], series);
    const int index = index_of(b->runs[run], series);
    drawing d = {.panel = find_panel(b->figure, info->panel),
                 .info = info,
                 .run = run,
                 .series = series,
                 .color = index,
                 .shape = index};
    if (d.panel == NULL) {
        return GSC_OK; /* more panels than a figure has */
    }
    const int *colors = b->options->run_colors;
    if (b->n_runs > 1 || (colors != NULL && index == 0)) {
        d.color = colors != NULL ? colors[run] : (int)run;
    }
    gsc_status status = gsc_run_dup_points(b->runs[run], series, &d.points, &d.n, b->error);
    if (status != GSC_OK) {
        return status;
    }
    qsort(d.points, d.n, sizeof *d.points, compare_points);
    if (!add_bound(&d) || !add_points(&d, GSC_LAYER_LINE) || !add_points(&d, GSC_LAYER_POINTS) ||
        !add_legend(b, &d)) {
        status = no_memory(b->error);
    }
    free(d.points);
    return status;
}

/* ---- Words ---- */

static void add_setup(gsc_words *words, const gsc_run_info *info) {
    gsc_spec *spec = NULL;
    if (info->spec == NULL || gsc_spec_parse(info->spec, info->name, &spec, NULL) != GSC_OK) {
        return;
    }
    if (gsc_spec_check(spec, NULL, NULL) == GSC_OK) {
        const char *gate = gsc_spec_plugin(spec, "gate"), *expert = gsc_spec_plugin(spec, "expert");
        const double gate_box = gsc_spec_real(spec, "theory.gate_box");
        const double floor = gsc_spec_real(spec, "theory.mass_floor");
        const bool arms = gsc_spec_json(spec, "theory.arms") != NULL;
        if (gate != NULL && expert != NULL && !arms) {
            gsc_words_add(words, "%s gate · ", gate);
        }
        gsc_words_add(words,
                      "%s experts · by quadrature, without samples · atoms keep %g of their "
                      "cell's mass · gate box %g",
                      expert != NULL ? expert : "?", floor > 0 ? floor : 0.12,
                      gate_box > 0 ? gate_box : gsc_spec_real(spec, "theory.box"));
    }
    gsc_spec_free(spec);
}

static bool has_bounds(const builder *b) {
    for (size_t r = 0; r < b->n_runs; r++) {
        for (size_t s = 0; s < gsc_run_series_count(b->runs[r]); s++) {
            const gsc_series_info *info = gsc_run_series(b->runs[r], s);
            if (is_drawn(info) && gsc_figure_in_part(b->options, info) && isfinite(info->bound)) {
                return true;
            }
        }
    }
    return false;
}

static void add_recipe(const builder *b, gsc_words *words) {
    gsc_words_add(words,
                  "Markers: least KL(truth || fit) over fits of which one parameter of one atom of "
                  "the over-specified cell has an error of exactly δ, all else free; lines join "
                  "them. Exponent: local slope at the smallest δ above rounding and above the "
                  "nearest fit; exponent e means the rate n^{-1/e}.%s",
                  has_bounds(b) ? " Dashed: what the theorem of the loss allows, drawn from there."
                                : "");
    for (size_t r = 0; r < b->n_runs && r < 8; r++) {
        gsc_words_add(words, "%s", r > 0 ? "; " : "\n");
        gsc_words_add_origin(words, gsc_run_get_info(b->runs[r]));
    }
}

/* The run, or the part of it that the figure is of. */
static const gsc_run_info *info_of(const builder *b, const gsc_part_words *part, bool has_part) {
    return has_part ? &part->info : gsc_run_get_info(b->runs[0]);
}

static gsc_status add_words(builder *b) {
    gsc_words subtitle = {0}, recipe = {0}, spec = {0};
    gsc_part_words part = {0};
    const bool has_part =
        b->n_runs == 1 && gsc_part_words_init(&part, b->runs[0], b->options->part);
    if (b->n_runs == 1) {
        const gsc_run_info *info = info_of(b, &part, has_part);
        add_setup(&subtitle, info);
        if (info->status != GSC_RUN_DONE) {
            gsc_words_add(&subtitle, " · %.0f%%", 100 * info->progress);
        }
    }
    add_recipe(b, &recipe);
    gsc_words_add_specs(&spec, b->runs, b->n_runs);
    const char *title = b->n_runs == 1 ? info_of(b, &part, has_part)->title : "";
    const bool good =
        gsc_words_set(b->figure, title[0] != '\0' ? title : "What a parameter error costs",
                      &subtitle, &recipe, &spec);
    if (has_part) {
        gsc_part_words_clear(&part);
    }
    return good ? GSC_OK : no_memory(b->error);
}

/* ---- All of it ---- */

static gsc_status add_panels(builder *b) {
    bool live = false;
    for (size_t r = 0; r < b->n_runs; r++) {
        live = live || is_live(gsc_run_get_info(b->runs[r]));
        for (size_t s = 0; s < gsc_run_series_count(b->runs[r]); s++) {
            const gsc_series_info *info = gsc_run_series(b->runs[r], s);
            if (is_drawn(info) && gsc_figure_in_part(b->options, info) &&
                find_panel(b->figure, info->panel) == NULL &&
                b->figure->n_panels < GSC_FIGURE_MAX_PANELS &&
                add_panel(b->figure, info->panel, within_part(b->options, info->panel),
                          info->x_title, info->y_title, info->unit) == NULL) {
                return no_memory(b->error);
            }
        }
    }
    if (b->figure->n_panels > 0) {
        return GSC_OK;
    }
    gsc_panel *panel = add_panel(b->figure, "fingerprint", "fingerprint", "Parameter error δ",
                                 "Least KL to the truth", "nat");
    const char *message = b->n_runs == 0 ? "No run to show yet"
                          : live         ? "Waiting for the first curve…"
                                         : "This run has no fingerprint";
    return panel != NULL && gsc_figure_set_text(&panel->message, message) ? GSC_OK
                                                                          : no_memory(b->error);
}

gsc_status gsc_figure_build_fingerprint(gsc_run *const *runs, size_t n_runs,
                                        const gsc_figure_options *options, gsc_figure **ret_figure,
                                        gsc_error *error) {
    builder b = {.runs = runs, .n_runs = n_runs, .options = options, .error = error};
    b.figure = gsc_figure_new("fingerprint");
    if (b.figure == NULL) {
        return no_memory(error);
    }
    gsc_status status = add_panels(&b);
    for (size_t r = 0; r < n_runs; r++) {
        for (size_t s = 0; s < gsc_run_series_count(runs[r]) && status == GSC_OK; s++) {
            const gsc_series_info *info = gsc_run_series(runs[r], s);
            if (is_drawn(info) && gsc_figure_in_part(options, info)) {
                status = add_series(&b, r, s);
            }
        }
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
