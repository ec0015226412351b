/* SPDX-License-Identifier: MIT
 *
 * The table from core/read, the figures by gatescope-plot, one process each.
 */
#include "app/rate_files.h"

#include "app/commands.h"
#include "core/read/rate_table.h"
#include "core/read/spec.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

extern char **environ;

/* One run's rows into the file name, which the first row makes, with its header line. */
static gsc_status write_rows(FILE **out, const char *name, const char *path, gsc_error *error) {
    gsc_run *run = NULL;
    gsc_findings findings = {0};
    gsc_rate_table table = {0};
    gsc_status status = gsc_run_open(path, &run, error);
    if (status == GSC_OK) {
        status = gsc_findings_init(&findings, run, error);
    }
    if (status == GSC_OK) {
        status = gsc_rate_table_init(&table, run, &findings, error);
    }
    if (status == GSC_OK) {
        char *text = gsc_rate_table_csv(&table, gsc_run_get_info(run)->name);
        const bool header = *out == NULL;
        if (text == NULL) {
            status = gsc_fail(error, GSC_ERR_MEMORY, "no memory for the rate table of %s", path);
        } else if (table.count > 0 && header && (*out = fopen(name, "we")) == NULL) {
            status = gsc_fail(error, GSC_ERR_IO, "%s cannot be written: %s", name, strerror(errno));
        } else if (table.count > 0) {
            fputs(header ? text : strchr(text, '\n') + 1, *out);
        }
        free(text);
    }
    gsc_rate_table_clear(&table);
    gsc_findings_clear(&findings);
    gsc_run_close(run);
    return status;
}

gsc_status gsc_rate_files_table(char *const *paths, int n_paths, const char *folder,
                                gsc_error *error) {
    char name[PATH_MAX];
    if (snprintf(name, sizeof name, "%s/rates.csv", folder) >= (int)sizeof name) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s is too long for a folder's name", folder);
    }
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return gsc_fail(error, GSC_ERR_IO, "the folder %s cannot be made: %s", folder,
                        strerror(errno));
    }
    FILE *out = NULL;
    gsc_status status = GSC_OK;
    for (int i = 0; i < n_paths && status == GSC_OK; i++) {
        status = write_rows(&out, name, paths[i], error);
    }
    const bool failed = out != NULL && ferror(out) != 0;
    if (out != NULL && (fclose(out) != 0 || failed) && status == GSC_OK) {
        status = gsc_fail(error, GSC_ERR_IO, "%s cannot be written whole", name);
    }
    return status;
}

/* What a file's name begins with, and the words that ask for no more of the run: "" and NULL for all. */
typedef struct part_name {
    const char *run, *part;
} part_name;

static gsc_status draw(const char *plot, const char *run, const part_name *of, const char *figure,
                       const char *folder, gsc_error *error) {
    char file[PATH_MAX];
    int ended = 0;
    pid_t child;
    const char *part = of->part;
    snprintf(file, sizeof file, "%s/%s%s%s%s%s.png", folder, of->run, of->run[0] != '\0' ? "-" : "",
             part != NULL ? part : "", part != NULL ? "-" : "", figure);
    char *words[] = {(char *)plot,
                     (char *)run,
                     "--figure",
                     (char *)figure,
                     "-o",
                     file,
                     part != NULL ? "--part" : NULL,
                     (char *)part,
                     NULL};
    if (posix_spawn(&child, plot, NULL, NULL, words, environ) != 0 ||
        waitpid(child, &ended, 0) != child || ended != 0) {
        return gsc_fail(error, GSC_ERR_SYSTEM, "%s could not be drawn", file);
    }
    return GSC_OK;
}

/* Whether the arms of a part have series over this x. */
static bool has_series(const gsc_run *run, const char *part, const char *x_name) {
    const size_t length = part != NULL ? strlen(part) : 0;
    for (size_t i = 0; i < gsc_run_series_count(run); i++) {
        const gsc_series_info *info = gsc_run_series(run, i);
        const bool own = length == 0 || (strncmp(info->arm, part, length) == 0 &&
                                         (info->arm[length] == '\0' || info->arm[length] == ' '));
        if (own && strcmp(info->x_name, x_name) == 0) {
            return true;
        }
    }
    return false;
}

static gsc_status draw_part(const gsc_run *run, const char *plot, const char *path,
                            const part_name *of, const char *folder, int *written,
                            gsc_error *error) {
    static const struct {
        const char *figure, *x_name;
    } kinds[] = {{"rate", "n"},
                 {"components", "n"},
                 {"fingerprint", "delta"},
                 {"starts", "iteration"},
                 {"loss", "step"},
                 {"router", "step"},
                 {"load", "step"},
                 {"overlap", "step"},
                 {"coactivation", "step"},
                 {"specialization", "step"}};
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && status == GSC_OK; i++) {
        if (has_series(run, of->part, kinds[i].x_name)) {
            status = draw(plot, path, of, kinds[i].figure, folder, error);
            *written += status == GSC_OK;
        }
    }
    return status;
}

gsc_status gsc_rate_files_figures(const char *path, const char *folder, bool named,
                                  int *ret_written, gsc_error *error) {
    char plot[PATH_MAX];
    gsc_run *run = NULL;
    gsc_spec *spec = NULL;
    *ret_written = 0;
    if (!gsc_beside("gatescope-plot", plot, sizeof plot)) {
        return GSC_OK;
    }
    gsc_status status = gsc_run_open(path, &run, error);
    if (status == GSC_OK) {
        status = gsc_spec_parse(gsc_run_get_info(run)->spec, path, &spec, error);
    }
    const json_t *suite = status == GSC_OK ? gsc_spec_json(spec, "theory.suite") : NULL;
    part_name of = {.run = named && status == GSC_OK ? gsc_run_get_info(run)->name : ""};
    for (size_t i = 0; i < json_array_size(suite) && status == GSC_OK; i++) {
        const json_t *entry = json_array_get(suite, i);
        const char *name = json_string_value(json_object_get(entry, "name"));
        of.part = name != NULL ? name : json_string_value(json_object_get(entry, "preset"));
        if (of.part != NULL) {
            status = draw_part(run, plot, path, &of, folder, ret_written, error);
        }
    }
    if (status == GSC_OK && json_array_size(suite) == 0) {
        status = draw_part(run, plot, path, &of, folder, ret_written, error);
    }
    gsc_spec_free(spec);
    gsc_run_close(run);
    return status;
}
