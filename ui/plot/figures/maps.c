/* SPDX-License-Identifier: MIT
 *
 * See maps.h. Layer: ui/plot.
 */
#include "ui/plot/figures/maps.h"

#include "ui/plot/figures/figures.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Groups ----------------------------------------------------------------------------------- */
static void find_groups(gsc_maps *self) {
    for (size_t r = 0; r < self->n_runs; r++) {
        for (size_t s = 0; s < gsc_run_series_count(self->runs[r]); s++) {
            const gsc_series_info *info = gsc_run_series(self->runs[r], s);
            if (strcmp(info->name, self->series) != 0 || !gsc_figure_in_part(self->options, info)) {
                continue;
            }
            size_t g = 0;
            while (g < self->n_groups &&
                   (self->groups[g].run != r || strcmp(self->groups[g].arm, info->arm) != 0)) {
                g++;
            }
            if (g == GSC_MAPS_MOST_GROUPS) {
                continue;
            }
            if (g == self->n_groups) {
                self->groups[self->n_groups++] = (gsc_map_group){.run = r, .arm = info->arm};
            }
            if (info->layer >= self->groups[g].layers) {
                self->groups[g].layers = info->layer + 1;
            }
        }
    }
    for (size_t g = 0; g < self->n_groups; g++) {
        gsc_map_group *group = &self->groups[g];
        const char *name = gsc_run_get_info(self->runs[group->run])->name;
        const char *parts[2] = {self->n_runs > 1 ? name : "", group->arm};
        bool both = parts[0][0] != '\0' && parts[1][0] != '\0';
        snprintf(group->label, sizeof group->label, "%s%s%s", parts[0], both ? " · " : "",
                 parts[1]);
    }
}

gsc_status gsc_maps_init(gsc_maps *self, const char *figure, const char *series,
                         gsc_run *const *runs, size_t n_runs, const gsc_figure_options *options,
                         gsc_error *error) {
    *self = (gsc_maps){.runs = runs,
                       .n_runs = n_runs,
                       .options = options,
                       .error = error,
                       .series = series,
                       .step = NAN};
    self->figure = gsc_figure_new(figure);
    if (self->figure == NULL) {
        return gsc_maps_no_memory(self);
    }
    find_groups(self);
    return GSC_OK;
}

const gsc_series_info *gsc_maps_series(const gsc_maps *self, const gsc_map_group *group,
                                       const char *name, int32_t layer, size_t *ret_series) {
    gsc_run *run = self->runs[group->run];
    for (size_t s = 0; s < gsc_run_series_count(run); s++) {
        const gsc_series_info *info = gsc_run_series(run, s);
        if (info->layer == layer && strcmp(info->name, name) == 0 &&
            strcmp(info->arm, group->arm) == 0) {
            if (ret_series != NULL) {
                *ret_series = s;
            }
            return info;
        }
    }
    return NULL;
}

gsc_status gsc_maps_read(const gsc_maps *self, const gsc_map_group *group, const char *name,
                         int32_t layer, gsc_vectors *ret_vectors) {
    size_t series;
    *ret_vectors = (gsc_vectors){0};
    if (gsc_maps_series(self, group, name, layer, &series) == NULL) {
        return GSC_OK;
    }
    return gsc_run_read_vectors(self->runs[group->run], series, 0, ret_vectors, self->error);
}

bool gsc_maps_choose(gsc_maps *self, const gsc_vectors *vectors, size_t *ret_index) {
    size_t index = vectors->count;
    for (size_t i = 0; i < vectors->count; i++) {
        if (!self->options->at_step || vectors->x[i] <= self->options->step || i == 0) {
            index = i;
        }
    }
    if (index == vectors->count) {
        return false;
    }
    self->step = isnan(self->step) ? vectors->x[index] : fmax(self->step, vectors->x[index]);
    *ret_index = index;
    return true;
}

bool gsc_maps_wants(const gsc_maps *self, int32_t layer) {
    return !self->options->one_layer || layer == self->options->layer;
}

/* ---- Panels ----------------------------------------------------------------------------------- */
gsc_panel *gsc_maps_panel(gsc_maps *self, const char *name, const char *title, const char *x,
                          const char *y, gsc_status *ret_status) {
    if (self->figure->n_panels == GSC_FIGURE_MAX_PANELS) {
        self->left_out++;
        return NULL;
    }
    gsc_panel *panel = gsc_figure_add_panel(self->figure, name);
    if (panel == NULL || !gsc_figure_set_text(&panel->title, title) ||
        !gsc_figure_set_text(&panel->x.title, x) || !gsc_figure_set_text(&panel->y.title, y)) {
        *ret_status = gsc_maps_no_memory(self);
        return NULL;
    }
    panel->x.whole = panel->y.whole = true;
    return panel;
}

void gsc_maps_layer_title(const gsc_maps *self, const gsc_map_group *group, int32_t layer,
                          char *ret_title, size_t size) {
    if (self->n_groups > 1 && group->label[0] != '\0') {
        snprintf(ret_title, size, "%s · layer\u00a0%d", group->label, (int)layer);
    } else {
        snprintf(ret_title, size, "Layer %d", (int)layer);
    }
}

/* ---- Words ------------------------------------------------------------------------------------ */
static void add_recipe(const gsc_maps *self, gsc_words *words) {
    if (self->says != NULL) {
        gsc_words_add(words, "%s", self->says);
    }
    if (self->n_groups > 0) {
        const gsc_map_group *group = &self->groups[0];
        const gsc_series_info *info = NULL;
        for (int32_t layer = -1; info == NULL && layer < group->layers; layer++) {
            info = gsc_maps_series(self, group, self->series, layer, NULL);
        }
        gsc_words_add(words, "%s%s: %s.", words->length > 0 ? " " : "", info->name,
                      info->definition);
    }
    if (self->left_out > 0) {
        gsc_words_add(words, " %zu more panels found no room; --layer N shows one layer.",
                      self->left_out);
    }
    gsc_words_add(words, "%s", self->n_runs > 0 && words->length > 0 ? "\n" : "");
    gsc_words_add_origins(words, self->runs, self->n_runs, NULL);
}

static void add_subtitle(const gsc_maps *self, gsc_words *words) {
    if (self->n_runs == 1) {
        gsc_words_add_model(words, gsc_run_get_info(self->runs[0]));
    }
    if (!isnan(self->step)) {
        gsc_words_add(words, "%sstep %g", words->length > 0 ? " · " : "", self->step);
    }
}

static const char *message(const gsc_maps *self, char *ret_text, size_t size) {
    for (size_t r = 0; r < self->n_runs; r++) {
        const gsc_run_info *info = gsc_run_get_info(self->runs[r]);
        if (info->status == GSC_RUN_RUNNING || info->status == GSC_RUN_QUEUED) {
            return "Waiting for the first checkpoint…";
        }
        if (info->failure != NULL && info->failure[0] != '\0') {
            snprintf(ret_text, size, "%s", info->failure);
            ret_text[0] = (char)toupper((unsigned char)ret_text[0]);
            return ret_text;
        }
    }
    return self->n_runs == 0 ? "No run to show yet" : self->empty;
}

/* An empty figure has one panel that says why. */
static gsc_status add_message(gsc_maps *self) {
    char text[GSC_ERROR_MESSAGE_SIZE];
    gsc_status status = GSC_OK;
    if (self->figure->n_panels > 0) {
        return GSC_OK;
    }
    gsc_panel *panel = gsc_maps_panel(self, "map", NULL, NULL, NULL, &status);
    if (panel != NULL && !gsc_figure_set_text(&panel->message, message(self, text, sizeof text))) {
        return gsc_maps_no_memory(self);
    }
    return status;
}

gsc_status gsc_maps_finish(gsc_maps *self, gsc_status status, gsc_figure **ret_figure) {
    gsc_words subtitle = {0}, recipe = {0}, spec = {0};
    char title[256];
    if (self->figure == NULL) {
        return status;
    }
    gsc_words_title(self->runs, self->n_runs, title, sizeof title);
    add_subtitle(self, &subtitle);
    add_recipe(self, &recipe);
    gsc_words_add_specs(&spec, self->runs, self->n_runs);
    const bool good = gsc_words_set(self->figure, title, &subtitle, &recipe, &spec);
    status = status == GSC_OK && !good ? gsc_maps_no_memory(self) : status;
    if (status == GSC_OK) {
        status = add_message(self);
    }
    if (status != GSC_OK) {
        gsc_figure_free(self->figure);
        return status;
    }
    *ret_figure = self->figure;
    return GSC_OK;
}
