/* SPDX-License-Identifier: MIT
 *
 * Scanning plugin copies in child processes: a plugin that crashes, hangs, exits or prints rubbish there
 * costs its own scan and nothing else.
 *
 * Layer: core/plugin; libc, jansson.
 */
#ifndef GSC_CORE_PLUGIN_SCAN_H
#define GSC_CORE_PLUGIN_SCAN_H

#include "core/base/error.h"

#include <jansson.h>
#include <stddef.h>

enum {
    GSC_SCAN_AT_ONCE = 2,
    GSC_SCAN_SECONDS = 5,
    GSC_SCAN_SECONDS_MOST = 600,
    GSC_SCAN_MEMORY_GIB = 2
};

typedef struct gsc_scan_job {
    const char *copy_path;
    json_t *ret_row; /* new reference: see gsc_plugin_describe and gsc_plugin_describe_refused */
} gsc_scan_job;

/* Scans all jobs, GSC_SCAN_AT_ONCE at a time, each within GSC_SCAN_SECONDS, or within the whole seconds
 * that GATESCOPE_SCAN_SECONDS says (for a slow machine, or a checker such as valgrind). A job's own misfortune is its
 * row's status; only the system's (no process, no memory) is an error, and then some rows may be NULL.
 *
 * The child is this program's `plugin-scan` command; a program without it (a test, a benchmark) scans in
 * the forked child itself. */
gsc_status gsc_scan(gsc_scan_job *jobs, size_t count, gsc_error *error);

#endif
