/* SPDX-License-Identifier: MIT
 *
 * See steps.h. Layer: ui/plot.
 */
#include "ui/plot/figures/steps.h"

#include "ui/plot/theme.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_MARKERS = 40, /* points of a line that each get a marker */
    MOST_GROUPS = 1024,
    QUICK_POINTS = 4 << 20 /* so many that some of their blocks share every pixel */
};

/* An arm of a run. */
typedef struct group {
    size_t run, first; /* first: its first series over steps, that stands for it in the legend */
    const char *arm;
    int color;
} group;

/* One curve: of a layer, or of the whole model (layer -1). */
typedef struct curve {
    size_t series;
    int32_t layer;
    double *x, *y;
    size_t n;
} curve;

typedef struct curves {
    curve *all;
    size_t n;
} curves;

/* ---- Groups ----------------------------------------------------------------------------------- */
bool gsc_steps_draws(const gsc_steps_choice *choice, const gsc_series_info *info) {
    bool draws = false;
    for (size_t i = 0; i < choice->n_panels && strcmp(info->x_name, "step") == 0; i++) {
        for (int k = 0; k < 2; k++) {
            const char *name = choice->panels[i].series[k];
            draws = draws || (name != NULL && strcmp(name, info->name) == 0);
        }
    }
    return draws;
}

/* The groups, at most MOST_GROUPS, and the most layers of any. */
static size_t find_groups(const gsc_steps_builder *b, group *groups, int32_t *ret_layers) {
    size_t n = 0;
    for (size_t r = 0; r < b->n_runs; r++) {
        for (size_t s = 0; s < gsc_run_series_count(b->runs[r]); s++) {
            const gsc_series_info *info = gsc_run_series(b->runs[r], s);
            bool fresh = gsc_steps_draws(b->choice, info);
            if (fresh && info->layer >= *ret_layers) {
                *ret_layers = info->layer + 1;
            }
            for (size_t g = 0; g < n && fresh; g++) {
                fresh = groups[g].run != r || strcmp(groups[g].arm, info->arm) != 0;
            }
            if (fresh && n < MOST_GROUPS) {
                groups[n++] = (group){.run = r, .first = s, .arm = info->arm};
            }
        }
    }
    for (size_t g = 0; g < n; g++) {
        groups[g].color = (int)g;
        if (b->options->run_colors != NULL && b->n_runs == n) {
            groups[g].color = b->options->run_colors[groups[g].run];
        }
    }
    return n;
}

/* ---- Curves ----------------------------------------------------------------------------------- */
static void clear_curves(curves *found) {
    for (size_t i = 0; i < found->n; i++) {
        free(found->all[i].x);
        free(found->all[i].y);
    }
    free(found->all);
    *found = (curves){0};
}

static curve *add_curve(curves *found, size_t series, int32_t layer, size_t n) {
    curve *all = realloc(found->all, (found->n + 1) * sizeof *all);
    if (all == NULL) {
        return NULL;
    }
    found->all = all;
    curve *it = &all[found->n++];
    *it = (curve){.series = series, .layer = layer, .n = n};
    it->x = malloc((n + 1) * sizeof *it->x);
    it->y = malloc((n + 1) * sizeof *it->y);
    return it->x != NULL && it->y != NULL ? it : NULL;
}

/* Two points for each block: its least value at its beginning, its greatest at its end, which is the same picture
 * where many blocks share a pixel; then the points that no block has yet. */
static gsc_status read_extremes(gsc_run *run, size_t series, int32_t layer, curves *found,
                                gsc_error *error) {
    gsc_extent *extents = NULL;
    gsc_point *rest = NULL;
    size_t n = 0, n_rest = 0;
    int64_t sealed = 0, all = gsc_run_points_count(run, series);
    gsc_status status = gsc_run_dup_extents(run, series, &extents, &n, error);
    for (size_t i = 0; status == GSC_OK && i < n; i++) {
        sealed += extents[i].n;
    }
    if (status == GSC_OK) {
        rest = malloc((size_t)(all - sealed + 1) * sizeof *rest);
        status = rest == NULL ? gsc_steps_no_memory(error)
                              : gsc_run_read_points(run, series, sealed, rest,
                                                    (size_t)(all - sealed), &n_rest, error);
    }
    curve *it = status == GSC_OK ? add_curve(found, series, layer, 2 * n + n_rest) : NULL;
    for (size_t i = 0; it != NULL && i < n; i++) {
        it->x[2 * i] = extents[i].x_low;
        it->y[2 * i] = extents[i].y_low;
        it->x[2 * i + 1] = extents[i].x_high;
        it->y[2 * i + 1] = extents[i].y_high;
    }
    for (size_t i = 0; it != NULL && i < n_rest; i++) {
        it->x[2 * n + i] = rest[i].x;
        it->y[2 * n + i] = rest[i].y;
    }
    free(rest);
    free(extents);
    return status == GSC_OK && it == NULL ? gsc_steps_no_memory(error) : status;
}

static gsc_status read_points(gsc_steps_builder *b, gsc_run *run, size_t series, int32_t layer,
                              curves *found) {
    gsc_error *error = b->error;
    gsc_point *points = NULL;
    if (b->options->quick && gsc_run_points_count(run, series) >= QUICK_POINTS) {
        b->figure->coarse = true;
        return read_extremes(run, series, layer, found, error);
    }
    size_t n = 0;
    gsc_status status = gsc_run_dup_points(run, series, &points, &n, error);
    if (status != GSC_OK || n == 0) {
        free(points);
        return status;
    }
    curve *it = add_curve(found, series, layer, n);
    for (size_t i = 0; it != NULL && i < n; i++) {
        it->x[i] = points[i].x;
        it->y[i] = points[i].y;
    }
    free(points);
    return it != NULL ? GSC_OK : gsc_steps_no_memory(error);
}

/* The last vector as a curve: its value i stands at the step of vector i. */
static gsc_status read_row(gsc_run *run, size_t series, int32_t layer, curves *found,
                           gsc_error *error) {
    gsc_vectors vectors = {0};
    gsc_status status = gsc_run_read_vectors(run, series, 0, &vectors, error);
    if (status != GSC_OK || vectors.count == 0) {
        return status;
    }
    size_t last = vectors.count - 1, n = vectors.start[last + 1] - vectors.start[last];
    /* A run that was resumed begins later: the last values belong to the last vectors. */
    size_t shown = n < vectors.count ? n : vectors.count;
    curve *it = add_curve(found, series, layer, shown);
    for (size_t i = 0; it != NULL && i < shown; i++) {
        it->x[i] = vectors.x[vectors.count - shown + i];
        it->y[i] = (double)vectors.values[vectors.start[last + 1] - shown + i];
    }
    gsc_vectors_clear(&vectors);
    return it != NULL ? GSC_OK : gsc_steps_no_memory(error);
}

/* The curves of a name in a group, of points or of the last vectors. */
static gsc_status find_curves(gsc_steps_builder *b, const group *g, const char *name, bool vectors,
                              curves *ret_found) {
    gsc_run *run = b->runs[g->run];
    gsc_status status = GSC_OK;
    for (size_t s = 0; s < gsc_run_series_count(run) && status == GSC_OK; s++) {
        const gsc_series_info *info = gsc_run_series(run, s);
        const bool other =
            b->options->one_layer && info->layer >= 0 && info->layer != b->options->layer;
        if (!other && strcmp(info->name, name) == 0 && strcmp(info->arm, g->arm) == 0) {
            status = vectors ? read_row(run, s, info->layer, ret_found, b->error)
                             : read_points(b, run, s, info->layer, ret_found);
        }
    }
    return status;
}

/* ---- Layers of a panel ------------------------------------------------------------------------ */
static gsc_plot_layer *add_layer(gsc_panel *panel, gsc_layer_kind kind, const group *g,
                                 size_t series, int color, size_t n, bool interval,
                                 const char *label) {
    gsc_plot_layer *layer = gsc_panel_add_layer(panel, kind, n, interval);
    if (layer == NULL || !gsc_figure_set_text(&layer->label, label)) {
        return NULL;
    }
    layer->color = layer->shape = color;
    layer->run = (int)g->run;
    layer->series = (int)series;
    return layer;
}

static bool add_line(gsc_panel *panel, const group *g, const curve *it, size_t series, int color,
                     const char *label) {
    gsc_layer_kind kinds[] = {GSC_LAYER_LINE, GSC_LAYER_POINTS};
    for (size_t k = 0; k < (it->n > MOST_MARKERS ? 1 : 2); k++) {
        gsc_plot_layer *layer = add_layer(panel, kinds[k], g, series, color, it->n, false, label);
        if (layer == NULL) {
            return false;
        }
        memcpy(layer->x, it->x, it->n * sizeof *it->x);
        memcpy(layer->y, it->y, it->n * sizeof *it->y);
        layer->weight = k == 1 ? .7 : 1;
    }
    return true;
}

/* Mean and range over layers of value i; false where layers are at different steps. */
static bool over_layers(const curves *found, size_t i, double *ret_low, double *ret_mean,
                        double *ret_high) {
    *ret_low = INFINITY, *ret_high = -INFINITY, *ret_mean = 0;
    for (size_t c = 0; c < found->n; c++) {
        if (i >= found->all[c].n || found->all[c].x[i] != found->all[0].x[i]) {
            return false;
        }
        *ret_low = fmin(*ret_low, found->all[c].y[i]);
        *ret_high = fmax(*ret_high, found->all[c].y[i]);
        *ret_mean += found->all[c].y[i] / (double)found->n;
    }
    return true;
}

/* The mean over layers as a curve of its own, and low and high beside it where they are asked for. */
static bool mean_curve(const curves *found, curve *ret_mean, double *low, double *high) {
    double least, mean, most;
    *ret_mean = (curve){.series = found->all[0].series, .layer = -1};
    ret_mean->x = malloc((found->all[0].n + 1) * sizeof(double));
    ret_mean->y = malloc((found->all[0].n + 1) * sizeof(double));
    if (ret_mean->x == NULL || ret_mean->y == NULL) {
        free(ret_mean->x);
        free(ret_mean->y);
        return false;
    }
    for (size_t i = 0; over_layers(found, i, &least, &mean, &most); i++) {
        ret_mean->x[i] = found->all[0].x[i];
        ret_mean->y[i] = mean;
        if (low != NULL) {
            low[i] = least;
            high[i] = most;
        }
        ret_mean->n++;
    }
    return true;
}

static bool add_mean(gsc_panel *panel, const group *g, const curves *found, const char *label) {
    size_t most = found->all[0].n;
    double *low = malloc(2 * (most + 1) * sizeof *low);
    curve mean;
    if (low == NULL || !mean_curve(found, &mean, low, low + most)) {
        free(low);
        return false;
    }
    bool good = true;
    if (found->n > 1) {
        gsc_plot_layer *band = add_layer(panel, GSC_LAYER_BAND, g, g->first, g->color, mean.n, true,
                                         "range over layers");
        good = band != NULL;
        for (size_t i = 0; good && i < mean.n; i++) {
            band->x[i] = mean.x[i];
            band->low[i] = low[i];
            band->high[i] = low[most + i];
        }
    }
    good = good && add_line(panel, g, &mean, g->first, g->color, label);
    free(mean.x);
    free(mean.y);
    free(low);
    return good;
}

/* What a group is called among the others. */
static void group_label(const gsc_steps_builder *b, const group *g, char *ret_label, size_t size) {
    const char *name = gsc_run_get_info(b->runs[g->run])->name;
    if (b->n_runs > 1) {
        snprintf(ret_label, size, g->arm[0] != '\0' ? "%s · %s" : "%s", name, g->arm);
    } else {
        snprintf(ret_label, size, "%s", g->arm[0] != '\0' ? g->arm : "Mean over layers");
    }
}

/* Legends once: rows of layers or groups that the panel shows first. */
static bool add_row(gsc_panel *panel, const group *g, size_t series, int color, const char *label) {
    gsc_legend_row *row = gsc_panel_add_legend(panel, label, "");
    if (row != NULL) {
        row->color = row->shape = color;
        row->run = (int)g->run;
        row->series = (int)series;
    }
    return row != NULL;
}

/* The series that stands for a layer of a group in every panel, so that it is hidden in all at once: that of the
 * first panel, else the first drawn. */
static size_t layer_series(const gsc_steps_builder *b, const group *g, int32_t layer) {
    gsc_run *run = b->runs[g->run];
    size_t found = g->first;
    bool any = false;
    for (size_t s = 0; s < gsc_run_series_count(run); s++) {
        const gsc_series_info *info = gsc_run_series(run, s);
        if (info->layer != layer || strcmp(info->arm, g->arm) != 0 ||
            !gsc_steps_draws(b->choice, info)) {
            continue;
        }
        if (strcmp(info->name, b->choice->panels[0].series[0]) == 0) {
            return s;
        }
        found = any ? found : s;
        any = true;
    }
    return found;
}

/* Lines of layers; of the whole model in the last colours, with a row of their own where a panel has two. */
static bool draw_by_layer(const gsc_steps_builder *b, const gsc_steps_panel *words, const group *g,
                          gsc_panel *panel, const curves *found, size_t which, bool legend) {
    for (size_t c = 0; c < found->n; c++) {
        const curve *it = &found->all[c];
        char label[96];
        bool whole = it->layer < 0, named = words->series[1] != NULL;
        size_t series = whole ? it->series : layer_series(b, g, it->layer);
        int color = !whole ? it->layer : b->layers > 0 ? GSC_PALETTE_SIZE - 1 : (int)which;
        if (whole) {
            snprintf(label, sizeof label, "%s", gsc_run_series(b->runs[g->run], series)->title);
        } else {
            snprintf(label, sizeof label, "Layer %d", (int)it->layer);
        }
        if (!add_line(panel, g, it, series, color, label) ||
            ((whole ? named : legend) && !add_row(panel, g, series, color, label))) {
            return false;
        }
    }
    return true;
}

/* In the colour of rules: it belongs to no layer. */
static gsc_status draw_dashed(gsc_steps_builder *b, const gsc_steps_panel *words, const group *g,
                              gsc_panel *panel) {
    curves found = {0};
    gsc_status status = find_curves(b, g, words->dashed, false, &found);
    curve mean;
    if (status == GSC_OK && found.n > 0) {
        bool good = mean_curve(&found, &mean, NULL, NULL);
        gsc_plot_layer *layer =
            good ? add_layer(panel, GSC_LAYER_DASHED, g, found.all[0].series, GSC_PALETTE_SIZE - 1,
                             mean.n, false, words->dashed_label)
                 : NULL;
        if (layer != NULL) {
            memcpy(layer->x, mean.x, mean.n * sizeof *mean.x);
            memcpy(layer->y, mean.y, mean.n * sizeof *mean.y);
        }
        status = layer != NULL && gsc_figure_set_text(&layer->inline_label, words->dashed_label)
                     ? GSC_OK
                     : gsc_steps_no_memory(b->error);
        if (good) {
            free(mean.x);
            free(mean.y);
        }
    }
    clear_curves(&found);
    return status;
}

/* One group in one panel. */
static gsc_status draw_group(gsc_steps_builder *b, const gsc_steps_panel *words, const group *g,
                             gsc_panel *panel, bool legend) {
    gsc_status status = GSC_OK;
    for (size_t k = 0; k < 2 && words->series[k] != NULL && status == GSC_OK; k++) {
        curves found = {0};
        char label[192];
        status = find_curves(b, g, words->series[k], false, &found);
        if (status == GSC_OK && found.n == 0 && k == 0 && words->live != NULL) {
            status = find_curves(b, g, words->live, true, &found);
            b->live = b->live || found.n > 0;
        }
        group_label(b, g, label, sizeof label);
        if (status == GSC_OK && found.n > 0) {
            bool good = b->by_layer ? draw_by_layer(b, words, g, panel, &found, k, legend)
                                    : add_mean(panel, g, &found, label) &&
                                          (!legend || k > 0 ||
                                           add_row(panel, g, g->first, g->color, label));
            status = good ? GSC_OK : gsc_steps_no_memory(b->error);
        }
        clear_curves(&found);
    }
    return status == GSC_OK && words->dashed != NULL && b->by_layer
               ? draw_dashed(b, words, g, panel)
               : status;
}

/* ---- All of it -------------------------------------------------------------------------------- */
/* A series of the panel in any run; NULL: none has it. */
static const gsc_series_info *panel_series(const gsc_steps_builder *b,
                                           const gsc_steps_panel *words) {
    for (size_t r = 0; r < b->n_runs; r++) {
        const bool over = gsc_run_get_info(b->runs[r])->status == GSC_RUN_DONE;
        for (size_t s = 0; s < gsc_run_series_count(b->runs[r]); s++) {
            const gsc_series_info *info = gsc_run_series(b->runs[r], s);
            const bool empty = words->optional && over && gsc_run_points_count(b->runs[r], s) == 0;
            if (!empty && strcmp(info->name, words->series[0]) == 0 &&
                strcmp(info->x_name, "step") == 0) {
                return info;
            }
        }
    }
    return NULL;
}

static gsc_panel *add_panel(gsc_steps_builder *b, const gsc_steps_panel *words,
                            const gsc_series_info *info) {
    char title[160];
    const char *y = info != NULL ? info->y_title : words->title, *unit = info ? info->unit : "";
    bool has_unit = unit[0] == '\0' || strstr(y, unit) != NULL;
    snprintf(title, sizeof title, has_unit ? "%s" : "%s (%s)", y, unit);
    gsc_panel *panel = gsc_figure_add_panel(b->figure, words->name);
    if (panel == NULL || !gsc_figure_set_text(&panel->title, words->title) ||
        !gsc_figure_set_text(&panel->x.title, "Step") ||
        !gsc_figure_set_text(&panel->y.title, title)) {
        return NULL;
    }
    for (size_t i = 0; words->above != NULL && i + 1 < b->figure->n_panels; i++) {
        panel->above =
            strcmp(b->figure->panels[i]->name, words->above) == 0 ? (int)i + 1 : panel->above;
    }
    panel->y.low = words->low;
    panel->y.high = words->high;
    return panel;
}

static gsc_status build(gsc_steps_builder *b) {
    group groups[MOST_GROUPS];
    size_t n = find_groups(b, groups, &b->layers);
    b->by_layer = n == 1 && b->layers <= GSC_PALETTE_SIZE;
    const bool alike = gsc_steps_alike(b->runs, b->n_runs);
    gsc_status status = GSC_OK;
    for (size_t p = 0; p < b->choice->n_panels && status == GSC_OK; p++) {
        const gsc_steps_panel *words = &b->choice->panels[p];
        const gsc_series_info *info = panel_series(b, words);
        /* With nothing to show the first panel says so. */
        if (info == NULL && (p > 0 || n > 0)) {
            continue;
        }
        if (words->alike && !alike) {
            b->left_out = true;
            continue;
        }
        bool legend = !b->named, live = b->live;
        gsc_panel *panel = add_panel(b, words, info);
        if (panel == NULL) {
            return gsc_steps_no_memory(b->error);
        }
        b->live = false;
        for (size_t g = 0; g < n && status == GSC_OK; g++) {
            status = draw_group(b, words, &groups[g], panel, legend);
        }
        b->named = b->named || (panel->n_legend > 0 && (!b->by_layer || words->series[1] == NULL));
        if (b->live && !gsc_figure_set_text(&panel->y.title, words->live_title)) {
            status = gsc_steps_no_memory(b->error);
        }
        b->live = b->live || live;
    }
    return status == GSC_OK ? gsc_steps_add_words(b) : status;
}

gsc_status gsc_steps_build(const gsc_steps_choice *choice, gsc_run *const *runs, size_t n_runs,
                           const gsc_figure_options *options, gsc_figure **ret_figure,
                           gsc_error *error) {
    gsc_steps_builder b = {
        .choice = choice, .runs = runs, .n_runs = n_runs, .options = options, .error = error};
    b.figure = gsc_figure_new(choice->name);
    if (b.figure == NULL) {
        return gsc_steps_no_memory(error);
    }
    gsc_status status = build(&b);
    if (status != GSC_OK) {
        gsc_figure_free(b.figure);
        return status;
    }
    *ret_figure = b.figure;
    return GSC_OK;
}
