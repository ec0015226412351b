/* SPDX-License-Identifier: MIT
 *
 * The library's database: one table of summaries, which may be lost, and one of what people added.
 *
 * Layer: core/read.
 */
#include "core/read/library_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* "GSLB"; a newer version than ours is left alone. Version 1 had neither colour nor eye among the marks, and no
 * inode among the stamps. */
#define APPLICATION_ID 0x47534c42
#define FORMAT         2

#define TABLES                                                                                     \
    "PRAGMA application_id=0x47534c42; PRAGMA user_version=2;"                                     \
    "CREATE TABLE IF NOT EXISTS summaries(path TEXT PRIMARY KEY, modified INTEGER NOT NULL,"       \
    " changed INTEGER NOT NULL, size INTEGER NOT NULL, inode INTEGER NOT NULL,"                    \
    " record TEXT NOT NULL) WITHOUT ROWID;"                                                        \
    "CREATE TABLE IF NOT EXISTS marks(run TEXT PRIMARY KEY, notes TEXT NOT NULL,"                  \
    " tags TEXT NOT NULL, color INTEGER NOT NULL DEFAULT -1,"                                      \
    " shown INTEGER NOT NULL DEFAULT -1) WITHOUT ROWID;"                                           \
    "CREATE TABLE IF NOT EXISTS made(version INTEGER NOT NULL);"

#define FROM_1                                                                                     \
    "DROP TABLE IF EXISTS summaries;"                                                              \
    "ALTER TABLE marks ADD COLUMN color INTEGER NOT NULL DEFAULT -1;"                              \
    "ALTER TABLE marks ADD COLUMN shown INTEGER NOT NULL DEFAULT -1;"

struct gsc_library_store {
    sqlite3 *db;
    sqlite3_stmt *put;
    bool in_transaction;
};

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

static gsc_status lose(gsc_error *trouble, const char *path, const char *why) {
    return gsc_fail(trouble, GSC_ERR_IO, "Notes, tags and colours cannot be kept: %s %s", path,
                    why);
}

static gsc_status say_unwritten(gsc_error *trouble, sqlite3 *db) {
    char why[256];
    snprintf(why, sizeof(why), "cannot be written (%s); make it and its folder writable",
             sqlite3_errmsg(db));
    return lose(trouble, sqlite3_db_filename(db, "main"), why);
}

/* Whether the database is ours, made if it is empty and brought to this format if it is older; says why not. */
static bool is_ours(sqlite3 *db, const char *path, gsc_error *trouble) {
    char why[GSC_ERROR_MESSAGE_SIZE];
    const int64_t application = pragma(db, "PRAGMA application_id");
    const int64_t format = pragma(db, "PRAGMA user_version");
    const int64_t tables = pragma(db, "SELECT count(*) FROM sqlite_schema");
    if (application == -1 || tables == -1) {
        snprintf(why, sizeof(why), "cannot be read (%s); move it away and they begin anew",
                 sqlite3_errmsg(db));
        lose(trouble, path, why);
        return false;
    }
    if (tables > 0 && application != APPLICATION_ID) {
        lose(trouble, path, "is another program's file; move it away");
        return false;
    }
    if (format > FORMAT) {
        snprintf(why, sizeof(why),
                 "is of the newer format %lld, this version writes %d; use the newer version, or "
                 "move it away",
                 (long long)format, FORMAT);
        lose(trouble, path, why);
        return false;
    }
    const char *const make = format == 1 ? "BEGIN IMMEDIATE;" FROM_1 TABLES "COMMIT;"
                                         : "BEGIN IMMEDIATE;" TABLES "COMMIT;";
    const bool current = tables > 0 && format == FORMAT;
    if (current && sqlite3_db_readonly(db, "main") == 1) {
        lose(trouble, path, "is read-only; make it and its folder writable");
        return true; /* what is in it can be read */
    }
    if (!current && sqlite3_exec(db, make, NULL, NULL, NULL) != SQLITE_OK) {
        say_unwritten(trouble, db);
        return false;
    }
    return true;
}

/* Summaries that an other version of this program made are of no use. */
static void drop_outdated(sqlite3 *db) {
    char *sql = sqlite3_mprintf("BEGIN; DELETE FROM summaries; DELETE FROM made;"
                                "INSERT INTO made VALUES(%lld); COMMIT",
                                (long long)gsc_library_record_version());
    if (pragma(db, "SELECT version FROM made") != (int64_t)gsc_library_record_version()) {
        sqlite3_exec(db, sql, NULL, NULL, NULL);
    }
    sqlite3_free(sql);
}

gsc_library_store *gsc_library_store_open(const char *path, gsc_error *trouble) {
    char usual[4096], why[GSC_ERROR_MESSAGE_SIZE];
    gsc_library_store *self = calloc(1, sizeof(*self));
    if (path == NULL && !usual_path(usual, sizeof(usual))) {
        lose(trouble, "library.db", "has a path that is too long");
        free(self);
        return NULL;
    }
    path = path != NULL ? path : usual;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (self == NULL || sqlite3_open_v2(path, &self->db, flags, NULL) != SQLITE_OK) {
        snprintf(why, sizeof(why), "cannot be opened (%s); make its folder writable",
                 self != NULL && self->db != NULL ? sqlite3_errmsg(self->db) : "no memory");
        lose(trouble, path, why);
        gsc_library_store_close(self);
        return NULL;
    }
    sqlite3_busy_timeout(self->db, 1000);
    sqlite3_exec(self->db, "PRAGMA trusted_schema=OFF; PRAGMA synchronous=NORMAL;", NULL, NULL,
                 NULL);
    if (!is_ours(self->db, path, trouble)) {
        gsc_library_store_close(self);
        return NULL;
    }
    drop_outdated(self->db);
    return self;
}

void gsc_library_store_close(gsc_library_store *self) {
    if (self == NULL) {
        return;
    }
    gsc_library_store_end(self);
    sqlite3_finalize(self->put);
    sqlite3_close(self->db);
    free(self);
}

void gsc_library_store_begin(gsc_library_store *self) {
    if (self != NULL && !self->in_transaction) {
        sqlite3_exec(self->db, "BEGIN", NULL, NULL, NULL);
        self->in_transaction = true;
    }
}

void gsc_library_store_end(gsc_library_store *self) {
    if (self != NULL && self->in_transaction &&
        sqlite3_exec(self->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
        sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
    }
    if (self != NULL) {
        self->in_transaction = false;
    }
}

void gsc_library_store_put(gsc_library_store *self, const char *path,
                           const gsc_library_stamp *stamp, const char *record) {
    if (self == NULL ||
        (self->put == NULL &&
         sqlite3_prepare_v2(self->db, "INSERT OR REPLACE INTO summaries VALUES(?, ?, ?, ?, ?, ?)",
                            -1, &self->put, NULL) != SQLITE_OK)) {
        return;
    }
    sqlite3_bind_text(self->put, 1, path, -1, SQLITE_STATIC);
    sqlite3_bind_int64(self->put, 2, stamp->modified_ns);
    sqlite3_bind_int64(self->put, 3, stamp->changed_ns);
    sqlite3_bind_int64(self->put, 4, stamp->size_bytes);
    sqlite3_bind_int64(self->put, 5, stamp->inode);
    sqlite3_bind_text(self->put, 6, record, -1, SQLITE_STATIC);
    sqlite3_step(self->put);
    sqlite3_reset(self->put);
    sqlite3_clear_bindings(self->put);
}

void gsc_library_store_drop(gsc_library_store *self, const char *path) {
    sqlite3_stmt *row = NULL;
    if (self == NULL || sqlite3_prepare_v2(self->db, "DELETE FROM summaries WHERE path = ?", -1,
                                           &row, NULL) != SQLITE_OK) {
        return;
    }
    sqlite3_bind_text(row, 1, path, -1, SQLITE_STATIC);
    sqlite3_step(row);
    sqlite3_finalize(row);
}

void gsc_library_store_load(gsc_library_store *self, const char *path, gsc_library_visit *visit,
                            void *data) {
    sqlite3_stmt *row = NULL;
    if (self == NULL ||
        sqlite3_prepare_v2(self->db,
                           path != NULL ? "SELECT path, modified, changed, size, inode, record"
                                          " FROM summaries WHERE path = ?"
                                        : "SELECT path, modified, changed, size, inode, record"
                                          " FROM summaries",
                           -1, &row, NULL) != SQLITE_OK) {
        return;
    }
    if (path != NULL) {
        sqlite3_bind_text(row, 1, path, -1, SQLITE_STATIC);
    }
    while (sqlite3_step(row) == SQLITE_ROW) {
        const gsc_library_stamp stamp = {.modified_ns = sqlite3_column_int64(row, 1),
                                         .changed_ns = sqlite3_column_int64(row, 2),
                                         .size_bytes = sqlite3_column_int64(row, 3),
                                         .inode = sqlite3_column_int64(row, 4)};
        const char *name = (const char *)sqlite3_column_text(row, 0);
        const char *record = (const char *)sqlite3_column_text(row, 5);
        if (name != NULL && record != NULL) {
            visit(data, name, &stamp, record);
        }
    }
    sqlite3_finalize(row);
}

/* ---- What people add ---- */

void gsc_library_store_load_marks(gsc_library_store *self, gsc_library_visit_marks *visit,
                                  void *data) {
    sqlite3_stmt *row = NULL;
    if (self == NULL ||
        sqlite3_prepare_v2(self->db, "SELECT run, notes, tags, color, shown FROM marks", -1, &row,
                           NULL) != SQLITE_OK) {
        return;
    }
    while (sqlite3_step(row) == SQLITE_ROW) {
        const gsc_library_marks marks = {.key = (char *)sqlite3_column_text(row, 0),
                                         .notes = (char *)sqlite3_column_text(row, 1),
                                         .tags = (char *)sqlite3_column_text(row, 2),
                                         .color = sqlite3_column_int(row, 3),
                                         .shown = sqlite3_column_int(row, 4)};
        if (marks.key != NULL) {
            visit(data, &marks);
        }
    }
    sqlite3_finalize(row);
}

gsc_status gsc_library_store_put_marks(gsc_library_store *self, const gsc_library_marks *marks,
                                       gsc_error *error) {
    sqlite3_stmt *row = NULL;
    if (self == NULL) {
        return GSC_OK; /* that it cannot be used has been said */
    }
    int code = sqlite3_prepare_v2(self->db,
                                  "INSERT OR REPLACE INTO marks(run, notes, tags, color, shown)"
                                  " VALUES(?, ?, ?, ?, ?)",
                                  -1, &row, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_text(row, 1, marks->key, -1, SQLITE_STATIC);
        sqlite3_bind_text(row, 2, marks->notes != NULL ? marks->notes : "", -1, SQLITE_STATIC);
        sqlite3_bind_text(row, 3, marks->tags != NULL ? marks->tags : "", -1, SQLITE_STATIC);
        sqlite3_bind_int(row, 4, marks->color);
        sqlite3_bind_int(row, 5, marks->shown);
        code = sqlite3_step(row);
    }
    sqlite3_finalize(row);
    return code == SQLITE_DONE ? GSC_OK : say_unwritten(error, self->db);
}
