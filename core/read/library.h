/* SPDX-License-Identifier: MIT
 *
 * The library of runs: what every run file of a folder says, as one table of runs and columns. A database
 * beside the runs keeps each file's summary under its path, times, size and inode, so that only files that
 * changed are opened again, and what people add: notes, tags, the colour and the eye of a run. Losing the
 * database loses only those.
 *
 * A library has a thread of its own, its reader, which alone looks at the folder, opens run files and
 * touches the database; what it finds comes into the table by gsc_library_take, a little at a time, so that
 * its owner never waits for a disk. A file that cannot be read stays in the table, with the reason in its
 * column "problem", and is opened again when it changes; so does a folder. Folders are walked to a depth of
 * 4 (the arms of sweeps lie in folders of their own).
 *
 * All functions belong to the thread that opened the library. A run and its texts live until it changes or its
 * file goes: until the next gsc_library_take, gsc_library_wait or gsc_library_set_* call; the address of a run
 * lives until the take after the one that said it is gone.
 *
 * Layer: core/read.
 */
#ifndef GSC_CORE_READ_LIBRARY_H
#define GSC_CORE_READ_LIBRARY_H

#include "core/base/error.h"
#include "core/read/run_file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum gsc_library_kind {
    GSC_LIBRARY_FACT,      /* of the file: name, status, started ... */
    GSC_LIBRARY_PARAMETER, /* of the spec: "gate", "gate.temperature", "theory.sizes" */
    GSC_LIBRARY_RESULT,    /* "validation_loss", "slope_log_n[tau_p1,k_shared=1]" */
} gsc_library_kind;

/* The columns that every library has, in this order; the others come with the runs and stay. */
enum {
    GSC_LIBRARY_NAME,
    GSC_LIBRARY_STATUS, /* gsc_run_status_name, or "unreadable" */
    GSC_LIBRARY_EXPERIMENT,
    GSC_LIBRARY_TITLE,
    GSC_LIBRARY_STARTED, /* Unix time */
    GSC_LIBRARY_TOOK,    /* seconds from start to end; none while it runs */
    GSC_LIBRARY_TAGS,    /* separated by spaces */
    GSC_LIBRARY_NOTES,
    GSC_LIBRARY_PROBLEM, /* why it failed or cannot be read */
    GSC_LIBRARY_FOLDER,  /* of the file */
    GSC_LIBRARY_FACTS,   /* how many they are */
};

typedef struct gsc_library_column {
    const char *name;
    const char *unit; /* "" for none */
    gsc_library_kind kind;
} gsc_library_column;

typedef struct gsc_library_cell {
    const char
        *text;     /* NULL: the run has none. Numbers are written so that they read back the same */
    double number; /* NAN where the text is no number */
} gsc_library_cell;

typedef struct gsc_library_run {
    const char *path;
    gsc_run_status status; /* where it is readable */
    bool known;            /* false: not read yet */
    bool readable;
    double progress; /* 0..1 */
    double started_s, ended_s;
    const char
        *changes; /* how its spec differs from its preset's: "gate sigmoid, replicates 8"; "" */
    int color;    /* index into the palette that it was drawn with last, or -1 */
    int shown;    /* 1 in the figure, 0 hidden, as the user said last; -1: never said */
    uint32_t revision; /* moves whenever a cell may have */
} gsc_library_run;

typedef struct gsc_library gsc_library;

/* path: the database, made if missing; NULL: the usual one, $XDG_DATA_HOME/gatescope/library.db. Where it
 * cannot be used (read-only disk, damaged, of a newer version) the library works without, and
 * gsc_library_get_problem says so in one sentence, once that is known. folder: where the runs are, or NULL.
 * Nothing is listed yet; the reader begins at once. Fails only for want of memory or of threads. */
gsc_status gsc_library_open(const char *path, const char *folder, gsc_library **ret_library,
                            gsc_error *error);
/* Waits for the file that is being read; what was read is kept. */
void gsc_library_close(gsc_library *library);
const char *gsc_library_get_problem(const gsc_library *library); /* "" for none */

/* wake(data) is called by the reader's thread whenever there is something to take and before there was not;
 * it may only tell another thread. */
typedef void gsc_library_wake(void *data);
void gsc_library_set_wake(gsc_library *library, gsc_library_wake *wake, void *data);

/* Asks the reader to look which files there are and which changed, and to read those. */
void gsc_library_look(gsc_library *library);
/* The same for one file. One outside the folder is listed from then on, as long as it is there. */
void gsc_library_look_at(gsc_library *library, const char *path);

/* What a take brought. The arrays live until the next take. */
typedef struct gsc_library_news {
    const gsc_library_run *const *changed; /* these came, or say something else */
    size_t n_changed;
    const gsc_library_run *const *gone; /* of these the files went; last chance to let go of them */
    size_t n_gone;
    size_t left; /* files that are still to be read */
    bool listed; /* every file of the folder has been seen at least once */
    bool more;   /* there is more to take */
} gsc_library_news;

/* Takes what the reader found so far, for about budget_s seconds. */
gsc_status gsc_library_take(gsc_library *library, double budget_s, gsc_library_news *ret_news,
                            gsc_error *error);
/* Takes everything, waiting until the reader has nothing left to do. For programs without a main loop. */
gsc_status gsc_library_wait(gsc_library *library, gsc_error *error);

/* How often the reader opened a run file so far. */
size_t gsc_library_count_opened(const gsc_library *library);

size_t gsc_library_count(const gsc_library *library);
const gsc_library_run *gsc_library_get(const gsc_library *library, size_t run);
const gsc_library_run *gsc_library_find(const gsc_library *library, const char *path); /* or NULL */

size_t gsc_library_columns_count(const gsc_library *library);
const gsc_library_column *gsc_library_get_column(const gsc_library *library, size_t column);
/* The column of that name, or -1. */
int gsc_library_find_column(const gsc_library *library, const char *name);
gsc_library_cell gsc_library_get_cell(const gsc_library_run *run, size_t column);

/* What people add. Kept under the run's name and start, so that it follows a file that moves and a new run
 * does not inherit that of an old one of its name; of a file that cannot be read, under its path. They hold at
 * once and are kept by the reader; where nothing can be kept they fail with gsc_library_get_problem. */
gsc_status gsc_library_set_notes(gsc_library *library, const char *path, const char *notes,
                                 gsc_error *error);
gsc_status gsc_library_set_tags(gsc_library *library, const char *path, const char *tags,
                                gsc_error *error);
gsc_status gsc_library_set_color(gsc_library *library, const char *path, int color,
                                 gsc_error *error);
gsc_status gsc_library_set_shown(gsc_library *library, const char *path, bool shown,
                                 gsc_error *error);

/* ---- Finding (library_find.c) ---- */

/* Words find runs that have them in any cell; "gate:softmax" where that column has the word (a number: is
 * that number), "gate=softmax" where it is that, "seed>3", "loss<0.5" by number; a leading "-" turns a
 * term round; double quotes hold words together. All terms must hold; case does not matter. A column may be
 * said by the last part of its name ("temperature"); "tag", "note" and "in" (the experiment) work too. */
typedef struct gsc_library_filter gsc_library_filter;

/* A term of an unknown column is looked for as it stands, and said in *error (one sentence, with the nearest
 * column); the filter is made nevertheless. */
gsc_status gsc_library_filter_new(const gsc_library *library, const char *text,
                                  gsc_library_filter **ret_filter, gsc_error *error);
void gsc_library_filter_free(gsc_library_filter *filter);
bool gsc_library_filter_matches(const gsc_library_filter *filter, const gsc_library_run *run);

/* By number where both have one, else by text (first-9 before first-10); runs without a value come last. <0, 0 or >0. */
int gsc_library_compare(const gsc_library_run *a, const gsc_library_run *b, size_t column);

/* ---- Grouping (library_group.c) ---- */

/* Whether two of these runs have different values in a column; a run without one says nothing. */
bool gsc_library_differs(const gsc_library_run *const *runs, size_t n, size_t column);
/* How many of these runs have a value there. */
size_t gsc_library_count_values(const gsc_library_run *const *runs, size_t n, size_t column);

typedef struct gsc_library_group {
    const char *label; /* of the column; "" for runs without a value */
    const gsc_library_run **runs;
    size_t count;
} gsc_library_group;

/* The runs by their value in a column, ordered as gsc_library_compare orders; the caller frees with
 * gsc_library_groups_free. Labels live as long as the runs. */
gsc_status gsc_library_group_by(const gsc_library_run *const *runs, size_t n, size_t column,
                                gsc_library_group **ret_groups, size_t *ret_count,
                                gsc_error *error);
void gsc_library_groups_free(gsc_library_group *groups, size_t count);

typedef enum gsc_library_band {
    GSC_LIBRARY_STD,    /* mean +- standard deviation (n - 1) */
    GSC_LIBRARY_STDERR, /* mean +- standard deviation / sqrt(n) */
    GSC_LIBRARY_T95,    /* mean +- t(0.975, n - 1) * standard error */
    GSC_LIBRARY_RANGE,  /* least to largest */
    GSC_LIBRARY_BANDS,
} gsc_library_band;

const char *gsc_library_band_title(gsc_library_band band); /* "standard deviation" */

/* Over the runs that have a finite number in the column: n of them. low, high: NAN where n < 2. Depends on
 * the given runs alone: whatever happens to other runs does not move it. */
typedef struct gsc_library_summary {
    size_t n;
    double mean, low, high;
} gsc_library_summary;

gsc_library_summary gsc_library_summarize(const gsc_library_run *const *runs, size_t n,
                                          size_t column, gsc_library_band band);

#endif
