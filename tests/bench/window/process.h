/* SPDX-License-Identifier: MIT
 *
 * What the window's process takes, as the kernel counts it. Layer: tests.
 */
#ifndef GSC_TESTS_BENCH_WINDOW_PROCESS_H
#define GSC_TESTS_BENCH_WINDOW_PROCESS_H

#include "tests/ui/desk.h"

/* The window's own process, beside the session bus that it was started with. */
GPid process_of(const desk *self);
/* Processor time of all its threads, in seconds; 0 once it is gone. */
double process_cpu_s(GPid pid);
/* Megabytes in memory that are its own; 0 once it is gone. */
double process_resident_mb(GPid pid);

#endif
