/* SPDX-License-Identifier: MIT
 *
 * gatescope plugin info ID [--json]: one plugin in words.
 *
 * Layer: app.
 */
#include "app/cmd_plugin.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_good(const json_t *row) {
    return strcmp(gsc_plugin_row_text(row, "status"), "ok") == 0;
}

static void print_field(const char *name, const char *text) {
    if (text[0] != '\0') {
        printf("  %-12s %s\n", name, text);
    }
}

static void print_texts(const char *name, const json_t *array) {
    size_t index;
    json_t *value;
    json_array_foreach(array, index, value) {
        printf("  %-12s %s\n", index == 0 ? name : "", json_string_value(value));
    }
}

static void print_params(const json_t *params) {
    size_t index;
    json_t *param;
    json_array_foreach(params, index, param) {
        const char *unit = gsc_plugin_row_text(param, "unit");
        printf("  %-12s %s = %g, %g to %g, %s%s%s: %s%s\n", index == 0 ? "parameters" : "",
               gsc_plugin_row_text(param, "name"),
               json_number_value(json_object_get(param, "initial")),
               json_number_value(json_object_get(param, "lowest")),
               json_number_value(json_object_get(param, "highest")),
               gsc_plugin_row_text(param, "type"), unit[0] != '\0' ? ", " : "", unit,
               gsc_plugin_row_text(param, "doc"),
               json_is_true(json_object_get(param, "schedulable")) ? " (schedulable)" : "");
    }
}

static void print_tensors(const json_t *tensors) {
    size_t index, at;
    json_t *tensor, *size;
    json_array_foreach(tensors, index, tensor) {
        printf("  %-12s %s [", index == 0 ? "tensors" : "", gsc_plugin_row_text(tensor, "name"));
        json_array_foreach(json_object_get(tensor, "size"), at, size) {
            if (json_is_string(size)) {
                printf("%s%s", at > 0 ? ", " : "", json_string_value(size));
            } else {
                printf("%s%lld", at > 0 ? ", " : "", (long long)json_integer_value(size));
            }
        }
        printf("] %s, born %s\n", gsc_plugin_row_text(tensor, "role"),
               gsc_plugin_row_text(tensor, "init"));
    }
}

/* A capability as what it means to the user. */
static const char *in_words(const char *capability) {
    static const char *const words[][2] = {
        {"whole_batch", "sees a whole batch at once"},
        {"tokens", "reads token ids: language models only"},
        {"step", "knows the step: schedules of its own"},
        {"random", "draws random numbers, the same in backward and on every device"},
        {"not_causal", "looks at later tokens: a language model must consent"},
        {"no_sum", "its p need not sum to 1: no mixture weight"},
        {"choice_defined", "is what it chooses, not what p says"},
        {"ignores_bias", "the selection bias has no effect: bias balancers are refused"},
        {"estimator", "its gradient is an estimator"},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i][0], capability) == 0) {
            return words[i][1];
        }
    }
    return "";
}

static void print_capabilities(const json_t *names) {
    size_t index;
    json_t *name;
    json_array_foreach(names, index, name) {
        printf("  %-12s %s: %s\n", index == 0 ? "capabilities" : "", json_string_value(name),
               in_words(json_string_value(name)));
    }
}

static void print_stages(const json_t *stages) {
    size_t index;
    json_t *stage;
    json_array_foreach(stages, index, stage) {
        bool own = json_is_true(json_object_get(stage, "own"));
        printf("  %-12s %-8s %s%s\n", index == 0 ? "stages" : "",
               gsc_plugin_row_text(stage, "stage"), own ? "" : "(the host's) ",
               gsc_plugin_row_text(stage, "does"));
    }
}

static void print_info(const json_t *row) {
    printf("%s %s %s: %s\n", gsc_plugin_row_text(row, "kind"), gsc_plugin_row_text(row, "id"),
           gsc_plugin_row_text(row, "version"), gsc_plugin_row_text(row, "title"));
    if (!is_good(row)) {
        printf("  %-12s it %s\n", "refused", gsc_plugin_row_text(row, "status"));
    }
    print_field("about", gsc_plugin_row_text(row, "doc"));
    print_field("formula", gsc_plugin_row_text(row, "formula"));
    print_texts("papers", json_object_get(row, "papers"));
    print_stages(json_object_get(row, "stages"));
    print_capabilities(json_object_get(row, "capabilities"));
    print_params(json_object_get(row, "params"));
    print_tensors(json_object_get(row, "tensors"));
    print_texts("recommended", json_object_get(row, "recommended"));
    if (is_good(row)) {
        const char *theory = gsc_plugin_row_text(row, "theory"),
                   *lm = gsc_plugin_row_text(row, "lm");
        print_field("theory lab", theory[0] != '\0' ? theory : "takes it");
        print_field("LM lab", lm[0] != '\0' ? lm : "takes it");
    }
    if (json_object_get(row, "trusted") != NULL && !json_is_true(json_object_get(row, "trusted"))) {
        print_field("trusted", "no: `gatescope plugin trust FILE` lets the window load it");
    }
    print_field("file", gsc_plugin_row_text(row, "path"));
    print_field("sha256", gsc_plugin_row_text(row, "sha256"));
}

static int info(const json_t *array, const char *id, bool as_json) {
    json_t *found = json_array();
    size_t index;
    json_t *row;
    bool good = false;
    json_array_foreach(array, index, row) {
        if (strcmp(gsc_plugin_row_text(row, "id"), id) == 0) {
            json_array_append(found, row);
            good = good || is_good(row);
        }
    }
    int code = good ? 0 : 1;
    if (json_array_size(found) == 0) {
        code = gsc_plugin_unknown(array, id);
    } else if (as_json) {
        code = gsc_plugin_print_json(found) != 0 ? 1 : code;
    } else {
        json_array_foreach(found, index, row) {
            print_info(row);
        }
    }
    json_decref(found);
    return code;
}

int gsc_cmd_plugin_info(int argc, char **argv) {
    bool as_json = argc == 3 && strcmp(argv[2], "--json") == 0;
    if (argc != 2 + as_json) {
        fprintf(stderr, "usage: gatescope plugin info ID [--json]\n");
        return 2;
    }
    json_t *array = gsc_plugin_list();
    int code = array != NULL ? info(array, argv[1], as_json) : 1;
    json_decref(array);
    return code;
}
