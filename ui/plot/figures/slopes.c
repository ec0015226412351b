/* SPDX-License-Identifier: MIT
 *
 * The figure "slopes": what a rate owes to how it was measured. The slope of the loss of every arm of
 * one run with its interval, and the share of the arm's fits that reach the best likelihood of any
 * arm, against the number in which arms differ most (a tolerance), a line for each combination of
 * the rest (start mode and seed). Layer: ui/plot.
 */
#include "ui/plot/figures/figures.h"

#include "core/read/findings.h"
#include "core/read/spec.h"
#include "ui/plot/figures/recipe.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_ARMS = 256,
    MOST_GROUPS = 32,
    TEXT = 96
};

/* An entry of theory.arms, on its way into the figure. */
typedef struct arm {
    const char *name;
    const json_t *set;
    double x;
    size_t group;
} arm;

typedef struct builder {
    gsc_run *run;
    const gsc_figure_options *options;
    gsc_figure *figure;
    gsc_error *error;
    json_t *spec;
    const char *key; /* of the x axis; NULL: none, arms stand in their order */
    bool log;
    arm arms[MOST_ARMS];
    size_t n_arms;
    char groups[MOST_GROUPS][TEXT];
    size_t n_groups;
} builder;

static gsc_status no_memory(gsc_error *error) {
    return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left to build the figure");
}

static const json_t *arms_of(const json_t *spec) {
    return json_object_get(json_object_get(spec, "theory"), "arms");
}

bool gsc_figure_has_slopes(const gsc_run_info *info) {
    json_t *spec = info->spec != NULL ? json_loads(info->spec, 0, NULL) : NULL;
    const json_t *list = arms_of(spec);
    bool found = false;
    for (size_t i = 0; i < json_array_size(list) && !found; i++) {
        found = json_object_get(json_object_get(json_array_get(list, i), "set"), "theory.start") !=
                NULL;
    }
    json_decref(spec);
    return found;
}

/* ---- Arms ---------------------------------------------------------------------------------------- */

/* How many different numbers the arms give a key; 0 where one gives none. */
static size_t count_numbers(const builder *b, const char *key) {
    size_t kinds = 0;
    for (size_t i = 0; i < b->n_arms; i++) {
        const json_t *value = json_object_get(b->arms[i].set, key);
        bool fresh = json_is_number(value);
        if (!fresh) {
            return 0;
        }
        for (size_t k = 0; k < i && fresh; k++) {
            fresh =
                json_number_value(json_object_get(b->arms[k].set, key)) != json_number_value(value);
        }
        kinds += fresh;
    }
    return kinds;
}

static void choose_axis(builder *b) {
    const char *key;
    json_t *value;
    size_t most = 1;
    json_object_foreach((json_t *)(b->n_arms > 0 ? b->arms[0].set : NULL), key, value) {
        const size_t kinds = strcmp(key, "seed") != 0 ? count_numbers(b, key) : 0;
        b->key = kinds > most ? key : b->key;
        most = kinds > most ? kinds : most;
    }
    double low = INFINITY, high = 0;
    for (size_t i = 0; i < b->n_arms; i++) {
        arm *one = &b->arms[i];
        one->x = b->key != NULL ? json_number_value(json_object_get(one->set, b->key)) : (double)i;
        low = fmin(low, one->x);
        high = fmax(high, one->x);
    }
    b->log = b->key != NULL && low > 0 && high / low >= 20;
}

/* "theory.start_noise" as "start noise". */
static void say_key(const char *key, char *ret_text, size_t size) {
    const char *last = strrchr(key, '.');
    snprintf(ret_text, size, "%s", last != NULL ? last + 1 : key);
    for (char *at = ret_text; (at = strchr(at, '_')) != NULL;) {
        *at = ' ';
    }
}

/* What tells an arm's line from others: all it sets but the axis; words alone, numbers with their key. */
static void name_group(const builder *b, const arm *one, char *ret_text) {
    const char *key;
    json_t *value;
    size_t used = 0;
    ret_text[0] = '\0';
    json_object_foreach((json_t *)one->set, key, value) {
        char name[48], part[TEXT] = "";
        say_key(key, name, sizeof name);
        if ((b->key != NULL && strcmp(key, b->key) == 0) || json_is_object(value)) {
            continue;
        }
        if (json_is_string(value)) {
            say_key(json_string_value(value), part, sizeof part);
        } else if (json_is_number(value)) {
            snprintf(part, sizeof part, "%s %g", name, json_number_value(value));
        }
        if (part[0] != '\0' && used < TEXT) {
            used +=
                (size_t)snprintf(ret_text + used, TEXT - used, "%s%s", used > 0 ? ", " : "", part);
        }
    }
}

static void read_arms(builder *b, const char *spec) {
    b->spec = spec != NULL ? json_loads(spec, 0, NULL) : NULL;
    const json_t *list = arms_of(b->spec);
    for (size_t i = 0; i < json_array_size(list) && b->n_arms < MOST_ARMS; i++) {
        const json_t *entry = json_array_get(list, i);
        const char *name = json_string_value(json_object_get(entry, "name"));
        if (name != NULL) {
            b->arms[b->n_arms++] = (arm){.name = name, .set = json_object_get(entry, "set")};
        }
    }
    choose_axis(b);
    for (size_t i = 0; i < b->n_arms; i++) {
        char text[TEXT];
        size_t g = 0;
        name_group(b, &b->arms[i], text);
        while (b->key != NULL && g < b->n_groups && strcmp(b->groups[g], text) != 0) {
            g++;
        }
        if (b->key == NULL) {
            text[0] = '\0'; /* the axis names them */
        }
        if (g == b->n_groups && g < MOST_GROUPS) {
            snprintf(b->groups[b->n_groups++], TEXT, "%s", text);
        }
        b->arms[i].group = g < MOST_GROUPS ? g : MOST_GROUPS - 1;
    }
}

static const gsc_result *result_of(const builder *b, const char *name, const arm *one) {
    char full[192];
    const char *part = b->options->part;
    snprintf(full, sizeof full, "%s%s%s", part != NULL ? part : "", part != NULL ? " " : "",
             one->name);
    for (size_t i = 0; i < gsc_run_results_count(b->run); i++) {
        const gsc_result *result = gsc_run_result(b->run, i);
        if (strcmp(result->name, name) == 0 && strcmp(result->arm, full) == 0) {
            return result;
        }
    }
    return NULL;
}

/* ---- Panels -------------------------------------------------------------------------------------- */

static gsc_panel *add_panel(const builder *b, const char *name, const char *title, const char *y) {
    char x[64] = "Arm";
    const char *names[MOST_ARMS];
    gsc_panel *panel = gsc_figure_add_panel(b->figure, name);
    if (b->key != NULL) {
        say_key(b->key, x, sizeof x);
        x[0] = (char)toupper((unsigned char)x[0]);
    }
    if (panel == NULL || !gsc_figure_set_text(&panel->title, title) ||
        !gsc_figure_set_text(&panel->x.title, x) || !gsc_figure_set_text(&panel->y.title, y)) {
        return NULL;
    }
    panel->x.log = b->log;
    for (size_t i = 0; i < b->n_arms; i++) {
        names[i] = b->arms[i].name;
    }
    return b->key != NULL || gsc_axis_set_names(&panel->x, names, b->n_arms) ? panel : NULL;
}

/* Groups stand a little beside each other, so that their bars are seen. */
static double beside(const builder *b, const arm *one) {
    const double off = ((double)one->group - 0.5 * (double)(b->n_groups - 1)) /
                       (double)(b->n_groups > 1 ? b->n_groups : 1);
    return b->key == NULL ? one->x : b->log ? one->x * pow(10, 0.5 * off) : one->x;
}

static gsc_plot_layer *add_layer(const builder *b, gsc_panel *panel, gsc_layer_kind kind, size_t n,
                                 size_t group) {
    gsc_plot_layer *layer = gsc_panel_add_layer(panel, kind, n, kind != GSC_LAYER_LINE);
    if (layer == NULL || !gsc_figure_set_text(&layer->label, b->groups[group])) {
        return NULL;
    }
    layer->color = layer->shape = layer->run = (int)group;
    layer->series = 0;
    return layer;
}

/* One line of a result, with its markers and, where the result has an interval, bars. */
static bool draw_group(builder *b, gsc_panel *panel, const char *name, size_t group,
                       size_t *shown) {
    size_t n = 0;
    for (size_t i = 0; i < b->n_arms; i++) {
        n += b->arms[i].group == group && result_of(b, name, &b->arms[i]) != NULL;
    }
    if (n == 0) {
        return true;
    }
    gsc_plot_layer *bars = add_layer(b, panel, GSC_LAYER_BARS, n, group),
                   *line = add_layer(b, panel, GSC_LAYER_LINE, n, group),
                   *points = add_layer(b, panel, GSC_LAYER_POINTS, n, group);
    if (bars == NULL || line == NULL || points == NULL) {
        return false;
    }
    size_t at = 0;
    for (size_t i = 0; i < b->n_arms; i++) {
        const gsc_result *result =
            b->arms[i].group == group ? result_of(b, name, &b->arms[i]) : NULL;
        if (result == NULL) {
            continue;
        }
        bars->x[at] = line->x[at] = points->x[at] = beside(b, &b->arms[i]);
        line->y[at] = points->y[at] = result->value;
        bars->low[at] = points->low[at] = result->low;
        bars->high[at] = points->high[at] = result->high;
        at++;
    }
    if (b->key == NULL) {
        line->hidden = true;
    }
    *shown += n;
    gsc_legend_row *row =
        b->groups[group][0] != '\0' ? gsc_panel_add_legend(panel, b->groups[group], "") : NULL;
    if (row != NULL) {
        row->color = row->shape = row->run = (int)group;
        row->series = 0;
    }
    return row != NULL || b->groups[group][0] == '\0';
}

/* The proven exponent of the loss, across all arms. */
static bool draw_bound(builder *b, gsc_panel *panel) {
    const gsc_series_info *loss = NULL;
    for (size_t i = 0; i < gsc_run_series_count(b->run) && loss == NULL; i++) {
        const gsc_series_info *info = gsc_run_series(b->run, i);
        loss = strcmp(info->name, "loss") == 0 && isfinite(info->bound) &&
                       gsc_figure_in_part(b->options, info)
                   ? info
                   : NULL;
    }
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < b->n_arms; i++) {
        low = fmin(low, beside(b, &b->arms[i]));
        high = fmax(high, beside(b, &b->arms[i]));
    }
    if (loss == NULL || !(low < high)) {
        return true;
    }
    gsc_plot_layer *line = gsc_panel_add_layer(panel, GSC_LAYER_DASHED, 2, false);
    if (line == NULL || !gsc_figure_set_text(&line->inline_label, loss->bound_title)) {
        return false;
    }
    line->run = line->series = -1;
    line->x[0] = low;
    line->x[1] = high;
    line->y[0] = line->y[1] = loss->bound;
    return true;
}

static gsc_status draw(builder *b) {
    gsc_panel *slopes = add_panel(b, "slopes", "Slope of the loss", "Slope in log n"),
              *reached = slopes != NULL ? add_panel(b, "reached_best",
                                                    "Reached the best likelihood", "Share of fits")
                                        : NULL;
    size_t shown = 0;
    bool good = reached != NULL;
    for (size_t g = 0; g < b->n_groups && good; g++) {
        good = draw_group(b, slopes, "slope_log_n", g, &shown) &&
               draw_group(b, reached, "reached_best", g, &shown);
    }
    if (good) {
        reached->y.low = 0;
        good = draw_bound(b, slopes);
    }
    if (good && shown == 0) {
        const gsc_run_status status = gsc_run_get_info(b->run)->status;
        const char *message = status == GSC_RUN_RUNNING || status == GSC_RUN_QUEUED
                                  ? "Waiting for the last fit…"
                                  : "This run has no slopes of several arms";
        good = gsc_figure_set_text(&slopes->message, message);
    }
    return good ? GSC_OK : no_memory(b->error);
}

/* ---- Words --------------------------------------------------------------------------------------- */

static gsc_status add_words(builder *b, const gsc_run_info *info) {
    gsc_words subtitle = {0}, recipe = {0}, spec = {0};
    gsc_words_add_setup(&subtitle, info);
    gsc_words_add(
        &recipe,
        "Left: least-squares slope of the log median loss over sample sizes of each arm, "
        "with its 95%% bootstrap interval over replicates; dashed: the proven upper bound. "
        "Right: share of an arm's fits within 0.1 nat of the best likelihood of any arm on "
        "the same sample. Lines join arms that differ in the axis alone, drawn a little "
        "beside each other.\n");
    gsc_words_add_origin(&recipe, gsc_run_get_info(b->run));
    gsc_words_add(&spec, "[%s]", info->spec != NULL ? info->spec : "null");
    const bool good = gsc_words_set(b->figure, info->title[0] != '\0' ? info->title : info->name,
                                    &subtitle, &recipe, &spec);
    return good ? GSC_OK : no_memory(b->error);
}

gsc_status gsc_figure_build_slopes(gsc_run *const *runs, size_t n_runs,
                                   const gsc_figure_options *options, gsc_figure **ret_figure,
                                   gsc_error *error) {
    builder *b = calloc(1, sizeof *b);
    gsc_figure *figure = gsc_figure_new("slopes");
    gsc_status status = b != NULL && figure != NULL ? GSC_OK : no_memory(error);
    if (status == GSC_OK && n_runs == 0) {
        gsc_panel *panel = gsc_figure_add_panel(figure, "slopes");
        const bool good =
            panel != NULL && gsc_figure_set_text(&panel->message, "No run to show yet");
        status = good ? GSC_OK : no_memory(error);
    } else if (status == GSC_OK) {
        gsc_part_words part;
        const bool has_part = gsc_part_words_init(&part, runs[0], options->part);
        const gsc_run_info *info = has_part ? &part.info : gsc_run_get_info(runs[0]);
        b->run = runs[0];
        b->options = options;
        b->figure = figure;
        b->error = error;
        read_arms(b, info->spec);
        status = draw(b);
        status = status == GSC_OK ? add_words(b, info) : status;
        json_decref(b->spec);
        gsc_part_words_clear(&part);
    }
    free(b);
    if (status != GSC_OK) {
        gsc_figure_free(figure);
        return status;
    }
    *ret_figure = figure;
    return GSC_OK;
}
