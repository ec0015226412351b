/* SPDX-License-Identifier: MIT
 *
 * From memory into the file: one transaction for everything that gathered. The pending records are
 * frames, replayed here onto the statements, so that a commit that a reader held up is simply done
 * again.
 *
 * Layer: core/run; SQLite.
 */
#include "core/read/run_block.h"
#include "core/read/run_schema.h"
#include "core/run/record.h"
#include "core/run/run_writer_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double heartbeat_every_s = 1, busy_limit_s = 60;

static const char *const statement_text[GSC_WRITER_STATEMENTS] = {
    [GSC_INSERT_META] = "INSERT OR REPLACE INTO meta(key, value) VALUES(?,?)",
    [GSC_INSERT_SERIES] =
        "INSERT INTO series(id, name, arm, title, unit, definition, x_name, x_title, panel, y_title,"
        " layer, bound, bound_title) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [GSC_INSERT_POINT] = "INSERT INTO points(series, seq, x, y, replicate) VALUES(?,?,?,?,?)",
    [GSC_DELETE_POINTS] = "DELETE FROM points WHERE series = ? AND seq >= ? AND seq < ?",
    [GSC_INSERT_BLOCK] =
        "INSERT INTO blocks(series, first_seq, n, x_min, x_max, y_min, y_max, data)"
        " VALUES(?,?,?,?,?,?,?,?)",
    [GSC_INSERT_VECTOR] = "INSERT INTO vectors(series, seq, x, n, data) VALUES(?,?,?,?,?)",
    [GSC_INSERT_DOCUMENT] =
        "INSERT INTO documents(kind, arm, x, replicate, body) VALUES(?,?,?,?,?)",
    [GSC_INSERT_EVENT] = "INSERT INTO events(time, level, source, message) VALUES(?,?,?,?)",
    [GSC_INSERT_RESULT] = "INSERT INTO results(name, arm, unit, definition, value, low, high)"
                          " VALUES(?,?,?,?,?,?,?)",
};

gsc_status gsc_run_writer_fail(gsc_run_writer *writer, const char *doing, gsc_error *error) {
    int code = writer->database == NULL ? SQLITE_NOMEM : sqlite3_errcode(writer->database);
    const char *reason = writer->database == NULL ? "out of memory"
                         : code == SQLITE_FULL    ? "the disk is full"
                         : code == SQLITE_READONLY || code == SQLITE_CANTOPEN
                             ? "the file or its folder cannot be written"
                             : sqlite3_errmsg(writer->database);
    return gsc_fail(error, GSC_ERR_IO, "cannot %s %s: %s", doing, writer->path, reason);
}

gsc_status gsc_run_writer_open_database(gsc_run_writer *writer, const char *file,
                                        gsc_error *error) {
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(file, &writer->database, flags, NULL) != SQLITE_OK ||
        sqlite3_busy_timeout(writer->database, 2000) != SQLITE_OK ||
        sqlite3_exec(writer->database,
                     "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL;"
                     "PRAGMA cache_spill=OFF; PRAGMA trusted_schema=OFF",
                     NULL, NULL, NULL) != SQLITE_OK) {
        return gsc_run_writer_fail(writer, "open", error);
    }
    for (int i = 0; i < GSC_WRITER_STATEMENTS; i++) {
        if (sqlite3_prepare_v3(writer->database, statement_text[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &writer->statements[i], NULL) != SQLITE_OK) {
            return gsc_run_writer_fail(writer, "write", error);
        }
    }
    return GSC_OK;
}

void gsc_run_writer_close_database(gsc_run_writer *writer) {
    for (int i = 0; i < GSC_WRITER_STATEMENTS; i++) {
        sqlite3_finalize(writer->statements[i]);
        writer->statements[i] = NULL;
    }
    sqlite3_close(writer->database);
    writer->database = NULL;
}

/* NaN is NULL in the file. */
static void bind_real(sqlite3_stmt *statement, int at, double value) {
    if (isnan(value)) {
        sqlite3_bind_null(statement, at);
    } else {
        sqlite3_bind_double(statement, at, value);
    }
}

static void bind_text(sqlite3_stmt *statement, int at, const char *text) {
    sqlite3_bind_text(statement, at, text == NULL ? "" : text, -1, SQLITE_STATIC);
}

static int step(sqlite3_stmt *statement) {
    sqlite3_step(statement);
    return sqlite3_reset(statement);
}

int gsc_run_writer_meta_text(gsc_run_writer *writer, const char *key, const char *value) {
    sqlite3_stmt *statement = writer->statements[GSC_INSERT_META];
    bind_text(statement, 1, key);
    bind_text(statement, 2, value);
    return step(statement);
}

int gsc_run_writer_meta_real(gsc_run_writer *writer, const char *key, double value) {
    sqlite3_stmt *statement = writer->statements[GSC_INSERT_META];
    bind_text(statement, 1, key);
    bind_real(statement, 2, value);
    return step(statement);
}

int gsc_run_writer_meta_int(gsc_run_writer *writer, const char *key, int64_t value) {
    sqlite3_stmt *statement = writer->statements[GSC_INSERT_META];
    bind_text(statement, 1, key);
    sqlite3_bind_int64(statement, 2, value);
    return step(statement);
}

/* ---- Replaying the pending records: a sink onto the statements ------------------------------- */
typedef struct store {
    gsc_sink sink;
    gsc_run_writer *writer;
} store;

static gsc_status checked(gsc_run_writer *writer, int code, gsc_error *error) {
    return code == SQLITE_OK ? GSC_OK : gsc_run_writer_fail(writer, "write", error);
}

static gsc_status store_series(gsc_sink *self, const gsc_series_info *info, int32_t *ret_series,
                               gsc_error *error) {
    gsc_run_writer *writer = ((store *)self)->writer;
    sqlite3_stmt *statement = writer->statements[GSC_INSERT_SERIES];
    *ret_series = writer->n_series_stored + writer->n_new_series++;
    sqlite3_bind_int(statement, 1, *ret_series);
    bind_text(statement, 2, info->name);
    bind_text(statement, 3, info->arm);
    bind_text(statement, 4, info->title);
    bind_text(statement, 5, info->unit);
    bind_text(statement, 6, info->definition);
    bind_text(statement, 7, info->x_name);
    bind_text(statement, 8, info->x_title);
    bind_text(statement, 9, info->panel);
    bind_text(statement, 10, info->y_title);
    sqlite3_bind_int(statement, 11, info->layer);
    bind_real(statement, 12, info->bound);
    bind_text(statement, 13, info->bound_title);
    return checked(writer, step(statement), error);
}

static gsc_status store_vector(gsc_sink *self, int32_t series, double x, const float *values,
                               size_t n, gsc_error *error) {
    gsc_run_writer *writer = ((store *)self)->writer;
    gsc_writer_tail *tail = &writer->tails[series];
    void *data;
    size_t size;
    gsc_status status = gsc_vector_encode(values, n, &data, &size, error);
    if (status != GSC_OK) {
        return status;
    }
    sqlite3_stmt *statement = writer->statements[GSC_INSERT_VECTOR];
    sqlite3_bind_int(statement, 1, series);
    sqlite3_bind_int64(statement, 2, tail->n_vectors + tail->n_new_vectors++);
    bind_real(statement, 3, x);
    sqlite3_bind_int64(statement, 4, (int64_t)n);
    sqlite3_bind_blob64(statement, 5, data, size, SQLITE_STATIC);
    int code = step(statement);
    free(data);
    return checked(writer, code, error);
}

static gsc_status store_document(gsc_sink *self, const char *kind, const char *arm, double x,
                                 int32_t replicate, const char *json, gsc_error *error) {
    gsc_run_writer *writer = ((store *)self)->writer;
    sqlite3_stmt *statement = writer->statements[GSC_INSERT_DOCUMENT];
    bind_text(statement, 1, kind);
    bind_text(statement, 2, arm);
    bind_real(statement, 3, x);
    sqlite3_bind_int(statement, 4, replicate);
    bind_text(statement, 5, json);
    return checked(writer, step(statement), error);
}

static gsc_status store_event(gsc_sink *self, gsc_event_level level, const char *source,
                              const char *message, gsc_error *error) {
    gsc_run_writer *writer = ((store *)self)->writer;
    sqlite3_stmt *statement = writer->statements[GSC_INSERT_EVENT];
    sqlite3_bind_double(statement, 1, gsc_unix_time());
    sqlite3_bind_int(statement, 2, (int)level);
    bind_text(statement, 3, source);
    bind_text(statement, 4, message);
    return checked(writer, step(statement), error);
}

static gsc_status store_result(gsc_sink *self, const gsc_result *result, gsc_error *error) {
    gsc_run_writer *writer = ((store *)self)->writer;
    sqlite3_stmt *statement = writer->statements[GSC_INSERT_RESULT];
    bind_text(statement, 1, result->name);
    bind_text(statement, 2, result->arm);
    bind_text(statement, 3, result->unit);
    bind_text(statement, 4, result->definition);
    bind_real(statement, 5, result->value);
    bind_real(statement, 6, result->low);
    bind_real(statement, 7, result->high);
    return checked(writer, step(statement), error);
}

static gsc_status store_pending(gsc_run_writer *writer, gsc_error *error) {
    store target = {.sink = {.series = store_series,
                             .vector = store_vector,
                             .document = store_document,
                             .event = store_event,
                             .result = store_result},
                    .writer = writer};
    gsc_frame_reader reader = {.buffer = writer->pending};
    gsc_frame frame;
    bool found;
    gsc_status status;
    while ((status = gsc_frame_reader_next(&reader, &frame, &found, error)) == GSC_OK && found) {
        status = gsc_record_deliver(&frame, &target.sink, error);
        if (status != GSC_OK) {
            return status;
        }
    }
    return status;
}

/* ---- Points ---------------------------------------------------------------------------------- */
static void widen(double value, double *low, double *high) {
    if (isfinite(value)) {
        *low = isnan(*low) || value < *low ? value : *low;
        *high = isnan(*high) || value > *high ? value : *high;
    }
}

static gsc_status seal_block(gsc_run_writer *writer, int32_t series, const gsc_point *points,
                             int64_t first_seq, gsc_error *error) {
    double x_low = NAN, x_high = NAN, y_low = NAN, y_high = NAN;
    for (size_t i = 0; i < GSC_BLOCK_POINTS; i++) {
        widen(points[i].x, &x_low, &x_high);
        widen(points[i].y, &y_low, &y_high);
    }
    void *data;
    size_t size;
    gsc_status status = gsc_block_encode(points, GSC_BLOCK_POINTS, &data, &size, error);
    if (status != GSC_OK) {
        return status;
    }
    sqlite3_stmt *statement = writer->statements[GSC_INSERT_BLOCK];
    sqlite3_bind_int(statement, 1, series);
    sqlite3_bind_int64(statement, 2, first_seq);
    sqlite3_bind_int(statement, 3, GSC_BLOCK_POINTS);
    bind_real(statement, 4, x_low);
    bind_real(statement, 5, x_high);
    bind_real(statement, 6, y_low);
    bind_real(statement, 7, y_high);
    sqlite3_bind_blob64(statement, 8, data, size, SQLITE_STATIC);
    int code = step(statement);
    free(data);
    return checked(writer, code, error);
}

static gsc_status store_points(gsc_run_writer *writer, int32_t series, gsc_error *error) {
    gsc_writer_tail *tail = &writer->tails[series];
    gsc_status status = GSC_OK;
    size_t sealed = 0;
    for (; status == GSC_OK && tail->n - sealed >= GSC_BLOCK_POINTS; sealed += GSC_BLOCK_POINTS) {
        status = seal_block(writer, series, tail->points + sealed,
                            tail->first_seq + (int64_t)sealed, error);
    }
    if (status == GSC_OK && sealed > 0 && tail->n_stored > 0) {
        sqlite3_stmt *statement = writer->statements[GSC_DELETE_POINTS];
        sqlite3_bind_int(statement, 1, series);
        sqlite3_bind_int64(statement, 2, tail->first_seq);
        sqlite3_bind_int64(statement, 3, tail->first_seq + (int64_t)sealed);
        status = checked(writer, step(statement), error);
    }
    sqlite3_stmt *statement = writer->statements[GSC_INSERT_POINT];
    size_t first = tail->n_stored > sealed ? tail->n_stored : sealed;
    for (size_t i = first; status == GSC_OK && i < tail->n; i++) {
        sqlite3_bind_int(statement, 1, series);
        sqlite3_bind_int64(statement, 2, tail->first_seq + (int64_t)i);
        bind_real(statement, 3, tail->points[i].x);
        bind_real(statement, 4, tail->points[i].y);
        sqlite3_bind_int(statement, 5, tail->points[i].replicate);
        status = checked(writer, step(statement), error);
    }
    tail->n_sealed = sealed;
    return status;
}

/* ---- Commit ---------------------------------------------------------------------------------- */
static gsc_status store_all(gsc_run_writer *writer, double now_s, gsc_error *error) {
    writer->n_new_series = 0;
    for (size_t i = 0; i < writer->n_tails; i++) {
        writer->tails[i].n_new_vectors = 0;
    }
    gsc_status status = store_pending(writer, error);
    for (size_t i = 0; status == GSC_OK && writer->dirty && i < writer->n_tails; i++) {
        status = store_points(writer, (int32_t)i, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    int code = gsc_run_writer_meta_real(writer, GSC_META_HEARTBEAT, now_s);
    if (code == SQLITE_OK && writer->progress_dirty) {
        code = gsc_run_writer_meta_real(writer, GSC_META_PROGRESS, writer->progress);
    }
    if (code == SQLITE_OK && writer->progress_dirty && writer->activity != NULL) {
        code = gsc_run_writer_meta_text(writer, GSC_META_ACTIVITY, writer->activity);
    }
    return checked(writer, code, error);
}

/* What was in memory only is now in the file. */
static void forget_stored(gsc_run_writer *writer, double now_s) {
    for (size_t i = 0; i < writer->n_tails; i++) {
        gsc_writer_tail *tail = &writer->tails[i];
        tail->n -= tail->n_sealed;
        tail->first_seq += (int64_t)tail->n_sealed;
        if (tail->n_sealed > 0) {
            memmove(tail->points, tail->points + tail->n_sealed, tail->n * sizeof *tail->points);
        }
        tail->n_sealed = 0;
        tail->n_stored = tail->n;
        tail->n_vectors += tail->n_new_vectors;
        tail->n_new_vectors = 0;
    }
    writer->n_series_stored += writer->n_new_series;
    writer->n_new_series = 0;
    writer->pending.size = 0;
    writer->dirty = writer->progress_dirty = false;
    writer->heartbeat_s = now_s;
    writer->busy_since_s = 0;
}

/* A reader may hold the file for a while: then GSC_OK and everything stays in memory. */
static gsc_status roll_back(gsc_run_writer *writer, int code, double now_s, gsc_status failed,
                            gsc_error *error) {
    sqlite3_exec(writer->database, "ROLLBACK", NULL, NULL, NULL);
    for (size_t i = 0; i < writer->n_tails; i++) {
        writer->tails[i].n_sealed = 0;
    }
    if ((code & 0xff) != SQLITE_BUSY) {
        return failed;
    }
    writer->busy_since_s = writer->busy_since_s > 0 ? writer->busy_since_s : now_s;
    return now_s - writer->busy_since_s > busy_limit_s ? failed : GSC_OK;
}

static gsc_status commit(gsc_run_writer *writer, gsc_run_status final, const char *failure,
                         gsc_error *error) {
    double now_s = gsc_unix_time();
    gsc_status status = GSC_OK;
    if (sqlite3_exec(writer->database, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK) {
        status = gsc_run_writer_fail(writer, "write", error);
        return roll_back(writer, sqlite3_errcode(writer->database), now_s, status, error);
    }
    status = store_all(writer, now_s, error);
    if (status == GSC_OK && final != GSC_RUN_RUNNING) {
        int code = gsc_run_writer_meta_text(writer, GSC_META_STATUS, gsc_run_status_name(final));
        code =
            code != SQLITE_OK ? code : gsc_run_writer_meta_text(writer, GSC_META_FAILURE, failure);
        code = code != SQLITE_OK ? code : gsc_run_writer_meta_real(writer, GSC_META_ENDED, now_s);
        status = checked(writer, code, error);
    }
    if (status == GSC_OK &&
        sqlite3_exec(writer->database, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
        status = gsc_run_writer_fail(writer, "write", error);
    }
    if (status != GSC_OK) {
        return roll_back(writer, sqlite3_errcode(writer->database), now_s, status, error);
    }
    forget_stored(writer, now_s);
    return GSC_OK;
}

gsc_status gsc_run_writer_commit(gsc_run_writer *writer, gsc_error *error) {
    if (writer->pending.failed) {
        return gsc_fail(error, GSC_ERR_MEMORY, "out of memory for the rows of %s", writer->path);
    }
    bool rows = writer->dirty || writer->progress_dirty || writer->pending.size > 0;
    if (!rows && gsc_unix_time() - writer->heartbeat_s < heartbeat_every_s) {
        return GSC_OK;
    }
    return commit(writer, GSC_RUN_RUNNING, "", error);
}

/* Rows that the file does not take are given up, so that at least the end of the run is told. */
static void give_up_rows(gsc_run_writer *writer) {
    writer->pending.size = 0;
    writer->pending.failed = false;
    writer->dirty = writer->progress_dirty = false;
    for (size_t i = 0; i < writer->n_tails; i++) {
        writer->tails[i].n = writer->tails[i].n_stored;
    }
}

gsc_status gsc_run_writer_finish(gsc_run_writer *writer, gsc_run_status status, const char *failure,
                                 gsc_error *error) {
    gsc_status committed;
    do {
        committed = commit(writer, status, failure == NULL ? "" : failure, error);
    } while (committed == GSC_OK && writer->busy_since_s > 0);
    if (committed != GSC_OK) {
        gsc_error first = {0};
        const char *why = error != NULL ? error->message : "rows could not be written";
        give_up_rows(writer);
        commit(writer, GSC_RUN_FAILED, failure == NULL || failure[0] == '\0' ? why : failure,
               &first);
    }
    return committed;
}
