/* SPDX-License-Identifier: MIT
 *
 * Who writes a run file, and whether it still lives. The writer stores its identity; a reader on the same
 * machine looks the process up, a reader elsewhere has only the heartbeat.
 *
 * Layer: core/read; Linux /proc.
 */
#ifndef GSC_CORE_READ_PROCESS_H
#define GSC_CORE_READ_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct gsc_process {
    char host[256];
    char boot_id[128]; /* kernel boot id and pid namespace: where the pid means something */
    int64_t pid;
    int64_t start_ticks; /* start time in clock ticks since boot: a reused pid differs */
} gsc_process;

/* The calling process. What cannot be found out is "" or 0. */
void gsc_process_self(gsc_process *ret_process);

/* True where the process was started on this machine, boot and pid namespace. */
bool gsc_process_is_here(const gsc_process *process);

/* True where a process that is_here is still running (a zombie is not). */
bool gsc_process_is_alive(const gsc_process *process);

#endif
