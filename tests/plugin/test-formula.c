/* SPDX-License-Identifier: MIT
 *
 * Formula gates: values against libm, derivatives against finite differences, the logarithmic form, and what
 * is refused with which column.
 */
#include "core/plugin/formula.h"
#include "core/plugin/formula_build.h"
#include "core/plugin/registry.h"
#include "tests/tap.h"

#include <stdbool.h>
#include <stdlib.h>

typedef struct case_of_value {
    const char *text;
    double z, expected;
    bool logarithmic;
} case_of_value;

static double sigma(double t) {
    return 1 / (1 + exp(-t));
}

static void test_values(void) {
    const case_of_value cases[] = {
        {"= sigmoid(z) / (1 + abs(z))", 2, sigma(2) / 3, true},
        {"=exp(z)", 1.5, exp(1.5), true},
        {"= exp(2*z - 1)", 0.5, 1, true},
        {"= 1 / (1 + exp(-z))", -3, sigma(-3), true},
        {"= exp(z)/(1+exp(z))", -3, sigma(-3), true},
        {"= log(1 + exp(z))", 2, log1p(exp(2)), true},
        {"= log1p(exp(z))", -2, log1p(exp(-2)), true},
        {"= softplus(z)^2", 1, pow(log1p(exp(1)), 2), true},
        {"= relu(z)", -1, 0, false},
        {"= relu(z)^2 + 1", 2, 5, true},
        {"= z^2", -3, 9, false},
        {"= 1 - -z^2", 3, 10, true},
        {"= 2^2^(z/8) / 4^z", 0, 2, true},
        {"= max(z, 0) + min(z, 0) + 31", 4, 35, false},
        {"= pow(abs(z) + 1, 1.5)", 3, 8, true},
        {"= 1 + tanh(z)", 0.25, 1 + tanh(0.25), false},
        {"= 1.0 + erf(z)", 0.25, 1 + erf(0.25), false},
        {"= sqrt(z^2 + 1) + z", 1, sqrt(2) + 1, false},
        {"= pi * e ^ z", 1, 3.14159265358979323846 * 2.7182818284590452, true},
        {"= exp(z / t) where t = 2", 3, exp(1.5), true},
        {"= exp(b*s) where b = -.5, s = z*z", 2, exp(-2), true},
        {"= s*s where s = exp(z), unused = 1", 1, exp(2), true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gsc_formula *formula = NULL;
        gsc_error error = {0};
        if (!TAP_OK(gsc_formula_parse(cases[i].text, &formula, NULL, &error) == GSC_OK,
                    cases[i].text)) {
            printf("# %s\n", error.message);
            continue;
        }
        TAP_NEAR(gsc_formula_affinity(formula, cases[i].z), cases[i].expected,
                 1e-13 * fabs(cases[i].expected), "its value");
        TAP_OK(gsc_formula_is_logarithmic(formula) == cases[i].logarithmic,
               "whether it is given by its logarithm");
        gsc_formula_free(formula);
    }
}

static void test_slopes(void) {
    static const char *const texts[] = {
        "= sigmoid(z) / (1 + abs(z))",
        "= exp(-z^2 / 8)",
        "= softplus(z) * sigmoid(2*z - 1)",
        "= sqrt(1 + z^2) + z",
        "= 2 + tanh(z/3)^3",
        "= 1.5 + erf(z)",
        "= relu(z)^3",
        "= log1p(z^2)",
        "= log(3 + cosh) where cosh = (exp(z/4) + exp(-z/4)) / 2",
        "= max(z^2, 2 + z)",
        "= min(exp(z), 1 + exp(z/2))",
        "= (2 + z^2)^(z / 10)",
        "= pow(1.5 + sigmoid(z), 3) - 1 / (2 + z^2)",
        "= abs(z - 0.1) * (1 + relu(-z))",
        "= exp(a*z) / (b + exp(z)) where a = 0.5, b = 3",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        gsc_formula *formula = NULL;
        gsc_error error = {0};
        double worst = 0, worst_given = 0;
        if (!TAP_OK(gsc_formula_parse(texts[i], &formula, NULL, &error) == GSC_OK, texts[i])) {
            printf("# %s\n", error.message);
            continue;
        }
        for (double z = -6.03; z < 6; z += 0.37) {
            const double h = 1e-5;
            const double numeric =
                (gsc_formula_affinity(formula, z + h) - gsc_formula_affinity(formula, z - h)) /
                (2 * h);
            const double exact = gsc_formula_slope(formula, z);
            worst = fmax(worst, fabs(numeric - exact) / (1 + fabs(exact)));
            const double numeric_given =
                (gsc_formula_given(formula, z + h) - gsc_formula_given(formula, z - h)) / (2 * h);
            const double given = gsc_formula_given_slope(formula, z);
            worst_given = fmax(worst_given, fabs(numeric_given - given) / (1 + fabs(given)));
        }
        TAP_NEAR(worst, 0, 1e-8, "its slope is that of finite differences");
        TAP_NEAR(worst_given, 0, 1e-8, "and so is the slope of what the plugin computes");
        gsc_formula_free(formula);
    }
}

static void test_forms(void) {
    gsc_formula *formula = NULL, *other = NULL;

    gsc_formula_parse("= exp(z)", &formula, NULL, NULL);
    TAP_NEAR(gsc_formula_given(formula, 1000), 1000, 0,
             "exp(z) is given by z and overflows nowhere");
    char *slope = gsc_formula_dup_slope_text(formula);
    TAP_STRING(slope, "1", "with slope 1");
    free(slope);
    TAP_OK(strncmp(gsc_formula_id(formula), "formula_", 8) == 0, "its id begins with formula_");
    gsc_formula_parse("  =exp( z )  ", &other, NULL, NULL);
    TAP_STRING(gsc_formula_id(other), gsc_formula_id(formula), "spaces do not make another gate");
    gsc_formula_free(other);
    gsc_formula_free(formula);

    gsc_formula_parse("= 1 / (1 + exp(-z))", &formula, NULL, NULL);
    TAP_NEAR(gsc_formula_given(formula, -2000), -2000, 0, "a sigmoid written out is understood");
    slope = gsc_formula_dup_slope_text(formula);
    TAP_STRING(slope, "sigmoid(-z)", "and so is the slope of its logarithm");
    free(slope);
    gsc_formula_free(formula);

    double z = 0, slopes[3] = {0};
    gsc_formula_parse("= exp(-z) where z = sqrt(xx - 2*dot + ww + 1)", &formula, NULL, NULL);
    TAP_OK(formula != NULL && gsc_formula_score(formula, 1, 4, 9, &z, slopes),
           "a score of its own");
    TAP_NEAR(z, sqrt(12), 1e-15, "its value");
    TAP_NEAR(slopes[0], -1 / sqrt(12), 1e-15, "its slope in dot");
    TAP_NEAR(slopes[1], 0.5 / sqrt(12), 1e-15, "in xx");
    TAP_NEAR(slopes[2], 0.5 / sqrt(12), 1e-15, "in ww");
    gsc_formula_free(formula);
}

static void test_refusals(void) {
    static const struct {
        const char *text;
        int column;
        const char *says;
    } cases[] = {
        {"= sigmod(z)", 3, "the nearest name is sigmoid"},
        {"= exp(z", 8, "not closed"},
        {"= (z + 1", 9, "of column 3 is not closed"},
        {"= exp(z))", 9, "never opened"},
        {"= 2 z", 5, "written with *"},
        {"= z ** 2", 5, "written with ^"},
        {"= exp z", 7, "write exp(z)"},
        {"= max(z)", 8, "a comma between"},
        {"= exp(z, 1)", 8, "takes one expression"},
        {"= z +", 6, "missing here"},
        {"=", 2, "missing here"},
        {"= z & 1", 5, "no meaning"},
        {"= exp(q*z)", 7, "where q = 1"},
        {"= exp(dot)", 7, "belongs to the score"},
        {"= exp(z) where z = z + dot", 20, "not in itself"},
        {"= exp(z) where t = ", 19, "missing here"},
        {"= exp(z) where exp = 2", 16, "has a meaning already"},
        {"= exp(z) where t = 1 2", 22, "a comma or the end"},
        {"= 0x10 + z^2", 3, "decimal"},
        {"= 1e999", 3, "too large"},
        {"= z", 0, "is -30 at z = -30"},
        {"= tanh(z) + 0.5", 0, "may not be negative"},
        {"= log(z)", 0, "no finite value"},
        {"= 1 / z^2", 0, "no finite value at z = 0"},
        {"= sqrt(z^2)", 0, "no finite slope at z = 0"},
        {"= 0 * z", 0, "is 0 for every z"},
        {"= exp(z) where z = dot / (xx - 1)", 0, "not finite at dot ="},
        {"softmax", 0, "is no formula"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gsc_formula *formula = NULL;
        gsc_error error = {0};
        int column = -1;
        TAP_OK(gsc_formula_parse(cases[i].text, &formula, &column, &error) == GSC_ERR_INPUT,
               cases[i].text);
        TAP_CONTAINS(error.message, cases[i].says, "and says why");
        if (!TAP_OK(column == cases[i].column, "at the right column")) {
            printf("# column %d, not %d: %s\n", column, cases[i].column, error.message);
        }
        TAP_OK(formula == NULL, "without a formula");
    }
}

/* Long and deep texts end in a sentence, not in a crash. */
static void test_limits(void) {
    char text[4096] = "= 1";
    gsc_formula *formula = NULL;
    gsc_error error = {0};

    for (int i = 0; i < 300; i++) {
        strcat(text, "+exp(z)");
    }
    TAP_OK(gsc_formula_parse(text, &formula, NULL, &error) == GSC_ERR_INPUT, "2,000 characters");
    TAP_CONTAINS(error.message, "longer than", "are too many");
    snprintf(
        text, sizeof text, "= %.*sz%.*s", 200,
        "((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((("
        "((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((("
        "(((((((((((((((((((((((((((((((((",
        1, ")");
    TAP_OK(gsc_formula_parse(text, &formula, NULL, &error) == GSC_ERR_INPUT, "200 parentheses");
    TAP_CONTAINS(error.message, "nested too deeply", "are too deep");
    TAP_OK(
        gsc_formula_parse("= g where a = (z+2)^2*exp(z), b = (a+1)/(a+exp(-a)), c = (b+2)/(b*b+a),"
                          "d = softplus(c*b+a), f = (d+c)*(d+b)*(d+a), g = exp(-f)+log1p(f*f)",
                          &formula, NULL, &error) != GSC_ERR_MEMORY,
        "shorthands of shorthands come to an end");
    gsc_formula_free(formula);
}

static void test_source(void) {
    gsc_formula *formula = NULL;
    char *source = NULL;

    gsc_formula_parse("= sigmoid(z - offset) / (1 + abs(z)) where offset = 1", &formula, NULL,
                      NULL);
    TAP_OK(formula != NULL && gsc_formula_source(formula, &source, NULL) == GSC_OK,
           "a formula becomes C");
    TAP_CONTAINS(source, "#include <gatescope/plugin.h>", "that includes the contract");
    TAP_CONTAINS(source, "{\"offset\", ", "declares the parameter");
    TAP_CONTAINS(source, "GSC_AFFINITY_LOG", "and gives the logarithm");
    free(source);
    gsc_formula_free(formula);
}

/* Worst difference of two gates' affinities and slopes over a grid, both given by logarithms. */
static double compare(const gsc_loaded *one, const gsc_loaded *other, const double *params) {
    double worst = 0;

    for (double z = -40; z <= 40; z += 0.37) {
        double a[2] = {0}, slope[2] = {0};
        const gsc_call call = {.struct_size = sizeof call, .rows = 1, .params = params};
        one->gate->affinity(&call, 1, &z, &a[0]);
        other->gate->affinity(&call, 1, &z, &a[1]);
        one->gate->affinity_slope(&call, 1, &z, &slope[0]);
        other->gate->affinity_slope(&call, 1, &z, &slope[1]);
        worst = fmax(worst, fabs(a[0] - a[1]) / (1 + fabs(a[1])));
        worst = fmax(worst, fabs(slope[0] - slope[1]));
    }
    return worst;
}

/* The compiled plugin is the shipped gate. */
static void test_built(void) {
    const gsc_loaded *formula = NULL, *again = NULL, *shipped = NULL;
    const char *text = "= sigmoid(z - offset) where offset = 1";
    const double params[] = {1, 1}; /* the shipped gate has a scale too */
    gsc_error error = {0};

    if (!TAP_OK(gsc_registry_load(GSC_KIND_GATE, text, &formula, &error) == GSC_OK,
                "a formula is compiled and loaded")) {
        printf("# %s\n", error.message);
        return;
    }
    TAP_STRING(formula->plugin->id, text, "under its text");
    TAP_OK(gsc_registry_load(GSC_KIND_GATE, text, &again, NULL) == GSC_OK && again == formula,
           "once");
    TAP_OK(gsc_registry_load(GSC_KIND_GATE, "normalized_sigmoid", &shipped, &error) == GSC_OK,
           "the shipped gate is there");
    TAP_NEAR(compare(formula, shipped, params), 0, 1e-14, "both say the same, slopes included");
    const gsc_param *param = formula->plugin->params;
    TAP_OK(formula->plugin->n_params == 1 && strcmp(param->name, "offset") == 0,
           "the parameter is declared");
    TAP_OK(param->initial == 1 && param->lowest > 0 && param->highest == 1000,
           "with its value and a range of its sign");

    const gsc_loaded *distance = NULL;
    TAP_OK(gsc_registry_load(GSC_KIND_GATE,
                             "= exp(-z) where z = (xx - 2*dot + ww + 1)^0.5 + pow(ww, 3)",
                             &distance, &error) == GSC_OK,
           "a score of its own compiles");
    TAP_OK(gsc_registry_load(GSC_KIND_GATE,
                             "= max(relu(z), 0.5) + abs(min(z, 1)) + erf(z)^2 + tanh(z)^4 + "
                             "log1p(z^2) + softplus(z)",
                             &distance, &error) == GSC_OK,
           "every function compiles");
}

static void test_resolve(void) {
    json_t *descriptors = json_array();
    gsc_error error = {0};

    TAP_OK(gsc_formula_resolve(
               "{\"title\": \"= not a gate\", \"gate\": \"= exp(z)\", \"theory\": "
               "{\"arms\": [{\"set\": {\"gate\": {\"id\": \"= exp(z / t) where t = 2\", "
               "\"t\": 3}}}, {\"set\": {\"gate\": \"= exp(z)\"}}]}}",
               descriptors, &error) == GSC_OK,
           "the formulas of a spec are found");
    TAP_OK(json_array_size(descriptors) == 2, "each once, titles left alone");
    const json_t *row = json_array_get(descriptors, 0);
    TAP_STRING(json_string_value(json_object_get(row, "id")), "= exp(z)", "under its text");
    TAP_STRING(json_string_value(json_object_get(row, "status")), "ok", "ready to run");
    TAP_OK(gsc_formula_resolve("{\"gate\": \"= exp(y)\"}", descriptors, &error) == GSC_ERR_INPUT,
           "a wrong one is an input error");
    json_decref(descriptors);
}

int main(void) {
    test_values();
    test_slopes();
    test_forms();
    test_refusals();
    test_limits();
    test_source();
    test_built();
    test_resolve();
    return tap_done();
}
