/* SPDX-License-Identifier: MIT
 *
 * Fits as text.
 */
#include "app/report_fit.h"

#include <stdio.h>
#include <string.h>

static bool keep_fit(void *data, const char *kind, const char *arm, double x, int32_t replicate,
                     const char *json) {
    json_t *fit = json_loads(json, 0, NULL);
    (void)kind, (void)arm, (void)x, (void)replicate;
    if (json_is_string(json_object_get(fit, "data"))) {
        json_array_append(data, fit);
    }
    json_decref(fit);
    return true;
}

gsc_status gsc_report_fits(gsc_run *run, json_t **ret_list, gsc_error *error) {
    json_t *list = json_array();
    const gsc_status status = gsc_run_visit_documents(run, "fit", keep_fit, list, error);
    if (status != GSC_OK) {
        json_decref(list);
        return status;
    }
    *ret_list = list;
    return GSC_OK;
}

static long long integer_at(const json_t *object, const char *outer, const char *inner) {
    return (long long)json_integer_value(json_object_get(json_object_get(object, outer), inner));
}

static const char *text_at(const json_t *object, const char *outer, const char *inner) {
    const char *text = json_string_value(json_object_get(json_object_get(object, outer), inner));
    return text != NULL ? text : "-";
}

/* "name = 1.5" or "name = (1, 2)", lists of lists by row. */
static void print_numbers(const char *name, const json_t *value) {
    printf("  %s = ", name);
    if (!json_is_array(value)) {
        printf("%.10g", json_number_value(value));
        return;
    }
    const bool many = json_array_size(value) != 1;
    for (size_t i = 0; i < json_array_size(value); i++) {
        printf("%s%.10g", i > 0 ? ", " : (many ? "(" : ""),
               json_number_value(json_array_get(value, i)));
    }
    printf("%s", many ? ")" : "");
}

/* One atom on one line, its expert's tensors among its own numbers. */
static void print_atom(const char *group, size_t index, const json_t *atom) {
    const char *key, *tensor;
    json_t *value, *numbers;
    printf("    %s %zu:", group, index + 1);
    json_object_foreach((json_t *)atom, key, value) {
        if (!json_is_object(value)) {
            print_numbers(key, value);
            continue;
        }
        json_object_foreach(value, tensor, numbers) {
            print_numbers(tensor, numbers);
        }
    }
    putchar('\n');
}

static void print_fit(const json_t *fit) {
    static const char *const groups[] = {"shared", "routed"};
    const char *arm = json_string_value(json_object_get(fit, "arm"));
    const json_t *parameters = json_object_get(fit, "parameters");
    printf("\n  fit%s%s to %lld rows of %s\n", arm != NULL && arm[0] != '\0' ? " " : "",
           arm != NULL ? arm : "", (long long)json_integer_value(json_object_get(fit, "n")),
           json_string_value(json_object_get(fit, "data")));
    printf(
        "    log-likelihood %.10g nat, from start %lld (%s); %lld of %lld starts come within 0.1 "
        "nat of it\n",
        json_number_value(json_object_get(fit, "log_likelihood")),
        integer_at(fit, "start", "number"), text_at(fit, "start", "mode"),
        integer_at(fit, "certificate", "within_0.1_nat"), integer_at(fit, "certificate", "starts"));
    printf("    EM: %lld iterations, stopped: %s", integer_at(fit, "em", "iterations"),
           text_at(fit, "em", "stop"));
    if (json_object_get(fit, "polish") != NULL) {
        printf("; Newton: %lld steps, stopped: %s", integer_at(fit, "polish", "iterations"),
               text_at(fit, "polish", "stop"));
    }
    putchar('\n');
    for (int g = 0; g < 2; g++) {
        const json_t *list = json_object_get(parameters, groups[g]);
        for (size_t i = 0; i < json_array_size(list); i++) {
            print_atom(groups[g], i, json_array_get(list, i));
        }
    }
    const json_t *gate = json_object_get(parameters, "gate_tensors");
    if (json_object_size(gate) > 0) {
        const char *tensor;
        json_t *numbers;
        printf("    gate:");
        json_object_foreach((json_t *)gate, tensor, numbers) {
            print_numbers(tensor, numbers);
        }
        putchar('\n');
    }
}

void gsc_report_print_fits(const json_t *list) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        print_fit(json_array_get(list, i));
    }
}
