/* SPDX-License-Identifier: MIT
 *
 * Runs one of the system's programs (apt-get, dpkg-deb, a package's own reader) and waits for it.
 *
 * Layer: core/data; POSIX.
 */
#ifndef GSC_CORE_DATA_COMMAND_H
#define GSC_CORE_DATA_COMMAND_H

#include "core/base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    GSC_COMMAND_OUTPUT = 4096,
    GSC_MAX_COMMAND_WORDS = 24
};

typedef struct gsc_command {
    const char
        *words[GSC_MAX_COMMAND_WORDS]; /* the program, found through PATH, and its arguments */
    const char *folder;                /* where it runs; NULL: here */
    const char *libraries;             /* LD_LIBRARY_PATH; NULL: as it is */
    const char *output;          /* a file for its standard output; NULL: kept with its messages */
    bool (*tick)(void *context); /* ten times a second; false kills the program. NULL: none */
    void *context;
} gsc_command;

/* Messages are in English (LC_ALL=C); standard input is empty. ret_output gets the end of what it
 * said. ret_code is its exit code, 128 + signal where one ended it, 127 where there is no such
 * program. Errors: GSC_ERR_SYSTEM where no program can be started, GSC_ERR_STOPPED after a tick
 * said so. */
gsc_status gsc_command_run(const gsc_command *command, char ret_output[GSC_COMMAND_OUTPUT],
                           int *ret_code, gsc_error *error);

#endif
