/* SPDX-License-Identifier: MIT
 *
 * Expressions of a formula gate. See formula_tree.h.
 */
#include "core/plugin/formula_tree.h"

#include <math.h>

static const double TWO_OVER_ROOT_PI = 1.1283791670955126;

/* ---- Nodes --------------------------------------------------------------------------------------- */

static gsc_node add_node(gsc_tree *tree, gsc_tree_node fresh) {
    for (int i = 0; i < tree->count; i++) {
        const gsc_tree_node *at = &tree->node[i];
        if (at->op == fresh.op && at->a == fresh.a && at->b == fresh.b &&
            at->variable == fresh.variable && at->number == fresh.number) {
            return i;
        }
    }
    if (tree->count == GSC_TREE_NODES) {
        tree->full = true;
        return GSC_TREE_NONE;
    }
    tree->node[tree->count] = fresh;
    return tree->count++;
}

gsc_node gsc_tree_number(gsc_tree *tree, double value) {
    return add_node(tree, (gsc_tree_node){.op = GSC_TREE_NUMBER,
                                          .a = GSC_TREE_NONE,
                                          .b = GSC_TREE_NONE,
                                          .number = value == 0 ? 0 : value});
}

gsc_node gsc_tree_variable(gsc_tree *tree, int variable) {
    return add_node(tree, (gsc_tree_node){.op = GSC_TREE_VARIABLE,
                                          .a = GSC_TREE_NONE,
                                          .b = GSC_TREE_NONE,
                                          .variable = variable});
}

static bool is_op(const gsc_tree *tree, gsc_node node, gsc_tree_op op) {
    return tree->node[node].op == op;
}

static bool is_number(const gsc_tree *tree, gsc_node node, double value) {
    return is_op(tree, node, GSC_TREE_NUMBER) && tree->node[node].number == value;
}

/* ---- Values -------------------------------------------------------------------------------------- */

static double sigmoid(double t) {
    const double e = exp(-fabs(t));
    return (t < 0 ? e : 1) / (1 + e);
}

static double apply(gsc_tree_op op, double a, double b) {
    switch (op) {
    case GSC_TREE_ADD:
        return a + b;
    case GSC_TREE_SUBTRACT:
        return a - b;
    case GSC_TREE_MULTIPLY:
        return a * b;
    case GSC_TREE_DIVIDE:
        return a / b;
    case GSC_TREE_POWER:
        return pow(a, b);
    case GSC_TREE_MAX:
        return a > b ? a : b;
    case GSC_TREE_MIN:
        return a < b ? a : b;
    case GSC_TREE_NEGATE:
        return -a;
    case GSC_TREE_EXP:
        return exp(a);
    case GSC_TREE_LOG:
        return log(a);
    case GSC_TREE_LOG1P:
        return log1p(a);
    case GSC_TREE_SIGMOID:
        return sigmoid(a);
    case GSC_TREE_SOFTPLUS:
        return (a > 0 ? a : 0) + log1p(exp(-fabs(a)));
    case GSC_TREE_TANH:
        return tanh(a);
    case GSC_TREE_ERF:
        return erf(a);
    case GSC_TREE_SQRT:
        return sqrt(a);
    case GSC_TREE_ABS:
        return fabs(a);
    case GSC_TREE_RELU:
        return a > 0 ? a : 0;
    case GSC_TREE_STEP:
        return a > 0;
    case GSC_TREE_SIGN:
        return (a > 0) - (a < 0);
    default:
        return NAN;
    }
}

double gsc_tree_value(const gsc_tree *tree, gsc_node node, const double *variables) {
    double value[GSC_TREE_NODES];

    for (int i = 0; i <= node; i++) {
        const gsc_tree_node *at = &tree->node[i];
        value[i] = at->op == GSC_TREE_NUMBER ? at->number
                   : at->op == GSC_TREE_VARIABLE
                       ? variables[at->variable]
                       : apply(at->op, value[at->a], at->b >= 0 ? value[at->b] : 0);
    }
    return value[node];
}

bool gsc_tree_uses(const gsc_tree *tree, gsc_node node, int variable) {
    bool uses[GSC_TREE_NODES];

    for (int i = 0; i <= node; i++) {
        const gsc_tree_node *at = &tree->node[i];
        uses[i] = (at->op == GSC_TREE_VARIABLE && at->variable == variable) ||
                  (at->a >= 0 && uses[at->a]) || (at->b >= 0 && uses[at->b]);
    }
    return uses[node];
}

/* ---- Signs --------------------------------------------------------------------------------------- */

bool gsc_tree_is_positive(const gsc_tree *tree, gsc_node node) {
    const gsc_tree_node *at = &tree->node[node];

    switch (at->op) {
    case GSC_TREE_NUMBER:
        return at->number > 0;
    case GSC_TREE_EXP:
    case GSC_TREE_SIGMOID:
    case GSC_TREE_SOFTPLUS:
        return true;
    case GSC_TREE_MULTIPLY:
    case GSC_TREE_DIVIDE:
    case GSC_TREE_MIN:
        return gsc_tree_is_positive(tree, at->a) && gsc_tree_is_positive(tree, at->b);
    case GSC_TREE_ADD:
        return gsc_tree_is_nonnegative(tree, at->a) && gsc_tree_is_nonnegative(tree, at->b) &&
               (gsc_tree_is_positive(tree, at->a) || gsc_tree_is_positive(tree, at->b));
    case GSC_TREE_MAX:
        return gsc_tree_is_positive(tree, at->a) || gsc_tree_is_positive(tree, at->b);
    case GSC_TREE_POWER:
    case GSC_TREE_SQRT:
    case GSC_TREE_LOG1P:
        return gsc_tree_is_positive(tree, at->a);
    default:
        return false;
    }
}

static bool is_even(const gsc_tree *tree, gsc_node node) {
    return is_op(tree, node, GSC_TREE_NUMBER) && fmod(tree->node[node].number, 2) == 0;
}

bool gsc_tree_is_nonnegative(const gsc_tree *tree, gsc_node node) {
    const gsc_tree_node *at = &tree->node[node];

    switch (at->op) {
    case GSC_TREE_NUMBER:
        return at->number >= 0;
    case GSC_TREE_ABS:
    case GSC_TREE_RELU:
    case GSC_TREE_STEP:
    case GSC_TREE_SQRT:
        return true;
    case GSC_TREE_MULTIPLY:
        return at->a == at->b ||
               (gsc_tree_is_nonnegative(tree, at->a) && gsc_tree_is_nonnegative(tree, at->b));
    case GSC_TREE_ADD:
    case GSC_TREE_MIN:
        return gsc_tree_is_nonnegative(tree, at->a) && gsc_tree_is_nonnegative(tree, at->b);
    case GSC_TREE_DIVIDE:
        return gsc_tree_is_nonnegative(tree, at->a) && gsc_tree_is_positive(tree, at->b);
    case GSC_TREE_MAX:
        return gsc_tree_is_nonnegative(tree, at->a) || gsc_tree_is_nonnegative(tree, at->b);
    case GSC_TREE_POWER:
        return is_even(tree, at->b) || gsc_tree_is_nonnegative(tree, at->a);
    case GSC_TREE_LOG1P:
        return gsc_tree_is_nonnegative(tree, at->a);
    default:
        return gsc_tree_is_positive(tree, node);
    }
}

/* ---- Simplification ------------------------------------------------------------------------------ */

/* 1 + exp(u), either way round: u, else GSC_TREE_NONE. */
static gsc_node one_plus_exp(const gsc_tree *tree, gsc_node node) {
    const gsc_tree_node *at = &tree->node[node];

    if (at->op != GSC_TREE_ADD) {
        return GSC_TREE_NONE;
    }
    const gsc_node one = is_number(tree, at->a, 1) ? at->a : at->b;
    const gsc_node other = one == at->a ? at->b : at->a;
    return is_number(tree, one, 1) && is_op(tree, other, GSC_TREE_EXP) ? tree->node[other].a
                                                                       : GSC_TREE_NONE;
}

static gsc_node make_add(gsc_tree *tree, gsc_node a, gsc_node b) {
    if (is_number(tree, a, 0)) {
        return b;
    }
    if (is_number(tree, b, 0)) {
        return a;
    }
    if (is_op(tree, b, GSC_TREE_NEGATE)) {
        return gsc_tree_make(tree, GSC_TREE_SUBTRACT, a, tree->node[b].a);
    }
    if (is_op(tree, a, GSC_TREE_NEGATE)) {
        return gsc_tree_make(tree, GSC_TREE_SUBTRACT, b, tree->node[a].a);
    }
    return GSC_TREE_NONE;
}

static gsc_node make_subtract(gsc_tree *tree, gsc_node a, gsc_node b) {
    if (a == b) {
        return gsc_tree_number(tree, 0);
    }
    if (is_number(tree, b, 0)) {
        return a;
    }
    if (is_number(tree, a, 0)) {
        return gsc_tree_make(tree, GSC_TREE_NEGATE, b, GSC_TREE_NONE);
    }
    if (is_op(tree, b, GSC_TREE_NEGATE)) {
        return gsc_tree_make(tree, GSC_TREE_ADD, a, tree->node[b].a);
    }
    return GSC_TREE_NONE;
}

static gsc_node make_multiply(gsc_tree *tree, gsc_node a, gsc_node b) {
    if (is_number(tree, a, 0) || is_number(tree, b, 0)) {
        return gsc_tree_number(tree, 0);
    }
    if (is_number(tree, a, 1)) {
        return b;
    }
    if (is_number(tree, b, 1)) {
        return a;
    }
    if (is_op(tree, b, GSC_TREE_NUMBER) && !is_op(tree, a, GSC_TREE_NUMBER)) {
        return gsc_tree_make(tree, GSC_TREE_MULTIPLY, b, a);
    }
    if (is_number(tree, a, -1)) {
        return gsc_tree_make(tree, GSC_TREE_NEGATE, b, GSC_TREE_NONE);
    }
    if (is_op(tree, a, GSC_TREE_NEGATE)) {
        const gsc_node product = gsc_tree_make(tree, GSC_TREE_MULTIPLY, tree->node[a].a, b);
        return product < 0 ? product : gsc_tree_make(tree, GSC_TREE_NEGATE, product, GSC_TREE_NONE);
    }
    if (is_op(tree, b, GSC_TREE_NEGATE)) {
        const gsc_node product = gsc_tree_make(tree, GSC_TREE_MULTIPLY, a, tree->node[b].a);
        return product < 0 ? product : gsc_tree_make(tree, GSC_TREE_NEGATE, product, GSC_TREE_NONE);
    }
    if (is_op(tree, a, GSC_TREE_NUMBER) && is_op(tree, b, GSC_TREE_MULTIPLY) &&
        is_op(tree, tree->node[b].a, GSC_TREE_NUMBER)) {
        const gsc_node both =
            gsc_tree_number(tree, tree->node[a].number * tree->node[tree->node[b].a].number);
        return both < 0 ? both : gsc_tree_make(tree, GSC_TREE_MULTIPLY, both, tree->node[b].b);
    }
    return GSC_TREE_NONE;
}

static gsc_node make_divide(gsc_tree *tree, gsc_node a, gsc_node b) {
    const gsc_node u = one_plus_exp(tree, b);

    if (is_number(tree, b, 1)) {
        return a;
    }
    if (is_number(tree, a, 0) && !is_number(tree, b, 0)) {
        return a;
    }
    if (u >= 0 && is_op(tree, a, GSC_TREE_EXP) && tree->node[a].a == u) {
        return gsc_tree_make(tree, GSC_TREE_SIGMOID, u, GSC_TREE_NONE);
    }
    if (u >= 0 && is_number(tree, a, 1)) {
        const gsc_node minus = gsc_tree_make(tree, GSC_TREE_NEGATE, u, GSC_TREE_NONE);
        return minus < 0 ? minus : gsc_tree_make(tree, GSC_TREE_SIGMOID, minus, GSC_TREE_NONE);
    }
    return GSC_TREE_NONE;
}

static gsc_node make_power(gsc_tree *tree, gsc_node a, gsc_node b) {
    if (is_number(tree, b, 1)) {
        return a;
    }
    if (is_number(tree, b, 0)) {
        return gsc_tree_number(tree, 1);
    }
    if (is_number(tree, b, 2)) {
        return gsc_tree_make(tree, GSC_TREE_MULTIPLY, a, a);
    }
    if (is_number(tree, b, 0.5)) {
        return gsc_tree_make(tree, GSC_TREE_SQRT, a, GSC_TREE_NONE);
    }
    return GSC_TREE_NONE;
}

static gsc_node make_function(gsc_tree *tree, gsc_tree_op op, gsc_node a) {
    const gsc_node u = op == GSC_TREE_LOG ? one_plus_exp(tree, a)
                       : op == GSC_TREE_LOG1P
                           ? (is_op(tree, a, GSC_TREE_EXP) ? tree->node[a].a : GSC_TREE_NONE)
                           : GSC_TREE_NONE;
    if (u >= 0) {
        return gsc_tree_make(tree, GSC_TREE_SOFTPLUS, u, GSC_TREE_NONE);
    }
    if (op == GSC_TREE_NEGATE && is_op(tree, a, GSC_TREE_NEGATE)) {
        return tree->node[a].a;
    }
    if (op == GSC_TREE_NEGATE && is_op(tree, a, GSC_TREE_SUBTRACT)) {
        return gsc_tree_make(tree, GSC_TREE_SUBTRACT, tree->node[a].b, tree->node[a].a);
    }
    if (op == GSC_TREE_LOG && is_op(tree, a, GSC_TREE_EXP)) {
        return tree->node[a].a;
    }
    return GSC_TREE_NONE;
}

gsc_node gsc_tree_make(gsc_tree *tree, gsc_tree_op op, gsc_node a, gsc_node b) {
    const bool two = op >= GSC_TREE_ADD && op <= GSC_TREE_MIN;
    gsc_node simple = GSC_TREE_NONE;

    if (a < 0 || (two && b < 0)) {
        return GSC_TREE_NONE;
    }
    if (is_op(tree, a, GSC_TREE_NUMBER) && (!two || is_op(tree, b, GSC_TREE_NUMBER))) {
        const double value = apply(op, tree->node[a].number, two ? tree->node[b].number : 0);
        if (isfinite(value)) {
            return gsc_tree_number(tree, value);
        }
    }
    switch (op) {
    case GSC_TREE_ADD:
        simple = make_add(tree, a, b);
        break;
    case GSC_TREE_SUBTRACT:
        simple = make_subtract(tree, a, b);
        break;
    case GSC_TREE_MULTIPLY:
        simple = make_multiply(tree, a, b);
        break;
    case GSC_TREE_DIVIDE:
        simple = make_divide(tree, a, b);
        break;
    case GSC_TREE_POWER:
        simple = make_power(tree, a, b);
        break;
    default:
        simple = two ? GSC_TREE_NONE : make_function(tree, op, a);
        break;
    }
    return simple >= 0 || tree->full
               ? simple
               : add_node(tree, (gsc_tree_node){.op = op, .a = a, .b = two ? b : GSC_TREE_NONE});
}

/* ---- Derivative ---------------------------------------------------------------------------------- */

static gsc_node one(gsc_tree *tree, gsc_tree_op op, gsc_node a) {
    return gsc_tree_make(tree, op, a, GSC_TREE_NONE);
}

static gsc_node times(gsc_tree *tree, gsc_node a, gsc_node b) {
    return gsc_tree_make(tree, GSC_TREE_MULTIPLY, a, b);
}

static gsc_node minus(gsc_tree *tree, gsc_node a, gsc_node b) {
    return gsc_tree_make(tree, GSC_TREE_SUBTRACT, a, b);
}

static gsc_node over(gsc_tree *tree, gsc_node a, gsc_node b) {
    return gsc_tree_make(tree, GSC_TREE_DIVIDE, a, b);
}

/* df/da of the function of one operand at node. */
static gsc_node slope_of(gsc_tree *tree, gsc_node node) {
    const gsc_node a = tree->node[node].a;

    switch (tree->node[node].op) {
    case GSC_TREE_NEGATE:
        return gsc_tree_number(tree, -1);
    case GSC_TREE_EXP:
        return node;
    case GSC_TREE_LOG:
        return over(tree, gsc_tree_number(tree, 1), a);
    case GSC_TREE_LOG1P:
        return over(tree, gsc_tree_number(tree, 1),
                    gsc_tree_make(tree, GSC_TREE_ADD, gsc_tree_number(tree, 1), a));
    case GSC_TREE_SIGMOID: /* s(a) s(-a), not s(1 - s), which loses its digits where s is near 1 */
        return times(tree, node, one(tree, GSC_TREE_SIGMOID, one(tree, GSC_TREE_NEGATE, a)));
    case GSC_TREE_SOFTPLUS:
        return one(tree, GSC_TREE_SIGMOID, a);
    case GSC_TREE_TANH:
        return minus(tree, gsc_tree_number(tree, 1), times(tree, node, node));
    case GSC_TREE_ERF:
        return times(tree, gsc_tree_number(tree, TWO_OVER_ROOT_PI),
                     one(tree, GSC_TREE_EXP, one(tree, GSC_TREE_NEGATE, times(tree, a, a))));
    case GSC_TREE_SQRT:
        return over(tree, gsc_tree_number(tree, 0.5), node);
    case GSC_TREE_ABS:
        return one(tree, GSC_TREE_SIGN, a);
    case GSC_TREE_RELU:
        return one(tree, GSC_TREE_STEP, a);
    default:
        return gsc_tree_number(tree, 0);
    }
}

/* a^b: b a^(b-1) a' for a constant b, else a^b (b' log a + b a'/a). */
static gsc_node power_slope(gsc_tree *tree, gsc_node node, gsc_node da, gsc_node db) {
    const gsc_node a = tree->node[node].a, b = tree->node[node].b;

    if (is_number(tree, db, 0)) {
        const gsc_node less = minus(tree, b, gsc_tree_number(tree, 1));
        return times(tree, times(tree, b, gsc_tree_make(tree, GSC_TREE_POWER, a, less)), da);
    }
    const gsc_node first = times(tree, db, one(tree, GSC_TREE_LOG, a));
    const gsc_node second = over(tree, times(tree, b, da), a);
    return times(tree, node, gsc_tree_make(tree, GSC_TREE_ADD, first, second));
}

/* Derivative of node from those of its operands. */
static gsc_node chain(gsc_tree *tree, gsc_node node, gsc_node da, gsc_node db) {
    const gsc_tree_node at = tree->node[node];

    switch (at.op) {
    case GSC_TREE_ADD:
    case GSC_TREE_SUBTRACT:
        return gsc_tree_make(tree, at.op, da, db);
    case GSC_TREE_MULTIPLY:
        if (at.a == at.b) {
            return times(tree, times(tree, gsc_tree_number(tree, 2), at.a), da);
        }
        return gsc_tree_make(tree, GSC_TREE_ADD, times(tree, da, at.b), times(tree, at.a, db));
    case GSC_TREE_DIVIDE:
        return over(tree, minus(tree, da, times(tree, node, db)), at.b);
    case GSC_TREE_POWER:
        return power_slope(tree, node, da, db);
    case GSC_TREE_MAX:
    case GSC_TREE_MIN: {
        const gsc_node first_wins =
            one(tree, GSC_TREE_STEP,
                at.op == GSC_TREE_MAX ? minus(tree, at.a, at.b) : minus(tree, at.b, at.a));
        return gsc_tree_make(tree, GSC_TREE_ADD, db, times(tree, first_wins, minus(tree, da, db)));
    }
    default:
        return is_number(tree, da, 0) ? da : times(tree, slope_of(tree, node), da);
    }
}

gsc_node gsc_tree_differentiate(gsc_tree *tree, gsc_node node, int variable) {
    gsc_node slope[GSC_TREE_NODES];

    for (int i = 0; i <= node && !tree->full; i++) {
        const gsc_tree_node at = tree->node[i];
        slope[i] = at.op == GSC_TREE_NUMBER ? gsc_tree_number(tree, 0)
                   : at.op == GSC_TREE_VARIABLE
                       ? gsc_tree_number(tree, at.variable == variable)
                       : chain(tree, i, slope[at.a], at.b >= 0 ? slope[at.b] : GSC_TREE_NONE);
    }
    return tree->full || node < 0 ? GSC_TREE_NONE : slope[node];
}

/* ---- Logarithm ----------------------------------------------------------------------------------- */

gsc_node gsc_tree_logarithm(gsc_tree *tree, gsc_node node) {
    const gsc_tree_node at = tree->node[node];

    switch (at.op) {
    case GSC_TREE_EXP:
        return at.a;
    case GSC_TREE_SIGMOID:
        return one(tree, GSC_TREE_NEGATE,
                   one(tree, GSC_TREE_SOFTPLUS, one(tree, GSC_TREE_NEGATE, at.a)));
    case GSC_TREE_MULTIPLY:
        return gsc_tree_make(tree, GSC_TREE_ADD, gsc_tree_logarithm(tree, at.a),
                             gsc_tree_logarithm(tree, at.b));
    case GSC_TREE_DIVIDE:
        return minus(tree, gsc_tree_logarithm(tree, at.a), gsc_tree_logarithm(tree, at.b));
    case GSC_TREE_SQRT:
        return times(tree, gsc_tree_number(tree, 0.5), gsc_tree_logarithm(tree, at.a));
    case GSC_TREE_POWER:
        return times(tree, at.b, gsc_tree_logarithm(tree, at.a));
    default:
        return one(tree, GSC_TREE_LOG, node);
    }
}
