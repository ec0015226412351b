/* SPDX-License-Identifier: MIT
 *
 * A sweep is a folder:
 *
 *   sweep.json     the plan, base written out
 *   todo/          NNNNN-NAME.json, the spec of a run that waits; the order of the names is that of the runs
 *   running/       NNNNN-NAME.json of a run that was claimed, and NNNNN-NAME.owner: who claimed it
 *   done/          NNNNN-NAME.json of a run that ended, well or not: its run file says how
 *   runs/          NAME.gsc, its checkpoints, and NAME.log, what the run said
 *   pause          while it is there, no run is begun
 *
 * A run is claimed by rename(2) from todo/ to running/, so several schedulers, on several machines, share
 * a folder. To reorder what waits, rename it. Anyone may write the folder and watch it; `gatescope sweep`
 * alone begins runs.
 *
 * Layer: core/read.
 */
#ifndef GSC_CORE_READ_SWEEP_FOLDER_H
#define GSC_CORE_READ_SWEEP_FOLDER_H

#include "core/read/run_file.h"
#include "core/read/sweep.h"

typedef enum gsc_sweep_state {
    GSC_SWEEP_ABSENT, /* no entry: nobody planned it yet, or somebody took it out */
    GSC_SWEEP_TODO,
    GSC_SWEEP_RUNNING,
    GSC_SWEEP_DONE
} gsc_sweep_state;

const char *gsc_sweep_state_name(gsc_sweep_state state); /* "todo" */

/* One run as the folder has it. */
typedef struct gsc_sweep_entry {
    gsc_sweep_run run;
    gsc_sweep_state state;
    char file[GSC_SWEEP_NAME_SIZE + 16]; /* "00003-softmax-s1.json"; "" where absent */
} gsc_sweep_entry;

typedef struct gsc_sweep_folder {
    char *path;
    gsc_sweep *sweep;
    gsc_sweep_entry
        *entries; /* those of tune, main and, once known, best; in the order of the files */
    size_t count;
    size_t n_state[GSC_SWEEP_DONE + 1];
    bool paused;
    double *
        best; /* [arms] best value of the tuned key; NAN while unknown. NULL where nothing is tuned */
} gsc_sweep_folder;

/* Makes the folder of a sweep, or finds it made: then nothing is written. GSC_ERR_INPUT where path holds
 * another sweep (another hash) or something else; GSC_ERR_IO. */
gsc_status gsc_sweep_create(const gsc_sweep *sweep, const char *path, gsc_error *error);

gsc_status gsc_sweep_folder_open(const char *path, gsc_sweep_folder **ret_folder, gsc_error *error);
void gsc_sweep_folder_free(gsc_sweep_folder *folder);

/* Looks at the files anew. Once every run of tuning is done, finds the best values and, with may_write,
 * puts the runs of GSC_SWEEP_BEST into todo/. */
gsc_status gsc_sweep_folder_read(gsc_sweep_folder *folder, bool may_write, gsc_error *error);

gsc_status gsc_sweep_pause(const char *path, bool pause, gsc_error *error);

/* The run file of an entry: PATH/runs/NAME.gsc. */
void gsc_sweep_run_path(const char *path, const gsc_sweep_run *run, char *ret_path, size_t size);

/* Moves an entry's file between two states; *ret_moved is false where somebody else was faster. */
gsc_status gsc_sweep_move(const gsc_sweep_folder *folder, gsc_sweep_entry *entry,
                          gsc_sweep_state to, bool *ret_moved, gsc_error *error);

/* A result of a run of the folder; false where the run is not done or has none of that name. */
bool gsc_sweep_result(const char *run_path, const char *name, double *ret_value);

#endif
