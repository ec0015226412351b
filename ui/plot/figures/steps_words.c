/* SPDX-License-Identifier: MIT
 *
 * The words of figures over training steps: what the lines are, how each number is defined, over which probe.
 * Layer: ui/plot.
 */
#include "ui/plot/figures/steps.h"

#include "ui/plot/figures/recipe.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static bool is_live(const gsc_run_info *info) {
    return info->status == GSC_RUN_RUNNING || info->status == GSC_RUN_QUEUED;
}

static double steps_of(const gsc_run_info *info) {
    json_t *spec = info->spec != NULL ? json_loads(info->spec, 0, NULL) : NULL;
    const json_t *steps = json_object_get(json_object_get(spec, "lm"), "steps");
    const double value = json_number_value(steps);
    json_decref(spec);
    return value;
}

bool gsc_steps_alike(gsc_run *const *runs, size_t n_runs) {
    double first[2] = {0, 0};
    for (size_t r = 0; r < n_runs; r++) {
        const char *text = gsc_run_get_info(runs[r])->spec;
        json_t *spec = text != NULL ? json_loads(text, 0, NULL) : NULL;
        const json_t *lm = json_object_get(spec, "lm");
        const double own[2] = {json_number_value(json_object_get(lm, "experts")),
                               json_number_value(json_object_get(lm, "top_k"))};
        json_decref(spec);
        if (r == 0) {
            memcpy(first, own, sizeof first);
        } else if (own[0] != first[0] || own[1] != first[1]) {
            return false;
        }
    }
    return true;
}

/* Axes that hold still while a run fills them. */
static void fix_x_range(gsc_steps_builder *b) {
    double most = 0;
    for (size_t r = 0; r < b->n_runs; r++) {
        most = fmax(most, steps_of(gsc_run_get_info(b->runs[r])));
    }
    for (size_t i = 0; most > 0 && i < b->figure->n_panels; i++) {
        b->figure->panels[i]->x.low = 0;
        b->figure->panels[i]->x.high = most;
    }
}

/* ---- Small print ------------------------------------------------------------------------------ */
/* The first series of a name in run first or later; *ret_run is its run. */
static const gsc_series_info *find_series(const gsc_steps_builder *b, const char *name,
                                          size_t first, size_t *ret_run) {
    for (size_t r = first; r < b->n_runs; r++) {
        for (size_t s = 0; s < gsc_run_series_count(b->runs[r]); s++) {
            const gsc_series_info *info = gsc_run_series(b->runs[r], s);
            if (strcmp(info->name, name) == 0) {
                *ret_run = r;
                return info;
            }
        }
    }
    return NULL;
}

/* Where later runs mean something else by a name (another spacing, another probe), they say so. */
static void add_other_meanings(const gsc_steps_builder *b, const gsc_series_info *first, size_t run,
                               gsc_words *words) {
    const gsc_series_info *info;
    while ((info = find_series(b, first->name, run + 1, &run)) != NULL) {
        if (strcmp(info->definition, first->definition) != 0) {
            gsc_words_add(words, " In run %s: %s.", gsc_run_get_info(b->runs[run])->name,
                          info->definition);
        }
    }
}

/* A definition ends with what it is taken over, after "; "; said once for neighbours that share it. */
static void add_definitions(const gsc_steps_builder *b, gsc_words *words) {
    const char *scope = NULL;
    for (size_t p = 0; p < b->choice->n_panels; p++) {
        if (b->left_out && b->choice->panels[p].alike) {
            continue;
        }
        for (int k = 0; k < 2 && b->choice->panels[p].series[k] != NULL; k++) {
            size_t run = 0;
            const gsc_series_info *info = find_series(b, b->choice->panels[p].series[k], 0, &run);
            if (info == NULL || info->definition[0] == '\0') {
                continue;
            }
            const char *own = strstr(info->definition, "; over ");
            const size_t length =
                own != NULL ? (size_t)(own - info->definition) : strlen(info->definition);
            const bool same = own != NULL && scope != NULL && strcmp(own, scope) == 0;
            gsc_words_add(words, "%s%s: %.*s%s.", words->length > 0 ? " " : "", info->name,
                          (int)length, info->definition, own != NULL && !same ? own : "");
            scope = own != NULL ? own : scope;
            add_other_meanings(b, info, run, words);
        }
    }
}

/* What a band is before seeds are grouped, which gives it another meaning. */
static const char layer_band[] = "; bands: least to greatest layer";

static void add_recipe(const gsc_steps_builder *b, gsc_words *words) {
    if (b->figure->n_panels > 0 && b->layers > 0 && b->options->one_layer) {
        gsc_words_add(words, "Lines: layer %d.", (int)b->options->layer);
    } else if (b->figure->n_panels > 0 && b->layers > 1) {
        gsc_words_add(words, b->by_layer ? "Lines: layers." : "Lines: means over layers%s.",
                      layer_band);
    }
    if (b->left_out) {
        gsc_words_add(words, " Runs with other numbers of experts or choices are compared beyond "
                             "chance only.");
    }
    if (b->live) {
        gsc_words_add(words, " The run goes on: overlaps are with the latest router.");
    }
    add_definitions(b, words);
    gsc_words_add(words, "%s", b->n_runs > 0 && words->length > 0 ? "\n" : "");
    gsc_words_add_origins(words, b->runs, b->n_runs, b->n_runs > 1 ? gsc_words_add_model : NULL);
}

static void add_subtitle(const gsc_steps_builder *b, gsc_words *words) {
    if (b->n_runs != 1) {
        return;
    }
    const gsc_run_info *info = gsc_run_get_info(b->runs[0]);
    gsc_words_add_model(words, info);
    if (is_live(info)) {
        gsc_words_add(words, " · %.0f%% done", 100 * info->progress);
    } else if (info->status != GSC_RUN_DONE) {
        gsc_words_add(words, " · %s at %.0f%%", gsc_run_status_name(info->status),
                      100 * info->progress);
    }
}

static gsc_status add_texts(gsc_steps_builder *b) {
    gsc_words subtitle = {0}, recipe = {0}, spec = {0};
    char title[256];
    gsc_words_title(b->runs, b->n_runs, title, sizeof title);
    add_subtitle(b, &subtitle);
    add_recipe(b, &recipe);
    gsc_words_add_specs(&spec, b->runs, b->n_runs);
    const bool good = gsc_words_set(b->figure, title, &subtitle, &recipe, &spec) &&
                      gsc_figure_set_text(&b->figure->band_words, layer_band);
    return good ? GSC_OK : gsc_steps_no_memory(b->error);
}

static gsc_status add_message(const gsc_steps_builder *b, gsc_panel *panel) {
    char sentence[GSC_ERROR_MESSAGE_SIZE] = "This run ended before there was anything to show here";
    bool any_live = false;
    for (size_t i = 0; i < panel->n_layers; i++) {
        if (panel->layers[i]->n > 0) {
            return GSC_OK;
        }
    }
    for (size_t r = 0; r < b->n_runs; r++) {
        const gsc_run_info *info = gsc_run_get_info(b->runs[r]);
        any_live = any_live || is_live(info);
        if (info->failure != NULL && info->failure[0] != '\0') {
            snprintf(sentence, sizeof sentence, "%s", info->failure);
        }
    }
    sentence[0] = (char)toupper((unsigned char)sentence[0]);
    const char *message = b->n_runs == 0 ? "No run to show yet"
                          : any_live     ? "Waiting for the first checkpoint…"
                                         : sentence;
    return gsc_figure_set_text(&panel->message, message) ? GSC_OK : gsc_steps_no_memory(b->error);
}

gsc_status gsc_steps_add_words(gsc_steps_builder *b) {
    fix_x_range(b);
    gsc_status status = add_texts(b);
    for (size_t i = 0; i < b->figure->n_panels && status == GSC_OK; i++) {
        status = add_message(b, b->figure->panels[i]);
    }
    return status;
}
