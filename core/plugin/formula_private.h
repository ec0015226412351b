/* SPDX-License-Identifier: MIT
 *
 * Inside of a formula, shared by formula.c (checks, values), formula_parse.c (text to graph), formula_print.c
 * and formula_source.c (graph to text and to C).
 *
 * Layer: core/plugin.
 */
#ifndef GSC_CORE_PLUGIN_FORMULA_PRIVATE_H
#define GSC_CORE_PLUGIN_FORMULA_PRIVATE_H

#include "core/base/error.h"
#include "core/plugin/formula.h"
#include "core/plugin/formula_tree.h"

enum {
    VARIABLE_Z,
    VARIABLE_DOT,
    VARIABLE_XX,
    VARIABLE_WW,
    VARIABLE_PARAM, /* the first of GSC_FORMULA_PARAMS */
    NAME_SIZE = 32
};

struct gsc_formula {
    char text[GSC_FORMULA_LENGTH + 1]; /* with its "=" */
    char id[GSC_FORMULA_ID_SIZE];
    gsc_tree tree;
    gsc_node affinity, affinity_slope; /* a and da/dz */
    gsc_node given, given_slope;       /* what the plugin computes: log a or a */
    bool logarithmic;
    gsc_node score;          /* GSC_TREE_NONE: x.w */
    gsc_node score_slope[3]; /* d/d dot, d/d xx, d/d ww */
    int n_params;
    char param[GSC_FORMULA_PARAMS][NAME_SIZE];
    double initial[GSC_FORMULA_PARAMS];
};

/* Fills affinity, score and the parameters from formula->text. */
gsc_status gsc_formula_read(gsc_formula *formula, int *ret_column, gsc_error *error);

/* ---- Text ---------------------------------------------------------------------------------------- */

/* Text that grows; too much of it is a flag, looked at once at the end. */
typedef struct gsc_formula_text_buffer {
    char *text;
    size_t length, size;
    bool failed;
} gsc_formula_buffer;

void gsc_formula_append(gsc_formula_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* How an expression is written: in the formula's notation, or in C with the nodes of `named` as t<node>. */
typedef struct gsc_formula_dialect {
    const gsc_formula *formula;
    bool is_c;
    const bool *named; /* [GSC_TREE_NODES], C only */
} gsc_formula_dialect;

void gsc_formula_print(gsc_formula_buffer *buffer, const gsc_formula_dialect *dialect,
                       gsc_node node);
/* The operation of node alone, even where node is named. */
void gsc_formula_print_definition(gsc_formula_buffer *buffer, const gsc_formula_dialect *dialect,
                                  gsc_node node);

#endif
