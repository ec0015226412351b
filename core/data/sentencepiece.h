/* SPDX-License-Identifier: MIT
 *
 * SentencePiece for C: the one door to the C++ library. No exception passes it.
 *
 * Layer: core/data; libsentencepiece. Use tokenizer.h.
 */
#ifndef GSC_CORE_DATA_SENTENCEPIECE_H
#define GSC_CORE_DATA_SENTENCEPIECE_H

#include "core/base/error.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gsc_sentencepiece gsc_sentencepiece;

/* Takes the bytes of a .model file; name is for messages. */
gsc_status gsc_sentencepiece_new(const char *model, size_t size, const char *name,
                                 gsc_sentencepiece **ret_model, gsc_error *error);
void gsc_sentencepiece_free(gsc_sentencepiece *self);

int gsc_sentencepiece_pieces(const gsc_sentencepiece *self);
int gsc_sentencepiece_end(const gsc_sentencepiece *self); /* id of </s>, or -1 */
/* Bytes of the text a piece stands for: 1 for a byte, 0 for marks. */
int gsc_sentencepiece_piece_bytes(const gsc_sentencepiece *self, int id);
/* The text a piece stands for, not zero-terminated, borrowed; empty for marks. */
const char *gsc_sentencepiece_piece(const gsc_sentencepiece *self, int id, size_t *ret_size);

/* Calls add(context, id) for each piece of text. */
gsc_status gsc_sentencepiece_encode(const gsc_sentencepiece *self, const char *text, size_t size,
                                    void (*add)(void *context, int id), void *context,
                                    gsc_error *error);

/* Trains a unigram model of exactly pieces ids (0 unknown, 1 end of document, then 256 bytes) on
 * lines: next(context, &line, &size) gives one at a time, false at the end. The same lines give
 * the same model. Hands the model's bytes to take(context, bytes, size) once. */
gsc_status gsc_sentencepiece_train(
    bool (*next)(void *context, const char **ret_line, size_t *ret_size), int pieces,
    void (*take)(void *context, const char *bytes, size_t size), void *context, gsc_error *error);

#ifdef __cplusplus
}
#endif
#endif
