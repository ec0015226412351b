/* SPDX-License-Identifier: MIT
 *
 * A data folder of the test's own, and texts made up on the spot.
 */
#ifndef GSC_TESTS_DATA_FIXTURE_H
#define GSC_TESTS_DATA_FIXTURE_H

#include "core/data/folder.h"
#include "core/data/text.h"
#include "core/data/write_file.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

static char fixture_folder[GSC_DATA_PATH_SIZE];

/* Makes an empty data folder and points GATESCOPE_DATA at it. */
static inline void fixture_begin(void) {
    const char *place = getenv("TMPDIR");
    snprintf(fixture_folder, sizeof fixture_folder, "%s/gatescope-data-XXXXXX",
             place != NULL ? place : "/tmp");
    if (mkdtemp(fixture_folder) == NULL) {
        printf("Bail out! no temporary folder\n");
        exit(1);
    }
    setenv("GATESCOPE_DATA", fixture_folder, 1);
}

static inline void fixture_end(void) {
    gsc_folder_remove(fixture_folder, NULL);
}

/* The path of a file in the fixture's folder, one at a time. */
static inline const char *fixture_path(const char *name) {
    static char path[GSC_DATA_PATH_SIZE];
    gsc_data_path(fixture_folder, name, path, NULL);
    return path;
}

static inline void fixture_write(const char *name, const void *bytes, size_t size) {
    char folder[GSC_DATA_PATH_SIZE];
    snprintf(folder, sizeof folder, "%s", fixture_path(name));
    *strrchr(folder, '/') = '\0';
    gsc_folder_make(folder, NULL);
    gsc_write_file(fixture_path(name), bytes, size, NULL);
}

static inline void fixture_write_text(const char *name, const char *text) {
    fixture_write(name, text, strlen(text));
}

/* A paragraph of made-up words, number-th of its kind, ended by a blank line. */
static inline void fixture_paragraph(gsc_text *text, unsigned number) {
    static const char *const roots[] = {"harbour", "lantern", "seven", "quiet",
                                        "maple",   "river",   "ask",   "the",
                                        "window",  "over",    "and",   "caf\xC3\xA9"};
    static const char *const endings[] = {"", "", "", "s", "ed", "ing", "ward", "ness"};
    unsigned state = 12345 + 7919 * number;
    for (int w = 0; w < 60; w++) {
        state = state * 1664525 + 1013904223;
        const char *root = roots[(state >> 16) % 12], *ending = endings[state >> 29];
        gsc_text_append(text, root, strlen(root));
        gsc_text_append(text, ending, strlen(ending));
        gsc_text_append_char(text, w % 12 == 11 ? '\n' : ' ');
    }
    gsc_text_append_char(text, '\n');
}

#endif
