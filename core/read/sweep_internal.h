/* SPDX-License-Identifier: MIT
 *
 * What the readers of a sweep's plan share.
 *
 * Layer: core/read, private.
 */
#ifndef GSC_CORE_READ_SWEEP_INTERNAL_H
#define GSC_CORE_READ_SWEEP_INTERNAL_H

#include "core/read/sweep.h"

enum {
    SWEEP_WHERE_SIZE = 320
};

typedef struct sweep_parser {
    const char *name; /* of the file, for messages */
    json_t *root, *lines;
    gsc_sweep *sweep;
    gsc_error *error;
} sweep_parser;

/* "name:line: " of a full key of the plan, into ret_text [SWEEP_WHERE_SIZE]; returns it. */
const char *sweep_where(const sweep_parser *self, const char *key, char *ret_text);

/* Makes the arms. */
gsc_status sweep_read_axes(sweep_parser *self);

#endif
