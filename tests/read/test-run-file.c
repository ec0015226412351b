/* SPDX-License-Identifier: MIT
 *
 * Reading of run files: points across blocks and tail, polling, lost writers, files that are no run.
 */
#include "core/read/run_file.h"
#include "tests/read/run_fixture.h"
#include "tests/tap.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static gsc_point point_of(long i) {
    return (gsc_point){.x = 100 + (double)i,
                       .y = i % 97 == 5 ? NAN : sin((double)i) / 3,
                       .replicate = (int32_t)(i % 16)};
}

static int same_bits(const gsc_point *p, const gsc_point *q) {
    return memcmp(&p->x, &q->x, 8) == 0 &&
           ((isnan(p->y) && isnan(q->y)) || memcmp(&p->y, &q->y, 8) == 0) &&
           p->replicate == q->replicate;
}

static int all_right(const gsc_point *points, long first, size_t n) {
    for (size_t i = 0; i < n; i++) {
        gsc_point expected = point_of(first + (long)i);
        if (!same_bits(&points[i], &expected)) {
            printf("# point %ld differs\n", first + (long)i);
            return 0;
        }
    }
    return 1;
}

static void test_points(void) {
    enum {
        N = 2600
    };
    char path[256];
    sqlite3 *db = fixture_create("points.gsc", path, sizeof(path));
    gsc_point all[N], *dup = NULL;
    gsc_run *run = NULL;
    gsc_error error = {0};
    bool changed;
    size_t n = 0;
    fixture_series(db, 3, "other", "");
    fixture_series(db, 8, "loss", "");
    fixture_exec(db, "BEGIN");
    for (long i = 0; i < N; i++) {
        all[i] = point_of(i);
        fixture_point(db, 8, i, all[i]);
    }
    fixture_exec(db, "COMMIT");
    fixture_seal(db, 8, 0, all, GSC_BLOCK_POINTS);
    TAP_OK(gsc_run_open(path, &run, &error) == GSC_OK, "a run file opens");
    TAP_OK(gsc_run_series_count(run) == 2, "it has its two series");
    TAP_STRING(gsc_run_series(run, 1)->name, "loss", "the second is loss");
    TAP_NEAR(gsc_run_series(run, 1)->bound, -0.5, 0, "with its bound");
    TAP_OK(gsc_run_points_count(run, 0) == 0 && gsc_run_points_count(run, 1) == N,
           "points are counted");
    TAP_OK(gsc_run_dup_points(run, 1, &dup, &n, &error) == GSC_OK && n == N, "all points are read");
    TAP_OK(all_right(dup, 0, n), "each with its bits, across the block and the tail");
    free(dup);
    gsc_point some[500];
    TAP_OK(gsc_run_read_points(run, 1, 900, some, 500, &n, &error) == GSC_OK && n == 500 &&
               all_right(some, 900, n),
           "a piece that begins inside a block");
    TAP_OK(gsc_run_read_points(run, 1, N - 10, some, 500, &n, &error) == GSC_OK && n == 10 &&
               all_right(some, N - 10, n),
           "a piece that ends with the tail");
    TAP_OK(gsc_run_read_points(run, 1, N, some, 500, &n, &error) == GSC_OK && n == 0,
           "nothing after the end");
    fixture_seal(db, 8, GSC_BLOCK_POINTS, all + GSC_BLOCK_POINTS, GSC_BLOCK_POINTS);
    TAP_OK(gsc_run_read_points(run, 1, 1500, some, 500, &n, &error) == GSC_OK && n == 500 &&
               all_right(some, 1500, n),
           "points sealed since the last poll are found");
    TAP_OK(gsc_run_poll(run, &changed, &error) == GSC_OK && !changed, "sealing is no news");
    fixture_point(db, 8, N, point_of(N));
    TAP_OK(gsc_run_points_count(run, 1) == N, "a new point is not seen before the poll");
    TAP_OK(gsc_run_poll(run, &changed, &error) == GSC_OK && changed, "the poll sees it");
    TAP_OK(gsc_run_points_count(run, 1) == N + 1, "and counts it");
    TAP_OK(gsc_run_poll(run, &changed, &error) == GSC_OK && !changed, "once");
    fixture_exec(db, "BEGIN; DELETE FROM blocks WHERE first_seq = 1024");
    fixture_exec(db, "COMMIT");
    TAP_OK(gsc_run_read_points(run, 1, 1000, some, 500, &n, &error) == GSC_ERR_IO,
           "a missing block is damage, not an end");
    TAP_CONTAINS(error.message, "point 1024", "and the point is named");
    fixture_exec(db, "UPDATE blocks SET data = x'00112233' WHERE first_seq = 0");
    TAP_OK(gsc_run_read_points(run, 1, 0, some, 500, &n, &error) == GSC_ERR_IO,
           "a damaged block is refused");
    TAP_CONTAINS(error.message, "damaged", "in one sentence");
    gsc_run_close(run);
    sqlite3_close(db);
}

static void test_info(void) {
    char path[256];
    sqlite3 *db = fixture_create("info.gsc", path, sizeof(path));
    gsc_run *run = NULL;
    gsc_error error = {0};
    bool changed = false;
    TAP_OK(gsc_run_open(path, &run, &error) == GSC_OK, "opens");
    const gsc_run_info *info = gsc_run_get_info(run);
    TAP_STRING(info->name, "info", "the name is that of the file");
    TAP_OK(info->status == GSC_RUN_RUNNING, "running while its writer lives");
    TAP_STRING(info->title, "A title, with \"quotes\"", "title");
    TAP_OK(info->seed == 7 && info->started_s == 1000.5 && info->ended_s == 0, "numbers");
    fixture_meta(db, GSC_META_HEARTBEAT, "12345.0");
    TAP_OK(gsc_run_poll(run, &changed, &error) == GSC_OK && !changed, "a heartbeat is no news");
    fixture_meta(db, GSC_META_PROGRESS, "0.5");
    TAP_OK(gsc_run_poll(run, &changed, &error) == GSC_OK && changed, "progress is");
    TAP_NEAR(gsc_run_get_info(run)->progress, 0.5, 0, "and read");
    fixture_exec(
        db,
        "INSERT INTO results(name, arm, unit, definition, value) VALUES('loss', 'a', 'nat', 'd', 2.5)");
    fixture_text(db, GSC_META_STATUS, "failed");
    fixture_text(db, GSC_META_FAILURE, "it broke");
    TAP_OK(gsc_run_poll(run, &changed, &error) == GSC_OK && changed, "a result and a failure");
    TAP_OK(gsc_run_results_count(run) == 1 && gsc_run_result(run, 0)->value == 2.5 &&
               isnan(gsc_run_result(run, 0)->low),
           "the result, without interval");
    TAP_OK(gsc_run_get_info(run)->status == GSC_RUN_FAILED, "failed");
    TAP_STRING(gsc_run_get_info(run)->failure, "it broke", "with its sentence");
    fixture_text(db, GSC_META_STATUS, "dancing");
    TAP_OK(gsc_run_poll(run, &changed, &error) == GSC_OK, "an unknown status is read");
    TAP_CONTAINS(gsc_run_get_info(run)->failure, "dancing", "and named");
    gsc_run_close(run);
    sqlite3_close(db);
}

static void open_as(const char *path, gsc_run_status status, const char *part, const char *what) {
    gsc_run *run = NULL;
    gsc_error error = {0};
    TAP_OK(gsc_run_open(path, &run, &error) == GSC_OK && gsc_run_get_info(run)->status == status,
           what);
    TAP_CONTAINS(run != NULL ? gsc_run_get_info(run)->failure : "", part, what);
    gsc_run_close(run);
}

/* Whoever wants to stop a run signals the process that this names. */
static void check_process(const char *path, const gsc_process *writer) {
    gsc_run *run = NULL;
    if (TAP_OK(gsc_run_open(path, &run, NULL) == GSC_OK, "the run opens")) {
        const gsc_process *named = &gsc_run_get_info(run)->process;
        TAP_OK(named->pid == writer->pid && named->start_ticks == writer->start_ticks,
               "a reader learns which process writes");
        TAP_STRING(named->host, writer->host, "on which machine");
        TAP_STRING(named->boot_id, writer->boot_id, "since which boot");
    }
    gsc_run_close(run);
}

static void test_lost(void) {
    char path[256];
    gsc_process self, other;
    sqlite3 *db = fixture_create("lost.gsc", path, sizeof(path));
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    gsc_process_self(&self);
    TAP_OK(gsc_process_is_here(&self) && gsc_process_is_alive(&self),
           "this process is here and alive");
    other = self;
    other.start_ticks++;
    TAP_OK(!gsc_process_is_alive(&other), "a reused pid is another process");
    fixture_writer(db, &other, (double)now.tv_sec);
    open_as(path, GSC_RUN_LOST, "gone", "lost: the pid belongs to another process");
    check_process(path, &other);
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    other = self;
    other.pid = child;
    siginfo_t info;
    waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
    TAP_OK(!gsc_process_is_alive(&other), "a zombie is dead");
    waitpid(child, NULL, 0);
    other = self;
    snprintf(other.host, sizeof(other.host), "elsewhere");
    fixture_writer(db, &other, (double)now.tv_sec);
    open_as(path, GSC_RUN_RUNNING, "", "running elsewhere with a fresh heartbeat");
    fixture_writer(db, &other, (double)now.tv_sec - 60);
    open_as(path, GSC_RUN_LOST, "no sign of life from elsewhere", "lost elsewhere with an old one");
    sqlite3_close(db);

    db = fixture_create("dies.gsc", path, sizeof(path));
    child = fork();
    if (child == 0) {
        for (;;) {
            pause();
        }
    }
    other = self;
    other.pid = child;
    char stat_path[64], line[1024] = "";
    snprintf(stat_path, sizeof(stat_path), "/proc/%d/stat", (int)child);
    FILE *file = fopen(stat_path, "r");
    line[file != NULL ? fread(line, 1, sizeof(line) - 1, file) : 0] = '\0';
    char *at = strrchr(line, ')');
    long long start = 0;
    TAP_OK(
        file != NULL && at != NULL &&
            sscanf(
                at + 1,
                " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %lld",
                &start) == 1,
        "the child's start time is known");
    if (file != NULL) {
        fclose(file);
    }
    other.start_ticks = start;
    fixture_writer(db, &other, 0);
    gsc_run *run = NULL;
    bool changed = false;
    TAP_OK(gsc_run_open(path, &run, NULL) == GSC_OK &&
               gsc_run_get_info(run)->status == GSC_RUN_RUNNING,
           "running while the child lives");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    for (int i = 0; i < 40 && !changed; i++) {
        usleep(50000);
        gsc_run_poll(run, &changed, NULL);
    }
    TAP_OK(changed && gsc_run_get_info(run)->status == GSC_RUN_LOST,
           "lost within 2 s of its death");
    gsc_run_close(run);
    sqlite3_close(db);
}

static bool count_documents(void *data, const char *kind, const char *arm, double x,
                            int32_t replicate, const char *json) {
    int *count = data;
    return ++*count < 150 && strcmp(kind, "fit") == 0 && strcmp(arm, "a") == 0 && x == 100 &&
           replicate == 2 && strcmp(json, "{}") == 0;
}

static bool count_events(void *data, double time_s, gsc_event_level level, const char *source,
                         const char *message) {
    *(int *)data += level == GSC_EVENT_WARNING && time_s == 3.5 && strcmp(source, "em") == 0 &&
                    strcmp(message, "hm") == 0;
    return true;
}

static void test_visits(void) {
    char path[256];
    sqlite3 *db = fixture_create("visits.gsc", path, sizeof(path));
    gsc_run *run = NULL;
    int count = 0;
    fixture_exec(
        db,
        "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i < 200)"
        " INSERT INTO documents(kind, arm, x, replicate, body) SELECT 'fit', 'a', 100, 2, '{}' FROM c");
    fixture_exec(
        db, "INSERT INTO documents(kind, arm, x, replicate, body) VALUES('note', 'b', 1, 1, '{}')");
    fixture_exec(db, "INSERT INTO events(time, level, source, message) VALUES(3.5, 1, 'em', 'hm')");
    TAP_OK(gsc_run_open(path, &run, NULL) == GSC_OK, "opens");
    TAP_OK(gsc_run_visit_documents(run, NULL, count_documents, &count, NULL) == GSC_OK &&
               count == 150,
           "a walk ends where the caller says so");
    count = -100;
    TAP_OK(gsc_run_visit_documents(run, "fit", count_documents, &count, NULL) == GSC_OK &&
               count == 100,
           "documents of one kind, all batches");
    count = 0;
    TAP_OK(gsc_run_visit_events(run, count_events, &count, NULL) == GSC_OK && count == 1, "events");
    gsc_run_close(run);
    sqlite3_close(db);
}

static void refuse(const char *path, const char *part, const char *what) {
    gsc_run *run = NULL;
    gsc_error error = {0};
    TAP_OK(gsc_run_open(path, &run, &error) != GSC_OK && run == NULL, what);
    TAP_CONTAINS(error.message, part, what);
    gsc_run_close(run);
}

static void test_foreign(void) {
    char path[256], copy[300];
    sqlite3 *db;
    refuse("/nowhere/at/all.gsc", "No such file", "a file that is not there");
    refuse(fixture_folder(), "it is not a file", "a folder");
    snprintf(path, sizeof(path), "%s/text.gsc", fixture_folder());
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 200; i++) {
        fprintf(file, "this is a text file, line %d\n", i);
    }
    fclose(file);
    refuse(path, "it is not SQLite", "a text file");
    file = fopen(path, "w");
    fclose(file);
    refuse(path, "empty or another", "an empty file");
    snprintf(path, sizeof(path), "%s/foreign.gsc", fixture_folder());
    sqlite3_open(path, &db);
    fixture_exec(db, "CREATE TABLE music(a); PRAGMA application_id=77;");
    sqlite3_close(db);
    refuse(path, "another program's", "another program's SQLite file");
    db = fixture_create("newer.gsc", path, sizeof(path));
    fixture_exec(db, "PRAGMA user_version=99");
    sqlite3_close(db);
    refuse(path, "format 99", "a newer format");
    db = fixture_create("partial.gsc", path, sizeof(path));
    fixture_exec(db, "DROP TABLE series");
    sqlite3_close(db);
    refuse(path, "lacks a part", "a run without its series");
    db = fixture_create("whole.gsc", path, sizeof(path));
    fixture_series(db, 1, "loss", "");
    fixture_exec(db, "BEGIN");
    for (long i = 0; i < 1000; i++) {
        fixture_point(db, 1, i, point_of(i));
    }
    fixture_exec(db, "COMMIT");
    sqlite3_close(db);
    snprintf(copy, sizeof(copy), "%s/short.gsc", fixture_folder());
    FILE *from = fopen(path, "r"), *to = fopen(copy, "w");
    char bytes[8192];
    size_t n = fread(bytes, 1, sizeof(bytes), from);
    fwrite(bytes, 1, n, to);
    fclose(from);
    fclose(to);
    refuse(copy, "damaged", "a truncated file");
}

/* A writer killed inside a commit leaves a journal: the reader rolls it back. */
static void test_hot_journal(void) {
    char path[256];
    sqlite3 *db = fixture_create("hot.gsc", path, sizeof(path));
    fixture_series(db, 1, "loss", "");
    fixture_point(db, 1, 0, point_of(0));
    sqlite3_close(db);
    pid_t child = fork();
    if (child == 0) {
        sqlite3_open(path, &db);
        fixture_exec(db, "PRAGMA cache_size=1; PRAGMA cache_spill=1; BEGIN IMMEDIATE;");
        for (long i = 1; i < 5000; i++) {
            fixture_point(db, 1, i, point_of(i));
        }
        sqlite3_db_cacheflush(db);
        kill(getpid(), SIGKILL);
    }
    waitpid(child, NULL, 0);
    char journal[300];
    snprintf(journal, sizeof(journal), "%s-journal", path);
    TAP_OK(access(journal, F_OK) == 0, "the killed writer left its journal");
    gsc_run *run = NULL;
    gsc_error error = {0};
    TAP_OK(gsc_run_open(path, &run, &error) == GSC_OK, "the file opens");
    TAP_OK(run != NULL && gsc_run_points_count(run, 0) == 1, "as it was before the commit");
    TAP_OK(access(journal, F_OK) != 0, "and the journal is gone");
    gsc_run_close(run);
}

static void test_folder(void) {
    char folder[512], expected[256];
    snprintf(expected, sizeof(expected), "%s/a/b", fixture_folder());
    setenv("GATESCOPE_RUNS", expected, 1);
    TAP_OK(gsc_runs_folder(folder, sizeof(folder), NULL) == GSC_OK, "the folder of runs is made");
    TAP_STRING(folder, expected, "where GATESCOPE_RUNS says");
    TAP_OK(access(folder, W_OK) == 0, "and is there");
    unsetenv("GATESCOPE_RUNS");
    setenv("XDG_DATA_HOME", fixture_folder(), 1);
    snprintf(expected, sizeof(expected), "%s/gatescope/runs", fixture_folder());
    TAP_OK(gsc_runs_folder(folder, sizeof(folder), NULL) == GSC_OK, "else in the data folder");
    TAP_STRING(folder, expected, "gatescope/runs");
    TAP_OK(gsc_runs_folder(folder, 4, NULL) == GSC_ERR_INPUT,
           "a path that does not fit is refused");
}

static void remove_folder(void) {
    char command[128];
    snprintf(command, sizeof(command), "rm -rf %s", fixture_folder());
    if (system(command) != 0) {
        printf("# %s stays\n", fixture_folder());
    }
}

int main(void) {
    test_points();
    test_info();
    test_lost();
    test_visits();
    test_foreign();
    test_hot_journal();
    test_folder();
    remove_folder();
    return tap_done();
}
