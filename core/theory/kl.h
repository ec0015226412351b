/* SPDX-License-Identifier: MIT
 *
 * The Kullback-Leibler divergence KL(f* || f) of a fit from the truth, averaged over X uniform on the truth's
 * interval (cube), in nats, by quadrature:
 *
 *     KL = E_X sum_c p_c(X) E_{y ~ component c} [log f*(y|X) - log f(y|X)]
 *
 * X: 16 panels of 8 Gauss-Legendre nodes; for two inputs 4 such panels along each; for more 1024 points of an
 * additive sequence, folded and weighted by a bell (an error of about 1%). Y: for each true component the trapezoid rule in
 * u = (y - h) / sd on [-8, 8] with step 1/8, for several inputs 1/4. No sampling noise; the tail beyond 8 standard
 * deviations (1e-15) is left out.
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_KL_H
#define GSC_CORE_THEORY_KL_H

#include "core/theory/hessian.h"
#include "core/theory/truth.h"

typedef struct gsc_kl gsc_kl;

/* The nodes, weights and log f* of a truth; constant afterwards, shared by threads. Empty where the response is
 * categorical: its fitter has its own nodes (discrete_fit.h). */
gsc_status gsc_kl_new(const gsc_truth *truth, gsc_kl **ret_kl, gsc_error *error);
void gsc_kl_free(gsc_kl *self);

/* objective belongs to the calling thread and to the fit's shape; it is bound to the nodes afterwards. */
gsc_status gsc_kl_compute(const gsc_kl *self, gsc_objective *objective,
                          const gsc_mixture_shape *shape, const double *mixture, double *ret_kl,
                          gsc_error *error);

#endif
