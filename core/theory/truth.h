/* SPDX-License-Identifier: MIT
 *
 * The true mixture of an experiment, read from a spec: gate and expert families with the spec's parameters,
 * the input interval, and one point of the family.
 *
 * Keys: gate, expert, theory.shared_expert (expert where absent), theory.truth, theory.response, theory.classes,
 * theory.box, theory.variance_floor. The form of theory.truth:
 *
 *     {"x": [-3, 3], "inputs": 1,
 *      "shared": [{"omega": 1, "expert": {"weight": [2], "bias": [0]}, "variance": 0.2}],
 *      "routed": [{"beta0": -0.5, "beta1": [1], "expert": {...}, "variance": 0.4}]}
 *
 * Where theory.response is categorical, an atom has no variance (its tau or nu is 1) and its tensors hold the numbers
 * of theory.classes - 1 classes: {"weight": [1, -2, 0.5], "bias": [0, 0, 1]} (discrete.h).
 *
 * "top_k" beside them is the number of routed experts that answer for one x (top_k.h; absent: all).
 * "gate" beside them names the gate that makes the data where it is not the one that is fitted.
 * "gate_tensors" beside them holds numbers of a true gate in general form (gate_general.h),
 * {NAME: [...]}; those that are left out are drawn by their declared init from the seed. Where such
 * a gate has an own score, beta0 and beta1 may be left out.
 * inputs (1 where absent) is d; x is the interval of every coordinate. Tensors are named as the expert's
 * family names its blocks. shared or routed may be empty, not both. The plugins are loaded: worker only.
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_TRUTH_H
#define GSC_CORE_THEORY_TRUTH_H

#include "core/base/error.h"
#include "core/read/spec.h"
#include "core/theory/model.h"

typedef struct gsc_truth {
    double x_low, x_high;
    size_t classes; /* of a categorical response; 0: the Gaussian mixture */
    gsc_expert_family shared, routed;
    gsc_gate_family gate;     /* over the true routed experts */
    gsc_gate_family fit_gate; /* of fits: the spec's; the same unless theory.truth names its own */
    /* Masses of routed atoms are mean gate probabilities E_x[pi_j(x)], not a(beta0): theory.loss is
     * none, or a gate in general form (gate_general.h) has no a(beta0). */
    bool mean_masses;
    size_t fit_top_k; /* theory.top_k; 0: all, or as many as convergence to a sparse truth needs */
    gsc_mixture_shape shape; /* points to the three above */
    gsc_mixture_layout layout;
    double *mixture; /* [layout.size] */
} gsc_truth;

/* The floor of variances is theory.variance_floor, or a quarter of the smallest true variance where that
 * is 0. Input errors name the entry of theory.truth at fault. */
gsc_status gsc_truth_new(const gsc_spec *spec, gsc_truth **ret_truth, gsc_error *error);
void gsc_truth_free(gsc_truth *truth);

/* The families of a spec over so many inputs, for data that nobody drew: no interval, no atoms, mixture NULL. The floor
 * is theory.variance_floor, or default_floor where that is 0. shared, routed: whether such experts are fitted. Does not
 * read theory.truth. */
gsc_status gsc_truth_new_families(const gsc_spec *spec, size_t inputs, bool shared, bool routed,
                                  double default_floor, gsc_truth **ret_truth, gsc_error *error);

/* The shape that is fitted: the truth's families, box and floor with k_shared and k_routed atoms. gate is the
 * caller's storage for the gate family over k_routed experts; it and the truth must outlive the shape. */
void gsc_truth_fit_shape(const gsc_truth *truth, size_t k_shared, size_t k_routed,
                         gsc_gate_family *gate, gsc_mixture_shape *ret_shape);

/* Free parameters of a shape: omega counts k - 1. */
size_t gsc_shape_free_parameters(const gsc_mixture_shape *shape);

#endif
