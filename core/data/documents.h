/* SPDX-License-Identifier: MIT
 *
 * Texts cut into documents of 2 to 8 kB at paragraph ends, and the rule that holds some of them
 * out.
 *
 * Layer: core/data; libc.
 */
#ifndef GSC_CORE_DATA_DOCUMENTS_H
#define GSC_CORE_DATA_DOCUMENTS_H

#include "core/data/text.h"

enum {
    GSC_DOCUMENT_MIN = 2048,
    GSC_DOCUMENT_AIM = 4096,
    GSC_DOCUMENT_MAX = 8192,
    GSC_HELD_OUT_EVERY = 10
};

/* The split, by document: number 9, 19, 29, ... of its file (counting from 0, good documents only)
 * is held out for validation, every other one trains. */
static inline bool gsc_document_held_out(uint64_t index) {
    return index % GSC_HELD_OUT_EVERY == GSC_HELD_OUT_EVERY - 1;
}

/* How much of text, beginning at its first byte, makes one document: up to the first paragraph end
 * (after a run of blank lines) at 4 kB or more; else the last one from 2 kB; else the last line
 * end from 2 kB; else the last space from 2 kB; else 8 kB, between characters. A rest below 2 kB
 * comes along where the whole stays within 8 kB; text below 6 kB is not cut. */
size_t gsc_document_end(const char *text, size_t size);

/* Documents in one block of memory. */
typedef struct gsc_documents {
    gsc_text text;
    size_t *ends; /* document i is text[ends[i - 1], ends[i]) without blank lines around it */
    size_t count, room;
} gsc_documents; /* all zeros: none */

/* One more text. A rest below 2 kB waits for the next text, after a blank line. */
gsc_status gsc_documents_add(gsc_documents *self, const char *text, size_t size, gsc_error *error);
/* After the last text: the rest becomes a document where anything but blanks is left. */
gsc_status gsc_documents_finish(gsc_documents *self, gsc_error *error);
const char *gsc_documents_get(const gsc_documents *self, size_t index, size_t *ret_size);
void gsc_documents_clear(gsc_documents *self);

/* text without the blank lines before and the white space after it. */
const char *gsc_document_trim(const char *text, size_t size, size_t *ret_size);

#endif
