/* SPDX-License-Identifier: MIT
 *
 * The figure "rate": how fast an error falls with the sample size. Medians over replicates with
 * their quartiles, every replicate as a faint dot, the least-squares line through the medians in
 * log-log, and the proven bound, dashed, anchored at the first median. Layer: ui/plot.
 */
#include "ui/plot/figures/figures.h"

#include "core/read/findings.h"
#include "core/read/stats.h"
#include "ui/plot/figures/rate_build.h"
#include "ui/plot/theme.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LIVE_DRAWS = 100,
    DRAWS = 1000
};

/* ---- Panels --------------------------------------------------------------------------------- */

static bool set_axis_title(char **title, const char *text, const char *unit) {
    size_t size = strlen(text) + strlen(unit) + 4;
    bool has_unit = unit[0] == '\0' || strstr(text, unit) != NULL;
    free(*title);
    *title = malloc(size);
    if (*title != NULL) {
        snprintf(*title, size, has_unit ? "%s" : "%s (%s)", text, unit);
    }
    return *title != NULL;
}

/* The panel of a series: the same name and the same measure, so that unlike errors never share
 * an axis. */
static gsc_panel *find_panel(const gsc_rate_builder *b, const gsc_series_info *info) {
    const gsc_figure *figure = b->figure;
    for (size_t i = 0; i < figure->n_panels; i++) {
        size_t length = strlen(info->y_title);
        const gsc_panel *panel = figure->panels[i];
        if (strcmp(panel->name, b->choice->panel(info)) == 0 &&
            strncmp(panel->y.title, info->y_title, length) == 0 &&
            (panel->y.title[length] == '\0' || panel->y.title[length] == ' ')) {
            return figure->panels[i];
        }
    }
    return NULL;
}

static gsc_panel *add_panel(const gsc_rate_builder *b, const char *name, const char *x_title,
                            const char *y_title, const char *unit, bool curves) {
    gsc_panel *panel = gsc_figure_add_panel(b->figure, name);
    if (panel == NULL || !gsc_figure_set_text(&panel->title, gsc_rate_within_part(b, name)) ||
        !set_axis_title(&panel->x.title, x_title, "") ||
        !set_axis_title(&panel->y.title, y_title, unit)) {
        return NULL;
    }
    panel->title[0] = (char)toupper((unsigned char)panel->title[0]);
    panel->y.log = true;
    panel->x.log = strcmp(x_title, "EM iteration") != 0;
    if (!curves && !gsc_figure_set_text(&panel->value_title, "slope [95% interval]")) {
        return NULL;
    }
    return panel;
}

bool gsc_rate_shows(const gsc_rate_builder *b, const gsc_series_info *info) {
    return b->choice->is_drawn(info) && gsc_figure_in_part(b->options, info);
}

static bool ends_in(const char *text, const char *end) {
    const size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* 0: first, 1: as they come, 2: last. */
static int rank_of(const gsc_rate_choice *choice, const char *panel) {
    return choice->first != NULL && ends_in(panel, choice->first) ? 0
           : choice->last != NULL && ends_in(panel, choice->last) ? 2
                                                                  : 1;
}

static gsc_status add_panels(gsc_rate_builder *b) {
    for (int pass = 0; pass < 3; pass++) {
        for (size_t r = 0; r < b->n_runs; r++) {
            for (size_t s = 0; s < gsc_run_series_count(b->runs[r]); s++) {
                const gsc_series_info *info = gsc_run_series(b->runs[r], s);
                const char *name = b->choice->panel(info);
                bool wanted = gsc_rate_shows(b, info) && rank_of(b->choice, name) == pass;
                if (wanted && find_panel(b, info) == NULL &&
                    b->figure->n_panels < GSC_FIGURE_MAX_PANELS &&
                    add_panel(b, name, b->choice->compact ? "n" : info->x_title, info->y_title,
                              info->unit, b->choice->curves) == NULL) {
                    return gsc_rate_no_memory(b->error);
                }
            }
        }
    }
    if (b->figure->n_panels == 0 &&
        add_panel(b, "error", "Sample size n", "Error", "", false) == NULL) {
        return gsc_rate_no_memory(b->error);
    }
    return GSC_OK;
}

/* ---- Colours -------------------------------------------------------------------------------- */

/* A number for what tells series of one run apart: the arm, or arm and name where a panel shows
 * several series of one arm. The same in every panel. */
static int series_index(const gsc_rate_builder *builder, const gsc_run *run, size_t series) {
    const gsc_series_info *self = gsc_run_series(run, series);
    bool by_name = false;
    size_t count = gsc_run_series_count(run);
    for (size_t i = 0; i < count && !by_name; i++) {
        for (size_t k = 0; k < i && !by_name; k++) {
            const gsc_series_info *a = gsc_run_series(run, i), *b = gsc_run_series(run, k);
            by_name = gsc_rate_shows(builder, a) && gsc_rate_shows(builder, b) &&
                      strcmp(builder->choice->panel(a), builder->choice->panel(b)) == 0 &&
                      strcmp(a->y_title, b->y_title) == 0 && strcmp(a->arm, b->arm) == 0;
        }
    }
    int index = 0;
    for (size_t i = 0; i < count; i++) {
        const gsc_series_info *other = gsc_run_series(run, i);
        if (!gsc_rate_shows(builder, other)) {
            continue;
        }
        if (strcmp(other->arm, self->arm) == 0 &&
            (!by_name || strcmp(other->name, self->name) == 0)) {
            return index;
        }
        bool first = true; /* of its kind */
        for (size_t k = 0; k < i && first; k++) {
            const gsc_series_info *earlier = gsc_run_series(run, k);
            first = !(gsc_rate_shows(builder, earlier) && strcmp(earlier->arm, other->arm) == 0 &&
                      (!by_name || strcmp(earlier->name, other->name) == 0));
        }
        index += first;
    }
    return index;
}

int gsc_rate_count_arms(const gsc_rate_builder *b, const gsc_run *run, size_t series,
                        int *ret_own) {
    const gsc_series_info *self = gsc_run_series(run, series);
    int arms = 0;
    for (size_t i = 0; i < gsc_run_series_count(run); i++) {
        const gsc_series_info *info = gsc_run_series(run, i);
        bool fresh = gsc_rate_shows(b, info);
        for (size_t k = 0; k < i && fresh; k++) {
            const gsc_series_info *earlier = gsc_run_series(run, k);
            fresh = !gsc_rate_shows(b, earlier) || strcmp(earlier->arm, info->arm) != 0;
        }
        if (fresh && strcmp(info->arm, self->arm) == 0) {
            *ret_own = arms;
        }
        arms += fresh;
    }
    return arms;
}

const char *gsc_rate_within_part(const gsc_rate_builder *b, const char *text) {
    const size_t length = b->has_part ? strlen(b->options->part) : 0;
    if (length == 0 || strncmp(text, b->options->part, length) != 0) {
        return text;
    }
    const char *rest = text + length;
    rest += *rest == ':' || *rest == ',';
    return rest + (*rest == ' ');
}

const gsc_run_info *gsc_rate_info(const gsc_rate_builder *b, size_t run) {
    return b->has_part ? &b->part.info : gsc_run_get_info(b->runs[run]);
}

/* ---- Series --------------------------------------------------------------------------------- */

/* One series on its way into a panel. */
typedef struct drawing {
    gsc_panel *panel;
    const gsc_series_info *info;
    size_t run, series;
    int color, shape;
    const gsc_point *points;
    size_t n_points;
    const gsc_group *groups;
    size_t n_groups;
} drawing;

static gsc_plot_layer *add_layer(const drawing *d, gsc_layer_kind kind, size_t n, bool interval) {
    gsc_plot_layer *layer = gsc_panel_add_layer(d->panel, kind, n, interval);
    if (layer != NULL) {
        layer->color = d->color;
        layer->shape = d->shape;
        layer->run = (int)d->run;
        layer->series = (int)d->series;
        if (!gsc_figure_set_text(&layer->label, d->info->title)) {
            return NULL;
        }
    }
    return layer;
}

static bool add_cloud(const drawing *d) {
    gsc_plot_layer *layer = add_layer(d, GSC_LAYER_CLOUD, d->n_points, false);
    if (layer == NULL) {
        return false;
    }
    for (size_t i = 0; i < d->n_points; i++) {
        layer->x[i] = d->points[i].x;
        layer->y[i] = d->points[i].y;
    }
    return true;
}

static bool add_medians(const drawing *d, gsc_layer_kind kind) {
    gsc_plot_layer *layer = add_layer(d, kind, d->n_groups, true);
    if (layer == NULL) {
        return false;
    }
    for (size_t i = 0; i < d->n_groups; i++) {
        layer->x[i] = d->groups[i].x;
        layer->y[i] = d->groups[i].median;
        layer->low[i] = d->groups[i].low_quartile;
        layer->high[i] = d->groups[i].high_quartile;
    }
    return true;
}

/* From the first to the last x whose median is positive: y = level * (x / first)^slope. */
static bool add_power(const drawing *d, gsc_layer_kind kind, double slope, double level_at_first,
                      const char *label) {
    double first = NAN, last = NAN;
    for (size_t i = 0; i < d->n_groups; i++) {
        if (d->groups[i].median > 0) {
            first = isnan(first) ? d->groups[i].x : first;
            last = d->groups[i].x;
        }
    }
    gsc_plot_layer *layer = add_layer(d, kind, 2, false);
    if (layer == NULL || !gsc_figure_set_text(&layer->inline_label, label)) {
        return false;
    }
    layer->x[0] = first;
    layer->x[1] = last;
    layer->y[0] = level_at_first;
    layer->y[1] = level_at_first * pow(last / first, slope);
    return true;
}

static double first_positive_median(const drawing *d, double *ret_x) {
    for (size_t i = 0; i < d->n_groups; i++) {
        if (d->groups[i].median > 0) {
            *ret_x = d->groups[i].x;
            return d->groups[i].median;
        }
    }
    return NAN;
}

/* The slope with its interval: the run's own result where it has one, else from the points. */
static gsc_slope slope_of(const gsc_rate_builder *b, const drawing *d) {
    const gsc_run_info *run = gsc_run_get_info(b->runs[d->run]);
    char name[160];
    gsc_slope_name(GSC_SLOPE_LOG_N, d->info->name, name, sizeof name);
    const gsc_result *result = NULL;
    for (size_t i = 0; i < gsc_run_results_count(b->runs[d->run]) && result == NULL; i++) {
        const gsc_result *one = gsc_run_result(b->runs[d->run], i);
        if (strcmp(one->name, name) == 0 && strcmp(one->arm, d->info->arm) == 0) {
            result = one;
        }
    }
    size_t draws = b->options->bootstrap_draws;
    draws = result != NULL ? 0 : draws > 0 ? draws : gsc_run_is_live(run) ? LIVE_DRAWS : DRAWS;
    gsc_slope slope = gsc_fit_slope(d->points, d->n_points, GSC_SLOPE_LOG_N, draws, run->seed);
    if (result != NULL) {
        slope.low = result->low;
        slope.high = result->high;
    }
    return slope;
}

/* "−0.31" with a true minus and two decimals; a figure space instead of the minus keeps columns
 * straight. */
static void put_number(double value, char *ret_text, size_t size) {
    snprintf(ret_text, size, "%s%.2f", value < -0.005 ? "−" : "\u2007",
             fabs(value) < 0.005 ? 0.0 : fabs(value));
}

static bool add_legend(const gsc_rate_builder *b, const drawing *d, const gsc_slope *slope) {
    char value[128] = "", mid[24], low[24], high[24];
    put_number(slope->slope, mid, sizeof mid);
    put_number(slope->low, low, sizeof low);
    put_number(slope->high, high, sizeof high);
    if (isfinite(slope->slope) && isfinite(slope->low) && isfinite(slope->high)) {
        const char *pad = "\u2007"; /* within brackets numbers stand close */
        size_t skip = strncmp(low, pad, strlen(pad)) == 0 ? strlen(pad) : 0;
        size_t skip_high = strncmp(high, pad, strlen(pad)) == 0 ? strlen(pad) : 0;
        snprintf(value, sizeof value, "%s [%s, %s]", mid, low + skip, high + skip_high);
    } else if (isfinite(slope->slope)) {
        snprintf(value, sizeof value, "%s", mid);
    }
    char label[256];
    const gsc_run_info *run = gsc_run_get_info(b->runs[d->run]);
    bool titled = d->info->title[0] != '\0';
    const char *title = gsc_rate_within_part(b, titled ? d->info->title : d->info->name);
    char own[192];
    if (b->choice->label != NULL) {
        b->choice->label(b, b->runs[d->run], d->series, own, sizeof own);
        title = own;
    }
    if (b->n_runs > 1) {
        snprintf(label, sizeof label, "%s · %s", run->name, title);
    } else {
        snprintf(label, sizeof label, "%s", title);
    }
    gsc_legend_row *row = gsc_panel_add_legend(d->panel, label, value);
    if (row == NULL) {
        return false;
    }
    row->color = d->color;
    row->shape = d->shape;
    row->run = (int)d->run;
    row->series = (int)d->series;
    return true;
}

/* Whether a line of the same exponent stands there already: of another run, or from nearly the
 * same level. */
static bool has_bound(const drawing *d, double level) {
    for (size_t i = 0; i < d->panel->n_layers; i++) {
        const gsc_plot_layer *layer = d->panel->layers[i];
        if (layer->kind == GSC_LAYER_DASHED && layer->inline_label != NULL &&
            strcmp(layer->inline_label, d->info->bound_title) == 0 &&
            (layer->run != (int)d->run || fabs(log(layer->y[0] / level)) < 0.1)) {
            return true;
        }
    }
    return false;
}

/* Whether as many lines of that exponent have their name as anybody reads. */
static bool is_crowded(const drawing *d) {
    size_t n = 0;
    for (size_t i = 0; i < d->panel->n_layers; i++) {
        const gsc_plot_layer *layer = d->panel->layers[i];
        n += layer->kind == GSC_LAYER_DASHED && layer->inline_label != NULL &&
             strcmp(layer->inline_label, d->info->bound_title) == 0;
    }
    return n >= 4;
}

/* A line through the medians in place of a slope. */
static bool add_curve(const gsc_rate_builder *b, const drawing *d) {
    static const gsc_slope none = {.slope = NAN, .intercept = NAN, .low = NAN, .high = NAN};
    gsc_plot_layer *layer = add_layer(d, GSC_LAYER_LINE, d->n_groups, false);
    for (size_t i = 0; i < d->n_groups && layer != NULL; i++) {
        layer->x[i] = d->groups[i].x;
        layer->y[i] = d->groups[i].median;
    }
    return layer != NULL && add_legend(b, d, &none);
}

static bool add_lines(const gsc_rate_builder *b, const drawing *d) {
    double x = NAN, level = first_positive_median(d, &x);
    gsc_slope slope = slope_of(b, d);
    bool good = true;
    if (good && isfinite(slope.slope)) {
        good = add_power(d, GSC_LAYER_LINE, slope.slope,
                         exp(slope.intercept + slope.slope * log(x)), NULL);
    }
    if (good && isfinite(d->info->bound) && isfinite(level) && d->n_groups > 1 &&
        !has_bound(d, level)) {
        good = add_power(d, GSC_LAYER_DASHED, d->info->bound, level,
                         is_crowded(d) ? NULL : d->info->bound_title);
    }
    return good && add_legend(b, d, &slope);
}

static gsc_status add_series(gsc_rate_builder *b, size_t run, size_t series) {
    const gsc_series_info *info = gsc_run_series(b->runs[run], series);
    int index = series_index(b, b->runs[run], series);
    drawing d = {.panel = find_panel(b, info),
                 .info = info,
                 .run = run,
                 .series = series,
                 .color = index,
                 .shape = index + index / GSC_PALETTE_SIZE}; /* no pair returns before 32 */
    if (d.panel == NULL) {
        return GSC_OK; /* more panels than a figure has */
    }
    if (b->n_runs > 1) {
        d.color = b->options->run_colors != NULL ? b->options->run_colors[run] : (int)run;
    } else if (b->options->run_colors != NULL && index == 0) {
        d.color = b->options->run_colors[run];
    }
    if (b->choice->look != NULL) {
        int color = d.color;
        b->choice->look(b, b->runs[run], series, &color, &d.shape);
        d.color = b->n_runs > 1 ? d.color : color;
    }
    gsc_point *points = NULL;
    gsc_status status = gsc_run_dup_points(b->runs[run], series, &points, &d.n_points, b->error);
    if (status != GSC_OK) {
        return status;
    }
    d.points = points;
    size_t skipped = 0;
    gsc_group *groups = malloc((d.n_points + 1) * sizeof *groups);
    bool good = groups != NULL;
    if (good) {
        d.n_groups = gsc_group_points(points, d.n_points, groups, d.n_points, &skipped);
        d.groups = groups;
        b->n_skipped += skipped;
        for (size_t i = 0; i < d.n_points; i++) {
            d.panel->n_left_out += isfinite(points[i].y) && points[i].y <= 0;
        }
        for (size_t i = 0; i < d.n_groups; i++) {
            size_t n = groups[i].n;
            b->n_replicates_low =
                b->n_replicates_low == 0 || n < b->n_replicates_low ? n : b->n_replicates_low;
            b->n_replicates_high = n > b->n_replicates_high ? n : b->n_replicates_high;
        }
        if (b->choice->curves) {
            good = add_medians(&d, d.n_groups > 12 ? GSC_LAYER_BAND : GSC_LAYER_BARS) &&
                   add_curve(b, &d) && (d.n_groups > 12 || add_medians(&d, GSC_LAYER_POINTS));
        } else {
            good = (b->options->hide_replicates || b->choice->compact || add_cloud(&d)) &&
                   add_medians(&d, GSC_LAYER_BARS) && add_lines(b, &d) &&
                   add_medians(&d, GSC_LAYER_POINTS);
        }
    }
    free(groups);
    free(points);
    return good ? GSC_OK : gsc_rate_no_memory(b->error);
}

/* Whether two series of medians lie so close that the later would hide the earlier. */
static bool covers(const gsc_plot_layer *a, const gsc_plot_layer *b) {
    bool close = a->n > 0 && a->n == b->n;
    for (size_t i = 0; i < a->n && close; i++) {
        close = a->x[i] == b->x[i] && fabs(log(a->y[i] / b->y[i])) < 0.12;
    }
    return close;
}

/* Gives more weight to what would be hidden, so that it shows as a rim. */
static void widen_covered(gsc_panel *panel) {
    for (size_t i = 0; i < panel->n_layers; i++) {
        const gsc_plot_layer *below = panel->layers[i];
        bool covered = false;
        for (size_t k = i + 1; k < panel->n_layers && below->kind == GSC_LAYER_POINTS; k++) {
            covered = covered || (panel->layers[k]->kind == GSC_LAYER_POINTS &&
                                  covers(below, panel->layers[k]));
        }
        for (size_t k = 0; k < panel->n_layers && covered; k++) {
            gsc_plot_layer *layer = panel->layers[k];
            bool drawn = layer->kind == GSC_LAYER_POINTS || layer->kind == GSC_LAYER_LINE;
            if (drawn && layer->run == below->run && layer->series == below->series) {
                layer->weight = 1.8;
            }
        }
    }
}

/* ---- All of it ------------------------------------------------------------------------------ */

static gsc_status build(gsc_rate_builder *b) {
    gsc_status status = add_panels(b);
    for (size_t r = 0; r < b->n_runs && status == GSC_OK; r++) {
        for (size_t s = 0; s < gsc_run_series_count(b->runs[r]) && status == GSC_OK; s++) {
            if (gsc_rate_shows(b, gsc_run_series(b->runs[r], s))) {
                status = add_series(b, r, s);
            }
        }
    }
    for (size_t i = 0; i < b->figure->n_panels && status == GSC_OK; i++) {
        widen_covered(b->figure->panels[i]);
    }
    return status == GSC_OK ? gsc_rate_add_words(b) : status;
}

gsc_status gsc_rate_build(const gsc_rate_choice *choice, gsc_run *const *runs, size_t n_runs,
                          const gsc_figure_options *options, gsc_figure **ret_figure,
                          gsc_error *error) {
    gsc_rate_builder b = {
        .choice = choice, .runs = runs, .n_runs = n_runs, .options = options, .error = error};
    b.figure = gsc_figure_new(choice->name);
    if (b.figure == NULL) {
        return gsc_rate_no_memory(error);
    }
    b.has_part = n_runs == 1 && gsc_part_words_init(&b.part, runs[0], options->part);
    gsc_status status = build(&b);
    gsc_part_words_clear(&b.part);
    if (status != GSC_OK) {
        gsc_figure_free(b.figure);
        return status;
    }
    *ret_figure = b.figure;
    return GSC_OK;
}

static const char *panel_of(const gsc_series_info *info) {
    return info->panel;
}

gsc_status gsc_figure_build_rate(gsc_run *const *runs, size_t n_runs,
                                 const gsc_figure_options *options, gsc_figure **ret_figure,
                                 gsc_error *error) {
    static const gsc_rate_choice choice = {
        .name = "rate", .is_drawn = gsc_rate_is_drawn, .panel = panel_of, .first = "error"};
    return gsc_rate_build(&choice, runs, n_runs, options, ret_figure, error);
}
