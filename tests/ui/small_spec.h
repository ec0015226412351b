/* SPDX-License-Identifier: MIT
 *
 * Experiments that are over in a second, for tests that need a run and not its result.
 */
#ifndef GSC_TESTS_UI_SMALL_SPEC_H
#define GSC_TESTS_UI_SMALL_SPEC_H

#include "tests/ui/desk.h"

/* theorem2 with three sizes and so many replicates, titled and gated as said, as FILE in the desk's home; gate NULL:
 * the preset's. Caller frees the path. */
char *small_spec_write(const desk *at, const char *file, const char *title, int replicates,
                       const char *gate);
/* The same with fits that take hours: a run to be stopped, on any machine. */
char *small_spec_write_endless(const desk *at, const char *file, const char *title);
/* `gatescope run` beside the window's program, as somebody in a terminal, into the desk's runs; false: it failed.
 * set: one more assignment, or NULL. */
bool small_spec_run(const desk *at, const char *spec, const char *file, int seed, const char *set);
/* A sweep of two gates and so many seeds in the desk's runs, paused before its first run. Caller frees the path of
 * its folder; NULL: it was not made, and why is printed. */
char *small_sweep_write(const desk *at, const char *name, int seeds);

#endif
