/* SPDX-License-Identifier: MIT
 *
 * A formula as the C source of a plugin. Expressions that stand more than once get a name, so that the
 * derivative shares what it has in common; sigmoid and softplus overflow nowhere.
 */
#include "core/plugin/formula_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct helper {
    gsc_tree_op op;
    const char *text;
} helper;

static const helper helpers[] = {
    {GSC_TREE_SIGMOID, "static inline real sigmoid_of(real t) {\n"
                       "    const real e = gsc_exp(-gsc_abs(t));\n"
                       "    return (t < 0 ? e : 1) / (1 + e);\n"
                       "}\n\n"},
    {GSC_TREE_SOFTPLUS, "static inline real softplus_of(real t) {\n"
                        "    return (t > 0 ? t : 0) + gsc_log1p(gsc_exp(-gsc_abs(t)));\n"
                        "}\n\n"},
    {GSC_TREE_RELU, "static inline real relu_of(real t) {\n"
                    "    return t > 0 ? t : 0;\n"
                    "}\n\n"},
    {GSC_TREE_STEP, "static inline real step_of(real t) {\n"
                    "    return t > 0 ? 1 : 0;\n"
                    "}\n\n"},
    {GSC_TREE_SIGN, "static inline real sign_of(real t) {\n"
                    "    return t > 0 ? 1 : (t < 0 ? -1 : 0);\n"
                    "}\n\n"},
    {GSC_TREE_MAX, "static inline real max_of(real a, real b) {\n"
                   "    return a > b ? a : b;\n"
                   "}\n\n"},
    {GSC_TREE_MIN, "static inline real min_of(real a, real b) {\n"
                   "    return a < b ? a : b;\n"
                   "}\n\n"},
};

enum {
    MOST_RESULTS = 3
};

/* A parameter keeps its sign and runs over three powers of ten either way. */
static const double RANGE = 1000;

/* One function of the plugin: a loop that computes up to three expressions from its inputs. */
typedef struct loop_text {
    const char *head; /* the C signature, up to the brace */
    int first, last;  /* its input variables: VARIABLE_Z, or VARIABLE_DOT to VARIABLE_WW */
    int n;
    gsc_node result[MOST_RESULTS];
    const char *target[MOST_RESULTS];
} loop_text;

static void mark(const gsc_tree *tree, gsc_node node, int *uses) {
    if (node < 0 || uses[node]++ > 0) {
        return;
    }
    mark(tree, tree->node[node].a, uses);
    mark(tree, tree->node[node].b, uses);
}

static void count_uses(const gsc_formula *formula, const loop_text *loop, int *uses) {
    memset(uses, 0, GSC_TREE_NODES * sizeof *uses);
    for (int i = 0; i < loop->n; i++) {
        mark(&formula->tree, loop->result[i], uses);
    }
}

static void write_loop(gsc_formula_buffer *out, const gsc_formula *formula, const loop_text *loop) {
    static const char *const inputs[] = {"z", "dot", "xx", "ww"};
    int uses[GSC_TREE_NODES];
    bool named[GSC_TREE_NODES] = {false}, any_param = false;
    const gsc_formula_dialect dialect = {.formula = formula, .is_c = true, .named = named};

    count_uses(formula, loop, uses);
    gsc_formula_append(out, "%s {\n", loop->head);
    for (int i = 0; i < formula->tree.count; i++) {
        const gsc_tree_node *at = &formula->tree.node[i];
        if (uses[i] > 0 && at->op == GSC_TREE_VARIABLE && at->variable >= VARIABLE_PARAM) {
            const int param = at->variable - VARIABLE_PARAM;
            gsc_formula_append(out, "    const real p_%s = (real)call->params[%d];\n",
                               formula->param[param], param);
            any_param = true;
        }
    }
    gsc_formula_append(out, "%s", any_param ? "" : "    (void)call;\n");
    for (int i = loop->first; i <= loop->last; i++) {
        gsc_formula_append(out, "    (void)%s_;\n", inputs[i]);
    }
    gsc_formula_append(out, "    for (int64_t i = 0; i < n; i++) {\n");
    for (int i = 0; i < formula->tree.count; i++) {
        const gsc_tree_node *at = &formula->tree.node[i];
        if (uses[i] > 0 && at->op == GSC_TREE_VARIABLE && at->variable < VARIABLE_PARAM) {
            gsc_formula_append(out, "        const real %s = %s_[i];\n", inputs[at->variable],
                               inputs[at->variable]);
        } else if (uses[i] > 1 && at->op != GSC_TREE_VARIABLE && at->op != GSC_TREE_NUMBER) {
            gsc_formula_append(out, "        const real t%d = ", i);
            gsc_formula_print_definition(out, &dialect, i);
            gsc_formula_append(out, ";\n");
            named[i] = true;
        }
    }
    for (int i = 0; i < loop->n; i++) {
        gsc_formula_append(out, "        %s[i] = ", loop->target[i]);
        gsc_formula_print(out, &dialect, loop->result[i]);
        gsc_formula_append(out, ";\n");
    }
    gsc_formula_append(out, "    }\n}\n\n");
}

static void write_helpers(gsc_formula_buffer *out, const gsc_formula *formula,
                          const loop_text *loops, int n) {
    bool needed[GSC_TREE_SIGN + 1] = {false};
    int uses[GSC_TREE_NODES];

    for (int i = 0; i < n; i++) {
        count_uses(formula, &loops[i], uses);
        for (int j = 0; j < formula->tree.count; j++) {
            needed[formula->tree.node[j].op] |= uses[j] > 0;
        }
    }
    for (size_t i = 0; i < sizeof helpers / sizeof helpers[0]; i++) {
        gsc_formula_append(out, "%s", needed[helpers[i].op] ? helpers[i].text : "");
    }
}

static void write_descriptor(gsc_formula_buffer *out, const gsc_formula *formula) {
    const char *expression = formula->text + strspn(formula->text, "= ");

    if (formula->n_params > 0) {
        gsc_formula_append(out, "static const gsc_param params[] = {\n");
        for (int i = 0; i < formula->n_params; i++) {
            const double initial = formula->initial[i], size = fabs(initial);
            gsc_formula_append(
                out,
                "    {\"%s\", \"parameter of the formula\", NULL, GSC_PARAM_REAL, 1, "
                "%.17g, %.17g, %.17g},\n",
                formula->param[i], initial > 0 ? size / RANGE : (size > 0 ? -size : -1) * RANGE,
                initial < 0 ? -size / RANGE : (size > 0 ? size : 1) * RANGE, initial);
        }
        gsc_formula_append(out, "};\n\n");
    }
    gsc_formula_append(out,
                       "static const gsc_gate gate = {\n"
                       "    .struct_size = sizeof(gsc_gate),\n"
                       "    .affinity_form = %s,\n"
                       "%s"
                       "    .affinity = affinity,\n"
                       "    .affinity_slope = affinity_slope,\n"
                       "};\n\n",
                       formula->logarithmic ? "GSC_AFFINITY_LOG" : "GSC_AFFINITY_VALUE",
                       formula->score >= 0 ? "    .score_form = GSC_SCORE_INNER,\n"
                                             "    .inner = inner,\n"
                                             "    .inner_slope = inner_slope,\n"
                                           : "");
    gsc_formula_append(out,
                       "static const gsc_plugin plugin = {\n"
                       "    GSC_PLUGIN_HEAD(GSC_KIND_GATE),\n"
                       "    .id = \"%s\",\n"
                       "    .version = \"1.0.0\",\n"
                       "    .title = \"%s\",\n"
                       "    .formula = \"p_j = a(z_j) / sum_l a(z_l), a(z) = %s\",\n"
                       "    .doc = \"A gate written as a formula.\",\n"
                       "%s"
                       "    GSC_SOURCE,\n"
                       "    .gate = &gate,\n"
                       "};\n\n"
                       "const gsc_plugin *gatescope_plugin(void) {\n"
                       "    return &plugin;\n"
                       "}\n",
                       formula->id, expression, expression,
                       formula->n_params > 0 ? "    GSC_PARAMS(params),\n" : "");
}

gsc_status gsc_formula_source(const gsc_formula *formula, char **ret_source, gsc_error *error) {
    static const char affinity_head[] =
        "GSC_HOT static void affinity(const gsc_call *call, int64_t n, "
        "const real *z_, real *ret_a)";
    static const char slope_head[] = "GSC_HOT static void affinity_slope(const gsc_call *call, "
                                     "int64_t n, const real *z_,\n"
                                     "                                   real *ret_slope)";
    static const char inner_head[] = "GSC_HOT static void inner(const gsc_call *call, int64_t n, "
                                     "const real *dot_, const real *xx_,\n"
                                     "                          const real *ww_, real *ret_z)";
    static const char inner_slope_head[] =
        "GSC_HOT static void inner_slope(const gsc_call *call, int64_t n, const real *dot_,\n"
        "                                const real *xx_, const real *ww_, real *ret_dot,\n"
        "                                real *ret_xx, real *ret_ww)";
    const loop_text loops[] = {
        {affinity_head, VARIABLE_Z, VARIABLE_Z, 1, {formula->given}, {"ret_a"}},
        {slope_head, VARIABLE_Z, VARIABLE_Z, 1, {formula->given_slope}, {"ret_slope"}},
        {inner_head, VARIABLE_DOT, VARIABLE_WW, 1, {formula->score}, {"ret_z"}},
        {inner_slope_head,
         VARIABLE_DOT,
         VARIABLE_WW,
         3,
         {formula->score_slope[0], formula->score_slope[1], formula->score_slope[2]},
         {"ret_dot", "ret_xx", "ret_ww"}},
    };
    const int n = formula->score >= 0 ? 4 : 2;
    gsc_formula_buffer out = {0};

    gsc_formula_append(&out,
                       "/* SPDX-License-Identifier: MIT\n"
                       " *\n"
                       " * Gate of the formula %s\n"
                       " *\n"
                       " * Written by Gatescope: %s and its exact derivative.\n"
                       " */\n"
                       "#include <gatescope/plugin.h>\n\n"
                       "GSC_OWN_SOURCE;\n\n",
                       formula->text + strspn(formula->text, "= "),
                       formula->logarithmic ? "the logarithm of the affinity" : "the affinity");
    write_helpers(&out, formula, loops, n);
    for (int i = 0; i < n; i++) {
        write_loop(&out, formula, &loops[i]);
    }
    write_descriptor(&out, formula);
    if (out.failed) {
        free(out.text);
        return gsc_fail(error, GSC_ERR_INPUT,
                        "formula \"%s\" with its derivative is too long for a plugin",
                        formula->text);
    }
    *ret_source = out.text;
    return GSC_OK;
}
