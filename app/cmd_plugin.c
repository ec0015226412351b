/* SPDX-License-Identifier: MIT
 *
 * gatescope plugin WORD: finds the word. plugin list [--json]: the plugins of this machine, the refused ones
 * with their reason. gatescope plugin-scan COPY is the child that scans one file.
 *
 * Layer: app.
 */
#include "app/cmd_plugin.h"
#include "app/commands.h"
#include "core/plugin/registry.h"
#include "core/read/json_text.h"
#include "core/read/spec.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: gatescope plugin list [--json]\n"
    "       gatescope plugin info ID [--json]\n"
    "       gatescope plugin new gate|expert|balancer NAME [DIR]\n"
    "       gatescope plugin build FILE.c|DIR [-o OUT.so] [--show]\n"
    "       gatescope plugin check FILE.so|ID|--all [--test NAME] [--json]\n"
    "       gatescope plugin trust FILE.so|SHA256\n";

const char *gsc_plugin_row_text(const json_t *row, const char *key) {
    const char *text = json_string_value(json_object_get(row, key));
    return text != NULL ? text : "";
}

static bool is_good(const json_t *row) {
    return strcmp(gsc_plugin_row_text(row, "status"), "ok") == 0;
}

int gsc_plugin_print_json(const json_t *json) {
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
        size_t length = strlen(gsc_plugin_row_text(row, key));
        width = length > width ? length : width;
    }
    return (int)width;
}

static size_t count_kind(const json_t *array, const char *kind) {
    size_t index, count = 0;
    json_t *row;
    json_array_foreach(array, index, row) {
        count += is_good(row) && strcmp(gsc_plugin_row_text(row, "kind"), kind) == 0;
    }
    return count;
}

/* The plugins of one kind under their heading. */
static void print_kind(const json_t *array, const char *kind) {
    const int id = column_width(array, "id"), version = column_width(array, "version");
    const size_t count = count_kind(array, kind);
    size_t index;
    json_t *row;
    if (count > 0) {
        printf("%zu %s%s\n", count, kind, count > 1 ? "s" : "");
    }
    json_array_foreach(array, index, row) {
        if (is_good(row) && strcmp(gsc_plugin_row_text(row, "kind"), kind) == 0) {
            printf("  %-*s  %-*s  %s\n", id, gsc_plugin_row_text(row, "id"), version,
                   gsc_plugin_row_text(row, "version"), gsc_plugin_row_text(row, "title"));
        }
    }
}

static int print_table(const json_t *array) {
    static const char *const kinds[] = {"gate", "expert", "balancer"};
    size_t index, refused = 0;
    json_t *row;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        print_kind(array, kinds[i]);
    }
    json_array_foreach(array, index, row) {
        refused += !is_good(row);
    }
    if (json_array_size(array) == 0) {
        printf("none: set GATESCOPE_PLUGIN_PATH to a folder of plugins\n");
    }
    if (refused > 0) {
        printf("%zu refused\n", refused);
    }
    json_array_foreach(array, index, row) {
        if (!is_good(row)) {
            printf("  %s %s\n", gsc_plugin_row_text(row, "path"),
                   gsc_plugin_row_text(row, "status"));
        }
    }
    return 0;
}

int gsc_plugin_unknown(const json_t *array, const char *id) {
    size_t index, count = json_array_size(array);
    const char **names = calloc(count + 1, sizeof *names);
    json_t *row;
    json_array_foreach(array, index, row) {
        if (names != NULL) {
            names[index] = gsc_plugin_row_text(row, "id");
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

json_t *gsc_plugin_list(void) {
    json_t *array = NULL;
    gsc_error error;
    if (gsc_registry_list(&array, &error) != GSC_OK) {
        fprintf(stderr, "gatescope plugin: %s\n", error.message);
        return NULL;
    }
    gsc_tell_new_plugins(array);
    return array;
}

static int list(int argc, char **argv) {
    bool as_json = argc == 2 && strcmp(argv[1], "--json") == 0;
    if (argc != 1 + as_json) {
        fputs(usage, stderr);
        return 2;
    }
    json_t *array = gsc_plugin_list();
    int code = array == NULL ? 1 : as_json ? gsc_plugin_print_json(array) : print_table(array);
    json_decref(array);
    return code;
}

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} words[] = {
    {"list", list},
    {"info", gsc_cmd_plugin_info},
    {"new", gsc_cmd_plugin_new},
    {"build", gsc_cmd_plugin_build},
    {"check", gsc_cmd_plugin_check},
    {"trust", gsc_cmd_plugin_trust},
};

int gsc_cmd_plugin(int argc, char **argv) {
    for (size_t i = 0; argc > 1 && i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(argv[1], words[i].name) == 0) {
            int code = words[i].run(argc - 1, argv + 1);
            return code;
        }
    }
    fputs(usage, stderr);
    return 2;
}

int gsc_cmd_plugin_scan(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "gatescope plugin-scan: name one plugin file\n");
        return 2;
    }
    return gsc_registry_scan_child(argv[1]);
}
