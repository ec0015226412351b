/* SPDX-License-Identifier: MIT
 *
 * Private to family.c, expert_family.c and gate_family.c. Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_FAMILY_INTERNAL_H
#define GSC_CORE_THEORY_FAMILY_INTERNAL_H

#include "core/theory/model.h"

/* The relative step of a central difference: the cube root of DBL_EPSILON. */
static const double family_difference_step = 6.055454452393343e-06;

/* The step that gsc_theory_set_step noted for this thread. */
long long family_step(void);

/* The call struct of the theory lab: one hidden unit, one output, no step, no random key. */
gsc_call family_call(const double *params, size_t rows, size_t inputs, size_t experts);

/* Refuses what the theory lab cannot take; else fills ret_params from params or, NULL, from the
 * plugin. */
gsc_status family_check_plugin(const gsc_loaded *loaded, double *ret_params, const double *params,
                               gsc_error *error);

/* Fails, naming plugin, function, step and input, where one of n values is not finite. values
 * and inputs are parallel; input_name says what the inputs are. */
gsc_status family_check_finite(const char *plugin, const char *function, size_t n,
                               const double *values, const double *inputs, const char *input_name,
                               gsc_error *error);

/* gsc_gate_log_affinity under a call of the caller's, for gates with tensors; any gate with an affinity. */
gsc_status family_log_affinity(const gsc_gate_family *family, const gsc_call *call, size_t n,
                               const double *z, double *ret_log_a, double *ret_slope,
                               gsc_error *error);

#endif
