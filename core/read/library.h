/* SPDX-License-Identifier: MIT
 *
 * The library of runs: what every run file of a folder says, as one table of runs and columns. A database
 * beside the runs keeps each file's summary under its path, times and size, so that only files that changed
 * are opened again, and what people add: notes and tags. Losing the database loses only those.
 *
 * A file that cannot be read stays in the table, with the reason in its column "problem"; so does a folder.
 * Folders are walked to a depth of 4 (the arms of sweeps lie in folders of their own).
 *
 * A library belongs to one thread. A run and its texts live until it changes or its file goes: until the next
 * gsc_library_list, gsc_library_read or gsc_library_set_* call; the address of a run lives until the list
 * after the one in which its file went.
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
    double progress;   /* 0..1 */
    uint32_t revision; /* moves whenever a cell may have */
} gsc_library_run;

typedef struct gsc_library gsc_library;

/* path: the database, made if missing; NULL: the usual one, $XDG_DATA_HOME/gatescope/library.db. Where it
 * cannot be used (read-only disk, damaged, of a newer version) the library works without, and
 * gsc_library_get_problem says so in one sentence. folder: where the runs are, or NULL. Fails only for want
 * of memory. */
gsc_status gsc_library_open(const char *path, const char *folder, gsc_library **ret_library,
                            gsc_error *error);
void gsc_library_close(gsc_library *library);
const char *gsc_library_get_problem(const gsc_library *library); /* "" for none */

/* A file opened from elsewhere: listed as long as the library is open. */
gsc_status gsc_library_add(gsc_library *library, const char *path, gsc_error *error);

/* Looks which files there are and which changed, without opening any. *ret_changed: whether a run came or
 * went. Then gsc_library_read opens what changed, for about budget_s seconds; *ret_left files are left. */
gsc_status gsc_library_list(gsc_library *library, bool *ret_changed, gsc_error *error);
gsc_status gsc_library_read(gsc_library *library, double budget_s, size_t *ret_left,
                            gsc_error *error);

size_t gsc_library_count(const gsc_library *library);
const gsc_library_run *gsc_library_get(const gsc_library *library, size_t run);
const gsc_library_run *gsc_library_find(const gsc_library *library, const char *path); /* or NULL */

size_t gsc_library_columns_count(const gsc_library *library);
const gsc_library_column *gsc_library_get_column(const gsc_library *library, size_t column);
/* The column of that name, or -1. */
int gsc_library_find_column(const gsc_library *library, const char *name);
gsc_library_cell gsc_library_get_cell(const gsc_library_run *run, size_t column);

/* What people add. Kept under the run's name and start, so that notes follow a file that moves and a new
 * run does not inherit those of an old one of its name. */
gsc_status gsc_library_set_notes(gsc_library *library, const char *path, const char *notes,
                                 gsc_error *error);
gsc_status gsc_library_set_tags(gsc_library *library, const char *path, const char *tags,
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
