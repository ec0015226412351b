/* SPDX-License-Identifier: MIT
 *
 * Folders of cheap run files, for tests of the library: small pages, no waiting for the disk.
 */
#ifndef GSC_TESTS_READ_LIBRARY_FIXTURE_H
#define GSC_TESTS_READ_LIBRARY_FIXTURE_H

#include "tests/read/run_fixture.h"

#include <dirent.h>
#include <sys/stat.h>
#include <time.h>

/* A finished run of an experiment with one result, gate.temperature and 40 parameters that say little. */
static inline void library_write_run(const char *path, const char *gate, int seed, double loss) {
    char spec[2048], number[64];
    size_t length = 0;
    sqlite3 *db = NULL;
    remove(path);
    if (sqlite3_open(path, &db) != SQLITE_OK) {
        printf("Bail out! cannot make %s\n", path);
        exit(1);
    }
    fixture_exec(db, "PRAGMA page_size=512");
    fixture_exec(db, GSC_RUN_PRAGMAS "PRAGMA synchronous=OFF;BEGIN;" GSC_RUN_TABLES);
    length +=
        (size_t)snprintf(spec, sizeof(spec),
                         "{\"title\": \"A run\", \"lab\": \"theory\", \"seed\": %d, \"gate\": "
                         "{\"id\": \"%s\", \"temperature\": %g}, \"theory\": {\"sizes\": [100, "
                         "200]",
                         seed, gate, 1 + 0.5 * (seed % 3));
    for (int i = 0; i < 40; i++) {
        length += (size_t)snprintf(spec + length, sizeof(spec) - length, ", \"key_%d\": %d", i, i);
    }
    snprintf(spec + length, sizeof(spec) - length, "}}");
    fixture_text(db, GSC_META_STATUS, "done");
    fixture_text(db, GSC_META_TITLE, "A run");
    fixture_text(db, GSC_META_EXPERIMENT, "theorem2");
    fixture_text(db, GSC_META_SPEC, spec);
    snprintf(number, sizeof(number), "%d", 1000000 + seed);
    fixture_meta(db, GSC_META_STARTED, number);
    snprintf(number, sizeof(number), "%d.5", 1000010 + seed);
    fixture_meta(db, GSC_META_ENDED, number);
    char *sql = sqlite3_mprintf("INSERT INTO results(name, arm, unit, definition, value) "
                                "VALUES('loss', '', 'nat', 'the loss', %.17g)",
                                loss);
    fixture_exec(db, sql);
    sqlite3_free(sql);
    fixture_exec(db, "COMMIT");
    sqlite3_close(db);
}

static inline void library_copy(const char *from, const char *to) {
    char buffer[65536];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    size_t n;
    while (in != NULL && out != NULL && (n = fread(buffer, 1, sizeof(buffer), in)) > 0) {
        fwrite(buffer, 1, n, out);
    }
    if (in == NULL || out == NULL || fclose(out) != 0) {
        printf("Bail out! cannot copy %s to %s\n", from, to);
        exit(1);
    }
    fclose(in);
}

/* n finished runs of three gates and one seed each, of one spec but for that: copies, then one write each. */
static inline void library_write_runs(const char *folder, int n) {
    static const char *const gates[] = {"softmax", "sigmoid", "normalized_sigmoid"};
    char first[3][512], path[512];
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof(path), "%.256s/run-%d.gsc", folder, i);
        if (i < 3) {
            snprintf(first[i], sizeof(first[i]), "%s", path);
            library_write_run(path, gates[i], i, 1 + 0.1 * i);
            continue;
        }
        sqlite3 *db = NULL;
        library_copy(first[i % 3], path);
        sqlite3_open(path, &db);
        char *sql =
            sqlite3_mprintf("PRAGMA synchronous=OFF; BEGIN; UPDATE results SET value = %.17g;"
                            "UPDATE meta SET value = %d WHERE key = 'started';"
                            "UPDATE meta SET value = replace(value, '\"seed\": %d', '\"seed\": %d')"
                            " WHERE key = 'spec'; COMMIT",
                            1 + 0.1 * (i % 3) + 0.001 * (i / 3), 1000000 + i, i % 3, i);
        fixture_exec(db, sql);
        sqlite3_free(sql);
        sqlite3_close(db);
    }
}

static inline void library_remove_tree(const char *path) {
    DIR *dir = opendir(path);
    const struct dirent *member;
    while (dir != NULL && (member = readdir(dir)) != NULL) {
        char child[2048];
        if (strcmp(member->d_name, ".") == 0 || strcmp(member->d_name, "..") == 0) {
            continue;
        }
        snprintf(child, sizeof(child), "%.1024s/%s", path, member->d_name);
        if (remove(child) != 0) {
            library_remove_tree(child);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    rmdir(path);
}

/* Lets the clock of the file system go on. */
static inline void library_rest(double seconds) {
    nanosleep(&(struct timespec){.tv_nsec = (long)(1e9 * seconds)}, NULL);
}

static inline double library_now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif
