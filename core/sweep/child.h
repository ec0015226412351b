/* SPDX-License-Identifier: MIT
 *
 * One run of a sweep as a process: begin, ask to stop, reap. Layer: core/sweep, private.
 */
#ifndef GSC_CORE_SWEEP_CHILD_H
#define GSC_CORE_SWEEP_CHILD_H

#include "core/read/sweep_folder.h"

#include <sys/types.h>

typedef struct sweep_child {
    pid_t pid; /* 0: none */
    gsc_sweep_entry entry;
    double began_s; /* monotonic */
    bool resumed;
} sweep_child;

/* Starts `program run SPEC -o RUN.gsc`, or, with resume, `program resume RUN.gsc` where a run stopped or was
 * lost after a checkpoint; its words go to runs/NAME.log. threads 0: what the spec says. */
gsc_status sweep_child_start(const gsc_sweep_folder *folder, const gsc_sweep_entry *entry,
                             const char *program, size_t threads, bool resume,
                             sweep_child *ret_child, gsc_error *error);

/* Whether it has ended; then *ret_code is its exit code, or 128 + signal, and pid is 0. */
bool sweep_child_ended(sweep_child *child, int *ret_code);

/* The last line of its log, "" where there is none. */
void sweep_child_last_words(const gsc_sweep_folder *folder, const gsc_sweep_entry *entry,
                            char *ret_text, size_t size);

/* Whether a run of this entry broke off and can go on from a checkpoint. */
bool sweep_child_can_resume(const gsc_sweep_folder *folder, const gsc_sweep_entry *entry);

/* Removes the checkpoints of a run that is done, but for the last. */
void sweep_child_drop_checkpoints(const gsc_sweep_folder *folder, const gsc_sweep_entry *entry);

#endif
