/* SPDX-License-Identifier: MIT
 *
 * From text to token ids and back, behind one interface:
 *
 *   bytes             256 bytes, and 256 for the end of a document
 *   sentencepiece:N   a SentencePiece unigram model of N pieces, trained on the corpus' training
 *   documents;
 *                     without normalisation and with single bytes as the last resort, so that
 *                     decoding gives the very text back. Trained once, then kept in the data
 *                     folder's tokenizers/.
 *   PATH.model        a SentencePiece model that is there
 *
 * A tokenizer does not change once it is made; any thread may use it.
 *
 * Layer: core/data; SentencePiece by sentencepiece.h where the build has it.
 */
#ifndef GSC_CORE_DATA_TOKENIZER_H
#define GSC_CORE_DATA_TOKENIZER_H

#include "core/base/error.h"
#include "core/data/text.h"
#include "core/data/watch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GSC_MAX_VOCABULARY = 65536 /* ids are kept in 16 bits */
};

typedef struct gsc_tokenizer gsc_tokenizer;

/* Ids, growing; all zeros is an empty list. */
typedef struct gsc_ids {
    uint16_t *ids;
    size_t count, room;
    bool failed; /* an append found no memory */
} gsc_ids;
void gsc_ids_append(gsc_ids *self, uint16_t id);
void gsc_ids_clear(gsc_ids *self);

/* data is the corpus (reader.h) that a model is trained on where none is kept. Errors: an unknown
 * choice, no SentencePiece in this build, a corpus too small for N pieces, a damaged model. */
gsc_status gsc_tokenizer_new(const char *choice, const char *data, const gsc_data_watch *watch,
                             gsc_tokenizer **ret_tokenizer, gsc_error *error);
void gsc_tokenizer_free(gsc_tokenizer *self);

typedef struct gsc_tokenizer_needs {
    size_t memory_bytes; /* at the peak, at most */
    double seconds;      /* of processor time of a core of some 3 GHz, about */
} gsc_tokenizer_needs;

/* What gsc_tokenizer_new takes where it trains a model; else 0. Errors: those of a corpus that is not
 * there. */
gsc_status gsc_tokenizer_foresee(const char *choice, const char *data,
                                 gsc_tokenizer_needs *ret_needs, gsc_error *error);

bool gsc_tokenizer_has_sentencepiece(void); /* in this build */

int gsc_tokenizer_vocabulary(const gsc_tokenizer *self); /* ids are 0 ... vocabulary - 1 */
int gsc_tokenizer_end(const gsc_tokenizer *self);        /* the id that ends a document */
/* SHA-256 over all that decides on ids: two tokenizers with the same hash are the same. */
const char *gsc_tokenizer_hash(const gsc_tokenizer *self);
/* The model's file, or NULL for bytes. */
const char *gsc_tokenizer_path(const gsc_tokenizer *self);
/* Bytes of text that an id stands for; 0 for the end of a document and other marks. */
int gsc_tokenizer_bytes(const gsc_tokenizer *self, int id);

/* Appends the ids of text, which is well-formed UTF-8; no end of document. */
gsc_status gsc_tokenizer_encode(const gsc_tokenizer *self, const char *text, size_t size,
                                gsc_ids *ids, gsc_error *error);
/* Appends the text of ids; marks have none. Bytes that form no character stay as they are. */
gsc_status gsc_tokenizer_decode(const gsc_tokenizer *self, const uint16_t *ids, size_t count,
                                gsc_text *text, gsc_error *error);

#endif
