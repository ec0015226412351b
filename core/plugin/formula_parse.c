/* SPDX-License-Identifier: MIT
 *
 * The text of a formula to its graph: a tokenizer and a precedence-climbing (Pratt) parser. The definitions
 * after "where" are read first, the affinity last.
 */
#include "core/plugin/formula_private.h"
#include "core/read/spec.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_TOKENS = 512,
    MOST_DEPTH = 64,
    MOST_SHORTHANDS = 12,
    BIND_SUM = 1,
    BIND_PRODUCT = 2,
    BIND_SIGN = 3,
    BIND_POWER = 4
};

typedef enum token_kind {
    TOKEN_NUMBER,
    TOKEN_NAME,
    TOKEN_SIGN, /* one of + - * / ^ ( ) , = */
    TOKEN_END
} token_kind;

typedef struct token {
    token_kind kind;
    char sign;
    double number;
    const char *start;
    size_t length;
} token;

typedef struct shorthand {
    char name[NAME_SIZE];
    gsc_node node;
} shorthand;

typedef struct parser {
    gsc_formula *formula;
    token tokens[MOST_TOKENS];
    int n_tokens, at, depth;
    shorthand shorthands[MOST_SHORTHANDS];
    int n_shorthands;
    bool in_score; /* z = ...: dot, xx and ww may stand there, z may not */
    int column;
    gsc_status status;
    gsc_error *error;
} parser;

typedef struct function {
    const char *name;
    gsc_tree_op op;
    int operands;
} function;

static const function functions[] = {
    {"sigmoid", GSC_TREE_SIGMOID, 1},   {"exp", GSC_TREE_EXP, 1},
    {"log", GSC_TREE_LOG, 1},           {"log1p", GSC_TREE_LOG1P, 1},
    {"softplus", GSC_TREE_SOFTPLUS, 1}, {"tanh", GSC_TREE_TANH, 1},
    {"erf", GSC_TREE_ERF, 1},           {"sqrt", GSC_TREE_SQRT, 1},
    {"abs", GSC_TREE_ABS, 1},           {"relu", GSC_TREE_RELU, 1},
    {"max", GSC_TREE_MAX, 2},           {"min", GSC_TREE_MIN, 2},
    {"pow", GSC_TREE_POWER, 2},
};
enum {
    N_FUNCTIONS = sizeof functions / sizeof functions[0]
};

/* ---- Tokens -------------------------------------------------------------------------------------- */

static const token *here(const parser *self) {
    return &self->tokens[self->at];
}

/* One failure is kept, the first: column 7, at "/ 2": what is wrong. */
static gsc_node refuse(parser *self, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static gsc_node refuse(parser *self, const char *where, const char *format, ...) {
    if (self->status != GSC_OK) {
        return GSC_TREE_NONE;
    }
    char why[320], rest[40] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    self->column = (int)(where - self->formula->text) + 1;
    snprintf(rest, sizeof rest, "%.24s", where);
    self->status =
        rest[0] != '\0'
            ? gsc_fail(self->error, GSC_ERR_INPUT, "formula \"%s\", column %d, at \"%s%s\": %s",
                       self->formula->text, self->column, rest, strlen(where) > 24 ? "…" : "", why)
            : gsc_fail(self->error, GSC_ERR_INPUT, "formula \"%s\", column %d, at its end: %s",
                       self->formula->text, self->column, why);
    return GSC_TREE_NONE;
}

static bool is_sign(const parser *self, char sign) {
    return here(self)->kind == TOKEN_SIGN && here(self)->sign == sign;
}

static bool token_is(const token *word, const char *name) {
    return word->kind == TOKEN_NAME && strlen(name) == word->length &&
           memcmp(word->start, name, word->length) == 0;
}

/* One token from *at on; false where there is none. */
static bool read_token(parser *self, const char **at, token *ret_token) {
    const char *c = *at;
    *ret_token = (token){.start = c, .length = 1};

    if (isdigit((unsigned char)*c) || (*c == '.' && isdigit((unsigned char)c[1]))) {
        char *end = NULL;
        ret_token->kind = TOKEN_NUMBER;
        if (c[0] == '0' && (c[1] == 'x' || c[1] == 'X')) {
            refuse(self, c, "numbers are decimal, such as 0.5 or 1e-3");
            return false;
        }
        ret_token->number = strtod(c, &end);
        ret_token->length = (size_t)(end - c);
        if (!isfinite(ret_token->number)) {
            refuse(self, c, "this number is too large; 1e300 is not");
            return false;
        }
    } else if (isalpha((unsigned char)*c) || *c == '_') {
        ret_token->kind = TOKEN_NAME;
        while (isalnum((unsigned char)c[ret_token->length]) || c[ret_token->length] == '_') {
            ret_token->length++;
        }
    } else if (strchr("+-*/^(),=", *c) != NULL) {
        ret_token->kind = TOKEN_SIGN;
        ret_token->sign = *c;
        if (c[0] == '*' && c[1] == '*') {
            refuse(self, c, "a power is written with ^, such as z^2");
            return false;
        }
    } else {
        refuse(self, c,
               "this character has no meaning here; a formula has numbers, names, + - * / ^, "
               "commas and parentheses");
        return false;
    }
    *at = c + ret_token->length;
    return true;
}

static void read_tokens(parser *self) {
    const char *at = self->formula->text + 1; /* after the "=" */

    for (;;) {
        at += strspn(at, " ");
        if (self->n_tokens == MOST_TOKENS - 1) {
            refuse(self, at, "the formula is too long; %d words and signs fit", MOST_TOKENS - 1);
            return;
        }
        if (*at == '\0') {
            break;
        }
        if (!read_token(self, &at, &self->tokens[self->n_tokens])) {
            return;
        }
        self->n_tokens++;
    }
    self->tokens[self->n_tokens++] = (token){.kind = TOKEN_END, .start = at};
}

/* ---- Expressions --------------------------------------------------------------------------------- */

static gsc_node parse_expression(parser *self, int binding);

static gsc_node made(parser *self, gsc_node node, const token *where) {
    if (node < 0 && self->status == GSC_OK) {
        return refuse(self, where->start, "the formula is too long to be differentiated");
    }
    return node;
}

static gsc_node parse_call(parser *self, const function *called, const token *name) {
    gsc_node operand[2] = {GSC_TREE_NONE, GSC_TREE_NONE};

    if (!is_sign(self, '(')) {
        return refuse(self, here(self)->start, "%s is a function: write %s(%s)", called->name,
                      called->name, called->operands == 2 ? "z, 1" : "z");
    }
    for (int i = 0; i < called->operands; i++) {
        self->at++; /* "(" or "," */
        operand[i] = parse_expression(self, 0);
        if (operand[i] < 0) {
            return GSC_TREE_NONE;
        }
        if (i + 1 < called->operands && !is_sign(self, ',')) {
            return refuse(self, here(self)->start, "%s takes two expressions with a comma between",
                          called->name);
        }
    }
    if (is_sign(self, ',')) {
        return refuse(self, here(self)->start, "%s takes %s", called->name,
                      called->operands == 1 ? "one expression" : "two expressions");
    }
    if (!is_sign(self, ')')) {
        return refuse(self, here(self)->start, "the parenthesis of %s is not closed", called->name);
    }
    self->at++;
    return made(self, gsc_tree_make(&self->formula->tree, called->op, operand[0], operand[1]),
                name);
}

static const function *find_function(const token *name) {
    for (int i = 0; i < N_FUNCTIONS; i++) {
        if (token_is(name, functions[i].name)) {
            return &functions[i];
        }
    }
    return NULL;
}

static gsc_node refuse_name(parser *self, const token *name) {
    const char *known[N_FUNCTIONS + GSC_FORMULA_PARAMS + MOST_SHORTHANDS + 6];
    char word[NAME_SIZE];
    size_t n = 0;

    for (; n < N_FUNCTIONS; n++) {
        known[n] = functions[n].name;
    }
    for (int i = 0; i < self->formula->n_params; i++) {
        known[n++] = self->formula->param[i];
    }
    for (int i = 0; i < self->n_shorthands; i++) {
        known[n++] = self->shorthands[i].name;
    }
    snprintf(word, sizeof word, "%.*s", (int)name->length, name->start);
    const char *near = gsc_nearest(word, known, n);
    if (near != NULL) {
        return refuse(self, name->start, "there is no %s; the nearest name is %s", word, near);
    }
    return refuse(self, name->start,
                  "there is no %s; a parameter is given its value at the end: where %s = 1", word,
                  word);
}

static gsc_node parse_variable(parser *self, const token *name) {
    static const char *const scores[] = {"dot", "xx", "ww"};
    gsc_tree *tree = &self->formula->tree;

    if (token_is(name, "z")) {
        return self->in_score ? refuse(self, name->start,
                                       "the score z is written in dot, xx and ww, not in itself")
                              : gsc_tree_variable(tree, VARIABLE_Z);
    }
    for (int i = 0; i < 3; i++) {
        if (token_is(name, scores[i])) {
            return self->in_score
                       ? gsc_tree_variable(tree, VARIABLE_DOT + i)
                       : refuse(self, name->start,
                                "%s belongs to the score: write the affinity in z, then where z = "
                                "an expression with %s",
                                scores[i], scores[i]);
        }
    }
    for (int i = 0; i < self->formula->n_params; i++) {
        if (token_is(name, self->formula->param[i])) {
            return gsc_tree_variable(tree, VARIABLE_PARAM + i);
        }
    }
    for (int i = 0; i < self->n_shorthands; i++) {
        if (token_is(name, self->shorthands[i].name)) {
            const gsc_node node = self->shorthands[i].node;
            return self->in_score && gsc_tree_uses(tree, node, VARIABLE_Z)
                       ? refuse(self, name->start, "%s is written in z, and the score may not be",
                                self->shorthands[i].name)
                       : node;
        }
    }
    if (token_is(name, "pi")) {
        return gsc_tree_number(tree, 3.14159265358979323846);
    }
    return token_is(name, "e") ? gsc_tree_number(tree, 2.7182818284590452354)
                               : refuse_name(self, name);
}

/* A number, a name, a call, a parenthesis, or a sign in front of one. */
static gsc_node parse_first(parser *self) {
    const token *first = here(self);
    gsc_tree *tree = &self->formula->tree;

    self->at += first->kind != TOKEN_END;
    if (first->kind == TOKEN_NUMBER) {
        return made(self, gsc_tree_number(tree, first->number), first);
    }
    if (first->kind == TOKEN_NAME) {
        const function *called = find_function(first);
        return called != NULL ? parse_call(self, called, first)
                              : made(self, parse_variable(self, first), first);
    }
    if (first->kind == TOKEN_SIGN && (first->sign == '-' || first->sign == '+')) {
        const gsc_node of = parse_expression(self, BIND_SIGN);
        return first->sign == '+' || of < 0
                   ? of
                   : made(self, gsc_tree_make(tree, GSC_TREE_NEGATE, of, GSC_TREE_NONE), first);
    }
    if (first->kind == TOKEN_SIGN && first->sign == '(') {
        const gsc_node inside = parse_expression(self, 0);
        if (inside >= 0 && !is_sign(self, ')')) {
            return refuse(self, here(self)->start, "the parenthesis of column %d is not closed",
                          (int)(first->start - self->formula->text) + 1);
        }
        self->at += inside >= 0;
        return inside;
    }
    return refuse(self, first->start, "a number, z, a name or a parenthesis is missing here");
}

/* How strongly the sign here binds what stands left of it; 0: it ends the expression. */
static int binding_of(const token *sign, gsc_tree_op *ret_op) {
    switch (sign->kind == TOKEN_SIGN ? sign->sign : '\0') {
    case '+':
        *ret_op = GSC_TREE_ADD;
        return BIND_SUM;
    case '-':
        *ret_op = GSC_TREE_SUBTRACT;
        return BIND_SUM;
    case '*':
        *ret_op = GSC_TREE_MULTIPLY;
        return BIND_PRODUCT;
    case '/':
        *ret_op = GSC_TREE_DIVIDE;
        return BIND_PRODUCT;
    case '^':
        *ret_op = GSC_TREE_POWER;
        return BIND_POWER;
    default:
        return 0;
    }
}

/* Everything that binds more strongly than `binding`. */
static gsc_node parse_expression(parser *self, int binding) {
    if (++self->depth > MOST_DEPTH) {
        return refuse(self, here(self)->start, "the formula is nested too deeply; %d levels fit",
                      MOST_DEPTH);
    }
    gsc_node left = parse_first(self);
    gsc_tree_op op = GSC_TREE_ADD;
    int strength;
    while (left >= 0 && (strength = binding_of(here(self), &op)) > binding) {
        const token *sign = here(self);
        self->at++;
        const gsc_node right = parse_expression(self, op == GSC_TREE_POWER ? BIND_SIGN : strength);
        left = right < 0 ? right
                         : made(self, gsc_tree_make(&self->formula->tree, op, left, right), sign);
    }
    self->depth--;
    return left;
}

/* ---- Definitions --------------------------------------------------------------------------------- */

static bool is_taken(const parser *self, const token *name) {
    static const char *const reserved[] = {"dot", "xx", "ww", "pi", "e", "where", "id"};

    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (token_is(name, reserved[i])) {
            return true;
        }
    }
    for (int i = 0; i < self->formula->n_params; i++) {
        if (token_is(name, self->formula->param[i])) {
            return true;
        }
    }
    for (int i = 0; i < self->n_shorthands; i++) {
        if (token_is(name, self->shorthands[i].name)) {
            return true;
        }
    }
    return find_function(name) != NULL;
}

/* A number, with its sign, and nothing else: a parameter's value. */
static bool is_plain_number(const parser *self, double *ret_value) {
    const token *at = here(self);
    const bool negative = is_sign(self, '-');

    at += negative;
    const token *next = at + 1;
    if (at->kind != TOKEN_NUMBER ||
        (next->kind != TOKEN_END && !(next->kind == TOKEN_SIGN && next->sign == ','))) {
        return false;
    }
    *ret_value = negative ? -at->number : at->number;
    return true;
}

static void parse_definition(parser *self) {
    const token *name = here(self);
    gsc_formula *formula = self->formula;
    const bool is_score = token_is(name, "z");
    double value = 0;

    if (name->kind != TOKEN_NAME || name->length >= NAME_SIZE) {
        refuse(self, name->start, "after \"where\" stands NAME = value, the name up to %d letters",
               NAME_SIZE - 1);
        return;
    }
    if (is_score ? formula->score >= 0 : is_taken(self, name)) {
        refuse(self, name->start, "%.*s has a meaning already; take another name",
               (int)name->length, name->start);
        return;
    }
    self->at++;
    if (!is_sign(self, '=')) {
        refuse(self, here(self)->start, "after the name stands = and its value");
        return;
    }
    self->at++;
    if (!is_score && is_plain_number(self, &value)) {
        if (formula->n_params == GSC_FORMULA_PARAMS) {
            refuse(self, name->start, "a formula has up to %d parameters", GSC_FORMULA_PARAMS);
            return;
        }
        snprintf(formula->param[formula->n_params], NAME_SIZE, "%.*s", (int)name->length,
                 name->start);
        formula->initial[formula->n_params++] = value;
        self->at += here(self)->kind == TOKEN_NUMBER ? 1 : 2;
        return;
    }
    if (!is_score && self->n_shorthands == MOST_SHORTHANDS) {
        refuse(self, name->start, "a formula has up to %d shorthands", MOST_SHORTHANDS);
        return;
    }
    self->in_score = is_score;
    const gsc_node node = parse_expression(self, 0);
    self->in_score = false;
    if (node >= 0 && is_score) {
        formula->score = node;
    } else if (node >= 0) {
        shorthand *made_one = &self->shorthands[self->n_shorthands++];
        made_one->node = node;
        snprintf(made_one->name, NAME_SIZE, "%.*s", (int)name->length, name->start);
    }
}

static void parse_definitions(parser *self) {
    do {
        self->at++; /* "where" or "," */
        parse_definition(self);
    } while (self->status == GSC_OK && is_sign(self, ','));
    if (self->status == GSC_OK && here(self)->kind != TOKEN_END) {
        refuse(self, here(self)->start, "a comma or the end is due here");
    }
}

static void parse_affinity(parser *self, int end) {
    self->at = 0;
    self->formula->affinity = parse_expression(self, 0);
    if (self->status != GSC_OK || self->at == end) {
        return;
    }
    const token *left = here(self);
    if (left->kind == TOKEN_NUMBER || left->kind == TOKEN_NAME || is_sign(self, '(')) {
        refuse(self, left->start, "a sign is missing before this; a product is written with *");
    } else if (is_sign(self, ')')) {
        refuse(self, left->start, "this parenthesis was never opened");
    } else {
        refuse(self, left->start, "the expression ends before this; definitions follow \"where\"");
    }
}

gsc_status gsc_formula_read(gsc_formula *formula, int *ret_column, gsc_error *error) {
    parser *self = calloc(1, sizeof *self);
    int end = 0;

    if (self == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory to read a formula");
    }
    self->formula = formula;
    self->error = error;
    read_tokens(self);
    while (self->status == GSC_OK && self->tokens[end].kind != TOKEN_END &&
           !token_is(&self->tokens[end], "where")) {
        end++;
    }
    self->at = end;
    if (self->status == GSC_OK && here(self)->kind != TOKEN_END) {
        parse_definitions(self);
    }
    if (self->status == GSC_OK) {
        self->depth = 0;
        parse_affinity(self, end);
    }
    const gsc_status status = self->status;
    *ret_column = self->column;
    free(self);
    return status;
}
