/* SPDX-License-Identifier: MIT
 *
 * A corpus as token ids: two streams, the training documents and the held-out ones, each document
 * followed by the tokenizer's end id. Made once for a corpus and a tokenizer, kept in the data
 * folder's tokens/ and mapped from there; a changed file of the corpus makes new ones.
 *
 * Layer: core/data.
 */
#ifndef GSC_CORE_DATA_TOKENS_H
#define GSC_CORE_DATA_TOKENS_H

#include "core/data/reader.h"
#include "core/data/tokenizer.h"

/* One stream. Document d is ids[starts[d], starts[d + 1]), its end id included. */
typedef struct gsc_token_stream {
    const uint16_t *ids;
    const uint64_t *starts; /* [documents + 1] */
    const uint8_t *domains; /* [documents], of gsc_tokens.domains */
    uint64_t count;         /* of ids */
    uint64_t documents;
    uint64_t bytes; /* of the documents' text */
} gsc_token_stream;

typedef struct gsc_tokens {
    gsc_token_stream train, held_out;
    int vocabulary, end;
    char hash[GSC_SHA256_TEXT_SIZE]; /* of both streams' ids: what a run was trained on */
    char domains[GSC_MAX_DOMAINS][GSC_DOMAIN_NAME_SIZE];
    int domain_count;
    gsc_reader_report report;
    /* Bytes of text that an id stands for, [vocabulary]. Where a model normalises text these do
     * not add up to the text's own bytes; byte_scale mends the sum: held_out.bytes = byte_scale
     * sum_i id_bytes[ids[i]]. It is exactly 1 for bytes and for models trained here. */
    const uint16_t *id_bytes;
    double byte_scale;
    void *map; /* private */
    size_t map_size;
    uint16_t *own_id_bytes;
} gsc_tokens;

/* Errors: those of the reader; fewer than 10 documents, so that none is held out. */
gsc_status gsc_tokens_open(const char *data, const gsc_tokenizer *tokenizer,
                           const gsc_data_watch *watch, gsc_tokens *ret_tokens, gsc_error *error);
void gsc_tokens_close(gsc_tokens *self);

/* Bytes of text behind count ids of this corpus: the denominator of bits per byte, which is
 * (sum of losses in nats) / (ln 2 * bytes); ends of documents count in the losses and have no
 * bytes. */
double gsc_tokens_bytes(const gsc_tokens *self, const uint16_t *ids, size_t count);

/* The document of stream that holds token at: the greatest d with starts[d] <= at. */
uint64_t gsc_token_stream_document(const gsc_token_stream *stream, uint64_t at);

#endif
