/* SPDX-License-Identifier: MIT
 *
 * A corpus as token ids, kept as a file: see tokens.h.
 *
 * The file: a header, then for each stream ids (padded to 8 bytes), starts, domains (padded).
 * Numbers are the machine's own; magic holds a number that shows another byte order.
 */
#include "core/data/tokens.h"

#include "core/data/documents.h"
#include "core/data/folder.h"
#include "core/data/write_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint64_t file_magic = 0x32304b4f54435347; /* "GSCTOK02" */

typedef struct file_header {
    uint64_t magic, file_bytes;
    char tokenizer[GSC_SHA256_TEXT_SIZE + 7];
    char hash[GSC_SHA256_TEXT_SIZE + 7];
    uint64_t count[2], documents[2], bytes[2]; /* training, held out */
    uint64_t domain_count;
    char domains[GSC_MAX_DOMAINS][GSC_DOMAIN_NAME_SIZE];
    gsc_reader_report report;
} file_header;

/* A stream while it is made. */
typedef struct building {
    gsc_ids ids;
    uint64_t *starts;
    uint8_t *domains;
    uint64_t documents, room, bytes;
} building;

static size_t padded(uint64_t bytes) {
    return (size_t)((bytes + 7) / 8 * 8);
}

static size_t stream_bytes(uint64_t count, uint64_t documents) {
    return padded(2 * count) + 8 * (size_t)(documents + 1) + padded(documents);
}

static void building_clear(building *self) {
    gsc_ids_clear(&self->ids);
    free(self->starts);
    free(self->domains);
}

static gsc_status add_document(building *self, const gsc_document *document,
                               const gsc_tokenizer *tokenizer, gsc_error *error) {
    if (self->documents + 1 >= self->room) {
        uint64_t room = self->room == 0 ? 4096 : 2 * self->room;
        uint64_t *starts = realloc(self->starts, room * sizeof *starts);
        self->starts = starts != NULL ? starts : self->starts;
        uint8_t *domains = realloc(self->domains, room);
        self->domains = domains != NULL ? domains : self->domains;
        if (starts == NULL || domains == NULL) {
            return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory for %llu documents",
                            (unsigned long long)room);
        }
        self->room = room;
    }
    self->starts[self->documents] = self->ids.count;
    self->domains[self->documents] = (uint8_t)document->domain;
    gsc_status status =
        gsc_tokenizer_encode(tokenizer, document->text, document->size, &self->ids, error);
    gsc_ids_append(&self->ids, (uint16_t)gsc_tokenizer_end(tokenizer));
    self->starts[++self->documents] = self->ids.count;
    self->bytes += document->size;
    return status;
}

static gsc_status read_documents(gsc_reader *reader, const gsc_tokenizer *tokenizer,
                                 const gsc_data_watch *watch, building streams[2],
                                 gsc_error *error) {
    for (uint64_t n = 0;; n++) {
        gsc_document document;
        bool end = false;
        gsc_status status = gsc_reader_next(reader, &document, &end, error);
        if (status != GSC_OK || end) {
            return status;
        }
        if (n % 64 == 0 && !gsc_data_watch_report(watch, "Cutting the text into tokens",
                                                  gsc_reader_fraction(reader))) {
            return gsc_fail(error, GSC_ERR_STOPPED, "cutting the text into tokens was stopped");
        }
        status = add_document(&streams[document.held_out], &document, tokenizer, error);
        if (status != GSC_OK) {
            return status;
        }
    }
}

static void fill_header(file_header *header, const gsc_reader *reader,
                        const gsc_tokenizer *tokenizer, const building streams[2]) {
    memset(header, 0, sizeof *header);
    header->magic = file_magic;
    header->file_bytes = sizeof *header;
    snprintf(header->tokenizer, sizeof header->tokenizer, "%s", gsc_tokenizer_hash(tokenizer));
    char hashes[2][GSC_SHA256_TEXT_SIZE];
    for (int s = 0; s < 2; s++) {
        header->count[s] = streams[s].ids.count;
        header->documents[s] = streams[s].documents;
        header->bytes[s] = streams[s].bytes;
        header->file_bytes += stream_bytes(header->count[s], header->documents[s]);
        gsc_sha256_text(streams[s].ids.ids, 2 * streams[s].ids.count, hashes[s]);
    }
    gsc_sha256_text(hashes, sizeof hashes, header->hash);
    header->domain_count = (uint64_t)gsc_reader_domain_count(reader);
    for (uint64_t d = 0; d < header->domain_count; d++) {
        snprintf(header->domains[d], sizeof header->domains[d], "%s",
                 gsc_reader_domain(reader, (int)d));
    }
    header->report = *gsc_reader_get_report(reader);
}

static void write_padded(FILE *stream, const void *bytes, size_t size) {
    static const char zeros[8];
    fwrite(bytes, 1, size, stream);
    fwrite(zeros, 1, padded(size) - size, stream);
}

static gsc_status write_streams(const char *path, const file_header *header,
                                const building streams[2], gsc_error *error) {
    gsc_new_file file;
    gsc_status status = gsc_new_file_init(&file, path, error);
    if (status != GSC_OK) {
        return status;
    }
    fwrite(header, sizeof *header, 1, file.stream);
    for (int s = 0; s < 2; s++) {
        write_padded(file.stream, streams[s].ids.ids, 2 * streams[s].ids.count);
        write_padded(file.stream, streams[s].starts, 8 * (streams[s].documents + 1));
        write_padded(file.stream, streams[s].domains, streams[s].documents);
    }
    return gsc_new_file_commit(&file, error);
}

static gsc_status make_file(gsc_reader *reader, const char *data, const gsc_tokenizer *tokenizer,
                            const gsc_data_watch *watch, const char *path, gsc_error *error) {
    building streams[2] = {0};
    gsc_status status = read_documents(reader, tokenizer, watch, streams, error);
    if (status == GSC_OK && streams[1].documents == 0) {
        status =
            gsc_fail(error, GSC_ERR_INPUT,
                     "the corpus %s has %llu document%s; each file needs %d or more, because every "
                     "%dth is held out for validation",
                     data, (unsigned long long)streams[0].documents,
                     streams[0].documents == 1 ? "" : "s", GSC_HELD_OUT_EVERY, GSC_HELD_OUT_EVERY);
    }
    if (status == GSC_OK) {
        file_header header;
        fill_header(&header, reader, tokenizer, streams);
        status = write_streams(path, &header, streams, error);
    }
    building_clear(&streams[0]);
    building_clear(&streams[1]);
    return status;
}

/* Points the stream at its part of the file; returns where the next begins. */
static const char *view_stream(const file_header *header, int s, const char *at,
                               gsc_token_stream *ret_stream) {
    ret_stream->count = header->count[s];
    ret_stream->documents = header->documents[s];
    ret_stream->bytes = header->bytes[s];
    ret_stream->ids = (const uint16_t *)(const void *)at;
    at += padded(2 * header->count[s]);
    ret_stream->starts = (const uint64_t *)(const void *)at;
    at += 8 * (header->documents[s] + 1);
    ret_stream->domains = (const uint8_t *)at;
    return at + padded(header->documents[s]);
}

static bool is_whole(const file_header *header, size_t size, const gsc_tokenizer *tokenizer) {
    return size >= sizeof *header && header->magic == file_magic && header->file_bytes == size &&
           strcmp(header->tokenizer, gsc_tokenizer_hash(tokenizer)) == 0 &&
           header->domain_count <= GSC_MAX_DOMAINS && header->documents[1] > 0 &&
           sizeof *header + stream_bytes(header->count[0], header->documents[0]) +
                   stream_bytes(header->count[1], header->documents[1]) ==
               size;
}

/* Maps the file; *ret_good is false where it is not there or not whole, and should be made. */
static gsc_status map_file(const char *path, const gsc_tokenizer *tokenizer, gsc_tokens *tokens,
                           bool *ret_good, gsc_error *error) {
    struct stat about;
    *ret_good = false;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 && errno == ENOENT) {
        return GSC_OK;
    }
    if (file < 0 || fstat(file, &about) != 0) {
        int why = errno;
        if (file >= 0) {
            close(file);
        }
        return gsc_fail(error, GSC_ERR_IO, "the tokens in %s cannot be read: %s", path,
                        strerror(why));
    }
    size_t size = (size_t)about.st_size;
    void *map =
        size < sizeof(file_header) ? MAP_FAILED : mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (map == MAP_FAILED) {
        return GSC_OK;
    }
    const file_header *header = map;
    if (!is_whole(header, size, tokenizer)) {
        munmap(map, size);
        return GSC_OK;
    }
    const char *next = view_stream(header, 0, (const char *)map + sizeof *header, &tokens->train);
    view_stream(header, 1, next, &tokens->held_out);
    memcpy(tokens->hash, header->hash, sizeof tokens->hash);
    memcpy(tokens->domains, header->domains, sizeof tokens->domains);
    tokens->domain_count = (int)header->domain_count;
    tokens->report = header->report;
    tokens->map = map;
    tokens->map_size = size;
    *ret_good = true;
    return GSC_OK;
}

/* Bytes of each id, and the scale that makes them add up over the held-out text. */
static gsc_status count_bytes(gsc_tokens *self, const gsc_tokenizer *tokenizer, gsc_error *error) {
    self->vocabulary = gsc_tokenizer_vocabulary(tokenizer);
    self->end = gsc_tokenizer_end(tokenizer);
    self->own_id_bytes = malloc((size_t)self->vocabulary * sizeof *self->own_id_bytes);
    if (self->own_id_bytes == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory for %d tokens",
                        self->vocabulary);
    }
    for (int id = 0; id < self->vocabulary; id++) {
        self->own_id_bytes[id] = (uint16_t)gsc_tokenizer_bytes(tokenizer, id);
    }
    self->id_bytes = self->own_id_bytes;
    self->byte_scale = 1;
    double sum = gsc_tokens_bytes(self, self->held_out.ids, self->held_out.count);
    if (sum > 0) {
        self->byte_scale = (double)self->held_out.bytes / sum;
    }
    return GSC_OK;
}

static gsc_status file_path(const gsc_reader *reader, const gsc_tokenizer *tokenizer,
                            char ret_path[GSC_DATA_PATH_SIZE], gsc_error *error) {
    char keys[2 * GSC_SHA256_TEXT_SIZE], name[GSC_SHA256_TEXT_SIZE + 8], folder[GSC_DATA_PATH_SIZE];
    char digest[GSC_SHA256_TEXT_SIZE];
    gsc_status status = gsc_reader_key(reader, keys, error);
    if (status == GSC_OK) {
        status = gsc_data_folder("tokens", folder, error);
    }
    if (status == GSC_OK) {
        memcpy(keys + GSC_SHA256_TEXT_SIZE, gsc_tokenizer_hash(tokenizer), GSC_SHA256_TEXT_SIZE);
        gsc_sha256_text(keys, sizeof keys, digest);
        snprintf(name, sizeof name, "%.32s.tokens", digest);
        status = gsc_data_path(folder, name, ret_path, error);
    }
    return status;
}

gsc_status gsc_tokens_open(const char *data, const gsc_tokenizer *tokenizer,
                           const gsc_data_watch *watch, gsc_tokens *ret_tokens, gsc_error *error) {
    char path[GSC_DATA_PATH_SIZE];
    gsc_tokens tokens = {0};
    gsc_reader *reader;
    bool good = false;
    gsc_status status = gsc_reader_new(data, &reader, error);
    if (status != GSC_OK) {
        return status;
    }
    status = file_path(reader, tokenizer, path, error);
    if (status == GSC_OK) {
        status = map_file(path, tokenizer, &tokens, &good, error);
    }
    if (status == GSC_OK && !good) {
        status = make_file(reader, data, tokenizer, watch, path, error);
        if (status == GSC_OK) {
            status = map_file(path, tokenizer, &tokens, &good, error);
        }
        if (status == GSC_OK && !good) {
            status = gsc_fail(error, GSC_ERR_IO,
                              "the tokens in %s were changed while they were read", path);
        }
    }
    gsc_reader_free(reader);
    if (status == GSC_OK) {
        status = count_bytes(&tokens, tokenizer, error);
    }
    if (status != GSC_OK) {
        gsc_tokens_close(&tokens);
        return status;
    }
    *ret_tokens = tokens;
    return GSC_OK;
}

void gsc_tokens_close(gsc_tokens *self) {
    if (self->map != NULL) {
        munmap(self->map, self->map_size);
    }
    free(self->own_id_bytes);
    *self = (gsc_tokens){0};
}

double gsc_tokens_bytes(const gsc_tokens *self, const uint16_t *ids, size_t count) {
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += self->id_bytes[ids[i]];
    }
    return self->byte_scale * (double)sum;
}

uint64_t gsc_token_stream_document(const gsc_token_stream *stream, uint64_t at) {
    uint64_t low = 0, high = stream->documents; /* starts[low] <= at < starts[high] */
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (stream->starts[middle] <= at) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}
