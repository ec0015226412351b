/* SPDX-License-Identifier: MIT
 *
 * What a compiler wrote, as places in a file: pure functions over text.
 *
 * Layer: ui; GLib only.
 */
#ifndef GSC_UI_DIAGNOSTICS_H
#define GSC_UI_DIAGNOSTICS_H

#include <glib.h>
#include <stdbool.h>

G_BEGIN_DECLS

typedef struct gsc_diagnostic {
    char *file;       /* base name; "" where the message has no place */
    int line, column; /* from 1; 0: not said */
    bool is_error;    /* else a warning */
    char *message;
} gsc_diagnostic;

void gsc_diagnostic_free(gsc_diagnostic *self);

/* The errors and warnings of the output of a C compiler ("FILE:LINE:COLUMN: error: MESSAGE"), errors first,
 * at most 100; undefined names from the linker too. Notes and quoted lines are left out. A GPtrArray of
 * gsc_diagnostic, empty where there is none; caller unrefs. */
GPtrArray *gsc_diagnostics_read(const char *output);

/* "2 errors", "1 error, 3 warnings", "1 warning", ""; caller frees. */
char *gsc_diagnostics_count(const GPtrArray *diagnostics);

G_END_DECLS

#endif
