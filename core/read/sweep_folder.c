/* SPDX-License-Identifier: MIT
 *
 * The folder of a sweep: making, reading, moving. See sweep_folder.h.
 *
 * Layer: core/read.
 */
#include "core/read/sweep_folder.h"

#include "core/read/json_text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PATH_SIZE = 4096
};

static const char *const state_names[] = {"absent", "todo", "running", "done"};

const char *gsc_sweep_state_name(gsc_sweep_state state) {
    return state_names[state];
}

/* ---- Writing ---- */

/* The whole file or none: written beside its place, then renamed. */
static gsc_status write_file(const char *path, const char *text, bool sync, gsc_error *error) {
    char beside[PATH_SIZE];
    snprintf(beside, sizeof beside, "%.4080s.new", path);
    FILE *file = fopen(beside, "we");
    bool good = file != NULL && fputs(text, file) >= 0 && fputc('\n', file) != EOF &&
                fflush(file) == 0 && (!sync || fsync(fileno(file)) == 0);
    good = file != NULL && fclose(file) == 0 && good;
    if (!good || rename(beside, path) != 0) {
        const int failed = errno;
        unlink(beside);
        return gsc_fail(error, GSC_ERR_IO, "%s cannot be written: %s", path, strerror(failed));
    }
    return GSC_OK;
}

static gsc_status make_folder(const char *path, const char *inner, gsc_error *error) {
    char whole[PATH_SIZE];
    snprintf(whole, sizeof whole, "%.4000s%s%s", path, inner[0] != '\0' ? "/" : "", inner);
    if (mkdir(whole, 0777) != 0 && errno != EEXIST) {
        return gsc_fail(error, GSC_ERR_IO, "the folder %s cannot be made: %s", whole,
                        strerror(errno));
    }
    return GSC_OK;
}

static gsc_status write_run(const gsc_sweep *sweep, const char *path, const gsc_sweep_run *run,
                            size_t number, gsc_error *error) {
    gsc_spec *spec = NULL;
    char file[PATH_SIZE];
    gsc_status status = gsc_sweep_spec(sweep, run, &spec, error);
    char *text = status == GSC_OK ? gsc_spec_dump(spec) : NULL;
    if (status == GSC_OK && text == NULL) {
        status = gsc_fail(error, GSC_ERR_MEMORY, "no memory for the spec of %s", run->name);
    }
    if (status == GSC_OK) {
        snprintf(file, sizeof file, "%.3800s/todo/%05zu-%s.json", path, number, run->name);
        status = write_file(file, text, false, error);
    }
    free(text);
    gsc_spec_free(spec);
    return status;
}

static gsc_status write_stage(const gsc_sweep *sweep, const char *path, gsc_sweep_stage stage,
                              const double *best, size_t *number, gsc_error *error) {
    gsc_sweep_run *runs = NULL;
    size_t n = 0;
    gsc_status status = gsc_sweep_runs(sweep, stage, best, &runs, &n, error);
    for (size_t i = 0; i < n && status == GSC_OK; i++) {
        status = write_run(sweep, path, &runs[i], (*number)++, error);
    }
    free(runs);
    return status;
}

/* Whether path is free for a sweep, or already holds this one. */
static gsc_status look_before(const gsc_sweep *sweep, const char *path, bool *ret_there,
                              gsc_error *error) {
    char file[PATH_SIZE];
    snprintf(file, sizeof file, "%.4000s/sweep.json", path);
    *ret_there = access(file, F_OK) == 0;
    if (!*ret_there) {
        return GSC_OK;
    }
    gsc_sweep *other = NULL;
    gsc_status status = gsc_sweep_load(file, &other, error);
    if (status == GSC_OK && strcmp(other->hash, sweep->hash) != 0) {
        status = gsc_fail(error, GSC_ERR_INPUT,
                          "%s holds another sweep, \"%.100s\"; choose another folder", path,
                          other->title);
    }
    gsc_sweep_free(other);
    return status;
}

gsc_status gsc_sweep_create(const gsc_sweep *sweep, const char *path, gsc_error *error) {
    static const char *const inner[] = {"", "todo", "running", "done", "runs"};
    bool there = false;
    size_t number = 1;
    gsc_status status = look_before(sweep, path, &there, error);
    if (status != GSC_OK || there) {
        return status;
    }
    for (size_t i = 0; i < sizeof inner / sizeof inner[0] && status == GSC_OK; i++) {
        status = make_folder(path, inner[i], error);
    }
    if (status == GSC_OK) {
        status = write_stage(sweep, path, GSC_SWEEP_TUNE, NULL, &number, error);
    }
    if (status == GSC_OK) {
        status = write_stage(sweep, path, GSC_SWEEP_MAIN, NULL, &number, error);
    }
    /* Last: a folder without it is not a sweep yet, and is written again. */
    char file[PATH_SIZE], *text = gsc_json_dump(sweep->text, JSON_INDENT(2));
    if (status == GSC_OK && text == NULL) {
        status = gsc_fail(error, GSC_ERR_MEMORY, "no memory for the plan of %s", path);
    }
    if (status == GSC_OK) {
        snprintf(file, sizeof file, "%.4000s/sweep.json", path);
        status = write_file(file, text, true, error);
    }
    free(text);
    return status;
}

gsc_status gsc_sweep_pause(const char *path, bool pause, gsc_error *error) {
    char file[PATH_SIZE];
    snprintf(file, sizeof file, "%.4000s/pause", path);
    if (pause) {
        const int made = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
        if (made >= 0) {
            close(made);
            return GSC_OK;
        }
    } else if (unlink(file) == 0 || errno == ENOENT) {
        return GSC_OK;
    }
    return gsc_fail(error, GSC_ERR_IO, "%s cannot be %s: %s", file, pause ? "made" : "removed",
                    strerror(errno));
}

/* ---- Life ---- */

gsc_status gsc_sweep_folder_open(const char *path, gsc_sweep_folder **ret_folder,
                                 gsc_error *error) {
    char file[PATH_SIZE];
    snprintf(file, sizeof file, "%.4000s/sweep.json", path);
    if (access(file, R_OK) != 0) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s is no sweep: it has no sweep.json", path);
    }
    gsc_sweep_folder *folder = calloc(1, sizeof *folder);
    gsc_status status = folder == NULL ? gsc_fail(error, GSC_ERR_MEMORY, "no memory for %s", path)
                                       : gsc_sweep_load(file, &folder->sweep, error);
    if (status == GSC_OK) {
        folder->path = strdup(path);
        const size_t arms = folder->sweep->n_arms;
        if (folder->sweep->tune_key != NULL) {
            folder->best = malloc(arms * sizeof *folder->best);
            for (size_t a = 0; folder->best != NULL && a < arms; a++) {
                folder->best[a] = NAN;
            }
        }
        if (folder->path == NULL || (folder->sweep->tune_key != NULL && folder->best == NULL)) {
            status = gsc_fail(error, GSC_ERR_MEMORY, "no memory for %s", path);
        }
    }
    if (status == GSC_OK) {
        status = gsc_sweep_folder_read(folder, false, error);
    }
    if (status != GSC_OK) {
        gsc_sweep_folder_free(folder);
        return status;
    }
    *ret_folder = folder;
    return GSC_OK;
}

void gsc_sweep_folder_free(gsc_sweep_folder *folder) {
    if (folder != NULL) {
        gsc_sweep_free(folder->sweep);
        free(folder->entries);
        free(folder->best);
        free(folder->path);
        free(folder);
    }
}

/* ---- Reading ---- */

/* "NAME" of "00003-NAME.json"; false for files that are no entries. */
static bool entry_name(const char *file, char *ret_name, size_t size) {
    const char *dash = strchr(file, '-'), *dot = strrchr(file, '.');
    if (dash == NULL || dot == NULL || dot <= dash || strcmp(dot, ".json") != 0 ||
        (size_t)(dot - dash) > size) {
        return false;
    }
    snprintf(ret_name, size, "%.*s", (int)(dot - dash - 1), dash + 1);
    return true;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const gsc_sweep_entry *)a)->run.name, ((const gsc_sweep_entry *)b)->run.name);
}

static int by_file(const void *a, const void *b) {
    const gsc_sweep_entry *x = a, *y = b;
    if (x->file[0] == '\0' || y->file[0] == '\0') {
        return (x->file[0] == '\0') - (y->file[0] == '\0');
    }
    return strcmp(x->file, y->file);
}

/* All runs that the plan has by now, sorted by name, without state. */
static gsc_status list_runs(gsc_sweep_folder *folder, const double *best,
                            gsc_sweep_entry **ret_entries, size_t *ret_count, gsc_error *error) {
    gsc_sweep_entry *entries = NULL;
    size_t count = 0;
    gsc_status status = GSC_OK;
    for (int stage = 0; stage < GSC_SWEEP_STAGES && status == GSC_OK; stage++) {
        gsc_sweep_run *runs = NULL;
        size_t n = 0;
        if (stage == GSC_SWEEP_BEST && best == NULL) {
            continue;
        }
        status = gsc_sweep_runs(folder->sweep, (gsc_sweep_stage)stage, best, &runs, &n, error);
        gsc_sweep_entry *more =
            status == GSC_OK ? realloc(entries, (count + n + 1) * sizeof *entries) : NULL;
        if (status == GSC_OK && more == NULL) {
            status = gsc_fail(error, GSC_ERR_MEMORY, "no memory for %zu runs", count + n);
        }
        entries = more != NULL ? more : entries;
        for (size_t i = 0; i < n && status == GSC_OK; i++) {
            entries[count++] = (gsc_sweep_entry){.run = runs[i]};
        }
        free(runs);
    }
    if (status != GSC_OK) {
        free(entries);
        return status;
    }
    qsort(entries, count, sizeof *entries, by_name);
    *ret_entries = entries;
    *ret_count = count;
    return GSC_OK;
}

/* The files of one state; a later state wins, for a file that moves while we look. */
static gsc_status read_state(const char *path, gsc_sweep_state state, gsc_sweep_entry *entries,
                             size_t count, gsc_error *error) {
    char inner[PATH_SIZE];
    snprintf(inner, sizeof inner, "%.4000s/%s", path, gsc_sweep_state_name(state));
    DIR *dir = opendir(inner);
    if (dir == NULL) {
        return gsc_fail(error, GSC_ERR_IO, "%s cannot be read: %s", inner, strerror(errno));
    }
    const struct dirent *file;
    while ((file = readdir(dir)) != NULL) {
        gsc_sweep_entry wanted = {0};
        if (!entry_name(file->d_name, wanted.run.name, sizeof wanted.run.name)) {
            continue;
        }
        gsc_sweep_entry *found = bsearch(&wanted, entries, count, sizeof *entries, by_name);
        if (found != NULL) {
            found->state = state;
            snprintf(found->file, sizeof found->file, "%.140s", file->d_name);
        }
    }
    closedir(dir);
    return GSC_OK;
}

void gsc_sweep_run_path(const char *path, const gsc_sweep_run *run, char *ret_path, size_t size) {
    snprintf(ret_path, size, "%s/runs/%s.gsc", path, run->name);
}

bool gsc_sweep_result(const char *run_path, const char *name, double *ret_value) {
    gsc_run *run = NULL;
    bool found = false;
    if (access(run_path, R_OK) != 0 || gsc_run_open(run_path, &run, NULL) != GSC_OK) {
        return false;
    }
    const bool done = gsc_run_get_info(run)->status == GSC_RUN_DONE;
    for (size_t i = 0; done && !found && i < gsc_run_results_count(run); i++) {
        const gsc_result *result = gsc_run_result(run, i);
        found = strcmp(result->name, name) == 0 && result->arm[0] == '\0';
        *ret_value = found ? result->value : *ret_value;
    }
    gsc_run_close(run);
    return found;
}

/* The tuned value with the least mean result over the tuning seeds; values that a run failed at are out. */
static double best_of_arm(const gsc_sweep_folder *folder, size_t arm) {
    const gsc_sweep *sweep = folder->sweep;
    double best = NAN, least = INFINITY;
    for (size_t v = 0; v < sweep->n_tune_values; v++) {
        double sum = 0;
        size_t n = 0;
        for (size_t i = 0; i < folder->count; i++) {
            const gsc_sweep_run *run = &folder->entries[i].run;
            char path[PATH_SIZE];
            double value = NAN;
            if (run->stage != GSC_SWEEP_TUNE || run->arm != arm ||
                run->value != sweep->tune_values[v]) {
                continue;
            }
            gsc_sweep_run_path(folder->path, run, path, sizeof path);
            n += gsc_sweep_result(path, sweep->result, &value);
            sum += value;
        }
        if (n == sweep->n_tune_seeds && sum < least) {
            least = sum;
            best = sweep->tune_values[v];
        }
    }
    return best;
}

static bool tuning_is_done(const gsc_sweep_folder *folder) {
    for (size_t i = 0; i < folder->count; i++) {
        const gsc_sweep_entry *entry = &folder->entries[i];
        if (entry->run.stage == GSC_SWEEP_TUNE && entry->state != GSC_SWEEP_DONE) {
            return false;
        }
    }
    return folder->best != NULL;
}

static gsc_status read_files(gsc_sweep_folder *folder, const double *best, gsc_error *error) {
    gsc_sweep_entry *entries = NULL;
    size_t count = 0;
    gsc_status status = list_runs(folder, best, &entries, &count, error);
    for (int s = GSC_SWEEP_TODO; s <= GSC_SWEEP_DONE && status == GSC_OK; s++) {
        status = read_state(folder->path, (gsc_sweep_state)s, entries, count, error);
    }
    if (status != GSC_OK) {
        free(entries);
        return status;
    }
    qsort(entries, count, sizeof *entries, by_file);
    free(folder->entries);
    folder->entries = entries;
    folder->count = count;
    memset(folder->n_state, 0, sizeof folder->n_state);
    for (size_t i = 0; i < count; i++) {
        folder->n_state[entries[i].state]++;
    }
    char pause[PATH_SIZE];
    snprintf(pause, sizeof pause, "%.4000s/pause", folder->path);
    folder->paused = access(pause, F_OK) == 0;
    return GSC_OK;
}

/* Runs of the last stage that nobody has put there yet. */
static gsc_status add_best(gsc_sweep_folder *folder, gsc_error *error) {
    size_t number = folder->count + 1;
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < folder->count && status == GSC_OK; i++) {
        const gsc_sweep_entry *entry = &folder->entries[i];
        if (entry->run.stage == GSC_SWEEP_BEST && entry->state == GSC_SWEEP_ABSENT) {
            status = write_run(folder->sweep, folder->path, &entry->run, number++, error);
        }
    }
    return status;
}

gsc_status gsc_sweep_folder_read(gsc_sweep_folder *folder, bool may_write, gsc_error *error) {
    const bool known = folder->best != NULL && isfinite(folder->best[folder->sweep->baseline]);
    gsc_status status = read_files(folder, known ? folder->best : NULL, error);
    if (status != GSC_OK || known || !tuning_is_done(folder)) {
        return status;
    }
    for (size_t a = 0; a < folder->sweep->n_arms; a++) {
        const double best = best_of_arm(folder, a);
        folder->best[a] = isfinite(best) ? best : gsc_sweep_shared_value(folder->sweep, a);
    }
    status = read_files(folder, folder->best, error);
    if (status == GSC_OK && may_write && folder->n_state[GSC_SWEEP_ABSENT] > 0) {
        status = add_best(folder, error);
        return status == GSC_OK ? read_files(folder, folder->best, error) : status;
    }
    return status;
}

gsc_status gsc_sweep_move(const gsc_sweep_folder *folder, gsc_sweep_entry *entry,
                          gsc_sweep_state to, bool *ret_moved, gsc_error *error) {
    char from[PATH_SIZE], place[PATH_SIZE];
    snprintf(from, sizeof from, "%.3800s/%s/%s", folder->path, gsc_sweep_state_name(entry->state),
             entry->file);
    snprintf(place, sizeof place, "%.3800s/%s/%s", folder->path, gsc_sweep_state_name(to),
             entry->file);
    *ret_moved = rename(from, place) == 0;
    if (!*ret_moved && errno != ENOENT) {
        return gsc_fail(error, GSC_ERR_IO, "%s cannot be moved to %s/: %s", from,
                        gsc_sweep_state_name(to), strerror(errno));
    }
    entry->state = *ret_moved ? to : entry->state;
    return GSC_OK;
}
