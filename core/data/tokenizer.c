/* SPDX-License-Identifier: MIT
 *
 * Bytes and SentencePiece behind one interface: see tokenizer.h.
 */
#include "core/data/tokenizer.h"

#include "core/base/sha256.h"
#include "core/data/folder.h"
#include "core/data/tokenizer_train.h"

#ifdef GSC_HAVE_SENTENCEPIECE
#include "core/data/sentencepiece.h"
#endif

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BYTES_END = 256,
    BYTES_VOCABULARY = 257
};

struct gsc_tokenizer {
    struct gsc_sentencepiece *model; /* NULL: bytes */
    int vocabulary, end;
    char hash[GSC_SHA256_TEXT_SIZE];
    char path[GSC_DATA_PATH_SIZE];
};

bool gsc_tokenizer_has_sentencepiece(void) {
#ifdef GSC_HAVE_SENTENCEPIECE
    return true;
#else
    return false;
#endif
}

void gsc_ids_append(gsc_ids *self, uint16_t id) {
    if (self->count == self->room) {
        size_t room = self->room == 0 ? 4096 : 2 * self->room;
        uint16_t *ids = self->failed ? NULL : realloc(self->ids, room * sizeof *ids);
        if (ids == NULL) {
            self->failed = true;
            return;
        }
        self->ids = ids;
        self->room = room;
    }
    self->ids[self->count++] = id;
}

void gsc_ids_clear(gsc_ids *self) {
    free(self->ids);
    *self = (gsc_ids){0};
}

#ifdef GSC_HAVE_SENTENCEPIECE

/* self->path names the model. */
static gsc_status load_model(gsc_tokenizer *self, gsc_error *error) {
    gsc_text model = {0};
    gsc_status status = gsc_text_read_file(self->path, &model, error);
    if (status == GSC_OK) {
        status = gsc_sentencepiece_new(model.bytes, model.size, self->path, &self->model, error);
    }
    if (status == GSC_OK) {
        int end = gsc_sentencepiece_end(self->model);
        self->vocabulary = gsc_sentencepiece_pieces(self->model) + (end < 0);
        self->end = end < 0 ? self->vocabulary - 1 : end;
        gsc_sha256_text(model.bytes, model.size, self->hash);
        if (self->vocabulary > GSC_MAX_VOCABULARY) {
            status = gsc_fail(error, GSC_ERR_INPUT, "%s has %d pieces; at most %d can be used",
                              self->path, self->vocabulary, GSC_MAX_VOCABULARY);
        }
    }
    gsc_text_clear(&model);
    return status;
}

static gsc_status open_model(gsc_tokenizer *self, const char *choice, const char *data,
                             const gsc_data_watch *watch, gsc_error *error) {
    static const char prefix[] = "sentencepiece:";
    if (strncmp(choice, prefix, sizeof prefix - 1) == 0) {
        char *stop;
        const char *number = choice + sizeof prefix - 1;
        long pieces = strtol(number, &stop, 10);
        if (*number == '\0' || *stop != '\0' || pieces < GSC_MIN_PIECES ||
            pieces > GSC_MAX_VOCABULARY) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "the tokenizer %s should have a number of pieces from %d to %d, as in "
                            "sentencepiece:4096",
                            choice, GSC_MIN_PIECES, GSC_MAX_VOCABULARY);
        }
        gsc_status status = gsc_tokenizer_train((int)pieces, data, watch, self->path, error);
        if (status != GSC_OK) {
            return status;
        }
    } else {
        snprintf(self->path, sizeof self->path, "%s", choice);
        if (!gsc_is_file(self->path)) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "the tokenizer %s is no file; give a SentencePiece model, or take "
                            "sentencepiece:4096 to train one",
                            choice);
        }
    }
    return load_model(self, error);
}

#else

static gsc_status open_model(gsc_tokenizer *self, const char *choice, const char *data,
                             const gsc_data_watch *watch, gsc_error *error) {
    (void)self, (void)data, (void)watch;
    return gsc_fail(error, GSC_ERR_INPUT,
                    "the tokenizer %s needs SentencePiece, and this build has none: install "
                    "libsentencepiece-dev and build again, or take the tokenizer bytes",
                    choice);
}

#endif

gsc_status gsc_tokenizer_foresee(const char *choice, const char *data,
                                 gsc_tokenizer_needs *ret_needs, gsc_error *error) {
    *ret_needs = (gsc_tokenizer_needs){0};
#ifdef GSC_HAVE_SENTENCEPIECE
    int pieces = 0;
    if (sscanf(choice, "sentencepiece:%d", &pieces) == 1) {
        return gsc_tokenizer_train_needs(pieces, data, ret_needs, error);
    }
#else
    (void)choice, (void)data, (void)error;
#endif
    return GSC_OK;
}

static bool names_a_model(const char *choice) {
    size_t length = strlen(choice);
    return strncmp(choice, "sentencepiece:", 14) == 0 ||
           (length > 6 && length < GSC_DATA_PATH_SIZE &&
            strcmp(choice + length - 6, ".model") == 0);
}

gsc_status gsc_tokenizer_new(const char *choice, const char *data, const gsc_data_watch *watch,
                             gsc_tokenizer **ret_tokenizer, gsc_error *error) {
    bool bytes = strcmp(choice, "bytes") == 0;
    if (!bytes && !names_a_model(choice)) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "there is no tokenizer %s; take bytes, sentencepiece:4096 or the path of a "
                        ".model file",
                        choice);
    }
    gsc_tokenizer *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory for a tokenizer");
    }
    gsc_status status = GSC_OK;
    if (bytes) {
        self->vocabulary = BYTES_VOCABULARY;
        self->end = BYTES_END;
        gsc_sha256_text("bytes 257", 9, self->hash);
    } else {
        status = open_model(self, choice, data, watch, error);
    }
    if (status != GSC_OK) {
        gsc_tokenizer_free(self);
        return status;
    }
    *ret_tokenizer = self;
    return GSC_OK;
}

void gsc_tokenizer_free(gsc_tokenizer *self) {
    if (self == NULL) {
        return;
    }
#ifdef GSC_HAVE_SENTENCEPIECE
    gsc_sentencepiece_free(self->model);
#endif
    free(self);
}

int gsc_tokenizer_vocabulary(const gsc_tokenizer *self) {
    return self->vocabulary;
}

int gsc_tokenizer_end(const gsc_tokenizer *self) {
    return self->end;
}

const char *gsc_tokenizer_hash(const gsc_tokenizer *self) {
    return self->hash;
}

const char *gsc_tokenizer_path(const gsc_tokenizer *self) {
    return self->model != NULL ? self->path : NULL;
}

int gsc_tokenizer_bytes(const gsc_tokenizer *self, int id) {
    if (id < 0 || id >= self->vocabulary || id == self->end) {
        return 0;
    }
#ifdef GSC_HAVE_SENTENCEPIECE
    if (self->model != NULL) {
        return gsc_sentencepiece_piece_bytes(self->model, id);
    }
#endif
    return 1;
}

#ifdef GSC_HAVE_SENTENCEPIECE
static void add_piece(void *context, int id) {
    gsc_ids_append(context, (uint16_t)id);
}
#endif

gsc_status gsc_tokenizer_encode(const gsc_tokenizer *self, const char *text, size_t size,
                                gsc_ids *ids, gsc_error *error) {
    gsc_status status = GSC_OK;
    if (self->model == NULL) {
        for (size_t i = 0; i < size; i++) {
            gsc_ids_append(ids, (unsigned char)text[i]);
        }
    }
#ifdef GSC_HAVE_SENTENCEPIECE
    else {
        status = gsc_sentencepiece_encode(self->model, text, size, add_piece, ids, error);
    }
#endif
    if (status == GSC_OK && ids->failed) {
        status = gsc_fail(error, GSC_ERR_MEMORY, "there is no memory for more than %zu tokens",
                          ids->count);
    }
    return status;
}

gsc_status gsc_tokenizer_decode(const gsc_tokenizer *self, const uint16_t *ids, size_t count,
                                gsc_text *text, gsc_error *error) {
    for (size_t i = 0; i < count; i++) {
        if (ids[i] >= self->vocabulary) {
            return gsc_fail(error, GSC_ERR_INPUT, "the token %d is not one of 0 to %d", ids[i],
                            self->vocabulary - 1);
        }
        if (ids[i] == self->end) {
            continue;
        }
        if (self->model == NULL) {
            gsc_text_append_char(text, (char)ids[i]);
        }
#ifdef GSC_HAVE_SENTENCEPIECE
        else {
            size_t size;
            const char *piece = gsc_sentencepiece_piece(self->model, ids[i], &size);
            gsc_text_append(text, piece, size);
        }
#endif
    }
    return gsc_text_check(text, "the decoded text", error);
}
