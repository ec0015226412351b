/* SPDX-License-Identifier: MIT
 *
 * The mixture of shared and routed experts with a categorical response y in {0, .., C - 1} in place
 * of a number:
 *
 *     p(y = c | x) = m sum_i omega_i q_c(x, kappa_i) + (1 - m) sum_j pi_j(x) q_c(x, eta_j)
 *     q_c(x, theta) = exp h(x, theta_c) / sum_a exp h(x, theta_a),   h(x, theta_0) = 0
 *
 * h is the function of the expert plugin, once for each class but class 0, which is the reference.
 * The flat vector is that of model.h: theta of an atom holds C - 1 sets of the plugin's numbers,
 * block by block ("weight" [C - 1][d], then "bias" [C - 1]), so that starts, cells, alignment and
 * losses of the Gaussian lab speak of it as they are; tau and nu have no meaning here and stay 1.
 * Gate, m and omega are those of the Gaussian mixture.
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_DISCRETE_H
#define GSC_CORE_THEORY_DISCRETE_H

#include "core/theory/model.h"

enum {
    GSC_DISCRETE_MAX_CLASSES = 16
};

/* Makes theta hold the sets of C - 1 classes (classes >= 2). Refuses homogeneous feed-forward
 * experts (ReLU), whose scale is free for each class. */
gsc_status gsc_expert_family_widen(gsc_expert_family *family, size_t classes, gsc_error *error);

/* The memory to evaluate mixtures of one shape, whose families are widened and borrowed; one thread
 * at a time. */
typedef struct gsc_discrete gsc_discrete;

/* rows: the most of one call. */
gsc_status gsc_discrete_new(const gsc_mixture_shape *shape, size_t rows, gsc_discrete **ret_self,
                            gsc_error *error);
void gsc_discrete_free(gsc_discrete *self);

size_t gsc_discrete_classes(const gsc_discrete *self);

/* p(y_t | x_t) of n rows, or, where y is NULL, of all classes: entry c n + t. x is by column,
 * stride apart. Where ret_jacobian is not NULL, column q of it ([layout.size][n], or
 * [layout.size][C n]) is dp / d mixture[q], omega taken as free, tau and nu as 0. */
gsc_status gsc_discrete_evaluate(gsc_discrete *self, const double *mixture, size_t n,
                                 const double *x, size_t stride, const double *y, double *ret_p,
                                 double *ret_jacobian, gsc_error *error);

/* sum_t log p(y_t | x_t); rows in blocks, in order. */
gsc_status gsc_discrete_log_likelihood(gsc_discrete *self, const double *mixture,
                                       const gsc_sample *sample, double *ret_log_likelihood,
                                       gsc_error *error);

#endif
