/* SPDX-License-Identifier: MIT
 *
 * Reading the vectors of a run file, a few rows at a time, so that the file is never held for long.
 *
 * Layer: core/read.
 */
#include "core/read/run_block.h"
#include "core/read/run_internal.h"

#include <math.h>
#include <stdlib.h>

enum {
    BATCH = 16
};

void gsc_vectors_clear(gsc_vectors *vectors) {
    free(vectors->x);
    free(vectors->start);
    free(vectors->values);
    *vectors = (gsc_vectors){0};
}

/* Room for one more vector of n values. */
static bool grow(gsc_vectors *vectors, size_t n) {
    size_t count = vectors->count + 1, total = vectors->count > 0 ? vectors->start[count - 1] : 0;
    double *x = realloc(vectors->x, count * sizeof(*x));
    vectors->x = x != NULL ? x : vectors->x;
    size_t *start = realloc(vectors->start, (count + 1) * sizeof(*start));
    vectors->start = start != NULL ? start : vectors->start;
    float *values = realloc(vectors->values, (total + n + 1) * sizeof(*values));
    vectors->values = values != NULL ? values : vectors->values;
    if (x == NULL || start == NULL || values == NULL) {
        return false;
    }
    start[count - 1] = total;
    start[count] = total + n;
    return true;
}

/* Columns: seq, x, n, data. */
static gsc_status take_row(const gsc_run *run, sqlite3_stmt *row, gsc_vectors *vectors,
                           gsc_error *error) {
    int64_t n = sqlite3_column_int64(row, 2);
    bool none = sqlite3_column_type(row, 1) == SQLITE_NULL;
    if (n < 0 || n > GSC_BLOCK_MAX) {
        return gsc_fail(error, GSC_ERR_IO, "%s is damaged: a vector of %lld values", run->path,
                        (long long)n);
    }
    if (!grow(vectors, (size_t)n)) {
        return gsc_fail(error, GSC_ERR_MEMORY, "%s: no memory for %zu vectors", run->path,
                        vectors->count + 1);
    }
    size_t at = vectors->count;
    const void *data = sqlite3_column_blob(row, 3);
    gsc_status status = gsc_vector_decode(data, (size_t)sqlite3_column_bytes(row, 3),
                                          vectors->values + vectors->start[at], (size_t)n, error);
    if (status != GSC_OK) {
        return gsc_fail_prefix(error, status, "%s", run->path);
    }
    vectors->x[at] = none ? NAN : sqlite3_column_double(row, 1);
    vectors->count++;
    return GSC_OK;
}

gsc_status gsc_run_read_vectors(gsc_run *run, size_t series, int64_t first,
                                gsc_vectors *ret_vectors, gsc_error *error) {
    static const char sql[] = "SELECT seq, x, n, data FROM vectors WHERE series = ?1 AND seq >= ?2"
                              " ORDER BY seq LIMIT 16";
    gsc_vectors vectors = {0};
    sqlite3_stmt *row;
    gsc_status status = gsc_run_prepare(run, sql, &row, error);
    if (status != GSC_OK) {
        return status;
    }
    size_t got = BATCH;
    while (status == GSC_OK && got == BATCH) {
        int code = SQLITE_DONE;
        sqlite3_bind_int64(row, 1, run->state.series[series].id);
        sqlite3_bind_int64(row, 2, first);
        for (got = 0; status == GSC_OK && (code = sqlite3_step(row)) == SQLITE_ROW; got++) {
            first = sqlite3_column_int64(row, 0) + 1;
            status = take_row(run, row, &vectors, error);
        }
        if (status == GSC_OK && code != SQLITE_DONE) {
            status = gsc_run_fail(run, error);
        }
        sqlite3_reset(row);
    }
    sqlite3_finalize(row);
    if (status != GSC_OK) {
        gsc_vectors_clear(&vectors);
        return status;
    }
    *ret_vectors = vectors;
    return GSC_OK;
}
