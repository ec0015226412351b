/* SPDX-License-Identifier: MIT
 *
 * Small run files out of formulas, for pictures of every figure: a study with every kind of series that the theory
 * lab writes, and twelve trainings in pairs.
 */
#ifndef GSC_TESTS_PLOT_GOLDEN_RUNS_H
#define GSC_TESTS_PLOT_GOLDEN_RUNS_H

#include "core/read/run_file.h"

enum {
    GSC_GOLDEN_PAIRS = 12
};

/* Opened; bails out where that fails. */
gsc_run *gsc_golden_study(void);
gsc_run *gsc_golden_arms(void); /* two start modes at three tolerances */
void gsc_golden_pairs(gsc_run *ret_runs[GSC_GOLDEN_PAIRS]);
/* Closes one of these and removes its file. */
void gsc_golden_close(gsc_run *run);

#endif
