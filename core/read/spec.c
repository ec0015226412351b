/* SPDX-License-Identifier: MIT
 *
 * Specs: reading, setting, values, writing. Values are kept under their full key ("theory.sizes"), whichever
 * way the text nested them; unknown keys are kept too, for gsc_spec_check to refuse with their line.
 *
 * Layer: core/read.
 */
#include "core/read/json_text.h"
#include "core/read/spec_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_KEY = 256,
    MAX_SPEC_BYTES = 8 << 20
};

/* ---- Life ---- */

static json_t *parse_initials(void) {
    size_t n;
    const gsc_spec_key *keys = gsc_spec_keys(&n);
    json_t *initials = json_object();
    for (size_t i = 0; initials != NULL && i < n; i++) {
        if (keys[i].initial != NULL) {
            json_t *value = json_loads(keys[i].initial, JSON_DECODE_ANY, NULL);
            assert(value != NULL);
            json_object_set_new(initials, keys[i].name, value);
        }
    }
    return initials;
}

static gsc_spec *new_spec(const char *name) {
    gsc_spec *spec = calloc(1, sizeof(*spec));
    if (spec != NULL) {
        spec->name = strdup(name);
        spec->values = json_object();
        spec->initials = parse_initials();
    }
    if (spec != NULL && (spec->name == NULL || spec->values == NULL || spec->initials == NULL)) {
        gsc_spec_free(spec);
        return NULL;
    }
    return spec;
}

void gsc_spec_free(gsc_spec *spec) {
    if (spec == NULL) {
        return;
    }
    json_decref(spec->values);
    json_decref(spec->lines);
    json_decref(spec->initials);
    free(spec->name);
    free(spec);
}

gsc_spec *gsc_spec_dup(const gsc_spec *spec) {
    gsc_spec *copy = new_spec(spec->name);
    if (copy != NULL) {
        json_decref(copy->values);
        copy->values = json_deep_copy(spec->values);
        copy->lines = json_copy(spec->lines);
        if (copy->values == NULL) {
            gsc_spec_free(copy);
            return NULL;
        }
    }
    return copy;
}

void gsc_spec_where(const gsc_spec *spec, const char *key, char *text, size_t size) {
    json_int_t line = json_integer_value(json_object_get(spec->lines, key));
    if (line > 0) {
        snprintf(text, size, "%s:%lld: ", spec->name, (long long)line);
    } else {
        text[0] = '\0';
    }
}

/* ---- Reading ---- */

/* The key whose parameter name is: "gate" for "gate.temperature"; *ret_param is "temperature". */
static const gsc_spec_key *find_plugin_key(const char *name, const char **ret_param) {
    size_t n;
    const gsc_spec_key *keys = gsc_spec_keys(&n);
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(keys[i].name);
        if (keys[i].type == GSC_SPEC_PLUGIN && strncmp(name, keys[i].name, length) == 0 &&
            name[length] == '.' && name[length + 1] != '\0') {
            *ret_param = name + length + 1;
            return &keys[i];
        }
    }
    return NULL;
}

static bool is_group(const char *name) {
    size_t n, length = strlen(name);
    const gsc_spec_key *keys = gsc_spec_keys(&n);
    for (size_t i = 0; i < n; i++) {
        if (strncmp(keys[i].name, name, length) == 0 && keys[i].name[length] == '.') {
            return true;
        }
    }
    return false;
}

/* Sets one parameter; the plugin becomes an object if it was a bare id. */
static void set_param(gsc_spec *spec, const gsc_spec_key *key, const char *param,
                      const json_t *value) {
    json_t *plugin = json_object_get(spec->values, key->name);
    if (plugin == NULL) {
        plugin = json_object_get(spec->initials, key->name);
    }
    if (json_is_object(plugin)) {
        plugin = json_deep_copy(plugin);
    } else {
        json_t *id = json_is_string(plugin) ? json_incref(plugin) : NULL;
        plugin = json_object();
        if (id != NULL) {
            json_object_set_new(plugin, "id", id);
        }
    }
    json_object_set_new(plugin, param, json_deep_copy(value));
    json_object_set_new(spec->values, key->name, plugin);
}

/* Takes the members of an object whose full key is prefix. Parameters of plugins wait for a second walk, so
 * that "gate.temperature" may stand before "gate". */
static gsc_status take_members(gsc_spec *spec, const char *prefix, const json_t *object,
                               bool params, gsc_error *error) {
    const char *member, *param;
    json_t *value;
    json_object_foreach((json_t *)object, member, value) {
        char name[MAX_KEY], where[320];
        int length =
            snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix != '\0' ? "." : "", member);
        if (length < 0 || (size_t)length >= sizeof(name)) {
            return gsc_fail(error, GSC_ERR_INPUT, "%s: the key %.60s... is longer than %d bytes",
                            spec->name, name, MAX_KEY - 1);
        }
        const gsc_spec_key *owner = find_plugin_key(name, &param);
        if (gsc_spec_find_key(name) == NULL && owner == NULL && is_group(name)) {
            if (!json_is_object(value)) {
                gsc_spec_where(spec, name, where, sizeof(where));
                return gsc_fail(error, GSC_ERR_INPUT,
                                "%s%s is a group of keys; it should be an object", where, name);
            }
            gsc_status status = take_members(spec, name, value, params, error);
            if (status != GSC_OK) {
                return status;
            }
        } else if (owner != NULL && params) {
            set_param(spec, owner, param, value);
        } else if (owner == NULL && !params) {
            json_object_set(spec->values, name, value);
        }
    }
    return GSC_OK;
}

gsc_status gsc_spec_parse(const char *text, const char *name, gsc_spec **ret_spec,
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
                        "%s:1: a spec is a JSON object, {\"key\": value, ...}", name);
    }
    gsc_spec *spec = new_spec(name);
    if (spec == NULL || (spec->lines = gsc_spec_lines(text)) == NULL) {
        gsc_spec_free(spec);
        json_decref(root);
        return gsc_fail(error, GSC_ERR_MEMORY, "%s: no memory for the spec", name);
    }
    gsc_status status = take_members(spec, "", root, false, error);
    if (status == GSC_OK) {
        status = take_members(spec, "", root, true, error);
    }
    json_decref(root);
    if (status != GSC_OK) {
        gsc_spec_free(spec);
        return status;
    }
    *ret_spec = spec;
    return GSC_OK;
}

static gsc_status read_text(const char *path, char **ret_text, gsc_error *error) {
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s: the spec cannot be read: %s", path,
                        strerror(errno));
    }
    char *text = malloc(MAX_SPEC_BYTES);
    size_t n = text != NULL ? fread(text, 1, MAX_SPEC_BYTES, file) : 0;
    int failed = ferror(file) ? errno : 0;
    fclose(file);
    if (text == NULL || failed != 0 || n == MAX_SPEC_BYTES || memchr(text, '\0', n) != NULL) {
        free(text);
        return gsc_fail(error, GSC_ERR_INPUT, "%s: the spec cannot be read: %s", path,
                        failed != 0           ? strerror(failed)
                        : text == NULL        ? "no memory"
                        : n == MAX_SPEC_BYTES ? "it is larger than 8 MiB"
                                              : "it is not text");
    }
    text[n] = '\0';
    *ret_text = text;
    return GSC_OK;
}

static gsc_status load_preset(const char *name, gsc_spec **ret_spec, gsc_error *error) {
    const gsc_preset *preset = gsc_preset_find(name + strlen("preset:"));
    if (preset != NULL) {
        return gsc_spec_parse(preset->text, name, ret_spec, error);
    }
    enum {
        MOST = 64
    };
    const char *names[MOST];
    size_t n;
    const gsc_preset *all = gsc_presets(&n);
    n = n < MOST ? n : MOST;
    for (size_t i = 0; i < n; i++) {
        names[i] = all[i].name;
    }
    const char *near = gsc_nearest(name + strlen("preset:"), names, n);
    return gsc_fail(error, GSC_ERR_INPUT, "%s is not a preset%s%s; gatescope presets lists them",
                    name, near != NULL ? "; the nearest is preset:" : "", near != NULL ? near : "");
}

gsc_status gsc_spec_load(const char *path_or_preset, gsc_spec **ret_spec, gsc_error *error) {
    if (strncmp(path_or_preset, "preset:", strlen("preset:")) == 0) {
        return load_preset(path_or_preset, ret_spec, error);
    }
    char *text = NULL;
    gsc_status status = read_text(path_or_preset, &text, error);
    if (status == GSC_OK) {
        status = gsc_spec_parse(text, path_or_preset, ret_spec, error);
        free(text);
    } else if (gsc_preset_find(path_or_preset) != NULL) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "there is no file %s; the preset of that name is preset:%s", path_or_preset,
                        path_or_preset);
    }
    return status;
}

/* ---- Setting ---- */

gsc_status gsc_spec_set_json(gsc_spec *spec, const char *key, const json_t *value,
                             gsc_error *error) {
    const char *param;
    const gsc_spec_key *known = gsc_spec_find_key(key);
    const gsc_spec_key *owner = known == NULL ? find_plugin_key(key, &param) : NULL;
    if (known == NULL && owner == NULL) {
        return gsc_spec_refuse_key(key, "", error);
    }
    if (owner != NULL) {
        if (!json_is_number(value) && !json_is_boolean(value) && !gsc_spec_is_schedule(value)) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "%s is a parameter of a plugin; it should be a number, or "
                            "{\"from\": ..., \"to\": ..., \"steps\": ...}",
                            key);
        }
        if (json_is_array(gsc_spec_json(spec, owner->name))) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "%s is a list, so that %s is of none of them; write it into the list",
                            owner->name, key);
        }
        set_param(spec, owner, param, value);
        json_object_del(spec->lines, owner->name);
        json_object_del(spec->lines, key);
        return GSC_OK;
    }
    gsc_status status = gsc_spec_check_value(known, value, "", error);
    if (status == GSC_OK) {
        json_object_set_new(spec->values, key, json_deep_copy(value));
        json_object_del(spec->lines, key);
    }
    return status;
}

static bool is_text_key(const gsc_spec_key *key) {
    return key != NULL && (key->type == GSC_SPEC_STRING || key->type == GSC_SPEC_CHOICE);
}

/* The value after "=": JSON; else "1,2,3" as a list; else a word. */
static json_t *read_word(const gsc_spec_key *key, const char *word) {
    json_t *value = json_loads(word, JSON_DECODE_ANY, NULL);
    if (is_text_key(key) && !json_is_string(value)) {
        json_decref(value);
        return json_string(word);
    }
    if (value == NULL && key != NULL &&
        (key->type == GSC_SPEC_INT_LIST || key->type == GSC_SPEC_REAL_LIST)) {
        size_t size = strlen(word) + 3;
        char *list = malloc(size);
        if (list != NULL) {
            snprintf(list, size, "[%s]", word);
            value = json_loads(list, 0, NULL);
            free(list);
        }
    }
    return value != NULL ? value : json_string(word);
}

gsc_status gsc_spec_set(gsc_spec *spec, const char *assignment, gsc_error *error) {
    const char *equal = strchr(assignment, '=');
    char key[MAX_KEY];
    if (equal == NULL || equal == assignment || (size_t)(equal - assignment) >= sizeof(key)) {
        return gsc_fail(error, GSC_ERR_INPUT, "\"%.80s\" sets nothing; write key=value",
                        assignment);
    }
    memcpy(key, assignment, (size_t)(equal - assignment));
    key[equal - assignment] = '\0';
    json_t *value = read_word(gsc_spec_find_key(key), equal + 1);
    if (value == NULL) {
        return gsc_fail(error, GSC_ERR_INPUT, "the value of %s is not UTF-8 text", key);
    }
    gsc_status status = gsc_spec_set_json(spec, key, value, error);
    json_decref(value);
    return status;
}

/* ---- Values ---- */

const json_t *gsc_spec_json(const gsc_spec *spec, const char *key) {
    assert(gsc_spec_find_key(key) != NULL);
    const json_t *value = json_object_get(spec->values, key);
    return value != NULL ? value : json_object_get(spec->initials, key);
}

static const json_t *value_of(const gsc_spec *spec, const char *key, gsc_spec_type type,
                              gsc_spec_type other) {
    const gsc_spec_key *known = gsc_spec_find_key(key);
    assert(known != NULL && (known->type == type || known->type == other));
    (void)known, (void)type, (void)other;
    return gsc_spec_json(spec, key);
}

int64_t gsc_spec_int(const gsc_spec *spec, const char *key) {
    const json_t *value = value_of(spec, key, GSC_SPEC_INT, GSC_SPEC_INT);
    return json_is_integer(value) ? json_integer_value(value) : (int64_t)json_number_value(value);
}

double gsc_spec_real(const gsc_spec *spec, const char *key) {
    return json_number_value(value_of(spec, key, GSC_SPEC_REAL, GSC_SPEC_INT));
}

bool gsc_spec_bool(const gsc_spec *spec, const char *key) {
    return json_is_true(value_of(spec, key, GSC_SPEC_BOOL, GSC_SPEC_BOOL));
}

const char *gsc_spec_string(const gsc_spec *spec, const char *key) {
    return json_string_value(value_of(spec, key, GSC_SPEC_STRING, GSC_SPEC_CHOICE));
}

gsc_status gsc_spec_list(const gsc_spec *spec, const char *key, double **ret_values,
                         size_t *ret_count, gsc_error *error) {
    const json_t *value = value_of(spec, key, GSC_SPEC_INT_LIST, GSC_SPEC_REAL_LIST);
    size_t n = json_is_array(value) ? json_array_size(value) : value != NULL;
    double *values = malloc((n > 0 ? n : 1) * sizeof(*values));
    if (values == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the %zu values of %s", n, key);
    }
    for (size_t i = 0; i < n; i++) {
        values[i] = json_number_value(json_is_array(value) ? json_array_get(value, i) : value);
    }
    *ret_values = values;
    *ret_count = n;
    return GSC_OK;
}

/* ---- Writing ---- */

static void put_nested(json_t *root, const char *key, json_t *value) {
    json_t *object = root;
    const char *dot;
    while ((dot = strchr(key, '.')) != NULL) {
        char part[MAX_KEY];
        snprintf(part, sizeof(part), "%.*s", (int)(dot - key), key);
        json_t *inner = json_object_get(object, part);
        if (!json_is_object(inner)) {
            inner = json_object();
            json_object_set_new(object, part, inner);
        }
        object = inner;
        key = dot + 1;
    }
    json_object_set(object, key, value);
}

char *gsc_spec_dump(const gsc_spec *spec) {
    const char *key;
    json_t *value, *root = json_object();
    if (root == NULL) {
        return NULL;
    }
    const char *lab = gsc_spec_string(spec, "lab");
    json_object_foreach(spec->initials, key, value) {
        if (gsc_spec_key_serves(key, lab != NULL ? lab : "")) {
            put_nested(root, key, value);
        }
    }
    json_object_foreach(spec->values, key, value) {
        put_nested(root, key, value);
    }
    char *text = gsc_json_dump(root, JSON_INDENT(2) | JSON_SORT_KEYS);
    json_decref(root);
    return text;
}
