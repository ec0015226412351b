/* SPDX-License-Identifier: MIT
 *
 * gatescope data list [--json]
 * gatescope data get NAME... [--from DIR] [--json]
 *
 * Text for the language-model lab, from Debian packages into the data folder.
 *
 * Layer: app.
 */
#include "app/commands.h"
#include "core/data/corpus_get.h"
#include "core/data/folder.h"
#include "core/read/json_text.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t stop_asked;

static void ask_stop(int number) {
    (void)number;
    stop_asked = 1;
}

static int exit_code(gsc_status status) {
    return status == GSC_OK ? 0 : status == GSC_ERR_INPUT ? 2 : status == GSC_ERR_STOPPED ? 130 : 1;
}

static int fail(const gsc_error *error) {
    fprintf(stderr, "gatescope data: %s%s\n", error->message,
            error->status == GSC_ERR_STOPPED
                ? "; what was downloaded is kept, and the same command goes on"
                : "");
    return exit_code(error->status);
}

/* ---- list */

static const char *first_licence(const gsc_corpus_info *corpus) {
    return corpus->count == 1 ? corpus->domains[0].licence : "each its own";
}

static uint64_t download_bytes(const gsc_corpus_info *corpus) {
    const char *packages[GSC_MAX_PACKAGES];
    size_t count = gsc_corpus_packages(corpus, packages);
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += gsc_package_bytes(packages[i]);
    }
    return bytes;
}

static json_t *describe(const gsc_corpus_info *corpus) {
    const char *names[GSC_MAX_PACKAGES];
    size_t count = gsc_corpus_packages(corpus, names);
    json_t *packages = json_array(), *domains = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(packages, json_string(names[i]));
    }
    for (size_t d = 0; d < corpus->count; d++) {
        json_array_append_new(domains, json_string(corpus->domains[d].name));
    }
    char folder[GSC_DATA_PATH_SIZE];
    json_t *there = gsc_corpus_description(corpus->name), *path = json_null();
    if (there != NULL && gsc_data_folder(NULL, folder, NULL) == GSC_OK &&
        gsc_data_path(folder, corpus->name, folder, NULL) == GSC_OK) {
        path = json_string(folder);
    }
    json_t *object = json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:I, s:b, s:o, s:o?, s:o?, s:o?}", "name", corpus->name, "title",
        corpus->title, "licence", first_licence(corpus), "domains", domains, "packages", packages,
        "download_bytes", (json_int_t)download_bytes(corpus), "here", there != NULL, "path", path,
        "documents", json_incref(json_object_get(there, "documents")), "held_out",
        json_incref(json_object_get(there, "held_out")), "bytes",
        json_incref(json_object_get(there, "bytes")));
    json_decref(there);
    return object;
}

static int print_json(json_t *root) {
    char *text = root != NULL ? gsc_json_dump(root, JSON_INDENT(2)) : NULL;
    json_decref(root);
    if (text == NULL) {
        fprintf(stderr, "gatescope data: no memory\n");
        return 1;
    }
    puts(text);
    free(text);
    return 0;
}

static void print_row(const gsc_corpus_info *corpus) {
    json_t *there = gsc_corpus_description(corpus->name);
    char state[64];
    if (there != NULL) {
        snprintf(state, sizeof state, "here, %.1f MB of text",
                 (double)json_integer_value(json_object_get(there, "bytes")) / 1e6);
    } else {
        snprintf(state, sizeof state, "%.1f MB to download", (double)download_bytes(corpus) / 1e6);
    }
    json_decref(there);
    printf("%-11s %-24s %s (%s)\n", corpus->name, state, corpus->title, first_licence(corpus));
}

static int list(int argc, char **argv) {
    bool json = argc == 1 && strcmp(argv[0], "--json") == 0;
    if (argc > 0 && !json) {
        fprintf(stderr, "gatescope data: \"%s\" means nothing to list; it takes only --json\n",
                argv[0]);
        return 2;
    }
    json_t *array = json ? json_array() : NULL;
    for (size_t i = 0; i < gsc_corpus_count(); i++) {
        gsc_corpus_info corpus = gsc_corpus_at(i);
        if (json) {
            json_array_append_new(array, describe(&corpus));
        } else {
            print_row(&corpus);
        }
    }
    if (json) {
        return print_json(array);
    }
    char folder[GSC_DATA_PATH_SIZE];
    printf("\nGet one with: gatescope data get literature\n");
    if (gsc_data_folder(NULL, folder, NULL) == GSC_OK) {
        printf("They are kept in %s\n", folder);
    }
    return 0;
}

/* ---- get */

/* A bar of 30 on a terminal; nothing elsewhere. */
static bool show(void *context, const char *what, double fraction) {
    const char *name = context;
    if (isatty(STDERR_FILENO)) {
        int filled = (int)(30 * (fraction < 0 ? 0 : fraction) + 0.5);
        fprintf(stderr, "\r\033[K%s [%.*s%*s] %3.0f%%  %s", name, filled,
                "==============================", 30 - filled, "",
                100 * (fraction < 0 ? 0 : fraction), what);
        fflush(stderr);
    }
    return !stop_asked;
}

static int get_one(const char *name, const char *from, json_t *array) {
    gsc_error error = {0};
    gsc_data_watch watch = {show, (void *)name};
    bool made = false;
    gsc_status status = gsc_corpus_get(name, from, &watch, &made, &error);
    if (isatty(STDERR_FILENO)) {
        fputs("\r\033[K", stderr);
    }
    if (status != GSC_OK) {
        return fail(&error);
    }
    gsc_corpus_info corpus;
    gsc_corpus_find(name, &corpus);
    json_t *about = describe(&corpus);
    fprintf(stderr, "%s: %lld documents, %.1f MB of text%s\n", name,
            (long long)json_integer_value(json_object_get(about, "documents")),
            (double)json_integer_value(json_object_get(about, "bytes")) / 1e6,
            made ? "" : " (was here)");
    if (array != NULL) {
        json_array_append_new(array, about);
    } else {
        puts(json_string_value(json_object_get(about, "path")));
        json_decref(about);
    }
    return 0;
}

static int get(int argc, char **argv) {
    const char *from = NULL;
    bool json = false;
    int names = 0;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (strcmp(argv[i], "--from") == 0 && i + 1 < argc) {
            from = argv[++i];
        } else if (argv[i][0] == '-') {
            fprintf(stderr,
                    "gatescope data get: there is no option %s; it takes --from DIR and --json\n",
                    argv[i]);
            return 2;
        } else {
            argv[names++] = argv[i];
        }
    }
    if (names == 0) {
        fprintf(stderr,
                "gatescope data get: which corpus? `gatescope data list` has them; literature is "
                "the default one\n");
        return 2;
    }
    char folder[GSC_DATA_PATH_SIZE];
    if (from != NULL && realpath(from, folder) == NULL) {
        fprintf(stderr, "gatescope data get: the folder %s is not there\n", from);
        return 2;
    }
    struct sigaction action = {.sa_handler = ask_stop, .sa_flags = SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    json_t *array = json ? json_array() : NULL;
    int code = 0;
    for (int i = 0; i < names && code == 0; i++) {
        code = get_one(argv[i], from != NULL ? folder : NULL, array);
    }
    if (json && code == 0) {
        return print_json(array);
    }
    json_decref(array);
    return code;
}

int gsc_cmd_data(int argc, char **argv) {
    if (argc >= 2 && strcmp(argv[1], "list") == 0) {
        return list(argc - 2, argv + 2);
    }
    if (argc >= 2 && strcmp(argv[1], "get") == 0) {
        return get(argc - 2, argv + 2);
    }
    fprintf(stderr, "gatescope data: say list or get NAME; `gatescope help data` tells more\n");
    return 2;
}
