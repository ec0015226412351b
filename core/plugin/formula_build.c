/* SPDX-License-Identifier: MIT
 *
 * Formula gates as plugins. See formula_build.h.
 */
#include "core/plugin/formula_build.h"

#include "core/base/sha256.h"
#include "core/plugin/formula.h"
#include "core/plugin/kit.h"
#include "core/plugin/place.h"
#include "core/plugin/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The source is in the name: another generator or another text never meets an old object. */
static gsc_status name_files(const gsc_formula *formula, const char *source,
                             char ret_source[GSC_PLUGIN_PATH_SIZE],
                             char ret_object[GSC_PLUGIN_PATH_SIZE], gsc_error *error) {
    char folder[GSC_PLUGIN_PATH_SIZE], hash[GSC_SHA256_TEXT_SIZE];
    gsc_status status = gsc_place_cache("formulas", folder, sizeof folder, error);

    if (status == GSC_OK) {
        status = gsc_place_make(folder, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    gsc_sha256_text(source, strlen(source), hash);
    const char *id = gsc_formula_id(formula);
    snprintf(ret_source, GSC_PLUGIN_PATH_SIZE, "%.900s/%s-%.8s.c", folder, id, hash);
    snprintf(ret_object, GSC_PLUGIN_PATH_SIZE, "%.900s/%s-%.8s.so", folder, id, hash);
    return GSC_OK;
}

gsc_status gsc_formula_build(const char *text, char ret_path[GSC_PLUGIN_PATH_SIZE],
                             gsc_error *error) {
    char source_path[GSC_PLUGIN_PATH_SIZE];
    gsc_formula *formula = NULL;
    char *source = NULL;
    gsc_status status = gsc_formula_parse(text, &formula, NULL, error);

    if (status == GSC_OK) {
        status = gsc_formula_source(formula, &source, error);
    }
    if (status == GSC_OK) {
        status = name_files(formula, source, source_path, ret_path, error);
    }
    if (status == GSC_OK && access(ret_path, R_OK) != 0) {
        status = gsc_place_write(source_path, source, strlen(source), error);
        if (status == GSC_OK) {
            status = gsc_kit_build(source_path, ret_path, error);
        }
    }
    free(source);
    gsc_formula_free(formula);
    return status;
}

gsc_status gsc_formula_describe(const char *text, json_t **ret_row, gsc_error *error) {
    char path[GSC_PLUGIN_PATH_SIZE];
    json_t *row = NULL;
    gsc_status status = gsc_formula_build(text, path, error);

    if (status == GSC_OK) {
        status = gsc_registry_describe(path, &row, error);
    }
    if (status == GSC_OK) {
        json_object_set_new(row, "id", json_string(text));
        json_object_set_new(row, "trusted", json_true());
        *ret_row = row;
    }
    return status;
}

/* ---- Specs --------------------------------------------------------------------------------------- */

static bool is_known(const json_t *descriptors, const char *text) {
    size_t i;
    json_t *row;
    json_array_foreach(descriptors, i, row) {
        const char *id = json_string_value(json_object_get(row, "id"));
        if (id != NULL && strcmp(id, text) == 0) {
            return true;
        }
    }
    return false;
}

static gsc_status resolve_gate(const json_t *gate, json_t *descriptors, gsc_error *error) {
    const char *text = json_string_value(json_is_object(gate) ? json_object_get(gate, "id") : gate);
    json_t *row = NULL;

    if (!gsc_formula_is(text) || is_known(descriptors, text)) {
        return GSC_OK;
    }
    gsc_status status = gsc_formula_describe(text, &row, error);
    if (status == GSC_OK) {
        json_array_append_new(descriptors, row);
    }
    return status;
}

static gsc_status resolve_all(const json_t *value, json_t *descriptors, gsc_error *error) {
    gsc_status status = GSC_OK;
    const char *key;
    json_t *member;
    size_t i;

    json_object_foreach((json_t *)value, key, member) {
        if (status == GSC_OK && strcmp(key, "gate") == 0) {
            status = resolve_gate(member, descriptors, error);
        }
        if (status == GSC_OK) {
            status = resolve_all(member, descriptors, error);
        }
    }
    json_array_foreach(value, i, member) {
        if (status == GSC_OK) {
            status = resolve_all(member, descriptors, error);
        }
    }
    return status;
}

gsc_status gsc_formula_resolve(const char *spec_text, json_t *descriptors, gsc_error *error) {
    json_t *spec = json_loads(spec_text, 0, NULL);
    const gsc_status status = resolve_all(spec, descriptors, error);

    json_decref(spec);
    return status;
}
