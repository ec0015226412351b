/* SPDX-License-Identifier: MIT
 *
 * gatescope plugin list [--json] and plugin info ID: the plugins of this machine, the refused ones with
 * their reason. gatescope plugin-scan COPY is the child that scans one file.
 *
 * Layer: app.
 */
#include "app/commands.h"
#include "core/plugin/registry.h"
#include "core/read/json_text.h"
#include "core/read/spec.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: gatescope plugin list [--json]\n"
                            "       gatescope plugin info ID [--json]\n";

static const char *text_of(const json_t *row, const char *key) {
    const char *text = json_string_value(json_object_get(row, key));
    return text != NULL ? text : "";
}

static bool is_good(const json_t *row) {
    return strcmp(text_of(row, "status"), "ok") == 0;
}

static int print_json(const json_t *json) {
    char *text = gsc_json_dump(json, JSON_INDENT(2));
    if (text == NULL) {
        fprintf(stderr, "gatescope plugin: no memory to print the list\n");
        return 1;
    }
    puts(text);
    free(text);
    return 0;
}

static int column_width(const json_t *array, const char *key) {
    size_t index, width = strlen(key);
    json_t *row;
    json_array_foreach(array, index, row) {
        size_t length = strlen(text_of(row, key));
        width = length > width ? length : width;
    }
    return (int)width;
}

static int print_table(const json_t *array) {
    int id = column_width(array, "id"), kind = column_width(array, "kind"),
        version = column_width(array, "version");
    printf("%-*s  %-*s  %-*s  %-7s  %s\n", id, "id", kind, "kind", version, "version", "status",
           "title");
    size_t index, refused = 0;
    json_t *row;
    json_array_foreach(array, index, row) {
        refused += !is_good(row);
        printf("%-*s  %-*s  %-*s  %-7s  %s\n", id, text_of(row, "id"), kind, text_of(row, "kind"),
               version, text_of(row, "version"), is_good(row) ? "ok" : "refused",
               text_of(row, "title"));
    }
    if (json_array_size(array) == 0) {
        printf("none: set GATESCOPE_PLUGIN_PATH to a folder of plugins\n");
    }
    if (refused > 0) {
        printf("\n%zu refused:\n", refused);
    }
    json_array_foreach(array, index, row) {
        if (!is_good(row)) {
            printf("  %s %s\n", text_of(row, "path"), text_of(row, "status"));
        }
    }
    return 0;
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
        const char *unit = text_of(param, "unit");
        printf("  %-12s %s = %g, %g to %g, %s%s%s: %s%s\n", index == 0 ? "parameters" : "",
               text_of(param, "name"), json_number_value(json_object_get(param, "initial")),
               json_number_value(json_object_get(param, "lowest")),
               json_number_value(json_object_get(param, "highest")), text_of(param, "type"),
               unit[0] != '\0' ? ", " : "", unit, text_of(param, "doc"),
               json_is_true(json_object_get(param, "schedulable")) ? " (schedulable)" : "");
    }
}

static void print_tensors(const json_t *tensors) {
    size_t index, at;
    json_t *tensor, *size;
    json_array_foreach(tensors, index, tensor) {
        printf("  %-12s %s [", index == 0 ? "tensors" : "", text_of(tensor, "name"));
        json_array_foreach(json_object_get(tensor, "size"), at, size) {
            if (json_is_string(size)) {
                printf("%s%s", at > 0 ? ", " : "", json_string_value(size));
            } else {
                printf("%s%lld", at > 0 ? ", " : "", (long long)json_integer_value(size));
            }
        }
        printf("] %s, born %s\n", text_of(tensor, "role"), text_of(tensor, "init"));
    }
}

static void print_info(const json_t *row) {
    printf("%s %s %s: %s\n", text_of(row, "kind"), text_of(row, "id"), text_of(row, "version"),
           text_of(row, "title"));
    if (!is_good(row)) {
        printf("  %-12s it %s\n", "refused", text_of(row, "status"));
    }
    print_field("about", text_of(row, "doc"));
    print_field("formula", text_of(row, "formula"));
    print_texts("papers", json_object_get(row, "papers"));
    print_texts("capabilities", json_object_get(row, "capabilities"));
    print_params(json_object_get(row, "params"));
    print_tensors(json_object_get(row, "tensors"));
    print_texts("recommended", json_object_get(row, "recommended"));
    if (is_good(row)) {
        const char *theory = text_of(row, "theory"), *lm = text_of(row, "lm");
        print_field("theory lab", theory[0] != '\0' ? theory : "takes it");
        print_field("LM lab", lm[0] != '\0' ? lm : "takes it");
    }
    print_field("file", text_of(row, "path"));
    print_field("sha256", text_of(row, "sha256"));
}

static int unknown_id(const json_t *array, const char *id) {
    size_t index, count = json_array_size(array);
    const char **names = calloc(count + 1, sizeof *names);
    json_t *row;
    json_array_foreach(array, index, row) {
        if (names != NULL) {
            names[index] = text_of(row, "id");
        }
    }
    const char *nearest = names != NULL ? gsc_nearest(id, names, count) : NULL;
    if (nearest != NULL) {
        fprintf(stderr, "gatescope plugin: there is no plugin \"%s\"; did you mean \"%s\"?\n", id,
                nearest);
    } else {
        fprintf(stderr,
                "gatescope plugin: there is no plugin \"%s\"; `gatescope plugin list` names them\n",
                id);
    }
    free(names);
    return 2;
}

static int info(const json_t *array, const char *id, bool as_json) {
    json_t *found = json_array();
    size_t index;
    json_t *row;
    bool good = false;
    json_array_foreach(array, index, row) {
        if (strcmp(text_of(row, "id"), id) == 0) {
            json_array_append(found, row);
            good = good || is_good(row);
        }
    }
    int code = good ? 0 : 1;
    if (json_array_size(found) == 0) {
        code = unknown_id(array, id);
    } else if (as_json) {
        code = print_json(found) != 0 ? 1 : code;
    } else {
        json_array_foreach(found, index, row) {
            print_info(row);
        }
    }
    json_decref(found);
    return code;
}

int gsc_cmd_plugin(int argc, char **argv) {
    bool as_json = argc > 2 && strcmp(argv[argc - 1], "--json") == 0;
    int words = argc - as_json;
    bool list = words == 2 && strcmp(argv[1], "list") == 0;
    bool about_one = words == 3 && strcmp(argv[1], "info") == 0;
    if (!list && !about_one) {
        fputs(usage, stderr);
        return 2;
    }
    json_t *array = NULL;
    gsc_error error;
    if (gsc_registry_list(&array, &error) != GSC_OK) {
        fprintf(stderr, "gatescope plugin: %s\n", error.message);
        return 1;
    }
    int code = about_one ? info(array, argv[2], as_json)
               : as_json ? print_json(array)
                         : print_table(array);
    json_decref(array);
    return code;
}

int gsc_cmd_plugin_scan(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "gatescope plugin-scan: name one plugin file\n");
        return 2;
    }
    return gsc_registry_scan_child(argv[1]);
}
