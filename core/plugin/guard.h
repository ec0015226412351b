/* SPDX-License-Identifier: MIT
 *
 * The shared page in which a worker notes what it is about to call, so that its supervisor can name plugin,
 * function and step after a crash, a hang or an exit. One slot per thread; noting costs a few stores.
 *
 * The page is plain memory; core/run maps it shared between supervisor and worker. With no page set (a test,
 * a benchmark) notes go to a private one.
 *
 * Layer: core.
 */
#ifndef GSC_CORE_PLUGIN_GUARD_H
#define GSC_CORE_PLUGIN_GUARD_H

#include <stdatomic.h>
#include <stdint.h>

enum {
    GSC_GUARD_SLOTS = 128,
    GSC_GUARD_NAME = 56
};

typedef struct gsc_guard_slot {
    _Atomic uint64_t entered_ns;   /* CLOCK_MONOTONIC when the call began; 0: not in a plugin */
    _Atomic int64_t step;          /* the lab's step: an EM iteration, an optimiser step */
    char plugin[GSC_GUARD_NAME];   /* "gate softmax" */
    char function[GSC_GUARD_NAME]; /* "affinity" */
} gsc_guard_slot;

typedef struct gsc_guard_page {
    _Atomic uint64_t heartbeat_ns; /* last sign of life of the worker's main loop */
    gsc_guard_slot slots[GSC_GUARD_SLOTS];
} gsc_guard_page;

/* Once, at the worker's start, before other threads. */
void gsc_guard_set_page(gsc_guard_page *page);
gsc_guard_page *gsc_guard_get_page(void);

/* Around every call into a plugin. plugin and function must stay constant for the process (they are copied
 * only when they change). */
void gsc_guard_enter(const char *plugin, const char *function);
void gsc_guard_leave(void);
/* The slot of this thread, NULL where it never entered a plugin. Async-signal-safe: a worker's signal
 * handler asks it which call crashed. */
const gsc_guard_slot *gsc_guard_own_slot(void);
/* The step of this thread's work, kept until the next. */
void gsc_guard_set_step(int64_t step);

#endif
