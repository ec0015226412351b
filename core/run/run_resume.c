/* SPDX-License-Identifier: MIT
 *
 * A run file that is written on: the writer takes up the series that are there, and takes back what
 * lies beyond the point where the run goes on. Until the lab has declared its first series nothing
 * but the status has changed, and gsc_run_writer_discard brings that back too.
 *
 * Layer: core/run; SQLite.
 */
#include "core/read/process.h"
#include "core/read/run_block.h"
#include "core/read/run_schema.h"
#include "core/run/run_writer_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gsc_status fail(gsc_run_writer *writer, gsc_error *error) {
    return gsc_run_writer_fail(writer, "go on with", error);
}

static sqlite3_stmt *prepare(gsc_run_writer *writer, const char *sql) {
    sqlite3_stmt *statement = NULL;
    return sqlite3_prepare_v2(writer->database, sql, -1, &statement, NULL) == SQLITE_OK ? statement
                                                                                        : NULL;
}

static char *dup_text(sqlite3_stmt *row, int column) {
    const char *text = (const char *)sqlite3_column_text(row, column);
    return strdup(text != NULL ? text : "");
}

/* ---- What is there ---- */

static gsc_status read_series(gsc_run_writer *writer, gsc_error *error) {
    sqlite3_stmt *row = prepare(writer, "SELECT name, arm, layer FROM series ORDER BY id");
    gsc_status status = row != NULL ? GSC_OK : fail(writer, error);
    while (status == GSC_OK && sqlite3_step(row) == SQLITE_ROW) {
        gsc_writer_old *grown = realloc(writer->old, (writer->n_old + 1) * sizeof *grown);
        if (grown == NULL) {
            status =
                gsc_fail(error, GSC_ERR_MEMORY, "out of memory for the series of %s", writer->path);
            break;
        }
        writer->old = grown;
        grown[writer->n_old++] = (gsc_writer_old){
            .name = dup_text(row, 0), .arm = dup_text(row, 1), .layer = sqlite3_column_int(row, 2)};
    }
    sqlite3_finalize(row);
    writer->tails = calloc(writer->n_old + 1, sizeof *writer->tails);
    writer->tails_capacity = writer->n_old + 1;
    writer->n_tails = writer->n_old;
    writer->n_series_stored = (int32_t)writer->n_old;
    return status == GSC_OK && writer->tails == NULL
               ? gsc_fail(error, GSC_ERR_MEMORY, "out of memory for the series of %s", writer->path)
               : status;
}

static char *read_meta(gsc_run_writer *writer, const char *key) {
    sqlite3_stmt *row = prepare(writer, "SELECT value FROM meta WHERE key = ?");
    char *text = NULL;
    if (row != NULL) {
        sqlite3_bind_text(row, 1, key, -1, SQLITE_STATIC);
        text = sqlite3_step(row) == SQLITE_ROW ? dup_text(row, 0) : NULL;
    }
    sqlite3_finalize(row);
    return text;
}

/* The status is running, the process this one. */
static gsc_status take_over(gsc_run_writer *writer, gsc_error *error) {
    gsc_process self;
    gsc_process_self(&self);
    writer->old_status = read_meta(writer, GSC_META_STATUS);
    writer->old_failure = read_meta(writer, GSC_META_FAILURE);
    int code = sqlite3_exec(writer->database,
                            "BEGIN IMMEDIATE; DELETE FROM meta WHERE key = '" GSC_META_ENDED "'",
                            NULL, NULL, NULL);
    const char *const texts[][2] = {
        {GSC_META_STATUS, gsc_run_status_name(GSC_RUN_RUNNING)},
        {GSC_META_FAILURE, ""},
        {GSC_META_ACTIVITY, "going on"},
        {GSC_META_HOST, self.host},
        {GSC_META_BOOT_ID, self.boot_id},
    };
    for (size_t i = 0; code == SQLITE_OK && i < sizeof texts / sizeof texts[0]; i++) {
        code = gsc_run_writer_meta_text(writer, texts[i][0], texts[i][1]);
    }
    if (code == SQLITE_OK) {
        code = gsc_run_writer_meta_int(writer, GSC_META_PID, self.pid);
    }
    if (code == SQLITE_OK) {
        code = gsc_run_writer_meta_int(writer, GSC_META_PID_START, self.start_ticks);
    }
    if (code == SQLITE_OK) {
        code = gsc_run_writer_meta_real(writer, GSC_META_HEARTBEAT, gsc_unix_time());
    }
    if (code == SQLITE_OK) {
        code = sqlite3_exec(writer->database, "COMMIT", NULL, NULL, NULL);
    }
    return code == SQLITE_OK ? GSC_OK : fail(writer, error);
}

gsc_status gsc_run_writer_reopen(const char *path, double last_x, gsc_run_writer **ret_writer,
                                 gsc_error *error) {
    gsc_run_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "out of memory for the writer of %s", path);
    }
    snprintf(writer->path, sizeof writer->path, "%s", path);
    gsc_run_writer_init_sink(writer);
    writer->heartbeat_s = gsc_unix_time();
    writer->reopened = writer->untouched = true;
    writer->last_x = last_x;
    gsc_status status = gsc_run_writer_open_database(writer, path, error);
    if (status == GSC_OK) {
        status = read_series(writer, error);
    }
    if (status == GSC_OK) {
        status = take_over(writer, error);
    }
    if (status != GSC_OK) {
        gsc_run_writer_free(writer);
        return status;
    }
    *ret_writer = writer;
    return GSC_OK;
}

void gsc_run_writer_give_back(gsc_run_writer *writer) {
    gsc_run_writer_meta_text(writer, GSC_META_STATUS,
                             writer->old_status != NULL ? writer->old_status : "failed");
    gsc_run_writer_meta_text(writer, GSC_META_FAILURE,
                             writer->old_failure != NULL ? writer->old_failure : "");
    gsc_run_writer_meta_real(writer, GSC_META_ENDED, gsc_unix_time());
}

/* ---- Taking back what lies beyond ---- */

/* A series as it is taken back. */
typedef struct series_cut {
    gsc_run_writer *writer;
    int32_t series;
    gsc_writer_tail *tail;
} series_cut;

static int run_two(gsc_run_writer *writer, const char *sql, int32_t series, double x) {
    sqlite3_stmt *statement = prepare(writer, sql);
    if (statement == NULL) {
        return SQLITE_ERROR;
    }
    sqlite3_bind_int(statement, 1, series);
    sqlite3_bind_double(statement, 2, x);
    sqlite3_step(statement);
    return sqlite3_finalize(statement);
}

/* The points of a block that stay become rows again. */
static gsc_status unseal(series_cut *cut, int64_t first_seq, int64_t n, const void *data,
                         size_t size, gsc_error *error) {
    if (n < 1 || n > GSC_BLOCK_MAX) {
        return gsc_fail(error, GSC_ERR_IO, "%s is damaged: a block of %lld points",
                        cut->writer->path, (long long)n);
    }
    gsc_point *points = malloc((size_t)n * sizeof *points);
    gsc_status status = points != NULL
                            ? gsc_block_decode(data, size, points, (size_t)n, error)
                            : gsc_fail(error, GSC_ERR_MEMORY, "out of memory for a block");
    sqlite3_stmt *insert = cut->writer->statements[GSC_INSERT_POINT];
    for (int64_t i = 0; status == GSC_OK && i < n && points[i].x <= cut->writer->last_x; i++) {
        sqlite3_bind_int(insert, 1, cut->series);
        sqlite3_bind_int64(insert, 2, first_seq + i);
        sqlite3_bind_double(insert, 3, points[i].x);
        if (isnan(points[i].y)) {
            sqlite3_bind_null(insert, 4);
        } else {
            sqlite3_bind_double(insert, 4, points[i].y);
        }
        sqlite3_bind_int(insert, 5, points[i].replicate);
        sqlite3_step(insert);
        status = sqlite3_reset(insert) == SQLITE_OK ? GSC_OK : fail(cut->writer, error);
    }
    free(points);
    return status;
}

static gsc_status cut_blocks(series_cut *cut, gsc_error *error) {
    sqlite3_stmt *row =
        prepare(cut->writer, "SELECT first_seq, n, data FROM blocks WHERE series = ? "
                             "AND x_max > ? ORDER BY first_seq LIMIT 1");
    gsc_status status = row != NULL ? GSC_OK : fail(cut->writer, error);
    if (status == GSC_OK) {
        sqlite3_bind_int(row, 1, cut->series);
        sqlite3_bind_double(row, 2, cut->writer->last_x);
        if (sqlite3_step(row) == SQLITE_ROW) {
            status =
                unseal(cut, sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1),
                       sqlite3_column_blob(row, 2), (size_t)sqlite3_column_bytes(row, 2), error);
        }
    }
    sqlite3_finalize(row);
    return status == GSC_OK &&
                   run_two(cut->writer, "DELETE FROM blocks WHERE series = ? AND x_max > ?",
                           cut->series, cut->writer->last_x) != SQLITE_OK
               ? fail(cut->writer, error)
               : status;
}

/* The rows that stay are the tail in memory. */
static gsc_status read_tail(series_cut *cut, gsc_error *error) {
    gsc_writer_tail *tail = cut->tail;
    sqlite3_stmt *row = prepare(
        cut->writer, "SELECT x, y, replicate, seq FROM points WHERE series = ? ORDER BY seq");
    gsc_status status = row != NULL ? GSC_OK : fail(cut->writer, error);
    if (status == GSC_OK) {
        sqlite3_bind_int(row, 1, cut->series);
    }
    while (status == GSC_OK && sqlite3_step(row) == SQLITE_ROW) {
        if (tail->n == tail->capacity) {
            const size_t capacity = 2 * tail->capacity + 128;
            gsc_point *grown = realloc(tail->points, capacity * sizeof *grown);
            if (grown == NULL) {
                status = gsc_fail(error, GSC_ERR_MEMORY, "out of memory for the rows of a run");
                break;
            }
            tail->points = grown;
            tail->capacity = capacity;
        }
        const bool none = sqlite3_column_type(row, 1) == SQLITE_NULL;
        tail->points[tail->n++] = (gsc_point){.x = sqlite3_column_double(row, 0),
                                              .y = none ? NAN : sqlite3_column_double(row, 1),
                                              .replicate = sqlite3_column_int(row, 2)};
    }
    sqlite3_finalize(row);
    tail->n_stored = tail->n;
    return status;
}

/* How far the series has come: blocks, vectors, the last x of each. */
static gsc_status read_ends(series_cut *cut, gsc_error *error) {
    gsc_writer_tail *tail = cut->tail;
    sqlite3_stmt *row =
        prepare(cut->writer,
                "SELECT (SELECT coalesce(max(first_seq + n), 0) FROM blocks WHERE series = ?1),"
                " (SELECT max(x_max) FROM blocks WHERE series = ?1),"
                " (SELECT count(*) FROM vectors WHERE series = ?1),"
                " (SELECT max(x) FROM vectors WHERE series = ?1)");
    if (row == NULL) {
        return fail(cut->writer, error);
    }
    sqlite3_bind_int(row, 1, cut->series);
    gsc_status status = sqlite3_step(row) == SQLITE_ROW ? GSC_OK : fail(cut->writer, error);
    if (status == GSC_OK) {
        const bool blocks = sqlite3_column_type(row, 1) != SQLITE_NULL;
        const bool vectors = sqlite3_column_type(row, 3) != SQLITE_NULL;
        tail->first_seq = sqlite3_column_int64(row, 0);
        tail->n_vectors = sqlite3_column_int64(row, 2);
        tail->has_until = tail->n > 0 ? tail->points[tail->n - 1].x
                          : blocks    ? sqlite3_column_double(row, 1)
                                      : -INFINITY;
        tail->has_vectors_until = vectors ? sqlite3_column_double(row, 3) : -INFINITY;
    }
    sqlite3_finalize(row);
    return status;
}

static gsc_status cut_series(gsc_run_writer *writer, int32_t series, gsc_error *error) {
    series_cut cut = {.writer = writer, .series = series, .tail = &writer->tails[series]};
    gsc_status status = GSC_OK;
    if (run_two(writer, "DELETE FROM points WHERE series = ? AND x > ?", series, writer->last_x) !=
            SQLITE_OK ||
        run_two(writer, "DELETE FROM vectors WHERE series = ? AND x > ?", series, writer->last_x) !=
            SQLITE_OK) {
        status = fail(writer, error);
    }
    if (status == GSC_OK) {
        status = cut_blocks(&cut, error);
    }
    if (status == GSC_OK) {
        status = read_tail(&cut, error);
    }
    return status == GSC_OK ? read_ends(&cut, error) : status;
}

gsc_status gsc_run_writer_take_back(gsc_run_writer *writer, gsc_error *error) {
    /* What a run says of itself as a whole it will say again. */
    if (sqlite3_exec(writer->database,
                     "BEGIN IMMEDIATE; DELETE FROM results; DELETE FROM documents", NULL, NULL,
                     NULL) != SQLITE_OK) {
        return fail(writer, error);
    }
    gsc_status status = GSC_OK;
    for (size_t i = 0; status == GSC_OK && i < writer->n_old; i++) {
        status = cut_series(writer, (int32_t)i, error);
    }
    if (status == GSC_OK &&
        sqlite3_exec(writer->database, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
        status = fail(writer, error);
    }
    if (status != GSC_OK) {
        sqlite3_exec(writer->database, "ROLLBACK", NULL, NULL, NULL);
        return status;
    }
    writer->untouched = false;
    return GSC_OK;
}
