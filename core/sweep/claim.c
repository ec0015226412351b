/* SPDX-License-Identifier: MIT
 *
 * Claims on runs of a sweep: see claim.h. An owner is known by its process, as writers of run files are.
 *
 * Layer: core/sweep.
 */
#include "core/sweep/claim.h"

#include "core/read/process.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    PATH_SIZE = 4096,
    UNKNOWN_OWNER_S = 60 /* a claim of a process elsewhere without a run file by then is dead */
};

static void owner_path(const gsc_sweep_folder *folder, const gsc_sweep_entry *entry,
                       char *ret_path) {
    const size_t length = strlen(entry->file);
    snprintf(ret_path, PATH_SIZE, "%.3800s/running/%.*s.owner", folder->path,
             (int)(length > 5 ? length - 5 : length), entry->file);
}

gsc_status gsc_sweep_claim(const gsc_sweep_folder *folder, gsc_sweep_entry *entry,
                           bool *ret_claimed, gsc_error *error) {
    char path[PATH_SIZE];
    gsc_process self;
    gsc_status status = gsc_sweep_move(folder, entry, GSC_SWEEP_RUNNING, ret_claimed, error);
    if (status != GSC_OK || !*ret_claimed) {
        return status;
    }
    gsc_process_self(&self);
    owner_path(folder, entry, path);
    json_t *owner =
        json_pack("{s:s, s:s, s:I, s:I}", "host", self.host, "boot_id", self.boot_id, "pid",
                  (json_int_t)self.pid, "start_ticks", (json_int_t)self.start_ticks);
    const bool written = owner != NULL && json_dump_file(owner, path, JSON_COMPACT) == 0;
    json_decref(owner);
    return written ? GSC_OK
                   : gsc_fail(error, GSC_ERR_IO, "%s cannot be written: %s", path, strerror(errno));
}

gsc_status gsc_sweep_release(const gsc_sweep_folder *folder, gsc_sweep_entry *entry,
                             gsc_sweep_state to, gsc_error *error) {
    char path[PATH_SIZE];
    bool moved;
    owner_path(folder, entry, path);
    unlink(path);
    return gsc_sweep_move(folder, entry, to, &moved, error);
}

/* The owner of a claim; false where it is not written (yet). */
static bool read_owner(const char *path, gsc_process *ret_owner) {
    json_t *owner = json_load_file(path, 0, NULL);
    const char *host = json_string_value(json_object_get(owner, "host"));
    const char *boot = json_string_value(json_object_get(owner, "boot_id"));
    const bool good = host != NULL && boot != NULL;
    if (good) {
        snprintf(ret_owner->host, sizeof ret_owner->host, "%s", host);
        snprintf(ret_owner->boot_id, sizeof ret_owner->boot_id, "%s", boot);
        ret_owner->pid = json_integer_value(json_object_get(owner, "pid"));
        ret_owner->start_ticks = json_integer_value(json_object_get(owner, "start_ticks"));
    }
    json_decref(owner);
    return good;
}

/* Seconds since an entry was claimed. */
static double claimed_for_s(const gsc_sweep_folder *folder, const gsc_sweep_entry *entry) {
    char path[PATH_SIZE];
    struct stat info;
    snprintf(path, sizeof path, "%.3800s/running/%s", folder->path, entry->file);
    return stat(path, &info) == 0 ? difftime(time(NULL), info.st_ctime) : 0;
}

static bool owner_lives(const gsc_sweep_folder *folder, const gsc_sweep_entry *entry) {
    char path[PATH_SIZE];
    gsc_process owner = {0};
    owner_path(folder, entry, path);
    if (!read_owner(path, &owner) || !gsc_process_is_here(&owner)) {
        return claimed_for_s(folder, entry) < UNKNOWN_OWNER_S;
    }
    return gsc_process_is_alive(&owner);
}

gsc_sweep_fate gsc_sweep_fate_of(const gsc_sweep_folder *folder, const gsc_sweep_entry *entry) {
    char path[PATH_SIZE];
    gsc_run *run = NULL;
    gsc_sweep_run_path(folder->path, &entry->run, path, sizeof path);
    if (access(path, R_OK) != 0 || gsc_run_open(path, &run, NULL) != GSC_OK) {
        return owner_lives(folder, entry) ? GSC_SWEEP_FATE_WAIT : GSC_SWEEP_FATE_TODO;
    }
    const gsc_run_status status = gsc_run_get_info(run)->status;
    gsc_run_close(run);
    if (status == GSC_RUN_RUNNING || status == GSC_RUN_QUEUED || owner_lives(folder, entry)) {
        return GSC_SWEEP_FATE_WAIT; /* a living owner sees to what ended */
    }
    return status == GSC_RUN_DONE || status == GSC_RUN_FAILED ? GSC_SWEEP_FATE_ENDED
                                                              : GSC_SWEEP_FATE_TODO;
}
