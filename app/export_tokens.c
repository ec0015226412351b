/* SPDX-License-Identifier: MIT
 *
 * See export_tokens.h.
 */
#include "app/export_tokens.h"

#include "core/lm/replay.h"
#include "core/read/spec.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static void take_text(const json_t *from, const char *key, char ret_text[65]) {
    const char *text = json_string_value(json_object_get(from, key));
    snprintf(ret_text, 65, "%s", text != NULL ? text : "");
}

static bool take_corpus(void *data, const char *kind, const char *arm, double x, int32_t replicate,
                        const char *json) {
    gsc_run_corpus *corpus = data;
    json_t *body = json_loads(json, 0, NULL);
    (void)kind, (void)arm, (void)x, (void)replicate;
    take_text(body, "hash", corpus->hash);
    take_text(body, "tokenizer", corpus->tokenizer);
    json_decref(body);
    return true;
}

gsc_status gsc_run_corpus_read(gsc_run *run, gsc_run_corpus *ret_corpus, gsc_error *error) {
    *ret_corpus = (gsc_run_corpus){.hash = ""};
    return gsc_run_visit_documents(run, GSC_LM_CORPUS_DOCUMENT, take_corpus, ret_corpus, error);
}

gsc_status gsc_run_corpus_check(const gsc_run_corpus *self, const gsc_tokenizer *tokenizer,
                                gsc_error *error) {
    const char *hash = gsc_tokenizer_hash(tokenizer);
    if (self->tokenizer[0] == '\0' || strcmp(self->tokenizer, hash) == 0) {
        return GSC_OK;
    }
    return gsc_fail(
        error, GSC_ERR_INPUT,
        "the tokenizer is %.12s today, and the model was trained with %.12s: bring back "
        "the corpus or the model file that made it",
        hash, self->tokenizer);
}

gsc_status gsc_export_tokens(gsc_run *run, const char *folder, gsc_error *error) {
    const gsc_run_info *info = gsc_run_get_info(run);
    gsc_run_corpus corpus;
    gsc_spec *spec = NULL;
    gsc_status status = gsc_spec_parse(info->spec, info->path, &spec, error);
    if (status == GSC_OK && strcmp(gsc_spec_string(spec, "lab"), "lm") != 0) {
        status = gsc_fail(error, GSC_ERR_INPUT,
                          "%s is no run of a language model, so it has no tokens", info->path);
    }
    if (status == GSC_OK) {
        status = gsc_run_corpus_read(run, &corpus, error);
    }
    if (status == GSC_OK) {
        status = gsc_lm_replay_write(spec, corpus.hash[0] != '\0' ? corpus.hash : NULL, folder,
                                     NULL, error);
    }
    gsc_spec_free(spec);
    return status;
}
