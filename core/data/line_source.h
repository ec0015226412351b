/* SPDX-License-Identifier: MIT
 *
 * Lines of a file, plain or packed with zstd, of any length up to a maximum.
 *
 * Layer: core/data; zstd.
 */
#ifndef GSC_CORE_DATA_LINE_SOURCE_H
#define GSC_CORE_DATA_LINE_SOURCE_H

#include "core/data/text.h"

#include <stdio.h>
#include <zstd.h>

typedef struct gsc_line_source {
    const char *path; /* borrowed */
    FILE *file;
    ZSTD_DStream *zstd; /* NULL: plain */
    char *packed;       /* bytes read but not yet unpacked: [packed_at, packed_size) */
    size_t packed_at, packed_size;
    uint64_t taken; /* bytes read of the file */
    bool in_frame;  /* a zstd frame is open */
    bool ended;
    gsc_text buffer; /* unpacked bytes: lines from line_at on */
    size_t line_at;
    uint64_t line; /* number of the last line given, from 1 */
} gsc_line_source;

gsc_status gsc_line_source_init(gsc_line_source *self, const char *path, bool packed,
                                gsc_error *error);
void gsc_line_source_clear(gsc_line_source *self);

/* The next line without its line feed, borrowed until the next call; *ret_line is NULL at the end.
 * Errors: GSC_ERR_INPUT where a packed file breaks off or is damaged, or a line has more than
 * most bytes. */
gsc_status gsc_line_source_next(gsc_line_source *self, size_t most, const char **ret_line,
                                size_t *ret_size, gsc_error *error);

#endif
