/* SPDX-License-Identifier: MIT
 *
 * Tables and the figure of sweeps: see result_files.h.
 */
#include "app/result_files.h"

#include "app/commands.h"
#include "app/csv.h"
#include "core/read/sweep_folder.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

bool gsc_is_sweep(const char *path) {
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* What a run is in a sweep; of one by itself, nothing. */
typedef struct place {
    const char *arm, *stage;
    double tuned;
} place;

static gsc_status write_run(FILE *out, const char *path, const place *in, gsc_error *error) {
    gsc_run *run = NULL;
    const gsc_status status = gsc_run_open(path, &run, error);
    if (status != GSC_OK) {
        return status;
    }
    const gsc_run_info *info = gsc_run_get_info(run);
    for (size_t i = 0; i < gsc_run_results_count(run); i++) {
        const gsc_result *result = gsc_run_result(run, i);
        const char *const texts[] = {info->name, in->arm, in->stage};
        for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
            gsc_csv_text(out, texts[t]);
            gsc_csv_comma(out);
        }
        gsc_csv_number(out, in->tuned);
        fprintf(out, ",%" PRIu64 ",%s,", (uint64_t)info->seed, gsc_run_status_name(info->status));
        gsc_csv_text(out, result->name);
        gsc_csv_comma(out);
        gsc_csv_text(out, result->arm);
        const double numbers[] = {result->value, result->low, result->high};
        for (size_t n = 0; n < sizeof numbers / sizeof numbers[0]; n++) {
            gsc_csv_comma(out);
            gsc_csv_number(out, numbers[n]);
        }
        gsc_csv_comma(out);
        gsc_csv_text(out, result->unit);
        gsc_csv_end(out);
    }
    gsc_run_close(run);
    return GSC_OK;
}

static gsc_status open_sweep(const char *path, gsc_sweep_folder **ret_folder, gsc_error *error) {
    gsc_status status = gsc_sweep_folder_open(path, ret_folder, error);
    return status == GSC_OK ? gsc_sweep_folder_read(*ret_folder, false, error) : status;
}

/* The runs that there are, in the order of the sweep. */
static gsc_status write_sweep(FILE *out, const char *path, gsc_error *error) {
    gsc_sweep_folder *folder = NULL;
    gsc_status status = open_sweep(path, &folder, error);
    for (size_t i = 0; status == GSC_OK && i < folder->count; i++) {
        const gsc_sweep_run *which = &folder->entries[i].run;
        const place in = {.arm = folder->sweep->arms[which->arm].name,
                          .stage = gsc_sweep_stage_name(which->stage),
                          .tuned = which->stage == GSC_SWEEP_MAIN ? NAN : which->value};
        char run[PATH_MAX];
        gsc_sweep_run_path(path, which, run, sizeof run);
        if (access(run, R_OK) == 0) {
            status = write_run(out, run, &in, error);
        }
    }
    gsc_sweep_folder_free(folder);
    return status;
}

gsc_status gsc_result_files_table(char *const *paths, int n_paths, const char *folder,
                                  gsc_error *error) {
    static const char *const head[] = {"run",    "arm", "stage", "tuned", "seed", "status",
                                       "result", "of",  "value", "low",   "high", "unit"};
    char name[PATH_MAX];
    if (snprintf(name, sizeof name, "%s/results.csv", folder) >= (int)sizeof name) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s is too long for a folder's name", folder);
    }
    FILE *out = fopen(name, "we");
    if (out == NULL) {
        return gsc_fail(error, GSC_ERR_IO, "%s cannot be written: %s", name, strerror(errno));
    }
    const place alone = {.arm = "", .stage = "", .tuned = NAN};
    gsc_status status = GSC_OK;
    gsc_csv_row(out, head, sizeof head / sizeof head[0]);
    for (int i = 0; i < n_paths && status == GSC_OK; i++) {
        status = gsc_is_sweep(paths[i]) ? write_sweep(out, paths[i], error)
                                        : write_run(out, paths[i], &alone, error);
    }
    const bool failed = ferror(out) != 0;
    if ((fclose(out) != 0 || failed) && status == GSC_OK) {
        status = gsc_fail(error, GSC_ERR_IO, "%s cannot be written whole", name);
    }
    return status;
}

/* words: room for the program, every run and what follows. */
static gsc_status draw(const char *plot, const gsc_sweep_folder *folder, const char *file,
                       char **words, gsc_error *error) {
    size_t n = 0, runs = 0;
    gsc_status status = GSC_OK;
    pid_t child;
    int ended = 0;
    words[n++] = (char *)plot;
    for (size_t i = 0; i < folder->count; i++) {
        const gsc_sweep_entry *entry = &folder->entries[i];
        char run[PATH_MAX];
        gsc_sweep_run_path(folder->path, &entry->run, run, sizeof run);
        if (entry->run.stage != GSC_SWEEP_MAIN || access(run, R_OK) != 0) {
            continue;
        }
        words[n] = strdup(run);
        if (words[n] == NULL) {
            status = gsc_fail(error, GSC_ERR_MEMORY, "no memory to draw %s", file);
            break;
        }
        n++;
        runs++;
    }
    char *const end[] = {"--figure", "compare", "-o", (char *)file, NULL};
    memcpy(words + n, end, sizeof end);
    if (status == GSC_OK && runs > 0 &&
        (posix_spawn(&child, plot, NULL, NULL, words, environ) != 0 ||
         waitpid(child, &ended, 0) != child || ended != 0)) {
        status = gsc_fail(error, GSC_ERR_SYSTEM, "%s could not be drawn", file);
    }
    for (size_t i = 1; i <= runs; i++) {
        free(words[i]);
    }
    return status;
}

gsc_status gsc_result_files_compare(const char *path, const char *folder, gsc_error *error) {
    char plot[PATH_MAX], file[PATH_MAX];
    gsc_sweep_folder *sweep = NULL;
    if (!gsc_beside("gatescope-plot", plot, sizeof plot)) {
        return GSC_OK;
    }
    if (snprintf(file, sizeof file, "%s/compare.png", folder) >= (int)sizeof file) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s is too long for a folder's name", folder);
    }
    gsc_status status = open_sweep(path, &sweep, error);
    if (status == GSC_OK) {
        char **words = calloc(sweep->count + 8, sizeof *words);
        status = words != NULL ? draw(plot, sweep, file, words, error)
                               : gsc_fail(error, GSC_ERR_MEMORY, "no memory to draw %s", file);
        free(words);
    }
    gsc_sweep_folder_free(sweep);
    return status;
}
