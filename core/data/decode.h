/* SPDX-License-Identifier: MIT
 *
 * From the bytes of a packaged file to clean text: UTF-8, line feeds, no control characters, no
 * trailing blanks, at most two blank lines in a row. gzip and dictzip files are unpacked first, by
 * their magic.
 *
 * Layer: core/data; zlib.
 */
#ifndef GSC_CORE_DATA_DECODE_H
#define GSC_CORE_DATA_DECODE_H

#include "core/data/text.h"

typedef enum gsc_decoder {
    GSC_DECODE_PLAIN,     /* text in UTF-8, or else in Latin-1; CR LF, byte order mark */
    GSC_DECODE_GUTENBERG, /* plain, without Project Gutenberg's headers and licences */
    GSC_DECODE_FORTUNES,  /* records between lines "%", a blank line between them in the text */
    GSC_DECODE_DICT,   /* a dictd data base, without lines that only tag a source: [1913 Webster] */
    GSC_DECODE_HTML,   /* text of the body: no scripts, no navigation, blocks become paragraphs */
    GSC_DECODE_FASTA,  /* bases in one line a sequence, without descriptions */
    GSC_DECODE_RDB,    /* an R data base: the character vectors in it, an element a line */
    GSC_DECODE_VERSES, /* lines "Ge1:1 text": the text, a paragraph a chapter */
} gsc_decoder;

/* Appends the decoded text of a file's bytes. name is the file's, for messages. On failure *text
 * may have grown. Errors: GSC_ERR_INPUT where the bytes are not what the decoder reads. */
gsc_status gsc_decode(gsc_decoder decoder, const char *bytes, size_t size, const char *name,
                      gsc_text *text, gsc_error *error);

/* Appends the bytes of a zlib or gzip stream (members one after another); *ret_used, unless NULL,
 * is how much of bytes one zlib stream took, and only one is read. */
gsc_status gsc_inflate(const char *bytes, size_t size, const char *name, gsc_text *text,
                       size_t *ret_used, gsc_error *error);

/* The decoders with a file of their own. */
gsc_status gsc_decode_rdb(const char *bytes, size_t size, const char *name, gsc_text *text,
                          gsc_error *error);
void gsc_decode_html(const char *bytes, size_t size, gsc_text *text);
/* Clean lines, as above, from UTF-8 or Latin-1. */
void gsc_decode_lines(const char *bytes, size_t size, gsc_text *text);

#endif
