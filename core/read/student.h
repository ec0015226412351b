/* SPDX-License-Identifier: MIT
 *
 * Student's t distribution, by the incomplete beta function.
 *
 * Layer: core/read; libm.
 */
#ifndef GSC_CORE_READ_STUDENT_H
#define GSC_CORE_READ_STUDENT_H

/* Regularised incomplete beta function I_x(a, b), a and b above 0, x in [0, 1]; within 1e-13. */
double gsc_incomplete_beta(double a, double b, double x);

/* P(T <= t) with df > 0 degrees of freedom. */
double gsc_student_cdf(double t, double df);
/* The t with P(T <= t) = p, 0 < p < 1. */
double gsc_student_quantile(double p, double df);

#endif
