/* SPDX-License-Identifier: MIT
 *
 * A run file as the training of a very small model leaves it, with routings that are known, for
 * tests of figures: two layers, four experts, one chosen for each of 40 positions of two domains,
 * steps 0, 10 and 20. Layer 0 always chooses expert 0; layer 1 expert 1 at step 0 and expert 2
 * later.
 */
#ifndef GSC_TESTS_PLOT_ROUTER_RUN_H
#define GSC_TESTS_PLOT_ROUTER_RUN_H

#include "core/read/run_file.h"

/* Makes the file of a mkstemp template and opens it; unfinished: without what the last router tells. Bails out
 * where that fails. */
gsc_run *gsc_router_run_make(char *path, bool finished);

/* The same with another seed and another top_k in its spec. */
gsc_run *gsc_router_run_make_of(char *path, bool finished, int seed, int top_k);

/* Bails out with the error's sentence unless status is good. */
void gsc_test_need(gsc_status status, const gsc_error *error);

#endif
