/* SPDX-License-Identifier: MIT
 *
 * gatescope plugin new KIND NAME [DIR] and plugin build FILE.c|DIR [-o OUT.so]: from a name to a plugin that
 * every program of this user finds. The compiler's messages pass through as they are, with file and line.
 *
 * Layer: app.
 */
#include "app/cmd_plugin.h"
#include "core/plugin/kit.h"
#include "core/plugin/registry.h"
#include "core/plugin/trust.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int complain(gsc_status status, const gsc_error *error) {
    fprintf(stderr, "gatescope plugin: %s\n", error->message);
    return status == GSC_ERR_INPUT ? 2 : 1;
}

/* ---- new ---- */

static gsc_kind kind_of(const char *name) {
    for (gsc_kind kind = GSC_KIND_GATE; kind <= GSC_KIND_BALANCER; kind++) {
        if (strcmp(gsc_kind_name(kind), name) == 0) {
            return kind;
        }
    }
    return 0;
}

int gsc_cmd_plugin_new(int argc, char **argv) {
    gsc_kind kind = argc > 1 ? kind_of(argv[1]) : 0;
    if (kind == 0 || argc < 3 || argc > 4) {
        fprintf(stderr, "usage: gatescope plugin new gate|expert|balancer NAME [DIR]\n");
        return 2;
    }
    char path[GSC_PLUGIN_PATH_SIZE];
    gsc_error error = {0};
    gsc_status status = gsc_kit_new(kind, argv[2], argc > 3 ? argv[3] : ".", path, &error);
    if (status != GSC_OK) {
        return complain(status, &error);
    }
    printf("%s\n", path);
    fprintf(stderr, "next: gatescope plugin build %s\n", path);
    return 0;
}

/* ---- build ---- */

typedef struct build_options {
    const char *source, *out;
    bool show; /* print the command instead of running it */
} build_options;

/* Where NAME.c goes without -o: the user's folder, as NAME.so. */
static gsc_status place_of(const char *source, char ret_path[GSC_PLUGIN_PATH_SIZE],
                           gsc_error *error) {
    char folder[GSC_PLUGIN_PATH_SIZE];
    gsc_status status = gsc_kit_user_folder(folder, error);
    const char *slash = strrchr(source, '/'), *name = slash != NULL ? slash + 1 : source;
    size_t stem = strlen(name) - strlen(".c");
    if (status == GSC_OK && strlen(folder) + stem + 5 >= GSC_PLUGIN_PATH_SIZE) {
        status = gsc_fail(error, GSC_ERR_INPUT, "the path %.200s... is too long", folder);
    }
    if (status == GSC_OK) {
        snprintf(ret_path, GSC_PLUGIN_PATH_SIZE, "%.900s/%.*s.so", folder, (int)stem, name);
    }
    return status;
}

static bool is_c_file(const char *name) {
    size_t length = strlen(name);
    return length > 2 && name[0] != '.' && strcmp(name + length - 2, ".c") == 0;
}

/* Builds one file, or prints how. */
static int build_one(const char *source, const build_options *options) {
    char out[GSC_PLUGIN_PATH_SIZE], text[4096];
    gsc_error error = {0};
    gsc_status status = GSC_OK;
    if (!is_c_file(source)) {
        status =
            gsc_fail(&error, GSC_ERR_INPUT, "%s is no C file: its name must end in .c", source);
    } else if (options->out != NULL) {
        snprintf(out, sizeof out, "%s", options->out);
    } else {
        status = place_of(source, out, &error);
    }
    if (status == GSC_OK && options->show) {
        status = gsc_kit_command(source, out, text, sizeof text, &error);
        if (status == GSC_OK) {
            puts(text);
        }
    } else if (status == GSC_OK) {
        status = gsc_kit_build(source, out, &error);
        if (status == GSC_OK) {
            gsc_trust_add_file(out, NULL); /* who builds it asks for it */
            puts(out);
        }
    }
    return status == GSC_OK ? 0 : complain(status, &error);
}

static int is_source(const struct dirent *entry) {
    return is_c_file(entry->d_name);
}

static int build_folder(const build_options *options) {
    struct dirent **entries = NULL;
    int n = scandir(options->source, &entries, is_source, alphasort), code = 0;
    for (int i = 0; i < n; i++) {
        char path[GSC_PLUGIN_PATH_SIZE + 260];
        snprintf(path, sizeof path, "%.1000s/%s", options->source, entries[i]->d_name);
        int one = build_one(path, options);
        code = code == 0 ? one : code;
        free(entries[i]);
    }
    free(entries);
    if (n <= 0) {
        fprintf(stderr, "gatescope plugin: there is no .c file in %s\n", options->source);
        return 2;
    }
    return code;
}

static bool parse(int argc, char **argv, build_options *options) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-o") == 0 && i + 1 < argc) {
            options->out = argv[++i];
        } else if (strcmp(argv[i], "--show") == 0) {
            options->show = true;
        } else if (argv[i][0] == '-' || options->source != NULL) {
            return false;
        } else {
            options->source = argv[i];
        }
    }
    return options->source != NULL;
}

int gsc_cmd_plugin_build(int argc, char **argv) {
    build_options options = {0};
    struct stat about;
    if (!parse(argc, argv, &options)) {
        fprintf(stderr, "usage: gatescope plugin build FILE.c|DIR [-o OUT.so] [--show]\n");
        return 2;
    }
    bool folder = stat(options.source, &about) == 0 && S_ISDIR(about.st_mode);
    if (folder && options.out != NULL) {
        fprintf(stderr,
                "gatescope plugin: -o names one file, and %s is a folder of several; leave "
                "it out\n",
                options.source);
        return 2;
    }
    return folder ? build_folder(&options) : build_one(options.source, &options);
}
