/* SPDX-License-Identifier: MIT
 *
 * Reading vectors of a run file: all, from one on, of several lengths, damaged ones.
 */
#include "core/read/run_file.h"
#include "tests/read/run_fixture.h"
#include "tests/tap.h"

enum {
    N = 37 /* more than two slices of a read */
};

static void put_vector(sqlite3 *db, int series, int seq, double x, const float *values, size_t n,
                       size_t said) {
    void *data;
    size_t size;
    sqlite3_stmt *row;
    if (gsc_vector_encode(values, n, &data, &size, NULL) != GSC_OK) {
        printf("Bail out! a vector could not be packed\n");
        exit(1);
    }
    sqlite3_prepare_v2(db, "INSERT INTO vectors VALUES(?, ?, ?, ?, ?)", -1, &row, NULL);
    sqlite3_bind_int(row, 1, series);
    sqlite3_bind_int(row, 2, seq);
    if (!isnan(x)) {
        sqlite3_bind_double(row, 3, x);
    }
    sqlite3_bind_int64(row, 4, (int64_t)said);
    sqlite3_bind_blob64(row, 5, data, size, SQLITE_TRANSIENT);
    if (sqlite3_step(row) != SQLITE_DONE) {
        printf("Bail out! %s\n", sqlite3_errmsg(db));
        exit(1);
    }
    sqlite3_finalize(row);
    free(data);
}

/* Vector i has i % 4 values: i, i + 1/2, ... */
static int is_vector(const gsc_vectors *vectors, size_t at, int i) {
    size_t n = vectors->start[at + 1] - vectors->start[at];
    int good = n == (size_t)(i % 4);
    for (size_t k = 0; good && k < n; k++) {
        good = vectors->values[vectors->start[at] + k] == (float)i + .5f * (float)k;
    }
    return good;
}

int main(void) {
    char path[256], command[128];
    sqlite3 *db = fixture_create("vectors.gsc", path, sizeof path);
    gsc_error error = {0};
    gsc_run *run = NULL;
    gsc_vectors vectors = {0};
    fixture_series(db, 2, "overlap", "");
    fixture_series(db, 5, "load", "");
    fixture_series(db, 9, "loss", "");
    for (int i = 0; i < N; i++) {
        float values[4];
        for (int k = 0; k < 4; k++) {
            values[k] = (float)i + .5f * (float)k;
        }
        put_vector(db, 5, i, i == 3 ? NAN : 10 * i, values, (size_t)(i % 4), (size_t)(i % 4));
    }
    put_vector(db, 2, 0, 0, (float[]){1, 2}, 2, 2);
    put_vector(db, 2, 1, 1, (float[]){1, 2}, 2, 3);
    TAP_OK(gsc_run_open(path, &run, &error) == GSC_OK, "a run with vectors opens");
    TAP_OK(gsc_run_read_vectors(run, 1, 0, &vectors, &error) == GSC_OK && vectors.count == N,
           "all vectors of a series");
    int right = vectors.count == N;
    for (int i = 0; right && i < N; i++) {
        right = is_vector(&vectors, (size_t)i, i) &&
                (i == 3 ? isnan(vectors.x[i]) : vectors.x[i] == 10 * i);
    }
    TAP_OK(right, "each with its values and its x");
    gsc_vectors_clear(&vectors);
    TAP_OK(gsc_run_read_vectors(run, 1, 35, &vectors, &error) == GSC_OK && vectors.count == 2 &&
               vectors.x[0] == 350 && is_vector(&vectors, 1, 36),
           "those from one on");
    gsc_vectors_clear(&vectors);
    TAP_OK(gsc_run_read_vectors(run, 2, 0, &vectors, &error) == GSC_OK && vectors.count == 0 &&
               vectors.values == NULL,
           "a series of points has none");
    gsc_vectors_clear(&vectors);
    TAP_OK(gsc_run_read_vectors(run, 0, 0, &vectors, &error) == GSC_ERR_IO && vectors.count == 0,
           "a vector of another length than the file says is refused");
    TAP_CONTAINS(error.message, "vectors.gsc", "and the file is named");
    gsc_run_close(run);
    sqlite3_close(db);
    snprintf(command, sizeof command, "rm -rf %s", fixture_folder());
    TAP_OK(system(command) == 0, "the folder goes");
    return tap_done();
}
