/* SPDX-License-Identifier: MIT
 *
 * From packages to a corpus: small packages of made-up quotations, built here with dpkg-deb, no
 * network.
 */
#include "core/data/corpus_get.h"
#include "core/data/reader.h"
#include "tests/data/fixture.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static gsc_error error;

/* A package of one topic file; true where it could be built. */
static bool build_package(const char *name, unsigned seed) {
    char path[256], control[256], command[2 * GSC_DATA_PATH_SIZE];
    gsc_text text = {0};
    for (unsigned p = 0; p < 200; p++) {
        fixture_paragraph(&text, seed + p);
        gsc_text_append(&text, "%\n", 2);
    }
    snprintf(path, sizeof path, "build/%s/usr/share/games/fortunes/%s-topic", name, name);
    fixture_write(path, text.bytes, text.size);
    snprintf(path, sizeof path, "build/%s/usr/share/games/fortunes/%s-topic.dat", name, name);
    fixture_write_text(path, "index");
    snprintf(path, sizeof path, "build/%s/DEBIAN/control", name);
    snprintf(control, sizeof control,
             "Package: %s\nVersion: 1:0.1-2\nArchitecture: all\nMaintainer: a <a@example.org>\n"
             "Description: made up\n",
             name);
    fixture_write_text(path, control);
    gsc_text_clear(&text);
    gsc_folder_make(fixture_path("debs"), NULL);
    snprintf(command, sizeof command,
             "cd '%s' && chmod -R u=rwX,go=rX build && dpkg-deb --root-owner-group -b build/%s "
             "debs/%s_0.1-2_all.deb >/dev/null 2>&1",
             fixture_folder, name, name);
    return system(command) == 0;
}

static bool stop_at_once(void *context, const char *what, double fraction) {
    (void)what, (void)fraction;
    ++*(int *)context;
    return false;
}

/* Hidden work folders that are left. */
static size_t leftovers(void) {
    gsc_paths files;
    size_t found = 0;
    gsc_folder_files(fixture_folder, false, &files, NULL);
    for (size_t i = 0; i < files.count; i++) {
        found += strncmp(files.names[i], ".get-", 5) == 0;
    }
    gsc_paths_clear(&files);
    return found;
}

static void check_get(const char *from) {
    bool made = false;
    TAP_OK(gsc_corpus_get("quotes", from, NULL, &made, &error) == GSC_OK && made,
           "a corpus is made");
    json_t *about = gsc_corpus_description("quotes");
    long long documents = json_integer_value(json_object_get(about, "documents"));
    TAP_OK(documents > 20 &&
               json_integer_value(json_object_get(about, "held_out")) == documents / 10,
           "its description counts documents");
    const json_t *package = json_array_get(json_object_get(about, "packages"), 0);
    TAP_STRING(json_string_value(json_object_get(package, "version")), "1:0.1-2",
               "a package's version");
    TAP_OK(strlen(json_string_value(json_object_get(package, "sha256"))) == 64, "and digest");
    json_decref(about);

    gsc_reader *reader = NULL;
    gsc_document document;
    bool end = false;
    gsc_status status = gsc_reader_new("quotes", &reader, &error);
    while (status == GSC_OK && !end) {
        status = gsc_reader_next(reader, &document, &end, &error);
    }
    TAP_OK(status == GSC_OK && (long long)gsc_reader_get_report(reader)->documents == documents &&
               gsc_reader_get_report(reader)->bad_lines == 0,
           "the reader finds the same documents");
    TAP_STRING(gsc_reader_domain(reader, 0), "quotes", "with their domain");
    gsc_reader_free(reader);
    TAP_OK(gsc_corpus_get("quotes", from, NULL, &made, &error) == GSC_OK && !made,
           "a second time nothing is done");
    TAP_OK(leftovers() == 0, "no work folder is left");
}

static void check_failures(const char *from) {
    gsc_folder_remove(fixture_path("quotes"), NULL);
    int calls = 0;
    gsc_data_watch watch = {stop_at_once, &calls};
    TAP_OK(gsc_corpus_get("quotes", from, &watch, NULL, &error) == GSC_ERR_STOPPED && calls > 0,
           "it can be stopped");
    TAP_OK(!gsc_is_folder(fixture_path("quotes")) && leftovers() == 0, "and leaves nothing");
    TAP_OK(gsc_corpus_get("dna", from, NULL, NULL, &error) == GSC_ERR_IO,
           "a package that is not there");
    TAP_CONTAINS(error.message, "bowtie-examples_*.deb", "is named");
    TAP_OK(gsc_corpus_get("quote", from, NULL, NULL, &error) == GSC_ERR_INPUT, "an unknown corpus");
    TAP_CONTAINS(error.message, "nearest is quotes", "has a nearest one");
    fixture_write_text("debs/fortunes_0.1-2_all.deb", "no package");
    TAP_OK(gsc_corpus_get("quotes", from, NULL, NULL, &error) == GSC_ERR_INPUT, "a broken package");
    TAP_CONTAINS(error.message, "no whole Debian package", "is refused");
}

/* Stops when the second package's turn comes. */
static bool stop_at_second(void *context, const char *what, double fraction) {
    (void)context, (void)fraction;
    return strstr(what, "fortunes-min") == NULL;
}

/* How often the first package was fetched. */
static int fetched(void) {
    gsc_text text = {0};
    int count = 0;
    if (gsc_text_read_file(fixture_path("fetched"), &text, NULL) == GSC_OK) {
        gsc_text_append_char(&text, '\0');
        for (const char *at = text.bytes; (at = strstr(at, "fortunes\n")) != NULL; at++) {
            count++;
        }
    }
    gsc_text_clear(&text);
    return count;
}

/* An apt-get of our own: as the real one it fetches no file that is there whole. */
static void check_resumed(const char *from) {
    char script[3 * GSC_DATA_PATH_SIZE], path[2 * GSC_DATA_PATH_SIZE];
    const char *before = getenv("PATH");
    snprintf(script, sizeof script,
             "#!/bin/sh\nfor name; do :; done\nfile=${name}_0.1-2_all.deb\n"
             "[ -f \"$file\" ] || { cp '%s'/\"$file\" part && mv part \"$file\" && "
             "echo \"$name\" >>'%s/fetched'; }\n",
             from, fixture_folder);
    fixture_write_text("bin/apt-get", script);
    snprintf(path, sizeof path, "%s:%s", fixture_path("bin"), before);
    gsc_folder_remove(fixture_path("quotes"), NULL);
    TAP_OK(chmod(fixture_path("bin/apt-get"), 0755) == 0 && setenv("PATH", path, 1) == 0,
           "packages come over a network");
    gsc_data_watch watch = {stop_at_second, NULL};
    TAP_OK(gsc_corpus_get("quotes", NULL, &watch, NULL, &error) == GSC_ERR_STOPPED &&
               fetched() == 1 && gsc_is_folder(fixture_path(".packages-quotes")),
           "a stop at the second package leaves the first");
    TAP_OK(gsc_corpus_get("quotes", NULL, NULL, NULL, &error) == GSC_OK && fetched() == 1,
           "which is not fetched again");
    TAP_OK(!gsc_is_folder(fixture_path(".packages-quotes")) && leftovers() == 0,
           "and goes when the corpus is there");
}

int main(void) {
    fixture_begin();
    if (system("dpkg-deb --version >/dev/null 2>&1") != 0) {
        printf("1..0 # SKIP this system has no dpkg-deb\n");
        fixture_end();
        return 0;
    }
    char from[GSC_DATA_PATH_SIZE];
    snprintf(from, sizeof from, "%s", fixture_path("debs"));
    TAP_OK(build_package("fortunes", 0) && build_package("fortunes-min", 5000),
           "packages are built");
    check_get(from);
    check_resumed(from);
    check_failures(from);
    fixture_end();
    return tap_done();
}
