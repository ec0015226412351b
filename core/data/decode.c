/* SPDX-License-Identifier: MIT
 *
 * Clean text from packaged files: see decode.h. R data bases and HTML have files of their own.
 */
#include "core/data/decode.h"

#include <string.h>
#include <strings.h>
#include <zlib.h>

gsc_status gsc_inflate(const char *bytes, size_t size, const char *name, gsc_text *text,
                       size_t *ret_used, gsc_error *error) {
    z_stream stream = {0};
    if (inflateInit2(&stream, 15 + 32) != Z_OK) {
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory to unpack %s", name);
    }
    static const size_t step = 1 << 16;
    char block[1 << 16];
    int code = Z_OK;
    size_t given = 0;
    for (;;) {
        if (stream.avail_in == 0 && given < size) {
            size_t more = size - given < step ? size - given : step;
            stream.next_in = (Bytef *)(bytes + given);
            stream.avail_in = (uInt)more;
            given += more;
        }
        stream.next_out = (Bytef *)block;
        stream.avail_out = sizeof block;
        code = inflate(&stream, Z_NO_FLUSH);
        gsc_text_append(text, block, sizeof block - stream.avail_out);
        if (code == Z_STREAM_END) {
            bool more = stream.avail_in > 0 || given < size;
            if (ret_used != NULL || !more || inflateReset(&stream) != Z_OK) {
                break;
            }
        } else if (code != Z_OK || text->failed) {
            break;
        }
    }
    if (ret_used != NULL) {
        *ret_used = given - stream.avail_in;
    }
    inflateEnd(&stream);
    if (code != Z_STREAM_END && !text->failed) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "%s is not whole: its packed data end or break at byte %zu", name,
                        given - stream.avail_in);
    }
    return gsc_text_check(text, name, error);
}

/* One line, without its line feed, into text; *blank counts the blank lines just before. */
static void add_line(const char *line, size_t size, bool latin1, int *blank, gsc_text *text) {
    while (size > 0 &&
           (line[size - 1] == ' ' || line[size - 1] == '\t' || line[size - 1] == '\r')) {
        size--;
    }
    if (size == 0) {
        if (++*blank <= 2) {
            gsc_text_append_char(text, '\n');
        }
        return;
    }
    *blank = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)line[i];
        if (byte >= 0x80 && latin1) {
            gsc_text_append_code(text, byte);
        } else if (byte >= 0x20 || byte == '\t') {
            gsc_text_append_char(text, line[i]);
        }
    }
    gsc_text_append_char(text, '\n');
}

void gsc_decode_lines(const char *bytes, size_t size, gsc_text *text) {
    if (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        bytes += 3;
        size -= 3;
    }
    bool latin1 = !gsc_utf8_valid(bytes, size);
    int blank = 2; /* none at the top */
    for (size_t at = 0; at < size;) {
        const char *feed = memchr(bytes + at, '\n', size - at);
        size_t end = feed != NULL ? (size_t)(feed - bytes) : size;
        add_line(bytes + at, end - at, latin1, &blank, text);
        at = end + 1;
    }
}

typedef bool (*line_test)(const char *line, size_t size);

static bool contains(const char *line, size_t size, const char *part) {
    size_t length = strlen(part);
    for (size_t i = 0; i + length <= size; i++) {
        if (strncasecmp(line + i, part, length) == 0) {
            return true;
        }
    }
    return false;
}

static bool starts(const char *line, size_t size, const char *part) {
    size_t length = strlen(part);
    return size >= length && strncasecmp(line, part, length) == 0;
}

/* The last line of a header, in both its old and its new form. */
static bool opens_book(const char *line, size_t size) {
    return (starts(line, size, "*** START OF TH") && contains(line, size, "GUTENBERG")) ||
           (starts(line, size, "*END") && contains(line, size, "SMALL PRINT"));
}

/* The first line of a header or of a footer. */
static bool closes_book(const char *line, size_t size) {
    return (starts(line, size, "*** END OF TH") && contains(line, size, "GUTENBERG")) ||
           starts(line, size, "End of The Project Gutenberg") ||
           starts(line, size, "End of Project Gutenberg") ||
           starts(line, size, "The Project Gutenberg E");
}

static bool any_line(const char *text, size_t size, line_test test) {
    for (size_t at = 0; at < size;) {
        const char *feed = memchr(text + at, '\n', size - at);
        size_t end = feed != NULL ? (size_t)(feed - text) : size;
        if (test(text + at, end - at)) {
            return true;
        }
        at = end + 1;
    }
    return false;
}

/* Books one after another: what stands between an opening and a closing line. Text without an
 * opening line is kept whole. */
static void decode_gutenberg(const char *bytes, size_t size, gsc_text *text) {
    bool inside = !any_line(bytes, size, opens_book);
    if (inside) {
        gsc_text_append(text, bytes, size);
        return;
    }
    for (size_t at = 0; at < size;) {
        const char *feed = memchr(bytes + at, '\n', size - at);
        size_t end = feed != NULL ? (size_t)(feed - bytes) : size;
        if (opens_book(bytes + at, end - at)) {
            inside = true;
        } else if (closes_book(bytes + at, end - at)) {
            inside = false;
        } else if (inside) {
            gsc_text_append(text, bytes + at, end - at);
            gsc_text_append_char(text, '\n');
        }
        at = end + 1;
    }
}

static void decode_fortunes(const char *bytes, size_t size, gsc_text *text) {
    for (size_t at = 0; at < size;) {
        const char *feed = memchr(bytes + at, '\n', size - at);
        size_t end = feed != NULL ? (size_t)(feed - bytes) : size;
        if (end - at != 1 || bytes[at] != '%') {
            gsc_text_append(text, bytes + at, end - at);
        }
        gsc_text_append_char(text, '\n');
        at = end + 1;
    }
}

static void decode_dict(const char *bytes, size_t size, gsc_text *text) {
    for (size_t at = 0; at < size;) {
        const char *feed = memchr(bytes + at, '\n', size - at);
        size_t end = feed != NULL ? (size_t)(feed - bytes) : size, start = at, stop = end;
        while (start < stop && bytes[start] == ' ') {
            start++;
        }
        while (stop > start && bytes[stop - 1] == ' ') {
            stop--;
        }
        bool tag = stop - start > 2 && bytes[start] == '[' &&
                   memchr(bytes + start, ']', stop - start) == bytes + stop - 1;
        if (!tag) {
            gsc_text_append(text, bytes + at, end - at);
            gsc_text_append_char(text, '\n');
        }
        at = end + 1;
    }
}

static gsc_status decode_fasta(const char *bytes, size_t size, const char *name, gsc_text *text,
                               gsc_error *error) {
    bool any = false;
    for (size_t at = 0; at < size;) {
        const char *feed = memchr(bytes + at, '\n', size - at);
        size_t end = feed != NULL ? (size_t)(feed - bytes) : size;
        if (bytes[at] == '>') {
            if (any) {
                gsc_text_append(text, "\n\n", 2);
            }
        } else {
            for (size_t i = at; i < end; i++) {
                if ((unsigned char)bytes[i] > ' ') {
                    gsc_text_append_char(text, bytes[i]);
                    any = true;
                }
            }
        }
        at = end + 1;
    }
    return any ? GSC_OK
               : gsc_fail(error, GSC_ERR_INPUT, "%s has no sequence; a FASTA file was expected",
                          name);
}

/* "Ge1:1 In the ...": the reference ends at the first blank; its chapter is what stands before
 * the colon. */
static gsc_status decode_verses(const char *bytes, size_t size, const char *name, gsc_text *text,
                                gsc_error *error) {
    const char *chapter = NULL;
    size_t chapter_size = 0;
    for (size_t at = 0; at < size;) {
        const char *line = bytes + at, *feed = memchr(line, '\n', size - at);
        size_t length = feed != NULL ? (size_t)(feed - line) : size - at;
        const char *blank = memchr(line, ' ', length);
        const char *colon = blank != NULL ? memchr(line, ':', (size_t)(blank - line)) : NULL;
        if (colon == NULL) {
            return gsc_fail(error, GSC_ERR_INPUT,
                            "%s has a line without a reference such as Ge1:1, at byte %zu", name,
                            at);
        }
        size_t key = (size_t)(colon - line);
        if (chapter != NULL && (key != chapter_size || memcmp(line, chapter, key) != 0)) {
            gsc_text_append_char(text, '\n');
        }
        chapter = line;
        chapter_size = key;
        gsc_text_append(text, blank + 1, length - (size_t)(blank + 1 - line));
        gsc_text_append_char(text, '\n');
        at += length + 1;
    }
    return GSC_OK;
}

static gsc_status decode_unpacked(gsc_decoder decoder, const char *bytes, size_t size,
                                  const char *name, gsc_text *text, gsc_error *error) {
    if (decoder == GSC_DECODE_RDB) {
        return gsc_decode_rdb(bytes, size, name, text, error);
    }
    if (decoder == GSC_DECODE_HTML) {
        gsc_decode_html(bytes, size, text);
        return GSC_OK;
    }
    if (decoder == GSC_DECODE_FASTA) {
        return decode_fasta(bytes, size, name, text, error);
    }
    gsc_text lines = {0};
    gsc_decode_lines(bytes, size, &lines);
    gsc_status status = gsc_text_check(&lines, name, error);
    if (status == GSC_OK) {
        switch (decoder) {
        case GSC_DECODE_GUTENBERG:
            decode_gutenberg(lines.bytes, lines.size, text);
            break;
        case GSC_DECODE_FORTUNES:
            decode_fortunes(lines.bytes, lines.size, text);
            break;
        case GSC_DECODE_DICT:
            decode_dict(lines.bytes, lines.size, text);
            break;
        case GSC_DECODE_VERSES:
            status = decode_verses(lines.bytes, lines.size, name, text, error);
            break;
        default:
            gsc_text_append(text, lines.bytes, lines.size);
            break;
        }
    }
    gsc_text_clear(&lines);
    return status;
}

gsc_status gsc_decode(gsc_decoder decoder, const char *bytes, size_t size, const char *name,
                      gsc_text *text, gsc_error *error) {
    gsc_text unpacked = {0};
    gsc_status status = GSC_OK;
    if (size >= 2 && memcmp(bytes, "\x1F\x8B", 2) == 0) {
        status = gsc_inflate(bytes, size, name, &unpacked, NULL, error);
        bytes = unpacked.bytes;
        size = unpacked.size;
    }
    if (status == GSC_OK) {
        status = decode_unpacked(decoder, bytes, size, name, text, error);
    }
    gsc_text_clear(&unpacked);
    return status != GSC_OK ? status : gsc_text_check(text, name, error);
}
