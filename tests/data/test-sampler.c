/* SPDX-License-Identifier: MIT
 *
 * Tokenizers there and back, token streams and their cache, training order, validation contexts.
 */
#include "core/data/sampler.h"
#include "core/data/tokens.h"
#include "tests/data/fixture.h"

#include <sys/stat.h>

static gsc_error error;

/* 300 documents of two domains in JSON lines. */
static void write_corpus(void) {
    gsc_text lines = {0}, text = {0};
    for (unsigned i = 0; i < 300; i++) {
        text.size = 0;
        fixture_paragraph(&text, i);
        gsc_text_append(&lines, "{\"text\":\"", 9);
        for (size_t c = 0; c < text.size; c++) {
            if (text.bytes[c] == '\n') {
                gsc_text_append(&lines, "\\n", 2);
            } else {
                gsc_text_append_char(&lines, text.bytes[c]);
            }
        }
        const char *end = i < 150 ? "\",\"meta\":{\"redpajama_set_name\":\"first\"}}\n"
                                  : "\",\"meta\":{\"redpajama_set_name\":\"second\"}}\n";
        gsc_text_append(&lines, end, strlen(end));
    }
    fixture_write("made/made.jsonl", lines.bytes, lines.size);
    gsc_text_clear(&lines);
    gsc_text_clear(&text);
}

static void check_round_trip(const gsc_tokenizer *tokenizer, const char *what) {
    static const char text[] = "The  quiet\tcaf\xC3\xA9 \xF0\x9F\x98\x80\n\n  over and over \n";
    gsc_ids ids = {0};
    gsc_text back = {0};
    gsc_status status = gsc_tokenizer_encode(tokenizer, text, sizeof text - 1, &ids, &error);
    if (status == GSC_OK) {
        status = gsc_tokenizer_decode(tokenizer, ids.ids, ids.count, &back, &error);
    }
    TAP_OK(status == GSC_OK && back.size == sizeof text - 1 &&
               memcmp(back.bytes, text, back.size) == 0,
           what);
    size_t bytes = 0;
    for (size_t i = 0; i < ids.count; i++) {
        bytes += (size_t)gsc_tokenizer_bytes(tokenizer, ids.ids[i]);
    }
    TAP_OK(bytes == sizeof text - 1, "the tokens' bytes add up to the text's");
    TAP_OK(gsc_tokenizer_bytes(tokenizer, gsc_tokenizer_end(tokenizer)) == 0,
           "the end of a document has none");
    gsc_ids_clear(&ids);
    gsc_text_clear(&back);
}

static void check_tokens(const gsc_tokenizer *tokenizer, gsc_tokens *tokens) {
    TAP_OK(gsc_tokens_open("made", tokenizer, NULL, tokens, &error) == GSC_OK, "token streams");
    TAP_OK(tokens->train.documents == 270 && tokens->held_out.documents == 30, "the split");
    TAP_OK(tokens->train.count == tokens->train.bytes + 270,
           "a byte a token, and an end a document");
    TAP_OK(tokens->domain_count == 2 && strcmp(tokens->domains[1], "second") == 0 &&
               tokens->held_out.domains[0] == 0 && tokens->held_out.domains[29] == 1,
           "domains");
    int ends = 0;
    for (uint64_t d = 0; d < 270; d++) {
        ends += tokens->train.ids[tokens->train.starts[d + 1] - 1] == 256;
    }
    TAP_OK(ends == 270, "each document ends with the end id");
    TAP_NEAR(tokens->byte_scale, 1, 0, "bytes need no scale");
    TAP_NEAR(gsc_tokens_bytes(tokens, tokens->held_out.ids, tokens->held_out.count),
             (double)tokens->held_out.bytes, 0, "bytes of a stream");

    gsc_tokens again = {0};
    gsc_paths before = {0}, after = {0};
    gsc_folder_files(fixture_path("tokens"), false, &before, &error);
    TAP_OK(gsc_tokens_open("made", tokenizer, NULL, &again, &error) == GSC_OK &&
               strcmp(again.hash, tokens->hash) == 0,
           "the kept streams are the same");
    gsc_folder_files(fixture_path("tokens"), false, &after, &error);
    TAP_OK(before.count == 1 && after.count == 1, "one file is kept");
    gsc_tokens_close(&again);
    char path[GSC_DATA_PATH_SIZE];
    snprintf(path, sizeof path, "tokens/%s", after.names[0]);
    fixture_write_text(path, "not tokens");
    TAP_OK(gsc_tokens_open("made", tokenizer, NULL, &again, &error) == GSC_OK &&
               strcmp(again.hash, tokens->hash) == 0,
           "a spoilt file is made again");
    gsc_tokens_close(&again);
    gsc_paths_clear(&before);
    gsc_paths_clear(&after);
}

static void check_order(const gsc_tokens *tokens) {
    enum {
        CONTEXT = 64,
        BATCH = 5
    };
    gsc_sampler sampler = {0}, other = {0};
    TAP_OK(gsc_sampler_init(&sampler, tokens, CONTEXT, 7, &error) == GSC_OK &&
               gsc_sampler_init(&other, tokens, CONTEXT, 8, &error) == GSC_OK,
           "samplers");
    /* All contexts in a row give the shuffled stream, each once. */
    uint64_t steps = sampler.contexts / BATCH + 1, differing = 0;
    static int32_t batch[BATCH * (CONTEXT + 1)], from_other[BATCH * (CONTEXT + 1)];
    static int32_t documents[BATCH * CONTEXT];
    static uint8_t domains[BATCH * CONTEXT];
    uint64_t *seen = calloc(tokens->train.documents, sizeof *seen), wrong = 0, at = 0, place = 0;
    for (uint64_t s = 0; s < steps; s++) {
        gsc_sampler_batch(&sampler, s, BATCH, batch, (gsc_batch_sources){documents, domains});
        gsc_sampler_batch(&other, s, BATCH, from_other, (gsc_batch_sources){0});
        differing += memcmp(batch, from_other, sizeof batch) != 0;
        for (int b = 0; b < BATCH && s * BATCH + (uint64_t)b < sampler.contexts; b++) {
            for (int t = 0; t < CONTEXT; t++, at++) {
                while (at >= sampler.starts[place + 1]) {
                    place++;
                }
                uint64_t document = sampler.order[place];
                uint16_t id =
                    tokens->train.ids[tokens->train.starts[document] + at - sampler.starts[place]];
                wrong += batch[b * (CONTEXT + 1) + t] != id;
                wrong += documents[b * CONTEXT + t] != (int32_t)document;
                wrong += domains[b * CONTEXT + t] != tokens->train.domains[document];
                seen[document]++;
            }
        }
    }
    uint64_t whole = 0;
    for (uint64_t d = 0; d < tokens->train.documents; d++) {
        whole += seen[d] == tokens->train.starts[d + 1] - tokens->train.starts[d];
    }
    TAP_OK(wrong == 0, "contexts follow each other through the shuffled documents");
    TAP_OK(whole >= tokens->train.documents - 1, "each token once an epoch, but the last few");
    /* Two orders may have a document at the same place by chance. */
    TAP_OK(10 * differing > 9 * steps, "another seed, another order");

    static int32_t later[BATCH * (CONTEXT + 1)];
    gsc_sampler_batch(&sampler, 3, BATCH, batch, (gsc_batch_sources){0});
    gsc_sampler_clear(&other);
    gsc_sampler_init(&other, tokens, CONTEXT, 7, &error);
    gsc_sampler_batch(&other, 3, BATCH, later, (gsc_batch_sources){0});
    TAP_OK(memcmp(batch, later, sizeof batch) == 0, "the same seed and step, the same batch");
    TAP_OK(batch[CONTEXT] == batch[CONTEXT + 1],
           "the last target is the next context's first input");
    gsc_sampler_batch(&other, sampler.contexts, 1, later, (gsc_batch_sources){0});
    gsc_sampler_batch(&other, 0, 1, batch, (gsc_batch_sources){0});
    TAP_OK(memcmp(batch, later, (CONTEXT + 1) * sizeof *batch) == 0, "the next epoch begins again");
    /* The order by the rule in sampler.c, worked out by another program for seed 7 and 270
     * documents. */
    TAP_OK(sampler.order[0] == 216 && sampler.order[1] == 137 && sampler.order[2] == 213 &&
               sampler.order[269] == 105,
           "the order is the one that another program finds by the rule");
    free(seen);
    gsc_sampler_clear(&sampler);
    gsc_sampler_clear(&other);
    TAP_OK(gsc_sampler_init(&sampler, tokens, 1 << 20, 7, &error) == GSC_ERR_INPUT,
           "a context longer than the text is refused");
    TAP_CONTAINS(error.message, "lm.context", "with the key");
}

static void check_probe(const gsc_tokens *tokens) {
    gsc_probe probe = {0};
    TAP_OK(gsc_probe_init(&probe, tokens, 32, 1000, 25, &error) == GSC_OK, "a probe");
    TAP_OK(probe.positions >= 1000 && probe.positions == probe.rows * 32, "its positions");
    TAP_OK(probe.documents >= 25 && probe.domains == 2, "its documents and domains");
    uint64_t wrong = 0, touched = 0;
    bool seen[30] = {false};
    for (size_t w = 0; w < probe.rows; w++) {
        for (size_t t = 0; t < 32; t++) {
            int32_t document = probe.document[w * 32 + t];
            touched += !seen[document];
            seen[document] = true;
            wrong += probe.domain[w * 32 + t] != tokens->held_out.domains[document];
        }
    }
    TAP_OK(wrong == 0 && touched == probe.documents, "each position knows its document and domain");
    gsc_probe_clear(&probe);
    TAP_OK(gsc_probe_init(&probe, tokens, 32, 1 << 20, 0, &error) == GSC_OK &&
               probe.rows == (tokens->held_out.count - 1) / 32,
           "every context where there are not enough");
    double bytes = 0;
    for (size_t w = 0; w < probe.rows; w++) {
        for (size_t t = 1; t <= 32; t++) {
            bytes += probe.tokens[w * 33 + t] != tokens->end;
        }
    }
    TAP_NEAR(probe.bytes, bytes, 0, "bytes of the targets");
    gsc_probe_clear(&probe);
    TAP_OK(gsc_probe_init(&probe, tokens, 1 << 20, 1, 1, &error) == GSC_ERR_INPUT,
           "a context longer than the held-out text is refused");
}

static void check_refusals(void) {
    gsc_tokenizer *tokenizer = NULL;
    TAP_OK(gsc_tokenizer_new("words", "made", NULL, &tokenizer, &error) == GSC_ERR_INPUT,
           "an unknown tokenizer is refused");
    TAP_CONTAINS(error.message, "sentencepiece:4096", "with those there are");
    gsc_tokenizer_new("bytes", "made", NULL, &tokenizer, &error);
    fixture_write_text("few.txt", "one short text\n");
    gsc_tokens tokens = {0};
    TAP_OK(gsc_tokens_open(fixture_path("few.txt"), tokenizer, NULL, &tokens, &error) ==
               GSC_ERR_INPUT,
           "a corpus without a held-out document is refused");
    TAP_CONTAINS(error.message, "has 1 document;", "with how many it has");
    gsc_tokenizer_free(tokenizer);
}

/* Whoever stops says so while the library works. */
static bool stop_training(void *context, const char *what, double fraction) {
    bool *seen = context;
    *seen = *seen || (fraction < 0 && strncmp(what, "Training", 8) == 0);
    return !*seen;
}

static void check_stopped_training(void) {
    bool seen = false;
    const gsc_data_watch watch = {.report = stop_training, .context = &seen};
    gsc_tokenizer *tokenizer = NULL;
    gsc_paths left = {0};
    TAP_OK(gsc_tokenizer_new("sentencepiece:330", "made", &watch, &tokenizer, &error) ==
                   GSC_ERR_STOPPED &&
               seen,
           "training can be stopped");
    gsc_folder_files(fixture_path("tokenizers"), false, &left, &error);
    TAP_OK(left.count == 0, "and leaves nothing");
    gsc_paths_clear(&left);
}

static void check_sentencepiece(void) {
    gsc_tokenizer *tokenizer = NULL;
    if (!gsc_tokenizer_has_sentencepiece()) {
        TAP_OK(gsc_tokenizer_new("sentencepiece:400", "made", NULL, &tokenizer, &error) ==
                   GSC_ERR_INPUT,
               "SentencePiece is refused where the build has none");
        TAP_CONTAINS(error.message, "libsentencepiece-dev", "with the way out");
        return;
    }
    check_stopped_training();
    gsc_tokenizer_needs before = {0}, after = {1, 1}, of_bytes = {1, 1};
    gsc_tokenizer_foresee("sentencepiece:330", "made", &before, &error);
    TAP_OK(gsc_tokenizer_new("sentencepiece:330", "made", NULL, &tokenizer, &error) == GSC_OK,
           "a model is trained");
    gsc_tokenizer_foresee("sentencepiece:330", "made", &after, &error);
    gsc_tokenizer_foresee("bytes", "made", &of_bytes, &error);
    TAP_OK(before.memory_bytes > 0 && before.seconds > 0 && after.memory_bytes == 0 &&
               !(after.seconds > 0) && of_bytes.memory_bytes == 0,
           "its memory and time are foreseen, and only where one is to be trained");
    TAP_OK(gsc_tokenizer_foresee("sentencepiece:330", "nowhere", &after, &error) == GSC_ERR_INPUT,
           "a corpus that is not here cannot be asked");
    if (tokenizer == NULL) {
        printf("# %s\n", error.message);
        return;
    }
    TAP_OK(gsc_tokenizer_vocabulary(tokenizer) == 330, "of the size asked for");
    check_round_trip(tokenizer, "SentencePiece there and back");
    gsc_tokens tokens = {0};
    TAP_OK(gsc_tokens_open("made", tokenizer, NULL, &tokens, &error) == GSC_OK,
           "its token streams");
    TAP_OK(tokens.train.count < tokens.train.bytes / 2, "have fewer tokens than bytes");
    TAP_NEAR(tokens.byte_scale, 1, 0, "and lose no byte");
    gsc_tokens_close(&tokens);

    char first[GSC_SHA256_TEXT_SIZE], path[GSC_DATA_PATH_SIZE];
    strcpy(first, gsc_tokenizer_hash(tokenizer));
    strcpy(path, gsc_tokenizer_path(tokenizer));
    gsc_tokenizer_free(tokenizer);
    remove(path);
    gsc_tokenizer_new("sentencepiece:330", "made", NULL, &tokenizer, &error);
    TAP_STRING(gsc_tokenizer_hash(tokenizer), first, "training again gives the same model");
    gsc_tokenizer_free(tokenizer);
    TAP_OK(gsc_tokenizer_new(path, "made", NULL, &tokenizer, &error) == GSC_OK &&
               strcmp(gsc_tokenizer_hash(tokenizer), first) == 0,
           "a model by its path");
    gsc_tokenizer_free(tokenizer);
    TAP_OK(gsc_tokenizer_new("sentencepiece:60000", "made", NULL, &tokenizer, &error) ==
               GSC_ERR_INPUT,
           "more pieces than the corpus has are refused");
    printf("# %s\n", error.message);
    TAP_OK(gsc_tokenizer_new("sentencepiece:12", "made", NULL, &tokenizer, &error) == GSC_ERR_INPUT,
           "too few pieces are refused");
    TAP_OK(gsc_tokenizer_new("no/such.model", "made", NULL, &tokenizer, &error) == GSC_ERR_INPUT &&
               strstr(error.message, "no/such.model is no file") != NULL,
           "a model that is not there is the spec's fault");
    fixture_write_text("broken.model", "no model");
    TAP_OK(gsc_tokenizer_new(fixture_path("broken.model"), "made", NULL, &tokenizer, &error) ==
               GSC_ERR_INPUT,
           "a broken model is refused");
}

int main(void) {
    fixture_begin();
    write_corpus();
    gsc_tokenizer *bytes = NULL;
    gsc_tokens tokens = {0};
    TAP_OK(gsc_tokenizer_new("bytes", "made", NULL, &bytes, &error) == GSC_OK &&
               gsc_tokenizer_vocabulary(bytes) == 257 && gsc_tokenizer_end(bytes) == 256,
           "bytes");
    check_round_trip(bytes, "bytes there and back");
    check_tokens(bytes, &tokens);
    check_order(&tokens);
    check_probe(&tokens);
    gsc_tokens_close(&tokens);
    gsc_tokenizer_free(bytes);
    check_refusals();
    check_sentencepiece();
    fixture_end();
    return tap_done();
}
