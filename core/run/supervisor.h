/* SPDX-License-Identifier: MIT
 *
 * The supervisor of one run: checks the spec, makes the run file, starts the worker, writes down
 * what the worker finds, and says what became of it. It loads no plugin: a plugin that crashes,
 * hangs, exits or garbles memory ends the worker, and the file says which one, in which function,
 * at which step.
 *
 * While it runs, SIGINT, SIGTERM and (where not ignored) SIGHUP stop the run: the first asks the
 * worker, which has five seconds, or a minute where it keeps a checkpoint first; the second kills it.
 *
 * Layer: core/run. The calling process should have one thread.
 */
#ifndef GSC_CORE_RUN_SUPERVISOR_H
#define GSC_CORE_RUN_SUPERVISOR_H

#include "core/base/error.h"
#include "core/read/run_file.h"
#include "core/read/spec.h"
#include "core/run/sink.h"

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>

/* Checks a spec against the plugins of this machine and picks those it names: *ret_plugins is the
 * JSON array of {id, kind, version, sha256} that a run file keeps. */
gsc_status gsc_supervisor_check(const gsc_spec *spec, const json_t *descriptors,
                                json_t **ret_plugins, gsc_error *error);

/* What to run. Everything is borrowed for the call. */
typedef struct gsc_order {
    const gsc_spec *spec;   /* checked */
    const json_t *plugins;  /* from gsc_supervisor_check */
    const char *experiment; /* preset name, or "" */
    const char *stem;       /* first part of the file's name, where path is NULL */
    const char *path;       /* the run file; NULL: a new name in gsc_runs_folder */
    bool resume;            /* goes on with the file at path at x = resume_x */
    double resume_x;
    bool replace; /* an existing file at path may go, unless it is of a running run */
    const char *const
        *worker; /* argv of the worker, ends with NULL; two numbers are appended. NULL:
                                * this program, "worker" */
    gsc_sink
        *watch; /* told everything that is written down, for people; NULL and NULL members are fine.
                      * What it returns is ignored */
} gsc_order;

typedef struct gsc_outcome {
    gsc_run_status status; /* done, failed or stopped */
    char path[PATH_MAX];
    char failure[GSC_ERROR_MESSAGE_SIZE]; /* "" unless failed */
} gsc_outcome;

/* Runs it to its end. Fails only where the run did not begin, and then leaves no file:
 * GSC_ERR_INPUT for a file that is in the way or a spec that the lab refuses, GSC_ERR_IO,
 * GSC_ERR_SYSTEM. */
gsc_status gsc_supervise(const gsc_order *order, gsc_outcome *ret_outcome, gsc_error *error);

#endif
