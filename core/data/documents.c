/* SPDX-License-Identifier: MIT
 *
 * Texts cut into documents: see documents.h.
 */
#include "core/data/documents.h"

#include <stdlib.h>
#include <string.h>

static bool is_blank(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* The end of the run of line feeds that begins at at. */
static size_t after_blank_lines(const char *text, size_t at, size_t size) {
    while (at < size && text[at] == '\n') {
        at++;
    }
    return at;
}

/* gsc_document_end before the rule of the rest; size is above GSC_DOCUMENT_MIN. */
static size_t find_end(const char *text, size_t size) {
    size_t limit = size < GSC_DOCUMENT_MAX ? size : GSC_DOCUMENT_MAX;
    size_t paragraph = 0, line = 0, space = 0;
    for (size_t i = GSC_DOCUMENT_MIN; i < limit && paragraph < GSC_DOCUMENT_AIM; i++) {
        if (text[i] == ' ') {
            space = i + 1;
        } else if (text[i] == '\n') {
            line = i + 1;
            if (line < size && text[line] == '\n') {
                size_t end = after_blank_lines(text, line, size);
                paragraph = end <= limit ? end : line;
                i = paragraph - 1;
            }
        }
    }
    return paragraph != 0 ? paragraph
           : line != 0    ? line
           : space != 0   ? space
           : limit < size ? gsc_utf8_floor(text, limit)
                          : size;
}

size_t gsc_document_end(const char *text, size_t size) {
    if (size < GSC_DOCUMENT_AIM + GSC_DOCUMENT_MIN) {
        return size;
    }
    size_t end = find_end(text, size);
    return size <= GSC_DOCUMENT_MAX && size - end < GSC_DOCUMENT_MIN ? size : end;
}

const char *gsc_document_trim(const char *text, size_t size, size_t *ret_size) {
    while (size > 0 && is_blank(text[size - 1])) {
        size--;
    }
    size_t start = 0;
    for (size_t i = 0; i < size && is_blank(text[i]); i++) {
        if (text[i] == '\n') {
            start = i + 1; /* indentation of the first line stays */
        }
    }
    *ret_size = size - start;
    return text + start;
}

static gsc_status push(gsc_documents *self, size_t end, gsc_error *error) {
    if (self->count == self->room) {
        size_t room = self->room == 0 ? 1024 : 2 * self->room;
        size_t *ends = realloc(self->ends, room * sizeof *ends);
        if (ends == NULL) {
            return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory for %zu documents", room);
        }
        self->ends = ends;
        self->room = room;
    }
    self->ends[self->count++] = end;
    return GSC_OK;
}

gsc_status gsc_documents_add(gsc_documents *self, const char *text, size_t size, gsc_error *error) {
    size_t start = self->count > 0 ? self->ends[self->count - 1] : 0;
    text = gsc_document_trim(text, size, &size);
    if (size == 0) {
        return GSC_OK;
    }
    if (self->text.size > start) {
        gsc_text_append(&self->text, "\n\n", 2);
    }
    gsc_text_append(&self->text, text, size);
    gsc_status status = gsc_text_check(&self->text, "a domain's text", error);
    while (status == GSC_OK && self->text.size - start >= GSC_DOCUMENT_MIN) {
        start += gsc_document_end(self->text.bytes + start, self->text.size - start);
        status = push(self, start, error);
    }
    return status;
}

gsc_status gsc_documents_finish(gsc_documents *self, gsc_error *error) {
    size_t start = self->count > 0 ? self->ends[self->count - 1] : 0;
    return self->text.size > start ? push(self, self->text.size, error) : GSC_OK;
}

const char *gsc_documents_get(const gsc_documents *self, size_t index, size_t *ret_size) {
    size_t start = index > 0 ? self->ends[index - 1] : 0;
    return gsc_document_trim(self->text.bytes + start, self->ends[index] - start, ret_size);
}

void gsc_documents_clear(gsc_documents *self) {
    gsc_text_clear(&self->text);
    free(self->ends);
    *self = (gsc_documents){0};
}
