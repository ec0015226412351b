/* SPDX-License-Identifier: MIT
 *
 * Reads a corpus document by document: see reader.h.
 */
#include "core/data/reader.h"

#include "core/data/catalog.h"
#include "core/data/documents.h"
#include "core/data/folder.h"
#include "core/data/line_source.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef enum file_kind {
    KIND_NONE,
    KIND_TEXT,
    KIND_LINES,
    KIND_PACKED_LINES
} file_kind;

struct gsc_reader {
    char folder[GSC_DATA_PATH_SIZE]; /* of the files' relative names */
    gsc_paths files;
    uint64_t total_bytes, done_bytes; /* of the files; of those before the current one */

    size_t next_file;
    file_kind kind; /* of the open file; KIND_NONE: none is open */
    char path[GSC_DATA_PATH_SIZE];
    char file_domain[GSC_DOMAIN_NAME_SIZE];
    uint64_t index; /* of the next document in its file */
    gsc_text text;  /* a text file, whole */
    size_t text_at;
    gsc_line_source lines;
    gsc_text repaired; /* a line's bytes, well-formed */
    json_t *object;    /* holds the document's text */

    char domains[GSC_MAX_DOMAINS][GSC_DOMAIN_NAME_SIZE];
    int domain_count;
    gsc_reader_report report;
};

static bool ends_with(const char *name, const char *ending) {
    size_t length = strlen(name), more = strlen(ending);
    return length >= more && strcmp(name + length - more, ending) == 0;
}

static file_kind kind_of(const char *name) {
    return ends_with(name, ".jsonl.zst")                       ? KIND_PACKED_LINES
           : ends_with(name, ".jsonl")                         ? KIND_LINES
           : ends_with(name, ".txt") || ends_with(name, ".md") ? KIND_TEXT
                                                               : KIND_NONE;
}

static gsc_status refuse_place(const char *data, gsc_error *error) {
    const char *near = gsc_corpus_nearest(data);
    gsc_corpus_info known;
    char folder[GSC_DATA_PATH_SIZE];
    if (strpbrk(data, "/.") != NULL) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "the corpus %s is neither a file nor a folder; give a .txt, .jsonl or "
                        ".jsonl.zst file, or a folder of them",
                        data);
    }
    if (gsc_corpus_find(data, &known)) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "the corpus %s is not on this machine; `gatescope data get %s` brings it",
                        data, data);
    }
    if (near != NULL) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "there is no corpus %s; %s is the nearest of `gatescope data list`", data,
                        near);
    }
    const gsc_status status = gsc_data_folder(NULL, folder, error);
    return status == GSC_OK
               ? gsc_fail(error, GSC_ERR_INPUT,
                          "there is no corpus %s; put its .txt, .jsonl or .jsonl.zst files into "
                          "%s/%s, give a file or a folder, or take one of `gatescope data list`",
                          data, folder, data)
               : status;
}

/* Where data lies: a path, or a folder in the data folder. */
static gsc_status locate(const char *data, char ret_path[GSC_DATA_PATH_SIZE], gsc_error *error) {
    bool is_name = strchr(data, '/') == NULL;
    if (is_name && data[0] != '.' && !gsc_is_file(data)) {
        gsc_status status = gsc_data_folder(NULL, ret_path, error);
        if (status == GSC_OK) {
            status = gsc_data_path(ret_path, data, ret_path, error);
        }
        if (status != GSC_OK || gsc_is_folder(ret_path)) {
            return status;
        }
    }
    if (strlen(data) < GSC_DATA_PATH_SIZE && (gsc_is_folder(data) || gsc_is_file(data))) {
        snprintf(ret_path, GSC_DATA_PATH_SIZE, "%s", data);
        return GSC_OK;
    }
    return refuse_place(data, error);
}

/* Keeps the readable files of a folder and adds up their bytes. */
static gsc_status measure_files(gsc_reader *self, gsc_error *error) {
    size_t kept = 0;
    for (size_t i = 0; i < self->files.count; i++) {
        char *name = self->files.names[i], path[GSC_DATA_PATH_SIZE];
        struct stat about;
        bool wanted = kind_of(name) != KIND_NONE &&
                      gsc_data_path(self->folder, name, path, NULL) == GSC_OK &&
                      stat(path, &about) == 0;
        if (wanted) {
            self->total_bytes += (uint64_t)about.st_size;
            self->files.names[kept++] = name;
        } else {
            free(name);
        }
    }
    self->files.count = kept;
    if (kept == 0) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "the folder %s has no .txt, .md, .jsonl or .jsonl.zst file", self->folder);
    }
    return GSC_OK;
}

static gsc_status take_file(gsc_reader *self, const char *path, gsc_error *error) {
    struct stat about;
    const char *slash = strrchr(path, '/');
    snprintf(self->folder, sizeof self->folder, "%.*s", slash != NULL ? (int)(slash - path) : 1,
             slash != NULL ? path : ".");
    self->files.names = calloc(1, sizeof *self->files.names);
    char *name = strdup(slash != NULL ? slash + 1 : path);
    if (self->files.names == NULL || name == NULL) {
        free(name);
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory to read %s", path);
    }
    self->files.names[0] = name;
    self->files.count = 1;
    self->total_bytes = stat(path, &about) == 0 ? (uint64_t)about.st_size : 0;
    return GSC_OK;
}

gsc_status gsc_reader_new(const char *data, gsc_reader **ret_reader, gsc_error *error) {
    char path[GSC_DATA_PATH_SIZE];
    gsc_status status = locate(data, path, error);
    if (status != GSC_OK) {
        return status;
    }
    gsc_reader *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory to read %s", data);
    }
    if (gsc_is_folder(path)) {
        snprintf(self->folder, sizeof self->folder, "%s", path);
        status = gsc_folder_files(path, true, &self->files, error);
        if (status == GSC_OK) {
            status = measure_files(self, error);
        }
    } else {
        status = take_file(self, path, error);
    }
    if (status != GSC_OK) {
        gsc_reader_free(self);
        return status;
    }
    *ret_reader = self;
    return GSC_OK;
}

static void close_file(gsc_reader *self) {
    struct stat about;
    if (self->kind != KIND_NONE && stat(self->path, &about) == 0) {
        self->done_bytes += (uint64_t)about.st_size;
    }
    gsc_line_source_clear(&self->lines);
    gsc_text_clear(&self->text);
    self->text_at = 0;
    self->kind = KIND_NONE;
}

void gsc_reader_free(gsc_reader *self) {
    if (self == NULL) {
        return;
    }
    close_file(self);
    gsc_paths_clear(&self->files);
    gsc_text_clear(&self->repaired);
    json_decref(self->object);
    free(self);
}

static int domain_index(gsc_reader *self, const char *name) {
    char shortened[GSC_DOMAIN_NAME_SIZE] = {0};
    size_t length = strlen(name);
    length = length < sizeof shortened ? length : gsc_utf8_floor(name, sizeof shortened - 1);
    memcpy(shortened, name, length);
    for (int i = 0; i < self->domain_count; i++) {
        if (strcmp(self->domains[i], shortened) == 0) {
            return i;
        }
    }
    if (self->domain_count == GSC_MAX_DOMAINS) {
        return GSC_MAX_DOMAINS - 1;
    }
    bool last = self->domain_count == GSC_MAX_DOMAINS - 1;
    memcpy(self->domains[self->domain_count], last ? "other" : shortened,
           last ? sizeof "other" : sizeof shortened);
    return self->domain_count++;
}

static void name_file_domain(gsc_reader *self, const char *name) {
    const char *slash = strchr(name, '/'), *base = strrchr(name, '/');
    base = base != NULL ? base + 1 : name;
    size_t length =
        self->kind == KIND_TEXT ? slash != NULL ? (size_t)(slash - name) : 0 : strcspn(base, ".");
    const char *from = self->kind == KIND_TEXT ? name : base;
    if (length == 0) {
        from = "text";
        length = 4;
    }
    length = length < sizeof self->file_domain ? length : sizeof self->file_domain - 1;
    memset(self->file_domain, 0, sizeof self->file_domain);
    memcpy(self->file_domain, from, gsc_utf8_valid(from, length) ? length : 0);
}

static gsc_status open_text(gsc_reader *self, gsc_error *error) {
    gsc_text raw = {0};
    gsc_status status = gsc_text_read_file(self->path, &raw, error);
    if (status == GSC_OK) {
        size_t mark = raw.size >= 3 && memcmp(raw.bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
        size_t kept = mark;
        for (size_t i = mark; i < raw.size; i++) { /* CR LF */
            if (raw.bytes[i] != '\r' || i + 1 == raw.size || raw.bytes[i + 1] != '\n') {
                raw.bytes[kept++] = raw.bytes[i];
            }
        }
        self->report.replaced += gsc_utf8_repair(raw.bytes + mark, kept - mark, &self->text);
        status = gsc_text_check(&self->text, self->path, error);
    }
    gsc_text_clear(&raw);
    return status;
}

static gsc_status open_next_file(gsc_reader *self, gsc_error *error) {
    const char *name = self->files.names[self->next_file++];
    gsc_status status = gsc_data_path(self->folder, name, self->path, error);
    if (status != GSC_OK) {
        return status;
    }
    file_kind kind = kind_of(name);
    self->kind = kind == KIND_NONE ? KIND_TEXT : kind;
    self->index = 0;
    name_file_domain(self, name);
    return self->kind == KIND_TEXT ? open_text(self, error)
                                   : gsc_line_source_init(&self->lines, self->path,
                                                          self->kind == KIND_PACKED_LINES, error);
}

/* The text file's next document; *ret_got is false at its end. */
static void next_of_text(gsc_reader *self, gsc_document *document, bool *ret_got) {
    *ret_got = false;
    while (self->text_at < self->text.size && !*ret_got) {
        const char *text = self->text.bytes + self->text_at;
        size_t size = gsc_document_end(text, self->text.size - self->text_at);
        self->text_at += size;
        document->text = gsc_document_trim(text, size, &document->size);
        document->domain = domain_index(self, self->file_domain);
        *ret_got = document->size > 0;
    }
}

static void count_bad(gsc_reader *self, const char *why) {
    if (self->report.bad_lines++ == 0) {
        snprintf(self->report.first_bad, sizeof self->report.first_bad, "%.160s:%llu: %.60s",
                 self->path, (unsigned long long)self->lines.line, why);
    }
}

static bool is_blank(const char *text, size_t size) {
    return text == NULL || strspn(text, " \t\r\n") >= size;
}

/* The document in a line, kept alive by self->object. Returns NULL, or why the line is bad. */
static const char *parse_line(gsc_reader *self, const char *line, size_t size,
                              gsc_document *document) {
    json_error_t why;
    json_decref(self->object);
    self->object = json_loadb(line, size, JSON_ALLOW_NUL, &why);
    if (self->object == NULL) {
        return "no JSON object";
    }
    const json_t *text = json_object_get(self->object, "text");
    if (!json_is_string(text)) {
        return "no string \"text\"";
    }
    document->text = json_string_value(text);
    document->size = json_string_length(text);
    if (is_blank(document->text, document->size)) {
        return "blank \"text\"";
    }
    const json_t *meta = json_object_get(self->object, "meta");
    const json_t *domain = json_object_get(meta, "redpajama_set_name");
    if (!json_is_string(domain)) {
        domain = json_object_get(meta, "pile_set_name");
    }
    document->domain =
        domain_index(self, json_is_string(domain) ? json_string_value(domain) : self->file_domain);
    return NULL;
}

static gsc_status next_of_lines(gsc_reader *self, gsc_document *document, bool *ret_got,
                                gsc_error *error) {
    for (;;) {
        const char *line;
        size_t size;
        gsc_status status =
            gsc_line_source_next(&self->lines, GSC_MAX_LINE_BYTES, &line, &size, error);
        if (status != GSC_OK || line == NULL) {
            *ret_got = false;
            return status;
        }
        if (size == 0) {
            continue;
        }
        if (!gsc_utf8_valid(line, size)) {
            self->repaired.size = 0;
            self->report.replaced += gsc_utf8_repair(line, size, &self->repaired);
            status = gsc_text_check(&self->repaired, self->path, error);
            if (status != GSC_OK) {
                return status;
            }
            line = self->repaired.bytes;
            size = self->repaired.size;
        }
        const char *why = parse_line(self, line, size, document);
        if (why == NULL) {
            *ret_got = true;
            return GSC_OK;
        }
        count_bad(self, why);
    }
}

static gsc_status refuse_empty(const gsc_reader *self, gsc_error *error) {
    const gsc_reader_report *report = &self->report;
    const bool one = self->files.count == 1;
    const char *between = one ? "/" : "", *name = one ? self->files.names[0] : "";
    if (report->bad_lines > 0) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "the corpus %s%s%s has no document: all %llu lines are bad, the first is "
                        "%s; a line should be {\"text\": \"...\"}",
                        self->folder, between, name, (unsigned long long)report->bad_lines,
                        report->first_bad);
    }
    if (one) {
        return gsc_fail(error, GSC_ERR_INPUT, "the corpus %s/%s is empty: it has no text",
                        self->folder, name);
    }
    return gsc_fail(error, GSC_ERR_INPUT, "the corpus in %s is empty: its %zu files have no text",
                    self->folder, self->files.count);
}

gsc_status gsc_reader_next(gsc_reader *self, gsc_document *ret_document, bool *ret_end,
                           gsc_error *error) {
    for (;;) {
        if (self->kind == KIND_NONE && self->next_file == self->files.count) {
            if (self->report.documents == 0) {
                return refuse_empty(self, error);
            }
            *ret_end = true;
            return GSC_OK;
        }
        gsc_status status = self->kind == KIND_NONE ? open_next_file(self, error) : GSC_OK;
        gsc_document document = {0};
        bool got = false;
        if (status == GSC_OK && self->kind == KIND_TEXT) {
            next_of_text(self, &document, &got);
        } else if (status == GSC_OK) {
            status = next_of_lines(self, &document, &got, error);
        }
        if (status != GSC_OK) {
            return status;
        }
        if (got) {
            document.held_out = gsc_document_held_out(self->index++);
            self->report.documents++;
            self->report.held_out += document.held_out;
            self->report.bytes += document.size;
            *ret_document = document;
            *ret_end = false;
            return GSC_OK;
        }
        close_file(self);
    }
}

uint64_t gsc_reader_most_bytes(const gsc_reader *self) {
    for (size_t i = 0; i < self->files.count; i++) {
        if (kind_of(self->files.names[i]) == KIND_PACKED_LINES) {
            return UINT64_MAX;
        }
    }
    return self->total_bytes;
}

const gsc_reader_report *gsc_reader_get_report(const gsc_reader *self) {
    return &self->report;
}

int gsc_reader_domain_count(const gsc_reader *self) {
    return self->domain_count;
}

const char *gsc_reader_domain(const gsc_reader *self, int domain) {
    return self->domains[domain];
}

double gsc_reader_fraction(const gsc_reader *self) {
    double part = self->text.size > 0 ? (double)self->text_at : (double)self->lines.taken;
    double share =
        self->total_bytes > 0 ? ((double)self->done_bytes + part) / (double)self->total_bytes : 1;
    return share < 1 ? share : 1;
}

gsc_status gsc_reader_key(const gsc_reader *self, char ret_key[GSC_SHA256_TEXT_SIZE],
                          gsc_error *error) {
    gsc_text list = {0};
    for (size_t i = 0; i < self->files.count; i++) {
        char path[GSC_DATA_PATH_SIZE], line[GSC_DATA_PATH_SIZE + 96];
        struct stat about;
        gsc_status status = gsc_data_path(self->folder, self->files.names[i], path, error);
        if (status == GSC_OK && stat(path, &about) != 0) {
            status = gsc_fail(error, GSC_ERR_IO, "%s cannot be read: %s", path, strerror(errno));
        }
        if (status != GSC_OK) {
            gsc_text_clear(&list);
            return status;
        }
        int length =
            snprintf(line, sizeof line, "%s %lld %lld.%09ld\n", path, (long long)about.st_size,
                     (long long)about.st_mtim.tv_sec, about.st_mtim.tv_nsec);
        gsc_text_append(&list, line, (size_t)length);
    }
    gsc_status status = gsc_text_check(&list, "the list of files", error);
    if (status == GSC_OK) {
        gsc_sha256_text(list.bytes, list.size, ret_key);
    }
    gsc_text_clear(&list);
    return status;
}
