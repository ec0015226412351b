/* SPDX-License-Identifier: MIT
 *
 * `gatescope bench plot`, the list of runs: how long the library takes to read thousands of run files, to list them once
 * it has, and to find some of them. See bench_plot.h. Layer: app.
 */
#include "app/bench_plot.h"

#include "core/read/library.h"
#include "core/run/run_writer.h"

#include <dirent.h>
#include <limits.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *const gates[] = {"softmax", "normalized_sigmoid", "sigmoid"};

enum {
    GATES = 3,
    LOOKS = 3 /* the best counts */
};

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A finished run of this gate, in the smallest pages, so that thousands take little of the disk. */
static gsc_status write_template(const char *path, size_t gate, gsc_error *error) {
    char spec[512];
    snprintf(spec, sizeof spec,
             "{\"lab\": \"theory\", \"seed\": %zu, \"gate\": \"%s\", \"theory\": {\"sizes\": [100, "
             "1000, 10000], \"replicates\": 8}}",
             gate, gates[gate]);
    const gsc_run_birth birth = {.experiment = "theorem2",
                                 .title = "A run",
                                 .spec = spec,
                                 .plugins = "[]",
                                 .machine = "{}",
                                 .seed = gate};
    const gsc_result loss = {"loss", "", "nat", "the loss", 1 + 0.1 * (double)gate, NAN, NAN};
    gsc_run_writer *writer = NULL;
    gsc_status status = gsc_run_writer_create(path, true, &birth, &writer, error);
    if (status == GSC_OK) {
        gsc_sink *sink = gsc_run_writer_sink(writer);
        status = sink->result(sink, &loss, error);
        status = status == GSC_OK ? gsc_run_writer_finish(writer, GSC_RUN_DONE, "", error) : status;
        gsc_run_writer_free(writer);
    }
    sqlite3 *db = NULL;
    if (status == GSC_OK && sqlite3_open(path, &db) == SQLITE_OK) {
        sqlite3_exec(db, "PRAGMA page_size=512; VACUUM", NULL, NULL, NULL);
    }
    sqlite3_close(db);
    return status;
}

static bool copy_file(const char *from, const char *to) {
    static char bytes[1 << 16];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    bool good = in != NULL && out != NULL;
    for (size_t n; good && (n = fread(bytes, 1, sizeof bytes, in)) > 0;) {
        good = fwrite(bytes, 1, n, out) == n;
    }
    if (in != NULL) {
        fclose(in);
    }
    return (out == NULL || fclose(out) == 0) && good;
}

static gsc_status write_runs(const char *folder, int n, gsc_error *error) {
    char first[GATES][PATH_MAX], path[PATH_MAX];
    if (mkdir(folder, 0700) != 0) {
        return gsc_fail(error, GSC_ERR_IO, "the folder %s could not be made", folder);
    }
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%.256s/run-%d.gsc", folder, i);
        if (i < GATES) {
            memcpy(first[i], path, sizeof path);
            gsc_status status = write_template(path, (size_t)i, error);
            if (status != GSC_OK) {
                return status;
            }
        } else if (!copy_file(first[i % GATES], path)) {
            return gsc_fail(error, GSC_ERR_IO, "%s could not be written", path);
        }
    }
    return GSC_OK;
}

static void remove_runs(const char *folder, const char *database) {
    DIR *dir = opendir(folder);
    const struct dirent *member;
    char path[PATH_MAX];
    while (dir != NULL && (member = readdir(dir)) != NULL) {
        snprintf(path, sizeof path, "%.256s/%.255s", folder, member->d_name);
        unlink(path);
    }
    if (dir != NULL) {
        closedir(dir);
    }
    rmdir(folder);
    unlink(database);
}

typedef struct look {
    double list_s, find_s;
    size_t listed, found;
} look;

static gsc_status take_look(const char *database, const char *folder, look *ret, gsc_error *error) {
    gsc_library *library = NULL;
    gsc_library_filter *filter = NULL;
    double start_s = now_s();
    gsc_status status = gsc_library_open(database, folder, &library, error);
    if (status != GSC_OK) {
        return status;
    }
    status = gsc_library_wait(library, error);
    *ret = (look){.list_s = now_s() - start_s, .listed = gsc_library_count(library)};
    start_s = now_s();
    if (status == GSC_OK) {
        status = gsc_library_filter_new(library, "gate=softmax run-1 loss<2", &filter, error);
    }
    for (size_t i = 0; status == GSC_OK && i < ret->listed; i++) {
        ret->found += gsc_library_filter_matches(filter, gsc_library_get(library, i));
    }
    ret->find_s = now_s() - start_s;
    gsc_library_filter_free(filter);
    gsc_library_close(library);
    return status;
}

static gsc_status measure(gsc_bench_plot *self, const char *name, int n, double budget_ms,
                          gsc_error *error) {
    char folder[PATH_MAX], database[PATH_MAX];
    look first = {0}, again, best = {.list_s = INFINITY};
    snprintf(folder, sizeof folder, "%s/%s", self->folder, name);
    snprintf(database, sizeof database, "%s/%s.db", self->folder, name);
    gsc_status status = write_runs(folder, n, error);
    status = status == GSC_OK ? take_look(database, folder, &first, error) : status;
    for (int i = 0; i < LOOKS && status == GSC_OK; i++) {
        status = take_look(database, folder, &again, error);
        best = again.list_s + again.find_s < best.list_s + best.find_s ? again : best;
    }
    if (status == GSC_OK && (best.listed != (size_t)n || best.found == 0)) {
        status = gsc_fail(error, GSC_ERR_IO, "%zu of %d runs were listed and %zu of them found",
                          best.listed, n, best.found);
    }
    if (status == GSC_OK) {
        char reading[64];
        snprintf(reading, sizeof reading, "read_%d_runs", n);
        gsc_bench_plot_add(self, reading, "ms", 1e3 * first.list_s, NAN,
                           json_pack("{s:f}", "runs_per_second", n / first.list_s));
        gsc_bench_plot_add(self, name, "ms", 1e3 * (best.list_s + best.find_s), budget_ms,
                           json_pack("{s:f, s:f, s:f, s:i}", "list_ms", 1e3 * best.list_s,
                                     "filter_ms", 1e3 * best.find_s, "first_look_ms",
                                     1e3 * first.list_s, "found", (int)best.found));
    }
    remove_runs(folder, database);
    return status;
}

void gsc_bench_plot_runs(gsc_bench_plot *self) {
    static const struct {
        const char *name;
        int n;
        double budget_ms;
    } lists[] = {{"list_1000_runs", 1000, 100}, {"list_10000_runs", 10000, 1000}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        gsc_error error = {.status = GSC_OK};
        if (self->tell) {
            fprintf(stderr, "listing and filtering %d runs…\n", lists[i].n);
        }
        if (measure(self, lists[i].name, lists[i].n, lists[i].budget_ms, &error) != GSC_OK) {
            gsc_bench_plot_miss(self, lists[i].name, "ms", lists[i].budget_ms, error.message);
        }
    }
}
