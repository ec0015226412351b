/* SPDX-License-Identifier: MIT
 *
 * The extremes of a long series' sealed blocks, which lie beside the blocks themselves: what a first
 * picture of ten million points needs, without unpacking one of them.
 *
 * Layer: core/read.
 */
#include "core/read/run_internal.h"

#include <math.h>
#include <stdlib.h>

static double number(sqlite3_stmt *row, int column) {
    return sqlite3_column_type(row, column) == SQLITE_NULL ? NAN
                                                           : sqlite3_column_double(row, column);
}

gsc_status gsc_run_dup_extents(gsc_run *run, size_t series, gsc_extent **ret_extents,
                               size_t *ret_count, gsc_error *error) {
    static const char sql[] = "SELECT x_min, x_max, y_min, y_max, n FROM blocks"
                              " WHERE series = ?1 AND first_seq >= ?2 ORDER BY first_seq LIMIT 512";
    enum {
        SLICE = 512
    };
    const run_series *its = &run->state.series[series];
    sqlite3_stmt *row;
    gsc_status status = gsc_run_prepare(run, sql, &row, error);
    gsc_extent *extents = NULL;
    size_t count = 0, got = SLICE;
    int64_t first = 0;
    while (status == GSC_OK && got == SLICE) {
        gsc_extent *bigger = realloc(extents, (count + SLICE) * sizeof *extents);
        if (bigger == NULL) {
            status = gsc_fail(error, GSC_ERR_MEMORY, "%s: no memory for the extremes of %s",
                              run->path, its->info.name);
            break;
        }
        extents = bigger;
        sqlite3_bind_int64(row, 1, its->id);
        sqlite3_bind_int64(row, 2, first);
        int code = SQLITE_DONE;
        for (got = 0; got < SLICE && (code = sqlite3_step(row)) == SQLITE_ROW; got++) {
            extents[count++] = (gsc_extent){number(row, 0), number(row, 1), number(row, 2),
                                            number(row, 3), sqlite3_column_int64(row, 4)};
            first += extents[count - 1].n;
        }
        if (code != SQLITE_ROW && code != SQLITE_DONE) {
            status = gsc_run_fail(run, error);
        }
        sqlite3_reset(row);
    }
    sqlite3_finalize(row);
    if (status != GSC_OK) {
        free(extents);
        return status;
    }
    *ret_extents = extents;
    *ret_count = count;
    return GSC_OK;
}
