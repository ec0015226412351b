/* SPDX-License-Identifier: MIT
 *
 * Begins the runs of a sweep's folder, as many at once as asked, until none is left: the one thing that
 * schedules. Each run is a process of its own (`gatescope run`), in a session of its own: it outlives this
 * one, and the next scheduler finds it running and waits for it. What a dead scheduler had claimed and not
 * begun, and runs whose supervisor is gone, go back to todo/.
 *
 * Layer: core/sweep. The calling process should have one thread and leave SIGCHLD alone.
 */
#ifndef GSC_CORE_SWEEP_SCHEDULER_H
#define GSC_CORE_SWEEP_SCHEDULER_H

#include "core/base/error.h"
#include "core/read/sweep_folder.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* Where a sweep stands. Borrowed for the call. */
typedef struct gsc_sweep_progress {
    const gsc_sweep_folder *folder;
    size_t total, done; /* runs that the plan has by now, and those that ended */
    size_t here;        /* processes of this scheduler */
    double fraction;    /* of the work, runs under way counted in part */
    double left_s;      /* estimate; NAN while there is none */
    const char *event;  /* one sentence about a run that ended otherwise than well; NULL */
} gsc_sweep_progress;

typedef struct gsc_sweep_options {
    const char *program; /* path of `gatescope` */
    size_t jobs;         /* runs at once */
    size_t threads;      /* of each run; 0: what the specs say */
    double run_bytes;    /* memory that one run needs; 0: unknown */
    double run_s;        /* forecast of one run's time; NAN: none */
    const sig_atomic_t volatile
        *stop; /* counts requests: the first asks the runs to stop, which then go
                                          back to todo/; NULL: nobody asks */
    void (*watch)(void *data,
                  const gsc_sweep_progress *progress); /* about twice a second; NULL is fine */
    void *data;
} gsc_sweep_options;

/* GSC_OK when nothing is left or waits (failed runs are in done/); GSC_ERR_STOPPED; GSC_ERR_INPUT with the
 * run's own sentence where a run's spec is refused: it is back in todo/; GSC_ERR_IO, GSC_ERR_SYSTEM. */
gsc_status gsc_sweep_schedule(gsc_sweep_folder *folder, const gsc_sweep_options *options,
                              gsc_error *error);

/* What the system could still give, in bytes; 0 where it does not say. */
double gsc_sweep_available_bytes(void);

#endif
