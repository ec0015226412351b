/* SPDX-License-Identifier: MIT
 *
 * A run file for reading. A run is one SQLite file, NAME.gsc; its schema stands in run_schema.h. Readers
 * poll; they never see a half-written batch. The status is checked, not believed: a run that says
 * "running" but whose supervisor is gone reads as GSC_RUN_LOST.
 *
 * A gsc_run belongs to one thread. Strings it returns live until the next gsc_run_poll or gsc_run_close.
 *
 * Layer: core/read.
 */
#ifndef GSC_CORE_READ_RUN_FILE_H
#define GSC_CORE_READ_RUN_FILE_H

#include "core/base/error.h"
#include "core/read/process.h"
#include "core/read/series.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum gsc_run_status {
    GSC_RUN_QUEUED,
    GSC_RUN_RUNNING,
    GSC_RUN_DONE,
    GSC_RUN_FAILED,
    GSC_RUN_STOPPED,
    GSC_RUN_LOST,
} gsc_run_status;

const char *gsc_run_status_name(gsc_run_status status); /* "running" */

typedef struct gsc_run_info {
    gsc_run_status status;
    const char *path;
    const char *name;       /* file name without folder and ".gsc" */
    const char *experiment; /* preset name, or "" */
    const char *title;
    const char *spec;          /* JSON, whole */
    const char *failure;       /* one sentence for GSC_RUN_FAILED and GSC_RUN_LOST; "" else */
    const char *plugins;       /* JSON array: id, kind, version, sha256 */
    const char *machine;       /* JSON object: host, cpu, kernel path, threads, commit, version */
    const char *activity;      /* what it is doing: "n = 5000, replicate 3 of 16" */
    double progress;           /* 0..1 */
    double started_s, ended_s; /* Unix time; ended 0 while running */
    uint64_t seed;
    gsc_process process; /* the supervisor: who to send SIGINT to, where it is here and alive */
} gsc_run_info;

typedef struct gsc_run gsc_run;

/* GSC_ERR_IO: the file is no run file, or damaged; GSC_ERR_SYSTEM: the system would not let it be read now (held
 * by another program, no permission): it may another time. */
gsc_status gsc_run_open(const char *path, gsc_run **ret_run, gsc_error *error);
void gsc_run_close(gsc_run *run);

/* Looks whether the file changed since the last poll and, if so, reads info, series and results anew.
 * Cheap when nothing came (one pragma). */
gsc_status gsc_run_poll(gsc_run *run, bool *ret_changed, gsc_error *error);

const gsc_run_info *gsc_run_get_info(const gsc_run *run);

size_t gsc_run_series_count(const gsc_run *run);
const gsc_series_info *gsc_run_series(const gsc_run *run, size_t series);
int64_t gsc_run_points_count(const gsc_run *run, size_t series);
/* Copies up to capacity points from index first on; *ret_count says how many. */
gsc_status gsc_run_read_points(gsc_run *run, size_t series, int64_t first, gsc_point *points,
                               size_t capacity, size_t *ret_count, gsc_error *error);
/* All points of a series; caller frees. */
gsc_status gsc_run_dup_points(gsc_run *run, size_t series, gsc_point **ret_points,
                              size_t *ret_count, gsc_error *error);

/* The extremes of a sealed block of n points. NAN where it has no number. */
typedef struct gsc_extent {
    double x_low, x_high, y_low, y_high;
    int64_t n;
} gsc_extent;

/* Those of all sealed blocks of a series, in order; the points after them, the sum of n, are not in it (as of
 * gsc_run_read_points from there on). Caller frees. */
gsc_status gsc_run_dup_extents(gsc_run *run, size_t series, gsc_extent **ret_extents,
                               size_t *ret_count, gsc_error *error);

/* Vectors of a series (a load of every expert, step by step): vector i stands at x[i] and has
 * values[start[i]] ... values[start[i + 1] - 1]. Zero-initialised is empty; then start is NULL. */
typedef struct gsc_vectors {
    size_t count;
    double *x;
    size_t *start; /* [count + 1] */
    float *values;
} gsc_vectors;

void gsc_vectors_clear(gsc_vectors *vectors); /* frees */
/* The vectors of a series from index first on; clear *ret_vectors afterwards. Series of points have none. */
gsc_status gsc_run_read_vectors(gsc_run *run, size_t series, int64_t first,
                                gsc_vectors *ret_vectors, gsc_error *error);

size_t gsc_run_results_count(const gsc_run *run);
const gsc_result *gsc_run_result(const gsc_run *run, size_t result);

/* Calls back for each document of a kind (NULL: all), in order, or each event. A callback that returns
 * false ends the walk. */
typedef bool gsc_document_visit(void *data, const char *kind, const char *arm, double x,
                                int32_t replicate, const char *json);
typedef bool gsc_event_visit(void *data, double time_s, gsc_event_level level, const char *source,
                             const char *message);
gsc_status gsc_run_visit_documents(gsc_run *run, const char *kind, gsc_document_visit *visit,
                                   void *data, gsc_error *error);
gsc_status gsc_run_visit_events(gsc_run *run, gsc_event_visit *visit, void *data, gsc_error *error);

/* The folder of run files: $GATESCOPE_RUNS, else $XDG_DATA_HOME/gatescope/runs; made if missing. */
gsc_status gsc_runs_folder(char *ret_path, size_t size, gsc_error *error);

#endif
