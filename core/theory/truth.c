/* SPDX-License-Identifier: MIT
 *
 * theory.truth from JSON to a mixture. Every refusal names the entry: "theory.truth.routed[1].expert.bias".
 */
#include "core/theory/truth.h"

#include "core/theory/discrete.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where we are in theory.truth, for messages. */
typedef struct place {
    char text[96];
} place;

static gsc_status read_number(const json_t *object, const char *key, const place *where,
                              double *ret_value, gsc_error *error) {
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value) || !isfinite(json_number_value(value))) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s.%s is %s; it should be a finite number",
                        where->text, key, value == NULL ? "missing" : "not a number");
    }
    *ret_value = json_number_value(value);
    return GSC_OK;
}

/* A categorical response has none: 1. */
static gsc_status read_variance(const gsc_truth *truth, const json_t *object, const place *where,
                                double *ret_value, gsc_error *error) {
    if (truth->classes > 0) {
        if (json_object_get(object, "variance") != NULL) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "%s.variance has no meaning for a categorical response; leave it out",
                            where->text);
        }
        *ret_value = 1;
        return GSC_OK;
    }
    const gsc_status status = read_number(object, "variance", where, ret_value, error);
    if (status == GSC_OK && *ret_value <= 0) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s.variance is %g; it should be above 0",
                        where->text, *ret_value);
    }
    return status;
}

/* A list of size numbers; one bare number does for size 1. */
static gsc_status read_vector(const json_t *value, const char *key, const place *where, size_t size,
                              double *ret_values, gsc_error *error) {
    if (json_is_number(value) && size == 1) {
        ret_values[0] = json_number_value(value);
    } else if (!json_is_array(value)) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s.%s is %s; it should be a list of %zu number%s",
                        where->text, key, value == NULL ? "missing" : "not a list", size,
                        size == 1 ? "" : "s");
    } else if (json_array_size(value) != size) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s.%s has %zu numbers; it should have %zu",
                        where->text, key, json_array_size(value), size);
    } else {
        for (size_t i = 0; i < size; i++) {
            const json_t *entry = json_array_get(value, i);
            if (!json_is_number(entry)) {
                return gsc_fail(error, GSC_ERR_INPUT, "%s.%s[%zu] is not a number", where->text,
                                key, i);
            }
            ret_values[i] = json_number_value(entry);
        }
    }
    for (size_t i = 0; i < size; i++) {
        if (!isfinite(ret_values[i])) {
            return gsc_fail(error, GSC_ERR_INPUT, "%s.%s[%zu] is not a finite number", where->text,
                            key, i);
        }
    }
    return GSC_OK;
}

static gsc_status refuse_unknown(const json_t *object, const char *const *known, size_t n_known,
                                 const place *where, gsc_error *error) {
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
                error, GSC_ERR_INPUT, "%s.%s is unknown; %s%s", where->text, key,
                near != NULL ? "did you mean " : "known there: ", near != NULL ? near : known[0]);
        }
    }
    return GSC_OK;
}

static gsc_status read_expert(const json_t *atom, const gsc_expert_family *family,
                              const place *where, double *ret_theta, gsc_error *error) {
    const json_t *object = json_object_get(atom, "expert");
    if (!json_is_object(object)) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s.expert is %s; it should be an object of tensors",
                        where->text, object == NULL ? "missing" : "not an object");
    }
    place inner;
    snprintf(inner.text, sizeof inner.text, "%.80s.expert", where->text);
    const char *known[GSC_MAX_THETA_BLOCKS];
    for (size_t b = 0; b < family->n_blocks; b++) {
        known[b] = family->blocks[b].name;
        const gsc_status status =
            read_vector(json_object_get(object, known[b]), known[b], &inner, family->blocks[b].size,
                        ret_theta + family->blocks[b].offset, error);
        if (status != GSC_OK) {
            return status;
        }
    }
    return refuse_unknown(object, known, family->n_blocks, &inner, error);
}

static gsc_status read_shared(gsc_truth *truth, const json_t *list, gsc_error *error) {
    static const char *const known[] = {"omega", "expert", "variance"};
    double total = 0;
    for (size_t i = 0; i < truth->shape.k_shared; i++) {
        const json_t *atom = json_array_get(list, i);
        place where;
        snprintf(where.text, sizeof where.text, "theory.truth.shared[%zu]", i);
        double *omega = truth->mixture + truth->layout.omega + i;
        gsc_status status = refuse_unknown(atom, known, 3, &where, error);
        *omega = 1;
        if (status == GSC_OK &&
            (truth->shape.k_shared > 1 || json_object_get(atom, "omega") != NULL)) {
            status = read_number(atom, "omega", &where, omega, error);
        }
        if (status == GSC_OK && *omega <= 0) {
            status = gsc_fail(error, GSC_ERR_INPUT, "%s.omega is %g; it should be above 0",
                              where.text, *omega);
        }
        if (status == GSC_OK) {
            status = read_expert(
                atom, &truth->shared, &where,
                truth->mixture + truth->layout.kappa + i * truth->shared.theta_size, error);
        }
        if (status == GSC_OK) {
            status =
                read_variance(truth, atom, &where, truth->mixture + truth->layout.tau + i, error);
        }
        if (status != GSC_OK) {
            return status;
        }
        total += *omega;
    }
    if (truth->shape.k_shared > 0 && fabs(total - 1) > 1e-9) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "the omega of theory.truth.shared sum to %g; they should sum to 1", total);
    }
    return GSC_OK;
}

static gsc_status read_routed(gsc_truth *truth, const json_t *list, gsc_error *error) {
    static const char *const known[] = {"beta0", "beta1", "expert", "variance"};
    const size_t d = truth->shape.inputs;
    for (size_t j = 0; j < truth->shape.k_routed; j++) {
        const json_t *atom = json_array_get(list, j);
        place where;
        snprintf(where.text, sizeof where.text, "theory.truth.routed[%zu]", j);
        gsc_status status = refuse_unknown(atom, known, 4, &where, error);
        if (status == GSC_OK) {
            status =
                read_number(atom, "beta0", &where, truth->mixture + truth->layout.beta0 + j, error);
        }
        if (status == GSC_OK) {
            status = read_vector(json_object_get(atom, "beta1"), "beta1", &where, d,
                                 truth->mixture + truth->layout.beta1 + j * d, error);
        }
        if (status == GSC_OK) {
            status = read_expert(atom, &truth->routed, &where,
                                 truth->mixture + truth->layout.eta + j * truth->routed.theta_size,
                                 error);
        }
        if (status == GSC_OK) {
            status =
                read_variance(truth, atom, &where, truth->mixture + truth->layout.nu + j, error);
        }
        if (status != GSC_OK) {
            return status;
        }
    }
    return GSC_OK;
}

static gsc_status load_plugin(const gsc_spec *spec, gsc_kind kind, const char *key,
                              const gsc_loaded **ret_loaded, double *ret_params, gsc_error *error) {
    const char *id = gsc_spec_plugin(spec, key);
    if (id == NULL) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s is missing; it should name a plugin", key);
    }
    const gsc_status status = gsc_registry_load(kind, id, ret_loaded, error);
    if (status != GSC_OK) {
        return status;
    }
    const gsc_plugin *plugin = (*ret_loaded)->plugin;
    if (plugin->n_params > GSC_MAX_PLUGIN_PARAMS) {
        return gsc_fail(error, GSC_ERR_PLUGIN, "%s %s has %u parameters; the theory lab takes %d",
                        gsc_kind_name(kind), id, plugin->n_params, GSC_MAX_PLUGIN_PARAMS);
    }
    for (uint32_t i = 0; i < plugin->n_params; i++) {
        ret_params[i] =
            gsc_spec_plugin_param(spec, key, plugin->params[i].name, plugin->params[i].initial);
    }
    return GSC_OK;
}

/* theory.truth.gate, read as the key "gate" of a copy of the spec. */
static gsc_status read_own_gate(gsc_truth *truth, const gsc_spec *spec, const json_t *own,
                                gsc_error *error) {
    const gsc_loaded *loaded;
    double params[GSC_MAX_PLUGIN_PARAMS];
    gsc_spec *copy = gsc_spec_dup(spec);
    gsc_status status = copy != NULL
                            ? gsc_spec_set_json(copy, "gate", own, error)
                            : gsc_fail(error, GSC_ERR_MEMORY, "no memory for the true gate");
    if (status == GSC_OK) {
        status = load_plugin(copy, GSC_KIND_GATE, "gate", &loaded, params, error);
    }
    if (status == GSC_OK) {
        status = gsc_gate_family_init(&truth->gate, loaded, params, truth->shape.k_routed, error);
    }
    gsc_spec_free(copy);
    return status == GSC_OK ? status : gsc_fail_prefix(error, status, "theory.truth.gate");
}

static gsc_status read_families(gsc_truth *truth, const gsc_spec *spec, gsc_error *error) {
    const gsc_loaded *loaded;
    double params[GSC_MAX_PLUGIN_PARAMS];
    const char *shared_key =
        gsc_spec_plugin(spec, "theory.shared_expert") != NULL ? "theory.shared_expert" : "expert";
    gsc_status status = GSC_OK;
    if (truth->shape.k_shared > 0) {
        status = load_plugin(spec, GSC_KIND_EXPERT, shared_key, &loaded, params, error);
        if (status == GSC_OK) {
            status =
                gsc_expert_family_init(&truth->shared, loaded, params, truth->shape.inputs, error);
        }
        if (status == GSC_OK && truth->classes > 0) {
            status = gsc_expert_family_widen(&truth->shared, truth->classes, error);
        }
    }
    if (status != GSC_OK || truth->shape.k_routed == 0) {
        return status;
    }
    status = load_plugin(spec, GSC_KIND_EXPERT, "expert", &loaded, params, error);
    if (status == GSC_OK) {
        status = gsc_expert_family_init(&truth->routed, loaded, params, truth->shape.inputs, error);
    }
    if (status == GSC_OK && truth->classes > 0) {
        status = gsc_expert_family_widen(&truth->routed, truth->classes, error);
    }
    if (status == GSC_OK) {
        status = load_plugin(spec, GSC_KIND_GATE, "gate", &loaded, params, error);
    }
    if (status == GSC_OK) {
        status = gsc_gate_family_init(&truth->gate, loaded, params, truth->shape.k_routed, error);
        truth->fit_gate = truth->gate;
    }
    const json_t *own = json_object_get(gsc_spec_json(spec, "theory.truth"), "gate");
    return status == GSC_OK && own != NULL ? read_own_gate(truth, spec, own, error) : status;
}

/* The frame of theory.truth: interval, inputs, lengths of the two lists. */
static gsc_status read_frame(gsc_truth *truth, const json_t *json, gsc_error *error) {
    static const char *const known[] = {"x", "inputs", "shared", "routed", "gate"};
    const place where = {"theory.truth"};
    if (!json_is_object(json)) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "theory.truth is %s; it should be an object with x, "
                        "shared and routed",
                        json == NULL ? "missing" : "not an object");
    }
    gsc_status status = refuse_unknown(json, known, 5, &where, error);
    double range[2] = {0, 0};
    if (status == GSC_OK) {
        status = read_vector(json_object_get(json, "x"), "x", &where, 2, range, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    if (range[0] >= range[1]) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "theory.truth.x is [%g, %g]; its first number should be the smaller",
                        range[0], range[1]);
    }
    truth->x_low = range[0];
    truth->x_high = range[1];
    const json_t *inputs = json_object_get(json, "inputs");
    if (inputs != NULL && (!json_is_integer(inputs) || json_integer_value(inputs) < 1 ||
                           json_integer_value(inputs) > GSC_MAX_INPUTS)) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "theory.truth.inputs should be a whole number from 1 to %d",
                        GSC_MAX_INPUTS);
    }
    truth->shape.inputs = inputs != NULL ? (size_t)json_integer_value(inputs) : 1;
    for (int routed = 0; routed < 2; routed++) {
        const json_t *list = json_object_get(json, known[2 + routed]);
        if (list != NULL && !json_is_array(list)) {
            return gsc_fail(error, GSC_ERR_INPUT, "theory.truth.%s is not a list of atoms",
                            known[2 + routed]);
        }
        const size_t count = json_array_size(list);
        if (count > GSC_MAX_ATOMS) {
            return gsc_fail(error, GSC_ERR_INPUT, "theory.truth.%s has %zu atoms; at most %d",
                            known[2 + routed], count, GSC_MAX_ATOMS);
        }
        *(routed ? &truth->shape.k_routed : &truth->shape.k_shared) = count;
    }
    if (truth->shape.k_shared + truth->shape.k_routed == 0) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "theory.truth has no atom; give shared or routed at least one");
    }
    return GSC_OK;
}

/* The box must hold the truth, and the floor lie below its variances. */
static gsc_status check_bounds(const gsc_truth *truth, gsc_error *error) {
    const gsc_mixture_layout *layout = &truth->layout;
    const double box = truth->shape.box, floor = truth->shape.variance_floor;
    for (size_t p = layout->kappa; p < layout->nu; p++) {
        const bool tau = p >= layout->tau && p < layout->beta0;
        if (!tau && fabs(truth->mixture[p]) > box) {
            return gsc_fail(
                error, GSC_ERR_INPUT,
                "theory.box is %g, but theory.truth has a parameter of %g; make the box larger",
                box, truth->mixture[p]);
        }
    }
    for (size_t c = 0; c < truth->shape.k_shared + truth->shape.k_routed; c++) {
        const size_t i =
            c < truth->shape.k_shared ? layout->tau + c : layout->nu + c - truth->shape.k_shared;
        if (truth->mixture[i] <= floor) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "theory.variance_floor is %g, but theory.truth has a variance of %g; "
                            "the floor should lie below",
                            floor, truth->mixture[i]);
        }
    }
    return GSC_OK;
}

static double default_floor(const gsc_truth *truth) {
    double least = INFINITY;
    for (size_t i = 0; i < truth->shape.k_shared; i++) {
        least = fmin(least, truth->mixture[truth->layout.tau + i]);
    }
    for (size_t j = 0; j < truth->shape.k_routed; j++) {
        least = fmin(least, truth->mixture[truth->layout.nu + j]);
    }
    return 0.25 * least;
}

gsc_status gsc_truth_new(const gsc_spec *spec, gsc_truth **ret_truth, gsc_error *error) {
    gsc_truth *truth = calloc(1, sizeof *truth);
    if (truth == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the true mixture");
    }
    if (strcmp(gsc_spec_string(spec, "theory.response"), "categorical") == 0) {
        truth->classes = (size_t)gsc_spec_int(spec, "theory.classes");
    }
    const json_t *json = gsc_spec_json(spec, "theory.truth");
    gsc_status status = read_frame(truth, json, error);
    if (status == GSC_OK) {
        status = read_families(truth, spec, error);
    }
    if (status == GSC_OK) {
        truth->shape.shared = truth->shape.k_shared > 0 ? &truth->shared : NULL;
        truth->shape.routed = truth->shape.k_routed > 0 ? &truth->routed : NULL;
        truth->shape.gate = truth->shape.k_routed > 0 ? &truth->gate : NULL;
        truth->shape.box = gsc_spec_real(spec, "theory.box");
        truth->shape.variance_floor = gsc_spec_real(spec, "theory.variance_floor");
        truth->layout = gsc_mixture_get_layout(&truth->shape);
        truth->mixture = calloc(truth->layout.size, sizeof(double));
        if (truth->mixture == NULL) {
            status = gsc_fail(error, GSC_ERR_MEMORY, "no memory for the true mixture");
        }
    }
    if (status == GSC_OK) {
        status = read_shared(truth, json_object_get(json, "shared"), error);
    }
    if (status == GSC_OK) {
        status = read_routed(truth, json_object_get(json, "routed"), error);
    }
    if (status == GSC_OK) {
        if (truth->shape.variance_floor <= 0 || truth->classes > 0) {
            truth->shape.variance_floor = default_floor(truth);
        }
        status = check_bounds(truth, error);
    }
    if (status != GSC_OK) {
        gsc_truth_free(truth);
        return status;
    }
    *ret_truth = truth;
    return GSC_OK;
}

void gsc_truth_free(gsc_truth *truth) {
    if (truth != NULL) {
        free(truth->mixture);
        free(truth);
    }
}

void gsc_truth_fit_shape(const gsc_truth *truth, size_t k_shared, size_t k_routed,
                         gsc_gate_family *gate, gsc_mixture_shape *ret_shape) {
    *gate = truth->fit_gate;
    gate->experts = k_routed;
    *ret_shape = truth->shape;
    ret_shape->k_shared = k_shared;
    ret_shape->k_routed = k_routed;
    ret_shape->shared = k_shared > 0 ? &truth->shared : NULL;
    ret_shape->routed = k_routed > 0 ? &truth->routed : NULL;
    ret_shape->gate = k_routed > 0 ? gate : NULL;
}

size_t gsc_shape_free_parameters(const gsc_mixture_shape *shape) {
    return gsc_mixture_get_layout(shape).size - (shape->k_shared > 0);
}
