/* SPDX-License-Identifier: MIT
 *
 * Cutting text into documents, the split, UTF-8 and matching of paths.
 */
#include "core/data/documents.h"
#include "core/data/folder.h"
#include "tests/data/fixture.h"

static void check_cut(void) {
    gsc_text text = {0};
    for (unsigned p = 0; p < 200; p++) {
        fixture_paragraph(&text, p);
    }
    gsc_documents documents = {0};
    gsc_error error = {0};
    TAP_OK(gsc_documents_add(&documents, text.bytes, text.size, &error) == GSC_OK &&
               gsc_documents_finish(&documents, &error) == GSC_OK,
           "200 paragraphs are cut");
    size_t sum = 0, least = SIZE_MAX, most = 0, whole = 0;
    for (size_t i = 0; i < documents.count; i++) {
        size_t size;
        const char *one = gsc_documents_get(&documents, i, &size);
        sum += size;
        least = size < least ? size : least;
        most = size > most ? size : most;
        whole += gsc_utf8_valid(one, size);
    }
    TAP_OK(documents.count > 10 && least >= GSC_DOCUMENT_MIN && most <= GSC_DOCUMENT_MAX,
           "each has 2 to 8 kB");
    TAP_OK(whole == documents.count, "no character is cut");
    /* Every cut falls on a blank line: what is lost is the two line feeds there. */
    TAP_OK(sum + 2 * documents.count == text.size, "nothing but blank lines is lost");
    gsc_documents_clear(&documents);
    gsc_text_clear(&text);
}

static void check_edges(void) {
    static char long_line[20000];
    memset(long_line, 'A', sizeof long_line);
    TAP_OK(gsc_document_end(long_line, sizeof long_line) == GSC_DOCUMENT_MAX,
           "a line without end is cut at 8 kB");
    for (size_t i = 0; i < sizeof long_line; i += 2) {
        memcpy(long_line + i, "\xC3\xA9", 2);
    }
    long_line[0] = 'A';
    long_line[1] = 'A';
    memmove(long_line + 1, long_line + 2, sizeof long_line - 2); /* sequences at odd places */
    TAP_OK(gsc_document_end(long_line, sizeof long_line - 1) == GSC_DOCUMENT_MAX - 1,
           "between characters");
    long_line[5000] = ' ';
    TAP_OK(gsc_document_end(long_line, sizeof long_line - 1) == 5001, "after the last space");
    long_line[3000] = '\n';
    TAP_OK(gsc_document_end(long_line, sizeof long_line - 1) == 3001, "after the last line");
    memcpy(long_line + 2100, "\n\n\n", 3);
    TAP_OK(gsc_document_end(long_line, sizeof long_line - 1) == 2103, "after the last paragraph");
    memcpy(long_line + 4500, "\n\n", 2);
    memcpy(long_line + 6500, "\n\n", 2);
    TAP_OK(gsc_document_end(long_line, sizeof long_line - 1) == 4502,
           "the first paragraph from 4 kB");
    TAP_OK(gsc_document_end(long_line, 6502) == 6502, "a rest below 2 kB comes along");
    TAP_OK(gsc_document_end(long_line, 6143) == 6143, "a text below 6 kB is not cut");

    gsc_documents documents = {0};
    gsc_error error = {0};
    gsc_documents_add(&documents, "\n\n  first\n", 10, &error);
    gsc_documents_add(&documents, " \n\n", 3, &error);
    gsc_documents_add(&documents, "second\n\n", 8, &error);
    gsc_documents_finish(&documents, &error);
    size_t size = 0;
    const char *text = documents.count == 1 ? gsc_documents_get(&documents, 0, &size) : "";
    TAP_OK(documents.count == 1 && size == 15 && memcmp(text, "  first\n\nsecond", 15) == 0,
           "small texts share a document");
    gsc_documents_clear(&documents);
}

static void check_split(void) {
    int held_out = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        held_out += gsc_document_held_out(i);
    }
    TAP_OK(held_out == 100 && gsc_document_held_out(9) && gsc_document_held_out(19) &&
               !gsc_document_held_out(0) && !gsc_document_held_out(10),
           "every tenth document is held out, from number 9");
}

static void check_utf8(void) {
    static const char bad[] = "a\xFF"
                              "b\xC3("
                              "\xED\xA0\x80"
                              "\xE2\x82"
                              "z\xF0\x9F\x98\x80";
    gsc_text text = {0};
    uint64_t replaced = gsc_utf8_repair(bad, sizeof bad - 1, &text);
    TAP_OK(replaced == 1 + 1 + 3 + 2, "ill-formed bytes are counted");
    TAP_OK(gsc_utf8_valid(text.bytes, text.size), "and replaced");
    TAP_OK(text.size == sizeof bad - 1 + 2 * replaced && memcmp(text.bytes,
                                                                "a\xEF\xBF\xBD"
                                                                "b",
                                                                5) == 0,
           "the rest stays");
    TAP_OK(!gsc_utf8_valid("\xC0\x80", 2) && !gsc_utf8_valid("\xF4\x90\x80\x80", 4) &&
               gsc_utf8_valid("\xF4\x8F\xBF\xBF", 4),
           "overlong forms and code points above U+10FFFF are ill-formed");
    gsc_text_clear(&text);
}

static void check_paths(void) {
    TAP_OK(gsc_path_matches("a/*.txt", "a/b.txt") && !gsc_path_matches("a/*.txt", "a/b/c.txt"),
           "* stays in its folder");
    TAP_OK(gsc_path_matches("a/**/*.go", "a/b.go") && gsc_path_matches("a/**/*.go", "a/b/c/d.go") &&
               !gsc_path_matches("a/**/*.go", "b/c.go"),
           "** is any number of folders");
    TAP_OK(gsc_path_matches("{lib,tests}/*.{c,h}", "tests/x.h") &&
               !gsc_path_matches("{lib,tests}/*.{c,h}", "doc/x.h") &&
               !gsc_path_matches("{lib,tests}/*.{c,h}", "lib/x.o"),
           "{a,b} is one of the two");
}

int main(void) {
    check_cut();
    check_edges();
    check_split();
    check_utf8();
    check_paths();
    return tap_done();
}
