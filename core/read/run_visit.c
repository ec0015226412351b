/* SPDX-License-Identifier: MIT
 *
 * Walks over the documents and events of a run file. Rows are copied a few at a time before the caller sees
 * them, so that a slow caller never holds the file.
 *
 * Layer: core/read.
 */
#include "core/read/run_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH = 64
};

/* One row of either table: three texts and what numbers it has. */
typedef struct visited {
    int64_t id;
    char *text[3];
    double number;
    int32_t small;
} visited;

static char *dup_column(sqlite3_stmt *row, int column) {
    const char *text = (const char *)sqlite3_column_text(row, column);
    return strdup(text != NULL ? text : "");
}

static void clear_batch(visited *batch, size_t n) {
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < 3; k++) {
            free(batch[i].text[k]);
        }
    }
}

/* Columns: id, text, text, text, number, small. */
static gsc_status read_batch(gsc_run *run, sqlite3_stmt *row, int64_t after, visited *batch,
                             size_t *ret_n, gsc_error *error) {
    gsc_status status = GSC_OK;
    size_t n = 0;
    int code = SQLITE_DONE;
    sqlite3_bind_int64(row, 1, after);
    while (n < BATCH && (code = sqlite3_step(row)) == SQLITE_ROW) {
        visited *it = &batch[n++];
        bool none = sqlite3_column_type(row, 4) == SQLITE_NULL;
        *it = (visited){.id = sqlite3_column_int64(row, 0),
                        .text = {dup_column(row, 1), dup_column(row, 2), dup_column(row, 3)},
                        .number = none ? NAN : sqlite3_column_double(row, 4),
                        .small = sqlite3_column_int(row, 5)};
        if (it->text[0] == NULL || it->text[1] == NULL || it->text[2] == NULL) {
            status = gsc_fail(error, GSC_ERR_MEMORY, "no memory to read %s", run->path);
            break;
        }
    }
    if (status == GSC_OK && code != SQLITE_ROW && code != SQLITE_DONE) {
        status = gsc_run_fail(run, error);
    }
    sqlite3_reset(row);
    *ret_n = n;
    return status;
}

/* Shows one row to the caller's function; false ends the walk. */
typedef bool show_row(void *walk, const visited *row);

static gsc_status walk_rows(gsc_run *run, const char *sql, const char *kind, show_row *show,
                            void *walk, gsc_error *error) {
    visited batch[BATCH];
    sqlite3_stmt *row;
    size_t n = BATCH;
    int64_t after = INT64_MIN;
    bool more = true;
    gsc_status status = gsc_run_prepare(run, sql, &row, error);
    if (status != GSC_OK) {
        return status;
    }
    if (kind != NULL) {
        sqlite3_bind_text(row, 2, kind, -1, SQLITE_STATIC);
    }
    while (status == GSC_OK && more && n == BATCH) {
        status = read_batch(run, row, after, batch, &n, error);
        for (size_t i = 0; status == GSC_OK && more && i < n; i++) {
            after = batch[i].id;
            more = show(walk, &batch[i]);
        }
        clear_batch(batch, n);
    }
    sqlite3_finalize(row);
    return status;
}

typedef struct document_walk {
    gsc_document_visit *visit;
    void *data;
} document_walk;

static bool show_document(void *walk, const visited *row) {
    const document_walk *self = walk;
    return self->visit(self->data, row->text[0], row->text[1], row->number, row->small,
                       row->text[2]);
}

gsc_status gsc_run_visit_documents(gsc_run *run, const char *kind, gsc_document_visit *visit,
                                   void *data, gsc_error *error) {
    static const char all[] =
        "SELECT id, kind, arm, body, x, replicate FROM documents WHERE id > ?1"
        " ORDER BY id LIMIT 64";
    static const char some[] =
        "SELECT id, kind, arm, body, x, replicate FROM documents WHERE id > ?1"
        " AND kind = ?2 ORDER BY id LIMIT 64";
    document_walk walk = {visit, data};
    return walk_rows(run, kind != NULL ? some : all, kind, show_document, &walk, error);
}

typedef struct event_walk {
    gsc_event_visit *visit;
    void *data;
} event_walk;

static bool show_event(void *walk, const visited *row) {
    const event_walk *self = walk;
    gsc_event_level level = row->small >= GSC_EVENT_ERROR     ? GSC_EVENT_ERROR
                            : row->small == GSC_EVENT_WARNING ? GSC_EVENT_WARNING
                                                              : GSC_EVENT_INFO;
    return self->visit(self->data, row->number, level, row->text[0], row->text[1]);
}

gsc_status gsc_run_visit_events(gsc_run *run, gsc_event_visit *visit, void *data,
                                gsc_error *error) {
    static const char sql[] =
        "SELECT id, source, message, '', time, level FROM events WHERE id > ?1"
        " ORDER BY id LIMIT 64";
    event_walk walk = {visit, data};
    return walk_rows(run, sql, NULL, show_event, &walk, error);
}
