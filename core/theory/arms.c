/* SPDX-License-Identifier: MIT
 *
 * theory.arms and theory.gate_offsets to specs.
 */
#include "core/theory/arms.h"

#include "core/plugin/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_ARMS = 64
};

static gsc_status set_all(gsc_spec *spec, const json_t *set, size_t index, gsc_error *error) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)set, key, value) {
        if (strcmp(key, "theory.arms") == 0) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "theory.arms[%zu].set sets theory.arms; arms have no arms", index);
        }
        const gsc_status status = gsc_spec_set_json(spec, key, value, error);
        if (status != GSC_OK) {
            return gsc_fail_prefix(error, status, "theory.arms[%zu].set", index);
        }
    }
    const gsc_status status = gsc_spec_check(spec, NULL, error);
    return status == GSC_OK ? GSC_OK
                            : gsc_fail_prefix(error, status, "theory.arms[%zu].set", index);
}

static gsc_status read_arm(const gsc_spec *spec, const json_t *entry, size_t index,
                           gsc_spec_arm *arm, gsc_error *error) {
    const char *name = json_string_value(json_object_get(entry, "name"));
    const json_t *set = json_object_get(entry, "set");
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)entry, key, value) {
        if (strcmp(key, "name") != 0 && strcmp(key, "set") != 0) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "theory.arms[%zu].%s is unknown; known there: name, set", index, key);
        }
    }
    if (name == NULL || name[0] == '\0' || strlen(name) >= sizeof arm->name) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "theory.arms[%zu].name should be a word of 1 to %zu bytes", index,
                        sizeof arm->name - 1);
    }
    if (set != NULL && !json_is_object(set)) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "theory.arms[%zu].set should be an object of keys and values", index);
    }
    snprintf(arm->name, sizeof arm->name, "%s", name);
    arm->spec = gsc_spec_dup(spec);
    if (arm->spec == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for arm %s", name);
    }
    return set_all(arm->spec, set, index, error);
}

static gsc_status has_offset(const gsc_spec *spec, bool *ret_has, gsc_error *error) {
    const char *id = gsc_spec_plugin(spec, "gate");
    const gsc_loaded *loaded;
    *ret_has = false;
    if (id == NULL || gsc_spec_json(spec, "theory.gate_offsets") == NULL) {
        return GSC_OK;
    }
    const gsc_status status = gsc_registry_load(GSC_KIND_GATE, id, &loaded, error);
    for (uint32_t i = 0; status == GSC_OK && i < loaded->plugin->n_params; i++) {
        *ret_has |= strcmp(loaded->plugin->params[i].name, "offset") == 0;
    }
    return status;
}

/* One arm, or one for each offset, appended to list; takes from->spec. */
static gsc_status append(gsc_spec_arm *list, size_t *n, gsc_spec_arm *from, gsc_error *error) {
    bool offset;
    double *values = NULL;
    size_t count = 1;
    gsc_status status = has_offset(from->spec, &offset, error);
    if (status == GSC_OK && offset) {
        status = gsc_spec_list(from->spec, "theory.gate_offsets", &values, &count, error);
    }
    for (size_t i = 0; i < count && status == GSC_OK; i++) {
        if (*n == MAX_ARMS) {
            status = gsc_fail(error, GSC_ERR_INPUT,
                              "theory.arms x theory.gate_offsets make more than %d arms", MAX_ARMS);
            break;
        }
        gsc_spec_arm *arm = &list[*n];
        *arm = (gsc_spec_arm){.spec = gsc_spec_dup(from->spec)};
        if (arm->spec == NULL) {
            status = gsc_fail(error, GSC_ERR_MEMORY, "no memory for an arm");
            break;
        }
        (*n)++;
        snprintf(arm->name, sizeof arm->name, "%s", from->name);
        if (offset) {
            json_t *value = json_real(values[i]);
            snprintf(arm->name, sizeof arm->name, "%.40s%soffset=%g", from->name,
                     from->name[0] != '\0' ? " " : "", values[i]);
            status = gsc_spec_set_json(arm->spec, "gate.offset", value, error);
            json_decref(value);
        }
    }
    free(values);
    gsc_spec_free(from->spec);
    from->spec = NULL;
    return status;
}

gsc_status gsc_arms_new(const gsc_spec *spec, gsc_spec_arm **ret_arms, size_t *ret_count,
                        gsc_error *error) {
    const json_t *json = gsc_spec_json(spec, "theory.arms");
    const size_t entries = json_array_size(json);
    gsc_spec_arm *list = calloc(MAX_ARMS, sizeof *list);
    size_t n = 0;
    gsc_status status = GSC_OK;
    if (list == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the arms");
    }
    for (size_t i = 0; i < (entries > 0 ? entries : 1) && status == GSC_OK; i++) {
        gsc_spec_arm one = {.spec = NULL};
        if (entries > 0) {
            status = read_arm(spec, json_array_get(json, i), i, &one, error);
        } else if ((one.spec = gsc_spec_dup(spec)) == NULL) {
            status = gsc_fail(error, GSC_ERR_MEMORY, "no memory for an arm");
        }
        if (status == GSC_OK) {
            status = append(list, &n, &one, error);
        }
        gsc_spec_free(one.spec);
    }
    for (size_t i = 0; i < n && status == GSC_OK; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(list[i].name, list[k].name) == 0) {
                status = gsc_fail(error, GSC_ERR_INPUT,
                                  "two arms of theory.arms are called %s; names should differ",
                                  list[i].name[0] != '\0' ? list[i].name : "\"\"");
                break;
            }
        }
    }
    if (status != GSC_OK) {
        gsc_arms_free(list, n);
        return status;
    }
    *ret_arms = list;
    *ret_count = n;
    return GSC_OK;
}

void gsc_arms_free(gsc_spec_arm *arms, size_t count) {
    for (size_t i = 0; i < count; i++) {
        gsc_spec_free(arms[i].spec);
    }
    free(arms);
}
