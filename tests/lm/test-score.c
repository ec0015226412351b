/* SPDX-License-Identifier: MIT
 *
 * Scores against a second way to reckon: each ending by itself, a full forward pass, the logits' softmax. And
 * a model that always says "a", whose answers are known; the forms of questions; what is refused.
 */
#include "core/lm/score.h"
#include "tests/lm/small_lm.h"
#include "tests/tap.h"

#include <unistd.h>

enum {
    CONTEXT = 24,
    BYTES = 257,
    END = 256
};

typedef struct world {
    gsc_lm_shape shape;
    gsc_queue *queue;
    gsc_lm *model, *single; /* the same weights, with several sequences and with one */
    gsc_tokenizer *tokenizer;
} world;

static world make_world(void) {
    world w = {.shape = small_shape("softmax")};
    gsc_error error = {0};
    w.shape.context = CONTEXT;
    w.shape.vocabulary = BYTES;
    must(gsc_lm_shape_check(&w.shape, &error), &error);
    w.queue = small_queue(gsc_device_cpu(), NULL, &w.shape);
    w.model = small_model(w.queue, NULL, &w.shape, GSC_F64, 3);
    w.single = small_model(w.queue, NULL, &w.shape, GSC_F64, 1);
    must(gsc_tokenizer_new("bytes", "", NULL, &w.tokenizer, &error), &error);
    return w;
}

static void clear_world(world *w) {
    gsc_tokenizer_free(w->tokenizer);
    gsc_lm_free(w->model);
    gsc_lm_free(w->single);
    gsc_queue_free(w->queue);
}

/* Sum over the last `bytes` bytes of text, by logits; the text is cut on the left to the window. */
static double brute_force(world *w, const char *text, size_t bytes) {
    int32_t ids[400], tokens[CONTEXT] = {0}, targets[CONTEXT];
    static double logits[BYTES];
    size_t n = 0;
    double sum = 0;
    gsc_error error = {0};
    gsc_lm_loss loss;
    ids[n++] = END;
    for (const char *c = text; *c != '\0'; c++) {
        ids[n++] = (unsigned char)*c;
    }
    const size_t kept = n < CONTEXT + 1 ? n : CONTEXT + 1;
    const int32_t *from = ids + n - kept;
    for (size_t t = 0; t < CONTEXT; t++) {
        tokens[t] = t + 1 < kept ? from[t] : 77;
        targets[t] = 0;
    }
    const gsc_lm_batch batch = {.tokens = tokens, .targets = targets, .loss_scale = 1};
    must(gsc_lm_forward(w->single, &batch, &loss, &error), &error);
    for (size_t t = kept - bytes; t < kept; t++) {
        double all = 0;
        must(gsc_lm_logits(w->single, t - 1, 1, logits, &error), &error);
        for (size_t v = 0; v < BYTES; v++) {
            all += exp(logits[v]);
        }
        sum += logits[from[t]] - log(all);
    }
    return sum;
}

static gsc_score_items one_item(const char *json) {
    gsc_score_items items = {.items = calloc(1, sizeof *items.items), .count = 1};
    gsc_error error = {0};
    must(gsc_score_item_parse(json, strlen(json), items.items, &error), &error);
    return items;
}

/* What a watch saw of the last question. */
typedef struct seen {
    double values[8];
    size_t chosen, chosen_per_byte;
    bool greedy, asked;
} seen;

static bool see(void *data, const gsc_score_answer *answer, size_t done, size_t count) {
    seen *self = data;
    (void)done, (void)count;
    self->asked = answer != NULL;
    if (answer != NULL) {
        memcpy(self->values, answer->log_likelihoods, answer->item->n_endings * sizeof(double));
        self->chosen = answer->chosen;
        self->chosen_per_byte = answer->chosen_per_byte;
        self->greedy = answer->greedy;
    }
    return true;
}

static gsc_score score(world *w, const gsc_score_items *items, seen *ret_seen) {
    gsc_score made;
    gsc_error error = {0};
    must(gsc_lm_score(w->model, w->tokenizer, 3, items, see, ret_seen, &made, &error), &error);
    return made;
}

static void test_likelihoods(world *w) {
    gsc_score_items items = one_item("{\"ctx\": \"To be or\", \"endings\": [\"not\", \"to bee\", "
                                     "\" x\", \"zz\"], \"label\": 1}");
    seen s = {0};
    gsc_score made = score(w, &items, &s);
    const char *texts[] = {"To be or not", "To be or to bee", "To be or x", "To be or zz"};
    const size_t bytes[] = {4, 7, 2, 3};
    size_t best = 0;
    for (size_t i = 0; i < 4; i++) {
        TAP_NEAR(s.values[i], brute_force(w, texts[i], bytes[i]), 1e-9, texts[i]);
        best = s.values[i] > s.values[best] ? i : best;
    }
    TAP_OK(s.chosen == best && made.accuracy.of == 1 && made.accuracy.right == (best == 1),
           "the likeliest is chosen");
    TAP_NEAR(made.chance, 0.25, 1e-15, "chance of four");
    gsc_score_items_clear(&items);

    items = one_item("{\"ctx\": \"A context that is longer than the window\", \"endings\": "
                     "[\"is\", \"was\"], \"label\": \"0\"}");
    made = score(w, &items, &s);
    TAP_OK(made.truncated == 1 && made.too_long == 0, "a long context is cut, and counted");
    TAP_NEAR(s.values[1],
             brute_force(w, "A context that is longer than the window was", strlen(" was")), 1e-9,
             "on the left");
    gsc_score_items_clear(&items);

    items = one_item("{\"ctx\": \"A\", \"endings\": [\"is\", \"an ending longer than all of it\"], "
                     "\"label\": 0}");
    made = score(w, &items, &s);
    TAP_OK(made.too_long == 1 && made.accuracy.of == 0 && !s.asked,
           "an ending longer than the window leaves the question out");
    gsc_score_items_clear(&items);
}

/* The head says "a" after anything. */
static void test_known_model(world *w) {
    gsc_error error = {0};
    const gsc_lm_parameter *bias =
        gsc_lm_parameters_find(gsc_lm_get_parameters(w->model), GSC_LM_HEAD_BIAS, 0, 0);
    double values[BYTES] = {0};
    values['a'] = 50;
    must(gsc_lm_write(w->model, GSC_LM_VALUES, bias, 0, BYTES, values, &error), &error);
    seen s = {0};
    gsc_score_items items = one_item("{\"context\": \"b\\n\", \"completion\": \"aaa\"}");
    gsc_score made = score(w, &items, &s);
    TAP_OK(made.last_word.right == 1 && s.greedy, "it says aaa");
    TAP_NEAR(made.perplexity, 1, 1e-6, "without surprise");
    gsc_score_items_clear(&items);
    items = one_item("{\"context\": \"b\\n\", \"completion\": \"aba\"}");
    made = score(w, &items, &s);
    TAP_OK(made.last_word.right == 0 && made.log_likelihood < -30, "and never aba");
    gsc_score_items_clear(&items);
    /* One b in two bytes against two in nine: the sum prefers the short one, the mean the long one. */
    items = one_item("{\"ctx\": \"b\\n\", \"choices\": [\"ab\", \"aaaabaaba\"], \"gold\": 1}");
    made = score(w, &items, &s);
    TAP_OK(s.chosen == 0 && s.chosen_per_byte == 1 && made.accuracy.right == 0 &&
               made.accuracy_per_byte.right == 1,
           "both ways to choose, each by its name");
    gsc_score_items_clear(&items);
}

static void expect(const char *json, const char *context, size_t n, size_t right,
                   const char *ending) {
    gsc_score_item item;
    gsc_error error = {0};
    const bool good = gsc_score_item_parse(json, strlen(json), &item, &error) == GSC_OK;
    TAP_OK(good && item.n_endings == n && item.right == right, json);
    if (good) {
        TAP_STRING(item.context, context, "its context");
        TAP_STRING(item.endings[right], ending, "its right ending");
        gsc_score_item_clear(&item);
    }
}

static void refuse(const char *json, const char *sentence) {
    gsc_score_item item;
    gsc_error error = {0};
    TAP_OK(gsc_score_item_parse(json, strlen(json), &item, &error) == GSC_ERR_INPUT, json);
    TAP_CONTAINS(error.message, sentence, "with what is wrong");
}

static void test_forms(void) {
    expect("{\"ctx\": \"A man \", \"endings\": [\"sits.\", \"flies.\"], \"label\": \"1\"}", "A man",
           2, 1, " flies.");
    expect("{\"ctx_a\": \"A man\", \"ctx_b\": \"then\", \"endings\": [\"a\", \"b\"], \"label\": 0}",
           "A man then", 2, 0, " a");
    expect("{\"query\": \"Q:\\n\", \"choices\": [\"x\", \"y\", \"z\"], \"gold\": [2]}", "Q:\n", 3,
           2, "z");
    expect("{\"question\": \"Q\", \"choices\": {\"text\": [\"x\", \"y\"], \"label\": [\"1\", "
           "\"2\"]}, \"answerKey\": \"2\"}",
           "Q", 2, 1, " y");
    expect("{\"question\": \"Q\", \"choices\": [\"x\", \"y\"], \"answer\": \"B\"}", "Q", 2, 1,
           " y");
    expect("{\"goal\": \"Do\", \"sol1\": \"x\", \"sol2\": \"y\", \"label\": 1}", "Do", 2, 1, " y");
    expect("{\"sentence_good\": \"We are.\", \"sentence_bad\": \"We is.\"}", "", 2, 0, "We are.");
    expect("{\"text\": \"the end of  it \\n\"}", "the end of", 1, 0, " it");
    refuse("{\"text\": \"word\"}", "no word before the last");
    refuse("{\"ctx\": \"a\", \"endings\": [\"b\"], \"label\": 0}", "2 to 64 are taken");
    refuse("{\"ctx\": \"a\", \"endings\": [\"b\", \"c\"], \"label\": 2}", "names none of the 2");
    refuse("{\"ctx\": \"a\", \"endings\": [\"b\", \"c\"]}", "no label, gold, answer");
    refuse("{\"ctx\": \"a\", \"endings\": [\"b\", \"\"], \"label\": 0}", "ending 2 is empty");
    refuse("[1]", "no JSON object");
    refuse("{\"a\": 1}", "no question");
}

static void test_file(void) {
    char path[] = "/tmp/gsc-score-XXXXXX";
    const int made = mkstemp(path);
    const char text[] = "{\"text\": \"a b\"}\n\nnonsense\n{\"text\": \"c d\"}\n{\"a\": 1}\n";
    gsc_score_items items = {0};
    gsc_error error = {0};
    const bool written = write(made, text, sizeof text - 1) == (ssize_t)sizeof text - 1;
    close(made);
    TAP_OK(written && gsc_score_items_read(path, 0, &items, &error) == GSC_OK && items.count == 2,
           "questions of a file");
    TAP_OK(items.bad_lines == 2 && items.items[1].line == 4, "bad lines are counted");
    TAP_CONTAINS(items.first_bad, ":3: it is no JSON object", "and the first is named");
    gsc_score_items_clear(&items);
    TAP_OK(gsc_score_items_read(path, 1, &items, &error) == GSC_OK && items.count == 1, "a limit");
    gsc_score_items_clear(&items);
    unlink(path);
}

static void test_wilson(void) {
    const gsc_score_share s = gsc_score_wilson(8, 10), none = gsc_score_wilson(0, 0);
    TAP_NEAR(s.low, 0.49016, 1e-5, "8 of 10: at least");
    TAP_NEAR(s.high, 0.94331, 1e-5, "at most");
    TAP_NEAR(gsc_score_wilson(0, 10).high, 0.27753, 1e-5, "0 of 10 are not nothing");
    TAP_OK(isnan(none.value), "nothing asked, nothing said");
}

int main(void) {
    world w = make_world();
    test_likelihoods(&w);
    test_known_model(&w);
    clear_world(&w);
    test_forms();
    test_file();
    test_wilson();
    return tap_done();
}
