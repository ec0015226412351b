/* SPDX-License-Identifier: MIT
 *
 * Plugins in a spec: one or a list of them, with parameters, counts, coefficients and schedules.
 *
 * Layer: core/read.
 */
#include "core/read/spec_internal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const json_t *value_of(const gsc_spec *spec, const char *key) {
    const gsc_spec_key *known = gsc_spec_find_key(key);
    assert(known != NULL && known->type == GSC_SPEC_PLUGIN);
    (void)known;
    return gsc_spec_json(spec, key);
}

size_t gsc_spec_plugin_count(const gsc_spec *spec, const char *key) {
    const json_t *value = value_of(spec, key);
    return json_is_array(value) ? json_array_size(value) : value != NULL;
}

bool gsc_spec_plugin_is_list(const gsc_spec *spec, const char *key) {
    return json_is_array(value_of(spec, key));
}

static const json_t *entry_at(const gsc_spec *spec, const char *key, size_t at) {
    const json_t *value = value_of(spec, key);
    return json_is_array(value) ? json_array_get(value, at) : at == 0 ? value : NULL;
}

const char *gsc_spec_plugin_at(const gsc_spec *spec, const char *key, size_t at) {
    const json_t *value = entry_at(spec, key, at);
    if (json_is_object(value)) {
        const json_t *id = json_object_get(value, "id");
        const json_t *initial =
            gsc_spec_plugin_is_list(spec, key) ? NULL : json_object_get(spec->initials, key);
        return json_string_value(id != NULL ? id : initial);
    }
    return json_string_value(value);
}

const char *gsc_spec_plugin(const gsc_spec *spec, const char *key) {
    return gsc_spec_plugin_at(spec, key, 0);
}

double gsc_spec_plugin_number(const gsc_spec *spec, const char *key, size_t at, const char *name,
                              double fallback) {
    const json_t *value = entry_at(spec, key, at);
    const json_t *number = json_is_object(value) ? json_object_get(value, name) : NULL;
    if (json_is_object(number)) {
        number = json_object_get(number, "from");
    }
    if (json_is_boolean(number)) {
        return json_is_true(number) ? 1 : 0;
    }
    return json_is_number(number) ? json_number_value(number) : fallback;
}

double gsc_spec_plugin_param(const gsc_spec *spec, const char *key, const char *param,
                             double fallback) {
    return gsc_spec_plugin_number(spec, key, 0, param, fallback);
}

/* ---- Schedules ---- */

static const char *const shape_names[] = {"linear", "cosine", "exponential"};

static bool find_shape(const json_t *shape, gsc_spec_shape *ret_shape) {
    const char *name = json_string_value(shape);
    for (int i = GSC_SPEC_LINEAR; name != NULL && i <= GSC_SPEC_EXPONENTIAL; i++) {
        if (strcmp(name, shape_names[i]) == 0) {
            *ret_shape = (gsc_spec_shape)i;
            return true;
        }
    }
    *ret_shape = GSC_SPEC_LINEAR;
    return shape == NULL;
}

bool gsc_spec_is_schedule(const json_t *value) {
    const char *name;
    json_t *member;
    gsc_spec_shape shape;
    json_object_foreach((json_t *)value, name, member) {
        if (strcmp(name, "from") != 0 && strcmp(name, "to") != 0 && strcmp(name, "steps") != 0 &&
            strcmp(name, "shape") != 0) {
            return false;
        }
    }
    const double from = json_number_value(json_object_get(value, "from"));
    const double to = json_number_value(json_object_get(value, "to"));
    return json_is_number(json_object_get(value, "from")) &&
           json_is_number(json_object_get(value, "to")) &&
           json_number_value(json_object_get(value, "steps")) >= 1 &&
           find_shape(json_object_get(value, "shape"), &shape) &&
           (shape != GSC_SPEC_EXPONENTIAL || from * to > 0);
}

bool gsc_spec_plugin_schedule(const gsc_spec *spec, const char *key, size_t at, const char *param,
                              gsc_spec_schedule *ret_schedule) {
    const json_t *value = entry_at(spec, key, at);
    const json_t *course = json_is_object(value) ? json_object_get(value, param) : NULL;
    if (!json_is_object(course)) {
        return false;
    }
    *ret_schedule =
        (gsc_spec_schedule){.from = json_number_value(json_object_get(course, "from")),
                            .to = json_number_value(json_object_get(course, "to")),
                            .steps = json_number_value(json_object_get(course, "steps"))};
    find_shape(json_object_get(course, "shape"), &ret_schedule->shape);
    return true;
}

double gsc_spec_schedule_at(const gsc_spec_schedule *schedule, double step) {
    const double part = fmin(1, fmax(0, step / schedule->steps));
    const double change = schedule->to - schedule->from;
    if (part >= 1) {
        return schedule->to;
    }
    switch (schedule->shape) {
    case GSC_SPEC_COSINE:
        return schedule->from + change * (1 - cos(3.141592653589793 * part)) / 2;
    case GSC_SPEC_EXPONENTIAL:
        return schedule->from * pow(schedule->to / schedule->from, part);
    case GSC_SPEC_LINEAR:
        break;
    }
    return schedule->from + change * part;
}

/* ---- Checks ---- */

static bool is_number(const json_t *value) {
    return json_is_number(value) || json_is_boolean(value);
}

static bool one_fits(const json_t *value) {
    const char *name;
    json_t *member;
    if (json_is_string(value)) {
        return json_string_length(value) > 0;
    }
    json_object_foreach((json_t *)value, name, member) {
        if (strcmp(name, "id") == 0 ? !json_is_string(member)
                                    : !is_number(member) && !gsc_spec_is_schedule(member)) {
            return false;
        }
    }
    return json_is_object(value);
}

bool gsc_spec_plugin_fits(const gsc_spec_key *key, const json_t *value) {
    size_t i;
    json_t *member;
    if (!json_is_array(value)) {
        return one_fits(value);
    }
    json_array_foreach(value, i, member) {
        if (!one_fits(member)) {
            return false;
        }
    }
    return gsc_spec_takes_list(key) && i > 0;
}

bool gsc_spec_takes_list(const gsc_spec_key *key) {
    return strcmp(key->name, "expert") == 0 || strcmp(key->name, "balancer") == 0;
}

bool gsc_spec_is_reserved(const gsc_spec_key *key, const char *name) {
    return strcmp(key->name, "expert") == 0
               ? strcmp(name, "count") == 0
               : strcmp(key->name, "balancer") == 0 && strcmp(name, "coefficient") == 0;
}

/* Counts of experts are whole and sum to lm.experts; a list of one may leave its count out. */
static gsc_status check_counts(const gsc_spec *spec, const char *where, gsc_error *error) {
    const size_t n = gsc_spec_plugin_count(spec, "expert");
    const int64_t experts = gsc_spec_int(spec, "lm.experts");
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const char *id = gsc_spec_plugin_at(spec, "expert", i);
        const double count =
            gsc_spec_plugin_number(spec, "expert", i, "count", n == 1 ? (double)experts : NAN);
        if (!(count >= 1) || count != floor(count)) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "%sexpert \"%s\" has the count %g; in a list each has one, a whole "
                            "number from 1",
                            where, id != NULL ? id : "?", isnan(count) ? 0 : count);
        }
        sum += count;
    }
    if (sum != (double)experts) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "%sthe counts of expert sum to %g and lm.experts is %lld; make them equal",
                        where, sum, (long long)experts);
    }
    return GSC_OK;
}

gsc_status gsc_spec_check_lists(const gsc_spec *spec, gsc_error *error) {
    const char *lab = gsc_spec_string(spec, "lab");
    char where[320];
    gsc_spec_where(spec, "expert", where, sizeof where);
    if (strcmp(lab, "lm") != 0) {
        return !gsc_spec_plugin_is_list(spec, "expert")
                   ? GSC_OK
                   : gsc_fail(error, GSC_ERR_INPUT,
                              "%sexpert is a list, and the %s lab fits routed experts of one kind; "
                              "name one (theory.shared_expert is the shared experts')",
                              where, lab);
    }
    return check_counts(spec, where, error);
}
