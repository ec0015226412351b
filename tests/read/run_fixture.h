/* SPDX-License-Identifier: MIT
 *
 * Run files made by hand, through SQLite and the schema alone, for tests of readers.
 */
#ifndef GSC_TESTS_READ_RUN_FIXTURE_H
#define GSC_TESTS_READ_RUN_FIXTURE_H

#include "core/read/process.h"
#include "core/read/run_block.h"
#include "core/read/run_schema.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A fresh folder; the caller prints paths into it. */
static inline const char *fixture_folder(void) {
    static char folder[] = "/tmp/gsc-test-XXXXXX";
    static int made;
    if (!made && mkdtemp(folder) == NULL) {
        perror(folder);
        exit(1);
    }
    made = 1;
    return folder;
}

static inline void fixture_exec(sqlite3 *db, const char *sql) {
    char *said = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &said) != SQLITE_OK) {
        printf("Bail out! %s: %s\n", sql, said);
        exit(1);
    }
}

static inline void fixture_meta(sqlite3 *db, const char *key, const char *sql_value) {
    char *sql = sqlite3_mprintf("INSERT OR REPLACE INTO meta VALUES(%Q, %s)", key, sql_value);
    fixture_exec(db, sql);
    sqlite3_free(sql);
}

static inline void fixture_text(sqlite3 *db, const char *key, const char *value) {
    char *quoted = sqlite3_mprintf("%Q", value);
    fixture_meta(db, key, quoted);
    sqlite3_free(quoted);
}

static inline void fixture_writer(sqlite3 *db, const gsc_process *writer, double heartbeat_s) {
    char number[64];
    fixture_text(db, GSC_META_HOST, writer->host);
    fixture_text(db, GSC_META_BOOT_ID, writer->boot_id);
    snprintf(number, sizeof(number), "%lld", (long long)writer->pid);
    fixture_meta(db, GSC_META_PID, number);
    snprintf(number, sizeof(number), "%lld", (long long)writer->start_ticks);
    fixture_meta(db, GSC_META_PID_START, number);
    snprintf(number, sizeof(number), "%.3f", heartbeat_s);
    fixture_meta(db, GSC_META_HEARTBEAT, number);
}

/* An empty run, written by this process, that says it is running. */
static inline sqlite3 *fixture_create(const char *name, char *ret_path, size_t size) {
    sqlite3 *db = NULL;
    gsc_process self;
    snprintf(ret_path, size, "%s/%s", fixture_folder(), name);
    if (sqlite3_open(ret_path, &db) != SQLITE_OK) {
        printf("Bail out! cannot make %s\n", ret_path);
        exit(1);
    }
    fixture_exec(db, GSC_RUN_PRAGMAS);
    fixture_exec(db, GSC_RUN_TABLES);
    fixture_text(db, GSC_META_STATUS, "running");
    fixture_text(db, GSC_META_TITLE, "A title, with \"quotes\"");
    fixture_text(db, GSC_META_SPEC, "{\"seed\": 7, \"theory\": {\"slope_draws\": 50}}");
    fixture_meta(db, GSC_META_SEED, "7");
    fixture_meta(db, GSC_META_STARTED, "1000.5");
    gsc_process_self(&self);
    fixture_writer(db, &self, 0);
    return db;
}

static inline void fixture_series(sqlite3 *db, int id, const char *name, const char *arm) {
    char *sql = sqlite3_mprintf(
        "INSERT INTO series VALUES(%d, %Q, %Q, 'two, fitted', 'nat', 'the \"loss\"',"
        " 'n', 'Sample size n', 'error', 'Error', -1, -0.5, 'n^{-1/2}')",
        id, name, arm);
    fixture_exec(db, sql);
    sqlite3_free(sql);
}

static inline void fixture_point(sqlite3 *db, int series, long seq, gsc_point point) {
    sqlite3_stmt *row;
    sqlite3_prepare_v2(db, "INSERT INTO points VALUES(?, ?, ?, ?, ?)", -1, &row, NULL);
    sqlite3_bind_int(row, 1, series);
    sqlite3_bind_int64(row, 2, seq);
    sqlite3_bind_double(row, 3, point.x);
    sqlite3_bind_double(row, 4, point.y);
    sqlite3_bind_int(row, 5, point.replicate);
    sqlite3_step(row);
    sqlite3_finalize(row);
}

/* Moves points [first, first + n) of a series from the tail into a block. */
static inline void fixture_seal(sqlite3 *db, int series, long first, const gsc_point *points,
                                size_t n) {
    void *data;
    size_t size;
    sqlite3_stmt *row;
    if (gsc_block_encode(points, n, &data, &size, NULL) != GSC_OK) {
        printf("Bail out! a block could not be packed\n");
        exit(1);
    }
    fixture_exec(db, "BEGIN");
    sqlite3_prepare_v2(db, "INSERT INTO blocks VALUES(?, ?, ?, 0, 0, 0, 0, ?)", -1, &row, NULL);
    sqlite3_bind_int(row, 1, series);
    sqlite3_bind_int64(row, 2, first);
    sqlite3_bind_int64(row, 3, (sqlite3_int64)n);
    sqlite3_bind_blob(row, 4, data, (int)size, SQLITE_STATIC);
    sqlite3_step(row);
    sqlite3_finalize(row);
    sqlite3_prepare_v2(db, "DELETE FROM points WHERE series = ? AND seq < ?", -1, &row, NULL);
    sqlite3_bind_int(row, 1, series);
    sqlite3_bind_int64(row, 2, first + (long)n);
    sqlite3_step(row);
    sqlite3_finalize(row);
    fixture_exec(db, "COMMIT");
    free(data);
}

#endif
