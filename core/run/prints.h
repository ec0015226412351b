/* SPDX-License-Identifier: MIT
 *
 * What plugins print inside a worker: caught, counted, and told as events that name plugin, function and
 * step. A worker's standard streams are nobody's: the run's words are its records. What is caught
 * still goes to the terminal (a printf is how an author looks inside a gate), the first 64 KiB of it.
 *
 * Layer: core/run. One per process.
 */
#ifndef GSC_CORE_RUN_PRINTS_H
#define GSC_CORE_RUN_PRINTS_H

#include "core/run/sink.h"

/* Takes over stdout, stderr and descriptor 1. The first text of each function of a plugin becomes a
 * warning at once. sink outlives the process's plugins. Where the system refuses, nothing is taken over:
 * text then goes to the terminal uncounted. Once, before the first plugin is loaded. */
void gsc_prints_begin(gsc_sink *sink);

/* Hears what was written to descriptor 1 past the C library; such text cannot be told by its thread, so
 * that the function named is the one that a thread was in when it was heard. Never blocks, sends no event.
 * [any thread] */
void gsc_prints_listen(void);

/* Tells what was printed in all, one event for each function. */
void gsc_prints_end(void);

#endif
