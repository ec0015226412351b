/* SPDX-License-Identifier: MIT
 *
 * The words of the figure "rate": what its marks are, of which runs, from which seeds and commits.
 * Layer: ui/plot.
 */
#include "ui/plot/figures/rate_build.h"

#include "ui/plot/figures/recipe.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>

static gsc_status add_message(gsc_rate_builder *b, gsc_panel *panel) {
    bool any_live = false;
    const char *failure = "";
    for (size_t i = 0; i < panel->n_layers; i++) {
        if (panel->layers[i]->n > 0) {
            return GSC_OK;
        }
    }
    for (size_t r = 0; r < b->n_runs; r++) {
        const gsc_run_info *info = gsc_run_get_info(b->runs[r]);
        any_live = any_live || gsc_run_is_live(info);
        failure = info->failure != NULL && failure[0] == '\0' ? info->failure : failure;
    }
    char sentence[GSC_ERROR_MESSAGE_SIZE + 32];
    snprintf(sentence, sizeof sentence, "%s%s", failure,
             failure[0] != '\0' ? "" : "This run ended without a point");
    sentence[0] = (char)toupper((unsigned char)sentence[0]);
    const char *message = b->n_runs == 0 ? "No run to show yet"
                          : any_live     ? "Waiting for the first fit…"
                                         : sentence;
    return gsc_figure_set_text(&panel->message, message) ? GSC_OK : gsc_rate_no_memory(b->error);
}

/* Axes that hold still while a run fills them: x reaches over all sizes of the specs. */
static void fix_x_range(gsc_rate_builder *b) {
    double low = INFINITY, high = -INFINITY;
    for (size_t r = 0; r < b->n_runs; r++) {
        double run_low, run_high;
        if (gsc_recipe_sizes(gsc_rate_info(b, r), &run_low, &run_high)) {
            low = fmin(low, run_low);
            high = fmax(high, run_high);
        }
    }
    for (size_t i = 0; low <= high && !b->choice->curves && i < b->figure->n_panels; i++) {
        b->figure->panels[i]->x.low = low;
        b->figure->panels[i]->x.high = high;
    }
}

static void add_definitions(const gsc_rate_builder *b, gsc_words *words) {
    const char *told[64];
    size_t n = 0;
    if (b->choice->definition != NULL) {
        gsc_words_add(words, "%s%s", words->length > 0 ? " " : "", b->choice->definition);
        return;
    }
    for (size_t r = 0; r < b->n_runs; r++) {
        for (size_t s = 0; s < gsc_run_series_count(b->runs[r]); s++) {
            const gsc_series_info *info = gsc_run_series(b->runs[r], s);
            bool fresh = gsc_rate_shows(b, info) && info->definition[0] != '\0' && n < 64;
            for (size_t i = 0; i < n && fresh; i++) {
                fresh = strcmp(told[i], info->definition) != 0;
            }
            if (fresh) {
                told[n++] = info->definition;
                size_t length = strlen(info->definition);
                gsc_words_add(words, "%s%s: %s%s", words->length > 0 ? " " : "", info->name,
                              info->definition, info->definition[length - 1] == '.' ? "" : ".");
            }
        }
    }
}

static bool has_bounds(const gsc_rate_builder *b) {
    for (size_t r = 0; r < b->n_runs; r++) {
        for (size_t s = 0; s < gsc_run_series_count(b->runs[r]); s++) {
            const gsc_series_info *info = gsc_run_series(b->runs[r], s);
            if (gsc_rate_shows(b, info) && isfinite(info->bound)) {
                return true;
            }
        }
    }
    return false;
}

static void add_recipe(const gsc_rate_builder *b, gsc_words *words) {
    if (b->n_replicates_high > 0 && b->choice->curves) {
        gsc_words_add(words, "Lines: medians of %zu %s; bars and bands: quartiles.",
                      b->n_replicates_high, b->n_replicates_high == 1 ? "replicate" : "replicates");
    } else if (b->n_replicates_high > 0) {
        gsc_words_add(words, "Markers: median of ");
        if (b->n_replicates_low < b->n_replicates_high) {
            gsc_words_add(words, "%zu to ", b->n_replicates_low);
        }
        gsc_words_add(
            words,
            "%zu %s; bars: quartiles%s. Solid: least-squares line through the "
            "log medians; slope with 95%% bootstrap interval over replicates.%s",
            b->n_replicates_high, b->n_replicates_high == 1 ? "replicate" : "replicates",
            b->options->hide_replicates || b->choice->compact ? "" : "; dots: every replicate",
            has_bounds(b) ? " Dashed: proven upper bound, drawn from the first median." : "");
    }
    if (b->n_skipped > 0) {
        gsc_words_add(words, " %zu %s without a finite value left out.", b->n_skipped,
                      b->n_skipped == 1 ? "fit" : "fits");
    }
    add_definitions(b, words);
    for (size_t r = 0; r < b->n_runs && r < 8; r++) {
        const gsc_run_info *info = gsc_run_get_info(b->runs[r]);
        gsc_words_add(words, "%s", r > 0 ? "; " : words->length > 0 ? "\n" : "");
        gsc_words_add_origin(words, info);
        if (b->n_runs > 1) {
            gsc_words_add(words, " (");
            gsc_words_add_setup(words, info);
            gsc_words_add(words, ")");
        }
    }
    if (b->n_runs > 8) {
        gsc_words_add(words, "; and %zu more runs", b->n_runs - 8);
    }
}

static void add_subtitle(const gsc_rate_builder *b, gsc_words *words) {
    if (b->n_runs == 1) {
        const gsc_run_info *info = gsc_rate_info(b, 0);
        gsc_words_add_setup(words, info);
        if (gsc_run_is_live(info)) {
            gsc_words_add(words, " · %.0f%% done", 100 * info->progress);
        } else if (info->status != GSC_RUN_DONE) {
            gsc_words_add(words, " · %s at %.0f%%", gsc_run_status_name(info->status),
                          100 * info->progress);
        }
    }
}

static gsc_status add_texts(gsc_rate_builder *b) {
    gsc_words subtitle = {0}, recipe = {0}, spec = {0};
    add_subtitle(b, &subtitle);
    add_recipe(b, &recipe);
    for (size_t r = 0; r < b->n_runs; r++) {
        const char *text = gsc_rate_info(b, r)->spec;
        gsc_words_add(&spec, "%s%s", r == 0 ? "[" : ", ", text != NULL ? text : "null");
    }
    gsc_words_add(&spec, "%s", b->n_runs > 0 ? "]" : "");
    const gsc_run_info *first = b->n_runs > 0 ? gsc_rate_info(b, 0) : NULL;
    char title[256] = "";
    if (first != NULL) {
        snprintf(title, sizeof title, "%s",
                 first->title != NULL && first->title[0] != '\0' ? first->title : first->name);
        for (size_t r = 1; r < b->n_runs; r++) {
            if (strcmp(gsc_run_get_info(b->runs[r])->title, first->title) != 0) {
                snprintf(title, sizeof title, "%zu runs", b->n_runs);
            }
        }
    }
    const bool good = gsc_words_set(b->figure, title, &subtitle, &recipe, &spec);
    return good ? GSC_OK : gsc_rate_no_memory(b->error);
}

gsc_status gsc_rate_add_words(gsc_rate_builder *b) {
    fix_x_range(b);
    gsc_status status = add_texts(b);
    for (size_t i = 0; i < b->figure->n_panels && status == GSC_OK; i++) {
        status = add_message(b, b->figure->panels[i]);
    }
    return status;
}
