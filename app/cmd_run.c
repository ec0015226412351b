/* SPDX-License-Identifier: MIT
 *
 * `gatescope run`: reads and checks a spec, supervises its run, prints the run file's path on
 * stdout.
 *
 * Layer: app.
 */
#include "app/commands.h"
#include "app/rate_files.h"
#include "app/run_view.h"
#include "core/plugin/registry.h"
#include "core/run/supervisor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BAD_USAGE = 2,
    STOPPED = 130,
    MAX_SETTINGS = 256
};

typedef struct run_options {
    const char *source; /* preset:NAME or a file */
    const char *path;
    const char *settings[MAX_SETTINGS]; /* KEY=VALUE, in order */
    char numbers[2][64];                /* those that --seed and --threads stand for */
    int n_settings, n_numbers;
    bool force, quiet;
} run_options;

static int usage(const char *format, const char *word) {
    fprintf(stderr, "gatescope run: ");
    fprintf(stderr, format, word);
    fprintf(stderr, "; `gatescope help run` tells how it is used\n");
    return BAD_USAGE;
}

/* --seed N and --threads N are --set seed=N and --set threads=N. */
static int add_setting(run_options *options, const char *key, const char *value) {
    if (options->n_settings == MAX_SETTINGS) {
        return usage("%s settings are too many", value);
    }
    if (key != NULL) {
        if (options->n_numbers == 2 || strlen(value) > 40) {
            return usage("--seed and --threads are given once each, not \"%s\"", value);
        }
        char *text = options->numbers[options->n_numbers++];
        snprintf(text, sizeof options->numbers[0], "%s=%s", key, value);
        value = text;
    }
    options->settings[options->n_settings++] = value;
    return 0;
}

static int check_device(const char *device) {
    if (strcmp(device, "cpu") == 0) {
        return 0;
    }
    if (strcmp(device, "cuda") == 0) {
        fprintf(stderr, "gatescope run: --device cuda is not possible: this program was built "
                        "without CUDA kernels; leave it out or say --device cpu\n");
        return BAD_USAGE;
    }
    return usage("--device is cpu, not \"%s\"", device);
}

static int parse_valued(run_options *options, const char *word, const char *value) {
    if (value == NULL) {
        return usage("%s needs a value", word);
    }
    if (strcmp(word, "-o") == 0) {
        size_t length = strlen(value);
        if (length < 5 || strcmp(value + length - 4, ".gsc") != 0) {
            return usage("a run file's name ends in .gsc, \"%s\" does not", value);
        }
        options->path = value;
        return 0;
    }
    if (strcmp(word, "--set") == 0) {
        return add_setting(options, NULL, value);
    }
    if (strcmp(word, "--device") == 0) {
        return check_device(value);
    }
    return add_setting(options, word + 2, value);
}

static bool takes_value(const char *word) {
    static const char *const words[] = {"-o", "--set", "--seed", "--threads", "--device"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(word, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int parse(int argc, char **argv, run_options *options) {
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        int code = 0;
        if (takes_value(word)) {
            code = parse_valued(options, word, i + 1 < argc ? argv[++i] : NULL);
        } else if (strcmp(word, "--force") == 0) {
            options->force = true;
        } else if (strcmp(word, "--quiet") == 0) {
            options->quiet = true;
        } else if (word[0] == '-') {
            code = usage("there is no option \"%s\"", word);
        } else if (options->source != NULL) {
            code = usage("one spec at a time: \"%s\" is a second one", word);
        } else {
            options->source = word;
        }
        if (code != 0) {
            return code;
        }
    }
    options->source = options->source != NULL ? options->source : "preset:first";
    return 0;
}

static int complain(gsc_status status, const gsc_error *error) {
    fprintf(stderr, "gatescope run: %s\n", error->message);
    return status == GSC_ERR_INPUT ? BAD_USAGE : 1;
}

/* The first part of a generated file name: the preset's name, or the spec file's without its
 * ending. */
static void name_run(const char *source, char *ret_stem, size_t size, const char **ret_experiment) {
    bool preset = strncmp(source, "preset:", 7) == 0;
    const char *slash = strrchr(source, '/');
    const char *name = preset ? source + 7 : slash != NULL ? slash + 1 : source;
    *ret_experiment = preset ? source + 7 : "";
    snprintf(ret_stem, size, "%s", name);
    char *dot = strrchr(ret_stem, '.');
    if (!preset && dot != NULL && dot != ret_stem) {
        *dot = '\0';
    }
    if (ret_stem[0] == '\0' || ret_stem[0] == '.') {
        snprintf(ret_stem, size, "run");
    }
}

/* A spec that cannot be read is a bad spec: exit 2. */
static int load_spec(const run_options *options, gsc_spec **ret_spec) {
    gsc_error error = {0};
    gsc_status status = gsc_spec_load(options->source, ret_spec, &error);
    if (status != GSC_OK) {
        return complain(status == GSC_ERR_IO ? GSC_ERR_INPUT : status, &error);
    }
    for (int i = 0; status == GSC_OK && i < options->n_settings; i++) {
        status = gsc_spec_set(*ret_spec, options->settings[i], &error);
    }
    if (status == GSC_OK) {
        status = gsc_spec_check(*ret_spec, NULL, &error);
    }
    return status == GSC_OK ? 0 : complain(status, &error);
}

/* A suite leaves its table and one figure for each claim in a folder beside its file: rates.gsc, rates/. */
static int leave_files(const char *path) {
    char folder[4096];
    int written = 0;
    gsc_error error = {0};
    snprintf(folder, sizeof folder, "%.*s", (int)(strlen(path) - strlen(".gsc")), path);
    char *paths[] = {(char *)path};
    gsc_status status = gsc_rate_files_table(paths, 1, folder, &error);
    if (status == GSC_OK) {
        status = gsc_rate_files_figures(path, folder, false, &written, &error);
    }
    if (status != GSC_OK) {
        return complain(status, &error);
    }
    printf("%s/rates.csv\n", folder);
    if (written == 0) {
        fprintf(stderr, "no figures beside it: gatescope-plot, which draws them, is not built\n");
    } else {
        fprintf(stderr, "and %d figures beside it\n", written);
    }
    return 0;
}

static int report_end(const gsc_outcome *outcome, const run_options *options, bool suite) {
    printf("%s\n", outcome->path);
    fflush(stdout);
    if (outcome->status == GSC_RUN_FAILED) {
        fprintf(stderr, "gatescope run: %s\n", outcome->failure);
        return 1;
    }
    if (!options->quiet) {
        gsc_run_view_summary(outcome->path);
    }
    if (outcome->status == GSC_RUN_DONE && suite) {
        return leave_files(outcome->path);
    }
    return outcome->status == GSC_RUN_DONE ? 0 : STOPPED;
}

static int supervise(const run_options *options, const gsc_spec *spec) {
    gsc_error error = {0};
    json_t *descriptors = NULL, *plugins = NULL;
    gsc_status status = gsc_registry_list(&descriptors, &error);
    if (status == GSC_OK) {
        gsc_tell_new_plugins(descriptors);
        status = gsc_supervisor_check(spec, descriptors, &plugins, &error);
    }
    if (status != GSC_OK) {
        json_decref(descriptors);
        return complain(status, &error);
    }
    char stem[128];
    gsc_run_view view;
    gsc_outcome outcome;
    gsc_order order = {.spec = spec,
                       .plugins = plugins,
                       .stem = stem,
                       .path = options->path,
                       .replace = options->force,
                       .watch = &view.sink};
    name_run(options->source, stem, sizeof stem, &order.experiment);
    gsc_run_view_init(&view, options->quiet);
    status = gsc_supervise(&order, &outcome, &error);
    gsc_run_view_clear_bar(&view);
    json_decref(plugins);
    json_decref(descriptors);
    return status != GSC_OK ? complain(status, &error)
                            : report_end(&outcome, options,
                                         json_array_size(gsc_spec_json(spec, "theory.suite")) > 0);
}

int gsc_cmd_run(int argc, char **argv) {
    run_options options = {0};
    gsc_spec *spec = NULL;
    int code = parse(argc, argv, &options);
    if (code == 0) {
        code = load_spec(&options, &spec);
    }
    if (code == 0) {
        code = supervise(&options, spec);
    }
    gsc_spec_free(spec);
    return code;
}
