/* SPDX-License-Identifier: MIT
 *
 * The library's database: one table of summaries, which may be lost, and one of what people added. Where it
 * cannot be used the library goes on in memory and says so.
 *
 * Layer: core/read.
 */
#include "core/read/library_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* "GSLB"; another version than ours is left alone. */
#define APPLICATION_ID 0x47534c42
#define FORMAT         1

/* Other windows wait so long, at most, to keep a note of theirs. */
static const double LONGEST_TRANSACTION_S = 0.4;

#define TABLES                                                                                     \
    "PRAGMA application_id=0x47534c42; PRAGMA user_version=1;"                                     \
    "CREATE TABLE IF NOT EXISTS summaries(path TEXT PRIMARY KEY, modified INTEGER NOT NULL,"       \
    " changed INTEGER NOT NULL, size INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;"       \
    "CREATE TABLE IF NOT EXISTS marks(run TEXT PRIMARY KEY, notes TEXT NOT NULL,"                  \
    " tags TEXT NOT NULL) WITHOUT ROWID;"

static bool usual_path(char *ret_path, size_t size) {
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    int length = data != NULL && *data != '\0'
                     ? snprintf(ret_path, size, "%s/gatescope/library.db", data)
                     : snprintf(ret_path, size, "%s/.local/share/gatescope/library.db",
                                home != NULL ? home : "");
    if (length < 0 || (size_t)length >= size) {
        return false;
    }
    for (char *slash = strchr(ret_path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(ret_path, 0777); /* opening says what went wrong */
        *slash = '/';
    }
    return true;
}

static int64_t pragma(sqlite3 *db, const char *sql) {
    sqlite3_stmt *row = NULL;
    int64_t value = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK &&
        sqlite3_step(row) == SQLITE_ROW) {
        value = sqlite3_column_int64(row, 0);
    }
    sqlite3_finalize(row);
    return value;
}

/* Whether the database is ours, made if it is empty; says why not. */
static bool is_ours(gsc_library *self, const char *path) {
    int64_t application = pragma(self->db, "PRAGMA application_id");
    int64_t format = pragma(self->db, "PRAGMA user_version");
    int64_t tables = pragma(self->db, "SELECT count(*) FROM sqlite_schema");
    if (application == -1 || tables == -1) {
        gsc_fail(&self->trouble, GSC_ERR_IO,
                 "Notes and tags cannot be kept: %s cannot be read (%s); move it away and they "
                 "begin anew",
                 path, sqlite3_errmsg(self->db));
        return false;
    }
    if (tables > 0 && application != APPLICATION_ID) {
        gsc_fail(&self->trouble, GSC_ERR_IO,
                 "Notes and tags cannot be kept: %s is another program's file; move it away", path);
        return false;
    }
    if (format > FORMAT) {
        gsc_fail(&self->trouble, GSC_ERR_IO,
                 "Notes and tags cannot be kept: %s is of the newer format %lld, this version "
                 "writes %d",
                 path, (long long)format, FORMAT);
        return false;
    }
    if (sqlite3_exec(self->db, "BEGIN IMMEDIATE;" TABLES "COMMIT;", NULL, NULL, NULL) !=
        SQLITE_OK) {
        gsc_fail(&self->trouble, GSC_ERR_IO,
                 "Notes and tags cannot be kept: %s cannot be written (%s)", path,
                 sqlite3_errmsg(self->db));
        return false;
    }
    return true;
}

void gsc_library_store_open(gsc_library *self, const char *path) {
    char usual[4096];
    if (path == NULL) {
        if (!usual_path(usual, sizeof(usual))) {
            gsc_fail(&self->trouble, GSC_ERR_INPUT,
                     "Notes and tags cannot be kept: the path of library.db is too long");
            return;
        }
        path = usual;
    }
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &self->db, flags, NULL) != SQLITE_OK) {
        gsc_fail(&self->trouble, GSC_ERR_IO,
                 "Notes and tags cannot be kept: %s cannot be opened (%s)", path,
                 self->db != NULL ? sqlite3_errmsg(self->db) : "no memory");
    } else {
        sqlite3_busy_timeout(self->db, 1000);
        sqlite3_exec(self->db, "PRAGMA trusted_schema=OFF; PRAGMA synchronous=NORMAL;", NULL, NULL,
                     NULL);
        if (is_ours(self, path)) {
            sqlite3_prepare_v2(self->db, "SELECT notes, tags FROM marks WHERE run = ?", -1,
                               &self->get_marks, NULL);
            return;
        }
    }
    gsc_library_store_close(self);
}

void gsc_library_store_close(gsc_library *self) {
    gsc_library_store_end(self);
    sqlite3_finalize(self->get_marks);
    sqlite3_close(self->db);
    self->get_marks = NULL;
    self->db = NULL;
}

void gsc_library_store_begin(gsc_library *self) {
    if (self->db != NULL && !self->in_transaction) {
        sqlite3_exec(self->db, "BEGIN", NULL, NULL, NULL);
        clock_gettime(CLOCK_MONOTONIC, &self->begun);
        self->in_transaction = true;
    }
}

void gsc_library_store_rest(gsc_library *self) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const double lasted_s = (double)(now.tv_sec - self->begun.tv_sec) +
                            1e-9 * (double)(now.tv_nsec - self->begun.tv_nsec);
    if (self->in_transaction && lasted_s > LONGEST_TRANSACTION_S) {
        gsc_library_store_end(self);
    }
}

void gsc_library_store_end(gsc_library *self) {
    /* A summary that is not kept is read again next time. */
    if (self->in_transaction && sqlite3_exec(self->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
        sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
    }
    self->in_transaction = false;
}

void gsc_library_store_put(gsc_library *self, const gsc_library_entry *entry, const char *record) {
    sqlite3_stmt *row = NULL;
    if (self->db == NULL ||
        sqlite3_prepare_v2(self->db, "INSERT OR REPLACE INTO summaries VALUES(?, ?, ?, ?, ?)", -1,
                           &row, NULL) != SQLITE_OK) {
        return;
    }
    sqlite3_bind_text(row, 1, entry->path, -1, SQLITE_STATIC);
    sqlite3_bind_int64(row, 2, entry->stamp.modified_ns);
    sqlite3_bind_int64(row, 3, entry->stamp.changed_ns);
    sqlite3_bind_int64(row, 4, entry->stamp.size_bytes);
    sqlite3_bind_text(row, 5, record, -1, SQLITE_STATIC);
    sqlite3_step(row);
    sqlite3_finalize(row);
}

void gsc_library_store_drop(gsc_library *self, const char *path) {
    sqlite3_stmt *row = NULL;
    if (self->db == NULL || sqlite3_prepare_v2(self->db, "DELETE FROM summaries WHERE path = ?", -1,
                                               &row, NULL) != SQLITE_OK) {
        return;
    }
    sqlite3_bind_text(row, 1, path, -1, SQLITE_STATIC);
    sqlite3_step(row);
    sqlite3_finalize(row);
}

void gsc_library_store_load(gsc_library *self, gsc_library_visit *visit) {
    sqlite3_stmt *row = NULL;
    if (self->db == NULL ||
        sqlite3_prepare_v2(self->db, "SELECT path, modified, changed, size, record FROM summaries",
                           -1, &row, NULL) != SQLITE_OK) {
        return;
    }
    while (sqlite3_step(row) == SQLITE_ROW) {
        const gsc_library_stamp stamp = {.modified_ns = sqlite3_column_int64(row, 1),
                                         .changed_ns = sqlite3_column_int64(row, 2),
                                         .size_bytes = sqlite3_column_int64(row, 3)};
        const char *path = (const char *)sqlite3_column_text(row, 0);
        const char *record = (const char *)sqlite3_column_text(row, 4);
        if (path != NULL && record != NULL) {
            visit(self, path, &stamp, record);
        }
    }
    sqlite3_finalize(row);
}

/* ---- What people add ---- */

/* A run is known by its name and start; a file that cannot be read by its path. */
static char *key_of(const gsc_library_entry *entry) {
    const gsc_library_cell started = gsc_library_get_cell(&entry->run, GSC_LIBRARY_STARTED);
    return started.number > 0 ? sqlite3_mprintf("%s@%.6f", entry->name, started.number)
                              : sqlite3_mprintf("%s", entry->path);
}

void gsc_library_store_get_marks(gsc_library *self, gsc_library_entry *entry) {
    sqlite3_stmt *row = self->get_marks;
    free(entry->notes);
    free(entry->tags);
    entry->notes = entry->tags = NULL;
    if (row == NULL) {
        return;
    }
    sqlite3_bind_text(row, 1, key_of(entry), -1, sqlite3_free);
    if (sqlite3_step(row) == SQLITE_ROW) {
        const char *notes = (const char *)sqlite3_column_text(row, 0);
        const char *tags = (const char *)sqlite3_column_text(row, 1);
        entry->notes = strdup(notes != NULL ? notes : "");
        entry->tags = strdup(tags != NULL ? tags : "");
    }
    sqlite3_reset(row);
}

gsc_status gsc_library_store_set_marks(gsc_library *self, const gsc_library_entry *entry,
                                       gsc_error *error) {
    sqlite3_stmt *row = NULL;
    if (self->db == NULL) {
        return gsc_fail(error, GSC_ERR_IO, "%s", self->trouble.message);
    }
    gsc_library_store_end(self); /* what people write is kept at once */
    int code = sqlite3_prepare_v2(self->db, "INSERT OR REPLACE INTO marks VALUES(?, ?, ?)", -1,
                                  &row, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_text(row, 1, key_of(entry), -1, sqlite3_free);
        sqlite3_bind_text(row, 2, entry->notes != NULL ? entry->notes : "", -1, SQLITE_STATIC);
        sqlite3_bind_text(row, 3, entry->tags != NULL ? entry->tags : "", -1, SQLITE_STATIC);
        code = sqlite3_step(row);
    }
    sqlite3_finalize(row);
    return code == SQLITE_DONE
               ? GSC_OK
               : gsc_fail(error, GSC_ERR_IO, "The notes and tags of %s were not kept: %s",
                          entry->name, sqlite3_errmsg(self->db));
}
