/* SPDX-License-Identifier: MIT
 *
 * SentencePiece models trained on a corpus and kept in the data folder.
 *
 * Layer: core/data. Use tokenizer.h.
 */
#ifndef GSC_CORE_DATA_TOKENIZER_TRAIN_H
#define GSC_CORE_DATA_TOKENIZER_TRAIN_H

#include "core/base/error.h"
#include "core/data/folder.h"
#include "core/data/tokenizer.h"
#include "core/data/watch.h"

enum {
    GSC_MIN_PIECES = 320, /* two marks, 256 bytes and some characters */
    GSC_MAX_TRAINING_BYTES =
        8 * 1000000 /* of text; a larger corpus gives an even share of its documents */
};

/* The path of the model of that many pieces for the corpus data, trained now unless it is kept.
 * Only training documents are read. The file appears whole or not at all. */
gsc_status gsc_tokenizer_train(int pieces, const char *data, const gsc_data_watch *watch,
                               char ret_path[GSC_DATA_PATH_SIZE], gsc_error *error);

/* What that takes, at most. Measured: memory 26 times the text, 1.3 s for each of its megabytes whatever
 * the number of pieces. All 0 where the model is kept. Errors: those of a corpus that is not there. */
gsc_status gsc_tokenizer_train_needs(int pieces, const char *data, gsc_tokenizer_needs *ret_needs,
                                     gsc_error *error);

#endif
