/* SPDX-License-Identifier: MIT
 *
 * Each decoder on a sample made by hand.
 */
#include "core/data/decode.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <zlib.h>

/* The decoded text, zero-terminated, in one of a few places. */
static const char *decode(gsc_decoder decoder, const char *bytes, size_t size,
                          gsc_status *ret_status, gsc_error *error) {
    static char kept[4096];
    gsc_text text = {0};
    *ret_status = gsc_decode(decoder, bytes, size, "sample", &text, error);
    size_t length = text.size < sizeof kept - 1 ? text.size : sizeof kept - 1;
    if (length > 0) {
        memcpy(kept, text.bytes, length);
    }
    kept[length] = '\0';
    gsc_text_clear(&text);
    return kept;
}

#define DECODES(decoder, input, wanted, what)                                                      \
    do {                                                                                           \
        gsc_status status_;                                                                        \
        TAP_STRING(decode((decoder), (input), sizeof(input) - 1, &status_, NULL), (wanted),        \
                   (what));                                                                        \
        TAP_OK(status_ == GSC_OK, what ": no error");                                              \
    } while (0)

static void check_lines(void) {
    DECODES(GSC_DECODE_PLAIN,
            "\xEF\xBB\xBF"
            "one\r\ntwo \t\r\n\r\n\r\n\r\n\r\nthree\x01",
            "one\ntwo\n\n\nthree\n",
            "byte order mark, CR LF, trailing blanks, blank runs, controls");
    DECODES(GSC_DECODE_PLAIN,
            "caf\xE9 \xFC"
            "ber\n",
            "caf\xC3\xA9 \xC3\xBC"
            "ber\n",
            "Latin-1");
    DECODES(GSC_DECODE_PLAIN, "caf\xC3\xA9\n", "caf\xC3\xA9\n", "UTF-8 stays");
}

static void check_gutenberg(void) {
    DECODES(GSC_DECODE_GUTENBERG,
            "The Project Gutenberg Etext of Made Up\n*END*THE SMALL PRINT! FOR*END*\nbook one\n"
            "End of The Project Gutenberg Etext\nThe Project Gutenberg Etext of Two\nlicence\n"
            "*END THE SMALL PRINT! FOR*END*\nbook two\nEnd of Project Gutenberg\nlicence\n",
            "book one\nbook two\n", "two old books");
    DECODES(GSC_DECODE_GUTENBERG,
            "head\n*** START OF THIS PROJECT GUTENBERG EBOOK X ***\nbook\n"
            "*** END OF THIS PROJECT GUTENBERG EBOOK X ***\nlicence\n",
            "book\n", "a new book");
    DECODES(GSC_DECODE_GUTENBERG, "a book\nwithout a header\n", "a book\nwithout a header\n",
            "no header: whole");
}

static void check_small(void) {
    DECODES(GSC_DECODE_FORTUNES, "first\n%\nsecond\n\t-- me\n%\n100%\n",
            "first\n\nsecond\n\t-- me\n\n100%\n", "fortunes");
    DECODES(GSC_DECODE_DICT,
            "Maple \\Ma\"ple\\, n.\n   A tree.\n   [1913 Webster]\n   [Obs.] gone\n",
            "Maple \\Ma\"ple\\, n.\n   A tree.\n   [Obs.] gone\n", "dictionary");
    DECODES(GSC_DECODE_FASTA, ">one\nACGT\nAC\n>two\nGG\r\n", "ACGTAC\n\nGG", "FASTA");
    DECODES(GSC_DECODE_VERSES, "Ge1:1 In the beginning\nGe1:2 And\nGe2:1 Thus\n",
            "In the beginning\nAnd\n\nThus\n", "verses");
    gsc_error error = {0};
    gsc_status status;
    decode(GSC_DECODE_FASTA, ">only a name\n", 13, &status, &error);
    TAP_OK(status == GSC_ERR_INPUT, "FASTA without bases is refused");
    decode(GSC_DECODE_VERSES, "nothing here\n", 13, &status, &error);
    TAP_OK(status == GSC_ERR_INPUT, "a verse without a reference is refused");
}

static void check_html(void) {
    DECODES(GSC_DECODE_HTML,
            "<!DOCTYPE html><html><head><title>no</title></head><body>\n"
            "<ul class=\"docnav top\"><li>Prev<ul><li>x</li></ul></li></ul>\n<!-- no > -->"
            "<h1>A &amp; B</h1><p>One\n  <i>two</i> &#233;&#x2014;&nbsp;&unknown; 3 < 4</p>"
            "<p>Zwei caf\xC3\xA9<br/>drei</p><pre>a\n  b</pre><script>if (a < b) no();</script>end"
            "</body></html>",
            "A & B\n\nOne two \xC3\xA9\xE2\x80\x94 &unknown; 3 < 4\n\n"
            "Zwei caf\xC3\xA9\ndrei\n\na\n  b\n\nend\n",
            "HTML");
}

static void put_word(gsc_text *text, uint32_t word) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        gsc_text_append_char(text, (char)(word >> shift));
    }
}

static void put_string(gsc_text *text, const char *string) {
    put_word(text, 0x00040009);
    put_word(text, (uint32_t)strlen(string));
    gsc_text_append(text, string, strlen(string));
}

/* One record: its packed object after the raw length. */
static void put_record(gsc_text *file, const gsc_text *object) {
    uLongf size = compressBound(object->size);
    Bytef *packed = malloc(size);
    compress(packed, &size, (const Bytef *)object->bytes, object->size);
    put_word(file, (uint32_t)object->size);
    gsc_text_append(file, (const char *)packed, size);
    free(packed);
}

static void check_rdb(void) {
    gsc_text object = {0}, numbers = {0}, file = {0};
    gsc_text_append(&object, "X\n", 2);
    put_word(&object, 3);
    put_word(&object, 0x00040201);
    put_word(&object, 0x00030500);
    put_word(&object, 5);
    gsc_text_append(&object, "UTF-8", 5);
    put_word(&object, 16);
    put_word(&object, 3);
    put_string(&object, "line one");
    put_word(&object, 0x00040009);
    put_word(&object, UINT32_MAX); /* NA */
    put_string(&object, "caf\xC3\xA9");
    gsc_text_append(&numbers, "X\n", 2);
    put_word(&numbers, 2);
    put_word(&numbers, 0x00040201);
    put_word(&numbers, 0x00020300);
    put_word(&numbers, 13);
    put_record(&file, &object);
    put_record(&file, &numbers);
    put_record(&file, &object);
    gsc_status status;
    gsc_error error = {0};
    TAP_STRING(decode(GSC_DECODE_RDB, file.bytes, file.size, &status, &error),
               "line one\n\ncaf\xC3\xA9\n\n\nline one\n\ncaf\xC3\xA9\n",
               "an R data base: character vectors in, others passed over");
    decode(GSC_DECODE_RDB, file.bytes, file.size - 9, &status, &error);
    TAP_OK(status == GSC_ERR_INPUT, "a truncated R data base is refused");
    gsc_text cut = {0}, half = {0};
    gsc_text_append(&half, object.bytes, object.size - 4);
    put_record(&cut, &half);
    decode(GSC_DECODE_RDB, cut.bytes, cut.size, &status, &error);
    TAP_OK(status == GSC_ERR_INPUT, "an object that ends in a string is refused");
    TAP_CONTAINS(error.message, "character vector", "and says where");
    gsc_text_clear(&object);
    gsc_text_clear(&numbers);
    gsc_text_clear(&file);
    gsc_text_clear(&cut);
    gsc_text_clear(&half);
}

static void check_gz(void) {
    char packed[256];
    z_stream stream = {.next_in = (Bytef *)"hidden text\n",
                       .avail_in = 12,
                       .next_out = (Bytef *)packed,
                       .avail_out = sizeof packed};
    deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    deflate(&stream, Z_FINISH);
    size_t size = sizeof packed - stream.avail_out;
    deflateEnd(&stream);
    memcpy(packed + size, packed, size); /* two members */
    gsc_status status;
    gsc_error error = {0};
    TAP_STRING(decode(GSC_DECODE_PLAIN, packed, 2 * size, &status, &error),
               "hidden text\nhidden text\n", "gzip, two members");
    decode(GSC_DECODE_PLAIN, packed, size - 5, &status, &error);
    TAP_OK(status == GSC_ERR_INPUT, "a truncated gzip file is refused");
    TAP_CONTAINS(error.message, "not whole", "and says so");
}

int main(void) {
    check_lines();
    check_gutenberg();
    check_small();
    check_html();
    check_rdb();
    check_gz();
    return tap_done();
}
