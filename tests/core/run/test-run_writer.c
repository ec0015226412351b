/* SPDX-License-Identifier: MIT
 *
 * The writer against the reader: what a sink was given is in the file, bit for bit, whatever the
 * commits.
 */
#include "core/run/run_writer.h"

#include "tests/tap.h"

#include <dirent.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/gsc-writer-XXXXXX";

static const gsc_run_birth birth = {.experiment = "first",
                                    .title = "A title",
                                    .spec = "{\"seed\":7}",
                                    .plugins = "[]",
                                    .machine = "{\"host\":\"h\"}",
                                    .seed = 7};

static const char *in_folder(const char *name) {
    static char paths[4][300];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static double value(int64_t i) {
    return i % 100 == 17 ? NAN : i % 100 == 18 ? INFINITY : 1.0 / (1 + (double)i);
}

static bool same(double a, double b) {
    return isnan(a) ? isnan(b) : a == b;
}

static int count_good(gsc_run *run, size_t series, size_t *ret_count) {
    gsc_point *points = NULL;
    int good = 0;
    gsc_run_dup_points(run, series, &points, ret_count, NULL);
    for (size_t i = 0; i < *ret_count; i++) {
        good += points[i].x == (double)i && same(points[i].y, value((int64_t)i)) &&
                points[i].replicate == (int32_t)(i % 5);
    }
    free(points);
    return good;
}

static bool keep_event(void *data, double time_s, gsc_event_level level, const char *source,
                       const char *message) {
    snprintf(data, 200, "%d %s %s", (int)level, source, message);
    return true;
}

static bool keep_document(void *data, const char *kind, const char *arm, double x,
                          int32_t replicate, const char *json) {
    snprintf(data, 200, "%s %s %g %d %s", kind, arm, x, (int)replicate, json);
    return true;
}

/* Puts n points from first on, in one go. */
static void put(gsc_sink *sink, int32_t series, int64_t first, size_t n) {
    gsc_point *points = malloc(n * sizeof *points);
    for (size_t i = 0; i < n; i++) {
        int64_t k = first + (int64_t)i;
        points[i] = (gsc_point){(double)k, value(k), (int32_t)(k % 5)};
    }
    sink->points(sink, series, points, n, NULL);
    free(points);
}

static void test_round_trip(void) {
    const char *path = in_folder("a.gsc");
    gsc_run_writer *writer = NULL;
    gsc_error error = {0};
    TAP_OK(gsc_run_writer_create(path, false, &birth, &writer, &error) == GSC_OK, "a file is made");
    gsc_run *run = NULL;
    TAP_OK(gsc_run_open(path, &run, &error) == GSC_OK, "and can be read at once");
    TAP_OK(gsc_run_get_info(run)->status == GSC_RUN_RUNNING, "as running");
    TAP_STRING(gsc_run_get_info(run)->experiment, "first", "with its experiment");
    gsc_sink *sink = gsc_run_writer_sink(writer);
    gsc_series_info info = GSC_SERIES_INIT;
    int32_t a = -1, b = -1;
    info.name = "loss";
    info.bound = -0.5;
    sink->series(sink, &info, &a, NULL);
    info.name = "iterations";
    info.bound = NAN;
    sink->series(sink, &info, &b, NULL);
    TAP_OK(a == 0 && b == 1, "handles count the series");
    static const size_t steps[] = {1, 700, 400, 3000, 1024, 5, 1};
    int64_t total = 0;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        put(sink, a, total, steps[i]);
        total += (int64_t)steps[i];
        TAP_OK(gsc_run_writer_commit(writer, &error) == GSC_OK, "a commit");
        bool changed = false;
        size_t count = 0;
        gsc_run_poll(run, &changed, NULL);
        int good = count_good(run, 0, &count);
        TAP_OK(changed && (int64_t)count == total && good == (int)count,
               "the reader has every point, bit for bit");
    }
    float loads[3] = {1, 2, 3};
    gsc_result result = {.name = "loss",
                         .arm = "",
                         .unit = "",
                         .definition = "d",
                         .value = 2,
                         .low = 1,
                         .high = NAN};
    sink->vector(sink, b, 5, loads, 3, NULL);
    sink->vector(sink, b, 6, loads, 3, NULL);
    sink->document(sink, "fit", "", 100, 3, "{\"a\":1}", NULL);
    sink->event(sink, GSC_EVENT_WARNING, "gate g", "floored", NULL);
    sink->result(sink, &result, NULL);
    sink->progress(sink, 0.75, "n = 5", NULL);
    TAP_OK(gsc_run_writer_finish(writer, GSC_RUN_FAILED, "because", &error) == GSC_OK, "the end");
    gsc_run_writer_free(writer);
    gsc_run_poll(run, &(bool){0}, NULL);
    const gsc_run_info *now = gsc_run_get_info(run);
    TAP_OK(now->status == GSC_RUN_FAILED && now->progress == 0.75 && now->seed == 7 &&
               now->ended_s >= now->started_s,
           "status, progress, seed and times");
    TAP_STRING(now->failure, "because", "the sentence");
    TAP_STRING(now->activity, "n = 5", "the activity");
    TAP_OK(gsc_run_results_count(run) == 1 && gsc_run_result(run, 0)->value == 2 &&
               isnan(gsc_run_result(run, 0)->high),
           "the result");
    char text[200] = "";
    gsc_run_visit_events(run, keep_event, text, NULL);
    TAP_STRING(text, "1 gate g floored", "the event");
    gsc_run_visit_documents(run, "fit", keep_document, text, NULL);
    TAP_STRING(text, "fit  100 3 {\"a\":1}", "the document");
    gsc_run_close(run);
}

static int64_t query(const char *path, const char *sql) {
    sqlite3 *database;
    sqlite3_stmt *statement;
    int64_t number = -1;
    sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL);
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        number = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return number;
}

static void test_file(void) {
    const char *path = in_folder("a.gsc");
    TAP_OK(query(path, "SELECT count(*) FROM blocks") == 5131 / 1024, "full blocks are sealed");
    TAP_OK(query(path, "SELECT count(*) FROM points") == 5131 % 1024, "the rest are rows");
    TAP_OK(query(path, "SELECT count(*) FROM vectors WHERE seq IN (0, 1)") == 2,
           "vectors count on");
    TAP_OK(query(path, "SELECT count(*) FROM meta WHERE key IN ('host', 'boot_id', 'pid',"
                       " 'pid_start', 'heartbeat', 'machine', 'plugins', 'spec')") == 8,
           "who wrote it is there");
}

static void test_existing(void) {
    const char *path = in_folder("a.gsc");
    gsc_run_writer *writer = NULL;
    gsc_error error = {0};
    TAP_OK(gsc_run_writer_create(path, false, &birth, &writer, &error) == GSC_ERR_INPUT &&
               writer == NULL,
           "an existing file is left alone");
    TAP_CONTAINS(error.message, "--force", "with one way out");
    TAP_CONTAINS(error.message, "-o", "and the other");
    TAP_OK(query(path, "SELECT count(*) FROM blocks") == 5, "it is whole");
    TAP_OK(gsc_run_writer_create(path, true, &birth, &writer, &error) == GSC_OK, "unless replaced");
    TAP_OK(query(path, "SELECT count(*) FROM blocks") == 0, "then it is new");
    gsc_run_writer_discard(writer);
    TAP_OK(query(path, "SELECT count(*) FROM blocks") == 5, "a discarded writer brings it back");
    TAP_OK(gsc_run_writer_create(path, true, &birth, &writer, &error) == GSC_OK &&
               gsc_run_writer_finish(writer, GSC_RUN_DONE, "", &error) == GSC_OK,
           "replaced again");
    gsc_run_writer_free(writer);
    TAP_OK(query(path, "SELECT count(*) FROM blocks") == 0, "it stays new");
    int files = 0;
    DIR *list = opendir(folder);
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        files += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    closedir(list);
    TAP_OK(files == 1, "nothing else is left in the folder");
}

static void test_names(void) {
    gsc_run_writer *one = NULL, *two = NULL;
    TAP_OK(gsc_run_writer_create_named(folder, "first", &birth, &one, NULL) == GSC_OK &&
               gsc_run_writer_create_named(folder, "first", &birth, &two, NULL) == GSC_OK &&
               strcmp(gsc_run_writer_path(one), gsc_run_writer_path(two)) != 0,
           "two runs of one second have two names");
    TAP_CONTAINS(gsc_run_writer_path(one), "/first-20", "that begin with the experiment");
    gsc_run_writer_free(one);
    gsc_run_writer_free(two);
}

static void test_trouble(void) {
    gsc_run_writer *writer = NULL;
    gsc_error error = {0};
    TAP_OK(gsc_run_writer_create("/nowhere/x.gsc", false, &birth, &writer, &error) == GSC_ERR_IO,
           "a folder that is not there");
    TAP_CONTAINS(error.message, "/nowhere/x.gsc: No such file", "is named");
    const char *path = in_folder("full.gsc");
    gsc_run_writer_create(path, false, &birth, &writer, &error);
    gsc_sink *sink = gsc_run_writer_sink(writer);
    gsc_series_info info = GSC_SERIES_INIT;
    int32_t series = 0;
    sink->series(sink, &info, &series, NULL);
    gsc_run_writer_commit(writer, NULL);
    /* A file that may not grow stands for a full disk. */
    struct stat now;
    struct rlimit limit;
    stat(path, &now);
    getrlimit(RLIMIT_FSIZE, &limit);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = (rlim_t)now.st_size;
    setrlimit(RLIMIT_FSIZE, &limit);
    put(sink, series, 0, 100000);
    TAP_OK(gsc_run_writer_commit(writer, &error) == GSC_ERR_IO, "a full disk fails the commit");
    TAP_CONTAINS(error.message, "full.gsc", "naming the file");
    TAP_OK(gsc_run_writer_finish(writer, GSC_RUN_FAILED, error.message, &error) == GSC_ERR_IO,
           "the end cannot keep the rows");
    limit.rlim_cur = before;
    setrlimit(RLIMIT_FSIZE, &limit);
    gsc_run_writer_free(writer);
    gsc_run *run = NULL;
    TAP_OK(gsc_run_open(path, &run, &error) == GSC_OK &&
               gsc_run_get_info(run)->status == GSC_RUN_FAILED,
           "but says that the run failed");
    gsc_run_close(run);
}

static void test_reader_in_the_way(void) {
    const char *path = in_folder("busy.gsc");
    gsc_run_writer *writer = NULL;
    gsc_run_writer_create(path, false, &birth, &writer, NULL);
    gsc_sink *sink = gsc_run_writer_sink(writer);
    gsc_series_info info = GSC_SERIES_INIT;
    int32_t series = 0;
    sink->series(sink, &info, &series, NULL);
    sqlite3 *reader;
    sqlite3_open(path, &reader);
    sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM meta", NULL, NULL, NULL);
    put(sink, series, 0, 1500);
    TAP_OK(gsc_run_writer_commit(writer, NULL) == GSC_OK, "a reader in the way fails nothing");
    sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(reader);
    put(sink, series, 1500, 10);
    TAP_OK(gsc_run_writer_commit(writer, NULL) == GSC_OK, "the next commit takes everything");
    gsc_run_writer_finish(writer, GSC_RUN_DONE, "", NULL);
    gsc_run_writer_free(writer);
    gsc_run *run = NULL;
    size_t count = 0;
    gsc_run_open(path, &run, NULL);
    TAP_OK(count_good(run, 0, &count) == 1510 && count == 1510, "every point, once");
    gsc_run_close(run);
}

int main(void) {
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    signal(SIGXFSZ, SIG_IGN);
    test_round_trip();
    test_file();
    test_existing();
    test_names();
    test_trouble();
    test_reader_in_the_way();
    char command[400];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return tap_done() + (system(command) != 0);
}
