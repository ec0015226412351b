/* SPDX-License-Identifier: MIT
 *
 * Claims on runs of a sweep: taking one, and finding those whose owner is gone.
 *
 * Layer: core/sweep.
 */
#ifndef GSC_CORE_SWEEP_CLAIM_H
#define GSC_CORE_SWEEP_CLAIM_H

#include "core/read/sweep_folder.h"

/* Moves an entry from todo/ to running/ and writes down that this process has it; *ret_claimed is false
 * where another was faster. */
gsc_status gsc_sweep_claim(const gsc_sweep_folder *folder, gsc_sweep_entry *entry,
                           bool *ret_claimed, gsc_error *error);

/* Moves an entry of running/ to todo/ or done/ and takes the claim away. */
gsc_status gsc_sweep_release(const gsc_sweep_folder *folder, gsc_sweep_entry *entry,
                             gsc_sweep_state to, gsc_error *error);

/* What becomes of an entry of running/ that no process of this scheduler runs. */
typedef enum gsc_sweep_fate {
    GSC_SWEEP_FATE_WAIT,  /* it runs, or its owner lives, or it is too fresh to say */
    GSC_SWEEP_FATE_TODO,  /* owner and run are gone: to be begun again */
    GSC_SWEEP_FATE_ENDED, /* done or failed, but nobody moved it */
} gsc_sweep_fate;
gsc_sweep_fate gsc_sweep_fate_of(const gsc_sweep_folder *folder, const gsc_sweep_entry *entry);

#endif
