/* SPDX-License-Identifier: MIT
 *
 * Checkpoints. Layer: core/lm.
 */
#include "core/lm/checkpoint.h"

#include "core/data/write_file.h"
#include "core/lm/model_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE = 1 << 20,
    MOST_HEADER = 64 << 20,
    ARENAS = 3
};

/* Values and moments; gradients are made anew. */
static const gsc_lm_arena arenas[ARENAS] = {GSC_LM_VALUES, GSC_LM_MOMENT_1, GSC_LM_MOMENT_2};
static const char *const prefixes[ARENAS] = {"", "adamw.m.", "adamw.v."};

/* Calls visit for every tensor in the order of the file. */
typedef struct tensor {
    char name[GSC_LM_NAME_SIZE + 16];
    const char *dtype;
    uint32_t dims;
    int64_t shape[4];
    size_t bytes;
    gsc_buf *buf; /* on the device at `at`; NULL: values on the host */
    size_t at;
    double *values;
} tensor;
typedef gsc_status visit_tensor(void *data, const tensor *t, gsc_error *error);

static gsc_status visit_arena(gsc_lm *self, size_t which, visit_tensor *visit, void *data,
                              gsc_error *error) {
    const size_t size = gsc_dtype_bytes(self->dtype);
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < self->parameters.count && status == GSC_OK; i++) {
        const gsc_lm_parameter *p = &self->parameters.list[i];
        if (which > 0 && !p->trained) {
            continue;
        }
        tensor t = {.dtype = self->dtype == GSC_F32 ? "F32" : "F64",
                    .dims = p->dims,
                    .bytes = p->count * size,
                    .buf = self->arenas[arenas[which]],
                    .at = p->offset * size};
        snprintf(t.name, sizeof t.name, "%s%s", prefixes[which], p->name);
        memcpy(t.shape, p->shape, sizeof t.shape);
        status = visit(data, &t, error);
    }
    return status;
}

static gsc_status visit_all(gsc_lm *self, visit_tensor *visit, void *data, gsc_error *error) {
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < (self->options.training ? ARENAS : 1) && status == GSC_OK; i++) {
        status = visit_arena(self, i, visit, data, error);
    }
    for (size_t i = 0; i < self->n_states && status == GSC_OK; i++) {
        tensor t = {.dtype = "F64",
                    .dims = 1,
                    .shape = {(int64_t)self->states[i].count},
                    .bytes = self->states[i].count * sizeof(double),
                    .values = self->states[i].values};
        snprintf(t.name, sizeof t.name, "%s", self->states[i].name);
        status = visit(data, &t, error);
    }
    return status;
}

/* ---- Sums ---- */

enum {
    SUM_SIZE = 17 /* sixteen digits and a zero */
};

/* Sees a changed bit, wherever it is; not made against people. bytes: in the same pieces each time. */
static uint64_t add_to_sum(uint64_t sum, const void *bytes, size_t size) {
    for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, (const char *)bytes + at, size - at < sizeof word ? size - at : sizeof word);
        sum = (sum ^ word) * UINT64_C(0x9E3779B97F4A7C15);
        sum ^= sum >> 32;
    }
    return sum;
}

/* The key in the metadata under which a tensor's sum stands. */
static void name_sum(const tensor *t, char ret_key[GSC_LM_NAME_SIZE + 24]) {
    snprintf(ret_key, GSC_LM_NAME_SIZE + 24, "sum.%s", t->name);
}

/* ---- Writing ---- */

typedef struct writing {
    gsc_lm *model;
    json_t *header, *metadata;
    size_t at;
    FILE *stream;
    char *piece;
    const char *path;
} writing;

/* The sum of a tensor into the header, which keeps its length. */
static gsc_status tell_sum(const writing *w, const tensor *t, uint64_t sum, gsc_error *error) {
    char key[GSC_LM_NAME_SIZE + 24], text[SUM_SIZE];
    name_sum(t, key);
    snprintf(text, sizeof text, "%016" PRIx64, sum);
    return json_object_set_new(w->metadata, key, json_string(text)) == 0
               ? GSC_OK
               : gsc_fail(error, GSC_ERR_MEMORY, "no memory for the header of %s", w->path);
}

static gsc_status describe(void *data, const tensor *t, gsc_error *error) {
    writing *w = data;
    json_t *shape = json_array();
    for (uint32_t i = 0; i < t->dims; i++) {
        json_array_append_new(shape, json_integer(t->shape[i]));
    }
    json_t *entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", t->dtype, "shape", shape,
                              "data_offsets", (json_int_t)w->at, (json_int_t)(w->at + t->bytes));
    w->at += t->bytes;
    return json_object_set_new(w->header, t->name, entry) == 0
               ? tell_sum(w, t, 0, error)
               : gsc_fail(error, GSC_ERR_MEMORY, "no memory for the header of %s", w->path);
}

static gsc_status write_bytes(writing *w, const void *bytes, size_t size, gsc_error *error) {
    if (fwrite(bytes, 1, size, w->stream) != size) {
        return gsc_fail(error, GSC_ERR_IO,
                        "%s could not be written: %s; what was written before is intact", w->path,
                        strerror(errno));
    }
    return GSC_OK;
}

static gsc_status write_tensor(void *data, const tensor *t, gsc_error *error) {
    writing *w = data;
    uint64_t sum = 0;
    gsc_status status = GSC_OK;
    if (t->values != NULL) {
        sum = add_to_sum(sum, t->values, t->bytes);
        status = write_bytes(w, t->values, t->bytes, error);
    }
    for (size_t done = 0; t->values == NULL && done < t->bytes && status == GSC_OK; done += PIECE) {
        const size_t left = t->bytes - done, n = left < PIECE ? left : PIECE;
        status = gsc_buf_read(w->model->queue, t->buf, t->at + done, n, w->piece, error);
        if (status == GSC_OK) {
            sum = add_to_sum(sum, w->piece, n);
            status = write_bytes(w, w->piece, n, error);
        }
    }
    return status == GSC_OK ? tell_sum(w, t, sum, error) : status;
}

static gsc_status write_header(writing *w, gsc_error *error) {
    char *text = json_dumps(w->header, JSON_COMPACT | JSON_PRESERVE_ORDER);
    if (text == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the header of %s", w->path);
    }
    /* Numbers begin at a multiple of 8: spaces may follow the header. */
    const size_t length = strlen(text), padded = (length + 7) / 8 * 8;
    unsigned char size[8];
    for (int i = 0; i < 8; i++) {
        size[i] = (unsigned char)((uint64_t)padded >> (8 * i));
    }
    gsc_status status = write_bytes(w, size, sizeof size, error);
    if (status == GSC_OK) {
        status = write_bytes(w, text, length, error);
    }
    if (status == GSC_OK) {
        status = write_bytes(w, "        ", padded - length, error);
    }
    free(text);
    return status;
}

gsc_status gsc_lm_save(gsc_lm *self, int64_t step, const char *identity, const char *path,
                       gsc_error *error) {
    char number[32];
    snprintf(number, sizeof number, "%" PRId64, step);
    gsc_new_file file;
    gsc_status status = gsc_new_file_init(&file, path, error);
    if (status != GSC_OK) {
        return status;
    }
    writing w = {.model = self, .stream = file.stream, .path = path, .header = json_object()};
    w.piece = malloc(PIECE);
    w.metadata = json_pack("{s:s, s:s, s:s}", "format", "gatescope.lm/1", "step", number,
                           "identity", identity);
    if (w.piece == NULL || json_object_set_new(w.header, "__metadata__", w.metadata) != 0) {
        status = gsc_fail(error, GSC_ERR_MEMORY, "no memory for the header of %s", path);
    }
    if (status == GSC_OK) {
        status = visit_all(self, describe, &w, error);
    }
    if (status == GSC_OK) {
        status = write_header(&w, error);
    }
    if (status == GSC_OK) {
        status = visit_all(self, write_tensor, &w, error);
    }
    if (status == GSC_OK) { /* once more, now that it knows the sums */
        rewind(w.stream);
        status = write_header(&w, error);
    }
    if (status == GSC_OK) {
        status = gsc_new_file_commit(&file, error);
    }
    gsc_new_file_clear(&file);
    json_decref(w.header);
    free(w.piece);
    return status;
}

/* ---- Reading ---- */

typedef struct reading {
    gsc_lm *model;
    const json_t *header;
    FILE *stream;
    size_t data_at, expected;
    char *piece;
    const char *path;
} reading;

static void show_shape(const json_t *shape, char *text, size_t size) {
    size_t used = (size_t)snprintf(text, size, "[");
    for (size_t i = 0; i < json_array_size(shape) && used < size; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s%" JSON_INTEGER_FORMAT,
                                 i > 0 ? ", " : "", json_integer_value(json_array_get(shape, i)));
    }
    snprintf(text + (used < size ? used : size - 1), used < size ? size - used : 1, "]");
}

/* The tensor's place in the file, where the header tells of the same type and shape. */
static gsc_status find_tensor(reading *r, const tensor *t, size_t *ret_at, gsc_error *error) {
    const json_t *entry = json_object_get(r->header, t->name);
    const json_t *shape = json_object_get(entry, "shape");
    const json_t *offsets = json_object_get(entry, "data_offsets");
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    bool same = dtype != NULL && strcmp(dtype, t->dtype) == 0 && json_array_size(shape) == t->dims;
    char has[96], wants[96];
    json_t *own = json_array();
    for (uint32_t i = 0; i < t->dims; i++) {
        same = same && json_integer_value(json_array_get(shape, i)) == t->shape[i];
        json_array_append_new(own, json_integer(t->shape[i]));
    }
    show_shape(own, wants, sizeof wants);
    show_shape(shape, has, sizeof has);
    json_decref(own);
    if (entry == NULL) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s has no tensor %s %s, which the model has",
                        r->path, t->name, wants);
    }
    const json_int_t from = json_integer_value(json_array_get(offsets, 0));
    const json_int_t to = json_integer_value(json_array_get(offsets, 1));
    if (!same || from < 0 || to - from != (json_int_t)t->bytes) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s: %s is %s %s, and the model's is %s %s", r->path,
                        t->name, dtype != NULL ? dtype : "?", has, t->dtype, wants);
    }
    *ret_at = r->data_at + (size_t)from;
    return GSC_OK;
}

static gsc_status read_bytes(reading *r, void *to, size_t size, gsc_error *error) {
    if (fread(to, 1, size, r->stream) != size) {
        return gsc_fail(error, ferror(r->stream) ? GSC_ERR_IO : GSC_ERR_INPUT,
                        "%s breaks off before its end; take an earlier checkpoint", r->path);
    }
    return GSC_OK;
}

/* What a run keeps beside the model: a reader need not know it, a file need not have it. */
static bool is_of_run(const char *name) {
    return strncmp(name, "run.", 4) == 0;
}

/* A model without training has no moments, and leaves those of the file. */
static size_t count_of_model(const json_t *header, bool training) {
    const char *name;
    json_t *entry;
    size_t n = 0;
    json_object_foreach((json_t *)header, name, entry) {
        const bool is_moment = strncmp(name, "adamw.", strlen("adamw.")) == 0;
        n += !is_of_run(name) && strcmp(name, "__metadata__") != 0 && (training || !is_moment);
    }
    return n;
}

/* Earlier files have no sums. */
static gsc_status check_sum(const reading *r, const tensor *t, uint64_t sum, gsc_error *error) {
    char key[GSC_LM_NAME_SIZE + 24], text[SUM_SIZE];
    name_sum(t, key);
    snprintf(text, sizeof text, "%016" PRIx64, sum);
    const char *own =
        json_string_value(json_object_get(json_object_get(r->header, "__metadata__"), key));
    return own == NULL || strcmp(own, text) == 0
               ? GSC_OK
               : gsc_fail(error, GSC_ERR_INPUT,
                          "%s is damaged: the numbers of %s are not those that were written; take "
                          "an earlier checkpoint",
                          r->path, t->name);
}

static gsc_status read_tensor(void *data, const tensor *t, gsc_error *error) {
    reading *r = data;
    uint64_t sum = 0;
    size_t at = 0;
    if (is_of_run(t->name) && json_object_get(r->header, t->name) == NULL) {
        return GSC_OK;
    }
    gsc_status status = find_tensor(r, t, &at, error);
    r->expected += !is_of_run(t->name);
    if (status == GSC_OK && fseeko(r->stream, (off_t)at, SEEK_SET) != 0) {
        status = gsc_fail(error, GSC_ERR_IO, "%s: %s", r->path, strerror(errno));
    }
    if (status == GSC_OK && t->values != NULL) {
        status = read_bytes(r, t->values, t->bytes, error);
        sum = status == GSC_OK ? add_to_sum(sum, t->values, t->bytes) : 0;
    }
    for (size_t done = 0; t->values == NULL && done < t->bytes && status == GSC_OK; done += PIECE) {
        const size_t left = t->bytes - done, n = left < PIECE ? left : PIECE;
        status = read_bytes(r, r->piece, n, error);
        if (status == GSC_OK) {
            sum = add_to_sum(sum, r->piece, n);
            status = gsc_buf_write(r->model->queue, t->buf, t->at + done, r->piece, n, error);
        }
    }
    return status == GSC_OK ? check_sum(r, t, sum, error) : status;
}

static gsc_status read_header(reading *r, json_t **ret_header, gsc_error *error) {
    unsigned char size_bytes[8] = {0};
    gsc_status status = read_bytes(r, size_bytes, sizeof size_bytes, error);
    if (status != GSC_OK) {
        return status;
    }
    uint64_t size = 0;
    for (int i = 0; i < 8; i++) {
        size |= (uint64_t)size_bytes[i] << (8 * i);
    }
    char *text = size <= MOST_HEADER ? malloc((size_t)size + 1) : NULL;
    if (text == NULL) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s is no checkpoint in the safetensors format",
                        r->path);
    }
    status = read_bytes(r, text, (size_t)size, error);
    json_t *header = status == GSC_OK ? json_loadb(text, (size_t)size, 0, NULL) : NULL;
    free(text);
    if (status == GSC_OK && !json_is_object(header)) {
        json_decref(header);
        return gsc_fail(error, GSC_ERR_INPUT, "%s is no checkpoint in the safetensors format",
                        r->path);
    }
    r->data_at = 8 + (size_t)size;
    *ret_header = header;
    return status;
}

/* A checkpoint of another run: names what differs first of two lists with ", " between their parts. */
static gsc_status refuse_other(const char *path, const char *own, const char *wanted,
                               gsc_error *error) {
    size_t part = 0;
    for (size_t at = 0; own[at] != '\0' && own[at] == wanted[at]; at++) {
        part = at > 0 && own[at] == ' ' && own[at - 1] == ',' ? at + 1 : part;
    }
    const char *has = own + part, *wants = wanted + part, *slash = strrchr(path, '/');
    const bool plugin = strncmp(wants, "gate ", 5) == 0 || strncmp(wants, "expert ", 7) == 0 ||
                        strncmp(wants, "balancer ", 9) == 0;
    return gsc_fail(error, GSC_ERR_INPUT,
                    "%.100s is of another run: it has %.*s where this one has %.*s; %s",
                    slash != NULL ? slash + 1 : path, *has == '\0' ? 7 : (int)strcspn(has, ","),
                    *has == '\0' ? "nothing" : has, *wants == '\0' ? 7 : (int)strcspn(wants, ","),
                    *wants == '\0' ? "nothing" : wants,
                    plugin ? "bring back that plugin file, whose hash follows its name, or run the "
                             "spec again"
                           : "go on with the same spec, or run this one from its start");
}

static gsc_status check_metadata(const reading *r, const char *identity, int64_t *ret_step,
                                 gsc_error *error) {
    const json_t *metadata = json_object_get(r->header, "__metadata__");
    const char *format = json_string_value(json_object_get(metadata, "format"));
    const char *step = json_string_value(json_object_get(metadata, "step"));
    const char *own = json_string_value(json_object_get(metadata, "identity"));
    if (format == NULL || strcmp(format, "gatescope.lm/1") != 0 || step == NULL || own == NULL) {
        return gsc_fail(error, GSC_ERR_INPUT, "%s is no checkpoint of this program", r->path);
    }
    if (identity != NULL && strcmp(identity, own) != 0) {
        return refuse_other(r->path, own, identity, error);
    }
    *ret_step = strtoll(step, NULL, 10);
    return GSC_OK;
}

gsc_status gsc_lm_load(gsc_lm *self, const char *path, const char *identity, int64_t *ret_step,
                       gsc_error *error) {
    reading r = {.model = self, .path = path, .stream = fopen(path, "rbe"), .piece = malloc(PIECE)};
    json_t *header = NULL;
    int64_t step = 0;
    gsc_status status = GSC_OK;
    if (r.stream == NULL || r.piece == NULL) {
        status = gsc_fail(error, r.stream == NULL ? GSC_ERR_IO : GSC_ERR_MEMORY,
                          "the checkpoint %s cannot be read: %s", path, strerror(errno));
    }
    if (status == GSC_OK) {
        status = read_header(&r, &header, error);
        r.header = header;
    }
    if (status == GSC_OK) {
        status = check_metadata(&r, identity, &step, error);
    }
    if (status == GSC_OK) {
        status = visit_all(self, read_tensor, &r, error);
    }
    if (status == GSC_OK && count_of_model(header, self->options.training) != r.expected) {
        status = gsc_fail(error, GSC_ERR_INPUT, "%s has %zu tensors, and the model has %zu", path,
                          count_of_model(header, self->options.training), r.expected);
    }
    if (status == GSC_OK) {
        *ret_step = step;
    }
    if (r.stream != NULL) {
        fclose(r.stream);
    }
    json_decref(header);
    free(r.piece);
    return status;
}
