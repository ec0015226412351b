/* SPDX-License-Identifier: MIT
 *
 * See group.h. Layer: ui/plot; jansson.
 */
#include "ui/plot/group.h"

#include "core/read/student.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_LINES = 64 /* of one run in one panel */
};

/* The lines of one run in a panel, in their order. */
typedef struct lines {
    gsc_plot_layer *all[MOST_LINES];
    size_t n;
} lines;

/* Runs of one group: indices in the build, ascending. */
typedef struct group {
    int *runs;
    size_t n;
    char *name;
} group;

/* ---- Bands -------------------------------------------------------------------------------------- */

void gsc_band_of(gsc_band band, const double *values, size_t n, size_t stride, double *ret_mean,
                 double *ret_low, double *ret_high) {
    double sum = 0, squares = 0, low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        sum += values[i * stride];
        low = fmin(low, values[i * stride]);
        high = fmax(high, values[i * stride]);
    }
    double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        squares += (values[i * stride] - mean) * (values[i * stride] - mean);
    }
    double sd = n > 1 ? sqrt(squares / (double)(n - 1)) : NAN;
    double half = band == GSC_BAND_SD      ? sd
                  : band == GSC_BAND_ERROR ? sd / sqrt((double)n)
                  : n > 1 ? gsc_student_quantile(0.975, (double)(n - 1)) * sd / sqrt((double)n)
                          : NAN;
    *ret_mean = mean;
    *ret_low = band == GSC_BAND_RANGE ? low : mean - half;
    *ret_high = band == GSC_BAND_RANGE ? high : mean + half;
}

const char *gsc_band_title(gsc_band band) {
    static const char *const titles[] = {[GSC_BAND_95] = "95% interval of the mean",
                                         [GSC_BAND_SD] = "standard deviation",
                                         [GSC_BAND_ERROR] = "standard error of the mean",
                                         [GSC_BAND_RANGE] = "least to greatest"};
    return titles[band];
}

/* ---- Groups ------------------------------------------------------------------------------------- */

static gsc_status no_memory(gsc_error *error) {
    return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left to group the runs");
}

/* A run's spec as text, without its seed and names; NULL: it has none. Caller frees. */
static char *bare_spec(gsc_run *run) {
    static const char *const names[] = {"seed", "title", "summary", "threads"};
    json_t *spec = json_loads(gsc_run_get_info(run)->spec, 0, NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        json_object_del(spec, names[i]);
    }
    char *text = spec != NULL ? json_dumps(spec, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(spec);
    return text;
}

static bool ends_in(const char *text, size_t length, const char *end) {
    size_t n = strlen(end);
    return length > n && strncmp(text + length - n, end, n) == 0;
}

/* What the names of the runs begin with, without the number behind it: "small" of small-1, small-2 and of
 * small-s1, small-s2. */
static char *common_name(gsc_run *const *runs, const group *g) {
    const char *first = gsc_run_get_info(runs[g->runs[0]])->name;
    size_t length = strlen(first);
    for (size_t i = 1; i < g->n; i++) {
        const char *other = gsc_run_get_info(runs[g->runs[i]])->name;
        size_t same = 0;
        while (same < length && first[same] == other[same]) {
            same++;
        }
        length = same;
    }
    while (length > 0 && strchr("-_. 0123456789", first[length - 1]) != NULL) {
        length--;
    }
    length -= ends_in(first, length, "-seed") ? strlen("-seed")
              : ends_in(first, length, "-s")  ? strlen("-s")
                                              : 0;
    return strndup(first, length > 0 ? length : strlen(first));
}

static void free_groups(group *groups, size_t n) {
    for (size_t i = 0; i < n; i++) {
        free(groups[i].runs);
        free(groups[i].name);
    }
    free(groups);
}

/* Groups of two runs or more. */
static gsc_status find_groups(gsc_run *const *runs, size_t n_runs, group **ret_groups,
                              size_t *ret_n, gsc_error *error) {
    group *groups = calloc(n_runs + 1, sizeof *groups);
    char **specs = calloc(n_runs + 1, sizeof(char *));
    bool good = groups != NULL && specs != NULL;
    size_t n = 0;
    for (size_t r = 0; good && r < n_runs; r++) {
        specs[r] = bare_spec(runs[r]);
    }
    for (size_t r = 0; good && r < n_runs; r++) {
        group *g = &groups[n];
        g->runs = calloc(n_runs, sizeof *g->runs);
        good = g->runs != NULL;
        for (size_t i = r; good && specs[r] != NULL && i < n_runs; i++) {
            if (specs[i] != NULL && strcmp(specs[i], specs[r]) == 0) {
                g->runs[g->n++] = (int)i;
            }
        }
        for (size_t k = 1; good && k < g->n; k++) {
            free(specs[g->runs[k]]);
            specs[g->runs[k]] = NULL;
        }
        if (good && g->n > 1) {
            g->name = common_name(runs, g);
            good = g->name != NULL;
            n++;
        } else {
            free(g->runs);
            *g = (group){0};
        }
    }
    for (size_t r = 0; specs != NULL && r < n_runs; r++) {
        free(specs[r]);
    }
    free(specs);
    if (!good) {
        free_groups(groups, groups != NULL ? n : 0);
        return no_memory(error);
    }
    *ret_groups = groups;
    *ret_n = n;
    return GSC_OK;
}

static bool is_in(const group *g, int run) {
    for (size_t i = 0; i < g->n; i++) {
        if (g->runs[i] == run) {
            return true;
        }
    }
    return false;
}

gsc_status gsc_group_colors(gsc_run *const *runs, size_t n_runs, int *ret_colors,
                            gsc_error *error) {
    group *groups = NULL;
    size_t n = 0;
    int next = 0;
    gsc_status status = find_groups(runs, n_runs, &groups, &n, error);
    for (size_t r = 0; status == GSC_OK && r < n_runs; r++) {
        size_t i = 0;
        while (i < n && !is_in(&groups[i], (int)r)) {
            i++;
        }
        ret_colors[r] =
            i < n && groups[i].runs[0] != (int)r ? ret_colors[groups[i].runs[0]] : next++;
    }
    free_groups(groups, n);
    return status;
}

/* ---- One panel ---------------------------------------------------------------------------------- */

static lines find_lines(const gsc_panel *panel, int run, gsc_layer_kind kind) {
    lines found = {.n = 0};
    for (size_t i = 0; i < panel->n_layers && found.n < MOST_LINES; i++) {
        gsc_plot_layer *layer = panel->layers[i];
        if (layer->kind == kind && layer->run == run) {
            found.all[found.n++] = layer;
        }
    }
    return found;
}

/* "small · sigmoid (n = 3)" of "small-1 · sigmoid"; false: no memory. */
static bool name_member(char **member, const group *g, const char *first_name) {
    char text[256];
    const char *label = *member != NULL ? *member : "";
    size_t length = strlen(first_name);
    if (strncmp(label, first_name, length) == 0) {
        snprintf(text, sizeof text, "%s%s (n = %zu)", g->name, label + length, g->n);
    } else {
        snprintf(text, sizeof text, "%s (n = %zu)", label, g->n);
    }
    return gsc_figure_set_text(member, text);
}

/* The values of every run at the next x that all have; false: there is none. at: a cursor for each. */
static bool next_common(const lines *of, size_t n, size_t line, size_t *at, double *ret_x,
                        double *ret_values) {
    for (;; at[0]++) {
        const gsc_plot_layer *first = of[0].all[line];
        if (at[0] >= first->n) {
            return false;
        }
        double x = first->x[at[0]];
        bool all = true;
        for (size_t i = 0; i < n && all; i++) {
            const gsc_plot_layer *layer = of[i].all[line];
            while (at[i] < layer->n && !(layer->x[at[i]] >= x)) {
                at[i]++;
            }
            all = at[i] < layer->n && layer->x[at[i]] == x && isfinite(layer->y[at[i]]);
            ret_values[i] = all ? layer->y[at[i]] : NAN;
        }
        if (all) {
            *ret_x = x;
            at[0]++;
            return true;
        }
    }
}

static void take_looks(gsc_plot_layer *layer, const gsc_plot_layer *from) {
    layer->color = from->color;
    layer->shape = from->shape;
    layer->run = from->run;
    layer->series = from->series;
    layer->hidden = from->hidden;
    layer->weight = from->weight;
}

/* Mean and band of one line of the group, behind all layers that there are. */
static bool add_mean(gsc_panel *panel, const group *g, const lines *of, size_t line,
                     const char *first_name, gsc_band kind) {
    const gsc_plot_layer *first = of[0].all[line];
    size_t *at = calloc(g->n, sizeof *at);
    double *values = calloc(g->n, sizeof *values), least = INFINITY, x;
    gsc_plot_layer *band = gsc_panel_add_layer(panel, GSC_LAYER_BAND, first->n, true);
    gsc_plot_layer *mean = gsc_panel_add_layer(panel, GSC_LAYER_LINE, first->n, true);
    bool good = at != NULL && values != NULL && band != NULL && mean != NULL &&
                gsc_figure_set_text(&mean->label, first->label) &&
                name_member(&mean->label, g, first_name) &&
                gsc_figure_set_text(&band->label, gsc_band_title(kind));
    size_t n = 0;
    for (; good && next_common(of, g->n, line, at, &x, values); n++) {
        band->x[n] = mean->x[n] = x;
        gsc_band_of(kind, values, g->n, 1, &mean->y[n], &band->low[n], &band->high[n]);
        least = fmin(least, mean->y[n] > 0 ? mean->y[n] : INFINITY);
        least = fmin(least, band->low[n] > 0 ? band->low[n] : INFINITY);
    }
    for (size_t i = 0; good && i < n; i++) {
        if (panel->y.log && band->low[i] <= 0) {
            band->low[i] = least;
        }
        mean->low[i] = band->low[i];
        mean->high[i] = band->high[i];
    }
    if (good) {
        band->n = mean->n = n;
        take_looks(band, first);
        take_looks(mean, first);
    }
    free(at);
    free(values);
    return good;
}

/* Takes away what the means stand for: all layers of the group but theory's dashed lines of its first run. */
static void drop_layers(gsc_panel *panel, const group *g, size_t n_before) {
    size_t kept = 0;
    for (size_t i = 0; i < panel->n_layers; i++) {
        gsc_plot_layer *layer = panel->layers[i];
        bool theory = layer->kind == GSC_LAYER_DASHED && layer->run == g->runs[0];
        if (i < n_before && is_in(g, layer->run) && !theory) {
            gsc_plot_layer_free(layer);
        } else {
            panel->layers[kept++] = layer;
        }
    }
    panel->n_layers = kept;
}

static bool group_legend(gsc_panel *panel, const group *g, const char *first_name) {
    size_t kept = 0;
    bool good = true;
    for (size_t i = 0; i < panel->n_legend; i++) {
        gsc_legend_row *row = panel->legend[i];
        if (is_in(g, row->run) && row->run != g->runs[0]) {
            free(row->label);
            free(row->value);
            free(row);
            continue;
        }
        if (row->run == g->runs[0]) { /* a number of one run is none of their mean */
            good = good && name_member(&row->label, g, first_name) &&
                   gsc_figure_set_text(&row->value, "");
        }
        panel->legend[kept++] = row;
    }
    panel->n_legend = kept;
    return good;
}

/* The layers of this kind of every run; false: there are none, or not as many of each. */
static bool find_all(const gsc_panel *panel, const group *g, gsc_layer_kind kind, lines *of) {
    for (size_t i = 0; i < g->n; i++) {
        size_t n_lines = find_lines(panel, g->runs[i], GSC_LAYER_LINE).n;
        of[i] = find_lines(panel, g->runs[i], kind);
        if (of[i].n == 0 || of[i].n != of[0].n || of[i].n < n_lines) {
            return false;
        }
    }
    return true;
}

static bool group_panel(gsc_panel *panel, const group *g, const char *first_name, gsc_band kind,
                        bool *ret_drawn) {
    lines *of = calloc(g->n, sizeof *of);
    size_t n_before = panel->n_layers;
    bool good = of != NULL;
    /* Lines through markers may be fits to them: the markers are what was measured. */
    bool same = good && (find_all(panel, g, GSC_LAYER_POINTS, of) ||
                         find_all(panel, g, GSC_LAYER_LINE, of));
    for (size_t k = 0; same && good && k < of[0].n; k++) {
        good = add_mean(panel, g, of, k, first_name, kind);
    }
    if (same && good) {
        drop_layers(panel, g, n_before);
        good = group_legend(panel, g, first_name);
        *ret_drawn = true;
    }
    free(of);
    return good;
}

/* ---- The figure --------------------------------------------------------------------------------- */

static bool note(gsc_figure *figure, gsc_band kind) {
    const char *recipe = figure->recipe != NULL ? figure->recipe : "";
    const char *old = figure->band_words != NULL ? strstr(recipe, figure->band_words) : NULL;
    const char *rest = old != NULL ? old + strlen(figure->band_words) : recipe;
    const size_t size = strlen(recipe) + 160, before = old != NULL ? (size_t)(old - recipe) : 0;
    char *text = malloc(size);
    if (text == NULL) {
        return false;
    }
    snprintf(text, size, "Lines are means of n seeds; bands: %s. %.*s%s", gsc_band_title(kind),
             (int)before, recipe, rest);
    bool good = gsc_figure_set_text(&figure->recipe, text);
    free(text);
    return good;
}

gsc_status gsc_figure_group(gsc_figure *figure, gsc_run *const *runs, size_t n_runs, gsc_band band,
                            size_t *ret_groups, gsc_error *error) {
    group *groups = NULL;
    size_t n = 0, n_drawn = 0;
    gsc_status status = figure->by_arm ? GSC_OK : find_groups(runs, n_runs, &groups, &n, error);
    for (size_t i = 0; status == GSC_OK && i < n; i++) {
        const char *first_name = gsc_run_get_info(runs[groups[i].runs[0]])->name;
        bool drawn = false;
        for (size_t p = 0; status == GSC_OK && p < figure->n_panels; p++) {
            if (!group_panel(figure->panels[p], &groups[i], first_name, band, &drawn)) {
                status = no_memory(error);
            }
        }
        n_drawn += drawn;
    }
    if (status == GSC_OK && n_drawn > 0 && !note(figure, band)) {
        status = no_memory(error);
    }
    free_groups(groups, n);
    if (status == GSC_OK && ret_groups != NULL) {
        *ret_groups = n_drawn;
    }
    return status;
}
