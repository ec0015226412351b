/* SPDX-License-Identifier: MIT
 *
 * What a sweep will cost, measured on a few steps of its arms before the first run.
 *
 * Layer: app.
 */
#ifndef GSC_APP_SWEEP_COST_H
#define GSC_APP_SWEEP_COST_H

#include "core/base/error.h"
#include "core/read/sweep.h"

typedef struct gsc_sweep_plan {
    size_t jobs, threads; /* runs at once, threads of each */
    size_t runs;          /* at most: every arm may run again at its best tuned value */
    double run_bytes;     /* of the largest arm; 0: unknown */
    double run_s;         /* mean over arms, measured with `jobs` at once; NAN: unknown */
    double total_s;
} gsc_sweep_plan;

/* Each arm is asked in a process of its own, so that a plugin that crashes is a sentence. jobs 0: as many
 * as cores and memory allow; threads 0: cores / jobs. */
gsc_status gsc_sweep_plan_of(const gsc_sweep *sweep, size_t jobs, size_t threads, bool timed,
                             gsc_sweep_plan *ret_plan, gsc_error *error);

#endif
