/* SPDX-License-Identifier: MIT
 *
 * The conformance suite: does a plugin keep the contract of gatescope/plugin.h? Each test looks for one real
 * bug, runs in a process of its own with limits of time and memory, and fails with one sentence that names the
 * function and the values.
 *
 * Layer: core; jansson. [main thread: it forks]
 */
#ifndef GSC_CORE_PLUGIN_CONFORMANCE_H
#define GSC_CORE_PLUGIN_CONFORMANCE_H

#include "core/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    GSC_CONFORMANCE_SECONDS = 10, /* for one test */
    GSC_CONFORMANCE_MEMORY_GIB = 2
};

typedef struct gsc_conformance_options {
    const char *test; /* one test alone; NULL: all of the plugin's kind */
    bool in_process;  /* in this process, for a debugger: without limits */
    int seconds;      /* for each test; 0: GSC_CONFORMANCE_SECONDS */
} gsc_conformance_options;

/* Judges one plugin's file. *ret_report, owned by the caller:
 *
 *   {"path", "sha256", "id", "kind", "version", "title" ("" where it does not load), "ok": bool,
 *    "failed": n, "tests": [{"name", "status", "message", "caught"}]}
 *
 * status is "ok", "failed" or "skipped"; message is "" or one sentence: what is wrong, or why it was not tried.
 * caught is the bug the test is there for. GSC_ERR_INPUT: no such test; GSC_ERR_IO: no such file. */
gsc_status gsc_conformance_check(const char *path, const gsc_conformance_options *options,
                                 json_t **ret_report, gsc_error *error);

/* The tests' names in order, and what each is there for; NULL behind the last. */
const char *gsc_conformance_test_name(size_t index);
const char *gsc_conformance_test_caught(size_t index);

#endif
