/* SPDX-License-Identifier: MIT
 *
 * Log-likelihoods of endings: see score.h. Endings of a question go through the model side by side, a
 * sequence each; rows behind an ending's last token are padding, which causal attention does not see.
 *
 * Layer: core/lm.
 */
#include "core/lm/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct scorer {
    gsc_lm *model;
    const gsc_tokenizer *tokenizer;
    size_t sequences, context, vocabulary;
    int32_t *tokens, *targets; /* [sequences, context] */
    double *losses;            /* the same */
    double *logits;            /* [vocabulary] */
} scorer;

/* One ending as tokens: ids[first ...] are the ending's. */
typedef struct encoded {
    gsc_ids ids;
    size_t first;
} encoded;

gsc_score_share gsc_score_wilson(size_t right, size_t of) {
    const double z = 1.959963984540054, n = (double)of;
    gsc_score_share share = {.right = right, .of = of, .value = NAN, .low = NAN, .high = NAN};
    if (of > 0) {
        const double p = (double)right / n, middle = (p + z * z / (2 * n)) / (1 + z * z / n);
        const double half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
        share.value = p;
        share.low = fmax(0, middle - half);
        share.high = fmin(1, middle + half);
    }
    return share;
}

/* ---- Tokens ---- */

static gsc_status encode(const scorer *self, const gsc_score_item *item, size_t ending,
                         encoded *ret_encoded, gsc_error *error) {
    const size_t before = strlen(item->context), after = strlen(item->endings[ending]);
    char *whole = malloc(before + after + 1);
    gsc_ids alone = {0}, ids = {0};
    gsc_status status = whole == NULL
                            ? gsc_fail(error, GSC_ERR_MEMORY, "there is no memory for a question")
                            : GSC_OK;
    if (status == GSC_OK) {
        memcpy(whole, item->context, before);
        memcpy(whole + before, item->endings[ending], after + 1);
        gsc_ids_append(&ids, (uint16_t)gsc_tokenizer_end(self->tokenizer));
        gsc_ids_append(&alone, (uint16_t)gsc_tokenizer_end(self->tokenizer));
        status = gsc_tokenizer_encode(self->tokenizer, item->context, before, &alone, error);
    }
    if (status == GSC_OK) {
        status = gsc_tokenizer_encode(self->tokenizer, whole, before + after, &ids, error);
    }
    if (status == GSC_OK && (ids.failed || alone.failed)) {
        status = gsc_fail(error, GSC_ERR_MEMORY, "there is no memory for a question's tokens");
    }
    size_t first = 1;
    while (first < alone.count && first + 1 < ids.count && alone.ids[first] == ids.ids[first]) {
        first++;
    }
    free(whole);
    gsc_ids_clear(&alone);
    if (status != GSC_OK) {
        gsc_ids_clear(&ids);
        return status;
    }
    *ret_encoded = (encoded){ids, first};
    return GSC_OK;
}

/* The last context + 1 tokens; false where the ending alone has more than context. */
static bool fit(const scorer *self, encoded *one, bool *truncated) {
    const size_t most = self->context + 1;
    if (one->ids.count - one->first > self->context) {
        return false;
    }
    if (one->ids.count > most) {
        const size_t lost = one->ids.count - most;
        memmove(one->ids.ids, one->ids.ids + lost, most * sizeof *one->ids.ids);
        one->ids.count = most;
        one->first = one->first > lost ? one->first - lost : 1;
        *truncated = true;
    }
    return true;
}

/* ---- The model ---- */

static gsc_status forward(scorer *self, const encoded *endings, size_t n, gsc_error *error) {
    const size_t rows = self->sequences * self->context;
    gsc_lm_loss loss;
    memset(self->tokens, 0, rows * sizeof *self->tokens);
    for (size_t i = 0; i < rows; i++) {
        self->targets[i] = -1;
    }
    for (size_t s = 0; s < n; s++) {
        const encoded *one = &endings[s];
        for (size_t t = 0; t + 1 < one->ids.count; t++) {
            self->tokens[s * self->context + t] = one->ids.ids[t];
            if (t + 1 >= one->first) {
                self->targets[s * self->context + t] = one->ids.ids[t + 1];
            }
        }
    }
    const gsc_lm_batch batch = {.tokens = self->tokens,
                                .targets = self->targets,
                                .loss_scale = 1,
                                .ret_losses = self->losses,
                                .n_losses = rows};
    return gsc_lm_forward(self->model, &batch, &loss, error);
}

/* Whether each token of the ending in sequence 0 is the likeliest. */
static gsc_status is_greedy(scorer *self, const encoded *one, bool *ret_greedy, gsc_error *error) {
    *ret_greedy = true;
    for (size_t t = one->first; t < one->ids.count && *ret_greedy; t++) {
        gsc_status status = gsc_lm_logits(self->model, t - 1, 1, self->logits, error);
        if (status != GSC_OK) {
            return status;
        }
        for (size_t v = 0; v < self->vocabulary; v++) {
            *ret_greedy = *ret_greedy && self->logits[v] <= self->logits[one->ids.ids[t]];
        }
    }
    return GSC_OK;
}

static gsc_status likelihoods(scorer *self, const gsc_score_item *item, const encoded *endings,
                              double *ret_values, bool *ret_greedy, gsc_error *error) {
    gsc_status status = GSC_OK;
    for (size_t first = 0; first < item->n_endings && status == GSC_OK; first += self->sequences) {
        const size_t left = item->n_endings - first;
        const size_t n = left < self->sequences ? left : self->sequences;
        status = forward(self, endings + first, n, error);
        for (size_t s = 0; s < n && status == GSC_OK; s++) {
            double sum = 0;
            for (size_t t = 0; t < self->context; t++) {
                sum += self->losses[s * self->context + t];
            }
            ret_values[first + s] = -sum;
        }
    }
    return status == GSC_OK && item->last_word ? is_greedy(self, &endings[0], ret_greedy, error)
                                               : status;
}

/* ---- Questions ---- */

/* The bytes of an ending without the space that joins it. */
static double bytes_of(const char *ending) {
    const size_t n = strlen(ending), blank = ending[0] == ' ';
    return n > blank ? (double)(n - blank) : 1;
}

static void choose(gsc_score_answer *answer) {
    const double *values = answer->log_likelihoods;
    char *const *endings = answer->item->endings;
    answer->chosen = answer->chosen_per_byte = 0;
    for (size_t i = 1; i < answer->item->n_endings; i++) {
        const size_t best = answer->chosen_per_byte;
        answer->chosen = values[i] > values[answer->chosen] ? i : answer->chosen;
        answer->chosen_per_byte =
            values[i] / bytes_of(endings[i]) > values[best] / bytes_of(endings[best]) ? i : best;
    }
}

/* What is counted while questions go by. */
typedef struct tally {
    size_t choices, right, right_per_byte, words, words_right;
    double chance, log_likelihood;
} tally;

static void count(tally *self, const gsc_score_answer *answer) {
    const gsc_score_item *item = answer->item;
    if (item->last_word) {
        self->words++;
        self->words_right += answer->greedy;
        self->log_likelihood += answer->log_likelihoods[0];
        return;
    }
    self->choices++;
    self->right += answer->chosen == item->right;
    self->right_per_byte += answer->chosen_per_byte == item->right;
    self->chance += 1.0 / (double)item->n_endings;
}

/* *ret_fits is false where the question is left out. */
static gsc_status ask(scorer *self, const gsc_score_item *item, double *values,
                      gsc_score_answer *ret_answer, bool *ret_fits, bool *ret_truncated,
                      gsc_error *error) {
    encoded endings[GSC_SCORE_MOST_ENDINGS] = {0};
    gsc_status status = GSC_OK;
    *ret_fits = true;
    *ret_truncated = false;
    for (size_t i = 0; i < item->n_endings && status == GSC_OK && *ret_fits; i++) {
        status = encode(self, item, i, &endings[i], error);
        *ret_fits = status == GSC_OK && fit(self, &endings[i], ret_truncated);
    }
    *ret_answer = (gsc_score_answer){.item = item, .log_likelihoods = values};
    if (status == GSC_OK && *ret_fits) {
        status = likelihoods(self, item, endings, values, &ret_answer->greedy, error);
        choose(ret_answer);
    }
    for (size_t i = 0; i < item->n_endings; i++) {
        gsc_ids_clear(&endings[i].ids);
    }
    return status;
}

static gsc_status ask_all(scorer *self, const gsc_score_items *items, gsc_score_watch *watch,
                          void *data, tally *all, gsc_score *score, gsc_error *error) {
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < items->count && status == GSC_OK; i++) {
        double values[GSC_SCORE_MOST_ENDINGS];
        gsc_score_answer answer;
        bool fits = false, truncated = false;
        status = ask(self, &items->items[i], values, &answer, &fits, &truncated, error);
        if (status != GSC_OK) {
            break;
        }
        score->too_long += !fits;
        score->truncated += fits && truncated;
        if (fits) {
            count(all, &answer);
        }
        if (watch != NULL && !watch(data, fits ? &answer : NULL, i + 1, items->count)) {
            status = gsc_fail(error, GSC_ERR_STOPPED, "stopped after %zu of %zu questions", i + 1,
                              items->count);
        }
    }
    return status;
}

static gsc_status make_room(scorer *self, gsc_error *error) {
    const size_t rows = self->sequences * self->context;
    self->tokens = calloc(rows, sizeof *self->tokens);
    self->targets = calloc(rows, sizeof *self->targets);
    self->losses = calloc(rows, sizeof *self->losses);
    self->logits = calloc(self->vocabulary, sizeof *self->logits);
    return self->tokens == NULL || self->targets == NULL || self->losses == NULL ||
                   self->logits == NULL
               ? gsc_fail(error, GSC_ERR_MEMORY, "there is no memory to score %zu tokens at once",
                          rows)
               : GSC_OK;
}

gsc_status gsc_lm_score(gsc_lm *model, const gsc_tokenizer *tokenizer, size_t sequences,
                        const gsc_score_items *items, gsc_score_watch *watch, void *data,
                        gsc_score *ret_score, gsc_error *error) {
    const gsc_lm_shape *shape = gsc_lm_get_shape(model);
    scorer self = {.model = model,
                   .tokenizer = tokenizer,
                   .sequences = sequences,
                   .context = shape->context,
                   .vocabulary = shape->vocabulary};
    tally all = {0};
    gsc_score score = {.chance = NAN, .log_likelihood = NAN, .perplexity = NAN};
    gsc_status status = make_room(&self, error);
    if (status == GSC_OK) {
        status = ask_all(&self, items, watch, data, &all, &score, error);
    }
    free(self.tokens);
    free(self.targets);
    free(self.losses);
    free(self.logits);
    if (status != GSC_OK) {
        return status;
    }
    score.accuracy = gsc_score_wilson(all.right, all.choices);
    score.accuracy_per_byte = gsc_score_wilson(all.right_per_byte, all.choices);
    score.last_word = gsc_score_wilson(all.words_right, all.words);
    if (all.choices > 0) {
        score.chance = all.chance / (double)all.choices;
    }
    if (all.words > 0) {
        score.log_likelihood = all.log_likelihood / (double)all.words;
        score.perplexity = exp(-score.log_likelihood);
    }
    *ret_score = score;
    return GSC_OK;
}
