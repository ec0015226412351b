/* SPDX-License-Identifier: MIT
 *
 * Given derivatives against central differences over +-h, h = 1e-5 max(1, |x|), within 1e-5 of their size; at
 * a kink, where the one-sided differences disagree, there is nothing to compare. What adds to its output must
 * add: outputs begin at GSC_GRADIENT_BEGIN.
 *
 * Layer: core/plugin, private to the conformance suite.
 */
#ifndef GSC_CORE_PLUGIN_CONFORMANCE_GRADIENT_H
#define GSC_CORE_PLUGIN_CONFORMANCE_GRADIENT_H

#include "core/plugin/conformance_private.h"

enum {
    GSC_GRADIENT_BEGIN = 7
};

/* The forward function under test, reduced to one number. */
typedef double (*gsc_scalar)(gsc_exercise *exercise, size_t row);

typedef struct gsc_quotient {
    double slope;
    bool kink;
} gsc_quotient;

gsc_quotient gsc_gradient_difference(gsc_exercise *exercise, gsc_scalar value, size_t row,
                                     double *number);
bool gsc_gradient_agrees(double given, gsc_quotient numeric);

/* Derivatives `given`, less `begin`, of value by each of n numbers. */
gsc_verdict gsc_gradient_compare(gsc_trial *trial, gsc_exercise *exercise, gsc_scalar value,
                                 size_t row, const char *function, const char *of, double *numbers,
                                 const double *given, size_t n, double begin);
/* The gradients of all trained tensors that are not too many to try; before, they all begin at begin. */
void gsc_gradient_begin(gsc_exercise *exercise, double begin);
gsc_verdict gsc_gradient_compare_tensors(gsc_trial *trial, gsc_exercise *exercise, gsc_scalar value,
                                         size_t row, const char *function, double begin);

/* An exercise of 5 rows with its inputs; false, and the verdict is skipped, where there is none. */
bool gsc_gradient_prepare(gsc_trial *trial, gsc_exercise *exercise, int64_t outputs);

#endif
