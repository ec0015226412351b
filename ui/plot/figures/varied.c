/* SPDX-License-Identifier: MIT
 *
 * See varied.h. Layer: ui/plot.
 */
#include "ui/plot/figures/varied.h"

#include "core/read/spec.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "top_k" of "lm.top_k" in words. */
static void name_of(const char *key, char ret_name[GSC_VARIED_TEXT]) {
    const char *dot = strrchr(key, '.');
    snprintf(ret_name, GSC_VARIED_TEXT, "%s", dot != NULL ? dot + 1 : key);
    for (char *at = ret_name; (at = strchr(at, '_')) != NULL;) {
        *at = ' ';
    }
}

/* "power p 2" for a plugin with a parameter, JSON for what has no shorter words. */
static void text_of(const json_t *value, char ret_text[GSC_VARIED_TEXT]) {
    const char *id = json_string_value(json_object_get(value, "id"));
    if (json_is_string(value)) {
        snprintf(ret_text, GSC_VARIED_TEXT, "%s", json_string_value(value));
    } else if (json_is_number(value)) {
        snprintf(ret_text, GSC_VARIED_TEXT, "%.4g", json_number_value(value));
    } else if (id != NULL) {
        const char *key;
        json_t *member;
        int n = snprintf(ret_text, GSC_VARIED_TEXT, "%s", id);
        json_object_foreach((json_t *)value, key, member) {
            if (json_is_number(member) && n >= 0 && n < GSC_VARIED_TEXT) {
                n += snprintf(ret_text + n, (size_t)(GSC_VARIED_TEXT - n), " %s %.4g", key,
                              json_number_value(member));
            }
        }
    } else {
        char *dump = value != NULL ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
        snprintf(ret_text, GSC_VARIED_TEXT, "%s", dump != NULL ? dump : "none");
        free(dump);
    }
}

static bool differs(gsc_spec *const *specs, size_t n, const char *key) {
    const json_t *first = gsc_spec_json(specs[0], key);
    for (size_t r = 1; r < n; r++) {
        const json_t *other = gsc_spec_json(specs[r], key);
        if ((first == NULL) != (other == NULL) || (first != NULL && !json_equal(first, other))) {
            return true;
        }
    }
    return false;
}

static void place_numbers(gsc_varied_key *self, gsc_spec *const *specs, size_t n, const char *key) {
    double low = INFINITY, high = -INFINITY;
    for (size_t r = 0; r < n; r++) {
        self->places[r] = json_number_value(gsc_spec_json(specs[r], key));
        low = fmin(low, self->places[r]);
        high = fmax(high, self->places[r]);
    }
    for (size_t r = 0; r < n; r++) {
        self->places[r] = (self->places[r] - low) / (high - low);
    }
    snprintf(self->low, sizeof self->low, "%.4g", low);
    snprintf(self->high, sizeof self->high, "%.4g", high);
}

static void place_kinds(gsc_varied_key *self, size_t n) {
    size_t last = 0;
    self->kinds = 0;
    for (size_t r = 0; r < n; r++) {
        size_t same = 0;
        while (same < r && strcmp(self->texts[same], self->texts[r]) != 0) {
            same++;
        }
        if (same == r) {
            last = r;
        }
        self->places[r] = same < r ? self->places[same] : (double)self->kinds++;
    }
    for (size_t r = 0; r < n; r++) {
        self->places[r] /= self->kinds > 1 ? (double)(self->kinds - 1) : 1;
    }
    snprintf(self->low, sizeof self->low, "%s", self->texts[0]);
    snprintf(self->high, sizeof self->high, "%s", self->texts[last]);
}

static bool add_key(gsc_varied *self, gsc_spec *const *specs, size_t n, const char *key) {
    gsc_varied_key *it = &self->keys[self->n];
    bool numbers = true;
    it->texts = calloc(n, sizeof *it->texts);
    it->places = calloc(n, sizeof *it->places);
    self->n++;
    if (it->texts == NULL || it->places == NULL) {
        return false;
    }
    name_of(key, it->name);
    for (size_t r = 0; r < n; r++) {
        const json_t *value = gsc_spec_json(specs[r], key);
        text_of(value, it->texts[r]);
        numbers = numbers && json_is_number(value);
    }
    place_kinds(it, n);
    it->is_number = numbers;
    if (numbers) {
        place_numbers(it, specs, n, key);
    }
    return true;
}

/* What runs differ in without being other experiments. */
static bool is_aside(const char *key) {
    static const char *const aside[] = {"seed",  "title",   "summary",
                                        "sweep", "threads", "lm.resume"};
    bool found = strncmp(key, "run.", 4) == 0;
    for (size_t i = 0; i < sizeof aside / sizeof *aside; i++) {
        found = found || strcmp(key, aside[i]) == 0;
    }
    return found;
}

gsc_status gsc_varied_find(gsc_run *const *runs, size_t n_runs, gsc_varied *ret_varied,
                           gsc_error *error) {
    gsc_spec **specs = calloc(n_runs + 1, sizeof(gsc_spec *));
    size_t n_keys = 0, parsed = 0;
    const gsc_spec_key *keys = gsc_spec_keys(&n_keys);
    bool good = specs != NULL;
    *ret_varied = (gsc_varied){.n = 0};
    while (good && parsed < n_runs &&
           gsc_spec_parse(gsc_run_get_info(runs[parsed])->spec, "run", &specs[parsed], NULL) ==
               GSC_OK) {
        parsed++;
    }
    for (size_t k = 0; parsed == n_runs && n_runs > 1 && k < n_keys && good; k++) {
        if (!is_aside(keys[k].name) && ret_varied->n < GSC_VARIED_MOST &&
            differs(specs, n_runs, keys[k].name)) {
            good = add_key(ret_varied, specs, n_runs, keys[k].name);
        }
    }
    for (size_t r = 0; specs != NULL && r < n_runs; r++) {
        gsc_spec_free(specs[r]);
    }
    free(specs);
    if (!good) {
        gsc_varied_clear(ret_varied);
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left to compare %zu specs",
                        n_runs);
    }
    return GSC_OK;
}

void gsc_varied_clear(gsc_varied *self) {
    for (size_t i = 0; i < self->n; i++) {
        free(self->keys[i].texts);
        free(self->keys[i].places);
    }
    *self = (gsc_varied){.n = 0};
}

/* "gate sigmoid, top k 3, seed 2"; "" where nothing differs. */
static void tell_run(const gsc_varied *varied, gsc_run *const *runs, size_t n_runs, size_t run,
                     char *ret_text, size_t size) {
    uint64_t seed = gsc_run_get_info(runs[run])->seed;
    bool seeds = false;
    size_t used = 0;
    ret_text[0] = '\0';
    for (size_t r = 0; r < n_runs; r++) {
        seeds = seeds || gsc_run_get_info(runs[r])->seed != seed;
    }
    for (size_t i = 0; i < varied->n && used < size; i++) {
        const gsc_varied_key *key = &varied->keys[i];
        used += (size_t)snprintf(ret_text + used, size - used, "%s%s %s", i > 0 ? ", " : "",
                                 key->name, key->texts[run]);
    }
    if (seeds && used < size) {
        snprintf(ret_text + used, size - used, "%sseed %" PRIu64, used > 0 ? ", " : "", seed);
    }
}

void gsc_varied_tell(gsc_figure *figure, gsc_run *const *runs, size_t n_runs) {
    gsc_varied varied = {.n = 0};
    char text[GSC_VARIED_MOST * 2 * GSC_VARIED_TEXT];
    if (figure->by_arm || n_runs < 2 || n_runs > GSC_VARIED_RUNS ||
        gsc_varied_find(runs, n_runs, &varied, NULL) != GSC_OK) {
        return;
    }
    for (size_t r = 0; r < n_runs; r++) {
        tell_run(&varied, runs, n_runs, r, text, sizeof text);
        for (size_t p = 0; p < figure->n_panels && text[0] != '\0'; p++) {
            gsc_panel *panel = figure->panels[p];
            for (size_t l = 0; l < panel->n_layers; l++) {
                if (panel->layers[l]->run == (int)r) {
                    gsc_figure_set_text(&panel->layers[l]->about, text);
                }
            }
        }
    }
    gsc_varied_clear(&varied);
}
