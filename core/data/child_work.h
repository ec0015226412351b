/* SPDX-License-Identifier: MIT
 *
 * Work of a library that cannot be asked to stop, done in a child process: the caller keeps looking
 * whether it should go on, and ends the child where not. What the child took of memory goes with it, and
 * a library that aborts takes only the child along.
 *
 * Layer: core/data; libc. For work that gives bytes.
 */
#ifndef GSC_CORE_DATA_CHILD_WORK_H
#define GSC_CORE_DATA_CHILD_WORK_H

#include "core/base/error.h"
#include "core/data/text.h"
#include "core/data/watch.h"

/* Calls work(context, &bytes, error) in a copy of this process and appends its bytes to ret_bytes; a
 * failure there fails here with the same words. what ("Training the tokenizer") begins messages, and is
 * reported with the seconds that went by, ten times a second; a watch that says so stops the child
 * within a second: GSC_ERR_STOPPED. A child that dies of something else: GSC_ERR_SYSTEM, with the signal.
 *
 * work sees memory as it was and nothing that it changes but bytes comes back. It runs with default
 * signal handlers, and must not wait for other threads of this process: they are not there. */
gsc_status gsc_child_work(const char *what,
                          gsc_status (*work)(void *context, gsc_text *ret_bytes, gsc_error *error),
                          void *context, const gsc_data_watch *watch, gsc_text *ret_bytes,
                          gsc_error *error);

#endif
