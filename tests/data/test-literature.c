/* SPDX-License-Identifier: MIT
 *
 * The default corpus from the real packages; passed over where they cannot be downloaded.
 */
#include "core/data/corpus_get.h"
#include "core/data/sampler.h"
#include "tests/data/fixture.h"

int main(void) {
    gsc_error error = {0};
    fixture_begin();
    gsc_status status = gsc_corpus_get("literature", NULL, NULL, NULL, &error);
    if (status == GSC_ERR_IO) {
        printf("1..0 # SKIP %s\n", error.message);
        fixture_end();
        return 0;
    }
    TAP_OK(status == GSC_OK, "literature is made from its packages");
    gsc_tokenizer *tokenizer = NULL;
    gsc_tokens tokens = {0};
    gsc_probe probe = {0}, validation = {0};
    const char *choice = gsc_tokenizer_has_sentencepiece() ? "sentencepiece:1280" : "bytes";
    TAP_OK(gsc_tokenizer_new(choice, "literature", NULL, &tokenizer, &error) == GSC_OK &&
               gsc_tokens_open("literature", tokenizer, NULL, &tokens, &error) == GSC_OK,
           "its tokens");
    TAP_OK(tokens.report.bytes > 8000000 && tokens.report.bad_lines == 0 &&
               tokens.report.replaced == 0,
           "8 MB of clean text");
    printf("# %s: %llu documents, %llu bytes, %llu + %llu tokens\n", choice,
           (unsigned long long)tokens.report.documents, (unsigned long long)tokens.report.bytes,
           (unsigned long long)tokens.train.count, (unsigned long long)tokens.held_out.count);
    for (size_t context = 128; context <= 1024; context *= 2) {
        TAP_OK(gsc_probe_init(&probe, &tokens, context, GSC_PROBE_POSITIONS, GSC_PROBE_DOCUMENTS,
                              &error) == GSC_OK &&
                   probe.positions >= GSC_PROBE_POSITIONS && probe.documents >= GSC_PROBE_DOCUMENTS,
               "the probe of router metrics");
        TAP_OK(gsc_probe_init(&validation, &tokens, context, GSC_VALIDATION_POSITIONS, 0, &error) ==
                       GSC_OK &&
                   validation.positions >= GSC_VALIDATION_POSITIONS,
               "the final validation");
        printf("# context %zu: probe %llu positions of %llu documents\n", context,
               (unsigned long long)probe.positions, (unsigned long long)probe.documents);
        gsc_probe_clear(&probe);
        gsc_probe_clear(&validation);
    }
    gsc_tokens_close(&tokens);
    gsc_tokenizer_free(tokenizer);
    fixture_end();
    return tap_done();
}
