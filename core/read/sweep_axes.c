/* SPDX-License-Identifier: MIT
 *
 * The axes of a sweep and the arms that are their product.
 *
 * Layer: core/read.
 */
#include "core/read/json_text.h"
#include "core/read/spec_internal.h"
#include "core/read/sweep_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gsc_status no_memory(sweep_parser *self) {
    return gsc_fail(self->error, GSC_ERR_MEMORY, "%s: no memory for the arms", self->name);
}

static bool is_spec_key(const char *name) {
    size_t n;
    const gsc_spec_key *keys = gsc_spec_keys(&n);
    if (gsc_spec_find_key(name) != NULL) {
        return true;
    }
    for (size_t i = 0; i < n; i++) {
        const size_t length = strlen(keys[i].name);
        if (keys[i].type == GSC_SPEC_PLUGIN && strncmp(name, keys[i].name, length) == 0 &&
            name[length] == '.') {
            return true;
        }
    }
    return false;
}

/* What an arm is called by one value of a key: a plugin by its id, a number as "shared=2". */
static void label_value(const char *key, const json_t *value, char *ret_text, size_t size) {
    const gsc_spec_key *known = gsc_spec_find_key(key);
    const char *dot = strrchr(key, '.'), *word = json_string_value(value);
    if (known != NULL && known->type == GSC_SPEC_PLUGIN) {
        const char *id = word != NULL ? word : json_string_value(json_object_get(value, "id"));
        size_t used = (size_t)snprintf(ret_text, size, "%.60s", id != NULL ? id : "?");
        const char *name;
        json_t *member;
        json_object_foreach((json_t *)value, name, member) {
            if (strcmp(name, "id") != 0 && used < size) {
                char *text = gsc_json_dump(member, JSON_ENCODE_ANY);
                used += (size_t)snprintf(ret_text + used, size - used, " %.20s=%.20s", name,
                                         text != NULL ? text : "");
                free(text);
            }
        }
        return;
    }
    char *text = word != NULL ? strdup(word) : gsc_json_dump(value, JSON_ENCODE_ANY | JSON_COMPACT);
    snprintf(ret_text, size, "%.40s=%.40s", dot != NULL ? dot + 1 : key, text != NULL ? text : "?");
    free(text);
}

/* One value of an axis. */
typedef struct choice {
    char label[160];
    json_t *set; /* owned */
} choice;

typedef struct axis {
    choice *choices;
    size_t count;
} axis;

static void clear_axes(axis *axes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        for (size_t c = 0; c < axes[i].count; c++) {
            json_decref(axes[i].choices[c].set);
        }
        free(axes[i].choices);
    }
    free(axes);
}

static gsc_status read_named(sweep_parser *self, const char *word, const json_t *values,
                             axis *ret_axis) {
    const char *name;
    json_t *set;
    char at[SWEEP_WHERE_SIZE], full[200];
    json_object_foreach((json_t *)values, name, set) {
        snprintf(full, sizeof full, "axes.%.60s.%.80s", word, name);
        if (!json_is_object(set)) {
            return gsc_fail(self->error, GSC_ERR_INPUT,
                            "%s%s should be an object of keys and values",
                            sweep_where(self, full, at), full);
        }
        const char *key;
        json_t *value;
        json_object_foreach(set, key, value) {
            if (!is_spec_key(key)) {
                return gsc_spec_refuse_key(key, sweep_where(self, full, at), self->error);
            }
        }
        choice *one = &ret_axis->choices[ret_axis->count++];
        snprintf(one->label, sizeof one->label, "%.100s", name);
        one->set = json_deep_copy(set);
    }
    return GSC_OK;
}

static gsc_status read_values(const char *key, const json_t *values, axis *ret_axis) {
    size_t i;
    json_t *value;
    json_array_foreach((json_t *)values, i, value) {
        choice *one = &ret_axis->choices[ret_axis->count++];
        label_value(key, value, one->label, sizeof one->label);
        one->set = json_object();
        json_object_set_new(one->set, key, json_deep_copy(value));
    }
    return GSC_OK;
}

static gsc_status read_axis(sweep_parser *self, const char *key, const json_t *values,
                            axis *ret_axis) {
    char at[SWEEP_WHERE_SIZE], full[200];
    snprintf(full, sizeof full, "axes.%.100s", key);
    const bool named = json_is_object(values);
    const size_t n = named ? json_object_size(values) : json_array_size(values);
    if (n == 0 || n > GSC_SWEEP_MOST_ARMS) {
        return gsc_fail(self->error, GSC_ERR_INPUT,
                        "%s%s should be a list of values, or an object of named arms; 1 to %d of "
                        "them",
                        sweep_where(self, full, at), full, GSC_SWEEP_MOST_ARMS);
    }
    if (!named && !is_spec_key(key)) {
        return gsc_spec_refuse_key(key, sweep_where(self, full, at), self->error);
    }
    ret_axis->choices = calloc(n, sizeof *ret_axis->choices);
    if (ret_axis->choices == NULL) {
        return no_memory(self);
    }
    return named ? read_named(self, key, values, ret_axis) : read_values(key, values, ret_axis);
}

/* ---- Arms ---- */

static char *slug_of(const char *name) {
    char *slug = strdup(name);
    size_t n = 0;
    for (const char *c = name; slug != NULL && *c != '\0' && n < 64; c++) {
        const bool plain = isalnum((unsigned char)*c) || *c == '.' || *c == '_';
        if (plain) {
            slug[n++] = *c;
        } else if (n > 0 && slug[n - 1] != '-') {
            slug[n++] = '-';
        }
    }
    while (n > 0 && (slug[n - 1] == '-' || slug[n - 1] == '.')) {
        n--;
    }
    if (slug != NULL) {
        slug[n] = '\0';
    }
    return slug;
}

/* Two arms may not share the part of a file name: a number makes the later one its own. */
static gsc_status add_arm(sweep_parser *self, const char *name, json_t *set) {
    gsc_sweep *sweep = self->sweep;
    gsc_sweep_arm *arm = &sweep->arms[sweep->n_arms++];
    arm->name = strdup(*name != '\0' ? name : "base");
    arm->slug = arm->name != NULL ? slug_of(arm->name) : NULL;
    arm->set = set;
    if (arm->slug == NULL || set == NULL) {
        return no_memory(self);
    }
    for (size_t i = 0; i + 1 < sweep->n_arms; i++) {
        if (strcmp(sweep->arms[i].name, arm->name) == 0) {
            return gsc_fail(self->error, GSC_ERR_INPUT, "%s: two arms are called \"%.100s\"",
                            self->name, arm->name);
        }
        if (strcmp(sweep->arms[i].slug, arm->slug) == 0 || arm->slug[0] == '\0') {
            char numbered[96];
            snprintf(numbered, sizeof numbered, "%.60s.%zu", arm->slug, sweep->n_arms);
            free(arm->slug);
            arm->slug = strdup(numbered);
            if (arm->slug == NULL) {
                return no_memory(self);
            }
        }
    }
    return GSC_OK;
}

static gsc_status make_arms(sweep_parser *self, const axis *axes, size_t n_axes) {
    size_t n = 1;
    for (size_t i = 0; i < n_axes; i++) {
        n *= axes[i].count;
        if (n > GSC_SWEEP_MOST_ARMS) {
            return gsc_fail(self->error, GSC_ERR_INPUT,
                            "%s: the axes make more than %d arms; a sweep has at most so many",
                            self->name, GSC_SWEEP_MOST_ARMS);
        }
    }
    self->sweep->arms = calloc(n, sizeof *self->sweep->arms);
    if (self->sweep->arms == NULL) {
        return no_memory(self);
    }
    gsc_status status = GSC_OK;
    for (size_t a = 0; a < n && status == GSC_OK; a++) {
        char name[160] = "";
        json_t *set = json_object();
        size_t left = a, block = n;
        for (size_t i = 0; i < n_axes; i++) {
            block /= axes[i].count;
            const choice *one = &axes[i].choices[left / block];
            left %= block;
            const size_t used = strlen(name);
            snprintf(name + used, sizeof name - used, "%s%.100s", used > 0 ? ", " : "", one->label);
            json_object_update(set, one->set);
        }
        status = add_arm(self, name, set);
    }
    return status;
}

gsc_status sweep_read_axes(sweep_parser *self) {
    const json_t *object = json_object_get(self->root, "axes");
    char at[SWEEP_WHERE_SIZE];
    if (object != NULL && !json_is_object(object)) {
        return gsc_fail(self->error, GSC_ERR_INPUT, "%saxes should be an object, {KEY: [VALUES]}",
                        sweep_where(self, "axes", at));
    }
    axis *axes = calloc(json_object_size(object) + 1, sizeof *axes);
    size_t n = 0;
    const char *key;
    json_t *values;
    gsc_status status = axes == NULL ? no_memory(self) : GSC_OK;
    json_object_foreach((json_t *)object, key, values) {
        if (status == GSC_OK && strcmp(key, "seed") != 0) {
            status = read_axis(self, key, values, &axes[n++]);
        }
    }
    if (status == GSC_OK) {
        status = make_arms(self, axes, n);
    }
    clear_axes(axes, n);
    return status;
}
