/* SPDX-License-Identifier: MIT
 *
 * On what a run runs, for its file.
 *
 * Layer: core/run.
 */
#ifndef GSC_CORE_RUN_MACHINE_H
#define GSC_CORE_RUN_MACHINE_H

#include <jansson.h>
#include <stdint.h>

/* {host, system, cpu, cores, memory_bytes, kernel_path, threads, version, commit}; threads as the
 * spec asks (0: all cores). The caller owns it; NULL where memory ran out. */
json_t *gsc_machine_describe(int64_t threads);

#endif
