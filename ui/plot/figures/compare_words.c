/* SPDX-License-Identifier: MIT
 *
 * See compare.h. Layer: ui/plot.
 */
#include "ui/plot/figures/compare.h"

#include "ui/plot/theme.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Compares the builder's runs; best: each arm at its own value of tuning. */
static gsc_status compare_runs(const gsc_compare_builder *self, bool best,
                               gsc_comparison **ret_comparison, gsc_error *error) {
    const gsc_compare_options options = {.baseline = self->options->baseline, .best = best};
    const char **paths = calloc(self->n_runs + 1, sizeof *paths);
    if (paths == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left to compare the runs");
    }
    for (size_t r = 0; r < self->n_runs; r++) {
        paths[r] = gsc_run_get_info(self->runs[r])->path;
    }
    gsc_status status = gsc_compare_open(paths, self->n_runs, &options, ret_comparison, error);
    free(paths);
    return status;
}

gsc_status gsc_compare_begin(gsc_compare_builder *self, const char *figure, gsc_run *const *runs,
                             size_t n_runs, const gsc_figure_options *options, gsc_error *error) {
    *self =
        (gsc_compare_builder){.runs = runs, .n_runs = n_runs, .options = options, .error = error};
    self->figure = gsc_figure_new(figure);
    if (self->figure == NULL) {
        return gsc_compare_no_memory(self);
    }
    self->figure->by_arm = true;
    gsc_error why = {.status = GSC_OK};
    if (n_runs == 0) {
        snprintf(self->message, sizeof self->message, "No runs to compare yet");
    } else if (compare_runs(self, false, &self->comparison, &why) != GSC_OK) {
        snprintf(self->message, sizeof self->message, "%s", why.message);
        self->message[0] = (char)toupper((unsigned char)self->message[0]);
    }
    return GSC_OK;
}

gsc_status gsc_compare_turn_to_best(gsc_compare_builder *self, gsc_comparison **ret_shared) {
    gsc_comparison *best = NULL;
    gsc_status status = compare_runs(self, true, &best, self->error);
    if (status == GSC_OK) {
        *ret_shared = self->comparison;
        self->comparison = best;
    }
    return status;
}

gsc_panel *gsc_compare_panel(gsc_compare_builder *self, const char *name, const char *title,
                             const char *x, const char *y) {
    gsc_panel *panel = gsc_figure_add_panel(self->figure, name);
    return panel != NULL && gsc_figure_set_text(&panel->title, title) &&
                   gsc_figure_set_text(&panel->x.title, x) &&
                   gsc_figure_set_text(&panel->y.title, y)
               ? panel
               : NULL;
}

gsc_plot_layer *gsc_compare_layer(gsc_panel *panel, gsc_layer_kind kind, size_t n, bool interval,
                                  size_t arm, const char *label) {
    gsc_plot_layer *layer = gsc_panel_add_layer(panel, kind, n, interval);
    if (layer == NULL || !gsc_figure_set_text(&layer->label, label)) {
        return NULL;
    }
    layer->color = layer->shape = (int)arm;
    layer->run = (int)arm;
    layer->series = 0;
    return layer;
}

bool gsc_compare_rule(gsc_panel *panel, double x0, double x1, double y, const char *label) {
    gsc_plot_layer *rule = gsc_panel_add_layer(panel, GSC_LAYER_DASHED, 2, false);
    if (rule == NULL || !gsc_figure_set_text(&rule->inline_label, label)) {
        return false;
    }
    rule->color = GSC_PALETTE_SIZE - 1;
    rule->x[0] = x0;
    rule->x[1] = x1;
    rule->y[0] = rule->y[1] = y;
    return true;
}

/* What the figure compares, where that is not the result that was set beforehand; else NULL. */
static const char *other_metric(const gsc_compare_builder *self) {
    const char *metric = self->options->metric;
    const gsc_comparison *c = self->comparison;
    bool other = strcmp(self->figure->name, "robustness") == 0 && metric != NULL && c != NULL;
    return other && strcmp(metric, c->result) != 0 ? metric : NULL;
}

void gsc_compare_difference_title(const gsc_compare_builder *self, const char *what,
                                  char *ret_title, size_t size) {
    const char *unit = self->comparison->unit;
    bool has = unit[0] != '\0' && other_metric(self) == NULL;
    snprintf(ret_title, size, "%s%s%s%s", what, has ? " (" : "", has ? unit : "", has ? ")" : "");
}

/* ---- Words -------------------------------------------------------------------------------------- */
static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text);
    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

/* Every definition of a metric that the runs have ("jain_mass: ... jain_count: ..."), but those of its extremes over
 * layers, which go without saying. */
static void add_definitions(const gsc_compare_builder *self, const char *metric, gsc_words *words) {
    const gsc_run *run = self->runs[0];
    size_t length = strlen(metric);
    for (size_t i = 0; i < gsc_run_results_count(run); i++) {
        const gsc_result *result = gsc_run_result(run, i);
        bool of_it = strncmp(result->name, metric, length) == 0 &&
                     (result->name[length] == '\0' || result->name[length] == '_') &&
                     !ends_with(result->name, "_min") && !ends_with(result->name, "_max");
        if (of_it && result->arm[0] == '\0') {
            gsc_words_add(words, " %s: %s.", result->name, result->definition);
        }
    }
}

static void add_recipe(const gsc_compare_builder *self, const char *says, gsc_words *words) {
    const gsc_comparison *c = self->comparison;
    const char *other = other_metric(self);
    if (self->plain) {
        gsc_words_add(words, "%s", says);
    } else if (c != NULL) {
        gsc_words_add(words,
                      "%s Pairs share seed, data order and initial weights; intervals: 95%%, "
                      "paired t.",
                      says);
        if (c->seeds > 0) {
            gsc_words_add(words, " Set beforehand: %zu seeds, margin %g", c->seeds, c->margin);
            gsc_words_add(words, c->hypothesis[0] != '\0' ? ", \"%s\"." : ".", c->hypothesis);
        } else if (c->hypothesis[0] != '\0') {
            gsc_words_add(words, " Set beforehand: \"%s\".", c->hypothesis);
        }
        if (other != NULL) {
            add_definitions(self, other, words);
        } else {
            gsc_words_add(words, " %s: %s.", c->result, c->definition);
        }
        for (size_t i = 0; i < c->n_warnings; i++) {
            gsc_words_add(words, " %c%s.", toupper((unsigned char)c->warnings[i][0]),
                          c->warnings[i] + 1);
        }
        if (c->hash[0] != '\0') {
            gsc_words_add(words, "\nsweep %.12s", c->hash);
        }
    }
    if (self->n_runs > 0) {
        bool sweep = !self->plain && c != NULL && c->hash[0] != '\0';
        gsc_words_add(words, "%s", sweep ? ": " : words->length > 0 ? "\n" : "");
    }
    gsc_words_add_origins(words, self->runs, self->n_runs, NULL);
}

static gsc_status add_message(gsc_compare_builder *self) {
    gsc_panel *panel = self->figure->n_panels > 0
                           ? self->figure->panels[0]
                           : gsc_compare_panel(self, "compare", NULL, NULL, NULL);
    return panel != NULL && gsc_figure_set_text(&panel->message, self->message)
               ? GSC_OK
               : gsc_compare_no_memory(self);
}

gsc_status gsc_compare_finish(gsc_compare_builder *self, gsc_status status, const char *says,
                              gsc_figure **ret_figure) {
    const gsc_comparison *c = self->comparison;
    gsc_words title = {0}, subtitle = {0}, recipe = {0}, spec = {0};
    if (status == GSC_OK && ((c == NULL && !self->plain) || self->message[0] != '\0')) {
        status = add_message(self);
    }
    if (self->plain) {
        gsc_words_add(&title, "%zu runs", self->n_runs);
    } else if (c != NULL && other_metric(self) != NULL) {
        gsc_words_add(&title, "Where a claim about %s stands", other_metric(self));
    } else if (c != NULL && c->hypothesis[0] != '\0') {
        gsc_words_add(&title, "%s", c->hypothesis);
    } else if (c != NULL) {
        if (c->n_arms == 2) {
            gsc_words_add(&title, "%s against %s", c->arms[c->baseline == 0].name,
                          c->arms[c->baseline].name);
        } else {
            gsc_words_add(&title, "%zu arms against %s", c->n_arms - 1, c->arms[c->baseline].name);
        }
    } else {
        gsc_words_add(&title, "%zu runs", self->n_runs);
    }
    if (self->plain && c != NULL) {
        gsc_words_add(&subtitle, "%zu arms", c->n_arms);
    } else if (c != NULL) {
        const char *metric = other_metric(self) != NULL ? other_metric(self) : c->result;
        gsc_words_add(&subtitle, "%s · baseline: %s", metric, c->arms[c->baseline].name);
    }
    add_recipe(self, says, &recipe);
    gsc_words_add_specs(&spec, self->runs, self->n_runs);
    const bool good =
        gsc_words_set(self->figure, title.text, &subtitle, &recipe, &spec) && !title.failed;
    status = status == GSC_OK && !good ? gsc_compare_no_memory(self) : status;
    gsc_words_clear(&title);
    gsc_comparison_free(self->comparison);
    if (status != GSC_OK) {
        gsc_figure_free(self->figure);
        return status;
    }
    *ret_figure = self->figure;
    return GSC_OK;
}
