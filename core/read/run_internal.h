/* SPDX-License-Identifier: MIT
 *
 * What the files of the run reader share: the connection, and one consistent picture of the file.
 *
 * Layer: core/read, private.
 */
#ifndef GSC_CORE_READ_RUN_INTERNAL_H
#define GSC_CORE_READ_RUN_INTERNAL_H

#include "core/read/process.h"
#include "core/read/run_file.h"

#include <sqlite3.h>

typedef struct run_series {
    gsc_series_info info;
    int64_t id, count;
} run_series;

/* Everything that one poll read; replaced as a whole. Strings belong to it. */
typedef struct run_state {
    gsc_run_info info;
    run_series *series;
    size_t n_series;
    gsc_result *results;
    size_t n_results;
    int64_t last_document, last_event; /* largest ids */
    double heartbeat_s;
    char **strings;
    size_t n_strings;
} run_state;

struct gsc_run {
    sqlite3 *db;
    sqlite3_stmt *version; /* PRAGMA data_version */
    sqlite3_stmt *block, *tail;
    char *path, *name;
    int64_t data_version;
    double looked_s; /* monotonic time of the last look at the writer's process */
    run_state state;
};

/* Reads the whole state in one read transaction; leaves *ret_state untouched on failure. */
gsc_status gsc_run_state_load(gsc_run *run, run_state *ret_state, gsc_error *error);
void gsc_run_state_clear(run_state *state);
/* True where a reader could tell the two apart (the heartbeat is no news). */
bool gsc_run_state_differs(const run_state *a, const run_state *b);
/* Turns "running" into GSC_RUN_LOST, with its sentence, where the writer is gone. */
void gsc_run_state_look(run_state *state);

/* One sentence about what SQLite said: "FILE is damaged: ...". */
gsc_status gsc_run_fail(const gsc_run *run, gsc_error *error);
gsc_status gsc_run_prepare(gsc_run *run, const char *sql, sqlite3_stmt **ret_statement,
                           gsc_error *error);

#endif
