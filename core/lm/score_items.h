/* SPDX-License-Identifier: MIT
 *
 * Questions to score a language model with, from lines of JSON in the forms that are common:
 *
 *   choices      a context and endings, one of which is right. Context: "ctx", "context", "query",
 *                "question", "goal", or "ctx_a" and "ctx_b" ("" where there is none). Endings:
 *                "endings" or "choices", a list of texts or {"text": [...], "label": [...]};
 *                "sol1", "sol2"; "sentence_good", "sentence_bad" (the first is right). Right one:
 *                "label", "gold", "answer" or "answerKey": a number from 0, a letter, or a text
 *                of "label"
 *   last word    "text" alone: its last word is to be told from what stands before; or a context
 *                and "completion", "target" or "continuation"
 *
 * A space goes between context and ending unless one is there.
 *
 * Layer: core/lm.
 */
#ifndef GSC_CORE_LM_SCORE_ITEMS_H
#define GSC_CORE_LM_SCORE_ITEMS_H

#include "core/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GSC_SCORE_MOST_ENDINGS = 64,
    GSC_SCORE_MOST_ITEMS = 1000000
};

typedef struct gsc_score_item {
    uint64_t line;  /* of the file, from 1 */
    char *context;  /* "" where there is none */
    char **endings; /* as they follow the context, their space included */
    size_t n_endings;
    size_t right;
    bool last_word; /* one ending, to be told word for word */
} gsc_score_item;

typedef struct gsc_score_items {
    gsc_score_item *items;
    size_t count;
    uint64_t lines, bad_lines;
    char first_bad[300]; /* a sentence on the first line that is no item; "" where all are */
} gsc_score_items;

/* path is a file of JSON lines, packed with zstd where it ends in .zst. Empty lines are passed over; lines
 * that are no item are counted. Errors: GSC_ERR_IO; GSC_ERR_INPUT where no line is an item. limit: at most so
 * many items; 0: all. */
gsc_status gsc_score_items_read(const char *path, size_t limit, gsc_score_items *ret_items,
                                gsc_error *error);
void gsc_score_items_clear(gsc_score_items *items);

/* One line; GSC_ERR_INPUT with what it lacks. Clear *ret_item with gsc_score_item_clear. */
gsc_status gsc_score_item_parse(const char *text, size_t size, gsc_score_item *ret_item,
                                gsc_error *error);
void gsc_score_item_clear(gsc_score_item *item);

#endif
