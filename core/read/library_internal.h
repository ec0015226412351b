/* SPDX-License-Identifier: MIT
 *
 * What the files of the library share: a run with its cells, the table of columns, the index of names.
 *
 * Layer: core/read, private.
 */
#ifndef GSC_CORE_READ_LIBRARY_INTERNAL_H
#define GSC_CORE_READ_LIBRARY_INTERNAL_H

#include "core/read/library.h"

#include <sqlite3.h>
#include <time.h>

/* From names to places: open addressing, names borrowed. Zero-initialised is empty. */
typedef struct gsc_library_index {
    struct gsc_library_slot {
        const char *name; /* NULL: free */
        size_t place;
    } * slots;
    size_t room, used; /* room is a power of two, or 0 */
} gsc_library_index;

bool gsc_library_index_put(gsc_library_index *index, const char *name, size_t place);
/* The place, or -1. */
ptrdiff_t gsc_library_index_get(const gsc_library_index *index, const char *name);
void gsc_library_index_clear(gsc_library_index *index);

/* The file as it was when it was read. */
typedef struct gsc_library_stamp {
    int64_t modified_ns, changed_ns, size_bytes;
} gsc_library_stamp;

typedef struct gsc_library_entry {
    gsc_library_run run; /* first: a gsc_library_run is an entry */
    char *path;
    char *record; /* the cells' texts point into it */
    char *name, *folder, *tags, *notes;
    char started[32], took[32];
    gsc_library_cell *cells; /* by column */
    size_t n_cells;
    char *found; /* every text of the run, small letters, for finding; NULL: to be made */
    gsc_library_stamp stamp;
    bool seen, pending, elsewhere;
} gsc_library_entry;

struct gsc_library {
    sqlite3 *db; /* NULL: nothing is kept */
    sqlite3_stmt *get_marks;
    char *folder;
    gsc_error trouble; /* of the database */
    gsc_library_entry **entries;
    size_t count, room;
    gsc_library_index by_path; /* of entries */
    gsc_library_entry **gone;  /* whose address still lives */
    size_t n_gone;
    size_t next; /* entry to look at next for one that is pending */
    gsc_library_column *columns;
    char **column_texts; /* name and unit of each */
    size_t n_columns;
    gsc_library_index by_name; /* of columns */
    bool out_of_memory;
    bool in_transaction;
    struct timespec begun; /* the transaction, monotonic */
};

/* Summaries (library_summary.c). A record is the text of a run in the database: lines of words separated by
 * tabs. Both return NULL for want of memory. */
char *gsc_library_record_of(gsc_run *run);
char *gsc_library_record_of_failure(const char *message);
/* Puts a record (taken) into the entry's cells, making columns where needed. False where it is no record. */
bool gsc_library_take_record(gsc_library *library, gsc_library_entry *entry, char *record);
/* Again, for what people added. */
void gsc_library_refresh_marks(gsc_library_entry *entry);
/* Makes the columns of facts; false: no memory. */
bool gsc_library_make_facts(gsc_library *library);

/* The database (library_store.c). */
void gsc_library_store_open(gsc_library *library, const char *path);
void gsc_library_store_close(gsc_library *library);
/* One transaction: begin does nothing within one, end ends it, rest ends it where it has lasted a while: a
 * commit waits for the disk, and summaries come by thousands. */
void gsc_library_store_begin(gsc_library *library);
void gsc_library_store_rest(gsc_library *library);
void gsc_library_store_end(gsc_library *library);
void gsc_library_store_put(gsc_library *library, const gsc_library_entry *entry,
                           const char *record);
void gsc_library_store_drop(gsc_library *library, const char *path);
/* Calls back for each summary kept: record is borrowed. */
typedef void gsc_library_visit(gsc_library *library, const char *path,
                               const gsc_library_stamp *stamp, const char *record);
void gsc_library_store_load(gsc_library *library, gsc_library_visit *visit);
/* Fills the entry's notes and tags; needs its start. */
void gsc_library_store_get_marks(gsc_library *library, gsc_library_entry *entry);
gsc_status gsc_library_store_set_marks(gsc_library *library, const gsc_library_entry *entry,
                                       gsc_error *error);

#endif
