/* SPDX-License-Identifier: MIT
 *
 * The Gaussian mixture of shared and routed experts of arXiv 2505.10860, with its gate and experts
 * taken from plugins:
 *
 *     f(y|x) = m sum_i omega_i phi(y | h1(x, kappa_i), tau_i)
 *              + (1 - m) sum_j pi_j(x) phi(y | h2(x, eta_j), nu_j)
 *
 * m = 1/2 is fixed (0 where k_shared = 0, 1 where k_routed = 0); phi is the normal density with a
 * VARIANCE as its second parameter; z_j = beta1_j' x + beta0_j and pi_j = a(z_j) / sum_l a(z_l), a
 * the gate's affinity. All numbers are double.
 *
 * A shape is the family (sizes, gate, experts, box); a mixture is one point of it: one flat
 * vector.
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_MODEL_H
#define GSC_CORE_THEORY_MODEL_H

#include "core/base/error.h"
#include "core/plugin/registry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GSC_MAX_THETA_BLOCKS = 8,
    GSC_MAX_PLUGIN_PARAMS = 16,
    GSC_MAX_ATOMS = 32,
    GSC_MAX_INPUTS = 64
};

/* n observations. x is by column: x[k * n + t] is coordinate k of row t. */
typedef struct gsc_sample {
    size_t n, inputs;
    const double *x; /* [inputs][n] */
    const double *y; /* [n] */
} gsc_sample;

/* One named block of an expert's parameters: "weight" [d], "bias" [1], "in" [d], "out" [1]. */
typedef struct gsc_theta_block {
    char name[32];
    size_t offset, size;
} gsc_theta_block;

/* How one expert plugin's function h(x, theta) enters the theory lab: O = 1, and H = 1 for
 * feed-forward forms, whose theta is (in [d], bias [1] where biased, out [1]); own forms: their
 * trained tensors in declared order, named after them (D sized d, O sized 1, H sized 1). */
typedef struct gsc_expert_family {
    const gsc_loaded *loaded;
    char name[64]; /* "expert relu", for the guard and for messages */
    double params[GSC_MAX_PLUGIN_PARAMS];
    size_t inputs;
    size_t theta_size; /* P */
    size_t n_blocks;
    gsc_theta_block blocks[GSC_MAX_THETA_BLOCKS];
    bool linear; /* linear in theta: the Jacobian does not depend on it */
    size_t
        logits; /* C - 1 sets of the plugin's numbers for a categorical response (discrete.h); else 0 */
} gsc_expert_family;

typedef struct gsc_gate_family {
    const gsc_loaded *loaded;
    char name[64]; /* "gate softmax" */
    double params[GSC_MAX_PLUGIN_PARAMS];
    size_t experts;
    bool general; /* no plain affinity on linear scores: gate_general.h evaluates it */
} gsc_gate_family;

/* params: values in the plugin's declared order (its initial values where NULL). Refuses, in
 * one sentence, a plugin that the theory lab cannot take. */
gsc_status gsc_expert_family_init(gsc_expert_family *family, const gsc_loaded *loaded,
                                  const double *params, size_t inputs, gsc_error *error);
gsc_status gsc_gate_family_init(gsc_gate_family *family, const gsc_loaded *loaded,
                                const double *params, size_t experts, gsc_error *error);

/* h(x_t, theta) for n rows, and, where ret_jacobian is not NULL, dh/dtheta by column:
 * ret_jacobian[p * n + t]. x is by column with the given stride between columns (rows t0.. of a
 * sample: x + t0, stride sample.n). scratch holds gsc_expert_scratch(family, n) doubles. Fails
 * with GSC_ERR_PLUGIN, naming the plugin and its function, on a value that is not finite. */
gsc_status gsc_expert_evaluate(const gsc_expert_family *family, const double *theta, size_t n,
                               const double *x, size_t stride, double *ret_h, double *ret_jacobian,
                               double *scratch, gsc_error *error);
size_t gsc_expert_scratch(const gsc_expert_family *family, size_t n);

/* log a(z) of n logits (any number, any order) and, where ret_slope is not NULL, d log a / dz.
 * Non-finite output fails as above. */
gsc_status gsc_gate_log_affinity(const gsc_gate_family *family, size_t n, const double *z,
                                 double *ret_log_a, double *ret_slope, gsc_error *error);

typedef struct gsc_mixture_shape {
    size_t inputs, k_shared, k_routed;
    const gsc_expert_family *shared, *routed; /* NULL where that k is 0 */
    const gsc_gate_family *gate;
    size_t top_k;          /* routed experts that answer for one x (top_k.h); 0: all */
    double box;            /* |every parameter but variance and omega| <= box */
    double variance_floor; /* least tau and nu */
    double
        mass_floor; /* least share of an atom in the masses of its group (mass_floor.h); 0: none */
} gsc_mixture_shape;

/* Offsets into the flat vector, in this order: omega [k1], kappa [k1][P1], tau [k1], beta0 [k2],
 * beta1 [k2][d], eta [k2][P2], nu [k2], gate (what a gate in general form has beyond beta, gate_general.h; else
 * nothing). */
typedef struct gsc_mixture_layout {
    size_t omega, kappa, tau, beta0, beta1, eta, nu, gate, size;
} gsc_mixture_layout;

gsc_mixture_layout gsc_mixture_get_layout(const gsc_mixture_shape *shape);

/* m: 1/2, or 0 where k_shared is 0, or 1 where k_routed is 0. */
double gsc_mixture_shared_mass(const gsc_mixture_shape *shape);

/* Notes, for this thread, the step that guard and messages name ("at step 7"): an EM iteration. */
void gsc_theory_set_step(int64_t step);

/* Log-likelihood sum_t log f(y_t|x_t), exact in log space. */
gsc_status gsc_mixture_log_likelihood(const gsc_mixture_shape *shape, const double *mixture,
                                      const gsc_sample *sample, double *ret_log_likelihood,
                                      gsc_error *error);

#endif
