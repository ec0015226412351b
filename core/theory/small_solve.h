/* SPDX-License-Identifier: MIT
 *
 * Small dense steps of the M-step: damped, and inside a box.
 *
 * Layer: core/theory. Plain C; meant for some tens of unknowns.
 */
#ifndef GSC_CORE_THEORY_SMALL_SOLVE_H
#define GSC_CORE_THEORY_SMALL_SOLVE_H

#include <stdbool.h>
#include <stddef.h>

/* Solves a x = b by Cholesky: a [n][n] symmetric, of which the lower triangle is read and
 * overwritten; x into b. Returns false, b spoilt, where a is not positive definite to 1e-14 of
 * its diagonal. */
bool gsc_cholesky_solve(size_t n, double *a, double *b);

/* The step of a maximisation of  gradient' step - step' hessian step / 2  from point:
 *
 *     step = (hessian + damping I)^-1 gradient
 *
 * over the coordinates that are not at the box with the gradient pointing out, clipped to
 * |point + step| <= box (box <= 0: none). hessian [n][n], both triangles, positive
 * semidefinite; scratch [n][n + 1]. The damping grows until the matrix is positive definite.
 * Returns the predicted gain, hessian without damping; never negative: where clipping spoilt
 * the step it is cut back along its line instead. */
double gsc_boxed_step(size_t n, const double *hessian, const double *gradient, const double *point,
                      double box, double damping, double *ret_step, double *scratch);

/* As gsc_boxed_step, with bounds for each coordinate: low [n] <= point + step <= high [n]. */
double gsc_bounded_step(size_t n, const double *hessian, const double *gradient,
                        const double *point, const double *low, const double *high, double damping,
                        double *ret_step, double *scratch);

#endif
