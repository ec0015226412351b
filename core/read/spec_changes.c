/* SPDX-License-Identifier: MIT
 *
 * How the spec of a run differs from that of its preset, in a few words.
 *
 * Layer: core/read.
 */
#include "core/read/spec_internal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LONGEST = 1000,
    MOST_PRESETS = 64
};

/* The presets as specs, parsed when first asked for and then only read. */
static const gsc_spec *preset_spec(const gsc_preset *preset) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static gsc_spec *specs[MOST_PRESETS];
    size_t n;
    const size_t at = (size_t)(preset - gsc_presets(&n));
    if (at >= MOST_PRESETS) {
        return NULL;
    }
    pthread_mutex_lock(&lock);
    if (specs[at] == NULL) {
        gsc_spec_parse(preset->text, preset->name, &specs[at], NULL);
    }
    pthread_mutex_unlock(&lock);
    return specs[at];
}

/* "100…10000", "0.5", "on", "softmax" */
static void print_value(const json_t *value, char *ret_text, size_t size) {
    const size_t n = json_array_size(value);
    if (json_is_array(value) && n > 1) {
        snprintf(ret_text, size, "%g…%g", json_number_value(json_array_get(value, 0)),
                 json_number_value(json_array_get(value, n - 1)));
    } else if (json_is_array(value)) {
        snprintf(ret_text, size, "%g", json_number_value(json_array_get(value, 0)));
    } else if (json_is_number(value)) {
        snprintf(ret_text, size, "%g", json_number_value(value));
    } else if (json_is_boolean(value)) {
        snprintf(ret_text, size, "%s", json_is_true(value) ? "on" : "off");
    } else {
        const json_t *id = json_is_object(value) ? json_object_get(value, "id") : value;
        const char *word = json_string_value(id);
        snprintf(ret_text, size, "%s", word != NULL ? word : "changed");
    }
}

static bool equals(const json_t *was, const json_t *is) {
    if (json_is_number(was) && json_is_number(is)) {
        return json_number_value(was) == json_number_value(is);
    }
    const bool one = json_array_size(is) == 1 && json_is_number(was) &&
                     json_number_value(json_array_get(is, 0)) == json_number_value(was);
    return one || json_equal(was, is);
}

static const json_t *value_of(const gsc_spec *spec, const char *key) {
    const json_t *value = json_object_get(spec->values, key);
    return value != NULL ? value : json_object_get(spec->initials, key);
}

/* The member "theory.sizes" of a nested spec, or NULL. */
static const json_t *member_of(const json_t *spec, const char *key) {
    const char *dot = strchr(key, '.');
    char group[64];
    if (dot == NULL) {
        return json_object_get(spec, key);
    }
    snprintf(group, sizeof(group), "%.*s", (int)(dot - key), key);
    return json_object_get(json_object_get(spec, group), dot + 1);
}

char *gsc_spec_dup_changes(const json_t *spec, const char *preset) {
    char text[LONGEST] = "", value[128];
    size_t length = 0, n = 0;
    const gsc_preset *found = gsc_preset_find(preset);
    const gsc_spec *before = found != NULL ? preset_spec(found) : NULL;
    const gsc_spec_key *keys = gsc_spec_keys(&n);
    for (size_t i = 0; before != NULL && i < n; i++) {
        const json_t *was = value_of(before, keys[i].name);
        const json_t *is = member_of(spec, keys[i].name);
        const char *dot = strrchr(keys[i].name, '.');
        is = is != NULL ? is : json_object_get(before->initials, keys[i].name);
        const bool prose =
            strcmp(keys[i].name, "title") == 0 || strcmp(keys[i].name, "summary") == 0;
        if (prose || is == NULL || equals(was, is)) {
            continue;
        }
        print_value(is, value, sizeof(value));
        int wrote = snprintf(text + length, sizeof(text) - length, "%s%s %s",
                             length > 0 ? ", " : "", dot != NULL ? dot + 1 : keys[i].name, value);
        if (wrote < 0 || (size_t)wrote >= sizeof(text) - length) {
            text[length] = '\0'; /* whole words, as many as there is room for */
            break;
        }
        for (char *at = text + length; *at != '\0'; at++) {
            *at = *at == '_' ? ' ' : *at;
        }
        length += (size_t)wrote;
    }
    return strdup(text);
}
