/* SPDX-License-Identifier: MIT
 *
 * On which line each key of a JSON text stands. jansson forgets it; this scanner walks a text that jansson
 * has already accepted, so it only follows strings, braces and commas. Nesting deeper than its stack is
 * not recorded.
 *
 * Layer: core/read.
 */
#include "core/read/spec_internal.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_DEPTH = 16,
    MAX_PATH = 512
};

typedef struct scanner {
    const char *at;
    int line;
    int depth;
    size_t prefix[MAX_DEPTH]; /* length of the path of each open container */
    bool object[MAX_DEPTH];
    char path[MAX_PATH];
    json_t *lines;
} scanner;

/* Reads the string at '"', keeping at most size - 1 bytes; escapes stay as written. */
static void read_string(scanner *s, char *ret_text, size_t size) {
    size_t n = 0;
    for (s->at++; *s->at != '\0' && *s->at != '"'; s->at++) {
        if (s->at[0] == '\\' && s->at[1] != '\0') {
            s->at++;
        }
        if (n + 1 < size) {
            ret_text[n++] = *s->at;
        }
    }
    ret_text[n] = '\0';
    s->at += *s->at == '"';
}

static void skip_blank(scanner *s) {
    for (; *s->at == ' ' || *s->at == '\t' || *s->at == '\r' || *s->at == '\n'; s->at++) {
        s->line += *s->at == '\n';
    }
}

/* A string: a key where a colon follows inside an object. */
static void take_string(scanner *s) {
    char word[MAX_PATH];
    int line = s->line, level = s->depth < MAX_DEPTH ? s->depth : MAX_DEPTH - 1;
    read_string(s, word, sizeof(word));
    skip_blank(s);
    if (*s->at != ':' || s->depth == 0 || s->depth >= MAX_DEPTH || !s->object[level]) {
        return;
    }
    size_t prefix = s->prefix[level];
    snprintf(s->path + prefix, sizeof(s->path) - prefix, "%s%s", prefix > 0 ? "." : "", word);
    json_object_set_new(s->lines, s->path, json_integer(line));
}

static void open_container(scanner *s, bool object) {
    s->depth++;
    if (s->depth < MAX_DEPTH) {
        s->prefix[s->depth] = s->depth == 1 ? 0 : strlen(s->path);
        s->object[s->depth] = object;
    }
}

static void close_container(scanner *s) {
    if (s->depth > 0 && s->depth < MAX_DEPTH) {
        s->path[s->prefix[s->depth]] = '\0';
    }
    s->depth -= s->depth > 0;
}

json_t *gsc_spec_lines(const char *text) {
    scanner s = {.at = text, .line = 1, .lines = json_object()};
    while (s.lines != NULL && *s.at != '\0') {
        skip_blank(&s);
        switch (*s.at) {
        case '"':
            take_string(&s);
            break;
        case '{':
        case '[':
            open_container(&s, *s.at == '{');
            s.at++;
            break;
        case '}':
        case ']':
            close_container(&s);
            s.at++;
            break;
        default:
            s.at += *s.at != '\0';
        }
    }
    return s.lines;
}
