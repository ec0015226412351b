/* SPDX-License-Identifier: MIT
 *
 * Files that appear whole or not at all: written beside their place, synchronised, renamed.
 *
 * Layer: core/data; libc.
 */
#ifndef GSC_CORE_DATA_WRITE_FILE_H
#define GSC_CORE_DATA_WRITE_FILE_H

#include "core/base/error.h"
#include "core/data/folder.h"

#include <stdio.h>

typedef struct gsc_new_file {
    FILE *stream; /* to write to */
    char path[GSC_DATA_PATH_SIZE];
    char unfinished[GSC_DATA_PATH_SIZE];
} gsc_new_file;

gsc_status gsc_new_file_init(gsc_new_file *self, const char *path, gsc_error *error);
/* Puts the file in its place; on failure (a full disk shows here) nothing is left. */
gsc_status gsc_new_file_commit(gsc_new_file *self, gsc_error *error);
/* Gives it up; after a commit it does nothing. */
void gsc_new_file_clear(gsc_new_file *self);

/* All three for bytes in memory. */
gsc_status gsc_write_file(const char *path, const void *bytes, size_t size, gsc_error *error);

#endif
