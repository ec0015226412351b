/* SPDX-License-Identifier: MIT
 *
 * theory.truth from JSON to a mixture: its frame, its families, its bounds.
 */
#include "core/theory/truth.h"

#include "core/theory/discrete.h"
#include "core/theory/gate_general.h"
#include "core/theory/mixture_read.h"
#include "core/theory/random.h"
#include "core/theory/top_k.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    const json_t *own = truth->x_low < truth->x_high
                            ? json_object_get(gsc_spec_json(spec, "theory.truth"), "gate")
                            : NULL;
    return status == GSC_OK && own != NULL ? read_own_gate(truth, spec, own, error) : status;
}

/* The frame of theory.truth: interval, inputs, lengths of the two lists. */
static gsc_status read_frame(gsc_truth *truth, const json_t *json, gsc_error *error) {
    static const char *const known[] = {"x",    "inputs", "shared",      "routed",
                                        "gate", "top_k",  "gate_tensors"};
    if (!json_is_object(json)) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "theory.truth is %s; it should be an object with x, "
                        "shared and routed",
                        json == NULL ? "missing" : "not an object");
    }
    gsc_status status = gsc_json_refuse_unknown(json, known, 7, "theory.truth", error);
    double range[2] = {0, 0};
    if (status == GSC_OK) {
        status =
            gsc_json_read_vector(json_object_get(json, "x"), "x", "theory.truth", 2, range, error);
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
    const json_t *top_k = json_object_get(json, "top_k");
    if (top_k != NULL && (!json_is_integer(top_k) || json_integer_value(top_k) < 1 ||
                          json_integer_value(top_k) > (json_int_t)truth->shape.k_routed)) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "theory.truth.top_k should be a whole number from 1 to the %zu routed "
                        "experts of the truth",
                        truth->shape.k_routed);
    }
    truth->shape.top_k = top_k != NULL ? (size_t)json_integer_value(top_k) : 0;
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
    for (size_t p = layout->gate; p < layout->size; p++) {
        if (fabs(truth->mixture[p]) > box) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "theory.box is %g, but the true gate has a number of %g; make the box "
                            "larger",
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

/* What gates in general form do not go with. */
static gsc_status check_general(const gsc_truth *truth, const gsc_spec *spec, gsc_error *error) {
    const gsc_gate_family *gates[] = {&truth->gate, &truth->fit_gate};
    for (int i = 0; i < 2; i++) {
        const gsc_gate_family *gate = gates[i];
        if (!gate->general) {
            continue;
        }
        if (gsc_gate_extra(gate, truth->shape.inputs) == SIZE_MAX) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "%s declares a tensor with a size that has no meaning in the theory "
                            "lab",
                            gate->name);
        }
        const bool top_k = truth->shape.top_k > 0 || gsc_spec_int(spec, "theory.top_k") > 0;
        if (truth->classes > 0 || top_k) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "%s is no affinity a(z) on linear scores, which %s needs", gate->name,
                            top_k ? "top_k" : "a categorical response");
        }
    }
    return GSC_OK;
}

/* theory.truth.gate_tensors over a draw by declared init. */
static gsc_status read_gate_tensors(gsc_truth *truth, const json_t *json, uint64_t seed,
                                    gsc_error *error) {
    const json_t *own = json_object_get(json, "gate_tensors");
    const size_t extra = truth->layout.size - truth->layout.gate;
    const char *known[32];
    size_t n_known = 0;
    gsc_theta_block blocks[32];
    while (extra > 0 && n_known < 32 &&
           gsc_gate_block(&truth->gate, truth->shape.inputs, n_known, &blocks[n_known])) {
        known[n_known] = blocks[n_known].name;
        n_known++;
    }
    if (own != NULL && (!json_is_object(own) || extra == 0)) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        extra == 0 ? "theory.truth.gate_tensors has no meaning for %s, which has "
                                     "no numbers of its own"
                                   : "theory.truth.gate_tensors of %s should be an object of lists",
                        truth->gate.name);
    }
    if (extra == 0) {
        return GSC_OK;
    }
    double *noise = malloc(extra * sizeof *noise);
    if (noise == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the true gate");
    }
    gsc_rng random;
    gsc_rng_init(&random, seed, 0, 0, 0);
    for (size_t i = 0; i < extra; i++) {
        noise[i] = gsc_rng_normal(&random);
    }
    double *numbers = truth->mixture + truth->layout.gate;
    gsc_gate_initial(&truth->gate, truth->shape.inputs, noise, numbers);
    free(noise);
    gsc_status status =
        gsc_json_refuse_unknown(own, known, n_known, "theory.truth.gate_tensors", error);
    for (size_t i = 0; i < n_known && status == GSC_OK; i++) {
        const json_t *list = json_object_get(own, known[i]);
        if (list != NULL) {
            status = gsc_json_read_vector(list, known[i], "theory.truth.gate_tensors",
                                          blocks[i].size, numbers + blocks[i].offset, error);
        }
    }
    return status;
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
    if (status == GSC_OK && (truth->gate.general || truth->fit_gate.general)) {
        status = check_general(truth, spec, error);
    }
    if (status == GSC_OK) {
        truth->mean_masses = truth->gate.general || truth->fit_gate.general ||
                             strcmp(gsc_spec_string(spec, "theory.loss"), "none") == 0;
        truth->shape.shared = truth->shape.k_shared > 0 ? &truth->shared : NULL;
        truth->shape.routed = truth->shape.k_routed > 0 ? &truth->routed : NULL;
        truth->shape.gate = truth->shape.k_routed > 0 ? &truth->gate : NULL;
        truth->shape.box = gsc_spec_real(spec, "theory.box");
        truth->fit_top_k = (size_t)gsc_spec_int(spec, "theory.top_k");
        truth->shape.variance_floor = gsc_spec_real(spec, "theory.variance_floor");
        truth->shape.mass_floor = gsc_spec_real(spec, "theory.mass_floor");
        truth->layout = gsc_mixture_get_layout(&truth->shape);
        truth->mixture = calloc(truth->layout.size, sizeof(double));
        if (truth->mixture == NULL) {
            status = gsc_fail(error, GSC_ERR_MEMORY, "no memory for the true mixture");
        }
    }
    if (status == GSC_OK) {
        status = gsc_mixture_read(&truth->shape, json, "theory.truth", truth->classes > 0,
                                  truth->mixture, error);
    }
    if (status == GSC_OK) {
        status = read_gate_tensors(truth, json, (uint64_t)gsc_spec_int(spec, "seed"), error);
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

gsc_status gsc_truth_new_families(const gsc_spec *spec, size_t inputs, bool shared, bool routed,
                                  double default_floor, gsc_truth **ret_truth, gsc_error *error) {
    gsc_truth *truth = calloc(1, sizeof *truth);
    if (truth == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the families of a fit");
    }
    truth->shape.inputs = inputs;
    truth->shape.k_shared = shared;
    truth->shape.k_routed = routed;
    truth->shape.box = gsc_spec_real(spec, "theory.box");
    truth->shape.variance_floor = gsc_spec_real(spec, "theory.variance_floor");
    truth->shape.mass_floor = gsc_spec_real(spec, "theory.mass_floor");
    if (truth->shape.variance_floor <= 0) {
        truth->shape.variance_floor = default_floor;
    }
    gsc_status status = read_families(truth, spec, error);
    if (status == GSC_OK && routed && gsc_gate_extra(&truth->gate, inputs) == SIZE_MAX) {
        status = gsc_fail(error, GSC_ERR_INPUT,
                          "%s declares a tensor with a size that has no meaning in the theory lab",
                          truth->gate.name);
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
    if (truth->fit_top_k > 0) {
        ret_shape->top_k = truth->fit_top_k;
    } else if (truth->shape.top_k > 0) {
        ret_shape->top_k = gsc_top_k_needed(truth->shape.top_k, truth->shape.k_routed, k_routed);
    }
}

size_t gsc_shape_free_parameters(const gsc_mixture_shape *shape) {
    return gsc_mixture_get_layout(shape).size - (shape->k_shared > 0);
}
