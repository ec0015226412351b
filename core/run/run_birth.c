/* SPDX-License-Identifier: MIT
 *
 * The birth of a run file: built whole under a hidden name beside its place, then renamed there, so
 * that nobody ever sees half of one and an existing file is not overwritten by accident.
 *
 * Layer: core/run; SQLite.
 */
#include "core/read/process.h"
#include "core/read/run_schema.h"
#include "core/run/run_writer_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* FOLDER/.NAME-PID.ending: on the same file system as the place it is for. */
static gsc_status hidden_path(const char *path, const char *ending, char *ret_hidden, size_t size,
                              gsc_error *error) {
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    int folder = slash == NULL ? 0 : (int)(slash + 1 - path);
    int used =
        snprintf(ret_hidden, size, "%.*s.%s-%ld.%s", folder, path, name, (long)getpid(), ending);
    if (name[0] == '\0' || used < 0 || (size_t)used >= size) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "\"%s\" is no name for a run file, give FOLDER/NAME.gsc", path);
    }
    return GSC_OK;
}

static int write_birth(gsc_run_writer *writer, const gsc_run_birth *birth) {
    gsc_process self;
    gsc_process_self(&self);
    double now_s = gsc_unix_time();
    const struct {
        const char *key, *value;
    } texts[] = {
        {GSC_META_STATUS, gsc_run_status_name(GSC_RUN_RUNNING)},
        {GSC_META_FAILURE, ""},
        {GSC_META_EXPERIMENT, birth->experiment},
        {GSC_META_TITLE, birth->title},
        {GSC_META_SPEC, birth->spec},
        {GSC_META_PLUGINS, birth->plugins},
        {GSC_META_MACHINE, birth->machine},
        {GSC_META_ACTIVITY, "starting"},
        {GSC_META_HOST, self.host},
        {GSC_META_BOOT_ID, self.boot_id},
    };
    const struct {
        const char *key;
        double value;
    } reals[] = {{GSC_META_PROGRESS, 0}, {GSC_META_STARTED, now_s}, {GSC_META_HEARTBEAT, now_s}};
    const struct {
        const char *key;
        int64_t value;
    } numbers[] = {{GSC_META_SEED, (int64_t)birth->seed},
                   {GSC_META_PID, self.pid},
                   {GSC_META_PID_START, self.start_ticks}};
    int code = SQLITE_OK;
    for (size_t i = 0; code == SQLITE_OK && i < sizeof texts / sizeof texts[0]; i++) {
        code = gsc_run_writer_meta_text(writer, texts[i].key, texts[i].value);
    }
    for (size_t i = 0; code == SQLITE_OK && i < sizeof reals / sizeof reals[0]; i++) {
        code = gsc_run_writer_meta_real(writer, reals[i].key, reals[i].value);
    }
    for (size_t i = 0; code == SQLITE_OK && i < sizeof numbers / sizeof numbers[0]; i++) {
        code = gsc_run_writer_meta_int(writer, numbers[i].key, numbers[i].value);
    }
    return code;
}

/* Makes the tables and the first rows in the empty file, and closes it again. */
static gsc_status build(gsc_run_writer *writer, const char *file, const gsc_run_birth *birth,
                        gsc_error *error) {
    sqlite3 *database = NULL;
    gsc_status status = GSC_OK;
    if (sqlite3_open_v2(file, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
            SQLITE_OK ||
        sqlite3_exec(database, GSC_RUN_PRAGMAS "BEGIN;" GSC_RUN_TABLES "COMMIT", NULL, NULL,
                     NULL) != SQLITE_OK) {
        writer->database = database;
        status = gsc_run_writer_fail(writer, "write", error);
    }
    sqlite3_close(database);
    writer->database = NULL;
    if (status == GSC_OK) {
        status = gsc_run_writer_open_database(writer, file, error);
    }
    if (status == GSC_OK &&
        (sqlite3_exec(writer->database, "BEGIN", NULL, NULL, NULL) != SQLITE_OK ||
         write_birth(writer, birth) != SQLITE_OK ||
         sqlite3_exec(writer->database, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)) {
        status = gsc_run_writer_fail(writer, "write", error);
    }
    gsc_run_writer_close_database(writer);
    return status;
}

/* Renames; EEXIST where the place is taken. */
static int move_into_place(const char *hidden, const char *path) {
    if (renameat2(AT_FDCWD, hidden, AT_FDCWD, path, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return -1;
    }
    /* A file system without that kind of rename. */
    if (link(hidden, path) != 0) {
        return -1;
    }
    unlink(hidden);
    return 0;
}

void gsc_run_writer_unlink_journal(const char *path) {
    char journal[PATH_MAX + 16];
    snprintf(journal, sizeof journal, "%s-journal", path);
    unlink(journal);
}

static gsc_status taken(const char *path, gsc_error *error) {
    return gsc_fail(error, GSC_ERR_INPUT,
                    "%s exists and is left alone: choose another name with -o, or replace it with "
                    "--force",
                    path);
}

/* The new file is whole at hidden: brings it to writer->path. */
static gsc_status settle(gsc_run_writer *writer, const char *hidden, bool replace,
                         gsc_error *error) {
    char old[PATH_MAX];
    gsc_status status = hidden_path(writer->path, "old", old, sizeof old, error);
    if (status != GSC_OK) {
        return status;
    }
    if (replace && rename(writer->path, old) == 0) {
        snprintf(writer->replaced, sizeof writer->replaced, "%s", old);
    }
    if (move_into_place(hidden, writer->path) == 0) {
        gsc_run_writer_unlink_journal(writer->path); /* a dead file's: it would be played back */
        return gsc_run_writer_open_database(writer, writer->path, error);
    }
    status = errno == EEXIST
                 ? taken(writer->path, error)
                 : gsc_fail(error, GSC_ERR_IO, "cannot make %s: %s", writer->path, strerror(errno));
    if (writer->replaced[0] != '\0') {
        rename(writer->replaced, writer->path);
        writer->replaced[0] = '\0';
    }
    return status;
}

gsc_status gsc_run_writer_create(const char *path, bool replace, const gsc_run_birth *birth,
                                 gsc_run_writer **ret_writer, gsc_error *error) {
    char hidden[PATH_MAX];
    gsc_status status = hidden_path(path, "new", hidden, sizeof hidden, error);
    if (status == GSC_OK && !replace && access(path, F_OK) == 0) {
        status = taken(path, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    int file = open(hidden, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);
    if (file < 0) {
        return gsc_fail(error, GSC_ERR_IO, "cannot make %s: %s", path, strerror(errno));
    }
    close(file);
    gsc_run_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL) {
        unlink(hidden);
        return gsc_fail(error, GSC_ERR_MEMORY, "out of memory for the writer of %s", path);
    }
    snprintf(writer->path, sizeof writer->path, "%s", path);
    gsc_run_writer_init_sink(writer);
    writer->heartbeat_s = gsc_unix_time();
    status = build(writer, hidden, birth, error);
    if (status == GSC_OK) {
        status = settle(writer, hidden, replace, error);
    }
    if (status != GSC_OK) {
        unlink(hidden);
        gsc_run_writer_unlink_journal(hidden);
        gsc_run_writer_free(writer);
        return status;
    }
    *ret_writer = writer;
    return GSC_OK;
}

gsc_status gsc_run_writer_create_named(const char *folder, const char *stem,
                                       const gsc_run_birth *birth, gsc_run_writer **ret_writer,
                                       gsc_error *error) {
    time_t now = time(NULL);
    struct tm local;
    char stamp[32];
    localtime_r(&now, &local);
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &local);
    for (int k = 1; k <= 1000; k++) {
        char path[PATH_MAX], again[16] = "";
        if (k > 1) {
            snprintf(again, sizeof again, "-%d", k);
        }
        int used = snprintf(path, sizeof path, "%s/%s-%s%s.gsc", folder, stem, stamp, again);
        if (used < 0 || (size_t)used >= sizeof path) {
            return gsc_fail(error, GSC_ERR_INPUT, "the path %s/%s-%s.gsc is too long", folder, stem,
                            stamp);
        }
        gsc_status status = gsc_run_writer_create(path, false, birth, ret_writer, error);
        if (status != GSC_ERR_INPUT) {
            return status;
        }
    }
    return gsc_fail(error, GSC_ERR_INPUT, "a thousand runs of %s began in this second in %s", stem,
                    folder);
}
