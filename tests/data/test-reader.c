/* SPDX-License-Identifier: MIT
 *
 * Reading a corpus: JSON lines with bad ones, packed ones cut short, text files, domains, refusals.
 */
#include "core/data/jsonl.h"
#include "core/data/reader.h"
#include "tests/data/fixture.h"

#include <unistd.h>

static gsc_error error;

/* Reads all; returns the status of the end. *ret_reader is the caller's to free. */
static gsc_status read_all(const char *data, gsc_reader **ret_reader, gsc_document *ret_last) {
    bool end = false;
    *ret_reader = NULL;
    gsc_status status = gsc_reader_new(data, ret_reader, &error);
    while (status == GSC_OK && !end) {
        status = gsc_reader_next(*ret_reader, ret_last, &end, &error);
    }
    return status;
}

static void check_jsonl(void) {
    static const char lines[] =
        "{\"text\": \"one\", \"meta\": {\"redpajama_set_name\": \"RedPajamaBook\"}}\n"
        "{\"text\": \"two\"\n"
        "\n"
        "{\"text\": 3}\n"
        "{\"text\": \"  \\n\"}\n"
        "{\"text\": \"f\xC3o\xC3\xBC\", \"meta\": {\"pile_set_name\": \"Pile\"}}\r\n"
        "{\"text\": \"caf\xC3\xA9 \\ud83d\\ude00 \\u0000\"}";
    fixture_write_text("mixed.jsonl", lines);
    gsc_reader *reader;
    gsc_document last = {0};
    gsc_status status = read_all(fixture_path("mixed.jsonl"), &reader, &last);
    const gsc_reader_report *report = gsc_reader_get_report(reader);
    TAP_OK(status == GSC_OK && report->documents == 3, "three good lines");
    TAP_OK(report->bad_lines == 3, "three bad lines are counted");
    TAP_CONTAINS(report->first_bad, "mixed.jsonl:2: no JSON object", "the first is named");
    TAP_OK(report->replaced == 1, "one ill-formed byte is counted");
    TAP_OK(last.size == 12 && memcmp(last.text, "caf\xC3\xA9 \xF0\x9F\x98\x80 ", 11) == 0,
           "escapes and the last line without a line feed");
    TAP_OK(gsc_reader_domain_count(reader) == 3, "three domains");
    TAP_STRING(gsc_reader_domain(reader, 0), "RedPajamaBook", "SlimPajama's label");
    TAP_STRING(gsc_reader_domain(reader, 1), "Pile", "the Pile's label");
    TAP_STRING(gsc_reader_domain(reader, 2), "mixed", "else the file's name");
    gsc_reader_free(reader);

    fixture_write_text("bad.jsonl", "[1]\nnothing\n");
    status = read_all(fixture_path("bad.jsonl"), &reader, &last);
    TAP_OK(status == GSC_ERR_INPUT, "only bad lines are refused");
    TAP_CONTAINS(error.message, "/bad.jsonl has no document: all 2 lines are bad",
                 "with name and number");
    gsc_reader_free(reader);
    fixture_write_text("empty.txt", " \n\n");
    status = read_all(fixture_path("empty.txt"), &reader, &last);
    TAP_OK(status == GSC_ERR_INPUT, "an empty corpus is refused");
    TAP_CONTAINS(error.message, "is empty", "and says so");
    gsc_reader_free(reader);
}

static void check_packed(void) {
    gsc_jsonl output;
    bool good = gsc_jsonl_init(&output, fixture_path("p.jsonl.zst"), &error) == GSC_OK;
    gsc_text text = {0};
    for (unsigned i = 0; i < 400 && good; i++) {
        text.size = 0;
        fixture_paragraph(&text, i);
        good = gsc_jsonl_add(&output, text.bytes, text.size, i % 2 == 0 ? "even" : "odd", &error) ==
               GSC_OK;
    }
    good = good && gsc_jsonl_commit(&output, &error) == GSC_OK;
    gsc_jsonl_clear(&output);
    TAP_OK(good, "400 documents are written");
    gsc_reader *reader;
    gsc_document last = {0};
    gsc_status status = read_all(fixture_path("p.jsonl.zst"), &reader, &last);
    TAP_OK(status == GSC_OK && gsc_reader_get_report(reader)->documents == 400 &&
               gsc_reader_get_report(reader)->held_out == 40,
           "and read back, 40 held out");
    TAP_OK(status == GSC_OK && last.size == text.size &&
               memcmp(last.text, text.bytes, text.size) == 0,
           "the last one byte for byte");
    TAP_NEAR(gsc_reader_fraction(reader), 1, 0, "all of it was read");
    char key[GSC_SHA256_TEXT_SIZE], again[GSC_SHA256_TEXT_SIZE];
    gsc_reader_key(reader, key, &error);
    gsc_reader_free(reader);

    gsc_text packed = {0};
    gsc_text_read_file(fixture_path("p.jsonl.zst"), &packed, &error);
    fixture_write("cut.jsonl.zst", packed.bytes, packed.size * 2 / 3);
    status = read_all(fixture_path("cut.jsonl.zst"), &reader, &last);
    TAP_OK(status == GSC_ERR_INPUT, "a file cut short is refused");
    TAP_CONTAINS(error.message, "breaks off", "and says so");
    gsc_reader_free(reader);
    packed.bytes[packed.size / 2] ^= 0x55;
    fixture_write("p.jsonl.zst", packed.bytes, packed.size);
    status = read_all(fixture_path("p.jsonl.zst"), &reader, &last);
    TAP_OK(status == GSC_ERR_INPUT, "a damaged file is refused");
    gsc_reader_key(reader, again, &error);
    TAP_OK(strcmp(key, again) != 0, "a changed file has another key");
    gsc_reader_free(reader);
    gsc_text_clear(&packed);
    gsc_text_clear(&text);
}

static void check_text(void) {
    gsc_text text = {0};
    for (unsigned p = 0; p < 100; p++) {
        fixture_paragraph(&text, p);
    }
    fixture_write("books/poems/b.txt", text.bytes, text.size);
    fixture_write("books/poems/a.txt", text.bytes, text.size);
    fixture_write_text("books/c.md", "\xEF\xBB\xBF"
                                     "alone\r\nhere\n");
    fixture_write_text("books/notes.json", "not read");
    gsc_reader *reader;
    gsc_document last = {0};
    gsc_status status = read_all("books", &reader, &last);
    TAP_OK(status == GSC_OK, "a folder by its name in the data folder");
    TAP_OK(gsc_reader_get_report(reader)->documents > 10, "text files are cut into documents");
    TAP_STRING(gsc_reader_domain(reader, 0), "text", "a file's domain");
    TAP_STRING(gsc_reader_domain(reader, 1), "poems", "a folder's domain");
    gsc_reader_free(reader);
    fixture_write("books/plain", "any name\n", 9);
    status = read_all(fixture_path("books/plain"), &reader, &last);
    TAP_OK(status == GSC_OK && last.size == 8, "a file by its path is text");
    gsc_reader_free(reader);
    gsc_text_clear(&text);
}

/* Corpora on another disk are often links: of the folder, or of its files. */
static void check_links(void) {
    gsc_reader *reader = NULL;
    gsc_document last;
    char to[GSC_DATA_PATH_SIZE];
    fixture_write_text("far/a.jsonl", "{\"text\": \"one\"}\n{\"text\": \"two\"}\n");
    snprintf(to, sizeof to, "%s", fixture_path("far"));
    TAP_OK(symlink(to, fixture_path("near")) == 0 &&
               read_all(fixture_path("near"), &reader, &last) == GSC_OK &&
               gsc_reader_get_report(reader)->documents == 2,
           "a link to a folder is read");
    gsc_reader_free(reader);
    gsc_folder_make(fixture_path("linked"), NULL);
    snprintf(to, sizeof to, "%s", fixture_path("far/a.jsonl"));
    TAP_OK(symlink(to, fixture_path("linked/b.jsonl")) == 0 &&
               read_all("linked", &reader, &last) == GSC_OK &&
               gsc_reader_get_report(reader)->documents == 2,
           "and a link to a file");
    gsc_reader_free(reader);
}

static void check_refusals(void) {
    gsc_reader *reader = NULL;
    TAP_OK(gsc_reader_new("litrature", &reader, &error) == GSC_ERR_INPUT,
           "a name that is not here");
    TAP_CONTAINS(error.message, "literature is the nearest", "and what is like it");
    TAP_OK(gsc_reader_new("slimpajama", &reader, &error) == GSC_ERR_INPUT, "one to bring oneself");
    TAP_CONTAINS(error.message, "/slimpajama, give a file", "with the place for it");
    TAP_OK(gsc_reader_new("proofs", &reader, &error) == GSC_ERR_INPUT, "a corpus that is not here");
    TAP_CONTAINS(error.message, "`gatescope data get proofs` brings it", "what would bring it");
    TAP_OK(gsc_reader_new("no/such.txt", &reader, &error) == GSC_ERR_INPUT,
           "a path that is not there");
    TAP_CONTAINS(error.message, "neither a file nor a folder", "and no corpus' name either");
    TAP_OK(gsc_reader_new("novel.txt", &reader, &error) == GSC_ERR_INPUT &&
               strstr(error.message, "neither a file nor a folder") != NULL,
           "nor is a file's name");
    fixture_write_text("odd/readme.pdf", "x");
    TAP_OK(gsc_reader_new("odd", &reader, &error) == GSC_ERR_INPUT, "a folder without text");
    TAP_CONTAINS(error.message, ".jsonl.zst", "what it should hold");
}

int main(void) {
    fixture_begin();
    check_jsonl();
    check_packed();
    check_text();
    check_links();
    check_refusals();
    fixture_end();
    return tap_done();
}
