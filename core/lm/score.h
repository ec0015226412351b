/* SPDX-License-Identifier: MIT
 *
 * Scores a language model by its log-likelihood of endings.
 *
 * An ending's log-likelihood is the sum over its tokens, given the end of a document, the context
 * and the tokens before. The text is encoded as a whole; its ending begins at the first token that
 * is not one of the context's alone. Texts longer than the window lose tokens on the left.
 *
 *   accuracy           share of questions whose right ending has the greatest log-likelihood;
 *                      the first of equals
 *   accuracy_per_byte  the same with log-likelihoods divided by the endings' bytes
 *   last_word_accuracy share of last words that greedy decoding gives, token by token
 *   last_word_perplexity  exp of minus the mean log-likelihood of a last word
 *
 * Shares carry Wilson's 95% interval, and chance: the mean of 1 / endings.
 *
 * Layer: core/lm.
 */
#ifndef GSC_CORE_LM_SCORE_H
#define GSC_CORE_LM_SCORE_H

#include "core/data/tokenizer.h"
#include "core/lm/model.h"
#include "core/lm/score_items.h"

typedef struct gsc_score_share {
    size_t right, of;
    double value, low, high; /* NAN where there are none */
} gsc_score_share;

typedef struct gsc_score {
    gsc_score_share accuracy, accuracy_per_byte, last_word;
    double chance;         /* of accuracy */
    double log_likelihood; /* mean of the last words, nats; NAN where there are none */
    double perplexity;     /* of last words */
    size_t truncated;      /* questions that lost tokens on the left */
    size_t too_long;       /* questions left out: an ending alone is longer than the window */
} gsc_score;

/* What became of one question. log_likelihoods belongs to the call. */
typedef struct gsc_score_answer {
    const gsc_score_item *item;
    const double *log_likelihoods; /* [item->n_endings] */
    size_t chosen, chosen_per_byte;
    bool greedy; /* last words: every token was the likeliest */
} gsc_score_answer;
/* done of count questions; answer is NULL for one that is left out. Returns false to stop. */
typedef bool gsc_score_watch(void *data, const gsc_score_answer *answer, size_t done, size_t count);

/* The model was made for any number of sequences, without training. watch may be NULL. Errors: those of the
 * model and the tokenizer; GSC_ERR_STOPPED. */
gsc_status gsc_lm_score(gsc_lm *model, const gsc_tokenizer *tokenizer, size_t sequences,
                        const gsc_score_items *items, gsc_score_watch *watch, void *data,
                        gsc_score *ret_score, gsc_error *error);

/* Wilson's 95% interval of a share. */
gsc_score_share gsc_score_wilson(size_t right, size_t of);

#endif
