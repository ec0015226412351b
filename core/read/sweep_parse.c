/* SPDX-License-Identifier: MIT
 *
 * Reads the plan of a sweep: its keys (axes are read by sweep_axes.c); and makes the hash of what decides on the answer.
 *
 * Layer: core/read.
 */
#include "core/read/json_text.h"
#include "core/read/spec_internal.h"
#include "core/read/sweep_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    MOST_BYTES = 8 << 20,
    PATH_SIZE = 4096
};

static const char *const plan_keys[] = {"title",      "summary", "base",     "axes",
                                        "seeds",      "result",  "baseline", "verdict",
                                        "hypothesis", "tune",    "margin",   "keep"};

static gsc_status no_memory(sweep_parser *self) {
    return gsc_fail(self->error, GSC_ERR_MEMORY, "%s: no memory for the sweep", self->name);
}

const char *sweep_where(const sweep_parser *self, const char *key, char *ret_text) {
    const json_int_t line = json_integer_value(json_object_get(self->lines, key));
    if (line > 0) {
        snprintf(ret_text, SWEEP_WHERE_SIZE, "%.250s:%lld: ", self->name, (long long)line);
    } else {
        snprintf(ret_text, SWEEP_WHERE_SIZE, "%.250s: ", self->name);
    }
    return ret_text;
}

static gsc_status check_keys(sweep_parser *self) {
    const size_t n = sizeof plan_keys / sizeof plan_keys[0];
    char text[SWEEP_WHERE_SIZE];
    const char *key;
    json_t *value;
    json_object_foreach(self->root, key, value) {
        bool known = false;
        for (size_t i = 0; i < n; i++) {
            known = known || strcmp(plan_keys[i], key) == 0;
        }
        if (!known) {
            const char *near = gsc_nearest(key, plan_keys, n);
            return gsc_fail(self->error, GSC_ERR_INPUT, "%s\"%.60s\" is no key of a sweep; %s%s",
                            sweep_where(self, key, text), key,
                            near != NULL ? "the nearest is " : "its axes are members of \"axes\"",
                            near != NULL ? near : "");
        }
    }
    return GSC_OK;
}

/* A text of the plan; fallback where absent. */
static gsc_status take_text(sweep_parser *self, const char *key, const char *fallback,
                            char **ret_text) {
    const json_t *value = json_object_get(self->root, key);
    char at[SWEEP_WHERE_SIZE];
    if (value != NULL && !json_is_string(value)) {
        return gsc_fail(self->error, GSC_ERR_INPUT, "%s%s should be a text",
                        sweep_where(self, key, at), key);
    }
    *ret_text = strdup(value != NULL ? json_string_value(value) : fallback);
    return *ret_text == NULL ? no_memory(self) : GSC_OK;
}

/* ---- Base ---- */

static gsc_status load_base_file(sweep_parser *self, const char *word) {
    const char *slash = strrchr(self->name, '/');
    char path[PATH_SIZE];
    if (strncmp(word, "preset:", 7) == 0 || word[0] == '/' || slash == NULL) {
        return gsc_spec_load(word, &self->sweep->base, self->error);
    }
    snprintf(path, sizeof path, "%.*s/%.2000s", (int)(slash - self->name), self->name, word);
    return gsc_spec_load(path, &self->sweep->base, self->error);
}

static gsc_status read_base(sweep_parser *self) {
    const json_t *base = json_object_get(self->root, "base");
    char at[SWEEP_WHERE_SIZE];
    if (json_is_string(base)) {
        return load_base_file(self, json_string_value(base));
    }
    if (!json_is_object(base)) {
        return gsc_fail(self->error, GSC_ERR_INPUT,
                        "%sbase should be a spec: \"preset:NAME\", a path or an object",
                        sweep_where(self, "base", at));
    }
    char *text = gsc_json_dump(base, JSON_INDENT(2));
    if (text == NULL) {
        return no_memory(self);
    }
    gsc_status status = gsc_spec_parse(text, "base", &self->sweep->base, self->error);
    free(text);
    return status == GSC_OK ? GSC_OK : gsc_fail_prefix(self->error, status, "%.250s", self->name);
}

/* ---- Seeds, margin, baseline ---- */

static gsc_status list_seeds(sweep_parser *self, const char *key, const json_t *list,
                             uint64_t **ret_seeds, size_t *ret_count) {
    char at[SWEEP_WHERE_SIZE];
    const size_t n = json_array_size(list);
    if (n < 1 || n > GSC_SWEEP_MOST_SEEDS) {
        return gsc_fail(self->error, GSC_ERR_INPUT, "%s%s should be 1 to %d whole numbers",
                        sweep_where(self, key, at), key, GSC_SWEEP_MOST_SEEDS);
    }
    uint64_t *seeds = calloc(n, sizeof *seeds);
    if (seeds == NULL) {
        return no_memory(self);
    }
    *ret_seeds = seeds;
    *ret_count = n;
    for (size_t i = 0; i < n; i++) {
        const json_t *seed = json_array_get(list, i);
        if (!json_is_integer(seed) || json_integer_value(seed) < 0) {
            return gsc_fail(self->error, GSC_ERR_INPUT, "%s%s should be whole numbers from 0 on",
                            sweep_where(self, key, at), key);
        }
        seeds[i] = (uint64_t)json_integer_value(seed);
        for (size_t j = 0; j < i; j++) {
            if (seeds[j] == seeds[i]) {
                return gsc_fail(self->error, GSC_ERR_INPUT, "%s%s has %llu twice",
                                sweep_where(self, key, at), key, (unsigned long long)seeds[i]);
            }
        }
    }
    return GSC_OK;
}

static gsc_status read_seeds(sweep_parser *self) {
    const json_t *axis = json_object_get(json_object_get(self->root, "axes"), "seed");
    const json_t *value = axis != NULL ? axis : json_object_get(self->root, "seeds");
    gsc_sweep *sweep = self->sweep;
    char at[SWEEP_WHERE_SIZE];
    gsc_status status = GSC_OK;
    if (json_is_array(value)) {
        status = list_seeds(self, "seeds", value, &sweep->seeds, &sweep->n_seeds);
    } else {
        const json_int_t n = value == NULL ? GSC_SWEEP_SEEDS : json_integer_value(value);
        if ((value != NULL && !json_is_integer(value)) || n < 1 || n > GSC_SWEEP_MOST_SEEDS) {
            return gsc_fail(self->error, GSC_ERR_INPUT,
                            "%sseeds should be a whole number from 1 to %d, or a list of seeds",
                            sweep_where(self, "seeds", at), GSC_SWEEP_MOST_SEEDS);
        }
        sweep->seeds = calloc((size_t)n, sizeof *sweep->seeds);
        if (sweep->seeds == NULL) {
            return no_memory(self);
        }
        sweep->n_seeds = (size_t)n;
        for (size_t i = 0; i < (size_t)n; i++) {
            sweep->seeds[i] = i + 1;
        }
    }
    if (status == GSC_OK && sweep->verdict && sweep->n_seeds < GSC_SWEEP_LEAST_SEEDS) {
        return gsc_fail(self->error, GSC_ERR_INPUT,
                        "%sseeds are %zu; a verdict needs at least %d, or say \"verdict\": false",
                        sweep_where(self, "seeds", at), sweep->n_seeds, GSC_SWEEP_LEAST_SEEDS);
    }
    return status;
}

static gsc_status read_judgement(sweep_parser *self) {
    gsc_sweep *sweep = self->sweep;
    const json_t *margin = json_object_get(self->root, "margin");
    const json_t *verdict = json_object_get(self->root, "verdict");
    char at[SWEEP_WHERE_SIZE];
    sweep->margin = margin == NULL ? 0.005 : json_number_value(margin);
    if ((margin != NULL && !json_is_number(margin)) || !(sweep->margin > 0)) {
        return gsc_fail(self->error, GSC_ERR_INPUT, "%smargin should be a number above 0",
                        sweep_where(self, "margin", at));
    }
    if (verdict != NULL && !json_is_boolean(verdict)) {
        return gsc_fail(self->error, GSC_ERR_INPUT, "%sverdict should be true or false",
                        sweep_where(self, "verdict", at));
    }
    const json_t *keep = json_object_get(self->root, "keep");
    const char *which = json_string_value(keep);
    if (keep != NULL &&
        (which == NULL || (strcmp(which, "last") != 0 && strcmp(which, "all") != 0))) {
        return gsc_fail(self->error, GSC_ERR_INPUT, "%skeep should be \"last\" or \"all\"",
                        sweep_where(self, "keep", at));
    }
    sweep->keep_all = which != NULL && strcmp(which, "all") == 0;
    sweep->verdict = !json_is_false(verdict);
    return GSC_OK;
}

static gsc_status find_baseline(sweep_parser *self) {
    const json_t *value = json_object_get(self->root, "baseline");
    const char *name = json_string_value(value), *names[GSC_SWEEP_MOST_ARMS];
    char at[SWEEP_WHERE_SIZE];
    if (value == NULL) {
        return GSC_OK;
    }
    for (size_t i = 0; i < self->sweep->n_arms; i++) {
        names[i] = self->sweep->arms[i].name;
        if (name != NULL && strcmp(name, names[i]) == 0) {
            self->sweep->baseline = i;
            return GSC_OK;
        }
    }
    const char *near = name != NULL ? gsc_nearest(name, names, self->sweep->n_arms) : NULL;
    return gsc_fail(self->error, GSC_ERR_INPUT, "%sbaseline \"%.80s\" is no arm; %s is one",
                    sweep_where(self, "baseline", at), name != NULL ? name : "?",
                    near != NULL ? near : names[0]);
}

static gsc_status check_tune(sweep_parser *self, const char *key, const json_t *values) {
    const gsc_spec_key *known = key != NULL ? gsc_spec_find_key(key) : NULL;
    char at[SWEEP_WHERE_SIZE];
    if (known == NULL || (known->type != GSC_SPEC_REAL && known->type != GSC_SPEC_INT)) {
        return gsc_fail(self->error, GSC_ERR_INPUT,
                        "%stune.key \"%.60s\" should be a key with one number, as lm.learning_rate",
                        sweep_where(self, "tune.key", at), key != NULL ? key : "");
    }
    size_t i;
    json_t *value;
    json_array_foreach((json_t *)values, i, value) {
        gsc_status status =
            gsc_spec_check_value(known, value, sweep_where(self, "tune.values", at), self->error);
        if (status != GSC_OK) {
            return status;
        }
    }
    if (json_array_size(values) < 2 || json_array_size(values) > 64) {
        return gsc_fail(self->error, GSC_ERR_INPUT, "%stune.values should be 2 to 64 numbers",
                        sweep_where(self, "tune.values", at));
    }
    return GSC_OK;
}

static gsc_status read_tune(sweep_parser *self) {
    const json_t *tune = json_object_get(self->root, "tune");
    const json_t *values = json_object_get(tune, "values");
    const char *key = json_string_value(json_object_get(tune, "key"));
    gsc_sweep *sweep = self->sweep;
    if (tune == NULL) {
        return GSC_OK;
    }
    gsc_status status = check_tune(self, key, values);
    if (status == GSC_OK) {
        status = list_seeds(self, "tune.seeds", json_object_get(tune, "seeds"), &sweep->tune_seeds,
                            &sweep->n_tune_seeds);
    }
    for (size_t i = 0; i < sweep->n_tune_seeds * sweep->n_seeds && status == GSC_OK; i++) {
        const uint64_t seed = sweep->tune_seeds[i / sweep->n_seeds];
        if (seed == sweep->seeds[i % sweep->n_seeds]) {
            status = gsc_fail(self->error, GSC_ERR_INPUT,
                              "%s: tune.seeds has %llu, which is one of seeds; tuning needs others",
                              self->name, (unsigned long long)seed);
        }
    }
    if (status != GSC_OK) {
        return status;
    }
    sweep->n_tune_values = json_array_size(values);
    sweep->tune_values = calloc(sweep->n_tune_values, sizeof *sweep->tune_values);
    sweep->tune_key = strdup(key);
    if (sweep->tune_values == NULL || sweep->tune_key == NULL) {
        return no_memory(self);
    }
    for (size_t i = 0; i < sweep->n_tune_values; i++) {
        sweep->tune_values[i] = json_number_value(json_array_get(values, i));
    }
    return GSC_OK;
}

/* ---- The whole ---- */

/* All that decides on the answer, keys sorted; and the plan with its base written out. */
static gsc_status seal(sweep_parser *self) {
    gsc_sweep *sweep = self->sweep;
    char *dump = gsc_spec_dump(sweep->base);
    json_t *base = dump != NULL ? json_loads(dump, 0, NULL) : NULL;
    json_t *decides = json_object(), *arms = json_array(), *seeds = json_array();
    free(dump);
    for (size_t i = 0; i < sweep->n_arms; i++) {
        json_array_append_new(
            arms, json_pack("{s:s, s:O}", "name", sweep->arms[i].name, "set", sweep->arms[i].set));
    }
    for (size_t i = 0; i < sweep->n_seeds; i++) {
        json_array_append_new(seeds, json_integer((json_int_t)sweep->seeds[i]));
    }
    json_t *bare = json_deep_copy(base);
    json_object_del(bare, "title");
    json_object_del(bare, "summary");
    json_object_del(bare, "threads");
    json_object_set_new(decides, "base", bare);
    json_object_set_new(decides, "arms", arms);
    json_object_set_new(decides, "seeds", seeds);
    json_object_set_new(decides, "hypothesis", json_string(sweep->hypothesis));
    json_object_set_new(decides, "result", json_string(sweep->result));
    json_object_set_new(decides, "margin", json_real(sweep->margin));
    json_object_set_new(decides, "verdict", json_boolean(sweep->verdict));
    json_object_set_new(decides, "baseline", json_string(sweep->arms[sweep->baseline].name));
    json_object_set(decides, "tune", json_object_get(self->root, "tune"));
    char *text = gsc_json_dump(decides, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(decides);
    if (text != NULL) {
        gsc_sha256_text(text, strlen(text), sweep->hash);
    }
    sweep->text = json_copy(self->root);
    json_object_set_new(sweep->text, "base", base);
    const bool good = text != NULL && base != NULL && sweep->text != NULL;
    free(text);
    return good ? GSC_OK : no_memory(self);
}

/* Each arm as a spec, so that a wrong value is refused before the first run. */
static gsc_status check_arms(sweep_parser *self) {
    gsc_status status = GSC_OK;
    for (size_t a = 0; a < self->sweep->n_arms && status == GSC_OK; a++) {
        const gsc_sweep_run run = {
            .stage = GSC_SWEEP_MAIN, .arm = a, .seed = self->sweep->seeds[0]};
        gsc_spec *spec = NULL;
        status = gsc_sweep_spec(self->sweep, &run, &spec, self->error);
        gsc_spec_free(spec);
    }
    return status == GSC_OK ? GSC_OK : gsc_fail_prefix(self->error, status, "%.250s", self->name);
}

static gsc_status check_size(sweep_parser *self) {
    const gsc_sweep *s = self->sweep;
    const size_t runs = s->n_arms * (2 * s->n_seeds + s->n_tune_seeds * s->n_tune_values);
    return runs > GSC_SWEEP_MOST_RUNS
               ? gsc_fail(self->error, GSC_ERR_INPUT,
                          "%s: the sweep could have %zu runs; at most %d are taken", self->name,
                          runs, GSC_SWEEP_MOST_RUNS)
               : GSC_OK;
}

static gsc_status read_plan(sweep_parser *self) {
    gsc_sweep *sweep = self->sweep;
    const struct {
        const char *key, *fallback;
        char **text;
    } texts[] = {{"title", "", &sweep->title},
                 {"summary", "", &sweep->summary},
                 {"hypothesis", "", &sweep->hypothesis},
                 {"result", "validation_loss", &sweep->result}};
    gsc_status (*const parts[])(sweep_parser *) = {
        read_base, sweep_read_axes, read_judgement, read_seeds, find_baseline,
        read_tune, check_size,      seal,           check_arms};
    gsc_status status = check_keys(self);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && status == GSC_OK; i++) {
        status = take_text(self, texts[i].key, texts[i].fallback, texts[i].text);
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && status == GSC_OK; i++) {
        status = parts[i](self);
    }
    return status;
}

gsc_status gsc_sweep_parse(const char *text, const char *name, gsc_sweep **ret_sweep,
                           gsc_error *error) {
    json_error_t fault;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &fault);
    if (root == NULL) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s:%d: this is not JSON: %s", name, fault.line,
                        fault.text);
    }
    if (!json_is_object(root)) {
        json_decref(root);
        return gsc_fail(error, GSC_ERR_INPUT,
                        "%s:1: a sweep is a JSON object with base, axes and hypothesis", name);
    }
    sweep_parser self = {.name = name, .root = root, .error = error};
    self.lines = gsc_spec_lines(text);
    self.sweep = calloc(1, sizeof *self.sweep);
    gsc_status status =
        self.lines == NULL || self.sweep == NULL ? no_memory(&self) : read_plan(&self);
    json_decref(root);
    json_decref(self.lines);
    if (status != GSC_OK) {
        gsc_sweep_free(self.sweep);
        return status;
    }
    *ret_sweep = self.sweep;
    return GSC_OK;
}

static gsc_status read_file(const char *path, char **ret_text, gsc_error *error) {
    FILE *file = fopen(path, "re");
    char *text = file != NULL ? malloc(MOST_BYTES) : NULL;
    const size_t n = text != NULL ? fread(text, 1, MOST_BYTES - 1, file) : 0;
    const int failed = file == NULL || ferror(file) ? errno : 0;
    if (file != NULL) {
        fclose(file);
    }
    if (text == NULL || failed != 0 || n == MOST_BYTES - 1) {
        free(text);
        return gsc_fail(error, GSC_ERR_INPUT, "%s: the sweep cannot be read: %s", path,
                        failed != 0 ? strerror(failed)
                        : n > 0     ? "it is larger than 8 MiB"
                                    : "no memory");
    }
    text[n] = '\0';
    *ret_text = text;
    return GSC_OK;
}

static gsc_status load_preset(const char *source, gsc_sweep **ret_sweep, gsc_error *error) {
    const char *name = source + strlen("preset:"), *names[64];
    size_t n;
    const gsc_sweep_preset *presets = gsc_sweep_presets(&n);
    for (size_t i = 0; i < n; i++) {
        names[i] = presets[i].name;
        if (strcmp(name, names[i]) == 0) {
            return gsc_sweep_parse(presets[i].text, source, ret_sweep, error);
        }
    }
    const char *near = gsc_nearest(name, names, n);
    if (near == NULL && gsc_preset_find(name) != NULL) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "%s is one run, not a sweep; gatescope run %s runs it", source, source);
    }
    return gsc_fail(error, GSC_ERR_INPUT,
                    "%s is no sweep%s%s; gatescope presets lists those there are", source,
                    near != NULL ? "; the nearest is preset:" : "", near != NULL ? near : "");
}

gsc_status gsc_sweep_load(const char *source, gsc_sweep **ret_sweep, gsc_error *error) {
    char path[PATH_SIZE], *text = NULL;
    struct stat info;
    if (strncmp(source, "preset:", strlen("preset:")) == 0) {
        return load_preset(source, ret_sweep, error);
    }
    const bool folder = stat(source, &info) == 0 && S_ISDIR(info.st_mode);
    snprintf(path, sizeof path, "%s%s", source, folder ? "/sweep.json" : "");
    gsc_status status = read_file(path, &text, error);
    if (status == GSC_OK) {
        status = gsc_sweep_parse(text, path, ret_sweep, error);
        free(text);
    }
    return status;
}
