/* SPDX-License-Identifier: MIT
 *
 * A worker as its supervisor holds it: a child in a process group of its own, a socket, a shared
 * page.
 *
 * Layer: core/run.
 */
#ifndef GSC_CORE_RUN_WORKER_PROCESS_H
#define GSC_CORE_RUN_WORKER_PROCESS_H

#include "core/base/error.h"
#include "core/run/worker_page.h"

#include <stdbool.h>
#include <sys/types.h>

typedef struct gsc_worker_process {
    pid_t pid;
    int socket;
    gsc_worker_page *page;
    bool ended;
    gsc_worker_end end; /* where ended: exited or killed */
    int number;         /* exit code or signal */
} gsc_worker_process;

/* argv as gsc_order.worker. The child's stdin is empty, its stdout is this process's stderr. */
gsc_status gsc_worker_process_start(const char *const *argv, gsc_worker_process *ret_worker,
                                    gsc_error *error);

/* Looks whether it has ended; waits for that up to wait_ms. */
bool gsc_worker_process_ended(gsc_worker_process *worker, int wait_ms);

/* Kills whatever is left of its process group, waits for it, and frees what start made.
 * Zero-initialised is fine. */
void gsc_worker_process_clear(gsc_worker_process *worker);

#endif
