/* SPDX-License-Identifier: MIT
 *
 * The library: summaries and their cache, finding, differing columns, groups with bands, notes that stay,
 * files and folders that cannot be read, and a database that cannot be used.
 */
#include "core/read/library.h"
#include "tests/read/library_fixture.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <utime.h>

enum {
    RUNS = 60
};

static char folder[512], database[512];

static char *in_folder(const char *name) {
    static char path[2][1024];
    static int turn;
    turn = 1 - turn;
    snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
    return path[turn];
}

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
}

static size_t read_all(gsc_library *library) {
    gsc_library_look(library);
    return gsc_library_wait(library, NULL) == GSC_OK ? gsc_library_count(library) : 0;
}

static gsc_library *open_library(void) {
    gsc_library *library = NULL;
    gsc_error error = {0};
    TAP_OK(gsc_library_open(database, folder, &library, &error) == GSC_OK, "the library opens");
    return library;
}

static size_t count_found(const gsc_library *library, const char *text) {
    gsc_library_filter *filter = NULL;
    gsc_error error = {0};
    size_t n = 0;
    gsc_library_filter_new(library, text, &filter, &error);
    for (size_t i = 0; i < gsc_library_count(library); i++) {
        n += gsc_library_filter_matches(filter, gsc_library_get(library, i));
    }
    gsc_library_filter_free(filter);
    return n;
}

static void test_summaries(void) {
    gsc_library *library = open_library();
    TAP_OK(read_all(library) == RUNS, "every run is listed");
    TAP_STRING(gsc_library_get_problem(library), "", "its database is fine");
    const gsc_library_run *run = gsc_library_find(library, in_folder("run-4.gsc"));
    TAP_OK(run != NULL && run->readable && run->status == GSC_RUN_DONE, "a run is read");
    const struct {
        const char *column, *text;
    } cells[] = {
        {"name", "run-4"},           {"status", "done"},          {"experiment", "theorem2"},
        {"gate", "sigmoid"},         {"gate.temperature", "1.5"}, {"seed", "4"},
        {"theory.sizes", "100 200"}, {"theory.key_7", "7"},       {"loss", "1.101"},
    };
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        int column = gsc_library_find_column(library, cells[i].column);
        TAP_STRING(column >= 0 ? gsc_library_get_cell(run, (size_t)column).text : "no column",
                   cells[i].text, cells[i].column);
    }
    int loss = gsc_library_find_column(library, "loss");
    TAP_OK(gsc_library_get_column(library, (size_t)loss)->kind == GSC_LIBRARY_RESULT &&
               strcmp(gsc_library_get_column(library, (size_t)loss)->unit, "nat") == 0,
           "a result has its unit");
    TAP_OK(gsc_library_find_column(library, "title") == GSC_LIBRARY_TITLE,
           "facts have their places");
    gsc_library_close(library);
}

/* Nothing is opened twice: neither a run nor a file that is none, neither now nor by the next library. */
static void test_cache(void) {
    gsc_library *library = open_library();
    read_all(library);
    library_rest(0.2); /* what is younger than a tick of the clock is read twice */
    read_all(library);
    gsc_library_close(library);
    library = open_library();
    write_text(in_folder("text.gsc"), "this is no SQLite file, however long it may be, not at all");
    read_all(library);
    library_rest(0.2);
    read_all(library);
    const size_t opened = gsc_library_count_opened(library);
    TAP_OK(opened > 0 && opened <= 4, "of all files the new one alone has to be opened");
    read_all(library);
    TAP_OK(gsc_library_count_opened(library) == opened, "and not again, good or bad");
    gsc_library_close(library);
    library = open_library();
    TAP_OK(gsc_library_wait(library, NULL) == GSC_OK && gsc_library_count(library) == RUNS + 1,
           "the next library lists them all");
    TAP_OK(gsc_library_count_opened(library) == 0, "and has to open none");

    remove(in_folder("text.gsc"));
    library_write_run(in_folder("run-60.gsc"), "cosine", 60, 0.5);
    remove(in_folder("run-59.gsc"));
    library_copy(in_folder("run-3.gsc"), in_folder("run-58.gsc"));
    TAP_OK(read_all(library) == RUNS, "one came, two went");
    TAP_OK(gsc_library_count_opened(library) <= 4, "those that changed are opened");
    TAP_OK(count_found(library, "gate:cosine") == 1, "the new one is read");
    TAP_OK(count_found(library, "seed:3") == 2, "the changed one as well");
    gsc_library_close(library);
    remove(in_folder("run-60.gsc"));
    library_write_run(in_folder("run-59.gsc"), "normalized_sigmoid", 59, 1.219);
    library_write_run(in_folder("run-58.gsc"), "sigmoid", 58, 1.119);
}

static void test_finding(void) {
    gsc_library *library = open_library();
    gsc_library_filter *filter = NULL;
    gsc_error error = {0};
    read_all(library);
    const struct {
        const char *text;
        size_t n;
    } cases[] = {
        {"", RUNS},
        {"SOFTMAX", 20},
        {"sigmoid", 40},
        {"gate:sigmoid", 40},
        {"gate=sigmoid", 20},
        {"gate:softmax status:done", 20},
        {"-gate:softmax", 40},
        {"status:failed", 0},
        {"temperature:1.5", 20},
        {"temperature>1", 40},
        {"seed<10 gate=softmax", 4},
        {"seed<=9 gate=softmax", 4},
        {"seed>=57", 3},
        {"run-12", 1},
        {"\"100 200\"", RUNS},
        {"in:theorem2", RUNS},
        {"nothing-like-this", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t n = count_found(library, cases[i].text);
        char what[128];
        snprintf(what, sizeof(what), "\"%s\" finds %zu runs", cases[i].text, cases[i].n);
        if (!TAP_OK(n == cases[i].n, what)) {
            printf("# found %zu\n", n);
        }
    }
    TAP_OK(gsc_library_filter_new(library, "gaet:softmax", &filter, &error) == GSC_ERR_INPUT &&
               filter != NULL,
           "an unknown column is said");
    TAP_CONTAINS(error.message, "“gate”", "with the nearest one");
    gsc_library_filter_free(filter);
    gsc_library_close(library);
}

static void test_groups(void) {
    gsc_library *library = open_library();
    const gsc_library_run *runs[RUNS], *some[RUNS];
    gsc_library_group *groups = NULL;
    gsc_error error = {0};
    size_t n = 0, n_some = 0;
    read_all(library);
    for (size_t i = 0; i < RUNS; i++) {
        runs[i] = gsc_library_get(library, i);
    }
    size_t gate = (size_t)gsc_library_find_column(library, "gate");
    size_t loss = (size_t)gsc_library_find_column(library, "loss");
    size_t sizes = (size_t)gsc_library_find_column(library, "theory.sizes");
    TAP_OK(gsc_library_differs(runs, RUNS, gate), "gates differ");
    TAP_OK(!gsc_library_differs(runs, RUNS, sizes), "sizes do not");
    TAP_OK(gsc_library_count_values(runs, RUNS, loss) == RUNS, "each has a loss");
    TAP_OK(gsc_library_group_by(runs, RUNS, gate, &groups, &n, &error) == GSC_OK && n == 3,
           "three gates");
    TAP_STRING(groups[0].label, "normalized_sigmoid", "in order");
    TAP_OK(groups[2].count == 20, "of twenty runs each");

    /* Losses of the softmax runs: 1 + .001 k, k = 0 .. 19. */
    double sd = 0.001 * sqrt(35.0), mean = 1.0095;
    gsc_library_summary softmax = gsc_library_summarize(groups[2].runs, 20, loss, GSC_LIBRARY_STD);
    TAP_OK(softmax.n == 20, "n is that of the group");
    TAP_NEAR(softmax.mean, mean, 1e-12, "the mean");
    TAP_NEAR(softmax.high, mean + sd, 1e-12, "the standard deviation");
    softmax = gsc_library_summarize(groups[2].runs, 20, loss, GSC_LIBRARY_STDERR);
    TAP_NEAR(softmax.low, mean - sd / sqrt(20), 1e-12, "the standard error");
    softmax = gsc_library_summarize(groups[2].runs, 20, loss, GSC_LIBRARY_T95);
    TAP_NEAR(softmax.high, mean + 2.0930240544 * sd / sqrt(20), 1e-9, "the t interval, 19 degrees");
    softmax = gsc_library_summarize(groups[2].runs, 20, loss, GSC_LIBRARY_RANGE);
    TAP_NEAR(softmax.high - softmax.low, 0.019, 1e-12, "least to largest");
    gsc_library_summary one = gsc_library_summarize(groups[2].runs, 1, loss, GSC_LIBRARY_T95);
    TAP_OK(one.n == 1 && isnan(one.low), "one run has no band");

    /* Leaving runs of other groups out moves nothing here. */
    for (size_t i = 0; i < RUNS; i++) {
        gsc_library_cell cell = gsc_library_get_cell(runs[i], gate);
        if (strcmp(cell.text, "softmax") == 0 || i % 2 == 0) {
            some[n_some++] = runs[i];
        }
    }
    gsc_library_group *again = NULL;
    size_t n_again = 0;
    gsc_library_group_by(some, n_some, gate, &again, &n_again, &error);
    softmax = gsc_library_summarize(again[n_again - 1].runs, again[n_again - 1].count, loss,
                                    GSC_LIBRARY_STD);
    TAP_OK(n_some < RUNS && softmax.n == 20, "fewer runs elsewhere");
    TAP_NEAR(softmax.mean, mean, 1e-15, "leave this mean as it was");
    gsc_library_groups_free(groups, n);
    gsc_library_groups_free(again, n_again);
    gsc_library_close(library);
}

static void test_marks(void) {
    gsc_library *library = open_library();
    gsc_error error = {0};
    char path[1024];
    snprintf(path, sizeof(path), "%s", in_folder("run-7.gsc"));
    read_all(library);
    TAP_OK(gsc_library_set_notes(library, path, "too Warm", &error) == GSC_OK &&
               gsc_library_set_tags(library, path, "paper keep", &error) == GSC_OK,
           "notes and tags are taken");
    TAP_OK(gsc_library_set_color(library, path, 3, &error) == GSC_OK &&
               gsc_library_set_shown(library, path, false, &error) == GSC_OK,
           "so are a colour and an eye");
    TAP_OK(count_found(library, "tag:paper") == 1 && count_found(library, "too warm") == 1,
           "and found");
    gsc_library_close(library);

    char inner[1024], moved[1024];
    snprintf(inner, sizeof(inner), "%s", in_folder("inner"));
    mkdir(inner, 0777);
    snprintf(moved, sizeof(moved), "%.512s/run-7.gsc", inner);
    rename(path, moved);
    library_write_run(path, "softmax", 77, 2);
    library = open_library();
    TAP_OK(read_all(library) == RUNS + 1, "a folder within is looked at too");
    const gsc_library_run *run = gsc_library_find(library, moved);
    TAP_STRING(run != NULL ? gsc_library_get_cell(run, GSC_LIBRARY_NOTES).text : NULL, "too Warm",
               "notes follow a file that moves");
    TAP_OK(run != NULL && run->color == 3 && run->shown == 0, "so do its colour and its eye");
    run = gsc_library_find(library, path);
    TAP_OK(run != NULL && gsc_library_get_cell(run, GSC_LIBRARY_TAGS).text == NULL,
           "a new run of that name has none");
    TAP_OK(run != NULL && run->color == -1 && run->shown == -1, "of either");
    TAP_OK(gsc_library_set_tags(library, "/nowhere.gsc", "x", &error) == GSC_ERR_INPUT,
           "an unknown run is refused");
    gsc_library_close(library);
    rename(moved, path);
    rmdir(inner);
}

static const char *problem_of(const gsc_library *library, const char *name) {
    const gsc_library_run *run = gsc_library_find(library, in_folder(name));
    return run != NULL ? gsc_library_get_cell(run, GSC_LIBRARY_PROBLEM).text : "not listed";
}

static void test_unreadable(void) {
    sqlite3 *db = NULL;
    write_text(in_folder("text.gsc"), "this is no SQLite file, however long it may be, not at all");
    write_text(in_folder("empty.gsc"), "");
    library_copy(in_folder("run-0.gsc"), in_folder("short.gsc"));
    TAP_OK(truncate(in_folder("short.gsc"), 1500) == 0, "a file is cut");
    library_copy(in_folder("run-0.gsc"), in_folder("newer.gsc"));
    sqlite3_open(in_folder("newer.gsc"), &db);
    fixture_exec(db, "PRAGMA user_version=99");
    sqlite3_close(db);
    sqlite3_open(in_folder("foreign.gsc"), &db);
    fixture_exec(db, "CREATE TABLE a(b)");
    sqlite3_close(db);
    TAP_OK(symlink("/nowhere/at/all", in_folder("dangling.gsc")) == 0, "a link leads nowhere");

    gsc_library *library = open_library();
    TAP_OK(read_all(library) == RUNS + 6, "all are listed");
    TAP_CONTAINS(problem_of(library, "text.gsc"), "not SQLite", "a text says so");
    TAP_CONTAINS(problem_of(library, "empty.gsc"), "empty", "an empty file too");
    TAP_CONTAINS(problem_of(library, "short.gsc"), "damaged", "a truncated file");
    TAP_CONTAINS(problem_of(library, "newer.gsc"), "format 99", "a newer one");
    TAP_CONTAINS(problem_of(library, "foreign.gsc"), "another program's", "a foreign one");
    TAP_CONTAINS(problem_of(library, "dangling.gsc"), "cannot be read", "a link");
    TAP_OK(count_found(library, "status:unreadable") == 6, "and can be found");
    TAP_OK(count_found(library, "status:done") == RUNS, "beside the good ones");

    library_copy(in_folder("run-0.gsc"), in_folder("text.gsc"));
    read_all(library);
    TAP_OK(count_found(library, "status:unreadable") == 5, "a file made good is read");
    gsc_library_close(library);
    const char *const names[] = {"text.gsc",  "empty.gsc",   "short.gsc",
                                 "newer.gsc", "foreign.gsc", "dangling.gsc"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        remove(in_folder(names[i]));
    }
}

/* A database that is none, or of a newer version, costs the notes alone; so does a folder that is gone. */
static void test_bad_database(void) {
    gsc_library *library = NULL;
    gsc_error error = {0};
    char bad[600];
    sqlite3 *db = NULL;
    snprintf(bad, sizeof(bad), "%s.bad", database);
    write_text(bad,
               "a text of more than a hundred bytes, so that nobody takes it for an empty file "
               "and overwrites it: it stays");
    TAP_OK(gsc_library_open(bad, folder, &library, &error) == GSC_OK,
           "a broken database is survived");
    TAP_OK(read_all(library) == RUNS, "the runs are there");
    TAP_CONTAINS(gsc_library_get_problem(library), "colours cannot be kept", "and it is said");
    TAP_OK(gsc_library_set_notes(library, in_folder("run-1.gsc"), "x", &error) == GSC_ERR_IO,
           "a note is refused");
    gsc_library_close(library);
    remove(bad);

    sqlite3_open(bad, &db);
    fixture_exec(db, "PRAGMA application_id=0x47534c42; PRAGMA user_version=9; CREATE TABLE t(a)");
    sqlite3_close(db);
    gsc_library_open(bad, folder, &library, &error);
    read_all(library);
    TAP_CONTAINS(gsc_library_get_problem(library), "newer format 9", "a newer one is left alone");
    gsc_library_close(library);
    remove(bad);

    TAP_OK(gsc_library_open("/nowhere/at/all/library.db", in_folder("gone"), &library, &error) ==
               GSC_OK,
           "neither folder nor database");
    TAP_OK(read_all(library) == 1, "is one line");
    TAP_CONTAINS(gsc_library_get_cell(gsc_library_get(library, 0), GSC_LIBRARY_PROBLEM).text,
                 "No such file", "that says why");
    gsc_library_close(library);
}

/* A database of the first version keeps its notes; summaries are made anew. */
static void test_older_database(void) {
    gsc_library *library = NULL;
    char old[600], path[1024], key[1200];
    sqlite3 *db = NULL;
    snprintf(old, sizeof(old), "%s.old", database);
    snprintf(path, sizeof(path), "%s", in_folder("run-5.gsc"));
    snprintf(key, sizeof(key), "run-5@%.6f", 1000005.0);
    sqlite3_open(old, &db);
    fixture_exec(db, "PRAGMA application_id=0x47534c42; PRAGMA user_version=1;"
                     "CREATE TABLE summaries(path TEXT PRIMARY KEY, modified INTEGER NOT NULL,"
                     " changed INTEGER NOT NULL, size INTEGER NOT NULL, record TEXT NOT NULL)"
                     " WITHOUT ROWID;"
                     "CREATE TABLE marks(run TEXT PRIMARY KEY, notes TEXT NOT NULL,"
                     " tags TEXT NOT NULL) WITHOUT ROWID;");
    char *sql = sqlite3_mprintf("INSERT INTO marks VALUES(%Q, 'from before', 'old')", key);
    fixture_exec(db, sql);
    sqlite3_free(sql);
    sqlite3_close(db);
    gsc_library_open(old, folder, &library, NULL);
    TAP_OK(read_all(library) == RUNS, "a library of the first version opens");
    TAP_STRING(gsc_library_get_problem(library), "", "and is brought to this one");
    const gsc_library_run *run = gsc_library_find(library, path);
    TAP_STRING(run != NULL ? gsc_library_get_cell(run, GSC_LIBRARY_NOTES).text : NULL,
               "from before", "with its notes");
    TAP_OK(run != NULL && run->color == -1 && run->shown == -1, "and without colours");
    TAP_OK(gsc_library_set_color(library, path, 2, NULL) == GSC_OK, "which can be added");
    gsc_library_close(library);
    gsc_library_open(old, folder, &library, NULL);
    read_all(library);
    run = gsc_library_find(library, path);
    TAP_OK(run != NULL && run->color == 2, "and stay");
    gsc_library_close(library);
    remove(old);
}

int main(void) {
    snprintf(folder, sizeof(folder), "%s/runs", fixture_folder());
    snprintf(database, sizeof(database), "%s/library.db", fixture_folder());
    mkdir(folder, 0777);
    library_write_runs(folder, RUNS);
    test_summaries();
    test_cache();
    test_finding();
    test_groups();
    test_marks();
    test_unreadable();
    test_bad_database();
    test_older_database();
    library_remove_tree(fixture_folder());
    return tap_done();
}
