/* SPDX-License-Identifier: MIT
 *
 * Lines of a plain or packed file: see line_source.h.
 */
#include "core/data/line_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    READ_BYTES = 1 << 17
};

gsc_status gsc_line_source_init(gsc_line_source *self, const char *path, bool packed,
                                gsc_error *error) {
    gsc_line_source made = {.path = path, .file = fopen(path, "rbe")};
    if (made.file == NULL) {
        return gsc_fail(error, GSC_ERR_IO, "%s cannot be read: %s", path, strerror(errno));
    }
    made.packed = malloc(READ_BYTES);
    made.zstd = packed ? ZSTD_createDStream() : NULL;
    if (made.packed == NULL || (packed && made.zstd == NULL)) {
        gsc_line_source_clear(&made);
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory to read %s", path);
    }
    *self = made;
    return GSC_OK;
}

void gsc_line_source_clear(gsc_line_source *self) {
    if (self->file != NULL) {
        fclose(self->file);
    }
    ZSTD_freeDStream(self->zstd);
    free(self->packed);
    gsc_text_clear(&self->buffer);
    *self = (gsc_line_source){0};
}

/* Reads the file's next bytes into packed; sets ended. */
static gsc_status read_packed(gsc_line_source *self, gsc_error *error) {
    self->packed_at = 0;
    self->packed_size = fread(self->packed, 1, READ_BYTES, self->file);
    self->taken += self->packed_size;
    if (ferror(self->file)) {
        return gsc_fail(error, GSC_ERR_IO, "%s could only be read up to byte %llu: %s", self->path,
                        (unsigned long long)self->taken, strerror(errno));
    }
    self->ended = self->packed_size == 0;
    return GSC_OK;
}

static gsc_status unpack(gsc_line_source *self, gsc_error *error) {
    char block[READ_BYTES];
    ZSTD_inBuffer input = {self->packed, self->packed_size, self->packed_at};
    ZSTD_outBuffer output = {block, sizeof block, 0};
    size_t code = ZSTD_decompressStream(self->zstd, &output, &input);
    self->packed_at = input.pos;
    if (ZSTD_isError(code)) {
        return gsc_fail(
            error, GSC_ERR_INPUT,
            "%s is damaged, or no zstd file, at byte %llu after %llu lines (%s); get or "
            "copy it again",
            self->path, (unsigned long long)(self->taken - (self->packed_size - self->packed_at)),
            (unsigned long long)self->line, ZSTD_getErrorName(code));
    }
    self->in_frame = code != 0;
    gsc_text_append(&self->buffer, block, output.pos);
    return GSC_OK;
}

/* More bytes into the buffer, or ended. */
static gsc_status refill(gsc_line_source *self, gsc_error *error) {
    if (self->line_at > 0) {
        size_t rest = self->buffer.size - self->line_at;
        memmove(self->buffer.bytes, self->buffer.bytes + self->line_at, rest);
        self->buffer.size = rest;
        self->line_at = 0;
    }
    gsc_status status = GSC_OK;
    if (self->packed_at == self->packed_size) {
        status = read_packed(self, error);
    }
    if (status == GSC_OK && self->zstd == NULL) {
        gsc_text_append(&self->buffer, self->packed, self->packed_size);
        self->packed_at = self->packed_size;
    } else if (status == GSC_OK && !self->ended) {
        status = unpack(self, error);
    } else if (status == GSC_OK && self->in_frame) {
        status =
            gsc_fail(error, GSC_ERR_INPUT,
                     "%s breaks off in the middle, after %llu lines and %llu bytes; get or copy it "
                     "again",
                     self->path, (unsigned long long)self->line, (unsigned long long)self->taken);
    }
    return status != GSC_OK ? status : gsc_text_check(&self->buffer, self->path, error);
}

gsc_status gsc_line_source_next(gsc_line_source *self, size_t most, const char **ret_line,
                                size_t *ret_size, gsc_error *error) {
    for (size_t searched = 0;;) {
        size_t rest = self->buffer.size - self->line_at;
        const char *start = rest > 0 ? self->buffer.bytes + self->line_at : NULL;
        const char *feed = rest > searched ? memchr(start + searched, '\n', rest - searched) : NULL;
        if (feed != NULL || (self->ended && rest > 0)) {
            size_t size = feed != NULL ? (size_t)(feed - start) : rest;
            self->line_at += size + (feed != NULL);
            self->line++;
            *ret_line = start;
            *ret_size = size > 0 && start[size - 1] == '\r' ? size - 1 : size;
            return GSC_OK;
        }
        if (self->ended) {
            *ret_line = NULL;
            *ret_size = 0;
            return GSC_OK;
        }
        if (rest > most) {
            return gsc_fail(error, GSC_ERR_INPUT, "line %llu of %s has more than %zu MiB",
                            (unsigned long long)self->line + 1, self->path, most >> 20);
        }
        searched = rest;
        gsc_status status = refill(self, error);
        if (status != GSC_OK) {
            return status;
        }
    }
}
