/* SPDX-License-Identifier: MIT
 *
 * Text of simple HTML and XHTML pages: tags go, blocks become paragraphs, white space is folded
 * outside <pre>, entities are resolved. Scripts, styles, the head and what is only navigation are
 * left out. It reads pages of known packages, not the web: no implied end tags, no tables.
 *
 * Layer: core/data; libc.
 */
#include "core/data/decode.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct page {
    const char *bytes;
    size_t size, at;
    gsc_text *text;
    bool space;     /* white space is owed before the next word */
    int feeds;      /* line feeds owed before the next word */
    int pre;        /* depth of <pre> */
    char skip[16];  /* element being left out, or empty */
    int skip_depth; /* of elements of that name */
    bool any;       /* text was written */
} page;

static const char *const left_out[] = {"head", "script", "style", "nav"};
/* Classes and ids of what the packages' pages use to lead from page to page. */
static const char *const navigation[] = {"docnav", "book-navigation", "banner", "\"toc\"",
                                         "id=\"title\""};
static const char *const blocks[] = {"p",  "div", "h1", "h2",  "h3",    "h4",         "h5", "h6",
                                     "ul", "ol",  "dl", "pre", "table", "blockquote", "hr"};
static const char *const lines[] = {"br", "li", "dt", "dd", "tr"};

#define IS_ONE_OF(name, list) is_one_of(name, list, sizeof(list) / sizeof(list)[0])
static bool is_one_of(const char *name, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (strcasecmp(name, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void owe_feeds(page *self, int feeds) {
    self->feeds = self->feeds > feeds ? self->feeds : feeds;
}

/* Writes the white space that is owed before a character. */
static void pay_white(page *self) {
    if (self->any) {
        for (int i = 0; i < self->feeds; i++) {
            gsc_text_append_char(self->text, '\n');
        }
        if (self->feeds == 0 && self->space) {
            gsc_text_append_char(self->text, ' ');
        }
    }
    self->feeds = 0;
    self->space = false;
    self->any = true;
}

static void put_code(page *self, uint32_t code) {
    pay_white(self);
    gsc_text_append_code(self->text, code);
}

static void put_white(page *self, char byte) {
    if (self->pre > 0 && byte == '\n') {
        self->feeds++;
    } else if (self->pre > 0 && self->any) {
        put_code(self, ' ');
    } else {
        self->space = true;
    }
}

static uint32_t named_entity(const char *name, size_t length) {
    static const struct {
        const char *name;
        uint32_t code;
    } known[] = {{"amp", '&'},      {"lt", '<'},        {"gt", '>'},       {"quot", '"'},
                 {"apos", '\''},    {"nbsp", ' '},      {"copy", 0xA9},    {"laquo", 0xAB},
                 {"raquo", 0xBB},   {"eacute", 0xE9},   {"egrave", 0xE8},  {"uuml", 0xFC},
                 {"ouml", 0xF6},    {"auml", 0xE4},     {"szlig", 0xDF},   {"ndash", 0x2013},
                 {"mdash", 0x2014}, {"lsquo", 0x2018},  {"rsquo", 0x2019}, {"ldquo", 0x201C},
                 {"rdquo", 0x201D}, {"hellip", 0x2026}, {"bull", 0x2022},  {"middot", 0xB7},
                 {"pound", 0xA3},   {"euro", 0x20AC},   {"ccedil", 0xE7},  {"iuml", 0xEF}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strlen(known[i].name) == length && strncmp(name, known[i].name, length) == 0) {
            return known[i].code;
        }
    }
    return 0;
}

/* self->at stands on '&': writes what it means, or the ampersand itself. */
static void read_entity(page *self) {
    const char *start = self->bytes + self->at + 1;
    size_t most = self->size - self->at - 1 < 12 ? self->size - self->at - 1 : 12;
    const char *end = memchr(start, ';', most);
    uint32_t code = 0;
    if (end != NULL && end > start + 1 && start[0] == '#') {
        bool hexadecimal = start[1] == 'x' || start[1] == 'X';
        code = (uint32_t)strtoul(start + 1 + hexadecimal, NULL, hexadecimal ? 16 : 10);
        code = code == 0xA0 ? ' ' : code < 0x20 ? 0 : code;
    } else if (end != NULL) {
        code = named_entity(start, (size_t)(end - start));
    }
    if (code == 0) {
        put_code(self, '&');
        self->at++;
        return;
    }
    if (code == ' ') {
        put_white(self, ' ');
    } else {
        put_code(self, code);
    }
    self->at = (size_t)(end + 1 - self->bytes);
}

static bool leads_elsewhere(const char *tag, size_t size) {
    for (size_t i = 0; i < sizeof navigation / sizeof navigation[0]; i++) {
        if (memmem(tag, size, navigation[i], strlen(navigation[i])) != NULL) {
            return true;
        }
    }
    return false;
}

static void skip_element(page *self, const char *name, bool closing, bool empty) {
    if (strcasecmp(name, self->skip) == 0 && !empty) {
        self->skip_depth += closing ? -1 : 1;
        if (self->skip_depth == 0) {
            self->skip[0] = '\0';
            owe_feeds(self, 2);
        }
    }
}

static void use_tag(page *self, const char *name, const char *tag, size_t size, bool closing) {
    bool empty = size > 0 && tag[size - 1] == '/';
    if (self->skip[0] != '\0') {
        skip_element(self, name, closing, empty);
        return;
    }
    if (!closing && !empty && (IS_ONE_OF(name, left_out) || leads_elsewhere(tag, size))) {
        memcpy(self->skip, name, sizeof self->skip);
        self->skip_depth = 1;
        return;
    }
    if (strcasecmp(name, "pre") == 0 && !empty) {
        self->pre += closing ? -(self->pre > 0) : 1;
    }
    if (IS_ONE_OF(name, blocks)) {
        owe_feeds(self, 2);
    } else if (IS_ONE_OF(name, lines)) {
        owe_feeds(self, 1);
    }
}

static bool opens_tag(const page *self) {
    char next = self->at + 1 < self->size ? self->bytes[self->at + 1] : ' ';
    return next == '/' || next == '!' || next == '?' || (next >= 'a' && next <= 'z') ||
           (next >= 'A' && next <= 'Z');
}

/* self->at stands on the '<' of a tag. */
static void read_tag(page *self) {
    const char *start = self->bytes + self->at, *stop = self->bytes + self->size;
    if (stop - start >= 4 && memcmp(start, "<!--", 4) == 0) {
        const char *end = memmem(start + 4, (size_t)(stop - start) - 4, "-->", 3);
        self->at = end != NULL ? (size_t)(end + 3 - self->bytes) : self->size;
        return;
    }
    const char *end = memchr(start, '>', (size_t)(stop - start));
    if (end == NULL) {
        self->at = self->size;
        return;
    }
    self->at = (size_t)(end + 1 - self->bytes);
    bool closing = start[1] == '/';
    const char *from = start + 1 + closing;
    char name[16] = {0};
    for (size_t i = 0; i + 1 < sizeof name && from + i < end; i++) {
        char byte = from[i];
        if (byte == ' ' || byte == '/' || byte == '\n' || byte == '\t') {
            break;
        }
        name[i] = byte;
    }
    use_tag(self, name, from, (size_t)(end - from), closing);
}

static void read_page(page *self) {
    while (self->at < self->size && !self->text->failed) {
        char byte = self->bytes[self->at];
        if (byte == '<' && opens_tag(self)) {
            read_tag(self);
        } else if (self->skip[0] != '\0') {
            self->at++;
        } else if (byte == '&') {
            read_entity(self);
        } else if (byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r') {
            put_white(self, byte);
            self->at++;
        } else {
            size_t length = gsc_utf8_length(self->bytes + self->at, self->size - self->at);
            if (length <= 1) {
                put_code(self, (unsigned char)byte); /* ASCII, or Latin-1 */
                self->at++;
            } else {
                pay_white(self);
                gsc_text_append(self->text, self->bytes + self->at, length);
                self->at += length;
            }
        }
    }
}

void gsc_decode_html(const char *bytes, size_t size, gsc_text *text) {
    gsc_text body = {0};
    page reader = {.bytes = bytes, .size = size, .text = &body};
    read_page(&reader);
    text->failed = text->failed || body.failed;
    gsc_decode_lines(body.bytes, body.size, text);
    gsc_text_clear(&body);
}
