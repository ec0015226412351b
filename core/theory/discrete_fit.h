/* SPDX-License-Identifier: MIT
 *
 * Samples of a categorical mixture and their maximum likelihood fits: what sampler.h and fit.h do
 * for the Gaussian one.
 *
 * A fit descends minus the log-likelihood by Fisher scoring with Levenberg and Marquardt's damping
 * inside the box (kl_fit.h, bound to the sample), from every start; no step lowers the likelihood,
 * and it stops where a step gains less than GSC_DISCRETE_GAIN twice in a row.
 *
 * Layer: core/theory. d = 1.
 */
#ifndef GSC_CORE_THEORY_DISCRETE_FIT_H
#define GSC_CORE_THEORY_DISCRETE_FIT_H

#include "core/theory/discrete.h"
#include "core/theory/fit.h"

/* In nats. */
#define GSC_DISCRETE_GAIN 1e-3

/* x uniform on the truth's interval, ret_y the class, 0 .. C - 1. The numbers depend on (seed, n,
 * replicate) only. */
gsc_status gsc_discrete_draw(const gsc_truth *truth, uint64_t seed, size_t n, size_t replicate,
                             double *ret_x, double *ret_y, gsc_error *error);

/* The memory of fits of one shape; one thread at a time. truth and shape are borrowed. */
typedef struct gsc_discrete_fitter gsc_discrete_fitter;

gsc_status gsc_discrete_fitter_new(const gsc_truth *truth, const gsc_mixture_shape *shape,
                                   gsc_discrete_fitter **ret_self, gsc_error *error);
void gsc_discrete_fitter_free(gsc_discrete_fitter *self);

/* As gsc_fitter_run; of the options it reads seed, starts, start_noise and newton.stop. */
gsc_status gsc_discrete_fitter_run(gsc_discrete_fitter *self, const gsc_sample *sample,
                                   size_t replicate, const gsc_fit_options *options,
                                   double *ret_mixture, gsc_fit *ret_fit, gsc_error *error);

/* KL(f* || f), averaged over X, by quadrature. */
gsc_status gsc_discrete_fitter_kl(gsc_discrete_fitter *self, const double *mixture, double *ret_kl,
                                  gsc_error *error);

#endif
