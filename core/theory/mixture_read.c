/* SPDX-License-Identifier: MIT
 *
 * Numbers, experts, atoms, from JSON.
 */
#include "core/theory/mixture_read.h"

#include "core/read/spec.h"
#include "core/theory/gate_general.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static gsc_status read_number(const json_t *object, const char *key, const char *where,
                              double *ret_value, gsc_error *error) {
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value) || !isfinite(json_number_value(value))) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s.%s is %s; it should be a finite number", where,
                        key, value == NULL ? "missing" : "not a number");
    }
    *ret_value = json_number_value(value);
    return GSC_OK;
}

/* A categorical response has none: 1. */
static gsc_status read_variance(bool categorical, const json_t *object, const char *where,
                                double *ret_value, gsc_error *error) {
    if (categorical) {
        if (json_object_get(object, "variance") != NULL) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "%s.variance has no meaning for a categorical response; leave it out",
                            where);
        }
        *ret_value = 1;
        return GSC_OK;
    }
    const gsc_status status = read_number(object, "variance", where, ret_value, error);
    if (status == GSC_OK && *ret_value <= 0) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s.variance is %g; it should be above 0", where,
                        *ret_value);
    }
    return status;
}

gsc_status gsc_json_read_vector(const json_t *value, const char *key, const char *where,
                                size_t size, double *ret_values, gsc_error *error) {
    if (json_is_number(value) && size == 1) {
        ret_values[0] = json_number_value(value);
    } else if (!json_is_array(value)) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s.%s is %s; it should be a list of %zu number%s",
                        where, key, value == NULL ? "missing" : "not a list", size,
                        size == 1 ? "" : "s");
    } else if (json_array_size(value) != size) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s.%s has %zu numbers; it should have %zu", where,
                        key, json_array_size(value), size);
    } else {
        for (size_t i = 0; i < size; i++) {
            const json_t *entry = json_array_get(value, i);
            if (!json_is_number(entry)) {
                return gsc_fail(error, GSC_ERR_INPUT, "%s.%s[%zu] is not a number", where, key, i);
            }
            ret_values[i] = json_number_value(entry);
        }
    }
    for (size_t i = 0; i < size; i++) {
        if (!isfinite(ret_values[i])) {
            return gsc_fail(error, GSC_ERR_INPUT, "%s.%s[%zu] is not a finite number", where, key,
                            i);
        }
    }
    return GSC_OK;
}

gsc_status gsc_json_refuse_unknown(const json_t *object, const char *const *known, size_t n_known,
                                   const char *where, gsc_error *error) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value) {
        bool found = false;
        for (size_t i = 0; i < n_known && !found; i++) {
            found = strcmp(key, known[i]) == 0;
        }
        if (!found) {
            const char *near = gsc_nearest(key, known, n_known);
            return gsc_fail(
                error, GSC_ERR_INPUT, "%s.%s is unknown; %s%s", where, key,
                near != NULL ? "did you mean " : "known there: ", near != NULL ? near : known[0]);
        }
    }
    return GSC_OK;
}

static gsc_status read_expert(const json_t *atom, const gsc_expert_family *family,
                              const char *where, double *ret_theta, gsc_error *error) {
    const json_t *object = json_object_get(atom, "expert");
    if (!json_is_object(object)) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s.expert is %s; it should be an object of tensors",
                        where, object == NULL ? "missing" : "not an object");
    }
    char inner[160];
    snprintf(inner, sizeof inner, "%.120s.expert", where);
    const char *known[GSC_MAX_THETA_BLOCKS];
    for (size_t b = 0; b < family->n_blocks; b++) {
        known[b] = family->blocks[b].name;
        const gsc_status status = gsc_json_read_vector(json_object_get(object, known[b]), known[b],
                                                       inner, family->blocks[b].size,
                                                       ret_theta + family->blocks[b].offset, error);
        if (status != GSC_OK) {
            return status;
        }
    }
    return gsc_json_refuse_unknown(object, known, family->n_blocks, inner, error);
}

static gsc_status read_shared(const gsc_mixture_shape *shape, const json_t *list, const char *name,
                              bool categorical, double *mixture, gsc_error *error) {
    static const char *const known[] = {"omega", "expert", "variance"};
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    double total = 0;
    for (size_t i = 0; i < shape->k_shared; i++) {
        const json_t *atom = json_array_get(list, i);
        char where[160];
        snprintf(where, sizeof where, "%.100s.shared[%zu]", name, i);
        double *omega = mixture + at.omega + i;
        gsc_status status = gsc_json_refuse_unknown(atom, known, 3, where, error);
        *omega = 1;
        if (status == GSC_OK && (shape->k_shared > 1 || json_object_get(atom, "omega") != NULL)) {
            status = read_number(atom, "omega", where, omega, error);
        }
        if (status == GSC_OK && *omega <= 0) {
            status = gsc_fail(error, GSC_ERR_INPUT, "%s.omega is %g; it should be above 0", where,
                              *omega);
        }
        if (status == GSC_OK) {
            status = read_expert(atom, shape->shared, where,
                                 mixture + at.kappa + i * shape->shared->theta_size, error);
        }
        if (status == GSC_OK) {
            status = read_variance(categorical, atom, where, mixture + at.tau + i, error);
        }
        if (status != GSC_OK) {
            return status;
        }
        total += *omega;
    }
    if (shape->k_shared > 0 && fabs(total - 1) > 1e-9) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "the omega of %s.shared sum to %g; they should sum to 1", name, total);
    }
    return GSC_OK;
}

static gsc_status read_routed(const gsc_mixture_shape *shape, const json_t *list, const char *name,
                              bool categorical, double *mixture, gsc_error *error) {
    static const char *const known[] = {"beta0", "beta1", "expert", "variance"};
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    const size_t d = shape->inputs;
    const bool own = shape->gate != NULL && shape->gate->general &&
                     shape->gate->loaded->gate->score_form == GSC_SCORE_OWN;
    for (size_t j = 0; j < shape->k_routed; j++) {
        const json_t *atom = json_array_get(list, j);
        char where[160];
        snprintf(where, sizeof where, "%.100s.routed[%zu]", name, j);
        gsc_status status = gsc_json_refuse_unknown(atom, known, 4, where, error);
        const bool idle =
            own && json_object_get(atom, "beta0") == NULL && json_object_get(atom, "beta1") == NULL;
        if (status == GSC_OK && !idle) {
            status = read_number(atom, "beta0", where, mixture + at.beta0 + j, error);
        }
        if (status == GSC_OK && !idle) {
            status = gsc_json_read_vector(json_object_get(atom, "beta1"), "beta1", where, d,
                                          mixture + at.beta1 + j * d, error);
        }
        if (status == GSC_OK) {
            status = read_expert(atom, shape->routed, where,
                                 mixture + at.eta + j * shape->routed->theta_size, error);
        }
        if (status == GSC_OK) {
            status = read_variance(categorical, atom, where, mixture + at.nu + j, error);
        }
        if (status != GSC_OK) {
            return status;
        }
    }
    return GSC_OK;
}

gsc_status gsc_mixture_read(const gsc_mixture_shape *shape, const json_t *json, const char *name,
                            bool categorical, double *ret_mixture, gsc_error *error) {
    const gsc_status status =
        read_shared(shape, json_object_get(json, "shared"), name, categorical, ret_mixture, error);
    return status != GSC_OK ? status
                            : read_routed(shape, json_object_get(json, "routed"), name, categorical,
                                          ret_mixture, error);
}

gsc_status gsc_mixture_read_initial(const gsc_mixture_shape *shape, const json_t *json,
                                    bool categorical, double *ret_mixture, gsc_error *error) {
    static const char *const known[] = {"shared", "routed", "gate_tensors"};
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    if (!json_is_object(json)) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "theory.start is given, but theory.initial is %s; it should be an object "
                        "with shared and routed, all parameters written out",
                        json == NULL ? "missing" : "not an object");
    }
    gsc_status status =
        gsc_json_refuse_unknown(json, known, at.size > at.gate ? 3 : 2, "theory.initial", error);
    const size_t wanted[] = {shape->k_shared, shape->k_routed};
    for (int g = 0; g < 2 && status == GSC_OK; g++) {
        const json_t *list = json_object_get(json, known[g]);
        if ((list != NULL && !json_is_array(list)) || json_array_size(list) != wanted[g]) {
            status = gsc_fail(error, GSC_ERR_INPUT,
                              "theory.initial.%s has %zu atoms, but theory.k_%s is %zu; a given "
                              "start has one atom for each fitted expert",
                              known[g], json_array_size(list), known[g], wanted[g]);
        }
    }
    if (status == GSC_OK) {
        status = gsc_mixture_read(shape, json, "theory.initial", categorical, ret_mixture, error);
    }
    gsc_theta_block block;
    for (size_t i = 0; status == GSC_OK && at.size > at.gate &&
                       gsc_gate_block(shape->gate, shape->inputs, i, &block);
         i++) {
        const json_t *numbers = json_object_get(json_object_get(json, "gate_tensors"), block.name);
        status = gsc_json_read_vector(numbers, block.name, "theory.initial.gate_tensors",
                                      block.size, ret_mixture + at.gate + block.offset, error);
    }
    for (size_t i = at.kappa; i < at.size && status == GSC_OK; i++) {
        const bool variance = (i >= at.tau && i < at.beta0) || (i >= at.nu && i < at.gate);
        if (!variance && fabs(ret_mixture[i]) > shape->box) {
            status = gsc_fail(error, GSC_ERR_INPUT,
                              "theory.initial has a parameter of %g, beyond theory.box %g; make "
                              "the box larger",
                              ret_mixture[i], shape->box);
        }
    }
    return status;
}
