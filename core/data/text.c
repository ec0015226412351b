/* SPDX-License-Identifier: MIT
 *
 * A growing text, and UTF-8: see text.h.
 */
#include "core/data/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void gsc_text_clear(gsc_text *self) {
    free(self->bytes);
    *self = (gsc_text){0};
}

static bool grow(gsc_text *self, size_t more) {
    if (self->failed || more > GSC_MAX_TEXT_BYTES - self->size) {
        self->failed = true;
        return false;
    }
    size_t need = self->size + more;
    if (need <= self->room) {
        return true;
    }
    size_t room = self->room < 4096 ? 4096 : self->room;
    while (room < need) {
        room += room / 2;
    }
    char *bytes = realloc(self->bytes, room);
    if (bytes == NULL) {
        self->failed = true;
        return false;
    }
    self->bytes = bytes;
    self->room = room;
    return true;
}

void gsc_text_append(gsc_text *self, const char *bytes, size_t size) {
    if (size > 0 && grow(self, size)) {
        memcpy(self->bytes + self->size, bytes, size);
        self->size += size;
    }
}

void gsc_text_append_char(gsc_text *self, char byte) {
    if (self->size < self->room) {
        self->bytes[self->size++] = byte;
    } else {
        gsc_text_append(self, &byte, 1);
    }
}

void gsc_text_append_code(gsc_text *self, uint32_t code) {
    char bytes[4];
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
        code = 0xFFFD;
    }
    if (code < 0x80) {
        gsc_text_append_char(self, (char)code);
    } else if (code < 0x800) {
        bytes[0] = (char)(0xC0 | code >> 6);
        bytes[1] = (char)(0x80 | (code & 0x3F));
        gsc_text_append(self, bytes, 2);
    } else if (code < 0x10000) {
        bytes[0] = (char)(0xE0 | code >> 12);
        bytes[1] = (char)(0x80 | (code >> 6 & 0x3F));
        bytes[2] = (char)(0x80 | (code & 0x3F));
        gsc_text_append(self, bytes, 3);
    } else {
        bytes[0] = (char)(0xF0 | code >> 18);
        bytes[1] = (char)(0x80 | (code >> 12 & 0x3F));
        bytes[2] = (char)(0x80 | (code >> 6 & 0x3F));
        bytes[3] = (char)(0x80 | (code & 0x3F));
        gsc_text_append(self, bytes, 4);
    }
}

gsc_status gsc_text_check(const gsc_text *self, const char *name, gsc_error *error) {
    if (!self->failed) {
        return GSC_OK;
    }
    return gsc_fail(
        error, GSC_ERR_MEMORY,
        "%s does not fit in memory: %zu bytes were read, and %zu MiB is the most a text may "
        "have",
        name, self->size, GSC_MAX_TEXT_BYTES >> 20);
}

gsc_status gsc_text_read_file(const char *path, gsc_text *ret_text, gsc_error *error) {
    struct stat about;
    FILE *file = fopen(path, "rbe");
    if (file == NULL || fstat(fileno(file), &about) != 0 || !S_ISREG(about.st_mode)) {
        int why = file == NULL ? errno : EISDIR;
        if (file != NULL) {
            fclose(file);
        }
        return gsc_fail(error, GSC_ERR_IO, "%s cannot be read: %s", path,
                        why == EISDIR ? "it is not a regular file" : strerror(why));
    }
    gsc_text text = {0};
    size_t got = 0;
    while (grow(&text, 1 << 16) &&
           (got = fread(text.bytes + text.size, 1, text.room - text.size, file)) > 0) {
        text.size += got;
    }
    bool broken = ferror(file);
    fclose(file);
    gsc_status status = gsc_text_check(&text, path, error);
    if (status == GSC_OK && broken) {
        status =
            gsc_fail(error, GSC_ERR_IO, "%s could only be read up to byte %zu", path, text.size);
    }
    if (status != GSC_OK) {
        gsc_text_clear(&text);
        return status;
    }
    *ret_text = text;
    return GSC_OK;
}

size_t gsc_utf8_length(const char *bytes, size_t size) {
    const unsigned char *s = (const unsigned char *)bytes;
    if (size == 0) {
        return 0;
    }
    if (s[0] < 0x80) {
        return 1;
    }
    size_t length = s[0] >= 0xC2 && s[0] < 0xE0   ? 2
                    : s[0] >= 0xE0 && s[0] < 0xF0 ? 3
                    : s[0] >= 0xF0 && s[0] < 0xF5 ? 4
                                                  : 0;
    if (length == 0 || size < length) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    bool bad = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
               (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F);
    return bad ? 0 : length;
}

bool gsc_utf8_valid(const char *bytes, size_t size) {
    for (size_t at = 0; at < size;) {
        size_t length = gsc_utf8_length(bytes + at, size - at);
        if (length == 0) {
            return false;
        }
        at += length;
    }
    return true;
}

uint64_t gsc_utf8_repair(const char *bytes, size_t size, gsc_text *text) {
    uint64_t replaced = 0;
    size_t good = 0; /* bytes[good, at) are well-formed and not yet appended */
    for (size_t at = 0; at < size;) {
        size_t length = gsc_utf8_length(bytes + at, size - at);
        if (length == 0) {
            gsc_text_append(text, bytes + good, at - good);
            gsc_text_append_code(text, 0xFFFD);
            replaced++;
            good = ++at;
        } else {
            at += length;
        }
    }
    gsc_text_append(text, bytes + good, size - good);
    return replaced;
}

size_t gsc_utf8_floor(const char *bytes, size_t at) {
    size_t floor = at;
    while (floor > 0 && at - floor < 4 && ((unsigned char)bytes[floor] & 0xC0) == 0x80) {
        floor--;
    }
    return floor;
}
