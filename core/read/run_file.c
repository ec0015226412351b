/* SPDX-License-Identifier: MIT
 *
 * Opening, polling and reading a run file. Statements are always reset before a function returns, so that no
 * reader keeps the writer waiting.
 *
 * Layer: core/read.
 */
#include "core/read/run_file.h"

#include "core/read/run_block.h"
#include "core/read/run_internal.h"
#include "core/read/run_schema.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* One read holds the file for at most so many points: a few milliseconds. */
enum {
    BUSY_MS = 2000,
    SLICE_POINTS = 32 * GSC_BLOCK_POINTS
};

static double monotonic_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

gsc_status gsc_run_fail(const gsc_run *run, gsc_error *error) {
    int code = sqlite3_errcode(run->db) & 0xff;
    const char *said = sqlite3_errmsg(run->db);
    switch (code) {
    case SQLITE_NOTADB:
        return gsc_fail(error, GSC_ERR_IO, "%s is not a run file: it is not SQLite", run->path);
    case SQLITE_CORRUPT:
        return gsc_fail(error, GSC_ERR_IO, "%s is damaged: %s", run->path, said);
    case SQLITE_BUSY:
        return gsc_fail(error, GSC_ERR_SYSTEM, "%s is held by another program: %s", run->path,
                        said);
    case SQLITE_ERROR:
        return gsc_fail(error, GSC_ERR_IO, "%s lacks a part of a run file: %s", run->path, said);
    case SQLITE_READONLY:
        return gsc_fail(error, GSC_ERR_SYSTEM,
                        "%s has an unfinished write that can be undone only where its folder is "
                        "writable; copy it together with its -journal file",
                        run->path);
    default:
        return gsc_fail(error, GSC_ERR_SYSTEM, "%s cannot be read: %s", run->path, said);
    }
}

gsc_status gsc_run_prepare(gsc_run *run, const char *sql, sqlite3_stmt **ret_statement,
                           gsc_error *error) {
    if (sqlite3_prepare_v2(run->db, sql, -1, ret_statement, NULL) != SQLITE_OK) {
        return gsc_run_fail(run, error);
    }
    return GSC_OK;
}

static gsc_status read_number(gsc_run *run, const char *sql, int64_t *ret_number,
                              gsc_error *error) {
    sqlite3_stmt *row;
    gsc_status status = gsc_run_prepare(run, sql, &row, error);
    if (status != GSC_OK) {
        return status;
    }
    if (sqlite3_step(row) == SQLITE_ROW) {
        *ret_number = sqlite3_column_int64(row, 0);
    } else {
        status = gsc_run_fail(run, error);
    }
    sqlite3_finalize(row);
    return status;
}

/* ---- Opening ---- */

static bool folder_is_writable(const char *path) {
    const char *slash = strrchr(path, '/');
    char folder[4096];
    if (slash == NULL) {
        return access(".", W_OK) == 0;
    }
    snprintf(folder, sizeof(folder), "%.*s", slash == path ? 1 : (int)(slash - path), path);
    return access(folder, W_OK) == 0;
}

static gsc_status connect(gsc_run *run, gsc_error *error) {
    struct stat info;
    if (stat(run->path, &info) != 0) {
        return gsc_fail(error, GSC_ERR_IO, "%s cannot be read: %s", run->path, strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return gsc_fail(error, GSC_ERR_IO, "%s is not a run file: it is not a file", run->path);
    }
    if (access(run->path, R_OK) != 0) {
        return gsc_fail(error, GSC_ERR_SYSTEM, "%s cannot be read: %s; allow reading it", run->path,
                        strerror(errno));
    }
    /* Read-write, so that the journal of a killed writer is rolled back; query_only keeps us readers. */
    bool writable = access(run->path, W_OK) == 0 && folder_is_writable(run->path);
    int flags = (writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(run->path, &run->db, flags, NULL) != SQLITE_OK) {
        return run->db != NULL ? gsc_run_fail(run, error)
                               : gsc_fail(error, GSC_ERR_MEMORY, "no memory for %s", run->path);
    }
    sqlite3_db_config(run->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(run->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_limit(run->db, SQLITE_LIMIT_LENGTH, 256 << 20);
    sqlite3_busy_timeout(run->db, BUSY_MS);
    if (sqlite3_exec(run->db, "PRAGMA query_only=ON; PRAGMA cell_size_check=ON;", NULL, NULL,
                     NULL) != SQLITE_OK) {
        return gsc_run_fail(run, error);
    }
    return GSC_OK;
}

static gsc_status check_format(gsc_run *run, gsc_error *error) {
    int64_t application = 0, format = 0;
    gsc_status status = read_number(run, "PRAGMA application_id", &application, error);
    if (status == GSC_OK) {
        status = read_number(run, "PRAGMA user_version", &format, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    if (application != GSC_RUN_APPLICATION_ID) {
        return gsc_fail(error, GSC_ERR_IO, "%s is not a run file: it is %s", run->path,
                        application == 0 && format == 0 ? "empty or another program's SQLite file"
                                                        : "another program's SQLite file");
    }
    if (format < 1 || format > GSC_RUN_FORMAT) {
        return gsc_fail(
            error, GSC_ERR_IO,
            "%s has run file format %lld; this version reads 1 to %d, a newer one is needed",
            run->path, (long long)format, GSC_RUN_FORMAT);
    }
    return GSC_OK;
}

static char *dup_name(const char *path) {
    const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
    size_t length = strlen(base);
    if (length > 4 && strcmp(base + length - 4, ".gsc") == 0) {
        length -= 4;
    }
    return strndup(base, length);
}

static gsc_status read_version(gsc_run *run, int64_t *ret_version, gsc_error *error) {
    int code = sqlite3_step(run->version);
    if (code == SQLITE_ROW) {
        *ret_version = sqlite3_column_int64(run->version, 0);
    }
    gsc_status status = code == SQLITE_ROW ? GSC_OK : gsc_run_fail(run, error);
    sqlite3_reset(run->version);
    return status;
}

static gsc_status open_run(gsc_run *run, gsc_error *error) {
    gsc_status status = connect(run, error);
    if (status == GSC_OK) {
        status = check_format(run, error);
    }
    if (status == GSC_OK) {
        status = gsc_run_prepare(run, "PRAGMA data_version", &run->version, error);
    }
    if (status == GSC_OK) {
        status = read_version(run, &run->data_version, error);
    }
    if (status == GSC_OK) {
        status = gsc_run_state_load(run, &run->state, error);
    }
    if (status == GSC_OK) {
        gsc_run_state_look(&run->state);
        run->looked_s = monotonic_s();
    }
    return status;
}

gsc_status gsc_run_open(const char *path, gsc_run **ret_run, gsc_error *error) {
    gsc_run *run = calloc(1, sizeof(*run));
    if (run != NULL) {
        run->path = strdup(path);
        run->name = dup_name(path);
    }
    if (run == NULL || run->path == NULL || run->name == NULL) {
        gsc_run_close(run);
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory to open %s", path);
    }
    gsc_status status = open_run(run, error);
    if (status != GSC_OK) {
        gsc_run_close(run);
        return status;
    }
    *ret_run = run;
    return GSC_OK;
}

void gsc_run_close(gsc_run *run) {
    if (run == NULL) {
        return;
    }
    sqlite3_finalize(run->version);
    sqlite3_finalize(run->block);
    sqlite3_finalize(run->tail);
    sqlite3_close(run->db);
    gsc_run_state_clear(&run->state);
    free(run->path);
    free(run->name);
    free(run);
}

/* ---- Polling ---- */

gsc_status gsc_run_poll(gsc_run *run, bool *ret_changed, gsc_error *error) {
    int64_t version = 0;
    gsc_status status = read_version(run, &version, error);
    if (status != GSC_OK) {
        return status;
    }
    bool changed = false;
    double now_s = monotonic_s();
    if (version != run->data_version) {
        run_state state;
        status = gsc_run_state_load(run, &state, error);
        if (status != GSC_OK) {
            return status;
        }
        gsc_run_state_look(&state);
        changed = gsc_run_state_differs(&state, &run->state);
        gsc_run_state_clear(&run->state);
        run->state = state;
        run->data_version = version;
        run->looked_s = now_s;
    } else if (run->state.info.status == GSC_RUN_RUNNING && now_s - run->looked_s >= 1) {
        gsc_run_state_look(&run->state);
        changed = run->state.info.status != GSC_RUN_RUNNING;
        run->looked_s = now_s;
    }
    *ret_changed = changed;
    return GSC_OK;
}

const gsc_run_info *gsc_run_get_info(const gsc_run *run) {
    return &run->state.info;
}

size_t gsc_run_series_count(const gsc_run *run) {
    return run->state.n_series;
}

const gsc_series_info *gsc_run_series(const gsc_run *run, size_t series) {
    return &run->state.series[series].info;
}

int64_t gsc_run_points_count(const gsc_run *run, size_t series) {
    return run->state.series[series].count;
}

size_t gsc_run_results_count(const gsc_run *run) {
    return run->state.n_results;
}

const gsc_result *gsc_run_result(const gsc_run *run, size_t result) {
    return &run->state.results[result];
}

/* ---- Points ---- */

/* The statements of points, made when points are first asked for: most files are only looked at. */
static gsc_status prepare_points(gsc_run *run, gsc_error *error) {
    static const char block[] = "SELECT first_seq, n, data FROM blocks WHERE series = ?1 AND"
                                " first_seq <= ?2 ORDER BY first_seq DESC LIMIT 1";
    static const char tail[] = "SELECT seq, x, y, replicate FROM points WHERE series = ?1 AND"
                               " seq >= ?2 ORDER BY seq LIMIT ?3";
    gsc_status status = GSC_OK;
    if (run->block == NULL) {
        status = gsc_run_prepare(run, block, &run->block, error);
    }
    if (status == GSC_OK && run->tail == NULL) {
        status = gsc_run_prepare(run, tail, &run->tail, error);
    }
    return status;
}

/* Copies what the block that covers seq has of it; *ret_count is 0 where no block covers it. */
static gsc_status read_block(gsc_run *run, int64_t id, int64_t seq, gsc_point *points,
                             size_t capacity, size_t *ret_count, gsc_error *error) {
    sqlite3_stmt *row = run->block;
    gsc_status status = GSC_OK;
    *ret_count = 0;
    sqlite3_bind_int64(row, 1, id);
    sqlite3_bind_int64(row, 2, seq);
    int code = sqlite3_step(row);
    if (code != SQLITE_ROW) {
        status = code == SQLITE_DONE ? GSC_OK : gsc_run_fail(run, error);
        sqlite3_reset(row);
        return status;
    }
    int64_t first = sqlite3_column_int64(row, 0), n = sqlite3_column_int64(row, 1);
    if (n > 0 && n <= GSC_BLOCK_MAX && first >= 0 && seq - first < n) {
        gsc_point *block = malloc((size_t)n * sizeof(*block));
        status = block == NULL ? gsc_fail(error, GSC_ERR_MEMORY, "no memory for a block of points")
                               : gsc_block_decode(sqlite3_column_blob(row, 2),
                                                  (size_t)sqlite3_column_bytes(row, 2), block,
                                                  (size_t)n, error);
        if (status == GSC_OK) {
            size_t skip = (size_t)(seq - first), have = (size_t)n - skip;
            *ret_count = have < capacity ? have : capacity;
            memcpy(points, block + skip, *ret_count * sizeof(*points));
        }
        free(block);
    }
    sqlite3_reset(row);
    return status;
}

static gsc_status read_tail(gsc_run *run, int64_t id, int64_t seq, gsc_point *points,
                            size_t capacity, size_t *ret_count, gsc_error *error) {
    sqlite3_stmt *row = run->tail;
    gsc_status status = GSC_OK;
    size_t n = 0;
    int code;
    sqlite3_bind_int64(row, 1, id);
    sqlite3_bind_int64(row, 2, seq);
    sqlite3_bind_int64(row, 3, (int64_t)capacity);
    while ((code = sqlite3_step(row)) == SQLITE_ROW && n < capacity) {
        if (sqlite3_column_int64(row, 0) != seq + (int64_t)n) {
            status = gsc_fail(error, GSC_ERR_IO, "%s is damaged: point %lld of a series is missing",
                              run->path, (long long)(seq + (int64_t)n));
            break;
        }
        bool no_x = sqlite3_column_type(row, 1) == SQLITE_NULL;
        bool no_y = sqlite3_column_type(row, 2) == SQLITE_NULL;
        points[n++] = (gsc_point){
            .x = no_x ? NAN : sqlite3_column_double(row, 1),
            .y = no_y ? NAN : sqlite3_column_double(row, 2),
            .replicate = sqlite3_column_int(row, 3),
        };
    }
    if (status == GSC_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
        status = gsc_run_fail(run, error);
    }
    sqlite3_reset(row);
    *ret_count = n;
    return status;
}

/* Blocks first, then the tail; a point may move from tail to block between two transactions, not in one. */
static gsc_status read_slice(gsc_run *run, int64_t id, int64_t first, gsc_point *points,
                             size_t capacity, size_t *ret_count, gsc_error *error) {
    size_t n = 0, got;
    gsc_status status = GSC_OK;
    if (sqlite3_exec(run->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK) {
        return gsc_run_fail(run, error);
    }
    while (status == GSC_OK && n < capacity) {
        int64_t seq = first + (int64_t)n;
        status = read_block(run, id, seq, points + n, capacity - n, &got, error);
        bool sealed = got > 0;
        if (status == GSC_OK && !sealed) {
            status = read_tail(run, id, seq, points + n, capacity - n, &got, error);
        }
        n += status == GSC_OK ? got : 0;
        if (!sealed) {
            break;
        }
    }
    sqlite3_exec(run->db, "COMMIT", NULL, NULL, NULL);
    *ret_count = n;
    return status;
}

gsc_status gsc_run_read_points(gsc_run *run, size_t series, int64_t first, gsc_point *points,
                               size_t capacity, size_t *ret_count, gsc_error *error) {
    const run_series *its = &run->state.series[series];
    size_t n = 0, got = 0;
    int64_t left = its->count - first;
    capacity = first < 0 || left <= 0 ? 0 : ((uint64_t)left < capacity ? (size_t)left : capacity);
    gsc_status status = n < capacity ? prepare_points(run, error) : GSC_OK;
    if (status != GSC_OK) {
        return status;
    }
    while (n < capacity) {
        size_t slice = capacity - n < SLICE_POINTS ? capacity - n : SLICE_POINTS;
        status = read_slice(run, its->id, first + (int64_t)n, points + n, slice, &got, error);
        if (status != GSC_OK) {
            return status;
        }
        n += got;
        if (got == 0) {
            return gsc_fail(error, GSC_ERR_IO, "%s is damaged: %s lacks its point %lld", run->path,
                            its->info.name, (long long)(first + (int64_t)n));
        }
    }
    *ret_count = n;
    return GSC_OK;
}

gsc_status gsc_run_dup_points(gsc_run *run, size_t series, gsc_point **ret_points,
                              size_t *ret_count, gsc_error *error) {
    size_t count = (size_t)run->state.series[series].count, got;
    gsc_point *points =
        count < SIZE_MAX / sizeof(*points) ? malloc((count + 1) * sizeof(*points)) : NULL;
    if (points == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "%s: no memory for the %zu points of %s", run->path,
                        count, run->state.series[series].info.name);
    }
    gsc_status status = gsc_run_read_points(run, series, 0, points, count, &got, error);
    if (status != GSC_OK) {
        free(points);
        return status;
    }
    *ret_points = points;
    *ret_count = got;
    return GSC_OK;
}
