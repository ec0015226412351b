/* SPDX-License-Identifier: MIT
 *
 * Inside of the library's reader: its thread and its line of findings (library_reader.c), and the files that it
 * knows (library_files.c).
 *
 * Layer: core/read, private.
 */
#ifndef GSC_CORE_READ_LIBRARY_READER_H
#define GSC_CORE_READ_LIBRARY_READER_H

#include "core/read/library_internal.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    GSC_LIBRARY_MOST_KEPT = 500 /* summaries that wait to be written together */
};

typedef struct gsc_library_file {
    char *path;
    gsc_library_stamp stamp;
    char *problem;  /* of a path that cannot even be looked at; or NULL */
    double again_s; /* when to read it again, monotonic; 0: not before it changes */
    int tries;
    bool seen;
    bool elsewhere; /* it was asked for by its path */
    bool pending;
    bool said;   /* the table knows of it */
    bool active; /* its run was */
} gsc_library_file;

typedef struct gsc_library_kept {
    char *path, *record;
    gsc_library_stamp stamp;
} gsc_library_kept;

typedef struct gsc_library_wish {
    struct gsc_library_wish *next;
    char *path;              /* to look at, or NULL */
    gsc_library_marks marks; /* to keep, where key is not NULL */
} gsc_library_wish;

struct gsc_library_reader {
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t asked, told;
    bool stop, look, idle;
    gsc_library_wish *wishes, **wishes_end;
    gsc_library_finding *findings, **findings_end;
    gsc_library_wake *wake;
    void *wake_data;
    atomic_size_t opened;
    /* the thread's own */
    char *database, *folder;
    gsc_library_store *store;
    gsc_library_file **files;
    size_t count, room;
    gsc_library_index by_path;
    size_t *order; /* of the files that are pending, those to read next last */
    size_t n_order;
    size_t n_pending;
    double due_s; /* when the next file is to be read again, monotonic; INFINITY: none */
    gsc_library_kept kept[GSC_LIBRARY_MOST_KEPT];
    size_t n_kept;
};

/* All functions below are the thread's own. */

/* Puts a finding into the line. text is taken. What there is no memory for is not told. */
void gsc_library_tell(gsc_library_reader *self, gsc_library_word word, const char *path, char *text,
                      const gsc_library_marks *marks);

/* Looks which files there are and which changed, and says so. first: the database has not been asked yet. */
void gsc_library_files_look(gsc_library_reader *self, bool first);
/* The same for one file. */
void gsc_library_files_look_at(gsc_library_reader *self, const char *path);
/* Has the next look look at this file too. */
void gsc_library_files_expect(gsc_library_reader *self, const char *path);
/* Makes the files pending whose time has come. */
void gsc_library_files_find_due(gsc_library_reader *self);
/* Reads the youngest of the pending files, if there is one. */
void gsc_library_files_read_next(gsc_library_reader *self);
/* Has the database keep what was read since. */
void gsc_library_files_keep(gsc_library_reader *self);
void gsc_library_files_clear(gsc_library_reader *self);

#endif
