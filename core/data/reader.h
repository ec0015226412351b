/* SPDX-License-Identifier: MIT
 *
 * Reads a corpus, document by document, in a fixed order: files by their path's bytes, documents
 * as they stand.
 *
 * A corpus is the name of a folder in the data folder (`gatescope data get NAME`), a file or a
 * folder of files (any depth):
 *   .jsonl .jsonl.zst  one object a line with "text", in SlimPajama's schema; the domain is
 *                      meta.redpajama_set_name (or meta.pile_set_name), else the file's name up to
 *                      its first dot. Read as a stream; a file may be larger than memory.
 *   .txt .md           text, cut at paragraph ends (documents.h); the domain is the top folder's
 *                      name, else "text". A file given by its own path is text whatever it is
 *                      called.
 * Ill-formed UTF-8 is replaced by U+FFFD and counted; a line that is no such object, or whose text
 * is blank, is left out and counted.
 *
 * Layer: core/data; jansson, zstd.
 */
#ifndef GSC_CORE_DATA_READER_H
#define GSC_CORE_DATA_READER_H

#include "core/base/error.h"
#include "core/base/sha256.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GSC_MAX_DOMAINS =
        64, /* the last one gathers what came after 63 others, and is called "other" */
    GSC_DOMAIN_NAME_SIZE = 48,
    GSC_MAX_LINE_BYTES = 64 << 20
};

typedef struct gsc_document {
    const char *text; /* well-formed UTF-8, not zero-terminated; borrowed until the next call */
    size_t size;
    int domain;    /* of gsc_reader_domain */
    bool held_out; /* by documents.h's rule, with documents counted in each file */
} gsc_document;

/* What was read so far. */
typedef struct gsc_reader_report {
    uint64_t documents, held_out; /* all of them, and those held out */
    uint64_t bytes;               /* of their text */
    uint64_t bad_lines;
    uint64_t replaced;   /* ill-formed bytes */
    char first_bad[256]; /* "FILE:LINE: why", or empty */
} gsc_reader_report;

typedef struct gsc_reader gsc_reader;

/* data: a name, a file or a folder. Errors: no such corpus (with what would bring it), nothing
 * readable in it. */
gsc_status gsc_reader_new(const char *data, gsc_reader **ret_reader, gsc_error *error);
void gsc_reader_free(gsc_reader *self);

/* The next document, or *ret_end. Errors: a .zst file that breaks off or is damaged, no memory; at
 * the end of a corpus without a document, how many lines were bad and why the first was. */
gsc_status gsc_reader_next(gsc_reader *self, gsc_document *ret_document, bool *ret_end,
                           gsc_error *error);

const gsc_reader_report *gsc_reader_get_report(const gsc_reader *self);
int gsc_reader_domain_count(const gsc_reader *self);
const char *gsc_reader_domain(const gsc_reader *self, int domain);
/* Share of the files' bytes that was read, in [0, 1]. */
double gsc_reader_fraction(const gsc_reader *self);

/* Bytes of text that the corpus has at most; UINT64_MAX where files are packed. */
uint64_t gsc_reader_most_bytes(const gsc_reader *self);

/* The digest of the files' names, sizes and times of change: a key for what is derived from
 * them. */
gsc_status gsc_reader_key(const gsc_reader *self, char ret_key[GSC_SHA256_TEXT_SIZE],
                          gsc_error *error);

#endif
