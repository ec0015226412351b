/* SPDX-License-Identifier: MIT
 *
 * Formula gates: differentiation, checks and values. See formula.h.
 */
#include "core/plugin/formula.h"

#include "core/base/sha256.h"
#include "core/plugin/formula_private.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double GRID_MOST = 30, GRID_STEP = 0.125;

bool gsc_formula_is(const char *text) {
    return text != NULL && text[strspn(text, " \t\n")] == '=';
}

/* ---- Values -------------------------------------------------------------------------------------- */

static void set_params(const gsc_formula *formula, double *variables) {
    memset(variables, 0, GSC_TREE_VARIABLES * sizeof *variables);
    for (int i = 0; i < formula->n_params; i++) {
        variables[VARIABLE_PARAM + i] = formula->initial[i];
    }
}

static double value_at(const gsc_formula *formula, gsc_node node, double z) {
    double variables[GSC_TREE_VARIABLES];

    set_params(formula, variables);
    variables[VARIABLE_Z] = z;
    return gsc_tree_value(&formula->tree, node, variables);
}

double gsc_formula_affinity(const gsc_formula *formula, double z) {
    return value_at(formula, formula->affinity, z);
}

double gsc_formula_slope(const gsc_formula *formula, double z) {
    return value_at(formula, formula->affinity_slope, z);
}

double gsc_formula_given(const gsc_formula *formula, double z) {
    return value_at(formula, formula->given, z);
}

double gsc_formula_given_slope(const gsc_formula *formula, double z) {
    return value_at(formula, formula->given_slope, z);
}

bool gsc_formula_score(const gsc_formula *formula, double dot, double xx, double ww, double *ret_z,
                       double ret_slopes[3]) {
    double variables[GSC_TREE_VARIABLES];

    if (formula->score < 0) {
        return false;
    }
    set_params(formula, variables);
    variables[VARIABLE_DOT] = dot;
    variables[VARIABLE_XX] = xx;
    variables[VARIABLE_WW] = ww;
    *ret_z = gsc_tree_value(&formula->tree, formula->score, variables);
    for (int i = 0; i < 3; i++) {
        ret_slopes[i] = gsc_tree_value(&formula->tree, formula->score_slope[i], variables);
    }
    return true;
}

bool gsc_formula_is_logarithmic(const gsc_formula *formula) {
    return formula->logarithmic;
}

const char *gsc_formula_id(const gsc_formula *formula) {
    return formula->id;
}

const char *gsc_formula_text(const gsc_formula *formula) {
    return formula->text;
}

/* ---- Checks -------------------------------------------------------------------------------------- */

static gsc_status check_affinity(const gsc_formula *formula, gsc_error *error) {
    bool some = false;

    for (double z = -GRID_MOST; z <= GRID_MOST; z += GRID_STEP) {
        const double a = gsc_formula_affinity(formula, z);
        const double given = gsc_formula_given(formula, z);
        const double slope = gsc_formula_given_slope(formula, z);
        if (a < 0) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "formula \"%s\" is %.3g at z = %g; an affinity may not be negative "
                            "for any z from -30 to 30, as exp(z), relu(z) or abs(z) are not",
                            formula->text, a, z);
        }
        if (!isfinite(a) || !(isfinite(given) || given == -INFINITY)) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "formula \"%s\" has no finite value at z = %g; an affinity needs one "
                            "for every z from -30 to 30",
                            formula->text, z);
        }
        if (!isfinite(slope)) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "formula \"%s\" has no finite slope at z = %g, so that it cannot be "
                            "trained there; add a little inside the root or the logarithm",
                            formula->text, z);
        }
        some = some || a > 0;
    }
    return some ? GSC_OK
                : gsc_fail(error, GSC_ERR_INPUT,
                           "formula \"%s\" is 0 for every z from -30 to 30; a gate needs a "
                           "positive affinity somewhere",
                           formula->text);
}

static gsc_status check_score(const gsc_formula *formula, gsc_error *error) {
    static const double squares[] = {0.25, 1, 16, 64}, cosines[] = {-1, -0.5, 0, 0.5, 1};

    for (int i = 0; formula->score >= 0 && i < 4 * 4 * 5; i++) {
        const double xx = squares[i % 4], ww = squares[i / 4 % 4];
        const double dot = cosines[i / 16] * sqrt(xx * ww);
        double z = 0, slopes[3];
        gsc_formula_score(formula, dot, xx, ww, &z, slopes);
        if (!isfinite(z) || !isfinite(slopes[0]) || !isfinite(slopes[1]) || !isfinite(slopes[2])) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "the score of formula \"%s\" or its slope is not finite at dot = %g, "
                            "xx = %g, ww = %g; add a little inside the root or the logarithm",
                            formula->text, dot, xx, ww);
        }
    }
    return GSC_OK;
}

/* ---- Making -------------------------------------------------------------------------------------- */

static gsc_status differentiate(gsc_formula *formula, gsc_error *error) {
    gsc_tree *tree = &formula->tree;

    formula->affinity_slope = gsc_tree_differentiate(tree, formula->affinity, VARIABLE_Z);
    formula->given = formula->affinity;
    formula->given_slope = formula->affinity_slope;
    formula->logarithmic = !tree->full && gsc_tree_is_positive(tree, formula->affinity);
    if (formula->logarithmic) {
        formula->given = gsc_tree_logarithm(tree, formula->affinity);
        formula->given_slope = formula->given < 0
                                   ? GSC_TREE_NONE
                                   : gsc_tree_differentiate(tree, formula->given, VARIABLE_Z);
    }
    for (int i = 0; i < 3 && formula->score >= 0; i++) {
        formula->score_slope[i] = gsc_tree_differentiate(tree, formula->score, VARIABLE_DOT + i);
    }
    return tree->full
               ? gsc_fail(error, GSC_ERR_INPUT,
                          "formula \"%s\" is too long: its derivative has more than %d parts",
                          formula->text, GSC_TREE_NODES)
               : GSC_OK;
}

/* The text with single spaces, and the id from the text without any. */
static gsc_status take_text(gsc_formula *formula, const char *text, gsc_error *error) {
    char dense[GSC_FORMULA_LENGTH + 1], hash[GSC_SHA256_TEXT_SIZE];
    size_t n = 0, m = 0;

    for (const char *c = text + strspn(text, " \t\n"); *c != '\0'; c++) {
        const bool space = isspace((unsigned char)*c);
        const bool keep = !space || (n > 0 && formula->text[n - 1] != ' ');
        if (n == GSC_FORMULA_LENGTH) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "the formula \"%.40s…\" is longer than %d characters; shorten it", text,
                            GSC_FORMULA_LENGTH);
        }
        formula->text[n] = space ? ' ' : *c;
        n += keep;
    }
    while (n > 0 && formula->text[n - 1] == ' ') {
        n--;
    }
    formula->text[n] = '\0';
    for (size_t i = 0; i < n; i++) {
        dense[m] = formula->text[i];
        m += dense[m] != ' ';
    }
    gsc_sha256_text(dense, m, hash);
    snprintf(formula->id, sizeof formula->id, "formula_%.12s", hash);
    return GSC_OK;
}

gsc_status gsc_formula_parse(const char *text, gsc_formula **ret_formula, int *ret_column,
                             gsc_error *error) {
    gsc_formula *formula = calloc(1, sizeof *formula);
    int column = 0;

    if (formula == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a formula");
    }
    formula->score = GSC_TREE_NONE;
    gsc_status status = take_text(formula, text, error);
    if (status == GSC_OK && formula->text[0] != '=') {
        status = gsc_fail(error, GSC_ERR_INPUT, "\"%s\" is no formula; one begins with =, as in %s",
                          formula->text, "\"= sigmoid(z)\"");
    }
    if (status == GSC_OK) {
        status = gsc_formula_read(formula, &column, error);
    }
    if (status == GSC_OK) {
        status = differentiate(formula, error);
    }
    if (status == GSC_OK) {
        status = check_affinity(formula, error);
    }
    if (status == GSC_OK) {
        status = check_score(formula, error);
    }
    if (ret_column != NULL) {
        *ret_column = column;
    }
    if (status != GSC_OK) {
        free(formula);
        return status;
    }
    *ret_formula = formula;
    return GSC_OK;
}

void gsc_formula_free(gsc_formula *formula) {
    free(formula);
}
