/* SPDX-License-Identifier: MIT
 *
 * See replay.h.
 */
#include "core/lm/replay.h"

#include "core/data/folder.h"
#include "core/data/sampler.h"
#include "core/data/tokenizer.h"
#include "core/data/tokens.h"
#include "core/data/write_file.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char rule[] =
    "row b of the step from s to s + 1 is the context + 1 tokens of train.u16 that begin at token "
    "context * ((s * batch + b) % contexts): inputs are the first, targets the last context of them";

typedef struct replay {
    gsc_tokenizer *tokenizer;
    gsc_tokens tokens;
    gsc_sampler sampler;
    gsc_probe validation, probe;
    uint64_t contexts; /* that the run reads */
    size_t context, batch;
} replay;

static gsc_status begin(replay *self, const gsc_spec *spec, const char *hash,
                        const gsc_data_watch *watch, gsc_error *error) {
    const char *data = gsc_spec_string(spec, "lm.data");
    self->context = (size_t)gsc_spec_int(spec, "lm.context");
    self->batch = (size_t)gsc_spec_int(spec, "lm.batch");
    gsc_status status = gsc_tokenizer_new(gsc_spec_string(spec, "lm.tokenizer"), data, watch,
                                          &self->tokenizer, error);
    if (status == GSC_OK) {
        status = gsc_tokens_open(data, self->tokenizer, watch, &self->tokens, error);
    }
    if (status == GSC_OK && hash != NULL && strcmp(hash, self->tokens.hash) != 0) {
        status =
            gsc_fail(error, GSC_ERR_INPUT,
                     "the corpus %s gives tokens %.12s today, and the run was trained on %.12s: "
                     "bring back the corpus and the tokenizer as they were",
                     data, self->tokens.hash, hash);
    }
    if (status == GSC_OK) {
        status = gsc_sampler_init(&self->sampler, &self->tokens, self->context,
                                  (uint64_t)gsc_spec_int(spec, "seed"), error);
    }
    if (status == GSC_OK) {
        status = gsc_probe_init(&self->validation, &self->tokens, self->context,
                                (uint64_t)gsc_spec_int(spec, "lm.validation_positions"), 1, error);
    }
    if (status == GSC_OK) {
        status = gsc_probe_init(&self->probe, &self->tokens, self->context,
                                (uint64_t)gsc_spec_int(spec, "lm.probe_positions"),
                                GSC_PROBE_DOCUMENTS, error);
    }
    if (status == GSC_OK) {
        const uint64_t rows = (uint64_t)gsc_spec_int(spec, "lm.steps") * self->batch;
        self->contexts = rows < self->sampler.contexts ? rows : self->sampler.contexts;
    }
    return status;
}

static void put_tokens(FILE *stream, const int32_t *tokens, size_t n) {
    for (size_t i = 0; i < n; i++) {
        putc(tokens[i] & 0xff, stream);
        putc(tokens[i] >> 8, stream);
    }
}

static gsc_status write_training(const replay *self, FILE *stream, gsc_error *error) {
    int32_t *row = malloc((self->context + 1) * sizeof *row);
    if (row == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a context of %zu tokens",
                        self->context);
    }
    for (uint64_t i = 0; i < self->contexts; i++) {
        gsc_sampler_batch(&self->sampler, i, 1, row, (gsc_batch_sources){0});
        put_tokens(stream, row, self->context + (i + 1 == self->contexts));
    }
    free(row);
    return GSC_OK;
}

static gsc_status write_validation(const replay *self, FILE *stream, gsc_error *error) {
    (void)error;
    put_tokens(stream, self->validation.tokens, self->validation.rows * (self->context + 1));
    return GSC_OK;
}

static gsc_status write_probe(const replay *self, FILE *stream, gsc_error *error) {
    (void)error;
    put_tokens(stream, self->probe.tokens, self->probe.rows * (self->context + 1));
    return GSC_OK;
}

static gsc_status write_order(const replay *self, FILE *stream, gsc_error *error) {
    json_t *root = json_pack(
        "{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:i, s:i, s:s, s:s}", "rule", rule, "numbers",
        "16 bits, little-endian", "context", (json_int_t)self->context, "batch",
        (json_int_t)self->batch, "contexts", (json_int_t)self->sampler.contexts, "validation_rows",
        (json_int_t)self->validation.rows, "probe_rows", (json_int_t)self->probe.rows, "vocabulary",
        self->tokens.vocabulary, "end_of_document", self->tokens.end, "hash", self->tokens.hash,
        "tokenizer", gsc_tokenizer_hash(self->tokenizer));
    const bool good = root != NULL && json_dumpf(root, stream, JSON_INDENT(2)) == 0;
    json_decref(root);
    putc('\n', stream);
    return good ? GSC_OK : gsc_fail(error, GSC_ERR_MEMORY, "no memory for order.json");
}

gsc_status gsc_lm_replay_write(const gsc_spec *spec, const char *hash, const char *folder,
                               const gsc_data_watch *watch, gsc_error *error) {
    static const struct {
        const char *name;
        gsc_status (*write)(const replay *self, FILE *stream, gsc_error *error);
    } files[] = {{"train.u16", write_training},
                 {"validation.u16", write_validation},
                 {"probe.u16", write_probe},
                 {"order.json", write_order}};
    replay self = {0};
    gsc_status status = begin(&self, spec, hash, watch, error);
    for (size_t i = 0; i < sizeof files / sizeof files[0] && status == GSC_OK; i++) {
        char path[GSC_DATA_PATH_SIZE];
        gsc_new_file file = {0};
        status = gsc_data_path(folder, files[i].name, path, error);
        if (status == GSC_OK) {
            status = gsc_new_file_init(&file, path, error);
        }
        if (status == GSC_OK) {
            status = files[i].write(&self, file.stream, error);
        }
        if (status == GSC_OK) {
            status = gsc_new_file_commit(&file, error);
        }
        gsc_new_file_clear(&file);
    }
    gsc_probe_clear(&self.validation);
    gsc_probe_clear(&self.probe);
    gsc_sampler_clear(&self.sampler);
    gsc_tokens_close(&self.tokens);
    gsc_tokenizer_free(self.tokenizer);
    return status;
}
