/* SPDX-License-Identifier: MIT
 *
 * The runs of a comparison: found, read, and sorted into arms.
 *
 * Layer: core/read.
 */
#include "core/read/compare_internal.h"
#include "core/read/json_text.h"
#include "core/read/sweep_folder.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PATH_SIZE = 4096,
    MOST_RUNS = 100000,
    MOST_ARMS = 1000,
    MOST_KEYS = 400
};

gsc_status compare_warn(gsc_comparison *self, gsc_error *error, const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    char **more = realloc(self->warnings, (self->n_warnings + 1) * sizeof *more);
    char *copy = strdup(text);
    if (more == NULL || copy == NULL) {
        free(copy);
        self->warnings = more != NULL ? more : self->warnings;
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the comparison");
    }
    self->warnings = more;
    more[self->n_warnings++] = copy;
    return GSC_OK;
}

/* The last value of a series; of saturations, whose last is 1 because it is of the last router with itself, that
 * of the first checkpoint from the middle of the run on, which their result is of as well. */
static double value_of_series(gsc_run *run, size_t series) {
    const bool with_last = strncmp(gsc_run_series(run, series)->name, "saturation", 10) == 0;
    gsc_point *points = NULL;
    size_t n = 0, at = 0;
    if (gsc_run_dup_points(run, series, &points, &n, NULL) != GSC_OK || n == 0) {
        free(points);
        return NAN;
    }
    while (at + 1 < n && !(with_last && 2 * points[at].x >= points[n - 1].x)) {
        at++;
    }
    const double value = points[at].y;
    free(points);
    return value;
}

double compare_value(gsc_run *run, const char *name, int32_t layer) {
    for (size_t i = 0; layer < 0 && i < gsc_run_results_count(run); i++) {
        const gsc_result *result = gsc_run_result(run, i);
        if (strcmp(result->name, name) == 0 && result->arm[0] == '\0') {
            return result->value;
        }
    }
    for (size_t i = 0; layer >= 0 && i < gsc_run_series_count(run); i++) {
        const gsc_series_info *info = gsc_run_series(run, i);
        if (info->layer == layer && strcmp(info->name, name) == 0 && info->arm[0] == '\0' &&
            gsc_run_points_count(run, i) > 0) {
            return value_of_series(run, i);
        }
    }
    return NAN;
}

/* ---- One run ---- */

static void flatten(const char *prefix, const json_t *object, json_t *flat) {
    static const char *const aside[] = {"seed",  "title", "summary",  "threads",
                                        "sweep", "run",   "lm.resume"};
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value) {
        char key[300];
        bool skip = false;
        snprintf(key, sizeof key, "%s%s%.200s", prefix, prefix[0] != '\0' ? "." : "", name);
        for (size_t i = 0; i < sizeof aside / sizeof aside[0]; i++) {
            skip = skip || strcmp(key, aside[i]) == 0;
        }
        if (skip) {
            continue;
        }
        if (json_is_object(value)) {
            flatten(key, value, flat);
        } else {
            json_object_set(flat, key, value);
        }
    }
}

static double rate_of(const json_t *flat) {
    const json_t *rate = json_object_get(flat, "lm.learning_rate");
    return json_is_number(rate) ? json_number_value(rate) : NAN;
}

static gsc_sweep_stage stage_of(const json_t *mark) {
    const char *name = json_string_value(json_object_get(mark, "stage"));
    for (int stage = 0; name != NULL && stage < GSC_SWEEP_STAGES; stage++) {
        if (strcmp(gsc_sweep_stage_name((gsc_sweep_stage)stage), name) == 0) {
            return (gsc_sweep_stage)stage;
        }
    }
    return GSC_SWEEP_MAIN;
}

static void keep_words(gsc_comparison *self, gsc_run *run) {
    for (size_t i = 0; self->unit == NULL && i < gsc_run_results_count(run); i++) {
        const gsc_result *result = gsc_run_result(run, i);
        if (strcmp(result->name, self->result) == 0 && result->arm[0] == '\0') {
            self->unit = strdup(result->unit);
            self->definition = strdup(result->definition);
        }
    }
}

static gsc_status add_run(compare_reader *r, const char *path, gsc_error *error) {
    gsc_comparison *self = r->self;
    gsc_run *file = NULL;
    gsc_status status = gsc_run_open(path, &file, error);
    if (status != GSC_OK) {
        return status;
    }
    gsc_compare_run *runs = realloc(self->runs, (self->n_runs + 1) * sizeof *runs);
    compare_seen *all = realloc(r->seen, (self->n_runs + 1) * sizeof *all);
    self->runs = runs != NULL ? runs : self->runs;
    r->seen = all != NULL ? all : r->seen;
    if (runs == NULL || all == NULL || self->n_runs == MOST_RUNS) {
        gsc_run_close(file);
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for %zu runs", self->n_runs + 1);
    }
    const gsc_run_info *info = gsc_run_get_info(file);
    compare_seen *one = &all[self->n_runs];
    one->spec = json_loads(info->spec, 0, NULL);
    one->flat = json_object();
    one->mark = json_object_get(one->spec, "sweep");
    flatten("", one->spec, one->flat);
    runs[self->n_runs++] = (gsc_compare_run){.path = strdup(path),
                                             .seed = info->seed,
                                             .stage = stage_of(one->mark),
                                             .status = info->status,
                                             .value = NAN,
                                             .learning_rate = rate_of(one->flat)};
    gsc_run_close(file);
    return GSC_OK;
}

static gsc_status add_folder(compare_reader *r, const char *path, gsc_error *error) {
    gsc_sweep_folder *folder = NULL;
    gsc_status status = gsc_sweep_folder_open(path, &folder, error);
    for (size_t i = 0; status == GSC_OK && i < folder->count; i++) {
        char run[PATH_SIZE];
        gsc_sweep_run_path(path, &folder->entries[i].run, run, sizeof run);
        if (access(run, R_OK) == 0) {
            status = add_run(r, run, error);
            if (status == GSC_OK) {
                compare_check_run(r, folder->sweep, &folder->entries[i].run);
            }
        }
    }
    gsc_sweep_folder_free(folder);
    return status;
}

/* ---- Arms ---- */

static gsc_status add_arm(gsc_comparison *self, const char *name, size_t *ret_arm,
                          gsc_error *error) {
    for (size_t a = 0; a < self->n_arms; a++) {
        if (strcmp(self->arms[a].name, name) == 0) {
            *ret_arm = a;
            return GSC_OK;
        }
    }
    gsc_compare_arm *arms = realloc(self->arms, (self->n_arms + 1) * sizeof *arms);
    if (arms == NULL || self->n_arms == MOST_ARMS) {
        self->arms = arms != NULL ? arms : self->arms;
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for %zu arms", self->n_arms + 1);
    }
    self->arms = arms;
    arms[self->n_arms] = (gsc_compare_arm){.name = strdup(name)};
    *ret_arm = self->n_arms++;
    return GSC_OK;
}

/* Keys in which the specs of runs differ. */
static size_t differing(const compare_reader *r, const char **ret_keys) {
    const json_t *first = r->seen[0].flat;
    size_t n = 0;
    for (size_t i = 0; i < r->self->n_runs; i++) {
        const char *key;
        json_t *value;
        json_object_foreach(r->seen[i].flat, key, value) {
            bool known = json_equal(value, json_object_get(first, key)) != 0;
            for (size_t k = 0; k < n && !known; k++) {
                known = strcmp(ret_keys[k], key) == 0;
            }
            if (!known && n < MOST_KEYS) {
                ret_keys[n++] = key;
            }
        }
        json_object_foreach((json_t *)first, key, value) {
            bool known = json_object_get(r->seen[i].flat, key) != NULL;
            for (size_t k = 0; k < n && !known; k++) {
                known = strcmp(ret_keys[k], key) == 0;
            }
            if (!known && n < MOST_KEYS) {
                ret_keys[n++] = key;
            }
        }
    }
    return n;
}

/* "gate=softmax, shared=2" of the keys that differ. */
static void name_by_keys(const json_t *flat, const char **keys, size_t n, char *ret_name,
                         size_t size) {
    size_t used = 0;
    ret_name[0] = '\0';
    for (size_t k = 0; k < n && used < size; k++) {
        const json_t *value = json_object_get(flat, keys[k]);
        const char *dot = strrchr(keys[k], '.'), *word = json_string_value(value);
        char *text = value == NULL  ? strdup("none")
                     : word != NULL ? strdup(word)
                                    : gsc_json_dump(value, JSON_ENCODE_ANY | JSON_COMPACT);
        used += (size_t)snprintf(ret_name + used, size - used, "%s%s=%.40s", used > 0 ? ", " : "",
                                 dot != NULL ? dot + 1 : keys[k], text != NULL ? text : "?");
        free(text);
    }
    if (n == 0) {
        snprintf(ret_name, size, "runs");
    }
}

static gsc_status find_arms(compare_reader *r, gsc_error *error) {
    gsc_comparison *self = r->self;
    const char *keys[MOST_KEYS];
    const bool by_mark = r->marked && !r->mixed;
    const size_t n = by_mark ? 0 : differing(r, keys);
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < self->n_runs && status == GSC_OK; i++) {
        char name[400];
        const char *arm = json_string_value(json_object_get(r->seen[i].mark, "arm"));
        if (by_mark && arm != NULL) {
            snprintf(name, sizeof name, "%.390s", arm);
        } else {
            name_by_keys(r->seen[i].flat, keys, n, name, sizeof name);
            self->runs[i].stage = GSC_SWEEP_MAIN;
        }
        self->tuned = self->tuned || self->runs[i].stage != GSC_SWEEP_MAIN;
        status = add_arm(self, name, &self->runs[i].arm, error);
    }
    /* Last: the keys above are those of the objects. */
    for (size_t i = 0; i < self->n_runs && status == GSC_OK; i++) {
        json_object_del(r->seen[i].flat, "lm.learning_rate");
        self->runs[i].group = gsc_json_dump(r->seen[i].flat, JSON_COMPACT | JSON_SORT_KEYS);
        if (self->runs[i].group == NULL) {
            status = gsc_fail(error, GSC_ERR_MEMORY, "no memory for the comparison");
        }
    }
    return status;
}

static gsc_status find_baseline(compare_reader *r, gsc_error *error) {
    gsc_comparison *self = r->self;
    const char *wanted = r->options->baseline != NULL ? r->options->baseline : r->set_baseline;
    const char *names[MOST_ARMS];
    for (size_t a = 0; a < self->n_arms; a++) {
        names[a] = self->arms[a].name;
        if (wanted != NULL && strcmp(wanted, names[a]) == 0) {
            self->baseline = a;
            return GSC_OK;
        }
    }
    if (r->options->baseline == NULL) {
        return wanted == NULL
                   ? GSC_OK
                   : compare_warn(self, error,
                                  "the baseline %s, set beforehand, has no run here, so %s is "
                                  "compared with instead",
                                  wanted, names[0]);
    }
    const char *near = gsc_nearest(wanted, names, self->n_arms);
    return gsc_fail(error, GSC_ERR_INPUT, "there is no arm \"%.80s\"; %s%.100s", wanted,
                    near != NULL ? "the nearest is " : "one is ", near != NULL ? near : names[0]);
}

/* What must be the same for the same seed to mean the same tokens in the same order. */
static gsc_status check_data(compare_reader *r, gsc_error *error) {
    static const char *const keys[] = {"lm.data",    "lm.tokenizer", "lm.batch",
                                       "lm.context", "lm.steps",     "lm.validation_positions"};
    gsc_status status = GSC_OK;
    for (size_t k = 0; k < sizeof keys / sizeof keys[0] && status == GSC_OK; k++) {
        const json_t *first = json_object_get(r->seen[0].flat, keys[k]);
        bool differs = false;
        for (size_t i = 1; i < r->self->n_runs; i++) {
            const json_t *value = json_object_get(r->seen[i].flat, keys[k]);
            differs = differs || (value == NULL) != (first == NULL) ||
                      (value != NULL && json_equal(value, first) == 0);
        }
        if (differs) {
            status = compare_warn(r->self, error,
                                  "%s differs between runs, so pairs share the seed but not all "
                                  "of the data",
                                  keys[k]);
        }
    }
    return status;
}

gsc_status compare_check_chance(const gsc_comparison *self, const char *name, gsc_error *error) {
    return self->mixed_chance && gsc_grows_with_chance(name)
               ? gsc_fail(error, GSC_ERR_INPUT,
                          "%s depends on the number of experts and of choices, which differ "
                          "between arms; compare saturation_kappa, which is beyond chance",
                          name)
               : GSC_OK;
}

/* Saturation grows with the share of experts that are chosen: where that differs between arms, only what goes
 * beyond chance is compared. */
static gsc_status check_chance(compare_reader *r, gsc_error *error) {
    static const char *const keys[] = {"lm.experts", "lm.top_k"};
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        const json_t *first = json_object_get(r->seen[0].flat, keys[k]);
        for (size_t i = 1; i < r->self->n_runs && first != NULL; i++) {
            const json_t *value = json_object_get(r->seen[i].flat, keys[k]);
            r->self->mixed_chance =
                r->self->mixed_chance || (value != NULL && !json_equal(value, first));
        }
    }
    return compare_check_chance(r->self, r->self->result, error);
}

static gsc_status read_values(gsc_comparison *self, gsc_error *error) {
    for (size_t i = 0; i < self->n_runs; i++) {
        gsc_run *file = NULL;
        gsc_status status = gsc_run_open(self->runs[i].path, &file, error);
        if (status != GSC_OK) {
            return status;
        }
        if (self->runs[i].status == GSC_RUN_DONE) {
            self->runs[i].value = compare_value(file, self->result, -1);
        }
        keep_words(self, file);
        gsc_run_close(file);
    }
    self->unit = self->unit != NULL ? self->unit : strdup("");
    self->definition = self->definition != NULL ? self->definition : strdup("");
    return self->unit == NULL || self->definition == NULL
               ? gsc_fail(error, GSC_ERR_MEMORY, "no memory for the comparison")
               : GSC_OK;
}

gsc_status compare_read(gsc_comparison *self, const char *const *paths, size_t n_paths,
                        const gsc_compare_options *options, gsc_error *error) {
    compare_reader r = {.self = self, .options = options};
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < n_paths && status == GSC_OK; i++) {
        struct stat info;
        const bool folder = stat(paths[i], &info) == 0 && S_ISDIR(info.st_mode);
        status = folder ? add_folder(&r, paths[i], error) : add_run(&r, paths[i], error);
    }
    if (status == GSC_OK && self->n_runs == 0) {
        status = gsc_fail(error, GSC_ERR_INPUT, "%s has no runs yet", paths[0]);
    }
    if (status == GSC_OK) {
        status = compare_find_plan(&r, error);
    }
    if (status == GSC_OK) {
        status = check_data(&r, error);
    }
    if (status == GSC_OK) {
        status = check_chance(&r, error);
    }
    if (status == GSC_OK) {
        status = find_arms(&r, error);
    }
    if (status == GSC_OK) {
        status = find_baseline(&r, error);
    }
    if (status == GSC_OK) {
        status = read_values(self, error);
    }
    for (size_t i = 0; r.seen != NULL && i < self->n_runs; i++) {
        json_decref(r.seen[i].flat);
        json_decref(r.seen[i].spec);
    }
    free(r.seen);
    return status;
}
