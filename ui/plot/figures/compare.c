/* SPDX-License-Identifier: MIT
 *
 * The figure "compare": the course of every arm as mean and band over its seeds, the paired
 * difference to the baseline over steps, and every arm's difference at the end with its verdict: at the
 * shared learning rate, and where rates were tuned at each arm's best.
 * Layer: ui/plot.
 */
#include "ui/plot/figures/compare.h"

#include "ui/plot/figures/figures.h"
#include "ui/plot/group.h"
#include "ui/plot/ticks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Means -------------------------------------------------------------------------------------- */
/* The figure's series: that of the result, else the loss. */
static const char *series_of(const gsc_compare_builder *b) {
    for (size_t r = 0; r < b->n_runs; r++) {
        for (size_t s = 0; s < gsc_run_series_count(b->runs[r]); s++) {
            const gsc_series_info *info = gsc_run_series(b->runs[r], s);
            if (strcmp(info->name, b->comparison->result) == 0 && info->layer < 0) {
                return info->name;
            }
        }
    }
    return "loss";
}

/* All points of an arm's runs, and how many runs have any. */
static gsc_status read_arm(const gsc_compare_builder *b, size_t arm, const char *name,
                           gsc_point **ret_points, size_t *ret_count, size_t *ret_runs) {
    const gsc_comparison *c = b->comparison;
    gsc_status status = GSC_OK;
    *ret_points = NULL;
    *ret_count = *ret_runs = 0;
    for (size_t i = 0; i < c->n_runs && status == GSC_OK; i++) {
        gsc_run *run = NULL;
        for (size_t r = 0; r < b->n_runs; r++) {
            run =
                strcmp(gsc_run_get_info(b->runs[r])->path, c->runs[i].path) == 0 ? b->runs[r] : run;
        }
        bool wanted = run != NULL && c->runs[i].arm == arm && c->runs[i].stage == GSC_SWEEP_MAIN;
        for (size_t s = 0; wanted && s < gsc_run_series_count(run) && status == GSC_OK; s++) {
            const gsc_series_info *info = gsc_run_series(run, s);
            gsc_point *points = NULL;
            size_t n = 0;
            if (strcmp(info->name, name) != 0 || info->layer >= 0) {
                continue;
            }
            status = gsc_run_dup_points(run, s, &points, &n, b->error);
            gsc_point *all =
                status == GSC_OK ? realloc(*ret_points, (*ret_count + n + 1) * sizeof *all) : NULL;
            if (all != NULL) {
                memcpy(all + *ret_count, points, n * sizeof *points);
                *ret_points = all;
                *ret_count += n;
                *ret_runs += n > 0;
            } else if (status == GSC_OK) {
                status = gsc_compare_no_memory(b);
            }
            free(points);
        }
    }
    return status;
}

static int by_x(const void *a, const void *b) {
    double x = ((const gsc_point *)a)->x, y = ((const gsc_point *)b)->x;
    return (x > y) - (x < y);
}

/* Mean and band at every x that all runs of the arm have: where one has ended, a mean of the others
 * would jump. */
static gsc_status draw_mean(gsc_compare_builder *b, gsc_panel *panel, size_t arm,
                            const char *name) {
    const char *title = b->comparison->arms[arm].name;
    gsc_point *points;
    size_t n, runs, shown = 0;
    gsc_status status = read_arm(b, arm, name, &points, &n, &runs);
    gsc_plot_layer *band = NULL, *line = NULL;
    if (status == GSC_OK && n > 0) {
        qsort(points, n, sizeof *points, by_x);
        band = gsc_compare_layer(panel, GSC_LAYER_BAND, n, true, arm, title);
        line = gsc_compare_layer(panel, GSC_LAYER_LINE, n, true, arm, title);
        status = band != NULL && line != NULL ? GSC_OK : gsc_compare_no_memory(b);
    }
    for (size_t i = 0, end; status == GSC_OK && i < n; i = end) {
        for (end = i + 1; end < n && points[end].x == points[i].x; end++) {
        }
        if (end - i == runs) {
            band->x[shown] = line->x[shown] = points[i].x;
            gsc_band_of(b->options->band, &points[i].y, runs, sizeof *points / sizeof points->y,
                        &line->y[shown], &line->low[shown], &line->high[shown]);
            band->low[shown] = line->low[shown];
            band->high[shown] = line->high[shown];
            shown++;
        }
    }
    if (line != NULL) {
        char count[32];
        band->n = line->n = shown;
        snprintf(count, sizeof count, "n = %zu", runs);
        gsc_legend_row *row = gsc_panel_add_legend(panel, title, count);
        if (row != NULL) {
            row->color = row->shape = row->run = (int)arm;
            row->series = 0;
        } else {
            status = gsc_compare_no_memory(b);
        }
    }
    free(points);
    return status;
}

static gsc_status draw_means(gsc_compare_builder *b) {
    static const char *const bands[] = {[GSC_BAND_95] = "Mean and its 95% interval",
                                        [GSC_BAND_SD] = "Mean ± standard deviation",
                                        [GSC_BAND_ERROR] = "Mean ± standard error",
                                        [GSC_BAND_RANGE] = "Mean, least to greatest"};
    const gsc_comparison *c = b->comparison;
    const char *name = series_of(b);
    char title[160];
    snprintf(title, sizeof title, "%s%s%s%s", name, c->unit[0] != '\0' ? " (" : "", c->unit,
             c->unit[0] != '\0' ? ")" : "");
    for (char *at = title; (at = strchr(at, '_')) != NULL;) {
        *at = ' ';
    }
    title[0] = (char)(title[0] >= 'a' && title[0] <= 'z' ? title[0] - 32 : title[0]);
    gsc_panel *panel = gsc_compare_panel(b, "means", bands[b->options->band], "Step", title);
    gsc_status status = panel != NULL ? GSC_OK : gsc_compare_no_memory(b);
    for (size_t a = 0; a < c->n_arms && status == GSC_OK; a++) {
        status = draw_mean(b, panel, a, name);
    }
    return status;
}

/* ---- Differences -------------------------------------------------------------------------------- */
static gsc_status draw_curves(gsc_compare_builder *b) {
    const gsc_comparison *c = b->comparison;
    const char *name = series_of(b);
    double low = INFINITY, high = -INFINITY;
    char title[128];
    gsc_compare_difference_title(b, "Arm − baseline, in pairs", title, sizeof title);
    gsc_panel *panel =
        gsc_compare_panel(b, "difference", "Difference to the baseline", "Step", title);
    gsc_status status = panel != NULL ? GSC_OK : gsc_compare_no_memory(b);
    for (size_t a = 0; a < c->n_arms && status == GSC_OK; a++) {
        gsc_compare_point *points = NULL;
        size_t n = 0;
        if (a == c->baseline) {
            continue;
        }
        status = gsc_compare_curve(c, a, name, -1, &points, &n, b->error);
        gsc_plot_layer *band = NULL, *line = NULL;
        if (status == GSC_OK && n > 0) {
            band = gsc_compare_layer(panel, GSC_LAYER_BAND, n, true, a, c->arms[a].name);
            line = gsc_compare_layer(panel, GSC_LAYER_LINE, n, true, a, c->arms[a].name);
            status = band != NULL && line != NULL ? GSC_OK : gsc_compare_no_memory(b);
        }
        for (size_t i = 0; status == GSC_OK && i < n; i++) {
            const gsc_paired *d = &points[i].difference;
            band->x[i] = line->x[i] = points[i].x;
            line->y[i] = d->mean;
            band->low[i] = line->low[i] = d->low;
            band->high[i] = line->high[i] = d->high;
            low = fmin(low, points[i].x);
            high = fmax(high, points[i].x);
        }
        free(points);
    }
    if (status == GSC_OK && low <= high && !gsc_compare_rule(panel, low, high, 0, "baseline")) {
        status = gsc_compare_no_memory(b);
    }
    return status;
}

/* ---- Verdicts ----------------------------------------------------------------------------------- */
/* "better: −0.02 [−0.03, −0.01], n = 8, rate 0.006"; the rate where every arm has its own. */
static void say_verdict(const gsc_comparison *comparison, const gsc_compare_arm *it,
                        char *ret_value, size_t size) {
    char mean[40], low[40], high[40], rate[40] = "";
    gsc_format_value(it->difference.mean, 2, mean, sizeof mean);
    gsc_format_value(it->difference.low, 2, low, sizeof low);
    gsc_format_value(it->difference.high, 2, high, sizeof high);
    if (comparison->best && isfinite(it->rate)) {
        snprintf(rate, sizeof rate, ", rate %g", it->rate);
    }
    if (it->difference.n > 1) {
        snprintf(ret_value, size, "%s: %s [%s, %s], n = %zu%s", gsc_verdict_name(it->verdict), mean,
                 low, high, it->difference.n, rate);
    } else {
        snprintf(ret_value, size, "%s: n = %zu%s", gsc_verdict_name(it->verdict), it->difference.n,
                 rate);
    }
}

static gsc_status draw_arm(gsc_compare_builder *b, gsc_panel *panel, size_t arm, double at) {
    const gsc_compare_arm *it = &b->comparison->arms[arm];
    char value[200];
    gsc_plot_layer *bars = gsc_compare_layer(panel, GSC_LAYER_BARS, 1, true, arm, it->name);
    gsc_plot_layer *point = gsc_compare_layer(panel, GSC_LAYER_POINTS, 1, true, arm, it->sentence);
    if (bars == NULL || point == NULL) {
        return gsc_compare_no_memory(b);
    }
    bars->x[0] = point->x[0] = at;
    point->y[0] = it->difference.mean;
    bars->low[0] = point->low[0] = it->difference.low;
    bars->high[0] = point->high[0] = it->difference.high;
    say_verdict(b->comparison, it, value, sizeof value);
    gsc_legend_row *row = gsc_panel_add_legend(panel, it->name, value);
    if (row == NULL) {
        return gsc_compare_no_memory(b);
    }
    row->color = row->shape = row->run = (int)arm;
    row->series = 0;
    return GSC_OK;
}

static gsc_status draw_verdicts(gsc_compare_builder *b, const char *name, const char *says) {
    const gsc_comparison *c = b->comparison;
    const char **names = calloc(c->n_arms + 1, sizeof *names);
    char title[128];
    gsc_compare_difference_title(b, "Arm − baseline", title, sizeof title);
    gsc_panel *panel = gsc_compare_panel(b, name, says, NULL, title);
    gsc_status status = panel != NULL && names != NULL ? GSC_OK : gsc_compare_no_memory(b);
    size_t n = 0;
    for (size_t a = 0; a < c->n_arms && status == GSC_OK; a++) {
        if (a != c->baseline) {
            names[n] = c->arms[a].name;
            status = draw_arm(b, panel, a, (double)n);
            n++;
        }
    }
    double last = (double)n - 0.5;
    if (status == GSC_OK &&
        (!gsc_axis_set_names(&panel->x, names, n) ||
         !gsc_compare_rule(panel, -0.5, last, 0, "baseline") ||
         (c->margin > 0 && (!gsc_compare_rule(panel, -0.5, last, c->margin, "margin") ||
                            !gsc_compare_rule(panel, -0.5, last, -c->margin, NULL))))) {
        status = gsc_compare_no_memory(b);
    }
    free(names);
    return status;
}

/* The other verdict of a sweep with tuning: is the difference one of the arms, or of their learning rates? */
static gsc_status draw_best(gsc_compare_builder *b) {
    gsc_comparison *shared = NULL;
    gsc_status status = gsc_compare_turn_to_best(b, &shared);
    if (status == GSC_OK) {
        status = draw_verdicts(b, "best", "Each at its best rate");
        gsc_comparison_free(b->comparison);
        b->comparison = shared;
    }
    return status;
}

gsc_status gsc_figure_build_compare(gsc_run *const *runs, size_t n_runs,
                                    const gsc_figure_options *options, gsc_figure **ret_figure,
                                    gsc_error *error) {
    gsc_compare_builder b;
    gsc_status status = gsc_compare_begin(&b, "compare", runs, n_runs, options, error);
    if (status == GSC_OK && b.comparison != NULL) {
        /* a slope is of a whole run: it has no course over steps */
        if (strncmp(b.comparison->result, "slope", strlen("slope")) != 0) {
            status = draw_means(&b);
            status = status == GSC_OK ? draw_curves(&b) : status;
        }
        const bool tuned = b.comparison->tuned;
        status = status == GSC_OK
                     ? draw_verdicts(&b, "verdicts", tuned ? "At the shared rate" : "At the end")
                     : status;
        status = status == GSC_OK && tuned ? draw_best(&b) : status;
    }
    return gsc_compare_finish(&b, status, "Means over the seeds of an arm, where all have a value.",
                              ret_figure);
}
