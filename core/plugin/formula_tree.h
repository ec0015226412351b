/* SPDX-License-Identifier: MIT
 *
 * Expressions of a formula gate as a graph: built only through gsc_tree_make, which simplifies and keeps one
 * node for equal expressions, so that derivatives share what they have in common.
 *
 * Layer: core/plugin; libc, libm.
 */
#ifndef GSC_CORE_PLUGIN_FORMULA_TREE_H
#define GSC_CORE_PLUGIN_FORMULA_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum gsc_tree_op {
    GSC_TREE_NUMBER,
    GSC_TREE_VARIABLE,
    GSC_TREE_ADD,
    GSC_TREE_SUBTRACT,
    GSC_TREE_MULTIPLY,
    GSC_TREE_DIVIDE,
    GSC_TREE_POWER,
    GSC_TREE_MAX,
    GSC_TREE_MIN,
    GSC_TREE_NEGATE,
    GSC_TREE_EXP,
    GSC_TREE_LOG,
    GSC_TREE_LOG1P,
    GSC_TREE_SIGMOID,
    GSC_TREE_SOFTPLUS,
    GSC_TREE_TANH,
    GSC_TREE_ERF,
    GSC_TREE_SQRT,
    GSC_TREE_ABS,
    GSC_TREE_RELU,
    GSC_TREE_STEP, /* 1 where positive, else 0: the slope of relu */
    GSC_TREE_SIGN, /* -1, 0, 1: the slope of abs */
} gsc_tree_op;

enum {
    GSC_TREE_NODES = 2048, /* an expression that needs more, with its derivative, is refused */
    GSC_TREE_VARIABLES = 16,
    GSC_TREE_NONE = -1
};

/* Index of a node; operands come before what uses them. GSC_TREE_NONE: the graph is full. */
typedef int gsc_node;

typedef struct gsc_tree_node {
    gsc_tree_op op;
    gsc_node a, b; /* operands; GSC_TREE_NONE where the operation has fewer */
    double number; /* of GSC_TREE_NUMBER */
    int variable;  /* of GSC_TREE_VARIABLE */
} gsc_tree_node;

typedef struct gsc_tree {
    int count;
    bool full;
    gsc_tree_node node[GSC_TREE_NODES];
} gsc_tree;

gsc_node gsc_tree_number(gsc_tree *tree, double value);
gsc_node gsc_tree_variable(gsc_tree *tree, int variable);
/* op applied to a and b (b GSC_TREE_NONE for operations of one operand), simplified. */
gsc_node gsc_tree_make(gsc_tree *tree, gsc_tree_op op, gsc_node a, gsc_node b);

/* d node / d variable. relu, abs, max and min have the slope of the left side at their corner or 0. */
gsc_node gsc_tree_differentiate(gsc_tree *tree, gsc_node node, int variable);

/* What is true of node at every finite value of its variables, as far as its form tells. */
bool gsc_tree_is_positive(const gsc_tree *tree, gsc_node node);
bool gsc_tree_is_nonnegative(const gsc_tree *tree, gsc_node node);
/* log node for a positive node, in the form that overflows last: log exp(u) is u. */
gsc_node gsc_tree_logarithm(gsc_tree *tree, gsc_node node);

/* Values [GSC_TREE_VARIABLES] of the variables. */
double gsc_tree_value(const gsc_tree *tree, gsc_node node, const double *variables);
bool gsc_tree_uses(const gsc_tree *tree, gsc_node node, int variable);

#endif
