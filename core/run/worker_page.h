/* SPDX-License-Identifier: MIT
 *
 * The page that a worker shares with its supervisor: the notes of what it is calling, and, at a
 * violent end, which thread ended it. The supervisor reads it with suspicion: every byte may be
 * overwritten.
 *
 * Layer: core/run.
 */
#ifndef GSC_CORE_RUN_WORKER_PAGE_H
#define GSC_CORE_RUN_WORKER_PAGE_H

#include "core/plugin/guard.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The worker ended itself because its socket no longer led to a supervisor. */
enum {
    GSC_SOCKET_LOST = -1
};

typedef struct gsc_worker_page {
    gsc_guard_page guard; /* heartbeat_ns: the worker's post thread, many times a second */
    _Atomic int32_t
        fatal_slot; /* 1 + the guard slot of the thread that crashed or called exit; 0: none */
} gsc_worker_page;

/* How a worker ended, or why it was ended. */
typedef enum gsc_worker_end {
    GSC_WORKER_EXITED, /* without a last word; number: the exit code */
    GSC_WORKER_KILLED, /* number: the signal */
    GSC_WORKER_HUNG,   /* number: seconds it was given */
} gsc_worker_end;

/* The sentence that goes into the run file: plugin, function and step where a plugin was being
 * called, else what the run was last doing. */
void gsc_worker_verdict(const gsc_worker_page *page, gsc_worker_end end, double number,
                        const char *activity, char *ret_text, size_t size);

/* True where some thread has been inside one plugin call for longer than limit_s. A worker that the
 * system has stopped as a whole does not count. */
bool gsc_worker_hangs(const gsc_worker_page *page, double limit_s);

#endif
