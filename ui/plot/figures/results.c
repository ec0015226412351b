/* SPDX-License-Identifier: MIT
 *
 * The figures "scatter" and "parallel": final results of many runs, two against each other, or all
 * that matter side by side. A run is a point, or a line; runs of an arm share a colour.
 * Layer: ui/plot.
 */
#include "ui/plot/figures/compare.h"
#include "ui/plot/figures/figures.h"
#include "ui/plot/figures/varied.h"
#include "ui/plot/ticks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_RESULTS = 6,
    MOST_AXES = 7 /* of both: each wants its name below it */
};

/* What is shown where nothing was asked for, in this order. */
static const char *const usual[] = {
    "validation_loss", "saturation_kappa", "change_rate",   "jain_mass",
    "jain_count",      "max_violation",    "token_entropy", "mutual_information",
    "bits_per_byte",   "perplexity",       "loss",          "log_likelihood",
    "slope_log_n",     "divergence_ratio"};

static const gsc_result *result_of(const gsc_run *run, const char *name) {
    for (size_t i = 0; i < gsc_run_results_count(run); i++) {
        const gsc_result *result = gsc_run_result(run, i);
        if (strcmp(result->name, name) == 0) {
            return result;
        }
    }
    return NULL;
}

/* Least and greatest of a result over the runs; false where fewer than two runs have it. */
static bool range_of(const gsc_compare_builder *b, const char *name, double *ret_low,
                     double *ret_high) {
    size_t n = 0;
    *ret_low = INFINITY, *ret_high = -INFINITY;
    for (size_t r = 0; r < b->n_runs; r++) {
        const gsc_result *result = result_of(b->runs[r], name);
        if (result != NULL && isfinite(result->value)) {
            *ret_low = fmin(*ret_low, result->value);
            *ret_high = fmax(*ret_high, result->value);
            n++;
        }
    }
    return n >= 2;
}

/* The usual results that differ between the runs, then others; at most room. */
static size_t find_axes(const gsc_compare_builder *b, const char **ret_names, size_t room) {
    double low, high;
    size_t n = 0;
    for (size_t i = 0; i < sizeof usual / sizeof *usual && n < room; i++) {
        if (range_of(b, usual[i], &low, &high) && low < high) {
            ret_names[n++] = usual[i];
        }
    }
    return n;
}

/* The run's arm, by which it is coloured: its own number where the runs have no arms. */
static size_t arm_of(const gsc_compare_builder *b, size_t run) {
    const gsc_comparison *c = b->comparison;
    for (size_t i = 0; c != NULL && i < c->n_runs; i++) {
        if (strcmp(c->runs[i].path, gsc_run_get_info(b->runs[run])->path) == 0) {
            return c->runs[i].arm;
        }
    }
    return run;
}

/* A row of the legend for each arm, or for each run. */
static gsc_status add_legend(gsc_compare_builder *b, gsc_panel *panel) {
    const gsc_comparison *c = b->comparison;
    size_t n = c != NULL ? c->n_arms : b->n_runs;
    for (size_t i = 0; i < n; i++) {
        const char *name = c != NULL ? c->arms[i].name : gsc_run_get_info(b->runs[i])->name;
        gsc_legend_row *row = gsc_panel_add_legend(panel, name, "");
        if (row == NULL) {
            return gsc_compare_no_memory(b);
        }
        row->color = row->shape = row->run = (int)i;
        row->series = 0;
    }
    return GSC_OK;
}

/* "validation loss (nat)" */
static void title_of(const gsc_compare_builder *b, const char *name, char *ret_title, size_t size) {
    const gsc_result *result = NULL;
    for (size_t r = 0; r < b->n_runs && result == NULL; r++) {
        result = result_of(b->runs[r], name);
    }
    bool unit = result != NULL && result->unit[0] != '\0';
    snprintf(ret_title, size, "%s%s%s%s", name, unit ? " (" : "", unit ? result->unit : "",
             unit ? ")" : "");
    for (char *at = ret_title; (at = strchr(at, '_')) != NULL;) {
        *at = ' ';
    }
    ret_title[0] =
        (char)(ret_title[0] >= 'a' && ret_title[0] <= 'z' ? ret_title[0] - 32 : ret_title[0]);
}

/* What is said of the figure, and what its results are, by their definitions. Caller clears; NULL in text: no memory. */
static gsc_words say(const gsc_compare_builder *b, const char *what, const char *const *names,
                     size_t n) {
    gsc_words words = {0};
    gsc_words_add(&words, "%s", what);
    for (size_t i = 0; i < n; i++) {
        const gsc_result *result = NULL;
        for (size_t r = 0; names[i] != NULL && r < b->n_runs && result == NULL; r++) {
            result = result_of(b->runs[r], names[i]);
        }
        if (result != NULL && result->definition[0] != '\0') {
            gsc_words_add(&words, " %s: %s.", names[i], result->definition);
        }
    }
    return words;
}

/* Who a run is: its name, what was varied, its seed. */
static void run_label(const gsc_compare_builder *b, const gsc_varied *varied, size_t run,
                      char *ret_label, size_t size) {
    const gsc_run_info *info = gsc_run_get_info(b->runs[run]);
    gsc_words words = {0};
    gsc_words_add(&words, "%s", info->name);
    for (size_t i = 0; i < varied->n; i++) {
        const gsc_varied_key *key = &varied->keys[i];
        gsc_words_add(&words, "%s%s %s", i == 0 ? " · " : ", ", key->name, key->texts[run]);
    }
    gsc_words_add(&words, ", seed %llu", (unsigned long long)info->seed);
    snprintf(ret_label, size, "%s", words.text != NULL && !words.failed ? words.text : info->name);
    gsc_words_clear(&words);
}

/* ---- Scatter ------------------------------------------------------------------------------------ */
static gsc_status draw_scatter(gsc_compare_builder *b, const char *x_name, const char *y_name) {
    char x_title[128], y_title[128], label[320];
    title_of(b, x_name, x_title, sizeof x_title);
    title_of(b, y_name, y_title, sizeof y_title);
    gsc_panel *panel = gsc_compare_panel(b, "scatter", NULL, x_title, y_title);
    gsc_varied varied = {.n = 0};
    gsc_status status = panel != NULL ? add_legend(b, panel) : gsc_compare_no_memory(b);
    if (status == GSC_OK) {
        status = gsc_varied_find(b->runs, b->n_runs, &varied, b->error);
    }
    for (size_t r = 0; r < b->n_runs && status == GSC_OK; r++) {
        const gsc_result *x = result_of(b->runs[r], x_name), *y = result_of(b->runs[r], y_name);
        if (x == NULL || y == NULL) {
            continue;
        }
        run_label(b, &varied, r, label, sizeof label);
        gsc_plot_layer *point =
            gsc_compare_layer(panel, GSC_LAYER_POINTS, 1, true, arm_of(b, r), label);
        if (point == NULL) {
            status = gsc_compare_no_memory(b);
            break;
        }
        point->x[0] = x->value;
        point->y[0] = y->value;
        point->low[0] = y->low;
        point->high[0] = y->high;
    }
    gsc_varied_clear(&varied);
    return status;
}

gsc_status gsc_figure_build_scatter(gsc_run *const *runs, size_t n_runs,
                                    const gsc_figure_options *options, gsc_figure **ret_figure,
                                    gsc_error *error) {
    gsc_compare_builder b;
    const char *axes[2] = {NULL, NULL};
    gsc_status status = gsc_compare_begin(&b, "scatter", runs, n_runs, options, error);
    b.plain = true;
    b.message[0] = '\0'; /* runs without arms have results, too */
    size_t n = status == GSC_OK ? find_axes(&b, axes, 2) : 0;
    const char *y = options->y_result != NULL ? options->y_result : axes[0];
    const char *x = options->x_result != NULL ? options->x_result : n > 1 ? axes[1] : NULL;
    if (status == GSC_OK && x != NULL && y != NULL) {
        status = draw_scatter(&b, x, y);
    } else {
        snprintf(b.message, sizeof b.message,
                 "A scatter wants two results that differ between at least two finished runs");
    }
    const char *const names[] = {x, y};
    gsc_words words = say(&b, "Every point is a run.", names, status == GSC_OK ? 2 : 0);
    if (status == GSC_OK && (words.failed || words.text == NULL)) {
        status = gsc_compare_no_memory(&b);
    }
    status = gsc_compare_finish(&b, status, words.text, ret_figure);
    gsc_words_clear(&words);
    return status;
}

/* ---- Parallel coordinates ----------------------------------------------------------------------- */
/* What was varied from the left, then results. */
typedef struct axes {
    gsc_varied varied;
    const char *names[MOST_RESULTS];
    double low[MOST_RESULTS], high[MOST_RESULTS];
    size_t n_results;
} axes;

/* A name of at most so many letters, the rest as an ellipsis. */
static void shorten(const char *name, size_t letters, char *ret_name, size_t size) {
    size_t bytes = 0, n = 0;
    for (; name[bytes] != '\0' && n < letters; n++) {
        do {
            bytes++;
        } while (((unsigned char)name[bytes] & 0xc0) == 0x80);
    }
    bool whole = name[bytes] == '\0';
    snprintf(ret_name, size, "%.*s%s", (int)bytes, name, whole ? "" : "…");
}

/* "Jain mass" over "0.91…0.96", "Gate" over "softmax…" and "sigmoid", of more kinds how many. */
static bool name_axes(const gsc_compare_builder *b, gsc_panel *panel, const axes *a) {
    enum { /* with their ellipses they fill a label to the last byte */
        TITLE_LETTERS = 16,
        LETTERS = 18
    };
    char texts[MOST_AXES][GSC_TICK_LABEL_SIZE], title[40], low[24], high[24];
    const char *names[MOST_AXES];
    size_t n = 0;
    for (size_t i = 0; i < a->varied.n; i++, n++) {
        const gsc_varied_key *key = &a->varied.keys[i];
        shorten(key->name, TITLE_LETTERS, title, sizeof title);
        shorten(key->low, LETTERS, low, sizeof low);
        shorten(key->high, LETTERS, high, sizeof high);
        if (key->is_number) {
            snprintf(texts[n], sizeof texts[n], "%.19s\n%.19s…%.19s", title, low, high);
        } else if (key->kinds > 2) {
            snprintf(texts[n], sizeof texts[n], "%.19s\n%zu kinds", title, key->kinds);
        } else {
            snprintf(texts[n], sizeof texts[n], "%.19s\n%.21s\n%.21s", title, low, high);
        }
        char *first = &texts[n][0];
        *first = (char)(*first >= 'a' && *first <= 'z' ? *first - 32 : *first);
        names[n] = texts[n];
    }
    for (size_t i = 0; i < a->n_results; i++, n++) {
        char whole[128];
        title_of(b, a->names[i], whole, sizeof whole);
        whole[strcspn(whole, "(")] = '\0';
        shorten(whole, TITLE_LETTERS, title, sizeof title);
        gsc_format_value(a->low[i], 3, low, sizeof low);
        gsc_format_value(a->high[i], 3, high, sizeof high);
        snprintf(texts[n], sizeof texts[n], "%.19s\n%.19s…%.19s", title, low, high);
        names[n] = texts[n];
    }
    return gsc_axis_set_names(&panel->x, names, n);
}

/* How far from its place a run's line passes an axis of what was varied: the runs that share a value lie side by
 * side there, arm by arm, so that none covers another. */
static double fan_out(const gsc_compare_builder *b, const gsc_varied_key *key, size_t run) {
    const size_t arm = arm_of(b, run);
    double gap = 1;
    size_t same = 0, before = 0;
    for (size_t r = 0; r < b->n_runs; r++) {
        const double off = fabs(key->places[r] - key->places[run]);
        if (off > 0) {
            gap = fmin(gap, off);
            continue;
        }
        const size_t other = arm_of(b, r);
        same++;
        before += other < arm || (other == arm && r < run);
    }
    return fmin(0.06, 0.3 * gap) * ((2 * (double)before + 1) / (double)same - 1);
}

static gsc_status draw_run(gsc_compare_builder *b, gsc_panel *panel, size_t run, const axes *a) {
    char label[320];
    run_label(b, &a->varied, run, label, sizeof label);
    gsc_layer_kind kinds[] = {GSC_LAYER_LINE, GSC_LAYER_POINTS};
    size_t n = a->varied.n + a->n_results;
    for (int k = 0; k < 2; k++) {
        gsc_plot_layer *layer = gsc_compare_layer(panel, kinds[k], n, false, arm_of(b, run), label);
        if (layer == NULL) {
            return gsc_compare_no_memory(b);
        }
        layer->weight = 0.6;
        for (size_t i = 0; i < n; i++) {
            layer->x[i] = (double)i;
            if (i < a->varied.n) { /* without a marker: many share the place */
                const gsc_varied_key *key = &a->varied.keys[i];
                layer->y[i] = k == 0 ? key->places[run] + fan_out(b, key, run) : NAN;
                continue;
            }
            size_t at = i - a->varied.n;
            const gsc_result *result = result_of(b->runs[run], a->names[at]);
            layer->y[i] =
                result != NULL ? (result->value - a->low[at]) / (a->high[at] - a->low[at]) : NAN;
        }
    }
    return GSC_OK;
}

gsc_status gsc_figure_build_parallel(gsc_run *const *runs, size_t n_runs,
                                     const gsc_figure_options *options, gsc_figure **ret_figure,
                                     gsc_error *error) {
    gsc_compare_builder b;
    axes a = {.n_results = 0};
    gsc_status status = gsc_compare_begin(&b, "parallel", runs, n_runs, options, error);
    b.plain = true;
    b.message[0] = '\0';
    if (status == GSC_OK) {
        status = gsc_varied_find(runs, n_runs, &a.varied, error);
        size_t room = MOST_AXES - a.varied.n;
        a.n_results = find_axes(&b, a.names, room < MOST_RESULTS ? room : MOST_RESULTS);
    }
    for (size_t i = 0; i < a.n_results; i++) {
        range_of(&b, a.names[i], &a.low[i], &a.high[i]);
    }
    if (status == GSC_OK && a.n_results > 0 && a.n_results + a.varied.n >= 2) {
        gsc_panel *panel =
            gsc_compare_panel(&b, "parallel", NULL, NULL, "From the least (0) to the greatest (1)");
        status = panel != NULL && name_axes(&b, panel, &a) ? add_legend(&b, panel)
                                                           : gsc_compare_no_memory(&b);
        for (size_t r = 0; r < n_runs && status == GSC_OK; r++) {
            status = draw_run(&b, panel, r, &a);
        }
    } else {
        snprintf(
            b.message, sizeof b.message,
            "Parallel coordinates want a result that differs between finished runs, and another or "
            "a varied key beside it");
    }
    gsc_varied_clear(&a.varied);
    gsc_words words = say(&b,
                          "Every line is a run, through what was varied and what came of it; under "
                          "each axis its least and its greatest value, or its first and its last "
                          "kind. Runs that share a value of what was varied pass it side by side.",
                          a.names, status == GSC_OK ? a.n_results : 0);
    if (status == GSC_OK && (words.failed || words.text == NULL)) {
        status = gsc_compare_no_memory(&b);
    }
    status = gsc_compare_finish(&b, status, words.text, ret_figure);
    gsc_words_clear(&words);
    return status;
}
