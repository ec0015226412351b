/* SPDX-License-Identifier: MIT
 *
 * R data bases (.rdb), read without R: records of a big-endian length and a zlib stream, each
 * holding one object in R's XDR serialisation. Character vectors become lines; any other object is
 * passed over.
 *
 * Layer: core/data; zlib.
 */
#include "core/data/decode.h"

#include <string.h>

/* Types of R objects, the low byte of a flags word. */
enum {
    CHARSXP = 9,
    STRSXP = 16
};

/* What is still to be read of an object. */
typedef struct xdr {
    const unsigned char *bytes;
    size_t size, at;
    bool short_of; /* read past the end */
} xdr;

static uint32_t take_word(xdr *self) {
    if (self->size - self->at < 4) {
        self->short_of = true;
        return 0;
    }
    const unsigned char *b = self->bytes + self->at;
    self->at += 4;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void skip(xdr *self, uint32_t size) {
    if (self->size - self->at < size) {
        self->short_of = true;
    } else {
        self->at += size;
    }
}

/* The head of "X\n": format 2 or 3 (which adds the name of the native encoding), two R versions. */
static bool take_head(xdr *self) {
    if (self->size < 2 || memcmp(self->bytes, "X\n", 2) != 0) {
        return false;
    }
    self->at = 2;
    uint32_t version = take_word(self);
    take_word(self);
    take_word(self);
    if (version == 3) {
        skip(self, take_word(self));
    }
    return (version == 2 || version == 3) && !self->short_of;
}

static gsc_status take_strings(xdr *self, const char *name, gsc_text *lines, gsc_error *error) {
    uint32_t count = take_word(self);
    for (uint32_t i = 0; i < count && !self->short_of; i++) {
        uint32_t flags = take_word(self), length = take_word(self);
        if ((flags & 0xFF) != CHARSXP) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "%s has an element of type %u in a character vector; 9 was expected",
                            name, flags & 0xFF);
        }
        bool missing = length == UINT32_MAX; /* NA */
        size_t start = self->at;
        skip(self, missing ? 0 : length);
        if (!missing && !self->short_of) {
            gsc_text_append(lines, (const char *)self->bytes + start, length);
        }
        gsc_text_append_char(lines, '\n');
    }
    return self->short_of
               ? gsc_fail(error, GSC_ERR_INPUT, "%s ends in the middle of a character vector", name)
               : GSC_OK;
}

/* One record's object; its lines are cleaned on their own, so that each may have its own
 * encoding. */
static gsc_status decode_object(const gsc_text *object, const char *name, gsc_text *text,
                                gsc_error *error) {
    xdr input = {.bytes = (const unsigned char *)object->bytes, .size = object->size};
    if (!take_head(&input)) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "%s has an object that is not in R's XDR format 2 or 3", name);
    }
    if ((take_word(&input) & 0xFF) != STRSXP) {
        return GSC_OK;
    }
    gsc_text lines = {0};
    gsc_status status = take_strings(&input, name, &lines, error);
    if (status == GSC_OK) {
        status = gsc_text_check(&lines, name, error);
    }
    if (status == GSC_OK) {
        if (text->size > 0) {
            gsc_text_append(text, "\n\n", 2);
        }
        gsc_decode_lines(lines.bytes, lines.size, text);
    }
    gsc_text_clear(&lines);
    return status;
}

gsc_status gsc_decode_rdb(const char *bytes, size_t size, const char *name, gsc_text *text,
                          gsc_error *error) {
    gsc_status status = GSC_OK;
    for (size_t at = 0; at < size && status == GSC_OK;) {
        gsc_text object = {0};
        size_t used = 0;
        if (size - at <= 4) {
            return gsc_fail(error, GSC_ERR_INPUT, "%s ends in the middle of a record", name);
        }
        status = gsc_inflate(bytes + at + 4, size - at - 4, name, &object, &used, error);
        if (status == GSC_OK) {
            status = decode_object(&object, name, text, error);
        }
        gsc_text_clear(&object);
        at += 4 + used;
    }
    return status;
}
