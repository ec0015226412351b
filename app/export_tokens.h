/* SPDX-License-Identifier: MIT
 *
 * What a language model of a run was trained on: whether it is still the same, and as files.
 *
 * Layer: app.
 */
#ifndef GSC_APP_EXPORT_TOKENS_H
#define GSC_APP_EXPORT_TOKENS_H

#include "core/base/error.h"
#include "core/data/tokenizer.h"
#include "core/read/run_file.h"

typedef struct gsc_run_corpus {
    char hash[65], tokenizer[65]; /* "": the run is older than these */
} gsc_run_corpus;

gsc_status gsc_run_corpus_read(gsc_run *run, gsc_run_corpus *ret_corpus, gsc_error *error);

/* GSC_ERR_INPUT where the run was trained with another tokenizer than this. */
gsc_status gsc_run_corpus_check(const gsc_run_corpus *self, const gsc_tokenizer *tokenizer,
                                gsc_error *error);

/* gatescope export --to tokens: the files of core/lm/replay.h, into a folder that is there. */
gsc_status gsc_export_tokens(gsc_run *run, const char *folder, gsc_error *error);

#endif
