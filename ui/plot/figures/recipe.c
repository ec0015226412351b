/* SPDX-License-Identifier: MIT
 *
 * See recipe.h. Layer: ui/plot.
 */
#include "ui/plot/figures/recipe.h"

#include "core/read/spec.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void gsc_words_add(gsc_words *words, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int extra = vsnprintf(NULL, 0, format, again);
    va_end(again);
    size_t needed = words->length + (size_t)(extra > 0 ? extra : 0) + 1;
    if (needed > words->capacity) {
        char *text = realloc(words->text, 2 * needed);
        words->failed = words->failed || text == NULL;
        if (text == NULL) {
            va_end(arguments);
            return;
        }
        words->text = text;
        words->capacity = 2 * needed;
    }
    vsnprintf(words->text + words->length, words->capacity - words->length, format, arguments);
    words->length = needed - 1;
    va_end(arguments);
}

void gsc_words_clear(gsc_words *words) {
    free(words->text);
    *words = (gsc_words){0};
}

bool gsc_words_set(gsc_figure *figure, const char *title, gsc_words *subtitle, gsc_words *recipe,
                   gsc_words *spec) {
    const bool good = figure != NULL && !subtitle->failed && !recipe->failed && !spec->failed &&
                      gsc_figure_set_text(&figure->title, title) &&
                      gsc_figure_set_text(&figure->subtitle, subtitle->text) &&
                      gsc_figure_set_text(&figure->recipe, recipe->text) &&
                      gsc_figure_set_text(&figure->spec, spec->text);
    gsc_words_clear(subtitle);
    gsc_words_clear(recipe);
    gsc_words_clear(spec);
    return good;
}

static gsc_spec *spec_of(const gsc_run_info *info) {
    gsc_spec *spec = NULL;
    if (info->spec == NULL || gsc_spec_parse(info->spec, info->name, &spec, NULL) != GSC_OK) {
        return NULL;
    }
    if (gsc_spec_check(spec, NULL, NULL) != GSC_OK) {
        gsc_spec_free(spec);
        return NULL;
    }
    return spec;
}

static bool is_suite(const gsc_spec *spec) {
    return json_array_size(gsc_spec_json(spec, "theory.suite")) > 0;
}

/* Whether an entry of theory.arms sets a key: then the legend tells it, not the subtitle. */
static bool varies(const gsc_spec *spec, const char *key) {
    const json_t *arms = gsc_spec_json(spec, "theory.arms");
    for (size_t i = 0; i < json_array_size(arms); i++) {
        if (json_object_get(json_object_get(json_array_get(arms, i), "set"), key) != NULL) {
            return true;
        }
    }
    return false;
}

static void add_starts(gsc_words *words, const gsc_spec *spec) {
    const char *start = gsc_spec_string(spec, "theory.start");
    const int starts = (int)gsc_spec_int(spec, "theory.starts");
    if (start != NULL && !varies(spec, "theory.start")) {
        const bool near_truth = strcmp(start, "near_truth") == 0;
        gsc_words_add(words, " · %s%s", near_truth ? "near-truth" : start,
                      starts == 1 ? " start" : " starts");
        if (starts > 1 && !varies(spec, "theory.starts")) {
            gsc_words_add(words, " (best of %d)", starts);
        }
    } else if (start != NULL && starts > 1 && !varies(spec, "theory.starts")) {
        gsc_words_add(words, " · best of %d starts", starts);
    }
}

void gsc_words_add_setup(gsc_words *words, const gsc_run_info *info) {
    gsc_spec *spec = spec_of(info);
    if (spec == NULL || is_suite(spec)) {
        gsc_spec_free(spec);
        return;
    }
    const char *gate = gsc_spec_plugin(spec, "gate"), *expert = gsc_spec_plugin(spec, "expert");
    if (gate != NULL && !varies(spec, "gate")) {
        gsc_words_add(words, "%s gate · ", gate);
    }
    if (expert != NULL && !varies(spec, "expert")) {
        gsc_words_add(words, "%s experts · ", expert);
    }
    const int replicates = (int)gsc_spec_int(spec, "theory.replicates");
    gsc_words_add(words, "%d %s", replicates, replicates == 1 ? "replicate" : "replicates");
    add_starts(words, spec);
    if (varies(spec, "theory.polish")) {
        gsc_spec_free(spec);
        return;
    }
    if (gsc_spec_bool(spec, "theory.polish")) {
        gsc_words_add(words, " · polished to the maximum");
    } else if (varies(spec, "theory.tolerance")) {
        gsc_words_add(words, " · as EM stops");
    } else {
        char tolerance[64];
        snprintf(tolerance, sizeof tolerance, "%g", gsc_spec_real(spec, "theory.tolerance"));
        gsc_words_add(words, " · stopped at tolerance %s", tolerance);
    }
    gsc_spec_free(spec);
}

/* ", Gatescope 0.1.0, commit 1a2b3c4, kernels avx2" */
static void add_machine(gsc_words *words, const gsc_run_info *info) {
    json_t *machine = info->machine != NULL ? json_loads(info->machine, 0, NULL) : NULL;
    const char *commit = json_string_value(json_object_get(machine, "commit"));
    const char *kernels = json_string_value(json_object_get(machine, "kernel_path"));
    const char *version = json_string_value(json_object_get(machine, "version"));
    if (version != NULL) {
        gsc_words_add(words, ", Gatescope %s", version);
    }
    if (commit != NULL) {
        bool dirty = strstr(commit, "-dirty") != NULL;
        gsc_words_add(words, ", commit %.10s%s", commit,
                      dirty && strlen(commit) > 10 ? " with changes" : "");
    }
    if (kernels != NULL) {
        gsc_words_add(words, ", kernels %s", kernels);
    }
    json_decref(machine);
}

void gsc_words_add_origin(gsc_words *words, const gsc_run_info *info) {
    gsc_words_add(words, "run %s: seed %" PRIu64, info->name, info->seed);
    add_machine(words, info);
}

/* ---- Many runs ---------------------------------------------------------------------------------- */

static int by_seed(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* "seed 1", "seeds 1–8", "seeds 1, 3, 9", "16 seeds" */
static void add_seeds(gsc_words *words, uint64_t *seeds, size_t n) {
    enum {
        MOST = 8
    };
    size_t kinds = 0;
    qsort(seeds, n, sizeof *seeds, by_seed);
    for (size_t i = 0; i < n; i++) {
        if (kinds == 0 || seeds[i] != seeds[kinds - 1]) {
            seeds[kinds++] = seeds[i];
        }
    }
    if (kinds == 1) {
        gsc_words_add(words, "seed %" PRIu64, seeds[0]);
    } else if (kinds > 2 && seeds[kinds - 1] - seeds[0] == kinds - 1) {
        gsc_words_add(words, "seeds %" PRIu64 "–%" PRIu64, seeds[0], seeds[kinds - 1]);
    } else if (kinds > MOST) {
        gsc_words_add(words, "%zu seeds", kinds);
    } else {
        for (size_t i = 0; i < kinds; i++) {
            gsc_words_add(words, "%s%" PRIu64, i == 0 ? "seeds " : ", ", seeds[i]);
        }
    }
}

/* One of the groups that add_origins says in one go. */
typedef struct origin_group {
    gsc_words tail; /* what its runs have in common */
    size_t n;
} origin_group;

/* "run a: seed 1", "3 runs a, b, c: seeds 1–3", "13 runs a … z: seeds 1–4" */
static void add_group(gsc_words *words, gsc_run *const *runs, const size_t *group_of, size_t n_runs,
                      size_t group, const origin_group *it) {
    enum {
        MOST_NAMES = 4
    };
    uint64_t *seeds = calloc(it->n, sizeof *seeds);
    size_t k = 0;
    if (seeds == NULL) {
        words->failed = true;
        return;
    }
    if (it->n == 1) {
        gsc_words_add(words, "run ");
    } else {
        gsc_words_add(words, "%zu runs ", it->n);
    }
    for (size_t r = 0; r < n_runs; r++) {
        const gsc_run_info *info = gsc_run_get_info(runs[r]);
        if (group_of[r] != group) {
            continue;
        }
        bool named = it->n <= MOST_NAMES || k == 0 || k + 1 == it->n;
        if (named) {
            gsc_words_add(words, "%s%s",
                          k == 0               ? ""
                          : it->n > MOST_NAMES ? " … "
                                               : ", ",
                          info->name);
        }
        seeds[k++] = info->seed;
    }
    gsc_words_add(words, ": ");
    add_seeds(words, seeds, it->n);
    gsc_words_add(words, "%s", it->tail.text != NULL ? it->tail.text : "");
    free(seeds);
}

void gsc_words_add_origins(gsc_words *words, gsc_run *const *runs, size_t n_runs,
                           void (*detail)(gsc_words *, const gsc_run_info *)) {
    enum {
        MOST_GROUPS = 8
    };
    origin_group groups[MOST_GROUPS] = {0};
    size_t *group_of = calloc(n_runs + 1, sizeof *group_of), n = 0, left = 0;
    words->failed = words->failed || group_of == NULL;
    for (size_t r = 0; group_of != NULL && r < n_runs; r++) {
        gsc_words tail = {0}, inside = {0};
        add_machine(&tail, gsc_run_get_info(runs[r]));
        if (detail != NULL) {
            detail(&inside, gsc_run_get_info(runs[r]));
        }
        if (inside.length > 0) {
            gsc_words_add(&tail, " (%s)", inside.text);
        }
        gsc_words_clear(&inside);
        size_t g = 0;
        while (g < n && strcmp(groups[g].tail.text != NULL ? groups[g].tail.text : "",
                               tail.text != NULL ? tail.text : "") != 0) {
            g++;
        }
        group_of[r] = g;
        if (g == MOST_GROUPS) {
            left++;
            gsc_words_clear(&tail);
            continue;
        }
        if (g == n) {
            groups[n++].tail = tail;
        } else {
            gsc_words_clear(&tail);
        }
        groups[g].n++;
    }
    for (size_t g = 0; g < n; g++) {
        gsc_words_add(words, "%s", g > 0 ? "; " : "");
        add_group(words, runs, group_of, n_runs, g, &groups[g]);
        words->failed = words->failed || groups[g].tail.failed;
        gsc_words_clear(&groups[g].tail);
    }
    if (left > 0) {
        gsc_words_add(words, "; and %zu more", left);
    }
    free(group_of);
}

bool gsc_recipe_sizes(const gsc_run_info *info, double *ret_low, double *ret_high) {
    gsc_spec *spec = spec_of(info);
    double *sizes = NULL;
    size_t n = 0;
    if (spec == NULL || is_suite(spec) ||
        gsc_spec_list(spec, "theory.sizes", &sizes, &n, NULL) != GSC_OK) {
        gsc_spec_free(spec);
        return false;
    }
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        low = fmin(low, sizes[i]);
        high = fmax(high, sizes[i]);
    }
    free(sizes);
    gsc_spec_free(spec);
    if (low <= high) {
        *ret_low = low;
        *ret_high = high;
    }
    return low <= high;
}

typedef struct part_search {
    const char *part;
    char *spec;
} part_search;

static bool take_spec(void *data, const char *kind, const char *arm, double x, int32_t replicate,
                      const char *json) {
    part_search *search = data;
    (void)kind, (void)x, (void)replicate;
    if (strcmp(arm, search->part) != 0) {
        return true;
    }
    search->spec = strdup(json);
    return false;
}

bool gsc_part_words_init(gsc_part_words *self, gsc_run *run, const char *part) {
    part_search search = {.part = part};
    *self = (gsc_part_words){.info = *gsc_run_get_info(run)};
    if (part == NULL || gsc_run_visit_documents(run, "spec", take_spec, &search, NULL) != GSC_OK ||
        search.spec == NULL) {
        return false;
    }
    json_t *json = json_loads(search.spec, 0, NULL);
    const char *title = json_string_value(json_object_get(json, "title"));
    self->spec = search.spec;
    self->title = strdup(title != NULL && title[0] != '\0' ? title : part);
    json_decref(json);
    self->info.spec = self->spec;
    self->info.title = self->title != NULL ? self->title : part;
    return true;
}

void gsc_part_words_clear(gsc_part_words *self) {
    free(self->spec);
    free(self->title);
    *self = (gsc_part_words){0};
}

/* The id of a plugin, as text or as an object with parameters. */
static const char *plugin_of(const json_t *spec, const char *key) {
    const json_t *value = json_object_get(spec, key);
    return json_string_value(json_is_object(value) ? json_object_get(value, "id") : value);
}

void gsc_words_add_model(gsc_words *words, const gsc_run_info *info) {
    json_t *spec = info->spec != NULL ? json_loads(info->spec, 0, NULL) : NULL;
    const json_t *lm = json_object_get(spec, "lm");
    const char *gate = plugin_of(spec, "gate");
    const json_int_t experts = json_integer_value(json_object_get(lm, "experts")),
                     shared = json_integer_value(json_object_get(lm, "shared"));
    if (gate != NULL) {
        gsc_words_add(words, "%s gate", gate);
    }
    if (experts > 0) {
        gsc_words_add(words, " · %lld layers · %lld experts, top %lld",
                      (long long)json_integer_value(json_object_get(lm, "layers")),
                      (long long)experts,
                      (long long)json_integer_value(json_object_get(lm, "top_k")));
    }
    if (shared > 0) {
        gsc_words_add(words, " + %lld shared", (long long)shared);
    }
    json_decref(spec);
}

void gsc_words_title(gsc_run *const *runs, size_t n_runs, char *ret_title, size_t size) {
    ret_title[0] = '\0';
    for (size_t r = 0; r < n_runs; r++) {
        const gsc_run_info *info = gsc_run_get_info(runs[r]);
        const char *title = info->title[0] != '\0' ? info->title : info->name;
        if (r > 0 && strcmp(title, ret_title) != 0) {
            snprintf(ret_title, size, "%zu runs", n_runs);
            return;
        }
        snprintf(ret_title, size, "%s", title);
    }
}

void gsc_words_add_specs(gsc_words *words, gsc_run *const *runs, size_t n_runs) {
    for (size_t r = 0; r < n_runs; r++) {
        const char *text = gsc_run_get_info(runs[r])->spec;
        gsc_words_add(words, "%s%s", r == 0 ? "[" : ", ", text != NULL ? text : "null");
    }
    gsc_words_add(words, "%s", n_runs > 0 ? "]" : "");
}
