/* SPDX-License-Identifier: MIT
 *
 * Stands for `gatescope` in the scheduler's test: "run SPEC -o FILE ..." makes a run file as the spec's
 * seed asks: 4 (modulo 100) fails, 5 dies twice without a file and then works, 9 is refused, others are
 * done after a while. Notes how many of it run at once.
 */
#include "core/read/spec.h"
#include "tests/read/run_fixture.h"

#include <time.h>

static void note(const char *file, const char *word) {
    char path[600];
    const char *slash = strrchr(file, '/');
    snprintf(path, sizeof path, "%.*s/../../notes", (int)(slash - file), file);
    FILE *notes = fopen(path, "a");
    if (notes != NULL) {
        fprintf(notes, "%s", word);
        fclose(notes);
    }
}

static long times_noted(const char *file, const char *letter) {
    char path[600], text[10000] = "";
    const char *slash = strrchr(file, '/');
    snprintf(path, sizeof path, "%.*s/../../notes", (int)(slash - file), file);
    FILE *notes = fopen(path, "r");
    size_t n = notes != NULL ? fread(text, 1, sizeof text - 1, notes) : 0;
    if (notes != NULL) {
        fclose(notes);
    }
    long count = 0;
    for (size_t i = 0; i < n; i++) {
        count += text[i] == letter[0];
    }
    return count;
}

static void write_run(const char *file, const char *status, int seed) {
    char made[400];
    sqlite3 *db = fixture_create("made.gsc", made, sizeof made);
    fixture_exec(db, "INSERT INTO results(name, arm, unit, definition, value) VALUES("
                     "'validation_loss', '', 'nat', 'd', 3)");
    fixture_text(db, GSC_META_STATUS, status);
    fixture_text(db, GSC_META_FAILURE, strcmp(status, "failed") == 0 ? "the loss is nan" : "");
    char number[24];
    snprintf(number, sizeof number, "%d", seed);
    fixture_meta(db, GSC_META_SEED, number);
    sqlite3_close(db);
    rename(made, file);
    rmdir(fixture_folder());
}

int main(int argc, char **argv) {
    gsc_spec *spec = NULL;
    if (argc < 5 || strcmp(argv[1], "run") != 0 || gsc_spec_load(argv[2], &spec, NULL) != GSC_OK) {
        return 2;
    }
    const char *file = argv[4];
    const int seed = (int)gsc_spec_int(spec, "seed");
    gsc_spec_free(spec);
    if (seed == 9) {
        fprintf(stderr, "gatescope run: the corpus is not there\n");
        return 2;
    }
    note(file, "<");
    nanosleep(&(struct timespec){.tv_nsec = 150000000}, NULL);
    note(file, ">");
    if (seed == 5 && times_noted(file, "x") < 2) {
        note(file, "x");
        return 1;
    }
    write_run(file, seed % 100 == 4 ? "failed" : "done", seed);
    return seed % 100 == 4 ? 1 : 0;
}
