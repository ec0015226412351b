/* SPDX-License-Identifier: MIT
 *
 * `gatescope resume`: goes on with a run that stopped, failed or was lost, from a checkpoint beside
 * its file and into the same file, as if it had never been interrupted.
 *
 * Layer: app.
 */
#include "app/commands.h"
#include "app/run_view.h"
#include "core/plugin/registry.h"
#include "core/read/run_file.h"
#include "core/run/supervisor.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BAD_USAGE = 2,
    STOPPED = 130
};

typedef struct resume_options {
    const char *path;
    int64_t step; /* -1: the last */
    const char *threads;
    bool quiet;
} resume_options;

static int usage(const char *format, const char *word) {
    fprintf(stderr, "gatescope resume: ");
    fprintf(stderr, format, word);
    fprintf(stderr, "; `gatescope help resume` tells how it is used\n");
    return BAD_USAGE;
}

static int parse_step(const char *text, int64_t *ret_step) {
    char *end = NULL;
    const long long step = text != NULL ? strtoll(text, &end, 10) : -1;
    if (text == NULL || *text == '\0' || *end != '\0' || step < 0) {
        return usage("--checkpoint needs a step, not \"%s\"", text != NULL ? text : "");
    }
    *ret_step = step;
    return 0;
}

static int parse(int argc, char **argv, resume_options *options) {
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        int code = 0;
        if (strcmp(word, "--checkpoint") == 0) {
            code = parse_step(value, &options->step);
            i++;
        } else if (strcmp(word, "--threads") == 0) {
            options->threads = value;
            code = value == NULL ? usage("%s needs a number", word) : 0;
            i++;
        } else if (strcmp(word, "--quiet") == 0) {
            options->quiet = true;
        } else if (word[0] == '-') {
            code = usage("there is no option \"%s\"", word);
        } else if (options->path != NULL) {
            code = usage("one run at a time: \"%s\" is a second one", word);
        } else {
            options->path = word;
        }
        if (code != 0) {
            return code;
        }
    }
    return options->path != NULL ? 0 : usage("it needs a run file%s", "");
}

static int complain(gsc_status status, const gsc_error *error) {
    fprintf(stderr, "gatescope resume: %s\n", error->message);
    return status == GSC_ERR_INPUT ? BAD_USAGE : 1;
}

/* ---- What the file knows ---- */

/* The last step of which everything is in the file: what a step tells last is the imbalance of the
 * last layer's loads. */
static double complete_step(gsc_run *run) {
    double least = INFINITY;
    int32_t last_layer = -1;
    for (size_t i = 0; i < gsc_run_series_count(run); i++) {
        const gsc_series_info *info = gsc_run_series(run, i);
        last_layer = info->layer > last_layer ? info->layer : last_layer;
    }
    for (size_t i = 0; i < gsc_run_series_count(run); i++) {
        const gsc_series_info *info = gsc_run_series(run, i);
        const int64_t n = gsc_run_points_count(run, i);
        const bool each_step =
            strcmp(info->name, "loss") == 0 ||
            (strcmp(info->name, "max_violation_batch") == 0 && info->layer == last_layer) ||
            (strcmp(info->name, "drop_rate") == 0 && info->layer == last_layer);
        gsc_point last = {.x = 0};
        size_t got = 0;
        if (each_step && n > 0) {
            gsc_run_read_points(run, i, n - 1, &last, 1, &got, NULL);
        }
        least = each_step ? fmin(least, last.x) : least;
    }
    return isfinite(least) ? least : 0;
}

static gsc_status check_run(gsc_run *run, const gsc_spec *spec, gsc_error *error) {
    const gsc_run_info *info = gsc_run_get_info(run);
    if (strcmp(gsc_spec_string(spec, "lab"), "lm") != 0) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "%s is of the theory lab, whose runs keep no checkpoints; run its spec "
                        "again, which gatescope export writes",
                        info->path);
    }
    if (info->status == GSC_RUN_RUNNING || info->status == GSC_RUN_QUEUED) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s is %s; stop it before it is resumed", info->path,
                        gsc_run_status_name(info->status));
    }
    if (info->status == GSC_RUN_DONE) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s is done; there is nothing to go on with",
                        info->path);
    }
    return GSC_OK;
}

/* ---- The checkpoint ---- */

/* The latest at or before `most`, or that of `wanted`: NAME.ckpt/step-NNNNNNN.safetensors. */
static gsc_status find_checkpoint(const char *run_file, double most, int64_t wanted, char *ret_path,
                                  size_t size, int64_t *ret_step, gsc_error *error) {
    char folder[PATH_MAX];
    const size_t length = strlen(run_file);
    const bool ends = length > 4 && strcmp(run_file + length - 4, ".gsc") == 0;
    snprintf(folder, sizeof folder, "%.*s.ckpt", (int)(ends ? length - 4 : length), run_file);
    DIR *list = opendir(folder);
    int64_t best = -1;
    bool missing = true;
    for (struct dirent *entry; list != NULL && (entry = readdir(list)) != NULL;) {
        int64_t step;
        char rest[16];
        if (sscanf(entry->d_name, "step-%" SCNd64 ".%15s", &step, rest) == 2 &&
            strcmp(rest, "safetensors") == 0) {
            missing = missing && wanted >= 0 && step != wanted;
            best =
                (wanted < 0 || step == wanted) && (double)step <= most && step > best ? step : best;
        }
    }
    if (list != NULL) {
        closedir(list);
    }
    if (best < 0 && !missing) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "%s tells of steps up to %.0f only, so that the checkpoints of %s lie "
                        "beyond it; run the spec again",
                        run_file, most, folder);
    }
    if (best < 0 && wanted >= 0) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s has no checkpoint of step %" PRId64, folder,
                        wanted);
    }
    if (best < 0) {
        return gsc_fail(
            error, GSC_ERR_INPUT,
            "%s has no checkpoint, so there is nothing to go on from; run the spec again", folder);
    }
    const int used = snprintf(ret_path, size, "%s/step-%07" PRId64 ".safetensors", folder, best);
    if (used < 0 || (size_t)used >= size) {
        return gsc_fail(error, GSC_ERR_INPUT, "the path %.80s... is too long", folder);
    }
    *ret_step = best;
    return GSC_OK;
}

/* ---- The whole ---- */

static int report_end(const gsc_outcome *outcome, bool quiet) {
    printf("%s\n", outcome->path);
    fflush(stdout);
    if (outcome->status == GSC_RUN_FAILED) {
        fprintf(stderr, "gatescope resume: %s\n", outcome->failure);
        return 1;
    }
    if (!quiet) {
        gsc_run_view_summary(outcome->path);
    }
    return outcome->status == GSC_RUN_DONE ? 0 : STOPPED;
}

static int supervise(const resume_options *options, const gsc_spec *spec, int64_t step) {
    gsc_error error = {0};
    json_t *descriptors = NULL, *plugins = NULL;
    gsc_status status = gsc_registry_list(&descriptors, &error);
    if (status == GSC_OK) {
        gsc_tell_new_plugins(descriptors);
        status = gsc_supervisor_check(spec, descriptors, &plugins, &error);
    }
    json_decref(descriptors);
    if (status != GSC_OK) {
        return complain(status, &error);
    }
    gsc_run_view view;
    gsc_outcome outcome;
    const gsc_order order = {.spec = spec,
                             .plugins = plugins,
                             .path = options->path,
                             .resume = true,
                             .resume_x = (double)step,
                             .watch = &view.sink};
    gsc_run_view_init(&view, options->quiet);
    status = gsc_supervise(&order, &outcome, &error);
    gsc_run_view_clear_bar(&view);
    json_decref(plugins);
    return status != GSC_OK ? complain(status, &error) : report_end(&outcome, options->quiet);
}

/* The run's spec with the checkpoint to go on from. */
static gsc_status prepare(const resume_options *options, gsc_spec **ret_spec, int64_t *ret_step,
                          gsc_error *error) {
    gsc_run *run = NULL;
    gsc_spec *spec = NULL;
    char checkpoint[PATH_MAX];
    gsc_status status = gsc_run_open(options->path, &run, error);
    if (status == GSC_OK) {
        status = gsc_spec_parse(gsc_run_get_info(run)->spec, options->path, &spec, error);
    }
    if (status == GSC_OK) {
        status = check_run(run, spec, error);
    }
    if (status == GSC_OK) {
        status = find_checkpoint(options->path, complete_step(run), options->step, checkpoint,
                                 sizeof checkpoint, ret_step, error);
    }
    if (status == GSC_OK) {
        json_t *text = json_string(checkpoint);
        status = gsc_spec_set_json(spec, "lm.resume", text, error);
        json_decref(text);
    }
    if (status == GSC_OK && options->threads != NULL) {
        char threads[64];
        snprintf(threads, sizeof threads, "threads=%.40s", options->threads);
        status = gsc_spec_set(spec, threads, error);
    }
    gsc_run_close(run);
    if (status != GSC_OK) {
        gsc_spec_free(spec);
        return status;
    }
    *ret_spec = spec;
    return GSC_OK;
}

int gsc_cmd_resume(int argc, char **argv) {
    resume_options options = {.step = -1};
    gsc_spec *spec = NULL;
    gsc_error error = {0};
    int64_t step = 0;
    const int code = parse(argc, argv, &options);
    if (code != 0) {
        return code;
    }
    const gsc_status status = prepare(&options, &spec, &step, &error);
    if (status != GSC_OK) {
        return complain(status == GSC_ERR_IO ? GSC_ERR_INPUT : status, &error);
    }
    const int end = supervise(&options, spec, step);
    gsc_spec_free(spec);
    return end;
}
