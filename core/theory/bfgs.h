/* SPDX-License-Identifier: MIT
 *
 * A small quasi-Newton maximiser inside a box: BFGS with a dense inverse Hessian that is kept from one call to the next
 * (Nocedal and Wright 2006, algorithm 6.1, with backtracking and projection).
 *
 * Layer: core/theory. One thread; nothing is allocated after _new.
 */
#ifndef GSC_CORE_THEORY_BFGS_H
#define GSC_CORE_THEORY_BFGS_H

#include "core/base/error.h"

#include <stddef.h>

typedef struct gsc_bfgs gsc_bfgs;

/* Value and gradient [n] at a point. */
typedef gsc_status gsc_bfgs_function(void *data, const double *point, double *ret_value,
                                     double *ret_gradient, gsc_error *error);

gsc_status gsc_bfgs_new(size_t n, gsc_bfgs **ret_self, gsc_error *error);
void gsc_bfgs_free(gsc_bfgs *self);

/* Forgets what earlier calls learned of the Hessian. */
void gsc_bfgs_reset(gsc_bfgs *self);

/* Takes at most max_steps steps up from point, which stays in [low, high] by coordinate; no step lowers the value. Stops
 * after patience steps in a row that gain less than least_gain each, or where none helps. *ret_value at the point it ends with; *ret_steps (may be
 * NULL) the steps taken; *ret_gain (may be NULL) the gain of the last one. */
gsc_status gsc_bfgs_climb(gsc_bfgs *self, gsc_bfgs_function *function, void *data,
                          const double *low, const double *high, size_t max_steps,
                          double least_gain, size_t patience, double *point, double *ret_value,
                          size_t *ret_steps, double *ret_gain, gsc_error *error);

#endif
