/* SPDX-License-Identifier: MIT
 *
 * SentencePiece models trained on a corpus: see tokenizer_train.h.
 */
#include "core/data/tokenizer_train.h"

#include "core/data/child_work.h"
#include "core/data/reader.h"
#include "core/data/sentencepiece.h"
#include "core/data/text.h"
#include "core/data/write_file.h"

#include <stdio.h>
#include <string.h>

/* Raised when the same corpus gives another model: kept ones are then not taken. */
static const char trainer_version[] = "1";

typedef struct training {
    gsc_text text; /* the documents, a line feed between them */
    size_t at;
    int pieces;
    gsc_text *model;
} training;

static bool next_line(void *context, const char **ret_line, size_t *ret_size) {
    training *self = context;
    while (self->at < self->text.size) {
        const char *line = self->text.bytes + self->at;
        const char *feed = memchr(line, '\n', self->text.size - self->at);
        size_t size = feed != NULL ? (size_t)(feed - line) : self->text.size - self->at;
        self->at += size + 1;
        if (size > 0) {
            *ret_line = line;
            *ret_size = size;
            return true;
        }
    }
    return false;
}

static void take_model(void *context, const char *bytes, size_t size) {
    training *self = context;
    gsc_text_append(self->model, bytes, size);
}

/* In a process of its own: the library does not come back before it is done. */
static gsc_status make_model(void *context, gsc_text *ret_model, gsc_error *error) {
    training *self = context;
    self->model = ret_model;
    return gsc_sentencepiece_train(next_line, self->pieces, take_model, self, error);
}

/* One pass over the training documents: appends them, evenly thinned, to text while it has at most
 * share of the bytes seen; adds all their bytes to *ret_bytes. */
static gsc_status pass(const char *data, double share, const gsc_data_watch *watch, gsc_text *text,
                       uint64_t *ret_bytes, gsc_error *error) {
    gsc_reader *reader;
    gsc_status status = gsc_reader_new(data, &reader, error);
    if (status != GSC_OK) {
        return status;
    }
    uint64_t seen = 0;
    for (;;) {
        gsc_document document;
        bool end = false;
        status = gsc_reader_next(reader, &document, &end, error);
        if (status != GSC_OK || end) {
            break;
        }
        if (!gsc_data_watch_report(watch, "Reading the corpus", gsc_reader_fraction(reader))) {
            status = gsc_fail(error, GSC_ERR_STOPPED, "training the tokenizer was stopped");
            break;
        }
        if (document.held_out) {
            continue;
        }
        seen += document.size;
        if ((double)(text->size + document.size) <= share * (double)seen) {
            gsc_text_append(text, document.text, document.size);
            gsc_text_append_char(text, '\n');
        }
    }
    gsc_reader_free(reader);
    *ret_bytes = seen;
    return status != GSC_OK ? status : gsc_text_check(text, data, error);
}

static gsc_status gather(const char *data, const gsc_data_watch *watch, gsc_text *text,
                         gsc_error *error) {
    uint64_t bytes = 0;
    gsc_status status = pass(data, 0, watch, text, &bytes, error);
    if (status == GSC_OK) {
        /* 2: line feeds count too, so that a corpus below the limit is taken whole. */
        double share = bytes > GSC_MAX_TRAINING_BYTES ? GSC_MAX_TRAINING_BYTES / (double)bytes : 2;
        status = pass(data, share, watch, text, &bytes, error);
    }
    return status;
}

static gsc_status corpus_key(const char *data, char ret_key[GSC_SHA256_TEXT_SIZE],
                             gsc_error *error) {
    gsc_reader *reader;
    gsc_status status = gsc_reader_new(data, &reader, error);
    if (status == GSC_OK) {
        status = gsc_reader_key(reader, ret_key, error);
        gsc_reader_free(reader);
    }
    return status;
}

static gsc_status train(int pieces, const char *data, const gsc_data_watch *watch, const char *path,
                        gsc_error *error) {
    training work = {.pieces = pieces};
    gsc_text model = {0};
    gsc_status status = gather(data, watch, &work.text, error);
    if (status == GSC_OK) {
        status = gsc_child_work("Training the tokenizer", make_model, &work, watch, &model, error);
    }
    if (status == GSC_OK) {
        status = gsc_write_file(path, model.bytes, model.size, error);
    }
    gsc_text_clear(&work.text);
    gsc_text_clear(&model);
    return status;
}

/* Where the model of that many pieces lies, or would lie. */
static gsc_status model_path(int pieces, const char *data, char ret_path[GSC_DATA_PATH_SIZE],
                             gsc_error *error) {
    char folder[GSC_DATA_PATH_SIZE], name[64], key[GSC_SHA256_TEXT_SIZE];
    gsc_status status = corpus_key(data, key, error);
    if (status == GSC_OK) {
        status = gsc_data_folder("tokenizers", folder, error);
    }
    if (status == GSC_OK) {
        snprintf(name, sizeof name, "%.16s-%d-%s.model", key, pieces, trainer_version);
        status = gsc_data_path(folder, name, ret_path, error);
    }
    return status;
}

gsc_status gsc_tokenizer_train(int pieces, const char *data, const gsc_data_watch *watch,
                               char ret_path[GSC_DATA_PATH_SIZE], gsc_error *error) {
    char path[GSC_DATA_PATH_SIZE];
    gsc_status status = model_path(pieces, data, path, error);
    if (status == GSC_OK && !gsc_is_file(path)) {
        status = train(pieces, data, watch, path, error);
    }
    if (status == GSC_OK) {
        memcpy(ret_path, path, strlen(path) + 1);
    }
    return status;
}

gsc_status gsc_tokenizer_train_needs(int pieces, const char *data, gsc_tokenizer_needs *ret_needs,
                                     gsc_error *error) {
    static const double memory_times = 28, seconds_a_byte = 1.3e-6;
    char path[GSC_DATA_PATH_SIZE];
    gsc_reader *reader;
    gsc_status status = model_path(pieces, data, path, error);
    if (status == GSC_OK && gsc_is_file(path)) {
        *ret_needs = (gsc_tokenizer_needs){0};
        return GSC_OK;
    }
    if (status == GSC_OK) {
        status = gsc_reader_new(data, &reader, error);
    }
    if (status == GSC_OK) {
        const double most = (double)gsc_reader_most_bytes(reader);
        const double text = most < GSC_MAX_TRAINING_BYTES ? most : GSC_MAX_TRAINING_BYTES;
        *ret_needs = (gsc_tokenizer_needs){.memory_bytes = (size_t)(memory_times * text),
                                           .seconds = seconds_a_byte * text};
        gsc_reader_free(reader);
    }
    return status;
}
