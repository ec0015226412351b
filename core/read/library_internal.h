/* SPDX-License-Identifier: MIT
 *
 * What the files of the library share: a run with its cells, the table of columns, the index of names, and what
 * passes between the table (library.c) and its reader (library_reader.c).
 *
 * Layer: core/read, private.
 */
#ifndef GSC_CORE_READ_LIBRARY_INTERNAL_H
#define GSC_CORE_READ_LIBRARY_INTERNAL_H

#include "core/read/library.h"

#include <sqlite3.h>

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
void gsc_library_index_remove(gsc_library_index *index, const char *name);
void gsc_library_index_clear(gsc_library_index *index);

/* What people added to a run. Texts are owned, or NULL. */
typedef struct gsc_library_marks {
    char *key; /* of the run: name and start, or its path */
    char *notes, *tags;
    int color, shown; /* -1: none */
} gsc_library_marks;

void gsc_library_marks_clear(gsc_library_marks *marks);

typedef struct gsc_library_entry {
    gsc_library_run run; /* first: a gsc_library_run is an entry */
    char *path;
    char *record; /* the cells' texts point into it */
    char *name, *folder, *tags, *notes;
    char started[32], took[32];
    gsc_library_cell *cells; /* by column */
    size_t n_cells;
    char *found;  /* every text of the run, small letters, for finding; NULL: to be made */
    bool touched; /* since the last take */
} gsc_library_entry;

typedef struct gsc_library_list {
    gsc_library_entry **items;
    size_t count, room;
} gsc_library_list;

typedef struct gsc_library_reader gsc_library_reader;

struct gsc_library {
    gsc_library_reader *reader;
    struct gsc_library_finding *untaken; /* of the reader, in order */
    gsc_error trouble;                   /* of the database */
    gsc_library_list entries;
    gsc_library_index by_path; /* of entries */
    gsc_library_list touched;  /* by the last take */
    gsc_library_list gone;     /* whose address still lives */
    gsc_library_marks *marks;  /* of every run that ever had some */
    size_t n_marks;
    gsc_library_index by_key; /* of marks */
    gsc_library_column *columns;
    char **column_texts; /* name and unit of each */
    size_t n_columns;
    gsc_library_index by_name; /* of columns */
    size_t left;
    bool listed, keeps; /* keeps: the database can be used, as far as is known */
    bool out_of_memory;
};

/* ---- Summaries (library_summary.c) ----
 *
 * A record is the text of a run in the database: lines of words separated by tabs. NULL for want of memory.
 * Those two may be called from any thread. */
char *gsc_library_record_of(gsc_run *run);
char *gsc_library_record_of_failure(const char *message);
/* Whether the record says of its run that it is active. */
bool gsc_library_record_is_active(const char *record);
/* Changes when this program makes other records of the same file: then kept ones are of no use. */
uint64_t gsc_library_record_version(void);

/* Puts a record (taken) into the entry's cells, making columns where needed. False where it is no record. */
bool gsc_library_take_record(gsc_library *library, gsc_library_entry *entry, char *record);
/* Again, for what people added. */
void gsc_library_refresh_marks(gsc_library_entry *entry);
/* Makes the columns of facts; false: no memory. */
bool gsc_library_make_facts(gsc_library *library);

/* ---- The reader (library_reader.c) ---- */

typedef enum gsc_library_word {
    GSC_LIBRARY_SAYS_MARKS,   /* marks are kept in the database */
    GSC_LIBRARY_SAYS_SUMMARY, /* path has this record */
    GSC_LIBRARY_SAYS_FILE,    /* path is there, to be read */
    GSC_LIBRARY_SAYS_GONE,    /* path is not */
    GSC_LIBRARY_SAYS_LISTED,  /* the folder has been walked */
    GSC_LIBRARY_SAYS_TROUBLE, /* text: what is wrong with the database */
} gsc_library_word;

/* One thing that the reader found; owned by who got it. */
typedef struct gsc_library_finding {
    struct gsc_library_finding *next;
    gsc_library_word word;
    char *path, *text; /* text: record or sentence */
    gsc_library_marks marks;
    size_t left; /* files still to be read, after this one */
} gsc_library_finding;

void gsc_library_finding_free(gsc_library_finding *finding);

gsc_status gsc_library_reader_new(const char *database, const char *folder,
                                  gsc_library_reader **ret_reader, gsc_error *error);
void gsc_library_reader_free(gsc_library_reader *reader); /* ends its thread */
void gsc_library_reader_set_wake(gsc_library_reader *reader, gsc_library_wake *wake, void *data);
void gsc_library_reader_look(gsc_library_reader *reader);
void gsc_library_reader_look_at(gsc_library_reader *reader, const char *path);
size_t gsc_library_reader_count_opened(const gsc_library_reader *reader);
/* Keeps a copy of the marks. */
void gsc_library_reader_keep(gsc_library_reader *reader, const gsc_library_marks *marks);
/* All that was found so far, in order, linked; NULL: nothing. wait: not before there is something, or the
 * reader has nothing to do, which *ret_idle says. */
gsc_library_finding *gsc_library_reader_take(gsc_library_reader *reader, bool wait, bool *ret_idle);

/* ---- The database (library_store.c); one thread at a time ---- */

typedef struct gsc_library_store gsc_library_store;

/* The file as it was when it was read. */
typedef struct gsc_library_stamp {
    int64_t modified_ns, changed_ns, size_bytes, inode;
} gsc_library_stamp;

/* Opens or makes the database; NULL, and why in *trouble, where it cannot be used. */
gsc_library_store *gsc_library_store_open(const char *path, gsc_error *trouble);
void gsc_library_store_close(gsc_library_store *store);
/* These do nothing where store is NULL. A summary that is not kept is read again next time. */
void gsc_library_store_begin(gsc_library_store *store);
void gsc_library_store_end(gsc_library_store *store);
void gsc_library_store_put(gsc_library_store *store, const char *path,
                           const gsc_library_stamp *stamp, const char *record);
void gsc_library_store_drop(gsc_library_store *store, const char *path);
/* Calls back for each summary, or for that of one path: record is borrowed. */
typedef void gsc_library_visit(void *data, const char *path, const gsc_library_stamp *stamp,
                               const char *record);
void gsc_library_store_load(gsc_library_store *store, const char *path, gsc_library_visit *visit,
                            void *data);
typedef void gsc_library_visit_marks(void *data, const gsc_library_marks *marks);
void gsc_library_store_load_marks(gsc_library_store *store, gsc_library_visit_marks *visit,
                                  void *data);
gsc_status gsc_library_store_put_marks(gsc_library_store *store, const gsc_library_marks *marks,
                                       gsc_error *error);

#endif
