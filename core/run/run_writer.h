/* SPDX-License-Identifier: MIT
 *
 * The one writer of a run file. It is a sink: rows gather in memory, and gsc_run_writer_commit puts
 * them into the file in one transaction, which either is there whole or not at all. The schema
 * stands in core/read/run_schema.h.
 *
 * A file is complete from its first moment under its name, and an existing one is never overwritten
 * unless that was asked for.
 *
 * Layer: core/run; SQLite. One thread.
 */
#ifndef GSC_CORE_RUN_RUN_WRITER_H
#define GSC_CORE_RUN_RUN_WRITER_H

#include "core/base/error.h"
#include "core/read/run_file.h"
#include "core/run/sink.h"

#include <stdbool.h>
#include <stdint.h>

/* What a run knows of itself at birth. Strings are borrowed for the call. */
typedef struct gsc_run_birth {
    const char *experiment; /* preset name, or "" */
    const char *title;
    const char *spec;    /* JSON, whole */
    const char *plugins; /* JSON array of {id, kind, version, sha256} */
    const char *machine; /* JSON object, see machine.h */
    uint64_t seed;
} gsc_run_birth;

typedef struct gsc_run_writer gsc_run_writer;

/* Makes the file, status running. path must not exist (GSC_ERR_INPUT), unless replace. */
gsc_status gsc_run_writer_create(const char *path, bool replace, const gsc_run_birth *birth,
                                 gsc_run_writer **ret_writer, gsc_error *error);

/* The same as folder/STEM-YYYYMMDD-HHMMSS.gsc, with -2, -3, … where that is taken. */
gsc_status gsc_run_writer_create_named(const char *folder, const char *stem,
                                       const gsc_run_birth *birth, gsc_run_writer **ret_writer,
                                       gsc_error *error);

/* Goes on with an existing file at x = last_x: status running. With the first series that the lab
 * declares, points and vectors beyond last_x, results and documents are taken back; the lab then
 * declares its series again and tells what it tells anew, and points and vectors at an x that their
 * series already has are left out. For series whose x never falls. */
gsc_status gsc_run_writer_reopen(const char *path, double last_x, gsc_run_writer **ret_writer,
                                 gsc_error *error);

/* Closes the file as it stands. Where it replaced another, that one is gone now. */
void gsc_run_writer_free(gsc_run_writer *writer);

/* Takes the file away again, as if it had never been made, brings back the one that it replaced,
 * and frees: for a run that was refused before it began. A reopened file has its status again. */
void gsc_run_writer_discard(gsc_run_writer *writer);

const char *gsc_run_writer_path(const gsc_run_writer *writer);

/* Valid as long as the writer. A series handle is the number of series declared before it. */
gsc_sink *gsc_run_writer_sink(gsc_run_writer *writer);

/* Commits what has gathered, and a heartbeat where the last is a second old; does nothing where
 * there is neither. While a reader holds the file longer than two seconds the rows stay in memory
 * and the next commit takes them; after a minute of that, or on a full disk, GSC_ERR_IO. */
gsc_status gsc_run_writer_commit(gsc_run_writer *writer, gsc_error *error);

/* Commits the rest with the final status (done, failed or stopped) and, for failed, its sentence. */
gsc_status gsc_run_writer_finish(gsc_run_writer *writer, gsc_run_status status, const char *failure,
                                 gsc_error *error);

#endif
