/* SPDX-License-Identifier: MIT
 *
 * The inside of gsc_run_writer, for run_writer.c, run_birth.c, run_resume.c and run_commit.c
 * only.
 *
 * Layer: core/run.
 */
#ifndef GSC_CORE_RUN_RUN_WRITER_PRIVATE_H
#define GSC_CORE_RUN_RUN_WRITER_PRIVATE_H

#include "core/run/pack.h"
#include "core/run/run_writer.h"

#include <limits.h>
#include <sqlite3.h>

/* The points of one series that are in no block yet: n of them from first_seq on, the first
 * n_stored of which are rows of the table. */
typedef struct gsc_writer_tail {
    gsc_point *points;
    size_t n, capacity, n_stored;
    int64_t first_seq;
    size_t n_sealed; /* while a transaction is open: points that went into blocks */
    int64_t n_vectors, n_new_vectors;    /* in the file; in the open transaction */
    double has_until, has_vectors_until; /* of a reopened file: x that were there */
} gsc_writer_tail;

/* The statements that are prepared once. */
typedef enum gsc_writer_statement {
    GSC_INSERT_META,
    GSC_INSERT_SERIES,
    GSC_INSERT_POINT,
    GSC_DELETE_POINTS,
    GSC_INSERT_BLOCK,
    GSC_INSERT_VECTOR,
    GSC_INSERT_DOCUMENT,
    GSC_INSERT_EVENT,
    GSC_INSERT_RESULT,
    GSC_WRITER_STATEMENTS,
} gsc_writer_statement;

/* A series that a reopened file has. */
typedef struct gsc_writer_old {
    char *name, *arm;
    int32_t layer;
} gsc_writer_old;

struct gsc_run_writer {
    gsc_sink sink; /* first: the sink is the writer */
    char path[PATH_MAX];
    char replaced[PATH_MAX]; /* where the file that was at path waits; "": there was none */
    sqlite3 *database;
    sqlite3_stmt *statements[GSC_WRITER_STATEMENTS];
    gsc_writer_tail *tails;
    size_t n_tails, tails_capacity;
    int32_t n_series_stored, n_new_series;
    gsc_pack pending; /* records other than points and progress, as frames */
    bool dirty, progress_dirty;
    char *activity;
    double progress;
    double heartbeat_s;  /* of the last commit */
    double busy_since_s; /* a reader has held the file since; 0: no */

    bool reopened, untouched; /* untouched: nothing was taken back yet */
    double last_x;
    gsc_writer_old *old;
    size_t n_old;
    int32_t *declared; /* [n_declared] the series that each declaration of a reopened file meant */
    size_t n_declared;
    char *old_status, *old_failure;
};

/* Removes path-journal. */
void gsc_run_writer_unlink_journal(const char *path);
void gsc_run_writer_init_sink(gsc_run_writer *writer);
/* Opens the database in file, which is not yet at writer->path at birth, and prepares the
 * statements. */
gsc_status gsc_run_writer_open_database(gsc_run_writer *writer, const char *file, gsc_error *error);
void gsc_run_writer_close_database(gsc_run_writer *writer);
/* Writes rows of meta in the open transaction; SQLite's code. */
int gsc_run_writer_meta_text(gsc_run_writer *writer, const char *key, const char *value);
int gsc_run_writer_meta_real(gsc_run_writer *writer, const char *key, double value);
int gsc_run_writer_meta_int(gsc_run_writer *writer, const char *key, int64_t value);
/* One sentence from SQLite's last error: a full disk, a folder without leave to write. */
gsc_status gsc_run_writer_fail(gsc_run_writer *writer, const char *doing, gsc_error *error);

/* run_resume.c: the rows beyond last_x go; the status as it was. */
gsc_status gsc_run_writer_take_back(gsc_run_writer *writer, gsc_error *error);
void gsc_run_writer_give_back(gsc_run_writer *writer);

double gsc_unix_time(void);

#endif
