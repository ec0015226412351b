/* SPDX-License-Identifier: MIT
 *
 * The tokens of a run as files, in the order in which it trains, so that another program goes through the
 * same steps from its checkpoint of step 0.
 *
 *     train.u16        the shuffled training text, as far as the run reads
 *     validation.u16   [rows, context + 1]: the last validation
 *     probe.u16        [rows, context + 1]: the validation at checkpoints, and the router's probe
 *     order.json       what they are: context T, batch B, contexts C, rows, vocabulary, hashes, the rule
 *
 * Numbers are 16 bits, little-endian. Row b of the step that takes the run from s to s + 1 is the T + 1
 * tokens of train.u16 from T ((s B + b) mod C) on: the first T are inputs, the last T targets.
 *
 * Layer: core/lm.
 */
#ifndef GSC_CORE_LM_REPLAY_H
#define GSC_CORE_LM_REPLAY_H

#include "core/base/error.h"
#include "core/data/watch.h"
#include "core/read/spec.h"

/* What a run tells of its text, as a document of this kind: {"hash": of the tokens, "tokenizer": its hash,
 * "vocabulary", "documents", "tokens", "held_out_documents", "held_out_tokens"}. */
#define GSC_LM_CORPUS_DOCUMENT "corpus"

/* Into folder, which is there. hash: of the tokens that the run was trained on; another one now is
 * GSC_ERR_INPUT; NULL: unknown. A file appears whole or not at all. Errors: those of the corpus. */
gsc_status gsc_lm_replay_write(const gsc_spec *spec, const char *hash, const char *folder,
                               const gsc_data_watch *watch, gsc_error *error);

#endif
