/* SPDX-License-Identifier: MIT
 *
 * gatescope plugin check FILE.so|ID|--all: judges plugins by the conformance suite. A table for people, an
 * array for programs; exit 1 where any test failed.
 *
 * Layer: app.
 */
#include "app/cmd_plugin.h"
#include "core/plugin/conformance.h"
#include "core/plugin/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct check_options {
    const char *what; /* a file or an id */
    bool all, as_json, list;
    gsc_conformance_options conformance;
} check_options;

static int usage(void) {
    fprintf(stderr, "usage: gatescope plugin check FILE.so|ID|--all [--test NAME] [--in-process] "
                    "[--json]\n"
                    "       gatescope plugin check --list\n");
    return 2;
}

static bool parse(int argc, char **argv, check_options *options) {
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (strcmp(word, "--all") == 0) {
            options->all = true;
        } else if (strcmp(word, "--json") == 0) {
            options->as_json = true;
        } else if (strcmp(word, "--list") == 0) {
            options->list = true;
        } else if (strcmp(word, "--in-process") == 0) {
            options->conformance.in_process = true;
        } else if (strcmp(word, "--test") == 0 && i + 1 < argc) {
            options->conformance.test = argv[++i];
        } else if (word[0] == '-' || options->what != NULL) {
            return false;
        } else {
            options->what = word;
        }
    }
    return options->list || options->all != (options->what != NULL);
}

static int list_tests(void) {
    for (size_t i = 0; gsc_conformance_test_name(i) != NULL; i++) {
        printf("%-20s %s\n", gsc_conformance_test_name(i), gsc_conformance_test_caught(i));
    }
    return 0;
}

/* One plugin as a paragraph. With many, only what is not ok. */
static void print_report(const json_t *report, bool brief) {
    const char *id = gsc_plugin_row_text(report, "id");
    const json_t *tests = json_object_get(report, "tests");
    size_t index, counts[3] = {0};
    json_t *test;
    json_array_foreach(tests, index, test) {
        const char *status = gsc_plugin_row_text(test, "status");
        counts[status[0] == 'o' ? 0 : status[0] == 'f' ? 1 : 2]++;
    }
    printf("%s%s%s (%s): %zu ok, %zu failed, %zu not tried\n", gsc_plugin_row_text(report, "kind"),
           id[0] != '\0' ? " " : "", id, gsc_plugin_row_text(report, "path"), counts[0], counts[1],
           counts[2]);
    json_array_foreach(tests, index, test) {
        const char *status = gsc_plugin_row_text(test, "status"),
                   *message = gsc_plugin_row_text(test, "message");
        if (status[0] == 'f') {
            printf("  %-20s FAIL: %s\n  %-20s would have caught: %s\n",
                   gsc_plugin_row_text(test, "name"), message, "",
                   gsc_plugin_row_text(test, "caught"));
        } else if (!brief) {
            printf("  %-20s %s%s%s\n", gsc_plugin_row_text(test, "name"),
                   status[0] == 'o' ? "ok" : "-", message[0] != '\0' ? ": " : "", message);
        }
    }
}

/* Checks one file; adds its report to the array, or prints it. */
static int check_file(const char *path, const check_options *options, json_t *ret_array) {
    json_t *report = NULL;
    gsc_error error = {0};
    gsc_status status = gsc_conformance_check(path, &options->conformance, &report, &error);
    if (status != GSC_OK) {
        fprintf(stderr, "gatescope plugin check: %s\n", error.message);
        return status == GSC_ERR_INPUT ? 2 : 1;
    }
    int code = json_is_true(json_object_get(report, "ok")) ? 0 : 1;
    if (ret_array != NULL) {
        json_array_append(ret_array, report);
    } else {
        print_report(report, options->all);
    }
    json_decref(report);
    return code;
}

/* The files of an id on the search path, or all of them; shadowed ones are nobody's. */
static int check_listed(const check_options *options, json_t *ret_array) {
    json_t *rows = gsc_plugin_list();
    int code = rows != NULL ? 0 : 1, found = 0, good = 0;
    size_t index;
    json_t *row;
    json_array_foreach(rows, index, row) {
        bool mine = options->all || strcmp(gsc_plugin_row_text(row, "id"), options->what) == 0;
        const char *status = gsc_plugin_row_text(row, "status");
        bool other = strncmp(status, "is shadowed", 11) == 0 || strcmp(status, "untrusted") == 0;
        if (mine && !other) {
            int one = check_file(gsc_plugin_row_text(row, "path"), options, ret_array);
            code = one > code ? one : code;
            found++;
            good += one == 0;
            if (one == 2) {
                break;
            }
        }
    }
    if (options->all && ret_array == NULL && code < 2) {
        printf("%d of %d plugins conform\n", good, found);
    }
    if (rows != NULL && found == 0 && !options->all) {
        code = gsc_plugin_unknown(rows, options->what);
    }
    json_decref(rows);
    return code;
}

int gsc_cmd_plugin_check(int argc, char **argv) {
    check_options options = {0};
    if (!parse(argc, argv, &options)) {
        return usage();
    }
    if (options.list) {
        return list_tests();
    }
    bool file = options.what != NULL &&
                (strchr(options.what, '/') != NULL || strstr(options.what, ".so") != NULL);
    json_t *array = options.as_json ? json_array() : NULL;
    if (file) {
        gsc_trust_add_file(options.what, NULL); /* who names a file asks for it */
    }
    int code = file ? check_file(options.what, &options, array) : check_listed(&options, array);
    if (array != NULL && code < 2) {
        code = gsc_plugin_print_json(array) != 0 ? 1 : code;
    }
    json_decref(array);
    return code;
}
