/* SPDX-License-Identifier: MIT
 *
 * Parts through a sink that puts their name before what they say.
 */
#include "core/theory/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A part's sink. All but names goes through. */
typedef struct part_sink {
    gsc_sink sink;
    gsc_sink *outer;
    const char *name;
    double from, share; /* of the whole work */
} part_sink;

enum {
    NAME_SIZE = 192
};

static const char *arm_of(const part_sink *self, const char *arm, char *text) {
    snprintf(text, NAME_SIZE, "%s%s%s", self->name, arm[0] != '\0' ? " " : "", arm);
    return text;
}

static gsc_status part_series(gsc_sink *sink, const gsc_series_info *info, int32_t *ret_series,
                              gsc_error *error) {
    const part_sink *self = (const part_sink *)sink;
    char arm[NAME_SIZE], panel[NAME_SIZE];
    gsc_series_info own = *info;
    own.arm = arm_of(self, info->arm, arm);
    if (info->panel[0] != '\0') {
        snprintf(panel, sizeof panel, "%s: %s", self->name, info->panel);
        own.panel = panel;
    }
    return self->outer->series(self->outer, &own, ret_series, error);
}

static gsc_status part_points(gsc_sink *sink, int32_t series, const gsc_point *points, size_t n,
                              gsc_error *error) {
    gsc_sink *outer = ((part_sink *)sink)->outer;
    return outer->points(outer, series, points, n, error);
}

static gsc_status part_vector(gsc_sink *sink, int32_t series, double x, const float *values,
                              size_t n, gsc_error *error) {
    gsc_sink *outer = ((part_sink *)sink)->outer;
    return outer->vector(outer, series, x, values, n, error);
}

static gsc_status part_document(gsc_sink *sink, const char *kind, const char *arm, double x,
                                int32_t replicate, const char *json, gsc_error *error) {
    const part_sink *self = (const part_sink *)sink;
    char own[NAME_SIZE];
    return self->outer->document(self->outer, kind, arm_of(self, arm, own), x, replicate, json,
                                 error);
}

static gsc_status part_event(gsc_sink *sink, gsc_event_level level, const char *source,
                             const char *message, gsc_error *error) {
    const part_sink *self = (const part_sink *)sink;
    char own[1024];
    snprintf(own, sizeof own, "%s: %s", self->name, message);
    return self->outer->event(self->outer, level, source, own, error);
}

static gsc_status part_result(gsc_sink *sink, const gsc_result *result, gsc_error *error) {
    const part_sink *self = (const part_sink *)sink;
    char own[NAME_SIZE];
    gsc_result named = *result;
    named.arm = arm_of(self, result->arm, own);
    return self->outer->result(self->outer, &named, error);
}

static gsc_status part_progress(gsc_sink *sink, double fraction, const char *text,
                                gsc_error *error) {
    const part_sink *self = (const part_sink *)sink;
    char own[NAME_SIZE];
    snprintf(own, sizeof own, "%s%s%s", self->name, text[0] != '\0' ? ": " : "", text);
    return self->outer->progress(self->outer, self->from + self->share * fraction, own, error);
}

bool gsc_suite_has(const gsc_spec *spec) {
    return json_array_size(gsc_spec_json(spec, "theory.suite")) > 0;
}

static gsc_status set_all(gsc_spec *part, const json_t *set, gsc_error *error) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)set, key, value) {
        const gsc_status status = gsc_spec_set_json(part, key, value, error);
        if (status != GSC_OK) {
            return status;
        }
    }
    return gsc_spec_check(part, NULL, error);
}

/* The spec of one entry and its name, borrowed from the entry. */
static gsc_status read_part(const gsc_spec *spec, const json_t *entry, gsc_spec **ret_part,
                            const char **ret_name, gsc_error *error) {
    const char *key, *preset = json_string_value(json_object_get(entry, "preset"));
    json_t *value;
    json_object_foreach((json_t *)entry, key, value) {
        if (strcmp(key, "preset") != 0 && strcmp(key, "name") != 0 && strcmp(key, "set") != 0) {
            return gsc_fail(error, GSC_ERR_INPUT, "%s is unknown; known there: preset, name, set",
                            key);
        }
    }
    if (preset == NULL) {
        return gsc_fail(error, GSC_ERR_INPUT, "preset is missing; it should name a preset");
    }
    const char *name = json_string_value(json_object_get(entry, "name"));
    *ret_name = name != NULL ? name : preset;
    if (strlen(*ret_name) > 40 || strchr(*ret_name, ' ') != NULL) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "name is \"%s\"; it should be one word of at most 40 bytes", *ret_name);
    }
    char source[128];
    gsc_spec *part = NULL;
    snprintf(source, sizeof source, "preset:%.100s", preset);
    gsc_status status = gsc_spec_load(source, &part, error);
    if (status == GSC_OK) {
        json_t *seed = json_integer(gsc_spec_int(spec, "seed"));
        status = gsc_spec_set_json(part, "seed", seed, error);
        json_decref(seed);
    }
    if (status == GSC_OK) {
        status = set_all(part, json_object_get(entry, "set"), error);
    }
    if (status == GSC_OK && gsc_suite_has(part)) {
        status =
            gsc_fail(error, GSC_ERR_INPUT, "preset %s is a suite; its parts may not be", preset);
    }
    if (status != GSC_OK) {
        gsc_spec_free(part);
        return status;
    }
    *ret_part = part;
    return GSC_OK;
}

gsc_status gsc_suite_run(const gsc_spec *spec, gsc_pool *pool, gsc_sink *sink, gsc_error *error) {
    const json_t *list = gsc_spec_json(spec, "theory.suite");
    const size_t n = json_array_size(list);
    gsc_spec **parts = calloc(n, sizeof(gsc_spec *));
    const char **names = calloc(n, sizeof *names);
    gsc_status status = parts != NULL && names != NULL
                            ? GSC_OK
                            : gsc_fail(error, GSC_ERR_MEMORY, "no memory for the suite");
    for (size_t i = 0; i < n && status == GSC_OK; i++) {
        status = read_part(spec, json_array_get(list, i), &parts[i], &names[i], error);
        for (size_t k = 0; k < i && status == GSC_OK; k++) {
            if (strcmp(names[i], names[k]) == 0) {
                status = gsc_fail(error, GSC_ERR_INPUT, "name is %s again; names should differ",
                                  names[i]);
            }
        }
        if (status != GSC_OK) {
            gsc_fail_prefix(error, status, "theory.suite[%zu]", i);
        }
    }
    for (size_t i = 0; i < n && status == GSC_OK; i++) {
        part_sink part = {.sink = {.series = part_series,
                                   .points = part_points,
                                   .vector = part_vector,
                                   .document = part_document,
                                   .event = part_event,
                                   .result = part_result,
                                   .progress = part_progress},
                          .outer = sink,
                          .name = names[i],
                          .from = (double)i / (double)n,
                          .share = 1 / (double)n};
        char *text = gsc_spec_dump(parts[i]);
        status = text != NULL ? sink->document(sink, "spec", names[i], 0, -1, text, error)
                              : gsc_fail(error, GSC_ERR_MEMORY, "no memory for a part's spec");
        free(text);
        if (status == GSC_OK) {
            status = gsc_theory_run(parts[i], pool, &part.sink, error);
        }
        if (status != GSC_OK && status != GSC_ERR_STOPPED) {
            gsc_fail_prefix(error, status, "%s", names[i]);
        }
    }
    for (size_t i = 0; i < n && parts != NULL; i++) {
        gsc_spec_free(parts[i]);
    }
    free(parts);
    free(names);
    return status == GSC_OK ? sink->progress(sink, 1, "done", error) : status;
}
