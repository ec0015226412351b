/* SPDX-License-Identifier: MIT
 *
 * Formula gates: a gate written as an expression, with its exact derivative.
 *
 *     = sigmoid(z) / (1 + abs(z))
 *     = exp(z / temperature) where temperature = 2
 *     = exp(-z^2) where z = (xx - 2*dot + ww) / 8
 *
 * The expression is the affinity a(z) of one logit; the host divides by the row sum and takes the top k.
 * Numbers, z, the constants pi and e, + - * / ^ (right-associative, above the minus sign), parentheses, and
 * sigmoid exp log log1p softplus tanh erf sqrt abs relu max min pow. After "where", separated by commas:
 * NAME = number is a parameter of the gate (a thousandth to a thousand times that); NAME = expression is a shorthand; z = expression is the score
 * in dot = x.w, xx = |x|^2 and ww = |w|^2, and without it z = x.w.
 *
 * Where the form tells that a(z) > 0, the gate is given by log a, which overflows at no z of interest:
 * exp(z) is exactly softmax, and 1 / (1 + exp(-z)) is understood as sigmoid(z).
 *
 * Layer: core/plugin; libc, libm. No compiler needed here: formula_build.h has that.
 */
#ifndef GSC_CORE_PLUGIN_FORMULA_H
#define GSC_CORE_PLUGIN_FORMULA_H

#include "core/base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    GSC_FORMULA_LENGTH = 800, /* characters of a formula */
    GSC_FORMULA_ID_SIZE = 32,
    GSC_FORMULA_PARAMS = 8
};

typedef struct gsc_formula gsc_formula;

/* Whether a gate of a spec is a formula and not an id: it begins with '='. */
bool gsc_formula_is(const char *text);

/* Reads the text, differentiates it, and checks it on a grid: a(z) is finite and not negative for z from -30
 * to 30 in steps of 1/8, not 0 everywhere, and its slope is finite there; a score likewise. Errors
 * (GSC_ERR_INPUT) name the column, counted from 1 in text, and what would be right; *ret_column (may be NULL)
 * is that column, 0 where no column is at fault. The caller owns the formula. */
gsc_status gsc_formula_parse(const char *text, gsc_formula **ret_formula, int *ret_column,
                             gsc_error *error);
void gsc_formula_free(gsc_formula *formula);

/* "formula_0a1b2c3d4e5f": the same for texts that differ in spaces only. */
const char *gsc_formula_id(const gsc_formula *formula);
/* As written, one space where there were several. */
const char *gsc_formula_text(const gsc_formula *formula);
/* Whether the gate is given by log a(z). */
bool gsc_formula_is_logarithmic(const gsc_formula *formula);

/* a(z) and da/dz, parameters at their initial values. */
double gsc_formula_affinity(const gsc_formula *formula, double z);
double gsc_formula_slope(const gsc_formula *formula, double z);
/* What the plugin computes: log a where gsc_formula_is_logarithmic, else a; and its slope. */
double gsc_formula_given(const gsc_formula *formula, double z);
double gsc_formula_given_slope(const gsc_formula *formula, double z);
/* The score and its three slopes d/d dot, d/d xx, d/d ww; false where the formula has none of its own. */
bool gsc_formula_score(const gsc_formula *formula, double dot, double xx, double ww, double *ret_z,
                       double ret_slopes[3]);

/* The derivative of what the plugin computes, in the same notation; caller frees. */
char *gsc_formula_dup_slope_text(const gsc_formula *formula);
/* The plugin as C source; caller frees. */
gsc_status gsc_formula_source(const gsc_formula *formula, char **ret_source, gsc_error *error);

#endif
