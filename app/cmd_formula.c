/* SPDX-License-Identifier: MIT
 *
 * gatescope formula "= EXPRESSION" [--json|--source]: reads a gate written as a formula, says what it becomes,
 * and builds it, so that the next run finds it ready.
 *
 * Layer: app.
 */
#include "app/commands.h"
#include "core/plugin/formula.h"
#include "core/plugin/formula_build.h"
#include "core/read/json_text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* {"text", "status": "ok" or the sentence, "column", "slope", "plugin": the row of `plugin list --json`} */
static int print_json(const char *text, const gsc_formula *formula, const json_t *row, int column,
                      const char *wrong) {
    char *slope = formula != NULL ? gsc_formula_dup_slope_text(formula) : NULL;
    json_t *answer = json_pack(
        "{s:s, s:s, s:i, s:s*, s:O*}", "text", formula != NULL ? gsc_formula_text(formula) : text,
        "status", wrong != NULL ? wrong : "ok", "column", column, "slope", slope, "plugin", row);
    char *out = answer != NULL ? gsc_json_dump(answer, JSON_INDENT(2)) : NULL;
    if (out != NULL) {
        puts(out);
    }
    free(out);
    free(slope);
    json_decref(answer);
    return out != NULL ? 0 : 1;
}

/* The text with a caret under the column, then the sentence. */
static int complain(const char *text, int column, gsc_status status, const gsc_error *error) {
    if (column > 0) {
        fprintf(stderr, "%s\n%*s^\n", text + strspn(text, " \t\n"), column - 1, "");
    }
    fprintf(stderr, "gatescope formula: %s\n", error->message);
    return status == GSC_ERR_INPUT ? 2 : 1;
}

static void print_words(const gsc_formula *formula) {
    const char *given = gsc_formula_is_logarithmic(formula) ? "log a(z)" : "a(z)";
    char *slope = gsc_formula_dup_slope_text(formula);
    printf("gate %s\n", gsc_formula_text(formula));
    printf("  computed   %s, so that %s\n", given,
           gsc_formula_is_logarithmic(formula) ? "p overflows nowhere and log p is exact"
                                               : "experts with a(z) = 0 are never chosen");
    printf("  slope      d %s / dz = %s\n", given, slope != NULL ? slope : "");
    printf("  a(z)       ");
    for (int z = -4; z <= 4; z += 2) {
        printf("%s%.4g at %d", z > -4 ? ", " : "", gsc_formula_affinity(formula, z), z);
    }
    printf("\n  run it     gatescope run preset:theorem2 --set 'gate=%s'\n",
           gsc_formula_text(formula));
    free(slope);
}

static int print_source(const gsc_formula *formula) {
    gsc_error error = {0};
    char *source = NULL;
    gsc_status status = gsc_formula_source(formula, &source, &error);
    if (status != GSC_OK) {
        return complain("", 0, status, &error);
    }
    fputs(source, stdout);
    free(source);
    return 0;
}

int gsc_cmd_formula(int argc, char **argv) {
    bool as_json = argc == 3 && strcmp(argv[2], "--json") == 0;
    bool as_source = argc == 3 && strcmp(argv[2], "--source") == 0;
    if (argc < 2 || argc > 3 || (argc == 3 && !as_json && !as_source)) {
        fprintf(stderr, "usage: gatescope formula \"= EXPRESSION\" [--json|--source]\n");
        return 2;
    }
    int column = 0;
    gsc_formula *formula = NULL;
    json_t *row = NULL;
    gsc_error error = {0};
    gsc_status status = gsc_formula_parse(argv[1], &formula, &column, &error);
    if (status == GSC_OK && !as_source) {
        status = gsc_formula_describe(gsc_formula_text(formula), &row, &error);
    }
    const char *refusal = json_string_value(json_object_get(row, "status"));
    if (refusal != NULL && strcmp(refusal, "ok") != 0) {
        status = gsc_fail(&error, GSC_ERR_INPUT, "formula \"%s\" as a plugin %s",
                          gsc_formula_text(formula), refusal);
    }
    int code = 0;
    if (as_json) {
        code = print_json(argv[1], formula, row, column, status != GSC_OK ? error.message : NULL);
    }
    if (status != GSC_OK) {
        code =
            as_json ? (status == GSC_ERR_INPUT ? 2 : 1) : complain(argv[1], column, status, &error);
    } else if (as_source) {
        code = print_source(formula);
    } else if (!as_json) {
        print_words(formula);
    }
    json_decref(row);
    gsc_formula_free(formula);
    return code;
}
