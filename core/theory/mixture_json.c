/* SPDX-License-Identifier: MIT
 *
 * Numbers, experts, atoms.
 */
#include "core/theory/mixture_json.h"

#include "core/theory/gate_general.h"

static json_t *numbers(const double *values, size_t n) {
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        json_array_append_new(list, json_real(values[i]));
    }
    return list;
}

static json_t *expert_json(const gsc_expert_family *family, const double *theta) {
    json_t *object = json_object();
    for (size_t b = 0; b < family->n_blocks; b++) {
        json_object_set_new(object, family->blocks[b].name,
                            numbers(theta + family->blocks[b].offset, family->blocks[b].size));
    }
    return object;
}

json_t *gsc_mixture_json(const gsc_mixture_shape *shape, const double *mixture) {
    json_t *shared = json_array(), *routed = json_array();
    const gsc_mixture_layout at = gsc_mixture_get_layout(shape);
    const size_t d = shape->inputs;
    for (size_t i = 0; i < shape->k_shared; i++) {
        const double *theta = mixture + at.kappa + i * shape->shared->theta_size;
        json_array_append_new(shared, json_pack("{s:f, s:o, s:f}", "omega", mixture[at.omega + i],
                                                "expert", expert_json(shape->shared, theta),
                                                "variance", mixture[at.tau + i]));
    }
    for (size_t j = 0; j < shape->k_routed; j++) {
        const double *theta = mixture + at.eta + j * shape->routed->theta_size;
        json_array_append_new(
            routed, json_pack("{s:f, s:o, s:o, s:f}", "beta0", mixture[at.beta0 + j], "beta1",
                              numbers(mixture + at.beta1 + j * d, d), "expert",
                              expert_json(shape->routed, theta), "variance", mixture[at.nu + j]));
    }
    json_t *mixture_of = json_pack("{s:o, s:o}", "shared", shared, "routed", routed);
    if (at.size > at.gate) {
        json_t *tensors = json_object();
        gsc_theta_block block;
        for (size_t i = 0; gsc_gate_block(shape->gate, d, i, &block); i++) {
            json_object_set_new(tensors, block.name,
                                numbers(mixture + at.gate + block.offset, block.size));
        }
        json_object_set_new(mixture_of, "gate_tensors", tensors);
    }
    return mixture_of;
}
