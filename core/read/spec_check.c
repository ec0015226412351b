/* SPDX-License-Identifier: MIT
 *
 * Checks of a spec: keys, types, ranges, and plugins against their descriptors.
 *
 * Layer: core/read.
 */
#include "core/read/spec_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The value as the user wrote it, cut to size. */
static const char *show(const json_t *value, char *text, size_t size) {
    char *dump = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
    snprintf(text, size, "%s", dump != NULL ? dump : "?");
    if (dump != NULL && strlen(dump) >= size && size > 4) {
        memcpy(text + size - 4, "...", 4);
    }
    free(dump);
    return text;
}

static const char *wanted(const gsc_spec_key *key, char *text, size_t size) {
    bool whole = key->type == GSC_SPEC_INT || key->type == GSC_SPEC_INT_LIST;
    switch (key->type) {
    case GSC_SPEC_INT:
    case GSC_SPEC_REAL:
        snprintf(text, size, "a %snumber from %.16g to %.16g", whole ? "whole " : "", key->lowest,
                 key->highest);
        break;
    case GSC_SPEC_INT_LIST:
    case GSC_SPEC_REAL_LIST:
        snprintf(text, size, "a list of %snumbers from %.16g to %.16g", whole ? "whole " : "",
                 key->lowest, key->highest);
        break;
    case GSC_SPEC_BOOL:
        snprintf(text, size, "true or false");
        break;
    case GSC_SPEC_STRING:
        snprintf(text, size, "a string");
        break;
    case GSC_SPEC_CHOICE: {
        size_t used = (size_t)snprintf(text, size, "one of");
        for (size_t i = 0; key->choices[i] != NULL && used < size; i++) {
            used += (size_t)snprintf(text + used, size - used, "%s %s", i > 0 ? "," : "",
                                     key->choices[i]);
        }
        break;
    }
    case GSC_SPEC_PLUGIN:
        snprintf(text, size, "the id of a plugin of kind %s, or {\"id\": ..., PARAMETER: NUMBER}%s",
                 key->choices[0], gsc_spec_takes_list(key) ? ", or a list of such" : "");
        break;
    case GSC_SPEC_OBJECT:
        snprintf(text, size, "an object");
        break;
    case GSC_SPEC_OBJECT_LIST:
        snprintf(text, size, "a list of objects");
        break;
    }
    return text;
}

static bool number_fits(const gsc_spec_key *key, const json_t *value, bool whole) {
    double number = json_number_value(value);
    return json_is_number(value) && number >= key->lowest && number <= key->highest &&
           (!whole || number == floor(number));
}

static bool list_fits(const gsc_spec_key *key, const json_t *value, bool whole) {
    size_t i;
    json_t *member;
    if (!json_is_array(value)) {
        return number_fits(key, value, whole);
    }
    json_array_foreach(value, i, member) {
        if (!number_fits(key, member, whole)) {
            return false;
        }
    }
    return json_array_size(value) > 0;
}

static bool value_fits(const gsc_spec_key *key, const json_t *value) {
    switch (key->type) {
    case GSC_SPEC_INT:
        return number_fits(key, value, true);
    case GSC_SPEC_REAL:
        return number_fits(key, value, false);
    case GSC_SPEC_BOOL:
        return json_is_boolean(value);
    case GSC_SPEC_STRING:
        return json_is_string(value);
    case GSC_SPEC_CHOICE:
        for (size_t i = 0; json_is_string(value) && key->choices[i] != NULL; i++) {
            if (strcmp(key->choices[i], json_string_value(value)) == 0) {
                return true;
            }
        }
        return false;
    case GSC_SPEC_INT_LIST:
        return list_fits(key, value, true);
    case GSC_SPEC_REAL_LIST:
        return list_fits(key, value, false);
    case GSC_SPEC_PLUGIN:
        return gsc_spec_plugin_fits(key, value);
    case GSC_SPEC_OBJECT:
        return json_is_object(value);
    case GSC_SPEC_OBJECT_LIST:
        for (size_t i = 0; i < json_array_size(value); i++) {
            if (!json_is_object(json_array_get(value, i))) {
                return false;
            }
        }
        return json_is_array(value);
    }
    return false;
}

gsc_status gsc_spec_check_value(const gsc_spec_key *key, const json_t *value, const char *where,
                                gsc_error *error) {
    char shown[96], want[160];
    if (value_fits(key, value)) {
        return GSC_OK;
    }
    return gsc_fail(error, GSC_ERR_INPUT, "%s%s is %s; it should be %s", where, key->name,
                    show(value, shown, sizeof(shown)), wanted(key, want, sizeof(want)));
}

gsc_status gsc_spec_refuse_key(const char *name, const char *where, gsc_error *error) {
    enum {
        MOST = 128
    };
    const char *names[MOST], *last[MOST], *near = NULL;
    size_t n;
    const gsc_spec_key *keys = gsc_spec_keys(&n);
    n = n < MOST ? n : MOST;
    for (size_t i = 0; i < n; i++) {
        const char *dot = strrchr(keys[i].name, '.');
        names[i] = keys[i].name;
        last[i] = dot != NULL ? dot + 1 : keys[i].name;
    }
    const char *dot = strrchr(name, '.');
    near = gsc_nearest(name, names, n);
    const char *near_last =
        near == NULL ? gsc_nearest(dot != NULL ? dot + 1 : name, last, n) : NULL;
    for (size_t i = 0; near_last != NULL && i < n; i++) {
        if (last[i] == near_last) {
            near = names[i];
        }
    }
    if (near == NULL) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s%s is not a key of a spec", where, name);
    }
    return gsc_fail(error, GSC_ERR_INPUT, "%s%s is not a key of a spec; the nearest is %s", where,
                    name, near);
}

/* ---- Plugins against their descriptors ---- */

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

/* The good descriptor of kind and id, else any of them, else NULL with a list of good ids. */
static const json_t *find_descriptor(const json_t *descriptors, const char *kind, const char *id,
                                     const char **ids, size_t most, size_t *ret_ids) {
    const json_t *found = NULL;
    size_t i;
    json_t *entry;
    *ret_ids = 0;
    json_array_foreach(descriptors, i, entry) {
        bool good = strcmp(text_of(entry, "status"), "ok") == 0;
        const char *its_kind = text_of(entry, "kind");
        if (strcmp(its_kind, kind) != 0 && *its_kind != '\0') {
            continue;
        }
        if (good && *ret_ids < most) {
            ids[(*ret_ids)++] = text_of(entry, "id");
        }
        if (strcmp(text_of(entry, "id"), id) == 0 && (good || found == NULL)) {
            found = entry;
            if (good) {
                return found;
            }
        }
    }
    return found;
}

/* Whether the number, or both ends of its schedule, are within the parameter's range. */
static bool within(const json_t *value, double lowest, double highest, bool whole) {
    if (json_is_object(value)) {
        return within(json_object_get(value, "from"), lowest, highest, whole) &&
               within(json_object_get(value, "to"), lowest, highest, whole);
    }
    const double number = json_is_boolean(value) ? json_is_true(value) : json_number_value(value);
    return number >= lowest && number <= highest && (!whole || number == floor(number));
}

static gsc_status check_schedule(const gsc_spec_key *key, const json_t *param, const char *id,
                                 const char *lab, const char *where, gsc_error *error) {
    const char *name = text_of(param, "name");
    if (!json_is_true(json_object_get(param, "schedulable"))) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "%s%s.%s has a schedule, and %s \"%s\" does not let it change between "
                        "steps; give one number",
                        where, key->name, name, key->choices[0], id);
    }
    if (strcmp(lab, "lm") != 0) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "%s%s.%s has a schedule, and the %s lab has no steps that it could follow; "
                        "give one number",
                        where, key->name, name, lab);
    }
    return GSC_OK;
}

static gsc_status check_param(const gsc_spec *spec, const gsc_spec_key *key,
                              const json_t *descriptor, const char *name, const json_t *value,
                              const char *where, gsc_error *error) {
    enum {
        MOST = 64
    };
    const char *names[MOST], *id = text_of(descriptor, "id");
    size_t n = 0, i;
    json_t *param;
    json_array_foreach(json_object_get(descriptor, "params"), i, param) {
        if (n < MOST) {
            names[n++] = text_of(param, "name");
        }
        if (strcmp(text_of(param, "name"), name) != 0) {
            continue;
        }
        double lowest = json_number_value(json_object_get(param, "lowest"));
        double highest = json_number_value(json_object_get(param, "highest"));
        bool whole = strcmp(text_of(param, "type"), "real") != 0;
        if (!within(value, lowest, highest, whole)) {
            char shown[96];
            return gsc_fail(error, GSC_ERR_INPUT,
                            "%s%s.%s is %s; %s \"%s\" takes a %snumber from %.15g to %.15g", where,
                            key->name, name, show(value, shown, sizeof shown), key->choices[0], id,
                            whole ? "whole " : "", lowest, highest);
        }
        return json_is_object(value)
                   ? check_schedule(key, param, id, gsc_spec_string(spec, "lab"), where, error)
                   : GSC_OK;
    }
    const char *near = gsc_nearest(name, names, n);
    return gsc_fail(error, GSC_ERR_INPUT, "%s%s \"%s\" has no parameter \"%s\"%s%s", where,
                    key->choices[0], id, name,
                    near != NULL ? "; the nearest is "
                                 : (n > 0 ? "; one that it has is " : "; it has none"),
                    near != NULL ? near : (n > 0 ? names[0] : ""));
}

/* The plugin at a place of its key's list. */
static gsc_status check_plugin(const gsc_spec *spec, const gsc_spec_key *key, size_t at,
                               const json_t *descriptors, const char *where, gsc_error *error) {
    enum {
        MOST = 256
    };
    const char *ids[MOST], *id = gsc_spec_plugin_at(spec, key->name, at), *kind = key->choices[0];
    const json_t *value = gsc_spec_json(spec, key->name);
    value = json_is_array(value) ? json_array_get(value, at) : value;
    size_t n;
    if (id == NULL) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s%s has parameters but no \"id\" of a %s", where,
                        key->name, kind);
    }
    const json_t *descriptor = find_descriptor(descriptors, kind, id, ids, MOST, &n);
    if (descriptor == NULL) {
        const char *near = gsc_nearest(id, ids, n);
        return gsc_fail(error, GSC_ERR_INPUT,
                        "%s%s \"%s\" is not installed%s%s; gatescope plugin list shows what is",
                        where, kind, id, near != NULL ? "; the nearest is " : "",
                        near != NULL ? near : "");
    }
    if (strcmp(text_of(descriptor, "status"), "ok") != 0) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s%s \"%s\" was refused: %s", where, kind, id,
                        text_of(descriptor, "status"));
    }
    const char *refusal = text_of(descriptor, gsc_spec_string(spec, "lab"));
    if (*refusal != '\0') {
        return gsc_fail(error, GSC_ERR_INPUT, "%s%s", where, refusal);
    }
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)value, name, member) {
        gsc_status status = GSC_OK;
        if (strcmp(name, "id") != 0 && !gsc_spec_is_reserved(key, name)) {
            char full[256], its[320];
            snprintf(full, sizeof(full), "%s.%s", key->name, name);
            gsc_spec_where(spec, full, its, sizeof(its));
            status =
                check_param(spec, key, descriptor, name, member, *its != '\0' ? its : where, error);
        }
        if (status != GSC_OK) {
            return status;
        }
    }
    return GSC_OK;
}

gsc_status gsc_spec_check(const gsc_spec *spec, const json_t *descriptors, gsc_error *error) {
    char where[320];
    const char *name;
    json_t *value;
    json_object_foreach(spec->values, name, value) {
        const gsc_spec_key *key = gsc_spec_find_key(name);
        gsc_spec_where(spec, name, where, sizeof(where));
        gsc_status status = key == NULL ? gsc_spec_refuse_key(name, where, error)
                                        : gsc_spec_check_value(key, value, where, error);
        if (status != GSC_OK) {
            return status;
        }
    }
    size_t n;
    const gsc_spec_key *keys = gsc_spec_keys(&n);
    for (size_t i = 0; descriptors != NULL && i < n; i++) {
        const size_t count =
            keys[i].type == GSC_SPEC_PLUGIN ? gsc_spec_plugin_count(spec, keys[i].name) : 0;
        for (size_t at = 0; at < count; at++) {
            gsc_spec_where(spec, keys[i].name, where, sizeof(where));
            gsc_status status = check_plugin(spec, &keys[i], at, descriptors, where, error);
            if (status != GSC_OK) {
                return status;
            }
        }
    }
    return gsc_spec_check_lists(spec, error);
}
