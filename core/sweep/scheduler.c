/* SPDX-License-Identifier: MIT
 *
 * The scheduler's loop: see scheduler.h. Layer: core/sweep.
 */
#include "core/sweep/scheduler.h"

#include "core/read/stats.h"
#include "core/sweep/child.h"
#include "core/sweep/claim.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    PATH_SIZE = 4096,
    MOST_JOBS = 256,
    MOST_TRIES = 3, /* of a run whose supervisor dies */
    BAD_SPEC = 2,   /* exit codes of `gatescope run` */
    REST_MS = 100
};

static const double look_every_s = 0.5, adopt_every_s = 2, settle_s = 15;

/* How long a run took, kept so that its file is opened once. */
typedef struct taken {
    char name[GSC_SWEEP_NAME_SIZE];
    double seconds;
} taken;

typedef struct tries {
    char name[GSC_SWEEP_NAME_SIZE];
    int count;
} tries;

typedef struct scheduler {
    gsc_sweep_folder *folder;
    const gsc_sweep_options *options;
    sweep_child children[MOST_JOBS];
    size_t n_children;
    taken *times;
    size_t n_times;
    tries *tried;
    size_t n_tried;
    int stops_sent;
    double looked_s, adopted_s;
    char event[GSC_ERROR_MESSAGE_SIZE + GSC_SWEEP_NAME_SIZE + 32];
} scheduler;

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- How far ---- */

static void keep_time(scheduler *self, const char *name, double seconds) {
    taken *more = realloc(self->times, (self->n_times + 1) * sizeof *more);
    if (more != NULL) {
        self->times = more;
        snprintf(more[self->n_times].name, sizeof more->name, "%s", name);
        more[self->n_times++].seconds = seconds;
    }
}

static double seconds_of(scheduler *self, const gsc_sweep_run *run) {
    for (size_t i = 0; i < self->n_times; i++) {
        if (strcmp(self->times[i].name, run->name) == 0) {
            return self->times[i].seconds;
        }
    }
    char path[PATH_SIZE];
    gsc_run *file = NULL;
    double seconds = NAN;
    gsc_sweep_run_path(self->folder->path, run, path, sizeof path);
    if (access(path, R_OK) == 0 && gsc_run_open(path, &file, NULL) == GSC_OK) {
        const gsc_run_info *info = gsc_run_get_info(file);
        seconds = info->status == GSC_RUN_DONE ? info->ended_s - info->started_s : NAN;
        gsc_run_close(file);
    }
    keep_time(self, run->name, seconds);
    return seconds;
}

/* The share of a run under way. */
static double share_of(const scheduler *self, const gsc_sweep_run *run) {
    char path[PATH_SIZE];
    gsc_run *file = NULL;
    double share = 0;
    gsc_sweep_run_path(self->folder->path, run, path, sizeof path);
    if (access(path, R_OK) == 0 && gsc_run_open(path, &file, NULL) == GSC_OK) {
        const gsc_run_info *info = gsc_run_get_info(file);
        share = info->status == GSC_RUN_RUNNING ? info->progress : 0;
        gsc_run_close(file);
    }
    return share;
}

/* Runs of the last stage are not planned before tuning ends; as many as there can be are foreseen. */
static size_t unplanned(const gsc_sweep_folder *folder) {
    const gsc_sweep *sweep = folder->sweep;
    const bool known = folder->best == NULL || isfinite(folder->best[sweep->baseline]);
    return known ? 0 : sweep->n_arms * sweep->n_seeds;
}

/* The median: a run that was interrupted has its rest in its time. */
static double typical_s(const scheduler *self) {
    double *values = malloc((self->n_times + 1) * sizeof *values);
    size_t n = 0;
    for (size_t i = 0; values != NULL && i < self->n_times; i++) {
        if (isfinite(self->times[i].seconds)) {
            values[n++] = self->times[i].seconds;
        }
    }
    const double typical = n > 0 ? gsc_quantile(values, n, 0.5) : self->options->run_s;
    free(values);
    return typical;
}

static void tell(scheduler *self) {
    const gsc_sweep_folder *folder = self->folder;
    gsc_sweep_progress p = {.folder = folder, .here = self->n_children};
    double work = 0;
    for (size_t i = 0; i < folder->count; i++) {
        const gsc_sweep_entry *entry = &folder->entries[i];
        p.total += entry->state != GSC_SWEEP_ABSENT;
        if (entry->state == GSC_SWEEP_DONE) {
            seconds_of(self, &entry->run);
            p.done++;
            work += 1;
        } else if (entry->state == GSC_SWEEP_RUNNING) {
            work += share_of(self, &entry->run);
        }
    }
    const double all = (double)(p.total + unplanned(folder));
    const double atonce = fmin((double)self->options->jobs, fmax(1, all - work));
    p.fraction = all > 0 ? work / all : 1;
    p.left_s = (all - work) * typical_s(self) / atonce;
    p.event = self->event[0] != '\0' ? self->event : NULL;
    if (self->options->watch != NULL) {
        self->options->watch(self->options->data, &p);
    }
    self->event[0] = '\0';
}

/* ---- Ends of runs ---- */

static int tries_of(scheduler *self, const char *name) {
    for (size_t i = 0; i < self->n_tried; i++) {
        if (strcmp(self->tried[i].name, name) == 0) {
            return ++self->tried[i].count;
        }
    }
    tries *more = realloc(self->tried, (self->n_tried + 1) * sizeof *more);
    if (more == NULL) {
        return MOST_TRIES;
    }
    self->tried = more;
    snprintf(more[self->n_tried].name, sizeof more->name, "%s", name);
    more[self->n_tried++].count = 1;
    return 1;
}

/* How often a run was lost; one that was is begun anew, not resumed. */
static int tried(const scheduler *self, const char *name) {
    for (size_t i = 0; i < self->n_tried; i++) {
        if (strcmp(self->tried[i].name, name) == 0) {
            return self->tried[i].count;
        }
    }
    return 0;
}

/* What a run file says became of it; LOST where there is none. */
static gsc_run_status status_of(const scheduler *self, const gsc_sweep_entry *entry,
                                char *ret_failure, size_t size) {
    char path[PATH_SIZE];
    gsc_run *run = NULL;
    gsc_run_status status = GSC_RUN_LOST;
    gsc_sweep_run_path(self->folder->path, &entry->run, path, sizeof path);
    ret_failure[0] = '\0';
    if (access(path, R_OK) == 0 && gsc_run_open(path, &run, NULL) == GSC_OK) {
        status = gsc_run_get_info(run)->status;
        snprintf(ret_failure, size, "%s", gsc_run_get_info(run)->failure);
        gsc_run_close(run);
    }
    return status;
}

static gsc_status refuse(scheduler *self, gsc_sweep_entry *entry, gsc_error *error) {
    char words[600];
    sweep_child_last_words(self->folder, entry, words, sizeof words);
    gsc_status status = gsc_sweep_release(self->folder, entry, GSC_SWEEP_TODO, error);
    return status != GSC_OK ? status
                            : gsc_fail(error, GSC_ERR_INPUT, "the run %.100s is refused: %.480s",
                                       entry->run.name, words[0] != '\0' ? words : "no reason");
}

/* A run of ours ended with this exit code. */
static gsc_status end_run(scheduler *self, const sweep_child *child, gsc_sweep_entry *entry,
                          int code, gsc_error *error) {
    char failure[GSC_ERROR_MESSAGE_SIZE];
    const gsc_run_status became = status_of(self, entry, failure, sizeof failure);
    const bool stopping = self->stops_sent > 0;
    if (became == GSC_RUN_DONE) {
        keep_time(self, entry->run.name, child->resumed ? NAN : now_s() - child->began_s);
        if (!self->folder->sweep->keep_all) {
            sweep_child_drop_checkpoints(self->folder, entry);
        }
        return gsc_sweep_release(self->folder, entry, GSC_SWEEP_DONE, error);
    }
    if (child->resumed && code == BAD_SPEC) {
        tries_of(self, entry->run.name); /* its checkpoint is of no use */
        return gsc_sweep_release(self->folder, entry, GSC_SWEEP_TODO, error);
    }
    if (code == BAD_SPEC || code == 127) {
        return refuse(self, entry, error);
    }
    if (stopping && became != GSC_RUN_FAILED) {
        return gsc_sweep_release(self->folder, entry, GSC_SWEEP_TODO, error);
    }
    const bool again = became != GSC_RUN_FAILED && became != GSC_RUN_STOPPED &&
                       tries_of(self, entry->run.name) < MOST_TRIES;
    if (became == GSC_RUN_FAILED) {
        snprintf(self->event, sizeof self->event, "%s failed: %s", entry->run.name, failure);
    } else {
        snprintf(self->event, sizeof self->event, "%s %s", entry->run.name,
                 became == GSC_RUN_STOPPED ? "was stopped"
                 : again                   ? "was lost and goes back to wait"
                                           : "was lost three times and is given up");
    }
    return gsc_sweep_release(self->folder, entry, again ? GSC_SWEEP_TODO : GSC_SWEEP_DONE, error);
}

static gsc_status reap(scheduler *self, gsc_error *error) {
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < self->n_children;) {
        int code = 0;
        if (!sweep_child_ended(&self->children[i], &code)) {
            i++;
            continue;
        }
        const sweep_child child = self->children[i];
        gsc_sweep_entry entry = child.entry;
        self->children[i] = self->children[--self->n_children];
        gsc_error failed = {0};
        const gsc_status ended = end_run(self, &child, &entry, code, &failed);
        if (status == GSC_OK && ended != GSC_OK) {
            status = gsc_fail(error, ended, "%s", failed.message);
        }
        if (status == GSC_OK && self->event[0] != '\0') {
            /* Told now: the next run to end would write over it. */
            status = gsc_sweep_folder_read(self->folder, true, error);
            tell(self);
        }
        self->looked_s = 0;
    }
    return status;
}

static bool is_ours(const scheduler *self, const gsc_sweep_entry *entry) {
    for (size_t i = 0; i < self->n_children; i++) {
        if (strcmp(self->children[i].entry.run.name, entry->run.name) == 0) {
            return true;
        }
    }
    return false;
}

/* Entries of running/ that others left. */
static gsc_status adopt(scheduler *self, gsc_error *error) {
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < self->folder->count && status == GSC_OK; i++) {
        gsc_sweep_entry *entry = &self->folder->entries[i];
        if (entry->state != GSC_SWEEP_RUNNING || is_ours(self, entry)) {
            continue;
        }
        const gsc_sweep_fate fate = gsc_sweep_fate_of(self->folder, entry);
        if (fate != GSC_SWEEP_FATE_WAIT) {
            status = gsc_sweep_release(
                self->folder, entry, fate == GSC_SWEEP_FATE_TODO ? GSC_SWEEP_TODO : GSC_SWEEP_DONE,
                error);
            self->looked_s = 0;
        }
    }
    return status;
}

/* ---- Beginning ---- */

double gsc_sweep_available_bytes(void) {
    char line[128];
    double kilobytes = 0;
    FILE *file = fopen("/proc/meminfo", "re");
    while (file != NULL && kilobytes == 0 && fgets(line, sizeof line, file) != NULL) {
        sscanf(line, "MemAvailable: %lf kB", &kilobytes);
    }
    if (file != NULL) {
        fclose(file);
    }
    return 1024 * kilobytes;
}

/* Runs that began just now have yet to take their memory. One run is always let begin: it says itself
 * what it lacks. */
static bool memory_allows(const scheduler *self) {
    const double has = gsc_sweep_available_bytes(), now = now_s();
    size_t fresh = 0;
    for (size_t i = 0; i < self->n_children; i++) {
        fresh += now - self->children[i].began_s < settle_s;
    }
    return self->n_children == 0 || has <= 0 ||
           has > self->options->run_bytes * (double)(fresh + 1);
}

/* Runs that a dead scheduler of this machine left count too. */
static size_t at_work(const scheduler *self) {
    size_t n = self->n_children;
    for (size_t i = 0; i < self->folder->count; i++) {
        const gsc_sweep_entry *entry = &self->folder->entries[i];
        char path[PATH_SIZE];
        gsc_run *run = NULL;
        if (entry->state != GSC_SWEEP_RUNNING || is_ours(self, entry)) {
            continue;
        }
        gsc_sweep_run_path(self->folder->path, &entry->run, path, sizeof path);
        if (access(path, R_OK) == 0 && gsc_run_open(path, &run, NULL) == GSC_OK) {
            const gsc_run_info *info = gsc_run_get_info(run);
            n += info->status == GSC_RUN_RUNNING && gsc_process_is_here(&info->process);
            gsc_run_close(run);
        }
    }
    return n;
}

/* A run is what its plan says: neither its spec nor the plan was changed since they were written. */
static gsc_status check_spec(const scheduler *self, const gsc_sweep_entry *entry,
                             gsc_error *error) {
    char path[PATH_SIZE];
    gsc_error why = {0};
    snprintf(path, sizeof path, "%.3800s/running/%s", self->folder->path, entry->file);
    json_t *spec = json_load_file(path, 0, NULL);
    const gsc_status status = gsc_sweep_check_spec(self->folder->sweep, &entry->run, spec, &why);
    json_decref(spec);
    if (status == GSC_ERR_INPUT) {
        return gsc_fail(error, status,
                        "the run %s is not begun, because %.150s/sweep.json or todo/%s was changed "
                        "since they were written: %.200s; put it back, or begin another folder",
                        entry->run.name, self->folder->path, entry->file, why.message);
    }
    return status != GSC_OK ? gsc_fail(error, status, "%s", why.message) : GSC_OK;
}

static gsc_status begin(scheduler *self, gsc_error *error) {
    const size_t jobs = self->options->jobs < MOST_JOBS ? self->options->jobs : MOST_JOBS;
    size_t busy = at_work(self);
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < self->folder->count && busy < jobs && status == GSC_OK; i++) {
        gsc_sweep_entry *entry = &self->folder->entries[i];
        bool claimed = false;
        if (entry->state != GSC_SWEEP_TODO) {
            continue;
        }
        if (self->folder->paused || !memory_allows(self)) {
            break;
        }
        status = gsc_sweep_claim(self->folder, entry, &claimed, error);
        if (status != GSC_OK || !claimed) {
            continue;
        }
        const bool resume =
            tried(self, entry->run.name) == 0 && sweep_child_can_resume(self->folder, entry);
        status = check_spec(self, entry, error);
        if (status == GSC_OK) {
            status = sweep_child_start(self->folder, entry, self->options->program,
                                       self->options->threads, resume,
                                       &self->children[self->n_children], error);
        }
        if (status != GSC_OK) {
            gsc_sweep_release(self->folder, entry, GSC_SWEEP_TODO, NULL);
        } else {
            self->n_children++;
            busy++;
        }
    }
    return status;
}

static void stop_runs(scheduler *self) {
    const int asked = self->options->stop != NULL ? (int)*self->options->stop : 0;
    if (asked > self->stops_sent) {
        self->stops_sent = asked;
        for (size_t i = 0; i < self->n_children; i++) {
            kill(self->children[i].pid, SIGINT);
        }
    }
}

/* ---- The loop ---- */

static gsc_status look(scheduler *self, gsc_error *error) {
    const double now = now_s();
    gsc_status status = GSC_OK;
    if (now - self->looked_s < look_every_s) {
        return GSC_OK;
    }
    status = gsc_sweep_folder_read(self->folder, true, error);
    self->looked_s = now;
    if (status == GSC_OK && now - self->adopted_s >= adopt_every_s) {
        self->adopted_s = now;
        status = adopt(self, error);
    }
    if (status == GSC_OK && self->stops_sent == 0) {
        status = begin(self, error);
    }
    if (status == GSC_OK) {
        tell(self);
    }
    return status;
}

static bool is_over(const scheduler *self) {
    const size_t *n = self->folder->n_state;
    return self->n_children == 0 &&
           (self->stops_sent > 0 || n[GSC_SWEEP_TODO] + n[GSC_SWEEP_RUNNING] == 0);
}

gsc_status gsc_sweep_schedule(gsc_sweep_folder *folder, const gsc_sweep_options *options,
                              gsc_error *error) {
    scheduler *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the scheduler of %s", folder->path);
    }
    self->folder = folder;
    self->options = options;
    gsc_status status = look(self, error);
    while (status == GSC_OK && !is_over(self)) {
        nanosleep(&(struct timespec){.tv_nsec = REST_MS * 1000000L}, NULL);
        stop_runs(self);
        status = reap(self, error);
        if (status == GSC_OK) {
            status = look(self, error);
        }
    }
    /* After an error the runs under way go on; whoever schedules next finds them. */
    if (status == GSC_OK) {
        tell(self);
        status = self->stops_sent > 0
                     ? gsc_fail(error, GSC_ERR_STOPPED, "the sweep %s was stopped", folder->path)
                     : GSC_OK;
    }
    free(self->times);
    free(self->tried);
    free(self);
    return status;
}
