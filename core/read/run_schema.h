/* SPDX-License-Identifier: MIT
 *
 * The schema of a run file, shared by its one writer (core/run) and its readers (core/read).
 *
 * A series' points are numbered from 0 without gaps. The last ones are rows of `points`; each full
 * GSC_BLOCK_POINTS of them move, in one transaction, into one compressed row of `blocks` (run_block.h), so
 * every point is in exactly one of the two and the count of a series is
 *     max(count of blocks = max(first_seq + n), max(seq) of points + 1).
 * Numbers that are no numbers (NaN) are NULL; infinities are stored as they are. Times are Unix time in
 * seconds. The file is journal_mode=DELETE, synchronous=FULL, never WAL.
 *
 * Layer: core/read; data only.
 */
#ifndef GSC_CORE_READ_RUN_SCHEMA_H
#define GSC_CORE_READ_RUN_SCHEMA_H

/* PRAGMA application_id ("GSCR") and user_version. A reader takes any file of version 1..its own. */
#define GSC_RUN_APPLICATION_ID 0x47534352
#define GSC_RUN_FORMAT         1

enum {
    GSC_BLOCK_POINTS = 1024,       /* points in one sealed block */
    GSC_RUN_HEARTBEAT_LOST_S = 10, /* a heartbeat older than this, elsewhere: the run is lost */
};

/* The pragmas go first, on the empty file; the tables in one transaction with the first meta rows. */
#define GSC_RUN_PRAGMAS                                                                            \
    "PRAGMA application_id=0x47534352;"                                                            \
    "PRAGMA user_version=1;"                                                                       \
    "PRAGMA journal_mode=DELETE;"                                                                  \
    "PRAGMA synchronous=FULL;"                                                                     \
    "PRAGMA cache_spill=OFF;"                                                                      \
    "PRAGMA trusted_schema=OFF;"

#define GSC_RUN_TABLES                                                                             \
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"                                \
    "CREATE TABLE series(id INTEGER PRIMARY KEY, name TEXT NOT NULL, arm TEXT NOT NULL,"           \
    " title TEXT NOT NULL, unit TEXT NOT NULL, definition TEXT NOT NULL, x_name TEXT NOT NULL,"    \
    " x_title TEXT NOT NULL, panel TEXT NOT NULL, y_title TEXT NOT NULL,"                          \
    " layer INTEGER NOT NULL DEFAULT -1, bound REAL, bound_title TEXT NOT NULL DEFAULT '',"        \
    " UNIQUE(name, arm, layer));"                                                                  \
    "CREATE TABLE points(series INTEGER NOT NULL, seq INTEGER NOT NULL, x REAL, y REAL,"           \
    " replicate INTEGER NOT NULL DEFAULT -1, PRIMARY KEY(series, seq)) WITHOUT ROWID;"             \
    "CREATE TABLE blocks(series INTEGER NOT NULL, first_seq INTEGER NOT NULL, n INTEGER NOT NULL," \
    " x_min REAL, x_max REAL, y_min REAL, y_max REAL, data BLOB NOT NULL);"                        \
    "CREATE UNIQUE INDEX blocks_order ON blocks(series, first_seq);"                               \
    "CREATE TABLE vectors(series INTEGER NOT NULL, seq INTEGER NOT NULL, x REAL,"                  \
    " n INTEGER NOT NULL, data BLOB NOT NULL);"                                                    \
    "CREATE UNIQUE INDEX vectors_order ON vectors(series, seq);"                                   \
    "CREATE TABLE documents(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, arm TEXT NOT NULL,"        \
    " x REAL, replicate INTEGER NOT NULL DEFAULT -1, body TEXT NOT NULL);"                         \
    "CREATE INDEX documents_kind ON documents(kind, id);"                                          \
    "CREATE TABLE events(id INTEGER PRIMARY KEY, time REAL NOT NULL, level INTEGER NOT NULL,"      \
    " source TEXT NOT NULL, message TEXT NOT NULL);"                                               \
    "CREATE TABLE results(id INTEGER PRIMARY KEY, name TEXT NOT NULL, arm TEXT NOT NULL,"          \
    " unit TEXT NOT NULL, definition TEXT NOT NULL, value REAL, low REAL, high REAL);"

/* Keys of meta. Text unless said otherwise. */
#define GSC_META_STATUS     "status"  /* gsc_run_status_name: queued running done failed stopped */
#define GSC_META_FAILURE    "failure" /* one sentence, where status is failed */
#define GSC_META_EXPERIMENT "experiment" /* preset name, or "" */
#define GSC_META_TITLE      "title"
#define GSC_META_SPEC       "spec"    /* gsc_spec_dump */
#define GSC_META_PLUGINS    "plugins" /* JSON array of {id, kind, version, sha256} */
#define GSC_META_MACHINE                                                                           \
    "machine" /* JSON object: host, cpu, kernel path, threads, commit, version */
#define GSC_META_ACTIVITY "activity" /* "n = 5000, replicate 3 of 16" */
#define GSC_META_PROGRESS "progress" /* real, 0..1 */
#define GSC_META_SEED     "seed"     /* integer */
#define GSC_META_STARTED  "started"  /* real, Unix time */
#define GSC_META_ENDED    "ended"    /* real, Unix time; absent while running */
/* Who writes it: process.h. */
#define GSC_META_HOST      "host"
#define GSC_META_BOOT_ID   "boot_id"
#define GSC_META_PID       "pid"       /* integer */
#define GSC_META_PID_START "pid_start" /* integer, clock ticks since boot */
#define GSC_META_HEARTBEAT "heartbeat" /* real, Unix time, written every second */

#endif
