/* SPDX-License-Identifier: MIT
 *
 * Expressions as text: in the notation of formulas, and in C for a plugin's source, with as few parentheses
 * as either needs.
 */
#include "core/plugin/formula_private.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_TEXT = 1 << 18,
    SUM = 1,
    PRODUCT = 2,
    SIGN = 3,
    POWER = 4,
    ATOM = 5
};

void gsc_formula_append(gsc_formula_buffer *buffer, const char *format, ...) {
    va_list arguments;

    if (buffer->failed) {
        return;
    }
    va_start(arguments, format);
    const int needed = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    const size_t size = buffer->length + (size_t)(needed > 0 ? needed : 0) + 1;
    if (size > buffer->size) {
        char *more = size < MOST_TEXT ? realloc(buffer->text, 2 * size) : NULL;
        if (more == NULL) {
            buffer->failed = true;
            return;
        }
        buffer->text = more;
        buffer->size = 2 * size;
    }
    va_start(arguments, format);
    buffer->length += (size_t)vsnprintf(buffer->text + buffer->length,
                                        buffer->size - buffer->length, format, arguments);
    va_end(arguments);
}

/* The shortest decimal that reads back as the same number. */
static void append_number(gsc_formula_buffer *buffer, double value, bool is_c) {
    char text[40];

    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    const bool whole = strpbrk(text, ".e") == NULL;
    gsc_formula_append(buffer, is_c ? (whole ? "(real)%s.0" : "(real)%s") : "%s", text);
}

static const char *function_name(gsc_tree_op op, bool is_c) {
    switch (op) {
    case GSC_TREE_EXP:
        return is_c ? "gsc_exp" : "exp";
    case GSC_TREE_LOG:
        return is_c ? "gsc_log" : "log";
    case GSC_TREE_LOG1P:
        return is_c ? "gsc_log1p" : "log1p";
    case GSC_TREE_TANH:
        return is_c ? "gsc_tanh" : "tanh";
    case GSC_TREE_ERF:
        return is_c ? "gsc_erf" : "erf";
    case GSC_TREE_SQRT:
        return is_c ? "gsc_sqrt" : "sqrt";
    case GSC_TREE_ABS:
        return is_c ? "gsc_abs" : "abs";
    case GSC_TREE_SIGMOID:
        return is_c ? "sigmoid_of" : "sigmoid";
    case GSC_TREE_SOFTPLUS:
        return is_c ? "softplus_of" : "softplus";
    case GSC_TREE_RELU:
        return is_c ? "relu_of" : "relu";
    case GSC_TREE_STEP:
        return is_c ? "step_of" : "step";
    case GSC_TREE_SIGN:
        return is_c ? "sign_of" : "sign";
    case GSC_TREE_MAX:
        return is_c ? "max_of" : "max";
    case GSC_TREE_MIN:
        return is_c ? "min_of" : "min";
    case GSC_TREE_POWER:
        return is_c ? "pow" : NULL;
    default:
        return NULL;
    }
}

static int strength_of(const gsc_formula_dialect *dialect, gsc_node node) {
    const gsc_tree_node *at = &dialect->formula->tree.node[node];

    switch (at->op) {
    case GSC_TREE_NUMBER:
        return at->number < 0 ? SIGN : ATOM;
    case GSC_TREE_ADD:
    case GSC_TREE_SUBTRACT:
        return SUM;
    case GSC_TREE_MULTIPLY:
    case GSC_TREE_DIVIDE:
        return !dialect->is_c && at->op == GSC_TREE_MULTIPLY && at->a == at->b ? POWER : PRODUCT;
    case GSC_TREE_NEGATE:
        return SIGN;
    case GSC_TREE_POWER:
        return dialect->is_c ? ATOM : POWER;
    default:
        return ATOM;
    }
}

/* In parentheses where it binds less than that. */
static void print_within(gsc_formula_buffer *buffer, const gsc_formula_dialect *dialect,
                         gsc_node node, int strength) {
    const bool named = dialect->is_c && dialect->named[node];
    const bool open = !named && strength_of(dialect, node) < strength;

    gsc_formula_append(buffer, "%s", open ? "(" : "");
    gsc_formula_print(buffer, dialect, node);
    gsc_formula_append(buffer, "%s", open ? ")" : "");
}

static void print_variable(gsc_formula_buffer *buffer, const gsc_formula_dialect *dialect,
                           int variable) {
    static const char *const names[] = {"z", "dot", "xx", "ww"};

    if (variable < VARIABLE_PARAM) {
        gsc_formula_append(buffer, "%s", names[variable]);
    } else {
        gsc_formula_append(buffer, "%s%s", dialect->is_c ? "p_" : "",
                           dialect->formula->param[variable - VARIABLE_PARAM]);
    }
}

static void print_between(gsc_formula_buffer *buffer, const gsc_formula_dialect *dialect,
                          const gsc_tree_node *at) {
    static const char *const signs[] = {" + ", " - ", " * ", " / "};
    const int strength = at->op <= GSC_TREE_SUBTRACT ? SUM : PRODUCT;
    const bool strict = at->op == GSC_TREE_SUBTRACT || at->op == GSC_TREE_DIVIDE;

    if (!dialect->is_c && at->op == GSC_TREE_MULTIPLY && at->a == at->b) {
        print_within(buffer, dialect, at->a, ATOM);
        gsc_formula_append(buffer, "^2");
        return;
    }
    print_within(buffer, dialect, at->a, strength);
    gsc_formula_append(buffer, "%s", signs[at->op - GSC_TREE_ADD]);
    print_within(buffer, dialect, at->b, strict ? strength + 1 : strength);
}

void gsc_formula_print_definition(gsc_formula_buffer *buffer, const gsc_formula_dialect *dialect,
                                  gsc_node node) {
    const gsc_tree_node *at = &dialect->formula->tree.node[node];
    const char *function = function_name(at->op, dialect->is_c);

    if (buffer->failed) {
        return;
    }
    if (at->op == GSC_TREE_NUMBER) {
        append_number(buffer, at->number, dialect->is_c);
    } else if (at->op == GSC_TREE_VARIABLE) {
        print_variable(buffer, dialect, at->variable);
    } else if (at->op >= GSC_TREE_ADD && at->op <= GSC_TREE_DIVIDE) {
        print_between(buffer, dialect, at);
    } else if (at->op == GSC_TREE_NEGATE) {
        gsc_formula_append(buffer, "-");
        print_within(buffer, dialect, at->a, POWER);
    } else if (function == NULL) {
        print_within(buffer, dialect, at->a, ATOM);
        gsc_formula_append(buffer, "^");
        print_within(buffer, dialect, at->b, ATOM);
    } else {
        const bool cast = dialect->is_c && at->op == GSC_TREE_POWER;
        gsc_formula_append(buffer, "%s%s(", cast ? "(real)" : "", function);
        gsc_formula_print(buffer, dialect, at->a);
        if (at->b >= 0) {
            gsc_formula_append(buffer, ", ");
            gsc_formula_print(buffer, dialect, at->b);
        }
        gsc_formula_append(buffer, ")");
    }
}

void gsc_formula_print(gsc_formula_buffer *buffer, const gsc_formula_dialect *dialect,
                       gsc_node node) {
    if (dialect->is_c && dialect->named[node]) {
        gsc_formula_append(buffer, "t%d", node);
    } else {
        gsc_formula_print_definition(buffer, dialect, node);
    }
}

char *gsc_formula_dup_slope_text(const gsc_formula *formula) {
    const gsc_formula_dialect dialect = {.formula = formula};
    gsc_formula_buffer buffer = {0};

    gsc_formula_print(&buffer, &dialect, formula->given_slope);
    if (buffer.failed) { /* shared parts, written out, outgrew any page */
        free(buffer.text);
        return strdup("too long to be written out");
    }
    return buffer.text;
}
