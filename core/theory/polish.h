/* SPDX-License-Identifier: MIT
 *
 * Takes a fit from where EM stopped to the maximum of the likelihood nearby: a trust-region Newton method on
 * the analytic Hessian, the subproblem solved exactly in the eigenbasis (More and Sorensen 1983). The box and the
 * variance floor are constraints: coordinates that press against one are held, steps are projected. So is the
 * shape's mass floor (mass_floor.h), where it has one.
 *
 * It stops when a free Newton step promises less than options.gain. The likelihood never falls.
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_POLISH_H
#define GSC_CORE_THEORY_POLISH_H

#include "core/theory/hessian.h"

#include <stdatomic.h>

typedef struct gsc_polish_options {
    double gain; /* nats; 0.01 */
    int64_t max_iterations;
    const atomic_bool *stop; /* read once a step; NULL: never */
} gsc_polish_options;

typedef enum gsc_polish_stop {
    GSC_POLISH_CONVERGED, /* the predicted gain is below options.gain */
    GSC_POLISH_STALLED,   /* no step of any length helps at this precision */
    GSC_POLISH_ITERATIONS,
} gsc_polish_stop;

typedef struct gsc_polish_info {
    int64_t iterations; /* evaluations of value, gradient and Hessian, rejected steps included */
    double log_likelihood_before, log_likelihood;
    double predicted_gain; /* of the last step */
    gsc_polish_stop stop;
    size_t at_box, at_floor; /* coordinates held there at the end */
    size_t at_mass_floor;    /* atoms whose share of their group's mass is at the floor */
} gsc_polish_info;

const char *gsc_polish_stop_name(gsc_polish_stop stop); /* "converged" */

typedef struct gsc_polish gsc_polish;

gsc_status gsc_polish_new(const gsc_mixture_shape *shape, gsc_polish **ret_polish,
                          gsc_error *error);
void gsc_polish_free(gsc_polish *self);

/* In and out: one mixture inside the box. On failure mixture is untouched; GSC_ERR_STOPPED where
 * options.stop says so. */
gsc_status gsc_polish_run(gsc_polish *self, const gsc_sample *sample,
                          const gsc_polish_options *options, double *mixture,
                          gsc_polish_info *ret_info, gsc_error *error);

#endif
