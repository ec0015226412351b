/* SPDX-License-Identifier: MIT
 *
 * How much memory a process that runs plugins may take, so that one that allocates without end ends alone: its
 * allocation fails, and the machine stays usable.
 *
 * Layer: core/plugin; libc.
 */
#ifndef GSC_CORE_PLUGIN_MEMORY_LIMIT_H
#define GSC_CORE_PLUGIN_MEMORY_LIMIT_H

#include <stdint.h>

/* The machine's memory or its control group's, whichever is less; less where GATESCOPE_MEMORY_GIB (a number above
 * 0) says so. */
uint64_t gsc_memory_allowed_bytes(void);

/* Sets it as this process's limit of writable private memory, and offers the process to the system as the first to
 * end where memory runs out all the same. Once, at a worker's start. Sanitizers, which map
 * far more than they use, are let be. */
void gsc_limit_memory(void);

#endif
