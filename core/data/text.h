/* SPDX-License-Identifier: MIT
 *
 * A growing text, and UTF-8: what the decoders and the reader of corpora write into.
 *
 * A text that could not grow (no memory, or GSC_MAX_TEXT_BYTES reached) stays as it is and
 * remembers it, so that a chain of appends is checked once, at its end, with gsc_text_check.
 *
 * Layer: core/data; libc.
 */
#ifndef GSC_CORE_DATA_TEXT_H
#define GSC_CORE_DATA_TEXT_H

#include "core/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GSC_MAX_TEXT_BYTES ((size_t)1 << 30)

typedef struct gsc_text {
    char *bytes; /* not zero-terminated; NULL while empty */
    size_t size;
    size_t room;
    bool failed;
} gsc_text; /* all zeros is an empty text */

void gsc_text_clear(gsc_text *self); /* frees; the text is empty again */
void gsc_text_append(gsc_text *self, const char *bytes, size_t size);
void gsc_text_append_char(gsc_text *self, char byte);
/* A code point as UTF-8; U+FFFD for what is none. */
void gsc_text_append_code(gsc_text *self, uint32_t code);
/* GSC_ERR_MEMORY where an append failed; name says what the text is. */
gsc_status gsc_text_check(const gsc_text *self, const char *name, gsc_error *error);

/* The whole file at path, at most GSC_MAX_TEXT_BYTES. */
gsc_status gsc_text_read_file(const char *path, gsc_text *ret_text, gsc_error *error);

/* Bytes of the well-formed UTF-8 sequence (Unicode 15, table 3-7) that bytes begin with; 0:
 * there is none. */
size_t gsc_utf8_length(const char *bytes, size_t size);
bool gsc_utf8_valid(const char *bytes, size_t size);
/* Appends bytes with U+FFFD in place of each ill-formed byte; returns how many there were. */
uint64_t gsc_utf8_repair(const char *bytes, size_t size, gsc_text *text);
/* The greatest place <= at where a sequence begins, so that text cut there stays well-formed. */
size_t gsc_utf8_floor(const char *bytes, size_t at);

#endif
